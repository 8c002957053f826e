"""Small square boxes on the picture of a page, and whether there is a mark in them, told by their ink alone.

Letters that look like a box (口, 回, 国) are found too; whoever reads the text tells them apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Sides in shares of the page's width, how far from square, how much of each side is drawn, how thick that is.
SMALLEST, LARGEST = 0.007, 0.03
SQUARENESS = 0.78
DRAWN = 0.75
# A mark covers this much of what is inside the frame, and so much more than in the emptiest box of the page.
MARKED, MORE = 0.1, 0.07


class TickBox(NamedTuple):
    """A box in pixels, and whether something is drawn in it."""

    left: float
    top: float
    right: float
    bottom: float
    marked: bool


def tick_boxes(ink: Any) -> list[TickBox]:
    """The boxes on a page given as rows of pixels, 255 where there is ink."""
    import cv2

    width = ink.shape[1]
    found, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return []
    boxes = {}
    for outline, (_, _, hole, _) in zip(found, tree[0], strict=True):
        left, top, wide, high = cv2.boundingRect(outline)
        if hole < 0 or not SMALLEST * width <= max(wide, high) <= LARGEST * width:
            continue
        if min(wide, high) >= SQUARENESS * max(wide, high) and _is_frame(ink[top : top + high, left : left + wide]):
            boxes[left, top, left + wide, top + high] = _inside(ink[top : top + high, left : left + wide])
    emptiest = min(boxes.values(), default=0.0)
    return [
        TickBox(float(left), float(top), float(right), float(bottom), share > max(MARKED, emptiest + MORE))
        for (left, top, right, bottom), share in boxes.items()
    ]


def _is_frame(part: Any) -> bool:
    """Whether ink runs along all four sides."""
    deep = max(1, min(part.shape) // 6)
    sides = (part[:deep].max(0), part[-deep:].max(0), part[:, :deep].max(1), part[:, -deep:].max(1))
    return all((side > 0).mean() >= DRAWN for side in sides)


def _inside(part: Any) -> float:
    """The share of the middle that is ink."""
    edge = max(2, round(0.24 * min(part.shape)))
    middle = part[edge:-edge, edge:-edge]
    return float((middle > 0).mean()) if middle.size else 0.0
