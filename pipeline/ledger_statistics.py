"""The numbers of the sheet 统计: where universities stand, projects by category and level, mails by day.

Counted from the view alone; nothing here draws a chart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from pipeline.account import local
from pipeline.ledger_rows import PROGRESS, PROJECTS, row_keys
from pipeline.ledger_staff import HEADER, Staff
from pipeline.ledger_table import Table, clean
from pipeline.ledger_view import LedgerView, Standing
from pipeline.model import Disposition, State
from pipeline.names import category_of
from pipeline.wording import deadline_text

SHEET = "统计"
OTHER_LEVEL = "未列入名册"
OTHER_CATEGORY = "未填或无法归类"
# The order in which the states are counted and drawn, here and on the dashboard.
STATE_ORDER = (State.ACCEPTED, State.TO_CORRECT, State.FOR_STAFF, State.MISSING)
# Days without mail are shown too while the whole span stays readable in one chart.
LONGEST_SPAN = 45

Number = int | float
Line = tuple[str, tuple[Number, ...]]


class Block(Struct, frozen=True):
    """A small table with a heading; `total` is its last line, "" where a sum says nothing."""

    heading: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Line | None = None


class Statistics(Struct, frozen=True):
    """The sheet's content from top to bottom; `stray` is what staff wrote beside rows that the ledger has no more:
    university, project, column, words."""

    title: str
    deadline: str
    figures: tuple[tuple[str, int], ...]
    states: Block
    categories: Block
    levels: Block
    days: Block
    stray: tuple[tuple[str, str, str, str], ...]


def statistics(view: LedgerView, staff: Staff, content: Sequence[Table]) -> Statistics:
    """Count everything the sheet shows; `content` are the tabular sheets of the same view."""
    return Statistics(
        title=clean(view.title),
        deadline=f"报送截止：{deadline_text(view.deadline)}（北京时间）",
        figures=_figures(view),
        states=_states(view),
        categories=_categories(view),
        levels=_levels(view),
        days=_days(view),
        stray=tuple(_stray(staff, content)),
    )


def _figures(view: LedgerView) -> tuple[tuple[str, int], ...]:
    heard, others = view.heard
    unlisted = sum(line.application is not None for one in view.standings for line in one.lines if not line.listed)
    return (
        ("名册高校", len(view.roster)),
        ("已报送高校" + (f"（另有名册外 {others} 所）" if others else ""), heard),
        ("未报送高校", len(view.roster) - heard),
        ("申报项目", sum(len(standing.listed) for standing in view.standings)),
        (
            "已收附件4" + (f"（含未列入附件3的 {unlisted} 份）" if unlisted else ""),
            sum(standing.applications for standing in view.standings),
        ),
        ("待解决问题", sum(standing.errors for standing in view.standings)),
    )


def _states(view: LedgerView) -> Block:
    counts = Counter(standing.state for standing in view.standings)
    total = len(view.standings)
    lines = tuple((state.value, (counts[state], _share(counts[state], total))) for state in STATE_ORDER)
    _, others = view.heard
    heading = "一、报送状态" + (f"（含名册外 {others} 所）" if others else "")
    return Block(heading, ("状态", "高校数", "占比"), lines, ("合计", (total, _share(total, total))))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _categories(view: LedgerView) -> Block:
    lines = [line for standing in view.standings for line in standing.listed]
    counts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for line in lines:
        name = category_of(line.project.category, view.categories) or OTHER_CATEGORY
        counts[name] += 1
        accepted[name] += line.state is State.ACCEPTED
    names = [*view.categories, *([OTHER_CATEGORY] if counts[OTHER_CATEGORY] else [])]
    rows: tuple[Line, ...] = tuple(
        (name, (counts[name], accepted[name], _share(counts[name], len(lines)))) for name in names
    )
    total = (len(lines), accepted.total(), _share(len(lines), len(lines)))
    return Block("二、项目类别", ("项目类别", "项目数", "已通过", "占比"), rows, ("合计", total))


def _levels(view: LedgerView) -> Block:
    levels = dict.fromkeys(one.level for one in view.roster if one.level)
    groups: dict[str, list[Standing]] = {level: [] for level in levels}
    for standing in view.standings:
        groups.setdefault(standing.level or OTHER_LEVEL, []).append(standing)
    lines = tuple((level, _level_numbers(group)) for level, group in groups.items())
    columns = ("层次", *(state.value for state in STATE_ORDER), "高校数", "项目数")
    total = tuple(sum(column) for column in zip(*(numbers for _, numbers in lines), strict=True))
    return Block("三、办学层次", columns, lines, ("合计", total) if total else None)


def _level_numbers(group: Iterable[Standing]) -> tuple[int, ...]:
    group = list(group)
    counts = Counter(standing.state for standing in group)
    projects = sum(len(standing.listed) for standing in group)
    return (*(counts[state] for state in STATE_ORDER), len(group), projects)


def _days(view: LedgerView) -> Block:
    mails = Counter(
        local(line.mail.received_at).date() for line in view.mails if line.mail.disposition is Disposition.SUBMISSION
    )
    firsts = Counter(first.date() for standing in view.standings if (first := standing.times[0]))
    running, lines = 0, []
    for day in _span(sorted(mails.keys() | firsts.keys())):
        running += firsts[day]
        lines.append((f"{day:%m-%d}", (mails[day], firsts[day], running)))
    columns = ("日期", "报送邮件", "新报送高校", "累计报送高校")
    return Block("四、每日收件", columns, tuple(lines), ("合计", (mails.total(), firsts.total(), running)))


def _span(days: list[date]) -> list[date]:
    if not days or (days[-1] - days[0]).days > LONGEST_SPAN:
        return days
    return [days[0] + timedelta(days=number) for number in range((days[-1] - days[0]).days + 1)]


def _stray(staff: Staff, content: Sequence[Table]) -> Iterable[tuple[str, str, str, str]]:
    """What staff wrote beside projects and universities that the ledger no longer shows, so that it is not lost from sight."""
    for table in content:
        notes = staff.sheets.get(table.name)
        if table.name not in (PROJECTS.name, PROGRESS.name) or notes is None:
            continue
        shown = set(row_keys(table, table.rows))
        for key, values in sorted(notes.rows.items()):
            if key != HEADER and key not in shown:
                name, project = (*key, "")[:2] if table.name == PROJECTS.name else (key[0], "")
                yield from ((name, project, column.strip(), str(said)) for column, said in values.items() if said != "")
