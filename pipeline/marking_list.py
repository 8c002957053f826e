"""The sheet 问题清单 of a marked workbook: every mark with its place, and a link to the cell.

It writes one worksheet's XML and knows nothing of the package around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree
from msgspec import Struct

from parsers.formats.workbook_extras import S
from pipeline.marking_styles import Styles
from pipeline.marking_value import LONGEST, Marked
from pipeline.wording import one_line

TITLE = "问题清单"
HEADINGS = ("序号", "级别", "位置", "说明", "依据")
WIDTHS = (7, 7, 32, 64, 20)
# Points of height a line of text takes; not every program finds the height of wrapped text by itself.
LINE_HEIGHT = 16
WHOLE_FILE = "整个文件"
CLOSING = "请在原表中改正涂有颜色的单元格，红色的必须改正，黄色的请核对。本表和批注由核对程序添加，重新报送时留着或删去都可以。"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class Line(Struct, frozen=True):
    """A mark and the location a link to it leads to, `'附件3'!D7`, "" for none."""

    mark: Marked
    location: str = ""


def is_ours(sheet: Any, texts: Sequence[str]) -> bool:
    """Whether a worksheet of that name is a list of an earlier round; `texts` are the workbook's shared strings."""
    first = sheet.find(f"{S}sheetData/{S}row")
    cells = [] if first is None else first.findall(f"{S}c")
    return tuple(filter(None, (_said(cell, texts) for cell in cells))) == HEADINGS


def _said(cell: Any, texts: Sequence[str]) -> str:
    value = cell.findtext(f"{S}v", "")
    if cell.get("t") == "s" and value.isdecimal() and int(value) < len(texts):
        return texts[int(value)]
    return "".join(text.text or "" for text in cell.iter(f"{S}t")) or value


def list_sheet(lines: Sequence[Line], styles: Styles) -> bytes:
    """The worksheet's XML; it prints on A4 across."""
    heading, body, link = styles.heading(), styles.body(), styles.link()
    root: Any = etree.XML(f'<worksheet xmlns="{S[1:-1]}"/>')
    properties = etree.SubElement(root, f"{S}sheetPr")
    etree.SubElement(properties, f"{S}tabColor", rgb="FFC00000")
    etree.SubElement(properties, f"{S}pageSetUpPr", fitToPage="1")
    view = etree.SubElement(etree.SubElement(root, f"{S}sheetViews"), f"{S}sheetView", workbookViewId="0")
    etree.SubElement(view, f"{S}pane", ySplit="1", topLeftCell="A2", activePane="bottomLeft", state="frozen")
    columns = etree.SubElement(root, f"{S}cols")
    for number, width in enumerate(WIDTHS, start=1):
        etree.SubElement(columns, f"{S}col", min=str(number), max=str(number), width=str(width), customWidth="1")
    data = etree.SubElement(root, f"{S}sheetData")
    _row(data, 1, HEADINGS, [heading] * len(HEADINGS))
    for number, line in enumerate(lines, start=1):
        place = str(line.mark.place) or WHOLE_FILE
        said = (one_line(line.mark.message, LONGEST), one_line(line.mark.clause, LONGEST))
        texts = (str(number), line.mark.severity.label, place, *said)
        _row(data, number + 1, texts, [body, body, link if line.location else body, body, body])
    last = len(lines) + 2
    _row(data, last, (CLOSING, *[""] * (len(HEADINGS) - 1)), [body] * len(HEADINGS))
    data[-1].set("ht", str(2 * LINE_HEIGHT + 4))
    merges = etree.SubElement(root, f"{S}mergeCells", count="1")
    etree.SubElement(merges, f"{S}mergeCell", ref=f"A{last}:{'ABCDE'[len(HEADINGS) - 1]}{last}")
    _links(root, lines)
    etree.SubElement(root, f"{S}pageSetup", paperSize="9", orientation="landscape", fitToHeight="0")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _links(root: Any, lines: Sequence[Line]) -> None:
    if not any(line.location for line in lines):
        return
    links = etree.SubElement(root, f"{S}hyperlinks")
    for row, line in enumerate(lines, start=2):
        if line.location:
            etree.SubElement(links, f"{S}hyperlink", ref=f"C{row}", location=line.location)


def _lines(text: str, width: int) -> int:
    """The lines a text takes in a column; a Chinese character is as wide as two digits."""
    return -(-sum(1 if character.isascii() else 2 for character in text) // (width - 2)) or 1


def _row(data: Any, number: int, texts: Sequence[str], styles: Sequence[int]) -> None:
    """A row of texts; digits go in as numbers, all else as text, so that nothing becomes a formula."""
    height = LINE_HEIGHT * max(map(_lines, texts, WIDTHS)) + 4
    row = etree.SubElement(data, f"{S}row", r=str(number), ht=str(height), customHeight="1")
    for letter, text, style in zip("ABCDE", texts, styles, strict=True):
        cell = etree.SubElement(row, f"{S}c", r=f"{letter}{number}", s=str(style))
        if text.isascii() and text.isdecimal():
            etree.SubElement(cell, f"{S}v").text = text
        elif text:
            cell.set("t", "inlineStr")
            element = etree.SubElement(etree.SubElement(cell, f"{S}is"), f"{S}t")
            element.text = text
            element.set(SPACE, "preserve")
