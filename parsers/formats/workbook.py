"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .et, .ods): one grid for each sheet that holds anything, hidden or not.

Values are written as a person sees them in a cell of General format; number formats, formulas and cell colours are not
read. Positions are absolute: row 0, column 0 is A1 wherever the data begin.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from parsers.formats import damaged, encrypted, unsafe
from parsers.formats.extents import LARGEST_AREA, check_extents, check_xls_extents, sheet_parts
from parsers.formats.ods_extras import ods_sheets
from parsers.formats.package import Package
from parsers.formats.strays import without_strays
from parsers.formats.symbols import marks
from parsers.formats.workbook_extras import Extras, SheetExtras
from parsers.model import Cell, CellKind, Document, Grid, GridKind, Paragraph, Run

FORMATS = ("xlsx", "xlsb", "xls", "ods")

MOST_ROWS = 20_000
MOST_CELLS = 200_000
# No program writes one, and an entity it declares may stand for thousands of others.
DOCTYPE = b"<!DOCTYPE"
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


def read(content: bytes, kind: str) -> Document:
    """A workbook's sheets. Raises Unreadable."""
    package = Package(content) if kind != "xls" else None
    parts = sheet_parts(package, kind) if package is not None else {}
    if any(DOCTYPE in part for part in parts.values()):
        raise unsafe("文件内含不允许的 XML 声明")
    if kind == "xlsx":
        content, parts = without_strays(content, parts)
    check_extents(parts, kind)
    if kind == "xls":
        check_xls_extents(content)
    extras = Extras(package, parts) if package is not None and kind == "xlsx" else None
    tables = ods_sheets(parts["content.xml"]) if kind == "ods" else []
    blocks: list[Grid | Paragraph] = []
    ordinals, paragraphs = count(1), count(1)
    for index, (name, hidden, sheet) in enumerate(_sheets(content)):
        extra = extras.of_sheet(index) if extras is not None else None
        merges = sheet.merged_cell_ranges or ()
        if index < len(tables):
            merges, extra = tables[index].merges, SheetExtras(links=tables[index].links)
        cells = _cells(sheet, merges, extra)
        if cells:
            blocks.append(Grid(GridKind.SHEET, next(ordinals), cells, name, hidden))
        for line in extra.boxes if extra is not None else ():
            blocks.append(Paragraph(next(paragraphs), (Run(line),)))
    return Document(kind, tuple(blocks))


def _sheets(content: bytes) -> list[tuple[str, bool, Any]]:
    """Name, hidden or not, and calamine's sheet, of every worksheet in order."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            (about.name, about.visible != SheetVisibleEnum.Visible, book.get_sheet_by_index(index))
            for index, about in enumerate(book.sheets_metadata)
            if about.typ == SheetTypeEnum.WorkSheet
        ]
    except PasswordError:
        raise encrypted() from None
    except (CalamineError, OSError, ValueError, OverflowError):
        raise damaged() from None
    except BaseException as panic:
        raise _told(panic) from None


def _told(panic: BaseException) -> BaseException:
    """A panic of the Rust library, which is no Exception, as damage; whatever else it is, as it is."""
    return damaged() if type(panic).__name__ == "PanicException" else panic


def _cells(sheet: Any, merges: Sequence[Range], extra: SheetExtras | None) -> tuple[Cell, ...]:
    """A sheet's cells in reading order: those with content, and merged ranges even when blank."""
    values = _values(sheet)
    spans, covered = _merges(merges, sheet.end or (0, 0))
    cells: dict[Position, Cell] = {}
    for position in sorted(values.keys() | spans.keys()) if spans else values:
        if position in covered:
            continue
        text, kind = _written(values[position]) if position in values else ("", CellKind.TEXT)
        rows, columns = spans.get(position, (1, 1))
        cells[position] = Cell(*position, (Run(text),) if text else (), rows, columns, kind)
    if extra is None or extra.empty:
        return tuple(cells.values())
    return _supplemented(cells, covered, extra)


def _values(sheet: Any) -> dict[Position, Value]:
    if sheet.height * sheet.width > LARGEST_AREA:
        raise unsafe("工作表范围过大，超出安全限制")
    top, left = sheet.start or (0, 0)
    values: dict[Position, Value] = {}
    filled = 0
    try:
        lines = sheet.to_python()
    except BaseException as panic:
        # A date beyond the calendar, for one.
        raise _told(panic) from None
    for row, line in enumerate(lines, top):
        before = len(values)
        for column, value in enumerate(line, left):
            if value != "":
                values[row, column] = value
        filled += len(values) > before
        if filled > MOST_ROWS:
            raise unsafe(f"工作表超过 {MOST_ROWS} 行，超出安全限制")
        if len(values) > MOST_CELLS:
            raise unsafe(f"工作表超过 {MOST_CELLS} 个单元格，超出安全限制")
    return values


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
        if len(area) < 2 or any(position in covered or position in spans for position in area):
            continue
        if len(covered) + len(area) > MOST_MERGED:
            raise unsafe("工作表范围过大，超出安全限制")
        spans[top, left] = (bottom - top + 1, right - left + 1)
        covered.update(dict.fromkeys(area[1:], (top, left)))
    return spans, covered


def _written(value: Value) -> tuple[str, CellKind]:
    """A value as text: 13800000001.0 → 13800000001, 2025.1 → 2025.1, a date → 2024-11-20."""
    if isinstance(value, str):
        text = value if "_x" not in value else ESCAPED.sub("", value)
        return marks(text.replace("\r\n", "\n").replace("\r", "\n")), CellKind.TEXT
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
            cells[position] = replace(cells[position], kind=CellKind.UNCALCULATED)
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
    texts = {position: cell.text for position, cell in cells.items()}
    for position, shown in extra.instead_of_text(texts):
        both = (*cells[position].pictures, *((shown,) if shown else ()))
        cells[position] = replace(cells[position], runs=(), pictures=both, kind=CellKind.TEXT)
    return tuple(cells[position] for position in sorted(cells))
