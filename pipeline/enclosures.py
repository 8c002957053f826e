"""What a correction carries beside its words: the faulty files marked, and a blank form where one is missing.

It picks and names files, and opens none that came; marking.py marks them, reply.py encloses them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Sequence
from itertools import chain, count

from msgspec.structs import replace

from parsers.model import Transcript
from pipeline.marking import marked_name
from pipeline.marking_value import SUFFIX
from pipeline.model import Enclosure, Finding, Severity, Submission, Version
from pipeline.settings import resource
from pipeline.verdict import NO_ATTACHMENT
from pipeline.wording import one_line

# What all enclosures of one reply may weigh together; marked copies beyond it are left out.
LARGEST = 15 * 1024 * 1024
# What no file's name may hold.
NO_NAME = re.compile(r'[\\/:*?"<>|]+')
BLANKS = {
    "annex3.missing": ("附件3.xlsx",),
    "annex3.empty": ("附件3.xlsx",),
    "annex4.missing": ("附件4.docx",),
    NO_ATTACHMENT: ("附件3.xlsx", "附件4.docx"),
}
Content = Callable[[Version], bytes]
# As `marking.marked_copy`, which it is, or stands for in confinement.
Mark = Callable[[bytes, str, Sequence[Finding], Sequence[Transcript]], tuple[bytes, str] | None]


def enclosed(submissions: Sequence[Submission], content: Content, mark: Mark) -> tuple[Enclosure, ...]:
    """The files that go along with one letter about these submissions, no two of one name; marked copies are named by their
    university as well where it is about several."""
    found: dict[str, Enclosure] = {}
    for submission in submissions:
        whose = f"{NO_NAME.sub('', one_line(submission.university, 40))}-" if len(submissions) > 1 else ""
        room = LARGEST - sum(len(one.content) for one in found.values() if one.marked)
        for one in enclosures(submission, content, mark, room):
            name = _free(f"{whose.lstrip('-')}{one.name}", found) if one.marked else one.name
            found[name] = replace(one, name=name)
    return tuple(found.values())


def _free(name: str, taken: Container[str]) -> str:
    """The name, or 附件4（2）（标注）.docx where 附件4（标注）.docx is taken."""
    stem, extension = posixpath.splitext(name)
    others = (f"{stem.removesuffix(SUFFIX)}（{number}）{SUFFIX}{extension}" for number in count(2))
    return next(one for one in chain([name], others) if one not in taken)


def enclosures(submission: Submission, content: Content, mark: Mark, room: int | None = None) -> tuple[Enclosure, ...]:
    """The files that help to correct a submission; none where nothing has to be corrected.

    Marked copies weigh `room` bytes at most, or LARGEST.
    """
    if not submission.errors:
        return ()
    found = list(_marked_copies(submission, content, mark, LARGEST if room is None else room))
    began = bool(submission.summaries or submission.entries)
    # Whoever has sent forms before has them.
    rules = [finding.rule for finding in submission.errors if not (began and finding.rule == NO_ATTACHMENT)]
    names = dict.fromkeys(name for rule in rules for name in BLANKS.get(rule, ()))
    found += [Enclosure(f"空白{name}", (resource("templates") / name).read_bytes()) for name in names]
    return tuple(found)


def _marked_copies(submission: Submission, content: Content, mark: Mark, room: int) -> list[Enclosure]:
    copies = []
    # Two files of one mail may bear one name, the template's own.
    files: dict[str, list[Version]] = {}
    for version in (*submission.summaries, *submission.applications):
        files.setdefault(version.file, []).append(version)
    for versions in files.values():
        findings = _about(versions, submission)
        if not any(finding.severity is Severity.ERROR for finding in findings):
            continue
        try:
            original = content(versions[0])
        except FileNotFoundError:
            continue
        if len(original) > room:
            continue
        transcripts = [version.transcript for version in versions]
        made = mark(original, transcripts[0].format, findings, transcripts)
        if made is not None:
            copy, kind = made
            room -= len(copy)
            copies.append(Enclosure(marked_name(versions[0].path, kind), copy, marked=True))
    return copies


def _about(versions: list[Version], submission: Submission) -> list[Finding]:
    """The findings that the letter tells about the documents of a file, notices left out."""
    found = dict.fromkeys(finding for version in versions for finding in submission.about(version))
    return [finding for finding in found if finding.severity is not Severity.NOTICE]
