"""Killed at any instant: whatever a pass was doing, the next ones lose no mail, answer nobody twice and leave nothing torn."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk import MORNING, Desk, form, letter, open_desk, papers, parsed, table
from doomed import HANDED_OVER, POISON, Doomed, End, fail_on_poison

from pipeline import flow
from pipeline.demo import forms
from pipeline.office import single_run

# The steps of one pass are dealt out to so many tests, which run beside each other.
SHARDS = 6
LATER = MORNING + timedelta(hours=1)
REGULAR, NEWCOMER, EARLIER = "shili@example.edu.cn", "xinren@example.cn", "zaoqian@example.edu.cn"
SHEETS = ("项目汇总", "高校进度", "问题清单", "邮件日志")


def earlier() -> bytes:
    """The mail that was answered before anything is killed."""
    return letter(papers(table("内蒙古师范大学", 1)), MORNING, EARLIER)


def arriving() -> list[tuple[str, bytes]]:
    """What lies in the mailbox when the pass is killed, in the order of arrival, by folder.

    A whole submission, the same mail once more, a form that names no university and then the table of the same sender,
    which says whose the form is, a question, and a mail that our code fails on.
    """
    whole = letter(papers(table(projects=1)), LATER, REGULAR)
    nameless = {"附件4-1.docx": forms.annex4_document(replace(form(1), university=""))}
    poison = letter({}, LATER, "gonghao@example.cn", extra=(POISON.decode(),))
    return [
        ("INBOX", whole),
        ("垃圾邮件", whole),
        ("INBOX", letter(nameless, LATER, NEWCOMER)),
        ("INBOX", letter(papers(table("内蒙古农业大学", 1), applications=False), LATER, NEWCOMER, "补充")),
        ("INBOX", letter({}, LATER, "wenti@example.cn", "咨询", "请问可以报几个项目？")),
        ("INBOX", poison),
    ]


@dataclass
class Stage:
    """Everything a killed pass needs: where it happens, what was there before, and how it ends when nobody kills it."""

    doomed: Doomed
    template: Path
    first_reply: bytes
    mails: list[tuple[str, bytes]]
    undisturbed: dict[str, list[Any]]
    seconds: float

    @contextmanager
    def desk(self, data: Path) -> Iterator[Desk]:
        """The desk just before the pass, its mails not fetched yet, its earlier reply in the sent folder."""
        shutil.copytree(self.template, data)
        with open_desk(data) as desk:
            deliver(desk, self.mails)
            desk.imap.add("已发送", self.first_reply, MORNING)
            yield desk
        shutil.rmtree(data)


def deliver(desk: Desk, mails: list[tuple[str, bytes]]) -> None:
    desk.receive(earlier(), MORNING)
    for number, (folder, raw) in enumerate(mails):
        desk.receive(raw, LATER + timedelta(minutes=number), folder)


def sheets(desk: Desk) -> dict[str, list[Any]]:
    """What the ledger says, but for when each reply left."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(desk.ledger)
    shown = {name: book.get_sheet_by_name(name).to_python() for name in SHEETS}
    shown["邮件日志"] = [row[:-1] for row in shown["邮件日志"]]
    return shown


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    before = flow.decode
    fail_on_poison()
    with Doomed() as doomed:
        with open_desk(folder / "template") as desk:
            desk.receive(earlier(), MORNING)
            doomed.warm(desk.settings, MORNING)
            (first,) = desk.sent
        stage = Stage(doomed, folder / "template", first.raw, arriving(), {}, 0.0)
        with stage.desk(folder / "undisturbed") as desk:
            end = doomed.run(desk.settings, desk.now)
            assert not end.said
            settle(desk)
            stage.undisturbed, stage.seconds = sheets(desk), end.seconds
            assert Counter(received(desk)) == {REGULAR: 1, NEWCOMER: 1}
        yield stage
    flow.decode = before


def settle(desk: Desk) -> None:
    """The passes that come after; the last of them finds nothing to do."""
    for _ in range(2):
        desk.run()
    assert not desk.run().listed


def received(desk: Desk) -> list[str]:
    """Who was sent a reply, once for each."""
    return [address for reply in desk.sent for address in reply.recipients]


def states(desk: Desk) -> dict[str, str]:
    """What became of each reply, by its recipient."""
    with desk.office() as office:
        return {reply.recipient: reply.state for reply in office.store.replies()}


def check_nothing_is_lost_or_torn(stage: Stage, desk: Desk) -> None:
    """Every mail once in the ledger and whole on disk, every form in the archive, nothing left over."""
    assert sheets(desk) == stage.undisturbed
    raws = {hashlib.sha256(raw).hexdigest(): raw for raw in (earlier(), *(raw for _, raw in stage.mails))}
    data = desk.settings.data
    assert {path.stem: path.read_bytes() for path in (data / "mail").rglob("*") if path.is_file()} == raws
    with desk.office() as office:
        assert len(office.store.mails()) + len(office.store.all_set_aside()) == len(raws)
        assert {mail.id for mail in office.store.mails()} | {one.mail for one in office.store.all_set_aside()} == set(raws)
        kept = {version.file for mail in office.store.mails() for version in office.store.versions_of(mail.id)}
    archived = [path for path in (data / "archive").rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in archived} == kept
    with closing(sqlite3.connect(data / "annex-inbox.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def check_nobody_is_answered_twice(desk: Desk, end: End) -> None:
    """One reply each; where the kill fell into the handing over, that one may be held for staff instead of sent again."""
    became = states(desk)
    assert set(became) == {EARLIER, REGULAR, NEWCOMER}
    for address in (REGULAR, NEWCOMER):
        times = received(desk).count(address)
        assert times <= 1
        assert became[address] == ("sent" if times == 1 and became[address] != "held" else "held"), end.steps[-3:]
    assert Counter(became.values())["held"] <= in_the_handing_over(end)


def in_the_handing_over(end: End) -> bool:
    """Whether the kill fell between marking a reply and noting what the server said of it."""
    spoken = [step for step in end.steps if "smtp" in step or "commit" in step]
    told = next((number for number, step in enumerate(reversed(spoken)) if "smtp" in step), None)
    return told is not None


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_pass_killed_at_any_step_is_made_good_by_the_next_ones(shard: int, stage: Stage, tmp_path: Path) -> None:
    step = shard
    while True:
        step += 1 if step == shard else SHARDS
        with stage.desk(tmp_path / "data") as desk:
            end = stage.doomed.run(desk.settings, desk.now, step=step)
            assert not end.said
            with single_run(desk.settings):
                settle(desk)
            check_nothing_is_lost_or_torn(stage, desk)
            check_nobody_is_answered_twice(desk, end)
        if not end.killed:
            return
