"""The story of a mail tells where it was found, what each file was taken for and why, what was answered, and where it lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, Desk, form, letter, open_desk, papers, table
from documents import zipped
from pipeline import reports, taking, why
from pipeline.demo import forms
from pipeline.errors import ConfigurationError
from pipeline.whatif import compare
from pipeline.why import Json
from pipeline.why_text import lines, size_text


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def told(desk: Desk, subject: str = "") -> Json:
    """The story of the one mail, or of the one with this subject."""
    with desk.office() as office:
        (mail,) = [one for one in office.store.mails() if not subject or one.subject == subject]
        return why.story(office, mail.id[:16])


def test_the_story_of_a_submission_goes_from_the_mailbox_to_the_archive(desk: Desk) -> None:
    wrong = table()
    wrong = replace(wrong, projects=(replace(wrong.projects[0], phone="12345"), wrong.projects[1]))
    raw = letter({"材料.zip": zipped({f"报送/{name}": content for name, content in papers(wrong).items()})})
    desk.receive(raw)
    desk.receive(raw, MORNING + timedelta(minutes=2), "垃圾邮件")
    desk.run()
    story = told(desk)

    assert [(one["folder"], one["received"]) for one in story["sightings"]] == [
        ("INBOX", "2024-11-20 09:00"),
        ("垃圾邮件", "2024-11-20 09:02"),
    ]
    assert story["taken_for"] == {"result": "报送：汇总表 1 份、申报表 2 份", "because": "其中有附件3或附件4"}
    paths = [part["path"] for part in story["parts"]]
    assert paths[0] == "材料.zip"
    assert sorted(paths[1:]) == [f"材料.zip/报送/{name}" for name in ("附件3.xlsx", "附件4-1.docx", "附件4-2.docx")]
    assert sorted(number for part in story["parts"] for number in part["documents"]) == [0, 1, 2]
    assert {(one["university"], one["because"], one["standing"]) for one in story["documents"]} == {
        (UNIVERSITY, "表中写明", "现行")
    }
    assert all(Path(one["archived"]).is_file() for one in story["documents"])
    summary = next(one for one in story["documents"] if one["form"] == "annex3")
    assert [(one["rule"], one["place"]) for one in summary["findings"]] == [
        ("annex3.phone.format", "工作表“附件3” J7 “联系方式”")
    ]
    (university,) = story["universities"]
    assert (university["university"], university["state"]) == (UNIVERSITY, "待补正")
    assert story["reply"]["state"] == "sent"
    assert story["reply"]["recipient"] == "shili@example.edu.cn"
    assert story["reply"]["said"]
    assert Path(story["original"]).read_bytes() == raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_the_screen_shows_each_fact_on_a_line_of_its_own(desk: Desk) -> None:
    desk.receive(letter({"材料.zip": zipped(papers(table()))}, subject="报送\u202e材料"))
    desk.run()
    story = told(desk)
    shown = lines(story)
    assert shown[0] == f"邮件    {story['id']}"
    assert "主题    报送材料" in shown
    assert any(one.startswith("位置    INBOX，UID ") for one in shown)
    container = next(number for number, one in enumerate(shown) if one.startswith("  材料.zip"))
    assert any(one.startswith("    附件3.xlsx") for one in shown[container:])
    assert any("→ 附件3 项目汇总表（xlsx），2 个项目：示例项目甲、示例项目乙" in one for one in shown)
    assert shown[-1] == f"原件    {story['original']}"
    assert all("\n" not in one and "\u202e" not in one for one in shown)


def test_a_mail_without_a_form_says_what_its_university_was_seen_by(desk: Desk) -> None:
    desk.receive(letter({}, subject="内蒙古师范大学项目报送"))
    desk.run()
    story = told(desk)
    assert story["taken_for"]["because"] == "没有附件3或附件4，但主题、正文或文件名说明是报送"
    assert [(one["university"], one["because"]) for one in story["universities"]] == [
        ("内蒙古师范大学", "来信主题提到了这所高校")
    ]
    assert [one["rule"] for one in story["findings"]] == ["mail.no_attachment"]
    assert "来信本身的问题" in lines(story)


def test_each_way_of_finding_the_university_is_told(desk: Desk) -> None:
    blank, other = replace(form(1), university=""), replace(form(2), university="内蒙古师范大学")
    files = {
        "附件3.xlsx": forms.annex3_workbook(table("内大")),
        "附件4-1.docx": forms.annex4_document(blank),
        "附件4-2.docx": forms.annex4_document(other),
    }
    desk.receive(letter(files, subject="第一封报送"))
    later = MORNING + timedelta(minutes=5)
    again = {"附件4-1.docx": forms.annex4_document(replace(blank, content="改写后的内容。"))}
    desk.receive(letter(again, later, subject="第二封报送"), later)
    nobody = {"附件4.docx": forms.annex4_document(blank)}
    desk.receive(letter(nobody, later, "stranger@example.com", subject="第三封报送"), later)
    desk.run()

    reasons = {one["path"]: one["because"] for one in told(desk, "第一封报送")["documents"]}
    assert reasons["附件3.xlsx"] == "表中写的是“内大”，即名单中的“内蒙古大学”"
    assert reasons["附件4-1.docx"] == "同一来信中的表格写明了这所高校"
    assert reasons["附件4-2.docx"] == "表中写的是“内蒙古师范大学”，但同一来信中的表格写明了这所高校"
    (second,) = told(desk, "第二封报送")["documents"]
    assert (second["university"], second["because"]) == (UNIVERSITY, "发件地址以前报送过这所高校的材料")
    third = told(desk, "第三封报送")
    assert third["documents"][0]["university"] == "（高校待确认）"
    assert "等待人工确认" in third["documents"][0]["because"]
    assert third["universities"][0]["university"] == "（高校待确认）"


def test_a_mail_that_is_no_submission_says_so_and_names_its_files(desk: Desk) -> None:
    desk.receive(letter({"海报.png": b"\x89PNG\r\n\x1a\n0000"}, subject="活动海报", text="请欣赏。"))
    desk.run()
    story = told(desk)
    assert story["taken_for"]["result"] == "非报送邮件"
    assert [(part["path"], part["note"]) for part in story["parts"]] == [("海报.png", "未登记，来信不是报送")]
    assert story["reply"] == {"result": "不需回复"}


def test_an_older_version_is_told_as_replaced(desk: Desk) -> None:
    desk.receive(letter(papers(table()), subject="先报送"))
    later = MORNING + timedelta(minutes=5)
    desk.receive(
        letter({"附件3.xlsx": papers(table(contact_name="钱示例"))["附件3.xlsx"]}, later, subject="再报送"), later
    )
    desk.run()
    standings = {one["path"]: one["standing"] for one in told(desk, "先报送")["documents"]}
    assert standings == {"附件3.xlsx": "已被替换", "附件4-1.docx": "现行", "附件4-2.docx": "现行"}


def test_a_mail_that_was_set_aside_is_told_with_the_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("示例故障")

    monkeypatch.setattr(taking, "look_at", fail)
    desk.receive(letter(papers(table())))
    desk.run()
    with desk.office() as office:
        (entry,) = office.store.all_set_aside()
        story = why.story(office, entry.mail)
    assert story["taken_for"]["result"] == "已搁置"
    assert "示例故障" in story["set_aside"]["reason"]
    assert story["head"]["subject"] == "项目报送"
    assert {part["note"] for part in story["parts"]} == {"尚未处理"}
    assert any("annex-inbox set-aside retry" in one for one in lines(story))


def test_a_story_is_told_of_a_mail_whose_raw_bytes_are_gone(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    Path(told(desk)["original"]).unlink()
    story = told(desk)
    assert not story["original_kept"]
    assert story["parts"] == []
    shown = lines(story)
    assert any("附件3.xlsx" in one for one in shown)
    assert shown[-1].endswith("（已不在）")


def laid_down(desk: Desk) -> dict[Path, int]:
    """Everything under ANNEX_DATA but the store, with its time of change."""
    every = (one for one in desk.settings.data.rglob("*") if "sqlite" not in one.name)
    return {one: one.stat().st_mtime_ns for one in every}


def test_whoever_only_asks_leaves_every_file_as_it_is(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    form = next(desk.settings.data.glob("archive/**/附件4_*.docx"))
    form.unlink()
    before = laid_down(desk)
    with desk.office() as office:
        shown = reports.history(office, UNIVERSITY)
        reports.status(office, desk.now)
        compare(office, office.rules)
    story = told(desk)
    assert laid_down(desk) == before
    # Only what is there is said to be there.
    assert sorted(bool(one["archived"]) for one in shown["versions"]) == [False, True, True]
    assert all(Path(one["archived"]).is_file() for one in story["documents"] if one["archived"])


def test_a_history_is_told_though_raw_mails_and_archive_are_gone(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    shutil.rmtree(desk.settings.data / "archive")
    shutil.rmtree(desk.settings.data / "mail")
    with desk.office() as office:
        shown = reports.history(office, UNIVERSITY)
    assert [one["archived"] for one in shown["versions"]] == ["", "", ""]


def test_a_prefix_must_name_exactly_one_mail(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    with desk.office() as office:
        (mail,) = office.store.mails()
        assert why.meant(office, f" mail/{mail.id[:2]}/{mail.id.upper()}.EML ") == mail.id
        for prefix in ("zz", "", "   ", "%"):
            with pytest.raises(ConfigurationError, match="没有找到"):
                why.meant(office, prefix)
        monkeypatch.setattr(office.store, "mail_named", lambda prefix: [f"{prefix}1", f"{prefix}2"])
        with pytest.raises(ConfigurationError, match="不止一封（ab1、ab2…），请多写几位"):
            why.meant(office, "ab")


def test_sizes_are_written_as_people_read_them() -> None:
    assert [size_text(size) for size in (0, 1023, 1024, 1536, 5 * 1024 * 1024)] == [
        "0 B", "1023 B", "1.0 KB", "1.5 KB", "5.0 MB",
    ]  # fmt: skip
