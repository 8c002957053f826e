"""The sheet 统计 drawn: title, large figures, small tables on the left and an Excel chart beside each.

The numbers come counted; nothing here reads the view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openpyxl.chart import BarChart, DoughnutChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.pagebreak import Break

from pipeline.ledger_rows import ACCENTS
from pipeline.ledger_statistics import Block, Line, Statistics
from pipeline.ledger_style import (
    CHART_BLUE,
    CHART_COLOURS,
    FACE,
    HEADER,
    Look,
    Styles,
    set_up_page,
)
from pipeline.ledger_table import Kind, Tone

WIDTHS = {"A": 18.0, **dict.fromkeys("BCDEFG", 11.5), "H": 3.0, **dict.fromkeys("IJKLMN", 16.0)}
LAST_COLUMN = 14
# So many characters of the title fit into one line across the sheet.
TITLE_LINE = 55
TILES = ((1, 2), (3, 5), (6, 8), (9, 10), (11, 12), (13, 14))
TOP_HEIGHTS = {1: 34.0, 2: 22.0, 3: 8.0, 4: 34.0, 5: 20.0, 6: 10.0}
CHART_COLUMN = 9
ROW_POINTS = 18.0
# A block takes at least this many rows, so that its chart does not reach into the next one.
BLOCK_ROWS = 14
TONES = {name: tone for name, tone in ACCENTS.items() if tone in CHART_COLOURS}

Chart = Any
Maker = Callable[[Any, Block, int], Chart]


def draw(sheet: Any, numbers: Statistics, styles: Styles) -> None:
    """Fill the whole sheet, two blocks a printed page."""
    set_up_page(sheet, numbers.title)
    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    _title(sheet, numbers)
    _figures(sheet, numbers, styles)
    row = _block(sheet, styles, numbers.states, 7, _state_chart)
    row = _block(sheet, styles, numbers.categories, row, _category_chart)
    sheet.row_breaks.append(Break(id=row - 1))
    row = _block(sheet, styles, numbers.levels, row, _level_chart)
    row = _block(sheet, styles, numbers.days, row, _day_chart)
    _stray(sheet, numbers, row, styles)


def _write(sheet: Any, styles: Styles, row: int, column: int, value: Any, look: Look) -> None:
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        cell.data_type = "s"
    styles.paint(cell, look)
    if isinstance(value, float):
        cell.number_format = "0.0%"


def _wide(sheet: Any, row: int, first: int, last: int, value: Any, font: Font, centred: bool = False) -> None:
    _merge(sheet, row, first, last)
    cell = sheet.cell(row, first, value)
    if isinstance(value, str):
        cell.data_type = "s"
    cell.font = font
    cell.alignment = Alignment(horizontal="center" if centred else "left", vertical="center", wrap_text=True)


def _merge(sheet: Any, row: int, first: int, last: int) -> None:
    # merge_cells would draw the borders of each cell anew, which takes longer than all else on this sheet.
    sheet.merged_cells.add(CellRange(min_row=row, max_row=row, min_col=first, max_col=last).coord)


def _title(sheet: Any, numbers: Statistics) -> None:
    _wide(sheet, 1, 1, LAST_COLUMN, numbers.title, Font(name=FACE, size=16, bold=True, color=HEADER), centred=True)
    _wide(sheet, 2, 1, LAST_COLUMN, numbers.deadline, Font(name=FACE, size=10, color="FF5B666C"), centred=True)
    for row, height in TOP_HEIGHTS.items():
        sheet.row_dimensions[row].height = height
    if len(numbers.title) > TITLE_LINE:
        sheet.row_dimensions[1].height = 2 * TOP_HEIGHTS[1]


def _figures(sheet: Any, numbers: Statistics, styles: Styles) -> None:
    for (first, last), (name, figure) in zip(TILES, numbers.figures, strict=True):
        for row in (4, 5):
            for column in range(first, last + 1):
                styles.paint(sheet.cell(row, column), Look(tone=Tone.BAND))
        _wide(sheet, 4, first, last, figure, Font(name=FACE, size=20, bold=True, color=HEADER), centred=True)
        _wide(sheet, 5, first, last, name, Font(name=FACE, size=10, color="FF5B666C"), centred=True)


def _block(sheet: Any, styles: Styles, block: Block, row: int, maker: Maker) -> int:
    """Write a block's heading, table and chart; gives the row where the next block begins."""
    _wide(sheet, row, 1, 7, block.heading, Font(name=FACE, size=12, bold=True, color=HEADER))
    for column, name in enumerate(block.columns, start=1):
        styles.paint(sheet.cell(row + 1, column, name), HEADER)
    lines: tuple[Line, ...] = (*block.lines, *([block.total] if block.total else []))
    for offset, (name, values) in enumerate(lines, start=row + 2):
        tone = Tone.BAND if block.total and offset == row + 1 + len(lines) else Tone.PLAIN
        accent = TONES.get(name)
        _write(sheet, styles, offset, 1, name, Look(Kind.STATE, accent or tone, accent=accent is not None))
        for column, value in enumerate(values, start=2):
            _write(sheet, styles, offset, column, value, Look(Kind.CENTRED, tone))
    used = max(BLOCK_ROWS, len(lines) + 3)
    for number in range(row, row + used):
        sheet.row_dimensions[number].height = ROW_POINTS
    if block.lines:
        chart = maker(sheet, block, row)
        # Tied to cells at both ends, a chart keeps to its columns whatever width the program gives them.
        chart.anchor = TwoCellAnchor(
            _from=AnchorMarker(col=CHART_COLUMN - 1, row=row),
            to=AnchorMarker(col=LAST_COLUMN, row=row + BLOCK_ROWS - 2),
        )
        sheet.add_chart(chart)
    return row + used


def _column(sheet: Any, block: Block, row: int, column: int, header: bool = True) -> Reference:
    """The cells of one column of a block's table, without its total."""
    first = row + 1 if header else row + 2
    return Reference(sheet, min_col=column, min_row=first, max_row=row + 1 + len(block.lines))


def _labels(chart: Chart, percent: bool = False) -> None:
    chart.dataLabels = DataLabelList()
    chart.dataLabels.showVal = not percent
    chart.dataLabels.showPercent = percent
    for name in ("showSerName", "showCatName", "showLegendKey", "showLeaderLines"):
        setattr(chart.dataLabels, name, False)


def _axes(chart: Chart) -> None:
    # openpyxl leaves it open whether axes are drawn, and Excel then draws none.
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.majorGridlines.spPr = _line("E3E8EA")
    chart.y_axis.number_format = "0"
    chart.y_axis.scaling.min = 0


def _line(colour: str) -> GraphicalProperties:
    return GraphicalProperties(ln=LineProperties(solidFill=colour))


def _paint_series(series: Any, colour: str) -> None:
    series.graphicalProperties.solidFill = colour
    series.graphicalProperties.line.solidFill = colour


def _state_chart(sheet: Any, block: Block, row: int) -> Chart:
    chart: Chart = DoughnutChart()
    chart.title = "各高校报送状态"
    chart.holeSize = 55
    chart.add_data(_column(sheet, block, row, 2), titles_from_data=True)
    chart.set_categories(_column(sheet, block, row, 1, header=False))
    for number, (name, _) in enumerate(block.lines):
        point = DataPoint(idx=number)
        point.graphicalProperties.solidFill = CHART_COLOURS[TONES[name]]
        chart.series[0].dPt.append(point)
    _labels(chart)
    chart.legend.position = "r"
    return chart


def _category_chart(sheet: Any, block: Block, row: int) -> Chart:
    chart: Chart = BarChart()
    chart.type, chart.title, chart.legend, chart.gapWidth = "bar", "各类别项目数", None, 45
    chart.add_data(_column(sheet, block, row, 2), titles_from_data=True)
    chart.set_categories(_column(sheet, block, row, 1, header=False))
    _axes(chart)
    # A bar chart counts from the bottom; turned round, it reads like the table beside it.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.delete = True
    chart.y_axis.majorGridlines = None
    _paint_series(chart.series[0], CHART_BLUE)
    _labels(chart)
    return chart


def _level_chart(sheet: Any, block: Block, row: int) -> Chart:
    chart: Chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 60
    chart.title = "不同层次高校的报送状态"
    for column in range(2, 6):
        chart.add_data(_column(sheet, block, row, column), titles_from_data=True)
        _paint_series(chart.series[-1], CHART_COLOURS[TONES[block.columns[column - 1]]])
    chart.set_categories(_column(sheet, block, row, 1, header=False))
    _axes(chart)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"
    chart.legend.position = "b"
    return chart


def _day_chart(sheet: Any, block: Block, row: int) -> Chart:
    chart: Chart = BarChart()
    chart.type, chart.title, chart.gapWidth = "col", "每日收件与累计报送高校", 60
    chart.add_data(_column(sheet, block, row, 2), titles_from_data=True)
    chart.set_categories(_column(sheet, block, row, 1, header=False))
    _paint_series(chart.series[0], CHART_BLUE)
    _axes(chart)
    line = LineChart()
    line.add_data(_column(sheet, block, row, 4), titles_from_data=True)
    line.series[0].graphicalProperties.line.solidFill = CHART_COLOURS[Tone.OPEN]
    line.series[0].graphicalProperties.line.width = 28_000
    line.series[0].smooth = False
    line.series[0].marker.symbol = "circle"
    line.series[0].marker.size = 5
    line.series[0].marker.graphicalProperties.solidFill = CHART_COLOURS[Tone.OPEN]
    line.series[0].marker.graphicalProperties.line.solidFill = CHART_COLOURS[Tone.OPEN]
    chart.legend.position = "b"
    chart += line
    return chart


def _stray(sheet: Any, numbers: Statistics, row: int, styles: Styles) -> None:
    """What staff wrote beside rows that are gone, at the very end, so that staff can take them up again."""
    if not numbers.stray:
        return
    _wide(sheet, row, 1, LAST_COLUMN, "五、已不在表中的备注", Font(name=FACE, size=12, bold=True, color=HEADER))
    spans = ((1, 2), (3, 6), (7, 9), (10, LAST_COLUMN))
    for number, texts in enumerate((("高校名称", "项目名称", "栏目", "内容"), *numbers.stray), start=row + 1):
        for (first, last), text in zip(spans, texts, strict=True):
            _merge(sheet, number, first, last)
            for column in range(first, last + 1):
                _write(sheet, styles, number, column, text if column == first else None, Look(Kind.STAFF))
                if number == row + 1:
                    styles.paint(sheet.cell(number, column), HEADER)
