"""Passwords on Office files: whether a file has one, and its content when the password is known.

No password is ever guessed; only what the caller names is tried.
"""

from __future__ import annotations

import io
import struct
from typing import Any

# [MS-DOC] 2.5.2: bit 8 of the flags at offset 10 of the FIB says that the document is encrypted or obfuscated.
FIB_FLAGS = 10
FIB_ENCRYPTED = 0x0100
# [MS-XLS] 2.4.117: a FilePass record stands right after the BOF record and a few others.
FILE_PASS = 0x002F
RECORDS_SEARCHED = 20


def locked(content: bytes, kind: str) -> bool:
    """Whether an OLE2 file of this kind ("encrypted", "doc", "xls", "ppt") has a password."""
    if kind == "encrypted":
        return True
    if kind == "doc":
        start = stream_start(content, "WordDocument", FIB_FLAGS + 2)
        return len(start) >= FIB_FLAGS + 2 and bool(struct.unpack_from("<H", start, FIB_FLAGS)[0] & FIB_ENCRYPTED)
    if kind == "xls":
        return _has_file_pass(stream_start(content, "Workbook", 4096) or stream_start(content, "Book", 4096))
    return False


def _has_file_pass(start: bytes) -> bool:
    offset = 0
    for _ in range(RECORDS_SEARCHED):
        if offset + 4 > len(start):
            return False
        record, length = struct.unpack_from("<HH", start, offset)
        if record == FILE_PASS:
            return True
        offset += 4 + length
    return False


def stream_start(content: bytes, name: str, length: int) -> bytes:
    """The first bytes of a stream of an OLE2 file; empty where there is no such stream or the file is torn."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            if not container.exists(name):
                return b""
            start: bytes = container.openstream(name).read(length)
            return start
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return b""


def decrypt(content: bytes, password: str) -> bytes | None:
    """The plain file, or None when the password is another one or the way of locking is unknown."""
    import msoffcrypto

    plain = io.BytesIO()
    # The library raises its own exceptions, struct's, olefile's and cryptography's on odd files: all mean "not opened".
    try:
        container: Any = msoffcrypto.OfficeFile(io.BytesIO(content))
        container.load_key(password=password)
        container.decrypt(plain)
    except Exception:
        return None
    return plain.getvalue() or None
