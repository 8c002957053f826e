"""Pages that a sheet wider than the paper was printed on, side by side again: columns 1-5 here, columns 6-10 pages later.

A page is the right-hand part of another only if their rows stand at the same heights and its headings go on with the
other's; whatever else follows a page is left where it is. No text is read but headings, and none is understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, partial
from itertools import pairwise, takewhile

from msgspec import Struct
from msgspec.structs import replace

from parsers.formats.page import Page, Shown, without_page_number
from parsers.formats.page_breaks import alike
from parsers.formats.piece import Piece
from parsers.formats.ruling import Lattice, Line, lattices

FEWEST_LINES = 3
REMARK = re.compile(r"[(（][^)）]*[)）]?|\s+")
# What stands in a heading: a few words, no number, no sentence.
HEADING = re.compile(r"[^\d，。；：:/@]{1,12}")


class _Part(Struct, frozen=True, dict=True):
    """A page with its tables and the places of all their lines, from left to right and downwards."""

    page: Page
    tables: tuple[Lattice, ...]
    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @cached_property
    def _written(self) -> dict[tuple[int, int], str]:
        """The text of each cell, by its table and its number there."""
        written: dict[tuple[int, int], str] = {}
        for piece in self.page.pieces:
            x, y = _middle(piece), (piece.top + piece.bottom) / 2
            for at, table in enumerate(self.tables):
                if (number := table.at(x, y)) is not None:
                    written[at, number] = written.get((at, number), "") + piece.text
        return written

    def texts(self, y: float) -> list[str]:
        """The texts of the cells at this height from left to right, without blanks and remarks in brackets."""
        found = dict.fromkeys(
            (at, table.at((left + right) / 2, y))
            for at, table in enumerate(self.tables)
            for left, right in pairwise(table.xs)
        )
        texts = [self._written.get((at, number), "") for at, number in found if number is not None]
        return [REMARK.sub("", text) for text in texts] or [""]


def side_by_side(pages: Sequence[Page]) -> list[Page]:
    """The pages, those that were parts of one broad sheet joined to as broad a page; all others as they are."""
    if len(pages) < 2:
        return list(pages)
    parts = [_part(page) for page in pages]
    whole: list[Page] = []
    above: list[_Part] = []
    at = 0
    while at < len(parts):
        down, across = _extent(parts[at:], above)
        block, at = parts[at : at + down * across], at + down * across
        above = block if down == 1 and across > 1 else []
        whole += [_joined(block[row::down]) for row in range(down)]
    return whole


def _part(page: Page) -> _Part:
    tables = tuple(lattices(page.horizontals, page.verticals, page.slack))
    xs, ys = ({place for table in tables for place in each(table)} for each in (_columns, _rows))
    return _Part(page, tables, tuple(sorted(xs)), tuple(sorted(ys)))


def _columns(table: Lattice) -> tuple[float, ...]:
    return table.xs


def _rows(table: Lattice) -> tuple[float, ...]:
    return table.ys


def _extent(parts: Sequence[_Part], above: Sequence[_Part]) -> tuple[int, int]:
    """How many pages down and how many across a sheet takes that begins here; 1 and 1 for any other page.

    `above` are the pages side by side right before: what goes on below them does so in as many pages, without headings.
    """
    if above and len(parts) >= len(above) and _goes_on_below(above, parts[: len(above)]):
        return 1, len(above)
    for down in range(1, len(parts) // 2 + 1):
        first, *others = (parts[start : start + down] for start in range(0, len(parts) - down + 1, down))
        right = list(takewhile(partial(_goes_on_right, first), others))
        if right:
            return down, 1 + len(right)
    return 1, 1


def _goes_on_below(above: Sequence[_Part], below: Sequence[_Part]) -> bool:
    same = all(alike(upper.xs, lower.xs, lower.page.slack) for upper, lower in zip(above, below, strict=True))
    return same and all(_level(below[0], part) for part in below[1:])


def _goes_on_right(left: Sequence[_Part], right: Sequence[_Part]) -> bool:
    """Whether the pages on the right stand beside those on the left, and the headings of the first page go on."""
    first = _level(left[0], right[0]) and _has_further_headings(left[0], right[0])
    return first and all(map(_level, left[1:], right[1:]))


def _level(left: _Part, right: _Part) -> bool:
    """Whether the rows of two pages stand at the same heights; cells merged across the edge may hide some of them."""
    few, many = sorted((left.ys, right.ys), key=len)
    slack = right.page.slack
    if len(few) < FEWEST_LINES or abs(few[-1] - many[-1]) > slack:
        return False
    return all(any(abs(y - other) <= slack for other in many) for y in few)


def _has_further_headings(left: _Part, right: _Part) -> bool:
    """Whether the first row that is filled on both pages is one of headings, other ones on each."""
    for upper, lower in pairwise(right.ys):
        first, second = (part.texts((upper + lower) / 2) for part in (left, right))
        # A title runs over all columns, and so over both pages.
        if all(first) and all(second) and max(len(first), len(second)) > 1:
            return all(map(HEADING.fullmatch, first + second)) and not set(first) & set(second)
    return False


def _middle(piece: Piece) -> float:
    return (piece.left + piece.right) / 2


def _joined(parts: Sequence[_Part]) -> Page:
    """The pages of one row, each where the one before it ends."""
    page, edge = parts[0].page, parts[0].xs[-1] if parts[0].xs else 0.0
    for part in parts[1:]:
        page = _beside(page, edge, _moved(part.page, edge - part.xs[0]))
        edge += part.xs[-1] - part.xs[0]
    return page


def _moved(page: Page, by: float) -> Page:
    """The page, its number taken off, moved to the right."""
    pieces, cut_off = (
        [replace(piece, left=piece.left + by, right=piece.right + by) for piece in each]
        for each in (without_page_number(page), page.cut_off)
    )
    return replace(
        page,
        pieces=pieces,
        cut_off=cut_off,
        horizontals=[Line(line.at, line.start + by, line.end + by) for line in page.horizontals],
        verticals=[line._replace(at=line.at + by) for line in page.verticals],
        pictures=[Shown(shown.x + by, shown.y, shown.picture) for shown in page.pictures],
    )


def _beside(left: Page, edge: float, right: Page) -> Page:
    """Two pages as one. What was printed over the edge stands on both, as far as it goes, and is kept once."""
    over = [piece for piece in left.pieces if _middle(piece) > edge]
    before = [piece for piece in right.pieces if _middle(piece) <= edge]
    pieces = [piece for piece in left.pieces if _middle(piece) <= edge] + _not_among(over, right.pieces)
    pieces += [piece for piece in right.pieces if _middle(piece) > edge] + _not_among(before, left.pieces)
    return Page(
        max(left.height, right.height),
        left.slack,
        pieces,
        left.horizontals + right.horizontals,
        left.verticals + right.verticals,
        left.pictures + right.pictures,
        _not_among(left.cut_off + _not_among(right.cut_off, left.cut_off), pieces),
    )


def _not_among(pieces: Sequence[Piece], others: Sequence[Piece]) -> list[Piece]:
    """The pieces that do not stand at the same place among the others."""
    if not pieces:
        return []
    places: dict[str, list[Piece]] = {}
    for other in others:
        places.setdefault(other.text, []).append(other)
    return [piece for piece in pieces if not any(_same_place(piece, other) for other in places.get(piece.text, ()))]


def _same_place(piece: Piece, other: Piece) -> bool:
    tall = piece.bottom - piece.top
    return abs(piece.left - other.left) < tall / 2 and abs(piece.top - other.top) < tall / 2
