"""The rows below the header of a list of projects (Annex 3): each project's values and places, and the rows that are remarks.

It knows the ten columns by field and reads one table at a time; which tables make up a form is not decided here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from msgspec.structs import replace

from parsers.contact import split_number
from parsers.links import split_links
from parsers.listing import Header, is_remark
from parsers.model import Cell, CellKind, Grid, Place, Project, column_letters
from parsers.nothing import says_nothing
from parsers.printed import COLUMNS
from parsers.text import fold, lines, one_line

LABELS = COLUMNS
PER_FORM = ("university", "project_count")
PER_PROJECT = tuple(name for name in LABELS if name not in PER_FORM)
# The template's sample text, each behind two characters (or one twice) that it has and that no other folds to.
_SAMPLES = {
    "project_name": ("项", "项", re.compile(r"[x×*✕✖╳某]{1,4}项目")),
    "applicant": (
        "级",
        "院",
        re.compile(r"(?=.*[x×*✕✖╳某])[x×*✕✖╳某]*校级学生会[/、|\\或者]+[x×*✕✖╳某]*二级学院学生会"),
    ),
}

_SCHOOL = re.compile(r"[\u4e00-\u9fff]{2,}(?<![级各])(?:大学|学院|学校|专科|分校|校区)(?:[(（].*)?")

# Cells, each with its text, and those of each field.
Written = Sequence[tuple[Cell, str]]
Cells = dict[str, list[tuple[Cell, str]]]


@dataclass
class Table:
    """What one grid, or the part of it below one header, adds to a form while it is being read.

    `spots` are the places of each project as a whole and of its fields, in the order of PER_PROJECT. `last` is the last
    row of a project; the remarks behind it may belong to what follows. `settled` are the values of the form that no later
    row can better.
    """

    block: int
    grid: Grid
    header: Header
    projects: list[Project] = field(default_factory=list)
    spots: list[list[Place]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    remarks: list[int] = field(default_factory=list)
    last: int = -1
    notes: list[str] = field(default_factory=list)

    @cached_property
    def _fields(self) -> dict[int, list[str]]:
        """The fields that have each column."""
        fields: dict[int, list[str]] = {}
        for name, column in self.header.columns.items():
            for position in range(column.start, column.end):
                fields.setdefault(position, []).append(name)
        return fields

    @cached_property
    def _single(self) -> dict[int, str]:
        """The field of each column, if none has several and no column several of them; else nothing."""
        columns = self.header.columns
        single = {column.start: name for name, column in columns.items() if column.end == column.start + 1}
        return single if len(single) == len(columns) else {}

    def cells(self, rows: range) -> Cells:
        """The cells of these rows by the field whose columns they stand in, each once."""
        # Most rows of most tables are so plain, and what follows takes twice as long.
        if len(rows) == 1 and rows[0] not in self.grid.wide_rows and (single := self._single):
            return {name: [pair] for pair in self.grid.read(rows[0]) if (name := single.get(pair[0].column))}
        found: Cells = {}
        fields = self._fields
        for row in rows:
            for pair in self.grid.read(row):
                cell = pair[0]
                for name in fields.get(cell.column, ()) if cell.column_span == 1 else self._below(cell):
                    if name not in found:
                        found[name] = [pair]
                    # A cell of several rows comes again in each of them.
                    elif cell.row_span == 1 or not any(cell is known for known, _ in found[name]):
                        found[name].append(pair)
        return found

    def _below(self, cell: Cell) -> Iterable[str]:
        """The fields, each once, that have any of the columns of this cell."""
        columns = range(cell.column, cell.column + cell.column_span)
        return dict.fromkeys(name for column in columns for name in self._fields.get(column, ()))

    @cached_property
    def uncalculated(self) -> bool:
        """Whether the grid has any formula without a result."""
        return CellKind.UNCALCULATED in [cell.kind for cell in self.grid.cells]

    @cached_property
    def _spots(self) -> dict[str, tuple[int | None, int, str]]:
        """Where each field stands: its row if that is always the same, its column and its label."""
        top = max(self.header.top, 0)
        spots: dict[str, tuple[int | None, int, str]] = {name: (top, -1, label) for name, label in LABELS.items()}
        return spots | {name: (None, column.start, column.label) for name, column in self.header.columns.items()}

    @cached_property
    def _project_spots(self) -> list[tuple[int | None, int, str]]:
        """Where a project as a whole and its fields stand."""
        return [(None, -1, ""), *[self._spots[name] for name in PER_PROJECT]]

    def field_place(self, row: int, name: str) -> Place:
        """The place of a field in this row; of a field without a column, the header's."""
        own, column, label = self._spots[name]
        return self.grid.place(row if own is None else own, column, label)

    def project_places(self, row: int) -> list[Place]:
        """The places of the project in this row and of its fields."""
        return self.grid.places(row, self._project_spots)

    @property
    def blank(self) -> bool:
        return not self.projects and not self.values.get("university")


def _groups(table: Table, end: int) -> Iterator[tuple[range, Cells | None]]:
    """The rows below the header with their cells, those that share a merged project name together; None for a remark."""
    rows = table.grid.written_rows
    last = table.header.bottom
    for row in rows[bisect_left(rows, last) :]:
        if row < last:
            continue
        if row >= end:
            break
        last = row + 1
        if is_remark(table.grid, row, table.header):
            yield range(row, last), None
            continue
        cells = table.cells(range(row, last))
        named = cells.get("project_name")
        if named and named[0][1].strip():
            last = max(last, min(end, named[0][0].row + named[0][0].row_span))
        yield range(row, last), cells if last == row + 1 else table.cells(range(row, last))


def _read_field(name: str, cells: Written) -> str | tuple[str, ...]:
    """A field's text, or "" where it is only the template's sample; the links as a list."""
    if name == "links":
        links = [split_links(text, cell.links) for cell, text in cells]
        return links[0] if len(links) == 1 else tuple(dict.fromkeys(chain.from_iterable(links)))
    text = cells[0][1] if len(cells) == 1 else "\n".join([text for _, text in cells])
    if name == "summary":
        return lines(text)
    text = one_line(text)
    if name in _SAMPLES:
        sign, other, sample = _SAMPLES[name]
        if sign in text and other in text and sample.fullmatch(fold(text)):
            return ""
    return text


def _read_project(table: Table, rows: range, cells: Cells) -> tuple[Project, bool]:
    """The project in these rows, and whether they say anything of their own beyond number and university."""
    values: dict[str, Any] = {}
    own = False
    for name in PER_PROJECT:
        if name not in cells:
            continue
        written = cells[name]
        if table.uncalculated:
            _note_uncalculated(table, written)
        values[name] = value = _read_field(name, written)
        if not own and value and name != "number":
            own = _begun(written, rows[0]) and not _crossed_out(value)
    if "phone" not in table.header.columns and "leader" in values:
        values["leader"], values["phone"] = split_number(values["leader"])
    return Project(**values), own


def _crossed_out(value: str | tuple[str, ...]) -> bool:
    """Whether all that stands in a cell is strokes, or words for "nothing", as in the rows of the template left over."""
    return all(map(says_nothing, value)) if isinstance(value, tuple) else says_nothing(value)


def _begun(cells: Written, row: int) -> bool:
    """Whether a value begins in this row or below: one merged down from the rows above makes no row below a project."""
    return any(cell.row >= row and (text.strip() or cell.links) for cell, text in cells)


def _note_uncalculated(table: Table, cells: Written) -> None:
    for cell, _ in cells:
        if cell.kind is CellKind.UNCALCULATED:
            table.notes.append(f"单元格 {column_letters(cell.column)}{cell.row + 1} 的公式没有计算结果")


def _carried_on(last: Project, more: Project) -> Project | None:
    """The project above with a row that only adds links or lines of its summary to it; None for a new project."""
    if any(getattr(more, name) for name in PER_PROJECT if name not in ("links", "summary")):
        return None
    summary = "\n".join(part for part in (last.summary, more.summary) if part)
    return replace(last, summary=summary, links=tuple(dict.fromkeys((*last.links, *more.links))))


def read_rows(table: Table, end: int) -> None:
    """Read the rows from the header's end up to, not including, `end` into the table."""
    for rows, cells in _groups(table, end):
        if cells is None:
            table.remarks.append(rows[0])
            continue
        project, own = _read_project(table, rows, cells)
        _read_per_form(table, cells, own)
        if not own:
            continue
        table.last = rows[-1]
        if table.projects and (joined := _carried_on(table.projects[-1], project)):
            table.projects[-1] = joined
            continue
        table.spots.append(table.project_places(rows[0]))
        table.projects.append(project)


def _read_per_form(table: Table, cells: Cells, beside_project: bool) -> None:
    """University and number of projects: the first text in their column, wherever it is written or merged to.

    What stands beside no project may be the name of a group of projects, and counts only if no other row says more, or
    if it is called as a university is.
    """
    for name in PER_FORM:
        if name not in cells or name in table.settled:
            continue
        if table.uncalculated:
            _note_uncalculated(table, cells[name])
        for cell, written in cells[name]:
            if text := one_line(written):
                sure = beside_project or (name == "university" and _SCHOOL.fullmatch(text) is not None)
                if sure or name not in table.values:
                    table.values[name] = text
                    table.places[name] = table.grid.place(cell.row, cell.column, table.header.columns[name].label)
                if sure:
                    table.settled.add(name)
                break
