"""What strangers, bounces, robots and refusals may and may not do; and what staff are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import CODE, MORNING, UNIVERSITY, Desk, form, letter, open_desk, papers, parsed, table, text_of
from pipeline.again import decide, purge
from pipeline.demo import forms
from pipeline.run import one_pass
from pipeline.settings import Secret

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


def received(desk: Desk) -> None:
    """A clean submission from the usual address."""
    desk.receive(letter(papers(table()), sender="usual@qq.com"))
    desk.run()


def replacing(desk: Desk, sender: str) -> None:
    """An Annex 3 that drops a project, from another address."""
    at = desk.now + HOUR
    summary = forms.annex3_workbook(table(projects=1))
    desk.receive(letter({"附件3.xlsx": summary}, at, sender), at)
    desk.run()


def test_a_stranger_replaces_nothing_until_staff_accept_it(desk: Desk) -> None:
    received(desk)
    replacing(desk, "stranger@163.com")
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == ["示例项目甲", "示例项目乙"]
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待人工"
    with desk.office() as office:
        (held,) = office.submission(UNIVERSITY).held
        said = decide(office, held.mail[:10], True, lambda: desk.now)
    assert "已采用" in said
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == ["示例项目甲"]
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


def test_what_staff_reject_stays_a_version_and_is_no_question_any_more(desk: Desk) -> None:
    received(desk)
    replacing(desk, "stranger@163.com")
    with desk.office() as office:
        (held,) = office.submission(UNIVERSITY).held
        decide(office, held.mail[:10], False, lambda: desk.now)
        assert len(office.store.universities.dossier(UNIVERSITY)[0]) == 4
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert len(desk.rows("项目汇总")) == 2


def test_a_stranger_is_answered_and_told_nothing_of_what_others_sent(desk: Desk) -> None:
    received(desk)
    replacing(desk, "stranger@163.com")
    (reply,) = [reply for reply in desk.sent if reply.recipients == ("stranger@163.com",)]
    assert "示例项目乙" not in text_of(reply)
    assert "附件4-1.docx" not in text_of(reply)


def test_a_corrected_form_from_the_usual_address_flows_through(desk: Desk) -> None:
    received(desk)
    replacing(desk, "usual@qq.com")
    assert len(desk.rows("项目汇总")) == 1


def test_the_universitys_own_domain_is_trusted(desk: Desk) -> None:
    received(desk)
    replacing(desk, "office@mail.imu.edu.cn")
    assert len(desk.rows("项目汇总")) == 1


def test_what_a_newcomer_adds_is_taken_and_noted(desk: Desk) -> None:
    desk.receive(letter(papers(table(), applications=False), sender="usual@qq.com"))
    added = {f"附件4-{number}.docx": forms.annex4_document(form(number)) for number in (1, 2)}
    desk.receive(letter(added, MORNING, "colleague@163.com"), MORNING + HOUR)
    desk.run()
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert desk.row("问题清单", 规则="submission.new_sender")["级别"] == "备注"


def test_an_address_that_bounced_is_not_written_to_again(desk: Desk) -> None:
    received(desk)
    message_id = str(parsed(desk.sent[0])["Message-ID"])
    bounce = (
        "Return-Path: <>\r\nFrom: Postmaster@163.com\r\nTo: nmggxzss@163.com\r\nSubject: =?utf-8?B?57O757uf6YCA5L+h?=\r\n"
        f"Content-Type: text/plain\r\n\r\nusual@qq.com 550 User suspended\r\nMessage-ID: {message_id}\r\n"
    )
    desk.receive(bounce.encode(), desk.now + HOUR)
    desk.run()
    assert "退回" in desk.row("邮件日志", 附件数=3)["回复"]
    at = desk.now + HOUR
    desk.receive(letter(papers(table(projects=1)), at, "usual@qq.com"), at)
    desk.run()
    assert len(desk.sent) == 1
    assert "退信" in desk.row("邮件日志", 附件数=2)["回复"]


def test_a_correspondent_gets_so_many_replies_a_day_and_the_rest_in_one_tomorrow(desk: Desk) -> None:
    for number in range(5):
        at = MORNING + timedelta(minutes=10 * number)
        desk.receive(letter({"附件4-1.docx": forms.annex4_document(form(1))}, at), at)
        desk.run(send_per_correspondent=2)
    assert len(desk.sent) == 2
    desk.run(24 * 60, send_per_correspondent=2)
    assert len(desk.sent) == 3
    desk.run(24 * 60, send_per_correspondent=2)
    assert len(desk.sent) == 3


def test_a_refused_login_is_not_tried_again_until_something_changes_or_an_hour_has_passed(desk: Desk) -> None:
    wrong = Secret("WRONGWRONGWRONG1")
    first, second = desk.run(auth_code=wrong), desk.run(auth_code=wrong)
    assert (first.exit_code, second.exit_code) == (2, 2)
    assert "不再尝试登录" not in str(first.troubles[0])
    assert "不再尝试登录" in str(second.troubles[0])
    assert desk.run().exit_code == 0
    desk.run(auth_code=wrong)
    assert "不再尝试登录" not in str(desk.run(61, auth_code=wrong).troubles[0])


def test_the_code_is_in_no_file_we_write(desk: Desk) -> None:
    received(desk)
    desk.run(auth_code=Secret("WRONGWRONGWRONG1"))
    written = b"".join(path.read_bytes() for path in desk.settings.data.rglob("*") if path.is_file())
    assert CODE.encode() not in written
    assert b"WRONGWRONGWRONG1" not in written


def test_staff_are_told_once_when_nothing_works_and_once_when_it_works_again(desk: Desk) -> None:
    away = {"imap_url": "imap://127.0.0.1:9", "alert_to": "staff@example.cn"}
    for _ in range(3):
        desk.run(40, **away)
    subjects = [str(parsed(reply)["Subject"]) for reply in desk.sent]
    assert subjects == ["报送邮箱程序需要处理"]
    desk.now = desk.now.replace(hour=3)
    desk.run(alert_to="staff@example.cn")
    desk.run(alert_to="staff@example.cn")
    assert [str(parsed(reply)["Subject"]) for reply in desk.sent][1:] == ["报送邮箱程序已恢复正常"]
    assert {reply.recipients for reply in desk.sent} == {("staff@example.cn",)}


def test_a_refused_login_is_told_at_once(desk: Desk) -> None:
    desk.run(auth_code=Secret("WRONGWRONGWRONG1"), alert_to="staff@example.cn")
    desk.run(60, alert_to="staff@example.cn")
    assert "报送邮箱程序需要处理" in [str(parsed(reply)["Subject"]) for reply in desk.sent]


def test_the_digest_goes_out_once_a_day(desk: Desk) -> None:
    received(desk)
    for _ in range(3):
        desk.run(alert_to="staff@example.cn")
    digests = [reply for reply in desk.sent if reply.recipients == ("staff@example.cn",)]
    assert len(digests) == 1
    assert "已通过 1 所：内蒙古大学" in text_of(digests[0])
    desk.run(24 * 60, alert_to="staff@example.cn")
    assert len([reply for reply in desk.sent if reply.recipients == ("staff@example.cn",)]) == 2


def test_a_heartbeat_tells_when_a_pass_last_succeeded(desk: Desk) -> None:
    desk.run()
    beat = json.loads((desk.settings.data / "heartbeat.json").read_text(encoding="utf-8"))
    assert (beat["last_success"], beat["troubles"]) == (desk.now.isoformat(), [])
    desk.run(imap_url="imap://127.0.0.1:9")
    beat = json.loads((desk.settings.data / "heartbeat.json").read_text(encoding="utf-8"))
    assert beat["last_success"] < beat["last_pass"]
    assert len(beat["troubles"]) == 1


@pytest.mark.parametrize(("how", "copies"), [("never", 0), ("auto", 1), ("append", 1)])
def test_a_sent_copy_is_kept_where_the_operator_wants_one(desk: Desk, how: str, copies: int) -> None:
    desk.receive(letter(papers(table())))
    desk.run(sent_copy=how)
    assert len(desk.imap.mails("已发送")) == copies


def test_purging_removes_mail_archive_rows_and_replies_and_nothing_comes_back(desk: Desk) -> None:
    received(desk)
    at = desk.now + 24 * HOUR
    desk.receive(letter(papers(table("内蒙古农业大学", 1)), at, "later@example.cn"), at)
    desk.run()
    with desk.office() as office:
        assert "1 封" in purge(office, at - HOUR, True, lambda: desk.now)
        assert len(office.store.mails()) == 2
        purge(office, at - HOUR, False, lambda: desk.now)
        again = one_pass(office, lambda: desk.now)
    assert (again.recorded, again.dispatched.sent) == (0, 0)
    assert [row["高校名称"] for row in desk.rows("项目汇总")] == ["内蒙古农业大学"]
    assert len(list((desk.settings.data / "mail").rglob("*.eml"))) == 1
    assert not (desk.settings.data / "archive" / UNIVERSITY).exists()
    assert "usual@qq.com" not in str(desk.rows("邮件日志"))


def test_forms_that_waited_are_attributed_once_their_sender_says_whose_they_are(desk: Desk) -> None:
    blank = forms.annex4_document(replace(form(1), university=""))
    desk.receive(letter({"附件4-1.docx": blank}))
    desk.run()
    assert desk.row("高校进度", 状态="待人工")["附件4数"] == 1
    at = desk.now + HOUR
    desk.receive(letter(papers(table(projects=1), applications=False), at), at)
    desk.run()
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["附件4数"] == 1
    assert [row for row in desk.rows("高校进度") if row["状态"] == "待人工"] == []
