"""Sheets that staff added to the ledger: they are still there after it was written anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

from ledger_values import submission, view, write
from pipeline.ledger import Staff, prepare, read_staff

OURS = ["项目汇总", "高校进度", "问题清单", "邮件日志", "统计"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "项目台账.xlsx"
    write(path, view(submission()), Staff())
    return path


def added(path: Path) -> Any:
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("评审安排", 2)
    sheet.append(["专家", "场次", "合计"])
    sheet.append(["赵专家", 3, "=SUM(B2:B3)"])
    sheet["A3"] = "=不是公式"
    sheet["A3"].data_type = "s"
    sheet["A1"].font, sheet["A1"].fill = Font(bold=True, color="FFCC0000"), PatternFill("solid", fgColor="FFFFEE00")
    sheet["A1"].alignment, sheet["A1"].border = Alignment(horizontal="center"), Border(top=Side("thin"))
    sheet["B2"].number_format = '0"场"'
    sheet["B2"].comment = Comment("待定", "秘书处")
    sheet["A5"].hyperlink = "https://a.example/1"
    sheet.merge_cells("A6:C7")
    sheet.column_dimensions["A"].width = 31
    sheet.row_dimensions[1].height = 40
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:C3"
    sheet.conditional_formatting.add("B2:B9", CellIsRule("greaterThan", ["2"], fill=PatternFill(bgColor="FFFF0000")))
    choice = DataValidation("list", formula1='"是,否"')
    choice.add("C2:C9")
    sheet.add_data_validation(choice)
    book.create_sheet("草稿").sheet_state = "hidden"
    book.save(path)


def test_a_sheet_that_staff_added_is_still_there_with_all_its_looks(path: Path) -> None:
    added(path)
    for _ in range(2):
        write(path, view(submission()), read_staff(path))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [*OURS, "评审安排", "草稿"]
    sheet = book["评审安排"]
    assert [[cell.value for cell in row] for row in sheet["A1:C3"]] == [
        ["专家", "场次", "合计"], ["赵专家", 3, "=SUM(B2:B3)"], ["=不是公式", None, None],
    ]  # fmt: skip
    assert (sheet["C2"].data_type, sheet["A3"].data_type) == ("f", "s")
    assert (sheet["A1"].font.b, sheet["A1"].font.color.rgb, sheet["A1"].fill.fgColor.rgb) == (
        True,
        "FFCC0000",
        "FFFFEE00",
    )
    assert (sheet["A1"].alignment.horizontal, sheet["A1"].border.top.style) == ("center", "thin")
    assert (sheet["B2"].number_format, sheet["B2"].comment.text) == ('0"场"', "待定")
    assert sheet["A5"].hyperlink.target == "https://a.example/1"
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A6:C7"]
    assert (sheet.column_dimensions["A"].width, sheet.row_dimensions[1].height) == (31, 40)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C3")
    (group,) = sheet.conditional_formatting
    assert (str(group.sqref), group.rules[0].formula) == ("B2:B9", ["2"])
    assert group.rules[0].dxf.fill.bgColor.rgb == "FFFF0000"
    assert [str(each.sqref) for each in sheet.data_validations.dataValidation] == ["C2:C9"]
    assert book["草稿"].sheet_state == "hidden"


def test_our_own_sheets_are_those_of_a_ledger_without_any_other(path: Path) -> None:
    def told() -> list[list[list[Any]]]:
        book = openpyxl.load_workbook(path)
        return [[[cell.value for cell in row] for row in book[name].iter_rows()] for name in OURS]

    before = told()
    added(path)
    write(path, view(submission()), read_staff(path))
    assert told() == before


def test_a_ledger_whose_added_sheet_cannot_be_read_is_kept_beside(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    added(path)
    old = path.read_bytes()

    def fail(*_: object) -> None:
        raise KeyError("styles")

    monkeypatch.setattr(openpyxl, "load_workbook", fail)
    again = path.with_name("又一份.xlsx")
    for target in (again, again, path):
        prepare(view(submission()), Staff()).write(target, old=path)
    monkeypatch.undo()
    assert {each.name for each in path.parent.glob("项目台账*")} == {"项目台账.xlsx", "项目台账（更新前 1）.xlsx"}
    assert openpyxl.load_workbook(path).sheetnames == OURS
    assert (path.parent / "项目台账（更新前 1）.xlsx").read_bytes() == old
    assert "项目台账（更新前 1）.xlsx" in caplog.text
