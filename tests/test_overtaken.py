"""Replies that have not left when the next mail comes: one letter with the present state, and nothing answered twice or never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desk import UNIVERSITY, Desk, form, letter, open_desk, papers, parsed, table, text_of
from pipeline.again import decide, purge
from pipeline.demo import forms
from pipeline.mailbox import Mailbox
from pipeline.model import Reply
from pipeline.reply_states import ReplyKind, ReplyState


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


NOBODY = "smtp://127.0.0.1:9"


def wrong_papers(projects: int = 2) -> dict[str, bytes]:
    return papers(table(projects=projects, contact_name=""))


def sends(desk: Desk, files: dict[str, bytes], **more: Any) -> None:
    """A mail an hour later from the usual address; it is fetched when the desk next runs."""
    at = desk.now + timedelta(hours=1)
    desk.receive(letter(files, at, **more), at)


def states(desk: Desk) -> list[str]:
    with desk.office() as office:
        return [one.state for one in office.store.outbox.replies()]


def test_a_reply_still_unsent_when_its_correction_comes_is_replaced_by_the_answer_to_both(desk: Desk) -> None:
    desk.receive(letter(wrong_papers()))
    desk.run(smtp_url=NOBODY)
    assert states(desk) == ["queued"]
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    # The server is back, but the university may still be writing.
    desk.run(settle_minutes=15)
    assert (states(desk), len(desk.sent)) == (["queued"], 0)
    desk.run(20, settle_minutes=15)
    (reply,) = desk.sent
    assert str(parsed(reply)["Subject"]).startswith("【已收到】")
    # Nobody was told of what was wrong before, nor is of what has changed since.
    assert "联系人" not in text_of(reply)
    assert sorted(states(desk)) == ["dropped", "sent"]
    assert all("已回复收到" in row["回复"] for row in desk.rows("邮件日志"))
    desk.run()
    assert len(desk.sent) == 1


def test_what_has_changed_counts_from_the_last_reply_that_left(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    for name in ("钱示例", "孙示例"):
        sends(desk, {"附件3.xlsx": forms.annex3_workbook(table(contact_name=name))})
        desk.run(smtp_url=NOBODY)
    assert sorted(states(desk)) == ["dropped", "queued", "sent"]
    desk.run()
    assert len(desk.sent) == 2
    assert "联系人由“赵示例”改为“孙示例”" in text_of(desk.sent[-1])


def test_what_waits_for_tomorrow_is_brought_up_to_date_too(desk: Desk) -> None:
    sends(desk, papers(table("内蒙古农业大学", 1)), sender="other@example.cn")
    desk.run(send_per_day=1)
    sends(desk, wrong_papers())
    desk.run(send_per_day=1)
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    desk.run(send_per_day=1)
    desk.run(24 * 60, send_per_day=1)
    assert [str(parsed(one)["Subject"])[:5] for one in desk.sent] == ["【已收到】", "【已收到】"]


def test_a_reply_that_may_have_left_is_not_replaced(desk: Desk) -> None:
    desk.receive(letter(wrong_papers()))
    desk.run(smtp_url=NOBODY)
    with desk.office() as office:
        (reply,) = office.store.outbox.replies(ReplyState.QUEUED)
        office.store.outbox.mark(reply.message_id, ReplyState.SENDING)
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    desk.run()
    assert sorted(states(desk)) == ["sent", "unconfirmed"]
    assert len(desk.sent) == 1


def test_a_reply_that_leaves_while_its_successor_is_written_stays_the_answer_to_its_mail(desk: Desk) -> None:
    desk.receive(letter(wrong_papers()))
    desk.run(smtp_url=NOBODY)
    with desk.office() as office:
        (old,) = office.store.outbox.replies(ReplyState.QUEUED)
        (mail,) = office.store.mails()
        new = Reply("<annex.new@163.com>", old.recipient, "x", ReplyKind.ACKNOWLEDGEMENT, b"x", (mail.id,))
        new = replace(new, replaces=(old.message_id,))
        office.store.outbox.mark(old.message_id, ReplyState.SENDING)
        assert not office.store.outbox.queue(new, desk.now)
        assert office.store.outbox.replies_of([mail.id]) == {mail.id: old.message_id}
        office.store.outbox.mark(old.message_id, ReplyState.QUEUED)
        assert office.store.outbox.queue(new, desk.now)
        assert office.store.outbox.replies_of([mail.id]) == {mail.id: new.message_id}
        assert not office.store.outbox.mark(old.message_id, ReplyState.SENDING, was=ReplyState.QUEUED)


def test_what_was_said_of_a_held_mail_does_not_leave_once_it_is_accepted(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table(contact_name="钱示例"))}, sender="stranger@163.com")
    desk.run(smtp_url=NOBODY)
    with desk.office() as office:
        decide(office, office.submission(UNIVERSITY).held[0].mail, True, lambda: desk.now)
    desk.run()
    (reply,) = (one for one in desk.sent if one.recipients == ("stranger@163.com",))
    assert "人工确认" not in text_of(reply)
    assert sorted(states(desk)) == ["dropped", "sent", "sent"]


def test_replies_that_were_replaced_do_not_count_towards_a_correspondents_day(desk: Desk) -> None:
    for number in range(4):
        sends(desk, {"附件3.xlsx": forms.annex3_workbook(table(contact_name=f"钱示例{number}"))})
        desk.run(smtp_url=NOBODY, send_per_correspondent=2)
    desk.run(send_per_correspondent=2)
    assert len(desk.sent) == 1
    assert len(states(desk)) == 4


def test_thanks_that_need_no_answer_leave_the_unsent_one_to_what_came_before(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run(smtp_url=NOBODY)
    sends(desk, {}, subject="Re: 【已收到】", text="收到，谢谢！")
    desk.run()
    (reply,) = desk.sent
    assert str(parsed(reply)["Subject"]).startswith("【已收到】")
    assert "附件4-2.docx" in text_of(reply)


def test_the_unsent_reply_about_another_university_does_not_wait(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run(smtp_url=NOBODY)
    sends(desk, papers(table("内蒙古农业大学", 1)))
    desk.run(settle_minutes=15)
    assert [one.recipients for one in desk.sent] == [("shili@example.edu.cn",)]
    desk.run(20, settle_minutes=15)
    assert len(desk.sent) == 2
    assert "内蒙古农业大学" in text_of(desk.sent[-1])


def test_what_was_dropped_is_purged_with_the_mails_it_answered(desk: Desk) -> None:
    desk.receive(letter(wrong_papers()))
    desk.run(smtp_url=NOBODY)
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    desk.run(smtp_url=NOBODY)
    assert sorted(states(desk)) == ["dropped", "queued"]
    with desk.office() as office:
        purge(office, desk.now + timedelta(minutes=1), False, lambda: desk.now)
    assert states(desk) == []


def test_who_writes_again_while_a_reply_waits_keeps_his_place(desk: Desk) -> None:
    for number, name in enumerate(("内蒙古大学", "内蒙古农业大学", "赤峰学院")):
        at = desk.now + timedelta(hours=1)
        desk.receive(letter(papers(table(name, contact_name="")), at, f"shili{number}@example.edu.cn"), at)
    desk.run(smtp_url=NOBODY)
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())}, sender="shili0@example.edu.cn")
    desk.run(smtp_url=NOBODY)
    desk.run(send_per_day=1)
    assert [one.recipients for one in desk.sent] == [("shili0@example.edu.cn",)]


def test_others_who_keep_writing_do_not_hold_a_letter_for_ever(desk: Desk) -> None:
    desk.receive(letter(wrong_papers()))
    desk.run(smtp_url=NOBODY)
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    for _ in range(8):
        at = desk.now + timedelta(minutes=9)
        more = {"附件4.docx": forms.annex4_document(form(3))}
        desk.receive(letter(more, at, "other@example.edu.cn"), at)
        desk.run(settle_minutes=15)
    assert [one.recipients for one in desk.sent] == [("shili@example.edu.cn",)]


def test_a_draft_half_laid_when_the_program_ended_is_finished_and_not_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receive(letter(wrong_papers()))
    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.run(reply="draft")
    assert states(desk) == ["drafting"]
    sends(desk, {"附件3.xlsx": forms.annex3_workbook(table())})
    desk.run(reply="draft")
    assert sorted(states(desk)) == ["draft", "draft"]
    assert len(desk.imap.mails("草稿箱")) == 2


JIA, YI = "jia@tuanwei.example.cn", "yi@tuanwei.example.cn"


def sends_form(desk: Desk, sender: str, phone: str) -> None:
    sends(desk, {"附件4-1.docx": forms.annex4_document(replace(form(1), phone=phone))}, sender=sender)


@pytest.mark.parametrize("fetched_before", [False, True])
@pytest.mark.parametrize(("first", "then"), [("13900000001", "号12"), ("号12", "13900000001")])
def test_a_reply_that_waits_tells_what_a_colleague_has_changed_since(
    desk: Desk, first: str, then: str, fetched_before: bool
) -> None:
    sends(desk, papers(table(projects=1)), sender=JIA)
    desk.run()
    sends_form(desk, YI, first)
    desk.run(smtp_url=NOBODY)
    sends_form(desk, JIA, then)
    if fetched_before:
        desk.run(smtp_url=NOBODY)
    desk.run()
    last = {one.recipients[0]: str(parsed(one)["Subject"])[:5] for one in desk.sent}
    kind = "【请补正】" if then == "号12" else "【已收到】"
    assert last == {JIA: kind, YI: kind}
    told = "已回复请补正" if then == "号12" else "已回复收到"
    assert [row["回复"][: len(told)] for row in desk.rows("邮件日志")].count(told) >= 2
    assert len(desk.sent) == 3
    desk.run()
    assert len(desk.sent) == 3


def test_a_reply_that_waits_does_not_leave_while_a_colleague_may_still_be_writing(desk: Desk) -> None:
    sends(desk, papers(table(projects=1)), sender=JIA)
    desk.run()
    sends_form(desk, YI, "号12")
    desk.run(smtp_url=NOBODY)
    at = desk.now + timedelta(minutes=20)
    desk.receive(letter({"附件4-1.docx": forms.annex4_document(form(1))}, at, JIA), at)
    desk.run(settle_minutes=15)
    assert len(desk.sent) == 1
    desk.run(20, settle_minutes=15)
    assert {str(parsed(one)["Subject"])[:5] for one in desk.sent} == {"【已收到】"}


def test_who_forgot_the_files_is_not_asked_for_what_a_colleague_has_sent_before_the_letter_left(desk: Desk) -> None:
    sends(desk, {}, sender=YI, subject="内蒙古大学报送材料", text="请查收附件")
    desk.run(smtp_url=NOBODY)
    assert states(desk) == ["queued"]
    sends(desk, papers(table(projects=1)), sender=JIA)
    desk.run()
    assert [one.recipients for one in desk.sent] == [(JIA,)]
    assert sorted(states(desk)) == ["dropped", "sent"]
