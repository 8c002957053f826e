"""What the PDF reader makes of pages: ruled tables, lines, looks, pictures, page breaks, and files it must not trust."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest

from documents import cell, docx, merge, paragraph, run, table
from parsers.catalogue import Unreadable, open_document, read
from parsers.choice import chosen
from parsers.formats import pdf
from parsers.formats.piece import Piece
from parsers.formats.printed_lines import written_within
from parsers.formats.ruling import Line, lattices
from parsers.formats.text_run import Text
from parsers.model import Document, Grid, Paragraph, ProblemKind, Style
from test_formats_legacy import TYPES, made_by_office, needs_office

# A font that is not embedded and whose letters are named by their Unicode numbers.
FONT = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts ["
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
    "<< /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor "
    "/FontName /STSong-Light /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 /Descent -200 "
    "/CapHeight 800 /StemV 80 >> >>] >>"
)


def file(*pages: str, more: str = "", images: tuple[bytes, ...] = (), rotate: int = 0) -> bytes:
    """A PDF of pages of 400 by 600 points, each given as its content stream."""
    bodies: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", FONT.encode()]
    names = []
    for number, image in enumerate(images):
        packed = zlib.compress(image)
        head = "<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 /ColorSpace /DeviceRGB "
        bodies.append(
            f"{head}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream"
        )
        names.append(f"/I{number} {len(bodies)} 0 R")
    kids = []
    for page in pages:
        packed = zlib.compress(page.encode("latin-1"))
        bodies.append(f"<< /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream")
        resources = f"<< /Font << /F 3 0 R >> /XObject << {' '.join(names)} >> >>"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 600] /Rotate {rotate} /Resources {resources} "
            f"/Contents {len(bodies)} 0 R {more} >>".encode()
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out) + f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def words(x: float, y: float, text: str, before: str = "") -> str:
    """Text of 12 points whose first letter stands at x, y (upwards)."""
    return f"{before} BT /F 12 Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET 0 g\n"


def line(x: float, y: float, across: float, down: float) -> str:
    return f"{x} {y} m {x + across} {y - down} l S\n"


def ruled(xs: list[float], ys: list[float]) -> str:
    """A full grid of lines; ys run downwards on the page, from large to small."""
    rows = "".join(line(xs[0], y, xs[-1] - xs[0], 0) for y in ys)
    return rows + "".join(line(x, ys[0], 0, ys[0] - ys[-1]) for x in xs)


def grids(document: Document) -> list[Grid]:
    return [block for block in document.blocks if isinstance(block, Grid)]


def lines(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def layout(grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return [(c.row, c.column, c.row_span, c.column_span, c.text) for c in grid.cells]


def test_ruled_lines_give_a_table_and_the_rest_is_lines_in_order() -> None:
    page = (
        words(50, 560, "附件4") + ruled([40, 140, 360], [500, 460, 420]) + words(50, 475, "项目名称")
        + words(150, 475, "示例项目甲") + words(50, 435, "负责人") + words(150, 435, "张三") + words(50, 380, "注：略")
    )  # fmt: skip
    document = open_document(file(page))
    assert [type(block).__name__ for block in document.blocks] == ["Paragraph", "Grid", "Paragraph"]
    assert lines(document) == ["附件4", "注：略"]
    assert layout(grids(document)[0]) == [
        (0, 0, 1, 1, "项目名称"), (0, 1, 1, 1, "示例项目甲"), (1, 0, 1, 1, "负责人"), (1, 1, 1, 1, "张三"),
    ]  # fmt: skip


def test_a_missing_line_joins_cells_across_and_down() -> None:
    page = (
        line(40, 500, 300, 0) + line(140, 460, 200, 0) + line(40, 420, 300, 0) + line(40, 500, 0, 80)
        + line(140, 500, 0, 80) + line(240, 460, 0, 40) + line(340, 500, 0, 80)
        + words(50, 455, "甲") + words(150, 475, "乙") + words(150, 435, "丙") + words(250, 435, "丁")
    )  # fmt: skip
    (grid,) = grids(open_document(file(page)))
    assert layout(grid) == [(0, 0, 2, 1, "甲"), (0, 1, 1, 2, "乙"), (1, 1, 1, 1, "丙"), (1, 2, 1, 1, "丁")]


def test_thin_filled_boxes_are_lines_too() -> None:
    rules = "".join(f"40 {y} 300 0.5 re f\n" for y in (420, 460, 500)) + "".join(
        f"{x} 420 0.5 80 re f\n" for x in (40, 140, 339.5)
    )
    (grid,) = grids(open_document(file(rules + words(50, 475, "甲"))))
    assert layout(grid)[0] == (0, 0, 1, 1, "甲")
    assert len(grid.cells) == 4


def test_a_line_that_fills_its_cell_goes_on_and_a_short_one_ends() -> None:
    frame = ruled([40, 100, 200], [500, 380, 340])
    text = words(106, 480, "一二三四五六七") + words(106, 465, "八九") + words(106, 450, "十") + words(50, 480, "x")
    (grid,) = grids(open_document(file(frame + text)))
    assert grid.cells[1].text == "一二三四五六七八九\n十"


def test_an_address_and_a_number_that_the_cell_has_broken_are_whole_again() -> None:
    frame = ruled([40, 100, 200], [500, 380, 340])
    address = words(106, 480, "https:") + words(106, 465, "//a.cn/") + words(106, 450, "b")
    (grid,) = grids(open_document(file(frame + address + words(106, 365, "1380000") + words(106, 352, "0001"))))
    assert grid.cells[1].text == "https://a.cn/b"
    assert grid.cells[3].text == "13800000001"


@pytest.mark.parametrize(
    ("upper", "lower", "text"),
    [
        ("张三/0471-", "4300000", "张三/0471-4300000"),
        ("张三三/0471", "-4300000", "张三三/0471-4300000"),
        ("张三三张三三张三+86-", "13800000005", "张三三张三三张三+86-13800000005"),
        ("电话0471-600", "0000", "电话0471-6000000"),
        ("读书会Reading", "Club", "读书会Reading Club"),
        ("共计五万人次2022", "A4", "共计五万人次2022 A4"),
    ],
)
def test_a_wrap_is_a_blank_between_words_and_nothing_in_a_number(upper: str, lower: str, text: str) -> None:
    # The cell is as wide as its first line, but for what it leaves free at its sides.
    width = len(upper) * 12
    frame = ruled([40, 100, 112 + width], [500, 380, 340])
    (grid,) = grids(open_document(file(frame + words(106, 480, upper) + words(106, 465, lower))))
    assert grid.cells[1].text == text


@pytest.mark.parametrize(("lower", "joined"), [("愿”认领", True), ("愿“认领", True), ("愿认领", False), ("愿”", False)])
def test_a_quotation_mark_is_kept_together_with_the_letters_beside_it(lower: str, joined: bool) -> None:
    # Room is left for two letters and a half.
    frame = ruled([40, 100, 112 + 8 * 12 + 35], [500, 380, 340])
    (grid,) = grids(open_document(file(frame + words(106, 480, "一站式服务“微心") + words(106, 465, lower))))
    assert grid.cells[1].text == "一站式服务“微心" + ("" if joined else "\n") + lower


@pytest.mark.parametrize(
    ("columns", "pitch", "apart", "text"),
    [
        (["推荐意见及案例", "点评"], 12, 15, "推荐意见及案例点评"),
        (["推荐意见", "案例点评"], 12.5, 20, "推荐意见案例点评"),
        (["推意案点", "荐见例评"][::-1], 15, 12, "推荐意见案例点评"),
        (["目容", "项内"], 16, 36, "项目内容"),
        (["目容简", "项内与"], 16, 36, "项目内容与简"),
    ],
)
def test_a_label_that_runs_downwards_is_read_column_by_column(
    columns: list[str], pitch: float, apart: float, text: str
) -> None:
    letters = "".join(
        words(80 - apart * column, 480 - pitch * row - (6 * column if pitch == 12 else 0), letter)
        for column, written in enumerate(columns)
        for row, letter in enumerate(written)
    )
    (grid,) = grids(open_document(file(ruled([30, 100, 360], [500, 340, 320]) + letters)))
    assert "".join(grid.cells[0].text.split()) == text


@pytest.mark.parametrize("pitch", [12, 12.5, 13])
@pytest.mark.parametrize(
    ("upper", "lower", "wide", "high"),
    [
        ("项 目", "成 员", 60, 40),
        ("项 目", "成 员", 60, 160),
        ("张 三 李 四", "王 五 赵 六", 200, 40),
        ("张 三 李 四", "王 五 赵 六", 140, 160),
    ],
)
def test_letters_that_blanks_part_on_two_near_lines_are_lines(
    upper: str, lower: str, wide: float, high: float, pitch: float
) -> None:
    letters = words(40, 480, upper) + words(40, 480 - pitch, lower)
    (grid,) = grids(open_document(file(ruled([30, 30 + wide, 360], [500, 500 - high, 320]) + letters)))
    assert "".join(grid.cells[0].text.split()) == (upper + lower).replace(" ", "")


@pytest.mark.parametrize(("wide", "high", "down"), [(34, 30, True), (70, 80, True), (70, 30, False), (34, 80, True)])
def test_only_a_narrow_or_a_high_cell_is_read_downwards(wide: float, high: float, down: bool) -> None:
    letters = [
        Piece(text, x, y, x + 12, y + 12) for x, y, text in ((20, 0, "项"), (20, 12, "目"), (3, 0, "内"), (3, 12, "容"))
    ]
    text = written_within(Text(), letters, (0, 0, wide, high))
    assert "".join("".join(run.text for run in text.runs()).split()) == ("项目内容" if down else "内项容目")


@pytest.mark.parametrize("beside", [["项目成员", "张三李四", "王五赵六", "甲乙丙丁"], ["项", "目", "内", "容"]])
def test_lines_of_many_letters_in_one_piece_are_never_read_downwards(beside: list[str]) -> None:
    lines = ["实施时间", "年月至今", "两年以上", "持续开展"]
    pieces = [Piece(text, 0, 12 * row, 48, 12 * row + 12) for row, text in enumerate(lines)]
    pieces += [Piece(text, 60, 12 * row, 60 + 12 * len(text), 12 * row + 12) for row, text in enumerate(beside)]
    text = written_within(Text(), pieces, (0, 0, 120, 400))
    joined = "".join("".join(run.text for run in text.runs()).split())
    assert joined == "".join(line + other for line, other in zip(lines, beside, strict=True))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (117, "民族团结类 √助困帮扶类"),
        (110, "民族团结类√ 助困帮扶类"),
        (113.5, "民族团结类 √ 助困帮扶类"),
        (112.5, "民族团结类 √  助困帮扶类"),
    ],
)
def test_a_tick_drawn_between_two_options_keeps_its_distance_from_both(at: float, text: str) -> None:
    # Two narrow blanks, seven points, part the options; the tick is of another font and drawn after them.
    options = words(50, 475, "民族团结类") + words(129, 475, "助困帮扶类") + words(at, 475, "√")
    (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 460, 420]) + options)))
    assert grid.cells[0].text == text


# Two options of 60 points with 9 between; a tick of 12 that a text box holds is printed over them.
OVER = words(50, 475, "民族团结类") + words(119, 475, "助困帮扶类") + words(50, 459, "文体活动类")


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [
        (56, 475, "民√族团结类 助困帮扶类\n文体活动类"),
        (56, 478, "民√族团结类 助困帮扶类\n文体活动类"),
        (64, 473, "民族√团结类 助困帮扶类\n文体活动类"),
        (94, 475, "民族团结√类 助困帮扶类\n文体活动类"),
        (99, 475, "民族团结类√ 助困帮扶类\n文体活动类"),
        (120, 475, "民族团结类 助√困帮扶类\n文体活动类"),
        (46, 477, "√民族团结类 助困帮扶类\n文体活动类"),
        (115, 475, "民族团结类 √助困帮扶类\n文体活动类"),
        (174, 475, "民族团结类 助困帮扶类√\n文体活动类"),
        (46, 460, "民族团结类 助困帮扶类\n√文体活动类"),
        (68, 456, "民族团结类 助困帮扶类\n文体√活动类"),
    ],
)
def test_a_tick_printed_over_a_word_stands_in_it(x: float, y: float, text: str) -> None:
    (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 440, 420]) + OVER + words(x, y, "√"))))
    assert grid.cells[0].text == text


@pytest.mark.parametrize(("x", "y"), [(104, 475), (107, 475), (110, 476), (112, 474), (60, 467), (75, 466), (46, 467)])
def test_a_tick_printed_between_words_or_lines_stands_on_a_line_of_its_own(x: float, y: float) -> None:
    (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 440, 420]) + OVER + words(x, y, "√"))))
    assert sorted(grid.cells[0].text.split("\n")) == ["√", "文体活动类", "民族团结类 助困帮扶类"]


def test_a_tick_printed_over_what_parts_two_words_is_neither_s() -> None:
    parted = words(50, 475, "民族团结类、助困帮扶类")
    for x in (105, 107, 110, 113, 115):
        (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 440, 420]) + parted + words(x, 476, "√"))))
        assert sorted(grid.cells[0].text.split("\n")) == ["√", "民族团结类、助困帮扶类"]


@pytest.mark.parametrize("x", [50, 80, 104])
def test_a_tick_alone_on_its_line_is_not_joined_to_a_full_line_above_it(x: float) -> None:
    page = ruled([40, 124, 360], [500, 440, 420]) + words(44, 475, "助困帮扶类√") + words(x, 462, "√")
    (grid,) = grids(open_document(file(page + words(44, 447, "文体活动类"))))
    assert grid.cells[0].text == "助困帮扶类√\n√\n文体活动类"


@pytest.mark.parametrize("x", [46, 49, 52])
@pytest.mark.parametrize(("mark", "at"), [("（ ）", 5), ("□", -6), ("□ ", -6)])
def test_a_tick_laid_into_brackets_or_on_a_box_stays_there(x: float, mark: str, at: float) -> None:
    page = words(44, 475, f"{mark}民族团结类 {mark}助困帮扶类") + words(x + at, 476, "√")
    (grid,) = grids(open_document(file(ruled([40, 300, 360], [500, 440, 420]) + page)))
    assert "\n" not in grid.cells[0].text
    assert chosen(grid.cells[0].runs) == ("民族团结类",)


def test_a_large_tick_is_read_on_the_line_that_it_lies_on() -> None:
    page = ruled([40, 240, 360], [500, 440, 420]) + OVER
    (grid,) = grids(open_document(file(page + words(54, 470, "√").replace("/F 12", "/F 18"))))
    assert grid.cells[0].text == "民√族团结类 助困帮扶类\n文体活动类"


def test_a_blank_stands_where_it_is_drawn_whatever_was_drawn_before_it() -> None:
    drawn = words(50, 475, "甲乙") + words(90, 475, "丙丁") + words(150, 475, "戊 己") + words(74, 475, " ")
    (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 460, 420]) + drawn)))
    assert grid.cells[0].text == "甲乙 丙丁 戊 己"


def test_a_blank_that_hangs_over_the_next_word_parts_nothing() -> None:
    drawn = words(50, 475, "甲乙 ") + words(74, 475, "丙丁戊")
    (grid,) = grids(open_document(file(ruled([40, 240, 360], [500, 460, 420]) + drawn)))
    assert grid.cells[0].text == "甲乙丙丁戊"


def check_box(x: float, y: float, inside: str = "") -> str:
    """A square of eleven points, as a form field of a text program is printed; `inside` goes from corner to corner."""
    strokes = {"cross": ((0, 0, 11, 11), (11, 0, 0, 11)), "tick": ((2, 5, 5, 1), (5, 1, 10, 10)), "": ()}[inside]
    return f"{x} {y} 11 11 re S\n" + "".join(f"{x + a} {y + b} m {x + c} {y + d} l S\n" for a, b, c, d in strokes)


@pytest.mark.parametrize("mark", ["cross", "tick"])
def test_drawn_boxes_are_read_as_boxes_and_the_one_with_a_mark_as_ticked(mark: str) -> None:
    page = ruled([40, 240, 360], [500, 460, 420])
    page += (
        check_box(50, 474) + words(62, 475, "思想引领类") + check_box(140, 474, mark) + words(152, 475, "助困帮扶类")
    )
    page += check_box(50, 462) + words(62, 463, "文体活动类")
    (grid,) = grids(open_document(file(page)))
    assert layout(grid)[0] == (0, 0, 1, 1, "☐思想引领类 ☑助困帮扶类\n☐文体活动类")
    assert {run.style for run in grid.cells[0].runs} == {Style.PLAIN}


def test_a_small_cell_of_a_table_is_no_box_to_tick() -> None:
    rows = "".join(f"{x} {y} 12 12 re S\n" for x in (50, 62) for y in (450, 462))
    (grid,) = grids(open_document(file(rows + words(50.5, 464, "1") + words(80, 464, "甲"))))
    assert layout(grid)[0] == (0, 0, 1, 1, "1")
    assert len(grid.cells) == 4


@pytest.mark.parametrize(
    ("before", "after", "style"),
    [
        ("1 0 0 rg", "", Style.COLOUR),
        ("", "150 472 m 186 472 l S ", Style.UNDERLINE),
        ("", "150 480 m 186 480 l S ", Style.STRIKE),
        ("1 1 0 rg 148 470 40 16 re f 0 g", "", Style.HIGHLIGHT),
        ("", "148 470 40 16 re S ", Style.BORDER),
        ("", "148 470 m 188 470 l S 148 486 m 188 486 l S 148 470 m 148 486 l S 188 470 m 188 486 l S ", Style.BORDER),
        ("0.1 0.1 0.1 rg", "", Style.PLAIN),
        ("1 g 148 470 40 16 re f 0 g", "", Style.PLAIN),
    ],
)
def test_words_that_are_set_off_keep_their_look(before: str, after: str, style: Style) -> None:
    page = ruled([40, 140, 360], [500, 460, 420]) + words(150, 475, "学业类", before) + after + words(50, 475, "类别")
    (grid,) = grids(open_document(file(page)))
    assert [(run.text, run.style) for run in grid.cells[1].runs] == [("学业类", style)]
    assert grid.cells[0].runs[0].style is Style.PLAIN


def test_the_cells_of_a_low_table_and_a_high_frame_set_nothing_off() -> None:
    low = ruled([150, 190, 230], [490, 474, 458]) + words(152, 476, "学业类") + words(192, 476, "其他类")
    joined = "148 400 40 16 re S 188 400 40 16 re S " + words(150, 402, "学业类") + words(190, 402, "其他类")
    high = "148 300 100 40 re S " + words(150, 320, "学业类")
    document = open_document(file(low + joined + high))
    for block in document.blocks:
        for part in block.cells if isinstance(block, Grid) else [block]:
            assert {run.style for run in part.runs} <= {Style.PLAIN}


@pytest.mark.parametrize(
    ("ring", "shown"),
    [
        ("60 485 m 120 505 140 470 120 468 c 90 460 50 470 60 485 c S ", True),
        ("60 400 m 200 580 340 400 200 300 c S ", False),
        ("60 485 m 120 505 140 470 120 468 c f ", False),
    ],
)
def test_a_ring_drawn_around_a_word_is_a_drawing_in_its_cell(ring: str, shown: bool) -> None:
    page = ruled([40, 240, 360], [520, 440, 420]) + words(62, 478, "学业促进类") + words(250, 478, "甲")
    (grid,) = grids(open_document(file(page + ring)))
    assert [bool(cell.pictures) for cell in grid.cells] == [shown, False, False, False]


def test_a_table_goes_on_on_the_next_page_when_its_columns_agree_and_page_numbers_do_not_part_it() -> None:
    first = ruled([40, 140, 360], [100, 70, 40]) + words(50, 82, "一") + words(50, 52, "二") + words(195, 20, "- 1 -")
    second = ruled([40, 140, 360], [560, 530]) + words(50, 542, "三") + words(195, 20, "- 2 -")
    (grid,) = grids(open_document(file(first, second)))
    assert [(c.row, c.text) for c in grid.cells if c.text] == [(0, "一"), (1, "二"), (2, "三")]
    other = ruled([40, 200, 360], [560, 530, 500]) + words(50, 542, "三")
    assert len(grids(open_document(file(first, other)))) == 2


def test_a_row_that_the_page_break_cuts_in_two_is_one_row() -> None:
    first = ruled([40, 140, 360], [100, 70, 40]) + words(50, 52, "项目内容") + words(150, 52, "每周开放")
    second = ruled([40, 140, 360], [560, 530, 500]) + words(150, 542, "三次。") + words(50, 512, "意见")
    (grid,) = grids(open_document(file(first, second)))
    assert [(c.row, c.text) for c in grid.cells if c.text] == [(1, "项目内容"), (1, "每周开放三次。"), (2, "意见")]


def test_a_row_that_begins_on_the_new_page_is_a_row_of_its_own() -> None:
    first = ruled([40, 80, 200, 360], [100, 70, 40]) + words(50, 52, "1") + words(90, 52, "甲") + words(210, 52, "乙")
    second = ruled([40, 80, 200, 360], [560, 530]) + words(90, 542, "丙") + words(210, 542, "丁")
    (grid,) = grids(open_document(file(first, second)))
    assert [(c.row, c.text) for c in grid.cells if c.text] == [(1, "1"), (1, "甲"), (1, "乙"), (2, "丙"), (2, "丁")]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_seen(turn: int) -> None:
    matrix = {90: "0 1 -1 0 400 0", 180: "-1 0 0 -1 400 600", 270: "0 -1 1 0 0 600"}[turn]
    drawn = ruled([40, 140, 360], [350, 310, 270]) + words(50, 325, "甲") + words(150, 325, "乙")
    (grid,) = grids(open_document(file(f"q {matrix} cm {drawn} Q", rotate=turn)))
    assert [c.text for c in grid.cells if c.text] == ["甲", "乙"]


def test_a_picture_in_a_cell_belongs_to_the_cell_and_can_be_drawn() -> None:
    red = bytes([255, 0, 0]) * 64
    page = ruled([40, 140, 360], [500, 420, 340]) + words(50, 440, "意见") + "q 60 0 0 60 200 350 cm /I0 Do Q\n"
    (grid,) = grids(open_document(file(page, images=(red,))))
    (picture,) = next(c for c in grid.cells if (c.row, c.column) == (1, 1)).pictures
    from PIL import Image

    assert Image.open(io.BytesIO(picture.load())).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_a_page_that_is_only_a_picture_is_supporting_material_without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parsers.formats.scan.has_ocr", lambda: False)
    content = file("q 400 0 0 600 0 0 cm /I0 Do Q", images=(bytes(192),))
    (transcript,) = read(content, "附件4扫描.pdf")
    assert (transcript.form, transcript.format, transcript.problems) == (None, "pdf", ())


def test_what_a_scanner_guessed_under_its_picture_is_not_taken_for_text() -> None:
    assert lines(open_document(file("3 Tr " + words(50, 500, "项目名称") + "0 Tr " + words(50, 300, "正文")))) == [
        "正文"
    ]


def locked(password: str) -> bytes:
    """A minimal file whose security handler nobody can satisfy without the password."""
    plain = file(words(50, 500, "x"))
    entry = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{password * 32}> >> /ID [<00> <00>]"
    return plain.replace(b"/Root 1 0 R", b"/Root 1 0 R " + entry.encode())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (locked("42"), ProblemKind.ENCRYPTED),
        (b"%PDF-1.7\nnothing", ProblemKind.UNREADABLE),
        (file(words(50, 500, "x"))[:200], ProblemKind.UNREADABLE),
    ],
)
def test_a_file_that_cannot_be_opened_says_why(content: bytes, kind: ProblemKind) -> None:
    (transcript,) = read(content, "附件4.pdf")
    assert [problem.kind for problem in transcript.problems] == [kind]


def test_a_stream_that_grows_beyond_every_need_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(file(" " * (pdf.LARGEST_STREAM + 10)))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_a_drawing_of_a_hundred_thousand_lines_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(file("".join(f"{n % 400} {n % 600} m {n % 400} {n % 600 + 5} l S\n" for n in range(100_000))))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_no_cut_and_no_flipped_byte_makes_reading_raise() -> None:
    content = file(ruled([40, 140, 360], [500, 460, 420]) + words(50, 475, "项目"), images=(bytes(192),))
    for step in range(1, 60):
        at = len(content) * step // 60
        assert read(content[:at])
        assert read(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])


def test_lines_that_miss_one_another_by_little_still_close_a_table() -> None:
    across = [Line(0, 0, 99), Line(50.8, 1.5, 100), Line(51.5, 0, 40), Line(100, 0, 100)]
    (found,) = lattices(across, [Line(0, 1, 99), Line(60, 0, 100), Line(100.5, 0, 100)], 2)
    assert [tuple(box) for box in found.boxes] == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_a_frame_of_one_box_and_loose_lines_are_no_table() -> None:
    assert lattices([Line(0, 0, 100), Line(50, 0, 100)], [Line(0, 0, 50), Line(100, 0, 50)], 2) == []
    assert lattices([Line(0, 0, 100), Line(50, 0, 100), Line(90, 0, 100)], [], 2) == []


@needs_office
def test_a_document_that_libreoffice_printed_reads_like_the_document(tmp_path: Path) -> None:
    body = table(
        cell("学校", properties=merge("restart")) + cell("项目名称") + cell("示例项目甲"),
        cell("", properties=merge())
        + cell("类别")
        + cell(paragraph(run("思想引领类", '<w:u w:val="single"/>'), "其他类")),
    )
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    body = body.replace("<w:tbl>", f"<w:tbl><w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr>")
    content = docx(paragraph("附件4") + body + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    document = open_document(made_by_office(content, "pdf", tmp_path), "附件4.pdf")
    assert lines(document) == ["附件4", "尾"]
    (grid,) = grids(document)
    assert layout(grid) == [
        (0, 0, 2, 1, "学校"), (0, 1, 1, 1, "项目名称"), (0, 2, 1, 1, "示例项目甲"), (1, 1, 1, 1, "类别"),
        (1, 2, 1, 1, "思想引领类其他类"),
    ]  # fmt: skip
    assert [(r.text, r.style) for r in grid.cells[4].runs] == [
        ("思想引领类", Style.UNDERLINE), ("其他类", Style.PLAIN),
    ]  # fmt: skip
