"""Killed at any instant: whatever a pass was doing, the next ones lose no mail, answer nobody twice and leave nothing torn."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desk import MORNING, USER, Desk, form, letter, open_desk, papers, table
from doomed import COMMIT, HAND_OVER, POISON, Doomed, prepare
from pipeline import dashboard, ledger_charts, reader, reading
from pipeline.demo import forms
from pipeline.lock import single_run

# The steps of one pass are dealt out to so many tests, which run beside each other.
SHARDS = 4
LATER = MORNING + timedelta(hours=1)
REGULAR, NEWCOMER, EARLIER = "shili@example.edu.cn", "xinren@example.cn", "zaoqian@example.edu.cn"
SHEETS = ("项目汇总", "高校进度", "问题清单", "邮件日志")


def earlier() -> bytes:
    """The mail that was answered before anything is killed."""
    return letter(papers(table("内蒙古师范大学", 1)), MORNING, EARLIER)


def arriving() -> list[tuple[str, bytes]]:
    """What lies in the mailbox when the pass is killed, by folder, in the order of arrival.

    A submission, the same mail once more, another university's, and a mail that our code fails on.
    """
    whole = letter(papers(table(projects=1)), LATER, REGULAR)
    return [
        ("INBOX", whole),
        ("垃圾邮件", whole),
        ("INBOX", letter(papers(table("内蒙古农业大学", 1), applications=False), LATER, NEWCOMER)),
        ("INBOX", letter({}, LATER, "guzhang@example.cn", extra=(POISON.decode(),))),
    ]


def following() -> list[tuple[str, bytes]]:
    """Mails that change what earlier ones mean.

    A form that names no university and then the table of the same sender, which says whose the form is; and a bounce
    of the reply that was sent before.
    """
    nameless = {"附件4-1.docx": forms.annex4_document(replace(form(1), university=""))}
    return [
        ("INBOX", letter(nameless, LATER, NEWCOMER)),
        ("INBOX", letter(papers(table("内蒙古农业大学", 1), applications=False), LATER, NEWCOMER)),
        ("INBOX", bounce_of(EARLIER)),
    ]


def bounce_of(address: str) -> bytes:
    lines = (
        "From: Postmaster@163.com",
        f"To: {USER}",
        "Subject: =?utf-8?B?57O757uf6YCA5L+h?=",
        "Message-ID: <bounce.1@example.cn>",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"Your mail to {address} was not delivered.",
        "",
    )
    return "\r\n".join(lines).encode()


@dataclass
class Stage:
    """Everything a killed pass needs: where it happens, what was there before, and how it ends when nobody kills it."""

    doomed: Doomed
    template: Path
    first_reply: bytes
    mails: list[tuple[str, bytes]]
    undisturbed: dict[str, list[Any]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    seconds: float = 0.0

    @contextmanager
    def desk(self, data: Path, mails: list[tuple[str, bytes]] | None = None) -> Iterator[Desk]:
        """The desk just before the pass: one mail answered long ago, the others (or these) not fetched yet."""
        shutil.copytree(self.template, data)
        with open_desk(data) as desk:
            desk.receive(earlier(), MORNING)
            for number, (folder, raw) in enumerate(self.mails if mails is None else mails):
                desk.receive(raw, LATER + timedelta(minutes=number), folder)
            yield desk
        shutil.rmtree(data)

    def handing_over(self) -> list[int]:
        """The steps (from 1) after a reply was marked as being sent and before the server's answer to it was noted."""
        return [
            number for number, name in enumerate(self.steps, start=1) if HAND_OVER in (name, self.steps[number - 2])
        ]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    before = reading.decode, ledger_charts.draw, reader.CONFINED, dashboard.render
    prepare()
    with Doomed() as doomed:
        with open_desk(folder / "template") as desk:
            desk.receive(earlier(), MORNING)
            doomed.warm(desk.settings, MORNING)
            (first,) = desk.sent
        one = Stage(doomed, folder / "template", first.raw, arriving())
        with one.desk(folder / "undisturbed") as desk:
            end = doomed.run(desk.settings, desk.now)
            assert not end.said
            one.undisturbed, one.steps, one.seconds = sheets(desk), end.steps, end.seconds
            assert Counter(received(desk)) == {REGULAR: 1, NEWCOMER: 1}
        yield one
    reading.decode, ledger_charts.draw, reader.CONFINED, dashboard.render = before


def go_on(desk: Desk) -> None:
    """The next pass; it gets the lock that the killed one held."""
    with single_run(desk.settings):
        desk.run()


def keep_copies(stage: Stage, desk: Desk) -> None:
    """Put a copy of everything sent into the sent folder, as a server does where its owner has switched that on."""
    for raw in (stage.first_reply, *(reply.raw for reply in desk.sent)):
        desk.imap.add("已发送", raw, desk.now)


def sheets(desk: Desk) -> dict[str, list[Any]]:
    """What the ledger says, but for what became of each reply."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(desk.ledger)
    shown = {name: book.get_sheet_by_name(name).to_python() for name in SHEETS}
    shown["邮件日志"] = [row[:6] for row in shown["邮件日志"]]
    return shown


def received(desk: Desk) -> list[str]:
    """Who was sent a reply, once for each."""
    return [address for reply in desk.sent for address in reply.recipients]


def fates(desk: Desk) -> dict[str, tuple[str, int]]:
    """What became of each reply, by its recipient, and how many arrived there."""
    with desk.office() as office:
        replies = office.store.outbox.replies()
    arrived = Counter(received(desk))
    assert len({reply.recipient for reply in replies}) == len(replies)
    return {reply.recipient: (reply.state, arrived[reply.recipient]) for reply in replies}


def check_nothing_is_lost_or_torn(stage: Stage, desk: Desk) -> None:
    """The ledger as if nothing had happened, every mail whole on disk and known once, every form in the archive."""
    assert sheets(desk) == stage.undisturbed
    raws = {hashlib.sha256(raw).hexdigest(): raw for raw in (earlier(), *(raw for _, raw in stage.mails))}
    data = desk.settings.data
    assert {path.stem: path.read_bytes() for path in (data / "mail").rglob("*") if path.is_file()} == raws
    with desk.office() as office:
        known = [mail.id for mail in office.store.mails()] + [one.mail for one in office.store.all_set_aside()]
        kept = {version.file for mail in known for version in office.store.versions_of(mail)}
    assert Counter(known) == Counter(raws.keys())
    archived = [path for path in (data / "archive").rglob("*") if path.is_file() and path not in unfinished(desk)]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in archived} == kept
    with closing(sqlite3.connect(data / "annex-inbox.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_pass_killed_at_any_step_is_made_good_by_the_next_and_everybody_has_one_reply(
    shard: int, stage: Stage, tmp_path: Path
) -> None:
    for step in range(shard + 1, len(stage.steps) + SHARDS + 1, SHARDS):
        with stage.desk(tmp_path / "data") as desk:
            end = stage.doomed.run(desk.settings, desk.now, step=step)
            keep_copies(stage, desk)
            go_on(desk)
            # A pass may commit once more than the undisturbed one, when a mail is read before the next one has come.
            assert (end.said, end.killed) == ("", step <= len(end.steps))
            check_nothing_is_lost_or_torn(stage, desk)
            assert fates(desk) == {EARLIER: ("sent", 0), REGULAR: ("sent", 1), NEWCOMER: ("sent", 1)}, end.steps[-3:]


@pytest.mark.parametrize("half", [0, 1])
def test_where_no_sent_copies_are_kept_a_reply_killed_in_the_handing_over_is_held_for_staff(
    half: int, stage: Stage, tmp_path: Path
) -> None:
    steps = stage.handing_over()
    assert len(steps) == 4
    for step in steps[half::2]:
        with stage.desk(tmp_path / "data") as desk:
            end = stage.doomed.run(desk.settings, desk.now, step=step)
            go_on(desk)
            check_nothing_is_lost_or_torn(stage, desk)
            after = fates(desk)
        unconfirmed = ("unconfirmed", int(end.steps[-1] != HAND_OVER))
        assert sorted(after[address] for address in (REGULAR, NEWCOMER)) == [("sent", 1), unconfirmed]


@pytest.mark.parametrize("seed", range(4))
def test_a_pass_killed_at_random_moments_again_and_again_ends_as_if_nothing_had_happened(
    seed: int, stage: Stage, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    with stage.desk(tmp_path / "data") as desk:
        for _ in range(5):
            end = stage.doomed.run(desk.settings, desk.now, seconds=chance.uniform(0, stage.seconds))
            assert not end.said
            keep_copies(stage, desk)
        go_on(desk)
        check_nothing_is_lost_or_torn(stage, desk)
        assert fates(desk) == {EARLIER: ("sent", 0), REGULAR: ("sent", 1), NEWCOMER: ("sent", 1)}


def test_what_a_mail_says_of_earlier_ones_is_not_forgotten_when_the_pass_is_killed(
    stage: Stage, tmp_path: Path
) -> None:
    with stage.desk(tmp_path / "data", following()) as desk:
        steps = stage.doomed.run(desk.settings, desk.now).steps
        expected, states = sheets(desk), {address: state for address, (state, _) in fates(desk).items()}
        assert (states[EARLIER], states[NEWCOMER]) == ("bounced", "sent")
        assert "（高校待确认）" not in str(expected)
    fetching = steps[: next(number for number, step in enumerate(steps) if "archive" in step)]
    for step in (number for number, name in enumerate(fetching, start=1) if name == COMMIT):
        with stage.desk(tmp_path / "data", following()) as desk:
            assert stage.doomed.run(desk.settings, desk.now, step=step).killed
            go_on(desk)
            assert sheets(desk) == expected, f"step {step}"
            assert {address: state for address, (state, _) in fates(desk).items()} == states, f"step {step}"


def test_what_a_killed_pass_left_unfinished_is_swept_away(stage: Stage, tmp_path: Path) -> None:
    for folder in ("mail/", "archive/", "ledger/", "."):
        with stage.desk(tmp_path / "data") as desk:
            assert stage.doomed.run(desk.settings, desk.now, step=f"os.rename /{folder}").killed
            (torn,) = unfinished(desk)
            # A kill in the middle of the writing leaves half a file.
            torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
            go_on(desk)
            assert not unfinished(desk)


def unfinished(desk: Desk) -> list[Path]:
    return [path for path in desk.settings.data.rglob("*") if path.name.endswith((".tmp", ".unfinished"))]
