"""Whom each document of a mail belongs to: what the form says, put right by what came with it and what the sender sent before.

It decides only where exactly one university can be meant; everything else waits for staff.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.model import Annex3, Annex4, Transcript
from pipeline.known import Known
from pipeline.names import same_project
from pipeline.roster import Roster
from pipeline.values import is_blank


def stated(transcript: Transcript, roster: Roster) -> str:
    """The university a form names: its roster name, the name as written where it is not on the roster, or ""."""
    record = transcript.record
    if record is None or is_blank(record.university):
        return ""
    match = roster.find(record.university)
    return match.university.name if match else record.university


def assign(transcripts: Sequence[Transcript], roster: Roster, known: Known) -> list[str]:
    """A university for each document of one mail, "" for those that wait for staff."""
    named = [stated(transcript, roster) for transcript in transcripts]
    distinct = list(dict.fromkeys(name for name in named if name))
    fallback = distinct[0] if len(distinct) == 1 else next(iter(known)) if not distinct and len(known) == 1 else ""
    lists = _lists(transcripts, named, fallback)
    owners = [
        _owner(transcript, name or fallback, lists, roster, known)
        if isinstance(transcript.record, Annex4)
        else name or fallback
        for transcript, name in zip(transcripts, named, strict=True)
    ]
    of_forms = list(dict.fromkeys(owner for t, owner in zip(transcripts, owners, strict=True) if t.form and owner))
    # A picture or a damaged file says nothing itself; it belongs with the forms it came with.
    companion = of_forms[0] if of_forms else fallback
    return [owner if t.form else companion for t, owner in zip(transcripts, owners, strict=True)]


def _lists(transcripts: Sequence[Transcript], named: Sequence[str], fallback: str) -> dict[str, set[str]]:
    """What each university's Annex 3 in this mail lists."""
    lists: dict[str, set[str]] = {}
    for transcript, name in zip(transcripts, named, strict=True):
        if isinstance(transcript.record, Annex3):
            keys = {same_project(project.project_name) for project in transcript.record.projects}
            lists.setdefault(name or fallback, set()).update(keys)
    return lists


def _owner(transcript: Transcript, name: str, lists: dict[str, set[str]], roster: Roster, known: Known) -> str:
    """Whom an Annex 4 belongs to. One that names another university than the Annex 3 that lists it is a slip of the pen,
    and stays with that Annex 3, where the difference is found."""
    assert isinstance(transcript.record, Annex4)
    if name in lists:
        return name
    key = same_project(transcript.record.project_name)
    listing = [owner for owner, keys in lists.items() if key and key in keys]
    if len(listing) == 1 and listing[0]:
        return listing[0]
    if len(lists) == 1 and roster.get(name) is None:
        return next(iter(lists)) or name
    earlier = [owner for owner, keys in known.items() if key and key in keys]
    if not lists and name not in known and len(earlier) == 1:
        return earlier[0]
    return name
