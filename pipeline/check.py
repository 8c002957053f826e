"""One document's transcript, or one mail, against the rules: values in, findings out.

It only picks the subject; what several documents say together is judged where they are put side by side (assemble.py).
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from parsers.model import SCANNED, Annex3, Annex4, Transcript
from pipeline.model import Finding, Message, Severity
from pipeline.rules import Rules
from pipeline.stamps import SCAN, is_unread_scan
from pipeline.subjects import Application, File, Letter, SummaryTable


def check_document(
    transcript: Transcript, path: str, received_at: datetime, rules: Rules, mail: str = ""
) -> tuple[Finding, ...]:
    """What one document alone gets wrong; `mail` is the id of the one that brought it. A file with several problems gives a
    finding for each."""
    record = transcript.record
    found: tuple[Finding, ...]
    if isinstance(record, Annex3):
        found = rules.check(SummaryTable(record, transcript, rules.terms), path, mail)
    elif isinstance(record, Annex4):
        found = rules.check(Application(record, transcript, received_at, rules.terms), path, mail)
    else:
        return _check_file(transcript, path, rules, mail)
    if transcript.format == SCAN:
        # What was recognised in a picture is for staff to confirm, not for the sender to correct.
        return tuple(replace(one, severity=Severity.NOTICE) for one in found)
    return found


def _check_file(transcript: Transcript, path: str, rules: Rules, mail: str) -> tuple[Finding, ...]:
    files = [File(problem.kind, problem.detail) for problem in transcript.problems]
    nothing = File(None, SCANNED if is_unread_scan(transcript, path) else "")
    return tuple(finding for file in files or [nothing] for finding in rules.check(file, path, mail))


def check_mail(
    message: Message, received_at: datetime, forms: int, rules: Rules, mail: str = ""
) -> tuple[Finding, ...]:
    """What a submission mail as a whole gets wrong (`mail.*`); `mail` is its id."""
    return rules.check(Letter(message, received_at, forms, rules.terms), mail=mail)
