"""Web pages kept in one file (.mht, and .doc or .xls that are such a file inside): pages and their pictures.

The container is that of a mail (RFC 2557); what lies in it besides pages and pictures is not read.
"""

from __future__ import annotations

import email
from collections.abc import Mapping
from email.message import Message
from functools import partial
from typing import Any
from urllib.parse import urljoin

from parsers.formats import damaged, unsafe
from parsers.formats.web import document, embedded, text_of
from parsers.model import Document, Picture

FORMATS = ("mht",)

LARGEST = 48 << 20
MOST_PARTS = 2000
# Excel keeps the tabs at the foot of its window as a page of its own.
TABS = "tabstrip.htm"


def read(content: bytes, kind: str) -> Document:
    """The pages of an archive in order. Raises Unreadable."""
    if len(content) > LARGEST or content.count(b"\nContent-Type:") > MOST_PARTS:
        raise unsafe("网页归档文件过大，超出安全限制")
    parts = [part for part in email.message_from_bytes(content).walk() if not part.is_multipart()]
    pictures = {key: part for part in parts if part.get_content_maintype() == "image" for key in _names(part)}
    pages = [
        (text_of(_bytes(part), part.get_content_charset("")), partial(_resolve, pictures, _location(part)))
        for part in parts
        if part.get_content_type() == "text/html" and not _location(part).lower().endswith(TABS)
    ]
    if not pages:
        raise damaged("网页归档文件中没有网页")
    return document(pages, kind)


def _location(part: Message[str, str]) -> str:
    return str(part.get("Content-Location", "")).strip()


def _names(part: Message[str, str]) -> list[str]:
    identifier = str(part.get("Content-ID", "")).strip(" <>")
    return [name for name in (_location(part), f"cid:{identifier}" if identifier else "") if name]


def _bytes(part: Message[str, str]) -> bytes:
    payload: Any = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _resolve(pictures: Mapping[str, Message[str, str]], base: str, source: str) -> Picture:
    try:
        part = pictures.get(source) or pictures.get(urljoin(base, source))
    except ValueError:
        part = None
    return Picture(source, partial(_bytes, part)) if part is not None else embedded(source)
