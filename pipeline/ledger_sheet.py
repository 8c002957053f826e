"""One tabular sheet as SpreadsheetML (ECMA-376 part 1, 18.3): rows and links are put together as text.

openpyxl makes everything around them (styles, panes, filter, print set-up, charts); its own cell writer takes ten times
as long. A text cell is always written as an inline string, so that no text can become a formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZipFile

from openpyxl.utils import get_column_letter

from pipeline.ledger_style import Look, Styles, set_up_page
from pipeline.ledger_table import Column, Kind, Link, Row, Table, Tone, Value

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
EPOCH = datetime(1899, 12, 30)

# Excel reads _x0041_ as a character and counts the links of a sheet, refusing the file beyond this many.
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
LINKS_PER_SHEET = 65_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")

LINE_POINTS = 16.0
PADDING_POINTS = 6.0
TALLEST_POINTS = 409.0
# What the indent and the margins of a cell take of its width, in characters.
INDENT = 1.5

StyleOf = Callable[[int, Value], int]


def set_up_sheet(sheet: Any, table: Table, title: str) -> None:
    """Everything of the sheet but its rows: widths, frozen header, filter, print set-up."""
    letter = get_column_letter(len(table.columns))
    for number, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.freeze_panes = f"{get_column_letter(table.frozen + 1)}2"
    sheet.auto_filter.ref = f"A1:{letter}{len(table.rows) + 1}"
    sheet.print_title_rows = "1:1"
    set_up_page(sheet, title)


@dataclass(frozen=True)
class Filled:
    """A sheet's rows as encoded `row` elements, and its links as (cell, target)."""

    table: Table
    rows: tuple[bytes, ...]
    links: tuple[tuple[str, str], ...]


def fill_rows(table: Table, styles: Styles, accents: dict[str, Tone]) -> Filled:
    """The table's `row` elements, header first."""
    links: list[tuple[str, str]] = []
    letters = [get_column_letter(number) for number in range(1, len(table.columns) + 1)]
    widths = [column.width for column in table.columns]
    chooser = _Chooser(table.columns, styles, accents)
    rows = [_header(table, letters, styles)]
    choosers = {tone: chooser.row(tone) for tone in Tone}
    for number, row in enumerate(table.rows, start=2):
        cells = "".join(_cells(row, str(number), letters, choosers[row.tone], links))
        height = _height(row.values, widths)
        rows.append(f'<row r="{number}" ht="{height:g}" customHeight="1">{cells}</row>'.encode())
    return Filled(table, tuple(rows), tuple(links))


def _header(table: Table, letters: list[str], styles: Styles) -> bytes:
    cells = "".join(
        f'<c r="{letter}1" s="{styles.header(column.kind)}" t="inlineStr"><is><t>{_text(column.header)}</t></is></c>'
        for letter, column in zip(letters, table.columns, strict=True)
    )
    height = _height(tuple(one.header for one in table.columns), [one.width for one in table.columns])
    return f'<row r="1" ht="{height + PADDING_POINTS:g}" customHeight="1">{cells}</row>'.encode()


class _Chooser:
    """The style number of a cell by column, row's tone and value; every answer is remembered.

    One dictionary for each tone: a row's tone is looked up once, since hashing an Enum costs more than the cell itself.
    """

    def __init__(self, columns: tuple[Column, ...], styles: Styles, accents: dict[str, Tone]) -> None:
        self._kinds = [column.kind for column in columns]
        self._states = [column.kind is Kind.STATE for column in columns]
        self._styles, self._accents = styles, accents
        self._known: dict[Tone, dict[tuple[object, ...], int]] = {tone: {} for tone in Tone}

    def row(self, tone: Tone) -> StyleOf:
        """The choice for the cells of a row of this tone."""
        known, states = self._known[tone], self._states

        def choose(position: int, value: Value) -> int:
            quoted = isinstance(value, str) and value.startswith(FORMULA_STARTS)
            feature = (position, type(value), value if states[position] else quoted)
            number = known.get(feature)
            if number is None:
                number = known[feature] = self._number(position, tone, value, quoted)
            return number

        return choose

    def _number(self, position: int, tone: Tone, value: Value, quoted: bool) -> int:
        accent = self._accents.get(value) if self._states[position] and isinstance(value, str) else None
        look = Look(
            self._kinds[position],
            accent or tone,
            accent=accent is not None,
            link=isinstance(value, Link),
            quoted=quoted,
            time=isinstance(value, datetime),
        )
        return self._styles.number(look)


def _cells(row: Row, number: str, letters: list[str], style_of: StyleOf, links: list[tuple[str, str]]) -> Iterator[str]:
    for position, value in enumerate(row.values):
        place = f"{letters[position]}{number}"
        if isinstance(value, Link) and len(links) >= LINKS_PER_SHEET:
            value = value.text
        style = style_of(position, value)
        # Nearly all cells hold text, and nearly none of it needs an escape.
        if isinstance(value, str) and value:
            text = _text(value) if "&" in value or "<" in value or ">" in value or "_x" in value else value
            yield f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        elif value is None or value == "":
            yield f'<c r="{place}" s="{style}"/>'
        elif isinstance(value, bool):
            yield f'<c r="{place}" s="{style}" t="b"><v>{int(value)}</v></c>'
        elif isinstance(value, datetime):
            yield f'<c r="{place}" s="{style}"><v>{(value - EPOCH).total_seconds() / 86400!r}</v></c>'
        elif isinstance(value, Link):
            links.append((place, value.target))
            yield f'<c r="{place}" s="{style}" t="inlineStr"><is><t>{_text(value.text)}</t></is></c>'
        else:
            yield f'<c r="{place}" s="{style}"><v>{value!r}</v></c>'


def _text(text: str) -> str:
    return escape(ESCAPED.sub("_x005F_", text) if "_x" in text else text)


def _height(values: tuple[Value, ...], widths: list[float]) -> float:
    """The row's height in points, from how often its longest text wraps."""
    lines = 1
    for value, width in zip(values, widths, strict=True):
        if isinstance(value, Link):
            value = value.text
        if isinstance(value, str) and (2 * len(value) > width - INDENT or "\n" in value):
            lines = max(lines, _lines(value, width - INDENT))
    return min(lines * LINE_POINTS + PADDING_POINTS, TALLEST_POINTS)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two characters wide, as in GBK."""
    if "\n" not in text:
        return -int(-len(text.encode("gbk", "replace")) // width)
    return sum(max(1, -int(-len(line.encode("gbk", "replace")) // width)) for line in text.split("\n"))


def put_sheet(package: ZipFile, part: str, frame: str, filled: Filled) -> None:
    """Write the sheet that openpyxl left empty, its rows and links put in, and the part that says where links lead."""
    corner = f"{get_column_letter(len(filled.table.columns))}{len(filled.rows)}"
    frame = re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="A1:{corner}"', frame)
    before, after = re.split(r"<sheetData\s*/>|<sheetData></sheetData>", frame, maxsplit=1)
    position = after.index("<printOptions")
    with package.open(part, "w") as sheet:
        sheet.write(f"{before}<sheetData>".encode())
        for row in filled.rows:
            sheet.write(row)
        sheet.write(f"</sheetData>{after[:position]}{_links_xml(filled)}{after[position:]}".encode())
    if filled.links:
        folder, name = part.rsplit("/", 1)
        package.writestr(f"{folder}/_rels/{name}.rels", _relations_xml(filled))


def _links_xml(filled: Filled) -> str:
    entries = (f'<hyperlink ref="{cell}" r:id="rId{number}"/>' for number, (cell, _) in enumerate(filled.links, 1))
    return f'<hyperlinks xmlns:r="{RELATIONSHIPS}">{"".join(entries)}</hyperlinks>' if filled.links else ""


def _relations_xml(filled: Filled) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONSHIPS}/hyperlink"'
        f' Target={quoteattr(target)} TargetMode="External"/>'
        for number, (_, target) in enumerate(filled.links, start=1)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{PACKAGE}">{entries}</Relationships>'
