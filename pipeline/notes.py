"""Mails the program writes of its own accord, as opposed to replies: built here, one way, ready for the outbox.

It decides neither whom to write to nor when.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP

from pipeline.model import SHANGHAI, Notice, Reply
from pipeline.own_ids import own_id
from pipeline.reply_states import ReplyKind
from pipeline.wording import one_line


def note(
    occasion: str,
    to: str,
    subject: str,
    text: str,
    notice: Notice,
    sender: str,
    now: datetime,
    kind: ReplyKind,
    html: str = "",
    universities: tuple[str, ...] = (),
) -> Reply:
    """A mail under a Message-ID derived from its occasion and addressee: the same occasion never makes two (RFC 3834 marks)."""
    digest = hashlib.sha256(f"{occasion}\n{to}".encode()).hexdigest()
    message = EmailMessage(policy=SMTP)
    message["From"] = MailAddress(one_line(notice.organiser, 60), addr_spec=sender)
    message["To"] = to
    message["Subject"] = one_line(subject)
    message["Date"] = now.astimezone(SHANGHAI)
    message["Message-ID"] = own_id(digest, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text.rstrip() + "\n", cte="base64")
    if html:
        message.add_alternative(html, subtype="html", cte="base64")
    return Reply(str(message["Message-ID"]), to, one_line(subject), kind, message.as_bytes(), (), universities)
