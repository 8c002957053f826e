"""A printed page, given as pieces of text, ruled lines and pictures at their places, as blocks in reading order.

It serves whatever can say where things stand on a page; it reads no file, and it knows nothing of forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from parsers.formats.ruling import Lattice, Line, lattices
from parsers.formats.text_run import Text
from parsers.model import Cell, Grid, GridKind, Paragraph, Picture

# Shares of a letter's height: what still is the same line, what gap is a blank, how near the edge a full line ends.
SAME_LINE, GAP, FULL = 0.5, 0.7, 1.8
MARGIN = 0.1
PAGE_NUMBER = re.compile(r"[-—–\s]*第?\s*\d{1,3}\s*页?[-—–\s]*(?:[/共]\s*\d{1,3}\s*页?)?$")
WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass(slots=True)
class Piece:
    """A letter, or a stretch of them, in its box; `bits` is the value of its Style."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with the middle of its place on the page."""

    x: float
    y: float
    picture: Picture


@dataclass(slots=True)
class Page:
    """What stands on a page; y runs downwards from 0 to `height`. `slack` is how far lines may miss each other."""

    height: float
    slack: float
    pieces: list[Piece] = field(default_factory=list)
    horizontals: list[Line] = field(default_factory=list)
    verticals: list[Line] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A line of text or a table on a page, by its top; a table also by where its columns part."""

    top: float
    block: Text | Grid
    xs: tuple[float, ...] = ()


def blocks(pages: Iterable[Page]) -> tuple[Grid | Paragraph, ...]:
    """The pages' tables and lines from top to bottom; a table that goes on on the next page is one table."""
    made: list[Grid | Paragraph] = []
    open_xs: tuple[float, ...] = ()
    tables = lines = 0
    for page in pages:
        for number, part in enumerate(_parts(page)):
            if isinstance(part.block, Text):
                lines += 1
                text = part.block
                made.append(Paragraph(lines, text.runs(), tuple(text.links), tuple(text.pictures)))
                open_xs = ()
                continue
            last = made[-1] if made else None
            if number == 0 and isinstance(last, Grid) and _alike(open_xs, part.xs, page.slack):
                made[-1] = _joined(last, part.block)
            else:
                tables += 1
                made.append(replace(part.block, ordinal=tables))
            open_xs = part.xs
    return tuple(made)


def _alike(above: Sequence[float], below: Sequence[float], slack: float) -> bool:
    """Whether two tables have the same left and right edge and every column edge of one is also the other's."""
    if len(above) < 2 or len(below) < 2:
        return False
    few, many = sorted((above, below), key=len)
    edges = abs(above[0] - below[0]) <= 2 * slack and abs(above[-1] - below[-1]) <= 2 * slack
    return edges and all(any(abs(x - other) <= 2 * slack for other in many) for x in few)


def _joined(above: Grid, below: Grid) -> Grid:
    first = above.row_count
    wide = max(above.column_count, below.column_count)
    grids = [(above, 0), (below, first)]
    cells = [
        replace(cell, row=cell.row + down, column_span=_stretched(cell, grid, wide))
        for grid, down in grids
        for cell in grid.cells
    ]
    return replace(above, cells=tuple(cells))


def _stretched(cell: Cell, grid: Grid, wide: int) -> int:
    """A cell at the right edge of the narrower half reaches the wider half's edge."""
    ends = cell.column + cell.column_span == grid.column_count
    return cell.column_span + wide - grid.column_count if ends else cell.column_span


def _parts(page: Page) -> list[_Part]:
    tables = lattices(page.horizontals, page.verticals, page.slack)
    inside: list[dict[int, list[Piece]]] = [{} for _ in tables]
    outside: list[Piece] = []
    for piece in page.pieces:
        x, y = (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2
        spot = next(((at, index) for at, table in enumerate(tables) if (index := table.at(x, y)) is not None), None)
        if spot is None:
            outside.append(piece)
        else:
            inside[spot[0]].setdefault(spot[1], []).append(piece)
    parts, loose = _grids(page, tables, inside)
    for line in _lines(outside):
        text = _text([line], None)
        words = "".join(piece.text for piece in line).strip()
        edge = line[0].top < MARGIN * page.height or line[0].bottom > (1 - MARGIN) * page.height
        if words and not (edge and PAGE_NUMBER.match(words)):
            parts.append(_Part(line[0].top, text))
    for shown in loose:
        text = Text()
        text.pictures.append(shown.picture)
        parts.append(_Part(shown.y, text))
    return sorted(parts, key=lambda part: part.top)


def _grids(
    page: Page, tables: Sequence[Lattice], inside: Sequence[dict[int, list[Piece]]]
) -> tuple[list[_Part], list[Shown]]:
    """The tables as parts, and the pictures that stand in none of them."""
    pictures: list[dict[int, list[Picture]]] = [{} for _ in tables]
    loose = []
    for shown in page.pictures:
        spots = ((at, table.at(shown.x, shown.y)) for at, table in enumerate(tables))
        at, index = next(((at, index) for at, index in spots if index is not None), (0, None))
        if index is None:
            loose.append(shown)
        else:
            pictures[at].setdefault(index, []).append(shown.picture)
    parts = []
    for table, pieces, shown_in in zip(tables, inside, pictures, strict=True):
        cells = []
        for index, box in enumerate(table.boxes):
            left, _, right, _ = table.bounds(index)
            text = _text(_lines(pieces.get(index, ())), (left, right))
            row, column, high, wide = box
            cells.append(Cell(row, column, text.runs(), high, wide, pictures=tuple(shown_in.get(index, ()))))
        parts.append(_Part(table.ys[0], Grid(GridKind.TABLE, 0, tuple(cells)), table.xs))
    return parts, loose


def _lines(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces in lines from top to bottom, each from left to right."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.top + piece.bottom, piece.left)):
        middle = (piece.top + piece.bottom) / 2
        last = lines[-1][0] if lines else None
        if last is not None:
            tall = max(last.bottom - last.top, piece.bottom - piece.top)
            if abs(middle - (last.top + last.bottom) / 2) <= SAME_LINE * tall:
                lines[-1].append(piece)
                continue
        lines.append([piece])
    for line in lines:
        line.sort(key=lambda piece: piece.left)
    return lines


def _text(lines: Sequence[Sequence[Piece]], sides: tuple[float, float] | None) -> Text:
    """The lines as text. Between `sides` (left, right) a line that is full goes on in the next without a break."""
    text = Text()
    for number, line in enumerate(lines):
        before: Piece | None = None
        for piece in line:
            if before is not None and _apart(before, piece):
                text.add(" ", before.bits & piece.bits)
            text.add(piece.text, piece.bits)
            before = piece
        if number + 1 == len(lines) or before is None:
            continue
        if sides is None or not _full(line, lines[number + 1], sides):
            text.end_line()
        elif not (WIDE.match(before.text[-1]) or WIDE.match(lines[number + 1][0].text)):
            text.add(" ", 0)
    return text


def _apart(before: Piece, piece: Piece) -> bool:
    tall = min(before.bottom - before.top, piece.bottom - piece.top)
    return piece.left - before.right > GAP * tall and not before.text.endswith(" ") and not piece.text.startswith(" ")


def _full(line: Sequence[Piece], following: Sequence[Piece], sides: tuple[float, float]) -> bool:
    """Whether the line fills its cell from side to side, so that nothing of the next one would have fitted."""
    left, right = sides
    tall = line[-1].bottom - line[-1].top
    room = (right - left) - (line[-1].right - line[0].left)
    ends = right - line[-1].right <= FULL * tall
    return ends and room <= (2 * FULL + 2) * tall and bool(following)
