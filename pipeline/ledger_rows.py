"""From the view to the four tabular sheets (contract §5): which columns there are and what stands in each row.

Nothing here knows how a workbook is written; staff's own columns are put to the right of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pipeline.account import ProjectLine, Remark, local
from pipeline.ledger_header import Layout
from pipeline.ledger_housing import housed
from pipeline.ledger_staff import HEADER, NOTE, REMARK, Notes, Staff
from pipeline.ledger_table import (
    LINK_LIMIT,
    Column,
    Key,
    Kind,
    Link,
    Named,
    Row,
    Table,
    Tone,
    Value,
    clean,
    escape_link,
    keys,
    web_link,
)
from pipeline.ledger_view import PENDING_NAME, LedgerView, MailLine, Standing
from pipeline.model import Severity, State

RECEIVED = "已收到"
NOT_RECEIVED = "未收到"
REMARK_COLUMN = Column(REMARK, 20, Kind.STAFF)
EXTRA_WIDTH = 18

TONES = {
    State.ACCEPTED: Tone.GOOD,
    State.TO_CORRECT: Tone.OPEN,
    State.FOR_STAFF: Tone.URGENT,
    State.MISSING: Tone.IDLE,
}
# A finding's level is coloured like the state it leads to.
ACCENTS = {state.value: tone for state, tone in TONES.items()} | {
    Severity.ERROR.label: Tone.URGENT,
    Severity.WARNING.label: Tone.OPEN,
    Severity.NOTICE.label: Tone.IDLE,
}

PROJECTS = Table(
    name="项目汇总",
    columns=(
        Column("编号", 8.5, Kind.CENTRED),
        Column("高校名称", 19),
        Column("项目名称", 21),
        Column("项目简介", 31),
        Column("项目类别", 11.5, Kind.CENTRED),
        Column("申报主体", 16),
        Column("宣传报道链接", 23),
        Column("项目负责人", 9.5, Kind.CENTRED),
        Column("联系方式", 13.5, Kind.CENTRED),
        Column("附件4", 8, Kind.CENTRED),
        Column("状态", 8.5, Kind.STATE),
        Column("问题数", 7, Kind.CENTRED),
        Column("收到时间", 16.5, Kind.TIME),
        REMARK_COLUMN,
        Column("来源", 44),
    ),
    rows=(),
    frozen=3,
    key=("高校名称", "项目名称"),
    marks=("项目负责人", "联系方式"),
    tie="编号",
)
PROGRESS = Table(
    name="高校进度",
    columns=(
        Column("高校名称", 28),
        Column("层次", 8, Kind.CENTRED),
        Column("状态", 9, Kind.STATE),
        Column("项目数", 8, Kind.CENTRED),
        Column("研究生会项目数", 10, Kind.CENTRED),
        Column("附件4数", 9, Kind.CENTRED),
        Column("问题数", 8, Kind.CENTRED),
        Column("首次收到", 17, Kind.TIME),
        Column("最近收到", 17, Kind.TIME),
        Column("联系人", 11, Kind.CENTRED),
        Column("联系电话", 16, Kind.CENTRED),
        Column("联系邮箱", 26),
        REMARK_COLUMN,
    ),
    rows=(),
    frozen=1,
    key=("高校名称",),
    tie="联系邮箱",
)
FINDINGS = Table(
    name="问题清单",
    columns=(
        Column("高校名称", 19),
        Column("项目名称", 22),
        Column("级别", 8, Kind.STATE),
        Column("规则", 27),
        Column("位置", 34),
        Column("说明", 58),
        Column("依据", 20),
        Column("邮件编号", 15, Kind.CENTRED),
    ),
    rows=(),
    frozen=1,
    key=("高校名称", "项目名称", "规则", "位置"),
    tie="说明",
)
MAILS = Table(
    name="邮件日志",
    columns=(
        Column("收到时间", 17, Kind.TIME),
        Column("发件人", 34),
        Column("主题", 46),
        Column("高校名称", 28),
        Column("附件数", 8, Kind.CENTRED),
        Column("结果", 24),
        Column("回复", 24),
        Column("邮件编号", 15, Kind.CENTRED),
    ),
    rows=(),
    frozen=0,
    key=("收到时间", "发件人", "主题"),
)
TABLES = (PROJECTS, PROGRESS, FINDINGS, MAILS)
LAYOUTS = {
    table.name: Layout(
        tuple(column.header for column in table.columns),
        table.key,
        table.marks,
        table.tie,
        {place: ACCENTS for place, column in enumerate(table.columns) if column.kind is Kind.STATE},
    )
    for table in TABLES
}


def tables(view: LedgerView, staff: Staff) -> tuple[tuple[Table, ...], Staff]:
    """The four tabular sheets, staff's remarks and columns put back in place; and what staff wrote, by the rows as they are now."""
    makers: tuple[tuple[Table, Callable[[LedgerView], Iterator[Row]]], ...] = (
        (PROJECTS, _project_rows),
        (PROGRESS, _progress_rows),
        (FINDINGS, _finding_rows),
        (MAILS, _mail_rows),
    )
    content, sheets = [], dict(staff.sheets)
    for table, rows in makers:
        made, notes = _annotate(table, tuple(rows(view)), staff.sheets.get(table.name))
        content.append(made)
        if notes is not None:
            sheets[table.name] = notes
    return tuple(content), Staff(sheets)


def _annotate(table: Table, rows: tuple[Row, ...], notes: Notes | None) -> tuple[Table, Notes | None]:
    """The table with these rows, each with what staff wrote beside it, and the notes under the keys that the rows have now;
    the place of a remark is there already, blank."""
    extra = notes.columns if notes else ()
    columns = (*table.columns, *(Column(name, EXTRA_WIDTH, Kind.STAFF) for name in extra))
    at = next((place for place, column in enumerate(table.columns) if column is REMARK_COLUMN), None)

    def with_notes(row: Row, beside: Mapping[str, Value]) -> Row:
        values = list(row.values)
        if at is not None:
            values[at] = beside.get(REMARK, "")
        return Row((*values, *(beside.get(name, "") for name in extra)), row.tone)

    hung: list[tuple[int, int, str]] = []
    if notes is not None and (notes.rows or extra):
        named = _named(table, rows)
        shown = keys(named)
        notes = Notes(notes.columns, housed(notes.rows, named, shown))
        found = [notes.rows.get(key, {}) for key in shown]
        rows = tuple(with_notes(row, beside) for row, beside in zip(rows, found, strict=True))
        places = {f"{NOTE}{column.header}": place for place, column in enumerate(columns, start=1)}
        for number, beside in enumerate((notes.rows.get(HEADER, {}), *found), start=1):
            hung += ((number, places[name], str(beside[name])) for name in beside if name in places)
    return Table(table.name, columns, rows, table.frozen, table.key, table.marks, table.tie, tuple(hung)), notes


def row_keys(table: Table, rows: tuple[Row, ...]) -> list[Key]:
    """The stable key of each row, as `read_staff` makes it from the written sheet."""
    return keys(_named(table, rows))


def _named(table: Table, rows: tuple[Row, ...]) -> list[Named]:
    headers = [column.header for column in table.columns]
    key, marks = ([headers.index(name) for name in names] for names in (table.key, table.marks))
    tie = headers.index(table.tie) if table.tie else None
    return [
        Named(
            tuple(row.values[position] for position in key),
            tuple(row.values[position] for position in marks),
            "" if tie is None else row.values[tie],
        )
        for row in rows
    ]


def _project_rows(view: LedgerView) -> Iterator[Row]:
    band = False
    for standing in view.standings:
        if standing.lines:
            band = not band
        for number, line in standing.numbered:
            yield Row(_project_values(standing, number, line), Tone.BAND if band else Tone.PLAIN)


def _project_values(standing: Standing, number: str, line: ProjectLine) -> tuple[Value, ...]:
    project = line.project
    links = web_link(project.links[0]) if len(project.links) == 1 else clean("\n".join(project.links))
    return (
        number,
        clean(standing.name),
        clean(project.project_name),
        clean(project.summary),
        clean(project.category),
        clean(project.applicant),
        links,
        clean(project.leader),
        clean(project.phone),
        _application(line),
        line.state.value,
        line.errors,
        line.received_at,
        "",
        clean(line.source if line.listed else f"未列入附件3，{line.source}"),
    )


def _application(line: ProjectLine) -> Value:
    """已收到, opening the archived form by a path relative to the ledger's own folder; else 未收到."""
    path = line.application
    if path is None:
        return NOT_RECEIVED
    target = escape_link(f"../{path}".replace("%", "%25").replace("#", "%23").replace("?", "%3F"))
    return Link(RECEIVED, target) if path and len(target) <= LINK_LIMIT else RECEIVED


def _progress_rows(view: LedgerView) -> Iterator[Row]:
    for standing in view.standings:
        name, tone = clean(standing.name), TONES[standing.state]
        if standing.account is None:
            yield Row((name, standing.level, standing.state.value, *(None,) * 9, ""), tone)
            continue
        counts = (
            len(standing.listed),
            sum(line.graduate for line in standing.listed),
            standing.applications,
            standing.errors,
        )
        contact = (clean(text) for text in (*standing.account.contact, standing.account.address))
        yield Row((name, standing.level, standing.state.value, *counts, *standing.times, *contact, ""), tone)


def _finding_rows(view: LedgerView) -> Iterator[Row]:
    band = False
    for standing in view.standings:
        if standing.remarks:
            band = not band
        for remark in standing.remarks:
            yield Row(_finding_values(standing, remark), Tone.BAND if band else Tone.PLAIN)


def _finding_values(standing: Standing, remark: Remark) -> tuple[Value, ...]:
    finding = remark.finding
    where = "  ".join(part for part in (finding.path, finding.place) if part)
    about = (finding.project, finding.severity.label, finding.rule, where, finding.message, finding.clause)
    texts = (*about, remark.mail[:12])
    return clean(standing.name), *(clean(text) for text in texts)


def _mail_rows(view: LedgerView) -> Iterator[Row]:
    newest_first = sorted(view.mails, key=lambda line: (line.mail.received_at, line.mail.id), reverse=True)
    for number, line in enumerate(newest_first):
        yield Row(_mail_values(line), Tone.BAND if number % 2 else Tone.PLAIN)


def _mail_values(line: MailLine) -> tuple[Value, ...]:
    mail = line.mail
    universities = "、".join(name or PENDING_NAME for name in mail.universities)
    return (
        local(mail.received_at),
        clean(mail.writer),
        clean(mail.subject),
        clean(universities),
        mail.attached,
        clean(line.result),
        clean(line.reply),
        mail.id[:12],
    )
