"""Rows of the store as values and back; what is only known to the store (outbox, set aside) has its values here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from pipeline.codec import cloud_link_in, finding_in, finding_out, transcript_in, transcript_out
from pipeline.model import Address, Automatic, Disposition, Envelope, Mail, Reply, Version, Waiver
from pipeline.reply_states import ReplyKind, ReplyState
from pipeline.tables import concerns, instant, stamp, version

# So many names stand in one query; a database takes only so many.
NAMED_AT_ONCE = 500


class Queued(Struct, frozen=True):
    """A reply in the outbox, without its text."""

    message_id: str
    recipient: str
    subject: str
    kind: ReplyKind
    universities: tuple[str, ...]
    made_at: datetime
    state: ReplyState
    attempts: int
    tried_at: datetime | None
    said: str


class Dossier(Struct, frozen=True):
    """All versions and mails of one university, in no order, and the findings that staff settled."""

    university: str
    versions: list[Version]
    mails: list[Mail]
    waivers: list[Waiver]


class Returned(Struct, frozen=True):
    """What a bounce quotes: Message-IDs of ours, and addresses; `reached` are those of which it says that nothing failed."""

    message_ids: frozenset[str]
    addresses: frozenset[str]
    reached: frozenset[str] = frozenset()


class SetAside(Struct, frozen=True):
    """A mail that our code failed on, kept whole in the spool."""

    mail: str
    received_at: datetime
    set_aside_at: datetime
    reason: str
    trace: str
    attempts: int


def place_row(envelope: Envelope) -> dict[str, Any]:
    """The columns of a sighting that say where a mail lies."""
    return {"folder": envelope.folder, "uidvalidity": envelope.uidvalidity, "uid": envelope.uid}


def sighting_row(envelope: Envelope, mail: str) -> dict[str, Any]:
    seen = {"received_at": stamp(envelope.received_at), "size": envelope.size or None}
    return {**place_row(envelope), "mail": mail, **seen}


def mail_row(entry: Mail) -> dict[str, Any]:
    return {
        "id": entry.id,
        "received_at": stamp(entry.received_at),
        "message_id": entry.message_id,
        "sender_name": entry.sender.name,
        "sender": entry.sender.address,
        "reply_to_name": entry.reply_to.name,
        "reply_to": entry.reply_to.address,
        "subject": entry.subject,
        "refs": entry.references,
        "attached": entry.attached,
        "disposition": entry.disposition.name,
        "automatic": entry.automatic.name if entry.automatic else None,
        "findings": [finding_out(finding) for finding in entry.findings],
        "cloud_links": entry.cloud_links,
        "forwarded_from": [entry.forwarded_from.name, entry.forwarded_from.address],
    }


def mails_of(connection: Connection, rows: Iterable[Any]) -> list[Mail]:
    rows = list(rows)
    about: dict[str, list[str]] = {}
    # A mail that concerns several universities may be among the rows several times.
    wanted = list(dict.fromkeys(row["id"] for row in rows))
    for start in range(0, len(wanted), NAMED_AT_ONCE):
        query = sa.select(concerns.c.mail, concerns.c.university).order_by(concerns.c.position)
        for id, university in connection.execute(
            query.where(concerns.c.mail.in_(wanted[start : start + NAMED_AT_ONCE]))
        ):
            about.setdefault(id, []).append(university)
    return [
        Mail(
            id=row["id"],
            received_at=instant(row["received_at"]),
            message_id=row["message_id"],
            sender=Address(row["sender_name"], row["sender"]),
            reply_to=Address(row["reply_to_name"], row["reply_to"]),
            subject=row["subject"],
            references=tuple(row["refs"]),
            attached=row["attached"],
            disposition=Disposition[row["disposition"]],
            automatic=Automatic[row["automatic"]] if row["automatic"] else None,
            findings=tuple(finding_in(value, row["id"]) for value in row["findings"]),
            universities=tuple(about.get(row["id"], ())),
            cloud_links=tuple(cloud_link_in(value) for value in row["cloud_links"]),
            forwarded_from=Address(*row["forwarded_from"]),
        )
        for row in rows
    ]


def version_row(one: Version) -> dict[str, Any]:
    return {
        "mail": one.mail,
        "position": one.index,
        "university": one.university,
        "received_at": stamp(one.received_at),
        "path": one.path,
        "file": one.file,
        "form": one.transcript.form,
        "transcript": transcript_out(one.transcript),
        "findings": [finding_out(finding) for finding in one.findings],
    }


# JSON as it stands: most findings are empty, and those need no decoding.
VERSION_COLUMNS = (
    version.c.mail,
    version.c.position,
    version.c.received_at,
    version.c.path,
    version.c.file,
    sa.type_coerce(version.c.transcript, sa.Text),
    sa.type_coerce(version.c.findings, sa.Text),
    version.c.university,
)


def version_of(row: Any) -> Version:
    """A version from its VERSION_COLUMNS."""
    mail, position, received_at, path, file, transcript, findings, university = row
    return Version(
        mail=mail,
        index=position,
        received_at=instant(received_at),
        path=path,
        file=file,
        transcript=transcript_in(decoded(transcript)),
        findings=() if findings == "[]" else tuple(finding_in(value, mail) for value in decoded(findings)),
        university=university,
    )


def decoded(value: Any) -> Any:
    """The value of a JSON column, which some drivers give decoded."""
    return json.loads(value) if isinstance(value, str) else value


def reply_row(reply: Reply, made_at: datetime, state: str) -> dict[str, Any]:
    return {
        "message_id": reply.message_id,
        "recipient": reply.recipient,
        "subject": reply.subject,
        "kind": reply.kind,
        "raw": reply.raw,
        "universities": list(reply.universities),
        "made_at": stamp(made_at),
        "state": state,
    }


def queued_of(row: Any) -> Queued:
    return Queued(
        message_id=row["message_id"],
        recipient=row["recipient"],
        subject=row["subject"],
        kind=ReplyKind(row["kind"]),
        universities=tuple(row["universities"]),
        made_at=instant(row["made_at"]),
        state=ReplyState(row["state"]),
        attempts=row["attempts"],
        tried_at=instant(row["tried_at"]) if row["tried_at"] else None,
        said=row["said"],
    )
