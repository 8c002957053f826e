"""What the ledger is a view of: the accounts of all universities in their order, and the mails.

Nothing here lays out a sheet; every value is derived from the view alone, without clock or disk.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from msgspec import Struct

from pipeline.account import Account, ProjectLine, Remark
from pipeline.ledger_table import Tone
from pipeline.model import Mail, State, University
from pipeline.unnamed import is_unnamed

PENDING_NAME = "（高校待确认）"
OFF_ROSTER = 900


class MailLine(Struct, frozen=True):
    """A mail with what became of it and how it was answered, both as Chinese phrases; URGENT where it waits for a person."""

    mail: Mail
    result: str
    reply: str
    tone: Tone = Tone.IDLE


class LedgerView(Struct, frozen=True, dict=True):
    """Everything the ledger shows: an account for each university heard of; `categories` in the notice's order."""

    title: str
    deadline: datetime
    roster: tuple[University, ...]
    accounts: tuple[Account, ...]
    mails: tuple[MailLine, ...]
    categories: tuple[str, ...] = ()

    @property
    def heard(self) -> tuple[int, int]:
        """How many universities of the roster have sent something, and how many that are not on it."""
        states = [standing.state is not State.MISSING for standing in self.standings]
        return sum(states[: len(self.roster)]), sum(states[len(self.roster) :])

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Every university of the roster in its order, then the others by their first mail."""
        heard = {account.university: account for account in self.accounts}
        listed = [
            Standing(number, one.name, one.level, heard.get(one.name))
            for number, one in enumerate(self.roster, start=1)
        ]
        names = {one.name for one in self.roster}
        others = sorted(
            (account for account in self.accounts if account.university not in names),
            key=lambda account: (account.times[0] or datetime.min, account.university),
        )
        start = max(OFF_ROSTER, len(self.roster)) + 1
        return (
            *listed,
            *(Standing(number, _name(account), "", account) for number, account in enumerate(others, start=start)),
        )


def _name(account: Account) -> str:
    return PENDING_NAME if is_unnamed(account.university) else account.university


class Standing(Struct, frozen=True):
    """One university's line: its number, the name shown, and its account if it was heard of."""

    number: int
    name: str
    level: str
    account: Account | None

    @property
    def state(self) -> State:
        return self.account.state if self.account else State.MISSING

    @property
    def lines(self) -> tuple[ProjectLine, ...]:
        """Its current projects, in the order of the submission."""
        return self.account.lines if self.account else ()

    @property
    def listed(self) -> list[ProjectLine]:
        """Those of them that the current Annex 3 lists: what every count of projects counts."""
        return [line for line in self.lines if line.listed]

    @property
    def numbered(self) -> list[tuple[str, ProjectLine]]:
        """The same, each with the number it goes by."""
        return [(f"{self.number:03d}-{number:02d}", line) for number, line in enumerate(self.lines, start=1)]

    @property
    def applications(self) -> int:
        """For how many of them the Annex 4 came."""
        return sum(line.application is not None for line in self.lines)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        return self.account.remarks if self.account else ()

    @property
    def errors(self) -> int:
        """How many things it has to correct."""
        return self.account.errors if self.account else 0

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """When the server received its first and its newest mail."""
        return self.account.times if self.account else (None, None)
