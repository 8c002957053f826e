"""What an OpenDocument table says about its cells beside their values: merged ranges and links.

Repeated cells are counted, not laid out. Values themselves are not read here, but for the text of a cell that holds a
picture with a title or description, which the reader of values takes for text of the cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.formats.extents import OFFICE, TABLE, repeats
from parsers.formats.package import parse

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
SIGNS = (b"-spanned=", b":href=", b"<svg:title", b"<svg:desc")
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
BREAKS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
MOST_BLANKS = 100
ANNOTATION = f"{OFFICE}annotation"

Position = tuple[int, int]


class OdsSheet(NamedTuple):
    """One table's merged ranges (first and last position, from 0), the links in its cells, and texts of some."""

    merges: list[tuple[Position, Position]]
    links: dict[Position, dict[str, None]]
    texts: dict[Position, str]


def ods_sheets(content: bytes) -> list[OdsSheet]:
    """The tables of content.xml in order; empty when no cell is merged or linked, and no picture described."""
    if not any(sign in content for sign in SIGNS):
        return []
    return [_sheet(table) for table in parse(content).iterfind(f".//{OFFICE}spreadsheet/{TABLE}table")]


def _sheet(table: Any) -> OdsSheet:
    sheet = OdsSheet([], {}, {})
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
    if next(cell.iter(f"{SVG}title", f"{SVG}desc"), None) is not None:
        sheet.texts[position] = _text(cell)


def _text(cell: Any) -> str:
    """The cell's paragraphs and those of text boxes in it, without names of pictures and without comments."""
    texts = []
    for line in cell.iter(f"{TEXT}p"):
        outer = {element.tag for element in line.iterancestors()}
        text = "".join(_pieces(line))
        if ANNOTATION not in outer and (text or f"{DRAW}frame" not in outer):
            texts.append(text)
    return "\n".join(texts)


def _pieces(element: Any) -> Iterator[str]:
    """The text in a paragraph, blanks and breaks as OpenDocument writes them (part 3, 6.1) made plain."""
    yield element.text or ""
    for child in element:
        if child.tag == f"{TEXT}s":
            yield " " * min(repeats(child.get(f"{TEXT}c")), MOST_BLANKS)
        elif child.tag in BREAKS:
            yield BREAKS[child.tag]
        elif not child.tag.startswith(DRAW) and child.tag != ANNOTATION:
            yield from _pieces(child)
        yield child.tail or ""
