"""The statements that every mail and every reply needs, each built once, when first needed: building one takes longer
than executing it. What they mean together, and what goes into them, is the store's business.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from pipeline.reply_states import ANSWERS, NEVER_LEFT, ReplyKind, ReplyState
from pipeline.tables import aside, bounced, concerns, copied, mail, outbox, purged, sighting, version
from pipeline.unnamed import MARK


def _one(name: str) -> sa.BindParameter[Any]:
    """A value given when a statement is executed; its name must not be a column's."""
    return sa.bindparam(name)


def _each(name: str) -> sa.BindParameter[Any]:
    """A list of values, for IN."""
    return sa.bindparam(name, expanding=True)


def _at_place() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        sighting.c.folder == _one("folder_"),
        sighting.c.uidvalidity == _one("uidvalidity_"),
        sighting.c.uid == _one("uid_"),
    )


@cache
def is_recorded() -> sa.CompoundSelect[Any]:
    """Given `id_`: a row where a mail is recorded, set aside, purged, or a copy of another."""
    columns = (mail.c.id, aside.c.mail, purged.c.mail, copied.c.mail)
    return sa.union_all(*(sa.select(column).where(column == _one("id_")) for column in columns))


@cache
def recorded_under() -> sa.Select[Any]:
    """Given `message_ids`: the mails that bear one of these Message-IDs."""
    return sa.select(mail.c.id).where(mail.c.message_id.in_(_each("message_ids")))


@cache
def there() -> sa.CompoundSelect[Any]:
    """Given `id_`, a place and `university_`: for each that is there its table as `table_`, and of a mail its `reply`."""
    wanted = (
        (mail, mail.c.reply, (mail.c.id == _one("id_"),)),
        (aside, aside.c.mail, (aside.c.mail == _one("id_"),)),
        (sighting, sighting.c.mail, _at_place()),
        (concerns, concerns.c.mail, (concerns.c.university == _one("university_"),)),
    )
    return sa.union_all(
        *(
            sa.select(sa.literal_column(f"'{table.name}'").label("table_"), shown.label("reply")).where(*found)
            for table, shown, found in wanted
        )
    )


@cache
def anything_there() -> sa.CompoundSelect[Any]:
    """Given `ids`, `places` (folder, uidvalidity, uid) and `universities`: a row for whatever is there as in `there`."""
    place = sa.tuple_(sighting.c.folder, sighting.c.uidvalidity, sighting.c.uid)
    found = (
        mail.c.id.in_(_each("ids")),
        aside.c.mail.in_(_each("ids")),
        place.in_(_each("places")),
        concerns.c.university.in_(_each("universities")),
    )
    tables = (mail, aside, sighting, concerns)
    return sa.union_all(
        *(
            sa.select(sa.literal_column("1")).select_from(table).where(one)
            for table, one in zip(tables, found, strict=True)
        )
    )


@cache
def forget() -> dict[str, tuple[sa.Delete, ...]]:
    """What has to go before a mail is recorded, by the table that holds something; each is given `id_`."""
    columns = {mail.name: (mail.c.id, concerns.c.mail, version.c.mail), aside.name: (aside.c.mail,)}
    return {
        name: tuple(sa.delete(column.table).where(column == _one("id_")) for column in each)
        for name, each in columns.items()
    }


@cache
def add(table: sa.Table) -> sa.Insert:
    """Given one row, or several."""
    return table.insert()


@cache
def not_sighted() -> sa.Delete:
    """Given a place: `folder_`, `uidvalidity_` and `uid_`."""
    return sighting.delete().where(*_at_place())


@cache
def mails_about() -> sa.Select[Any]:
    """Given `university_`."""
    return sa.select(concerns.c.mail).where(concerns.c.university == _one("university_"))


@cache
def sent_by() -> sa.Select[Any]:
    """Given `address` and `before`, a stamp: what the address has sent for universities that are known, oldest first."""
    return (
        sa.select(version.c.university, version.c.transcript)
        .join(mail, mail.c.id == version.c.mail)
        .where(
            mail.c.reply_to == _one("address"),
            mail.c.received_at < _one("before"),
            ~version.c.university.startswith(MARK),
        )
        .order_by(version.c.received_at, version.c.position)
    )


@cache
def in_outbox() -> sa.Select[Any]:
    """Given `message_ids`: those of them that are in the outbox."""
    return sa.select(outbox.c.message_id).where(outbox.c.message_id.in_(_each("message_ids")))


@cache
def waiting_answers() -> sa.Select[Any]:
    """Of the replies that answer mails and have not been handed over yet, `message_id`, `recipient` and `universities`."""
    return sa.select(outbox.c.message_id, outbox.c.recipient, outbox.c.universities).where(
        outbox.c.state == ReplyState.QUEUED, outbox.c.kind.in_(ANSWERS)
    )


@cache
def corrections() -> sa.Select[Any]:
    """Given `universities`: of the corrections that may have reached whoever wrote about them, also about others, newest first,
    `message_id` and `universities`."""
    writers = (
        sa.select(writer)
        .join(concerns, concerns.c.mail == mail.c.id)
        .where(concerns.c.university.in_(_each("universities")))
        for writer in (mail.c.reply_to, mail.c.sender)
    )
    return (
        sa.select(outbox.c.message_id, outbox.c.universities)
        .where(
            outbox.c.recipient.in_(sa.union(*writers)),
            outbox.c.kind == ReplyKind.CORRECTION,
            outbox.c.state.not_in(NEVER_LEFT),
        )
        .order_by(outbox.c.made_at.desc(), outbox.c.message_id)
    )


@cache
def oldest_answered() -> sa.Select[Any]:
    """Given `message_ids` of replies: each with when the oldest mail came that it answers, and whether to any of these it goes
    where that was written (0) or only where others want it (1)."""
    oldest = sa.func.min(mail.c.received_at).label("oldest")
    diverted = sa.func.min(sa.case((mail.c.sender == mail.c.reply_to, 0), else_=1)).label("diverted")
    wanted = mail.c.reply.in_(_each("message_ids"))
    return sa.select(mail.c.reply, oldest, diverted).where(wanted).group_by(mail.c.reply)


@cache
def still_waiting() -> sa.Select[Any]:
    """Given `message_ids`: those of them that have not been handed over yet, which nobody does until the transaction ends."""
    there = outbox.c.message_id.in_(_each("message_ids"))
    return sa.select(outbox.c.message_id).where(there, outbox.c.state == ReplyState.QUEUED).with_for_update()


@cache
def drop() -> sa.Update:
    """Given `id_` of a reply and `said_`, why it is not sent; or several such pairs."""
    there = outbox.c.message_id == _one("id_")
    return outbox.update().where(there).values(state=ReplyState.DROPPED, said=_one("said_"))


@cache
def answer() -> sa.Update:
    """Given `id_` of a mail and `reply_`, the Message-ID of its reply; or several such pairs."""
    return mail.update().where(mail.c.id == _one("id_")).values(reply=_one("reply_"))


@cache
def made_since() -> sa.Select[Any]:
    """Given `recipients` and `since`, a stamp; what was dropped is not counted."""
    return (
        sa.select(outbox.c.recipient, sa.func.count().label("made"))
        .where(
            outbox.c.recipient.in_(_each("recipients")),
            outbox.c.made_at >= _one("since"),
            outbox.c.state != ReplyState.DROPPED,
        )
        .group_by(outbox.c.recipient)
    )


@cache
def diverted_since() -> sa.Select[Any]:
    """Given `since`, a stamp: each sender with how many replies to its mails were made for another address."""
    return (
        sa.select(mail.c.sender, sa.func.count(outbox.c.message_id.distinct()).label("made"))
        .join(outbox, outbox.c.message_id == mail.c.reply)
        .where(
            mail.c.sender != mail.c.reply_to, outbox.c.made_at >= _one("since"), outbox.c.state != ReplyState.DROPPED
        )
        .group_by(mail.c.sender)
    )


@cache
def bounces() -> sa.Select[Any]:
    """Given `addresses`; who has written since is there again, and is tried once more."""
    later = (mail.c.sender == bounced.c.address, mail.c.received_at > bounced.c.bounced_at, mail.c.automatic.is_(None))
    written = sa.exists().where(*later)
    return sa.select(bounced.c.address).where(bounced.c.address.in_(_each("addresses")), ~written)


@cache
def replies_of() -> sa.Select[Any]:
    """Given `ids`."""
    return sa.select(mail.c.id, mail.c.reply).where(mail.c.id.in_(_each("ids")))
