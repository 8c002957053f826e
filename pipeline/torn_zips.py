"""A zip whose end was lost, as broken downloads and uploads leave it: its whole members, with a directory made anew.

Nothing is unpacked here; whether a member's bytes are right shows when it is read. What lay behind the tear is lost.
"""

from __future__ import annotations

import struct

from msgspec import Struct

from pipeline.budget import MOST_LISTED

# PKWARE APPNOTE 4.3.7, 4.3.9, 4.3.12 and 4.3.16.
_LOCAL, _ENTRY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_FIELDS = struct.Struct("<4x5H3L2H")
_ENTRY_FIELDS = struct.Struct("<4s6H3L5H2L")
_END_FIELDS = struct.Struct("<4s4H2LH")
_DESCRIPTOR, _DESCRIPTOR_FIELDS = b"PK\x07\x08", struct.Struct("<4x3L")
_SIZES_FOLLOW = 0x8


class Torn(Struct, frozen=True):
    """What is left, as an archive; `lost` says whether more than the directory is missing."""

    content: bytes
    lost: bool


class _Member(Struct, frozen=True):
    """A member's entry for the directory, and where in the archive it ends."""

    entry: bytes
    end: int


def torn(content: bytes) -> Torn | None:
    """What is left of an archive that does not end in its own directory; None for any other.

    The end record of an archive stored inside, as a document is one, is not its own.
    """
    if not content.startswith(_LOCAL):
        return None
    listed, shift = _directory(content)
    # Most archives begin where their directory says, and none that stands behind other bytes begins with them.
    if listed >= 0 and (shift <= 0 or not content.startswith(_LOCAL, shift)):
        return None
    entries, stop = _members(content)
    complete = content.startswith(_ENTRY, stop)
    if listed >= 0 and complete and stop <= shift:
        # Two archives, one behind the other.
        return None
    size = sum(map(len, entries))
    end = _END_FIELDS.pack(_END, 0, 0, len(entries), len(entries), size, stop, 0)
    return Torn(b"".join([content[:stop], *entries, end]), not complete)


def _directory(content: bytes) -> tuple[int, int]:
    """Where the last directory lies, -1 if there is none, and by how much its archive stands further back than it says."""
    end = content.rfind(_END)
    if not 0 <= end <= len(content) - _END_FIELDS.size:
        return -1, 0
    *_, size, offset, _ = _END_FIELDS.unpack_from(content, end)
    return max(end - size, 0), end - size - offset


def _members(content: bytes) -> tuple[list[bytes], int]:
    """The directory entries of all members that follow one another from the beginning, and where the last ends."""
    entries: list[bytes] = []
    stop = 0
    while len(entries) < MOST_LISTED and (member := _member(content, stop)) is not None:
        entries.append(member.entry)
        stop = member.end
    return entries, stop


def _member(content: bytes, start: int) -> _Member | None:
    """The member that begins here, None if none does or not all of it is there."""
    name = start + _LOCAL_FIELDS.size
    if not content.startswith(_LOCAL, start) or name > len(content):
        return None
    version, flags, method, time, day, crc, packed, size, named, extra = _LOCAL_FIELDS.unpack_from(content, start)
    data = name + named + extra
    end = data + packed
    if flags & _SIZES_FOLLOW:
        behind = _descriptor(content, data)
        if behind < 0:
            return None
        crc, packed, size = _DESCRIPTOR_FIELDS.unpack_from(content, behind)
        end = behind + _DESCRIPTOR_FIELDS.size
    if end > len(content):
        return None
    fixed = (0, version, flags, method, time, day, crc, packed, size, named, extra, 0, 0, 0, 0, start)
    return _Member(_ENTRY_FIELDS.pack(_ENTRY, *fixed) + content[name:data], end)


def _descriptor(content: bytes, data: int) -> int:
    """Where the sizes of a member stand that were written behind it, -1 if they are missing."""
    behind = content.find(_DESCRIPTOR, data)
    while 0 <= behind <= len(content) - _DESCRIPTOR_FIELDS.size:
        if _DESCRIPTOR_FIELDS.unpack_from(content, behind)[1] == behind - data:
            return behind
        behind = content.find(_DESCRIPTOR, behind + 1)
    return -1
