"""Several programs, on one machine or many, share a store in PostgreSQL; none takes a mail or a reply that another has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from desk import CODE, MORNING, UNIVERSITY, USER, Desk, letter, papers, settings, table, text_of
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp
from pipeline.errors import ConfigurationError, ServerAway
from pipeline.model import Envelope
from pipeline.store import Store
from servers.postgres import postgres
from test_store_writing import HERE, others_write_behind_the_first_look, outcome

UNIVERSITIES = (
    "内蒙古大学",
    "内蒙古农业大学",
    "内蒙古师范大学",
    "内蒙古科技大学",
    "内蒙古工业大学",
    "内蒙古财经大学",
    "内蒙古医科大学",
    "内蒙古民族大学",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """A database with nothing in it."""
    engine = sa.create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    name = f"annex{os.urandom(4).hex()}"
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def desk(tmp_path: Path, url: str) -> Iterator[Desk]:
    with EmbeddedImap(USER, CODE) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        yield Desk(imap, smtp, settings(tmp_path / "one", imap.url, smtp.url, store_url=url))


def test_a_whole_pass_is_the_same_as_with_a_store_of_our_own(desk: Desk, tmp_path: Path) -> None:
    wrong = table(project_count="5个")
    desk.receive(letter(papers(wrong)))
    desk.receive(letter(papers(table(UNIVERSITIES[1])), sender="second@example.edu.cn"), MORNING + timedelta(minutes=1))
    shared = desk.run()
    rows = {sheet: desk.rows(sheet) for sheet in ("项目汇总", "高校进度", "问题清单")}
    said = sorted(text_of(reply) for reply in desk.sent)

    alone = Desk(desk.imap, desk.smtp, replace(desk.settings, store_url="", data=tmp_path / "own"))
    alone.now = MORNING + timedelta(minutes=1)
    own = alone.run()

    assert (
        (shared.recorded, shared.replies, shared.exit_code) == (own.recorded, own.replies, own.exit_code) == (2, 2, 0)
    )
    assert rows == {sheet: alone.rows(sheet) for sheet in rows}
    assert said == sorted(text_of(reply) for reply in desk.sent[2:])
    assert desk.run().listed == 0
    assert len(desk.sent) == 4


def test_programs_that_poll_at_the_same_time_take_each_mail_and_each_reply_once(desk: Desk, tmp_path: Path) -> None:
    for number, name in enumerate(UNIVERSITIES * 4):
        files = papers(table(name, projects=1), applications=False)
        desk.receive(letter(files, sender=f"shili{number}@example.edu.cn"), MORNING + timedelta(minutes=number))
    given = {
        "ANNEX_USER": USER,
        "ANNEX_AUTH_CODE": CODE,
        "ANNEX_IMAP_URL": desk.settings.imap_url,
        "ANNEX_SMTP_URL": desk.settings.smtp_url,
        "ANNEX_STORE_URL": desk.settings.store_url,
        "ANNEX_FOLDERS": "INBOX",
        "ANNEX_SETTLE_MINUTES": "0",
        "ANNEX_SEND_PER_CORRESPONDENT": "99",
    }
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "pipeline", "poll"],
            env={**os.environ, **given, "ANNEX_DATA": str(tmp_path / name)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in ("one", "two", "three")
    ]
    ends = [(program.communicate(timeout=150)[0], program.returncode) for program in programs]
    assert [code for _, code in ends] == [0, 0, 0], ends

    addresses = [reply.recipients for reply in desk.sent]
    assert sorted(addresses) == sorted((f"shili{number}@example.edu.cn",) for number in range(32))
    store = Store.open(desk.settings.store_url)
    assert len(store.mails()) == 32
    assert {reply.state for reply in store.outbox.replies()} == {"sent"}
    store.close()
    # Whoever passes next, with a folder of its own or not, has the whole ledger and archive.
    desk.settings = replace(desk.settings, data=tmp_path / "four")
    desk.run()
    assert {row["高校名称"] for row in desk.rows("高校进度") if row["状态"] != "未报送"} == set(UNIVERSITIES)
    assert len(list((tmp_path / "four" / "archive").rglob("附件3*.xlsx"))) >= len(UNIVERSITIES)


def test_each_machine_has_the_whole_archive_and_the_newest_ledger(desk: Desk, tmp_path: Path) -> None:
    other = Desk(desk.imap, desk.smtp, replace(desk.settings, data=tmp_path / "two"))
    desk.receive(letter(papers(table(UNIVERSITIES[0])), sender="one@example.edu.cn"))
    desk.run()
    other.now = desk.now
    other.run()
    desk.receive(letter(papers(table(UNIVERSITIES[1])), sender="two@example.edu.cn"), desk.now)
    later = {"附件3.xlsx": papers(table(UNIVERSITIES[0], contact_name="钱示例"))["附件3.xlsx"]}
    desk.receive(letter(later, sender="one@example.edu.cn"), desk.now + timedelta(minutes=1))
    desk.run()
    other.now = desk.now
    assert other.run().ledger_written
    for sheet in ("项目汇总", "高校进度"):
        assert other.rows(sheet) == desk.rows(sheet)
    archives = [
        sorted(str(path.relative_to(one.settings.data)) for path in (one.settings.data / "archive").rglob("*"))
        for one in (desk, other)
    ]
    assert archives[0] == archives[1]
    assert any("钱示例" in str(row.values()) for row in other.rows("高校进度"))


def test_what_one_has_claimed_no_other_gets(url: str) -> None:
    stores = [Store.open(url) for _ in range(4)]
    keys = [f"INBOX/1/{uid}" for uid in range(200)]
    later = MORNING + timedelta(hours=1)

    def claim(number: int) -> list[set[str]]:
        some = [keys[start : start + 20] for start in range(0, len(keys), 20)]
        return [stores[number].work.claim("mail", part, f"holder {number}", MORNING, later) for part in some]

    with ThreadPoolExecutor(4) as threads:
        got = [set().union(*parts) for parts in threads.map(claim, range(4))]
    assert sorted(key for keys in got for key in keys) == sorted(keys)
    holder = next(number for number in range(4) if got[number])
    key = min(got[holder])
    # Whoever holds it may go on; the others get it when its time is over, or when it is given back.
    assert stores[holder].work.claim("mail", [key], f"holder {holder}", MORNING, later) == {key}
    assert stores[0].work.claim("mail", [key], "new", MORNING, later) == set()
    assert stores[0].work.claim("mail", [key], "new", later + timedelta(seconds=1), later + timedelta(hours=1)) == {key}
    stores[0].work.release("new")
    assert stores[1].work.claim("mail", [key], "newer", later, later + timedelta(hours=1)) == {key}
    for store in stores:
        store.close()


def test_what_many_write_at_once_is_counted_once_each(url: str) -> None:
    stores = [Store.open(url) for _ in range(4)]
    before = int(stores[0].fact("revision") or 0)

    def write(number: int) -> None:
        for uid in range(25):
            stores[number].outbox.leave_unanswered(f"{number}{uid}")
            stores[number].set_fact("same", str(uid))
            stores[number].work.sight(Envelope("INBOX", 1, uid, MORNING, 1), "a" * 64)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert int(stores[0].fact("revision") or 0) - before == 100
    assert stores[0].work.known_uids("INBOX", 1) == set(range(25))
    for store in stores:
        store.close()


def test_what_is_read_together_is_of_one_moment_here_as_well(url: str) -> None:
    one, other = Store.open(url), Store.open(url)
    one.record(outcome("a", "甲大学"), HERE)
    others_write_behind_the_first_look(one, other)
    one.close()
    other.close()


def test_programs_that_start_at_once_make_the_tables_once(url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: Store.open(url), range(6)))
    assert {store.fact("revision") for store in stores} == {"0"}
    for store in stores:
        store.close()


def test_a_mail_that_another_machine_fetched_can_be_read_here(desk: Desk, tmp_path: Path) -> None:
    large = letter({**papers(table()), "照片.jpg": os.urandom(9 << 20)})
    desk.receive(large)
    desk.run()
    elsewhere = replace(desk.settings, data=tmp_path / "two")
    with Desk(desk.imap, desk.smtp, elsewhere).office() as office:
        (id,) = [mail.id for mail in office.store.mails()]
        assert office.spool.read(id) == large
        assert office.submission(UNIVERSITY).entries


def test_a_reply_that_another_program_is_sending_is_left_to_it(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run(reply="off")
    store = Store.open(desk.settings.store_url)
    (reply,) = store.outbox.replies()
    store.outbox.mark(reply.message_id, "sending", tried_at=desk.now)
    store.work.claim("reply", [reply.message_id], "somebody else", desk.now, desk.now + timedelta(minutes=5))
    desk.run()
    assert [one.state for one in store.outbox.replies()] == ["sending"]
    # It has died meanwhile, and nobody knows how far it got.
    desk.run(after_minutes=10)
    assert [one.state for one in store.outbox.replies()] == ["unconfirmed"]
    assert not desk.sent
    store.close()


def test_a_mail_another_program_has_answered_meanwhile_is_not_answered_again(desk: Desk) -> None:
    from pipeline import answering, passes, progress, run

    desk.receive(letter(papers(table())))
    with desk.office() as office:
        run.fetch(office, passes.Pass(), lambda: desk.now, progress.silent)
        (mail,) = office.store.outbox.unanswered()
        other = Store.open(desk.settings.store_url)
        other.outbox.leave_unanswered(mail.id)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(office.store.outbox, "unanswered", lambda: [mail])
            assert answering.answer(office, desk.now + timedelta(minutes=1)) == 0
        assert office.store.outbox.replies() == []
        other.close()


def test_characters_that_the_database_cannot_hold_do_not_stop_a_pass(desk: Desk) -> None:
    raw = letter(papers(table()), subject="项目报送")
    desk.receive(raw.replace(b"Subject: ", b"Subject: =?utf-8?q?=00?= ", 1))
    result = desk.run()
    assert (result.recorded, result.set_aside, len(desk.sent)) == (1, 0, 1)


def test_a_mail_with_more_than_the_database_can_hold_is_set_aside_and_the_rest_goes_on(desk: Desk) -> None:
    endless = os.urandom(9000).hex()
    desk.receive(letter(papers(table(endless)), sender="endless@example.edu.cn"))
    desk.receive(letter(papers(table())), MORNING + timedelta(minutes=1))
    result = desk.run()
    assert (result.recorded, result.set_aside) == (1, 1)
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"


@pytest.mark.parametrize(
    "place",
    ["127.0.0.1:1/postgres", "nowhere.invalid/postgres", "/postgres?host=/nowhere", "127.0.0.1:1/x?autocommit=1"],
)
def test_a_server_that_is_not_there_is_away_for_now_and_told_without_the_password(place: str) -> None:
    with pytest.raises(ServerAway, match=r"没有丢失任何邮件.*ANNEX_STORE_URL") as caught:
        Store.open(f"postgresql://annex:geheim@{place}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:1/x?user=annex&password=geheim",
        "postgresql://127.0.0.1:1/x?sslpassword=geheim",
        "postgresql://annex:very@geheim@127.0.0.1:1/x",
        "postgresql://annex:geheim@127.0.0.1:abc/x",
        "mysql://annex:geheim@127.0.0.1/x?password=geheim",
    ],
)
def test_wherever_the_password_stands_in_the_address_it_stands_in_no_message(url: str) -> None:
    with pytest.raises((ServerAway, ConfigurationError), match="ANNEX_STORE_URL") as caught:
        Store.open(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "who", "said"),
    [
        ("nowhere", "annex:geheim", "nowhere"),
        ("postgres", "nobody:geheim", "nobody"),
        ("postgres", "locked:geheim", "password"),
    ],
)
def test_a_wrong_user_password_or_database_is_a_wrong_setting(server: str, name: str, who: str, said: str) -> None:
    engine = sa.create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        doors = connection.execute(sa.text("SHOW hba_file")).scalar_one()
        for statement in (
            "DROP ROLE IF EXISTS locked",
            "CREATE ROLE locked LOGIN PASSWORD 'another'",
            f"COPY (VALUES ('host all locked all scram-sha-256'), ('host all all all trust')) TO '{doors}'",
            "SELECT pg_reload_conf()",
        ):
            connection.execute(sa.text(statement))
    engine.dispose()
    address = server.rpartition("/")[0].replace("annex@", f"{who}@")
    with pytest.raises(ConfigurationError, match=f"无法打开：服务器说.*{said}.*请检查 ANNEX_STORE_URL") as caught:
        Store.open(f"{address}/{name}")
    assert "geheim" not in str(caught.value)
