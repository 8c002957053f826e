"""Documents only an office program can open (.doc, .wps, .odt, .rtf, Word 2003 XML), read as the .docx it makes of them.

Without LibreOffice they are unsupported, which says no ill of the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from parsers.formats import Unreadable, damaged, doc_repair, docx, libreoffice, rtf_repair, unsafe, xml_repair
from parsers.formats.locks import locked, stream_start
from parsers.formats.sniffing import TITLES, needs_office, sniff
from parsers.model import Document, ProblemKind

FORMATS = ("doc", "odt", "rtf", "wordml")
LARGEST = 64 << 20
# [MS-DOC] 2.5.1: the number of the format stands in the third and fourth byte of the text stream.
FIRST_OF_WORD_97 = 0x00C1
NO_OFFICE = "需先另存为 .docx"
REPAIRS = {"rtf": rtf_repair.with_fields, "odt": xml_repair.open_document, "wordml": xml_repair.word_2003}


def read(content: bytes, kind: str) -> Document:
    """The document's blocks. Raises Unreadable: no LibreOffice, not convertible, or not within a minute."""
    if len(content) > LARGEST:
        raise unsafe("文件过大，超出安全限制")
    if _is_torn(content, kind):
        raise damaged()
    try:
        made = as_docx(content, kind)
    except FileNotFoundError:
        raise Unreadable(ProblemKind.UNSUPPORTED, f"{TITLES[kind]}，{NO_OFFICE}") from None
    except libreoffice.TimedOut:
        raise unsafe("文件转换超时，超出安全限制") from None
    except libreoffice.TooLarge:
        raise unsafe("文件转换时占用内存过大，超出安全限制") from None
    if made is None:
        raise damaged()
    return docx.read(made, kind)


def as_docx(content: bytes, kind: str) -> bytes | None:
    """The document as .docx; None, Excess and FileNotFoundError as of `libreoffice.convert`."""
    return libreoffice.convert(*_given(content, kind))


def _given(content: bytes, kind: str) -> tuple[bytes, str]:
    """The file as LibreOffice gets it, and its kind there."""
    if kind != "doc":
        repair = REPAIRS.get(kind)
        return repair(content) if repair else content, kind
    old = int.from_bytes(stream_start(content, "WordDocument", 4)[2:4], "little") < FIRST_OF_WORD_97
    return (content, "doc95") if old else (doc_repair.closed(doc_repair.with_fields(content)), "doc")


def _is_torn(content: bytes, kind: str) -> bool:
    """Whether an RTF file lacks its end or a .doc its text, which LibreOffice would pass over in silence."""
    if kind == "doc":
        return not stream_start(content, "WordDocument", 4)
    return kind == "rtf" and not content.rstrip(b"\0\r\n\t \x1a").endswith(b"}")


def prepare(files: Iterable[tuple[bytes, str]]) -> None:
    """Convert all files of these kinds among (content, name) in one call of LibreOffice, so that reading them is quick.

    What does not come out, or not in time, is left to `read`, which finds the reason.
    """
    wanted = [
        _given(content, kind)
        for content, name in files
        # To find out what a file is takes a twentieth of reading it, and most are plainly none of these.
        if needs_office(content) and (kind := _convertible(content, name))
    ]
    if len(wanted) > 1 and libreoffice.program() is not None:
        libreoffice.convert_many(wanted)


def _convertible(content: bytes, name: str) -> str:
    """The kind of a file that LibreOffice may be given; "" for any other."""
    kind = sniff(content, name)
    if kind not in FORMATS or len(content) > LARGEST or locked(content, kind) or _is_torn(content, kind):
        return ""
    return kind
