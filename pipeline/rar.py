"""What the headers of a RAR archive tell before anything is unpacked: whether it is locked, or one volume of several.

libarchive decodes the rest, but gives the bytes of a locked file out as if they were its content. RAR 1.5 to 4 and
RAR 5 (as rarlab's technical note describes it); nothing here unpacks or decodes names.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from msgspec import Struct

MAGIC = b"Rar!\x1a\x07"
# Enough headers for any archive that may be opened; where files are many, the first ones tell.
_MOST_HEADERS = 20_000


class Traits(Struct, frozen=True):
    """What matters of an archive. `format` is libarchive's name for it."""

    format: str
    locked: bool = False
    volume: bool = False


def traits(content: bytes) -> Traits:
    """Read the headers as far as they are intact; never raises."""
    if content.startswith(MAGIC + b"\x01\x00"):
        return _gathered("rar5", _rar5(content))
    return _gathered("rar", _rar4(content))


def _gathered(format_name: str, marks: Iterator[tuple[bool, bool]]) -> Traits:
    locked = volume = False
    for _, (is_locked, is_part) in zip(range(_MOST_HEADERS), marks, strict=False):
        locked, volume = locked or is_locked, volume or is_part
    return Traits(format_name, locked, volume)


def _rar4(content: bytes) -> Iterator[tuple[bool, bool]]:
    """For each header whether it speaks of a password, and of another volume."""
    position = len(MAGIC) + 1
    while position + 7 <= len(content):
        kind, flags, size = struct.unpack_from("<xxBHH", content, position)
        more = flags & 0x8000 or kind in (0x74, 0x7A)
        packed = struct.unpack_from("<I", content, position + 7)[0] if more and position + 11 <= len(content) else 0
        if kind == 0x74 and flags & 0x100 and position + 36 <= len(content):
            packed += struct.unpack_from("<I", content, position + 32)[0] << 32
        if kind == 0x73:
            yield bool(flags & 0x80), False
        elif kind == 0x74:
            yield bool(flags & 0x04), bool(flags & 0x03)
        elif kind == 0x7B:
            yield False, bool(flags & 0x01)
        if size < 7:
            return
        position += size + packed


def _rar5(content: bytes) -> Iterator[tuple[bool, bool]]:
    position = len(MAGIC) + 2
    while position + 7 <= len(content):
        size, start = _number(content, position + 4)
        if not size or start + size > len(content):
            return
        kind, at = _number(content, start)
        flags, at = _number(content, at)
        extra, at = _number(content, at) if flags & 1 else (0, at)
        packed, at = _number(content, at) if flags & 2 else (0, at)
        end = start + size
        if kind == 4:
            yield True, False
            return
        if kind == 2:
            yield _has_encryption(content[max(start, end - extra) : end]), bool(flags & 0x18)
        elif kind == 5:
            yield False, bool(_number(content, at)[0] & 1)
        position = end + packed


def _has_encryption(extra: bytes) -> bool:
    """Whether the extra area of a file header holds an encryption record (type 1)."""
    position = 0
    while position < len(extra):
        size, start = _number(extra, position)
        if _number(extra, start)[0] == 1:
            return True
        if not size:
            return False
        position = start + size
    return False


_VINT = re.compile(rb"[\x80-\xff]{0,9}[\x00-\x7f]", re.DOTALL)


def _number(content: bytes, position: int) -> tuple[int, int]:
    """A number of variable length (seven bits a byte, lowest first) and where it ends; 0 where there is none."""
    match = _VINT.match(content, position)
    if match is None:
        return 0, position + 1
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(match[0])), match.end()
