"""What is drawn on a PDF page beside its text: straight lines, filled areas, where the pictures are, what text may show.

Of curves and slanting lines only the places of small ones are told; nothing is rendered.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from parsers.formats import unsafe
from parsers.formats.ruling import Line

# A filled area thinner than this (in points) is how most programs draw a line.
THIN = 2.6
STRAIGHT = 0.6
SHORTEST = 2.0
DEEPEST = 8
# The sides of what may be a box to tick; a tick is not larger.
SMALLEST_BOX, LARGEST_BOX = 5.0, 20.0
# What may be drawn around a word.
HIGHEST_RING, WIDEST_RING = 60.0, 250.0
TEXT, PATH, IMAGE, FORM = 1, 2, 3, 5
BEZIER_TO, MOVE_TO = 1, 2
WHITE = 0xF8
MOST_POINTS = 2000

Bounds = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]
ToBox = Callable[[float, float, float, float], Bounds]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class Drawn:
    """Lines, areas filled with a colour other than white, and pictures, as left, top, right, bottom.

    `squares` are small ones drawn in one stroke, whose lines are not among the others; `strokes` are small slanting
    lines and curves, `rings` larger ones drawn with curves, about as high as a line of text or two.
    `windows` are the areas outside of which nothing is seen of a text, by the text's address.
    """

    horizontals: list[Line] = field(default_factory=list)
    verticals: list[Line] = field(default_factory=list)
    areas: list[Bounds] = field(default_factory=list)
    images: list[Bounds] = field(default_factory=list)
    squares: list[Bounds] = field(default_factory=list)
    strokes: list[Bounds] = field(default_factory=list)
    rings: list[Bounds] = field(default_factory=list)
    windows: dict[int | None, Bounds] = field(default_factory=dict)


def page_lines(page: Any, to_box: ToBox, most: int) -> Drawn:
    """What is drawn on the page. Raises Unreadable (unsafe) for more than `most` objects."""
    import pypdfium2.raw as pdfium

    drawn = Drawn()
    for count, (thing, kind, matrix) in enumerate(_things(page.raw)):
        if count > most:
            raise unsafe("页面内容过于复杂，超出安全限制")
        if kind == IMAGE:
            drawn.images.append(to_box(*_spread([(0, 0), (1, 1), (0, 1), (1, 0)], matrix)))
        elif kind == PATH:
            _path(pdfium, thing, matrix, to_box, drawn)
        elif kind == TEXT and matrix is IDENTITY and (window := _window(pdfium, thing)):
            # In a group these areas are told in the group's own measure, so there they are not asked for.
            drawn.windows[address(thing)] = to_box(*window)
    return drawn


def page_images(page: Any) -> list[Any]:
    """The page's picture objects, in the order in which `page_lines` gives their places."""
    return [thing for thing, kind, _ in _things(page.raw) if kind == IMAGE]


def address(thing: Any) -> int | None:
    """What tells one of the page's objects from the others."""
    return ctypes.cast(thing, ctypes.c_void_p).value


def _window(pdfium: Any, thing: Any) -> Bounds | None:
    """The area that an object is cut off at, upwards: left, bottom, right, top; None where it is not cut off."""
    path = pdfium.FPDFPageObj_GetClipPath(thing)
    found: Bounds | None = None
    for number in range(pdfium.FPDFClipPath_CountPaths(path)):
        points = []
        x, y = ctypes.c_float(), ctypes.c_float()
        for index in range(min(pdfium.FPDFClipPath_CountPathSegments(path, number), MOST_POINTS)):
            segment = pdfium.FPDFClipPath_GetPathSegment(path, number, index)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((x.value, y.value))
        if points:
            left, bottom, right, top = _spread(points, IDENTITY)
            found = found or (left, bottom, right, top)
            found = max(left, found[0]), max(bottom, found[1]), min(right, found[2]), min(top, found[3])
    return found


def _things(page: Any) -> Iterator[tuple[Any, int, Matrix]]:
    """Every object on the page, those in groups included, with its kind and the matrix that places it."""
    import pypdfium2.raw as pdfium

    def inside(group: Any, outer: Matrix, depth: int) -> Iterator[tuple[Any, int, Matrix]]:
        count, get = (
            (pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
            if depth
            else (pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject)
        )
        for index in range(count(group)):
            thing = get(group, index)
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind not in (PATH, IMAGE, FORM):
                yield thing, kind, outer
                continue
            matrix = _times(_matrix(pdfium, thing), outer)
            yield thing, kind, matrix
            if kind == FORM and depth < DEEPEST:
                yield from inside(thing, matrix, depth + 1)

    yield from inside(page, IDENTITY, 0)


def _matrix(pdfium: Any, thing: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(thing, matrix):
        return IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _spread(points: list[tuple[float, float]], matrix: Matrix) -> Bounds:
    """The box around points that the matrix has moved, upwards: left, bottom, right, top."""
    a, b, c, d, e, f = matrix
    xs, ys = [a * x + c * y + e for x, y in points], [b * x + d * y + f for x, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _path(pdfium: Any, thing: Any, matrix: Matrix, to_box: ToBox, drawn: Drawn) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(thing, fill, stroke):
        return
    for points, straight in _subpaths(pdfium, thing):
        if len(points) < 2:
            continue
        whole = to_box(*_spread(points, matrix))
        if stroke.value and straight and _is_square(whole, points):
            drawn.squares.append(whole)
        elif stroke.value and straight:
            for start, end in pairwise(points):
                _line(to_box(*_spread([start, end], matrix)), drawn)
        elif not straight and _is_small(whole):
            drawn.strokes.append(whole)
        elif not straight and stroke.value and _is_ring(whole):
            drawn.rings.append(whole)
        if fill.value and straight:
            if min(whole[2] - whole[0], whole[3] - whole[1]) <= THIN:
                _line(whole, drawn, THIN)
            elif _is_coloured(pdfium, thing):
                drawn.areas.append(whole)


def _line(box: Bounds, drawn: Drawn, thick: float = STRAIGHT) -> None:
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    if high <= thick and wide > max(SHORTEST, high):
        drawn.horizontals.append(Line((top + bottom) / 2, left, right))
    elif wide <= thick and high > SHORTEST:
        drawn.verticals.append(Line((left + right) / 2, top, bottom))
    elif _is_small(box):
        drawn.strokes.append(box)


def draw_frame(box: Bounds, drawn: Drawn) -> None:
    """Add the four sides of a box to the lines."""
    left, top, right, bottom = box
    drawn.horizontals += [Line(top, left, right), Line(bottom, left, right)]
    drawn.verticals += [Line(left, top, bottom), Line(right, top, bottom)]


def _is_square(box: Bounds, points: list[tuple[float, float]]) -> bool:
    """Whether a part of a path, with this box around it, runs once round a small upright square."""
    wide, high = box[2] - box[0], box[3] - box[1]
    sides = ({round(point[axis], 1) for point in points} for axis in (0, 1))
    fits = abs(wide - high) < 1 and SMALLEST_BOX <= wide <= LARGEST_BOX
    return fits and len(points) in (5, 6) and all(len(places) == 2 for places in sides)


def _is_small(box: Bounds) -> bool:
    return max(box[2] - box[0], box[3] - box[1]) <= LARGEST_BOX


def _is_ring(box: Bounds) -> bool:
    return box[2] - box[0] <= WIDEST_RING and box[3] - box[1] <= HIGHEST_RING


def _subpaths(pdfium: Any, thing: Any) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """The points of every part of a path, closed where it is closed, and whether it has no curve."""
    points: list[tuple[float, float]] = []
    straight = True
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(min(pdfium.FPDFPath_CountSegments(thing), MOST_POINTS)):
        segment = pdfium.FPDFPath_GetPathSegment(thing, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == MOVE_TO:
            yield points, straight
            points, straight = [], True
        straight = straight and kind != BEZIER_TO
        points.append((x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    yield points, straight


def _is_coloured(pdfium: Any, thing: Any) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(thing, red, green, blue, alpha):
        return False
    return alpha.value > 0 and min(red.value, green.value, blue.value) < WHITE
