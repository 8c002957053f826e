"""What staff hand in themselves: a mail from our mailbox to itself, with forms that came in some other way, by phone perhaps.

It tells such a mail from what we send to others, and forms from blank ones and from lists of our own; whose they are is decided
as of any mail's (assign.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import astuple, replace

from parsers.model import Annex3, Annex4, Record
from pipeline.model import Document
from pipeline.own_ids import OUR_IDS
from pipeline.prefixes import LETTER, REPLIED


def is_handed_in(own_address: str, to: str, message_id: str, subject: str) -> bool:
    """Whether a mail from our own address is one that staff sent to themselves: written by hand, and no answer to anybody.

    Copies of our replies, and drafts of theirs that staff sent, carry marked copies of the universities' files.
    """
    to_us = re.search(rf"(?<![\w.+-]){re.escape(own_address)}(?![\w.-])", to, re.IGNORECASE) is not None
    return to_us and not (OUR_IDS.fullmatch(message_id) or REPLIED.match(subject) or LETTER.match(subject))


def handed_in(documents: Sequence[Document]) -> tuple[Document, ...]:
    """The documents of such a mail; a blank form, sent to all with the notice, and a list of our own are not forms of anybody."""
    return tuple(
        replace(one, transcript=replace(one.transcript, form=None, record=None))
        if one.transcript.record is not None and not _is_somebodys(one.transcript.record)
        else one
        for one in documents
    )


def _is_somebodys(record: Record) -> bool:
    if isinstance(record, Annex3):
        # The ledger lists projects under the same headings, but has neither number nor contact above them.
        return any((record.project_count, record.contact_name, record.contact_phone))
    return isinstance(record, Annex4) and any(astuple(record))
