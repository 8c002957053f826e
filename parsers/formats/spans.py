"""Where the cells of a table stand that is written row by row with spans, as HTML and XML spreadsheets do.

Follows the table model of HTML (4.9.12 "Forming a table"), but no two cells of the result ever overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from parsers.formats import unsafe
from parsers.formats.text_run import Text
from parsers.model import Cell

WIDEST = 16_384
MOST_CELLS = 400_000
MOST_COVERED = 1_000_000
# Every position is looked at once for each row that a cell reaches into.
MOST_LOOKED_AT = 4_000_000


@dataclass(slots=True)
class _Box:
    row: int
    column: int
    row_span: int
    column_span: int
    text: Text = field(default_factory=Text)


class SpanPlacer:
    """Takes rows and cells in order; `cells()` cuts what reaches below the last row."""

    def __init__(self) -> None:
        self._boxes: list[_Box] = []
        self._row = -1
        self._column = self._looked_at = 0
        # For columns that a cell above reaches into: the first row it leaves free.
        self._taken: dict[int, int] = {}

    def start_row(self, row: int | None = None) -> None:
        """Begin the next row, or the row of this number from 0 if it lies further down."""
        self._row = max(self._row + 1, row or 0)
        self._column = 0

    def place(self, row_span: int, column_span: int, column: int | None = None) -> Callable[[Text], None]:
        """Put a cell into the next free column (or the one named); returns where its text goes.

        A `row_span` of 0 reaches down to the last row.
        """
        if self._row < 0:
            self.start_row()
        start = first = self._column if column is None else max(self._column, min(column, WIDEST))
        while self._taken.get(start, 0) > self._row:
            start += 1
        width = 1
        while width < min(column_span, WIDEST) and self._taken.get(start + width, 0) <= self._row:
            width += 1
        box = _Box(self._row, start, row_span or 1 << 20, width)
        if row_span != 1:
            self._taken.update(dict.fromkeys(range(start, start + width), self._row + box.row_span))
        self._column = start + width
        self._boxes.append(box)
        self._looked_at += self._column - first
        if len(self._boxes) > MOST_CELLS or self._looked_at > MOST_LOOKED_AT:
            raise unsafe("表格过大，超出安全限制")

        def fill(text: Text) -> None:
            box.text = text

        return fill

    def cells(self) -> tuple[Cell, ...]:
        """The cells in reading order. Raises Unreadable (unsafe) when their spans cover too much."""
        cells = []
        covered = 0
        # A span that begins in the table's last column (a filler of thousands of columns) is cut to it.
        needed = max((box.column + 1 for box in self._boxes), default=1)
        for box in self._boxes:
            height = min(box.row_span, self._row + 1 - box.row)
            width = min(box.column_span, max(needed - box.column, 1))
            covered += height * width
            if covered > MOST_COVERED:
                raise unsafe("表格过大，超出安全限制")
            text = box.text
            links, pictures = tuple(text.links), tuple(text.pictures)
            cells.append(Cell(box.row, box.column, text.runs(), height, width, links=links, pictures=pictures))
        return tuple(cells)
