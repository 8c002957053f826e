"""The ledger's looks: palette, cell styles registered once for each combination, and the page set-up of all sheets.

Nothing here knows a sheet's content; a style is asked for by what a cell is, never set cell by cell.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from msgspec import Struct
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook import Workbook

from pipeline.ledger_table import Kind, Tone

FACE = "微软雅黑"
INK = "FF263238"
HEADER = "FF1F5663"
STAFF_HEADER = "FF8A6A2F"
STAFF_FILL = "FFFFFBEF"
RULE = "FFD5DDE0"
LINK = "FF1A66A8"
TIME_FORMAT = "yyyy-mm-dd hh:mm"

FILLS = {
    Tone.PLAIN: "FFFFFFFF",
    Tone.BAND: "FFF4F8F9",
    Tone.GOOD: "FFEFF7F1",
    Tone.OPEN: "FFFFF6E3",
    Tone.URGENT: "FFFCECE9",
    Tone.IDLE: "FFF3F4F5",
}
# The stronger pair of fill and letters for a cell that names a state.
ACCENT_FILLS = {
    Tone.GOOD: ("FFD5EBDB", "FF1E6B3C"),
    Tone.OPEN: ("FFFDE3AE", "FF8A5300"),
    Tone.URGENT: ("FFF6C9C1", "FF9B2C1E"),
    Tone.IDLE: ("FFE1E4E6", "FF5B666C"),
}
CHART_COLOURS = {Tone.GOOD: "4C9F70", Tone.OPEN: "E8B04A", Tone.URGENT: "C8604F", Tone.IDLE: "B4BDC2"}
CHART_BLUE = "2F7F93"

THIN = Side(style="thin", color=RULE)
GRID = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


class Look(Struct, frozen=True):
    """All that tells one cell style from another."""

    kind: Kind = Kind.TEXT
    tone: Tone = Tone.PLAIN
    accent: bool = False
    link: bool = False
    quoted: bool = False
    time: bool = False


class Styles:
    """The styles of one workbook, each registered on first use."""

    def __init__(self, book: Workbook) -> None:
        self._sheet: Any = book.active
        # A cell that nobody else has for each: openpyxl keeps the very array that the cell holds.
        self._painted: dict[Look | str, Any] = {}

    def number(self, look: Look) -> int:
        """The number that a worksheet's `s` attribute takes for this look."""
        number: int = self._with(look).style_id
        return number

    def header(self, kind: Kind) -> int:
        """The number of the header style; staff's own columns have a colour of their own."""
        number: int = self._with(STAFF_HEADER if kind is Kind.STAFF else HEADER).style_id
        return number

    def paint(self, cell: Any, look: Look | str) -> None:
        """Give an openpyxl cell this look, or that of a header in this colour."""
        # Setting font, fill and borders has openpyxl look for equal ones each time.
        cell._style = copy(self._with(look)._style)

    def _with(self, look: Look | str) -> Any:
        if look not in self._painted:
            cell = self._painted[look] = Cell(self._sheet, row=1, column=1)
            if isinstance(look, Look):
                _paint(cell, look)
            else:
                _paint_header(cell, look)
        return self._painted[look]


def _paint(cell: Any, look: Look) -> None:
    fill, ink, bold = FILLS[look.tone], INK, False
    if look.kind is Kind.STAFF:
        fill = STAFF_FILL
    if look.accent:
        (fill, ink), bold = ACCENT_FILLS.get(look.tone, (fill, ink)), True
    if look.link:
        ink = LINK
    centred = look.kind in (Kind.CENTRED, Kind.STATE, Kind.TIME)
    cell.font = Font(name=FACE, size=10, color=ink, bold=bold, underline="single" if look.link else None)
    cell.fill = PatternFill("solid", fgColor=fill)
    cell.border = GRID
    cell.alignment = Alignment(
        horizontal="center" if centred else "left",
        indent=0 if centred else 1,
        vertical="center",
        wrap_text=True,
    )
    cell.number_format = TIME_FORMAT if look.time or look.kind is Kind.TIME else "General"
    cell.quotePrefix = look.quoted


def _paint_header(cell: Any, colour: str) -> None:
    cell.font = Font(name=FACE, size=10, color="FFFFFFFF", bold=True)
    cell.fill = PatternFill("solid", fgColor=colour)
    cell.border = GRID
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def set_up_page(sheet: Any, title: str) -> None:
    """A4 landscape, one page wide, the header row on every page, title above and page numbers below."""
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.7, 0.6, 0.35, 0.3
    # An ampersand starts a code in headers and footers, so that one of the title is doubled.
    name = title.replace("&", "&&").replace("\n", "")[:100]
    sheet.oddHeader.left.text = f'&"{FACE}"&9{_apart(name)}'
    sheet.oddHeader.right.text = f'&"{FACE}"&9&A'
    sheet.oddFooter.center.text = f'&"{FACE}"&9第 &P 页 共 &N 页'


def _apart(text: str) -> str:
    """Keep a leading digit of the text from being read as part of the font size before it."""
    return f" {text}" if text[:1].isdigit() else text
