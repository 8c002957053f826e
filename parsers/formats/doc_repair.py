"""What LibreOffice would lose of a .doc: a table that ends the text, enclosed characters (带圈字符), names under phonetic
guides (拼音指南), and what fields have stored.

LibreOffice writes files whose text ends inside a table, and reads them back without the table; Word never does either.
Of the fields that draw a tick in a ring it reads nothing, of those that hold a date it makes the day of the conversion,
and what was filled in it repeats. Nothing else about a file is repaired.
"""

from __future__ import annotations

import io
import re
import struct
from typing import Any

from parsers.formats.fields import GUIDE, equation

# Places in the File Information Block ([MS-DOC] 2.5.1): flags, end of the text in the stream, lengths of the eight
# texts; then, each a place and a size in the table stream, sections, looks of characters, of paragraphs, fields, and
# pieces.
FLAGS, TEXT_END, LENGTHS = 0x0A, 0x1C, 0x4C
SECTIONS, CHARACTERS, PARAGRAPHS, FIELDS, PIECES = 0xCA, 0xFA, 0x0102, 0x011A, 0x01A2
SECOND_TABLE = 0x0200
# A piece's place counts bytes when its text has two to a character; with this bit set it has one.
ONE_BYTE = 1 << 30
PAGE, RUN_SIZE = 512, 13
# A field's instruction: text of two bytes to a character from the mark that begins a field to the one that ends it or
# begins its result ([MS-DOC] 2.8.25).
INSTRUCTION = re.compile(rb"\x13\0((?:(?![\x13\x14\x15]\0)..){4,120}?)[\x14\x15]\0", re.S)
# The mark that begins a field, and what kinds hold a day, a time or what was filled in ([MS-DOC] 2.9.90); of a reference
# without its keyword LibreOffice shows what is stored.
FIELD_BEGIN, STORED, REFERENCE = 0x13, (21, 22, 23, 31, 32, 39), 2
CELL_END, PARAGRAPH_END = b"\x07\0", b"\r\0"


def closed(content: bytes) -> bytes:
    """The file with a last paragraph where its text ends with a table row; any other file as it is."""
    import olefile

    stream = io.BytesIO(content)
    try:
        with olefile.OleFileIO(stream, write_mode=True) as container:
            return stream.getvalue() if _close(container) else content
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return content


def with_fields(content: bytes) -> bytes:
    """The file with EQ fields rewritten, in the same length, and some others as another kind of field, so that
    LibreOffice shows the mark that they draw, or what is stored."""
    import olefile

    stream = io.BytesIO(content)
    try:
        with olefile.OleFileIO(stream, write_mode=True) as container:
            text = container.openstream("WordDocument").read()
            marked = INSTRUCTION.sub(_marked, text)
            if marked != text:
                container.write_stream("WordDocument", marked)
            _keep_stored(container, text)
        return stream.getvalue()
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return content


def _keep_stored(container: Any, text: bytes) -> None:
    name = _table_of(text)
    table = bytearray(container.openstream(name).read())
    start, size = struct.unpack_from("<II", text, FIELDS)
    # Their places, four bytes each and one more, stand before their marks, two bytes each.
    marks = range(start + 4 * ((size - 4) // 6 + 1), start + size, 2)
    stored = [at for at in marks if table[at] & 0x1F == FIELD_BEGIN and table[at + 1] in STORED]
    for at in stored:
        table[at + 1] = REFERENCE
    if stored:
        container.write_stream(name, bytes(table))


def _table_of(text: bytes | bytearray) -> str:
    """The name of the table stream."""
    return "1Table" if struct.unpack_from("<H", text, FLAGS)[0] & SECOND_TABLE else "0Table"


def _marked(match: re.Match[bytes]) -> bytes:
    """The field with an instruction that LibreOffice reads; any other field as it is."""
    instruction = match[1].decode("utf-16-le", "replace")
    if guide := GUIDE.match(instruction):
        # A guide with a blank in it LibreOffice drops, and the name below with it.
        start, end = (match.start(1) + 2 * at for at in guide.span(1))
        return match.string[match.start() : start] + (end - start) // 2 * b"_\0" + match.string[end : match.end()]
    mark = equation(instruction)
    if not mark or len(shown := f" eq \\o({mark},)") > len(instruction):
        return match[0]
    return match[0].replace(match[1], shown.ljust(len(instruction)).encode("utf-16-le"))


def _close(container: Any) -> bool:
    """Write the paragraph's mark behind the text and count it everywhere; False where nothing is amiss."""
    text = bytearray(container.openstream("WordDocument").read())
    name = _table_of(text)
    table = bytearray(container.openstream(name).read())
    lengths = struct.unpack_from("<8i", text, LENGTHS)
    start, size = struct.unpack_from("<II", text, PIECES)
    # Only where the pieces are all there is (0x02), and no notes or headers stand behind the text.
    if table[start] != 2 or any(lengths[1:]):
        return False
    pieces = start + 5
    count = (size - 5 - 4) // 12
    last = pieces + 4 * (count + 1) + 8 * (count - 1)
    place = struct.unpack_from("<I", table, last + 2)[0]
    begun, ended = struct.unpack_from("<ii", table, pieces + 4 * (count - 1))
    at = place + 2 * (ended - begun)
    if place & ONE_BYTE or ended != lengths[0] or text[at - 2 : at] != CELL_END or text[at : at + 2] != b"\0\0":
        return False
    if not _add_paragraph(text, table, at):
        return False
    text[at : at + 2] = PARAGRAPH_END
    struct.pack_into("<i", text, LENGTHS, ended + 1)
    struct.pack_into("<I", text, TEXT_END, at + 2)
    struct.pack_into("<i", table, pieces + 4 * count, ended + 1)
    sections, size = struct.unpack_from("<II", text, SECTIONS)
    struct.pack_into("<i", table, sections + 4 * ((size - 4) // 16), ended + 1)
    container.write_stream("WordDocument", bytes(text))
    container.write_stream(name, bytes(table))
    return True


def _add_paragraph(text: bytearray, table: bytearray, at: int) -> bool:
    """A run of default look for two bytes at `at`, behind the last paragraph; the last characters' run grows over it."""
    # The looks of characters may leave out the marks of the last cell and row.
    paragraphs = _last_page(text, table, PARAGRAPHS, at, 0)
    characters = _last_page(text, table, CHARACTERS, at, 2 * len(CELL_END))
    if paragraphs is None or characters is None:
        return False
    page = text[paragraphs : paragraphs + PAGE]
    runs = page[PAGE - 1]
    places, looks = page[: 4 * (runs + 1)], page[4 * (runs + 1) : 4 * (runs + 1) + RUN_SIZE * runs]
    # The looks fill the page from its end; what the new run needs must be free in the middle.
    used = min((2 * look for look in looks[::RUN_SIZE] if look), default=PAGE - 1)
    grown = bytes(places) + struct.pack("<I", at + 2) + bytes(looks) + bytes(RUN_SIZE)
    if len(grown) > used:
        return False
    text[paragraphs : paragraphs + len(grown)] = grown
    text[paragraphs + PAGE - 1] = runs + 1
    struct.pack_into("<I", text, characters + 4 * text[characters + PAGE - 1], at + 2)
    return True


def _last_page(text: bytearray, table: bytearray, entry: int, at: int, short: int) -> int | None:
    """Where the last page of looks begins, its end moved behind the new mark; None if it does not end at `at`.

    `short` is by how many bytes it may end before.
    """
    start, size = struct.unpack_from("<II", text, entry)
    count = (size - 4) // 8
    number = struct.unpack_from("<I", table, start + 4 * (count + 1) + 4 * (count - 1))[0]
    page = PAGE * int(number)
    if not 0 <= at - struct.unpack_from("<I", text, page + 4 * text[page + PAGE - 1])[0] <= short:
        return None
    struct.pack_into("<I", table, start + 4 * count, at + 2)
    return page
