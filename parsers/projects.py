"""The rows below the header of a list of projects (Annex 3): each project's values and places, and the rows that are remarks.

It knows the ten columns by field and reads one table at a time; which tables make up a form is not decided here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from parsers.contact import split_number
from parsers.links import split_links
from parsers.listing import Header, cells_in, is_remark
from parsers.model import Cell, CellKind, Grid, Place, Project, column_letters
from parsers.text import fold, lines, one_line

LABELS = {
    "university": "高校名称",
    "project_count": "项目数量",
    "number": "序号",
    "project_name": "项目名称",
    "summary": "项目简介",
    "category": "项目类别",
    "applicant": "申报主体",
    "links": "宣传报道链接",
    "leader": "项目负责人",
    "phone": "联系方式",
}
PER_FORM = ("university", "project_count")
_PER_PROJECT = tuple(name for name in LABELS if name not in PER_FORM)
_SAMPLES = {
    "project_name": re.compile(r"[x×*✕✖╳某]{1,4}项目"),
    "applicant": re.compile(r"[x×*✕✖╳某]*校级学生会[/、|\\或者]+[x×*✕✖╳某]*二级学院学生会"),
}


@dataclass
class Table:
    """What one grid, or the part of it below one header, adds to a form while it is being read.

    `last` is the last row of a project; the remarks behind it may belong to what follows.
    """

    block: int
    grid: Grid
    header: Header
    projects: list[Project] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    remarks: list[int] = field(default_factory=list)
    last: int = -1
    notes: list[str] = field(default_factory=list)

    def place(self, row: int, column: int, label: str) -> Place:
        return Place(self.grid.kind, self.grid.name, self.grid.ordinal, row, column, label)

    def field_place(self, row: int, name: str) -> Place:
        """The place of a field in this row; of a field without a column, the header's."""
        column = self.header.columns.get(name)
        if column is None:
            return self.place(max(self.header.top, 0), -1, LABELS[name])
        return self.place(row, column.start, column.label)

    @property
    def blank(self) -> bool:
        return not self.projects and not self.values.get("university")


def _groups(table: Table, end: int) -> Iterator[range]:
    """The rows below the header, those that share a merged project name together."""
    rows = table.grid.written_rows
    last = table.header.bottom
    for row in rows[bisect_left(rows, last) :]:
        if row < last:
            continue
        if row >= end:
            break
        last = row + 1
        if not is_remark(table.grid, row, table.header):
            named = cells_in(table.grid, row, table.header.columns["project_name"])
            if named and named[0].text.strip():
                last = max(last, min(end, named[0].row + named[0].row_span))
        yield range(row, last)


def _read_field(name: str, cells: Sequence[Cell]) -> str:
    """A field's text, or "" where it is only the template's sample."""
    text = "\n".join(cell.text for cell in cells)
    text = lines(text) if name == "summary" else one_line(text)
    sample = _SAMPLES.get(name)
    return "" if sample and sample.fullmatch(fold(text)) else text


def _read_project(table: Table, rows: range) -> tuple[Project, bool]:
    """The project in these rows, and whether they hold anything of their own beyond number and university."""
    values: dict[str, str] = {}
    links: tuple[str, ...] = ()
    own = False
    for name in _PER_PROJECT:
        column = table.header.columns.get(name)
        if column is None:
            continue
        cells = list({id(cell): cell for row in rows for cell in cells_in(table.grid, row, column)}.values())
        _note_uncalculated(table, cells)
        # A value merged down from the rows above does not make a row below it a project.
        began = any(cell.row in rows and (cell.text.strip() or cell.links) for cell in cells)
        if name == "links":
            found = [link for cell in cells for link in split_links(cell.text, cell.links)]
            links = tuple(dict.fromkeys(found))
            own = own or (began and bool(links))
        else:
            values[name] = _read_field(name, cells)
            own = own or (began and name != "number" and bool(values[name]))
    if "phone" not in table.header.columns and "leader" in values:
        values["leader"], values["phone"] = split_number(values["leader"])
    return Project(links=links, **values), own


def _note_uncalculated(table: Table, cells: Sequence[Cell]) -> None:
    for cell in cells:
        if cell.kind is CellKind.UNCALCULATED:
            table.notes.append(f"单元格 {column_letters(cell.column)}{cell.row + 1} 的公式没有计算结果")


def _carried_on(last: Project, more: Project) -> Project | None:
    """The project above with a row that only adds links or lines of its summary to it; None for a new project."""
    if any(getattr(more, name) for name in _PER_PROJECT if name not in ("links", "summary")):
        return None
    summary = "\n".join(part for part in (last.summary, more.summary) if part)
    return replace(last, summary=summary, links=tuple(dict.fromkeys((*last.links, *more.links))))


def read_rows(table: Table, end: int) -> None:
    """Read the rows from the header's end up to, not including, `end` into the table."""
    for rows in _groups(table, end):
        if is_remark(table.grid, rows[0], table.header):
            table.remarks.append(rows[0])
            continue
        _read_per_form(table, rows)
        project, own = _read_project(table, rows)
        if not own:
            continue
        table.last = rows[-1]
        if table.projects and (joined := _carried_on(table.projects[-1], project)):
            table.projects[-1] = joined
            continue
        prefix = f"projects.{len(table.projects)}"
        table.places[prefix] = table.place(rows[0], -1, "")
        for name in _PER_PROJECT:
            table.places[f"{prefix}.{name}"] = table.field_place(rows[0], name)
        table.projects.append(project)


def _read_per_form(table: Table, rows: range) -> None:
    """University and number of projects: the first text in their column, wherever it is written or merged to."""
    for name in PER_FORM:
        column = table.header.columns.get(name)
        if column is None or table.values.get(name):
            continue
        cells = [cell for row in rows for cell in cells_in(table.grid, row, column)]
        _note_uncalculated(table, cells)
        for cell in cells:
            if text := one_line(cell.text):
                table.values[name] = text
                table.places[name] = table.place(cell.row, cell.column, column.label)
                break
