"""A printed page, given as pieces of text, ruled lines and pictures at their places, as blocks in reading order.

It serves whatever can say where things stand on a page; it reads no file, and it knows nothing of forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from parsers.formats.page_breaks import Flow, Printed, Table
from parsers.formats.piece import Piece
from parsers.formats.printed_lines import in_lines, written, written_within
from parsers.formats.ruling import Lattice, Line, lattices
from parsers.formats.text_run import Text
from parsers.model import Cell, Grid, GridKind, Paragraph, Picture

MARGIN = 0.1
PAGE_NUMBER = re.compile(r"[-—–\s]*第?\s*\d{1,3}\s*页?[-—–\s]*(?:[/共]\s*\d{1,3}\s*页?)?$")


class Shown(Struct, frozen=True):
    """A picture with the middle of its place on the page."""

    x: float
    y: float
    picture: Picture


class Page(Struct):
    """What stands on a page; y runs downwards from 0 to `height`. `slack` is how far lines may miss each other.

    `cut_off` is text that is there but not seen, because its cell was too small for it when it was printed.
    """

    height: float
    slack: float
    pieces: list[Piece] = field(default_factory=list)
    horizontals: list[Line] = field(default_factory=list)
    verticals: list[Line] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)
    cut_off: list[Piece] = field(default_factory=list)


def blocks(pages: Iterable[Page]) -> tuple[Grid | Paragraph, ...]:
    """The pages' tables and lines from top to bottom; a table that goes on on the next page is one table.

    Lines that were cut off, as far as they stand nowhere else, come last.
    """
    flow = Flow()
    hidden: list[Text] = []
    for page in pages:
        hidden += [written(Text(), [line], None) for line in in_lines(page.cut_off)]
        flow.add_page(_parts(page), page.height, page.slack)
    return flow.finish(hidden)


def _parts(page: Page) -> list[Printed | Table]:
    tables = lattices(page.horizontals, page.verticals, page.slack)
    pieces: list[dict[int, list[Piece]]] = [{} for _ in tables]
    pictures: list[dict[int, list[Picture]]] = [{} for _ in tables]
    outside: list[Piece] = []
    parts: list[Printed | Table] = []
    for piece in page.pieces:
        spot = _spot(tables, (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2)
        if spot is None:
            outside.append(piece)
        else:
            pieces[spot[0]].setdefault(spot[1], []).append(piece)
    for shown in page.pictures:
        spot = _spot(tables, shown.x, shown.y)
        if spot is None:
            text = Text()
            text.pictures.append(shown.picture)
            parts.append(Printed(shown.y, text))
        else:
            pictures[spot[0]].setdefault(spot[1], []).append(shown.picture)
    parts += _tables(tables, pieces, pictures)
    for line in in_lines(outside):
        if not _is_page_number(page, line):
            parts.append(Printed(line[0].top, written(Text(), [line], None)))
    return sorted(parts, key=lambda part: part.top)


def _spot(tables: Sequence[Lattice], x: float, y: float) -> tuple[int, int] | None:
    """The table that a point lies in, that within a cell before that around it, and the cell there."""
    spots = ((at, tables[at].at(x, y)) for at in reversed(range(len(tables))))
    return next(((at, index) for at, index in spots if index is not None), None)


def without_page_number(page: Page) -> list[Piece]:
    """The page's pieces but its number, at its upper or lower edge."""
    numbers = {id(piece) for line in in_lines(page.pieces) if _is_page_number(page, line) for piece in line}
    return [piece for piece in page.pieces if id(piece) not in numbers]


def _is_page_number(page: Page, line: Sequence[Piece]) -> bool:
    edge = line[0].top < MARGIN * page.height or line[0].bottom > (1 - MARGIN) * page.height
    return edge and PAGE_NUMBER.match("".join(piece.text for piece in line).strip()) is not None


def _tables(
    tables: Sequence[Lattice],
    pieces: Sequence[Mapping[int, list[Piece]]],
    pictures: Sequence[Mapping[int, list[Picture]]],
) -> list[Table]:
    """The tables that stand in no other, with those that stand in them."""
    nested: list[dict[int, list[Table]]] = [{} for _ in tables]
    whole: list[Table] = []
    for at in reversed(range(len(tables))):
        made = _table(tables[at], pieces[at], pictures[at], nested[at])
        host = _spot(tables[:at], *_middle(tables[at]))
        if host is None:
            whole.append(made)
        else:
            nested[host[0]].setdefault(host[1], []).insert(0, made)
    return whole[::-1]


def _middle(table: Lattice) -> tuple[float, float]:
    return (table.xs[0] + table.xs[-1]) / 2, (table.ys[0] + table.ys[-1]) / 2


def _table(
    table: Lattice,
    pieces: Mapping[int, list[Piece]],
    pictures: Mapping[int, list[Picture]],
    nested: Mapping[int, list[Table]],
) -> Table:
    """A table, given what stands in each of its cells by number."""
    cells = []
    grids: list[Grid] = []
    for index, box in enumerate(table.boxes):
        inner = nested.get(index, [])
        text = _cell_text(pieces.get(index, []), table.bounds(index), inner)
        text.pictures += pictures.get(index, [])
        row, column, high, wide = box
        cells.append(Cell(row, column, text.runs(), high, wide, pictures=tuple(text.pictures)))
        grids += [grid for each in inner for grid in (each.grid, *each.nested)]
    return Table(table.ys[0], Grid(GridKind.TABLE, 0, tuple(cells)), table.xs, tuple(grids))


def _cell_text(pieces: Sequence[Piece], bounds: tuple[float, float, float, float], nested: Sequence[Table]) -> Text:
    """What is written in a cell; the text of a table within it belongs to it too."""
    text = Text()
    for inner in nested:
        above = [piece for piece in pieces if (piece.top + piece.bottom) / 2 < inner.top]
        pieces = [piece for piece in pieces if (piece.top + piece.bottom) / 2 >= inner.top]
        if above:
            written_within(text, above, bounds).end_line()
        _copy(inner.grid, text)
    return written_within(text, pieces, bounds)


def _copy(grid: Grid, text: Text) -> None:
    """Add the text of a grid, a line for each row, and its pictures."""
    for row in range(grid.row_count):
        cells = [cell for cell in grid.row(row) if cell.row == row]
        for number, cell in enumerate(cells if any(cell.runs for cell in cells) else ()):
            if number:
                text.add("\t", 0)
            for run in cell.runs:
                text.add(run.text, run.style.value)
        text.end_line()
        text.pictures += [picture for cell in cells for picture in cell.pictures]
