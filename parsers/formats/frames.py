"""Frames drawn around a word on a PDF page, as a character border or a rectangle is: four lines that meet no others.

A table's cell shares its lines or its corners with another cell and is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from parsers.formats.pdf_lines import Bounds, Drawn
from parsers.formats.ruling import Line

# In points: how far lines may miss one another, how high and how wide a frame around a word may be.
_NEAR, _LOWEST, _HIGHEST, _WIDEST = 1.5, 8.0, 36.0, 250.0
_MOST_LINES = 400


def frames(drawn: Drawn) -> list[Bounds]:
    """The frames as left, top, right, bottom."""
    if max(len(drawn.horizontals), len(drawn.verticals)) > _MOST_LINES:
        return []
    across = [line for line in drawn.horizontals if len(_meeting(line, drawn.verticals)) == 2]
    found = []
    for upper, lower in combinations(sorted(across), 2):
        sides = sorted(_meeting(upper, drawn.verticals))
        if not _LOWEST <= lower.at - upper.at <= _HIGHEST or sides != sorted(_meeting(lower, drawn.verticals)):
            continue
        left, right = sides
        alone = all(len(_meeting(side, drawn.horizontals)) == 2 for side in sides)
        if alone and _LOWEST <= right.at - left.at <= _WIDEST:
            found.append((left.at, upper.at, right.at, lower.at))
    return found


def _meeting(line: Line, others: Sequence[Line]) -> list[Line]:
    """The lines at right angles that this line meets."""
    return [
        other
        for other in others
        if line.start - _NEAR <= other.at <= line.end + _NEAR and other.start - _NEAR <= line.at <= other.end + _NEAR
    ]
