"""What is known, on disk: mails, where they were sighted, their documents, the outbox, what was set aside.

SQLAlchemy Core over SQLite in WAL mode, or any SQLAlchemy URL. It stores and finds values and decides nothing; a whole
mail's outcome is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from parsers.model import Annex3
from pipeline import statements
from pipeline.codec import transcript_in
from pipeline.database import Database
from pipeline.model import Disposition, Envelope, Mail, Outcome, Reply, Version, Waiver
from pipeline.names import same_project
from pipeline.rows import (
    VERSION_COLUMNS,
    Dossier,
    Queued,
    Returned,
    SetAside,
    mail_row,
    mails_of,
    queued_of,
    reply_row,
    version_of,
    version_row,
)
from pipeline.tables import (
    aside,
    bounced,
    claim,
    concerns,
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
    waived,
)

# How many universities are read together: few enough for memory, enough that the queries cost nothing beside what they find.
DOSSIERS_AT_ONCE = 50

# So many names stand in one query.
NAMED_AT_ONCE = 500


class Store:
    """One open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str) -> Store:
        """Open and migrate. Raises ConfigurationError where the URL cannot be opened or was written by a newer program."""
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
            return _fact(connection, name)

    def set_fact(self, name: str, value: str) -> None:
        with self.database.writing(changes=False) as connection:
            _set_fact(connection, name, value)

    # ---- mails

    def known_uids(self, folder: str, uidvalidity: int) -> set[int]:
        """The UIDs of a folder that need not be fetched again."""
        query = sa.select(sighting.c.uid).where(sighting.c.folder == folder, sighting.c.uidvalidity == uidvalidity)
        with self.database.reading() as connection:
            return set(connection.execute(query).scalars())

    def is_recorded(self, id: str) -> bool:
        """Whether a mail's outcome is stored, or the mail set aside."""
        with self.database.reading() as connection:
            return connection.execute(statements.is_recorded(), {"id_": id}).first() is not None

    def sight(self, envelope: Envelope, id: str) -> None:
        """Note where a mail lies; the same mail may be sighted in several places."""
        with self.database.writing(changes=False) as connection:
            _sight(connection, envelope, id)

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
            answerable = entry.disposition is Disposition.SUBMISSION and entry.automatic is None
            reply = there.get("mail") or (None if answerable else "")
            connection.execute(statements.add(mail), {**mail_row(entry), "reply": reply})
            about = [
                {"mail": entry.id, "university": name, "position": position}
                for position, name in enumerate(entry.universities)
            ]
            if about:
                connection.execute(statements.add(concerns), about)
            if outcome.versions:
                connection.execute(statements.add(version), [version_row(one) for one in outcome.versions])
            if envelope is not None:
                _sight(connection, envelope, entry.id, known="sighting" in there)
            known = [name for name in entry.universities if not name.startswith("?")]
            waiting = f"?{entry.reply_to.address}"
            if len(known) == 1 and waiting != "?" and ("concerns" in there or waiting in entry.universities):
                _adopt(connection, waiting, known[0])
            return _note_return(connection, returned, entry) if returned is not None else []

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

    def replies_of(self, ids: Iterable[str] | None = None) -> dict[str, str | None]:
        """For every mail, or those named, the Message-ID of its reply, "" where none is due, None where it is still to come."""
        with self.database.reading() as connection:
            if ids is None:
                rows = connection.execute(sa.select(mail.c.id, mail.c.reply))
            else:
                rows = connection.execute(statements.replies_of(), {"ids": list(ids)})
            return {row.id: row.reply for row in rows}

    def unanswered(self) -> list[Mail]:
        """Submission mails whose reply is still due, oldest first."""
        query = sa.select(mail).where(mail.c.reply.is_(None)).order_by(mail.c.received_at, mail.c.id)
        with self.database.reading() as connection:
            return mails_of(connection, connection.execute(query).mappings().all())

    def mail_counts(self) -> dict[str, int]:
        """How many mails are recorded, set aside, and recorded but still to be answered."""
        queries = {
            "recorded": sa.select(sa.func.count()).select_from(mail),
            "set_aside": sa.select(sa.func.count()).select_from(aside),
            "unanswered": sa.select(sa.func.count()).where(mail.c.reply.is_(None)),
        }
        with self.database.reading() as connection:
            return {name: int(connection.execute(query).scalar_one()) for name, query in queries.items()}

    # ---- what several programs share

    def claim(self, kind: str, keys: Iterable[str], holder: str, now: datetime, until: datetime) -> set[str]:
        """Take things to work on, so that no other program does; those that another one holds are not among the answer.

        A claim ends with `until`, for its holder may have died, or with `release`.
        """
        wanted = list(dict.fromkeys(keys))
        with self.database.writing(changes=False) as connection:
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
        with self.database.writing(changes=False) as connection:
            connection.execute(claim.delete().where(claim.c.holder == holder))

    def keep_mail(self, mail: str, pieces: Iterable[bytes]) -> None:
        """Keep a mail as it came, in pieces, for programs on other machines; nothing happens if it is there already."""
        with suppress(sa.exc.IntegrityError), self.database.engine.begin() as connection:
            if connection.execute(sa.select(piece.c.mail).where(piece.c.mail == mail)).first():
                return
            for position, content in enumerate(pieces):
                connection.execute(piece.insert().values(mail=mail, position=position, content=content))

    def kept_mail(self, mail: str) -> Iterator[bytes]:
        """The pieces of a mail in their order; none if it is not there."""
        query = sa.select(piece.c.content).where(piece.c.mail == mail).order_by(piece.c.position)
        with self.database.engine.connect().execution_options(yield_per=1) as connection:
            for row in connection.execute(query):
                yield bytes(row.content)

    def unsighted(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Those of some mails that have not been sighted where they lie."""
        place = (sighting.c.folder, sighting.c.uidvalidity, sighting.c.uid)
        wanted = [(one.folder, one.uidvalidity, one.uid) for one in envelopes]
        query = sa.select(*place).where(sa.tuple_(*place).in_(wanted))
        with self.database.reading() as connection:
            seen = {tuple(row) for row in connection.execute(query)}
        return [one for one, there in zip(envelopes, wanted, strict=True) if there not in seen]

    # ---- universities

    def universities(self) -> list[str]:
        """Every university heard of ("?" and an address for unknown ones), in the order first heard of."""
        query = (
            sa.select(concerns.c.university)
            .join(mail, mail.c.id == concerns.c.mail)
            .group_by(concerns.c.university)
            .order_by(sa.func.min(mail.c.received_at), concerns.c.university)
        )
        with self.database.reading() as connection:
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
        with self.database.reading() as connection:
            rows = connection.execute(about.where(concerns.c.university.in_(names))).mappings().all()
            for row, entry in zip(rows, mails_of(connection, rows), strict=True):
                found[row["university"]].mails.append(entry)
            documents = sa.select(*VERSION_COLUMNS).where(version.c.university.in_(names))
            for one in map(version_of, connection.execute(documents)):
                found[one.university].versions.append(one)
            for waiver in _waivers(connection, names):
                found[waiver.university].waivers.append(waiver)
        return list(found.values())

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

    def newest_mails(self, universities: Iterable[str]) -> dict[str, datetime]:
        """When the server received the newest mail of each of these universities; without those that sent none."""
        names = list(dict.fromkeys(universities))
        found: dict[str, datetime] = {}
        about = sa.select(concerns.c.university, sa.func.max(mail.c.received_at)).join(
            mail, mail.c.id == concerns.c.mail
        )
        with self.database.reading() as connection:
            for start in range(0, len(names), NAMED_AT_ONCE):
                some = concerns.c.university.in_(names[start : start + NAMED_AT_ONCE])
                rows = connection.execute(about.where(some).group_by(concerns.c.university))
                found |= {name: instant(newest) for name, newest in rows}
        return found

    def leave_unanswered(self, id: str) -> None:
        """Note that a mail cannot be answered, because it names no address to write to."""
        with self.database.writing() as connection:
            connection.execute(mail.update().where(mail.c.id == id).values(reply=""))

    def known_to(self, address: str, before: datetime) -> dict[str, frozenset[str]]:
        """The universities that an address has sent forms for before an instant, with the projects their newest Annex 3 lists."""
        known: dict[str, frozenset[str]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(statements.sent_by(), {"address": address, "before": stamp(before)}):
                known.setdefault(row.university, frozenset())
                record = transcript_in(row.transcript).record
                if isinstance(record, Annex3):
                    known[row.university] = frozenset(same_project(project.project_name) for project in record.projects)
        return known

    def sightings(self, id: str) -> list[Envelope]:
        """Where a mail was seen in the mailbox, in the order of its times of receipt."""
        query = sa.select(sighting).where(sighting.c.mail == id).order_by(sighting.c.received_at, sighting.c.folder)
        with self.database.reading() as connection:
            return [
                Envelope(row.folder, row.uidvalidity, row.uid, instant(row.received_at), 0)
                for row in connection.execute(query)
            ]

    def decisions(self) -> dict[str, bool]:
        """What staff decided of mails that would replace data from another address."""
        with self.database.reading() as connection:
            return {row.mail: row.accepted for row in connection.execute(sa.select(decision))}

    def decide(self, id: str, accepted: bool, at: datetime) -> None:
        """Keep a decision of staff's; the last one counts."""
        with self.database.writing() as connection:
            connection.execute(decision.delete().where(decision.c.mail == id))
            connection.execute(decision.insert().values(mail=id, accepted=accepted, decided_at=stamp(at)))

    def waivers(self, university: str) -> list[Waiver]:
        """The findings of a university that staff settled."""
        with self.database.reading() as connection:
            return _waivers(connection, [university])

    def waive(self, waiver: Waiver, at: datetime) -> None:
        """Keep a waiver; a new one for the same finding replaces the old."""
        with self.database.writing() as connection:
            self._unwaive(connection, waiver.university, waiver.rule, waiver.project)
            connection.execute(
                waived.insert().values(
                    university=waiver.university,
                    rule=waiver.rule,
                    project=waiver.project,
                    reason=waiver.reason,
                    by=waiver.by,
                    waived_at=stamp(at),
                )
            )

    def unwaive(self, university: str, rule: str, project: str) -> bool:
        """Take a waiver back; whether there was one."""
        with self.database.writing() as connection:
            return self._unwaive(connection, university, rule, project)

    @staticmethod
    def _unwaive(connection: Connection, university: str, rule: str, project: str) -> bool:
        there = (waived.c.university == university, waived.c.rule == rule, waived.c.project == project)
        return connection.execute(waived.delete().where(*there)).rowcount > 0

    def purge(self, before: datetime) -> list[tuple[str, list[str]]]:
        """Remove everything about the mails received before an instant; their ids with the universities they concerned."""
        with self.database.writing() as connection:
            ids = list(connection.execute(sa.select(mail.c.id).where(mail.c.received_at < stamp(before))).scalars())
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
            return gone

    # ---- outbox

    def queue(self, reply: Reply, made_at: datetime, state: str = "queued") -> bool:
        """Put a reply into the outbox and mark the mails it answers, in one transaction.

        False if it was there already, or if another program has meanwhile answered one of these mails.
        """
        this = {"answers": reply.answers, "reply_": reply.message_id}
        with self.database.writing() as connection:
            tables = connection.execute(statements.answered(), this).scalars().all()
            if mail.name in tables:
                return False
            there = outbox.name in tables
            if not there:
                connection.execute(statements.add(outbox), reply_row(reply, made_at, state))
            connection.execute(statements.answer(), this)
            return not there

    def replies(self, *states: str) -> list[Queued]:
        """Replies in the given states (all if none is given), oldest first."""
        columns = [column for column in outbox.c if column is not outbox.c.raw]
        query = sa.select(*columns).order_by(outbox.c.made_at, outbox.c.message_id)
        if states:
            query = query.where(outbox.c.state.in_(states))
        with self.database.reading() as connection:
            return [queued_of(row) for row in connection.execute(query).mappings()]

    def letter(self, message_id: str) -> bytes:
        """A reply as it is sent. Raises LookupError where there is none."""
        query = sa.select(outbox.c.raw).where(outbox.c.message_id == message_id)
        with self.database.reading() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise LookupError(message_id)
        return bytes(found.raw)

    def mark(
        self, message_id: str, state: str, said: str = "", tried_at: datetime | None = None, was: str | None = None
    ) -> bool:
        """Move a reply to another state, with `was` only from that one; with `tried_at` it counts as an attempt.

        False where it was not moved: another program was quicker.
        """
        values: dict[str, Any] = {"state": state, "said": said}
        if tried_at is not None:
            values |= {"tried_at": stamp(tried_at), "attempts": outbox.c.attempts + 1}
        moved = outbox.update().where(outbox.c.message_id == message_id).values(**values)
        with self.database.writing() as connection:
            return connection.execute(moved if was is None else moved.where(outbox.c.state == was)).rowcount > 0

    def reply_counts(self) -> dict[str, int]:
        """How many replies are in each state that any is in."""
        query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state).order_by(outbox.c.state)
        with self.database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def sent_since(self, moment: datetime) -> int:
        """How many replies went out since an instant."""
        query = sa.select(sa.func.count()).where(outbox.c.state == "sent", outbox.c.tried_at >= stamp(moment))
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def made_since(self, recipients: Iterable[str], moment: datetime) -> dict[str, int]:
        """How many replies to each of these addresses were made since an instant; without those that got none."""
        this = {"recipients": list(recipients), "since": stamp(moment)}
        with self.database.reading() as connection:
            return {row.recipient: int(row.made) for row in connection.execute(statements.made_since(), this)}

    def bounced(self, addresses: Iterable[str]) -> set[str]:
        """Those of some addresses from which what we sent came back."""
        with self.database.reading() as connection:
            return set(connection.execute(statements.bounces(), {"addresses": list(addresses)}).scalars())

    def has_bounced(self, address: str) -> bool:
        """Whether what we sent to an address came back."""
        return bool(self.bounced([address]))

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
                _sight(connection, envelope, id)

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
    (piece, piece.c.mail),
)


def _claimed(connection: Connection, kind: str, keys: Sequence[str]) -> dict[str, str]:
    """Who holds each of these."""
    query = sa.select(claim.c.key, claim.c.holder).where(claim.c.kind == kind, claim.c.key.in_(keys))
    return {row.key: row.holder for row in connection.execute(query)}


def _waivers(connection: Connection, universities: Sequence[str]) -> list[Waiver]:
    query = sa.select(waived).where(waived.c.university.in_(universities)).order_by(waived.c.rule, waived.c.project)
    rows = connection.execute(query)
    return [Waiver(row.university, row.rule, row.project, row.reason, row.by) for row in rows]


def _there(connection: Connection, entry: Mail, envelope: Envelope | None) -> dict[str, str | None]:
    """The tables that hold something already that a mail bears on; of "mail" with the reply, None while it is due."""
    place = _place(envelope) if envelope is not None else {"folder": "", "uidvalidity": 0, "uid": 0}
    given = {f"{name}_": value for name, value in place.items()}
    given |= {"id_": entry.id, "university_": f"?{entry.reply_to.address}"}
    return {row.table_: row.reply for row in connection.execute(statements.there(), given)}


def _place(envelope: Envelope) -> dict[str, Any]:
    return {"folder": envelope.folder, "uidvalidity": envelope.uidvalidity, "uid": envelope.uid}


def _adopt(connection: Connection, waiting: str, university: str) -> None:
    """Give a university what waited under its correspondent's address."""
    ids = connection.execute(statements.mails_about(), {"university_": waiting}).scalars().all()
    if not ids:
        return
    connection.execute(version.update().where(version.c.university == waiting).values(university=university))
    for id in ids:
        connection.execute(concerns.delete().where(concerns.c.mail == id, concerns.c.university == university))
        there = (concerns.c.mail == id, concerns.c.university == waiting)
        connection.execute(concerns.update().where(*there).values(university=university))


def _note_return(connection: Connection, returned: Returned, entry: Mail) -> list[str]:
    """Remember what came back: the replies named, else those sent to the addresses named."""
    columns = (outbox.c.message_id, outbox.c.recipient)
    sent = connection.execute(sa.select(*columns).where(outbox.c.state == "sent")).all()
    found = [row for row in sent if row.message_id in returned.message_ids or row.recipient in returned.addresses]
    for row in found:
        there = outbox.c.message_id == row.message_id
        connection.execute(outbox.update().where(there).values(state="bounced", said="对方邮件系统退信"))
    addresses = list(dict.fromkeys(row.recipient for row in found))
    for address in addresses:
        connection.execute(bounced.delete().where(bounced.c.address == address))
        at = stamp(entry.received_at)
        connection.execute(bounced.insert().values(address=address, mail=entry.id, bounced_at=at))
    return addresses


def _fact(connection: Connection, name: str) -> str | None:
    return connection.execute(sa.select(fact.c.value).where(fact.c.name == name)).scalar()


def _set_fact(connection: Connection, name: str, value: str) -> None:
    if connection.execute(fact.update().where(fact.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(fact.insert().values(name=name, value=value))


def _sight(connection: Connection, envelope: Envelope, id: str, known: bool = True) -> None:
    """Note where a mail lies; `known` is whether something may have been sighted there before."""
    place = _place(envelope)
    if known:
        connection.execute(statements.not_sighted(), {f"{name}_": value for name, value in place.items()})
    connection.execute(statements.add(sighting), {**place, "mail": id, "received_at": stamp(envelope.received_at)})
