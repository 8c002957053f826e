"""Documents only an office program can open (.doc, .wps, .odt, .rtf, Word 2003 XML), read as the .docx it makes of them.

Without LibreOffice they are unsupported, which says no ill of the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from parsers.formats import Unreadable, damaged, docx, libreoffice, unsafe
from parsers.formats.doc_repair import closed
from parsers.formats.locks import locked
from parsers.formats.sniffing import TITLES, sniff
from parsers.model import Document, ProblemKind

FORMATS = ("doc", "odt", "rtf", "wordml")
# LibreOffice chooses its reader by the content, but a name that contradicts it costs a second try.
EXTENSIONS = {"wordml": "xml"}
LARGEST = 64 << 20
NO_OFFICE = "需先另存为 .docx"


def read(content: bytes, kind: str) -> Document:
    """The document's blocks. Raises Unreadable: no LibreOffice, not convertible, or not within a minute."""
    if len(content) > LARGEST:
        raise unsafe("文件过大，超出安全限制")
    try:
        made = libreoffice.convert(*_given(content, kind))
    except FileNotFoundError:
        raise Unreadable(ProblemKind.UNSUPPORTED, f"{TITLES[kind]}，{NO_OFFICE}") from None
    except libreoffice.TimedOut:
        raise unsafe("文件转换超时，超出安全限制") from None
    if made is None:
        raise damaged()
    return docx.read(made, kind)


def _given(content: bytes, kind: str) -> tuple[bytes, str]:
    """The file as LibreOffice gets it, and its extension."""
    return (closed(content) if kind == "doc" else content), EXTENSIONS.get(kind, kind)


def prepare(files: Iterable[tuple[bytes, str]]) -> None:
    """Convert all files of these kinds among (content, name) in one call, so that reading them next is quick."""
    wanted = [
        _given(content, kind)
        for content, name in files
        if (kind := sniff(content, name)) in FORMATS and len(content) <= LARGEST and not locked(content, kind)
    ]
    if len(wanted) > 1 and libreoffice.program() is not None:
        libreoffice.convert_many(wanted)
