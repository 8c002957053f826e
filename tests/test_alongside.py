"""Work done in a second process comes back whole, and whatever happens to that process, it is done."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk import UNIVERSITY, papers, settings, table
from pipeline import dashboard, renewal
from pipeline.alongside import alongside, worth_while
from pipeline.bookkeeping import keep_ledger
from pipeline.ledger_view import LedgerView
from pipeline.lock import single_run
from pipeline.model import Submission
from pipeline.office import Office, open_office
from pipeline.renewal import view_of
from test_standings import LATER, MINUTE_LATER, OTHER, hear

THIRD = "内蒙古师范大学"

two_processes = pytest.mark.skipif(not worth_while(), reason="needs fork and two cores")


def asked(work: Callable[[], object]) -> object:
    with alongside(work) as result:
        return result()


@two_processes
def test_the_work_is_done_in_another_process_at_the_same_time(tmp_path: Path) -> None:
    begun, going_on = tmp_path / "begun", tmp_path / "going on"

    def work() -> int:
        begun.touch()
        _wait_for(going_on)
        return os.getpid()

    with alongside(work) as result:
        _wait_for(begun)
        going_on.touch()
        assert result() != os.getpid()


def test_much_comes_back_as_it_was() -> None:
    much = {str(number): ("字" * 100, number) for number in range(20_000)}
    assert asked(lambda: much) == much


def test_what_fails_there_is_done_here_and_raises_here() -> None:
    def work() -> int:
        raise ZeroDivisionError(os.getpid())

    with pytest.raises(ZeroDivisionError) as raised:
        asked(work)
    assert raised.value.args == (os.getpid(),)


def test_what_cannot_be_handed_back_is_done_here() -> None:
    result = asked(lambda: lambda: "no pickle holds this")
    assert callable(result)


def test_work_lost_with_its_process_is_done_here() -> None:
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 5

    assert asked(work) == 5


@two_processes
def test_work_lost_while_it_is_handed_back_is_done_here(tmp_path: Path) -> None:
    here, pid = os.getpid(), tmp_path / "pid"

    def work() -> str:
        pid.write_text(str(os.getpid()))
        # More than a pipe holds, so that handing it back waits for whoever asks.
        return ("here " if os.getpid() == here else "there") * 1_000_000

    with alongside(work) as result:
        _wait_for(pid)
        time.sleep(0.5)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        assert result() == "here " * 1_000_000


@two_processes
def test_work_nobody_asks_for_any_more_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def work() -> None:
        pid.write_text(str(os.getpid()))
        time.sleep(600)

    with alongside(work):
        _wait_for(pid)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_on_one_core_the_work_is_done_here_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert not worth_while()
    assert asked(os.getpid) == os.getpid()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Three universities have written, and their files are in their places."""
    with open_office(settings(tmp_path / "data", "imap://127.0.0.1:9", "smtp://127.0.0.1:9")) as opened:
        hear(opened, papers(table()))
        hear(opened, papers(table(OTHER, 1)), MINUTE_LATER, "nd@example.cn")
        hear(opened, papers(table(THIRD, 1)), LATER, "sd@example.cn")
        view_of(opened)
        yield opened


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A few universities are enough to be shared; the names of those assembled in this process."""
    here: list[str] = []
    assemble = sys.modules["pipeline.assemble"].assemble

    def spy(university: str, *parts: object) -> Submission:
        here.append(university)
        return assemble(university, *parts)

    monkeypatch.setattr(renewal, "WORTH_SHARING", 1)
    monkeypatch.setattr(renewal, "MANY", 1)
    monkeypatch.setattr("pipeline.office.assemble", spy)
    return here


@two_processes
def test_accounts_made_by_two_processes_are_those_made_by_one(office: Office, shared: list[str]) -> None:
    together = view_of(office, anew=True)
    assert shared == [UNIVERSITY]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renewal, "WORTH_SHARING", 100)
        assert view_of(office, anew=True) == together
    assert [account.university for account in together.accounts] == [UNIVERSITY, OTHER, THIRD]


@two_processes
def test_some_are_left_to_the_second_process_alone(
    office: Office, shared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = view_of(office)
    monkeypatch.setattr(renewal, "MANY", 200)
    assert view_of(office, anew=True) == alone
    assert shared == []


@two_processes
def test_what_the_second_process_finds_out_of_place_is_filed_by_the_first(office: Office, shared: list[str]) -> None:
    archive = office.settings.data / "archive"
    before = sorted(archive.rglob("*"))
    for path in (archive / THIRD).rglob("*.docx"):
        path.unlink()
    view_of(office, anew=True)
    assert shared == [UNIVERSITY, THIRD]
    assert sorted(archive.rglob("*")) == before


@two_processes
def test_a_second_process_stops_where_nothing_is_in_its_place(
    office: Office, shared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "OUT_OF_PLACE", 0)
    archive = office.settings.data / "archive"
    before = sorted(archive.rglob("*"))
    archive.rename(archive.with_name("elsewhere"))
    view_of(office)
    assert shared == [UNIVERSITY, OTHER, THIRD]
    assert sorted(archive.rglob("*")) == before


def test_a_page_that_cannot_be_written_leaves_the_ledger_right(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.dashboard.write", full)
    assert keep_ledger(office, LATER).written
    assert office.ledger_path.exists()
    assert not office.dashboard_path.exists()
    monkeypatch.undo()
    assert keep_ledger(office, LATER).written is False
    assert office.dashboard_path.exists()


@two_processes
def test_a_page_whose_process_is_killed_is_drawn_all_the_same(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here, render = os.getpid(), dashboard.render

    def killed(view: LedgerView) -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return render(view)

    monkeypatch.setattr("pipeline.dashboard.render", killed)
    keep_ledger(office, LATER)
    assert office.dashboard_path.read_text() == render(view_of(office))


@two_processes
def test_a_second_process_that_outlives_the_first_writes_nothing(office: Office, tmp_path: Path) -> None:
    drawing, go_on, done = (tmp_path / name for name in ("drawing", "go on", "done"))
    first = os.fork()
    if not first:
        _draw_slowly(office, drawing, go_on, done)
        os._exit(0)
    _wait_for(drawing)
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    before = _files(office.settings.data)
    go_on.touch()
    _wait_for(done)
    assert _files(office.settings.data) == before
    with single_run(office.settings):
        assert keep_ledger(office, LATER).written


def _draw_slowly(office: Office, drawing: Path, go_on: Path, done: Path) -> None:
    """What a pass does, with a page that takes until it may go on."""
    render = dashboard.render

    def slow(view: LedgerView) -> str:
        drawing.touch()
        _wait_for(go_on)
        page = render(view)
        done.touch()
        return page

    with pytest.MonkeyPatch.context() as patch, single_run(office.settings):
        patch.setattr("pipeline.dashboard.render", slow)
        keep_ledger(office, LATER)


def _files(folder: Path) -> dict[Path, int]:
    """Every file with its time of change; those that SQLite keeps beside its database come and go with connections."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "sqlite3" not in path.name}


def _wait_for(path: Path) -> None:
    for _ in range(1000):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} did not come")
