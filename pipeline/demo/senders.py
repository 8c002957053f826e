"""Writes raw mails as the mail programs of Chinese universities do: headers, character sets and file names included.

It only imitates; nothing is connected to, and every address it is given stays in the demo.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from msgspec import Struct


class Client(enum.Enum):
    """A mail program; the value is the character set it labels its texts with."""

    QQ = "gb18030"
    NETEASE = "GBK"
    FOXMAIL = "gb2312"
    COREMAIL = "UTF-8"


class Person(Struct, frozen=True):
    """Who writes: display name, address and the program used."""

    name: str
    address: str
    client: Client


class File(Struct, frozen=True):
    """A file to attach; a mail is attached as message/rfc822."""

    name: str
    content: bytes

    @property
    def is_mail(self) -> bool:
        return self.name.endswith(".eml")


def compose_mail(
    person: Person,
    to: str,
    subject: str,
    text: str,
    files: Sequence[File],
    received_at: datetime,
    *,
    html: str = "",
    answers: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> bytes:
    """A raw mail with CRLF line ends, as it lies on the receiving server.

    `answers` are the Message-IDs it replies to, oldest first; `extra` further header lines, already encoded.
    """
    digest = hashlib.sha256("\n".join((person.address, subject, text, received_at.isoformat())).encode()).hexdigest()
    boundary = f"----=_Part_{digest[:20]}"
    head = [
        f"Received: from {_domain(person)} (unknown [192.0.2.{int(digest[:2], 16) % 250 + 1}])",
        f"\tby mx25 (Coremail) with SMTP id {digest[20:36]}; {format_datetime(received_at)} (CST)",
        f"From: {_words(person.name, person.client)} <{person.address}>",
        f"To: <{to}>",
        f"Subject: {_words(subject, person.client)}",
        f"Date: {format_datetime(received_at)}",
        f"Message-ID: {message_id(person, digest, received_at)}",
        *_thread(answers),
        *_marks(person.client, bool(files)),
        *extra,
        "MIME-Version: 1.0",
    ]
    body = [f'Content-Type: multipart/mixed; boundary="{boundary}"', "", f"--{boundary}"]
    body += _texts(person.client, text, html, f"{boundary}_text")
    for file in files:
        body += [f"--{boundary}", *_attached(file, person.client)]
    return "\r\n".join([*head, *body, f"--{boundary}--", ""]).encode("utf-8")


def message_id(person: Person, digest: str, at: datetime) -> str:
    """A Message-ID in the manner of the program."""
    match person.client:
        case Client.QQ:
            return f"<tencent_{digest[:32].upper()}@qq.com>"
        case Client.FOXMAIL:
            return f"<{at:%Y%m%d%H%M%S}{int(digest[:8], 16) % 10**8:08}@{_domain(person)}>"
        case _:
            return f"<{digest[:8]}.{digest[8:12]}.{digest[12:24]}.Coremail.{person.address}>"


def _domain(person: Person) -> str:
    return person.address.rpartition("@")[2]


def _thread(answers: Sequence[str]) -> list[str]:
    return [f"In-Reply-To: {answers[-1]}", f"References: {' '.join(answers)}"] if answers else []


def _marks(client: Client, files: bool) -> list[str]:
    match client:
        case Client.QQ:
            return ["X-QQ-MIME: TCMime 1.0 by Tencent", "X-Mailer: QQMail 2.x", "X-Priority: 3"]
        case Client.FOXMAIL:
            return [
                "X-Priority: 3",
                f"X-Has-Attach: {'yes' if files else 'no'}",
                "X-Mailer: Foxmail 7.2.25.254[cn]",
            ]
        case Client.NETEASE:
            return ["X-Mailer: Coremail Webmail Server Version 2023.1 163com", "X-CM-TRANSID: demo"]
        case Client.COREMAIL:
            return [
                "X-Coremail-Locale: zh_CN",
                "X-CM-HeaderCharset: UTF-8",
                "X-Mailer: Coremail Webmail Server Version XT5.0.14",
            ]


def _codec(client: Client) -> str:
    """Foxmail says gb2312 and writes whatever GBK can (facts of Chinese mail, not of the standards)."""
    return "gb18030" if client is not Client.COREMAIL else "utf-8"


def _words(text: str, client: Client, separator: str = "\r\n ") -> str:
    """Text as encoded words; QQ writes a single one however long, the others keep to the line (RFC 2047)."""
    size = len(text) if client is Client.QQ else 12
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    encoded = (base64.b64encode(chunk.encode(_codec(client))).decode() for chunk in chunks)
    return separator.join(f"=?{client.value}?B?{each}?=" for each in encoded)


def _base64(content: bytes) -> list[str]:
    return base64.encodebytes(content).decode("ascii").splitlines()


def _texts(client: Client, text: str, html: str, boundary: str) -> list[str]:
    """The body as text and HTML, base64 as all these programs write it."""
    if not html:
        html = "".join(f"<div>{line or '<br>'}</div>" for line in text.split("\n"))
    lines = [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for kind, body in (("plain", text), ("html", html)):
        lines += [f"--{boundary}", f'Content-Type: text/{kind}; charset="{client.value}"']
        lines += ["Content-Transfer-Encoding: base64", "", *_base64(body.encode(_codec(client))), ""]
    return [*lines, f"--{boundary}--", ""]


def _attached(file: File, client: Client) -> list[str]:
    name = _words(file.name, client, "\r\n\t")
    if file.is_mail:
        head = [
            "Content-Type: message/rfc822",
            f'Content-Disposition: attachment; filename="{name}"',
            "",
        ]
        return [*head, *file.content.decode("utf-8").split("\r\n")]
    charset = ' charset="gb18030";' if client is Client.QQ else ""
    return [
        f'Content-Type: application/octet-stream;{charset}\r\n\tname="{name}"',
        f'Content-Disposition: attachment;\r\n\tfilename="{name}"',
        "Content-Transfer-Encoding: base64",
        "",
        *_base64(file.content),
    ]
