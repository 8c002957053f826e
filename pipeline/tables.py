"""The tables of the store (SQLAlchemy Core) and how instants stand in them. No query is written here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa

SCHEMA = 6
metadata = sa.MetaData()

fact = sa.Table(
    "fact",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("received_at", sa.Text, nullable=False, index=True),
    sa.Column("message_id", sa.Text, nullable=False, index=True),
    sa.Column("sender_name", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("reply_to_name", sa.Text, nullable=False),
    sa.Column("reply_to", sa.Text, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("refs", sa.JSON, nullable=False),
    sa.Column("attached", sa.Integer, nullable=False),
    sa.Column("disposition", sa.Text, nullable=False),
    sa.Column("automatic", sa.Text),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("cloud_links", sa.JSON, nullable=False),
    sa.Column("forwarded_from", sa.JSON, nullable=False),
    # The reply that answers it; "" for a mail that is not to be answered, NULL while the answer is still due.
    sa.Column("reply", sa.Text, index=True),
)
concerns = sa.Table(
    "concerns",
    metadata,
    sa.Column("mail", sa.String(64), primary_key=True),
    # A university, or "?" and the correspondent's address where it is not known yet.
    sa.Column("university", sa.Text, primary_key=True, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    # Another one each time the mail is recorded, so that what was made from it before is known to be out of date.
    sa.Column("mark", sa.String(32), default=lambda: uuid4().hex),
)
sighting = sa.Table(
    "sighting",
    metadata,
    sa.Column("folder", sa.Text, primary_key=True),
    sa.Column("uidvalidity", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("mail", sa.String(64), nullable=False),
    sa.Column("received_at", sa.Text, nullable=False),
    # How many bytes the server said it has, NULL where it did not say.
    sa.Column("size", sa.BigInteger),
)
version = sa.Table(
    "version",
    metadata,
    sa.Column("mail", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("university", sa.Text, nullable=False, index=True),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("file", sa.String(64), nullable=False),
    sa.Column("form", sa.Text),
    sa.Column("transcript", sa.JSON, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("recipient", sa.Text, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("universities", sa.JSON, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("tried_at", sa.Text),
    sa.Column("said", sa.Text, nullable=False, default=""),
)
aside = sa.Table(
    "aside",
    metadata,
    sa.Column("mail", sa.String(64), primary_key=True),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("set_aside_at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("trace", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
)
decision = sa.Table(
    "decision",
    metadata,
    # A mail that would replace data from another address, and whether staff let it.
    sa.Column("mail", sa.String(64), primary_key=True),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("decided_at", sa.Text, nullable=False),
)
waived = sa.Table(
    "waiver",
    metadata,
    sa.Column("university", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    # "" for every project.
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("waived_at", sa.Text, nullable=False),
    # What it was given for; NULL where that was not kept yet, and it holds for whatever may come.
    sa.Column("grounds", sa.JSON(none_as_null=True)),
)
standing = sa.Table(
    "standing",
    metadata,
    # What a university stood for when its mails were last put together; "?" and an address as in `concerns`.
    sa.Column("university", sa.Text, primary_key=True),
    # A digest of all that it was made from (standings.py): the row holds for as long as it is still the same.
    sa.Column("mark", sa.String(64), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("projects", sa.Integer, nullable=False),
    sa.Column("applications", sa.Integer, nullable=False),
    sa.Column("errors", sa.JSON, nullable=False),
    # What the ledger says of it, as JSON text, to be decoded only where the row holds.
    sa.Column("account", sa.Text, nullable=False),
)
bounced = sa.Table(
    "bounced",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("mail", sa.String(64), nullable=False),
    sa.Column("bounced_at", sa.Text, nullable=False),
)
copied = sa.Table(
    "copied",
    metadata,
    # A mail that is another one, delivered once more with other lines of the servers' on top.
    sa.Column("mail", sa.String(64), primary_key=True),
    sa.Column("original", sa.String(64), nullable=False, index=True),
)
purged = sa.Table(
    "purged",
    metadata,
    # Only the hash stays of a mail that was removed, so that it is not fetched and recorded anew.
    sa.Column("mail", sa.String(64), primary_key=True),
)

claim = sa.Table(
    "claim",
    metadata,
    # What one of several programs is at work on, and until when the others leave it alone.
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
)
piece = sa.Table(
    "piece",
    metadata,
    # Mails as they came, in pieces, for the programs on other machines; not used while the store is a file of our own.
    sa.Column("mail", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


def stamp(moment: datetime) -> str:
    """An instant as text that sorts: UTC, microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
