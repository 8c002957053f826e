"""A table that stands in a cell of a PDF's table: the cell keeps all its text, and the inner table is one of its own."""

from __future__ import annotations

import pytest

from parsers.catalogue import open_document
from test_formats_pdf import file, grids, layout, line, lines, ruled, words

OUTER = ruled([40, 120, 360], [560, 530, 300, 260])
LABELS = words(50, 540, "名称") + words(130, 540, "书屋") + words(50, 400, "内容") + words(50, 280, "意见")
TEXT = words(130, 270, "同意。")


@pytest.mark.parametrize(
    ("xs", "top"),
    [
        pytest.param([140, 240, 340], 450, id="free"),
        pytest.param([140, 240, 360], 450, id="at the right"),
        pytest.param([120, 240, 340], 450, id="at the left"),
        pytest.param([140, 240, 340], 530, id="at the top"),
        pytest.param([140, 240, 360], 360, id="in the corner"),
        pytest.param([122, 240, 358], 450, id="as wide as the cell"),
    ],
)
def test_a_cell_with_a_table_in_it_keeps_all_its_text(xs: list[float], top: float) -> None:
    inner = ruled(xs, [top, top - 30, top - 60])
    inside = "".join(
        words(x + 10, top - 20 - 30 * row, text)
        for row, texts in enumerate([["姓名", "班级"], ["甲", "一班"]])
        for x, text in zip(xs, texts, strict=False)
    )
    around = words(130, top + 10, "前") * (top < 500) + words(130, top - 80, "后") * (top > 400)
    outer, *nested = grids(open_document(file(OUTER + LABELS + TEXT + inner + inside + around)))
    if xs[0] == 122:
        # Lines that near are one: the rows of the inner table are rows, and the label stands beside them all.
        assert [(c.row, c.text) for c in outer.cells if c.text and c.column] == [
            (0, "书屋"), (1, "前"), (2, "姓名"), (2, "班级"), (3, "甲"), (3, "一班"), (4, "后"), (5, "同意。"),
        ]  # fmt: skip
        return
    text = "\n".join(["前"] * (top < 500) + ["姓名\t班级", "甲\t一班"] + ["后"] * (top > 400))
    assert layout(outer) == [
        (0, 0, 1, 1, "名称"), (0, 1, 1, 1, "书屋"), (1, 0, 1, 1, "内容"), (1, 1, 1, 1, text), (2, 0, 1, 1, "意见"), (2, 1, 1, 1, "同意。"),
    ]  # fmt: skip
    assert [layout(grid) for grid in nested] == [
        [(0, 0, 1, 1, "姓名"), (0, 1, 1, 1, "班级"), (1, 0, 1, 1, "甲"), (1, 1, 1, 1, "一班")]
    ]


def test_two_tables_in_a_cell_and_a_table_in_one_of_theirs_are_told_apart() -> None:
    first = ruled([140, 240, 360], [520, 490, 460]) + words(150, 500, "甲")
    second = ruled([140, 240, 360], [440, 410, 320]) + words(150, 420, "乙") + words(245, 395, "外")
    third = ruled([250, 300, 360], [380, 360, 340]) + words(255, 365, "内")
    outer, *nested = grids(open_document(file(OUTER + LABELS + TEXT + first + second + third)))
    assert next(c.text for c in outer.cells if (c.row, c.column) == (1, 1)).split() == ["甲", "乙", "外", "内"]
    assert [["".join(c.text.split()) for c in grid.cells if c.text.strip()] for grid in nested] == [
        ["甲"],
        ["乙", "外内"],
        ["内"],
    ]


def test_a_picture_in_a_table_in_a_cell_is_the_cell_s_too() -> None:
    inner = ruled([140, 240, 360], [450, 350, 330]) + "q 60 0 0 60 150 360 cm /I0 Do Q\n"
    outer, nested = grids(open_document(file(OUTER + LABELS + TEXT + inner, images=(bytes([255, 0, 0]) * 64,))))
    assert [len(c.pictures) for c in outer.cells] == [0, 0, 0, 1, 0, 0]
    assert [len(c.pictures) for c in nested.cells] == [1, 0, 0, 0]


def test_what_is_between_the_two_lines_of_a_double_one_is_no_cell() -> None:
    double = line(40, 526, 80, 0) + line(124, 526, 236, 0) + line(124, 526, 0, 226)
    (grid,) = grids(open_document(file(OUTER + LABELS + TEXT + double)))
    assert [c.text for c in grid.cells if c.text] == ["名称", "书屋", "内容", "意见", "同意。"]


def test_a_frame_around_a_table_is_no_cell_that_holds_it() -> None:
    frame = ruled([20, 360], [590, 230]) + words(25, 570, "项目申报表")
    document = open_document(file(OUTER + LABELS + TEXT + frame))
    (grid,) = grids(document)
    assert [c.text for c in grid.cells if c.text] == ["名称", "书屋", "内容", "意见", "同意。"]
    assert lines(document) == ["项目申报表"]


def test_a_box_drawn_at_the_edge_of_a_cell_is_no_table_and_loses_nothing() -> None:
    box = ruled([140, 360], [450, 400]) + words(150, 420, "甲") + words(130, 500, "前")
    (grid,) = grids(open_document(file(OUTER + LABELS + TEXT + box)))
    assert [c.text for c in grid.cells] == ["名称", "书屋", "内容", "前\n甲", "意见", "同意。"]
