"""What a pass came to. Nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.dispatch import Dispatched
from pipeline.errors import AnnexError
from pipeline.model import Disposition, Mail

# What is counted as mails are stored.
COUNTED = ("recorded", "submissions", "set_aside", "known_already")


@dataclass
class Pass:
    """What one pass came to; `listed` = recorded + set_aside + known_already + missed."""

    listed: int = 0
    recorded: int = 0
    submissions: int = 0
    set_aside: int = 0
    known_already: int = 0
    missed: int = 0
    replies: int = 0
    dispatched: Dispatched = field(default_factory=Dispatched)
    ledger_written: bool = False
    notes: list[str] = field(default_factory=list)
    troubles: list[AnnexError] = field(default_factory=list)

    def count(self, mail: Mail) -> None:
        """Count in a mail whose outcome was stored."""
        self.recorded += 1
        self.submissions += mail.disposition is Disposition.SUBMISSION

    def add(self, more: Pass) -> None:
        """Count in what became of some more mails."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(more, name))

    @property
    def exit_code(self) -> int:
        """The exit code of contract §1: what stops us first, then what was set aside."""
        codes = [trouble.exit_code for trouble in self.troubles]
        if codes:
            return min(codes)
        return 1 if self.set_aside else 0
