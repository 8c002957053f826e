"""Faults of disk, store, ledger and both servers: every mail ends up in the ledger once and is answered once, or staff are told."""

from __future__ import annotations

import email
import email.policy
import errno
import os
import re
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from desk import CODE, MORNING, USER, Desk, letter, papers, settings, table
from pipeline import database, dispatch, imap_session, ledger_charts, outbox, reader
from pipeline.errors import ConfigurationError
from pipeline.passes import Pass
from servers.netease import Netease
from servers.post import FakePost
from servers.proxy import Proxy

ONE, TWO = "shili@example.edu.cn", "nongda@example.edu.cn"
HOUR, DAY = 60, 24 * 60


def mails() -> list[bytes]:
    """A submission from each of two universities."""
    return [
        letter(papers(table(projects=1), applications=False), MORNING, ONE),
        letter(papers(table("内蒙古农业大学", 1), applications=False), MORNING, TWO),
    ]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as a test can bear; neither charts nor processes for reading, which nothing here looks at."""
    monkeypatch.setattr(imap_session, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(imap_session, "READ_SECONDS", 1)
    monkeypatch.setattr(imap_session, "LEAVE_SECONDS", 0.2)
    monkeypatch.setattr(outbox, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(outbox, "LEAVE_SECONDS", 0.2)
    monkeypatch.setattr(database, "LOCKED_SECONDS", 0.2)
    monkeypatch.setattr(ledger_charts, "draw", lambda *_: None)
    monkeypatch.setattr(reader, "CONFINED", False)


@contextmanager
def at_netease(data: Path, smtp: str, *lot: bytes, **more: Any) -> Iterator[tuple[Netease, Desk]]:
    """A desk whose mailbox is at a fake NetEase; replies go to the server named."""
    with Netease(user=USER, code=CODE) as server:
        for number, raw in enumerate(lot):
            server.add("INBOX", raw, MORNING + timedelta(minutes=number))
        given = settings(data, server.url, smtp, **more)
        yield server, Desk(None, None, given, MORNING + timedelta(minutes=len(lot)))  # type: ignore[arg-type]


@contextmanager
def posting(**answers: bytes) -> Iterator[FakePost]:
    """A fake NetEase that answers SMTP commands as told."""
    with FakePost(USER, CODE, answers) as post:
        yield post


def keep_sent(server: Netease, *raws: bytes) -> None:
    for raw in raws:
        server.add("已发送", raw, MORNING)


def log(desk: Desk) -> list[str]:
    """The senders in the mail log of the ledger, one for each line."""
    rows = CalamineWorkbook.from_path(desk.ledger).get_sheet_by_name("邮件日志").to_python()
    return sorted(str(row[1]).partition("<")[2].rstrip(">") for row in rows[1:])


def became(desk: Desk) -> dict[str, str]:
    """The state of each reply, by its recipient."""
    with desk.office() as office:
        return {reply.recipient: reply.state for reply in office.store.outbox.replies()}


def addressed(post: FakePost) -> list[str]:
    """Who the mails that arrived at the server are for."""
    heads = [email.message_from_bytes(raw, policy=email.policy.default)["To"] for raw in post.mails]
    return sorted(str(head.addresses[0].addr_spec) for head in heads)


def run(desk: Desk, minutes: float = 5, **changed: Any) -> Pass | None:
    """A pass that may fail for want of disk or store; None if it did, which is a matter for the next one (exit code 75)."""
    try:
        done = desk.run(minutes, **changed)
    except ConfigurationError:
        return None
    if any("磁盘或数据库" in str(trouble) for trouble in done.troubles):
        assert done.exit_code == 75
        return None
    if not done.troubles:
        check_totals(done)
    return done


def check_totals(done: Pass) -> None:
    assert done.listed == done.recorded + done.set_aside + done.known_already + done.missed


# ---- disk, store and ledger


def full_disk(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Let nothing be written any more to files whose path has this part, as when a disk is full."""
    real = os.fsync

    def failing(descriptor: int) -> None:
        if part in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)


@pytest.mark.parametrize("part", ["/mail/", "/archive/", "/ledger/"])
def test_after_a_full_disk_the_next_pass_makes_everything_good(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        with monkeypatch.context() as patched:
            full_disk(patched, part)
            run(desk)
            run(desk)
        done = run(desk)
        assert done is not None
        assert log(desk) == [TWO, ONE]
        assert addressed(post) == [TWO, ONE]
        assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".tmp", ".unfinished"))]


def mounted(folder: Path, size: str) -> bool:
    import subprocess

    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return os.getuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    import subprocess

    folder = tmp_path / "disk"
    if not mounted(folder, "4m"):
        pytest.skip("takes the right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_disk_that_is_really_full_nothing_is_lost_and_the_store_survives(small_disk: Path) -> None:
    with posting() as post, at_netease(small_disk / "data", post.url, *mails()) as (_, desk):
        (small_disk / "data").mkdir()
        ballast = small_disk / "ballast"
        for free in (0, 100_000, 200_000, 300_000, 400_000):
            with suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(4096))
            with ballast.open("r+b") as file:
                file.truncate(max(0, ballast.stat().st_size - free))
            run(desk)
        ballast.unlink()
        done = run(desk, DAY)
        assert done is not None
        assert run(desk) is not None
        assert log(desk) == [TWO, ONE]
        assert Counter(addressed(post)) <= Counter([ONE, TWO])
        assert all(state in ("sent", "unconfirmed") for state in became(desk).values())
        assert {*addressed(post), *(to for to, state in became(desk).items() if state == "unconfirmed")} == {ONE, TWO}


def test_a_store_locked_for_a_while_only_makes_the_pass_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCKED_SECONDS", 10)
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        with desk.office():
            pass
        held, released = threading.Event(), threading.Event()

        def other_writer() -> None:
            with locked(tmp_path):
                held.set()
                time.sleep(0.5)
            released.set()

        thread = threading.Thread(target=other_writer)
        thread.start()
        held.wait(5)
        done = run(desk)
        thread.join()
        assert released.is_set()
        assert done is not None
        assert (done.recorded, done.exit_code, addressed(post)) == (2, 0, [TWO, ONE])


@contextmanager
def locked(data: Path) -> Iterator[None]:
    connection = sqlite3.connect(data / "annex-inbox.sqlite3", isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def test_a_store_locked_for_too_long_costs_a_pass_and_nothing_else(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        with desk.office():
            pass
        with locked(tmp_path):
            assert run(desk) is None
        assert run(desk) is not None
        assert (log(desk), addressed(post)) == ([TWO, ONE], [TWO, ONE])


@pytest.mark.parametrize("step", ["_begun", "_settle"])
def test_a_store_locked_around_the_handing_over_causes_no_second_reply(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posting() as post, at_netease(tmp_path, post.url, mails()[0]) as (server, desk):
        real = getattr(dispatch, step)

        def failing(*given: Any) -> Any:
            with locked(tmp_path):
                return real(*given)

        with monkeypatch.context() as patched:
            patched.setattr(dispatch, step, failing)
            assert run(desk) is None
        keep_sent(server, *post.mails)
        run(desk)
        run(desk)
        assert (addressed(post), became(desk)) == ([ONE], {ONE: "sent"})


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """A switch that makes the ledger's folder read-only, for whoever runs the tests."""
    import subprocess

    folder = tmp_path / "ledger"
    if not mounted(folder, "4m"):
        folder.mkdir(exist_ok=True)
        if os.getuid() == 0:
            pytest.skip("takes the right to mount a file system, or an ordinary user")
        yield lambda closed: folder.chmod(0o500 if closed else 0o700)
        folder.chmod(0o700)
        return
    yield lambda closed: subprocess.run(
        ["mount", "-o", f"remount,{'ro' if closed else 'rw'}", str(folder)], check=True, capture_output=True
    )
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_ledger_folder_that_is_read_only_keeps_no_reply_from_going_out(
    read_only: Callable[[bool], None], tmp_path: Path
) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        read_only(True)
        done = run(desk)
        assert done is not None
        assert addressed(post) == [TWO, ONE]
        assert any("台账" in note for note in done.notes)
        read_only(False)
        run(desk)
        assert (log(desk), addressed(post)) == ([TWO, ONE], [TWO, ONE])


def test_a_ledger_held_open_elsewhere_is_written_once_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def refused(source: Any, target: Any) -> None:
        if str(target).endswith("项目台账.xlsx"):
            raise PermissionError(errno.EACCES, "in use")
        real(source, target)

    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", refused)
            done = run(desk)
            assert done is not None
            assert any("正被其他程序打开" in note for note in done.notes)
            assert not desk.ledger.exists()
        assert addressed(post) == [TWO, ONE]
        again = run(desk)
        assert again is not None
        assert (again.ledger_written, log(desk)) == (True, [TWO, ONE])


# ---- SMTP


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("RCPT", b"450 RP:DRC"),
        ("END", b"451 DT:SPM, please try again"),
        ("END", b"452 Insufficient storage"),
        ("MAIL", b"450 MI:CEL"),
        ("MAIL", b"421 HL:REP 4"),
        ("GREETING", b"421 HL:ICC"),
    ],
)
def test_what_the_server_puts_off_goes_out_at_a_later_pass(command: str, said: bytes, tmp_path: Path) -> None:
    with posting(**{command: said}) as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        done = run(desk)
        assert done is not None
        assert done.dispatched.waiting == 2
        post.answers.clear()
        post.mails.clear()
        run(desk)
        run(desk)
        assert (addressed(post), set(became(desk).values())) == ([TWO, ONE], {"sent"})


@pytest.mark.parametrize("said", [b"550 MI:STC", b"554 MI:STC", b"550 RP:TRC"])
def test_when_the_days_quota_is_used_up_nothing_is_tried_before_tomorrow(said: bytes, tmp_path: Path) -> None:
    with posting(END=said) as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        done = run(desk)
        assert done is not None
        assert any("额度" in note for note in done.notes)
        assert (done.exit_code, done.dispatched.waiting, len(post.mails)) == (0, 2, 1)
        before = post.connections
        run(desk, HOUR)
        assert post.connections == before
        post.answers.clear()
        post.mails.clear()
        run(desk, DAY)
        assert (addressed(post), set(became(desk).values())) == ([TWO, ONE], {"sent"})


@pytest.mark.parametrize(
    "said", [b"535 Error: authentication failed", b"554 IP is rejected, smtp auth error limit exceed"]
)
def test_a_refused_login_is_tried_once_and_everything_waits_until_somebody_has_looked(
    said: bytes, tmp_path: Path
) -> None:
    with posting(AUTH=said) as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        done = run(desk)
        assert done is not None
        assert (done.exit_code, done.dispatched.waiting) == (2, 2)
        for _ in range(3):
            run(desk)
        assert sum(line.startswith("AUTH") for line in post.commands) == 1
        assert log(desk) == [TWO, ONE]
        post.answers.clear()
        run(desk, 2 * HOUR)
        assert addressed(post) == [TWO, ONE]


@pytest.mark.parametrize(
    ("command", "said"),
    [("MAIL", b"553 Mail from must equal authorized user"), ("END", b"554 MI:SPB"), ("END", b"554 DT:SUM")],
)
def test_when_the_sender_itself_is_refused_sending_stops_and_the_operator_is_told(
    command: str, said: bytes, tmp_path: Path
) -> None:
    with posting(**{command: said}) as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        done = run(desk)
        assert done is not None
        assert done.exit_code == 75
        assert said[4:].decode() in str(done.troubles[0])
        assert sum(line.lower().startswith("mail") for line in post.commands) == 1
        assert set(became(desk).values()) == {"queued"}


@pytest.mark.parametrize(
    ("command", "said", "state", "told"),
    [
        ("RCPT", b"550 Invalid User", "undeliverable", "收件地址无效"),
        ("RCPT", b"550 User suspended", "undeliverable", "收件地址无效"),
        ("END", b"554 DT:SPM", "held", "请人工处理"),
        ("END", b"552 Illegal Attachment", "held", "请人工处理"),
    ],
)
def test_what_is_refused_for_good_is_told_to_staff_and_never_tried_again(
    command: str, said: bytes, state: str, told: str, tmp_path: Path
) -> None:
    with posting(**{command: said}) as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        run(desk)
        assert set(became(desk).values()) == {state}
        tried = len(post.commands)
        post.answers.clear()
        run(desk, DAY)
        assert len(post.commands) == tried
        rows = CalamineWorkbook.from_path(desk.ledger).get_sheet_by_name("邮件日志").to_python()
        assert all(told in str(row[6]) for row in rows[1:])


@pytest.mark.parametrize("word", [rb"(?i)EHLO", rb"(?i)AUTH", rb"(?i)MAIL FROM", rb"(?i)RCPT TO", rb"(?i)DATA\r\n"])
@pytest.mark.parametrize("fault", ["hang_up", "close_up"])
def test_a_server_that_hangs_or_goes_away_before_it_has_the_mail_gets_it_at_the_next_pass(
    word: bytes, fault: str, tmp_path: Path
) -> None:
    with posting() as post, Proxy(post.url) as proxy, at_netease(tmp_path, proxy.url, mails()[0]) as (_, desk):
        setattr(proxy, fault, re.compile(word))
        done = run(desk)
        assert done is not None
        assert (done.dispatched.waiting, post.mails) == (1, [])
        proxy.heal()
        run(desk)
        assert (addressed(post), became(desk)) == ([ONE], {ONE: "sent"})


@pytest.mark.parametrize("sent_copy", ["never", "append"])
@pytest.mark.parametrize(
    ("command", "said", "exit_code"), [("GREETING", b"421 too busy", 75), ("AUTH", b"535 authentication failed", 2)]
)
def test_where_a_session_gone_stale_cannot_be_renewed_the_rest_waits_and_what_left_is_copied(
    command: str, said: bytes, exit_code: int, sent_copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails(), sent_copy=sent_copy) as (server, desk):
        post.mails_each = 1
        settle = dispatch._settle

        def refusing(*given: Any) -> None:
            settle(*given)
            post.answers[command] = said

        with monkeypatch.context() as patched:
            patched.setattr(dispatch, "_settle", refusing)
            done = run(desk)
        assert done is not None
        assert (done.exit_code, done.dispatched.waiting, set(became(desk).values())) == (
            exit_code,
            1,
            {"sent", "queued"},
        )
        assert len(server.folders["已发送"].mails) == (sent_copy == "append")
        post.answers.clear()
        run(desk, 2 * HOUR)
        assert (addressed(post), set(became(desk).values())) == ([TWO, ONE], {"sent"})


def test_a_reply_that_waits_for_its_turn_when_the_pass_is_ended_goes_out_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_seconds: float) -> None:
        raise KeyboardInterrupt

    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (_, desk):
        with monkeypatch.context() as patched:
            patched.setattr(dispatch, "sleep", ended)
            with pytest.raises(KeyboardInterrupt):
                run(desk)
        assert set(became(desk).values()) == {"sent", "queued"}
        run(desk)
        assert (addressed(post), set(became(desk).values())) == ([TWO, ONE], {"sent"})


LOST = [
    # How much of the mail the server has when the line breaks, and whether it keeps a copy in the sent folder.
    ("close_up", rb"\r\n\.\r\n"),
    ("hang_up", rb"\r\n\.\r\n"),
    ("close_down", rb"250 Mail OK queued"),
    ("hang_down", rb"250 Mail OK queued"),
]


@pytest.mark.parametrize(("fault", "word"), LOST)
def test_a_reply_of_unknown_fate_is_looked_for_among_the_sent_mails_and_sent_again_only_if_it_is_not_there(
    fault: str, word: bytes, tmp_path: Path
) -> None:
    first, second = mails()
    with posting() as post, Proxy(post.url) as proxy, at_netease(tmp_path, proxy.url, first) as (server, desk):
        run(desk)
        server.add("INBOX", second, MORNING + timedelta(minutes=10))
        setattr(proxy, fault, re.compile(word))
        run(desk)
        assert became(desk) == {ONE: "sent", TWO: "uncertain"}
        keep_sent(server, *post.mails)
        proxy.heal()
        run(desk)
        run(desk)
        assert (addressed(post), became(desk)) == ([TWO, ONE], {ONE: "sent", TWO: "sent"})


@pytest.mark.parametrize(("fault", "word"), LOST)
def test_where_the_server_keeps_no_copies_a_reply_of_unknown_fate_is_held_for_staff(
    fault: str, word: bytes, tmp_path: Path
) -> None:
    with posting() as post, Proxy(post.url) as proxy, at_netease(tmp_path, proxy.url, mails()[0]) as (_, desk):
        setattr(proxy, fault, re.compile(word))
        run(desk)
        proxy.heal()
        run(desk)
        run(desk, DAY)
        assert became(desk) == {ONE: "unconfirmed"}
        (row,) = CalamineWorkbook.from_path(desk.ledger).get_sheet_by_name("邮件日志").to_python()[1:]
        assert "发送结果不明" in str(row[6])
        assert "未能发出" not in str(row[6])
        assert "等待人工处理的来信" in desk.ledger.with_name("看板.html").read_text(encoding="utf-8")
        assert addressed(post) == ([ONE] if fault.endswith("down") else [])


def test_while_the_mailbox_is_away_the_fate_of_a_reply_stays_open(tmp_path: Path) -> None:
    with posting(END=b"") as post, at_netease(tmp_path, post.url, mails()[0]) as (server, desk):
        run(desk)
        keep_sent(server, *post.mails)
        post.answers.clear()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nobody = taken.getsockname()[1]
        run(desk, imap_url=f"imap://127.0.0.1:{nobody}")
        assert became(desk) == {ONE: "uncertain"}
        run(desk)
        assert (addressed(post), became(desk)) == ([ONE], {ONE: "sent"})


@pytest.mark.parametrize("sent_copy", ["auto", "append"])
def test_copies_that_we_keep_ourselves_are_no_proof_that_a_missing_one_was_not_sent(
    sent_copy: str, tmp_path: Path
) -> None:
    first, second = mails()
    with posting() as post, at_netease(tmp_path, post.url, first, sent_copy=sent_copy) as (server, desk):
        run(desk)
        server.add("INBOX", second, MORNING + timedelta(minutes=10))
        post.answers["END"] = b""
        run(desk)
        post.answers.clear()
        run(desk)
        run(desk)
        assert addressed(post) == [TWO, ONE]


# ---- IMAP


@pytest.fixture(scope="module")
def lengths() -> tuple[int, int]:
    """How many bytes pass down and up in a pass that fetches both mails."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, Netease(user=USER, code=CODE) as server, Proxy(server.url) as proxy:
        for raw in mails():
            server.add("INBOX", raw, MORNING)
        desk = Desk(None, None, settings(Path(folder), proxy.url, "smtp://127.0.0.1:1"), MORNING)  # type: ignore[arg-type]
        desk.run(reply="off")
        return proxy.passed_down, proxy.passed_up


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("way", ["down", "up"])
def test_a_connection_cut_after_any_number_of_bytes_loses_and_doubles_no_mail(
    way: str, tenth: int, lengths: tuple[int, int], tmp_path: Path
) -> None:
    length = lengths[0] if way == "down" else lengths[1]
    with posting() as post, Netease(user=USER, code=CODE) as server, Proxy(server.url) as proxy:
        for raw in mails():
            server.add("INBOX", raw, MORNING)
        desk = Desk(None, None, settings(tmp_path, proxy.url, post.url), MORNING)  # type: ignore[arg-type]
        for twentieth in (2 * tenth, 2 * tenth + 1):
            setattr(proxy, f"cut_{way}", max(1, length * twentieth // 20))
            done = run(desk)
            assert done is not None
        proxy.heal()
        run(desk)
        assert (log(desk), addressed(post)) == ([TWO, ONE], [TWO, ONE])


def test_the_totals_add_up_also_when_the_mailbox_goes_away_in_the_middle(tmp_path: Path) -> None:
    with posting() as post, Netease(user=USER, code=CODE) as server, Proxy(server.url) as proxy:
        for raw in mails():
            server.add("INBOX", raw, MORNING)
        proxy.close_down = re.compile(rb"BODY\[")
        desk = Desk(None, None, settings(tmp_path, proxy.url, post.url), MORNING)  # type: ignore[arg-type]
        done = desk.run()
        assert done.listed == 2
        check_totals(done)


def test_a_slow_mailbox_is_read_to_the_end(tmp_path: Path) -> None:
    with posting() as post, Netease(user=USER, code=CODE) as server, Proxy(server.url, chunk=512, delay=0.002) as proxy:
        for raw in mails():
            server.add("INBOX", raw, MORNING)
        desk = Desk(None, None, settings(tmp_path, proxy.url, post.url), MORNING)  # type: ignore[arg-type]
        done = run(desk)
        assert done is not None
        assert (done.recorded, log(desk), addressed(post)) == (2, [TWO, ONE], [TWO, ONE])


@pytest.mark.parametrize("word", [rb"CAPABILITY", rb"LIST ", rb"EXISTS", rb"SEARCH", rb"INTERNALDATE", rb"BODY\["])
@pytest.mark.parametrize("fault", ["hang_down", "close_down"])
def test_a_mailbox_that_hangs_or_goes_away_at_any_answer_ends_the_reading_and_the_next_pass_goes_on(
    word: bytes, fault: str, tmp_path: Path
) -> None:
    with posting() as post, Netease(user=USER, code=CODE) as server, Proxy(server.url, faults_left=1) as proxy:
        for raw in mails():
            server.add("INBOX", raw, MORNING)
        setattr(proxy, fault, re.compile(word))
        desk = Desk(None, None, settings(tmp_path, proxy.url, post.url), MORNING)  # type: ignore[arg-type]
        done = run(desk)
        assert done is not None
        assert done.exit_code == 75
        done = run(desk)
        assert done is not None
        assert (done.exit_code, log(desk), addressed(post)) == (0, [TWO, ONE], [TWO, ONE])


def test_a_server_that_says_bye_in_the_middle_is_away_until_the_next_pass(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        server.chatter = (b"* BYE Server shutting down",)
        done = run(desk)
        assert done is not None
        assert done.recorded + done.missed == done.listed
        server.chatter = ()
        run(desk)
        assert (log(desk), addressed(post)) == ([TWO, ONE], [TWO, ONE])


def test_a_folder_renumbered_between_two_passes_brings_no_mail_a_second_time(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        run(desk)
        folder = server.folders["INBOX"]
        folder.validity += 1
        for mail in folder.mails:
            mail.uid -= 1_000_000
        done = run(desk)
        assert done is not None
        assert (done.listed, done.known_already, done.recorded) == (2, 2, 0)
        assert (log(desk), addressed(post)) == ([TWO, ONE], [TWO, ONE])


def test_a_folder_that_is_renamed_or_gone_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    first, second = mails()
    with posting() as post, at_netease(tmp_path, post.url, first) as (server, desk):
        server.add("垃圾邮件", second, MORNING)
        run(desk)
        junk = server.folders.pop("垃圾邮件")
        server.folders["旧邮件"] = replace(junk, name="旧邮件", wire="old", flags="")
        third = letter({}, MORNING, "wen@example.cn", "咨询", "请问可以报几个项目？")
        server.add("INBOX", third, MORNING + timedelta(minutes=20))
        done = run(desk)
        assert done is not None
        assert (done.recorded, done.exit_code) == (1, 0)
        assert any("垃圾邮件" in note for note in done.notes)
        assert (log(desk), addressed(post)) == ([TWO, ONE, "wen@example.cn"], [TWO, ONE])


@pytest.mark.parametrize("insists", [False, True])
def test_a_mail_deleted_between_listing_and_fetching_is_missed_without_harm(insists: bool, tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        server.insists = insists
        server.vanished = {server.folders["INBOX"].mails[0].uid}
        done = run(desk)
        assert done is not None
        assert (done.listed, done.recorded, done.missed) == (2, 1, 1)
        server.folders["INBOX"].mails.pop(0)
        done = run(desk)
        assert done is not None
        assert (done.listed, log(desk), addressed(post)) == (0, [TWO], [TWO])


def test_a_mail_of_another_size_than_announced_is_taken_once_it_comes_twice_alike(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        first, second = server.folders["INBOX"].mails
        server.announced = {first.uid: 10}
        server.truncated = {second.uid: 1}
        done = run(desk)
        assert done is not None
        assert (done.recorded, log(desk), addressed(post)) == (2, [TWO, ONE], [TWO, ONE])
        assert sorted(path.read_bytes() for path in (tmp_path / "mail").rglob("*.eml")) == sorted(mails())


def test_a_refused_id_keeps_no_mail_from_being_read(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        server.wants_id, server.id_answer = False, b"NO ID refused"
        done = run(desk)
        assert done is not None
        assert (done.exit_code, log(desk), addressed(post)) == (0, [TWO, ONE], [TWO, ONE])


def test_a_refused_mailbox_login_is_not_tried_again_by_the_next_passes_and_replies_still_go_out(tmp_path: Path) -> None:
    with posting() as post, at_netease(tmp_path, post.url, *mails()) as (server, desk):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nobody = taken.getsockname()[1]
        run(desk, smtp_url=f"smtp://127.0.0.1:{nobody}")
        server.login_answer = b"NO LOGIN Login error or password error"
        done = run(desk)
        assert done is not None
        assert (done.exit_code, addressed(post)) == (2, [TWO, ONE])
        before = server.connections
        run(desk)
        run(desk)
        assert server.connections == before
