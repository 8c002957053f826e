"""Archives and mail containers written by hand or by libarchive, as the tests of unpacking need them."""

from __future__ import annotations

import struct
import zlib

MAIL_CLASS = bytes.fromhex("0703020000000000c000000000000046")


def libarchive_can(
    format_name: str, files: dict[str, bytes], options: str = "", filter_name: str | None = None
) -> bytes:
    """What libarchive writes; "7zip", "zip", "raw" with a filter."""
    import libarchive

    written: list[bytes] = []

    def write(chunk: bytes) -> int:
        written.append(bytes(chunk))
        return len(chunk)

    with libarchive.custom_writer(write, format_name, filter_name, options=options) as archive:
        for name, content in files.items():
            archive.add_file_from_memory(name, len(content), content)
    return b"".join(written)


def locked_7z(header_too: bool = False) -> bytes:
    """A 7z with one entry whose coder is AES, or one whose header is packed with it."""
    packed = b"x" * 16
    coder = b"\x24\x06\xf1\x07\x01\x02\x53\x07"
    streams = b"\x06\x00\x01\x09\x10\x00" + b"\x07\x0b\x01\x00\x01" + coder + b"\x0c\x10\x00"
    name = "附件4.docx".encode("utf-16-le") + b"\0\0"
    files = b"\x05\x01\x11" + bytes([len(name) + 1]) + b"\x00" + name + b"\x15\x06\x01\x00\x20\x80\xb4\x81\x00"
    checksum = b"\x08\x0a\x01" + struct.pack("<I", zlib.crc32(packed)) + b"\x00"
    header = b"\x17" + streams + b"\x00" if header_too else b"\x01\x04" + streams + checksum + b"\x00" + files + b"\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def _block(kind: int, flags: int, rest: bytes) -> bytes:
    body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def rar4(files: dict[bytes, bytes], flags: int = 0, main_flags: int = 0, links: tuple[bytes, ...] = ()) -> bytes:
    """A RAR 4 archive with its files stored, names as bytes; `links` are symbolic ones as a program on Unix makes them."""
    content = b"Rar!\x1a\x07\x00" + _block(0x73, main_flags, bytes(6))
    for name, data in files.items():
        host, mode = (3, 0o120777) if name in links else (2, 0x20)
        fixed = struct.pack("<IIBIIBBHI", len(data), len(data), host, zlib.crc32(data), 0, 29, 0x30, len(name), mode)
        content += _block(0x74, 0x8000 | flags, fixed + name) + data
    return content + _block(0x7B, 0x4000, b"")


def number(value: int) -> bytes:
    """A number of variable length as RAR 5 writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _header(body: bytes) -> bytes:
    sized = number(len(body)) + body
    return struct.pack("<I", zlib.crc32(sized)) + sized


def rar5(files: dict[str, bytes], flags: int = 0, extra: bytes = b"", end_flags: int = 0, first: bytes = b"") -> bytes:
    """A RAR 5 archive with its files stored; `flags` and `extra` go into every file header, `first` before them."""
    content = b"Rar!\x1a\x07\x01\x00" + first + _header(number(1) + number(0) + number(0))
    for name, data in files.items():
        raw = name.encode()
        about = number(4) + number(len(data)) + number(0o100644) + struct.pack("<I", zlib.crc32(data))
        about += number(0) + number(1) + number(len(raw)) + raw
        has = (1 if extra else 0) | 2 | flags
        sizes = (number(len(extra)) if extra else b"") + number(len(data))
        content += _header(number(2) + number(has) + sizes + about + extra) + data
    return content + _header(number(5) + number(0) + number(end_flags))


def rar5_locked_header() -> bytes:
    return _header(number(4) + number(0) + number(0) + number(0) + b"\x0f" + bytes(16))


RAR5_ENCRYPTION = number(5) + number(1) + b"\x00\x00\x00\x0f"


def tnef(*files: tuple[str, bytes], code_page: int = 936, long_names: bool = True) -> bytes:
    """A winmail.dat whose names are bytes of a code page: a short title, and the long name among the properties."""
    charset = {936: "gbk", 65001: "utf-8"}[code_page]
    content = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x9007, struct.pack("<II", code_page, 0))
    for name, data in files:
        content += attribute(2, 0x9002, bytes(14))
        content += attribute(2, 0x8010, (name[:3] if long_names else name).encode(charset) + b"\0")
        content += attribute(2, 0x800F, data)
        if long_names:
            content += attribute(2, 0x9005, properties((0x3707001E, name.encode(charset) + b"\0")))
    return content


def attribute(level: int, key: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, key, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*pairs: tuple[int, bytes]) -> bytes:
    content = struct.pack("<I", len(pairs))
    for tag, value in pairs:
        content += struct.pack("<III", tag, 1, len(value)) + value + bytes(-len(value) % 4)
    return content


Storage = dict[str, "bytes | Storage"]


def compound(root: Storage) -> bytes:
    """A compound file ([MS-CFB]) with storages; every stream is filled with zeros to 4096 bytes at least."""
    entries: list[list[object]] = [["Root Entry", 5, b"", -1, -1]]
    sectors: list[bytes] = []
    chain: list[int] = []

    def add(storage: Storage) -> int:
        """Enter a storage's children, each the right sibling of the one before; the index of the first."""
        first = last = -1
        for name in sorted(storage):
            held = storage[name]
            index = len(entries)
            stream = held if isinstance(held, bytes) else b""
            entries.append([name, 2 if isinstance(held, bytes) else 1, stream, -1, -1])
            if last >= 0:
                entries[last][3] = index
            first, last = (index if first < 0 else first), index
            if not isinstance(held, bytes):
                entries[index][4] = add(held)
        return first

    def store(stream: bytes) -> int:
        start = len(chain)
        stream += bytes(-len(stream) % 512)
        sectors.extend(stream[at : at + 512] for at in range(0, len(stream), 512))
        chain.extend(range(start + 1, len(sectors)))
        chain.append(0xFFFFFFFE)
        return start

    entries[0][4] = add(root)
    directory = b""
    for name, kind, stream, right, child in entries:
        assert isinstance(stream, bytes)
        filled = stream.ljust(4096, b"\0") if kind == 2 else b""
        start = store(filled) if filled else 0xFFFFFFFE
        told = str(name).encode("utf-16-le") + b"\0\0"
        directory += told.ljust(64, b"\0") + struct.pack("<HBBiii", len(told), kind, 1, -1, right, child)
        directory += bytes(36) + struct.pack("<IQ", start, len(filled))
    first = store(directory)
    table = len(sectors)
    count = -(-(len(chain) + 1) // 127)
    chain += [0xFFFFFFFD] * count
    chain += [0xFFFFFFFF] * (count * 128 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, count, first, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *range(table, table + count), *[0xFFFFFFFF] * (109 - count))
    return header + b"".join(sectors) + struct.pack(f"<{len(chain)}I", *chain)


def outlook_attachment(name: str, content: bytes | Storage, wide: bool = True) -> Storage:
    """The storage of one attachment of a .msg; `content` may be the storage of a mail."""
    told = name.encode("utf-16-le") if wide else name.encode("gbk")
    held: Storage = {f"__substg1.0_3707{'001F' if wide else '001E'}": told, "__properties_version1.0": bytes(8)}
    held[f"__substg1.0_3701{'0102' if isinstance(content, bytes) else '000D'}"] = content
    return held


def outlook_mail(*attachments: Storage) -> Storage:
    """The root storage of a .msg."""
    mail: Storage = {f"__attach_version1.0_#{number_:08X}": held for number_, held in enumerate(attachments)}
    return mail | {"__properties_version1.0": bytes(32), "__substg1.0_0037001F": "报送".encode("utf-16-le")}
