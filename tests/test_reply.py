"""What a university is told, and the mail that tells it."""

from __future__ import annotations

import email
import re
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Problem, ProblemKind, Project, Transcript
from pipeline.model import (
    SHANGHAI,
    Address,
    CloudLink,
    Contact,
    Disposition,
    Entry,
    Finding,
    Mail,
    Notice,
    Reply,
    Severity,
    State,
    Submission,
    Version,
)
from pipeline.reply import compose
from pipeline.rules_file import load
from pipeline.settings import resource

SENDER = "nmggxzss@163.com"
NOTICE = Notice(
    title="关于开展项目交流展示活动的通知",
    activity="“我为同学做实事”项目交流展示活动",
    organiser="自治区学联秘书处",
    mailbox=SENDER,
    deadline=datetime(2024, 11, 27, tzinfo=SHANGHAI),
    contacts=(Contact("秘书处", "王五", "0471-0000001"),),
)
NOON = datetime(2024, 11, 20, 12, 0, tzinfo=SHANGHAI)


def a_mail(letter: str = "a", **changes: object) -> Mail:
    mail = Mail(
        id=letter * 64,
        received_at=NOON - timedelta(hours=1) + timedelta(minutes=ord(letter)),
        message_id=f"<{letter}@example.edu.cn>",
        sender=Address("张三", "zhangsan@example.edu.cn"),
        reply_to=Address("张三", "zhangsan@example.edu.cn"),
        subject="项目申报材料",
        references=(),
        attached=2,
        disposition=Disposition.SUBMISSION,
    )
    return replace(mail, **changes)  # type: ignore[arg-type]


def a_finding(rule: str, severity: Severity, message: str, **changes: str) -> Finding:
    return Finding(rule, severity, message=message, **changes)


PHONE = a_finding(
    "annex3.phone.format",
    Severity.ERROR,
    "联系方式填写的是“1380000”，请填写 11 位手机号。",
    path="附件3.xlsx",
    place="工作表“Sheet1” J7 “联系方式”",
    project="青春护航",
    clause="附件3",
)
MISSING = a_finding(
    "annex4.missing",
    Severity.ERROR,
    "没有收到项目“石榴籽”的申报表。",
    path="附件3.xlsx",
    project="石榴籽",
    clause="六、报送",
)
SEAL = a_finding("annex4.seal.missing", Severity.WARNING, "没有看到盖章。", path="护航.docx", project="青春护航")
STAFF = a_finding("annex4.period.unreadable", Severity.NOTICE, "只给工作人员看的备注", path="护航.docx")


def a_submission(
    mail: Mail,
    *,
    table: tuple[Finding, ...] = (),
    form: tuple[Finding, ...] = (),
    whole: tuple[Finding, ...] = (),
    name: str = "青春护航",
    university: str = "内蒙古大学",
    state: State = State.ACCEPTED,
) -> Submission:
    """Two listed projects; the first with its Annex 4, the second with one unless `whole` says that it is missing."""
    rows = (Project("1", name, category="心理健康类"), Project("2", "石榴籽", category="民族团结类"))
    record = Annex3(university, "2", "张三", "13800000001", rows)
    listed = Version(
        mail.id, 0, mail.received_at, "附件3.xlsx", "f", Transcript("annex3", "xlsx", record), table, university
    )
    first = Transcript("annex4", "docx", Annex4(name, university))
    second = Transcript("annex4", "docx", Annex4("石榴籽", university))
    applied = Version(mail.id, 1, mail.received_at, "护航.docx", "g", first, form, university)
    other = Version(mail.id, 2, mail.received_at, "石榴籽.docx", "h", second, (), university)
    entries = (Entry(name, listed, 0, applied), Entry("石榴籽", listed, 1, None if MISSING in whole else other))
    found = (*whole, *table, *form)
    return Submission(university, state, entries, (listed,), findings=whole, all_findings=found, mails=(mail,))


def reply_to(*submissions: Submission, mails: tuple[Mail, ...] = (), at: datetime = NOON) -> Reply:
    return compose(mails or (a_mail(),), submissions, NOTICE, SENDER, at)


def parsed(reply: Reply) -> Message:
    return email.message_from_bytes(reply.raw)


def header(reply: Reply, name: str) -> str:
    return str(make_header(decode_header(parsed(reply)[name])))


def body(reply: Reply, kind: str = "plain") -> str:
    part = next(part for part in parsed(reply).walk() if part.get_content_subtype() == kind)
    return part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")  # type: ignore[union-attr]


def section(text: str, title: str) -> str:
    """What stands under a heading of the text body, "" where there is none."""
    found = re.search(rf"【{title}】.*?\n(.*?)(?=\n\n【|\n\n如有疑问)", text, re.DOTALL)
    return found.group(1) if found else ""


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(reply: Reply) -> Tags:
    tags = Tags()
    tags.feed(body(reply, "html"))
    return tags


# What is said


def test_an_acknowledgement_lists_what_was_received_and_says_that_nothing_is_missing() -> None:
    reply = reply_to(a_submission(a_mail()))
    text = body(reply)
    assert reply.kind == "acknowledgement"
    assert reply.subject == "【已收到】内蒙古大学“我为同学做实事”项目申报材料"
    assert text.startswith("内蒙古大学团委、学生会：")
    assert "附件3.xlsx：附件3 项目汇总表（列有2个项目）" in section(text, "本次收到的文件")
    assert "护航.docx：附件4 项目申报表“青春护航”" in section(text, "本次收到的文件")
    assert "1. 青春护航（心理健康类）：附件3已列入，附件4已收到" in section(text, "目前登记的项目")
    assert "2个项目材料齐全、填写符合要求" in text
    assert "如何补正" not in text


def test_a_correction_names_file_place_finding_and_clause_of_every_problem() -> None:
    reply = reply_to(a_submission(a_mail(), table=(PHONE,), whole=(MISSING,), state=State.TO_CORRECT))
    text = body(reply)
    assert reply.kind == "correction"
    assert reply.subject.startswith("【请补正】内蒙古大学")
    assert "有2处需要补正" in text
    problems = section(text, "需要补正")
    assert "项目“青春护航” · 附件3.xlsx" in problems
    assert f"{PHONE.place}：{PHONE.message}\n     依据：附件3" in problems
    assert "没有收到项目“石榴籽”的申报表。\n     依据：六、报送" in problems
    assert re.findall(r"^  (\d+)\. ", problems, re.MULTILINE) == ["1", "2"]


def test_the_html_body_says_what_the_text_says() -> None:
    reply = reply_to(a_submission(a_mail(), table=(PHONE,), form=(SEAL,), whole=(MISSING,)))
    shown = html_of(reply).text
    for said in (PHONE.message, PHONE.place, MISSING.message, SEAL.message, "六、报送", "ZSS-1120-", "0471-0000001"):
        assert said in shown
        assert said in body(reply)


def test_what_is_in_order_is_named_and_what_is_not_is_not() -> None:
    kept = section(body(reply_to(a_submission(a_mail(), table=(PHONE,)))), "以下材料无误，不必重发")
    assert "附件4 项目申报表“青春护航”（护航.docx）" in kept
    assert "附件3" not in kept


def test_a_missing_annex_4_leaves_annex_3_in_order() -> None:
    kept = section(body(reply_to(a_submission(a_mail(), whole=(MISSING,)))), "以下材料无误，不必重发")
    assert "附件3 项目汇总表（附件3.xlsx）" in kept
    assert "石榴籽" not in kept


@pytest.mark.parametrize("rule", ["cross.category", "annex4.unlisted"])
def test_forms_that_contradict_each_other_are_neither_called_in_order(rule: str) -> None:
    finding = a_finding(rule, Severity.ERROR, "不一致。", path="护航.docx", project="青春护航")
    kept = section(body(reply_to(a_submission(a_mail(), whole=(finding,)))), "以下材料无误，不必重发")
    assert "青春护航" not in kept
    assert "附件3" not in kept
    assert "石榴籽" in kept


def test_warnings_are_reminders_and_ask_for_nothing() -> None:
    reply = reply_to(a_submission(a_mail(), form=(SEAL,)))
    assert reply.kind == "acknowledgement"
    assert "没有看到盖章。" in section(body(reply), "请留意")
    assert "无需重新报送" in body(reply)


def test_notices_never_reach_the_sender() -> None:
    reply = reply_to(a_submission(a_mail(), form=(STAFF, SEAL), table=(PHONE,)))
    assert STAFF.message not in body(reply) + body(reply, "html")


def test_before_the_deadline_it_is_named_as_people_write_it() -> None:
    steps = section(body(reply_to(a_submission(a_mail(), table=(PHONE,)))), "如何补正")
    assert "请于11月26日（星期二）24:00前发送。" in steps
    assert SENDER in steps
    assert "列出全部项目" in steps


def test_after_the_deadline_a_correction_is_still_welcome() -> None:
    late = NOTICE.deadline + timedelta(hours=3)
    steps = section(body(reply_to(a_submission(a_mail(), table=(PHONE,)), at=late)), "如何补正")
    assert "请您尽快补正" in steps
    assert "前发送" not in steps


def test_lateness_is_a_remark_of_its_own() -> None:
    mail = a_mail(findings=(a_finding("mail.late", Severity.WARNING, "逾期。"),))
    text = body(reply_to(a_submission(mail), mails=(mail,)))
    assert "报送截止时间之后" in section(text, "说明")
    assert "请留意" not in text


def test_what_waits_for_staff_is_received_and_will_be_confirmed() -> None:
    text = body(reply_to(a_submission(a_mail(), state=State.FOR_STAFF)))
    assert "需要秘书处人工确认" in text
    assert "填写符合要求" not in text


def test_a_mail_of_an_unknown_university_is_answered_without_a_name() -> None:
    reply = reply_to(a_submission(a_mail(), university="", state=State.FOR_STAFF))
    assert reply.subject == "【已收到】“我为同学做实事”项目申报材料"
    assert body(reply).startswith("老师、同学：")


def test_a_mail_without_submission_speaks_for_itself() -> None:
    finding = a_finding("mail.no_attachment", Severity.ERROR, "这封邮件没有附件。", clause="六、报送")
    mail = a_mail(attached=0, findings=(finding,))
    reply = reply_to(mails=(mail,))
    assert reply.kind == "correction"
    assert "这封邮件没有附件。" in section(body(reply), "需要补正")
    assert "请补发缺少的文件" in body(reply)


def test_a_forgotten_attachment_sent_right_after_is_not_asked_for() -> None:
    forgotten = a_finding("mail.no_attachment", Severity.ERROR, "这封邮件没有附件。")
    mails = (a_mail("a", attached=0, findings=(forgotten,)), a_mail("b"))
    reply = reply_to(a_submission(mails[1]), mails=mails)
    assert reply.kind == "acknowledgement"
    assert "您11月20日12:37至12:38发来的2封邮件" in body(reply)


def test_what_is_wrong_with_two_mails_alike_is_told_once() -> None:
    ids = ("a", "b")
    empty = {id: a_finding("mail.no_attachment", Severity.ERROR, "这封邮件没有附件。", mail=id * 64) for id in ids}
    mails = tuple(a_mail(id, attached=0, findings=(empty[id],)) for id in ids)
    submission = replace(a_submission(mails[0]), all_findings=tuple(empty.values()), mails=mails)
    for reply in (reply_to(mails=mails), reply_to(submission, mails=mails)):
        assert body(reply).count("这封邮件没有附件。") == 1


def test_a_linked_file_is_named_with_its_expiry() -> None:
    link = CloudLink("QQ邮箱超大附件", "https://example.com/x", "视频.mp4", "1.2G", "2024年12月20日 21:59")
    text = body(reply_to(a_submission(a_mail()), mails=(a_mail(cloud_links=(link,)),)))
    assert "视频.mp4（1.2G，QQ邮箱超大附件，2024年12月20日 21:59到期）" in text
    assert link.url not in text


def test_a_file_nobody_could_read_is_not_called_received_in_order() -> None:
    mail = a_mail()
    broken = a_finding("file.unreadable", Severity.ERROR, "文件无法打开。", path="损坏.docx")
    problem = Transcript(None, "", problems=(Problem(ProblemKind.UNREADABLE),))
    version = Version(mail.id, 5, mail.received_at, "损坏.docx", "x", problem, (broken,), "内蒙古大学")
    submission = replace(a_submission(mail), supporting=(version,), all_findings=(broken,))
    text = body(reply_to(submission))
    assert "损坏.docx：未能读取" in section(text, "本次收到的文件")
    assert "损坏.docx" not in section(text, "以下材料无误，不必重发")


def test_a_withdrawn_project_is_named_when_the_new_annex_3_left_it_out() -> None:
    mail, earlier = a_mail("b"), a_mail("a")
    left = Version(earlier.id, 3, earlier.received_at, "夜跑.docx", "x", Transcript("annex4", "docx", Annex4("夜跑团")))
    submission = replace(a_submission(mail), withdrawn=(left,))
    assert "未再列入“夜跑团”，我们按撤回处理" in section(body(reply_to(submission, mails=(mail,))), "说明")
    assert "夜跑团" not in body(reply_to(submission, mails=(a_mail("c"),)))


def test_only_files_of_the_mails_answered_are_listed_as_received() -> None:
    text = body(reply_to(a_submission(a_mail("a")), mails=(a_mail("b"),)))
    assert "本次收到的文件】" not in text


def test_two_universities_in_one_reply_are_told_apart() -> None:
    mail = a_mail()
    first = a_submission(mail, table=(PHONE,))
    second = a_submission(mail, table=(replace(PHONE, project="夜跑团"),), university="内蒙古工业大学")
    problems = section(body(reply_to(first, second)), "需要补正")
    assert "内蒙古大学 · 项目“青春护航”" in problems
    assert "内蒙古工业大学 · 项目“夜跑团”" in problems


def test_each_file_and_form_in_a_reply_about_two_universities_names_its_own() -> None:
    mails = a_mail("a"), a_mail("b")
    first = a_submission(mails[0])
    second = a_submission(mails[1], table=(replace(PHONE, project="夜跑团"),), university="内蒙古工业大学")
    text = body(reply_to(first, second, mails=mails))
    received = section(text, "本次收到的文件")
    for university in ("内蒙古大学", "内蒙古工业大学"):
        assert f"  · {university} · 附件3.xlsx：附件3 项目汇总表（列有2个项目）" in received
    kept = section(text, "以下材料无误，不必重发").splitlines()
    assert "  · 内蒙古大学：附件3 项目汇总表（附件3.xlsx）" in kept
    assert "  · 内蒙古工业大学：附件3 项目汇总表（附件3.xlsx）" not in kept
    assert "  · 内蒙古工业大学：附件4 项目申报表“青春护航”（护航.docx）" in kept
    page = body(reply_to(first, second, mails=mails), "html")
    assert "内蒙古大学 · 附件3.xlsx" in page
    # About one alone nothing of the kind is said.
    alone = body(reply_to(first, mails=mails)) + body(reply_to(second, mails=mails))
    assert "大学 · 附件3.xlsx" not in alone
    assert "大学：附件" not in alone


# Texts of others


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}{% raw %}", '"><img src=x onerror=alert(1)>'])
def test_a_project_name_is_text_in_both_bodies_and_nothing_else(name: str) -> None:
    finding = replace(PHONE, project=name, message=f"项目{name}有误", path=f"{name}.docx", place=name, clause=name)
    reply = reply_to(a_submission(a_mail(subject=name), table=(finding,), name=name), mails=(a_mail(subject=name),))
    shown = html_of(reply)
    assert not {"script", "img"} & set(shown.tags)
    assert name in body(reply)
    assert name in shown.text


def test_line_breaks_in_names_break_neither_headers_nor_lines() -> None:
    evil = "内蒙古大学\r\nBcc: lisi@example.com\r\n\r\n正文"
    mail = a_mail(
        subject=evil,
        reply_to=Address(f"李四\r\n{evil}", "lisi@example.edu.cn"),
        message_id="<a@b>\r\nBcc: x@example.com",
        references=("<c@d>\r\nX-Evil: 1",),
    )
    reply = reply_to(a_submission(mail, table=(PHONE,), university=evil), mails=(mail,))
    message = parsed(reply)
    assert set(message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
    }
    assert "\nBcc" not in body(reply)
    assert "\n" not in reply.subject
    assert message.is_multipart()


def test_direction_overrides_and_control_characters_are_left_out() -> None:
    hidden = "附\u202e件\x003\ud800\u061c\ufff9\uffff\U000e0041.xlsx"
    reply = reply_to(a_submission(a_mail(), table=(replace(PHONE, path=hidden),)))
    assert "附件3.xlsx" in section(body(reply), "需要补正")


def test_an_endless_text_is_cut() -> None:
    reply = reply_to(a_submission(a_mail(), table=(replace(PHONE, message="很长" * 100_000),)))
    assert len(reply.raw) < 40_000
    assert "长很…" in body(reply)


def test_quotation_marks_inside_quotation_marks_become_single_ones() -> None:
    mail = a_mail(subject="内蒙古大学“我为同学做实事”材料")
    assert "邮件“内蒙古大学‘我为同学做实事’材料”已收到" in body(reply_to(a_submission(mail), mails=(mail,)))


@pytest.mark.parametrize(
    "name",
    [
        "中奖通知，请访问http://evil.example.cn/领取，电话0000",
        "点此领奖evil.example.cn",
        "很长的学校名称" * 4,
        "中奖通知",
    ],
)
def test_what_is_no_name_of_a_school_stands_in_no_subject(name: str) -> None:
    reply = reply_to(a_submission(a_mail(), table=(PHONE,), university=name))
    assert header(reply, "Subject") == "【请补正】“我为同学做实事”项目申报材料"
    assert not body(reply).startswith(name[:2])


def test_every_university_of_the_roster_is_named_in_the_subject() -> None:
    for one in load(resource("rules.yaml")).terms.roster.universities:
        assert one.name in reply_to(a_submission(a_mail(), university=one.name)).subject


def test_rare_characters_survive_in_headers_and_bodies() -> None:
    rare = "镕堃喆䶮𬭎"
    mail = a_mail(reply_to=Address(rare, "lisi@example.edu.cn"))
    reply = reply_to(a_submission(mail, name=rare, university=f"{rare}学院"), mails=(mail,))
    assert rare in header(reply, "Subject")
    assert rare in header(reply, "To")
    assert rare in body(reply)
    assert rare in body(reply, "html")


def test_the_html_loads_nothing_from_anywhere() -> None:
    html = body(reply_to(a_submission(a_mail(), table=(PHONE,), form=(SEAL,))), "html")
    assert not re.search(r"src=|href=|url\(|@import|<link|<script|<style", html)


# The mail


def test_the_reply_goes_to_the_newest_mails_reply_to_in_its_thread() -> None:
    newest = a_mail("b", reply_to=Address("", "lisi@example.edu.cn"), references=("<x@y>", "<a@example.edu.cn>"))
    reply = reply_to(a_submission(newest), mails=(a_mail("a"), newest))
    message = parsed(reply)
    assert reply.recipient == message["To"] == "lisi@example.edu.cn"
    assert message["In-Reply-To"] == "<b@example.edu.cn>"
    assert message["References"].split() == ["<x@y>", "<a@example.edu.cn>", "<b@example.edu.cn>"]
    assert reply.answers == ("a" * 64, "b" * 64)


def test_a_long_thread_keeps_its_first_and_its_latest_references() -> None:
    earlier = tuple(f"<{number:03}.{'x' * 120}@example.edu.cn>" for number in range(100))
    message = parsed(reply_to(a_submission(a_mail()), mails=(a_mail(references=earlier),)))
    references = message["References"].split()
    assert references[0] == earlier[0]
    assert references[-2:] == [earlier[-1], "<a@example.edu.cn>"]
    assert len(references) <= 31


def test_robots_are_told_not_to_answer() -> None:
    message = parsed(reply_to(a_submission(a_mail())))
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Precedence"] is None


def test_the_sender_is_shown_as_the_secretariat_at_the_mailbox() -> None:
    reply = reply_to(a_submission(a_mail()))
    assert header(reply, "From") == f"自治区学联秘书处 <{SENDER}>"
    assert parsed(reply)["Date"] == "Wed, 20 Nov 2024 12:00:00 +0800"


def test_the_message_id_depends_on_the_mails_answered_and_the_recipient_only() -> None:
    one, two = a_mail("a"), a_mail("b")
    first = reply_to(a_submission(one), mails=(one, two))
    later = reply_to(a_submission(one, table=(PHONE,)), mails=(one, two), at=NOON + timedelta(days=1))
    swapped = reply_to(a_submission(one), mails=(two, one))
    other = reply_to(a_submission(one), mails=(one, replace(two, reply_to=Address("", "lisi@example.edu.cn"))))
    fewer = reply_to(a_submission(one), mails=(two,))
    assert first.message_id == later.message_id == swapped.message_id == parsed(first)["Message-ID"]
    assert re.fullmatch(r"<annex\.[0-9a-f]{32}@163\.com>", first.message_id)
    assert len({first.message_id, other.message_id, fewer.message_id}) == 3


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert reply_to(a_submission(a_mail())).raw == reply_to(a_submission(a_mail())).raw


def test_the_bytes_are_seven_bit_with_crlf_and_short_lines() -> None:
    university = "很长的学校名称" * 8
    raw = reply_to(a_submission(a_mail(), table=(PHONE,), university=university)).raw
    assert max(raw) < 128
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.endswith(b"--\r\n")


@pytest.mark.parametrize(
    "address", ["无法送达", "a@-x.cn", "a@x-.cn", "a@x..cn", "a@.cn", "a@x", "a@x.cn.", "团委@x.cn"]
)
def test_where_reply_to_cannot_be_written_to_the_sender_is_answered(address: str) -> None:
    mail = a_mail(reply_to=Address("", address))
    assert reply_to(a_submission(mail), mails=(mail,)).recipient == "zhangsan@example.edu.cn"


def test_a_mail_without_any_usable_address_is_refused() -> None:
    mail = a_mail(reply_to=Address("", "无法送达"), sender=Address())
    with pytest.raises(ValueError, match="no address"):
        reply_to(a_submission(mail), mails=(mail,))


def test_a_mail_without_message_id_is_answered_outside_any_thread() -> None:
    message = parsed(reply_to(a_submission(a_mail()), mails=(a_mail(message_id="", references=("<x@y>",)),)))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_two_replies_to_two_universities_are_not_the_same_text() -> None:
    mail = a_mail("b")
    one = body(reply_to(a_submission(a_mail())))
    two = body(reply_to(a_submission(mail, university="内蒙古工业大学"), mails=(mail,)))
    assert one != two
    assert "内蒙古大学" not in two
