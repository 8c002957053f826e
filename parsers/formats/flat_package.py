"""Word XML files of one piece (Flat OPC, .xml): a package whose parts are elements, put together again and read as .docx.

Only parts and their content are taken over; what they mean is for the reader of .docx.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from typing import Any

from lxml import etree

from parsers.formats import damaged, docx, unsafe
from parsers.formats.package import LARGEST_PACKAGE, MOST_PARTS, parse
from parsers.model import Document

FORMATS = ("flatopc",)

PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"


def read(content: bytes, kind: str) -> Document:
    """The document's blocks. Raises Unreadable."""
    if len(content) > LARGEST_PACKAGE:
        raise unsafe()
    return docx.read(_zipped(parse(content)), kind)


def _zipped(root: Any) -> bytes:
    parts = root.findall(f"{PKG}part")
    if len(parts) > MOST_PARTS:
        raise unsafe()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part in parts:
            archive.writestr(part.get(f"{PKG}name", "").lstrip("/") or "_", _part(part))
    return stream.getvalue()


def _part(part: Any) -> bytes:
    """A part's content: an element, or base64."""
    xml = part.find(f"{PKG}xmlData")
    if xml is not None and len(xml):
        written: bytes = etree.tostring(xml[0], encoding="utf-8", xml_declaration=True)
        return written
    try:
        return base64.b64decode(part.findtext(f"{PKG}binaryData") or "")
    except (binascii.Error, ValueError):
        raise damaged() from None
