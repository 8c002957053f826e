"""What staff do at the desk: settle findings, try other rules, remind universities."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import UNIVERSITY, Desk, letter, open_desk, papers, parsed, table, text_of
from pipeline import reminder, reports, screen
from pipeline.again import unwaive, waive
from pipeline.demo.servers import ReceivedMail
from pipeline.errors import ConfigurationError
from pipeline.model import State, Waiver
from pipeline.rules_file import load
from pipeline.whatif import compare, summary

WRONG = "annex3.summary.too_long"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk at which one university has sent a summary that is too long, and nothing else is wrong."""
    with open_desk(tmp_path / "data") as one:
        long = table()
        long = replace(long, projects=(replace(long.projects[0], summary="字" * 51), long.projects[1]))
        one.receive(letter(papers(long)))
        one.run()
        yield one


def waiver(project: str = "") -> Waiver:
    return Waiver(UNIVERSITY, WRONG, project, "已电话核实", "赵示例")


def test_a_waived_finding_is_asked_for_no_more_and_stays_on_record(desk: Desk) -> None:
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"
    with desk.office() as office:
        assert "已豁免 1 处" in waive(office, waiver("《示例项目甲》"), lambda: desk.now)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    row = desk.row("问题清单", 规则=WRONG)
    assert row["级别"] == "备注"
    assert "已电话核实，赵示例" in row["说明"]
    desk.receive(letter({"附件3.xlsx": papers(table(), False)["附件3.xlsx"]}, desk.now), desk.now)
    desk.run()
    assert "51" not in text_of(desk.sent[-1])


def test_a_waiver_can_be_taken_back(desk: Desk) -> None:
    with desk.office() as office:
        waive(office, waiver(), lambda: desk.now)
        unwaive(office, UNIVERSITY, WRONG, "", lambda: desk.now)
        with pytest.raises(ConfigurationError):
            unwaive(office, UNIVERSITY, WRONG, "", lambda: desk.now)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"


@pytest.mark.parametrize(("rule", "project"), [("no.such.rule", ""), ("annex3.empty", ""), (WRONG, "示例项目乙")])
def test_what_is_not_there_cannot_be_waived(desk: Desk, rule: str, project: str) -> None:
    with desk.office() as office, pytest.raises(ConfigurationError):
        waive(office, replace(waiver(project), rule=rule), lambda: desk.now)


@pytest.mark.parametrize("reason", ["", "  ", "\u3000\n", "\u200b"])
def test_nothing_is_waived_without_a_reason(desk: Desk, reason: str) -> None:
    with desk.office() as office, pytest.raises(ConfigurationError, match="理由"):
        waive(office, replace(waiver(), reason=reason), lambda: desk.now)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待补正"


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("", "示例项目甲", "第二个理由"),
        ("示例项目甲", "", "第一个理由"),
        ("", "", "第二个理由"),
        ("示例项目甲", "《示例项目甲》", "第二个理由"),
        ("《示例项目甲》", "示例项目甲", "第二个理由"),
    ],
)
def test_of_several_waivers_the_most_particular_is_shown_then_the_newest(
    desk: Desk, first: str, second: str, shown: str
) -> None:
    with desk.office() as office:
        for project, reason in ((first, "第一个理由"), (second, "第二个理由")):
            desk.now += timedelta(minutes=1)
            waive(office, replace(waiver(project), reason=reason), lambda: desk.now)
    assert shown in desk.row("问题清单", 规则=WRONG)["说明"]


def test_status_and_show_speak_chinese_and_tell_the_deadline_as_the_letters_do(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    with desk.office() as office:
        screen.status(reports.status(office, desk.now))
        screen.history(reports.history(office, UNIVERSITY), reports.contact(office, UNIVERSITY))
    said = capsys.readouterr().out
    assert "截止 11月26日（星期二）24:00（还有" in said
    cells = {cell.strip() for line in said.splitlines() for cell in line.split("│")}
    assert {"附件3 项目汇总表", "附件4 项目申报表", "已发出"} <= cells
    assert not {"annex3", "annex4", "sent", "None"} & cells


def test_show_tells_whom_to_call_and_of_each_finding_its_level_and_its_file(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")

    def told() -> str:
        with desk.office() as office:
            screen.history(reports.history(office, UNIVERSITY), reports.contact(office, UNIVERSITY))
        return capsys.readouterr().out

    def levels(said: str) -> dict[str, tuple[str, str]]:
        cells = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in said.splitlines()]
        return {line[1]: (line[0], line[2]) for line in cells if line[0] in {"错误", "提醒", "备注"}}

    said = told()
    assert levels(said)[WRONG] == ("错误", "附件3.xlsx")
    record = table()
    assert f"联系人：{record.contact_name}，联系电话：{record.contact_phone}" in said
    with desk.office() as office:
        waive(office, waiver(), lambda: desk.now)
    said = told()
    assert levels(said)[WRONG][0] == "备注"
    assert "已豁免：已电话核实" in said


def test_trying_other_rules_says_who_would_be_asked_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    text = desk.settings.rules_path.read_text(encoding="utf-8")
    (tmp_path / "mild.yaml").write_text(text.replace("    limit: 50\n", "    limit: 60\n"), encoding="utf-8")
    (tmp_path / "strict.yaml").write_text(text.replace("24:00", "00:00").replace("-26 ", "-01 "), encoding="utf-8")
    before = desk.ledger.read_bytes()
    with desk.office() as office:
        (mild,) = compare(office, load(tmp_path / "mild.yaml"))
        (strict,) = compare(office, load(tmp_path / "strict.yaml"))
        assert compare(office, office.rules) == []
    assert (mild.before, mild.after, [finding.rule for finding in mild.gone]) == (
        State.TO_CORRECT,
        State.ACCEPTED,
        [WRONG],
    )
    assert [finding.rule for finding in strict.new] == ["mail.late"]
    assert "1 所不再需要补正" in summary([mild])[-1]
    assert desk.ledger.read_bytes() == before


def test_reminders_go_to_known_addresses_once_a_day_and_stop_when_the_material_is_there(desk: Desk) -> None:
    desk.now = datetime.fromisoformat("2024-11-23T10:00+08:00")
    desk.run()
    desk.run()
    reminders = [reply for reply in desk.sent if "【提醒】" in str(parsed(reply)["Subject"])]
    assert [reply.recipients for reply in reminders] == [("shili@example.edu.cn",)]
    assert "51 字" in text_of(reminders[0])
    assert "还有 3 天" in text_of(reminders[0])
    desk.receive(letter({"附件3.xlsx": papers(table(), False)["附件3.xlsx"]}, desk.now), desk.now)
    desk.run()
    desk.now = datetime.fromisoformat("2024-11-25T10:00+08:00")
    desk.run()
    assert len([reply for reply in desk.sent if "【提醒】" in str(parsed(reply)["Subject"])]) == 1


def test_no_reminder_goes_out_on_other_days_or_after_the_deadline(desk: Desk) -> None:
    for day in ("2024-11-22T10:00+08:00", "2024-11-23T03:00+08:00", "2024-11-27T10:00+08:00"):
        desk.now = datetime.fromisoformat(day)
        desk.run()
    assert len(desk.sent) == 1
    with desk.office() as office:
        assert reminder.remind(office, desk.now) == []


def test_a_missing_university_is_reminded_where_the_roster_knows_an_address(desk: Desk, tmp_path: Path) -> None:
    text = desk.settings.rules_path.read_text(encoding="utf-8")
    text = text.replace("{name: 河套学院,", "{name: 河套学院, contacts: [hetao@example.cn],")
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    desk.settings = replace(desk.settings, rules=tmp_path / "rules.yaml")
    desk.now = datetime.fromisoformat("2024-11-25T10:00+08:00")
    desk.run()
    (reply,) = [reply for reply in desk.sent if reply.recipients == ("hetao@example.cn",)]
    assert "还没有收到贵校的材料" in text_of(reply)


def test_a_ledger_that_is_open_is_not_replaced_under_its_reader(desk: Desk) -> None:
    lock = desk.ledger.with_name(f"~${desk.ledger.name}")
    lock.touch()
    os.utime(lock, (desk.now.timestamp(), desk.now.timestamp()))
    before = desk.ledger.read_bytes()
    desk.receive(letter(papers(table("内蒙古农业大学", 1)), desk.now, "nd@example.cn"), desk.now)
    result = desk.run()
    beside = desk.ledger.with_name("项目台账（最新）.xlsx")
    assert desk.ledger.read_bytes() == before
    assert beside.exists()
    assert any("正被打开" in note for note in result.notes)
    lock.unlink()
    desk.run()
    assert not beside.exists()
    assert desk.row("高校进度", 高校名称="内蒙古农业大学")["状态"] == "已通过"


def test_a_lock_file_left_by_a_crash_long_ago_keeps_nobody_out(desk: Desk) -> None:
    lock = desk.ledger.with_name(f".~lock.{desk.ledger.name}#")
    lock.touch()
    os.utime(lock, (desk.now.timestamp() - 90000, desk.now.timestamp() - 90000))
    desk.receive(letter(papers(table("内蒙古农业大学", 1)), desk.now, "nd@example.cn"), desk.now)
    desk.run()
    assert desk.row("高校进度", 高校名称="内蒙古农业大学")["状态"] == "已通过"


def test_a_draft_that_staff_sent_is_recognised_by_its_message_id(desk: Desk) -> None:
    desk.receive(letter(papers(table("内蒙古农业大学", 1)), desk.now, "nd@example.cn"), desk.now)
    desk.run(reply="draft")
    (draft,) = desk.imap.mails("草稿箱")
    desk.imap.add("已发送", draft.raw.replace(b"Auto-Submitted", b"X-Edited"), desk.now)
    desk.run(reply="draft")
    assert desk.row("邮件日志", 高校名称="内蒙古农业大学")["回复"].startswith("已回复收到")


THIRD_LAST_DAY = datetime.fromisoformat("2024-11-23T10:00+08:00")


def reminders(desk: Desk) -> list[ReceivedMail]:
    return [reply for reply in desk.sent if "【提醒】" in str(parsed(reply)["Subject"])]


def corrected(desk: Desk) -> bytes:
    """The correction of what is wrong at this desk."""
    return letter({"附件3.xlsx": papers(table(), False)["附件3.xlsx"]}, desk.now)


def planned(desk: Desk) -> list[tuple[str, list[str]]]:
    """Who would be reminded by staff now, of which universities; without those no address is known of."""
    with desk.office() as office:
        due = reminder.due(office, desk.now)
    return [(one.to, [part.university for part in one.parts]) for one in due if one.to]


def test_whose_mail_waits_for_its_answer_is_not_reminded_meanwhile(desk: Desk) -> None:
    desk.now = THIRD_LAST_DAY
    name = "内蒙古农业大学"
    desk.receive(letter(papers(table(name), False), desk.now, "nd@example.cn"), desk.now)
    desk.run(settle_minutes=15)
    assert [reply.recipients for reply in reminders(desk)] == [("shili@example.edu.cn",)]
    assert planned(desk) == []
    desk.run(20, settle_minutes=15)
    desk.run(20, settle_minutes=15)
    assert len([reply for reply in desk.sent if reply.recipients == ("nd@example.cn",)]) == 1
    # It was written to just now; staff may think otherwise.
    assert planned(desk) == [("nd@example.cn", [name])]


def test_who_was_asked_to_correct_something_days_ago_is_reminded_and_not_again_soon(desk: Desk) -> None:
    desk.now = THIRD_LAST_DAY
    desk.run()
    desk.now = datetime.fromisoformat("2024-11-25T10:00+08:00")
    desk.run()
    desk.run()
    assert len(reminders(desk)) == 2


def test_a_queued_reminder_goes_out_only_while_there_is_reason_for_it(desk: Desk) -> None:
    with desk.office() as office:
        assert len(reminder.remind(office, desk.now)) > 1
    desk.receive(corrected(desk), desk.now + timedelta(minutes=1))
    desk.run()
    assert reminders(desk) == []
    with desk.office() as office:
        assert [one.state for one in office.store.outbox.replies() if one.kind == "reminder"] == ["dropped"]


def test_a_queued_reminder_of_who_has_written_since_is_dropped_though_something_is_still_wrong(desk: Desk) -> None:
    with desk.office() as office:
        reminder.remind(office, desk.now)
    desk.receive(letter(papers(table(contact_name=""))), desk.now + timedelta(minutes=1))
    desk.run()
    assert [str(parsed(reply)["Subject"])[:5] for reply in desk.sent] == ["【请补正】", "【请补正】"]


def test_a_queued_reminder_says_what_is_due_when_its_turn_comes(desk: Desk) -> None:
    desk.receive(letter(papers(table("内蒙古农业大学", contact_name="")), desk.now), desk.now)
    desk.run()
    with desk.office() as office:
        reminder.remind(office, desk.now)
        waive(office, waiver(), lambda: desk.now)
    desk.run()
    (reply,) = reminders(desk)
    assert text_of(reply).startswith("内蒙古农业大学团委、学生会：\n")
    assert "51 字" not in text_of(reply)
    assert UNIVERSITY not in str(parsed(reply)["Subject"])


def test_a_queued_reminder_that_was_not_sent_before_the_deadline_is_dropped(desk: Desk) -> None:
    with desk.office() as office:
        reminder.remind(office, desk.now)
    desk.now = datetime.fromisoformat("2024-11-27T10:00+08:00")
    desk.run()
    assert reminders(desk) == []


def test_an_untouched_queued_reminder_goes_out(desk: Desk) -> None:
    with desk.office() as office:
        reminder.remind(office, desk.now)
    desk.run()
    desk.run()
    assert len(reminders(desk)) == 1


def test_a_reminder_of_a_mail_without_files_does_not_claim_that_material_was_received(desk: Desk) -> None:
    name = "内蒙古农业大学"
    desk.receive(letter({}, desk.now, "nd@example.cn", f"{name}项目报送"), desk.now)
    desk.run()
    desk.now = THIRD_LAST_DAY
    desk.run()
    (reply,) = [reply for reply in reminders(desk) if reply.recipients == ("nd@example.cn",)]
    assert "材料已经收到" not in text_of(reply)
    assert f"来信“{name}项目报送”" in text_of(reply)
    assert "没有附件" in text_of(reply)
    (other,) = [reply for reply in reminders(desk) if reply.recipients != ("nd@example.cn",)]
    assert "材料已经收到" in text_of(other)


@pytest.mark.parametrize(
    ("sender", "extra"), [("noreply@imau.edu.cn", ()), ("list@qq.com", ("List-Id: <all.example.cn>",))]
)
def test_who_is_not_replied_to_is_not_reminded(desk: Desk, sender: str, extra: tuple[str, ...]) -> None:
    name = "内蒙古农业大学"
    desk.receive(letter(papers(table(name), False), desk.now, sender, extra=extra), desk.now)
    desk.run()
    with desk.office() as office:
        due = reminder.due(office, desk.now)
    assert [one.to for one in due if one.parts[0].university == name] == [""]
    desk.now = THIRD_LAST_DAY
    desk.run()
    assert [reply.recipients for reply in reminders(desk)] == [("shili@example.edu.cn",)]


def test_who_writes_for_several_universities_gets_one_reminder_a_day_for_all_of_them(desk: Desk) -> None:
    names = ["内蒙古农业大学", "内蒙古师范大学"]
    for name in names:
        desk.receive(letter(papers(table(name), False), desk.now, "city@qq.com"), desk.now)
    desk.run()
    desk.now = THIRD_LAST_DAY
    desk.run()
    desk.run()
    (reply,) = [reply for reply in reminders(desk) if reply.recipients == ("city@qq.com",)]
    assert all(name in text_of(reply) and name in str(parsed(reply)["Subject"]) for name in names)
    html = parsed(reply).get_body(("html",))
    assert html is not None
    assert all(name in html.get_content() for name in names)


def test_who_was_reminded_today_is_not_due_again_today(desk: Desk) -> None:
    assert planned(desk) == [("shili@example.edu.cn", [UNIVERSITY])]
    with desk.office() as office:
        reminder.remind(office, desk.now)
    assert planned(desk) == []
    desk.now += timedelta(days=1)
    desk.run()
    assert planned(desk) == [("shili@example.edu.cn", [UNIVERSITY])]


def test_what_a_stranger_sends_changes_nothing_of_what_a_university_is_reminded_of(desk: Desk) -> None:
    at = desk.now + timedelta(hours=1)
    files = {"附件3.xlsx": papers(table(projects=1), False)["附件3.xlsx"], "附件4-9.docx": b"broken"}
    desk.receive(letter(files, at, "stranger@qq.com"), at)
    desk.run(settle_minutes=15)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "待人工"
    with desk.office() as office:
        (one,) = [one for one in reminder.due(office, desk.now) if one.to]
    assert (one.to, [finding.rule for finding in one.parts[0].problems]) == ("shili@example.edu.cn", [WRONG])
