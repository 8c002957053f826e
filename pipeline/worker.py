"""The process that reads documents for another one: it answers over a socket, within limits that the kernel enforces.

reader.py starts it and nothing else should. It judges nothing, knows no setting or secret and imports a parser only once
it is told which; what it may not do ends it, and its reader finds out.
"""

from __future__ import annotations

import errno
import importlib
import os
import pickle
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

# The words a reply begins with: the worker is up, the transcripts, a limit was met, a fault of ours.
READY, DONE, BREACH, FAULT = "ready", "done", "breach", "fault"
# The errands there are: one document read, several got ready to be read one by one, a whole mail read from its file, one
# document given back with marks.
READ, PREPARE, MAIL, MARK = "read", "prepare", "mail", "mark"
MEMORY, DISK = "memory", "disk"
MEGABYTE = 1 << 20
HEADER = struct.Struct("!Q")
JOINED_BELOW = 1 << 16
Files = Sequence[tuple[bytes, str]]
Errand = Callable[..., Any]
# The reader stops a slow worker itself; this much later the kernel does, should the reader be gone or stopped.
GRACE = 5.0
# A worker that holds on to this much more memory than at its start is replaced after its answer.
KEPT = 150 * MEGABYTE


class ReadingLimits(Struct, frozen=True):
    """What one document may cost. Times in seconds, sizes in bytes; memory counts beyond what the worker starts with.

    `memory` is private data (RLIMIT_DATA), `address_space` everything mapped (RLIMIT_AS), `file_size` the largest
    temporary file, `reply` the largest answer. A program that a parser starts has each limit for itself.
    """

    seconds: float = 60.0
    cpu_seconds: int = 120
    memory: int = 768 * MEGABYTE
    address_space: int = 2048 * MEGABYTE
    file_size: int = 256 * MEGABYTE
    reply: int = 32 * MEGABYTE


class Oversized(Exception):
    """A message announces more bytes than are taken."""


def send(channel: socket.socket, payload: bytes) -> None:
    """Send one message: its length in eight bytes, then the bytes."""
    header = HEADER.pack(len(payload))
    if len(payload) < JOINED_BELOW:
        channel.sendall(header + payload)
    else:
        channel.sendall(header)
        channel.sendall(payload)


def receive(channel: socket.socket, largest: int = sys.maxsize, deadline: float | None = None) -> bytes:
    """Receive one message; `deadline` is an instant of time.monotonic.

    Raises EOFError when the other side is gone, TimeoutError at the deadline, Oversized.
    """
    (length,) = HEADER.unpack(_exactly(channel, HEADER.size, deadline))
    if length > largest:
        raise Oversized(length)
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    buffer = bytearray(length)
    view, got = memoryview(buffer), 0
    while got < length:
        if deadline is not None:
            channel.settimeout(max(deadline - time.monotonic(), 0.000_001))
        count = channel.recv_into(view[got:])
        if not count:
            raise EOFError
        got += count
    return bytes(buffer)


def main() -> None:
    """Take the order from the socket that is standard input, then read documents until the socket is closed."""
    channel = _own_channel()
    order = pickle.loads(receive(channel))
    _die_with_reader(order["lifeline"])
    try:
        sys.path[:] = order["path"]
        errands = _errands(order["read"])
        limits = ReadingLimits(**order["limits"])
        _confine(limits)
    except Exception as fault:
        send(channel, pickle.dumps((FAULT, _told(fault), True)))
        return
    send(channel, pickle.dumps((READY, None, False)))
    _serve(channel, errands, limits)


def _errands(target: str) -> dict[str, Errand]:
    """What each errand calls, with its files and then its words. A module that reads may have a `prepare` for many files."""
    name, _, function = target.partition(":")
    module = importlib.import_module(name)
    read = getattr(module, function)
    prepare = getattr(module, "prepare", lambda _: None)

    def read_all(files: Files) -> list[Any]:
        prepare(files)
        return [read(*file) for file in files]

    def mail(_: Files, *words: Any) -> Any:
        return importlib.import_module("pipeline.reading").read_file(*words, read_all)

    def mark(files: Files, *words: Any) -> Any:
        return importlib.import_module("pipeline.marking").marked_copy(*files[0], *words)

    return {READ: lambda files: read(*files[0]), PREPARE: prepare, MAIL: mail, MARK: mark}


def _own_channel() -> socket.socket:
    """The socket, moved away from standard input, where a library might read."""
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel


def _die_with_reader(lifeline: int) -> None:
    """Let the kernel kill this process and all it has started once the reader, in whatever way, has ended.

    The reader holds the other end of this pipe and never writes to it. A signal to the whole group needs neither a
    thread, which would wait while a regular expression runs, nor a particular parent to die (fcntl(2), O_ASYNC).
    """
    import fcntl

    if sys.platform == "linux":
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _confine(limits: ReadingLimits) -> None:
    """Set the limits that hold for the whole life of this process, none above what it was given by its parent."""
    import resource

    # An ignored signal stays ignored in a new program; these must end this one.
    for number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGIO):
        signal.signal(number, signal.SIG_DFL)
    mapped, _, data = _memory()
    for kind, size in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_DATA, data + limits.memory),
        (resource.RLIMIT_AS, mapped + limits.address_space),
    ):
        _, hard = resource.getrlimit(kind)
        size = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(kind, (size, size))


def _memory() -> tuple[int, int, int]:
    """Bytes mapped, resident and of private data (proc(5), statm); zeros where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            pages = [int(number) for number in statm.read().split()]
    except OSError:
        return 0, 0, 0
    size = os.sysconf("SC_PAGESIZE")
    return pages[0] * size, pages[1] * size, pages[5] * size


def _serve(channel: socket.socket, errands: Mapping[str, Errand], limits: ReadingLimits) -> None:
    """Do errands one after the other; a third value in a reply says that it is this worker's last."""
    at_start = _memory()[1]
    while True:
        try:
            errand, names, words = pickle.loads(receive(channel))
            files = [(receive(channel), name) for name in names]
        except EOFError:
            return
        _start_clocks(limits)
        kind, payload = _answer(errands[errand], files, words)
        del files
        last = kind == BREACH or _memory()[1] > at_start + KEPT
        reply = pickle.dumps((kind, payload, last), pickle.HIGHEST_PROTOCOL)
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(channel, reply)
        if last:
            return


def _start_clocks(limits: ReadingLimits) -> None:
    """Processor time counts over a process's life, so each errand gets its own share on top of what was used."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + 1 + limits.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + GRACE)


def _answer(errand: Errand, files: Files, words: Sequence[Any]) -> tuple[str, Any]:
    # A panic of a Rust library and the SystemExit of a careless one are no Exception; all must be told.
    try:
        return DONE, errand(files, *words)
    except MemoryError:
        return BREACH, MEMORY
    except BaseException as fault:
        if isinstance(fault, OSError) and fault.errno == errno.EFBIG:
            return BREACH, DISK
        return FAULT, _told(fault)


def _told(fault: BaseException) -> tuple[str, str]:
    """What went wrong in one line, and where; text only, because not every exception can travel."""
    return f"{type(fault).__name__}: {fault}", "".join(traceback.format_exception(fault))


if __name__ == "__main__":
    main()
