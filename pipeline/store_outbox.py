"""The part of the store that holds replies: which are due, those made and what became of each, whose mail came back.

It writes and sends none, and decides neither when one goes out nor which state comes next.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline import statements
from pipeline.database import Database
from pipeline.model import Disposition, Mail, Reply
from pipeline.reply_states import UNDER_WAY, ReplyState
from pipeline.rows import NAMED_AT_ONCE, Queued, Returned, mails_of, queued_of, reply_row
from pipeline.tables import bounced, instant, mail, outbox, stamp

# What cannot be delivered comes back within days (RFC 5321 4.5.4.1); a bounce that names an address only speaks of these.
LATELY = timedelta(days=14)


class Outbox:
    """The replies of one open store, and the note every mail bears of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- which mails are answered

    def replies_of(self, ids: Iterable[str] | None = None) -> dict[str, str | None]:
        """For every mail, or those named, the Message-ID of its reply, "" where none is due, None where it is still to come."""
        with self._database.reading() as connection:
            if ids is None:
                return {row.id: row.reply for row in connection.execute(sa.select(mail.c.id, mail.c.reply))}
            wanted = list(ids)
            found: dict[str, str | None] = {}
            for start in range(0, len(wanted), NAMED_AT_ONCE):
                some = {"ids": wanted[start : start + NAMED_AT_ONCE]}
                found |= {row.id: row.reply for row in connection.execute(statements.replies_of(), some)}
            return found

    def unanswered(self) -> list[Mail]:
        """Submission mails whose reply is still due, oldest first."""
        return self._mails(mail.c.reply.is_(None))

    def out_of_reach(self) -> list[Mail]:
        """Submission mails that cannot be answered, so that staff have to speak to somebody; oldest first."""
        left = self._mails(mail.c.reply == "", mail.c.disposition == Disposition.SUBMISSION.name)
        return [one for one in left if one.out_of_reach]

    def _mails(self, *wanted: sa.ColumnElement[bool]) -> list[Mail]:
        query = sa.select(mail).where(*wanted).order_by(mail.c.received_at, mail.c.id)
        with self._database.reading() as connection:
            return mails_of(connection, connection.execute(query).mappings().all())

    def leave_unanswered(self, id: str) -> None:
        """Note that a mail cannot be answered, because it names no address to write to."""
        with self._database.writing() as connection:
            connection.execute(mail.update().where(mail.c.id == id).values(reply=""))

    def waiting(self, recipients: Container[str], universities: Set[str]) -> list[tuple[str, str, list[Mail]]]:
        """The replies to these addresses, or about these universities, that have not been handed over yet: Message-ID, recipient
        and the mails each answers."""
        with self._database.reading() as connection:
            queued = connection.execute(statements.waiting_answers()).all()
        found = [row for row in queued if row.recipient in recipients or not universities.isdisjoint(row.universities)]
        if not found:
            return []
        mails = self._mails(mail.c.reply.in_([row.message_id for row in found]))
        answers, answered = self.replies_of(one.id for one in mails), dict[str | None, list[Mail]]()
        for one in mails:
            answered.setdefault(answers[one.id], []).append(one)
        return [(row.message_id, row.recipient, answered.get(row.message_id, [])) for row in found]

    def oldest_answered(self, message_ids: Iterable[str]) -> dict[str, tuple[bool, datetime]]:
        """When the oldest mail came that each of these replies answers, and whether nobody wrote any from where the reply goes;
        without those that answer none."""
        wanted, found = list(message_ids), dict[str, tuple[bool, datetime]]()
        with self._database.reading() as connection:
            for start in range(0, len(wanted), NAMED_AT_ONCE):
                some = {"message_ids": wanted[start : start + NAMED_AT_ONCE]}
                rows = connection.execute(statements.oldest_answered(), some)
                found |= {row.reply: (bool(row.diverted), instant(row.oldest)) for row in rows}
        return found

    # ---- the replies made

    def queue(self, reply: Reply, made_at: datetime) -> bool:
        """Put a reply into the outbox and mark the mails it answers, in one transaction.

        False if it was there already, or if another program has meanwhile answered one of these mails.
        """
        return self.queue_all([(reply, ReplyState.QUEUED)], made_at) > 0

    def queue_all(self, replies: Sequence[tuple[Reply, ReplyState]], made_at: datetime) -> int:
        """`queue` for several replies that answer different mails, each with its state; returns how many are new.

        What a reply replaces is dropped, or has its text replaced where the two answer the same mails; where that is on its way
        by now, the reply is not kept.
        """
        if not replies:
            return 0
        with self._database.together(), self._database.writing() as connection:
            replaced = [id for reply, _ in replies for id in reply.replaces]
            waiting = (
                set(connection.execute(statements.still_waiting(), {"message_ids": replaced}).scalars())
                if replaced
                else set()
            )
            other = self.replies_of(id for reply, _ in replies for id in reply.answers)
            mine = [
                (reply, state)
                for reply, state in replies
                if waiting.issuperset(reply.replaces)
                and all(other.get(id) in (None, reply.message_id, *reply.replaces) for id in reply.answers)
            ]
            ids = {"message_ids": [reply.message_id for reply, _ in mine]}
            there = set(connection.execute(statements.in_outbox(), ids).scalars())
            rows = [reply_row(reply, made_at, state) for reply, state in mine if reply.message_id not in there]
            marks = [{"id_": id, "reply_": reply.message_id} for reply, _ in mine for id in reply.answers]
            if rows:
                connection.execute(statements.add(outbox), rows)
            for reply, state in mine:
                if reply.message_id in reply.replaces:
                    self.rewrite(reply, state)
            if marks:
                connection.execute(statements.answer(), marks)
            dropped = [
                {"id_": id, "said_": "已由后来的回复代替"}
                for reply, _ in mine
                for id in reply.replaces
                if id != reply.message_id
            ]
            if dropped:
                connection.execute(statements.drop(), dropped)
            return len(rows)

    def replies(self, *states: ReplyState) -> list[Queued]:
        """Replies in the given states (all if none is given), oldest first."""
        return self._found(outbox.c.state.in_(states) if states else sa.true())

    def named(self, message_ids: Iterable[str]) -> list[Queued]:
        """The replies with these Message-IDs, oldest first."""
        return self._found(outbox.c.message_id.in_(list(message_ids)))

    def _found(self, wanted: sa.ColumnElement[bool]) -> list[Queued]:
        columns = [column for column in outbox.c if column is not outbox.c.raw]
        query = sa.select(*columns).where(wanted).order_by(outbox.c.made_at, outbox.c.message_id)
        with self._database.reading() as connection:
            return [queued_of(row) for row in connection.execute(query).mappings()]

    def letter(self, message_id: str) -> bytes:
        """A reply as it is sent. Raises LookupError where there is none."""
        query = sa.select(outbox.c.raw).where(outbox.c.message_id == message_id)
        with self._database.reading() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise LookupError(message_id)
        return bytes(found.raw)

    def corrections(self, universities: Iterable[str]) -> Iterator[bytes]:
        """The letters that asked for a correction those who wrote about one of these universities, as they were sent, newest first:
        about it, or about one that was not known then. One that is not known yet is given by its mark and the address."""
        names = {"", *universities}
        with self._database.reading() as connection:
            found = connection.execute(statements.corrections(), {"universities": list(names)}).all()
        for row in found:
            # One that was not known has no name in a reply.
            if not names.isdisjoint(row.universities):
                yield self.letter(row.message_id)

    def rewrite(self, reply: Reply, state: ReplyState = ReplyState.QUEUED) -> None:
        """Put another text, and perhaps another state, in the place of a reply that is still to be sent."""
        there = (outbox.c.message_id == reply.message_id, outbox.c.state == ReplyState.QUEUED)
        values = {"subject": reply.subject, "kind": reply.kind, "raw": reply.raw, "state": state}
        values["universities"] = list(reply.universities)
        with self._database.writing() as connection:
            connection.execute(outbox.update().where(*there).values(**values))

    def mark(
        self,
        message_id: str,
        state: ReplyState,
        said: str = "",
        tried_at: datetime | None = None,
        was: ReplyState | None = None,
    ) -> bool:
        """Move a reply to another state, with `was` only from that one; with `tried_at` it counts as an attempt.

        False where it was not moved: another program was quicker.
        """
        values: dict[str, Any] = {"state": state, "said": said}
        if tried_at is not None:
            values |= {"tried_at": stamp(tried_at), "attempts": outbox.c.attempts + 1}
        moved = outbox.update().where(outbox.c.message_id == message_id).values(**values)
        with self._database.writing() as connection:
            return connection.execute(moved if was is None else moved.where(outbox.c.state == was)).rowcount > 0

    def drop(self, message_ids: Iterable[str]) -> list[str]:
        """Send no more of these replies; those that had not been handed over yet."""
        said = "不必再回复，没有发出"
        return [one for one in message_ids if self.mark(one, ReplyState.DROPPED, said, was=ReplyState.QUEUED)]

    def counts(self) -> dict[str, int]:
        """How many replies are in each state that any is in."""
        query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state).order_by(outbox.c.state)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def sent_since(self, moment: datetime) -> int:
        """How many replies went out since an instant."""
        query = sa.select(sa.func.count()).where(outbox.c.state == ReplyState.SENT, outbox.c.tried_at >= stamp(moment))
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def made_since(self, recipients: Iterable[str], moment: datetime) -> dict[str, int]:
        """How many replies to each of these addresses were made since an instant; without those that got none."""
        this = {"recipients": list(recipients), "since": stamp(moment)}
        with self._database.reading() as connection:
            return {row.recipient: int(row.made) for row in connection.execute(statements.made_since(), this)}

    def diverted_since(self, moment: datetime) -> dict[str, int]:
        """How many replies to mails from each sender were made since an instant for another address, which it had named."""
        with self._database.reading() as connection:
            rows = connection.execute(statements.diverted_since(), {"since": stamp(moment)})
            return {row.sender: int(row.made) for row in rows}

    def last_tried(self, message_ids: Iterable[str]) -> datetime | None:
        """When the newest of some replies was handed over, None where none of them was, or is one of ours."""
        query = sa.select(sa.func.max(outbox.c.tried_at)).where(outbox.c.message_id.in_(list(message_ids)))
        with self._database.reading() as connection:
            found = connection.execute(query).scalar()
        return instant(found) if found else None

    def made_lately(self, moment: datetime) -> list[Queued]:
        """Replies made or tried since an instant, and those that are still on their way, oldest first."""
        since = sa.or_(outbox.c.made_at >= stamp(moment), outbox.c.tried_at >= stamp(moment))
        return self._found(sa.or_(since, outbox.c.state.in_(UNDER_WAY)))

    # ---- what came back

    def bounced(self, addresses: Iterable[str]) -> set[str]:
        """Those of some addresses from which what we sent came back, and nobody has written since."""
        with self._database.reading() as connection:
            return set(connection.execute(statements.bounces(), {"addresses": list(addresses)}).scalars())


def note_return(connection: Connection, returned: Returned, entry: Mail) -> list[str]:
    """Remember what came back: the replies named, else those sent lately to the addresses named."""
    columns = (outbox.c.message_id, outbox.c.recipient, outbox.c.tried_at)
    sent = connection.execute(sa.select(*columns).where(outbox.c.state == ReplyState.SENT)).all()
    since = stamp(entry.received_at - LATELY)
    lately = {row.message_id for row in sent if row.recipient in returned.addresses and (row.tried_at or "") >= since}
    named = [row for row in sent if row.message_id in returned.message_ids or row.message_id in lately]
    found = [row for row in named if row.recipient not in returned.reached]
    for row in found:
        there = outbox.c.message_id == row.message_id
        connection.execute(outbox.update().where(there).values(state=ReplyState.BOUNCED, said="对方邮件系统退信"))
    addresses = list(dict.fromkeys(row.recipient for row in found))
    for address in addresses:
        connection.execute(bounced.delete().where(bounced.c.address == address))
        at = stamp(entry.received_at)
        connection.execute(bounced.insert().values(address=address, mail=entry.id, bounced_at=at))
    return addresses
