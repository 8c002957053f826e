"""Whether two raw mails are one that was delivered twice: the servers on its way put lines of their own on top.

Where anything differs that its author may have written they are two; how mails with one Message-ID are found is the store's.
"""

from __future__ import annotations

from pipeline import mime

# What mail programs write themselves, and all that we go by; the rest, such as Received and X-CM-TRANSID, is added on the way.
_WRITTEN = frozenset(
    {"from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references"}
    | {"mime-version", "auto-submitted", "precedence", "feedback-id", "mailing-list"}
)
_WRITTEN_FAMILIES = ("content-", "list-", "resent-", "x-auto", "x-qq-auto", "x-mailing-list")


def is_copy(one: bytes, other: bytes) -> bool:
    """Whether all that their author wrote is the same: head, where only line breaks may differ, and every byte below."""
    mine, theirs = mime.parse(one).top, mime.parse(other).top
    return _written(mine) == _written(theirs) and mine.source == theirs.source


def _written(top: mime.Part) -> list[tuple[str, list[str]]]:
    return [
        (name, value.split()) for name, value in top.fields if name in _WRITTEN or name.startswith(_WRITTEN_FAMILIES)
    ]
