"""The cells of a worksheet from its values, merged ranges and what the file says beside them.

Values are written as a person sees them in a cell of General format; nothing is read from a file here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

from parsers.formats import unsafe
from parsers.formats.sheet_controls import Control, with_marks
from parsers.formats.symbols import marks
from parsers.formats.workbook_extras import SheetExtras
from parsers.model import Cell, CellKind, Run

# A merged range larger than this (a whole column) is cut where the sheet's content ends.
LARGEST_MERGE = 10_000
MOST_MERGED = 1_000_000
# Doubles carry 15 sure decimal digits, and a spreadsheet shows no more.
SIGNIFICANT = ".15g"
LARGEST_WHOLE = 1e18
# Excel writes control characters as _xHHHH_; those that people cause are carriage return and tab.
ESCAPED = re.compile(r"_x000[dD]_")

Position = tuple[int, int]
Span = tuple[int, int]
Range = tuple[Position, Position]
Value = str | float | int | bool | datetime.date | datetime.time | datetime.timedelta


def lay_out(
    values: Mapping[Position, Value], merges: Sequence[Range], last: Position, extra: SheetExtras
) -> tuple[Cell, ...]:
    """A sheet's cells in reading order: those with content, and merged ranges even when blank.

    The values come in reading order; `last` is where the sheet's content ends.
    """
    spans, covered = _merges(merges, last)
    cells: dict[Position, Cell] = {}
    blank = spans.keys() - values.keys()
    for position in sorted([*values, *blank]) if blank else values:
        if position in covered:
            continue
        text, kind = _written(values.get(position, ""))
        rows, columns = spans.get(position, (1, 1))
        cells[position] = Cell(*position, (Run(text),) if text else (), rows, columns, kind)
    if extra.empty:
        return tuple(cells.values())
    return _supplemented(cells, covered, extra)


def _merges(merges: Sequence[Range], last: Position) -> tuple[dict[Position, Span], dict[Position, Position]]:
    """Spans by corner, and for every other merged position its corner; overlapping ranges are ignored."""
    spans: dict[Position, Span] = {}
    covered: dict[Position, Position] = {}
    for (top, left), (bottom, right) in merges:
        if (bottom - top + 1) * (right - left + 1) > LARGEST_MERGE:
            bottom, right = min(bottom, last[0]), min(right, last[1])
        # Looked at first, for a file may lay thousands of large ranges on top of each other.
        if (top, left) in covered or (top, left) in spans:
            continue
        area = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
        if len(area) < 2 or not (covered.keys().isdisjoint(area) and spans.keys().isdisjoint(area)):
            continue
        if len(covered) + len(area) > MOST_MERGED:
            raise unsafe("工作表范围过大，超出安全限制")
        spans[top, left] = (bottom - top + 1, right - left + 1)
        covered.update(dict.fromkeys(area[1:], (top, left)))
    return spans, covered


def _written(value: Value) -> tuple[str, CellKind]:
    """A value as text: 13800000001.0 → 13800000001, 2025.1 → 2025.1, a date → 2024-11-20."""
    if isinstance(value, str):
        text = ESCAPED.sub("", value) if "_x" in value else value
        return marks(text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text), CellKind.TEXT
    if isinstance(value, bool):
        return str(value).upper(), CellKind.TEXT
    if isinstance(value, int | float):
        whole = abs(value) < LARGEST_WHOLE and value == int(value)
        return (str(int(value)) if whole else format(value, SIGNIFICANT)), CellKind.NUMBER
    return _moment(value), CellKind.TEXT


def _moment(value: datetime.date | datetime.time | datetime.timedelta) -> str:
    if isinstance(value, datetime.datetime):
        return str(value.date()) if value.time() == datetime.time() else f"{value.date()} {_clock(value.time())}"
    return _clock(value) if isinstance(value, datetime.time) else str(value)


def _clock(value: datetime.time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def _supplemented(
    cells: dict[Position, Cell], covered: dict[Position, Position], extra: SheetExtras
) -> tuple[Cell, ...]:
    """The cells with what the file says beside their values: links, pictures, formulas never calculated."""
    for position in (*extra.uncalculated, *extra.named_pictures):
        if position not in cells and position not in covered:
            cells[position] = Cell(*position)
    for position in extra.uncalculated:
        if position in cells and not cells[position].runs:
            cells[position] = cells[position]._replace(kind=CellKind.UNCALCULATED)
    for position in extra.texts.keys() & cells.keys():
        text, _ = _written(extra.texts[position])
        cells[position] = cells[position]._replace(runs=(Run(text),) if text else ())
    # A link left behind in a cell whose text was deleted is no content.
    for position, links in extra.links.items():
        corner = covered.get(position, position)
        if corner in cells:
            cells[corner] = cells[corner]._replace(links=(*cells[corner].links, *links))
    for position, pictures in extra.pictures.items():
        corner = covered.get(position, position)
        cell = cells.get(corner, Cell(*corner))
        cells[corner] = cell._replace(pictures=(*cell.pictures, *pictures))
    for position, runs in extra.rich.items():
        if position in cells and cells[position].text == "".join(run.text for run in runs):
            cells[position] = cells[position]._replace(runs=runs)
    for position, lying in _by_cell(extra.controls, covered).items():
        cell = cells.get(position, Cell(*position))
        cells[position] = cell._replace(runs=with_marks(cell.runs, lying))
    texts = {position: cell.text for position, cell in cells.items()}
    for position, shown in extra.instead_of_text(texts):
        both = (*cells[position].pictures, *((shown,) if shown else ()))
        cells[position] = cells[position]._replace(runs=(), pictures=both, kind=CellKind.TEXT)
    return tuple(cells[position] for position in sorted(cells))


def _by_cell(lying: Sequence[Control], covered: Mapping[Position, Position]) -> dict[Position, list[Control]]:
    found: dict[Position, list[Control]] = {}
    for control in lying:
        found.setdefault(covered.get(control.position, control.position), []).append(control)
    return found
