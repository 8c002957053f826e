"""The main job over real sockets: a mail comes in, the reply goes out, the ledger is right."""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from desk import (
    CODE,
    MORNING,
    UNIVERSITY,
    USER,
    Desk,
    form,
    letter,
    open_desk,
    papers,
    parsed,
    settings,
    table,
    text_of,
)
from pipeline import marking, reply, taking, why
from pipeline.again import replay, retry
from pipeline.bookkeeping import keep_ledger
from pipeline.demo import forms
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp, StoredMail
from pipeline.lock import AlreadyRunning, single_run
from pipeline.model import Mail, Reading
from pipeline.office import open_office
from pipeline.progress import silent
from pipeline.reminder import remind
from pipeline.renewal import NAMED
from pipeline.reports import status
from pipeline.run import one_pass
from servers.dovecot import dovecot
from servers.netease import Netease


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


def mails() -> list[tuple[str, datetime, bytes]]:
    """A clean submission, one with a wrong phone from another university, and a question."""
    wrong = table("内蒙古农业大学", 1)
    wrong = replace(wrong, projects=(replace(wrong.projects[0], phone="1380000001"),))
    return [
        ("INBOX", MORNING, letter(papers(table()), MORNING)),
        ("垃圾邮件", MORNING + timedelta(minutes=5), letter(papers(wrong), MORNING, sender="nongda@example.edu.cn")),
        (
            "INBOX",
            MORNING + timedelta(minutes=6),
            letter({}, MORNING, "ask@example.cn", "咨询", "请问可以报几个项目？"),
        ),
    ]


@contextmanager
def pymap_with(lot: list[tuple[str, datetime, bytes]]) -> Iterator[str]:
    with EmbeddedImap(USER, CODE, [StoredMail(folder, at, raw) for folder, at, raw in lot]) as server:
        yield server.url


@contextmanager
def netease_with(lot: list[tuple[str, datetime, bytes]]) -> Iterator[str]:
    with Netease(user=USER, code=CODE) as server:
        for folder, at, raw in lot:
            server.add(folder, raw, at)
        yield server.url
        touched = [mail.flags for folder in server.folders.values() for mail in folder.mails if mail.flags]
        assert not touched
        assert not [line for line in server.commands if " STORE " in line or " EXPUNGE" in line or " COPY " in line]


@contextmanager
def dovecot_with(lot: list[tuple[str, datetime, bytes]]) -> Iterator[str]:
    with dovecot(USER, CODE) as server:
        for _, at, raw in lot:
            server.add(raw, at)
        before = server.names()
        yield server.url
        # The flags stand in the file names of a Maildir; fetching moves mails from new to cur at most.
        assert [name.partition(":")[0] for name in server.names()] == [name.partition(":")[0] for name in before]
        assert not [name for name in server.names() if "S" in name.partition(":2,")[2]]


Server = Callable[[list[tuple[str, datetime, bytes]]], AbstractContextManager[str]]


@pytest.mark.parametrize("server", [pymap_with, netease_with, dovecot_with])
def test_a_whole_pass_answers_records_and_changes_nothing_in_the_mailbox(server: Server, tmp_path: Path) -> None:
    with server(mails()) as url, EmbeddedSmtp(USER, CODE) as smtp:
        desk = Desk(None, smtp, settings(tmp_path, url, smtp.url), MORNING + timedelta(minutes=6))  # type: ignore[arg-type]
        first, second = desk.run(), desk.run()

    assert (first.listed, first.recorded, first.submissions, first.exit_code) == (3, 3, 2, 0)
    assert (second.listed, second.dispatched.sent, second.ledger_written) == (0, 0, False)
    assert {reply.recipients for reply in desk.sent} == {("shili@example.edu.cn",), ("nongda@example.edu.cn",)}
    subjects = {reply.recipients[0]: str(parsed(reply)["Subject"]) for reply in desk.sent}
    assert subjects["shili@example.edu.cn"].startswith("【已收到】内蒙古大学")
    assert subjects["nongda@example.edu.cn"].startswith("【请补正】内蒙古农业大学")
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert desk.row("高校进度", 高校名称="内蒙古农业大学")["状态"] == "待补正"
    assert desk.row("高校进度", 高校名称="集宁师范学院")["状态"] == "未报送"
    assert [row["规则"] for row in desk.rows("问题清单")] == ["annex3.phone.format", "annex4.phone.format"]
    assert len(desk.rows("邮件日志")) == 3
    assert desk.row("邮件日志", 发件人="张示例 <ask@example.cn>")["回复"] == "不需回复"


def test_a_mail_is_in_the_ledger_at_once_and_answered_when_the_university_has_been_quiet(desk: Desk) -> None:
    window = replace(desk.settings, settle_minutes=15.0)
    desk.settings = window
    desk.receive(letter(papers(table(), applications=False)), MORNING)
    desk.run(5)
    assert not desk.sent
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"
    files = {"附件4-1.docx": forms.annex4_document(form(1)), "附件4-2.docx": forms.annex4_document(form(2))}
    desk.receive(letter(files, MORNING + timedelta(minutes=10)), MORNING + timedelta(minutes=10))
    desk.run(14)
    assert not desk.sent
    desk.run(2)
    assert len(desk.sent) == 1
    assert "【已收到】" in str(parsed(desk.sent[0])["Subject"])


def test_mails_of_one_pass_get_one_reply_for_each_correspondent(desk: Desk) -> None:
    whole = papers(table())
    for number, (name, content) in enumerate(whole.items()):
        desk.receive(letter({name: content}, MORNING + timedelta(minutes=number)), MORNING + timedelta(minutes=number))
    desk.receive(letter({"附件4-1.docx": whole["附件4-1.docx"]}, MORNING, "other@example.edu.cn"), MORNING)
    desk.run()
    assert sorted(reply.recipients[0] for reply in desk.sent) == ["other@example.edu.cn", "shili@example.edu.cn"]


def test_the_reply_threads_on_the_newest_mail_and_goes_to_reply_to(desk: Desk) -> None:
    raw = letter(papers(table()), extra=("Reply-To: <office@example.edu.cn>",))
    desk.receive(raw)
    desk.run()
    (reply,) = desk.sent
    message = parsed(reply)
    assert reply.recipients == ("office@example.edu.cn",)
    assert message["Auto-Submitted"] == "auto-replied"
    assert str(message["In-Reply-To"]).encode() in raw
    assert message["In-Reply-To"] in str(message["References"])


def test_the_same_mail_in_two_folders_or_renumbered_is_one_mail(desk: Desk) -> None:
    raw = letter(papers(table()))
    desk.receive(raw)
    desk.receive(raw, MORNING + timedelta(minutes=1), "垃圾邮件")
    first = desk.run()
    desk.receive(raw, MORNING + timedelta(minutes=2))
    second = desk.run()
    assert (first.recorded, first.known_already, second.known_already) == (1, 1, 1)
    assert len(desk.sent) == 1
    assert len(desk.rows("邮件日志")) == 1


def delivered(raw: bytes, way: str) -> bytes:
    """A mail with the lines that the servers put on top on their way to us (facts A4)."""
    trace = f"Received: from mx{way} by mail{way}; Wed, 20 Nov 2024 09:00:00 +0800\r\nX-CM-TRANSID: {way}\r\n"
    return f"Return-Path: <{way}@example.edu.cn>\r\n{trace}".encode() + raw


def test_the_same_mail_on_two_ways_is_one_mail(desk: Desk) -> None:
    raw = letter(papers(table()))
    desk.receive(delivered(raw, "A"))
    desk.receive(delivered(raw, "B"), MORNING + timedelta(minutes=1))
    first = desk.run()
    desk.receive(delivered(raw, "C"), MORNING + timedelta(minutes=2))
    second = desk.run()
    assert (first.listed, first.recorded, first.known_already) == (2, 1, 1)
    assert (second.listed, second.recorded, second.known_already) == (1, 0, 1)
    assert len(desk.sent) == 1
    assert len(desk.rows("邮件日志")) == 1
    assert len(list((desk.settings.data / "mail").rglob("*.eml"))) == 3
    assert desk.run().listed == 0
    with desk.office() as office:
        assert "1 封" in replay(office, None, False, lambda: desk.now, silent)[0][-1]


@pytest.mark.parametrize(
    ("other", "extra"), [({"text": "补充说明。"}, ()), ({"subject": "补正"}, ()), ({}, ("Reply-To: x@example.cn",))]
)
def test_a_mail_that_reuses_a_message_id_but_says_something_else_is_a_mail_of_its_own(
    desk: Desk, other: dict[str, str], extra: tuple[str, ...]
) -> None:
    files = papers(table())
    raw, changed = letter(files), letter(files, extra=extra, **other)
    identifier = re.compile(rb"(?m)^Message-ID: \S+", re.IGNORECASE)
    found = identifier.search(raw)
    assert found
    desk.receive(delivered(raw, "A"))
    desk.receive(delivered(identifier.sub(found[0], changed), "B"), MORNING + timedelta(minutes=1))
    assert desk.run().recorded == 2
    assert len(desk.rows("邮件日志")) == 2


def test_a_mail_without_a_message_id_is_known_by_its_bytes_alone(desk: Desk) -> None:
    raw = re.sub(rb"(?mi)^Message-ID: .*\r\n", b"", letter(papers(table())))
    desk.receive(delivered(raw, "A"))
    desk.receive(delivered(raw, "B"), MORNING + timedelta(minutes=1))
    assert desk.run().recorded == 2


def test_of_two_deliveries_one_that_was_set_aside_is_no_mail_any_more_once_the_other_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, real = letter(papers(table())), taking.judge
    monkeypatch.setattr(taking, "judge", lambda *_: 1 / 0)
    desk.receive(delivered(raw, "A"))
    assert desk.run().set_aside == 1
    monkeypatch.setattr(taking, "judge", real)
    with desk.office() as office:
        monkeypatch.setattr("pipeline.run.retry_set_aside", lambda *_: 0)
        desk.receive(delivered(raw, "B"), MORNING + timedelta(minutes=1))
        one_pass(office, lambda: desk.now)
        assert retry(office, None, lambda: desk.now)[1] == 0
    desk.run()
    assert len(desk.sent) == 1
    assert len(desk.rows("邮件日志")) == 1


@pytest.mark.parametrize("sender", ["团委 <团委@内蒙古.中国>", "undisclosed-recipients:;"])
def test_a_submission_that_names_no_address_to_write_to_is_shown_to_staff_as_such(desk: Desk, sender: str) -> None:
    raw = re.sub(rb"(?mi)^From: .*(\r\n[ \t].*)*", f"From: {sender}".encode(), letter(papers(table())), count=1)
    desk.receive(raw)
    desk.run()
    assert desk.sent == ()
    assert desk.rows("邮件日志")[0]["回复"] == "无法回复，没有可用的回信地址，请人工联系"


BULK = ("Precedence: bulk", "List-Unsubscribe: <mailto:u@example.edu.cn>")


@pytest.mark.parametrize(
    ("sender", "head", "said"),
    [
        ("noreply@example.edu.cn", "X-Mailer: x", "无法回复，没有可用的回信地址，请人工联系"),
        ("noreply@example.edu.cn", "Reply-To: no-reply@example.edu.cn", "无法回复，没有可用的回信地址，请人工联系"),
        ("noreply@example.edu.cn", f"Reply-To: {USER}", "无法回复，没有可用的回信地址，请人工联系"),
        ("tuanwei@example.edu.cn", BULK[0], "无法自动回复（群发邮件），请人工联系"),
        ("tuanwei@example.edu.cn", BULK[1], "无法自动回复（群发邮件），请人工联系"),
        (
            "noreply@example.edu.cn",
            f"Reply-To: zhang@example.edu.cn\r\n{BULK[0]}",
            "无法自动回复（群发邮件），请人工联系",
        ),
    ],
)
def test_forms_from_where_nobody_may_be_answered_are_judged_and_staff_are_told_to_call(
    desk: Desk, sender: str, head: str, said: str
) -> None:
    desk.receive(letter(papers(table(projects=1, contact_phone="")), MORNING, sender, extra=(head,)))
    desk.run()
    row = desk.row("邮件日志", 高校名称=UNIVERSITY)
    assert (row["结果"], row["回复"]) == ("报送：汇总表 1 份、申报表 1 份", said)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"
    with desk.office() as office:
        assert status(office, desk.now)["out_of_reach"] == 1
        reminded = [one for one in remind(office, desk.now) if UNIVERSITY in {part.university for part in one.parts}]
        assert [one.to for one in reminded] == [""]
    desk.run(alert_to="staff@example.cn")
    (digest,) = desk.sent
    assert f"无法回复、需要人工联系的来信：张示例 <{sender}>（项目报送）" in text_of(digest)


def test_forms_from_a_system_that_names_somebody_in_reply_to_are_answered_there(desk: Desk) -> None:
    head = ("Reply-To: Zhang <zhang@example.edu.cn>",)
    wrong = papers(table(projects=1, contact_phone=""))
    desk.receive(letter(wrong, MORNING, "noreply@example.edu.cn", extra=head))
    desk.run()
    assert [one.recipients for one in desk.sent] == [("zhang@example.edu.cn",)]
    with desk.office() as office:
        assert status(office, desk.now)["out_of_reach"] == 0
        tomorrow = remind(office, desk.now + timedelta(days=2))
        assert "zhang@example.edu.cn" in [one.to for one in tomorrow]


@pytest.mark.parametrize("head", ["X-Mailer: x", "Reply-To: zhang@example.edu.cn"])
def test_a_system_s_mail_without_forms_is_not_answered_whatever_it_says(desk: Desk, head: str) -> None:
    desk.receive(letter({}, MORNING, "noreply@example.edu.cn", extra=(head,)))
    desk.run()
    assert desk.row("邮件日志")["回复"] == "不需回复"
    assert desk.sent == ()
    with desk.office() as office:
        assert status(office, desk.now)["out_of_reach"] == 0


FILM = """从QQ邮箱发来的超大附件
{} (1.2G, 2024年12月20日 21:59 到期)进入下载页面：http://mail.qq.com/cgi-bin/ftnExs_download?k=1&code=2"""
ASKED_FOR = "mail.cloud_attachment"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("附件请查收。项目宣传报道链接：https://docs.qq.com/doc/abc", []),
        (FILM.format("项目宣传片.MP4"), []),
        (FILM.format("活动照片.jpg"), []),
        (FILM.format("附件4补充.docx"), [ASKED_FOR]),
        (FILM.format("材料.zip"), [ASKED_FOR]),
        ("其余申报表在网盘 https://pan.baidu.com/s/1abc", [ASKED_FOR]),
    ],
)
def test_beside_forms_a_link_is_asked_for_only_if_a_form_may_be_behind_it(
    desk: Desk, text: str, rules: list[str]
) -> None:
    desk.receive(letter(papers(table()), text=text))
    desk.run()
    assert [row["规则"] for row in desk.rows("问题清单")] == rules


def test_without_any_form_every_link_is_asked_for(desk: Desk) -> None:
    desk.receive(letter({}, subject=f"{UNIVERSITY}项目报送", text="报送 https://docs.qq.com/doc/abc"))
    desk.run()
    assert ASKED_FOR in [row["规则"] for row in desk.rows("问题清单")]


@pytest.mark.parametrize(
    ("subject", "text", "files"),
    [
        (UNIVERSITY, FILM.format("资料.zip"), {}),
        ("（无主题）", FILM.format(f"{UNIVERSITY}.zip"), {}),
        ("资料", "见压缩包", {f"{UNIVERSITY}.docx": b"PK\3\4 cut off"}),
    ],
)
def test_what_cannot_be_looked_into_and_comes_in_a_university_s_name_is_taken_for_a_submission(
    desk: Desk, subject: str, text: str, files: dict[str, bytes]
) -> None:
    desk.receive(letter(files, subject=subject, text=text, sender="student@qq.com"))
    desk.run()
    assert [row["高校名称"] for row in desk.rows("问题清单")] == [UNIVERSITY]
    assert len(desk.sent) == 1


def test_a_link_that_nobody_s_name_stands_beside_is_no_submission(desk: Desk) -> None:
    desk.receive(letter({}, subject="资料", text=FILM.format("资料.zip"), sender="student@qq.com"))
    desk.receive(letter({}, subject=UNIVERSITY, text="链接 https://docs.qq.com/doc/abc", sender="student@qq.com"))
    desk.run()
    assert [row["结果"] for row in desk.rows("邮件日志")] == ["非报送邮件"] * 2
    assert desk.sent == ()


@pytest.mark.parametrize(
    "text",
    [
        "收到，我们马上修改，改好后重新报送。",
        "申报表正在盖章，明天报送，谢谢老师！",
        "收到，谢谢老师，申报表改好了就发。",
        "好的，稍后提交",
    ],
)
def test_who_answers_that_a_correction_will_follow_is_not_asked_for_it(desk: Desk, text: str) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], summary="字" * 51), wrong.projects[1]))
    desk.receive(letter(papers(wrong)))
    desk.run()
    later = MORNING + timedelta(hours=2)
    answer = (f"In-Reply-To: {parsed(desk.sent[0])['Message-ID']}",)
    desk.receive(letter({}, later, subject="Re: 【请补正】", text=text, extra=answer), later)
    desk.run()
    assert len(desk.sent) == 1
    assert [row["规则"] for row in desk.rows("问题清单")] == ["annex3.summary.too_long"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: 【已收到】", "申报表更正后重新报送，请查收附件。"),
        ("申报表更正重新报送", "以此为准。"),
        ("Re: 【已收到】", "已按要求修改，重新报送。"),
    ],
)
def test_a_correction_that_was_announced_and_not_attached_is_asked_for_alone(
    desk: Desk, subject: str, text: str
) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    later = MORNING + timedelta(hours=2)
    answer = (f"In-Reply-To: {parsed(desk.sent[0])['Message-ID']}",) if subject.startswith("Re") else ()
    desk.receive(letter({}, later, subject=subject, text=text, extra=answer), later)
    desk.run()
    assert [str(parsed(reply)["Subject"])[:5] for reply in desk.sent] == ["【已收到】", "【请补正】"]
    assert "此前已收到且无误的不必重发" in text_of(desk.sent[1])
    assert list(parsed(desk.sent[1]).iter_attachments()) == []


def test_a_resubmission_brings_only_what_changed(desk: Desk) -> None:
    summary = table()
    wrong = replace(summary, projects=(replace(summary.projects[0], summary="字" * 51), summary.projects[1]))
    desk.receive(letter(papers(wrong)))
    desk.run()
    later = MORNING + timedelta(hours=2)
    desk.receive(letter({"附件3.xlsx": forms.annex3_workbook(summary)}, later), later)
    desk.run()
    assert [str(parsed(reply)["Subject"])[:5] for reply in desk.sent] == ["【请补正】", "【已收到】"]
    assert "51" in text_of(desk.sent[0])
    assert "项目“示例项目甲”（附件3）：项目简介已更新" in text_of(desk.sent[1])
    assert "【已经解决的问题】\n  · 项目“示例项目甲”：项目简介现有 51 字" in text_of(desk.sent[1])
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


def test_a_correction_carries_the_faulty_file_marked_and_the_blank_form_that_is_missing(desk: Desk) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], summary="字" * 51), wrong.projects[1]))
    files = papers(wrong)
    del files["附件4-2.docx"]
    desk.receive(letter(files))
    desk.run()
    enclosed = {part.get_filename(): part.get_content() for part in parsed(desk.sent[0]).iter_attachments()}
    assert list(enclosed) == ["附件3（标注）.xlsx", "空白附件4.docx"]
    book = openpyxl.load_workbook(io.BytesIO(enclosed["附件3（标注）.xlsx"]))
    comments = [cell.comment.text for row in book.worksheets[0].iter_rows() for cell in row if cell.comment]
    assert any("51 字" in text for text in comments)
    assert "问题清单" in book.sheetnames


def test_marks_are_spoken_of_only_where_a_marked_copy_goes_along(desk: Desk) -> None:
    wrong = papers(table(contact_name=""))
    for files in ({"附件4-1.docx": wrong["附件4-1.docx"]}, wrong):
        desk.now += timedelta(hours=1)
        desk.receive(letter(files, desk.now), desk.now)
        desk.run()
    blank, marked = map(text_of, desk.sent)
    assert (
        "【随信附上】（标注文件中已在有问题的位置作了批注，请在自己的原文件上修改）\n  · 附件3（标注）.xlsx" in marked
    )
    assert "标注" not in blank
    assert "【随信附上】\n  · 空白附件3.xlsx" in blank


def test_no_file_of_a_strangers_is_opened_for_marking_in_the_process_of_the_pass(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(marking, "read", never)
    monkeypatch.setattr(marking, "mark", never)
    desk.receive(letter(papers(table(contact_name=""))))
    desk.run()
    assert [part.get_filename() for part in parsed(desk.sent[0]).iter_attachments()] == ["附件3（标注）.xlsx"]


def test_a_project_that_a_later_summary_no_longer_lists_is_withdrawn_with_its_application(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=3))))
    desk.run()
    later = MORNING + timedelta(hours=1)
    desk.receive(letter(papers(table(projects=2), applications=False), later), later)
    desk.run()
    names = [row["项目名称"] for row in desk.rows("项目汇总")]
    assert names == ["示例项目甲", "示例项目乙"]
    assert desk.rows("问题清单") == []
    with desk.office() as office:
        versions, _ = office.store.universities.dossier(UNIVERSITY)
        assert len(versions) == 5


def test_a_form_without_a_university_belongs_to_the_senders_earlier_submission_or_waits(desk: Desk) -> None:
    desk.receive(letter(papers(table(), applications=False)))
    blank = {"附件4-1.docx": forms.annex4_document(replace(form(1), university=""))}
    desk.receive(letter(blank, MORNING + timedelta(minutes=1)), MORNING + timedelta(minutes=1))
    desk.receive(letter(blank, MORNING, "stranger@example.cn"), MORNING + timedelta(minutes=2))
    desk.run()
    assert desk.row("项目汇总", 高校名称=UNIVERSITY, 项目名称="示例项目甲")["附件4"] == "已收到"
    assert [row["状态"] for row in desk.rows("高校进度") if "待确认" in row["高校名称"]] == ["待人工"]
    to_stranger = [text_of(reply) for reply in desk.sent if reply.recipients == ("stranger@example.cn",)]
    assert len(to_stranger) == 1
    assert UNIVERSITY not in to_stranger[0].replace("内蒙古大学学生会　刘振兴", "")


def test_a_university_off_the_roster_is_kept_answered_and_left_to_staff(desk: Desk) -> None:
    desk.receive(letter(papers(table("示例不存在大学", 1))))
    desk.run()
    assert desk.row("高校进度", 高校名称="示例不存在大学")["状态"] == "待人工"
    assert len(desk.sent) == 1


def test_late_mail_is_processed_like_any_other_and_says_so(desk: Desk) -> None:
    late = datetime.fromisoformat("2024-11-28T10:00+08:00")
    desk.receive(letter(papers(table()), late), late)
    desk.run()
    assert desk.row("问题清单", 规则="mail.late")["级别"] == "提醒"
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert "11月28日" in text_of(desk.sent[0])


def test_a_mail_our_code_fails_on_is_set_aside_and_the_rest_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = taking.judge

    def failing(reading: Reading, *rest: object) -> object:
        if "poison" in reading.message.sender.address:
            raise ZeroDivisionError("示例故障")
        return real(reading, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(taking, "judge", failing)
    desk.receive(letter(papers(table()), sender="poison@example.cn"))
    desk.receive(letter(papers(table("内蒙古农业大学"))), MORNING + timedelta(minutes=1))
    result = desk.run()
    assert (result.listed, result.recorded, result.set_aside, result.exit_code) == (2, 1, 1, 1)
    assert "示例故障" in desk.row("邮件日志", 附件数=0)["结果"]
    monkeypatch.setattr(taking, "judge", real)
    with desk.office() as office:
        said, code = retry(office, None, lambda: desk.now)
    assert (said, code) == (["重试 1 封，成功 1 封，回复将在下次 poll 时发出；仍搁置 0 封。"], 0)
    desk.run()
    assert len(desk.sent) == 2


def test_a_reply_our_code_cannot_write_keeps_no_other_from_being_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reply.compose

    def failing(mails: tuple[Mail, ...], *rest: object) -> object:
        if mails[0].reply_to.address.startswith("poison"):
            raise ZeroDivisionError("示例故障")
        return real(mails, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reply, "compose", failing)
    desk.receive(letter(papers(table()), sender="poison@example.cn"))
    desk.receive(letter(papers(table("内蒙古农业大学"))), MORNING + timedelta(minutes=1))
    assert (desk.run().replies, len(desk.sent)) == (1, 1)
    monkeypatch.setattr(reply, "compose", real)
    assert desk.run().replies == 1
    assert [one.recipients for one in desk.sent] == [("shili@example.edu.cn",), ("poison@example.cn",)]


def test_a_mailbox_that_is_away_does_not_keep_replies_from_going_out(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    result = desk.run(smtp_url=f"smtp://127.0.0.1:{nobody}")
    assert (result.exit_code, result.dispatched.waiting) == (75, 1)
    assert desk.row("邮件日志", 附件数=3)["回复"] == "待发送"
    result = desk.run(imap_url=f"imap://127.0.0.1:{nobody}")
    assert (result.exit_code, result.dispatched.sent) == (75, 1)
    assert desk.row("邮件日志", 附件数=3)["回复"].startswith("已回复收到")


def test_a_refused_login_ends_with_exit_code_2(desk: Desk) -> None:
    from pipeline.settings import Secret

    result = desk.run(auth_code=Secret("WRONGWRONGWRONG1"))
    assert result.exit_code == 2
    assert "授权码" in str(result.troubles[0])


def test_a_second_run_leaves_at_once(tmp_path: Path) -> None:
    one = settings(tmp_path, "imap://127.0.0.1:1", "smtp://127.0.0.1:1")
    with single_run(one), pytest.raises(AlreadyRunning), single_run(one):
        pass


def test_remarks_of_staff_survive_resubmission_and_reordering(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=2))))
    desk.run()
    book = openpyxl.load_workbook(desk.ledger)
    sheet = book["项目汇总"]
    column = [cell.value for cell in sheet[1]].index("秘书处备注") + 1
    sheet.cell(3, column).value = "=已电话核实"
    sheet.cell(3, column).data_type = "s"
    book.save(desk.ledger)
    later = MORNING + timedelta(hours=1)
    turned = table(projects=2)
    turned = replace(turned, projects=(turned.projects[1], turned.projects[0]))
    desk.receive(letter({"附件3.xlsx": forms.annex3_workbook(turned)}, later), later)
    desk.run()
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == ["示例项目乙", "示例项目甲"]
    assert desk.row("项目汇总", 项目名称="示例项目乙")["秘书处备注"] == "=已电话核实"


def test_a_ledger_that_cannot_be_opened_is_kept_aside_and_rebuilt(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    desk.ledger.write_bytes(b"torn")
    result = desk.run()
    assert any("损坏" in note for note in result.notes)
    assert [path.read_bytes() for path in desk.ledger.parent.glob("*损坏*")] == [b"torn"]
    assert len(desk.rows("项目汇总")) == 2


def test_a_deleted_ledger_is_written_anew(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    desk.ledger.unlink()
    assert desk.run().ledger_written
    assert len(desk.rows("项目汇总")) == 2


def test_in_draft_mode_the_reply_waits_among_the_drafts(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    result = desk.run(reply="draft")
    desk.run(reply="draft")
    drafts = desk.imap.mails("草稿箱")
    assert (result.dispatched.drafted, len(drafts), len(desk.sent)) == (1, 1, 0)
    assert b"Auto-Submitted: auto-replied" in drafts[0].raw


def test_switched_off_no_reply_goes_out_then_or_later(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run(reply="off")
    desk.run()
    assert not desk.sent
    assert desk.row("邮件日志", 附件数=3)["回复"] == "未发送（回信已关闭）"


def test_the_daily_cap_leaves_the_rest_for_tomorrow(desk: Desk) -> None:
    for number, name in enumerate(("内蒙古大学", "内蒙古农业大学", "内蒙古师范大学")):
        desk.receive(
            letter(papers(table(name, 1)), sender=f"u{number}@example.cn"), MORNING + timedelta(minutes=number)
        )
    first = desk.run(send_per_day=2)
    second = desk.run(send_per_day=2)
    tomorrow = desk.run(24 * 60, send_per_day=2)
    assert [one.dispatched.sent for one in (first, second, tomorrow)] == [2, 0, 1]
    assert "ANNEX_SEND_PER_DAY" in first.notes[0]


def test_a_reply_whose_fate_is_unknown_is_not_sent_again_on_a_guess(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    desk.run(smtp_url=f"smtp://127.0.0.1:{nobody}")
    with desk.office() as office:
        (reply,) = office.store.outbox.replies("queued")
        office.store.outbox.mark(reply.message_id, "sending")
    result = desk.run()
    assert (result.dispatched.held, len(desk.sent)) == (1, 0)
    assert "人工" in desk.row("邮件日志", 附件数=3)["回复"]


def test_a_reply_whose_fate_is_unknown_counts_as_sent_when_the_sent_folder_has_it(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    desk.run(smtp_url=f"smtp://127.0.0.1:{nobody}")
    with desk.office() as office:
        (reply,) = office.store.outbox.replies("queued")
        office.store.outbox.mark(reply.message_id, "sending")
        sent = office.store.outbox.letter(reply.message_id)
    desk.imap.add("已发送", sent, desk.now)
    result = desk.run()
    assert (result.dispatched.sent, len(desk.sent)) == (1, 0)


def test_replay_applies_the_rules_of_today_and_answers_nothing_twice(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    stricter = tmp_path / "rules.yaml"
    text = desk.settings.rules_path.read_text(encoding="utf-8")
    stricter.write_text(text.replace("limit: 50\n", "limit: 5\n"), encoding="utf-8")
    with open_office(replace(desk.settings, rules=stricter)) as office:
        lines, _ = replay(office, None, True, lambda: desk.now, silent)
        assert "annex3.summary.too_long×2" in lines[0]
        assert "未作任何改动" in lines[-1]
        assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
        replay(office, None, False, lambda: desk.now, silent)
        assert one_pass(office, lambda: desk.now).dispatched.sent == 0
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"
    assert len(desk.sent) == 1


def test_whom_staff_have_to_reach_in_another_way_stands_in_the_ledger(desk: Desk) -> None:
    desk.receive(letter(papers(table())).replace(b" <shili@example.edu.cn>", " <团委@example.edu.cn>".encode()))
    desk.run()
    row = desk.row("邮件日志", 高校名称=UNIVERSITY)
    assert "<团委@example.edu.cn>" in row["发件人"]
    assert "请人工联系" in row["回复"]
    with desk.office() as office:
        (mail,) = office.store.mails()
        assert "<团委@example.edu.cn>" in why.story(office, mail.id)["head"]["sender"]


def test_a_mail_of_no_bytes_at_all_is_recorded_and_not_fetched_for_ever(desk: Desk) -> None:
    desk.receive(b"")
    first, second = desk.run(), desk.run()
    assert (first.recorded, first.missed, second.listed) == (1, 0, 0)
    assert desk.row("邮件日志", 附件数=0)["结果"] == "非报送邮件"
    assert desk.sent == ()


def test_every_mail_is_kept_byte_for_byte(desk: Desk) -> None:
    raw = letter(papers(table()))
    desk.receive(raw)
    desk.run()
    kept = [path.read_bytes() for path in (desk.settings.data / "mail").rglob("*.eml")]
    assert kept == [raw]
    assert (desk.settings.data / "archive" / UNIVERSITY).is_dir()
    assert all(path.stat().st_mode & 0o077 == 0 for path in desk.settings.data.rglob("*"))


def test_a_raw_mail_and_its_files_both_gone_stop_nobody_elses_reply_and_are_told_once(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    (raw,) = (desk.settings.data / "mail").rglob("*.eml")
    raw.unlink()
    shutil.rmtree(desk.settings.data / "archive")
    (_, later, other), *_ = mails()[1:]
    desk.receive(other, later)
    desk.receive(letter({}, later, subject="内蒙古大学项目报送", text="修改后的材料请查收附件。"), later)
    done = desk.run()
    assert (done.exit_code, done.troubles) == (0, [])
    assert [one.recipients for one in desk.sent] == [
        ("shili@example.edu.cn",),
        ("nongda@example.edu.cn",),
        ("shili@example.edu.cn",),
    ]
    assert desk.row("高校进度", 高校名称="内蒙古农业大学")["状态"] == "待补正"
    (note,) = done.notes
    assert all(said in note for said in (raw.stem[:12], UNIVERSITY, *papers(table()), str(raw), "annex-inbox ledger"))
    assert desk.run().notes == []

    raw.write_bytes(letter(papers(table())))
    with desk.office() as office:
        assert keep_ledger(office, desk.now, force=True).notes == ()
    assert len(list((desk.settings.data / "archive" / UNIVERSITY).rglob("附件4_*.docx"))) == 2


def test_of_many_mails_that_are_gone_some_are_named_and_the_others_counted(desk: Desk) -> None:
    for number in range(NAMED + 2):
        at = MORNING + timedelta(minutes=number)
        paper = forms.annex4_document(replace(form(1), members=f"示例成员{number}"))
        desk.receive(letter({"附件4.docx": paper}, at), at)
    desk.run()
    shutil.rmtree(desk.settings.data / "archive")
    shutil.rmtree(desk.settings.data / "mail")
    with desk.office() as office:
        notes = keep_ledger(office, desk.now, force=True).notes
    assert len(notes) == NAMED + 1
    assert notes[-1].startswith("另有 2 封邮件")


def test_a_disk_that_takes_nothing_more_costs_the_pass_and_the_file_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/附件4.docx")

    desk.receive(letter(papers(table())))
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.archive.Archive._write", full)
        done = desk.run()
    assert done.exit_code == 75
    assert "No space left on device" in str(done.troubles[0])
    assert "/somewhere/附件4.docx" in str(done.troubles[0])
    assert desk.run().exit_code == 0


@pytest.mark.parametrize("closed", ["archive.Archive._make_folder", "spool.Spool._settle", "office.Office.sweep"])
def test_a_folder_that_is_closed_to_us_keeps_no_reply_from_going_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    folder = str(desk.settings.data / "archive")

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)

    (_, at, raw), *others = mails()[:2]
    desk.receive(raw, at)
    # Recorded, and not answered yet.
    desk.run(settle_minutes=60)
    for _, later, more in others:
        desk.receive(more, later)
    with monkeypatch.context() as patched:
        patched.setattr(f"pipeline.{closed}", denied)
        for _ in range(taking.ATTEMPTS + 1):
            done = desk.run()
            assert done.exit_code == 75
            (trouble,) = map(str, done.troubles)
            assert folder in trouble
            assert f"chown -R {os.geteuid()} {desk.settings.data}" in trouble
        assert len(desk.sent) >= 1
    desk.run()
    assert (len(desk.sent), desk.run().exit_code) == (2, 0)
    with desk.office() as office:
        assert office.store.all_set_aside() == []


def test_a_machine_on_which_no_process_can_be_started_is_not_held_against_the_mail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for _, at, raw in mails()[:2]:
        desk.receive(raw, at)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.reader.Reader._home", none)
        for _ in range(taking.ATTEMPTS + 1):
            done = desk.run()
            assert (done.exit_code, done.recorded, done.set_aside) == (75, 0, 0)
    with desk.office() as office:
        assert office.store.all_set_aside() == []
    assert desk.run().recorded == 2
    assert len(desk.sent) == 2


def test_a_mail_that_our_code_reads_with_another_fault_of_the_system_is_set_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Reading:
        raise gzip.BadGzipFile("not a gzip file")

    desk.receive(letter(papers(table())))
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.stage.read_confined", broken)
        done = desk.run()
    assert (done.exit_code, done.set_aside) == (1, 1)


def test_a_forwarded_mail_credits_its_writer_and_answers_the_forwarder(desk: Desk) -> None:
    original = letter(papers(table()), sender="writer@example.edu.cn")
    desk.receive(letter({"来信.eml": original}, MORNING, "forwarder@example.cn", "转发：项目报送"))
    desk.run()
    assert [reply.recipients for reply in desk.sent] == [("forwarder@example.cn",)]
    assert "forwarder@example.cn" in desk.row("邮件日志", 高校名称=UNIVERSITY)["发件人"]
    assert "writer@example.edu.cn" in desk.row("邮件日志", 高校名称=UNIVERSITY)["发件人"]
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
