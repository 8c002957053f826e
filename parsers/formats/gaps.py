"""The blanks between the letters of a printed line: a blank counts where a gap is seen, and what touches stays together.

Where a page was drawn in several fonts, blanks are told in no reliable order, and a tick belongs to what it stands
nearer to. No text is understood here but ticks and boxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from parsers.formats.piece import Piece
from parsers.text import CROSSED, TICKED, UNTICKED

# Shares of a letter's height: up to where letters touch, and from where on a gap is a blank though none was written.
TOUCHING, GAP = 0.08, 0.7
# Gaps beside ticks that differ by less than this are alike.
ALIKE = 0.12
_MARK = f"[{TICKED}{CROSSED}{UNTICKED}]|(?<![a-zA-Z])[vV](?![a-zA-Z])"
MARKS = re.compile(rf"[(（\[【〔](?:{_MARK})?[)）\]】〕]|{_MARK}")


def spaced(line: Sequence[Piece]) -> Iterator[tuple[Piece, int]]:
    """The pieces of a line that are no blanks, from left to right, each with the number of blanks before it."""
    written: list[Piece] = []
    blanks: list[int] = []
    waiting = 0
    for piece in line:
        if piece.text.isspace():
            waiting += 1
        else:
            written.append(piece)
            blanks.append(waiting)
            waiting = 0
    beside_marks = _beside_marks(written)
    if written:
        yield written[0], 0
    for index, (before, piece) in enumerate(pairwise(written), start=1):
        yield piece, beside_marks[index] if index in beside_marks else _blanks(before, piece, blanks[index])


def _blanks(before: Piece, piece: Piece, told: int) -> int:
    """The blanks that were `told` between two pieces, if there is room for any; one where there is much room."""
    tall, gap = min(before.bottom - before.top, piece.bottom - piece.top), piece.left - before.right
    if gap <= TOUCHING * tall:
        return 0
    return told or int(gap > GAP * tall and not before.text.endswith(" ") and not piece.text.startswith(" "))


def _beside_marks(written: Sequence[Piece]) -> dict[int, int]:
    """For each piece that begins where a mark begins or ends: as many blanks as there are kinds of smaller gaps.

    So a mark is never nearer to one neighbour in the text than it is on the page, nor are equal gaps made unequal.
    """
    ends = {at for match in MARKS.finditer("".join(piece.text for piece in written)) for at in match.span()}
    gaps: dict[int, float] = {}
    at, right = 0, float("-inf")
    for index, piece in enumerate(written):
        if index and at in ends:
            # A tick that lies on a letter ends before it does.
            gaps[index] = max(piece.left - right, 0.0)
        at, right = at + len(piece.text), max(right, piece.right)
    if not gaps:
        return {}
    tall = max(piece.bottom - piece.top for piece in written)
    ranks = _ranks(gaps.values(), ALIKE * tall)
    return {index: ranks[gap] for index, gap in gaps.items()}


def _ranks(gaps: Iterable[float], alike: float) -> dict[float, int]:
    """How many kinds of smaller gaps there are for each; 0 where pieces touch."""
    ranks: dict[float, int] = {}
    rank, last = 0, 0.0
    for gap in sorted(gaps):
        rank += gap - last > alike
        ranks[gap] = rank
        last = gap
    return ranks
