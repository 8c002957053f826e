"""Documents built by hand for the tests of text and forms: tables, sheets, paragraphs and the two annexes.

Nothing here reads a file; every person and number is invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parsers.model import Cell, Document, Grid, GridKind, Paragraph, Run

OPTIONS = (
    "思想引领类  学业促进类  就业创业类  社会实践类\n心理健康类  民族团结类  助困帮扶类  校园治理类\n文体活动类  其他类"
)
HEADER = [
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
]
SAMPLE = "x校级学生会/x二级学院学生会"


def cell(row: int, column: int, text: str | Sequence[Run] = "", wide: int = 1, high: int = 1, **more: Any) -> Cell:
    runs = ((Run(text),) if text else ()) if isinstance(text, str) else tuple(text)
    return Cell(row, column, runs, row_span=high, column_span=wide, **more)


def table(rows: Sequence[Sequence[Any]], ordinal: int = 1) -> Grid:
    """A table: None is covered by the cell left of it, "^" by the cell above, a Cell stands as it is."""
    return Grid(GridKind.TABLE, ordinal, _cells(rows))


def sheet(rows: Sequence[Sequence[Any]], name: str = "Sheet1", hidden: bool = False) -> Grid:
    """A worksheet, in which cells nobody wrote are absent."""
    cells = tuple(each for each in _cells(rows) if each.runs or each.row_span > 1 or each.column_span > 1)
    return Grid(GridKind.SHEET, 1, cells, name, hidden)


def _cells(rows: Sequence[Sequence[Any]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if value is None or value == "^":
                continue
            wide = 1
            while column + wide < len(values) and values[column + wide] is None:
                wide += 1
            high = 1
            while row + high < len(rows) and column < len(rows[row + high]) and rows[row + high][column] == "^":
                high += 1
            cells.append(value if isinstance(value, Cell) else cell(row, column, value, wide, high))
    return tuple(cells)


def document(*blocks: Grid | str | Paragraph, kind: str = "docx") -> Document:
    """A document of these blocks; a string becomes a paragraph."""
    made: list[Grid | Paragraph] = []
    ordinal = 0
    for block in blocks:
        if isinstance(block, str):
            ordinal += 1
            block = Paragraph(ordinal, (Run(block),) if block else ())
        made.append(block)
    return Document(kind, tuple(made))


def project(number: str, name: str, **values: str) -> list[Any]:
    """A row of Annex 3 below HEADER, university and count left blank."""
    filled = {
        "summary": "为同学做实事",
        "category": "学业促进类",
        "applicant": "内蒙古大学学生会",
        "links": "",
        "leader": "张三",
        "phone": "13800000001",
    } | values
    return ["", "", number, name, *filled.values()]


def application(**values: Any) -> list[list[Any]]:
    """The rows of Annex 4 as the notice prints them, filled with these values."""
    filled = {
        "project_name": "阳光书屋",
        "university": "内蒙古大学",
        "applicant": "内蒙古大学学生会",
        "leader": "张三",
        "phone": "13800000001",
        "members": "李四 王五",
        "categories": OPTIONS.replace("学业", "√学业"),
        "period": "2023年9月至今",
        "content": "每周开放三次。",
        "recommendation": "同意推荐。\n（盖章）\n2024年11月20日",
    } | values
    return [
        ["项目名称", filled["project_name"], "所在学校", filled["university"]],
        ["申报主体", filled["applicant"], None, None],
        ["负 责 人", filled["leader"], "联系电话", filled["phone"]],
        ["项目成员", filled["members"], None, None],
        ["项目类别", filled["categories"], None, None],
        ["实施时间", filled["period"], None, None],
        ["项目内容", filled["content"], None, None],
        ["学校团委推荐意见及案例\n点评", filled["recommendation"], None, None],
    ]
