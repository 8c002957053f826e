"""What became of the ledger at a pass, and how one sees that somebody else has written a file. Nothing is written here."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

# The newest copy, beside a ledger that is open.
BESIDE = "项目台账（最新）.xlsx"


class Kept(Struct, frozen=True):
    """What became of the ledger: whether it was written, and what to tell the operator; `unfinished` is tried again."""

    written: bool
    notes: tuple[str, ...] = ()
    unfinished: bool = False


def fingerprint(path: Path) -> str:
    """A file's size and time of change, "-" if there is none: whether somebody else has written it."""
    try:
        status = path.stat()
    except OSError:
        return "-"
    return f"{status.st_size}/{status.st_mtime_ns}"
