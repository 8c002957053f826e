"""What the ledger is a view of, and the numbers and words that several of its sheets share.

Nothing here lays out a sheet; every value is derived from the view alone, without clock or disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from parsers.model import Annex3, Annex4, Project
from pipeline.ledger_table import same
from pipeline.model import SHANGHAI, Entry, Finding, Mail, Severity, State, Submission, University, Version

PENDING_NAME = "（高校待确认）"
GRADUATE_UNION = "研究生会"
OFF_ROSTER = 900


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail with what became of it and how it was answered, both as Chinese phrases."""

    mail: Mail
    result: str
    reply: str


@dataclass(frozen=True)
class LedgerView:
    """Everything the ledger shows. `archive` maps (mail, index) of a version to its path under ANNEX_DATA.

    `submissions` holds one for each university heard of; `categories` are the official names, in the notice's order.
    """

    title: str
    deadline: datetime
    roster: tuple[University, ...]
    submissions: tuple[Submission, ...]
    mails: tuple[MailLine, ...]
    archive: Mapping[tuple[str, int], str]
    categories: tuple[str, ...] = ()

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Every university of the roster in its order, then the others by their first mail."""
        heard = {submission.university: submission for submission in self.submissions}
        listed = [
            Standing(number, one.name, one.level, heard.get(one.name), self.archive)
            for number, one in enumerate(self.roster, start=1)
        ]
        names = {one.name for one in self.roster}
        others = sorted(
            (submission for submission in self.submissions if submission.university not in names),
            key=lambda submission: (first_received(submission), submission.university),
        )
        start = max(OFF_ROSTER, len(self.roster)) + 1
        return (
            *listed,
            *(
                Standing(number, submission.university or PENDING_NAME, "", submission, self.archive)
                for number, submission in enumerate(others, start=start)
            ),
        )


@dataclass(frozen=True)
class Standing:
    """One university's line: its number, the name shown, and its submission if it was heard of."""

    number: int
    name: str
    level: str
    submission: Submission | None
    archive: Mapping[tuple[str, int], str] = field(repr=False)

    @property
    def state(self) -> State:
        return self.submission.state if self.submission else State.MISSING

    @cached_property
    def lines(self) -> tuple[ProjectLine, ...]:
        """Its current projects, in the order of the submission."""
        if self.submission is None:
            return ()
        by_project: dict[str, set[Finding]] = {}
        for finding in self.submission.errors:
            by_project.setdefault(same(finding.project) if finding.project else "", set()).add(finding)
        return tuple(
            ProjectLine(f"{self.number:03d}-{number:02d}", entry, *self._judge(entry, by_project))
            for number, entry in enumerate(self.submission.entries, start=1)
        )

    def _judge(self, entry: Entry, by_project: Mapping[str, set[Finding]]) -> tuple[State, int]:
        errors = set(by_project.get(same(entry.name), ())) if entry.name else set()
        if entry.application:
            own = entry.application.findings
            errors.update(finding for finding in own if finding.severity is Severity.ERROR)
        if self.state is State.FOR_STAFF:
            return State.FOR_STAFF, len(errors)
        return State.TO_CORRECT if errors or entry.listed is None else State.ACCEPTED, len(errors)

    @property
    def contact(self) -> tuple[str, str]:
        """Name and phone of the contact in the newest current Annex 3 that gives either."""
        summaries = self.submission.summaries if self.submission else ()
        for version in sorted(summaries, key=lambda version: version.received_at, reverse=True):
            record = version.transcript.record
            if isinstance(record, Annex3) and (record.contact_name or record.contact_phone):
                return record.contact_name, record.contact_phone
        return "", ""

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """When the server received its first and its newest mail."""
        instants = [mail.received_at for mail in self.submission.mails] if self.submission else []
        return (local(min(instants)), local(max(instants))) if instants else (None, None)

    @property
    def address(self) -> str:
        """The sender of its newest mail."""
        mails = self.submission.mails if self.submission else ()
        return max(mails, key=lambda mail: mail.received_at).sender.address if mails else ""


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A current project with its number, state and count of errors."""

    number: str
    entry: Entry
    state: State
    errors: int

    @property
    def listed(self) -> bool:
        return self.entry.listed is not None

    @property
    def project(self) -> Project:
        """Its row of Annex 3 as the university wrote it; of an unlisted one what its Annex 4 says."""
        entry = self.entry
        record = entry.listed.transcript.record if entry.listed else None
        if isinstance(record, Annex3) and 0 <= entry.row < len(record.projects):
            return record.projects[entry.row]
        form = entry.application.transcript.record if entry.application else None
        if not isinstance(form, Annex4):
            return Project(project_name=entry.name)
        return Project(
            project_name=form.project_name or entry.name,
            category="、".join(form.categories),
            applicant=form.applicant,
            leader=form.leader,
            phone=form.phone,
        )

    @property
    def graduate(self) -> bool:
        return GRADUATE_UNION in self.project.applicant

    @property
    def received_at(self) -> datetime | None:
        """When the newest of its documents arrived."""
        documents: list[Version] = [one for one in (self.entry.listed, self.entry.application) if one]
        return local(max(one.received_at for one in documents)) if documents else None


def local(instant: datetime) -> datetime:
    """The instant as a workbook holds it: Shanghai's wall clock, no zone, whole seconds."""
    return instant.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)


def first_received(submission: Submission) -> float:
    """When the first mail came, in seconds since 1970; 0 where no mail is known."""
    return min((mail.received_at.timestamp() for mail in submission.mails), default=0.0)
