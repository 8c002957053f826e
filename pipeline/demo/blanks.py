"""Builds the blank forms of the notice, Annexes 3 and 4, as Word and Excel files: `python -m pipeline.demo.blanks DIR`.

The same bytes come out every time. It fills nothing in; `forms` does, starting from these files.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

TITLE, TEXT, LABEL = "方正小标宋简体", "仿宋", "黑体"
ANNEX3_TITLE = "内蒙古自治区高校学生会组织“我为同学做实事”项目汇总表"
ANNEX4_TITLE = "“我为同学做实事”项目申报表"
GUIDE = (
    "填表说明：",
    "1.请严格根据实际情况填写；项目类别需在正文中描述的10个类别中选择填写。",
    "2.为方便统计，项目数量只填写数字即可，不需要带“个”“项”等计数单位；",
)
CONTACT = "表格填写联系人：            电话：            "
COLUMNS = (
    "高校\n名称",
    "项目数量",
    "序号",
    "项目名称",
    "项目简介\n（50字以内）",
    "项目类别",
    "申报主体",
    "宣传报道链接",
    "项目\n负责人",
    "联系方式",
)
# Shares of the table's width, in millimetres on A4 landscape.
WIDTHS = (22, 14, 12, 36, 50, 25, 32, 36, 20, 32)
SAMPLE_NAME, SAMPLE_APPLICANT = "xx项目", "x校级学生会/x二级学院学生会"
ROWS = 5
CATEGORIES = (
    ("思想引领类", "学业促进类", "就业创业类", "社会实践类"),
    ("心理健康类", "民族团结类", "助困帮扶类", "校园治理类"),
    ("文体活动类", "其他类"),
)
UNUSED_PARTS = {"stylesWithEffects", "customXml", "numbering", "webSettings", "thumbnail"}
KEPT_STYLES = ("Normal", "Default Paragraph Font", "Normal Table", "Table Grid")
MORE = "可另附项目相关图文资料"
SEAL, DATE = "（盖章）", "年    月    日"


def annex3_workbook() -> bytes:
    """Annex 3 as an Excel file: heading, instructions and contact line in rows 1 to 5, the table from row 6."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, Side

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "附件3"
    _set(sheet, "A1", "A1:J1", "附件3", Font(name=LABEL, size=14))
    _set(sheet, "A2", "A2:J2", ANNEX3_TITLE, Font(name=TITLE, size=20), "center")
    text = Font(name=TEXT, size=12)
    _set(sheet, "A3", "A3:J3", GUIDE[0], text)
    _set(sheet, "A4", "A4:J4", GUIDE[1], text)
    _set(sheet, "A5", "A5:F5", GUIDE[2], text)
    _set(sheet, "G5", "G5:J5", CONTACT, text)
    thin = Side(style="thin")
    border = Border(left=thin, right=thin, top=thin, bottom=thin)
    for row in range(6, 7 + ROWS):
        for column in range(1, len(COLUMNS) + 1):
            cell = sheet.cell(row, column)
            cell.font = Font(name=LABEL if row == 6 else TEXT, size=11)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.border = border
    for column, label in enumerate(COLUMNS, start=1):
        sheet.cell(6, column, label)
        sheet.column_dimensions[chr(64 + column)].width = WIDTHS[column - 1] / 2.05
    for number in range(1, ROWS + 1):
        sheet.cell(6 + number, 3, number)
    sheet["D7"], sheet["G7"] = SAMPLE_NAME, SAMPLE_APPLICANT
    for letter in "AB":
        sheet.merge_cells(f"{letter}7:{letter}{6 + ROWS}")
    heights = {1: 22, 2: 36, 3: 18, 4: 18, 5: 20, 6: 36} | dict.fromkeys(range(7, 7 + ROWS), 52)
    for row, height in heights.items():
        sheet.row_dimensions[row].height = height
    _page(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return settled(stream.getvalue())


def _set(sheet: Worksheet, name: str, merged: str, text: str, font: Any, horizontal: str = "left") -> None:
    from openpyxl.styles import Alignment

    sheet[name] = text
    sheet[name].font = font
    sheet[name].alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=horizontal == "center")
    sheet.merge_cells(merged)


def _page(sheet: Worksheet) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "6:6"
    sheet.print_options.horizontalCentered = True
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6


def annex3_document() -> bytes:
    """Annex 3 as a Word file, A4 landscape; the contact line shares the second instruction's paragraph."""
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm

    document = _document((297, 210), 18)
    document.sections[0].orientation = WD_ORIENT.LANDSCAPE
    _paragraph(document.add_paragraph(), "附件3", LABEL, 14)
    _paragraph(document.add_paragraph(), ANNEX3_TITLE, TITLE, 20, centre=True)
    for line in GUIDE[:2]:
        _paragraph(document.add_paragraph(), line, TEXT, 11)
    last = document.add_paragraph()
    last.paragraph_format.tab_stops.add_tab_stop(Mm(261), WD_TAB_ALIGNMENT.RIGHT)
    _paragraph(last, f"{GUIDE[2]}\t{CONTACT}", TEXT, 11)
    table = _table(document, 1 + ROWS, [width * 261 / sum(WIDTHS) for width in WIDTHS])
    for cell, label in zip(table.rows[0].cells, COLUMNS, strict=True):
        _lines(cell, label.split("\n"), LABEL, 11, centre=True)
    table.rows[0].height = Mm(12)
    for number, row in enumerate(table.rows[1:], start=1):
        row.height = Mm(17)
        texts = {2: str(number)} | ({3: SAMPLE_NAME, 6: SAMPLE_APPLICANT} if number == 1 else {})
        for column, cell in enumerate(row.cells):
            _lines(cell, [texts.get(column, "")], TEXT, 10.5, centre=True)
    for column in (0, 1):
        merged = table.cell(1, column).merge(table.cell(ROWS, column))
        for paragraph in merged.paragraphs[1:]:
            paragraph._p.getparent().remove(paragraph._p)
    return _saved(document)


def annex4_document() -> bytes:
    """Annex 4 as a Word file, A4 upright: one table of eight rows on one page."""
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
    from docx.shared import Mm

    document = _document((210, 297), 22)
    _paragraph(document.add_paragraph(), "附件4", LABEL, 14)
    _paragraph(document.add_paragraph(), ANNEX4_TITLE, TITLE, 20, centre=True)
    table = _table(document, 8, [34, 49, 28, 55])
    labels = (
        "项目名称",
        "申报主体",
        "负 责 人",
        "项目成员",
        "项目类别",
        "实施时间",
        "项目内容",
        "学校团委推荐意见及案例\n点评",
    )
    heights = (12, 12, 12, 22, 22, 12, 78, 52)
    for row, label, height in zip(table.rows, labels, heights, strict=True):
        row.height = Mm(height)
        _lines(row.cells[0], label.split("\n"), LABEL, 12, centre=True)
    for row, label in ((0, "所在学校"), (2, "联系电话")):
        _lines(table.cell(row, 2), [label], LABEL, 12, centre=True)
    for row in (0, 2):
        for column in (1, 3):
            _lines(table.cell(row, column), [""], TEXT, 12, centre=True)
    values = {
        4: ["  ".join(line) for line in CATEGORIES],
        6: ["", MORE],
        7: ["", SEAL, DATE],
    }
    for row in (1, 3, 4, 5, 6, 7):
        cell = table.cell(row, 1).merge(table.cell(row, 3))
        _lines(cell, values.get(row, [""]), TEXT, 12)
    table.cell(6, 1).vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.TOP
    _signature(table.cell(7, 1))
    return _saved(document)


def _signature(cell: Any) -> None:
    """The opinion stands at the top of its cell, seal and date at the right below."""
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
    for paragraph in cell.paragraphs[1:]:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Mm(10)


def _document(size: tuple[int, int], margin: int) -> Any:
    from docx import Document
    from docx.shared import Mm

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(size[0]), Mm(size[1])
    section.left_margin = section.right_margin = Mm(margin)
    section.top_margin = section.bottom_margin = Mm(20)
    return document


def _table(document: Any, rows: int, widths: list[float]) -> Any:
    """A bordered, centred table of fixed column widths in millimetres."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Mm

    table = document.add_table(rows, len(widths))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _lines(cell: Any, lines: list[str], font: str, size: float, centre: bool = False) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT

    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    while len(cell.paragraphs) > len(lines):
        paragraph = cell.paragraphs[-1]._p
        paragraph.getparent().remove(paragraph)
    while len(cell.paragraphs) < len(lines):
        cell.add_paragraph()
    for paragraph, line in zip(cell.paragraphs, lines, strict=True):
        _paragraph(paragraph, line, font, size, centre)


def _paragraph(paragraph: Any, text: str, font: str, size: float, centre: bool = False) -> None:
    """Write one run; an empty one too, so that whoever fills the form finds the font set."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.name = "Times New Roman"
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)
    paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(0)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _slim(document: Any) -> None:
    """Drop what python-docx's own template brings and no form uses: nine tenths of the file."""
    for relations in (document.part.rels, document.part.package.rels):
        for name, relation in list(relations.items()):
            if relation.reltype.rpartition("/")[2] in UNUSED_PARTS:
                del relations[name]
    for style in list(document.styles):
        if style.name not in KEPT_STYLES:
            style.delete()


def _saved(document: Any) -> bytes:
    # Word wants a paragraph behind the last table; where none is, LibreOffice saves the form as .doc without its table.
    _paragraph(document.add_paragraph(), "", TEXT, 1)
    _slim(document)
    document.core_properties.author = document.core_properties.last_modified_by = "自治区学联秘书处"
    document.core_properties.title = document.core_properties.comments = ""
    stream = io.BytesIO()
    document.save(stream)
    return settled(stream.getvalue())


def settled(package: bytes) -> bytes:
    """The same Office package without anything that changes from one run to the next."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", b"2024-11-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


FILES = {"附件3.xlsx": annex3_workbook, "附件3.docx": annex3_document, "附件4.docx": annex4_document}


def write(folder: Path) -> None:
    """Write the three blank forms into a folder that exists."""
    for name, build in FILES.items():
        (folder / name).write_bytes(build())


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "templates"))
