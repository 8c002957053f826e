"""Where the cells of a Word table stand: grid columns from gridBefore and gridSpan, rows joined by vMerge and hMerge.

Irregular tables are taken as they come: a continuation with nothing above it is a cell of its own, and no two cells
of the result ever overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parsers.formats.run_look import VAL, W
from parsers.formats.text_run import Text
from parsers.model import Cell

# Word allows 63 columns; a damaged or hostile span must not make a grid of millions.
WIDEST = 100

ROW_BEFORE, CELL_LOOK = f"{W}gridBefore", f"{W}tcPr"
COLUMNS, DOWNWARDS, SIDEWAYS = f"{W}gridSpan", f"{W}vMerge", f"{W}hMerge"


class _Box:
    """A cell whose span may still grow."""

    __slots__ = ("column", "column_span", "row", "row_span", "text")

    def __init__(self, row: int, column: int, column_span: int) -> None:
        self.row, self.column, self.column_span, self.row_span = row, column, column_span, 1
        self.text = Text()

    def fill(self, text: Text) -> None:
        self.text = text

    def cell(self) -> Cell:
        text = self.text
        return Cell(
            self.row, self.column, text.runs(), self.row_span, self.column_span,
            links=tuple(text.links), pictures=tuple(text.pictures),
        )  # fmt: skip


class RowPlacer:
    """Takes a table's rows and cells in order and gives each cell its place and span."""

    def __init__(self) -> None:
        self._boxes: list[_Box] = []
        self._row = self._column = 0
        # Boxes that a continuation in this row, or in the next one, may join, by their first column.
        self._above: dict[int, _Box] = {}
        self._below: dict[int, _Box] = {}
        self._left: _Box | None = None

    def start_row(self, properties: Any) -> None:
        """Begin a row; `properties` is its `w:trPr` or None."""
        before = None if properties is None else properties.find(ROW_BEFORE)
        self._column = _count(before, 0)
        self._left = None

    def end_row(self) -> None:
        self._row += 1
        self._above, self._below = self._below, {}

    def place(self, cell: Any) -> Callable[[Text], None] | None:
        """Where to put the cell's text; None for the hidden rest of a merged cell."""
        # They stand in front of all else, where they are found sooner than by their name.
        properties = next(iter(cell), None)
        if properties is not None and properties.tag != CELL_LOOK:
            properties = cell.find(CELL_LOOK)
        span, vertical, horizontal = _merges(properties)
        column = self._column
        self._column += span
        if horizontal == "continue" and self._left is not None:
            self._left.column_span += span
            return None
        above = self._above.get(column) if vertical == "continue" else None
        if above is not None and above.column_span == span:
            above.row_span += 1
            self._below[column] = self._left = above
            # A cell that continues downwards must not also be widened by a horizontal continuation.
            self._left = None
            return None
        box = _Box(self._row, column, span)
        self._boxes.append(box)
        if vertical:
            self._below[column] = box
        self._left = box if horizontal == "restart" else None
        return box.fill

    def cells(self) -> tuple[Cell, ...]:
        return tuple(box.cell() for box in self._boxes)


def _merges(properties: Any) -> tuple[int, str, str]:
    """Columns spanned, and for each direction "", "restart" or "continue" (the value when none is written)."""
    if properties is None:
        return 1, "", ""
    span, vertical, horizontal = 1, "", ""
    for element in list(properties):
        tag = element.tag
        if tag == COLUMNS:
            span = _count(element, 1)
        elif tag == DOWNWARDS:
            vertical = element.get(VAL, "continue")
        elif tag == SIDEWAYS:
            horizontal = element.get(VAL, "continue")
    return max(span, 1), vertical, horizontal


def _count(element: Any, default: int) -> int:
    value = "" if element is None else element.get(VAL, "")
    # Python refuses to convert numbers of some thousand digits.
    return min(int(value[:9]), WIDEST) if value.isascii() and value.isdecimal() else default
