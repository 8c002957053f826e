"""How mails are asked for and what is made of the answers: batches, lengths, dates, names of folders.

Pure but for the log and one look at the clock; the conversation itself is mailbox.py's.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from pipeline.model import SHANGHAI, Envelope
from pipeline.tally import Seen

FETCHED_AT_ONCE = 50
BYTES_AT_ONCE = 16 * 1024 * 1024
LARGE = 8 * 1024 * 1024
# No number in IMAP is larger (RFC 3501 9).
LARGEST = 2**32 - 1

log = logging.getLogger(__name__)


class LengthError(Exception):
    """A mail came with another length than announced."""


def batches(envelopes: Iterable[Envelope]) -> Iterator[list[Envelope]]:
    """Consecutive envelopes of one folder, as many as are asked for at once; a large mail stands alone."""
    batch: list[Envelope] = []
    total = 0
    for envelope in envelopes:
        if batch and (
            (envelope.folder, envelope.uidvalidity) != (batch[0].folder, batch[0].uidvalidity)
            or len(batch) == FETCHED_AT_ONCE
            or total + envelope.size > BYTES_AT_ONCE
            or max(envelope.size, batch[0].size) > LARGE
        ):
            yield batch
            batch, total = [], 0
        batch.append(envelope)
        total += envelope.size
    if batch:
        yield batch


def measured(chunks: Iterable[bytes], envelope: Envelope, seen: set[str]) -> Iterator[bytes]:
    """Pass a mail's bytes on; raises LengthError at the end unless their number is right or they came before.

    Some servers announce wrong lengths, so what comes twice alike is the mail; nothing at all is one only where nothing was
    announced either.
    """
    digest = hashlib.sha256()
    length = 0
    for chunk in chunks:
        digest.update(chunk)
        length += len(chunk)
        yield chunk
    mark = digest.hexdigest()
    believable = mark in seen and (length > 0 or envelope.size == 0)
    if not believable and (not length or length != envelope.size):
        seen.add(mark)
        raise LengthError(f"取到 {length} 字节，服务器声明为 {envelope.size} 字节")
    if length != envelope.size:
        log.warning("邮件 %s/%d 两次取到的内容相同，以此为准。", envelope.folder, envelope.uid)


def match(name: str, listed: dict[str, frozenset[bytes]]) -> str | None:
    if name.upper() == "INBOX":
        return "INBOX"
    if name in listed:
        return name
    if name == "垃圾邮件":
        return next((folder for folder, flags in listed.items() if b"\\junk" in flags), None)
    return None


def body_of(row: dict[bytes, Any]) -> bytes | None:
    """The body part of a FETCH answer under whatever name (BODY[], BODY[]<0>, …); None if there is none."""
    parts = (value for key, value in row.items() if key.startswith(b"BODY["))
    return next((part for part in parts if isinstance(part, bytes)), None)


def seen(row: Mapping[bytes, Any]) -> Seen:
    """What a FETCH answer tells of a mail."""
    return Seen(_instant(row.get(b"INTERNALDATE")), number(row.get(b"RFC822.SIZE")) or None)


def number(told: object) -> int:
    """A number that a server told; 0 where it told none, or one there cannot be."""
    return told if isinstance(told, int) and 0 < told <= LARGEST else 0


def _instant(told: object) -> datetime | None:
    if not isinstance(told, datetime):
        return None
    try:
        at = told.replace(tzinfo=SHANGHAI) if told.tzinfo is None else told.astimezone(SHANGHAI)
    except (OverflowError, ValueError):
        return None
    # At the ends of the calendar nothing could be reckoned from it.
    return at if MINYEAR < at.year < MAXYEAR else None


def received_at(told: Seen, folder: str, uid: int) -> datetime:
    if told.received_at is None:
        # The server did not say when; that the mail has arrived by now is all that is certain.
        log.warning("服务器没有给出邮件 %s/%d 的收到时间，以现在为准。", folder, uid)
        return datetime.now(UTC).astimezone(SHANGHAI)
    return told.received_at
