"""Writes a zip archive with a password, which the standard library can read but not write.

Only the old cipher of the zip format, for samples; it protects nothing.
"""

from __future__ import annotations

import io
import zipfile
import zlib

TABLE = tuple(zlib.crc32(bytes([value]), 0xFFFFFFFF) ^ 0xFFFFFFFF for value in range(256))


def locked_zip(name: str, content: bytes, password: bytes) -> bytes:
    """One stored entry, encrypted as APPNOTE.TXT 6.1 describes; the random header is fixed, so are the bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo(name, (2024, 11, 18, 9, 0, 0))
        archive.writestr(entry, bytes(12) + content)
    checksum = zlib.crc32(content)
    plain = bytes(11) + bytes([checksum >> 24]) + content
    packed = stream.getvalue().replace(bytes(12) + content, _encrypt(plain, password), 1)
    right, wrong = checksum.to_bytes(4, "little"), zlib.crc32(bytes(12) + content).to_bytes(4, "little")
    sizes = len(plain).to_bytes(4, "little")
    packed = packed.replace(wrong + sizes + sizes, right + sizes + len(content).to_bytes(4, "little"))
    return _flagged(packed)


def _flagged(packed: bytes) -> bytes:
    """Set bit 0 of the general purpose flags, in the local header and in the central directory."""
    data = bytearray(packed)
    data[6] |= 1
    data[packed.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _encrypt(plain: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]
    for byte in password:
        _update(keys, byte)
    out = bytearray()
    for byte in plain:
        word = keys[2] | 2
        out.append(byte ^ (word * (word ^ 1) >> 8 & 0xFF))
        _update(keys, byte)
    return bytes(out)


def _update(keys: list[int], byte: int) -> None:
    keys[0] = _crc(keys[0], byte)
    keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    keys[2] = _crc(keys[2], keys[1] >> 24)


def _crc(value: int, byte: int) -> int:
    return value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
