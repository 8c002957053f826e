"""Tables within a cell of another table: which boxes lie in which cell, and which of them hang together.

Boxes are counted in rows and columns of lines; no line is looked at here, and no text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Spot = tuple[int, int]


class Box(NamedTuple):
    """A cell: its row, column and spans."""

    row: int
    column: int
    row_span: int
    column_span: int


def parted(boxes: Sequence[Box], hosts: Sequence[Box]) -> list[list[Box]]:
    """The boxes of the outer table, hosts among them; then those of each table that stands within a host.

    `hosts` are the cells that others lie in, which may lie in one another.
    """
    inmost: dict[Spot, int] = {}
    tables: defaultdict[int, list[Box]] = defaultdict(list)
    for number, host in enumerate(sorted(hosts, key=_area, reverse=True), start=1):
        tables[inmost.get(host[:2], 0)].append(host)
        inmost.update(dict.fromkeys(_spots(host), number))
    for box in boxes:
        tables[inmost.get(box[:2], 0)].append(box)
    return [tables.pop(0, []), *(part for inner in tables.values() for part in _touching(inner))]


def _touching(boxes: Sequence[Box]) -> Iterator[list[Box]]:
    """The boxes in groups that hang together side by side."""
    at = {spot: box for box in boxes for spot in _spots(box)}
    left = dict.fromkeys(boxes)
    while left:
        part, front = [], [left.popitem()[0]]
        while front:
            box = front.pop()
            part.append(box)
            for row, column in _spots(box):
                for near in ((row, column + 1), (row, column - 1), (row + 1, column), (row - 1, column)):
                    if (other := at.get(near)) in left:
                        del left[other]
                        front.append(other)
        yield part


def _spots(box: Box) -> list[Spot]:
    row, column, high, wide = box
    return [(y, x) for y in range(row, row + high) for x in range(column, column + wide)]


def _area(box: Box) -> int:
    return box.row_span * box.column_span
