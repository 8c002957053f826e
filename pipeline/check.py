"""One document's transcript, or one mail, against the rules: values in, findings out.

It only picks the subject; what several documents say together is judged where they are put side by side (assemble.py).
"""

from __future__ import annotations

from datetime import datetime

from parsers.model import Annex3, Annex4, Transcript
from pipeline.model import Finding, Message
from pipeline.rules import Rules
from pipeline.subjects import Application, File, Letter, SummaryTable


def check_document(transcript: Transcript, path: str, received_at: datetime, rules: Rules) -> tuple[Finding, ...]:
    """What one document alone gets wrong. A file with several problems gives a finding for each."""
    record = transcript.record
    if isinstance(record, Annex3):
        return rules.check(SummaryTable(record, transcript, rules.terms), path)
    if isinstance(record, Annex4):
        return rules.check(Application(record, transcript, received_at, rules.terms), path)
    problems = transcript.problems or (None,)
    return tuple(
        finding
        for problem in problems
        for finding in rules.check(File(problem.kind, problem.detail) if problem else File(None), path)
    )


def check_mail(
    message: Message, received_at: datetime, forms: int, rules: Rules, path: str = ""
) -> tuple[Finding, ...]:
    """What a submission mail as a whole gets wrong (`mail.*`)."""
    return rules.check(Letter(message, received_at, forms, rules.terms), path)
