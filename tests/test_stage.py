"""Mails are read ahead, several at a time, in confined processes here or on an executor elsewhere, and stay in their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from msgspec.structs import replace

from desk import CODE, MORNING, UNIVERSITY, USER, Desk, letter, papers, settings, table
from pipeline import database
from pipeline import stage as staging
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp
from pipeline.doctor import examine
from pipeline.errors import ConfigurationError, ServerAway
from pipeline.model import Limits, Reading
from pipeline.reader import Breach, Reader
from pipeline.reading import read_mail
from pipeline.spool import Spool
from pipeline.stage import Stage, read_there
from pipeline.store import Store
from servers.cluster import cluster


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with cluster() as address:
        yield address


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "mail")


@pytest.fixture
def reader() -> Iterator[Reader]:
    with Reader() as one:
        yield one


def mails(number: int) -> list[bytes]:
    files = papers(table(projects=1))
    return [letter(files, MORNING + timedelta(minutes=minute), f"shili{minute}@example.cn") for minute in range(number)]


def read(stage: Stage, ids: list[str]) -> list[Reading]:
    batches = stage.ahead((number, id) for number, id in enumerate(ids))
    return [future.result() for batch in batches for *_, future in batch]


def test_what_a_confined_process_reads_is_what_would_be_read_here(spool: Spool, reader: Reader) -> None:
    raws = mails(5)
    ids = [spool.put([raw]) for raw in raws]
    with Stage(spool, reader, USER, Limits()) as stage:
        assert read(stage, ids) == [read_mail(raw, USER, Limits()) for raw in raws]


def test_a_document_that_kills_its_process_harms_no_other_of_its_mail(spool: Spool) -> None:
    good = papers(table(projects=1))
    raw = letter({"坏.csv": b"kill", **good})
    with Reader(target="misbehaving:read_or_die") as reader, Stage(spool, reader, USER, Limits()) as stage:
        reading = stage.read(spool.put([raw]))
    by_path = {one.path: one.transcript for one in reading.documents}
    assert by_path["坏.csv"].problems
    assert [by_path[name].form for name in good] == ["annex3", "annex4"]


def test_mails_come_out_in_their_order_whichever_is_read_first(spool: Spool, reader: Reader) -> None:
    ids = [spool.put([bytes([number])]) for number in range(40)]
    first_may_end = Event()

    class Slow(Stage):
        def read(self, mail: str) -> Reading:
            if mail == ids[0]:
                assert first_may_end.wait(20)
            if mail == ids[5]:
                first_may_end.set()
            return super().read(mail)

    with Slow(spool, reader, USER, Limits()) as stage:
        got = [(number, id) for batch in stage.ahead(enumerate(ids)) for number, id, _ in batch]
    assert got == list(enumerate(ids))


def test_what_is_read_is_given_out_while_the_next_is_long_in_reading(spool: Spool, reader: Reader) -> None:
    ids = [spool.put([bytes([number])]) for number in range(4)]
    first_is_out = Event()

    class Slow(Stage):
        def read(self, mail: str) -> Reading:
            if mail == ids[1]:
                assert first_is_out.wait(20)
            return super().read(mail)

    with Slow(spool, reader, USER, Limits()) as stage:
        batches = stage.ahead(enumerate(ids))
        got = [id for _, id, _ in next(batches)]
        first_is_out.set()
        got += [id for batch in batches for _, id, future in batch if future.result()]
    assert got == ids


def test_what_has_not_begun_when_the_time_for_reading_is_over_is_left_for_the_next_pass(
    spool: Spool, reader: Reader
) -> None:
    ids = [spool.put([bytes([number])]) for number in range(staging.AHEAD)]
    begun = []

    class Slow(Stage):
        def read(self, mail: str) -> Reading:
            begun.append(mail)
            sleep(0.5)
            return super().read(mail)

    with Slow(spool, reader, USER, Limits(), seconds=0.1) as stage:
        got = [id for batch in stage.ahead(enumerate(ids)) for _, id, future in batch if future.result()]
    assert got == begun == ids[: len(got)]
    assert 0 < len(got) < staging.AHEAD


def test_a_mail_whose_documents_take_too_long_together_is_answered_with_what_was_read(spool: Spool) -> None:
    slow = {f"{number}.csv": b"wait 0.5" for number in range(8)}
    mail = spool.put([letter(slow)])
    with Reader(target="misbehaving:read_or_wait") as reader, Stage(spool, reader, USER, Limits(), seconds=4) as stage:
        problems = [one.transcript.problems for one in stage.read(mail).documents]
    assert len(problems) == 8
    assert {one.detail for (one,) in filter(None, problems)} == {Breach.MAIL.value}
    assert not all(problems)


def test_no_more_than_a_bounded_number_is_read_ahead(spool: Spool, reader: Reader) -> None:
    id = spool.put([b"x"])
    taken = 0

    def endless() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for number in range(500):
            taken += 1
            yield number, id

    with Stage(spool, reader, USER, Limits()) as stage:
        for batch in stage.ahead(endless()):
            assert len(batch) <= staging.TOGETHER
            assert taken - batch[-1][0] <= staging.AHEAD + 1


def test_what_was_fetched_before_the_line_broke_is_given_out_first(spool: Spool, reader: Reader) -> None:
    ids = [spool.put([bytes([number])]) for number in range(3)]

    def breaking() -> Iterator[tuple[int, str]]:
        yield from enumerate(ids)
        raise ServerAway("示例")

    got: list[str] = []
    with Stage(spool, reader, USER, Limits()) as stage:
        batches = stage.ahead(breaking())
        got += [id for _, id, _ in next(batches)]
        with pytest.raises(ServerAway):
            next(batches)
    assert got == ids


def test_any_executor_of_the_standard_library_will_do() -> None:
    raw = mails(1)[0]
    with ThreadPoolExecutor(2) as threads:
        future: Future[Reading] = threads.submit(read_there, raw, USER, Limits())
        assert future.result() == read_mail(raw, USER, Limits())


def test_a_cluster_reads_what_would_be_read_here(spool: Spool, reader: Reader, elsewhere: str) -> None:
    raws = mails(6)
    ids = [spool.put([raw]) for raw in raws]
    with Stage(spool, reader, USER, Limits(), elsewhere) as stage:
        assert read(stage, ids) == [read_mail(raw, USER, Limits()) for raw in raws]
    assert reader.pids == ()


def test_a_whole_pass_on_a_cluster_ends_as_one_here(tmp_path: Path, elsewhere: str) -> None:
    with EmbeddedImap(USER, CODE) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        desk = Desk(imap, smtp, settings(tmp_path, imap.url, smtp.url, executor=elsewhere))
        desk.receive(letter(papers(table())))
        result = desk.run()
        assert (result.recorded, result.set_aside, len(desk.sent)) == (1, 0, 1)
        assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


def test_what_a_cluster_loses_is_read_here(
    spool: Spool, reader: Reader, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: Future[Reading] = Future()
    lost.set_exception(ConnectionError("示例"))
    monkeypatch.setattr(Stage, "submit", lambda *_: lost)
    raw = mails(1)[0]
    with Stage(spool, reader, USER, Limits(), elsewhere) as stage:
        assert read(stage, [spool.put([raw])]) == [read_mail(raw, USER, Limits())]


def test_a_mail_that_is_long_in_reading_does_not_lock_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Locked meanwhile it would be for ever, for its holder waits for this very reading; a busy machine may take a second.
    monkeypatch.setattr(database, "LOCKED_SECONDS", 5.0)
    real = Stage.read

    def slow(self: Stage, mail: str) -> Reading:
        other = Store.open(given.database_url)
        other.set_fact("somebody", mail)
        other.close()
        return real(self, mail)

    monkeypatch.setattr(Stage, "read", slow)
    with EmbeddedImap(USER, CODE) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        given = settings(tmp_path, imap.url, smtp.url)
        desk = Desk(imap, smtp, given)
        for number, raw in enumerate(mails(staging.AHEAD + 8)):
            desk.receive(raw, MORNING + timedelta(minutes=number))
        assert (desk.run(reply="off").recorded, desk.run().set_aside) == (staging.AHEAD + 8, 0)


def test_a_pass_that_reads_for_too_long_stores_and_answers_what_it_has_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Stage.read

    def slow(self: Stage, mail: str) -> Reading:
        sleep(0.4)
        return real(self, mail)

    monkeypatch.setattr(Stage, "read", slow)
    with EmbeddedImap(USER, CODE) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        desk = Desk(imap, smtp, settings(tmp_path, imap.url, smtp.url))
        for number, raw in enumerate(mails(8)):
            desk.receive(raw, MORNING + timedelta(minutes=number))
        first = desk.run(pass_minutes=0.01)
        assert (first.listed, first.recorded + first.missed, first.set_aside) == (8, 8, 0)
        assert first.recorded
        assert first.missed
        assert (first.replies, desk.run().recorded) == (first.recorded, first.missed)


def test_without_the_cluster_mails_are_read_here(spool: Spool, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(staging, "CONNECTS_WITHIN", "1s")
    raw = mails(1)[0]
    with Stage(spool, reader, USER, Limits(), "dask://127.0.0.1:1") as stage:
        assert read(stage, [spool.put([raw])]) == [read_mail(raw, USER, Limits())]


def test_the_doctor_says_whether_the_cluster_answers(
    tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "CONNECTS_WITHIN", "1s")
    nobody = "dask://127.0.0.1:1"
    told = {}
    for url in (elsewhere, nobody):
        given = settings(tmp_path, "imap://127.0.0.1:1", "smtp://127.0.0.1:1", executor=url)
        told[url] = next(one for one in examine(given, MORNING) if one.name == "读取集群")
    assert told[elsewhere].found == f"{elsewhere} 已连上"
    assert "本机读取" in told[nobody].fault


def test_an_executor_nobody_knows_is_refused_at_the_door(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ANNEX_EXECUTOR 有误：应为 dask://主机:端口"):
        settings(tmp_path, "imap://127.0.0.1", "smtp://127.0.0.1", executor="spark://host:1")


def test_a_reading_keeps_no_bytes_of_the_files() -> None:
    raw = letter({"照片.jpg": os.urandom(1000)})
    reading = read_mail(raw, USER, Limits())
    assert reading.message.attachments == ()
    assert replace(reading, documents=()).message.attached == 1


def test_the_bytes_of_what_was_read_are_at_hand_until_the_reader_is_closed(spool: Spool, reader: Reader) -> None:
    files = papers(table(projects=1))
    with Stage(spool, reader, USER, Limits()) as stage:
        reading = stage.read(spool.put([letter(files)]))
    assert {one.path: reader.kept(one.file) for one in reading.documents} == files
    assert reader.kept("0" * 64) is None
    reader.rest()
    assert {one.path: reader.kept(one.file) for one in reading.documents} == files


def test_nothing_is_kept_on_a_disk_that_is_nearly_full(
    spool: Spool, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reader.ROOM", 1 << 60)
    with Stage(spool, reader, USER, Limits()) as stage:
        reading = stage.read(spool.put([letter(papers(table(projects=1)))]))
    assert [one.transcript.form for one in reading.documents] == ["annex3", "annex4"]
    assert {reader.kept(one.file) for one in reading.documents} == {None}


def test_bytes_that_are_not_what_they_are_called_are_not_taken(spool: Spool, tmp_path: Path) -> None:
    with Reader(scratch=tmp_path / "tmp") as reader, Stage(spool, reader, USER, Limits()) as stage:
        file = stage.read(spool.put([letter(papers(table(projects=1)))])).documents[0].file
        (left,) = (tmp_path / "tmp").glob(f"*/documents/{file}")
        left.write_bytes(b"something else")
        assert reader.kept(file) is None
