"""What a folder held when all its mails were known: so long as it still adds up, only what came later is asked for.

A count cannot tell a mail that went from an older one that came back meanwhile, so it holds for an hour at most; then the
whole folder is listed again, and whether every UID still stands for the mail it was seen with. Asks no server and stores nothing; mailbox.py and run.py do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import asdict


class Seen(Struct, frozen=True):
    """What a server told of one mail: when it was received, and its size in bytes; None where it did not say."""

    received_at: datetime | None = None
    size: int | None = None

    def differs(self, other: Seen) -> bool:
        """Whether these cannot be of one mail; what was told of one of them alone says nothing."""
        pairs = ((self.received_at, other.received_at), (self.size, other.size))
        return any(one is not None and another is not None and one != another for one, another in pairs)


class Told(Struct, frozen=True):
    """What a server says of a folder as it opens it (RFC 3501 6.3.1); 163 tells no UIDNEXT, and some no UIDVALIDITY (0)."""

    uidvalidity: int
    count: int
    next_uid: int | None = None


class Tally(Struct, frozen=True):
    """A folder of `count` mails, all of them known and of lower UID than `next_uid`."""

    uidvalidity: int
    count: int
    next_uid: int

    def holds(self, told: Told) -> bool:
        """Whether the folder is still numbered as it was; then what came later has `next_uid` or more."""
        return self.uidvalidity == told.uidvalidity and (told.next_uid is None or told.next_uid >= self.next_uid)

    def unchanged(self, told: Told) -> bool:
        """Whether nothing can have come: no UID was given out, and no mail is more or less."""
        return told.next_uid == self.next_uid and told.count == self.count


def counted(told: Told, uids: Sequence[int], earlier: Tally | None = None) -> Tally | None:
    """The tally of a folder once these UIDs, beside those of an `earlier` tally, are known; None if they do not add up."""
    count, next_uid = (earlier.count, earlier.next_uid) if earlier is not None else (0, 1)
    if not told.uidvalidity or told.count != count + len(uids):
        return None
    return Tally(told.uidvalidity, told.count, max(next_uid, told.next_uid or 0, *(uid + 1 for uid in uids)))


class Facts(Protocol):
    """Where tallies are kept between two passes: the store."""

    def fact(self, name: str) -> str | None: ...

    def set_fact(self, name: str, value: str) -> None: ...


class Tallies:
    """The tallies of one mailbox's folders, each good for the hour of the clock in which the pass began that made it."""

    def __init__(self, facts: Facts, mailbox: str, began: datetime) -> None:
        self._facts, self._mailbox, self._hour = facts, mailbox, f"{began.astimezone(UTC):%Y-%m-%dT%H}"

    def of(self, folder: str) -> Tally | None:
        """The tally of a folder, or None where there is none that is good now."""
        kept = json.loads(self._facts.fact(self._name(folder)) or "{}")
        return Tally(**kept) if kept.pop("hour", "") == self._hour else None

    def keep(self, tallies: Mapping[str, Tally]) -> None:
        """Keep new tallies; only once every mail that was listed is in the store."""
        for folder, tally in tallies.items():
            if tally != self.of(folder):
                self._facts.set_fact(self._name(folder), json.dumps({"hour": self._hour, **asdict(tally)}))

    def _name(self, folder: str) -> str:
        return f"tally {self._mailbox} {folder}"
