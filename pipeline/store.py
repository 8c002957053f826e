"""What is known, on disk: facts and mails, recorded or set aside; replies, universities and work stand in modules of their own.

SQLAlchemy Core over SQLite in WAL mode, or any SQLAlchemy URL. It stores and finds values and decides nothing; a whole
mail's outcome is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline import statements
from pipeline.database import Database
from pipeline.model import Envelope, Mail, Outcome, Version
from pipeline.reply_states import ReplyState
from pipeline.rows import (
    VERSION_COLUMNS,
    Returned,
    SetAside,
    mail_row,
    mails_of,
    place_row,
    sighting_row,
    version_of,
    version_row,
)
from pipeline.store_outbox import Outbox, note_return
from pipeline.store_universities import Universities, adopt
from pipeline.store_work import Work, note_sighting
from pipeline.tables import (
    aside,
    concerns,
    copied,
    decision,
    fact,
    instant,
    mail,
    outbox,
    piece,
    purged,
    sighting,
    stamp,
    version,
)
from pipeline.unnamed import MARK, is_unnamed, waiting_for


class Store:
    """One open store; what is written to its parts within `together` is one transaction as well."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = Outbox(database)
        self.universities = Universities(database)
        self.work = Work(database)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open and migrate. Raises ConfigurationError where the URL cannot be opened or was written by a newer program.

        Raises ServerAway where its server cannot be reached now.
        """
        return cls(Database.open(url))

    def close(self) -> None:
        self.database.close()

    def together(self) -> AbstractContextManager[None]:
        """Make all that is stored within the block one transaction: it is kept as a whole, or not at all."""
        return self.database.together()

    # ---- facts

    def fact(self, name: str) -> str | None:
        """A named value, or None."""
        with self.database.reading() as connection:
            return connection.execute(sa.select(fact.c.value).where(fact.c.name == name)).scalar()

    def set_fact(self, name: str, value: str) -> None:
        with self.database.writing(changes=False) as connection:
            if connection.execute(fact.update().where(fact.c.name == name).values(value=value)).rowcount == 0:
                connection.execute(fact.insert().values(name=name, value=value))

    # ---- mails

    def is_recorded(self, id: str) -> bool:
        """Whether a mail's outcome is stored, the mail set aside, or known as a copy of another."""
        with self.database.reading() as connection:
            return connection.execute(statements.is_recorded(), {"id_": id}).first() is not None

    def recorded_under(self, message_ids: Iterable[str]) -> list[str]:
        """Ids of the recorded mails that bear one of these Message-IDs ("" is none)."""
        wanted = {"message_ids": [one for one in message_ids if one]}
        with self.database.reading() as connection:
            return list(connection.execute(statements.recorded_under(), wanted).scalars())

    def record_copy(self, id: str, original: str, envelope: Envelope | None = None) -> None:
        """Note that a mail, set aside before perhaps, is a recorded one delivered once more: no mail of its own."""
        with self.database.writing() as connection:
            connection.execute(aside.delete().where(aside.c.mail == id))
            connection.execute(copied.insert().values(mail=id, original=original))
            if envelope is not None:
                note_sighting(connection, envelope, original)

    def record(self, outcome: Outcome, envelope: Envelope | None = None, returned: Returned | None = None) -> list[str]:
        """Store all that a mail came to, in one transaction; an earlier outcome of the same mail is replaced.

        What was answered stays answered. What its correspondent sent before it was known whose it is goes to the only
        university this mail names. `returned` is what a bounce says came back; the addresses that are not written to any more
        are returned.
        """
        entry = outcome.mail
        with self.database.writing() as connection:
            there = _there(connection, entry, envelope)
            for table in there.keys() & statements.forget().keys():
                for forget in statements.forget()[table]:
                    connection.execute(forget, {"id_": entry.id})
            _insert(connection, [(outcome, there.get("mail"))])
            if envelope is not None:
                note_sighting(connection, envelope, entry.id, known="sighting" in there)
            known = [name for name in entry.universities if not is_unnamed(name)]
            waiting = waiting_for(entry.reply_to.address)
            if len(known) == 1 and waiting != MARK and ("concerns" in there or waiting in entry.universities):
                adopt(connection, waiting, known[0])
            return note_return(connection, returned, entry) if returned is not None else []

    def record_all(self, fetched: Sequence[tuple[Outcome, Envelope]]) -> None:
        """`record` for mails just fetched, of different correspondents and none of them a bounce, which takes half the time."""
        with self.together(), self.database.writing() as connection:
            if _have_a_past(connection, fetched):
                for outcome, envelope in fetched:
                    self.record(outcome, envelope)
                return
            _insert(connection, [(outcome, None) for outcome, _ in fetched])
            rows = [sighting_row(envelope, outcome.mail.id) for outcome, envelope in fetched]
            connection.execute(statements.add(sighting), rows)

    def mails(self, ids: Iterable[str] | None = None) -> list[Mail]:
        """Recorded mails, oldest first; all of them, or those named."""
        query = sa.select(mail).order_by(mail.c.received_at, mail.c.id)
        if ids is not None:
            query = query.where(mail.c.id.in_(list(ids)))
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
            return mails_of(connection, rows)

    def mail_named(self, prefix: str) -> list[str]:
        """Ids of the mails, set-aside ones included, whose id begins with a prefix."""
        found: list[str] = []
        with self.database.reading() as connection:
            for column in (mail.c.id, aside.c.mail):
                found += connection.execute(
                    sa.select(column).where(column.startswith(prefix, autoescape=True))
                ).scalars()
        return sorted(set(found))

    def mail_counts(self) -> dict[str, int]:
        """How many mails are recorded, set aside, and recorded but still to be answered."""
        queries = {
            "recorded": sa.select(sa.func.count()).select_from(mail),
            "set_aside": sa.select(sa.func.count()).select_from(aside),
            "unanswered": sa.select(sa.func.count()).where(mail.c.reply.is_(None)),
        }
        with self.database.reading() as connection:
            return {name: int(connection.execute(query).scalar_one()) for name, query in queries.items()}

    def versions_of(self, id: str) -> list[Version]:
        """The documents of one mail, in order."""
        query = sa.select(*VERSION_COLUMNS).where(version.c.mail == id).order_by(version.c.position)
        with self.database.reading() as connection:
            return [version_of(row) for row in connection.execute(query)]

    def documents_by_mail(self) -> dict[str, dict[str | None, int]]:
        """For every mail how many documents of each form it brought; None counts those that are no form."""
        query = sa.select(version.c.mail, version.c.form, sa.func.count()).group_by(version.c.mail, version.c.form)
        counts: dict[str, dict[str | None, int]] = {}
        with self.database.reading() as connection:
            for id, form, count in connection.execute(query):
                counts.setdefault(id, {})[form] = count
        return counts

    def purge(self, before: datetime) -> list[tuple[str, list[str]]]:
        """Remove everything about the mails received before an instant; their ids with the universities they concerned."""
        with self.database.writing() as connection:
            old = sa.select(mail.c.id).where(mail.c.received_at < stamp(before))
            ids = list(connection.execute(old).scalars())
            ids += connection.execute(sa.select(copied.c.mail).where(copied.c.original.in_(old))).scalars()
            ids += connection.execute(sa.select(aside.c.mail).where(aside.c.received_at < stamp(before))).scalars()
            gone = []
            for id in dict.fromkeys(ids):
                names = connection.execute(sa.select(concerns.c.university).where(concerns.c.mail == id)).scalars()
                gone.append((id, list(names)))
                reply = connection.execute(sa.select(mail.c.reply).where(mail.c.id == id)).scalar()
                for table, column in _ABOUT_A_MAIL:
                    connection.execute(table.delete().where(column == id))
                if reply and not connection.execute(sa.select(mail.c.id).where(mail.c.reply == reply)).first():
                    connection.execute(outbox.delete().where(outbox.c.message_id == reply))
                connection.execute(purged.insert().values(mail=id))
            dropped = (outbox.c.state == ReplyState.DROPPED, outbox.c.made_at < stamp(before))
            connection.execute(outbox.delete().where(*dropped))
            return gone

    # ---- set aside

    def set_aside(
        self, id: str, received_at: datetime, reason: str, trace: str, at: datetime, envelope: Envelope | None = None
    ) -> None:
        """Remember that a mail could not be processed, and why; each time counts."""
        with self.database.writing() as connection:
            before = connection.execute(sa.select(aside.c.attempts).where(aside.c.mail == id)).scalar() or 0
            connection.execute(aside.delete().where(aside.c.mail == id))
            connection.execute(
                aside.insert().values(
                    mail=id,
                    received_at=stamp(received_at),
                    set_aside_at=stamp(at),
                    reason=reason,
                    trace=trace,
                    attempts=before + 1,
                )
            )
            if envelope is not None:
                note_sighting(connection, envelope, id)

    def all_set_aside(self) -> list[SetAside]:
        """Everything set aside, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(aside).order_by(aside.c.received_at)).mappings()
            return [
                SetAside(
                    row["mail"],
                    instant(row["received_at"]),
                    instant(row["set_aside_at"]),
                    row["reason"],
                    row["trace"],
                    row["attempts"],
                )
                for row in rows
            ]


_ABOUT_A_MAIL = (
    (mail, mail.c.id),
    (concerns, concerns.c.mail),
    (version, version.c.mail),
    (aside, aside.c.mail),
    (decision, decision.c.mail),
    (copied, copied.c.mail),
    (piece, piece.c.mail),
)


def _insert(connection: Connection, recorded: Sequence[tuple[Outcome, str | None]]) -> None:
    """Add what mails came to, each with the reply it has had already, if any."""
    mails: list[dict[str, Any]] = []
    about: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for outcome, reply in recorded:
        entry = outcome.mail
        mails.append({**mail_row(entry), "reply": reply or (None if entry.answerable else "")})
        about += [
            {"mail": entry.id, "university": name, "position": position}
            for position, name in enumerate(entry.universities)
        ]
        documents += map(version_row, outcome.versions)
    for table, rows in ((mail, mails), (concerns, about), (version, documents)):
        if rows:
            connection.execute(statements.add(table), rows)


def _have_a_past(connection: Connection, fetched: Sequence[tuple[Outcome, Envelope]]) -> bool:
    """Whether something is there already that one of these mails bears on, or one of them says whose its own documents are."""
    mails = [outcome.mail for outcome, _ in fetched]
    if any(len(entry.universities) > 1 for entry in mails):
        return True
    given = {
        "ids": [entry.id for entry in mails],
        "places": [tuple(place_row(envelope).values()) for _, envelope in fetched],
        "universities": [waiting_for(entry.reply_to.address) for entry in mails],
    }
    return connection.execute(statements.anything_there(), given).first() is not None


def _there(connection: Connection, entry: Mail, envelope: Envelope | None) -> dict[str, str | None]:
    """The tables that hold something already that a mail bears on; of "mail" with the reply, None while it is due."""
    place = place_row(envelope) if envelope is not None else {"folder": "", "uidvalidity": 0, "uid": 0}
    given = {f"{name}_": value for name, value in place.items()}
    given |= {"id_": entry.id, "university_": waiting_for(entry.reply_to.address)}
    return {row.table_: row.reply for row in connection.execute(statements.there(), given)}
