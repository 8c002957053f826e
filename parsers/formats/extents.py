"""How far a workbook's sheets reach, found before a reader lays them out as full rectangles in memory.

One stray value in the last row of the last column would otherwise ask for seventeen thousand million cells. Blank
formatted rows, which many programs write by the thousand, do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsers.formats import unsafe, xlsb_records
from parsers.formats.package import Package, parse

LARGEST_AREA = 4_000_000
# All sheets of a workbook together, in bytes.
LARGEST_SHEETS = 96 << 20
# A worksheet of so many bytes holds more than people write; how a cell's value, formula or text begins.
LONG = 1 << 20
CONTENT = (b"<v", b"<f", b"<is")
SHEET = re.compile(r"xl/worksheets/[^/]+\.(?:xml|bin)$")
# Only a row beyond 9999 or a column beyond ZZ can make a sheet too large; most files have neither. Whatever is not
# plainly a nearer place, such as small letters, references to characters or other quotation marks, is looked at.
FAR = re.compile(rb'r(?<=\sr)\s*=(?!"[A-Z]{0,2}[0-9]{1,4}")')
REPEATED = re.compile(rb"-repeated=[\"'][0-9]{3,}[\"']")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def sheet_parts(package: Package, kind: str) -> dict[str, bytes]:
    """The parts that hold cells, by name; each is unpacked once for all that look into it."""
    if kind == "ods":
        return {"content.xml": package.read("content.xml")}
    parts: dict[str, bytes] = {}
    for name in package.names:
        if SHEET.match(name):
            parts[name] = _without_blank_end(package.read(name, LARGEST_SHEETS))
            if sum(map(len, parts.values())) > LARGEST_SHEETS:
                raise unsafe()
    return parts


def _without_blank_end(sheet: bytes) -> bytes:
    """A worksheet without the rows behind its last value: formats without anything in them, but often a hundred thousand."""
    if len(sheet) < LONG:
        return sheet
    # What stands behind the cells, such as the formulas of a choice, begins in the same ways.
    end = max(sheet.rfind(b"</sheetData>"), 0)
    last = max(sheet.rfind(mark, 0, end) for mark in CONTENT)
    start = sheet.find(b"</row>", last)
    return sheet if not 0 <= last < start < end else sheet[: start + len(b"</row>")] + sheet[end:]


def too_far(parts: Mapping[str, bytes], kind: str) -> list[str]:
    """The names of those of the parts in which the content of a sheet spans more than LARGEST_AREA cells."""
    return [
        name
        for name, content in parts.items()
        if any(height * width > LARGEST_AREA for height, width in _REACHES[kind](content))
    ]


def _xlsx(content: bytes) -> Iterator[tuple[int, int]]:
    # A zero byte is UTF-16.
    if not FAR.search(content) and b"\0" not in content:
        return
    height = width = row = column = 0
    for element in parse(content).iter("{*}row", "{*}c"):
        place = element.get("r", "")
        if element.tag.endswith("}row"):
            row, column = _number(place) if place.isdecimal() else row + 1, 0
            continue
        match = REFERENCE.match(place.upper())
        column, row = (column_number(match[1]) + 1, int(match[2])) if match else (column + 1, row)
        if len(element):
            height, width = max(height, row), max(width, column)
    yield height, width


def column_number(letters: str) -> int:
    """The column's number from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _ods(content: bytes) -> Iterator[tuple[int, int]]:
    if not REPEATED.search(content):
        return
    rows = height = width = 0
    for element in parse(content).iter(f"{TABLE}table", f"{TABLE}table-row"):
        if element.tag == f"{TABLE}table":
            yield height, width
            rows = height = width = 0
            continue
        rows += repeats(element.get(f"{TABLE}number-rows-repeated"))
        filled = _filled(element)
        # Blank rows between filled ones are laid out too, blank rows at the end are not.
        if filled:
            height, width = rows, max(width, filled)
    yield height, width


def _filled(row: Any) -> int:
    """The number of columns up to the last one with content; 0 for a blank row."""
    columns = filled = 0
    for cell in row:
        columns += repeats(cell.get(f"{TABLE}number-columns-repeated"))
        if cell.get(f"{OFFICE}value-type") is not None or len(cell):
            filled = columns
    return filled


def repeats(value: str | None) -> int:
    """The number in an OpenDocument attribute that is 1 when absent."""
    return _number(value) if value and value.isdecimal() else 1


def _number(digits: str) -> int:
    """A number, or one that is too large as well: Python refuses to convert some thousand digits."""
    return int(digits[:9])


_REACHES = {"xlsx": _xlsx, "xlsb": xlsb_records.reaches, "ods": _ods}
