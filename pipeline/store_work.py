"""The part of the store that says where each mail lies in the mailbox, and which program is at work on what.

It fetches and reads no mail; a mail that is kept here for programs on other machines is bytes to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline import statements
from pipeline.database import Database
from pipeline.model import Envelope
from pipeline.rows import place_row, sighting_row
from pipeline.tables import claim, instant, piece, sighting, stamp
from pipeline.tally import Seen


class Work:
    """What the programs that share one store tell one another of their work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- where mails lie

    def known_uids(self, folder: str, uidvalidity: int) -> set[int]:
        """The UIDs of a folder that need not be fetched again."""
        query = sa.select(sighting.c.uid).where(sighting.c.folder == folder, sighting.c.uidvalidity == uidvalidity)
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def seen(self, folder: str, uidvalidity: int) -> dict[int, Seen]:
        """What was told of the mails of a folder when they were sighted, by UID."""
        there = (sighting.c.folder == folder, sighting.c.uidvalidity == uidvalidity)
        query = sa.select(sighting.c.uid, sighting.c.received_at, sighting.c.size).where(*there)
        with self._database.reading() as connection:
            return {uid: Seen(instant(at), size) for uid, at, size in connection.execute(query)}

    def unsighted(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Those of some mails that have not been sighted where they lie; another mail may have been."""
        place = (sighting.c.folder, sighting.c.uidvalidity, sighting.c.uid)
        wanted = [(one.folder, one.uidvalidity, one.uid) for one in envelopes]
        query = sa.select(*place, sighting.c.received_at, sighting.c.size).where(sa.tuple_(*place).in_(wanted))
        with self._database.reading() as connection:
            seen = {(*there,): Seen(instant(at), size) for *there, at, size in connection.execute(query)}
        return [
            one
            for one, there in zip(envelopes, wanted, strict=True)
            if there not in seen or seen[there].differs(Seen(one.received_at, one.size or None))
        ]

    def sight(self, envelope: Envelope, id: str) -> None:
        """Note where a mail lies; the same mail may be sighted in several places."""
        with self._database.writing(changes=False) as connection:
            note_sighting(connection, envelope, id)

    def sightings(self, id: str) -> list[Envelope]:
        """Where a mail was seen in the mailbox, in the order of its times of receipt."""
        query = sa.select(sighting).where(sighting.c.mail == id).order_by(sighting.c.received_at, sighting.c.folder)
        with self._database.reading() as connection:
            return [
                Envelope(row.folder, row.uidvalidity, row.uid, instant(row.received_at), 0)
                for row in connection.execute(query)
            ]

    # ---- what several programs share

    def claim(self, kind: str, keys: Iterable[str], holder: str, now: datetime, until: datetime) -> set[str]:
        """Take things to work on, so that no other program does; those that another one holds are not among the answer.

        A claim ends with `until`, for its holder may have died, or with `release`.
        """
        wanted = list(dict.fromkeys(keys))
        with self._database.writing(changes=False) as connection:
            connection.execute(claim.delete().where(claim.c.until < stamp(now)))
            taken = _claimed(connection, kind, wanted)
            mine = [key for key in wanted if taken.get(key, holder) == holder]
            fresh = [key for key in mine if key not in taken]
            rows = [{"kind": kind, "key": key, "holder": holder, "until": stamp(until)} for key in fresh]
            if rows:
                connection.execute(claim.insert(), rows)
        return set(mine)

    def release(self, holder: str) -> None:
        """Give back all that was claimed."""
        with self._database.writing(changes=False) as connection:
            connection.execute(claim.delete().where(claim.c.holder == holder))

    def keep_mail(self, mail: str, pieces: Iterable[bytes]) -> None:
        """Keep a mail as it came, in pieces, for programs on other machines; nothing happens if it is there already."""
        with suppress(sa.exc.IntegrityError), self._database.engine.begin() as connection:
            if connection.execute(sa.select(piece.c.mail).where(piece.c.mail == mail)).first():
                return
            for position, content in enumerate(pieces):
                connection.execute(piece.insert().values(mail=mail, position=position, content=content))

    def kept_mail(self, mail: str) -> Iterator[bytes]:
        """The pieces of a mail in their order; none if it is not there."""
        query = sa.select(piece.c.content).where(piece.c.mail == mail).order_by(piece.c.position)
        with self._database.engine.connect().execution_options(yield_per=1) as connection:
            for row in connection.execute(query):
                yield bytes(row.content)


def note_sighting(connection: Connection, envelope: Envelope, id: str, known: bool = True) -> None:
    """Note where a mail lies; `known` is whether something may have been sighted there before."""
    if known:
        place = {f"{name}_": value for name, value in place_row(envelope).items()}
        connection.execute(statements.not_sighted(), place)
    connection.execute(statements.add(sighting), sighting_row(envelope, id))


def _claimed(connection: Connection, kind: str, keys: Sequence[str]) -> dict[str, str]:
    """Who holds each of these."""
    query = sa.select(claim.c.key, claim.c.holder).where(claim.c.kind == kind, claim.c.key.in_(keys))
    return {row.key: row.holder for row in connection.execute(query)}
