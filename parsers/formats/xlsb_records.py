"""Binary workbooks (.xlsb) record by record ([MS-XLSB]): how far their sheets reach, and the addresses their cells link to.

Values are left to the reader of workbooks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from parsers.formats.package import Package

# [MS-XLSB] 2.3.2: row header 0; cells 1 (blank) to 11; the column or row number is the first field.
ROW_HEADER, FIRST_VALUE, LAST_CELL = 0, 2, 11
# BrtBundleSh, a sheet of the workbook, and BrtHLink, a link; the latter's type as it is written.
SHEET, LINK, LINK_SIGN = 156, 494, b"\xee\x03"

Position = tuple[int, int]
Links = dict[Position, dict[str, None]]


def reaches(content: bytes) -> Iterator[tuple[int, int]]:
    """The height and width of a sheet part's content, growing."""
    height = width = row = 0
    for record, data in _records(content):
        if record > LAST_CELL:
            continue
        first = int.from_bytes(data[:4], "little")
        if record == ROW_HEADER:
            row = first
        elif record >= FIRST_VALUE:
            height, width = max(height, row + 1), max(width, first + 1)
    yield height, width


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Record types and data ([MS-XLSB] 2.1.4: both numbers in groups of seven bits)."""
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
        yield record, content[offset : offset + length]
        offset += length


def xlsb_links(package: Package, parts: Mapping[str, bytes]) -> list[Links]:
    """The addresses that cells link to, for each worksheet in order; empty when no cell does.

    Positions are the first cell of a linked range, from 0.
    """
    if not any(LINK_SIGN in content for content in parts.values()):
        return []
    return [_links(package, name, parts.get(name.lower(), b"")) for name in _sheet_names(package)]


def _sheet_names(package: Package) -> list[str]:
    """The parts of the worksheets in the workbook's order; "" for one that is missing."""
    book = next((one.target for one in package.relations().values() if one.kind == "officeDocument"), "xl/workbook.bin")
    relations = package.relations(book)
    given = [_text(data, 8) for record, data in _records(package.read(book)) if record == SHEET]
    targets = [relations.get(name) for name in given]
    return [target.target if target else "" for target in targets if not target or target.kind == "worksheet"]


def _links(package: Package, name: str, content: bytes) -> Links:
    links: Links = {}
    for record, data in _records(content) if LINK_SIGN in content else ():
        if record != LINK or len(data) < 16:
            continue
        row, _, column, _ = struct.unpack_from("<4L", data)
        relation = package.relations(name).get(_text(data, 16))
        if relation is not None and relation.external:
            links.setdefault((row, column), {})[relation.target] = None
    return links


def _text(data: bytes, offset: int) -> str:
    """A text whose number of characters stands before it; "" for none."""
    length = int.from_bytes(data[offset : offset + 4], "little")
    end = offset + 4 + 2 * (length if length < 0xFFFFFFFF else 0)
    return data[offset + 4 : end].decode("utf-16-le", "replace")
