"""The files in a winmail.dat, Outlook's own way of packing a mail (TNEF, [MS-OXTNEF]).

Only attachments are looked for: the mail's words, its rich text and everything else it carries are passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.charset import decoded
from pipeline import charsets
from pipeline.budget import MOST_LISTED, Broken, Budget
from pipeline.model import Attachment

MAGIC = b"\x78\x9f\x3e\x22"
_RENDERING, _TITLE, _DATA, _PROPERTIES, _CODE_PAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9007
_DATA_OBJECT, _SHORT_NAME, _LONG_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
# An attached mail is an object of this class, and a TNEF of its own.
_IMESSAGE = bytes.fromhex("0703020000000000c000000000000046")
# How many bytes a value of each type takes in the stream, padding to four included; 0 where it tells by itself.
_SIZES = {
    0x0001: 0,
    **dict.fromkeys((0x0002, 0x0003, 0x0004, 0x000A, 0x000B), 4),
    **dict.fromkeys((0x0005, 0x0006, 0x0007, 0x0014, 0x0040), 8),
    0x0048: 16,
}
_VARIABLE = (0x000D, 0x001E, 0x001F, 0x0102)
_TEXT, _UNICODE, _OBJECT = 0x001E, 0x001F, 0x000D


@dataclass
class _File:
    """An attachment as its attributes come in."""

    names: dict[int, str] = field(default_factory=dict)
    content: bytes = b""
    mail: bool = False

    @property
    def name(self) -> str:
        ranked = (_LONG_NAME, _TITLE, _SHORT_NAME, _DISPLAY_NAME)
        return next((name for key in ranked if (name := charsets.file_name(self.names.get(key, "")))), "")


def is_tnef(content: bytes) -> bool:
    return content.startswith(MAGIC)


def files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The attachments in a winmail.dat, as far as it goes; mails attached to it are files of the same kind."""
    found, whole = _read(attachment.content)
    for number, file in enumerate(found, start=1):
        budget.charge(len(file.content))
        name = file.name or f"附件{number}.{'dat' if file.mail else 'bin'}"
        yield Attachment(f"{attachment.path}/{name}", file.content)
    if not whole:
        raise Broken("unreadable", "winmail.dat 已损坏或不完整")


def _read(content: bytes) -> tuple[list[_File], bool]:
    """The attachments, and whether nothing was cut off."""
    found: list[_File] = []
    code_page, position = "", 6
    while position + 9 <= len(content):
        level, key, _, size = struct.unpack_from("<BHHI", content, position)
        value, position = content[position + 9 : position + 9 + size], position + 9 + size + 2
        if level not in (1, 2):
            # What follows is no attribute; mail programs have left things there.
            break
        if len(value) < size or len(found) > MOST_LISTED:
            return found, False
        if key == _CODE_PAGE and size >= 4:
            code_page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif key == _RENDERING:
            found.append(_File())
        elif level == 2:
            if not found:
                found.append(_File())
            _take(found[-1], key, value, code_page)
    return [file for file in found if file.content or file.names], True


def _take(file: _File, key: int, value: bytes, code_page: str) -> None:
    if key == _TITLE:
        file.names[_TITLE] = decoded(value.rstrip(b"\x00"), code_page)
    elif key == _DATA:
        file.content = value
    elif key == _PROPERTIES:
        for identifier, kind, held in _properties(value):
            if identifier == _DATA_OBJECT:
                file.mail = held.startswith(_IMESSAGE)
                file.content = held[16:] if kind == _OBJECT else held
            elif identifier in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME) and kind in (_TEXT, _UNICODE):
                label = "utf-16-le" if kind == _UNICODE else code_page
                file.names[identifier] = decoded(held, label).rstrip("\x00")


def _properties(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Identifier, type and first value of each property, as far as they can be told apart."""
    if len(stream) < 4:
        return
    count, position = struct.unpack_from("<I", stream)[0], 4
    for _ in range(min(count, MOST_LISTED)):
        if position + 4 > len(stream):
            return
        kind, identifier = struct.unpack_from("<HH", stream, position)
        position = _past_name(stream, position + 4) if identifier >= 0x8000 else position + 4
        several, kind = bool(kind & 0x1000), kind & 0xEFFF
        values, position = _values(stream, position, kind, several)
        if position < 0:
            return
        yield identifier, kind, values[0] if values else b""


def _past_name(stream: bytes, position: int) -> int:
    """Where a named property's name ends: a GUID, and a number or a text in UTF-16."""
    if position + 24 > len(stream):
        return len(stream)
    by_text, number = struct.unpack_from("<II", stream, position + 16)
    return position + 24 + (number + -number % 4 if by_text else 0)


def _values(stream: bytes, position: int, kind: int, several: bool) -> tuple[list[bytes], int]:
    """The values of one property and where they end, -1 where the stream does not make sense."""
    variable = kind in _VARIABLE
    count = 1
    if several or variable:
        if position + 4 > len(stream):
            return [], -1
        count, position = struct.unpack_from("<I", stream, position)[0], position + 4
    if not variable and kind not in _SIZES:
        return [], -1
    found: list[bytes] = []
    for _ in range(min(count, MOST_LISTED)):
        size = _SIZES.get(kind, 0)
        if variable:
            if position + 4 > len(stream):
                return found, -1
            size, position = struct.unpack_from("<I", stream, position)[0], position + 4
        found.append(stream[position : position + size])
        position += size + -size % 4
        if position > len(stream) + 3:
            return found, -1
    return found, position
