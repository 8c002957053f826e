"""Old workbooks (.xls, .et) record by record ([MS-XLS]): how far their sheets reach, and the addresses their cells link to.

Values are left to the reader of workbooks, which is kept from files that would ask it for too much.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence

from parsers.formats import damaged, unsafe
from parsers.formats.extents import LARGEST_AREA

HEAD = struct.Struct("<HH")
# [MS-XLS] 2.3: a sheet begins with BOF; the records of CELLS begin with the row and column of a cell that has content.
BEGIN, SIZE, BOUND_SHEET, LINK = 0x0809, 0x0200, 0x0085, 0x01B8
CELLS = frozenset({0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
ROWS, COLUMNS = 65_536, 256
# [MS-OSHARED] 2.3.7.1 to 2.3.7.6: flags of a hyperlink, its class, and the class whose data are an address.
MONIKER, NAMED, FRAMED, AS_TEXT = 0x01, 0x10, 0x80, 0x100
LINK_CLASS = bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b")
ADDRESS = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
# Excel itself takes no longer ones.
LONGEST = 4096

Position = tuple[int, int]
Links = dict[Position, dict[str, None]]


def workbook_stream(content: bytes) -> bytes:
    """The stream of the OLE2 container that holds the cells; empty where there is none. Raises Unreadable.

    Whoever reads it follows a chain of sectors to its end, so every chain must have one.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
            stream: bytes = container.openstream(name).read() if name else b""
            container.loadminifat()
            circular = _runs_in_a_circle(container.fat) or _runs_in_a_circle(container.minifat)
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        raise damaged() from None
    if circular:
        raise damaged()
    return stream


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


def check_xls_extents(stream: bytes) -> None:
    """Raise Unreadable (unsafe) when a sheet's content spans more than LARGEST_AREA cells.

    A sheet's own statement of its size is not asked, unless no sheet could be so large: whole formatted columns make it
    large and harmless.
    """
    height = width = 0
    for record, offset, length in _records(stream):
        if record in CELLS and offset + 4 <= len(stream):
            row, column = HEAD.unpack_from(stream, offset)
            height, width = max(height, row + 1), max(width, column + 1)
        elif record == SIZE and _last_column(stream, offset, length) > COLUMNS:
            raise damaged()
        elif record == BEGIN:
            height = width = 0
        if height * width > LARGEST_AREA:
            raise unsafe("工作表范围过大，超出安全限制")


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Each record's type, and where its data begin and how long they say they are."""
    offset, end = 0, len(stream) - HEAD.size
    while offset <= end:
        record, length = HEAD.unpack_from(stream, offset)
        offset += HEAD.size
        yield record, offset, length
        offset += length


def _last_column(stream: bytes, offset: int, length: int) -> int:
    """The columns a sheet says it has ([MS-XLS] 2.4.90; rows are two bytes each before BIFF8); too many if too many rows."""
    if offset + length > len(stream) or length < 10:
        return 0
    wide = length >= 14
    _, rows, _, columns = struct.unpack_from("<2L2H" if wide else "<4H", stream, offset)
    return int(columns) if rows <= ROWS else COLUMNS + 1


def xls_links(stream: bytes) -> list[Links]:
    """The addresses that cells link to, for each worksheet in order; empty when no cell does.

    Positions are the first cell of a linked range, from 0.
    """
    if LINK_CLASS not in stream:
        return []
    # Where each worksheet begins ([MS-XLS] 2.4.28); charts and macro sheets are none.
    sheets: dict[int, Links] = {}
    links: Links | None = None
    for record, offset, length in _records(stream):
        data = stream[offset : offset + length]
        if record == BOUND_SHEET and len(data) >= 6 and data[5] == 0:
            sheets[int.from_bytes(data[:4], "little")] = {}
        elif record == BEGIN:
            links = sheets.get(offset - HEAD.size)
        elif record == LINK and links is not None and (target := _target(data)):
            row, _, column, _ = struct.unpack_from("<4H", data)
            links.setdefault((row, column), {})[target] = None
    return list(sheets.values())


def _target(data: bytes) -> str:
    """The address in an HLink record ([MS-XLS] 2.4.140); "" for a place in the workbook, a file, or a torn record."""
    try:
        (flags,) = struct.unpack_from("<L", data, 28)
        offset = 32
        for flag in (NAMED, FRAMED):
            if flags & flag:
                offset += 4 + 2 * _length(data, offset)
        if not flags & MONIKER:
            return ""
        if flags & AS_TEXT:
            return _text(data, offset + 4, 2 * _length(data, offset))
        if data[offset : offset + 16] == ADDRESS:
            return _text(data, offset + 20, _length(data, offset + 16))
        return ""
    except struct.error:
        return ""


def _length(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<L", data, offset)[0])


def _text(data: bytes, start: int, size: int) -> str:
    """The text of so many bytes up to its closing zero."""
    return data[start : start + min(size, 2 * LONGEST)].decode("utf-16-le", "replace").partition("\0")[0]
