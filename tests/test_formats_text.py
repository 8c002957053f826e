"""What becomes of tables written as plain text: charsets, delimiters, and text under a workbook's name."""

from __future__ import annotations

import pytest

from parsers.catalogue import Unreadable, open_document, read
from parsers.model import Grid, GridKind, ProblemKind

ROWS = ["高校名称,项目名称,联系方式", '内蒙古大学,"示例项目甲,乙",13800000001']


def grid(content: bytes, name: str = "汇总.csv") -> Grid:
    (block,) = open_document(content, name).blocks
    assert isinstance(block, Grid)
    return block


def rows(content: bytes, name: str = "汇总.csv") -> list[list[str]]:
    table = grid(content, name)
    return [[cell.text for cell in table.row(row)] for row in range(table.row_count)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_is_read_in_every_charset_that_office_programs_write(encoding: str) -> None:
    assert rows("\r\n".join(ROWS).encode(encoding)) == [
        ["高校名称", "项目名称", "联系方式"],
        ["内蒙古大学", "示例项目甲,乙", "13800000001"],
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_gives_the_rows_one_width(delimiter: str) -> None:
    lines = [delimiter.join(["项目名称", "简介", "电话"]), delimiter.join(["甲", "一，二", "13800000001"])]
    assert rows("\n".join(lines).encode()) == [["项目名称", "简介", "电话"], ["甲", "一，二", "13800000001"]]


def test_commas_inside_the_cells_of_a_tab_separated_table_part_nothing() -> None:
    assert rows(b"a\tb,c,d\ne\tf,g,h\ni\tj,k,l") == [["a", "b,c,d"], ["e", "f,g,h"], ["i", "j,k,l"]]


def test_a_line_that_states_the_delimiter_is_obeyed_and_not_shown() -> None:
    assert rows("sep=;\r\n甲,乙;丙\r\n".encode()) == [["甲,乙", "丙"]]


def test_a_phone_number_stays_as_it_was_written() -> None:
    assert rows('甲,="013800000001",0471-6000000\n'.encode()) == [["甲", "013800000001", "0471-6000000"]]


def test_a_line_break_inside_quotes_belongs_to_the_cell() -> None:
    assert rows('甲,"一\r\n二"\r\n乙,三\r\n'.encode()) == [["甲", "一\n二"], ["乙", "三"]]


def test_blank_cells_are_absent_and_positions_stay() -> None:
    table = grid("附件3,,\n,,\n,项目,\n".encode())
    assert [(cell.row, cell.column) for cell in table.cells] == [(0, 0), (2, 1)]
    assert (table.kind, table.name) == (GridKind.SHEET, "Sheet1")


@pytest.mark.parametrize("name", ["汇总.xls", "汇总.xlsx", "汇总.et"])
def test_tab_separated_text_that_calls_itself_a_workbook_is_read(name: str) -> None:
    assert rows("甲\t乙\n丙\t丁".encode("gb18030"), name) == [["甲", "乙"], ["丙", "丁"]]


def test_text_without_cells_that_calls_itself_a_workbook_is_not_what_its_name_says() -> None:
    (transcript,) = read("情况说明".encode(), "汇总.xls")
    assert [(p.kind, p.detail) for p in transcript.problems] == [(ProblemKind.UNREADABLE, "内容不是 Excel 工作簿")]


def test_plain_text_is_supporting_material_even_with_commas_in_it() -> None:
    (transcript,) = read("甲,乙\n丙,丁".encode(), "说明.txt")
    assert (transcript.form, transcript.format, transcript.problems) == (None, "text", ())


def test_a_table_of_a_hundred_thousand_rows_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(b"1,2\n" * 100_000, "大.csv")
    assert refusal.value.problem.kind is ProblemKind.UNSAFE
