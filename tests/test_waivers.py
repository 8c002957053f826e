"""What staff settle by a waiver: for what it holds, for what it does not, and what is then said everywhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desk import UNIVERSITY, Desk, form, letter, open_desk, papers, table, text_of
from parsers.model import Annex3
from pipeline.again import waive
from pipeline.demo import forms
from pipeline.model import Waiver

WRONG = "annex3.summary.too_long"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


PHONES = ("annex3.phone.format", "annex4.phone.format")


def with_rows(*changes: dict[str, Any]) -> Annex3:
    """The sample projects, so many as there are changes of their rows."""
    summary = table(projects=len(changes))
    rows = tuple(replace(row, **change) for row, change in zip(summary.projects, changes, strict=True))
    return replace(summary, projects=rows)


def short_number(desk: Desk, sender: str = "shili@example.edu.cn") -> None:
    """The first project's telephone number is one that staff have verified."""
    desk.now += timedelta(hours=1)
    desk.receive(letter(papers(with_rows({"phone": "6000001"}, {})), desk.now, sender), desk.now)
    desk.run()


def settle(desk: Desk, *rules: str, project: str = "") -> list[str]:
    with desk.office() as office:
        return [
            waive(office, Waiver(UNIVERSITY, rule, project, "已电话核实", "赵示例"), lambda: desk.now) for rule in rules
        ]


def asked(desk: Desk) -> list[tuple[str, str]]:
    """What is still to be corrected."""
    return [(row["规则"], row["项目名称"]) for row in desk.rows("问题清单") if row["级别"] == "错误"]


def resend(desk: Desk, *changes: dict[str, Any]) -> list[tuple[str, str]]:
    """What is to be corrected after the whole was sent again with rows changed so."""
    desk.now += timedelta(days=1)
    desk.receive(letter(papers(with_rows(*changes)), desk.now), desk.now)
    desk.run()
    return asked(desk)


def test_a_waiver_holds_for_what_was_written_there_and_for_nothing_else(desk: Desk) -> None:
    short_number(desk)
    settle(desk, *PHONES)
    assert asked(desk) == []
    # Written another way, in another row and in another file, it is the same.
    assert resend(desk, {}, {}, {}) == []
    assert resend(desk, {"phone": " ６００００01", "leader": "钱示例"}, {}, {}) == []
    assert resend(desk, {"phone": "1380000"}, {}, {}) == [(rule, "示例项目甲") for rule in PHONES]
    assert "1380000" in text_of(desk.sent[-1])
    assert sorted(resend(desk, {"phone": "6000001"}, {"phone": "不知道"})) == [(rule, "示例项目乙") for rule in PHONES]
    assert "不知道" in text_of(desk.sent[-1])
    assert "6000001" not in text_of(desk.sent[-1]).partition("【需要补正】")[2]


def test_a_waiver_for_a_project_holds_no_longer_than_what_is_written_in_it(desk: Desk) -> None:
    assert resend(desk, {"summary": "字" * 51}, {}) == [(WRONG, "示例项目甲")]
    settle(desk, WRONG, project="示例项目甲")
    assert asked(desk) == []
    # As long as the other, and yet something staff never saw.
    assert resend(desk, {"summary": "句" * 51}, {}) == [(WRONG, "示例项目甲")]


def test_a_waiver_given_anew_holds_for_all_that_stands_by_then(desk: Desk) -> None:
    short_number(desk)
    settle(desk, *PHONES)
    resend(desk, {"phone": "6000001"}, {"phone": "12"})
    assert settle(desk, *PHONES)[-1].startswith("已豁免 2 处。")
    assert asked(desk) == []
    assert resend(desk, {"phone": "6000001"}, {"phone": "12"}) == []


def test_a_waiver_of_what_more_than_one_value_tells_ends_when_one_of_them_changes(desk: Desk) -> None:
    rule = "annex3.project_count.mismatch"
    desk.receive(letter(papers(table(project_count="7")), desk.now), desk.now)
    desk.run()
    settle(desk, rule)
    assert asked(desk) == []
    desk.receive(letter(papers(table(project_count="7", contact_name="钱示例")), desk.now), desk.now)
    desk.run()
    assert asked(desk) == []
    desk.receive(letter(papers(table(projects=3, project_count="7")), desk.now), desk.now)
    desk.run()
    assert [one for one, _ in asked(desk)] == [rule]


def test_a_period_that_is_too_short_stays_waived_whenever_the_form_comes_again(desk: Desk) -> None:
    rule = "annex4.period.too_short"
    for attempt in range(3):
        brief = forms.annex4_document(replace(form(1), period="2024年9月至今", members="甲" * (attempt + 2)))
        desk.receive(letter({**papers(table()), "附件4-1.docx": brief}, desk.now), desk.now)
        desk.run()
        assert asked(desk) == ([] if attempt else [(rule, "示例项目甲")])
        if not attempt:
            settle(desk, rule)
        desk.now += timedelta(days=1)


def test_a_waived_mail_or_file_speaks_for_no_other(desk: Desk) -> None:
    for name in ("说明.docx", "说明二.docx"):
        files = {**papers(with_rows({}, {})), name: b"PK\x03\x04 broken"}
        desk.receive(letter(files, desk.now), desk.now)
        desk.run()
        assert [rule for rule, _ in asked(desk)] == ["file.unreadable"]
        settle(desk, "file.unreadable")
        assert asked(desk) == []
        desk.now += timedelta(hours=1)


def test_project_and_university_are_said_to_stand_alike_once_something_is_waived(desk: Desk) -> None:
    short_number(desk)
    settle(desk, "annex3.phone.format")
    assert [(row["状态"], row["问题数"]) for row in desk.rows("项目汇总")] == [("待补正", 1), ("已通过", 0)]
    settle(desk, "annex4.phone.format")
    assert [(row["状态"], row["问题数"]) for row in desk.rows("项目汇总")] == [("已通过", 0), ("已通过", 0)]
    row = desk.row("高校进度", 高校名称=UNIVERSITY)
    assert (row["状态"], row["问题数"]) == ("已通过", 0)


def test_a_waived_form_is_told_to_be_in_order_and_asked_of_nobody(desk: Desk) -> None:
    short_number(desk)
    settle(desk, *PHONES)
    resend(desk, {"phone": "6000001"}, {"phone": "12"})
    assert "“示例项目甲”（附件4-1.docx）" in text_of(desk.sent[-1]).partition("【以下材料无误，不必重发】")[2]
    # A colleague at another address adds the form with what was settled.
    added = forms.annex4_document(replace(form(3), phone="6000002"))
    for sender in ("colleague@qq.com", "another@qq.com"):
        desk.now += timedelta(hours=1)
        desk.receive(letter({"附件4-3.docx": added}, desk.now, sender), desk.now)
        desk.run()
        said = text_of(desk.sent[-1])
        assert ("6000002" in said) is (sender == "colleague@qq.com")
        settle(desk, "annex4.phone.format")


def test_a_waiver_that_an_older_program_kept_holds_as_it_did(desk: Desk) -> None:
    short_number(desk)
    settle(desk, *PHONES)
    with closing(sqlite3.connect(desk.settings.data / "annex-inbox.sqlite3")) as store, store:
        store.execute("ALTER TABLE waiver DROP COLUMN grounds")
        store.execute("UPDATE fact SET value = '4' WHERE name = 'schema'")
    assert resend(desk, {"phone": "12"}, {}) == []
    # Given anew, it holds for what is written now.
    settle(desk, *PHONES)
    assert resend(desk, {"phone": "12"}, {}) == []
    assert resend(desk, {"phone": "13"}, {}) == [(rule, "示例项目甲") for rule in PHONES]


def test_a_waiver_of_equal_mails_that_an_older_program_kept_by_the_newest_holds_for_all(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    for _ in range(2):
        desk.now += timedelta(hours=1)
        desk.receive(letter({}, desk.now), desk.now)
        desk.run()
    assert settle(desk, "mail.no_attachment")
    with closing(sqlite3.connect(desk.settings.data / "annex-inbox.sqlite3")) as store, store:
        ((newest,),) = store.execute("SELECT id FROM mail ORDER BY received_at DESC LIMIT 1").fetchall()
        ((grounds,),) = store.execute("SELECT grounds FROM waiver").fetchall()
        kept = [ground for ground in json.loads(grounds) if newest in ground[1]]
        assert len(kept) < len(json.loads(grounds))
        store.execute("UPDATE waiver SET grounds = ?", (json.dumps(kept),))
    with desk.office() as office:
        assert list(office.submission(UNIVERSITY).errors) == []
