"""A program of its own: reads an archive from standard input through libarchive and writes what is in it as frames.

`python -I unpacker.py FORMAT FILTER MAX_FILE_BYTES`; started by `packed`, within limits it sets for itself, because
libarchive is C code that damaged archives have crashed before. It opens no file, follows no link and believes nothing.
Each frame is one letter, four bytes of length and as many bytes: N name in UTF-8, R name in bytes nobody could decode,
D data, E what ended this entry, X what ended the archive, `.` the end, M no libarchive here, T a tar of it all follows.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from typing import Any

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 60
# Where the library lies under names of its own; asking the system for it would start a compiler.
LIBRARIES = ("libarchive.so.13", "libarchive.so", "libarchive.13.dylib", "libarchive.2.dylib", "libarchive.dylib")


def restrict() -> None:
    """Set the limits of this process, where the system knows them."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def frame(kind: bytes, content: bytes = b"") -> None:
    sys.stdout.buffer.write(kind + struct.pack(">I", len(content)) + content)


def library() -> Any:
    """The libarchive package, None where it or the shared library is missing."""
    import ctypes

    for name in LIBRARIES:
        with contextlib.suppress(OSError):
            ctypes.CDLL(name)
            os.environ.setdefault("LIBARCHIVE", name)
            break
    try:
        import libarchive
    except Exception:
        # Without the shared library its import fails in whichever way ctypes happens to.
        return None
    return libarchive


def unpack(libarchive: Any, content: bytes, format_name: str, filter_name: str, most: int) -> None:
    """Write every regular file in the archive."""
    with libarchive.memory_reader(content, format_name=format_name, filter_name=filter_name) as archive:
        for entry in archive:
            if entry.isreg and not entry.islnk:
                name(libarchive, entry)
                data(libarchive, entry, most)


def name(libarchive: Any, entry: Any) -> None:
    try:
        told = entry.pathname
    except ValueError:
        # A character beyond Unicode.
        told = libarchive.ffi.entry_pathname(entry._entry_p)
    if isinstance(told, bytes):
        frame(b"R", told)
    else:
        frame(b"N", (told or "").encode("utf-8", "replace"))


def data(libarchive: Any, entry: Any, most: int) -> None:
    """Write an entry's content; its own loop, because the package takes a warning for a length."""
    from ctypes import create_string_buffer

    buffer = create_string_buffer(64 * 1024)
    size, refers = 0, entry.size is None
    try:
        while read := libarchive.ffi.read_data(entry._archive_p, buffer, len(buffer)):
            if read < 0:
                raise libarchive.ArchiveError("damaged")
            size += read
            frame(b"D", buffer.raw[:read])
            if size > most:
                frame(b"E", b"too large")
                return
        if refers and not size:
            # RAR 5 keeps equal files once; of the others libarchive tells neither size nor content.
            frame(b"E", b"unsupported reference to another entry")
    except libarchive.ArchiveError as stopped:
        frame(b"E", str(stopped.msg).encode("utf-8", "replace"))


def main(format_name: str, filter_name: str, most: str) -> None:
    restrict()
    libarchive = library()
    if libarchive is None:
        substitute()
        return
    content = sys.stdin.buffer.read()
    try:
        unpack(libarchive, content, format_name, filter_name, int(most))
        frame(b".")
    except libarchive.ArchiveError as stopped:
        frame(b"X", str(stopped.msg).encode("utf-8", "replace"))
    except (MemoryError, ValueError) as stopped:
        frame(b"X", f"{type(stopped).__name__} {stopped}".encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def substitute() -> None:
    """Become bsdtar, which is `tar` on macOS and Windows, turning the archive into a tar; say so if there is none."""
    import shutil

    for program in ("bsdtar", "tar"):
        path = shutil.which(program)
        if path and b"bsdtar" in _says(path):
            frame(b"T")
            sys.stdout.buffer.flush()
            os.execv(path, [path, "-cf", "-", "--format", "pax", "@-"])
    frame(b"M")
    sys.stdout.buffer.flush()


def _says(path: str) -> bytes:
    import subprocess

    return subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout


if __name__ == "__main__":
    main(*sys.argv[1:4])
