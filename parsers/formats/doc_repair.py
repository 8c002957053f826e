"""A .doc whose text ends inside a table, given the closing paragraph that such files lack.

LibreOffice writes such files from documents that end with a table, and reads them back without the table; Word never
does either. Nothing else about a file is repaired.
"""

from __future__ import annotations

import io
import struct
from typing import Any

# Places in the File Information Block ([MS-DOC] 2.5.1): flags, lengths of the eight texts, piece table.
FLAGS, LENGTHS, PIECES = 0x0A, 0x4C, 0x01A2
SECOND_TABLE = 0x0200
CELL_END, PARAGRAPH_END = "\x07".encode("utf-16-le"), "\r\0".encode("latin-1")
# A piece's place counts bytes when its text has two to a character; with this bit set it has one.
ONE_BYTE = 1 << 30


def closed(content: bytes) -> bytes:
    """The file with a last paragraph where its text ends with a table row; any other file as it is."""
    import olefile  # type: ignore[import-untyped]

    stream = io.BytesIO(content)
    try:
        with olefile.OleFileIO(stream, write_mode=True) as container:
            return stream.getvalue() if _close(container) else content
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return content


def _close(container: Any) -> bool:
    """Lengthen the text, the last piece and the text's stated length by one character; False where nothing is amiss."""
    text = bytearray(container.openstream("WordDocument").read())
    name = "1Table" if struct.unpack_from("<H", text, FLAGS)[0] & SECOND_TABLE else "0Table"
    table = bytearray(container.openstream(name).read())
    lengths = struct.unpack_from("<8i", text, LENGTHS)
    start, size = struct.unpack_from("<II", text, PIECES)
    # Only one run of pieces, without formatting changes in front (0x02), and no notes or headers behind the text.
    if table[start] != 2 or any(lengths[1:]):
        return False
    count = (size - 5 - 4) // 12
    ends = start + 5 + 4 * count
    place = struct.unpack_from("<I", table, start + 5 + 4 * (count + 1) + 8 * (count - 1) + 2)[0]
    begun, ended = struct.unpack_from("<ii", table, ends - 4)
    at = place + 2 * (ended - begun)
    if place & ONE_BYTE or ended != lengths[0] or text[at - 2 : at] != CELL_END or text[at : at + 2] != b"\0\0":
        return False
    text[at : at + 2] = PARAGRAPH_END
    struct.pack_into("<i", text, LENGTHS, ended + 1)
    struct.pack_into("<i", table, ends, ended + 1)
    container.write_stream("WordDocument", bytes(text))
    container.write_stream(name, bytes(table))
    return True
