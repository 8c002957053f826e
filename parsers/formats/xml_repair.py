"""Fields of an OpenDocument text or of Word 2003 XML that LibreOffice would change: what was written into an input field it
repeats, and dates become those of today. They are made plain text, or fields whose stored text it takes.

Nothing else about a file is touched; one that cannot be opened so is left to LibreOffice.
"""

from __future__ import annotations

import io
import re
import zipfile

from lxml import etree

from parsers.formats import Unreadable
from parsers.formats.package import Package

CONTENT = "content.xml"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
# Input fields, and days and times that a program computes anew (OpenDocument 1.3 part 3, 7.3 and 7.4).
_NAMES = "text-input date time creation-date creation-time modification-date modification-time print-date print-time"
STORED = [f"{TEXT}{name}" for name in _NAMES.split()]
INSTRUCTION = re.compile(
    rb"(<w:instrText(?: [^>]*)?>|\bw:instr=[\"'])\s*(?:(?:create|save|print)?date|time|fillin)\b", re.I
)


def word_2003(content: bytes) -> bytes:
    """The XML with such fields as another kind, of which what is stored is read."""
    return INSTRUCTION.sub(rb"\1 QUOTE", content)


def open_document(content: bytes) -> bytes:
    """The package with what is stored in such fields in their place."""
    try:
        root = Package(content).xml(CONTENT)
        if next(root.iter(*STORED), None) is None:
            return content
        etree.strip_tags(root, *STORED)
        return _replaced(content, etree.tostring(root, encoding="utf-8", xml_declaration=True))
    except (Unreadable, OSError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile):
        return content


def _replaced(content: bytes, text: bytes) -> bytes:
    """The package with another text; what was there is no longer listed, and nothing else is packed anew."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.filelist.remove(archive.NameToInfo.pop(CONTENT))
        archive.writestr(CONTENT, text)
    return stream.getvalue()
