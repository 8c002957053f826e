"""Documents are read in confined processes: what a document does to its worker, and what becomes of the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

import misbehaving
import parsers
from documents import docx, paragraph
from parsers.model import ProblemKind, Transcript
from pipeline import reader as module
from pipeline.reader import Breach, Reader, ReadingFault, ReadingLimits

ROOT = Path(__file__).resolve().parent.parent
QUICK = ReadingLimits(seconds=20)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(limits=QUICK, scratch=tmp_path / "tmp", target="misbehaving:read") as opened:
        yield opened


def strict(scratch: Path, **limits: float) -> Reader:
    limits = {"seconds": 20, **limits}
    return Reader(limits=ReadingLimits(**limits), scratch=scratch, target="misbehaving:read")  # type: ignore[arg-type]


def said(reader: Reader, command: str) -> str:
    (transcript,) = reader.read(command.encode(), "附件4.docx")
    return transcript.notes[0] if transcript.notes else transcript.problems[0].detail


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_end(*pids: int) -> bool:
    end = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(is_alive(pid) for pid in pids)


def test_a_document_is_read_as_without_a_worker(tmp_path: Path) -> None:
    content = (ROOT / "templates" / "附件3.docx").read_bytes()
    with Reader(scratch=tmp_path) as reader:
        assert reader.read(content, "附件3.docx") == parsers.read(content, "附件3.docx")


def test_every_part_of_a_transcript_comes_back_as_it_was(reader: Reader) -> None:
    assert reader.read(b"everything") == misbehaving.everything()


def test_a_name_that_is_no_text_reaches_the_worker_unchanged(reader: Reader) -> None:
    assert reader.read(b"pid", "附件\udcff.docx")[0].format == "附件\udcff.docx"


def test_a_large_document_reaches_the_worker_whole(reader: Reader) -> None:
    (transcript,) = reader.read(b"echo " + b"x" * (30 << 20))
    assert len(transcript.notes[0]) == 30 << 20


def test_no_process_is_started_before_the_first_document(tmp_path: Path) -> None:
    with Reader(scratch=tmp_path) as reader:
        assert reader.pids == ()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_is_used_again(reader: Reader) -> None:
    pids = {said(reader, "pid") for _ in range(5)}
    assert pids == {str(pid) for pid in reader.pids}
    assert len(pids) == 1


def test_workers_that_rest_are_ended_and_others_started_when_needed(reader: Reader) -> None:
    first = said(reader, "pid")
    reader.rest()
    assert all_end(int(first))
    assert reader.pids == ()
    assert said(reader, "pid") != first


def test_the_documents_of_a_mail_are_read_side_by_side(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "met").mkdir()
    command = f"meet {tmp_path / 'met'}".encode()
    assert [answer[0].notes for answer in reader.read_many([(command, "1"), (command, "2")])] == [("met",), ("met",)]


def test_the_documents_of_a_mail_come_back_in_order(reader: Reader) -> None:
    answers = reader.read_many([(b"wait 0.2", "1"), (b"wait 0.1", "2"), (b"wait 0", "3")])
    assert [[one.format for one in answer] for answer in answers] == [["1"], ["2"], ["3"]]
    assert len(reader.pids) == 2


def old(words: str) -> bytes:
    return (misbehaving.OLD + words).encode()


def test_old_formats_are_got_ready_together_by_the_worker_that_reads_them(reader: Reader) -> None:
    documents = [(old("ready"), "1"), (b"ready", "2"), (old("ready"), "3"), (old("ready"), "4")]
    answers = [one.notes[0].split(" ") for answer in reader.read_many(documents) for one in answer]
    assert [names for _, *names in answers[::2]] == [["1", "3", "4"]] * 2
    assert answers[0] == answers[2] == answers[3]
    assert [one.format for answer in reader.read_many(documents) for one in answer] == ["1", "2", "3", "4"]


def test_a_single_document_of_an_old_format_needs_no_getting_ready(reader: Reader) -> None:
    answers = reader.read_many([(old("ready"), "1"), (b"pid", "2")])
    assert len(answers[0][0].notes[0].split()) == 1


def test_so_many_old_documents_at_a_time_are_got_ready(reader: Reader) -> None:
    number = 2 * module.MOST_TOGETHER + 1
    answers = reader.read_many([(old("ready"), str(one)) for one in range(number)])
    told = [answer[0].notes[0].split()[1:] for answer in answers]
    assert told[0][: module.MOST_TOGETHER] == [str(one) for one in range(module.MOST_TOGETHER)]
    assert max(len(names) for names in told) < number


def test_large_old_documents_are_not_got_ready_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_TOGETHER", 1000)
    large = old("ready" + " " * 600)
    assert module._groups([old("ready"), large, old("ready"), b"pid", large]) == [[0, 1, 2], [4], [3]]


@pytest.mark.parametrize("words", ["leave 3", "wait 30", "eat"])
def test_what_fails_in_getting_ready_is_read_one_by_one(tmp_path: Path, words: str) -> None:
    with strict(tmp_path, seconds=2, memory=300 << 20) as reader:
        first, *others = reader.read_many([(old(words), "first"), (old("pid"), "2"), (old("pid"), "3")])
    assert [(answer[0].format, answer[0].problems) for answer in others] == [("2", ()), ("3", ())]
    assert first[0].problems


def test_a_document_that_only_getting_ready_harms_is_read(reader: Reader, tmp_path: Path) -> None:
    answers = reader.read_many([(old(f"shot_unless {tmp_path / 'x'}"), "first"), (old("pid"), "2")])
    assert answers[0][0].notes == ("alive",)
    assert answers[1][0].notes


def test_a_document_that_ends_the_worker_it_was_got_ready_in_costs_only_itself(reader: Reader) -> None:
    answers = reader.read_many([(old("pid"), "1"), (old("leave 3"), "2"), (old("pid"), "3")])
    assert [answer[0].problems for answer in answers[::2]] == [(), ()]
    assert answers[1][0].problems[0].detail == Breach.CRASH.value


def test_a_fault_in_one_of_several_documents_comes_through(reader: Reader) -> None:
    with pytest.raises(ReadingFault, match="LookupError"):
        reader.read_many([(b"pid", "1"), (b"fail x", "2"), (b"pid", "3")])
    assert said(reader, "echo on") == "on"


def test_once_the_time_for_all_is_used_up_no_more_is_read_and_their_sender_is_told(reader: Reader) -> None:
    documents = [
        (old("wait 0.3"), "prepared"),
        (old("pid"), "too"),
        *[(b"wait 0.3", str(number)) for number in range(8)],
    ]
    problems = [answer[0].problems for answer in reader.read_many(documents, seconds=0.5)]
    told = [one.detail for (one,) in filter(None, problems)]
    assert set(told) == {Breach.MAIL.value}
    assert 0 < len(told) < len(documents)
    assert problems[-1]


def test_a_document_that_hangs_is_stopped(tmp_path: Path) -> None:
    with strict(tmp_path, seconds=0.5) as reader:
        said(reader, "pid")
        (pid,) = reader.pids
        (transcript,) = reader.read(b"wait 600")
        assert [(one.kind, one.detail) for one in transcript.problems] == [(ProblemKind.UNSAFE, "处理超时，已停止")]
        assert transcript.form is None
        assert not is_alive(pid)
        assert said(reader, "echo on") == "on"


def test_what_a_hanging_document_started_is_stopped_too(tmp_path: Path) -> None:
    with strict(tmp_path / "tmp", seconds=1.5) as reader:
        assert said(reader, f"offspring {tmp_path / 'pids'}") == Breach.TIME.value
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all_end(*pids)


def test_a_document_that_computes_for_ever_is_stopped_by_its_share_of_the_processor(tmp_path: Path) -> None:
    with strict(tmp_path, seconds=600, cpu_seconds=0) as reader:
        assert said(reader, "spin") == Breach.TIME.value


def test_each_document_has_a_share_of_the_processor_of_its_own(tmp_path: Path) -> None:
    with strict(tmp_path, cpu_seconds=1) as reader:
        first = said(reader, "pid")
        for _ in range(4):
            said(reader, "busy 0.8")
        assert said(reader, "pid") == first


def test_a_document_that_takes_all_memory_is_stopped(tmp_path: Path) -> None:
    with strict(tmp_path, memory=200 << 20) as reader:
        assert said(reader, "eat") == Breach.MEMORY.value
        assert said(reader, "echo on") == "on"


def test_a_document_that_maps_too_much_is_stopped(tmp_path: Path) -> None:
    with strict(tmp_path, address_space=500 << 20) as reader:
        assert said(reader, "reserve 100") == str(100 << 20)
        with pytest.raises(ReadingFault, match="Cannot allocate memory"):
            reader.read(b"reserve 900")


def test_a_worker_that_holds_on_to_much_memory_is_replaced(reader: Reader) -> None:
    first = said(reader, "pid")
    assert said(reader, "hoard 10") == first
    assert said(reader, "hoard 200") == first
    assert said(reader, "pid") != first


def test_a_document_that_fills_the_disk_is_stopped(tmp_path: Path) -> None:
    with strict(tmp_path, file_size=1 << 20) as reader:
        assert said(reader, "fill 3") == Breach.DISK.value


def test_an_answer_that_is_too_long_is_not_taken(tmp_path: Path) -> None:
    with strict(tmp_path, reply=1 << 20) as reader:
        assert said(reader, "talk 3") == Breach.MEMORY.value
        assert said(reader, "echo on") == "on"


@pytest.mark.parametrize("command", ["leave 0", "leave 3", "crash", "shot"])
def test_a_document_that_ends_its_worker_twice_is_unsafe(reader: Reader, command: str) -> None:
    first = said(reader, "pid")
    (transcript,) = reader.read(command.encode())
    assert [(one.kind, one.detail) for one in transcript.problems] == [(ProblemKind.UNSAFE, "读取时程序异常中止")]
    assert said(reader, "pid") != first


def test_a_document_whose_worker_died_for_another_reason_is_read_by_a_fresh_one(reader: Reader, tmp_path: Path) -> None:
    assert said(reader, f"shot_unless {tmp_path / 'once'}") == "alive"


def test_a_worker_that_died_while_idle_costs_no_document(reader: Reader) -> None:
    said(reader, "pid")
    (pid,) = reader.pids
    os.kill(pid, signal.SIGKILL)
    assert all_end(pid)
    assert said(reader, "echo on") == "on"


def test_a_fault_of_ours_comes_through_with_its_traceback(reader: Reader) -> None:
    first = said(reader, "pid")
    with pytest.raises(ReadingFault) as caught:
        reader.read("fail 标签".encode())
    assert str(caught.value) == "LookupError: 标签"
    told = "".join(traceback.format_exception(caught.value))
    assert "misbehaving.py" in told
    assert "raise LookupError(text)" in told
    assert said(reader, "pid") == first


def test_a_fault_that_cannot_travel_comes_through_as_text(reader: Reader) -> None:
    with pytest.raises(ReadingFault, match=r"^Odd: "):
        reader.read(b"fail_oddly")


def test_a_parser_that_cannot_be_imported_is_a_fault_of_ours_not_of_the_document(tmp_path: Path) -> None:
    with (
        Reader(scratch=tmp_path, target="parsers.no_such_module:read") as reader,
        pytest.raises(ReadingFault, match="ModuleNotFoundError"),
    ):
        reader.read(b"x")


def test_a_worker_that_was_taken_over_cannot_make_us_call_anything(reader: Reader, tmp_path: Path) -> None:
    assert said(reader, f"trap {tmp_path / 'made'}") == Breach.CRASH.value
    assert not (tmp_path / "made").exists()


def test_a_worker_knows_no_secret_and_works_in_a_folder_of_its_own(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNEX_AUTH_CODE", "ABCDEFGHIJKLMNOP")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    told = said(reader, "environment")
    assert "ANNEX" not in told
    assert "PROXY" not in told
    assert told.endswith(tuple(str(path) for path in (tmp_path / "tmp").glob("*/*")))


def test_a_worker_leaves_no_core_and_imports_nothing_from_where_it_was_started(reader: Reader) -> None:
    assert said(reader, "limits") == "(0, 0) 1"


def test_a_parser_that_reads_standard_input_finds_it_empty(reader: Reader) -> None:
    assert said(reader, "standard_input") == "b''"


def test_temporary_files_are_gone_when_the_reader_is_closed(tmp_path: Path) -> None:
    with strict(tmp_path) as reader:
        home = Path(said(reader, "scribble"))
        assert (home / "left behind").exists()
        assert (home.parent.stat().st_mode & 0o777, home.parent.parent) == (0o700, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_behind_is_swept_at_the_next_start(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, ours = (tmp_path / f"annex-inbox-reader-{pid}-abc" for pid in (gone.pid, os.getpid()))
    for folder in (left, ours, tmp_path / "something else"):
        (folder / "x").mkdir(parents=True)
    sleeper = subprocess.Popen(["sleep", "600"], env={"HOME": str(left / "x"), "PATH": os.environ["PATH"]})
    with strict(tmp_path) as reader:
        said(reader, "pid")
        assert not left.exists()
        assert ours.exists()
        assert (tmp_path / "something else").exists()
    assert sleeper.wait(10) == -signal.SIGKILL


def test_closing_ends_a_busy_worker(tmp_path: Path) -> None:
    reader = strict(tmp_path, seconds=600)
    said(reader, "pid")
    closing = Timer(0.3, reader.close)
    closing.start()
    with pytest.raises(RuntimeError, match="closed"):
        reader.read(b"wait 600")
    closing.join()
    assert reader.pids == ()
    assert list(tmp_path.iterdir()) == []


def test_a_closed_reader_reads_no_more(tmp_path: Path) -> None:
    reader = strict(tmp_path)
    reader.close()
    reader.close()
    with pytest.raises(RuntimeError, match="closed"):
        reader.read(b"pid")


PROGRAM = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from pipeline.reader import Reader
with Reader(scratch=Path({scratch!r}), target="misbehaving:read") as reader:
    (first,) = reader.read(b"pid")
    print(first.notes[0], flush=True)
    reader.read_many([(b"spin", ""), (b"wait 600", "")])
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_program_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    text = PROGRAM.format(path=[str(ROOT), str(ROOT / "tests")], scratch=str(tmp_path))
    program = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path, text=True
    )
    assert program.stdout is not None
    program.stdout.readline()
    time.sleep(0.7)
    workers = [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _works_for(pid, tmp_path)]
    assert len(workers) == 2
    program.send_signal(number)
    program.wait(10)
    program.stdout.close()
    assert all_end(*workers)


def _works_for(pid: int, scratch: Path) -> bool:
    try:
        return f"HOME={scratch}".encode() in Path(f"/proc/{pid}/environ").read_bytes() and is_alive(pid)
    except OSError:
        return False


def test_where_processes_cannot_be_confined_documents_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONFINED", False)
    with strict(tmp_path) as reader:
        assert reader.read(b"pid") == [Transcript(None, "", notes=(str(os.getpid()),))]
        assert reader.pids == ()


def test_reading_in_a_worker_adds_little_to_a_small_document(tmp_path: Path) -> None:
    content = docx(paragraph("情况说明"))
    with Reader(scratch=tmp_path) as reader:
        first = _time(reader, content)
        confined = min(_time(reader, content) for _ in range(30))
    direct = min(_time(parsers, content) for _ in range(30))
    # The first reading started a process; after it none is started, and nothing is waited for, by document.
    assert 20 * (confined - direct) < first


def _time(who: object, content: bytes) -> float:
    start = time.perf_counter()
    who.read(content)  # type: ignore[attr-defined]
    return time.perf_counter() - start
