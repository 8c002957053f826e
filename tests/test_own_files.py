"""Marked copies of ours that come back: untouched they undo no correction, corrected in place they are one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from desk import UNIVERSITY, Desk, form, letter, open_desk, papers, parsed, table, text_of
from pipeline.demo import forms

WRONG = replace(form(1), phone="12")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


def sends(desk: Desk, files: dict[str, bytes], **more: Any) -> None:
    at = desk.now + timedelta(hours=1)
    desk.receive(letter(files, at, **more), at)
    desk.run()


def state(desk: Desk) -> str:
    return str(desk.row("高校进度", 高校名称=UNIVERSITY)["状态"])


def begin(desk: Desk) -> dict[str, bytes]:
    """A faulty submission and the marked copies that were sent back."""
    sends(desk, papers(table(contact_name="")) | {"附件4-1.docx": forms.annex4_document(WRONG)})
    found: dict[str, bytes] = {}
    for part in parsed(desk.sent[-1]).iter_attachments():
        assert isinstance(part, EmailMessage)
        found[str(part.get_filename())] = part.get_payload(decode=True)  # type: ignore[assignment]
    assert sorted(found) == ["附件3（标注）.xlsx", "附件4-1（标注）.docx"]
    return found


def correct(desk: Desk) -> None:
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table()), "附件4-1.docx": forms.annex4_document(form(1))})
    assert state(desk) == "已通过"


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("sender", ["shili@example.edu.cn", "colleague@qq.com"])
def test_a_marked_copy_that_comes_back_untouched_undoes_no_correction(desk: Desk, sender: str, wrapped: bool) -> None:
    copies = begin(desk)
    ours = desk.sent[-1].raw
    correct(desk)
    sends(desk, {"来信.eml": ours} if wrapped else copies, sender=sender, text="问题已改好，谢谢！")
    assert state(desk) == "已通过"
    assert not [row for row in desk.rows("问题清单") if row["级别"] == "错误"]
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【已收到】")
    # Nor does it where the mails are read again.
    with desk.office() as office:
        submission = office.submission(UNIVERSITY)
        assert submission.held == ()
        assert all("标注" not in one.path for one in (*submission.summaries, *submission.applications))


def test_an_untouched_copy_of_what_still_stands_is_asked_about_again(desk: Desk) -> None:
    copies = begin(desk)
    sends(desk, copies)
    assert state(desk) == "待补正"
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【请补正】")


def test_a_copy_made_while_nobody_knew_the_university_is_known_once_that_is_told(desk: Desk) -> None:
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table("", contact_name=""))})
    copies = {str(part.get_filename()): part.get_content() for part in parsed(desk.sent[-1]).iter_attachments()}
    sends(desk, papers(table()))
    assert state(desk) == "已通过"
    sends(desk, {"附件3（标注）.xlsx": copies["附件3（标注）.xlsx"]}, text="误发")
    assert state(desk) == "已通过"


@pytest.mark.parametrize("sender", ["shili@example.edu.cn", "colleague@qq.com"])
def test_an_untouched_table_undoes_the_withdrawal_of_a_project_that_it_lists(desk: Desk, sender: str) -> None:
    copies = begin(desk)
    sends(
        desk, {"附件3.xlsx": forms.annex3_workbook(table(projects=1)), "附件4-1.docx": forms.annex4_document(form(1))}
    )
    assert "按撤回处理" in text_of(desk.sent[-1])
    sends(desk, {"附件3（标注）.xlsx": copies["附件3（标注）.xlsx"]}, sender=sender, text="两个项目都报")
    with desk.office() as office:
        submission = office.submission(UNIVERSITY)
    if sender == "colleague@qq.com":
        assert [one.path for one in submission.held] == ["附件3（标注）.xlsx"]
        return
    assert len(submission.entries) == 2
    assert submission.withdrawn == ()
    assert state(desk) == "待补正"
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【请补正】")


def test_a_marked_copy_put_back_to_what_was_right_before_counts(desk: Desk) -> None:
    sends(desk, papers(table()))
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table(contact_name="", contact_phone="12"))})
    assert state(desk) == "待补正"
    (copy,) = parsed(desk.sent[-1]).iter_attachments()
    assert isinstance(copy, EmailMessage)
    book = openpyxl.load_workbook(io.BytesIO(copy.get_payload(decode=True)))  # type: ignore[arg-type]
    right = openpyxl.load_workbook(io.BytesIO(forms.annex3_workbook(table())))
    for line in right.active.iter_rows():  # type: ignore[union-attr]
        for cell in line:
            if cell.value is not None:
                book.active[cell.coordinate] = cell.value  # type: ignore[index]
    saved = io.BytesIO()
    book.save(saved)
    sends(desk, {str(copy.get_filename()): saved.getvalue()})
    assert state(desk) == "已通过"
