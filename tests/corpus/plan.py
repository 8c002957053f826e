"""A paper before a program writes it: lines and tables of cells, whose text may be set off piece by piece.

It knows nothing of forms or file formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class Piece(Struct, frozen=True):
    """Text of one look (names parted by blanks, as `bold` or `strike`); `xml` stands in for it in a Word file."""

    text: str
    look: str = ""
    xml: str = ""


class Box(Struct, frozen=True):
    """A cell. `number` is what a workbook stores instead of the text; `links` are targets of hyperlinks."""

    pieces: tuple[Piece, ...] = ()
    wide: int = 1
    high: int = 1
    number: float | int | None = None
    links: tuple[str, ...] = ()
    seal: bool = False
    inner: Table | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Line(Struct, frozen=True):
    """A paragraph, in a sheet a cell over the whole width."""

    pieces: tuple[Piece, ...]
    seal: bool = False

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Table(Struct, frozen=True):
    """Rows of cells; None is covered by the cell left of it or above it."""

    rows: tuple[tuple[Box | None, ...], ...]

    @property
    def width(self) -> int:
        return max(len(row) for row in self.rows)


Paper = Sequence[Line | Table]


def line(text: str) -> Line:
    return Line((Piece(text),) if text else ())


def box(value: Any = "", wide: int = 1, high: int = 1, **more: Any) -> Box:
    """A cell of text, of pieces, or what is one already."""
    if isinstance(value, Box):
        return value
    if isinstance(value, str):
        value = (Piece(value),) if value else ()
    return Box(tuple(value), wide, high, **more)


def table(rows: Sequence[Sequence[Any]]) -> Table:
    """A table from rows; cells are strings, pieces or boxes, and None behind a wide or below a high box."""
    return Table(tuple(tuple(None if cell is None else box(cell) for cell in row) for row in rows))


def across(value: Any, width: int) -> list[Any]:
    """A row that is one cell."""
    return [box(value, wide=width) if not isinstance(value, Box) else value, *[None] * (width - 1)]
