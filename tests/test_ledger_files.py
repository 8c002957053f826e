"""What staff write into the ledger, or into the copy beside it while the ledger is open, is kept in whatever order they do so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace
from openpyxl.comments import Comment

from desk import UNIVERSITY, papers, settings, table
from pipeline import renewal
from pipeline.bookkeeping import keep_ledger
from pipeline.kept import Kept
from pipeline.ledger_files import stored_staff
from pipeline.ledger_staff import Notes, Staff
from pipeline.ledger_view import LedgerView
from pipeline.office import Office, open_office
from test_standings import LATER, MINUTE_LATER, OTHER, hear

A, B = "示例项目甲", "示例项目乙"
THIRD = "内蒙古师范大学"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """A ledger of two projects in which staff have written one remark."""
    with open_office(settings(tmp_path / "data", "imap://127.0.0.1:9", "smtp://127.0.0.1:9")) as office:
        hear(office, papers(table()))
        passed(office)
        write(office.ledger_path, {A: "旧"})
        assert passed(office).written
        yield office


def ledger_of(desk: Office) -> Path:
    return desk.ledger_path


def copy_of(desk: Office) -> Path:
    return desk.ledger_path.with_name("项目台账（最新）.xlsx")


def write(path: Path, remarks: Mapping[str, Any], column: str = "秘书处备注") -> None:
    """Like a person with another program; a column that is not there is added."""
    book = openpyxl.load_workbook(path)
    sheet = book["项目汇总"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    place = heads.get(column, len(heads) + 1)
    sheet.cell(1, place).value = column
    for row in sheet.iter_rows(min_row=2):
        if row[heads["项目名称"] - 1].value in remarks:
            sheet.cell(row[0].row, place).value = remarks[row[heads["项目名称"] - 1].value]
    book.save(path)


def remarks(path: Path, column: str = "秘书处备注") -> dict[str, Any]:
    head, *body = openpyxl.load_workbook(path)["项目汇总"].iter_rows(values_only=True)
    rows = [dict(zip(map(str, head), row, strict=True)) for row in body]
    return {str(row["项目名称"]): row[column] for row in rows if row["高校名称"] == UNIVERSITY}


def lock(path: Path) -> Path:
    """The file that an office program leaves beside the workbook that it has open."""
    mark = path.with_name(f"~${path.name}")
    mark.touch()
    os.utime(mark, (LATER.timestamp(), LATER.timestamp()))
    return mark


def passed(desk: Office) -> Kept:
    return keep_ledger(desk, LATER)


def opened(desk: Office) -> Path:
    """Somebody opens the ledger, and news come in; gives the lock file."""
    mark = lock(desk.ledger_path)
    hear(desk, papers(table(OTHER, 1)), MINUTE_LATER, "nd@example.cn")
    passed(desk)
    assert copy_of(desk).exists()
    return mark


def closed(desk: Office, mark: Path) -> None:
    mark.unlink()
    assert passed(desk).written
    assert not copy_of(desk).exists()
    assert not passed(desk).written


def test_a_remark_in_the_copy_is_there_when_the_ledger_is_closed(desk: Office) -> None:
    mark = opened(desk)
    write(copy_of(desk), {B: "写在旁边"})
    closed(desk, mark)
    assert remarks(desk.ledger_path) == {A: "旧", B: "写在旁边"}


def test_a_remark_in_the_copy_outlasts_the_passes_that_write_it_anew(desk: Office) -> None:
    mark = opened(desk)
    write(copy_of(desk), {B: "写在旁边"})
    hear(desk, papers(table(THIRD, 1)), LATER, "sd@example.cn")
    passed(desk)
    passed(desk)
    assert remarks(copy_of(desk)) == {A: "旧", B: "写在旁边"}
    assert {row["高校名称"] for row in rows_of(copy_of(desk))} >= {OTHER, THIRD}
    closed(desk, mark)
    assert remarks(desk.ledger_path) == {A: "旧", B: "写在旁边"}


def rows_of(path: Path) -> list[dict[str, Any]]:
    head, *body = openpyxl.load_workbook(path)["项目汇总"].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in body]


def test_a_copy_that_shows_everything_is_not_written_again_at_each_pass(desk: Office) -> None:
    opened(desk)
    before = copy_of(desk).stat().st_mtime_ns
    passed(desk)
    assert copy_of(desk).stat().st_mtime_ns == before


@pytest.mark.parametrize("between", [False, True], ids=["one pass", "a pass between"])
@pytest.mark.parametrize(
    ("first", "second"), [(copy_of, ledger_of), (ledger_of, copy_of)], ids=["ledger last", "copy last"]
)
def test_what_is_written_in_both_is_kept_the_later_last(
    desk: Office, first: Callable[[Office], Path], second: Callable[[Office], Path], between: bool
) -> None:
    mark = opened(desk)
    write(first(desk), {A: "先写的", B: "只在先写的"})
    if between:
        passed(desk)
    write(second(desk), {A: "后写的"})
    closed(desk, mark)
    in_copy_after_a_pass = between and second is copy_of
    # Whoever writes over what the copy shows meanwhile has seen it.
    assert remarks(desk.ledger_path) == {A: "后写的" if in_copy_after_a_pass else "先写的\n后写的", B: "只在先写的"}


def test_saving_an_unchanged_ledger_undoes_nothing_that_was_written_in_the_copy(desk: Office) -> None:
    mark = opened(desk)
    write(copy_of(desk), {A: None, B: "写在旁边"})
    write(copy_of(desk), {A: 85}, "打分")
    passed(desk)
    write(desk.ledger_path, {})
    closed(desk, mark)
    assert remarks(desk.ledger_path) == {A: None, B: "写在旁边"}
    assert remarks(desk.ledger_path, "打分") == {A: 85, B: None}


def test_a_remark_that_grows_at_both_places_is_not_doubled(desk: Office) -> None:
    mark = opened(desk)
    write(copy_of(desk), {A: "旁边"})
    passed(desk)
    write(desk.ledger_path, {A: "这里"})
    passed(desk)
    write(desk.ledger_path, {A: "这里改"})
    passed(desk)
    passed(desk)
    closed(desk, mark)
    assert remarks(desk.ledger_path)[A] == "旁边\n这里改"


def test_a_column_deleted_in_one_stays_where_something_was_written_in_it_in_the_other(desk: Office) -> None:
    write(desk.ledger_path, {A: 1}, "打分")
    passed(desk)
    mark = opened(desk)
    write(copy_of(desk), {B: 2}, "打分")
    passed(desk)
    book = openpyxl.load_workbook(desk.ledger_path)
    book["项目汇总"].delete_cols(book["项目汇总"].max_column)
    book.save(desk.ledger_path)
    closed(desk, mark)
    assert remarks(desk.ledger_path, "打分") == {A: 1, B: 2}


def test_a_copy_that_is_open_itself_is_left_alone_until_it_is_closed(desk: Office) -> None:
    mark, own = opened(desk), lock(copy_of(desk))
    hear(desk, papers(table(THIRD, 1)), LATER, "sd@example.cn")
    before = copy_of(desk).read_bytes()
    assert any("都正被打开" in note for note in passed(desk).notes)
    mark.unlink()
    assert passed(desk).written
    assert copy_of(desk).read_bytes() == before
    write(copy_of(desk), {B: "很久以后"})
    passed(desk)
    own.unlink()
    passed(desk)
    assert not copy_of(desk).exists()
    assert remarks(desk.ledger_path) == {A: "旧", B: "很久以后"}


def test_a_copy_saved_after_it_was_removed_is_read_like_before(desk: Office) -> None:
    mark = opened(desk)
    held = copy_of(desk).read_bytes()
    closed(desk, mark)
    write(desk.ledger_path, {A: "新"})
    passed(desk)
    copy_of(desk).write_bytes(held)
    write(copy_of(desk), {B: "迟到"})
    passed(desk)
    assert not copy_of(desk).exists()
    assert remarks(desk.ledger_path) == {A: "新", B: "迟到"}


@pytest.mark.parametrize(
    "name", ["~$项目台账.xlsx", ".~lock.项目台账.xlsx#", ".~项目台账.xlsx", ".~目台账.xlsx", ".~台账.xlsx"]
)
def test_the_lock_files_of_every_office_program_are_known_until_they_are_stale(desk: Office, name: str) -> None:
    mark = desk.ledger_path.with_name(name)
    mark.write_bytes(b"\x03wps")
    os.utime(mark, (LATER.timestamp(), LATER.timestamp()))
    before = desk.ledger_path.read_bytes()
    hear(desk, papers(table(OTHER, 1)), MINUTE_LATER, "nd@example.cn")
    passed(desk)
    assert desk.ledger_path.read_bytes() == before
    assert copy_of(desk).exists()
    keep_ledger(desk, LATER + timedelta(days=2))
    assert desk.ledger_path.read_bytes() != before


def test_a_damaged_copy_is_kept_aside_and_the_ledger_goes_on(desk: Office) -> None:
    mark = opened(desk)
    copy_of(desk).write_bytes(b"PK\x03\x04 half")
    mark.unlink()
    assert any("损坏" in note for note in passed(desk).notes)
    assert [path.read_bytes() for path in desk.ledger_path.parent.glob("项目台账（最新）.损坏-*")] == [
        b"PK\x03\x04 half"
    ]
    assert remarks(desk.ledger_path)[A] == "旧"


def test_sheets_that_staff_added_to_the_copy_come_along(desk: Office) -> None:
    add_sheet(desk.ledger_path, "评审安排", "赵专家")
    passed(desk)
    mark = opened(desk)
    add_sheet(copy_of(desk), "值班表", "周一")
    passed(desk)
    assert sheets(copy_of(desk)) == {"评审安排": "赵专家", "值班表": "周一"}
    closed(desk, mark)
    assert sheets(desk.ledger_path) == {"评审安排": "赵专家", "值班表": "周一"}
    assert not list(desk.ledger_path.parent.glob("*更新前*"))


def test_a_copy_that_says_something_else_in_a_sheet_of_one_name_is_kept_whole(desk: Office) -> None:
    add_sheet(desk.ledger_path, "评审安排", "赵专家")
    passed(desk)
    mark = opened(desk)
    add_sheet(copy_of(desk), "评审安排", "钱专家")
    kept = passed(desk)
    closed(desk, mark)
    assert sheets(desk.ledger_path) == {"评审安排": "赵专家"}
    (aside,) = desk.ledger_path.parent.glob("*更新前*")
    assert sheets(aside) == {"评审安排": "钱专家"}
    assert any(aside.name in note for note in kept.notes)


def test_a_remark_on_one_of_two_rows_of_a_name_is_that_rows_own_to_the_end(desk: Office) -> None:
    first, second = table().projects

    def beside(desk: Office) -> list[Any]:
        return [row["秘书处备注"] for row in rows_of(desk.ledger_path) if row["高校名称"] == UNIVERSITY]

    second = replace(second, project_name=first.project_name, leader="李示例", phone="13800000002")
    hear(desk, papers(replace(table(), projects=(first, second)), applications=False), MINUTE_LATER)
    passed(desk)
    book = openpyxl.load_workbook(desk.ledger_path)
    book["项目汇总"]["N3"] = "李示例的"
    book.save(desk.ledger_path)
    hear(
        desk,
        papers(replace(table(), projects=(second, first)), applications=False),
        MINUTE_LATER + timedelta(minutes=1),
    )
    passed(desk)
    assert beside(desk) == ["李示例的", "旧"]
    hear(desk, papers(replace(table(), projects=(second,)), applications=False), LATER)
    passed(desk)
    assert beside(desk) == ["李示例的"]
    write(desk.ledger_path, {A: None})
    passed(desk)
    passed(desk)
    assert beside(desk) == [None]


def add_sheet(path: Path, name: str, text: str) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
    sheet["A1"] = text
    book.save(path)


def sheets(path: Path) -> dict[str, Any]:
    """The first cell of each sheet that staff added."""
    return {sheet.title: sheet["A1"].value for sheet in openpyxl.load_workbook(path).worksheets[5:]}


def test_notes_written_in_both_are_kept(desk: Office) -> None:
    mark = opened(desk)
    for path, text in ((copy_of(desk), "旁边的批注"), (desk.ledger_path, "这里的批注")):
        book = openpyxl.load_workbook(path)
        book["项目汇总"]["N2"].comment = Comment(text, "赵示例")
        book.save(path)
    closed(desk, mark)
    assert openpyxl.load_workbook(desk.ledger_path)["项目汇总"]["N2"].comment.text == "旁边的批注\n这里的批注"


def test_what_another_program_reads_while_rows_find_their_places_is_kept(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = replace(table().projects[0], leader="李示例", phone="13900000009")
    doubled = replace(table(), project_count="3", projects=(*table().projects, twice))
    hear(desk, papers(doubled), MINUTE_LATER)
    assemble = renewal.view_of

    def meanwhile(office: Office, anew: bool = False) -> LedgerView:
        view = assemble(office, anew)
        written = stored_staff(office).sheets["项目汇总"].rows
        (key,) = [key for key in written if written[key].get("秘书处备注") == "旧"]
        theirs = Staff({"项目汇总": Notes((), {key: {"秘书处备注": "别处刚写"}})})
        office.store.set_fact("staff", stored_staff(office).merged(theirs).to_json())
        return view

    monkeypatch.setattr(renewal, "view_of", meanwhile)
    passed(desk)
    written = stored_staff(desk).sheets["项目汇总"].rows
    assert [text for row in written.values() if (text := row.get("秘书处备注"))] == ["别处刚写"]
    head, *body = openpyxl.load_workbook(desk.ledger_path)["项目汇总"].iter_rows(values_only=True)
    assert [line[head.index("秘书处备注")] for line in body].count("别处刚写") == 1
