"""What a correction carries beside its words: the faulty files marked, and a blank form where one is missing.

It picks and names files; marking.py marks them, reply.py encloses them.
"""

from __future__ import annotations

from collections.abc import Callable

from parsers import read
from parsers.formats.legacy import as_docx
from parsers.formats.libreoffice import KINDS, WORKBOOKS, Excess, convert
from pipeline.marking import mark, marked, marked_name
from pipeline.model import Enclosure, Finding, Severity, Submission, Version
from pipeline.settings import resource
from pipeline.verdict import NO_ATTACHMENT

# What all enclosures of one reply may weigh together; marked copies beyond it are left out.
LARGEST = 15 * 1024 * 1024
BLANKS = {
    "annex3.missing": ("附件3.xlsx",),
    "annex3.empty": ("附件3.xlsx",),
    "annex4.missing": ("附件4.docx",),
    NO_ATTACHMENT: ("附件3.xlsx", "附件4.docx"),
}


def enclosures(submission: Submission, content: Callable[[Version], bytes]) -> tuple[Enclosure, ...]:
    """The files that help to correct a submission; none where nothing has to be corrected."""
    if not submission.errors:
        return ()
    found = list(_marked_copies(submission, content))
    began = bool(submission.summaries or submission.entries)
    # Whoever has sent forms before has them.
    rules = [finding.rule for finding in submission.errors if not (began and finding.rule == NO_ATTACHMENT)]
    names = dict.fromkeys(name for rule in rules for name in BLANKS.get(rule, ()))
    found += [Enclosure(f"空白{name}", (resource("templates") / name).read_bytes()) for name in names]
    return tuple(found)


def _marked_copies(submission: Submission, content: Callable[[Version], bytes]) -> list[Enclosure]:
    weight, copies = 0, []
    files: dict[tuple[str, str], list[Version]] = {}
    for version in (*submission.summaries, *submission.applications):
        files.setdefault((version.mail, version.path), []).append(version)
    for versions in files.values():
        findings = _about(versions[0].path, submission)
        if not any(finding.severity is Severity.ERROR for finding in findings):
            continue
        try:
            original = content(versions[0])
        except FileNotFoundError:
            continue
        if len(original) > LARGEST - weight:
            continue
        copy = _marked(original, versions, findings)
        if copy is not None:
            weight += len(copy.content)
            copies.append(copy)
    return copies


def _marked(original: bytes, versions: list[Version], findings: list[Finding]) -> Enclosure | None:
    """The marked copy of a file; an old format is answered with the converted copy."""
    kind, transcripts = versions[0].transcript.format, [version.transcript for version in versions]
    if kind in KINDS:
        try:
            converted = convert(original, kind) if kind in WORKBOOKS else as_docx(original, kind)
        except (Excess, OSError):
            # The reply goes without the copy; its words say everything.
            return None
        if converted is None:
            return None
        kind = "xlsx" if kind in WORKBOOKS else "docx"
        original, transcripts = converted, read(converted, f"converted.{kind}")
    copy = mark(original, kind, marked(findings, transcripts))
    return Enclosure(marked_name(versions[0].path, kind), copy) if copy is not None else None


def _about(path: str, submission: Submission) -> list[Finding]:
    """The findings that the letter tells about a file, notices left out."""
    return [
        finding
        for finding in submission.all_findings
        if finding.path == path and finding.severity is not Severity.NOTICE and not finding.rule.startswith("mail.")
    ]
