"""How far a workbook's sheets reach, found before a reader lays them out as full rectangles in memory.

One stray value in the last row of the last column would otherwise ask for seventeen thousand million cells. Blank
formatted rows, which many programs write by the thousand, do not count.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parsers.formats import damaged, unsafe
from parsers.formats.package import Package, parse

LARGEST_AREA = 4_000_000
# All sheets of a workbook together, in bytes.
LARGEST_SHEETS = 96 << 20
SHEET = re.compile(r"xl/worksheets/[^/]+\.(?:xml|bin)$")
# Only a row beyond 9999 or a column beyond ZZ can make a sheet too large; most files have neither.
FAR = re.compile(rb'r="(?:[A-Z]{0,3}[0-9]{5}|[A-Z]{3}[0-9])')
# Ways to write an attribute that XML allows, no program uses, and FAR would miss; the first is UTF-16.
UNUSUAL = (b"\0", b"r='", b"r =", b"r\t", b"r\n", b"r\r", b"r= ", b"r=\t", b"r=\n", b"r=\r")
REPEATED = re.compile(rb"-repeated=[\"'][0-9]{3,}[\"']")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
# [MS-XLSB] 2.3.2: row header 0; cells 1 (blank) to 11; the column or row number is the first field.
ROW_HEADER, FIRST_VALUE, LAST_CELL = 0, 2, 11
# [MS-XLS] 2.3: a sheet begins with BOF; these records begin with the row and column of a cell that has content.
BIFF_HEAD, BIFF_BEGIN = struct.Struct("<HH"), 0x0809
BIFF_SIZE, BIFF_ROWS, BIFF_COLUMNS = 0x0200, 65_536, 256
BIFF_CELLS = frozenset({0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})


def sheet_parts(package: Package, kind: str) -> dict[str, bytes]:
    """The parts that hold cells, by name; each is unpacked once for all that look into it."""
    if kind == "ods":
        return {"content.xml": package.read("content.xml")}
    parts: dict[str, bytes] = {}
    for name in package.names:
        if SHEET.match(name):
            parts[name] = package.read(name)
            if sum(map(len, parts.values())) > LARGEST_SHEETS:
                raise unsafe()
    return parts


def check_extents(parts: Mapping[str, bytes], kind: str) -> None:
    """Raise Unreadable (unsafe) when a sheet's content spans more than LARGEST_AREA cells."""
    for content in parts.values():
        for height, width in _REACHES[kind](content):
            if height * width > LARGEST_AREA:
                raise unsafe("工作表范围过大，超出安全限制")


def reaches_too_far(content: bytes) -> bool:
    """Whether the content of an .xlsx sheet part spans more than LARGEST_AREA cells."""
    return any(height * width > LARGEST_AREA for height, width in _xlsx(content))


def check_xls_extents(content: bytes) -> None:
    """The same for an .xls file, whose cells lie in one stream of an OLE2 container.

    A sheet's own statement of its size is not asked, unless no sheet could be so large: whole formatted columns make it
    large and harmless. The reader follows a chain of sectors to its end, so every chain must have one.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
            stream = container.openstream(name).read() if name else b""
            container.loadminifat()
            circular = _runs_in_a_circle(container.fat) or _runs_in_a_circle(container.minifat)
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        raise damaged() from None
    if circular:
        raise damaged()
    for height, width in _xls(stream):
        if height * width > LARGEST_AREA:
            raise unsafe("工作表范围过大，超出安全限制")


def _xls(stream: bytes) -> Iterator[tuple[int, int]]:
    height = width = offset = 0
    end = len(stream) - 4
    while offset <= end:
        record, length = BIFF_HEAD.unpack_from(stream, offset)
        offset += 4
        if record in BIFF_CELLS and offset <= end:
            row, column = BIFF_HEAD.unpack_from(stream, offset)
            height, width = max(height, row + 1), max(width, column + 1)
        elif record == BIFF_SIZE and _last_column(stream, offset, length) > BIFF_COLUMNS:
            raise damaged()
        elif record == BIFF_BEGIN:
            yield height, width
            height = width = 0
        offset += length
    yield height, width


def _last_column(stream: bytes, offset: int, length: int) -> int:
    """The columns a sheet says it has ([MS-XLS] 2.4.90; rows are two bytes each before BIFF8); too many if too many rows."""
    if offset + length > len(stream) or length < 10:
        return 0
    wide = length >= 14
    _, rows, _, columns = struct.unpack_from("<2L2H" if wide else "<4H", stream, offset)
    return int(columns) if rows <= BIFF_ROWS else BIFF_COLUMNS + 1


def _runs_in_a_circle(successors: Sequence[int] | None) -> bool:
    """Whether following a chain of sectors from somewhere never ends."""
    chains = successors or ()
    # Of each sector: from which start it was reached first.
    reached = [-1] * len(chains)
    for start in range(len(chains)):
        sector = start
        while 0 <= sector < len(chains) and reached[sector] < 0:
            reached[sector] = start
            sector = chains[sector]
        # The ends of chains lie outside the table; a sector that this very walk has been at is a circle.
        if 0 <= sector < len(chains) and reached[sector] == start:
            return True
    return False


def _xlsx(content: bytes) -> Iterator[tuple[int, int]]:
    if not FAR.search(content) and not (_is_odd(content) and any(way in content for way in UNUSUAL)):
        return
    height = width = row = column = 0
    for element in parse(content).iter("{*}row", "{*}c"):
        place = element.get("r", "")
        if element.tag.endswith("}row"):
            row, column = _number(place) if place.isdecimal() else row + 1, 0
            continue
        match = REFERENCE.match(place)
        column, row = (column_number(match[1]) + 1, int(match[2])) if match else (column + 1, row)
        if len(element):
            height, width = max(height, row), max(width, column)
    yield height, width


def _is_odd(content: bytes) -> bool:
    """Whether an unusual way is possible at all: single characters are found far faster than pairs."""
    head = 200
    odd = any(content.find(character, head) >= 0 for character in (b"\0", b"'", b"\t", b"\n", b"\r"))
    return odd or b"r =" in content or b"r= " in content or b"\0" in content[:head]


def column_number(letters: str) -> int:
    """The column's number from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _xlsb(content: bytes) -> Iterator[tuple[int, int]]:
    height = width = row = 0
    for record, first in _records(content):
        if record == ROW_HEADER:
            row = first
        elif FIRST_VALUE <= record <= LAST_CELL:
            height, width = max(height, row + 1), max(width, first + 1)
    yield height, width


def _records(content: bytes) -> Iterator[tuple[int, int]]:
    """Record types and their first four bytes as a number ([MS-XLSB] 2.1.4: both numbers in groups of seven bits)."""
    offset, end = 0, len(content)
    while offset < end:
        record = content[offset]
        offset += 1
        if record & 0x80 and offset < end:
            record = record & 0x7F | (content[offset] & 0x7F) << 7
            offset += 1
        length = shift = 0
        while offset < end and shift < 28:
            byte = content[offset]
            offset += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        if record <= LAST_CELL:
            yield record, int.from_bytes(content[offset : offset + 4], "little")
        offset += length


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


_REACHES = {"xlsx": _xlsx, "xlsb": _xlsb, "ods": _ods}
