"""The benchmark measures what it says it measures; no test here looks at how fast anything is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import child, clock, documents, ledgers, mailbox, mails, material, rows, scale

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")


@pytest.fixture(autouse=True)
def _little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "QUICK_SECONDS", 0)
    monkeypatch.setattr(documents, "IN_A_ROW", 2)
    monkeypatch.setattr(mails, "QUICK_SECONDS", 0)
    monkeypatch.setattr(ledgers, "QUICK", 2)
    monkeypatch.setattr(mailbox, "QUICK_MAILS", 3)


def test_contenders_take_turns_after_a_round_that_does_not_count() -> None:
    order: list[str] = []
    found = clock.race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 0, least=3)
    assert order == ["a", "b"] * 4
    assert [len(timing.walls) for timing in found.values()] == [3, 3]


def test_a_burst_is_run_at_one_turn_after_one_that_does_not_count_and_timed_as_one_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    # A clock that goes on by a second whenever anything is run.
    monkeypatch.setattr(clock, "perf_counter", lambda: len(order))
    found = clock.race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 0, 1, False, burst=3)
    assert order == [*"aaaabbbb"]
    assert [timing.wall for timing in found.values()] == [1000, 1000]


def test_a_ratio_compares_what_was_measured_in_the_same_round() -> None:
    # The machine is half as fast in the second round, and hiccups in the last.
    own, other = clock.Timing((2, 4, 90), ()), clock.Timing((1, 2, 1), ())
    assert own.ratio(other) == 2
    assert own.wall / other.wall == 4


def test_a_target_is_met_on_its_own_side_of_the_bound() -> None:
    assert rows.Check("cost", 3.0, 3).met
    assert not rows.Check("cost", 3.1, 3).met
    assert rows.Check("faster", 10.0, 10, at_least=True).met
    assert not rows.Check("faster", 9.9, 10, at_least=True).met


def test_invented_universities_suffice_for_a_country_and_none_lies_within_another() -> None:
    names = [one.name for one in material.universities(3100)]
    together = "\n".join(names)
    assert len(names) == 3100
    assert all(together.count(name) == 1 for name in names)


def test_a_mail_weighs_what_it_is_said_to_and_brings_eight_files() -> None:
    one = next(material.letters(1))
    assert abs(len(one.raw) / material.MAIL_BYTES - 1) < 0.05
    assert len(one.names) == 8


def test_every_document_is_read_as_the_form_it_is() -> None:
    found = [row for row in documents.rows(quick=True) if row.note != "no reader for this format"]
    assert {"Annex 4 .docx", "Annex 3 .xlsx"} <= {row.name for row in found}
    assert [(row.name, row.note) for row in found if row.note] == []
    assert all(row.parts.keys() == {"open", "transcribe", "check"} for row in found)


def test_every_stage_of_a_mail_is_measured_on_all_its_files() -> None:
    notes = {row.name: row.note for row in mails.rows(quick=True)}
    assert notes["decode"] == "8 files, all names right"
    assert notes["process(): raw bytes to Outcome, in this process"] == "8 forms found"
    assert "store commit" in notes


def test_every_spooled_mail_comes_to_an_outcome_and_a_reply() -> None:
    found = list(scale.rows(quick=True, largest=2))
    assert [row.name for row in found[:2]] == ["1 universities", "2 universities"]
    assert "2 replies queued" in found[1].note
    assert found[1].parts.keys() == {"take", "answer", "ledger"}
    assert found[-1].name == "3,100 universities (projected)"


def test_the_ledger_is_made_from_the_filled_store_and_the_commands_are_run_on_it() -> None:
    found = list(ledgers.rows(quick=True))
    assert [row.name for row in found] == [
        "ledger of 14 projects",
        "the same where one university has changed, 14 projects",
        "annex-inbox status, 14 projects",
        "annex-inbox --help",
    ]
    assert all(row.wall for row in found)


def test_a_pass_over_a_known_mailbox_is_measured() -> None:
    found = list(mailbox.rows(quick=True))
    assert [row.name for row in found] == ["nothing new, 3 mails, embedded server"]


def test_json_holds_the_machine_and_a_row_for_each_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--quick", "--only", "mails", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert "cores" in printed["machine"]
    assert {row["section"] for row in printed["rows"]} == {"mails"}
    assert {"name", "value", "bound", "unit", "at_least", "met"} == printed["rows"][0]["checks"][0].keys()


def test_tables_show_each_target_with_its_mark(capsys: pytest.CaptureFixture[str]) -> None:
    checks = (rows.Check("cost", 2.0, 3), rows.Check("faster", 2.0, 8, at_least=True))
    rows.show("documents", "a title", [rows.Row("documents", "a document", 12.3, checks=checks)])
    shown = capsys.readouterr().out
    assert "✓ cost 2× (≤ 3×)" in shown
    assert "✗ faster 2× (≥ 8×)" in shown


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(child.Failed, match="broken"):
        child.run([sys.executable, "-c", "raise SystemExit('broken')"])


@needs_proc
def test_the_peak_counts_what_a_grandchild_holds() -> None:
    hold = "import time; block = b'x' * 80_000_000; time.sleep(0.5)"
    usage = child.run(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"]
    )
    assert usage.peak is not None
    assert usage.peak > 80


@needs_proc
def test_a_process_is_a_member_of_its_own_family() -> None:
    assert child.family(os.getpid())[0] == os.getpid()
    assert child.family_cpu() > 0
