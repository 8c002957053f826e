"""`annex-inbox check`: files, folders, archives and raw mails judged as if they had just come in; nothing is recorded or sent.

The same input gives the same answer on any day: no clock is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pipeline.assemble import assemble
from pipeline.budget import is_litter
from pipeline.check import check_mail
from pipeline.codec import finding_out, record_out
from pipeline.errors import ConfigurationError
from pipeline.flow import process, versions_of
from pipeline.known import Known, known_from
from pipeline.message import decode
from pipeline.model import (
    Address,
    Attachment,
    Automatic,
    Disposition,
    Finding,
    Mail,
    Message,
    Outcome,
    Severity,
    Submission,
    Version,
)
from pipeline.progress import Progress, silent
from pipeline.reading import Read, read_documents, read_here
from pipeline.rules import Rules
from pipeline.unnamed import is_unnamed, waiting_for

NO_ONE = waiting_for("")


@dataclass
class Checked:
    """Everything found: the documents in the order given, and one submission for each university."""

    documents: list[Version] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    others: list[tuple[str, Disposition]] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """All findings, of documents and submissions."""
        for document in self.documents:
            yield from document.findings
        for submission in self.submissions:
            yield from submission.findings

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings())


def files_under(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Every file named, and every file in the folders named, with the path it is shown under (contract §3)."""
    found: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            found += [
                (one.relative_to(path).as_posix(), one) for one in inside if not _is_hidden(one.relative_to(path))
            ]
        else:
            found.append((path.name, path))
    return found


def _is_hidden(path: Path) -> bool:
    return is_litter(path.as_posix()) or any(part.startswith(".") for part in path.parts)


def check(
    paths: Iterable[Path],
    rules: Rules,
    received: datetime | None = None,
    progress: Progress = silent,
    read: Read = read_here,
) -> Checked:
    """Judge files as the attachments of one mail, the newest and the operator's own, and each .eml as a mail of its own.

    `received` is the time of receipt; without it an .eml's topmost Received header, else the deadline, is taken.
    Raises ConfigurationError for a file that cannot be read.
    """
    files = files_under(paths)
    loose: list[Attachment] = []
    letters: list[tuple[datetime, str, bytes]] = []
    for name, path in files:
        content = _content(path)
        if path.suffix.lower() == ".eml":
            letters.append((received or decode(content).received_at or rules.terms.deadline, name, content))
        else:
            loose.append(Attachment(name, content))
    outcomes: list[Outcome] = []
    known = _Memory(outcomes)
    total = len(letters) + bool(loose)
    if loose:
        at = received or rules.terms.deadline
        newest = max(at, *(letter[0] for letter in letters)) + timedelta(microseconds=1) if letters else at
        outcomes.append(_loose(loose, rules, at, newest, read))
        progress("核对", 1, total)
    for at, name, content in sorted(letters, key=lambda letter: letter[:2]):
        letter = _letter(content, name, at, rules, known, read)
        outcomes[:] = [_adopted(outcome, letter.mail) for outcome in [*outcomes, letter]]
        progress("核对", len(outcomes), total)
    return _together(outcomes, [name for name, _ in files], rules)


@dataclass
class _Memory:
    """What earlier mails of the same check have shown, as the store would tell it."""

    outcomes: list[Outcome]

    def __call__(self, address: str) -> Known:
        theirs = [one for one in self.outcomes if address and one.mail.reply_to.address == address]
        sent = (version for outcome in theirs for version in outcome.versions)
        return known_from((one.university, one.transcript.record) for one in sent if not is_unnamed(one.university))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"文件 {path} 无法读取（{error.strerror}），请检查它还在不在、有没有权限。") from None


def _adopted(outcome: Outcome, newest: Mail) -> Outcome:
    """The outcome with what waited for its correspondent's university, which the newest mail tells, as the store has it."""
    waiting = waiting_for(newest.reply_to.address)
    named = [name for name in newest.universities if not is_unnamed(name)]
    if waiting == NO_ONE or len(named) != 1 or waiting not in outcome.mail.universities:
        return outcome
    university = named[0]
    versions = tuple(
        replace(one, university=university) if one.university == waiting else one for one in outcome.versions
    )
    names = dict.fromkeys(university if name == waiting else name for name in outcome.mail.universities)
    return Outcome(replace(outcome.mail, universities=tuple(names)), versions)


def _loose(files: list[Attachment], rules: Rules, received: datetime, newest: datetime, read: Read) -> Outcome:
    """Files judged by the time of receipt, and laid on all the mails as what came last, from somebody beyond doubt."""
    documents = read_documents(files, rules.limits, read)
    mail_id = hashlib.sha256(b"".join(hashlib.sha256(one.content).digest() for one in files)).hexdigest()
    versions = versions_of(documents, NO_ONE, {}, mail_id, received, rules)
    forms = sum(one.transcript.form is not None for one in versions)
    message = Message("", Address(), Address(), "", "", attached=len(files))
    mail = Mail(
        id=mail_id,
        received_at=newest,
        message_id="",
        sender=Address(),
        reply_to=Address(),
        subject="",
        references=(),
        attached=len(files),
        disposition=Disposition.SUBMISSION,
        automatic=Automatic.STAFF,
        findings=check_mail(message, received, forms, rules, mail_id) if forms else (),
        universities=tuple(dict.fromkeys(one.university for one in versions)),
    )
    return Outcome(mail, versions)


def _letter(
    content: bytes, name: str, received: datetime, rules: Rules, known: Callable[[str], Known], read: Read
) -> Outcome:
    mail_id = hashlib.sha256(content + name.encode()).hexdigest()
    outcome = process(content, mail_id, received, rules, known, read=read)
    return _under(outcome, name)


def _under(outcome: Outcome, name: str) -> Outcome:
    """The same outcome with every path beginning with the mail's own name."""

    def shown(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(replace(one, path=f"{name}/{one.path}" if one.path else name) for one in findings)

    versions = tuple(replace(one, path=f"{name}/{one.path}", findings=shown(one.findings)) for one in outcome.versions)
    return Outcome(replace(outcome.mail, findings=shown(outcome.mail.findings), subject=name), versions)


def _together(outcomes: list[Outcome], names: list[str], rules: Rules) -> Checked:
    checked = Checked()
    rank = {name: position for position, name in enumerate(names)}
    documents = [one for outcome in outcomes for one in outcome.versions]
    checked.documents = sorted(documents, key=lambda one: (_rank(one.path, rank), one.index))
    keys = dict.fromkeys(name for outcome in outcomes for name in outcome.mail.universities)
    for key in keys:
        mails = [outcome.mail for outcome in outcomes if key in outcome.mail.universities]
        versions = [one for outcome in outcomes for one in outcome.versions if one.university == key]
        submission = assemble(key, versions, mails, rules)
        if submission.entries or submission.summaries or submission.findings:
            checked.submissions.append(submission)
    checked.others = [
        (outcome.mail.subject, outcome.mail.disposition)
        for outcome in outcomes
        if outcome.mail.disposition is not Disposition.SUBMISSION
    ]
    return checked


def _rank(path: str, rank: dict[str, int]) -> int:
    """The position of the named file that a path lies in."""
    while path not in rank and "/" in path:
        path = path.rpartition("/")[0]
    return rank.get(path, len(rank))


def as_json(checked: Checked) -> dict[str, Any]:
    """The object of contract §3."""
    return {
        "documents": [
            {
                "path": one.path,
                "form": one.transcript.form,
                "format": one.transcript.format,
                "data": record_out(one.transcript.record) or {},
                "findings": [finding_out(finding) for finding in one.findings],
            }
            for one in checked.documents
        ],
        "submissions": [
            {
                "university": submission.university,
                "projects": [entry.name for entry in submission.entries],
                "findings": [finding_out(finding) for finding in submission.findings],
            }
            for submission in checked.submissions
        ],
        "summary": {
            "documents": len(checked.documents),
            "errors": checked.count(Severity.ERROR),
            "warnings": checked.count(Severity.WARNING),
        },
    }
