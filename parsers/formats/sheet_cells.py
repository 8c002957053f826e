"""The cells of a worksheet from its values, merged ranges and what the file says beside them.

Values are written as a person sees them in a cell of General format; nothing is read from a file here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from operator import attrgetter

from msgspec.structs import replace

from parsers.formats import unsafe
from parsers.formats.sheet_controls import Control, with_marks
from parsers.formats.symbols import marks
from parsers.formats.workbook_extras import SheetExtras
from parsers.model import Cell, CellKind, Run, Style

# A merged range larger than this (a whole column) is cut where the sheet's content ends.
LARGEST_MERGE = 10_000
MOST_MERGED = 1_000_000
# Doubles carry 15 sure decimal digits, and a spreadsheet shows no more.
SIGNIFICANT = ".15g"
LARGEST_WHOLE = 1e18
# A name in an enum is looked up by a function, and a named tuple's own constructor takes three times as long.
TEXT, NUMBER, PLAIN = CellKind.TEXT, CellKind.NUMBER, Style.PLAIN
NEW = tuple.__new__
# Excel writes control characters as _xHHHH_; those that people cause are carriage return and tab.
ESCAPED = re.compile(r"_x000[dD]_")

CORNER = attrgetter("row", "column")

Position = tuple[int, int]
Span = tuple[int, int]
Range = tuple[Position, Position]
Value = str | float | int | bool | datetime.date | datetime.time | datetime.timedelta


def lay_out(
    values: Iterable[tuple[Position, Value]], merges: Sequence[Range], last: Position, extra: SheetExtras
) -> tuple[Cell, ...]:
    """A sheet's cells in reading order: those with content, and merged ranges even when blank.

    The values, none of them "", come in reading order, each position once; `last` is where the sheet's content ends.
    """
    spans, covered = _merges(merges, last)
    cells: list[Cell] = []
    for position, value in values:
        rows = columns = 1
        if position in covered:
            if covered[position] != position:
                continue
            rows, columns = spans.pop(position)
        # Nothing that is replaced in a text is printable, but for an escape.
        if isinstance(value, str) and value.isprintable() and "_x" not in value:
            text, kind = value, TEXT
        else:
            text, kind = _written(value)
        row, column = position
        runs = (NEW(Run, (text, PLAIN)),) if text else ()
        cells.append(Cell(row, column, runs, rows, columns, kind))
    # What is left are ranges without a value.
    if spans:
        cells = sorted([*cells, *(Cell(*corner, (), *span) for corner, span in spans.items())], key=CORNER)
    return tuple(cells) if extra.empty else _supplemented(cells, covered, extra)


def _merges(merges: Sequence[Range], last: Position) -> tuple[dict[Position, Span], dict[Position, Position]]:
    """Spans by corner, and for every merged position its range's corner; overlapping ranges are ignored."""
    spans: dict[Position, Span] = {}
    covered: dict[Position, Position] = {}
    for corner, (bottom, right) in merges:
        # Looked at first, for a file may lay thousands of large ranges on top of each other.
        if corner in covered:
            continue
        top, left = corner
        if (bottom - top + 1) * (right - left + 1) > LARGEST_MERGE:
            bottom, right = min(bottom, last[0]), min(right, last[1])
        area = dict.fromkeys(product(range(top, bottom + 1), range(left, right + 1)), corner)
        if len(area) < 2 or not covered.keys().isdisjoint(area):
            continue
        if len(covered) + len(area) > MOST_MERGED:
            raise unsafe("工作表范围过大，超出安全限制")
        spans[corner] = (bottom - top + 1, right - left + 1)
        covered |= area
    return spans, covered


def _written(value: Value) -> tuple[str, CellKind]:
    """A value as text: 13800000001.0 → 13800000001, 2025.1 → 2025.1, a date → 2024-11-20."""
    if isinstance(value, str):
        text = ESCAPED.sub("", value)
        return marks(text.replace("\r\n", "\n").replace("\r", "\n")), TEXT
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value)), NUMBER
    if isinstance(value, bool):
        return str(value).upper(), TEXT
    if isinstance(value, (float, int)):
        whole = abs(value) < LARGEST_WHOLE and value == int(value)
        return (str(int(value)) if whole else format(value, SIGNIFICANT)), NUMBER
    return _moment(value), TEXT


def _moment(value: datetime.date | datetime.time | datetime.timedelta) -> str:
    if isinstance(value, datetime.datetime):
        return str(value.date()) if value.time() == datetime.time() else f"{value.date()} {_clock(value.time())}"
    return _clock(value) if isinstance(value, datetime.time) else str(value)


def _clock(value: datetime.time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def _supplemented(
    laid_out: Sequence[Cell], covered: Mapping[Position, Position], extra: SheetExtras
) -> tuple[Cell, ...]:
    """The cells with what the file says beside their values: links, pictures, formulas never calculated."""
    cells = {(cell.row, cell.column): cell for cell in laid_out}
    for position in (*extra.uncalculated, *extra.named_pictures):
        if position not in cells and position not in covered:
            cells[position] = Cell(*position)
    for position in extra.uncalculated:
        if position in cells and not cells[position].runs:
            cells[position] = replace(cells[position], kind=CellKind.UNCALCULATED)
    for position in extra.texts.keys() & cells.keys():
        text, _ = _written(extra.texts[position])
        cells[position] = replace(cells[position], runs=(Run(text),) if text else ())
    # A link left behind in a cell whose text was deleted is no content.
    for position, links in extra.links.items():
        corner = covered.get(position, position)
        if corner in cells:
            cells[corner] = replace(cells[corner], links=(*cells[corner].links, *links))
    for position, pictures in extra.pictures.items():
        corner = covered.get(position, position)
        cell = cells.get(corner, Cell(*corner))
        cells[corner] = replace(cell, pictures=(*cell.pictures, *pictures))
    for position, runs in extra.rich.items():
        if position in cells and cells[position].text == "".join(run.text for run in runs):
            cells[position] = replace(cells[position], runs=runs)
    for position, lying in _by_cell(extra.controls, covered).items():
        cell = cells.get(position, Cell(*position))
        cells[position] = replace(cell, runs=with_marks(cell.runs, lying))
    texts = {position: cell.text for position, cell in cells.items()}
    for position, shown in extra.instead_of_text(texts):
        both = (*cells[position].pictures, *((shown,) if shown else ()))
        cells[position] = replace(cells[position], runs=(), pictures=both, kind=CellKind.TEXT)
    return tuple(cells[position] for position in sorted(cells))


def _by_cell(lying: Sequence[Control], covered: Mapping[Position, Position]) -> dict[Position, list[Control]]:
    found: dict[Position, list[Control]] = {}
    for control in lying:
        found.setdefault(covered.get(control.position, control.position), []).append(control)
    return found
