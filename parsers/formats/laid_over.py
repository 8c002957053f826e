"""Ticks that were laid over a page's letters, as a floating text box holds them, and which line they belong to.

One that lies wholly on a word stands among its letters, one that reaches to a second word or line is left to itself.
Which word that is, and what a tick beside a word says, is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from parsers.formats.piece import Piece

_TICKS = frozenset("√✓✔☑∨")
# Such characters part words without a gap; in brackets a tick has its place.
_PARTING, _OPEN, _CLOSE = frozenset("、，,；;。.|/"), frozenset("（([【〔"), frozenset("）)]】〕")
# Shares of a letter's height: by how much letters of one line may overlap, from where on there is a gap, how far
# apart lines are, and how much of a tick lies on its line.
_OVERLAP, _GAP, _SAME_LINE, _DEEP = 0.06, 0.08, 0.5, 0.3
_MOST_COMPARED = 4_000_000


def settled(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The pieces, ticks on a word at the height of its line; then the ticks that lie on no one word."""
    ticks = [piece for piece in pieces if piece.text in _TICKS]
    if not ticks or len(ticks) * len(pieces) > _MOST_COMPARED:
        return list(pieces), []
    letters = [piece for piece in pieces if piece.text not in _TICKS and not piece.text.isspace()]
    kept, adrift = [piece for piece in pieces if piece.text not in _TICKS], []
    for tick in ticks:
        covered = [letter for letter in letters if _lies_on(tick, letter)]
        if not covered:
            kept.append(tick)
            continue
        line = _line(tick, letters)
        if _is_on_one(tick, line, letters) and not any(tick.left < edge < tick.right for edge in _edges(line)):
            kept.append(replace(tick, top=line[0].top, bottom=line[0].bottom))
        else:
            adrift.append(tick)
    return kept, adrift


def _lies_on(tick: Piece, letter: Piece) -> bool:
    """Whether they share more than letters side by side do, or lines one above the other."""
    high = _shared_height(tick, letter) >= _DEEP * min(_height(tick), _height(letter))
    return high and _shared_width(tick, letter) > _OVERLAP * _height(letter)


def is_tick(line: Sequence[Piece]) -> bool:
    """Whether nothing but a tick stands on the line."""
    return len(line) == 1 and line[0].text in _TICKS


def _line(tick: Piece, letters: Sequence[Piece]) -> list[Piece]:
    """The letters from left to right of the line that the tick is nearest to."""
    nearest = min(letters, key=lambda letter: abs(_middle(letter) - _middle(tick)))
    near = _SAME_LINE * _height(nearest)
    return sorted(
        (each for each in letters if abs(_middle(each) - _middle(nearest)) <= near), key=lambda each: each.left
    )


def _is_on_one(tick: Piece, line: Sequence[Piece], letters: Sequence[Piece]) -> bool:
    """Whether the tick covers this line and not half as much of another."""
    same = {id(letter) for letter in line}
    covered = sum(_shared_area(tick, letter) for letter in line)
    return 2 * sum(_shared_area(tick, letter) for letter in letters if id(letter) not in same) < covered


def _edges(line: Sequence[Piece]) -> Iterator[float]:
    """Where the words of a line part: in the middle between them."""
    for before, letter in pairwise(letter for letter in line if letter.text not in _PARTING):
        bracketed = before.text in _OPEN or letter.text in _CLOSE
        if letter.left - before.right > _GAP * _height(letter) and not bracketed:
            yield (before.right + letter.left) / 2


def _middle(piece: Piece) -> float:
    return (piece.top + piece.bottom) / 2


def _height(piece: Piece) -> float:
    return piece.bottom - piece.top


def _shared_width(one: Piece, other: Piece) -> float:
    return min(one.right, other.right) - max(one.left, other.left)


def _shared_height(one: Piece, other: Piece) -> float:
    return min(one.bottom, other.bottom) - max(one.top, other.top)


def _shared_area(one: Piece, other: Piece) -> float:
    return max(_shared_width(one, other), 0.0) * max(_shared_height(one, other), 0.0)
