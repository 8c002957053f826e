"""The Message-IDs of what we send: made here, and known again in what comes back.

What they are derived from is said by reply.py and notes.py.
"""

from __future__ import annotations

import re

OUR_IDS = re.compile(r"<annex\.[0-9a-f]{32}@[^<>\s]+>")


def own_id(digest: str, sender: str) -> str:
    """The Message-ID, in its angle brackets, of the mail from this address that a SHA-256 in hex stands for."""
    return f"<annex.{digest[:32]}@{sender.rpartition('@')[2]}>"
