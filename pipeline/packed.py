"""RAR, 7z, cab, lha, bzip2, xz and unusual zips, read by libarchive in a process of its own (see `unpacker`).

What comes out is bounded here, what the process may use there; a crash costs one archive. Where libarchive is missing
the archive is "unsupported". Nothing is written to disk.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO

from parsers.charset import decoded
from pipeline import rar, tars
from pipeline.budget import (
    BROKEN,
    BROKEN_ENTRY,
    EMPTY,
    LOCKED,
    MOST_LISTED,
    VOLUME,
    Broken,
    Budget,
    Scope,
    check_spread,
    gathered,
    inner_path,
    too_many,
    unpacked,
)
from pipeline.model import Attachment, Limits

PROGRAM = Path(__file__).with_name("unpacker.py")
# A frame carries 64 KB of data at most, and a name is shorter.
_MOST_FRAME = 1024 * 1024
_PASSED_ON = ("PATH", "SYSTEMROOT", "LIBARCHIVE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_LOCKED_WORDS = ("encrypt", "passphrase", "crypto codec")
_UNKNOWN = ("unsupported", "not supported", "unavailable", "unrecognized", "unknown", "cannot be decoded")
_MEMORY = ("allocate", "memory")


class Missing(Broken):
    """Neither libarchive nor bsdtar is there."""


def rar_files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a RAR archive of any version libarchive reads."""
    traits = rar.traits(attachment.content)
    if traits.locked:
        raise Broken("encrypted", LOCKED)
    if traits.volume:
        raise Broken("unsupported", VOLUME)
    yield from packed_files(attachment, budget, traits.format)


def packed_files(
    attachment: Attachment, budget: Budget, format_name: str, filter_name: str = "none"
) -> Iterator[Attachment]:
    """The files in an archive; format and filter are libarchive's names. Raises Missing before anything is read."""
    kind = format_name.strip("5").upper()
    if budget.seconds <= 0:
        raise Broken("unsafe", "解压这封邮件所需时间过长")
    with _process(attachment.content, (format_name, filter_name, str(budget.limits.max_file_bytes)), budget) as process:
        output: IO[bytes] = process.stdout  # type: ignore[assignment]
        first, content = _frame(output)
        if first == b"M":
            raise Missing("unsupported", f"{kind} 格式的压缩包，请改用 zip 格式压缩")
        if first == b"T":
            yield from tars.members(output, attachment, budget)
        else:
            if format_name == "raw":
                # What is merely compressed has no name of its own.
                content = _bare(attachment.path).encode()
            frames = _Frames(output, first, content)
            yield from _files(frames, attachment, budget, alone=format_name == "zip")
            if frames.kind != b".":
                raise _death(process)


def available() -> bool:
    """Whether RAR, 7z and their kind can be opened on this machine; starts a process to find out."""
    with _process(b"", ("7zip", "none", "1"), Budget(Limits(), seconds=20)) as process:
        return _frame(process.stdout or BytesIO())[0] not in (b"M", b"")


def _bare(path: str) -> str:
    """The name of a compressed file without the ending that says so."""
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return f"{stem}.tar" if ending.lower().startswith("t") else stem or name


def _death(process: subprocess.Popen[bytes]) -> Broken:
    """What it means that the process ended without saying so."""
    # SIGKILL and SIGXCPU come from our limit or its own; whatever else ends it, the archive made it crash.
    if process.wait() in (-9, -24):
        return Broken("unsafe", "解压时间过长，已停止")
    return Broken("unreadable", BROKEN)


@contextmanager
def _process(content: bytes, arguments: tuple[str, ...], budget: Budget) -> Iterator[subprocess.Popen[bytes]]:
    """The unpacking process, which is fed the content; it ends with the block, or when time is up."""
    # Settings and secrets stay here.
    environment = {"LC_ALL": "C.UTF-8", **{name: os.environ[name] for name in _PASSED_ON if name in os.environ}}
    with subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        assert process.stdin is not None
        started = time.monotonic()
        alarm = threading.Timer(budget.seconds, process.kill)
        feeder = threading.Thread(target=_feed, args=(process.stdin, content), daemon=True)
        alarm.start()
        feeder.start()
        try:
            yield process
        finally:
            alarm.cancel()
            process.kill()
            feeder.join()
            budget.seconds -= time.monotonic() - started


def _feed(stdin: IO[bytes], content: bytes) -> None:
    # The process may have ended without reading all.
    with suppress(OSError), stdin:
        stdin.write(content)


class _Frames:
    """The frames of the unpacking process, one of them looked at ahead."""

    def __init__(self, output: IO[bytes], kind: bytes, content: bytes) -> None:
        self._output, self.kind, self.content = output, kind, content
        self.stopped = ""

    def advance(self) -> None:
        self.kind, self.content = _frame(self._output)

    def data(self) -> Iterator[bytes]:
        """The data frames of the entry whose name is the current frame; the frame behind them is current then."""
        self.stopped = ""
        self.advance()
        while self.kind == b"D":
            yield self.content
            self.advance()
        if self.kind == b"E":
            self.stopped = self.content.decode("utf-8", "replace")
            self.advance()


def _frame(output: IO[bytes]) -> tuple[bytes, bytes]:
    """The next frame; of a process that died, one with an empty letter."""
    head = output.read(5)
    if len(head) < 5:
        return b"", b""
    size = struct.unpack(">xI", head)[0]
    content = output.read(size) if size <= _MOST_FRAME else b""
    return (head[:1], content) if len(content) == size else (b"", b"")


def _files(frames: _Frames, attachment: Attachment, budget: Budget, alone: bool) -> Iterator[Attachment]:
    """The files in the frames; `alone` tells that each entry may be locked by itself."""
    before, count, packed = budget.total, 0, len(attachment.content)
    while frames.kind in (b"N", b"R"):
        name = frames.content.decode("utf-8", "replace") if frames.kind == b"N" else decoded(frames.content)
        path = inner_path(name)
        file = _file(frames, f"{attachment.path}/{path}", budget, packed)
        count += 1
        if count > MOST_LISTED:
            raise too_many(budget.limits)
        if file.problem == "encrypted" and not alone:
            raise Broken("encrypted", LOCKED)
        fatal = frames.kind == b"X" and bool(frames.stopped)
        if path and not fatal:
            yield file
        check_spread(budget.total - before, packed, budget.limits)
    if frames.kind == b"X":
        # What stopped the last entry is why the archive cannot be read on.
        raise _broken(frames.stopped or frames.content.decode("utf-8", "replace"), Scope.ARCHIVE)
    if not count and frames.kind == b".":
        raise Broken("unreadable", EMPTY)


def _file(frames: _Frames, path: str, budget: Budget, packed: int) -> Attachment:
    """The current entry, read to its end whatever becomes of it."""
    data = frames.data()

    def content() -> bytes:
        gotten = gathered(data, budget, packed)
        if frames.stopped:
            raise _broken(frames.stopped, Scope.ENTRY)
        return gotten

    file = unpacked(path, content)
    for _ in data:
        pass
    return file


def _broken(words: str, scope: Scope) -> Broken:
    """What libarchive's words mean to the person who sent the file."""
    said = words.lower()
    if any(word in said for word in _LOCKED_WORDS):
        return Broken("encrypted", LOCKED, scope)
    if any(word in said for word in _MEMORY):
        return Broken("unsafe", "解压所需内存过大", scope)
    if any(word in said for word in _UNKNOWN):
        return Broken("unsupported", "压缩方法不常见，请改用 zip 格式压缩", scope)
    return Broken("unreadable", BROKEN if scope is Scope.ARCHIVE else BROKEN_ENTRY, scope)
