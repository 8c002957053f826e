"""An .xlsx written again as the binary workbook that no program here writes ([MS-XLSB]): cells and merged ranges of one sheet."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import openpyxl

# The records a workbook cannot do without ([MS-XLSB] 2.3): begin and end in pairs, then what stands between them.
BOOK, BUNDLES, SHEET, DATA, MERGES = (131, 132), (143, 144), (129, 130), (145, 146), (177, 178)
BUNDLE, DIMENSION, ROW, REAL, TEXT, MERGE = 156, 148, 0, 5, 6, 176
KIND = "application/vnd.ms-excel"
CONTENTS = f"""<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.bin" ContentType="{KIND}.sheet.binary.macroEnabled.main"/>
<Override PartName="/xl/worksheets/sheet1.bin" ContentType="{KIND}.worksheet"/>
</Types>"""
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def as_xlsb(workbook: bytes) -> bytes:
    """The first worksheet of a workbook, its looks left behind."""
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]
    area = struct.pack("<4L", 0, sheet.max_row - 1, 0, sheet.max_column - 1)
    cells = b"".join(_row(number, values) for number, values in enumerate(sheet.iter_rows(values_only=True)))
    merges = b"".join(
        _record(MERGE, struct.pack("<4L", one.min_row - 1, one.max_row - 1, one.min_col - 1, one.max_col - 1))
        for one in sheet.merged_cells.ranges
    )
    bundle = _record(BUNDLE, struct.pack("<2L", 0, 1) + _wide("rId1") + _wide(sheet.title))
    parts = {
        "[Content_Types].xml": CONTENTS.encode(),
        "_rels/.rels": _relation("officeDocument", "xl/workbook.bin"),
        "xl/workbook.bin": _between(BOOK, _between(BUNDLES, bundle)),
        "xl/_rels/workbook.bin.rels": _relation("worksheet", "worksheets/sheet1.bin"),
        "xl/worksheets/sheet1.bin": _between(
            SHEET, _record(DIMENSION, area) + _between(DATA, cells) + _between(MERGES, merges)
        ),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


def _row(number: int, values: tuple[object, ...]) -> bytes:
    head = struct.pack("<2LHBBBL2L", number, 0, 300, 0, 0, 0, 1, 0, max(len(values) - 1, 0))
    return _record(ROW, head) + b"".join(_cells(values))


def _cells(values: tuple[object, ...]) -> Iterator[bytes]:
    for column, value in enumerate(values):
        place = struct.pack("<2L", column, 0)
        if isinstance(value, int | float):
            yield _record(REAL, place + struct.pack("<d", value))
        elif value is not None:
            yield _record(TEXT, place + _wide(str(value)))


def _between(kinds: tuple[int, int], inside: bytes) -> bytes:
    return _record(kinds[0], b"") + inside + _record(kinds[1], b"")


def _record(kind: int, data: bytes) -> bytes:
    """[MS-XLSB] 2.1.4: kind in one or two bytes, length in up to four of seven bits each."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, size = b"", len(data)
    while size >= 128:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return head + length + bytes([size]) + data


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<L", len(encoded) // 2) + encoded


def _relation(kind: str, target: str) -> bytes:
    one = f'<Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{RELATIONS}">{one}</Relationships>'.encode()
