"""Excel 2003 XML tables (SpreadsheetML, often named .xls): one grid for each sheet that holds anything, hidden or not.

Follows Microsoft's XML Spreadsheet Reference; what programs write, and no more: values, merged cells, links, and which
part of a text is set off from the rest. Comments are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from parsers.formats import unsafe
from parsers.formats.package import parse
from parsers.formats.sheet_cells import Position, Range, Value, lay_out
from parsers.formats.workbook_extras import SheetExtras
from parsers.model import Cell, Document, Grid, GridKind, Run, Style

FORMATS = ("spreadsheetml",)

SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
HIDDEN = "{urn:schemas-microsoft-com:office:excel}WorksheetOptions/{urn:schemas-microsoft-com:office:excel}Visible"
HTML = "{http://www.w3.org/TR/REC-html40}"
LOOKS = {f"{HTML}B": Style.BOLD, f"{HTML}I": Style.ITALIC, f"{HTML}U": Style.UNDERLINE, f"{HTML}S": Style.STRIKE}
FONT, COLOUR, BLACK = f"{HTML}Font", f"{HTML}Color", "#000000"
LARGEST = 64 << 20
ROWS, COLUMNS = 1_048_576, 16_384
MOST_ROWS, MOST_CELLS = 20_000, 200_000


def read(content: bytes, kind: str) -> Document:
    """The workbook's sheets. Raises Unreadable."""
    if len(content) > LARGEST:
        raise unsafe()
    ordinals = count(1)
    blocks = []
    for sheet in parse(content).iter(f"{SS}Worksheet"):
        hidden = (sheet.findtext(HIDDEN) or "").strip() in ("SheetHidden", "SheetVeryHidden")
        if cells := _cells(sheet):
            blocks.append(Grid(GridKind.SHEET, next(ordinals), cells, sheet.get(f"{SS}Name", ""), hidden))
    return Document(kind, tuple(blocks))


@dataclass
class _Found:
    values: dict[Position, Value] = field(default_factory=dict)
    merges: list[Range] = field(default_factory=list)
    extra: SheetExtras = field(default_factory=SheetExtras)


def _cells(sheet: Any) -> tuple[Cell, ...]:
    found = _Found()
    last_row = last_column = filled = 0
    for row, element in _rows(sheet):
        before = len(found.values)
        for column, cell in _row_cells(element):
            _read_cell(cell, (row, column), found)
            last_row, last_column = row, max(last_column, column)
        filled += len(found.values) > before
        if filled > MOST_ROWS or len(found.values) > MOST_CELLS:
            raise unsafe(f"工作表超过 {MOST_ROWS} 行，超出安全限制")
    return lay_out(found.values.items(), found.merges, (last_row, last_column), found.extra)


def _rows(sheet: Any) -> Iterator[tuple[int, Any]]:
    """The rows with their numbers from 0; a row may name its number, and how many blank ones like it follow."""
    row = 0
    for element in sheet.iterfind(f"{SS}Table/{SS}Row"):
        row = max(row, _number(element, "Index") - 1)
        if row >= ROWS:
            return
        yield row, element
        row += 1 + _number(element, "Span")


def _row_cells(row: Any) -> Iterator[tuple[int, Any]]:
    """The cells with their columns from 0; a cell may name its column, and covers those it is merged with."""
    column = 0
    for cell in row.iterfind(f"{SS}Cell"):
        column = max(column, _number(cell, "Index") - 1)
        if column >= COLUMNS:
            return
        yield column, cell
        column += 1 + _number(cell, "MergeAcross")


def _number(element: Any, name: str) -> int:
    text = element.get(f"{SS}{name}", "")
    # Python refuses to convert numbers of some thousand digits.
    return int(text[:7]) if text.isascii() and text.isdecimal() else 0


def _read_cell(cell: Any, position: Position, found: _Found) -> None:
    across, down = _number(cell, "MergeAcross"), _number(cell, "MergeDown")
    if across or down:
        end = min(position[0] + down, ROWS - 1), min(position[1] + across, COLUMNS - 1)
        found.merges.append((position, end))
    data = cell.find(f"{SS}Data")
    value = "" if data is None else _value(data)
    if value != "":
        found.values[position] = value
    if value == "" and cell.get(f"{SS}Formula") and (data is None or data.get(f"{SS}Type") != "String"):
        found.extra.uncalculated.append(position)
    target = cell.get(f"{SS}HRef", "")
    if target and not target.startswith("#"):
        found.extra.links[position] = {target: None}
    runs = tuple(_runs(data, Style.PLAIN)) if data is not None and len(data) else ()
    if len({run.style for run in runs}) > 1:
        found.extra.rich[position] = runs


def _value(data: Any) -> Value:
    """What a cell holds; what is not as its type has it, as text."""
    text, kind = "".join(data.itertext()), data.get(f"{SS}Type", "String")
    with suppress(ValueError, OverflowError):
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return datetime.fromisoformat(text.strip())
        if kind == "Boolean":
            return bool(int(text))
    return text


def _runs(element: Any, style: Style) -> Iterator[Run]:
    """The text in a Data element, with the look that HTML elements in it give."""
    look = style | LOOKS.get(element.tag, Style.PLAIN)
    if element.tag == FONT and element.get(COLOUR, BLACK).lower() != BLACK:
        look |= Style.COLOUR
    if element.text:
        yield Run(element.text, look)
    for child in element:
        yield from _runs(child, look)
        if child.tail:
            yield Run(child.tail, look)
