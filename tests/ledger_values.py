"""Submissions, mails and views for the tests of the ledger and of the dashboard. Names and numbers are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Project, Transcript
from pipeline.account import account_of
from pipeline.ledger import prepare
from pipeline.ledger_staff import REMARK, Key, Notes, Scalar, Staff
from pipeline.ledger_view import LedgerView, MailLine
from pipeline.model import (
    SHANGHAI,
    Address,
    Disposition,
    Entry,
    Finding,
    Mail,
    State,
    Submission,
    University,
    Version,
)

MORNING = datetime(2024, 11, 20, 1, 30, tzinfo=UTC)
DEADLINE = datetime(2024, 11, 26, 23, 59, 59, tzinfo=SHANGHAI)
ROSTER = (
    University("甲大学", level="本科", graduates=True),
    University("乙学院", level="本科"),
    University("丙职业学院", level="专科"),
)
CATEGORIES = ("思想引领类", "学业促进类", "其他类")
GUARD = Project(
    "1", "青春护航", "为同学服务", "学业促进", "校级学生会", ("https://www.example.org/a b",), "张三", "13800000001"
)
LIGHT = Project("2", "宿舍微光", "夜间关怀", "思想引领类", "校级研究生会", (), "李四", "13800000002")


def mail(number: int = 1, university: str = "甲大学", at: datetime = MORNING, subject: str = "项目报送") -> Mail:
    sender = Address("张三", f"zhangsan{number}@example.org")
    return Mail(
        f"{number:064x}", at, f"<{number}@example.org>", sender, sender, subject, (), 2, Disposition.SUBMISSION,
        universities=(university,),
    )  # fmt: skip


def listed(*projects: Project, university: str = "甲大学", at: datetime = MORNING) -> Version:
    record = Annex3(university, str(len(projects)), "王五", "0471-1234567", projects)
    return Version(f"{1:064x}", 0, at, "附件3.xlsx", "0" * 64, Transcript("annex3", "xlsx", record))


def applied(index: int, at: datetime = MORNING, **values: Any) -> Version:
    return Version(f"{1:064x}", index, at, "附件4.docx", "0" * 64, Transcript("annex4", "docx", Annex4(**values)))


def submission(
    *projects: Project,
    university: str = "甲大学",
    state: State = State.ACCEPTED,
    findings: Sequence[Finding] = (),
) -> Submission:
    """A university's one mail with these projects, each with its Annex 4."""
    projects = projects or (GUARD,)
    summary = listed(*projects, university=university)
    entries = tuple(Entry(project.project_name, summary, row, applied(row + 1)) for row, project in enumerate(projects))
    mails = (mail(1, university),)
    return Submission(university, state, entries, (summary,), all_findings=tuple(findings), mails=mails)


def view(
    *submissions: Submission,
    mails: Sequence[MailLine] = (),
    archive: Mapping[tuple[str, int], str] | None = None,
    **parts: Any,
) -> LedgerView:
    """The view of these; a submission without a university waits under its sender's address."""
    accounts = tuple(
        account_of(one.university or f"?{number}", one, archive or {}) for number, one in enumerate(submissions)
    )
    whole = LedgerView("“我为同学做实事”项目", DEADLINE, ROSTER, accounts, tuple(mails), CATEGORIES)
    return replace(whole, **parts)


def digest(view: LedgerView, staff: Staff) -> str:
    """The digest of the ledger that would be written."""
    return prepare(view, staff).digest()


def write(path: Path, view: LedgerView, staff: Staff) -> None:
    """The ledger in one step."""
    prepare(view, staff).write(path)


def written(staff: Staff, sheet: str, key: Key) -> Scalar:
    """What staff remarked on this row, "" if nothing."""
    return staff.sheets.get(sheet, Notes()).rows.get(key, {}).get(REMARK, "")
