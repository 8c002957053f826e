"""A copy of the plain values that rules.yaml holds, because YAML is slow to read where the roster has thousands of entries.

It is used only while it is whole and the file still says the same, letter for letter; what the values mean it does not know.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

# Whoever makes the values of the file and finds them right; another edition of these may make or find something else.
MAKERS = ("yaml_tree.py", "rules_names.py", "recipients.py")


def recalled(copy: Path | None, text: str) -> Any:
    """The values of a file of this text; None where there is no copy of it, or a damaged one."""
    try:
        mark, _, values = copy.read_bytes().partition(b"\n") if copy else (b"", b"", b"")
        return msgspec.json.decode(values) if mark == _mark(text, values) else None
    except OSError:
        return None


def remember(copy: Path | None, text: str, values: Any) -> None:
    """Keep the values of a file of this text, unless JSON would give them back as something else (a date, a key that is a number)."""
    if copy is None:
        return
    with suppress(OSError, TypeError, ValueError, OverflowError, RecursionError):
        kept = msgspec.json.encode(values)
        if repr(msgspec.json.decode(kept)) == repr(values):
            copy.touch(mode=0o600)
            copy.write_bytes(_mark(text, kept) + b"\n" + kept)


def _mark(text: str, values: bytes) -> bytes:
    """A digest of the file's text and of its values, and of how the one is made of the other."""
    parts = (text.encode(), values, *(Path(__file__).with_name(maker).read_bytes() for maker in MAKERS))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest().encode()
