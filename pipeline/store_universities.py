"""The part of the store that holds universities: their documents and mails, and what staff decided and settled about them.

It assembles nothing and judges nothing; a university is whatever name the mails were recorded under.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline import statements
from pipeline.codec import transcript_in
from pipeline.database import Database
from pipeline.known import Known, known_from
from pipeline.model import Mail, Version, Waiver
from pipeline.rows import NAMED_AT_ONCE, VERSION_COLUMNS, Dossier, mails_of, version_of
from pipeline.tables import concerns, decision, instant, mail, stamp, version, waived

# How many universities are read together: few enough for memory, enough that the queries cost nothing beside what they find.
DOSSIERS_AT_ONCE = 50


class Universities:
    """The universities of one open store, each by its name, or by "?" and an address while nobody knows which it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- what they sent

    def names(self) -> list[str]:
        """Every university heard of ("?" and an address for unknown ones), in the order first heard of."""
        query = (
            sa.select(concerns.c.university)
            .join(mail, mail.c.id == concerns.c.mail)
            .group_by(concerns.c.university)
            .order_by(sa.func.min(mail.c.received_at), concerns.c.university)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def dossier(self, university: str) -> tuple[list[Version], list[Mail]]:
        """All versions and mails of one university."""
        (found,) = self.dossiers([university])
        return found.versions, found.mails

    def dossiers(self, universities: Iterable[str]) -> Iterator[Dossier]:
        """The dossiers of many universities in their order, some at a time, for all the world would not fit into memory."""
        names = list(universities)
        for start in range(0, len(names), DOSSIERS_AT_ONCE):
            yield from self._dossiers(names[start : start + DOSSIERS_AT_ONCE])

    def _dossiers(self, names: Sequence[str]) -> list[Dossier]:
        found = {name: Dossier(name, [], [], []) for name in names}
        about = sa.select(concerns.c.university, mail).join(mail, mail.c.id == concerns.c.mail)
        with self._database.reading() as connection:
            rows = connection.execute(about.where(concerns.c.university.in_(names))).mappings().all()
            for row, entry in zip(rows, mails_of(connection, rows), strict=True):
                found[row["university"]].mails.append(entry)
            documents = sa.select(*VERSION_COLUMNS).where(version.c.university.in_(names))
            for one in map(version_of, connection.execute(documents)):
                found[one.university].versions.append(one)
            for waiver in _waivers(connection, names):
                found[waiver.university].waivers.append(waiver)
        return list(found.values())

    def newest_mails(self, universities: Iterable[str]) -> dict[str, datetime]:
        """When the server received the newest mail of each of these universities; without those that sent none."""
        names = list(dict.fromkeys(universities))
        found: dict[str, datetime] = {}
        about = sa.select(concerns.c.university, sa.func.max(mail.c.received_at)).join(
            mail, mail.c.id == concerns.c.mail
        )
        with self._database.reading() as connection:
            for start in range(0, len(names), NAMED_AT_ONCE):
                some = concerns.c.university.in_(names[start : start + NAMED_AT_ONCE])
                rows = connection.execute(about.where(some).group_by(concerns.c.university))
                found |= {name: instant(newest) for name, newest in rows}
        return found

    def known_to(self, address: str, before: datetime) -> Known:
        """The universities that an address has sent something for before an instant, with the projects their newest Annex 3
        lists."""
        if not address:
            # Those who name no address, and staff who hand something in, are not one correspondent.
            return {}
        with self._database.reading() as connection:
            rows = connection.execute(statements.sent_by(), {"address": address, "before": stamp(before)})
            return known_from((row.university, transcript_in(row.transcript).record) for row in rows)

    # ---- what staff decided

    def decisions(self) -> dict[str, bool]:
        """What staff decided of mails that would replace data from another address."""
        with self._database.reading() as connection:
            return {row.mail: row.accepted for row in connection.execute(sa.select(decision))}

    def decide(self, id: str, accepted: bool, at: datetime) -> None:
        """Keep a decision of staff's; the last one counts. A mail now accepted is to be answered, though it was before."""
        with self._database.writing() as connection:
            before = connection.execute(sa.select(decision.c.accepted).where(decision.c.mail == id)).scalar()
            if accepted and not before:
                # What is not to be answered at all ("") stays so.
                connection.execute(mail.update().where(mail.c.id == id, mail.c.reply != "").values(reply=None))
            connection.execute(decision.delete().where(decision.c.mail == id))
            connection.execute(decision.insert().values(mail=id, accepted=accepted, decided_at=stamp(at)))

    def waivers(self, university: str) -> list[Waiver]:
        """The findings of a university that staff settled, oldest first."""
        with self._database.reading() as connection:
            return _waivers(connection, [university])

    def waive(self, waiver: Waiver, at: datetime) -> None:
        """Keep a waiver; a new one for the same finding replaces the old."""
        with self._database.writing() as connection:
            _unwaive(connection, waiver.university, waiver.rule, waiver.project)
            connection.execute(
                waived.insert().values(
                    university=waiver.university,
                    rule=waiver.rule,
                    project=waiver.project,
                    reason=waiver.reason,
                    by=waiver.by,
                    grounds=waiver.grounds,
                    waived_at=stamp(at),
                )
            )

    def unwaive(self, university: str, rule: str, project: str) -> bool:
        """Take a waiver back; whether there was one."""
        with self._database.writing() as connection:
            return _unwaive(connection, university, rule, project)


def adopt(connection: Connection, waiting: str, university: str) -> None:
    """Give a university what waited under its correspondent's address."""
    ids = connection.execute(statements.mails_about(), {"university_": waiting}).scalars().all()
    if not ids:
        return
    connection.execute(version.update().where(version.c.university == waiting).values(university=university))
    for id in ids:
        connection.execute(concerns.delete().where(concerns.c.mail == id, concerns.c.university == university))
        there = (concerns.c.mail == id, concerns.c.university == waiting)
        connection.execute(concerns.update().where(*there).values(university=university))


def _waivers(connection: Connection, universities: Sequence[str]) -> list[Waiver]:
    """The waivers of these, oldest first."""
    there = waived.c.university.in_(universities)
    order = (waived.c.waived_at, waived.c.rule, waived.c.project)
    rows = connection.execute(sa.select(waived).where(there).order_by(*order))
    return [Waiver(row.university, row.rule, row.project, row.reason, row.by, _grounds(row.grounds)) for row in rows]


def _grounds(kept: list[list[str]] | None) -> tuple[tuple[str, str], ...] | None:
    return None if kept is None else tuple((project, said) for project, said in kept)


def _unwaive(connection: Connection, university: str, rule: str, project: str) -> bool:
    there = (waived.c.university == university, waived.c.rule == rule, waived.c.project == project)
    return connection.execute(waived.delete().where(*there)).rowcount > 0
