"""Reading tar and gzip: their files in bounded pieces, links, folders and devices left out.

Its own small reader of tar (POSIX.1 pax and ustar, GNU long names), because the standard library's takes a header of
any declared size into memory and passes over damage in silence. Nothing is written to disk.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Protocol

from parsers.charset import decoded
from pipeline.budget import (
    BROKEN,
    CHUNK,
    EMPTY,
    MOST_LISTED,
    Broken,
    Budget,
    check_spread,
    gathered,
    inner_path,
    too_many,
    unpacked,
)
from pipeline.model import Attachment

BLOCK = 512
# Names and attributes that stand in entries of their own take no more.
_MOST_HEADER = 1024 * 1024
_PAX = re.compile(rb"(\d{1,7}) ([^=\n]{1,100})=")
# What zlib and gzip raise for a damaged file.
_DAMAGE = (zlib.error, EOFError, OSError)


class Stream(Protocol):
    """Anything bytes can be read from, fewer than asked for only at the end."""

    def read(self, size: int, /) -> bytes: ...


def is_gzip(content: bytes) -> bool:
    return content.startswith(b"\x1f\x8b\x08")


def is_tar(content: bytes) -> bool:
    """Whether the bytes begin with the header of a tar entry, known by its checksum."""
    block = content[:BLOCK]
    return len(block) == BLOCK and block.count(0) < BLOCK and _is_true(block)


def tar_files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a tar."""
    return members(io.BytesIO(attachment.content), attachment, budget)


def gzip_files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The one file in a gzip, or the files of the tar in it."""
    packed = len(attachment.content)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(attachment.content)) as stream:
            head = stream.read(BLOCK)
        with gzip.GzipFile(fileobj=io.BytesIO(attachment.content)) as stream:
            if is_tar(head):
                yield from members(stream, attachment, budget)
            else:
                path = f"{attachment.path}/{_inner_name(attachment)}"
                yield Attachment(path, gathered(iter(lambda: stream.read(CHUNK), b""), budget, packed))
    except _DAMAGE:
        raise Broken("unreadable", BROKEN) from None


def members(stream: Stream, attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The regular files of a tar that comes as a stream; one that is too large says so in its place."""
    source = _Source(stream, 2 * budget.limits.max_total_bytes)
    before, empty, packed = budget.total, True, len(attachment.content)
    for number, name in enumerate(_entries(source)):
        if number >= MOST_LISTED:
            raise too_many(budget.limits)
        path = inner_path(decoded(name))
        if path:
            empty = False
            yield unpacked(f"{attachment.path}/{path}", partial(gathered, source.content(), budget, packed))
            check_spread(budget.total - before, packed, budget.limits)
    if empty:
        raise Broken("unreadable", EMPTY)


class _Source:
    """A tar's bytes in order, and how many are left of the entry being read and of all that may be read."""

    def __init__(self, stream: Stream, most: int) -> None:
        self._stream, self._most = stream, most
        self.left = self.padding = 0

    def take(self, size: int) -> bytes:
        """So many bytes, fewer only where the stream ends."""
        chunk = self._stream.read(size)
        self._most -= len(chunk)
        if self._most < 0:
            raise Broken("unsafe", "压缩包解压后过大")
        return chunk

    def open(self, size: int) -> None:
        self.left, self.padding = size, -size % BLOCK

    def content(self) -> Iterator[bytes]:
        """The current entry's bytes in pieces. Raises Broken where the stream ends too early."""
        while self.left:
            chunk = self.take(min(self.left, CHUNK))
            if not chunk:
                raise Broken("unreadable", BROKEN)
            self.left -= len(chunk)
            yield chunk
        self.take(self.padding)
        self.padding = 0

    def skip(self) -> None:
        for _ in self.content():
            pass


def _entries(source: _Source) -> Iterator[bytes]:
    """The name of each regular file; what of its content the caller leaves is skipped."""
    told: dict[bytes, bytes] = {}
    extensions = 0
    while header := source.take(BLOCK):
        if not any(header):
            return
        if len(header) < BLOCK or not _is_true(header):
            raise Broken("unreadable", BROKEN)
        kind, size = header[156:157], _number(header[124:136])
        if kind in (b"x", b"g", b"L", b"K", b"X"):
            extensions += 1
            if size > _MOST_HEADER or extensions > MOST_LISTED:
                raise Broken("unsafe", "压缩包的结构异常")
            source.open(size)
            content = b"".join(source.content())
            told |= _records(content) if kind == b"x" else ({b"path": content} if kind == b"L" else {})
            continue
        name = told.get(b"path") or _name(header)
        source.open(int(told.get(b"size", b"")) if told.get(b"size", b"").isdigit() else size)
        told = {}
        if kind in (b"0", b"\x00", b"7") and not name.endswith(b"/"):
            yield name.partition(b"\x00")[0]
        source.skip()


def _is_true(header: bytes) -> bool:
    """Whether the checksum holds, for which its own field counts as blanks; some programs summed signed bytes."""
    told = header[148:156].replace(b"\x00", b" ").split()
    if len(told) != 1 or told[0].strip(b"01234567"):
        return False
    counted = header[:148] + header[156:]
    plain = sum(counted) + 8 * 32
    return int(told[0], 8) in (plain, plain - 256 * sum(byte > 127 for byte in counted))


def _number(field: bytes) -> int:
    """A number in octal, or in binary where its first bit says so (GNU). Raises Broken for anything else."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.replace(b"\x00", b" ").strip()
    if digits.strip(b"01234567"):
        raise Broken("unreadable", BROKEN)
    return int(digits or b"0", 8)


def _name(header: bytes) -> bytes:
    name = header[:100].partition(b"\x00")[0]
    prefix = header[345:500].partition(b"\x00")[0] if header[257:263] == b"ustar\x00" else b""
    return prefix + b"/" + name if prefix else name


def _records(content: bytes) -> dict[bytes, bytes]:
    """The records of a pax header, each with its own length in front."""
    found: dict[bytes, bytes] = {}
    position = 0
    while match := _PAX.match(content, position):
        end = position + int(match[1])
        if end <= match.end():
            break
        found[match[2]] = content[match.end() : end - 1]
        position = end
    return found


def _inner_name(attachment: Attachment) -> str:
    """The name kept in a gzip's header (RFC 1952 2.3.1), else that of the gzip without its ending."""
    content, name = attachment.content, attachment.path.rpartition("/")[2]
    flags, start = (content[3], 10) if len(content) > 12 else (0, 10)
    if flags & 4:
        start += 2 + int.from_bytes(content[10:12], "little")
    if flags & 8 and (end := content.find(b"\x00", start, start + 1000)) > 0:
        kept = inner_path(decoded(content[start:end])).rpartition("/")[2]
        if kept:
            return kept
    return name[:-3] if name.lower().endswith(".gz") and len(name) > 3 else f"{name}.bin"
