"""A picture of a page → its ruled lines and the text recognised on it, by OpenCV and RapidOCR where they are installed.

Models come with the packages; nothing is downloaded. A picture without a ruled table is not recognised at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from parsers.formats.page import Page, Piece
from parsers.formats.ruling import Line, lattices

# Shares of the page's width: how long a rule is at least, and how far lines may miss each other.
SHORTEST, SLACK = 0.03, 0.006
FEWEST_CELLS = 6
# A page turned by less than this many degrees is turned back; one turned by less than LEVEL is left alone.
STEEPEST, LEVEL = 12.0, 0.15
FAINTEST = 0.4


def level(image: Any) -> Any:
    """The image, turned so that its long horizontal lines run level."""
    import numpy  # type: ignore[import-not-found,unused-ignore]

    angle = _slant(numpy.asarray(image.convert("L")))
    return image.rotate(angle, fillcolor="white", resample=3) if abs(angle) > LEVEL else image


def recognised(image: Any) -> Page | None:
    """The page, in pixels; None for a picture without a ruled table."""
    import numpy

    slack = SLACK * image.width
    horizontals, verticals = _rules(numpy.asarray(image.convert("L")))
    tables = lattices(horizontals, verticals, slack)
    if sum(len(table.boxes) for table in tables) < FEWEST_CELLS:
        return None
    page = Page(float(image.height), slack, [], horizontals, verticals)
    for piece in _texts(numpy.asarray(image)[:, :, ::-1]):
        page.pieces += _cut(piece, verticals)
    return page


def _ink(grey: Any) -> Any:
    """White where the page is darker than its surroundings."""
    import cv2

    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12)


def _slant(grey: Any) -> float:
    """By how many degrees the page's long horizontal lines slant; 0 where there are none."""
    import cv2
    import numpy

    shortest = grey.shape[1] // 6
    found = cv2.HoughLinesP(_ink(grey), 1, numpy.pi / 1440, 200, minLineLength=shortest, maxLineGap=8)
    if found is None:
        return 0.0
    across = found.reshape(-1, 4).astype(float)
    slants = numpy.degrees(numpy.arctan2(across[:, 3] - across[:, 1], across[:, 2] - across[:, 0]))
    near = slants[numpy.abs(slants) < STEEPEST]
    return float(numpy.median(near)) if near.size else 0.0


def _rules(grey: Any) -> tuple[list[Line], list[Line]]:
    """The horizontal and the vertical lines."""
    import cv2

    ink, long = _ink(grey), max(int(SHORTEST * grey.shape[1]), 12)
    lines: tuple[list[Line], list[Line]] = ([], [])
    for upright, size in ((0, (long, 1)), (1, (1, long))):
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, size)
        # Letters and dirt break a line and a slight slant spreads it over rows; widening it first mends both.
        wider = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))
        kept = cv2.morphologyEx(wider, cv2.MORPH_OPEN, kernel)
        count, _, stats, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
        for left, top, width, height, _ in stats[1:count]:
            across, along = (width, height) if upright else (height, width)
            if along >= long and across <= max(0.02 * grey.shape[1], 6):
                at = left + width / 2 if upright else top + height / 2
                start = top if upright else left
                lines[upright].append(Line(float(at), float(start), float(start + along)))
    return lines


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    # Pages are upright, so the step that looks for lines standing on their heads is left out.
    return RapidOCR(params={"Global.log_level": "critical", "Global.use_cls": False})


def _texts(pixels: Any) -> Iterator[Piece]:
    """The lines of text recognised in an image given as rows of blue, green, red."""
    result = _engine()(pixels)
    if result.boxes is None:
        return
    for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        if score >= FAINTEST and text.strip():
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            yield Piece(text, min(xs), min(ys), max(xs), max(ys))


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
