"""Whether the letters of a cell run downwards, as in a narrow label, judged by where they stand alone.

It turns nothing and reads nothing; in doubt letters stand on lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from parsers.formats.piece import Piece

# How many ideographs a label that runs downwards has; how far apart they stand at most, as shares of their width, below
# one another and from line to line.
FEWEST_DOWNWARDS, MOST_DOWNWARDS, NEAR_BELOW, LINE_APART = 4, 40, 1.1, 2.2
# By what share of a letter's width the next column stands beside it at least.
COLUMN_APART = 0.5
# How many letters wide a cell is that is narrow, however low; by how many points letters and blanks overlap at most.
NARROW, SLACK = 3, 1
WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def runs_downwards(pieces: Sequence[Piece], room: float, high: float) -> bool:
    """Whether ideographs stand in columns, as in a narrow label: near below one another, farther apart side by side.

    The cell is `room` wide; one that is neither narrow nor higher than wide holds letter-spaced lines at most.
    """
    letters = sorted((piece for piece in pieces if WIDE.search(piece.text)), key=lambda piece: piece.left)
    if not FEWEST_DOWNWARDS <= len(letters) <= MOST_DOWNWARDS or any(len(letter.text) > 1 for letter in letters):
        return False
    wide = max(letter.right - letter.left for letter in letters)
    if room > max(NARROW * wide, high) or _parted_on_a_line(pieces, letters):
        return False
    columns = [letters[:1]]
    for before, letter in pairwise(letters):
        if letter.left - before.left > COLUMN_APART * wide:
            columns.append([])
        columns[-1].append(letter)
    down = [gap for column in columns for gap in _distances([(each.top + each.bottom) / 2 for each in column])]
    across = _distances([column[0].left for column in columns])
    return bool(down and across) and max(down) <= NEAR_BELOW * wide and max(down) < min(across) <= LINE_APART * wide


def _parted_on_a_line(pieces: Sequence[Piece], letters: Sequence[Piece]) -> bool:
    """Whether a blank was written between two letters side by side, from left to right."""
    for blank in pieces:
        if blank.text.isspace():
            middle = (blank.top + blank.bottom) / 2
            beside = [letter for letter in letters if letter.top < middle < letter.bottom]
            before = any(letter.right <= blank.left + SLACK for letter in beside)
            if before and any(letter.left >= blank.right - SLACK for letter in beside):
                return True
    return False


def _distances(places: Iterable[float]) -> list[float]:
    return [second - first for first, second in pairwise(sorted(places))]
