"""What an OpenDocument table says about its cells beside their values: merged ranges and links.

Repeated cells are counted, not laid out; values themselves are not read here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from parsers.formats.extents import OFFICE, TABLE, repeats
from parsers.formats.package import parse

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
SIGNS = (b"-spanned=", b":href=")

Position = tuple[int, int]


class OdsSheet(NamedTuple):
    """One table's merged ranges (first and last position, from 0) and the links in its cells."""

    merges: list[tuple[Position, Position]]
    links: dict[Position, dict[str, None]]


def ods_sheets(content: bytes) -> list[OdsSheet]:
    """The tables of content.xml in order; empty when no cell is merged or linked."""
    if not any(sign in content for sign in SIGNS):
        return []
    return [_sheet(table) for table in parse(content).iterfind(f".//{OFFICE}spreadsheet/{TABLE}table")]


def _sheet(table: Any) -> OdsSheet:
    sheet = OdsSheet([], {})
    row = 0
    for element in table.iter(f"{TABLE}table-row"):
        column = 0
        for cell in element:
            if len(cell) or cell.get(f"{TABLE}number-rows-spanned"):
                _cell(cell, (row, column), sheet)
            column += repeats(cell.get(f"{TABLE}number-columns-repeated"))
        row += repeats(element.get(f"{TABLE}number-rows-repeated"))
    return sheet


def _cell(cell: Any, position: Position, sheet: OdsSheet) -> None:
    rows = repeats(cell.get(f"{TABLE}number-rows-spanned"))
    columns = repeats(cell.get(f"{TABLE}number-columns-spanned"))
    if rows * columns > 1:
        sheet.merges.append((position, (position[0] + rows - 1, position[1] + columns - 1)))
    links = (link.get(HREF, "") for link in cell.iter(f"{TEXT}a"))
    outside = dict.fromkeys(link for link in links if link and not link.startswith("#"))
    if outside:
        sheet.links[position] = outside
