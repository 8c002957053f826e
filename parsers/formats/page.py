"""A printed page, given as pieces of text, ruled lines and pictures at their places, as blocks in reading order.

It serves whatever can say where things stand on a page; it reads no file, and it knows nothing of forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct, field
from msgspec.structs import replace

from parsers.formats.gaps import spaced
from parsers.formats.laid_over import is_tick, settled
from parsers.formats.ruling import Lattice, Line, lattices
from parsers.formats.text_run import Text
from parsers.model import Cell, Grid, GridKind, Paragraph, Picture, Run

# Shares of a letter's height: what still is the same line, what a cell leaves free at its sides, by how much its first
# line may be indented.
SAME_LINE, PADDING, INDENT = 0.5, 0.5, 2.2
MARGIN = 0.1
PAGE_NUMBER = re.compile(r"[-—–\s]*第?\s*\d{1,3}\s*页?[-—–\s]*(?:[/共]\s*\d{1,3}\s*页?)?$")
# An address, or a telephone number, that the edge of its cell has broken.
BROKEN_ADDRESS = re.compile(r"(?:https?:|www\.|[a-z][!-~]*/)[!-~]*$|/$", re.I)
STOP = re.compile(r"[。！？；：.!?;:]")
FIRST_WORD = re.compile(r"(?:[!-~]+|.)[，。、；：！？）》」』”’…—％%,.;:!?)]*")
NEW_ADDRESS = re.compile(r"https?:|www\.|[^!-~]|\d{1,2}[.、)]", re.I)
BROKEN_NUMBER = re.compile(r"(?<!\d)\d{1,10}$")
WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


class Piece(Struct):
    """A letter, or a stretch of them, in its box; `bits` is the value of its Style."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    bits: int = 0


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


@dataclass(slots=True)
class _Part:
    """A line of text or a table on a page, by its top; a table also by where its columns part."""

    top: float
    block: Text | Grid
    xs: tuple[float, ...] = ()


def blocks(pages: Iterable[Page]) -> tuple[Grid | Paragraph, ...]:
    """The pages' tables and lines from top to bottom; a table that goes on on the next page is one table.

    Lines that were cut off, as far as they stand nowhere else, come last.
    """
    made: list[Grid | Paragraph] = []
    open_xs: tuple[float, ...] = ()
    tables = lines = 0
    hidden: list[Text] = []
    for page in pages:
        hidden += [_text([line], None) for line in _lines(page.cut_off)]
        for number, part in enumerate(_parts(page)):
            if isinstance(part.block, Text):
                lines += 1
                text = part.block
                made.append(Paragraph(lines, text.runs(), tuple(text.links), tuple(text.pictures)))
                open_xs = ()
                continue
            last = made[-1] if made else None
            if number == 0 and isinstance(last, Grid) and alike(open_xs, part.xs, page.slack):
                made[-1] = _joined(last, part.block)
            else:
                tables += 1
                made.append(replace(part.block, ordinal=tables))
            open_xs = part.xs
    seen = "".join(_words(block) for block in made) if hidden else ""
    for number, text in enumerate(hidden, start=lines + 1):
        paragraph = Paragraph(number, text.runs())
        if _words(paragraph) not in seen:
            made.append(paragraph)
    return tuple(made)


def _words(block: Grid | Paragraph) -> str:
    """All that is written in a block, without blanks."""
    texts = [block.text] if isinstance(block, Paragraph) else [cell.text for cell in block.cells]
    return "".join("".join(texts).split())


def alike(above: Sequence[float], below: Sequence[float], slack: float) -> bool:
    """Whether two tables have the same left and right edge and every column edge of one is also the other's."""
    if len(above) < 2 or len(below) < 2:
        return False
    few, many = sorted((above, below), key=len)
    edges = abs(above[0] - below[0]) <= 2 * slack and abs(above[-1] - below[-1]) <= 2 * slack
    return edges and all(any(abs(x - other) <= 2 * slack for other in many) for x in few)


def _joined(above: Grid, below: Grid) -> Grid:
    """The lower half under the upper one; a row that the page break has cut in two is one row again."""
    wide = max(above.column_count, below.column_count)
    upper, lower = _stretched(above, wide), _stretched(below, wide)
    last = above.row_count - 1
    ends = {(c.column, c.column_span): c for c in upper if c.row + c.row_span - 1 == last}
    cut = _is_cut(ends, [cell for cell in lower if cell.row == 0 and cell.row_span == 1])
    first = last if cut else last + 1
    rest = []
    for cell in lower:
        if cut and cell.row == 0:
            key = cell.column, cell.column_span
            ends[key] = replace(_continued(ends[key], cell), row_span=ends[key].row_span + cell.row_span - 1)
        else:
            rest.append(replace(cell, row=cell.row + first))
    kept = [ends.get((c.column, c.column_span), c) if c.row + c.row_span - 1 == last else c for c in upper]
    return replace(above, cells=(*kept, *rest))


def _is_cut(ends: Mapping[tuple[int, int], Cell], row: Sequence[Cell]) -> bool:
    """Whether a page's first row goes on with the last row before: blank where that one begins, and mostly blank."""
    if not row or any((cell.column, cell.column_span) not in ends for cell in row):
        return False
    pairs = [(ends[cell.column, cell.column_span].text.strip(), cell.text.strip()) for cell in row]
    begun = [bool(lower) for upper, lower in pairs if upper]
    # Nothing may begin here that was blank before.
    if not begun or begun[0] or not any(begun) or any(lower and not upper for upper, lower in pairs):
        return False
    return 2 * sum(begun) <= len(begun)


def _continued(upper: Cell, lower: Cell) -> Cell:
    if not lower.runs or not upper.runs:
        runs = upper.runs or lower.runs
    else:
        line = upper.text.rpartition("\n")[2]
        whole = _goes_on(line, lower.text) or not STOP.search(line[-1:])
        runs = (*upper.runs, *(() if whole else (Run("\n"),)), *lower.runs)
    return replace(upper, runs=runs, pictures=(*upper.pictures, *lower.pictures))


def _stretched(grid: Grid, wide: int) -> Sequence[Cell]:
    """The cells; those at the right edge of the narrower half reach the wider half's edge."""
    more, edge = wide - grid.column_count, grid.column_count
    if not more:
        return grid.cells
    return [
        replace(cell, column_span=cell.column_span + more) if cell.column + cell.column_span == edge else cell
        for cell in grid.cells
    ]


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
        if not _is_page_number(page, line):
            parts.append(_Part(line[0].top, _text([line], None)))
    for shown in loose:
        text = Text()
        text.pictures.append(shown.picture)
        parts.append(_Part(shown.y, text))
    return sorted(parts, key=lambda part: part.top)


def without_page_number(page: Page) -> list[Piece]:
    """The page's pieces but its number, at its upper or lower edge."""
    numbers = {id(piece) for line in _lines(page.pieces) if _is_page_number(page, line) for piece in line}
    return [piece for piece in page.pieces if id(piece) not in numbers]


def _is_page_number(page: Page, line: Sequence[Piece]) -> bool:
    edge = line[0].top < MARGIN * page.height or line[0].bottom > (1 - MARGIN) * page.height
    return edge and PAGE_NUMBER.match("".join(piece.text for piece in line).strip()) is not None


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
    """The pieces in lines from top to bottom, each from left to right; a tick between words or lines is one by itself."""
    lines: list[list[Piece]] = []
    standing, adrift = settled(list(pieces))
    for piece in sorted(standing, key=lambda piece: (piece.top + piece.bottom, piece.left)):
        middle = (piece.top + piece.bottom) / 2
        last = lines[-1][0] if lines else None
        if last is not None:
            tall = max(last.bottom - last.top, piece.bottom - piece.top)
            if abs(middle - (last.top + last.bottom) / 2) <= SAME_LINE * tall:
                lines[-1].append(piece)
                continue
        lines.append([piece])
    lines = sorted([*lines, *([tick] for tick in adrift)], key=lambda line: line[0].top + line[0].bottom)
    return [kept for line in lines if (kept := _trimmed(line))]


def _trimmed(line: list[Piece]) -> list[Piece]:
    """The line from left to right, without blanks at its ends."""
    line.sort(key=lambda piece: (piece.left, not piece.text.isspace()))
    written = [index for index, piece in enumerate(line) if not piece.text.isspace()]
    return line[written[0] : written[-1] + 1] if written else []


def _text(lines: Sequence[Sequence[Piece]], sides: tuple[float, float] | None) -> Text:
    """The lines as text. Between `sides` (left, right) a line that is full goes on in the next without a break."""
    text, address = Text(), ""
    for number, line in enumerate(lines):
        before: Piece | None = None
        for piece, blanks in spaced(line):
            if before is not None and blanks:
                text.add(" " * blanks, before.bits & piece.bits)
            text.add(piece.text, piece.bits)
            before = piece
        if number + 1 == len(lines) or before is None:
            continue
        upper, lower = ("".join(piece.text for piece in each) for each in (line, lines[number + 1]))
        if sides is not None and _goes_on(address + upper, lower):
            address += upper
            continue
        address = ""
        if sides is None or is_tick(line) or is_tick(lines[number + 1]) or not _full(line, lines[number + 1], sides):
            text.end_line()
        elif not (
            WIDE.match(upper[-1]) or WIDE.match(lower[0]) or (BROKEN_NUMBER.search(upper) and lower[0].isdecimal())
        ):
            text.add(" ", 0)
    return text


def _goes_on(above: str, below: str) -> bool:
    """Whether an address at the end of a line goes on in the next."""
    return above.endswith("://") or (BROKEN_ADDRESS.search(above) is not None and not NEW_ADDRESS.match(below))


def _full(line: Sequence[Piece], following: Sequence[Piece], sides: tuple[float, float]) -> bool:
    """Whether the line fills its cell, so that the first word of the next line would not have fitted."""
    left, right = sides
    tall = line[-1].bottom - line[-1].top
    word = _first_word(following)
    beside = right - PADDING * tall - line[-1].right
    # A line may be indented by two letters; one that stands alone at the right edge is not full.
    room = (right - left) - 2 * PADDING * tall - (line[-1].right - line[0].left) - INDENT * tall
    return max(beside, room) <= word + SAME_LINE * tall


def _first_word(line: Sequence[Piece]) -> float:
    """The width of what a line break keeps together at the beginning of a line."""
    text = "".join(piece.text for piece in line)
    match = FIRST_WORD.match(text)
    count = len(match[0]) if match else 1
    for piece in line:
        if count <= len(piece.text):
            return piece.left - line[0].left + (piece.right - piece.left) * count / len(piece.text)
        count -= len(piece.text)
    return line[-1].right - line[0].left
