"""Where the cells of a Word table stand: grid columns from gridBefore and gridSpan, rows joined by vMerge and hMerge.

Irregular tables are taken as they come: a continuation with nothing above it is a cell of its own, and no two cells
of the result ever overlap.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from parsers.formats.run_look import VAL, W
from parsers.model import Cell

# Word allows 63 columns; a damaged or hostile span must not make a grid of millions.
WIDEST = 100

MERGING = ROW_BEFORE, COLUMNS, DOWNWARDS, SIDEWAYS = tuple(
    f"{W}{name}" for name in ("gridBefore", "gridSpan", "vMerge", "hMerge")
)


class Merges(NamedTuple):
    """What a table says of its grid: columns left out before a `w:tr`, and how each merged `w:tc` is merged.

    A merged cell has the columns it spans, and for each direction "", "restart" or "continue".
    """

    before: dict[Any, int]
    cells: dict[Any, tuple[int, str, str]]

    def note(self, element: Any) -> None:
        """Keep what one of the elements of `MERGING` says of the row or cell whose properties it stands in."""
        tag, owner = element.tag, element.getparent().getparent()
        if tag == ROW_BEFORE:
            self.before.setdefault(owner, _count(element, 0))
            return
        span, vertical, horizontal = self.cells.get(owner, (1, "", ""))
        if tag == COLUMNS:
            span = max(_count(element, 1), 1)
        elif tag == DOWNWARDS:
            vertical = element.get(VAL, "continue")
        else:
            horizontal = element.get(VAL, "continue")
        self.cells[owner] = span, vertical, horizontal


class RowPlacer:
    """Takes a table's rows and cells in order, gives each cell its place, and widens those that others continue."""

    def __init__(self, merges: Merges) -> None:
        self._merges = merges
        self._cells: list[Cell] = []
        self._row = self._column = 0
        # The cells, by number, that a continuation in this row, or in the next one, may join, by their first column.
        self._above: dict[int, int] = {}
        self._below: dict[int, int] = {}
        self._left: int | None = None

    def start_row(self, row: Any) -> None:
        """Begin a `w:tr`."""
        self._column = self._merges.before.get(row, 0)
        self._left = None

    def end_row(self) -> None:
        self._row += 1
        self._above, self._below = self._below, {}

    def place(self, cell: Any) -> tuple[int, int, int] | None:
        """Row, column and columns spanned of a `w:tc`, to be added next; None for the hidden rest of a merged one."""
        column = self._column
        merge = self._merges.cells.get(cell)
        if merge is None:
            self._column, self._left = column + 1, None
            return self._row, column, 1
        self._column += merge[0]
        return None if self._continues(column, *merge) else (self._row, column, merge[0])

    def _continues(self, column: int, span: int, vertical: str, horizontal: str) -> bool:
        """Whether a merged cell goes on with another one, which then is widened; if not, others may go on with it."""
        if horizontal == "continue" and self._left is not None:
            left = self._cells[self._left]
            self._cells[self._left] = replace(left, column_span=left.column_span + span)
            return True
        above = self._above.get(column) if vertical == "continue" else None
        if above is not None and (cell := self._cells[above]).column_span == span:
            self._cells[above] = replace(cell, row_span=cell.row_span + 1)
            self._below[column] = above
            # A cell that continues downwards must not also be widened by a horizontal continuation.
            self._left = None
            return True
        if vertical:
            self._below[column] = len(self._cells)
        self._left = len(self._cells) if horizontal == "restart" else None
        return False

    def add(self, cell: Cell) -> None:
        """Take the cell that was placed last, with what stands in it."""
        self._cells.append(cell)

    def cells(self) -> tuple[Cell, ...]:
        return tuple(self._cells)


def _count(element: Any, default: int) -> int:
    value = element.get(VAL, "")
    # Python refuses to convert numbers of some thousand digits.
    return min(int(value[:9]), WIDEST) if value.isascii() and value.isdecimal() else default
