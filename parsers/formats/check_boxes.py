"""Boxes to tick that are drawn as squares on a PDF page, as the form fields of text programs are when printed.

A square in which something is written, or beside which nothing is, is a cell of a table and stays one.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.formats.pdf_lines import Bounds, Drawn, draw_frame
from parsers.formats.piece import Piece

# How far from a letter such a box may stand, as a share of its side.
BESIDE = 0.4
MOST_COMPARED = 4_000_000


def check_boxes(pieces: Sequence[Piece], drawn: Drawn) -> list[Piece]:
    """The boxes as letters, ☑ where something is drawn inside; the other squares become lines of `drawn`."""
    boxes = []
    compared = len(drawn.squares) * (len(pieces) + len(drawn.strokes) + len(drawn.squares))
    for square in drawn.squares:
        beside = None if compared > MOST_COMPARED else _beside(square, pieces, drawn.squares)
        if beside is None:
            draw_frame(square, drawn)
            continue
        mark = "☑" if any(_is_inside(stroke, square) for stroke in drawn.strokes) else "☐"
        boxes.append(Piece(mark, square[0], beside.top, square[2], beside.bottom))
    return boxes


def _beside(square: Bounds, pieces: Sequence[Piece], squares: Sequence[Bounds]) -> Piece | None:
    """The letter beside an empty square that stands in no row of squares."""
    left, top, right, bottom = square
    near = BESIDE * (right - left)
    level = [other for other in squares if other[1] < (top + bottom) / 2 < other[3]]
    if any(min(abs(other[0] - right), abs(other[2] - left)) < near / 2 for other in level):
        return None
    found = None
    for piece in pieces:
        if piece.text.isspace() or not piece.top < (top + bottom) / 2 < piece.bottom:
            continue
        if left < (piece.left + piece.right) / 2 < right:
            return None
        if max(piece.left - right, left - piece.right) <= near:
            found = piece
    return found


def _is_inside(stroke: Bounds, square: Bounds) -> bool:
    x, y = (stroke[0] + stroke[2]) / 2, (stroke[1] + stroke[3]) / 2
    return square[0] < x < square[2] and square[1] < y < square[3]
