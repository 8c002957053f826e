"""The members of a zip archive as office programs write it, found and unpacked without zipfile, which takes thrice as long.

Reads stored and deflated members of one plain directory and nothing else: whatever is unusual, or does not agree with
itself, is not judged here but left to zipfile.
"""

from __future__ import annotations

import struct
import zlib

from msgspec import Struct

# PKWARE APPNOTE 4.3.16, 4.3.12 and 4.3.7; a 64-bit directory announces itself right before the end record.
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s22x2H")
_LOCATOR_64 = b"PK\6\7"
_LOCATOR_SIZE = 20
# The versions and flags of the format that ask for no more than unpacking: how hard was compressed, sizes that follow
# the data, names in UTF-8.
_NEWEST = 63
_HARMLESS_FLAGS = 0x2 | 0x4 | 0x8 | 0x800
_STORED, _DEFLATED = 0, 8


class Member(Struct, frozen=True, gc=False):
    """A member as the directory describes it; sizes in bytes, `offset` that of its own header in the archive."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def members(archive: bytes) -> list[Member] | None:
    """The directory in its own order; None where the archive is not a plain one."""
    end = len(archive) - _END.size
    if end < 0:
        return None
    mark, *_, length, offset, comment = _END.unpack_from(archive, end)
    locator = archive[max(end - _LOCATOR_SIZE, 0) :][:4]
    if mark != b"PK\5\6" or comment or locator == _LOCATOR_64 or offset + length != end:
        return None
    found: list[Member] = []
    while offset + _ENTRY.size <= end:
        mark, _, version, flags, method, _, _, crc, packed, size, named, extra, remark, _, _, _, start = (
            _ENTRY.unpack_from(archive, offset)
        )
        offset += _ENTRY.size
        name = archive[offset : offset + named]
        if mark != b"PK\1\2" or version > _NEWEST or extra or not name.isascii() or b"\0" in name:
            return None
        found.append(Member(name.decode(), flags, method, crc, packed, size, start))
        offset += named + remark
    return found if offset == end else None


def unpack(archive: bytes, member: Member) -> bytes | None:
    """A member's bytes, of the size and checksum that the directory gives; None where they cannot be had so."""
    start = member.offset + _LOCAL.size
    if member.flags & ~_HARMLESS_FLAGS or start > len(archive):
        return None
    mark, named, extra = _LOCAL.unpack_from(archive, member.offset)
    if mark != b"PK\3\4" or archive[start : start + named] != member.name.encode():
        return None
    start += named + extra
    if start + member.packed > len(archive):
        return None
    content = archive[start : start + member.packed]
    if member.method == _DEFLATED:
        try:
            # One byte more than announced is enough to see that there is more.
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, member.size + 1)
        except zlib.error:
            return None
    elif member.method != _STORED:
        return None
    return content if len(content) == member.size and zlib.crc32(content) == member.crc else None
