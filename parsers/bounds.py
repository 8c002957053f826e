"""How much a form may say: what is far beyond any form is refused before anybody compares, judges or prints it.

A bound is never a rule of the notice, such as 50 characters; it only keeps every later step quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import filterfalse

from msgspec.structs import astuple

from parsers.formats import unsafe
from parsers.model import Annex3, Project, Record, Transcript

MOST_FORMS = 300
MOST_PROJECTS = 500
MOST_ENTRIES = 500
# In characters; the content of a project (项目内容) is a text of some pages, everything else some lines.
LONGEST, LONGEST_CONTENT = 20_000, 200_000


def check_bounds(transcripts: Sequence[Transcript]) -> None:
    """Raise Unreadable (unsafe) when a document holds too many forms, or a form too much text or too many projects."""
    if len(transcripts) > MOST_FORMS:
        raise unsafe(f"文件中的表格超过 {MOST_FORMS} 份，超出安全限制")
    for transcript in transcripts:
        record = transcript.record
        if isinstance(record, Annex3) and len(record.projects) > MOST_PROJECTS:
            raise unsafe(f"项目超过 {MOST_PROJECTS} 个，超出安全限制")
        if record is not None and any(map(_says_too_much, _parts(record))):
            raise unsafe("表格中填写的内容过长，超出安全限制")


def _parts(record: Record) -> Iterator[Record | Project]:
    yield record
    if isinstance(record, Annex3):
        yield from filterfalse(_is_short, record.projects)


def _is_short(project: Project) -> bool:
    """Whether a project says so little in all that no value of it needs a look, as nearly all do."""
    return sum(map(len, astuple(project))) <= MOST_ENTRIES and sum(map(len, project.links)) <= LONGEST


def _says_too_much(part: Record | Project) -> bool:
    for name, value in zip(part.__struct_fields__, astuple(part), strict=True):
        if isinstance(value, str):
            if len(value) > LONGEST and (name != "content" or len(value) > LONGEST_CONTENT):
                return True
        elif isinstance(value, tuple) and name != "projects" and _is_too_much(value):
            return True
    return False


def _is_too_much(entries: tuple[str, ...]) -> bool:
    return len(entries) > MOST_ENTRIES or sum(map(len, entries)) > LONGEST
