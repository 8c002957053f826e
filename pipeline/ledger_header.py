"""Finds the columns of a sheet of ours by their headers, wherever those stand and where some or all of them are gone.

The rows are read elsewhere. Lines and columns are counted from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pipeline.ledger_table import same


class Layout(Struct, frozen=True):
    """How a sheet's rows are recognised: all our headers, those that make the key, and what tells equal keys apart.

    `words` are all that we ever write into some columns, by our places of these.
    """

    headers: tuple[str, ...]
    key: tuple[str, ...]
    marks: tuple[str, ...] = ()
    tie: str = ""
    words: Mapping[int, Collection[str]] = {}


class Header(Struct, frozen=True):
    """The line of headers, -1 as its number where it is gone, and the columns of those that are ours."""

    number: int
    line: Sequence[Any]
    columns: Mapping[str, int]


def header_of(grid: Sequence[list[Any]], layout: Layout, extra: Sequence[str]) -> Header | None:
    """The header of a sheet that had these columns of staff's own; None where it is not told which columns make the key.

    Where no line is the header, the one that we wrote, if the columns stand as they did; short lines are filled up to it.
    """
    most = _fullest(grid, layout)
    if len(most.columns) > len(layout.headers) // 2:
        most = Header(most.number, most.line, {**most.columns, **_renamed(most, layout)})
    return most if most.columns.keys() >= set(layout.key) else _as_written(grid, layout, extra)


def _fullest(grid: Sequence[Sequence[Any]], layout: Layout) -> Header:
    """The line that bears most of our headers; one with more than half of them and with the key is taken at once."""
    ours = {same(header): header for header in layout.headers}
    most = Header(0, (), {})
    for number, line in enumerate(grid):
        columns: dict[str, int] = {}
        for place, cell in enumerate(line):
            if name := ours.get(same(cell)):
                columns.setdefault(name, place)
        if len(columns) > len(most.columns):
            most = Header(number, line, columns)
            if len(columns) > len(ours) // 2 and columns.keys() >= set(layout.key):
                break
    return most


def _renamed(header: Header, layout: Layout) -> dict[str, int]:
    """Columns of the key under other headers: between two of ours there are as many strangers as ours are missing there."""
    found: dict[str, int] = {}
    missing: list[str] = []
    left = -1
    for name in (*layout.headers, ""):
        right = header.columns.get(name, -1) if name else len(header.line)
        if right < 0:
            missing.append(name)
            continue
        strangers = [place for place in range(left + 1, right) if place not in header.columns.values()]
        if len(strangers) == len(missing):
            found.update((name, place) for name, place in zip(missing, strangers, strict=True) if name in layout.key)
        left, missing = right, []
    return found


def _as_written(grid: Sequence[list[Any]], layout: Layout, extra: Sequence[str]) -> Header | None:
    filled = [line for line in grid if any(cell != "" for cell in line)]
    told = [(line[place : place + 1], words) for line in filled for place, words in layout.words.items()]
    if not told or any(not cell or cell[0] not in words for cell, words in told):
        return None
    line = [*layout.headers, *extra]
    line += [""] * (len(grid[0]) - len(line))
    for cells in grid:
        cells += [""] * (len(line) - len(cells))
    return Header(-1, line, {name: place for place, name in enumerate(layout.headers)})
