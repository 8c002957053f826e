"""Letters at their places, of a cell or a page, as lines and as text: which letters stand on a line, and which lines go on.

Text that runs downwards is turned first. Where a line wraps nothing was written; whether a blank stood there is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from parsers.formats.downwards import WIDE, runs_downwards
from parsers.formats.gaps import spaced
from parsers.formats.laid_over import is_tick, settled
from parsers.formats.piece import Piece
from parsers.formats.text_run import Text

# Shares of a letter's height: what still is the same line, what a cell leaves free at its sides, by how much its first
# line may be indented.
SAME_LINE, PADDING, INDENT = 0.5, 0.5, 2.2
# An address, or a telephone number, that the edge of its cell has broken.
BROKEN_ADDRESS = re.compile(r"(?:https?:|www\.|[a-z][!-~]*/)[!-~]*$|/$", re.I)
# Some programs keep a quotation mark together with the letters at both its sides.
FIRST_WORD = re.compile(r"(?:[!-~]+|.)[，。、；：！？）》」』”’…—％%,.;:!?)]*(?:(?<=[”’]).|[“‘].)?")
NEW_ADDRESS = re.compile(r"https?:|www\.|[^!-~]|\d{1,2}[.、)]", re.I)
BROKEN_AT_DASH, DASHED = re.compile(r"\d[-‐–—]$"), re.compile(r"[-‐–—]\d")
BROKEN_NUMBER = re.compile(r"(?<!\d)\d{1,10}$")


def in_lines(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces in lines from top to bottom, each from left to right; a tick between words or lines is one by itself."""
    lines: list[list[Piece]] = []
    standing, adrift = settled(list(pieces))
    for piece in sorted(standing, key=lambda piece: (piece.top + piece.bottom, piece.left)):
        middle = (piece.top + piece.bottom) / 2
        last = lines[-1][0] if lines else None
        if last is not None:
            tall = max(last.bottom - last.top, piece.bottom - piece.top)
            if abs(middle - (last.top + last.bottom) / 2) <= SAME_LINE * tall:
                lines[-1].append(piece)
                continue
        lines.append([piece])
    lines = sorted([*lines, *([tick] for tick in adrift)], key=lambda line: line[0].top + line[0].bottom)
    return [kept for line in lines if (kept := _trimmed(line))]


def _trimmed(line: list[Piece]) -> list[Piece]:
    """The line from left to right, without blanks at its ends."""
    line.sort(key=lambda piece: (piece.left, not piece.text.isspace()))
    written = [index for index, piece in enumerate(line) if not piece.text.isspace()]
    return line[written[0] : written[-1] + 1] if written else []


def written(text: Text, lines: Sequence[Sequence[Piece]], sides: tuple[float, float] | None) -> Text:
    """The lines added to a text. Between `sides` (left, right) a line that is full goes on in the next without a break."""
    address = ""
    for number, line in enumerate(lines):
        before: Piece | None = None
        for piece, blanks in spaced(line):
            if before is not None and blanks:
                text.add(" " * blanks, before.bits & piece.bits)
            text.add(piece.text, piece.bits)
            before = piece
        if number + 1 == len(lines) or before is None:
            continue
        upper, lower = ("".join(piece.text for piece in each) for each in (line, lines[number + 1]))
        if sides is not None and goes_on(address + upper, lower):
            address += upper
            continue
        address = ""
        if sides is None or is_tick(line) or is_tick(lines[number + 1]) or not _full(line, lines[number + 1], sides):
            text.end_line()
        elif not (WIDE.match(upper[-1]) or WIDE.match(lower[0]) or _one_number(upper, lower)):
            text.add(" ", 0)
    return text


def written_within(text: Text, pieces: Sequence[Piece], bounds: tuple[float, float, float, float]) -> Text:
    """The pieces that stand in a cell (left, top, right, bottom) added to a text."""
    left, top, right, bottom = bounds
    if not runs_downwards(pieces, right - left, bottom - top):
        return written(text, in_lines(pieces), (left, right))
    # What was its upper end is the left one now, and what was the right column the first line.
    turned = [
        replace(piece, left=piece.top, top=-piece.right, right=piece.bottom, bottom=-piece.left) for piece in pieces
    ]
    return written(text, in_lines(turned), (top, bottom))


def _one_number(above: str, below: str) -> bool:
    """Whether a line break stands in a number, or beside the dash of a telephone number."""
    if BROKEN_AT_DASH.search(above):
        return below[0].isdecimal()
    return BROKEN_NUMBER.search(above) is not None and (below[0].isdecimal() or DASHED.match(below) is not None)


def goes_on(above: str, below: str) -> bool:
    """Whether an address at the end of a line goes on in the next."""
    return above.endswith("://") or (BROKEN_ADDRESS.search(above) is not None and not NEW_ADDRESS.match(below))


def _full(line: Sequence[Piece], following: Sequence[Piece], sides: tuple[float, float]) -> bool:
    """Whether the line fills its cell, so that the first word of the next line would not have fitted."""
    left, right = sides
    tall = line[-1].bottom - line[-1].top
    word = _first_word(following)
    beside = right - PADDING * tall - line[-1].right
    # A line may be indented by two letters; one that stands alone at the right edge is not full.
    room = (right - left) - 2 * PADDING * tall - (line[-1].right - line[0].left) - INDENT * tall
    return max(beside, room) <= word + SAME_LINE * tall


def _first_word(line: Sequence[Piece]) -> float:
    """The width of what a line break keeps together at the beginning of a line."""
    text = "".join(piece.text for piece in line)
    match = FIRST_WORD.match(text)
    count = len(match[0]) if match else 1
    for piece in line:
        if count <= len(piece.text):
            return piece.left - line[0].left + (piece.right - piece.left) * count / len(piece.text)
        count -= len(piece.text)
    return line[-1].right - line[0].left
