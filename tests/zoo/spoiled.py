"""Sound documents, cut off or with changed bytes."""

from __future__ import annotations

import random
import struct

from zoo.cages import TEMPLATES, ods
from zoo.compound import _old_workbook
from zoo.open_tables import FILLED


def whole(name: str) -> bytes:
    """A sound document to spoil."""
    if name.endswith(".ods"):
        return ods(f"<table:table-row>{FILLED * 10}</table:table-row>" * 10)
    if name.endswith(".xls"):
        return _old_workbook((0x203, struct.pack("<3Hd", 0, 0, 0, 1.0)))
    return (TEMPLATES / name).read_bytes()


def cut(name: str, pieces: int) -> list[bytes]:
    """A sound document, cut at so many places."""
    content = whole(name)
    return [content[: len(content) * number // pieces] for number in range(pieces)]


def spoiled(name: str, count: int) -> list[bytes]:
    """A sound document with a few of its bytes changed, in so many ways."""
    content, chance = whole(name), random.Random(name)
    results = []
    for _ in range(count):
        copy = bytearray(content)
        for _ in range(chance.choice((1, 3, 20))):
            copy[chance.randrange(len(copy))] = chance.randrange(256)
        results.append(bytes(copy))
    return results
