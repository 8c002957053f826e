"""What strangers, bounces, robots and refusals may and may not do; and what staff are told."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desk import CODE, MORNING, UNIVERSITY, Desk, form, letter, open_desk, papers, parsed, table, text_of
from pipeline.again import decide, purge
from pipeline.demo import forms
from pipeline.errors import ConfigurationError
from pipeline.reminder import due
from pipeline.run import one_pass
from pipeline.settings import Secret, resource
from rule_cases import project

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


def corrects(desk: Desk, sender: str, reply_to: str = "", contact: str = "钱示例") -> None:
    """An Annex 3 with another contact, and the replies wanted elsewhere perhaps."""
    at = desk.now + HOUR
    extra = (f"Reply-To: {reply_to}",) if reply_to else ()
    summary = forms.annex3_workbook(table(contact_name=contact))
    desk.receive(letter({"附件3.xlsx": summary}, at, sender, extra=extra), at)
    desk.run()


def test_whom_a_stranger_wants_answered_does_not_make_him_known(desk: Desk) -> None:
    received(desk)
    corrects(desk, "stranger@163.com", reply_to="usual@qq.com")
    row = desk.row("高校进度", 高校名称=UNIVERSITY)
    assert [row[name] for name in ("状态", "联系人", "联系邮箱")] == ["待人工", "赵示例", "usual@qq.com"]
    assert "stranger@163.com" in desk.row("问题清单", 规则="submission.held")["说明"]
    # Who is answered knows all but what was wrong with these; and that this mail waits.
    assert "需要秘书处人工确认" in text_of(desk.sent[-1])
    corrects(desk, "usual@qq.com", contact="孙示例")
    assert "联系人由“赵示例”改为“孙示例”" in text_of(desk.sent[-1])


@pytest.mark.parametrize("first", ["", "fixed@yeah.net"])
@pytest.mark.parametrize("second", ["", "fixed@yeah.net", "new@yeah.net"])
def test_a_known_sender_stays_known_wherever_he_is_answered(desk: Desk, first: str, second: str) -> None:
    extra = (f"Reply-To: {first}",) if first else ()
    desk.receive(letter(papers(table()), sender="usual@qq.com", extra=extra))
    desk.run()
    corrects(desk, "usual@qq.com", second)
    row = desk.row("高校进度", 高校名称=UNIVERSITY)
    assert [row[name] for name in ("状态", "联系人", "联系邮箱")] == ["已通过", "钱示例", "usual@qq.com"]
    assert desk.rows("问题清单") == []
    assert desk.sent[-1].recipients == (second or "usual@qq.com",)
    # Whoever is named for replies for the first time has what came with that mail acknowledged, and is told no more.
    assert ("联系人由“赵示例”改为“钱示例”" in text_of(desk.sent[-1])) == (second in ("", first))


@pytest.mark.parametrize(("first", "contact"), [("new@yeah.net", "孙示例"), ("", "钱示例")])
def test_an_address_named_for_replies_is_known_where_the_first_mail_named_it(
    desk: Desk, first: str, contact: str
) -> None:
    extra = (f"Reply-To: {first}",) if first else ()
    desk.receive(letter(papers(table()), sender="usual@qq.com", extra=extra))
    desk.run()
    corrects(desk, "usual@qq.com", reply_to="new@yeah.net")
    corrects(desk, "new@yeah.net", contact="孙示例")
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系人"] == contact


def test_a_stranger_is_told_nothing_of_what_staff_handed_in(desk: Desk) -> None:
    desk.receive(letter(papers(table(contact_name="")), sender=desk.settings.user, subject="代高校报送"))
    desk.run()
    at = desk.now + HOUR
    files = {"附件4.docx": forms.annex4_document(form(3))}
    desk.receive(letter(files, at, "li@imau.edu.cn", subject="内蒙古农业大学报送"), at)
    desk.run()
    (told,) = desk.sent
    assert "表格填写联系人" not in text_of(told)
    assert list(parsed(told).iter_attachments()) == []


def test_a_system_that_many_write_through_is_known_only_with_the_one_it_wrote_for(desk: Desk) -> None:
    extra = ("Reply-To: usual@qq.com",)
    desk.receive(letter(papers(table()), sender="noreply@forms.example", extra=extra))
    desk.run()
    corrects(desk, "noreply@forms.example", reply_to="stranger@163.com")
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系人"] == "赵示例"
    corrects(desk, "noreply@forms.example", reply_to="usual@qq.com", contact="孙示例")
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系人"] == "孙示例"


def test_what_staff_hand_in_first_makes_nobody_a_stranger(desk: Desk) -> None:
    desk.receive(letter(papers(table()), sender=desk.settings.user, subject="代高校报送"))
    desk.run()
    corrects(desk, "usual@qq.com")
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系人"] == "钱示例"


def test_a_newcomer_does_not_become_the_universitys_address(desk: Desk) -> None:
    received(desk)
    files = papers(table("内蒙古农业大学", 1)) | {"附件4-3.docx": forms.annex4_document(form(3))}
    at = desk.now + HOUR
    desk.receive(letter(files, at, "other@163.com", subject="内蒙古农业大学报送"), at)
    desk.run()
    assert desk.row("问题清单", 规则="submission.new_sender")["高校名称"] == UNIVERSITY
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["联系邮箱"] == "usual@qq.com"
    assert desk.row("高校进度", 高校名称="内蒙古农业大学")["联系邮箱"] == "other@163.com"


def test_what_staff_reject_stays_a_version_and_is_no_question_any_more(desk: Desk) -> None:
    received(desk)
    replacing(desk, "stranger@163.com")
    with desk.office() as office:
        (held,) = office.submission(UNIVERSITY).held
        decide(office, held.mail[:10], False, lambda: desk.now)
        assert len(office.store.universities.dossier(UNIVERSITY)[0]) == 4
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert len(desk.rows("项目汇总")) == 2


def wrong(desk: Desk, sender: str) -> str:
    """An Annex 3 without a contact, from another address; the mail's id."""
    at = desk.now + HOUR
    files = {"附件3.xlsx": forms.annex3_workbook(table(projects=1, contact_name="")), "附件5.docx": b"broken"}
    desk.receive(letter(files, at, sender), at)
    desk.run()
    with desk.office() as office:
        return office.submission(UNIVERSITY).held[0].mail


def said_to(desk: Desk, address: str) -> list[str]:
    return [str(parsed(reply)["Subject"])[:5] for reply in desk.sent if reply.recipients == (address,)]


def test_a_mail_that_staff_accept_gets_the_answer_it_would_have_had_once(desk: Desk) -> None:
    received(desk)
    mail = wrong(desk, "stranger@163.com")
    before = said_to(desk, "stranger@163.com")
    for accepted, to_be_answered in ((True, True), (True, False), (False, False), (True, True)):
        with desk.office() as office:
            said = decide(office, mail, accepted, lambda: desk.now)
        assert ("下次 poll" in said) is to_be_answered
        desk.run()
    desk.run()
    assert said_to(desk, "stranger@163.com") == [*before, "【请补正】"]
    answer = desk.sent[-1]
    assert parsed(answer)["In-Reply-To"] == parsed(desk.sent[1])["In-Reply-To"]
    assert "联系人" in text_of(answer)
    assert "已回复请补正" in desk.row("邮件日志", 发件人="张示例 <stranger@163.com>")["回复"]
    assert len(said_to(desk, "usual@qq.com")) == 1


def test_an_acceptance_that_staff_take_back_before_it_was_answered_is_not_answered(desk: Desk) -> None:
    received(desk)
    mail = wrong(desk, "stranger@163.com")
    before = said_to(desk, "stranger@163.com")
    with desk.office() as office:
        decide(office, mail, True, lambda: desk.now)
        decide(office, mail, False, lambda: desk.now)
    desk.run()
    assert said_to(desk, "stranger@163.com") == before


def test_a_mail_accepted_before_it_was_answered_gets_one_answer(desk: Desk) -> None:
    received(desk)
    at = desk.now + HOUR
    desk.receive(letter({"附件3.xlsx": forms.annex3_workbook(table(projects=1))}, at, "stranger@163.com"), at)
    desk.run(settle_minutes=15)
    with desk.office() as office:
        decide(office, office.submission(UNIVERSITY).held[0].mail, True, lambda: desk.now)
    desk.run(20, settle_minutes=15)
    desk.run(20, settle_minutes=15)
    assert said_to(desk, "stranger@163.com") == ["【已收到】"]


@pytest.mark.parametrize("accepted", [True, False])
def test_only_what_waits_for_a_decision_is_decided_over(desk: Desk, accepted: bool) -> None:
    received(desk)
    with desk.office() as office:
        (mail,) = office.store.mails()
        with pytest.raises(ConfigurationError, match="没有等待决定"):
            decide(office, mail.id, accepted, lambda: desk.now)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    desk.run()
    assert len(desk.sent) == 1


def test_what_a_stranger_sent_changes_nothing_of_what_is_told_of_a_university(desk: Desk) -> None:
    desk.receive(letter(papers(table(contact_name="")), sender="usual@qq.com"))
    desk.run()
    told = desk.row("高校进度", 高校名称=UNIVERSITY)
    finding = desk.row("问题清单", 规则="annex3.contact.required")
    mail = wrong(desk, "stranger@163.com")
    for left in ("待人工", "待补正"):
        now = desk.row("高校进度", 高校名称=UNIVERSITY)
        assert now["状态"] == left
        assert [now[name] for name in ("联系邮箱", "问题数")] == [told[name] for name in ("联系邮箱", "问题数")]
        assert desk.row("问题清单", 规则="annex3.contact.required") == finding
        if left == "待人工":
            assert desk.row("问题清单", 规则="submission.held")["邮件编号"] == mail[:12]
        with desk.office() as office:
            decide(office, mail, False, lambda: desk.now)
    at = desk.now + HOUR
    desk.receive(letter({"附件4-1.docx": forms.annex4_document(form(1))}, at, "usual@qq.com"), at)
    desk.run()
    assert "附件5" not in text_of(desk.sent[-1])


def test_a_stranger_is_answered_and_told_nothing_of_what_others_sent(desk: Desk) -> None:
    received(desk)
    replacing(desk, "stranger@163.com")
    (reply,) = [reply for reply in desk.sent if reply.recipients == ("stranger@163.com",)]
    assert "示例项目乙" not in text_of(reply)
    assert "附件4-1.docx" not in text_of(reply)


def slip(desk: Desk) -> None:
    """Another university's forms in which this one's name was left standing."""
    desk.receive(letter(papers(table(projects=1)), desk.now, "c@imut.edu.cn", "内蒙古工业大学报送"), desk.now)
    desk.run()


def sends(desk: Desk, sender: str, files: dict[str, bytes], **more: Any) -> str:
    """What the sender is told of these files."""
    at = desk.now + HOUR
    desk.receive(letter(files, at, sender, **more), at)
    desk.run()
    assert desk.sent[-1].recipients == (sender,)
    return text_of(desk.sent[-1])


def own_mail(projects: int = 2, **changes: str) -> dict[str, bytes]:
    rows = tuple(replace(row, leader="褚示例") for row in table(projects=projects).projects)
    return papers(replace(table(projects=projects), projects=rows, **changes))


CLEAN = "经核对，目前登记的2个项目材料齐全、填写符合要求，无需补充。"


@pytest.mark.parametrize("accepted", [None, False])
def test_a_held_mail_changes_nothing_of_what_the_university_itself_is_told(desk: Desk, accepted: bool | None) -> None:
    slip(desk)
    told = sends(desk, "a@imu.edu.cn", own_mail())
    assert CLEAN in told
    assert "人工确认" not in told
    # Staff still see that there is something to decide, and that nothing is wrong with the projects.
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待人工"
    assert {(row["状态"], row["项目负责人"]) for row in desk.rows("项目汇总")} == {("已通过", "褚示例")}
    held = desk.row("问题清单", 规则="submission.held")["邮件编号"]
    if accepted is not None:
        with desk.office() as office:
            decide(office, held, accepted, lambda: desk.now)
        desk.run()
        assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    desk.run()
    # It was told already that all is well; whose mail waits was told that it waits.
    assert said_to(desk, "a@imu.edu.cn") == ["【已收到】"]
    assert said_to(desk, "c@imut.edu.cn") == ["【已收到】"]


def test_what_is_wrong_is_asked_of_the_university_beside_a_held_mail_without_a_word_of_it(desk: Desk) -> None:
    slip(desk)
    told = sends(desk, "a@imu.edu.cn", own_mail(contact_name=""))
    assert "有1处需要补正" in told
    assert "人工确认" not in told
    assert [row["状态"] for row in desk.rows("项目汇总")] == ["已通过"] * 2


def test_a_mail_that_waits_is_told_so_to_its_sender_alone(desk: Desk) -> None:
    slip(desk)
    assert "需要秘书处人工确认" in text_of(desk.sent[-1])
    sends(desk, "usual@qq.com", own_mail())
    told = sends(desk, "stranger@163.com", {"附件3.xlsx": forms.annex3_workbook(table(projects=1))})
    assert "需要秘书处人工确认" in told
    # A colleague who adds what replaces nothing has nothing to wait for.
    sends(desk, "usual@qq.com", {"附件3.xlsx": forms.annex3_workbook(table(projects=3))})
    told = sends(desk, "colleague@qq.com", {"附件4-3.docx": forms.annex4_document(form(3))})
    assert "人工确认" not in told


@pytest.mark.parametrize("accepted", [None, True, False])
@pytest.mark.parametrize("apart", [False, True])
def test_the_forms_of_a_table_that_waits_wait_with_it(desk: Desk, apart: bool, accepted: bool | None) -> None:
    desk.receive(letter(papers(table()), sender="usual@qq.com"))
    own = {"附件3.xlsx": forms.annex3_workbook(replace(table(), project_count="1", projects=(project(3),)))}
    its_form = {"附件4.docx": forms.annex4_document(form(3))}
    for hours, files in enumerate([own, its_form] if apart else [own | its_form], start=1):
        desk.receive(letter(files, MORNING + hours * HOUR, "union@163.com"), MORNING + hours * HOUR)
    desk.run()
    assert said_to(desk, "usual@qq.com") == said_to(desk, "union@163.com") == ["【已收到】"]
    assert "需要秘书处人工确认" in text_of(desk.sent[-1])
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == ["示例项目甲", "示例项目乙"]
    assert {row["规则"] for row in desk.rows("问题清单")} == {"submission.held"}
    while accepted is not None and (waiting := [r for r in desk.rows("问题清单") if r["规则"] == "submission.held"]):
        # Whoever is accepted once is known; what is not accepted is decided over mail by mail.
        with desk.office() as office:
            decide(office, waiting[-1]["邮件编号"], accepted, lambda: desk.now)
    names = ["示例项目丙"] if accepted else ["示例项目甲", "示例项目乙"]
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == names
    assert desk.rows("问题清单") == [] or accepted is None


def test_a_university_that_staff_have_to_look_at_for_itself_is_told_so_beside_a_held_mail(desk: Desk) -> None:
    name = "某某示例学院"
    sends(desk, "usual@qq.com", papers(table(name)))
    sends(desk, "stranger@163.com", {"附件3.xlsx": forms.annex3_workbook(table(name, 1))})
    told = sends(desk, "usual@qq.com", papers(table(name, 3)))
    assert "人工确认" in told
    assert {row["状态"] for row in desk.rows("项目汇总")} == {"待人工"}


def test_what_a_known_sender_sends_as_well_leaves_nothing_to_decide(desk: Desk) -> None:
    received(desk)
    replaced = {"附件3.xlsx": forms.annex3_workbook(table(projects=1))}
    sends(desk, "stranger@163.com", replaced)
    assert CLEAN.replace("2个", "1个") in sends(desk, "usual@qq.com", replaced)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert desk.rows("问题清单") == []
    with desk.office() as office:
        submission = office.submission(UNIVERSITY)
        assert submission.summaries[0].mail == submission.mails[-1].id
        assert submission.heeded == tuple(mail for mail in submission.mails if mail.reply_to.address == "usual@qq.com")
        with pytest.raises(ConfigurationError, match="没有等待决定"):
            decide(office, submission.mails[1].id, True, lambda: desk.now)
    # Nor does it come up again when the university moves on.
    sends(desk, "usual@qq.com", papers(table(projects=3)))
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


@pytest.mark.parametrize(
    "more",
    [
        {"附件4-2.docx": forms.annex4_document(replace(form(2), members="钱示例"))},
        {"照片.jpg": b"\xff\xd8\xff\xe0 demo"},
    ],
    ids=["another form", "a picture"],
)
def test_what_no_known_sender_has_sent_is_still_for_staff_to_decide(desk: Desk, more: dict[str, bytes]) -> None:
    received(desk)
    replaced = {"附件3.xlsx": forms.annex3_workbook(table(contact_name="钱示例"))}
    sends(desk, "stranger@163.com", {**replaced, **more})
    sends(desk, "usual@qq.com", replaced)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待人工"
    sends(desk, "usual@qq.com", {**replaced, **more})
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


def test_a_stranger_confirms_no_stranger(desk: Desk) -> None:
    received(desk)
    replaced = {"附件3.xlsx": forms.annex3_workbook(table(projects=1))}
    for sender in ("stranger@163.com", "other@163.com"):
        sends(desk, sender, replaced)
    with desk.office() as office:
        assert len(office.submission(UNIVERSITY).held) == 2


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


def brings_nothing_readable(desk: Desk, sender: str, files: dict[str, bytes], text: str = "请查收附件") -> None:
    at = desk.now + HOUR
    desk.receive(letter(files, at, sender, f"{UNIVERSITY}报送材料", text), at)
    desk.run()


@pytest.mark.parametrize("files", [{}, {"附件4.docx": b"broken"}], ids=["nothing", "broken"])
def test_what_a_strangers_mail_lacks_is_asked_of_him_alone(desk: Desk, files: dict[str, bytes]) -> None:
    received(desk)
    brings_nothing_readable(desk, "rival@example.net", files)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert {row["级别"] for row in desk.rows("问题清单")} == {"备注"}
    assert desk.sent[-1].recipients == ("rival@example.net",)
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【请补正】")
    with desk.office() as office:
        assert not [one for one in due(office, desk.now) if one.to]
    # Once he has sent it he is asked for it no more.
    at = desk.now + HOUR
    desk.receive(letter({"附件4.docx": papers(table())["附件4-1.docx"]}, at, "rival@example.net"), at)
    desk.run()
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【已收到】")


@pytest.mark.parametrize("files", [{}, {"附件4.docx": b"broken"}])
def test_what_a_mail_lacks_is_asked_of_whom_it_names_for_replies(desk: Desk, files: dict[str, bytes]) -> None:
    received(desk)
    at = desk.now + HOUR
    more = {"extra": ("Reply-To: usual@qq.com",), "subject": f"{UNIVERSITY}项目报送"}
    desk.receive(letter(files, at, "personal@163.com", **more), at)
    desk.run()
    assert desk.sent[-1].recipients == ("usual@qq.com",)
    assert str(parsed(desk.sent[-1])["Subject"]).startswith("【请补正】")


def test_a_stranger_who_only_says_thanks_is_asked_for_nothing(desk: Desk) -> None:
    received(desk)
    brings_nothing_readable(desk, "rival@example.net", {}, "谢谢")
    assert len(desk.sent) == 1


def test_what_a_known_senders_mail_lacks_is_the_universitys_affair(desk: Desk) -> None:
    received(desk)
    brings_nothing_readable(desk, "usual@qq.com", {})
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"


def test_where_no_known_sender_brought_a_form_all_that_is_lacking_counts(desk: Desk) -> None:
    brings_nothing_readable(desk, "usual@qq.com", {})
    brings_nothing_readable(desk, "colleague@163.com", {"附件4.docx": b"broken"})
    rules = {row["规则"] for row in desk.rows("问题清单") if row["级别"] == "错误"}
    assert any(rule.startswith("file.") for rule in rules)


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
    desk.receive(letter(papers(table(projects=1)), at, "other@qq.com", extra=("Reply-To: usual@qq.com",)), at)
    desk.run()
    assert len(desk.sent) == 1
    assert "退信" in desk.row("邮件日志", 附件数=2)["回复"]


def returned(desk: Desk, sender: str, subject: str = "=?utf-8?B?6YCA5L+h6YCa55+l?=", head: str = "") -> None:
    """A mail that says of the usual address that our letter to it came back."""
    raw = (
        f"{head}From: {sender}\r\nTo: nmggxzss@163.com\r\nSubject: {subject}\r\n\r\nusual@qq.com 550 User suspended\r\n"
    )
    desk.receive(raw.encode(), desk.now + HOUR)
    desk.run()


def test_a_bounce_that_names_only_addresses_is_believed_from_no_person(desk: Desk) -> None:
    received(desk)
    returned(desk, "zhang@rival.example.cn")
    assert "已回复收到" in desk.row("邮件日志", 附件数=3)["回复"]
    assert desk.row("邮件日志", 附件数=0)["结果"] == "退信，未处理"
    replacing(desk, "usual@qq.com")
    assert len(desk.sent) == 2


@pytest.mark.parametrize(
    ("sender", "head"),
    [("Postmaster@163.com", ""), ("PostMaster <PostMaster@qq.com>", ""), ("x@qq.com", "Return-Path: <>\r\n")],
)
def test_a_bounce_that_names_only_addresses_is_believed_from_a_mail_system(desk: Desk, sender: str, head: str) -> None:
    received(desk)
    returned(desk, sender, head=head)
    assert "退回" in desk.row("邮件日志", 附件数=3)["回复"]


def test_a_bounce_that_names_only_addresses_speaks_of_what_was_sent_lately(desk: Desk) -> None:
    received(desk)
    desk.now += timedelta(days=15)
    returned(desk, "Postmaster@163.com")
    assert "已回复收到" in desk.row("邮件日志", 附件数=3)["回复"]


def test_who_writes_again_is_answered_although_mail_to_him_came_back(desk: Desk) -> None:
    received(desk)
    returned(desk, "Postmaster@163.com")
    replacing(desk, "usual@qq.com")
    assert len(desk.sent) == 2


def notice_about(desk: Desk, groups: str, returned: str = "") -> bytes:
    """A delivery report about our first reply, with these recipients in it."""
    message_id = parsed(desk.sent[0])["Message-ID"]
    return (
        "From: MAILER-DAEMON@mx.qq.com\r\nSubject: Mail status\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{returned}\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{groups}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nTo: usual@qq.com\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_reply_that_is_on_its_way_did_not_come_back(desk: Desk, action: str) -> None:
    received(desk)
    desk.receive(notice_about(desk, f"Final-Recipient: rfc822; usual@qq.com\r\nAction: {action}\r\nStatus: 4.4.1\r\n"))
    desk.run()
    assert "已回复收到" in desk.row("邮件日志", 附件数=3)["回复"]
    assert desk.row("邮件日志", 附件数=0)["结果"] == "投递通知，未处理"
    replacing(desk, "usual@qq.com")
    assert len(desk.sent) == 2


def test_of_several_recipients_only_those_failed_are_not_written_to_again(desk: Desk) -> None:
    other = "内蒙古农业大学"
    received(desk)
    desk.receive(letter(papers(table(other)), sender="gone@qq.com"))
    desk.run()
    groups = "Final-Recipient: rfc822;\r\n gone@qq.com\r\nAction: failed\r\n\r\n"
    groups += "Final-Recipient: rfc822; usual@qq.com\r\nAction: delayed\r\n"
    desk.receive(notice_about(desk, groups, "usual@qq.com, gone@qq.com"))
    desk.run()
    assert "退回" in desk.row("邮件日志", 高校名称=other)["回复"]
    assert "已回复收到" in desk.row("邮件日志", 高校名称=UNIVERSITY)["回复"]


PAGE = """<html><body><h1>抱歉，您的邮件被退回来了……</h1><table><tr><td>收件人</td><td>usual@qq.com</td></tr>
<tr style="display:none"><td>抄送</td><td>xxx</td></tr><tr><td>退信原因</td><td>收件人邮件地址不存在</td></tr></table>
<a href="http://feedback.mail.126.com/antispam/bounce.php?BouncedRcpt=usual@qq.com">反馈</a></body></html>"""


@pytest.mark.parametrize("kind", ["mixed", "alternative"])
def test_a_bounce_of_163_is_matched_whatever_stands_beside_its_page(desk: Desk, kind: str) -> None:
    received(desk)
    page = base64.encodebytes(PAGE.encode("gb18030")).decode()
    bounce = (
        f"From: Postmaster@163.com\r\nSubject: =?utf-8?B?57O757uf6YCA5L+h?=\r\n"
        f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=gb2312\r\n\r\nx\r\n"
        "--b\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{page}\r\n--b--\r\n"
    )
    desk.receive(bounce.encode())
    desk.run()
    assert "退回" in desk.row("邮件日志", 附件数=3)["回复"]


def test_our_letter_within_a_bounce_is_known_in_whatever_encoding(desk: Desk) -> None:
    received(desk)
    ours = base64.encodebytes(f"Message-ID: {parsed(desk.sent[0])['Message-ID']}\r\n\r\nx".encode()).decode()
    bounce = (
        "From: Postmaster@163.com\r\nSubject: =?utf-8?B?57O757uf6YCA5L+h?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{ours}\r\n--b--\r\n"
    )
    desk.receive(bounce.encode())
    desk.run()
    assert "退回" in desk.row("邮件日志", 附件数=3)["回复"]


def answer(desk: Desk, after: timedelta, text: str, files: dict[str, bytes] | None = None) -> None:
    """A mail in the thread of our first reply, so long after it was sent."""
    at = desk.now + after
    thread = (f"In-Reply-To: {parsed(desk.sent[0])['Message-ID']}",)
    desk.receive(letter(files or {}, at, "usual@qq.com", f"Re: {parsed(desk.sent[0])['Subject']}", text, thread), at)
    desk.run()


ROBOT = "您好！您的邮件我已收到，我会尽快给您回复。申报材料请查收。"


@pytest.mark.parametrize("seconds", [-20, 2, 200])
def test_what_answers_us_at_once_and_brings_nothing_is_a_robot_whatever_it_says(desk: Desk, seconds: int) -> None:
    received(desk)
    answer(desk, timedelta(seconds=seconds), ROBOT)
    assert len(desk.sent) == 1
    assert desk.row("邮件日志", 附件数=0)["结果"] == "自动回复，未处理"
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


@pytest.mark.parametrize(
    ("after", "text", "files"),
    [
        (timedelta(minutes=6), ROBOT, {}),
        (timedelta(minutes=1), ROBOT, papers(table(projects=1))),
        (timedelta(minutes=1), "附件4.zip 请查收 https://pan.baidu.com/s/1abc", {}),
        (timedelta(minutes=4), "电话已补全，修改后的附件3重新报送，请查收。", {}),
        (timedelta(minutes=4), "已按要求修改，现报送，请见附件。", {}),
    ],
    ids=["later", "with files", "with a link", "with a file forgotten", "with an enclosure forgotten"],
)
def test_a_person_who_answers_is_answered(desk: Desk, after: timedelta, text: str, files: dict[str, bytes]) -> None:
    desk.receive(letter(papers(table(project_count="7")), sender="usual@qq.com"))
    desk.run()
    answer(desk, after, text, files)
    assert len(desk.sent) == 2


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


def naming(
    desk: Desk, names: list[str], sender: str = "boss@example.com", files: dict[str, bytes] | None = None
) -> None:
    """Mails from one address, each with another one in Reply-To."""
    for second, name in enumerate(names):
        at = desk.now + timedelta(seconds=second)
        desk.receive(letter(files or {}, at, sender, f"报送材料{second}", extra=(f"Reply-To: {name}@example.org",)), at)


def recipients(desk: Desk) -> list[str]:
    return [name.partition("@")[0] for sent in desk.sent for name in sent.recipients]


def test_who_names_another_address_in_each_mail_gets_no_more_replies_a_day_than_anybody(desk: Desk) -> None:
    naming(desk, [f"v{number:02}" for number in range(20)])
    desk.run(30)
    assert recipients(desk) == [f"v{number:02}" for number in range(6)]
    naming(desk, ["w"])
    desk.receive(letter(papers(table())))
    desk.run(30)
    assert recipients(desk)[6:] == ["shili"]
    desk.run(24 * 60)
    assert recipients(desk)[7:] == [f"v{number:02}" for number in range(6, 12)]


def test_a_teacher_who_writes_for_several_universities_has_each_answered_where_it_wants_to_be(desk: Desk) -> None:
    names = ["yi", "er", "san", "si", "wu"]
    naming(desk, names)
    desk.run(30)
    assert recipients(desk) == names
    desk.receive(letter(papers(table()), sender="boss@example.com"))
    desk.run(30)
    assert recipients(desk)[5:] == ["boss"]


def test_a_system_that_many_write_through_has_all_of_them_answered(desk: Desk) -> None:
    names = [f"v{number}" for number in range(9)]
    naming(desk, names, "noreply@example.com", papers(table()))
    desk.run(30)
    assert recipients(desk) == names


def test_who_wrote_is_answered_before_whom_others_name(desk: Desk) -> None:
    naming(desk, ["yi", "er"])
    desk.receive(letter(papers(table()), desk.now + timedelta(minutes=1)), desk.now + timedelta(minutes=1))
    desk.run(60, send_per_day=2)
    assert recipients(desk) == ["shili", "yi"]


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


def test_purging_a_mail_removes_what_it_was_delivered_as_again(desk: Desk) -> None:
    raw = letter(papers(table()), sender="usual@qq.com")
    for number in range(2):
        desk.receive(f"Received: from mx{number} by mail; Wed, 20 Nov 2024 09:00:00 +0800\r\n".encode() + raw)
    desk.run()
    with desk.office() as office:
        purge(office, desk.now, False, lambda: desk.now)
        desk.receive(b"Received: from mx1 by mail; Wed, 20 Nov 2024 09:00:00 +0800\r\n" + raw, folder="垃圾邮件")
        again = one_pass(office, lambda: desk.now)
    assert (again.listed, again.recorded) == (1, 0)


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


def test_staff_read_beside_each_problem_the_number_of_the_very_mail_it_is_about(desk: Desk) -> None:
    received(desk)
    # The template's own name, in two mails, of which the first has a fault.
    sends(desk, "usual@qq.com", {"附件4.docx": forms.annex4_document(replace(form(1), phone="12"))})
    sends(desk, "usual@qq.com", {"附件4.docx": forms.annex4_document(form(2))})
    _, faulty, right = sorted(desk.rows("邮件日志"), key=lambda row: row["收到时间"])
    (row,) = (row for row in desk.rows("问题清单") if row["规则"] == "annex4.phone.format")
    assert row["邮件编号"] == faulty["邮件编号"] != right["邮件编号"]


def test_two_held_mails_are_told_apart_though_the_message_does_not_number_them(desk: Desk) -> None:
    words = resource("rules.yaml").read_text()
    sentence = re.search(r"submission\.held:.*?message: (.*?)\n", words, re.DOTALL)
    assert sentence
    assert "{id}" in sentence[1]
    rules = desk.settings.data.with_name("rules.yaml")
    rules.write_text(words.replace(sentence[1], "有来信待核实。"))
    desk.settings = replace(desk.settings, rules=rules)
    received(desk)
    for sender in ("stranger@163.com", "other@163.com"):
        replacing(desk, sender)
    held = [row["邮件编号"] for row in desk.rows("问题清单") if row["规则"] == "submission.held"]
    there = {row["邮件编号"] for row in desk.rows("邮件日志") if "163.com" in row["发件人"]}
    assert sorted(held) == sorted(there)
