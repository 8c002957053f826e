"""Marked copies of ours that come back as we sent them: known by their bytes, whoever sends them and in whatever wrapping.

Whether what such a copy says has been corrected since is found where the mails are laid together (assemble.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from pipeline.marking_value import SUFFIX
from pipeline.model import Outcome, Version
from pipeline.unnamed import waiting_for

# Said of such a copy to staff, and looked for when the mails are laid together.
UNCHANGED = "本邮箱发出的标注文件，未改动"


def noted(outcome: Outcome, letters: Callable[[Sequence[str]], Iterable[bytes]]) -> Outcome:
    """The outcome of a mail with a note on each form that is a copy of ours; `letters` gives those that asked for a correction of
    what some universities sent, as they were sent."""
    marked = [one for one in outcome.versions if one.transcript.form and SUFFIX in one.name]
    if not marked:
        return outcome
    # What its correspondent sent of a university not known so far may be this one's.
    names = (*outcome.mail.universities, waiting_for(outcome.mail.reply_to.address))
    ours = {file for letter in letters(names) for file in _files(letter)}
    versions = tuple(_with_note(one) if one in marked and one.file in ours else one for one in outcome.versions)
    return replace(outcome, versions=versions)


def is_unchanged(version: Version) -> bool:
    """Whether a version was known for a copy of ours when its mail was taken."""
    return UNCHANGED in version.transcript.notes


def _with_note(version: Version) -> Version:
    transcript = version.transcript
    return replace(version, transcript=replace(transcript, notes=(*transcript.notes, UNCHANGED)))


def _files(letter: bytes) -> Iterable[str]:
    """The SHA-256 in hex of the files that a letter of ours carries."""
    from email import message_from_bytes

    for part in message_from_bytes(letter).walk():
        if part.get_content_disposition() == "attachment":
            content = part.get_payload(decode=True)
            yield hashlib.sha256(content if isinstance(content, bytes) else b"").hexdigest()
