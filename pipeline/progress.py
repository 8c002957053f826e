"""How long work says how far it is. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable

# Told as (what is being done, how many are done, how many there are).
Progress = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _of: int) -> None:
    """Show no progress."""
