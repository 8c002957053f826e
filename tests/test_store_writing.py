"""How an outcome and a reply are written: in few statements, and with all that stood there before in its right place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from desk import MORNING
from parsers.model import GridKind, Place, Transcript
from pipeline import statements
from pipeline.codec import PLACE_END, Places, packed, transcript_out
from pipeline.model import Address, Disposition, Envelope, Mail, Outcome, Reply, Version
from pipeline.reply_states import ReplyKind, ReplyState
from pipeline.store import Store
from pipeline.tables import metadata

SENDER = Address("张三", "zhangsan@example.edu.cn")
HERE = Envelope("INBOX", 1, 7, MORNING, 1000)
LATER = MORNING + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store.open(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    yield one
    one.close()


def outcome(id: str, *universities: str) -> Outcome:
    """The outcome of a mail with one document for each of these universities."""
    mail = Mail(
        id=id, received_at=MORNING, message_id=f"<{id}@example.edu.cn>", sender=SENDER, reply_to=SENDER, subject="材料",
        references=(), attached=1, disposition=Disposition.SUBMISSION, universities=universities,
    )  # fmt: skip
    transcript = Transcript(None, "docx")
    versions = tuple(
        Version(id, index, MORNING, f"附件{index}.docx", "f" * 64, transcript, university=name)
        for index, name in enumerate(universities)
    )
    return Outcome(mail, versions)


def reply(*answers: str, recipient: str = SENDER.address) -> Reply:
    return Reply(f"<annex.{answers[0]}@163.com>", recipient, "收到", "acknowledgement", b"raw", answers, ("甲大学",))


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that reach the database within the block."""
    said: list[str] = []

    def note(*given: object) -> None:
        said.append(str(given[2]))

    sa.event.listen(store.database.engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(store.database.engine, "before_cursor_execute", note)


def others_write_behind_the_first_look(store: Store, other: Store) -> None:
    """Read a dossier of one mail while another program records a second one after the first statement that finds it."""
    late: list[str] = []

    def interrupt(*given: object) -> None:
        if "FROM concerns" in str(given[2]) and not late:
            late.append("b")
            other.record(outcome("b", "甲大学"), replace(HERE, uid=8))

    sa.event.listen(store.database.engine, "after_cursor_execute", interrupt)
    (found,) = store.universities.dossiers(["甲大学"])
    assert late
    assert {version.mail for version in found.versions} == {mail.id for mail in found.mails} == {"a"}
    (again,) = store.universities.dossiers(["甲大学"])
    assert {version.mail for version in again.versions} == {"a", "b"}


def test_a_new_mail_is_looked_up_once_and_inserted_once_in_each_table(store: Store) -> None:
    with store.together(), counted(store) as said:
        store.record(outcome("a", "甲大学"), HERE)
    verbs = [each.split()[0] for each in said]
    assert (verbs.count("SELECT"), verbs.count("INSERT"), verbs.count("DELETE")) == (1, 4, 0)


def one_of_several(id: str, *universities: str) -> tuple[Outcome, Envelope]:
    """What a mail of a correspondent of its own came to, and where it lies."""
    found = outcome(id, *universities)
    person = Address("", f"{id}@example.edu.cn")
    return Outcome(replace(found.mail, sender=person, reply_to=person), found.versions), replace(HERE, uid=ord(id))


def contents(store: Store) -> list[object]:
    """All that is stored but the marks, which differ each time."""
    with store.database.reading() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "fact"]
        columns = [[column for column in table.c if column.name != "mark"] for table in tables]
        return [sorted(map(repr, connection.execute(sa.select(*each)))) for each in columns]


def test_several_mails_are_looked_up_once_and_inserted_once_in_each_table(store: Store) -> None:
    with counted(store) as said:
        store.record_all([one_of_several(id, "甲大学") for id in "abc"])
    verbs = [each.split()[0] for each in said]
    assert (verbs.count("SELECT"), verbs.count("INSERT"), verbs.count("DELETE")) == (1, 4, 0)


@pytest.mark.parametrize("before", ["nothing", "the mail", "its place", "set aside", "waiting"])
def test_several_mails_recorded_at_once_come_to_the_same_as_one_by_one(
    before: str, store: Store, tmp_path: Path
) -> None:
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite3")
    several = [one_of_several("b", "甲大学"), one_of_several("c"), one_of_several("d", "?d@example.edu.cn", "乙大学")]
    for one in (store, other):
        if before == "the mail":
            one.record(*one_of_several("b", "丙大学"))
            one.outbox.queue(reply("b"), LATER)
        elif before == "its place":
            one.record(outcome("a", "丙大学"), several[0][1])
        elif before == "set aside":
            one.set_aside("c", MORNING, "ValueError", "trace", LATER)
        elif before == "waiting":
            one.record(one_of_several("a", "?b@example.edu.cn")[0])
    store.record_all(several if before != "nothing" else several[:2])
    for found, place in several if before != "nothing" else several[:2]:
        other.record(found, place)
    assert contents(store) == contents(other)
    other.close()


def test_of_several_mails_that_cannot_all_be_stored_none_is(store: Store) -> None:
    there = one_of_several("b", "甲大学")
    with pytest.raises(sa.exc.IntegrityError):
        store.record_all([one_of_several("a", "甲大学"), there, (there[0], replace(HERE, uid=1))])
    assert store.mails() == []


def test_a_mail_recorded_again_replaces_all_that_it_came_to(store: Store) -> None:
    store.set_aside("a", MORNING, "ValueError", "trace", LATER)
    store.record(outcome("a", "甲大学", "乙大学"), HERE)
    assert store.all_set_aside() == []
    store.outbox.queue(reply("a"), LATER)
    store.record(outcome("a", "丙大学"), HERE)
    assert [mail.universities for mail in store.mails()] == [("丙大学",)]
    assert [version.university for version in store.versions_of("a")] == ["丙大学"]
    assert store.outbox.replies_of(["a"]) == {"a": reply("a").message_id}
    assert store.work.sightings("a") == [replace(HERE, size=0)]


def test_a_place_where_another_mail_was_sighted_belongs_to_the_new_one(store: Store) -> None:
    store.record(outcome("a", "甲大学"), HERE)
    store.record(outcome("b", "甲大学"), HERE)
    assert (store.work.sightings("a"), store.work.sightings("b")) == ([], [replace(HERE, size=0)])


@pytest.mark.parametrize("earlier", [True, False])
def test_what_waited_under_an_address_goes_to_the_university_it_names(store: Store, earlier: bool) -> None:
    waiting = f"?{SENDER.address}"
    if earlier:
        store.record(outcome("a", waiting))
        store.record(outcome("b", "甲大学"))
    else:
        # One document of the very same mail says whose it is, the other does not.
        store.record(outcome("b", waiting, "甲大学"))
    assert store.universities.names() == ["甲大学"]
    assert {version.university for version in store.universities.dossier("甲大学")[0]} == {"甲大学"}
    assert len(store.universities.dossier("甲大学")[0]) == 2


def test_an_address_that_has_not_said_whose_it_is_adopts_nothing(store: Store) -> None:
    store.record(outcome("a", f"?{SENDER.address}"))
    store.record(outcome("b", "甲大学", "乙大学"))
    assert sorted(store.universities.names()) == sorted([f"?{SENDER.address}", "甲大学", "乙大学"])


def test_a_transaction_moves_the_revision_on_once_and_one_undone_not_at_all(store: Store) -> None:
    before = int(store.fact("revision") or 0)
    with store.together():
        for id in "ab":
            with store.together():
                store.record(outcome(id, "甲大学"))
    assert int(store.fact("revision") or 0) == before + 1

    def undone() -> None:
        with store.together():
            store.record(outcome("c", "甲大学"))
            raise ZeroDivisionError

    with store.together():
        with pytest.raises(ZeroDivisionError):
            undone()
        store.record(outcome("d", "甲大学"))
    assert [mail.id for mail in store.mails()] == ["a", "b", "d"]
    # The first to have moved it was undone, and the second has done so again.
    assert int(store.fact("revision") or 0) == before + 2


def test_what_is_read_together_is_of_one_moment_whatever_others_write_meanwhile(store: Store, tmp_path: Path) -> None:
    store.record(outcome("a", "甲大学"), HERE)
    other = Store.open(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    others_write_behind_the_first_look(store, other)
    other.close()


def test_a_reply_is_queued_once_and_never_where_another_was_made(store: Store) -> None:
    store.record(outcome("a", "甲大学"))
    store.record(outcome("b", "甲大学"))
    assert store.outbox.queue(reply("a"), LATER)
    assert not store.outbox.queue(reply("a"), LATER)
    assert not store.outbox.queue(reply("b", "a"), LATER)
    assert store.outbox.replies_of(["a", "b"]) == {"a": reply("a").message_id, "b": None}
    assert [one.message_id for one in store.outbox.replies()] == [reply("a").message_id]


def test_of_several_replies_only_those_are_queued_that_are_new(store: Store) -> None:
    for id in "abcd":
        store.record(outcome(id, "甲大学"))
    store.outbox.queue(reply("a"), LATER)
    store.outbox.leave_unanswered("d")
    several = [(reply("a"), "queued"), (reply("b", "a"), "queued"), (reply("c"), "undeliverable"), (reply("d"), "off")]
    assert store.outbox.queue_all(several, LATER) == 1
    assert {one.message_id: one.state for one in store.outbox.replies()} == {
        reply("a").message_id: "queued",
        reply("c").message_id: "undeliverable",
    }
    assert store.outbox.replies_of() == {"a": reply("a").message_id, "b": None, "c": reply("c").message_id, "d": ""}


def test_where_no_reply_is_to_be_queued_nothing_changes(store: Store) -> None:
    before = store.fact("revision")
    assert store.outbox.queue_all([], LATER) == 0
    assert store.fact("revision") == before


def test_any_number_of_mails_may_be_asked_about(store: Store) -> None:
    store.record(outcome("a", "甲大学"), HERE)
    assert store.outbox.replies_of([*map(str, range(300_000)), "a"]) == {"a": None}


def test_replies_are_counted_by_recipient_since_an_instant(store: Store) -> None:
    for id, recipient, made_at in (("a", "x@b.cn", MORNING), ("b", "x@b.cn", LATER), ("c", "y@b.cn", LATER)):
        store.outbox.queue(reply(id, recipient=recipient), made_at)
    assert store.outbox.made_since(["x@b.cn", "y@b.cn", "z@b.cn"], LATER) == {"x@b.cn": 1, "y@b.cn": 1}
    assert store.outbox.made_since(["x@b.cn"], MORNING) == {"x@b.cn": 2}
    assert store.outbox.made_since([], MORNING) == {}


@pytest.mark.parametrize("label", ["联系电话", "", f"一{PLACE_END}二", "一␟二"])
def test_a_packed_transcript_is_the_same_and_is_stored_the_same(label: str) -> None:
    places = {"phone": Place(GridKind.TABLE, "", 1, 3, 2, label), "name": Place()}
    transcript = Transcript("annex4", "docx", None, places)
    assert packed(transcript) == transcript
    assert transcript_out(packed(transcript)) == transcript_out(transcript)
    assert isinstance(packed(transcript).places, Places) == (label in ("联系电话", ""))
    assert packed(packed(transcript)) == transcript


def corrected(store: Store, id: str, university: str, **changes: Any) -> bytes:
    """Record a mail about a university and the correction that answers it; returns what that says."""
    found, envelope = one_of_several(id, university)
    store.record(found, envelope)
    raw = f"letter to {id}".encode()
    letter = replace(reply(id, recipient=f"{id}@example.edu.cn"), kind=ReplyKind.CORRECTION, raw=raw)
    told = "" if university.startswith("?") else university
    state = changes.pop("state", ReplyState.SENT)
    store.outbox.queue_all([(replace(letter, universities=(told,), **changes), state)], MORNING)
    return raw


def test_of_the_corrections_only_those_are_read_that_writers_about_a_university_may_have_got(store: Store) -> None:
    mine = corrected(store, "a", "甲大学")
    corrected(store, "b", "乙大学")
    corrected(store, "c", "甲大学", state=ReplyState.OFF)
    corrected(store, "d", "甲大学", kind=ReplyKind.ACKNOWLEDGEMENT)
    unconfirmed = corrected(store, "e", "甲大学", state=ReplyState.UNCONFIRMED)
    unnamed = corrected(store, "f", "?f@example.edu.cn")
    corrected(store, "g", "?g@example.edu.cn")
    with counted(store) as said:
        assert set(store.outbox.corrections(["甲大学", "?f@example.edu.cn"])) == {mine, unconfirmed, unnamed}
    assert sum("outbox.raw" in one for one in said) == 3
    # What was answered before its university was known is that university's afterwards.
    late = outcome("h", "丙大学")
    person = Address("", "f@example.edu.cn")
    store.record(Outcome(replace(late.mail, sender=person, reply_to=person), late.versions))
    assert list(store.outbox.corrections(["丙大学"])) == [unnamed]
    # Staff's decision opens the answer anew, but the letter has been sent.
    store.universities.decide("a", True, LATER)
    assert mine in set(store.outbox.corrections(["甲大学"]))


def test_the_corrections_of_a_university_are_found_without_going_through_the_outbox(store: Store) -> None:
    query = statements.corrections().params(universities=["甲大学"])
    text = query.compile(store.database.engine, compile_kwargs={"literal_binds": True})
    with store.database.reading() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any(step.startswith("SEARCH outbox") for step in plan)
    assert not any(step.startswith(("SCAN outbox", "SCAN mail", "SCAN concerns")) for step in plan)
