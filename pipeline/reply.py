"""Turns what a reply says into a mail: headers that thread and stop robots, a text and an HTML body.

It never sends anything, and no text that came from a mail becomes a header's structure, HTML or a template.
"""

from __future__ import annotations

import functools
import hashlib
import mimetypes
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import pybase64

from pipeline.changes import NOTHING, Changes
from pipeline.letter import Letter, draft
from pipeline.model import SHANGHAI, Address, Enclosure, Mail, Notice, Reply, Submission
from pipeline.own_ids import own_id
from pipeline.recipients import may_be_written_to
from pipeline.reply_states import ReplyKind
from pipeline.settings import resource
from pipeline.wording import one_line, quoted

if TYPE_CHECKING:
    from jinja2 import Environment, Template

MARKS = {ReplyKind.CORRECTION: "【请补正】", ReplyKind.ACKNOWLEDGEMENT: "【已收到】"}
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")
# A thread is told by its beginning and its latest mails; longer ones are shortened (RFC 5322 3.6.4).
REFERENCES = 30


def compose(
    mails: tuple[Mail, ...],
    submissions: tuple[Submission, ...],
    notice: Notice,
    sender: str,
    made_at: datetime,
    changes: Changes = NOTHING,
    enclosures: tuple[Enclosure, ...] = (),
    occasion: tuple[str, ...] = (),
) -> Reply:
    """The one reply to these mails of one correspondent (oldest first), about the submissions as they stand.

    `changes` are those since the last reply; `enclosures` go along as attachments; `occasion` tells why mails are answered
    that have had a reply before.

    The same mails, recipient and occasion always give the same Message-ID, the same arguments the same bytes. The mail
    is 7-bit, its lines end in CRLF (RFC 5321) and it is marked as automatic (RFC 3834).
    Raises ValueError where there is no mail, or none of the newest one's addresses can be written to.
    """
    if not mails:
        raise ValueError("a reply needs a mail to answer")
    newest = mails[-1]
    recipient = addressee(newest)
    letter = draft(mails, submissions, notice, made_at, changes, enclosures)
    answers = tuple(mail.id for mail in mails)
    digest = hashlib.sha256("\n".join([*sorted(answers), recipient.address, *occasion]).encode()).hexdigest()
    message_id = own_id(digest, sender)
    subject = _subject(letter)
    head = {
        "From": _mailbox(notice.organiser, sender),
        "To": _mailbox(recipient.name, recipient.address),
        "Subject": _encoded(subject, "Subject"),
        "Date": format_datetime(made_at.astimezone(SHANGHAI)),
        "Message-ID": message_id,
        **_thread(newest),
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
    }
    return Reply(
        message_id=message_id,
        recipient=recipient.address,
        subject=subject,
        kind=letter.kind,
        raw=_raw(head, letter, f"=_annex_{digest[32:48]}", enclosures),
        answers=answers,
        universities=tuple(submission.university for submission in submissions),
    )


def render(letter: Letter) -> tuple[str, str]:
    """The letter as plain text and as an HTML document; lines end in `\\n`."""
    environment = _environment()
    text, html = (environment.get_template(f"reply.{kind}.j2").render(letter=letter) for kind in ("txt", "html"))
    return text, html


def template(name: str) -> Template:
    """A template of ours by its file name; what is undefined raises, HTML is escaped."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resource("templates"), encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and ".html." in name,
        trim_blocks=True,
        lstrip_blocks=True,
        # The templates of a program do not change while it runs; looking whether they did costs a tenth of a reply.
        auto_reload=False,
    )
    environment.filters["quoted"] = quoted
    return environment


def addressee(mail: Mail) -> Address:
    """Reply-To, else From (contract §6), whichever can be written to.

    Raises ValueError where neither can.
    """
    for address in (mail.reply_to, mail.sender):
        if may_be_written_to(address.address):
            return address
    raise ValueError("the mail has no address that can be answered")


def _subject(letter: Letter) -> str:
    return f"{MARKS[letter.kind]}{whom(letter.universities)}{letter.topic}申报材料"


def whom(universities: tuple[str, ...]) -> str:
    """The universities a mail is about, as its subject names them."""
    return "、".join(universities) if len(universities) <= 2 else f"{universities[0]}等{len(universities)}所高校"


# Of every reply the sender's name is the same, and of all to one university the subject.
@functools.lru_cache(maxsize=256)
def _encoded(text: str, name: str) -> str:
    """Text as encoded words (RFC 2047), folded; whole characters only in each."""
    return Header(text, "utf-8", header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    display = one_line(name, 60)
    return f"{_encoded(display, 'Reply-To')}\r\n <{address}>" if display else address


def _thread(newest: Mail) -> dict[str, str]:
    """In-Reply-To and References to the newest mail answered, none where it carries no usable Message-ID."""
    if not MESSAGE_ID.fullmatch(newest.message_id):
        return {}
    earlier = [each for each in newest.references if MESSAGE_ID.fullmatch(each) and each != newest.message_id]
    if len(earlier) >= REFERENCES:
        earlier = [earlier[0], *earlier[-(REFERENCES - 2) :]]
    return {"In-Reply-To": newest.message_id, "References": "\r\n ".join([*earlier, newest.message_id])}


def _raw(head: dict[str, str], letter: Letter, boundary: str, enclosures: tuple[Enclosure, ...]) -> bytes:
    """The whole mail; bodies are base64, so no relay has a reason to touch them."""
    lines = [f"{name}: {value}" for name, value in head.items()]
    lines.append("MIME-Version: 1.0")
    if not enclosures:
        lines += _bodies(letter, boundary)
    else:
        lines += [f'Content-Type: multipart/mixed; boundary="{boundary}_files"', "", f"--{boundary}_files"]
        lines += _bodies(letter, boundary)
        for enclosure in enclosures:
            lines += [f"--{boundary}_files", *_part(enclosure)]
        lines += [f"--{boundary}_files--", ""]
    return "\r\n".join(lines).encode("ascii")


def _bodies(letter: Letter, boundary: str) -> list[str]:
    lines = [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for kind, body in zip(("plain", "html"), render(letter), strict=True):
        lines += [
            f"--{boundary}",
            f"Content-Type: text/{kind}; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ]
        lines += ["", *_base64(body.replace("\n", "\r\n").encode("utf-8")), ""]
    return [*lines, f"--{boundary}--", ""]


def _part(enclosure: Enclosure) -> list[str]:
    """An attachment, its name in RFC 2231 and, for clients that know only that, as an encoded word."""
    name = one_line(enclosure.name, 120).replace('"', "'")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return [
        f'Content-Type: {kind};\r\n name="{Header(name, "utf-8", maxlinelen=900).encode()}"',
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: attachment;\r\n filename*=utf-8''{quote(name, safe='')}",
        "",
        *_base64(enclosure.content),
        "",
    ]


def _base64(content: bytes) -> list[str]:
    return pybase64.encodebytes(content).decode("ascii").splitlines()
