"""What staff leave beside plain values in our sheets: notes on cells (批注) stay, a formula leaves its value or else its text."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from ledger_values import GUARD, LIGHT, digest, submission, view, write, written
from pipeline.ledger import Staff, read_staff

PLACES = {(f"{1:064x}", 1): "archive/甲大学/附件4.docx"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "项目台账.xlsx"
    write(path, view(submission(GUARD, LIGHT), archive=PLACES), Staff())
    return path


def edit(path: Path, cells: dict[str, Any], notes: dict[str, str | None] | None = None) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["项目汇总"]
    for place, value in cells.items():
        sheet[place] = value
    for place, text in (notes or {}).items():
        sheet[place].comment = Comment(text, "赵示例") if text else None
    book.save(path)


def again(path: Path, *projects: Any) -> Any:
    """The sheet after the ledger was written anew, what staff had kept beside stored as text."""
    staff = Staff.from_json(Staff().merged(read_staff(path)).to_json())
    write(path, view(submission(*(projects or (GUARD, LIGHT))), archive=PLACES), staff)
    return openpyxl.load_workbook(path)["项目汇总"]


def hung(sheet: Any) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}


def test_notes_stay_with_their_rows_whoever_owns_the_column(path: Path) -> None:
    edit(path, {"P1": "打分", "N2": "见批注"}, {"N2": "已电话\n确认", "C3": "名称待定", "P3": "初评", "P1": "满分 100"})
    assert hung(again(path)) == {"N2": "已电话\n确认", "C3": "名称待定", "P3": "初评", "P1": "满分 100"}
    sheet = again(path, LIGHT, GUARD)
    assert hung(sheet) == {"N3": "已电话\n确认", "C2": "名称待定", "P2": "初评", "P1": "满分 100"}
    assert (sheet["N3"].value, sheet["C2"].value) == ("见批注", "宿舍微光")


def test_notes_and_links_stand_on_one_sheet(path: Path) -> None:
    edit(path, {}, {"J2": "文件已核对"})
    cell = again(path)["J2"]
    assert (cell.hyperlink.target, cell.comment.text) == ("../archive/甲大学/附件4.docx", "文件已核对")
    with zipfile.ZipFile(path) as package:
        assert len(package.namelist()) == len(set(package.namelist()))


def test_a_note_taken_away_is_gone_and_a_note_on_a_project_withdrawn_comes_back_with_it(path: Path) -> None:
    edit(path, {}, {"N2": "一", "N3": "二", "A1": "三"})
    staff = read_staff(path)
    write(path, view(submission(LIGHT)), staff)
    edit(path, {}, {"N2": None, "A1": None})
    staff = staff.merged(read_staff(path))
    write(path, view(submission(GUARD, LIGHT)), staff)
    assert hung(openpyxl.load_workbook(path)["项目汇总"]) == {"N2": "一"}


def test_a_note_makes_the_ledger_worth_writing(path: Path) -> None:
    edit(path, {}, {"N2": "一"})
    whole = view(submission(GUARD, LIGHT))
    assert digest(whole, read_staff(path)) != digest(whole, Staff())


def worked_out(path: Path, cells: dict[str, str]) -> None:
    """Put these elements of SpreadsheetML in the place of cells, as an office program that works formulas out writes them."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for place, element in cells.items():
        sheet, count = re.subn(rf'<c r="{place}"[^>]*?(/>|>.*?</c>)', element, sheet)
        assert count == 1
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)


def test_a_formula_leaves_its_value(path: Path) -> None:
    edit(path, {"P1": "折算", "P2": 0, "P3": 0})
    worked_out(
        path,
        {
            "P2": '<c r="P2"><f>H2/2</f><v>42.5</v></c>',
            "P3": '<c r="P3" t="str"><f>IF(1,"","x")</f><v></v></c>',
            "N2": '<c r="N2" t="str"><f>"合"&amp;"格"</f><v>合格</v></c>',
        },
    )
    sheet = again(path)
    assert (sheet["P2"].value, sheet["P3"].value, sheet["N2"].value) == (42.5, None, "合格")


def test_a_formula_that_nobody_has_worked_out_stays_as_text(path: Path) -> None:
    edit(path, {"P1": "折算", "P2": "=H2*2", "P3": "=H3*2", "N2": '="x"&"y"'})
    for _ in range(2):
        sheet = again(path)
        assert [sheet[place].value for place in ("P2", "P3", "N2")] == ["=H2*2", "=H3*2", '="x"&"y"']
        assert {sheet[place].data_type for place in ("P2", "P3", "N2")} == {"s"}


def test_a_formula_filled_down_that_nobody_has_worked_out_stays_as_text(path: Path) -> None:
    edit(path, {"P1": "折算", "P2": 0, "P3": 0})
    worked_out(
        path,
        {
            "P2": '<c r="P2"><f t="shared" ref="P2:P3" si="0">H2/2</f><v/></c>',
            "P3": '<c r="P3"><f t="shared" si="0"/></c>',
        },
    )
    sheet = again(path)
    assert (sheet["P2"].value, sheet["P3"].value) == ("=H2/2", "=H2/2")


def test_a_workbook_whose_notes_cannot_be_read_gives_its_remarks_and_is_kept_whole(path: Path) -> None:
    edit(path, {"N2": "备注"}, {"N2": "批注"})
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist() if "comment" not in name}
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    old = path.read_bytes()
    assert written(read_staff(path), "项目汇总", ("甲大学", "青春护航")) == "备注"
    assert [kept.read_bytes() for kept in path.parent.glob("*更新前*")] == [old]
