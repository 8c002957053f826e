"""What is printed on a page at the least: some letters and the box that they stand in. y runs downwards."""

from __future__ import annotations

from msgspec import Struct


class Piece(Struct):
    """A letter, or a stretch of them, in its box; `bits` is the value of its Style."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    bits: int = 0
