"""Compound files ([MS-CFB]) that are damaged or lie, old workbooks above all."""

from __future__ import annotations

import struct
from collections.abc import Callable

from zoo.cages import ZOO, noise
from zoo.packages import MAGIC


def ole2(streams: dict[str, bytes], twist: Callable[[bytearray], None] | None = None) -> bytes:
    """A compound file ([MS-CFB]) with these streams of at least 4096 bytes; `twist` may spoil it."""
    sector = 512
    data = b""
    starts = {}
    for name, content in streams.items():
        starts[name] = len(data) // sector
        data += content + bytes(-len(content) % sector)
    used = len(data) // sector
    chain: list[int] = []
    for name, content in streams.items():
        count = -(-len(content) // sector)
        chain += [*range(starts[name] + 1, starts[name] + count), 0xFFFFFFFE]
    names = ["Root Entry", *streams]
    directory = b""
    for number, name in enumerate(names):
        text = name.encode("utf-16-le") + b"\0\0"
        right = number + 1 if 0 < number < len(names) - 1 else 0xFFFFFFFF
        child = 1 if number == 0 else 0xFFFFFFFF
        start, size = (starts[name], len(streams[name])) if number else (0xFFFFFFFE, 0)
        directory += text.ljust(64, b"\0") + struct.pack(
            "<HBB3L", len(text), 2 if number else 5, 1, 0xFFFFFFFF, right, child
        )
        directory += bytes(36) + struct.pack("<LQ", start, size)
    directory += bytes(-len(directory) % sector)
    directories = len(directory) // sector
    chain += [*range(used + 1, used + directories), 0xFFFFFFFE]
    fats = 1
    while (len(chain) + fats) * 4 > fats * sector:
        fats += 1
    chain += [0xFFFFFFFD] * fats
    fat = struct.pack(f"<{len(chain)}L", *chain)
    fat += b"\xff" * (-len(fat) % sector)
    places = [used + directories + number for number in range(fats)]
    header = MAGIC["ole"] + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9L", 0, fats, used, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109L", *places[:109], *[0xFFFFFFFF] * (109 - len(places[:109])))
    content = bytearray(header + data + directory + fat)
    if twist is not None:
        twist(content)
    return bytes(content)


def biff(*records: tuple[int, bytes]) -> bytes:
    """Records of an old workbook ([MS-XLS] 2.1.4), filled up to the size of a stream of its own."""
    content = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)
    return content.ljust(8192, b"\0")


BOF = (0x809, struct.pack("<4H2L", 0x600, 5, 0, 0, 0, 0))
SHEET_BOF = (0x809, struct.pack("<4H2L", 0x600, 0x10, 0, 0, 0, 0))


def _old_workbook(*cells: tuple[int, bytes]) -> bytes:
    bound = (0x85, struct.pack("<LBBBB", 4 + 16 + 4 + 9 + 4, 0, 0, 1, 0) + b"S")
    return ole2({"Workbook": biff(BOF, bound, (0x0A, b""), SHEET_BOF, *cells, (0x0A, b""))})


ZOO["an old workbook of noise"] = ("附件3.xls", lambda: ole2({"Workbook": noise(60_000, 3)}))
ZOO["an old workbook with a value in its last cell"] = (
    "附件3.xls",
    lambda: _old_workbook(
        *((0x203, struct.pack("<3Hd", row, column, 0, 1.0)) for row, column in ((0, 0), (65535, 255), (65535, 65535)))
    ),
)
ZOO["an old workbook that claims every row"] = (
    "附件3.xls", lambda: _old_workbook((0x200, struct.pack("<2L3H", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))),
)  # fmt: skip
ZOO["an old workbook whose records lie about their length"] = (
    "附件3.xls", lambda: ole2({"Workbook": biff(BOF) [:20] + struct.pack("<HH", 0xFC, 0xFFFF) * 3000}),
)  # fmt: skip
ZOO["an old workbook that merges everything"] = (
    "附件3.xls",
    lambda: _old_workbook(
        (0x203, struct.pack("<3Hd", 0, 0, 0, 1.0)),
        (0xE5, struct.pack("<H", 1000) + struct.pack("<4H", 0, 65535, 0, 255) * 1000),
    ),
)


def _loop(content: bytearray) -> None:
    """Let every chain of sectors run in a circle."""
    fat = len(content) - 512 * -(-(len(content) // 512) // 128)
    for offset in range(fat, len(content) - 3, 4):
        struct.pack_into("<L", content, offset, 0)


ZOO["a compound file whose sectors run in a circle"] = ("附件3.xls", lambda: ole2({"Workbook": biff(BOF)}, _loop))
ZOO["a compound file with absurd sector sizes"] = (
    "附件3.xls", lambda: ole2({"Workbook": biff(BOF)}, lambda content: struct.pack_into("<HH", content, 30, 31, 31)),
)  # fmt: skip
ZOO["a compound file with a table of sectors that is not there"] = (
    "附件4.doc", lambda: ole2({"WordDocument": noise(9000, 8)}, lambda content: struct.pack_into("<L", content, 44, 0xFFFFFF)),
)  # fmt: skip
ZOO["a locked file of noise"] = (
    "附件4.docx", lambda: ole2({"EncryptedPackage": noise(9000, 9), "EncryptionInfo": noise(9000, 10)}),
)  # fmt: skip
