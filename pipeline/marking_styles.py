"""A workbook's cell formats with colours added: a marked cell keeps number format, font and borders and changes its fill.

Formats that are there are never altered, for other cells use them too.
"""

from __future__ import annotations

import copy
from typing import Any

from lxml import etree

from parsers.formats.workbook_extras import S
from pipeline.marking_value import Uneditable
from pipeline.model import Severity

# Colours of our own, close to the usual light red and light yellow, so that our marks are known again.
FILLS = {Severity.ERROR: "FFFFC9C7", Severity.WARNING: "FFFFF1B8"}
HEADING_FILL, LINK_COLOUR = "FFD9E2EC", "FF0563C1"


class Styles:
    """The `styleSheet` part being added to. Raises Uneditable where it lacks what every workbook has."""

    def __init__(self, root: Any) -> None:
        found = [root.find(f"{S}{name}") for name in ("fonts", "fills", "borders", "cellXfs")]
        if any(part is None or not len(part) for part in found):
            raise Uneditable("no cell formats")
        self._fonts, self._fills, self._borders, self._formats = found
        self._tints: dict[tuple[int, str], int] = {}
        self._fill_ids: dict[str, int] = {}

    def tinted(self, style: int, severity: Severity) -> int:
        """The format `style` with the colour of this severity."""
        return self._with_fill(style, FILLS[severity])

    def cleared(self, style: int) -> int:
        """The format `style` without a colour of ours; the same format if it has none."""
        fill = int(self._format(style).get("fillId", "0"))
        colours = {str(colour.get("rgb", "")) for colour in self._fills[fill].iter(f"{S}fgColor")}
        return self._with_fill(style, "") if colours & set(FILLS.values()) else style

    def heading(self) -> int:
        """A format for the first row of a list of ours."""
        return self._listed(self._font(bold=True), self._fill_id(HEADING_FILL), "center")

    def body(self) -> int:
        return self._listed(self._font(), 0, "left")

    def link(self) -> int:
        return self._listed(self._font(colour=LINK_COLOUR), 0, "left")

    def _format(self, style: int) -> Any:
        return self._formats[style if 0 <= style < len(self._formats) else 0]

    def _with_fill(self, style: int, colour: str) -> int:
        if (style, colour) not in self._tints:
            tinted = copy.deepcopy(self._format(style))
            tinted.set("fillId", str(self._fill_id(colour) if colour else 0))
            tinted.set("applyFill", "1")
            self._tints[style, colour] = _append(self._formats, tinted)
        return self._tints[style, colour]

    def _fill_id(self, colour: str) -> int:
        if colour not in self._fill_ids:
            fill = etree.Element(f"{S}fill")
            pattern = etree.SubElement(fill, f"{S}patternFill", patternType="solid")
            etree.SubElement(pattern, f"{S}fgColor", rgb=colour)
            etree.SubElement(pattern, f"{S}bgColor", indexed="64")
            self._fill_ids[colour] = _append(self._fills, fill)
        return self._fill_ids[colour]

    def _font(self, bold: bool = False, colour: str = "") -> int:
        font = etree.Element(f"{S}font")
        if bold:
            etree.SubElement(font, f"{S}b")
        if colour:
            etree.SubElement(font, f"{S}u")
        etree.SubElement(font, f"{S}sz", val="11")
        if colour:
            etree.SubElement(font, f"{S}color", rgb=colour)
        etree.SubElement(font, f"{S}name", val="宋体")
        etree.SubElement(font, f"{S}charset", val="134")
        return _append(self._fonts, font)

    def _listed(self, font: int, fill: int, horizontal: str) -> int:
        border = etree.Element(f"{S}border")
        for side in ("left", "right", "top", "bottom"):
            etree.SubElement(etree.SubElement(border, f"{S}{side}", style="thin"), f"{S}color", rgb="FFBFBFBF")
        etree.SubElement(border, f"{S}diagonal")
        cell = etree.Element(f"{S}xf", numFmtId="0", fontId=str(font), fillId=str(fill), xfId="0")
        cell.set("borderId", str(_append(self._borders, border)))
        for part in ("Font", "Fill", "Border", "Alignment"):
            cell.set(f"apply{part}", "1")
        etree.SubElement(cell, f"{S}alignment", horizontal=horizontal, vertical="center", wrapText="1")
        return _append(self._formats, cell)


def _append(parent: Any, element: Any) -> int:
    """Add to a counted list; returns the new element's index."""
    parent.append(element)
    parent.set("count", str(len(parent)))
    return len(parent) - 1
