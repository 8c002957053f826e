"""What mail systems report of a mail of ours: of each recipient what was done (RFC 3464), and all words of such a report.

Whether the report is a bounce, and which of our replies it speaks of, is decided elsewhere.
"""

from __future__ import annotations

import re

from pipeline import addresses, bodies
from pipeline.parts import Tree, texts

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_FOLD = re.compile(r"\r?\n[ \t]+(?=\S)")
_BETWEEN_RECIPIENTS = re.compile(r"\r?\n[ \t]*\r?\n")
_ACTION = re.compile(r"^action:\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(r"^(?:final|original)-recipient:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def actions(tree: Tree) -> dict[str, set[str]]:
    """What was done (failed, delayed, delivered, relayed, expanded), each with the addresses of its recipients, all in lower
    case; empty where the mail holds no report."""
    found: dict[str, set[str]] = {}
    for leaf in tree.leaves:
        if leaf.type in _REPORTS:
            for group in _BETWEEN_RECIPIENTS.split(_FOLD.sub(" ", leaf.text)):
                named = " ".join(_RECIPIENT.findall(group)).lower()
                for action in _ACTION.findall(group):
                    found.setdefault(action.lower(), set()).update(addresses.ADDRESS.findall(named))
    return found


def words(tree: Tree) -> str:
    """The texts of all parts, mails that come back among them, with their encodings undone, and what is seen of the page."""
    kept = [leaf.text for leaf in tree.leaves if leaf.type.startswith(("text/", "message/"))]
    return "\n".join([*kept, bodies.own_html(texts(tree)[1], quotes=True).text])
