"""Gets an IMAP connection to the point where folders can be opened, and translates what goes wrong on it.

Opens no folder and reads no mail; mailbox.py does.
"""

from __future__ import annotations

import imaplib
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from pipeline.errors import LoginRefused, ServerAway
from pipeline.remarks import away, check_credentials, refused, server_away, server_text, unsafe
from pipeline.settings import Server, Settings

if TYPE_CHECKING:
    from imapclient import IMAPClient

CONNECT_SECONDS = 20
READ_SECONDS = 60
LEAVE_SECONDS = 5
# One line names every mail of a folder, with eleven bytes each at NetEase; imaplib's own limit is reached at 90,000.
LONGEST_LINE = 50_000_000

# With these a server refuses a login for reasons of its own (RFC 5530), not because of the code.
_NOT_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
# So it does in these words, unless it names the account or the code among what may be wrong.
_BUSY = re.compile(r"\b(busy|temporar(y|ily)|try (again|later))\b|繁忙|稍后再试", re.IGNORECASE)
_ACCOUNT = re.compile(r"passw|credential|auth|account|密码|授权码|帐号|账号", re.IGNORECASE)

log = logging.getLogger(__name__)


class DeclinedError(ServerAway):
    """The server answered one command with NO or with nonsense, `said`; other commands may still succeed."""

    def __init__(self, server: Server, said: str) -> None:
        super().__init__(away(server, said))
        self.said = said


def log_in(settings: Settings, user: str) -> IMAPClient:
    """A connection that is logged in and has said who we are.

    Raises ServerAway where the server cannot be reached, LoginRefused where it says no, ConfigurationError if
    there is nothing to log in with.
    """
    code = settings.auth_code.reveal()
    check_credentials(user, code)
    server = settings.imap
    client = _connect(server)
    try:
        _present(client, server, user, code)
        _introduce(client, server, user)
    except BaseException:
        leave(client)
        raise
    return client


def leave(client: IMAPClient) -> None:
    """Take leave of the server without waiting long for its answer; never raises."""
    try:
        client.socket().settimeout(LEAVE_SECONDS)
        client.logout()
    except Exception:
        with suppress(Exception):
            client.shutdown()


@contextmanager
def speaking(server: Server) -> Iterator[None]:
    """Translate what goes wrong in one exchange; DeclinedError where only this one failed."""
    try:
        yield
    except Exception as error:
        # At an answer that is nonsense the libraries may raise anything.
        text = _said(error)
        if unsafe(text):
            raise LoginRefused(refused(server, "", text)) from None
        if _broken(error):
            raise server_away(server, text) from None
        raise DeclinedError(server, text) from None


def _connect(server: Server) -> IMAPClient:
    from imapclient import IMAPClient, SocketTimeout

    secure = server.scheme == "imaps"
    context = ssl.create_default_context() if secure else None
    imaplib._MAXLINE = LONGEST_LINE  # type: ignore[attr-defined]
    timeout: Any = SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    try:
        client = IMAPClient(server.host, server.port, ssl=secure, ssl_context=context, timeout=timeout)
    except Exception as error:
        raise server_away(server, _said(error)) from None
    client.normalise_times = False
    # A command is written in several small pieces, each of which would else wait for the one before it.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _present(client: IMAPClient, server: Server, user: str, code: str) -> None:
    # Always LOGIN: 163 offers SASL-IR but rejects AUTHENTICATE with an initial response.
    try:
        client.login(user, code)
    except Exception as error:
        # LoginError hides imaplib's own exception, which has the server's bytes and tells a broken line.
        cause = error.__context__ or error
        text = _said(cause).replace(code, "…")
        if _broken(cause) or _is_passing(text):
            raise server_away(server, text) from None
        raise LoginRefused(refused(server, user, text)) from None


def _introduce(client: IMAPClient, server: Server, user: str) -> None:
    """Send ID before a folder is opened, only if offered: NetEase asks for it, others close on it."""
    with speaking(server):
        # The list of capabilities given before the login may differ from the one that holds after it.
        offered = client.has_capability("ID")
    if offered:
        try:
            with speaking(server):
                client.id_(_identity(user))
        except DeclinedError as error:
            log.info("收信服务器没有接受 ID 命令：%s", error.said)


def _identity(user: str) -> dict[str, str]:
    """What NetEase asks for by name in an ID command (RFC 2971)."""
    try:
        number = version("annex-inbox")
    except PackageNotFoundError:
        number = "0"
    return {"name": "annex-inbox", "version": number, "vendor": "annex-inbox", "support-email": user}


def _is_passing(text: str) -> bool:
    """Whether a login was refused for reasons of the server's own."""
    busy = _BUSY.search(text) is not None and _ACCOUNT.search(text) is None
    return busy or _NOT_NOW.search(text) is not None


def _broken(error: BaseException) -> bool:
    """Whether the connection is gone, or stands in the middle of an answer too large to take, so that nothing more can be asked."""
    return isinstance(error, (imaplib.IMAP4.abort, OSError, MemoryError, OverflowError))


def _said(error: BaseException) -> str:
    told = isinstance(error, (imaplib.IMAP4.error, OSError, ValueError))
    return server_text(error) if told else "服务器的回答无法理解"
