"""A sheet wider than the paper comes as pages side by side: they are one table again, and no other pages are."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Alignment, Border, Side

from papers import HEADER
from parsers.catalogue import open_document, read
from parsers.formats import libreoffice
from parsers.model import Annex3, Grid
from test_formats_legacy import needs_office
from test_formats_pdf import file, grids, lines, ruled, words

REMARK = (
    "填表说明：请严格根据实际情况填写；项目数量只填写数字即可。"
    + " " * 30
    + "表格填写联系人：张三    电话：13800000009"
)
NARROW, WIDE, EQUAL = (8, 7, 5, 12, 16, 9, 12, 14, 8, 13), (14, 8, 6, 26, 40, 14, 24, 30, 12, 16), (17,) * 10
ORDERS = ("downThenOver", "overThenDown")


def workbook(
    rows: int, widths: tuple[int, ...], order: str = ORDERS[0], titled: bool = False, ruled: bool = False
) -> bytes:
    """An Annex 3 of so many projects; `titled` repeats its headings on every page, `ruled` borders its title too."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["A2"], sheet["A3"] = "附件3", "内蒙古自治区高校学生会组织“我为同学做实事”项目汇总表", REMARK
    sheet.append(HEADER)
    for n in range(1, rows + 1):
        school = ("内蒙古大学", rows) if n == 1 else ("", "")
        link, phone = f"https://example.edu.cn/{n}", f"1380000{n:04}"
        sheet.append([*school, n, f"示例{n}号", "为同学做实事", "其他类", "校学生会", link, "张三", phone])
    for area in ("A2:J2", "A3:J3", f"A5:A{4 + rows}", f"B5:B{4 + rows}"):
        sheet.merge_cells(area)
    line = Side(style="thin")
    for row in sheet.iter_rows(min_row=1 if ruled else 4, max_row=4 + rows, max_col=10):
        for cell in row:
            cell.border = Border(line, line, line, line)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for letter, width in zip("ABCDEFGHIJ", widths, strict=True):
        sheet.column_dimensions[letter].width = width
    for number in range(3, 5 + rows):
        sheet.row_dimensions[number].height = 60
    sheet.page_setup.pageOrder, sheet.page_setup.paperSize = order, 9
    sheet.print_title_rows = "4:4" if titled else None
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


BOOKS = {
    "one page down": workbook(5, WIDE),
    "a ruled title": workbook(5, WIDE, ruled=True),
    "columns of one width": workbook(5, EQUAL),
    "two pages down, then across": workbook(14, WIDE),
    "two pages down, then across, of one width": workbook(14, EQUAL),
    "across, then down": workbook(14, WIDE, ORDERS[1]),
    "across, then down, headings repeated": workbook(14, WIDE, ORDERS[1], titled=True),
    "two pages down, headings repeated": workbook(14, WIDE, titled=True),
    "only down": workbook(14, NARROW),
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The workbooks as LibreOffice prints them, all in one call."""
    folder = tmp_path_factory.mktemp("printed")
    paths = [folder / f"{number}.xlsx" for number in range(len(BOOKS))]
    for path, content in zip(paths, BOOKS.values(), strict=True):
        path.write_bytes(content)
    office = libreoffice.program()
    assert office is not None
    command = [office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    assert libreoffice._run([*command, "--outdir", str(folder), *map(str, paths)], folder, 160, 1 << 30) is None
    return dict(zip(BOOKS, (Path(path.with_suffix(".pdf")).read_bytes() for path in paths), strict=True))


@needs_office
@pytest.mark.parametrize("title", BOOKS)
def test_a_printed_sheet_reads_like_the_sheet(printed: dict[str, bytes], title: str) -> None:
    (sheet,), (paper,) = read(BOOKS[title], "附件3.xlsx"), read(printed[title], "附件3.pdf")
    assert isinstance(sheet.record, Annex3)
    assert len(sheet.record.projects) in (5, 14)
    assert paper.record == sheet.record


@needs_office
def test_forms_of_several_universities_in_one_file_stay_apart(printed: dict[str, bytes]) -> None:
    import pypdfium2

    both = pypdfium2.PdfDocument.new()
    for title in ("one page down", "one page down", "across, then down"):
        both.import_pages(pypdfium2.PdfDocument(printed[title]))
    stream = io.BytesIO()
    both.save(stream)
    tables = grids(open_document(stream.getvalue()))
    assert [(table.row_count, table.column_count) for table in tables] == [(6, 10), (6, 10), (15, 10)]


ROWS = [500.0, 460, 420, 380]


def listing(xs: list[float], ys: list[float], rows: list[list[str]]) -> str:
    """A ruled table; each row's texts stand in its cells."""
    page = ruled(xs, ys)
    for y, row in zip(ys[1:], rows, strict=True):
        for x, text in zip(xs, row, strict=False):
            page += words(x + 4, y + 12, text)
    return page


LEFT = listing([40, 80, 360], ROWS, [["序号", "项目名称"], ["1", "甲"], ["2", "乙"]])
RIGHT = [["负责人", "电话"], ["张三", "13800000001"], ["李四", "13800000002"]]


def shapes(*pages: str) -> list[tuple[int, int]]:
    return [(grid.row_count, grid.column_count) for grid in grids(open_document(file(*pages)))]


def test_a_page_goes_on_to_the_right_where_rows_and_headings_do() -> None:
    (grid,) = grids(open_document(file(LEFT, listing([40, 140, 360], ROWS, RIGHT))))
    assert [[cell.text for cell in grid.row(row)] for row in range(3)] == [
        ["序号", "项目名称", "负责人", "电话"],
        ["1", "甲", "张三", "13800000001"],
        ["2", "乙", "李四", "13800000002"],
    ]


def test_three_pages_across_are_one_table_and_the_next_form_another() -> None:
    third = listing([40, 200], ROWS, [["链接"], ["a"], ["b"]])
    assert shapes(LEFT, listing([40, 140, 360], ROWS, RIGHT), third, LEFT) == [(3, 5), (3, 2)]


@pytest.mark.parametrize(
    ("xs", "ys", "rows"),
    [
        ([40, 140, 360], [500, 465, 420, 380], RIGHT),
        ([40, 140, 360], [*ROWS, 340], [*RIGHT, ["王五", ""]]),
        ([40, 140, 360], ROWS, [["序号", "负责人"], *RIGHT[1:]]),
        ([40, 140, 360], ROWS, [["3", "丙"], ["4", "丁"], ["5", "戊"]]),
        ([40, 140, 360], ROWS, [["项目名称", "阳光书屋"], ["负责人", "张三"], ["电话", "13800000001"]]),
        ([40, 140, 360], ROWS, [["填表说明：请如实填写。", "其他"], *RIGHT[1:]]),
    ],
)
def test_another_table_at_the_same_height_is_not_taken_for_the_right_half(
    xs: list[float], ys: list[float], rows: list[list[str]]
) -> None:
    assert len(shapes(LEFT, listing(xs, ys, rows))) == 2


@pytest.mark.parametrize("first", [["3", "丙"], ["序号", "项目名称"]])
def test_a_table_of_full_pages_goes_on_downwards(first: list[str]) -> None:
    below = listing([40, 80, 360], ROWS, [first, ["4", "丁"], ["5", "戊"]])
    assert shapes(LEFT, below) == [(6, 2)]


def test_text_printed_over_the_edge_on_both_pages_is_kept_once_and_page_numbers_go() -> None:
    right = listing([40, 140, 360], ROWS, RIGHT)
    over = words(330, 530, "项目汇总表") + words(195, 20, "- 1 -")
    page = words(10, 530, "项目汇总表") + right + words(195, 20, "- 2 -")
    document = open_document(file(over + LEFT, page))
    assert lines(document) == ["项目汇总表"]
    assert len(grids(document)) == 1


def cut(x: float, y: float, text: str, area: str) -> str:
    """Text of which only what lies in the area (x y width height) is seen."""
    return f"q {area} re W n {words(x, y, text)} Q\n"


def test_text_cut_off_at_its_cell_is_in_no_other_cell_but_comes_last() -> None:
    long = cut(84, 472, "甲", "80 460 280 40") + cut(84, 448, "电话：13800000009", "80 460 280 40")
    page = ruled([40, 80, 360], [500, 460, 420, 380]) + long + words(84, 430, "乙")
    document = open_document(file(page))
    (grid,) = grids(document)
    assert [cell.text for cell in grid.cells if cell.text] == ["甲", "乙"]
    assert lines(document) == ["电话：13800000009"]


def test_text_cut_off_here_and_seen_elsewhere_is_told_once() -> None:
    page = ruled([40, 140, 360], [560, 530, 500]) + words(50, 542, "内蒙古大学")
    below = cut(50, 590, "内蒙古大学", "40 380 320 180") + ruled([40, 140, 360], [560, 530]) + words(150, 542, "乙")
    document = open_document(file(page, below))
    assert [type(block) for block in document.blocks] == [Grid]


def test_the_area_of_a_text_is_measured_on_the_page_however_the_page_is_scaled() -> None:
    page = f"q 2 0 0 2 0 0 cm {cut(25, 240, '甲', '20 230 60 30')} Q q 0.5 0 0 0.5 0 0 cm 20 20 60 30 re W n Q"
    assert lines(open_document(file(page + words(50, 300, "乙")))) == ["甲", "乙"]
