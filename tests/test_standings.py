"""What is kept of where a university stands is shown while it holds, and never when anything it was made from has changed."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, USER, form, letter, papers, settings, table
from parsers.model import Annex4, GridKind, Place, Transcript
from pipeline import standings
from pipeline.account import Account, account_in, account_out
from pipeline.bookkeeping import keep_ledger
from pipeline.codec import transcript_in, transcript_out
from pipeline.demo import forms
from pipeline.flow import judge
from pipeline.model import Disposition, Finding, Outcome, Severity, State, Submission, Version, Waiver
from pipeline.office import Office, open_office
from pipeline.reading import read_mail
from pipeline.renewal import view_of
from pipeline.reports import status
from pipeline.settings import Settings, resource
from pipeline.tables import standing

OTHER = "内蒙古农业大学"
MINUTE_LATER, LATER = MORNING + timedelta(minutes=1), MORNING + timedelta(hours=1)
TOO_LONG = "annex3.summary.too_long"


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """Settings with rules of their own, to be changed."""
    rules = tmp_path / "rules.yaml"
    rules.write_bytes(resource("rules.yaml").read_bytes())
    given = settings(tmp_path / "data", "imap://127.0.0.1:9", "smtp://127.0.0.1:9")
    return replace(given, rules=rules)


@pytest.fixture
def office(chosen: Settings) -> Iterator[Office]:
    """Two universities have written, one with a summary that is too long; the ledger's pass has seen both."""
    with open_office(chosen) as opened:
        long = table()
        long = replace(long, projects=(replace(long.projects[0], summary="字" * 51), long.projects[1]))
        hear(opened, papers(long))
        hear(opened, papers(table(OTHER, 1)), MINUTE_LATER, "nd@example.cn")
        view_of(opened)
        yield opened


def hear(
    office: Office,
    files: dict[str, bytes],
    at: datetime = MORNING,
    sender: str = "shili@example.edu.cn",
    change: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    **parts: Any,
) -> Outcome:
    """Record what a mail with these files comes to, and do nothing else."""
    raw = letter(files, at, sender, **parts)
    id = hashlib.sha256(raw).hexdigest()
    office.spool.put([raw])
    reading = read_mail(raw, USER, office.rules.limits)
    outcome = change(judge(reading, id, at, office.rules, lambda one: office.store.universities.known_to(one, at)))
    office.store.record(outcome)
    office.forget(*outcome.mail.universities)
    return outcome


def told(office: Office) -> dict[str, dict[str, Any]]:
    """What `status` says of each university that was heard of."""
    lines = status(office, LATER)["universities"]
    return {line["university"]: line for line in lines if line["state"] != "未报送"}


def truth(office: Office) -> dict[str, dict[str, Any]]:
    """The same where nothing is kept."""
    with office.store.database.writing() as connection:
        connection.execute(standing.delete())
    return told(office)


def assembled(office: Office, monkeypatch: pytest.MonkeyPatch, work: Callable[[Office], object]) -> list[str]:
    """The universities that this work assembles."""
    names: list[str] = []

    def spy(university: str, *parts: Any) -> Submission:
        names.append(university)
        return assemble(university, *parts)

    assemble = sys.modules["pipeline.assemble"].assemble
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.office.assemble", spy)
        work(office)
    return names


def test_what_a_pass_has_seen_is_not_assembled_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assembled(office, monkeypatch, told) == []
    assert assembled(office, monkeypatch, view_of) == []
    assert told(office) == truth(office)
    assert assembled(office, monkeypatch, told) == [UNIVERSITY, OTHER]


def test_only_what_has_changed_is_assembled_and_then_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(office, {"附件3.xlsx": forms.annex3_workbook(table())}, LATER)
    assert assembled(office, monkeypatch, told) == [UNIVERSITY]
    assert assembled(office, monkeypatch, view_of) == [UNIVERSITY]
    assert assembled(office, monkeypatch, told) == []


def test_the_ledger_command_trusts_nothing_that_was_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assembled(office, monkeypatch, lambda one: view_of(one, anew=True)) == [UNIVERSITY, OTHER]


def test_an_archive_that_was_taken_away_is_made_again(office: Office) -> None:
    archive = office.settings.data / "archive"
    before = sorted(archive.rglob("*"))
    archive.rename(archive.with_name("elsewhere"))
    view_of(office)
    assert sorted(archive.rglob("*")) == before


def test_the_accounts_kept_say_what_fresh_ones_say(office: Office) -> None:
    kept = view_of(office)
    assert kept == view_of(office, anew=True)
    assert [len(account.lines) for account in kept.accounts] == [2, 1]
    assert [account.errors for account in kept.accounts] == [1, 0]


def test_an_account_that_utf_8_cannot_say_is_put_together_anew_each_time() -> None:
    account = Account(
        "?demo@example.cn", State.TO_CORRECT, contact=("赵示例", "0471-6000000"), address="demo@example.cn"
    )
    assert account_in(account_out(account)) == account
    assert account_out(replace(account, contact=("\ud83d", ""))) == ""


# ---- everything that a standing depends on


def new_mail(office: Office) -> None:
    hear(office, {"附件3.xlsx": forms.annex3_workbook(table())}, LATER)


def same_mail_with_other_findings(office: Office) -> None:
    """As `replay` does after the rules have changed; the mail keeps its id and the place of its documents."""

    def change(outcome: Outcome) -> Outcome:
        first = outcome.versions[0]
        wrong = Finding("annex3.empty", Severity.ERROR, first.path, message="空的")
        return Outcome(outcome.mail, (replace(first, findings=(wrong,)), *outcome.versions[1:]))

    hear(office, papers(table(OTHER, 1)), MINUTE_LATER, "nd@example.cn", change)


def same_mail_with_nothing_wrong(office: Office) -> None:
    mail = next(one for one in office.store.mails() if UNIVERSITY in one.universities)
    versions = tuple(replace(one, findings=()) for one in office.store.versions_of(mail.id))
    office.store.record(Outcome(mail, versions))


def mail_whose_findings_change(office: Office) -> None:
    mail = next(one for one in office.store.mails() if OTHER in one.universities)
    wrong = Finding("mail.cloud_attachment", Severity.ERROR, message="只有链接")
    office.store.record(Outcome(replace(mail, findings=(wrong,)), ()))


def mail_taken_for_another_universitys(office: Office) -> None:
    mail = next(one for one in office.store.mails() if OTHER in one.universities)
    name = "内蒙古工业大学"
    versions = tuple(replace(one, university=name) for one in office.store.versions_of(mail.id))
    office.store.record(Outcome(replace(mail, universities=(name,)), versions))


def waiver(office: Office) -> None:
    office.store.universities.waive(Waiver(UNIVERSITY, TOO_LONG, "", "已核实", "赵示例"), LATER)


def purge(office: Office) -> None:
    hear(office, papers(table(OTHER, 2)), LATER, "nd@example.cn")
    view_of(office)
    office.store.purge(LATER)


CHANGES = (
    new_mail,
    same_mail_with_other_findings,
    same_mail_with_nothing_wrong,
    mail_whose_findings_change,
    mail_taken_for_another_universitys,
    waiver,
    purge,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_kept_before_a_change_is_not_shown_after_it(office: Office, change: Callable[[Office], None]) -> None:
    before, ledger = told(office), view_of(office)
    change(office)
    after = told(office)
    assert after != before
    assert view_of(office).accounts != ledger.accounts
    assert told(office) == after == truth(office)


def test_a_waiver_taken_back_counts_no_more(office: Office) -> None:
    before = told(office)
    waiver(office)
    view_of(office)
    assert told(office)[UNIVERSITY]["errors"] == []
    office.store.universities.unwaive(UNIVERSITY, TOO_LONG, "")
    assert told(office) == before


def test_a_decision_counts_at_once_and_the_last_one_only(office: Office) -> None:
    listing = {"附件3.xlsx": forms.annex3_workbook(table(projects=1))}
    (held,) = hear(office, listing, LATER, "stranger@163.com").versions
    view_of(office)
    assert told(office)[UNIVERSITY]["state"] == "待人工"
    office.store.universities.decide(held.mail, True, LATER)
    view_of(office)
    assert (told(office)[UNIVERSITY]["state"], told(office)[UNIVERSITY]["projects"]) == ("已通过", 1)
    office.store.universities.decide(held.mail, False, LATER + timedelta(minutes=1))
    assert (told(office)[UNIVERSITY]["state"], told(office)[UNIVERSITY]["projects"]) == ("待补正", 2)


def test_what_waited_for_its_university_moves_over_to_it(office: Office) -> None:
    name = "内蒙古工业大学"
    alone = forms.annex4_document(replace(form(1), university=""))
    hear(office, {"附件4.docx": alone}, sender="wait@qq.com", subject="材料")
    view_of(office)
    assert told(office)[""]["applications"] == 1
    hear(office, {"附件3.xlsx": forms.annex3_workbook(table(name, 1))}, LATER, "wait@qq.com")
    view_of(office)
    assert "" not in told(office)
    assert told(office)[name]["applications"] == 1
    assert told(office) == truth(office)


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("    limit: 50\n", "    limit: 60\n", True),
        (f"name: {OTHER},", f"name: {OTHER}校区,", True),
        ("mail_providers: [", "mail_providers: [example.edu.cn, ", True),
        ("mail_providers: [", "# 邮箱\nmail_providers: [", False),
    ],
    ids=["limit", "roster", "providers", "remark"],
)
@pytest.mark.usefixtures("office")
def test_other_rules_judge_anew(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch, old: str, new: str, stale: bool
) -> None:
    text = chosen.rules_path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    chosen.rules_path.write_text(text.replace(old, new), encoding="utf-8")
    with open_office(chosen) as changed:
        assert assembled(changed, monkeypatch, told) == ([UNIVERSITY, OTHER] if stale else [])
        assert told(changed) == truth(changed)


def test_rules_changed_on_disk_are_not_taken_for_those_at_work(office: Office, chosen: Settings) -> None:
    text = chosen.rules_path.read_text(encoding="utf-8")
    chosen.rules_path.write_text(text.replace(f"name: {OTHER},", f"name: {OTHER}校区,"), encoding="utf-8")
    new_mail(office)
    view_of(office)
    with open_office(chosen) as changed:
        assert told(changed)[OTHER]["state"] == "待人工"


@pytest.mark.usefixtures("office")
def test_another_edition_of_the_program_judges_anew(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "program", lambda _: "another")
    with open_office(chosen) as changed:
        assert assembled(changed, monkeypatch, told) == [UNIVERSITY, OTHER]


@pytest.mark.usefixtures("office")
def test_a_pass_reads_the_programs_text_once_at_most(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def program(remembered: Path) -> str:
        asked.append(remembered)
        return "text"

    monkeypatch.setattr(standings, "program", program)
    with open_office(chosen) as opened:
        keep_ledger(opened, MORNING)
        keep_ledger(opened, MORNING)
    assert asked == [chosen.data / ".program"]


def test_the_mark_is_the_same_in_every_process(
    chosen: Settings, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline import database, rules_file, standings; "
        "standings.program = lambda _: ''; "
        "store, read = database.Database.open(sys.argv[1]), rules_file.load(Path(sys.argv[2])); "
        "print(standings.Standings(store, read, Path()).marks())"
    )
    monkeypatch.setattr(standings, "program", lambda _: "")
    arguments = (chosen.database_url, str(chosen.rules_path))
    marks = {
        subprocess.run(
            [sys.executable, "-c", code, *arguments], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert marks == {f"{standings.Standings(office.store.database, office.rules, Path()).marks()}\n".encode()}


def test_what_changes_while_a_university_is_assembled_is_seen_the_next_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_mail(office)
    sync = office.archive.sync

    def overtaken(*parts: Any) -> Any:
        waiver(office)
        return sync(*parts)

    with monkeypatch.context() as patch:
        patch.setattr(office.archive, "sync", overtaken)
        view_of(office)
    assert assembled(office, monkeypatch, told) == [UNIVERSITY]


def test_sending_and_noting_things_leaves_the_rows_as_they_are(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.store.set_fact("anything", "else")
    office.store.outbox.leave_unanswered(office.store.outbox.unanswered()[0].id)
    assert assembled(office, monkeypatch, told) == []


def test_no_row_stays_of_a_university_that_is_not_heard_of_any_more(office: Office) -> None:
    office.store.purge(LATER)
    view_of(office)
    with office.store.database.reading() as connection:
        assert connection.execute(sa.select(standing)).all() == []


# ---- what stands in the store


def test_a_store_of_an_older_program_gains_what_it_lacks(chosen: Settings, office: Office) -> None:
    before = told(office)
    office.close()
    with sqlite3.connect(chosen.data / "annex-inbox.sqlite3") as old:
        old.execute("DROP TABLE standing")
        old.execute("ALTER TABLE concerns DROP COLUMN mark")
        old.execute("DROP INDEX ix_outbox_recipient")
        old.execute("UPDATE fact SET value = '1' WHERE name = 'schema'")
    with open_office(chosen) as opened:
        assert told(opened) == before
        view_of(opened)
        same_mail_with_other_findings(opened)
        assert told(opened) == truth(opened) != before
        indexes = sa.inspect(opened.store.database.engine).get_indexes("outbox")
        assert "recipient" in [column for index in indexes for column in index["column_names"]]


def test_the_replies_and_mails_are_counted_where_they_are(office: Office) -> None:
    told = status(office, LATER)
    assert told["mails"] == {"recorded": 2, "set_aside": 0, "unanswered": 2}
    assert told["replies"] == {}
    assert sum(told["states"].values()) == len(told["universities"])


@pytest.mark.parametrize("text", ["汉字与 letters", "\ud800", "a\x00b\u2028c", "𠀀"])
def test_every_text_comes_back_from_the_store_as_it_was(office: Office, text: str) -> None:
    outcome = hear(office, {"附件3.xlsx": forms.annex3_workbook(table())}, LATER)
    (version,) = outcome.versions
    odd: Version = replace(version, transcript=Transcript(None, "docx", notes=(text,)))
    office.store.record(Outcome(replace(outcome.mail, disposition=Disposition.SUBMISSION), (odd,)))
    assert office.store.versions_of(version.mail) == [odd]


def test_places_are_read_back_as_they_were_written(office: Office) -> None:
    (mail, *_) = office.store.mails()
    for version in office.store.versions_of(mail.id):
        fresh = transcript_in(transcript_out(version.transcript))
        assert fresh == version.transcript
        assert dict(fresh.places) == {name: fresh.places[name] for name in version.transcript.places}
        assert str(fresh.places["university"])
        assert fresh.places.get("nothing") is None


@pytest.mark.parametrize("label", ["联系\n电话", "␞", "a␟b", "␟" * 6 + "␞" * 3, ""])
def test_a_place_may_be_called_anything(label: str) -> None:
    place = Place(GridKind.SHEET, label, 1, 2, -1, label)
    for places in ({}, {"phone": place}, {"phone": place, label: Place(), "projects.0": Place(GridKind.TABLE, row=3)}):
        transcript = Transcript("annex4", "docx", Annex4(), places)
        stored = json.loads(json.dumps(transcript_out(transcript)))
        assert transcript_in(stored) == transcript
        assert transcript == transcript_in(stored)


def test_places_stored_by_an_older_program_are_read() -> None:
    stored = transcript_out(Transcript("annex4", "docx", Annex4())) | {
        "places": {"phone": ["sheet", "表", 1, 4, 2, "电话"], "seal": [None, "", 0, -1, -1, ""]}
    }
    found = transcript_in(stored).places
    assert found == {"phone": Place(GridKind.SHEET, "表", 1, 4, 2, "电话"), "seal": Place()}


def test_the_programs_text_is_read_again_only_when_a_source_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "__file__", str(tmp_path / "standings.py"))
    (tmp_path / "rule.py").write_text("one")
    remembered, read = tmp_path / ".program", standings.program.__wrapped__
    first = read(remembered)
    with monkeypatch.context() as unread:
        unread.setattr(Path, "read_bytes", lambda _: pytest.fail("a source was read"))
        assert read(remembered) == first
    (tmp_path / "rule.py").write_text("three")
    assert read(remembered) == read(tmp_path / "none") != first
    remembered.write_text(remembered.read_text()[:-1])
    assert read(remembered) == read(tmp_path / "none") != first
