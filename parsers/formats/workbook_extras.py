"""What an .xlsx file says about its cells beside their values: links, pictures, formulas without a result, text boxes,
and which part of a text is set off from the rest.

Read only where a look at the sheet's bytes shows that it is there; values themselves are not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from parsers.formats.extents import REFERENCE, column_number
from parsers.formats.package import Package, parse
from parsers.formats.sheet_controls import Control, controls
from parsers.model import Picture, Run, Style

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
COMPATIBLE = "{http://schemas.microsoft.com/office/drawing/2010/main}compatExt"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# A sheet with none of these words has no link, no drawing and no formula; with one it may have.
FORMULAS = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")
# Fewer words to look for, one of which stands wherever one of SIGNS does.
HINTS = (b"<f", b":f", b"rawing", b"hyperlink")
SIGNS = (b"hyperlink", b"<drawing", b":drawing", *FORMULAS)
# WPS keeps a picture "in" a cell as a formula, or as that formula's text, which names it by an id.
CELL_PICTURE = re.compile(r"^\s*=?\s*(?:_xlfn\.)?DISPIMG\s*\(\s*\"([^\"]+)\"", re.I)
LINK_FORMULA = re.compile(r"^\s*=?\s*HYPERLINK\s*\(\s*\"([^\"]+)\"", re.I)

# Stands wherever a part of a text has a look of its own.
LOOK = b"rPr>"
LOOKS = {"b": Style.BOLD, "i": Style.ITALIC, "u": Style.UNDERLINE, "strike": Style.STRIKE}

Position = tuple[int, int]


@dataclass(slots=True)
class SheetExtras:
    """One sheet's extras; positions count from 0. `boxes` are the text boxes' lines from top to bottom.

    `links` are addresses in order, each once; `named_pictures` the ids that WPS put in place of a value; `merges` the
    merged ranges (first and last position), None where the reader of the values knows them; `texts` what to read
    instead of some values.
    """

    links: dict[Position, dict[str, None]] = field(default_factory=dict)
    uncalculated: list[Position] = field(default_factory=list)
    pictures: dict[Position, list[Picture]] = field(default_factory=dict)
    named_pictures: dict[Position, str] = field(default_factory=dict)
    boxes: list[str] = field(default_factory=list)
    cell_pictures: Mapping[str, Picture] = field(default_factory=dict)
    rich: dict[Position, tuple[Run, ...]] = field(default_factory=dict)
    merges: Sequence[tuple[Position, Position]] | None = None
    texts: Mapping[Position, str] = field(default_factory=dict)
    controls: Sequence[Control] = ()

    @property
    def empty(self) -> bool:
        values = (self.links, self.uncalculated, self.pictures, self.named_pictures, self.cell_pictures)
        return not any((*values, self.rich, self.texts, self.controls))

    def instead_of_text(self, texts: Mapping[Position, str]) -> Iterator[tuple[Position, Picture | None]]:
        """The cells whose text only names a picture, with that picture, None where it is missing."""
        for position, text in texts.items():
            name = self.named_pictures.get(position, "")
            if "DISPIMG" in text.upper():
                match = CELL_PICTURE.match(text)
                name = match[1] if match else name
            if name:
                yield position, self.cell_pictures.get(name)


class Extras:
    """The extras of a workbook's worksheets, by their place among the worksheets."""

    def __init__(self, package: Package, parts: Mapping[str, bytes]) -> None:
        self._package, self._parts = package, parts

    def of_sheet(self, index: int) -> SheetExtras:
        """The extras of the worksheet at this place, chart sheets not counted."""
        extras = SheetExtras()
        if not self._any:
            return extras
        part = self._sheet_names[index] if index < len(self._sheet_names) else ""
        content = self._parts.get(part.lower(), b"")
        extras.cell_pictures = self._cell_pictures
        extras.controls = controls(self._package, part, content)
        if _shows(content, SIGNS):
            self._read_sheet(part, content, extras)
        if self._rich or LOOK in content:
            extras.rich = dict(self._rich_cells(content))
        return extras

    @cached_property
    def _any(self) -> bool:
        named = "xl/cellimages.xml" in self._package
        looks = bool(self._rich) or any(LOOK in content for content in self._parts.values())
        return named or looks or any(_shows(content, HINTS) for content in self._parts.values())

    @cached_property
    def _rich(self) -> dict[int, tuple[Run, ...]]:
        """The shared texts of several looks, by their number (ECMA-376 part 1, 18.4.8)."""
        part = "xl/sharedStrings.xml"
        content = self._package.read(part) if part in self._package else b""
        if LOOK not in content:
            return {}
        texts = {number: _runs(text) for number, text in enumerate(parse(content).iter(f"{S}si"))}
        return {number: runs for number, runs in texts.items() if runs}

    def _rich_cells(self, content: bytes) -> Iterator[tuple[Position, tuple[Run, ...]]]:
        for cell in parse(content).iter(f"{S}c"):
            runs: tuple[Run, ...] = ()
            number = cell.findtext(f"{S}v") or ""
            if cell.get("t") == "s" and number.isdecimal() and len(number) < 10:
                runs = self._rich.get(int(number), ())
            elif cell.get("t") == "inlineStr":
                runs = _runs(cell)
            position = _position(cell.get("r", "")) if runs else None
            if position is not None:
                yield position, runs

    @cached_property
    def _sheet_names(self) -> list[str]:
        book = "xl/workbook.xml"
        if book not in self._package:
            relations = self._package.relations().values()
            book = next((r.target for r in relations if r.kind == "officeDocument"), book)
        targets = self._package.relations(book)
        sheets = [targets.get(sheet.get(f"{R}id", "")) for sheet in self._package.xml(book).iter(f"{S}sheet")]
        return [target.target if target else "" for target in sheets if not target or target.kind == "worksheet"]

    @cached_property
    def _cell_pictures(self) -> dict[str, Picture]:
        part = "xl/cellimages.xml"
        if part not in self._package:
            return {}
        pictures = {}
        for shape in self._package.xml(part).iter(f"{XDR}pic"):
            name, picture = shape.find(f".//{XDR}cNvPr"), next(self._shown(shape, part), None)
            if name is not None and picture is not None:
                pictures[name.get("name", "")] = picture
        return pictures

    def _shown(self, shape: Any, part: str) -> Iterator[Picture]:
        relations = self._package.relations(part)
        for blip in shape.iter(f"{A}blip"):
            relation = relations.get(blip.get(f"{R}embed", ""))
            if relation is not None and not relation.external:
                yield Picture(relation.target, partial(self._package.read, relation.target))

    def _read_sheet(self, part: str, content: bytes, extras: SheetExtras) -> None:
        root, relations = parse(content), self._package.relations(part)
        for cell in root.iter(f"{S}c") if _shows(content, FORMULAS) else ():
            formula = cell.find(f"{S}f")
            if formula is not None:
                _read_formula(cell, formula.text or "", extras)
        for link in root.iter(f"{S}hyperlink"):
            relation = relations.get(link.get(f"{R}id", ""))
            position = _position(link.get("ref", ""))
            if relation is not None and relation.external and position is not None:
                _add_link(extras, position, relation.target)
        for drawing in root.iter(f"{S}drawing"):
            relation = relations.get(drawing.get(f"{R}id", ""))
            if relation is not None and not relation.external:
                self._read_drawing(relation.target, extras)

    def _read_drawing(self, part: str, extras: SheetExtras) -> None:
        boxes: list[tuple[Position, list[str]]] = []
        known = {control.shape for control in extras.controls}
        for anchor in self._package.xml(part):
            start = anchor.find(f"{XDR}from")
            position = (_number(start, "row"), _number(start, "col"))
            for shape in anchor.iter(f"{XDR}pic"):
                extras.pictures.setdefault(position, []).extend(self._shown(shape, part))
            shapes = (shape for shape in anchor.iter(f"{XDR}sp") if not _numbers(shape) & known)
            boxes += [(position, lines) for shape in shapes if (lines := _lines(shape))]
        boxes.sort(key=lambda box: box[0])
        extras.boxes += [line for _, lines in boxes for line in lines]


def _runs(text: Any) -> tuple[Run, ...]:
    """The runs of a text, none where all look alike."""
    runs = tuple(Run(run.findtext(f"{S}t") or "", _look(run.find(f"{S}rPr"))) for run in text.iter(f"{S}r"))
    return runs if len({run.style for run in runs}) > 1 else ()


def _look(properties: Any) -> Style:
    """How a run is set off (ECMA-376 part 1, 18.4.7); black and the theme's own colours are no colour."""
    style = Style.PLAIN
    for mark in properties if properties is not None else ():
        name, value = mark.tag.removeprefix(S), mark.get("val", "")
        if name in LOOKS and value not in ("0", "false", "none"):
            style |= LOOKS[name]
        elif name == "color" and mark.get("rgb", "FF000000")[-6:] != "000000":
            style |= Style.COLOUR
    return style


def _shows(content: bytes, signs: tuple[bytes, ...]) -> bool:
    return any(sign in content for sign in signs)


def _read_formula(cell: Any, formula: str, extras: SheetExtras) -> None:
    position = _position(cell.get("r", ""))
    if position is None:
        return
    picture, link = CELL_PICTURE.match(formula), LINK_FORMULA.match(formula)
    if picture:
        extras.named_pictures[position] = picture[1]
    if link:
        _add_link(extras, position, link[1])
    # A formula whose result is an empty text says so (t="str"); one without any result was never calculated.
    if not cell.findtext(f"{S}v") and cell.get("t") != "str" and not picture:
        extras.uncalculated.append(position)


def _add_link(extras: SheetExtras, position: Position, target: str) -> None:
    extras.links.setdefault(position, {})[target] = None


def _position(reference: str) -> Position | None:
    match = REFERENCE.match(reference.partition(":")[0].replace("$", ""))
    return (int(match[2]) - 1, column_number(match[1])) if match else None


def _number(start: Any, name: str) -> int:
    text = start.findtext(f"{XDR}{name}", "0").strip() if start is not None else "0"
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _numbers(shape: Any) -> set[str]:
    """The number of the VML shape that this one stands for, if it does."""
    return {extension.get("spid", "").rpartition("_s")[2] for extension in shape.iter(COMPATIBLE)}


def _lines(shape: Any) -> list[str]:
    if any(True for _ in shape.iterancestors(FALLBACK)):
        return []
    texts = ("".join(part.text or "" for part in line.iter(f"{A}t")) for line in shape.iter(f"{A}p"))
    return [text for text in texts if text.strip()]
