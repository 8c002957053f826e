"""Tables that go on on the next page: halves joined, rows that were cut in two whole again, repeated headings left out.

What is printed between the halves, at the foot of one page and at the head of the next, is put at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from parsers.formats.printed_lines import goes_on
from parsers.formats.text_run import Text
from parsers.model import Cell, Grid, Paragraph, Run

# The share of a page's height at its upper and lower edge in which what is printed on every page stands.
RUNNING = 0.15
STOP = re.compile(r"[。！？；：.!?;:]")


class Printed(Struct):
    """A line of text, or a picture, on a page, by its top."""

    top: float
    text: Text


class Table(Struct):
    """A table on a page, by its top and by where its columns part, with the tables that stand in its cells."""

    top: float
    grid: Grid
    xs: tuple[float, ...]
    nested: tuple[Grid, ...] = ()


class Flow:
    """The blocks of one page after the other; a table stays open until something other than a page's edge follows it."""

    def __init__(self) -> None:
        self._made: list[Grid | Paragraph] = []
        self._tables = self._lines = 0
        self._open: Table | None = None
        # What stands below the open table on its page, and whether all of it stands at the foot.
        self._tail: list[Printed] = []
        self._only_foot = True
        self._aside: list[Text] = []

    def add_page(self, parts: Sequence[Printed | Table], height: float, slack: float) -> None:
        """Add what stands on a page of this height, from top to bottom."""
        at, table = next(((at, part) for at, part in enumerate(parts) if isinstance(part, Table)), (0, None))
        above = [part for part in parts[:at] if isinstance(part, Printed)]
        if table and self._open and self._goes_on(self._open, above, table, RUNNING * height, slack):
            joined = _joined(self._open.grid, _without_heading(self._open.grid, table.grid))
            # A picture at the head of a page is the school's badge, which the first page shows too.
            self._aside += [part.text for part in (*self._tail, *(part for part in above if not part.text.pictures))]
            self._open, self._tail = Table(0.0, joined, table.xs, self._open.nested + table.nested), []
            parts = parts[at + 1 :]
        elif parts:
            self._close()
        for part in parts:
            if isinstance(part, Table):
                self._close()
                self._open = part
            elif self._open:
                self._tail.append(part)
            else:
                self._line(part.text)
        self._only_foot = all(part.top > (1 - RUNNING) * height for part in self._tail)

    def _goes_on(self, last: Table, above: Sequence[Printed], table: Table, head: float, slack: float) -> bool:
        """Whether the open table goes on in the first one of the next page, which stands under what is `above` it.

        Where something is printed between, a row must have been cut or the heading come again.
        """
        if not alike(last.xs, table.xs, slack):
            return False
        if not above and not self._tail:
            return True
        if not self._only_foot or any(part.top > head for part in above):
            return False
        rest = _without_heading(last.grid, table.grid)
        return rest is not table.grid or _is_cut(*_as_wide(last.grid, table.grid))

    def _line(self, text: Text) -> None:
        self._lines += 1
        self._made.append(Paragraph(self._lines, text.runs(), tuple(text.links), tuple(text.pictures)))

    def _close(self) -> None:
        """Put down the open table, the tables in it, and what follows it."""
        for grid in (self._open.grid, *self._open.nested) if self._open else ():
            self._tables += 1
            self._made.append(replace(grid, ordinal=self._tables))
        for part in self._tail:
            self._line(part.text)
        self._open, self._tail = None, []

    def finish(self, hidden: Sequence[Text]) -> tuple[Grid | Paragraph, ...]:
        """All blocks; behind them what was printed between two halves or is hidden, as far as it stands nowhere else."""
        self._close()
        last = [*self._aside, *hidden]
        seen = "".join(map(_words, self._made)) if last else ""
        for text in last:
            words = "".join("".join(run.text for run in text.runs()).split())
            if text.pictures or words not in seen:
                seen += words
                self._line(text)
        return tuple(self._made)


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


def _without_heading(above: Grid, below: Grid) -> Grid:
    """The lower half without the rows that it repeats from the beginning of the upper one, where those are a form's.

    Known by what follows: a row that was cut in two, or one parted otherwise that begins as none above does. Under the
    heading of a list rows are parted as it is; that heading stays, for it may be another list's.
    """
    rows = 0
    while rows < below.row_count and any(texts := _texts(below, rows)) and texts == _texts(above, rows):
        rows += 1
    if rows in (0, below.row_count) or any(cell.row < rows < cell.row + cell.row_span for cell in below.cells):
        return below
    rest = replace(below, cells=tuple(replace(cell, row=cell.row - rows) for cell in below.cells if cell.row >= rows))
    first = _texts(rest, 0)[:1]
    known = any(first) and any(_texts(above, row)[:1] == first for row in range(above.row_count))
    fresh = not known and _parting(rest, 0) != _parting(below, rows - 1)
    return rest if fresh or _is_cut(*_as_wide(above, rest)) else below


def _texts(grid: Grid, row: int) -> list[str]:
    return ["".join(cell.text.split()) for cell in grid.row(row)]


def _parting(grid: Grid, row: int) -> list[tuple[int, int]]:
    return [(cell.column, cell.column_span) for cell in grid.row(row)]


def _joined(above: Grid, below: Grid) -> Grid:
    """The lower half under the upper one; a row that the page break has cut in two is one row again."""
    upper, lower = _as_wide(above, below)
    last, ends, cut = above.row_count - 1, _ends(upper), _is_cut(upper, lower)
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


def _as_wide(above: Grid, below: Grid) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """The cells of both halves of a table, as if both had as many columns."""
    wide = max(above.column_count, below.column_count)
    return _stretched(above, wide), _stretched(below, wide)


def _ends(cells: Sequence[Cell]) -> dict[tuple[int, int], Cell]:
    """The cells that reach the last row, by column and span."""
    last = max((cell.row + cell.row_span for cell in cells), default=0)
    return {(cell.column, cell.column_span): cell for cell in cells if cell.row + cell.row_span == last}


def _is_cut(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """Whether a page's first row goes on with the last row before: blank where that one begins, and mostly blank."""
    ends = _ends(upper)
    row = [cell for cell in lower if cell.row == 0 and cell.row_span == 1]
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
        whole = goes_on(line, lower.text) or not STOP.search(line[-1:])
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
