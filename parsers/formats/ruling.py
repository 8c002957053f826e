"""Ruled lines on a page → tables: where the lines cross, which boxes they close, and which boxes are one merged cell.

Coordinates run to the right and downwards in any unit. A table within a cell is a table of its own, and the cell is
whole. Tables without rules are not guessed at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from parsers.formats import unsafe
from parsers.formats.enclosed import Box, parted

MOST_LINES = 4000
MOST_BOXES = 40_000
# What is left of a cell beside a table within it holds a letter of so many times the slack; the two lines of a double
# one stand nearer.
ROOM = 3.0


class Line(NamedTuple):
    """A horizontal line (`at` is its y) or a vertical one (`at` is its x), from `start` to `end`."""

    at: float
    start: float
    end: float


class Lattice(Struct, frozen=True, dict=True):
    """A table's columns between `xs` and rows between `ys`, and its cells in reading order."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    boxes: tuple[Box, ...]

    @cached_property
    def _box_at(self) -> dict[tuple[int, int], int]:
        return {
            (row, column): index
            for index, box in enumerate(self.boxes)
            for row in range(box.row, box.row + box.row_span)
            for column in range(box.column, box.column + box.column_span)
        }

    def at(self, x: float, y: float) -> int | None:
        """The index of the cell that this point lies in."""
        return self._box_at.get((bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1))

    def bounds(self, index: int) -> tuple[float, float, float, float]:
        """A cell's left, top, right and bottom."""
        box = self.boxes[index]
        right, bottom = self.xs[box.column + box.column_span], self.ys[box.row + box.row_span]
        return self.xs[box.column], self.ys[box.row], right, bottom


def lattices(horizontals: Sequence[Line], verticals: Sequence[Line], slack: float) -> list[Lattice]:
    """The tables from top to bottom, one within a cell of another behind it.

    Lines nearer than `slack` are one; ends may miss by as much.

    Raises Unreadable (unsafe) for more lines than a form can have.
    """
    rows, columns = _joined(horizontals, slack), _joined(verticals, slack)
    if len(rows) + len(columns) > MOST_LINES:
        raise unsafe("页面上的线条过多，超出安全限制")
    found = [table for part in _connected(rows, columns, slack) for table in _lattices(*part, slack)]
    return sorted(found, key=lambda table: (table.ys[0], table.xs[0], -table.ys[-1], -table.xs[-1]))


def _joined(lines: Sequence[Line], slack: float) -> list[Line]:
    """Lines on one another or end to end joined, their places brought to one value."""
    places = _distinct([line.at for line in lines], slack)
    by_place: dict[float, list[Line]] = {}
    for line in lines:
        by_place.setdefault(places[line.at], []).append(line)
    joined = []
    for place, group in by_place.items():
        group.sort(key=lambda line: line.start)
        start, end = group[0].start, group[0].end
        for line in group[1:]:
            if line.start > end + slack:
                joined.append(Line(place, start, end))
                start, end = line.start, line.end
            end = max(end, line.end)
        joined.append(Line(place, start, end))
    return joined


def _distinct(values: Sequence[float], slack: float) -> dict[float, float]:
    """Each value with the first of those that follow one another more closely than the slack."""
    places: dict[float, float] = {}
    first = last = float("-inf")
    for value in sorted(set(values)):
        # A chain of near lines is still one line only as far as it stays near its beginning.
        if value - last > slack or value - first > 2 * slack:
            first = value
        places[value] = first
        last = value
    return places


def _connected(rows: Sequence[Line], columns: Sequence[Line], slack: float) -> list[tuple[list[Line], list[Line]]]:
    """The lines in groups that hang together by crossing or touching."""
    parents = list(range(len(rows) + len(columns)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for i, row in enumerate(rows):
        for j, column in enumerate(columns, len(rows)):
            across = row.start - slack <= column.at <= row.end + slack
            if across and column.start - slack <= row.at <= column.end + slack:
                parents[root(i)] = root(j)
    groups: dict[int, tuple[list[Line], list[Line]]] = {}
    for index, line in enumerate([*rows, *columns]):
        groups.setdefault(root(index), ([], []))[index >= len(rows)].append(line)
    return list(groups.values())


def _lattices(rows: Sequence[Line], columns: Sequence[Line], slack: float) -> list[Lattice]:
    """The table of lines that hang together, and the tables within its cells."""
    ys, xs = sorted({line.at for line in rows}), sorted({line.at for line in columns})
    if len(ys) < 2 or len(xs) < 2:
        return []
    height, width = len(ys) - 1, len(xs) - 1
    if height * width > MOST_BOXES:
        raise unsafe("页面上的线条过多，超出安全限制")
    # walls[y][c] says whether the line at ys[y] runs above column c; likewise for the columns.
    above, beside = _walls(rows, ys, xs, slack), _walls(columns, xs, ys, slack)
    regions = _regions(height, width, above, beside)
    boxes = [box for region in regions if (box := _box(region, height, width, above, beside)) is not None]
    hosts = [box for region in regions if (box := _host(region, ys, xs, above, beside, ROOM * slack)) is not None]
    if not hosts:
        boxes.sort()
        return [Lattice(tuple(xs), tuple(ys), tuple(boxes))] if len(boxes) > 1 else []
    return [_on_own_lines(xs, ys, part) for part in parted(boxes, hosts) if len(part) > 1]


def _on_own_lines(xs: Sequence[float], ys: Sequence[float], boxes: Sequence[Box]) -> Lattice:
    """A table of these boxes, counted by the lines alone that part them."""
    columns = sorted({edge for box in boxes for edge in (box.column, box.column + box.column_span)})
    rows = sorted({edge for box in boxes for edge in (box.row, box.row + box.row_span)})
    column, row = ({edge: number for number, edge in enumerate(edges)} for edges in (columns, rows))
    own = [
        Box(row[top], column[left], row[top + high] - row[top], column[left + wide] - column[left])
        for top, left, high, wide in sorted(boxes)
    ]
    return Lattice(tuple(xs[edge] for edge in columns), tuple(ys[edge] for edge in rows), tuple(own))


def _walls(lines: Sequence[Line], places: Sequence[float], across: Sequence[float], slack: float) -> list[list[bool]]:
    index = {place: number for number, place in enumerate(places)}
    walls = [[False] * (len(across) - 1) for _ in places]
    for line in lines:
        row = walls[index[line.at]]
        for number, (start, end) in enumerate(pairwise(across)):
            # A line closes a box's side when it runs along most of it.
            covered = min(line.end, end) - max(line.start, start)
            row[number] = row[number] or covered >= max((end - start) - 2 * slack, 0.6 * (end - start))
    return walls


def _regions(
    height: int, width: int, above: Sequence[Sequence[bool]], beside: Sequence[Sequence[bool]]
) -> list[list[tuple[int, int]]]:
    """The elementary boxes in groups with no wall between them."""
    seen: set[tuple[int, int]] = set()
    regions = []
    for start in ((row, column) for row in range(height) for column in range(width)):
        if start in seen:
            continue
        seen.add(start)
        region, front = [], [start]
        while front:
            row, column = front.pop()
            region.append((row, column))
            steps = (
                ((row, column + 1), column + 1 < width and not beside[column + 1][row]),
                ((row, column - 1), column > 0 and not beside[column][row]),
                ((row + 1, column), row + 1 < height and not above[row + 1][column]),
                ((row - 1, column), row > 0 and not above[row][column]),
            )
            fresh = [step for step, is_open in steps if is_open and step not in seen]
            seen.update(fresh)
            front += fresh
        regions.append(region)
    return regions


def _extent(region: Sequence[tuple[int, int]]) -> Box:
    """The smallest box around a region."""
    top, left = min(row for row, _ in region), min(column for _, column in region)
    bottom, right = max(row for row, _ in region) + 1, max(column for _, column in region) + 1
    return Box(top, left, bottom - top, right - left)


def _closed(box: Box, above: Sequence[Sequence[bool]], beside: Sequence[Sequence[bool]]) -> tuple[bool, ...]:
    """Whether walls run along the whole of a box's upper, lower, left and right side."""
    top, left, bottom, right = box.row, box.column, box.row + box.row_span, box.column + box.column_span
    return (
        all(above[top][left:right]),
        all(above[bottom][left:right]),
        all(beside[left][top:bottom]),
        all(beside[right][top:bottom]),
    )


def _box(
    region: Sequence[tuple[int, int]],
    height: int,
    width: int,
    above: Sequence[Sequence[bool]],
    beside: Sequence[Sequence[bool]],
) -> Box | None:
    """The region as a cell; None where it is no rectangle or open to the outside on two sides or more."""
    box = _extent(region)
    top, left, high, wide = box
    if high * wide != len(region):
        return None
    outside = (top == 0, top + high == height, left == 0, left + wide == width)
    sides = _closed(box, above, beside)
    missing = sum(not closed and edge for closed, edge in zip(sides, outside, strict=True))
    return box if missing < 2 else None


def _host(
    region: Sequence[tuple[int, int]],
    ys: Sequence[float],
    xs: Sequence[float],
    above: Sequence[Sequence[bool]],
    beside: Sequence[Sequence[bool]],
    room: float,
) -> Box | None:
    """The cell whose free part the region is, around or beside a table within it; None where it is no such part.

    A frame around all there is is no cell of a table, nor is the space between the two lines of a double one.
    """
    box = _extent(region)
    if len(region) == box.row_span * box.column_span or (box.row_span, box.column_span) == (len(ys) - 1, len(xs) - 1):
        return None
    free = any(min(ys[row + 1] - ys[row], xs[column + 1] - xs[column]) >= room for row, column in region)
    return box if free and all(_closed(box, above, beside)) else None
