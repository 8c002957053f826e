"""What mail servers say, as text, and what the operator is told about it: which server, why, and the remedy.

Talks to no server itself; mailbox.py and outbox.py do.
"""

from __future__ import annotations

import ast
import re
import socket
import ssl

from parsers.charset import decoded
from pipeline.errors import ConfigurationError, LoginRefused, ServerAway
from pipeline.settings import Server

_BYTES_LITERAL = re.compile(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*\"""")
_UNSAFE = re.compile(r"unsafe login", re.IGNORECASE)
_BROKEN_OFF = re.compile(r"EOF|socket error|unexpectedly closed|not connected", re.IGNORECASE)


def server_text(error: BaseException) -> str:
    """What went wrong in a conversation; libraries pass a server's words on as bytes or their repr."""
    if isinstance(error, OSError) and (reason := _network_reason(error)):
        return reason
    said = error.args[-1] if error.args else str(error)
    if isinstance(said, bytes):
        return decoded(said).strip()
    text = _BYTES_LITERAL.sub(lambda match: decoded(ast.literal_eval(match.group())), str(said)).strip()
    if "timed out" in text:
        return "等待超时"
    return "服务器断开了连接" if _BROKEN_OFF.search(text) else text


def _network_reason(error: OSError) -> str:
    reasons = {
        ssl.SSLCertVerificationError: "服务器的证书无法验证",
        ssl.SSLError: "加密连接无法建立",
        socket.gaierror: "找不到这个主机名",
        TimeoutError: "等待超时",
        ConnectionRefusedError: "连接被拒绝",
        ConnectionError: "连接中断",
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), "")


def unsafe(text: str) -> bool:
    """Whether NetEase refuses because it does not know the program, or holds the login for unsafe."""
    return _UNSAFE.search(text) is not None


def check_credentials(user: str, code: str) -> None:
    """Raises ConfigurationError where one is missing, LoginRefused where it cannot be right."""
    for name, value in (("ANNEX_USER", user), ("ANNEX_AUTH_CODE", code)):
        if not value:
            raise ConfigurationError(f"没有设置 {name}，无法登录邮箱。请在 .env 中填写后重试。")
        if not (value.isascii() and value.isprintable()):
            raise LoginRefused(f"{name} 中含有中文、全角或不可见的字符，请重新填写；授权码只含字母数字。")


def away(server: Server, text: str) -> str:
    kind, variable = _names(server)
    return (
        f"现在无法与{kind}服务器 {server.host}:{server.port} 通信（{text or '服务器断开了连接'}）。"
        f"没有丢失任何邮件，稍后再试即可；如一直如此，请检查网络、防火墙和 {variable}。"
    )


def refused(server: Server, user: str, text: str) -> str:
    """The remedy for a login that was refused, most likely cause first."""
    kind, _ = _names(server)
    if unsafe(text):
        return (
            f"{kind}服务器 {server.host} 以“Unsafe Login”拒绝打开邮箱（{text}）。请登录网页邮箱，"
            "在“设置 → POP3/SMTP/IMAP”中确认 IMAP/SMTP 服务已开启，处理页面上的安全提醒，再重新生成授权码；"
            "仍不行请联系网易客服 kefu@188.com。"
        )
    return (
        f"{kind}服务器 {server.host} 拒绝了 {user} 的登录（{text}）。请检查：ANNEX_AUTH_CODE 应是网页邮箱"
        "“设置 → POP3/SMTP/IMAP”中生成的授权码，不是登录网页的密码；该页的 IMAP/SMTP 服务已开启；"
        "授权码没有过期或被删除，否则请重新生成。"
    )


def server_away(server: Server, error: BaseException | str) -> ServerAway:
    """The error to raise for a server that cannot be reached or broke off."""
    return ServerAway(away(server, error if isinstance(error, str) else server_text(error)))


def _names(server: Server) -> tuple[str, str]:
    return ("收信", "ANNEX_IMAP_URL") if server.scheme.startswith("imap") else ("发信", "ANNEX_SMTP_URL")
