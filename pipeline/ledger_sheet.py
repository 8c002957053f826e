"""One tabular sheet as SpreadsheetML (ECMA-376 part 1, 18.3): rows and links are put together as text.

openpyxl makes everything around them (styles, panes, filter, print set-up, charts); its own cell writer takes ten times
as long. A text cell is always written as an inline string, so that no text can become a formula.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any
from zipfile import ZipFile

from msgspec import Struct
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from pipeline.ledger_package import relations_of
from pipeline.ledger_style import Look, Styles, set_up_page
from pipeline.ledger_table import Column, Kind, Link, Table, Tone, Value

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
NO_RELATIONS = f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{PACKAGE}"></Relationships>'
NOTES_BY = "秘书处"
EPOCH = datetime(1899, 12, 30)

# Excel reads _x0041_ as a character and counts the links of a sheet, refusing the file beyond this many.
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
LINKS_PER_SHEET = 65_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")

LINE_POINTS = 16.0
PADDING_POINTS = 6.0
TALLEST_POINTS = 409.0
# So many rows are encoded and compressed together.
ROWS_AT_ONCE = 500
# What the indent and the margins of a cell take of its width, in characters.
INDENT = 1.5


def set_up_sheet(sheet: Any, table: Table, title: str) -> None:
    """Everything of the sheet but its rows: widths, frozen header, filter, notes on cells, print set-up."""
    for row, column_number, text in table.notes:
        sheet.cell(row, column_number).comment = Comment(text, NOTES_BY)
    letter = get_column_letter(len(table.columns))
    for number, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.freeze_panes = f"{get_column_letter(table.frozen + 1)}2"
    sheet.auto_filter.ref = f"A1:{letter}{len(table.rows) + 1}"
    sheet.print_title_rows = "1:1"
    set_up_page(sheet, title)


class Filled(Struct, frozen=True):
    """A sheet's rows as encoded `row` elements, some hundreds together, and its links as (cell, target)."""

    table: Table
    rows: tuple[bytes, ...]
    links: tuple[tuple[str, str], ...]


def fill_rows(table: Table, styles: Styles, accents: dict[str, Tone]) -> Filled:
    """The table's `row` elements, header first."""
    links: list[tuple[str, str]] = []
    pens = {tone: _Pen(table.columns, tone, styles, accents, links) for tone in Tone}
    parts, waiting = [], [_header(table, styles)]
    for number, row in enumerate(table.rows, start=2):
        waiting.append(pens[row.tone].row(row.values, str(number)))
        if len(waiting) == ROWS_AT_ONCE:
            parts.append("".join(waiting).encode())
            waiting.clear()
    return Filled(table, (*parts, "".join(waiting).encode()), tuple(links))


def _header(table: Table, styles: Styles) -> str:
    cells = "".join(
        f'<c r="{get_column_letter(number)}1" s="{styles.header(column.kind)}" t="inlineStr">'
        f"<is><t>{_text(column.header)}</t></is></c>"
        for number, column in enumerate(table.columns, start=1)
    )
    lines = max((_lines(column.header, column.width - INDENT) for column in table.columns), default=1)
    return f'<row r="1" ht="{_points(lines) + PADDING_POINTS:g}" customHeight="1">{cells}</row>'


class _Pen:
    """Writes the rows of one tone; what stands before a value is put together once for all cells that look alike."""

    def __init__(
        self,
        columns: Sequence[Column],
        tone: Tone,
        styles: Styles,
        accents: dict[str, Tone],
        links: list[tuple[str, str]],
    ) -> None:
        self._tone, self._styles, self._accents, self._links = tone, styles, accents, links
        self._columns: list[tuple[str, float, Kind, dict[object, str]]] = [
            (get_column_letter(number), column.width - INDENT, column.kind, {})
            for number, column in enumerate(columns, start=1)
        ]

    def row(self, values: Sequence[Value], number: str) -> str:
        """One `row` element, as high as its longest text needs."""
        cells, lines = [], 1
        for value, (letter, width, kind, known) in zip(values, self._columns, strict=True):
            link = isinstance(value, Link) and self._leads(f"{letter}{number}", value.target)
            if isinstance(value, Link):
                value = value.text
            if not isinstance(value, str) or not value:
                cells.append(self._other(value, f'<c r="{letter}{number}"', kind, known))
                continue
            # What a text looks like depends on all of it where it names a state, else on how it begins.
            about = value if kind is Kind.STATE else (link, value[0] in FORMULA_STARTS)
            before = known.get(about)
            if before is None:
                before = known[about] = self._before_text(value, kind, link)
            # Nearly none of the texts needs an escape.
            text = _text(value) if "&" in value or "<" in value or ">" in value or "_x" in value else value
            cells.append(f'<c r="{letter}{number}"{before}{text}</t></is></c>')
            twice = 2 * len(value)
            # However it wraps, a text takes no more lines than this; counting them takes longer.
            if (twice > width or "\n" in value) and twice / width + value.count("\n") + 1 > lines:
                lines = max(lines, _lines(value, width))
        return f'<row r="{number}" ht="{_points(lines):g}" customHeight="1">{"".join(cells)}</row>'

    def _leads(self, place: str, target: str) -> bool:
        """Note where a cell's link leads, unless the sheet has as many as it may."""
        if len(self._links) >= LINKS_PER_SHEET:
            return False
        self._links.append((place, target))
        return True

    def _before_text(self, text: str, kind: Kind, link: bool) -> str:
        accent = self._accents.get(text) if kind is Kind.STATE else None
        quoted = text.startswith(FORMULA_STARTS)
        look = Look(kind, accent or self._tone, accent=accent is not None, link=link, quoted=quoted)
        return f' s="{self._styles.number(look)}" t="inlineStr"><is><t xml:space="preserve">'

    def _other(self, value: Value, start: str, kind: Kind, known: dict[object, str]) -> str:
        """A cell without text: blank, or with a number, a truth value or a time."""
        style = known.get(type(value))
        if style is None:
            number = self._styles.number(Look(kind, self._tone, time=isinstance(value, datetime)))
            style = known[type(value)] = f' s="{number}"'
        if value is None or value == "":
            return f"{start}{style}/>"
        if isinstance(value, bool):
            return f'{start}{style} t="b"><v>{int(value)}</v></c>'
        if isinstance(value, datetime):
            return f"{start}{style}><v>{(value - EPOCH).total_seconds() / 86400!r}</v></c>"
        return f"{start}{style}><v>{value!r}</v></c>"


def _text(text: str) -> str:
    return escape(ESCAPED.sub("_x005F_", text) if "_x" in text else text, quote=False)


def _points(lines: int) -> float:
    return min(lines * LINE_POINTS + PADDING_POINTS, TALLEST_POINTS)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two characters wide, as in GBK."""
    return sum(max(1, -int(-len(line.encode("gbk", "replace")) // width)) for line in text.split("\n"))


def put_sheet(source: ZipFile, package: ZipFile, part: str, filled: Filled) -> None:
    """Write the sheet that openpyxl left empty, its rows and links put in, and the part that says where links lead."""
    frame = source.read(part).decode()
    corner = f"{get_column_letter(len(filled.table.columns))}{len(filled.table.rows) + 1}"
    frame = re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="A1:{corner}"', frame)
    before, after = re.split(r"<sheetData\s*/>|<sheetData>.*</sheetData>", frame, maxsplit=1, flags=re.DOTALL)
    position = after.index("<printOptions")
    with package.open(part, "w") as sheet:
        sheet.write(f"{before}<sheetData>".encode())
        for row in filled.rows:
            sheet.write(row)
        sheet.write(f"</sheetData>{after[:position]}{_links_xml(filled)}{after[position:]}".encode())
    relations = relations_of(part)
    # Those that openpyxl made lead to the notes.
    known = source.read(relations).decode() if relations in source.namelist() else ""
    if filled.links or known:
        package.writestr(relations, _relations_xml(filled, known or NO_RELATIONS))


def _links_xml(filled: Filled) -> str:
    entries = (f'<hyperlink ref="{cell}" r:id="rId{number}"/>' for number, (cell, _) in enumerate(filled.links, 1))
    return f'<hyperlinks xmlns:r="{RELATIONSHIPS}">{"".join(entries)}</hyperlinks>' if filled.links else ""


def _relations_xml(filled: Filled, known: str) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONSHIPS}/hyperlink"'
        f' Target="{escape(target)}" TargetMode="External"/>'
        for number, (_, target) in enumerate(filled.links, start=1)
    )
    return known.replace("</Relationships>", f"{entries}</Relationships>")
