"""Forms that staff pass on to their own mailbox, and all that looks alike: our letters, notices to all, the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, USER, Desk, letter, open_desk, papers, parsed, table
from pipeline.again import replay
from pipeline.model import Automatic
from pipeline.progress import silent
from pipeline.reply import MARKS
from pipeline.settings import resource
from pipeline.why import story
from pipeline.why_text import lines
from test_automatic import kind

FORWARD = "转发：内蒙古大学报送材料（微信发来）"
LATER = MORNING + timedelta(hours=2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


def to_self(files: dict[str, bytes], subject: str = FORWARD, at=MORNING, text: str = "微信发来，请登记") -> bytes:
    return letter(files, at, USER, subject, text)


def log(desk: Desk) -> list[tuple[str, str]]:
    return [(row["结果"], row["回复"]) for row in desk.rows("邮件日志")]


def state(desk: Desk, university: str = UNIVERSITY) -> str:
    return str(desk.row("高校进度", 高校名称=university)["状态"])


def why(desk: Desk) -> str:
    with desk.office() as office:
        return "\n".join(lines(story(office, office.store.mails()[0].id)))


def test_a_form_that_staff_forward_to_their_own_mailbox_is_registered_and_never_answered(desk: Desk) -> None:
    desk.receive(to_self(papers(table())))
    desk.run()
    assert state(desk) == "已通过"
    assert log(desk) == [("报送：汇总表 1 份、申报表 2 份", "秘书处转入，不回复")]
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系邮箱"] is None
    assert "其中有附件3或附件4" in why(desk)
    desk.run(after_minutes=60)
    assert desk.sent == ()


def test_staff_who_hand_in_a_correction_replace_what_the_university_sent(desk: Desk) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], summary="字" * 51), wrong.projects[1]))
    desk.receive(letter(papers(wrong)))
    desk.run()
    assert state(desk) == "待补正"
    desk.receive(to_self({"附件3.xlsx": papers(table())["附件3.xlsx"]}, at=LATER), LATER)
    desk.run()
    assert state(desk) == "已通过"
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系邮箱"] == "shili@example.edu.cn"
    assert len(desk.sent) == 1


def test_the_university_itself_may_correct_what_staff_handed_in(desk: Desk) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], summary="字" * 51), wrong.projects[1]))
    desk.receive(to_self(papers(wrong)))
    desk.run()
    desk.receive(letter(papers(table()), LATER, "tuanwei@qq.com"), LATER)
    desk.run()
    assert state(desk) == "已通过"
    assert [one.recipients for one in desk.sent] == [("tuanwei@qq.com",)]


def test_forms_without_a_name_that_staff_hand_in_are_not_taken_for_those_handed_in_before(desk: Desk) -> None:
    desk.receive(to_self(papers(table())))
    desk.run()
    form = papers(table("", 1))["附件4-1.docx"]
    desk.receive(to_self({"附件4.docx": form}, "转发：微信发来", LATER), LATER)
    desk.run()
    assert "（高校待确认）" in [row["高校名称"] for row in desk.rows("高校进度")]
    desk.receive(to_self(papers(table("赤峰学院")), "转发：赤峰学院", LATER), LATER)
    desk.run()
    assert len([row for row in desk.rows("项目汇总") if row["高校名称"] == "赤峰学院"]) == 2
    assert "（高校待确认）" in [row["高校名称"] for row in desk.rows("高校进度")]


def test_a_reply_of_ours_that_comes_back_stays_unread(desk: Desk) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], summary="字" * 51), wrong.projects[1]))
    desk.receive(letter(papers(wrong)))
    desk.run()
    (ours,) = desk.sent
    assert any("标注" in str(part.get_filename()) for part in parsed(ours).iter_attachments())
    desk.receive(ours.raw, LATER)
    by_hand = parsed(ours)
    for name in ("To", "Auto-Submitted", "X-Auto-Response-Suppress"):
        del by_hand[name]
    by_hand["To"] = USER
    desk.receive(by_hand.as_bytes(), LATER)
    by_hand.replace_header("Message-ID", "<by.hand@163.com>")
    desk.receive(by_hand.as_bytes(), LATER)
    by_hand.replace_header("Subject", f"转发：{by_hand['Subject']}")
    desk.receive(by_hand.as_bytes(), LATER)
    desk.run()
    assert [result for result, _ in log(desk)].count("报送：汇总表 1 份、申报表 2 份") == 1
    assert [answer for _, answer in log(desk)].count("不需回复") == 4
    assert len(desk.sent) == 1


def test_a_notice_with_blank_forms_that_went_to_all_and_to_ourselves_is_no_submission(desk: Desk) -> None:
    blank = {name: (resource("templates") / name).read_bytes() for name in ("附件3.xlsx", "附件4.docx")}
    desk.receive(to_self(blank, "关于项目报送的通知"))
    desk.run()
    assert log(desk) == [("本邮箱发给自己，未处理", "不需回复")]
    assert "本邮箱发给自己" in why(desk)


def test_the_ledger_sent_to_ourselves_is_nobodys_annex_3(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.receive(letter(papers(table("内蒙古农业大学", 3)), MORNING, "nongda@example.edu.cn"))
    desk.run()
    desk.receive(to_self({"台账备份.xlsx": desk.ledger.read_bytes()}, "备份", LATER), LATER)
    desk.receive(to_self({"台账.xlsx": desk.ledger.read_bytes(), **papers(table("赤峰学院"))}, at=LATER), LATER)
    desk.run()
    assert [(row["高校名称"]) for row in desk.rows("项目汇总")].count(UNIVERSITY) == 2
    assert [(row["高校名称"]) for row in desk.rows("项目汇总")].count("赤峰学院") == 2
    assert ("本邮箱发给自己，未处理", "不需回复") in log(desk)


def test_why_tells_that_a_mail_of_ours_was_not_read(desk: Desk) -> None:
    desk.receive(to_self(papers(table()), "回复：项目报送"))
    desk.run()
    assert log(desk) == [("本邮箱发出，未处理", "不需回复")]
    assert "信头表明是本邮箱发出，这类邮件中的文件不读取" in why(desk)


def test_whose_mail_staff_forward_is_told(desk: Desk) -> None:
    original = letter(papers(table()), sender="writer@example.edu.cn")
    desk.receive(to_self({"来信.eml": original}))
    desk.run()
    assert "writer@example.edu.cn" in desk.row("邮件日志", 高校名称=UNIVERSITY)["发件人"]
    assert desk.sent == ()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("To: box@163.com\r\nSubject: x", Automatic.STAFF),
        ("To: =?utf-8?B?5oiR?= <BOX@163.com>, a@b.cn\r\nSubject: Fwd: x", Automatic.STAFF),
        ("To: a@b.cn\r\nCc: box@163.com\r\nSubject: x", Automatic.OWN),
        ("To: mailbox@163.com\r\nSubject: x", Automatic.OWN),
        ("To: box@163.com.cn\r\nSubject: x", Automatic.OWN),
        ("To: box@163.com\r\nSubject: Re: x", Automatic.OWN),
        (f"To: box@163.com\r\nMessage-ID: <annex.{'0' * 32}@163.com>\r\nSubject: x", Automatic.OWN),
        ("To: box@163.com\r\nAuto-Submitted: auto-replied\r\nSubject: x", Automatic.AUTO_REPLY),
    ],
)
def test_a_mail_to_ourselves_is_told_from_what_we_send(head: str, expected: Automatic) -> None:
    assert kind(f"From: Box@163.com\r\n{head}") is expected


@pytest.mark.parametrize("mark", [*MARKS.values(), "【提醒】"])
def test_our_letters_are_known_by_their_subjects_and_answers_to_them_are_not(mark: str) -> None:
    head = "From: box@163.com\r\nTo: box@163.com\r\nSubject: "
    assert kind(f"{head}{mark}x") is Automatic.OWN
    assert kind(f"{head}转发：{mark}x") is Automatic.OWN
    assert kind(f"{head}转发：回复：{mark}x") is Automatic.STAFF
    assert kind(f"{head}转发(2)：{mark}x") is Automatic.OWN
    assert kind(f"{head}回复(2)：{mark}x") is Automatic.OWN


FORGED = {
    "spf": "Received-SPF: Fail (mx.163.com: domain of evil.invalid does not designate 203.0.113.9)",
    "dmarc": "Authentication-Results: mx.163.com; spf=none smtp.mailfrom=evil.invalid; dkim=none; dmarc=fail",
    "junk": "",
}


@pytest.mark.parametrize("why_not", FORGED)
def test_our_own_address_is_not_believed_where_something_says_otherwise(desk: Desk, why_not: str) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    changed = replace(table(), projects=(replace(table().projects[0], project_name="被篡改的项目"),))
    head = f"{FORGED[why_not]}\r\n".encode() if FORGED[why_not] else b""
    raw = head + b"Reply-To: rival@rival.example.cn\r\n" + to_self(papers(changed), at=LATER)
    desk.receive(raw, LATER, "垃圾邮件" if why_not == "junk" else "INBOX")
    desk.run()
    assert {row["项目名称"] for row in desk.rows("项目汇总")} == {one.project_name for one in table().projects}
    assert state(desk) == "待人工"
    assert ("报送：汇总表 1 份、申报表 1 份", "无法回复，没有可用的回信地址，请人工联系") in log(desk)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系邮箱"] == "shili@example.edu.cn"
    with desk.office() as office:
        replay(office, None, False, lambda: desk.now, silent)
    desk.run(after_minutes=60)
    assert state(desk) == "待人工"
    assert [one.recipients for one in desk.sent] == [("shili@example.edu.cn",)]


def test_what_staff_themselves_take_out_of_the_junk_is_theirs(desk: Desk) -> None:
    raw = to_self(papers(table()))
    desk.receive(raw, folder="垃圾邮件")
    desk.run()
    assert log(desk)[0][1] != "秘书处转入，不回复"
    desk.receive(raw)
    desk.run()
    with desk.office() as office:
        replay(office, None, False, lambda: desk.now, silent)
    desk.run()
    assert log(desk)[0][1] == "秘书处转入，不回复"


def test_nobody_is_known_by_a_mail_that_only_claims_to_be_ours(desk: Desk) -> None:
    desk.receive(to_self(papers(table())), folder="垃圾邮件")
    desk.receive(letter(papers(table(projects=1)), LATER, "tuanwei@qq.com"), LATER)
    desk.run()
    assert state(desk) == "已通过"
    assert len(desk.rows("项目汇总")) == 1
