"""What the ledger and the dashboard say of one university: made from its submission and light enough to be kept.

The documents themselves are left behind, so that a whole country of accounts stays small. No sheet is laid out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from parsers.model import Annex3, Project
from pipeline.ledger_table import same
from pipeline.model import SHANGHAI, Entry, Finding, Severity, State, Submission, Version
from pipeline.names import applicant
from pipeline.trust import is_known

Places = Mapping[tuple[str, int], str]


class ProjectLine(Struct, frozen=True):
    """A current project with its state and count of errors. `listed` where an Annex 3 names it.

    `application` is where its Annex 4 lies under ANNEX_DATA, "" where it is not archived, None where none came;
    `received_at` when the newest of its documents arrived; `source` the mail, file and row or table its values came from.
    """

    project: Project
    state: State
    errors: int
    listed: bool
    application: str | None
    received_at: datetime | None
    source: str

    @property
    def graduate(self) -> bool:
        return applicant(self.project.applicant).graduate


class Remark(Struct, frozen=True):
    """A finding and the id of the mail that it is about; of one about none of them alone, the university's newest."""

    finding: Finding
    mail: str


class Account(Struct, frozen=True):
    """One university heard of, named as in the store: "?" and an address while nobody knows which it is.

    `times` are those of its first and its newest mail, `address` the sender of the newest known one, `contact` name and phone of the
    contact in the newest current Annex 3 that gives either. All times are Shanghai's wall clock.
    """

    university: str
    state: State
    lines: tuple[ProjectLine, ...] = ()
    remarks: tuple[Remark, ...] = ()
    contact: tuple[str, str] = ("", "")
    times: tuple[datetime | None, datetime | None] = (None, None)
    address: str = ""

    @property
    def errors(self) -> int:
        """How many things have to be corrected."""
        return sum(remark.finding.severity is Severity.ERROR for remark in self.remarks)


def account_of(university: str, submission: Submission, places: Places) -> Account:
    """The account of a university's submission; `places` maps (mail, index) of a version to its path under ANNEX_DATA."""
    by_project: dict[str, set[Finding]] = {}
    errors = frozenset(submission.errors)
    for finding in errors:
        by_project.setdefault(same(finding.project) if finding.project else "", set()).add(finding)
    newest = submission.heeded[-1].id if submission.heeded else ""
    instants = [mail.received_at for mail in submission.mails]
    return Account(
        university=university,
        state=submission.state,
        lines=tuple(_line(entry, submission.own_state, by_project, errors, places) for entry in submission.entries),
        remarks=tuple(Remark(one, one.mail or newest) for one in submission.all_findings),
        contact=contact_of(submission),
        times=(local(min(instants)), local(max(instants))) if instants else (None, None),
        address=_address(submission),
    )


def _line(
    entry: Entry, state: State, by_project: Mapping[str, set[Finding]], standing: frozenset[Finding], places: Places
) -> ProjectLine:
    errors = set(by_project.get(same(entry.name), ())) if entry.name else set()
    form = entry.application
    if form:
        # A form may bear another name than its row; what staff settled stands no more.
        errors.update(standing.intersection(form.findings))
    if state is not State.FOR_STAFF:
        state = State.TO_CORRECT if errors or entry.listed is None else State.ACCEPTED
    documents: list[Version] = [one for one in (entry.listed, form) if one]
    return ProjectLine(
        project=project_of(entry),
        state=state,
        errors=len(errors),
        listed=entry.listed is not None,
        application=places.get((form.mail, form.index), "") if form else None,
        received_at=local(max(one.received_at for one in documents)) if documents else None,
        source=_source(entry),
    )


def project_of(entry: Entry) -> Project:
    """An entry's row of Annex 3 as the university wrote it; of an unlisted one what its Annex 4 says."""
    if entry.project is not None:
        return entry.project
    form = entry.form
    if form is None:
        return Project(project_name=entry.name)
    return Project(
        project_name=form.project_name or entry.name,
        category="、".join(form.categories),
        applicant=form.applicant,
        leader=form.leader,
        phone=form.phone,
    )


def _source(entry: Entry) -> str:
    lines = []
    if entry.listed is not None:
        place = entry.listed.transcript.places.get(f"projects.{entry.row}.project_name")
        lines.append(f"{entry.listed.mail[:12]} {entry.listed.name} {place or ''}".rstrip())
    if entry.application is not None:
        lines.append(f"{entry.application.mail[:12]} {entry.application.name}")
    return "\n".join(lines)


def _address(submission: Submission) -> str:
    """Where the newest mail came from, from a known address if there is one; those left out that staff handed in."""
    written = [mail for mail in reversed(submission.heeded) if not (mail.automatic and mail.automatic.is_handed_in)]
    known = (mail for mail in written if is_known(mail, submission.trusted))
    return next((mail.sender.address for mail in (*known, *written)), "")


def contact_of(submission: Submission) -> tuple[str, str]:
    """Name and phone of the contact in the newest current Annex 3 that gives either."""
    for version in sorted(submission.summaries, key=lambda version: version.received_at, reverse=True):
        record = version.transcript.record
        if isinstance(record, Annex3) and (record.contact_name or record.contact_phone):
            return record.contact_name, record.contact_phone
    return "", ""


def account_out(account: Account) -> str:
    """The account as JSON; "" where it holds half a surrogate pair, which only a damaged document has and UTF-8 cannot say."""
    try:
        return msgspec.json.encode(account).decode()
    except UnicodeEncodeError:
        return ""


def account_in(text: str) -> Account:
    """The inverse of `account_out`, but for ""."""
    return msgspec.json.decode(text, type=Account)


def local(instant: datetime) -> datetime:
    """The instant as a workbook holds it: Shanghai's wall clock, no zone, whole seconds."""
    return instant.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
