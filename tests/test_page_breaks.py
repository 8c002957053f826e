"""A table that goes on on the next page of a PDF: under a repeated heading, and past what is printed on every page."""

from __future__ import annotations

import pytest

from parsers.catalogue import open_document
from parsers.model import Grid
from test_formats_pdf import file, grids, lines, ruled, words

XS: list[float] = [40, 140, 360]
# The last row of the first page begins an opinion, which the first row of the second page may go on with.
FIRST = ruled(XS, [560, 530, 500, 100]) + words(50, 542, "名称") + words(150, 542, "书屋") + words(50, 512, "主体")
BEGUN = FIRST + words(150, 512, "学生会") + words(50, 112, "意见") + words(150, 112, "同意推荐。")
REST = ruled(XS, [540, 500]) + words(150, 512, "（盖章）")
HEAD, FOOT = words(150, 580, "某大学学生会"), words(150, 40, "某大学团委")


def texts(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in grid.row(row)] for row in range(grid.row_count)]


WHOLE = [["名称", "书屋"], ["主体", "学生会"], ["意见", "同意推荐。\n（盖章）"]]


@pytest.mark.parametrize(
    ("heads", "feet", "left"),
    [
        ((HEAD, HEAD), ("", ""), ["某大学学生会"]),
        (("", ""), (FOOT, FOOT), ["某大学团委"]),
        (("", HEAD), ("", ""), ["某大学学生会"]),
        ((HEAD, HEAD), (FOOT, FOOT), ["某大学学生会", "某大学团委"]),
        (("", ""), (words(150, 40, "第1页 共2页 某大学"), words(150, 40, "第2页 共2页 某大学")), ["第2页 共2页 某大学", "第1页 共2页 某大学"]),
    ],
)  # fmt: skip
def test_a_row_is_whole_again_whatever_is_printed_at_the_edges_of_the_pages(
    heads: tuple[str, str], feet: tuple[str, str], left: list[str]
) -> None:
    document = open_document(file(heads[0] + BEGUN + feet[0], heads[1] + REST + feet[1]))
    (grid,) = grids(document)
    assert texts(grid) == WHOLE
    assert lines(document) == left


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(BEGUN + words(150, 92, "附件") + words(50, 200, ""), HEAD + REST + words(50, 512, "附表"), id="begins"),
        pytest.param(BEGUN, ruled(XS, [340, 300]) + words(150, 312, "丙") + words(150, 400, "另见下表"), id="far below"),
    ],
)  # fmt: skip
def test_another_table_under_words_of_its_own_is_not_joined(first: str, second: str) -> None:
    assert len(grids(open_document(file(first, second)))) == 2


def test_a_seal_at_the_foot_of_the_page_is_kept_and_a_badge_at_its_head_seals_nothing() -> None:
    seal, badge = "q 60 0 0 60 200 20 cm /I0 Do Q\n", "q 30 0 0 30 200 560 cm /I0 Do Q\n"
    document = open_document(file(BEGUN + seal, badge + REST, images=(bytes([255, 0, 0]) * 64,)))
    assert [len(getattr(block, "pictures", ())) for block in document.blocks] == [0, 1]


AGAIN = words(50, 542, "名称") + words(150, 542, "书屋")


@pytest.mark.parametrize("head", ["", HEAD])
def test_a_heading_that_is_printed_again_is_no_row(head: str) -> None:
    cut = head + ruled(XS, [560, 530, 500]) + AGAIN + words(150, 512, "（盖章）")
    assert texts(*grids(open_document(file(BEGUN, cut)))) == WHOLE
    fresh = head + ruled([40, 140, 250, 360], [560, 530]) + AGAIN + ruled(XS, [530, 500])
    fresh += words(50, 512, "点评") + words(150, 512, "好。")
    four = BEGUN + ruled([140, 250, 360], [560, 530])
    assert texts(*grids(open_document(file(four, fresh)))) == [
        ["名称", "书屋", ""], ["主体", "学生会"], ["意见", "同意推荐。"], ["点评", "好。"],
    ]  # fmt: skip


def test_the_heading_of_a_list_stays_for_another_list_may_begin_there() -> None:
    first = ruled([40, 80, 360], [560, 530, 100]) + words(45, 542, "校") + words(90, 542, "项目")
    rows = words(45, 512, "甲") + words(90, 512, "一")
    second = (
        ruled([40, 80, 360], [560, 530, 500]) + words(45, 542, "校") + words(90, 542, "项目") + words(45, 512, "乙")
    )
    (grid,) = grids(open_document(file(first + rows, second)))
    assert texts(grid) == [["校", "项目"], ["甲", "一"], ["校", "项目"], ["乙", ""]]


def test_a_second_form_of_the_same_name_keeps_its_first_row() -> None:
    second = ruled(XS, [560, 530, 500, 470]) + AGAIN + words(50, 512, "主体") + words(150, 512, "研究生会")
    (grid,) = grids(open_document(file(BEGUN, second)))
    assert texts(grid)[3:] == [["名称", "书屋"], ["主体", "研究生会"], ["", ""]]
    (grid,) = grids(open_document(file(BEGUN, BEGUN)))
    assert texts(grid)[3:] == texts(grid)[:3]
