"""Check boxes and option buttons that lie on a worksheet: whether each is ticked, its caption, and the cell it lies on.

Excel writes them as VML shapes (ECMA-376 part 4, 19.4), newer versions beside these as control properties
([MS-XLSX] 2.3.7), which then say best whether a box is ticked. What a ticked box means is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from lxml import etree

from parsers.formats import Unreadable
from parsers.formats.package import LARGEST_PART, Package, Relation
from parsers.model import Run

X = "{urn:schemas-microsoft-com:office:excel}"
V = "{urn:schemas-microsoft-com:vml}"
O = "{urn:schemas-microsoft-com:office:office}"  # noqa: E741  (the prefix that every such file uses)
SIGN = b"legacyDrawing"
KINDS = ("Checkbox", "Radio")
CONTROL = re.compile(rb"<(?:\w+:)?control\b[^>]*>")
ATTRIBUTE = re.compile(rb"""\b(?:\w+:)?(shapeId|id)\s*=\s*["']([^"']*)["']""")
# What Excel writes where nobody wrote a caption.
NAMELESS = re.compile(r"(?:Check ?Box|Option ?Button|复选框|选项按钮|选项)\s*\d+", re.I)
# Placing a mark costs as much as the text is long; no form has as many.
MOST = 500
# A box is some 17 pixels high: one that reaches further than half of that into the next row lies on it.
HALF_A_BOX = 9
# VML is not always XML: line breaks stand unclosed in it.
UNCLOSED = re.compile(rb"<br\s*>", re.I)
LENIENT = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)

Position = tuple[int, int]


class Control(NamedTuple):
    """A control; `shape` is its number, `spot` its top and left edge (row and column, each with the pixels inside)."""

    shape: str
    position: Position
    spot: tuple[int, int, int, int]
    caption: str
    ticked: bool

    @property
    def mark(self) -> str:
        return "☑" if self.ticked else "☐"


def controls(package: Package, part: str, content: bytes) -> list[Control]:
    """The controls of a worksheet's part from top left to bottom right; a part that cannot be read adds none."""
    if SIGN not in content:
        return []
    relations = package.relations(part)
    stated: dict[str, bool] = {}
    found: list[Control] = []
    with suppress(Unreadable):
        stated.update(_stated(package, content, relations))
    with suppress(Unreadable):
        for relation in relations.values():
            if relation.kind == "vmlDrawing" and not relation.external:
                found += _drawn(package.read(relation.target), stated)
    return sorted(found, key=lambda control: control.spot)[:MOST]


def _stated(package: Package, content: bytes, relations: dict[str, Relation]) -> Iterator[tuple[str, bool]]:
    """Of each control with properties: the number of its shape, and whether it is ticked."""
    for control in CONTROL.finditer(content):
        given = {name.decode(): value.decode("utf-8", "replace") for name, value in ATTRIBUTE.findall(control[0])}
        relation = relations.get(given.get("id", ""))
        if relation is not None and relation.kind == "ctrlProp" and not relation.external:
            yield given.get("shapeId", ""), package.xml(relation.target).get("checked") == "Checked"


def _drawn(vml: bytes, stated: dict[str, bool]) -> Iterator[Control]:
    if len(vml) > LARGEST_PART or b"<!DOCTYPE" in vml or not any(kind.encode() in vml for kind in KINDS):
        return
    root = etree.fromstring(UNCLOSED.sub(b"<br/>", vml), LENIENT)
    for shape in root.iter(f"{V}shape") if root is not None else ():
        data = shape.find(f"{X}ClientData")
        if data is None or data.get("ObjectType") not in KINDS:
            continue
        anchor = [int(number) for number in re.findall(r"\d{1,7}", data.findtext(f"{X}Anchor") or "")]
        if len(anchor) == 8:
            ticked = (data.findtext(f"{X}Checked") or "0").strip() == "1"
            number = shape.get(f"{O}spid", shape.get("id", "")).rpartition("_s")[2]
            yield Control(number, *_place(anchor), _caption(shape), stated.get(number, ticked))


def _place(anchor: Sequence[int]) -> tuple[Position, tuple[int, int, int, int]]:
    """The cell under most of the box, and its edge, from left, top, right and bottom edge with their pixels."""
    left, left_pixels, top, top_pixels, _, _, bottom, bottom_pixels = anchor
    row = top + (bottom == top + 1 and bottom_pixels >= HALF_A_BOX)
    # Boxes side by side are seldom drawn at quite the same height.
    return (row, left), (row, 0 if bottom - top < 2 else top_pixels, left, left_pixels)


def _caption(shape: Any) -> str:
    box = shape.find(f"{V}textbox")
    text = " ".join("".join(box.itertext()).split()) if box is not None else ""
    return "" if NAMELESS.fullmatch(text) else text


def with_marks(runs: tuple[Run, ...], found: Sequence[Control]) -> tuple[Run, ...]:
    """A cell's text with the marks of the controls that lie on it, each in front of its caption, or else of its word.

    Controls without a caption belong to the words of the text in turn, if there is one for each.
    """
    text = "".join(run.text for run in runs)
    nameless = [control for control in found if not control.caption]
    words = [word.start() for word in re.finditer(r"\S+", text)]
    places = dict(zip(words, nameless, strict=True)) if len(words) == len(nameless) else {}
    if len(nameless) == 1 and words:
        places = {words[0]: nameless[0]}
    missing: list[Control] = []
    for control in found:
        start = text.find(control.caption) if control.caption else -1
        if start >= 0:
            places[start] = control
        elif control.caption:
            missing.append(control)
    for start in sorted(places, reverse=True):
        runs = _inserted(runs, start, places[start].mark)
    added = "  ".join(f"{control.mark}{control.caption}" for control in missing)
    return (*runs, Run(f"{'  ' if runs and added else ''}{added}")) if added else runs


def _inserted(runs: tuple[Run, ...], at: int, mark: str) -> tuple[Run, ...]:
    """The runs with a mark in front of this character, in the style of what it stands before."""
    for index, run in enumerate(runs):
        if at < len(run.text):
            return (*runs[:index], run._replace(text=run.text[:at] + mark + run.text[at:]), *runs[index + 1 :])
        at -= len(run.text)
    return runs
