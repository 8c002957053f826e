"""A picture of a page → its ruled lines and the text recognised on it, by OpenCV and RapidOCR where they are installed.

Models come with the packages; nothing is downloaded. A picture without a ruled table is not recognised at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

from msgspec import Struct

from parsers.formats.page import Page
from parsers.formats.piece import Piece
from parsers.formats.ruling import Line, lattices
from parsers.formats.tick_boxes import TickBox, tick_boxes

# Shares of the page's width: how long a rule is at least, one that runs down a single line of text at least, how far
# lines may miss each other, and how far such a short one may.
SHORTEST, SHORTEST_UPRIGHT, SLACK, REACH = 0.03, 0.016, 0.006, 0.0025
FEWEST_CELLS = 6
# A page turned by less than this many degrees is turned back; one turned by less than LEVEL is left alone.
STEEPEST, LEVEL = 12.0, 0.15
FAINTEST = 0.4
# Text read the wrong way up is less sure than this on the whole.
CLEAR = 0.85
# The longer side, in pixels, of the picture in which lines of text are looked for, and of that in which the slant is.
LINES_FOUND_AT, LEVELLED_AT = 960, 1000
# A gap of this share of a letter's width is a blank.
ROOM = 0.4
# What a box is recognised as; then what else it may be taken for, which counts only near so many that were recognised.
BOXES = frozenset("□☐☑☒■▢◻")
LIKE_A_BOX = frozenset("口囗回凶区図V✓✔√")
FEWEST_BOXES, NEAR = 3, 4


class Recognised(Struct, frozen=True):
    """A page in pixels, and how sure its text is, from 0 to 1; `lying` if most of it runs up or down the picture."""

    page: Page
    sureness: float
    lying: bool

    @property
    def upright(self) -> bool:
        return not self.lying and self.sureness >= CLEAR


def level(image: Any) -> Any:
    """The image, turned so that its long horizontal lines run level."""
    import numpy  # type: ignore[import-not-found,unused-ignore]

    small = image.convert("L")
    small.thumbnail((LEVELLED_AT, LEVELLED_AT))
    angle = _slant(numpy.asarray(small))
    return image.rotate(angle, fillcolor="white", resample=3) if abs(angle) > LEVEL else image


def recognised(image: Any) -> Recognised | None:
    """What stands on the page; None for a picture without a ruled table."""
    import numpy

    slack = SLACK * image.width
    ink = _ink(numpy.asarray(image.convert("L")))
    horizontals, verticals = _rules(ink)
    tables = lattices(horizontals, verticals, slack)
    if sum(len(table.boxes) for table in tables) < FEWEST_CELLS:
        return None
    lines = list(_texts(numpy.asarray(image)[:, :, ::-1]))
    pieces = [part for line in lines for piece in line.pieces for part in _cut(piece, verticals)]
    page = Page(float(image.height), slack, _with_boxes(pieces, tick_boxes(ink)), horizontals, verticals)
    letters = sum(line.letters for line in lines)
    sureness = sum(line.score * line.letters for line in lines) / max(letters, 1)
    return Recognised(page, sureness, 2 * sum(line.letters for line in lines if line.lying) > letters)


def _ink(grey: Any) -> Any:
    """White where the page is darker than its surroundings."""
    import cv2

    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12)


def _slant(grey: Any) -> float:
    """By how many degrees the page's long horizontal lines slant; 0 where there are none."""
    import cv2
    import numpy

    shortest = grey.shape[1] // 6
    found = cv2.HoughLinesP(_ink(grey), 1, numpy.pi / 1440, 100, minLineLength=shortest, maxLineGap=4)
    if found is None:
        return 0.0
    across = found.reshape(-1, 4).astype(float)
    slants = numpy.degrees(numpy.arctan2(across[:, 3] - across[:, 1], across[:, 2] - across[:, 0]))
    near = slants[numpy.abs(slants) < STEEPEST]
    return float(numpy.median(near)) if near.size else 0.0


def _rules(ink: Any) -> tuple[list[Line], list[Line]]:
    """The horizontal and the vertical lines."""
    import cv2

    long, short = (max(int(share * ink.shape[1]), 12) for share in (SHORTEST, SHORTEST_UPRIGHT))
    lines: tuple[list[Line], list[Line]] = ([], [])
    for upright, size in ((0, (long, 1)), (1, (1, short))):
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, size)
        # Letters and dirt break a line and a slight slant spreads it over rows; widening it first mends both.
        wider = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))
        kept = cv2.morphologyEx(wider, cv2.MORPH_OPEN, kernel)
        count, _, stats, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
        for left, top, width, height, _ in stats[1:count]:
            across, along = (width, height) if upright else (height, width)
            if along >= (short if upright else long) and across <= max(0.02 * ink.shape[1], 6):
                at = left + width / 2 if upright else top + height / 2
                start = top if upright else left
                lines[upright].append(Line(float(at), float(start), float(start + along)))
    horizontals, verticals = lines
    return horizontals, [line for line in verticals if _parts_cells(line, horizontals, long, REACH * ink.shape[1])]


def _parts_cells(line: Line, horizontals: Sequence[Line], long: int, reach: float) -> bool:
    """Whether an upright line is no stroke of a letter: it is long, or runs from one horizontal line to another."""
    ends = (
        any(
            abs(other.at - end) <= reach and other.start - reach <= line.at <= other.end + reach
            for other in horizontals
        )
        for end in (line.start, line.end)
    )
    return line.end - line.start >= long or all(ends)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    # A whole page is turned the right way, not line by line. Lines are looked for at half the size they are read at.
    params = {"Global.use_cls": False, "Det.limit_type": "max", "Det.limit_side_len": LINES_FOUND_AT}
    return RapidOCR(params={"Global.log_level": "critical", **params})


class _Recognised(Struct, frozen=True):
    """A line of text, letter by letter or word by word, as far as its parts are told."""

    pieces: list[Piece]
    score: float
    letters: int
    lying: bool


def _texts(pixels: Any) -> Iterator[_Recognised]:
    """The lines of text recognised in an image given as rows of blue, green, red."""
    result = _engine()(pixels, return_word_box=True)
    if result.boxes is None:
        return
    for corners, text, score, parts in zip(result.boxes, result.txts, result.scores, result.word_results, strict=True):
        if score >= FAINTEST and text.strip():
            whole = _piece(text, corners)
            lying = len(text) > 1 and whole.bottom - whole.top > 1.5 * (whole.right - whole.left)
            pieces = [_piece(part, place) for part, _, place in parts or ()]
            # A line that runs up or down is never kept, and parts that are not all of a line are no help.
            told = not lying and "".join(piece.text for piece in pieces) == "".join(text.split())
            yield _Recognised(_spaced(pieces, whole) if told else [whole], float(score), len(text), lying)


def _piece(text: str, corners: Any) -> Piece:
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return Piece(text, min(xs), min(ys), max(xs), max(ys))


def _spaced(pieces: Sequence[Piece], line: Piece) -> list[Piece]:
    """The pieces, each as high as its line, with a blank where there is room for half a letter between two."""
    wide = sorted(p.right - p.left for p in pieces if unicodedata.east_asian_width(p.text[0]) in "WF")
    room = ROOM * (wide[len(wide) // 2] if wide else line.bottom - line.top)
    spaced: list[Piece] = []
    for piece in pieces:
        if spaced and piece.left - spaced[-1].right > room:
            spaced.append(Piece(" ", spaced[-1].right, line.top, spaced[-1].right, line.bottom))
        spaced.append(Piece(piece.text, piece.left, line.top, piece.right, line.bottom))
    return spaced


def _with_boxes(pieces: Sequence[Piece], boxes: Sequence[TickBox]) -> list[Piece]:
    """The pieces with the boxes in place of whatever was recognised there, if that may be a box at all."""
    there = [[piece for piece in pieces if _covers(box, piece)] for box in boxes]
    sure = [box for box, found in zip(boxes, there, strict=True) if all(piece.text in BOXES for piece in found)]
    dropped: set[int] = set()
    drawn = []
    for box, found in zip(boxes, there, strict=True):
        high = box.bottom - box.top
        doubtful = sum(abs(other.top - box.top) < NEAR * high for other in sure) < FEWEST_BOXES
        if box not in sure and (doubtful or any(piece.text not in BOXES | LIKE_A_BOX for piece in found)):
            continue
        beside = min(pieces, key=partial(_distance, box), default=None)
        if beside is not None and _distance(box, beside) <= 2 * high:
            dropped.update(map(id, found))
            drawn.append(Piece("☑" if box.marked else "☐", box.left, beside.top, box.right, beside.bottom))
    return [piece for piece in pieces if id(piece) not in dropped] + drawn


def _covers(box: TickBox, piece: Piece) -> bool:
    """Whether a piece stands, for the most part, where the box is."""
    across = min(box.right, piece.right) - max(box.left, piece.left)
    down = min(box.bottom, piece.bottom) - max(box.top, piece.top)
    return down > 0 and across > 0.5 * min(piece.right - piece.left, box.right - box.left) and not piece.text.isspace()


def _distance(box: TickBox, piece: Piece) -> float:
    """How far to the right of the box a piece of the same line begins, or how far to the left it ends."""
    middle = (box.top + box.bottom) / 2
    if not piece.top <= middle <= piece.bottom or piece.text.isspace():
        return float("inf")
    return max(piece.left - box.right, box.left - piece.right, 0.0)


def _cut(piece: Piece, verticals: Sequence[Line]) -> list[Piece]:
    """The piece, cut where a ruled line runs through it: two cells' texts are often taken for one line."""
    tall = piece.bottom - piece.top
    middle = (piece.top + piece.bottom) / 2
    crossed = sorted(
        line.at
        for line in verticals
        if line.start <= middle <= line.end and piece.left + 0.4 * tall < line.at < piece.right - 0.4 * tall
    )
    if not crossed:
        return [piece]
    widths = [2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in piece.text]
    unit = (piece.right - piece.left) / max(sum(widths), 1)
    parts: list[list[str]] = [[] for _ in range(len(crossed) + 1)]
    x = piece.left
    for char, width in zip(piece.text, widths, strict=True):
        parts[sum(x + unit * width / 2 > at for at in crossed)].append(char)
        x += unit * width
    edges = [piece.left, *crossed, piece.right]
    return [
        Piece(text, edges[at] + 1, piece.top, edges[at + 1] - 1, piece.bottom)
        for at, part in enumerate(parts)
        if (text := "".join(part).strip())
    ]
