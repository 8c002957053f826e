"""What staff settled by their word: which findings a waiver covers, and for what it was given.

A waiver holds for what stood there when it was given, and for nothing that came in its place or elsewhere since. Nothing is
judged here, and no waiver is kept (store_universities.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Record
from parsers.text import fold
from pipeline.model import Finding, Severity, Submission, Waiver
from pipeline.names import same_project


def settled(finding: Finding, submission: Submission, waivers: Sequence[Waiver]) -> Finding:
    """The finding, or a notice for staff in its stead where they settled it; replies no longer ask for it.

    Of several waivers, given oldest first, the newest that names the project counts, else the newest.
    """
    for project in (same_project(finding.project), ""):
        for waiver in reversed(waivers):
            meant = waiver.rule == finding.rule and same_project(waiver.project) == project
            if meant and _holds(waiver, finding, submission):
                message = f"{finding.message}（已豁免：{waiver.reason}，{waiver.by}）"
                return replace(finding, severity=Severity.NOTICE, message=message)
    return finding


def _holds(waiver: Waiver, finding: Finding, submission: Submission) -> bool:
    """Whether a waiver was given for what stands there; one of a mail that was kept when equal findings of several mails were
    one finding bears the newest of these mails."""
    if waiver.grounds is None or ground(finding, submission) in waiver.grounds:
        return True
    alike = [
        other for mail in submission.mails for other in mail.findings if replace(other, mail=finding.mail) == finding
    ]
    return len(alike) > 1 and ground(alike[-1], submission) in waiver.grounds


def ground(finding: Finding, submission: Submission) -> tuple[str, str]:
    """For what a finding is waived: the key of its project, and what is written there, on its comparison copy.

    Of a finding about more than one value of a project it is the sentence told, which names what differs; of one about a
    mail or a file without a form, that mail or file as well.
    """
    project = same_project(finding.project)
    for version in (*submission.summaries, *submission.applications):
        if finding in version.findings:
            values = _written(version.transcript.record, finding.field, project)
            return project, fold("；".join(values) if values else finding.message)
    loose = any(finding in version.findings for version in submission.supporting)
    bearers = [finding.path] if loose else [mail.id for mail in submission.mails if finding in mail.findings]
    return project, fold("；".join([finding.message, *bearers[-1:]]))


def _written(record: Record | None, field: str, project: str) -> list[str]:
    """What a form says in a field of a project; nothing where the field is none of a project's."""
    rows: tuple[object, ...] = ()
    if isinstance(record, Annex3):
        rows = tuple(row for row in record.projects if same_project(row.project_name) == project)
    elif isinstance(record, Annex4):
        rows = (record,)
    found = [getattr(row, field) for row in rows if hasattr(row, field)]
    return ["、".join(value) if isinstance(value, tuple) else str(value) for value in found]
