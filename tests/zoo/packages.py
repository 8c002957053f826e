"""Random bytes behind every magic number, and packages that lie about themselves."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from documents import NAMESPACES, docx, paragraph, zipped
from zoo.cages import ZOO, hostile, noise, xlsx

MAGIC = {
    "zip": b"PK\x03\x04", "empty zip": b"PK\x05\x06", "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "pdf": b"%PDF-1.7\n",
    "rtf": b"{\\rtf1", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "tiff": b"II*\0",
    "rar": b"Rar!\x1a\x07\x00", "7z": b"7z\xbc\xaf\x27\x1c", "gzip": b"\x1f\x8b\x08", "mp3": b"ID3\x03", "riff": b"RIFF",
    "iso media": b"\0\0\0\x18ftypheic", "bitmap": b"BM" + bytes(12) + b"\x28\0\0\0", "utf-16": b"\xff\xfe<\0",
    "xml": b"<?xml version='1.0'?>", "html": b"<!doctype html><table>", "nothing": b"",
}  # fmt: skip

for _number, (_kind, _magic) in enumerate(MAGIC.items()):
    ZOO[f"random bytes behind the magic number of {_kind}"] = (
        "附件3.xlsx",
        lambda magic=_magic, number=_number: magic + noise(200_000, number),  # type: ignore[misc]
    )


@hostile("a package that unpacks to hundreds of megabytes", "附件4.docx")
def _bomb() -> bytes:
    return docx("", parts={"word/document.xml": b" " * (1 << 26), "word/a.xml": b" " * (1 << 28)})


@hostile("a part that claims to be small and is not", "附件4.docx")
def _lying() -> bytes:
    content = bytearray(docx(paragraph("x" * 50_000_000)))
    for sign, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        position = content.find(sign)
        while position >= 0:
            content[position + offset : position + offset + 4] = struct.pack("<L", 100)
            position = content.find(sign, position + 4)
    return bytes(content)


@hostile("packages inside packages", "附件4.docx")
def _nested_bombs() -> bytes:
    inner = zipped({f"{number}": bytes(10_000_000) for number in range(3)})
    for _ in range(6):
        inner = zipped({f"{number}.zip": inner for number in range(10)})
    return docx(paragraph("x"), parts={"word/embeddings/a.zip": inner})


@hostile("twenty thousand parts", "附件4.docx")
def _parts() -> bytes:
    return docx(paragraph("x"), parts={f"word/{number}": "" for number in range(20_000)})


@hostile("parts that overlap", "附件3.xlsx")
def _overlapping() -> bytes:
    """Every entry of the directory leads to the same packed bytes."""
    packed = zlib.compress(bytes(20_000_000), 9)[2:-4]
    crc = zlib.crc32(bytes(20_000_000))
    name = b"[Content_Types].xml"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(packed), 20_000_000, len(name), 0) + name
    entries = b""
    for number in range(500):
        entry = b"xl/worksheets/sheet%d.xml" % number if number else b"[Content_Types].xml"
        fields = (20, 20, 0, 8, 0, 0, crc, len(packed), 20_000_000, len(entry), 0, 0, 0, 0, 0, 0)
        entries += struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + entry
    start = len(local) + len(packed)
    return local + packed + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 500, 500, len(entries), start, 0)


@hostile("wrong check sums", "附件4.docx")
def _wrong_crc() -> bytes:
    content = bytearray(docx(paragraph("x") * 1000))
    for sign, offset in ((b"PK\1\2", 16), (b"PK\3\4", 14)):
        position = content.find(sign)
        while position >= 0:
            content[position + offset] ^= 0xFF
            position = content.find(sign, position + 4)
    return bytes(content)


@hostile("a directory that leads beyond the end", "附件4.docx")
def _far_directory() -> bytes:
    content = bytearray(docx(paragraph("x")))
    end = content.rfind(b"PK\5\6")
    struct.pack_into("<LL", content, end + 12, 0xFFFFFFF0, 0xFFFFFFF0)
    return bytes(content)


@hostile("a 64-bit directory of absurd size", "附件3.xlsx")
def _zip64() -> bytes:
    content = xlsx("<sheetData/>")
    huge = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**63, 2**63, 2**63, 2**62)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(content), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[: content.rfind(b"PK\5\6")] + huge + locator + end


@hostile("a package with every part twice", "附件4.docx")
def _twice() -> bytes:
    stream = io.BytesIO(docx(paragraph("第一")))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.filelist  # noqa: B018
        archive.NameToInfo.clear()
        archive.writestr("word/document.xml", f"<w:document {NAMESPACES}><w:body/></w:document>")
    return stream.getvalue()
