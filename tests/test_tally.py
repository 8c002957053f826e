"""What a pass asks of a folder whose mails it knows, and that no mail escapes a count that still adds up by chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from desk import CODE, MORNING, USER, Desk, letter, settings
from pipeline import ledger_charts, reader
from pipeline.demo.servers import EmbeddedSmtp
from pipeline.imap_session import DeclinedError
from pipeline.mailbox import Mailbox
from pipeline.passes import Pass
from pipeline.store_work import Work
from pipeline.tables import sighting
from pipeline.tally import Seen, Tally, Told, counted
from servers.dovecot import dovecot
from servers.netease import FakeMail, Netease

FOLDERS = ("INBOX", "垃圾邮件", "广告邮件")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither charts nor processes for reading, which nothing here looks at."""
    monkeypatch.setattr(ledger_charts, "draw", lambda *_: None)
    monkeypatch.setattr(reader, "CONFINED", False)


def question(number: int) -> bytes:
    return letter({}, MORNING, f"wen{number}@example.cn", "咨询", f"请问可以报几个项目？（{number}）")


@contextmanager
def desk_at(server: Netease, data: Path) -> Iterator[Desk]:
    """A desk that has already read the three mails of INBOX and one of another folder."""
    with EmbeddedSmtp(USER, CODE) as smtp:
        for number in range(3):
            server.add("INBOX", question(number), MORNING)
        server.add("广告邮件", question(3), MORNING)
        desk = Desk(None, smtp, settings(data, server.url, smtp.url, folders=FOLDERS))  # type: ignore[arg-type]
        assert desk.run().recorded == 4
        server.commands.clear()
        yield desk


@pytest.fixture(params=[False, True], ids=["as 163", "with UIDNEXT"])
def server(request: pytest.FixtureRequest) -> Iterator[Netease]:
    with Netease(user=USER, code=CODE, uidnext=request.param) as one:
        yield one


@pytest.fixture
def desk(server: Netease, tmp_path: Path) -> Iterator[Desk]:
    with desk_at(server, tmp_path) as one:
        yield one


def searches(server: Netease) -> list[str]:
    """The searches since this was last asked."""
    found = [command.removeprefix("UID SEARCH ") for command in server.commands if "SEARCH" in command]
    server.commands.clear()
    return found


def counts(done: Pass) -> tuple[int, int, int]:
    assert done.exit_code == 0
    return done.listed, done.recorded, done.known_already


def test_a_pass_with_nothing_new_lists_no_mails_and_looks_up_no_known_ones(
    server: Netease, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    known_uids = Work.known_uids
    monkeypatch.setattr(Work, "known_uids", lambda *given: asked.append(given[1]) or known_uids(*given))
    assert counts(desk.run()) == (0, 0, 0)
    found = searches(server)
    assert asked == []
    if server.uidnext:
        assert found == []
    else:
        # The folder between is empty, and a range that ends in * may be refused there.
        assert [which.partition(" ")[0] for which in found] == ["UID", "ALL", "UID"]
        assert all(which.endswith(":*") for which in found if which != "ALL")


def test_only_what_came_later_is_asked_for(server: Netease, desk: Desk) -> None:
    for number in range(4, 7):
        server.add("INBOX", question(number), MORNING)
    assert counts(desk.run()) == (3, 3, 0)
    assert searches(server)[0].endswith(":*")
    assert counts(desk.run()) == (0, 0, 0)


def test_a_server_that_refuses_to_search_for_a_range_is_asked_for_all(
    server: Netease, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = Mailbox._uids

    def refusing(self: Mailbox, which: str = "ALL") -> list[int]:
        if which != "ALL":
            raise DeclinedError(desk.settings.imap, "BAD 示例")
        return uids(self)

    monkeypatch.setattr(Mailbox, "_uids", refusing)
    server.add("INBOX", question(9), MORNING)
    assert counts(desk.run()) == (1, 1, 0)


def test_an_old_mail_that_comes_into_sight_is_found_at_once(server: Netease, desk: Desk) -> None:
    server.folders["INBOX"].mails.insert(0, FakeMail(17, question(7), MORNING - timedelta(days=90)))
    assert counts(desk.run()) == (1, 1, 0)


def test_an_old_mail_that_comes_into_sight_as_another_goes_is_found_within_the_hour(
    server: Netease, desk: Desk
) -> None:
    mails = server.folders["INBOX"].mails
    mails[:] = [FakeMail(17, question(7), MORNING), *mails[1:]]
    assert counts(desk.run()) == (0, 0, 0)
    assert counts(desk.run(after_minutes=60)) == (1, 1, 0)


def test_a_new_mail_that_comes_as_another_goes_is_found_at_once(server: Netease, desk: Desk) -> None:
    server.folders["INBOX"].mails.pop(1)
    server.add("INBOX", question(7), MORNING)
    assert counts(desk.run()) == (1, 1, 0)


def test_after_a_deletion_the_folder_is_listed_once(server: Netease, desk: Desk) -> None:
    server.folders["INBOX"].mails.pop(1)
    assert counts(desk.run()) == (0, 0, 0)
    assert searches(server)[1] == "ALL"
    assert counts(desk.run()) == (0, 0, 0)
    assert "ALL" not in searches(server)[:1]


def test_once_an_hour_every_folder_is_listed(server: Netease, desk: Desk) -> None:
    desk.run(after_minutes=60)
    assert searches(server) == ["ALL"] * 3


def test_a_folder_renumbered_is_listed(server: Netease, desk: Desk) -> None:
    folder = server.folders["INBOX"]
    folder.validity += 1
    for one in folder.mails:
        one.uid -= 1_000_000
    assert counts(desk.run()) == (3, 0, 3)
    assert counts(desk.run()) == (0, 0, 0)


@pytest.mark.parametrize("shift", [-1_000_000, 1_000_000])
def test_a_folder_renumbered_without_a_word_hides_no_new_mail(server: Netease, desk: Desk, shift: int) -> None:
    for one in server.folders["INBOX"].mails:
        one.uid += shift
    new = server.add("INBOX", question(7), MORNING)
    new.uid = server.folders["INBOX"].mails[2].uid + 7
    assert desk.run().recorded == 1


@pytest.mark.parametrize(("received", "padding"), [(5, b""), (0, b"padding\r\n")], ids=["another time", "another size"])
def test_a_new_mail_under_a_uid_that_another_had_is_found_within_the_hour(
    server: Netease, desk: Desk, received: int, padding: bytes
) -> None:
    mails = server.folders["INBOX"].mails
    new = FakeMail(mails[2].uid, question(7) + padding, MORNING + timedelta(minutes=received))
    # One was deleted, one came, and the server counts anew without a word.
    mails[:] = [FakeMail(mails[0].uid, mails[1].raw, MORNING), FakeMail(mails[1].uid, mails[2].raw, MORNING), new]
    assert counts(desk.run())[1] == 0
    assert counts(desk.run(after_minutes=60)) == (1, 1, 0)
    assert counts(desk.run()) == (0, 0, 0)
    assert counts(desk.run(after_minutes=60)) == (0, 0, 0)


def test_a_known_mail_under_a_uid_that_another_had_is_registered_once(server: Netease, desk: Desk) -> None:
    mails = server.folders["INBOX"].mails
    longer = server.add("INBOX", question(7) + b"padding\r\n", MORNING)
    desk.run()
    mails[0].raw, longer.raw = longer.raw, mails[0].raw
    assert counts(desk.run(after_minutes=60)) == (2, 0, 2)
    assert counts(desk.run(after_minutes=60)) == (0, 0, 0)


@pytest.mark.parametrize("silent", [("RFC822.SIZE",), ("INTERNALDATE",), ("RFC822.SIZE", "INTERNALDATE")])
def test_a_server_that_tells_of_its_mails_less_than_before_is_taken_as_it_is(
    server: Netease, desk: Desk, monkeypatch: pytest.MonkeyPatch, silent: tuple[str, ...]
) -> None:
    fetch = Mailbox._fetch

    def quiet(box: Mailbox, uids: list[int], wanted: str) -> dict[int, dict[bytes, object]]:
        kept = [name for name in wanted.split("|") if name not in silent]
        return fetch(box, uids, "|".join(kept or ["FLAGS"]))

    monkeypatch.setattr(Mailbox, "_fetch", quiet)
    for _ in range(2):
        assert counts(desk.run(after_minutes=60)) == (0, 0, 0)
        assert counts(desk.run()) == (0, 0, 0)
    assert server.folders["INBOX"].mails


def test_a_server_that_never_told_the_time_of_a_mail_is_not_asked_for_it_again(
    server: Netease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Mailbox._fetch
    monkeypatch.setattr(
        Mailbox, "_fetch", lambda box, uids, wanted: fetch(box, uids, wanted.removeprefix("INTERNALDATE|"))
    )
    with desk_at(server, tmp_path) as desk:
        assert counts(desk.run(after_minutes=60)) == (0, 0, 0)


def test_a_server_that_refuses_to_tell_of_all_its_mails_is_taken_as_it_is(
    server: Netease, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Mailbox._fetch

    def refusing(box: Mailbox, uids: list[int], wanted: str) -> dict[int, dict[bytes, object]]:
        if old & {*uids}:
            raise DeclinedError(desk.settings.imap, "BAD 示例")
        return fetch(box, uids, wanted)

    old = {mail.uid for mail in server.folders["INBOX"].mails}
    monkeypatch.setattr(Mailbox, "_fetch", refusing)
    server.add("INBOX", question(9), MORNING)
    assert counts(desk.run(after_minutes=60)) == (1, 1, 0)


def test_mails_sighted_by_an_older_program_are_compared_by_their_time_alone(server: Netease, desk: Desk) -> None:
    with desk.office() as office, office.store.database.engine.begin() as connection:
        connection.execute(sighting.update().values(size=None))
    mails = server.folders["INBOX"].mails
    mails[0].raw += b"padding\r\n"
    mails[1].received_at += timedelta(seconds=1)
    assert counts(desk.run(after_minutes=60)) == (1, 0, 1)


def test_a_mail_that_could_not_be_had_is_listed_again_until_it_can(server: Netease, desk: Desk) -> None:
    odd = server.add("INBOX", question(7), MORNING)
    server.truncated[odd.uid] = 99
    for _ in range(2):
        done = desk.run()
        assert (done.listed, done.missed) == (1, 1)
        server.truncated[odd.uid] = 99
    server.truncated.clear()
    assert counts(desk.run()) == (1, 1, 0)


@pytest.mark.parametrize("insists", [False, True])
def test_a_mail_that_seemed_gone_is_listed_again(server: Netease, desk: Desk, insists: bool) -> None:
    server.insists = insists
    server.vanished = {server.add("INBOX", question(7), MORNING).uid}
    assert desk.run().missed == 1
    server.vanished = set()
    assert counts(desk.run()) == (1, 1, 0)


def test_a_mail_of_which_the_server_said_nothing_is_listed_again(server: Netease, desk: Desk) -> None:
    server.silent = {server.add("INBOX", question(7), MORNING).uid}
    assert counts(desk.run()) == (0, 0, 0)
    server.silent = set()
    assert counts(desk.run()) == (1, 1, 0)


def test_what_was_listed_when_the_line_broke_is_listed_again(server: Netease, desk: Desk) -> None:
    for number in range(7, 10):
        server.add("INBOX", question(number), MORNING)
    recorded = 0
    for dropped in (1500, 2500, 3500, 4500):
        server.drop_after = dropped
        recorded += desk.run().recorded
    server.drop_after = None
    assert recorded + desk.run().recorded == 3


def test_what_another_program_was_at_work_on_is_listed_again(server: Netease, desk: Desk) -> None:
    new = server.add("INBOX", question(7), MORNING)
    with desk.office() as office:
        until = desk.now + timedelta(minutes=30)
        assert office.store.work.claim("mail", [f"INBOX/1/{new.uid}"], "another", desk.now, until)
    assert counts(desk.run()) == (0, 0, 0)
    with desk.office() as office:
        office.store.work.release("another")
    assert counts(desk.run()) == (1, 1, 0)


def test_the_tally_of_one_mailbox_is_not_taken_for_that_of_another(server: Netease, desk: Desk) -> None:
    server.user = "another@163.com"
    mails = server.folders["INBOX"].mails
    mails[0] = FakeMail(17, question(7), MORNING)
    assert counts(desk.run(user="another@163.com")) == (1, 1, 0)


def test_a_next_uid_that_never_moves_hides_no_mail(server: Netease, tmp_path: Path) -> None:
    server.uidnext = 9
    with desk_at(server, tmp_path) as desk:
        server.folders["INBOX"].mails.pop(1)
        server.add("INBOX", question(7), MORNING)
        assert counts(desk.run()) == (1, 1, 0)


def test_a_folder_without_uidvalidity_is_listed_every_time(server: Netease, tmp_path: Path) -> None:
    server.folders["INBOX"].validity = 0
    with desk_at(server, tmp_path) as desk:
        desk.run()
        assert "ALL" in searches(server)


def test_a_folder_of_more_mails_than_a_usual_line_holds_is_listed(tmp_path: Path) -> None:
    with Netease(user=USER, code=CODE) as server:
        raw = b"Subject: x\r\n\r\nx\r\n"
        mails = [server.add("INBOX", raw, MORNING) for _ in range(100_000)]
        known = {mail.uid for mail in mails[1:]}
        given = settings(tmp_path, server.url, "smtp://127.0.0.1:1")
        with Mailbox.open(given, USER) as box:
            (envelope,) = box.unknown("INBOX", lambda _: known)
            assert envelope.uid == mails[0].uid
            assert box.tallies["INBOX"].count == 100_000


def test_at_dovecot_nothing_is_searched_while_nothing_comes_and_a_new_mail_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    uids = Mailbox._uids

    def noting(box: Mailbox, which: str = "ALL") -> list[int]:
        asked.append(which)
        return uids(box, which)

    monkeypatch.setattr(Mailbox, "_uids", noting)
    with dovecot(USER, CODE) as server, EmbeddedSmtp(USER, CODE) as smtp:
        first = server.add(question(0), MORNING)
        desk = Desk(None, smtp, settings(tmp_path, server.url, smtp.url, folders=("INBOX",)))  # type: ignore[arg-type]
        assert counts(desk.run()) == (1, 1, 0)
        assert (counts(desk.run()), asked) == ((0, 0, 0), ["ALL"])
        server.add(question(1), MORNING)
        assert (counts(desk.run()), asked[1:]) == ((1, 1, 0), ["UID 2:*"])
        for path in first.parent.parent.glob(f"*/{first.name}*"):
            path.unlink()
        server.add(question(2), MORNING)
        assert counts(desk.run()) == (1, 1, 0)


class TestCounting:
    """The arithmetic by itself."""

    def test_a_tally_is_made_only_where_list_and_count_agree(self) -> None:
        assert counted(Told(1, 2), [5, 9]) == Tally(1, 2, 10)
        assert counted(Told(1, 2, 30), [5, 9]) == Tally(1, 2, 30)
        assert counted(Told(1, 3), [5, 9]) is None
        assert counted(Told(0, 2), [5, 9]) is None
        assert counted(Told(1, 0), []) == Tally(1, 0, 1)

    def test_a_tally_grows_by_what_came_later(self) -> None:
        assert counted(Told(1, 3), [12], Tally(1, 2, 10)) == Tally(1, 3, 13)
        assert counted(Told(1, 2), [12], Tally(1, 2, 10)) is None

    def test_mails_differ_only_where_both_are_told_of(self) -> None:
        seen = Seen(MORNING, 9)
        assert not seen.differs(Seen(MORNING, 9))
        assert not seen.differs(Seen())
        assert not Seen().differs(seen)
        assert not seen.differs(Seen(MORNING.astimezone(UTC), None))
        assert seen.differs(Seen(MORNING, 8))
        assert seen.differs(Seen(MORNING + timedelta(seconds=1)))

    def test_a_folder_is_unchanged_only_if_the_server_tells_the_next_uid(self) -> None:
        tally = Tally(1, 2, 10)
        assert tally.unchanged(Told(1, 2, 10))
        assert not tally.unchanged(Told(1, 2))
        assert not tally.unchanged(Told(1, 3, 10))
        assert tally.holds(Told(1, 3))
        assert not tally.holds(Told(2, 2, 10))
        assert not tally.holds(Told(1, 2, 9))
