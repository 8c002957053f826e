"""Whose mail it was before somebody forwarded it: the sender of an attached mail, or of one quoted as forwarded.

The answer still goes to whoever forwarded it; who that is, and whether the mail brings forms, is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline import addresses, bodies, parts
from pipeline.model import Address
from pipeline.prefixes import FORWARDED

_RULE = re.compile(
    bodies.ruled(bodies.FORWARD) + r"|^\s*(begin forwarded message|下面是被转发的邮件|以下是转发的邮件)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(bodies.SENDER + r"(\s*[:：|]|\s)\s*", re.IGNORECASE)
_NEXT_FIELD = re.compile(
    r"\s(?=(?:主\s*题|主旨|收件人|抄送|发送时间|发送日期|日期|时间|date|sent|to|cc|subject)\s*\**\s*[:：])",
    re.IGNORECASE,
)
# One of these stands in every line that the pattern above knows.
_HINTS = ("转发", "轉寄", "forwarded")
_MOST_LINES = 2000
_MOST_DEPTH = 4


def is_forward(subject: str) -> bool:
    """Whether a subject says that the mail was forwarded."""
    return FORWARDED.match(subject) is not None


def origin(tree: parts.Tree, subject: str, text: str, html: str, own_address: str) -> Address:
    """Who sent what this mail forwards; an empty Address where it forwards nothing, or only our own words."""
    found = _attached(tree) or _quoted(subject, text, html)
    return Address() if found is None or found.address == own_address.lower() != "" else found


def _attached(tree: parts.Tree, depth: int = 1) -> Address | None:
    """The sender of the first attached mail that has files, if this mail has none of its own besides such mails."""
    files = [leaf for leaf in tree.leaves if leaf.is_file and not leaf.type.startswith("image/")]
    mails = [leaf for leaf in files if leaf.is_mail or leaf.name.lower().endswith(".eml")]
    if not mails or len(mails) < len(files):
        return None
    for mail in mails:
        inner = parts.parse(mail.content)
        if any(leaf.is_file for leaf in inner.leaves):
            deeper = _attached(inner, depth + 1) if depth < _MOST_DEPTH else None
            return deeper or addresses.of_header(inner.top.first("from"))
    return None


def _quoted(subject: str, text: str, html: str) -> Address | None:
    """The sender in the first head quoted in the body, if subject or body say that this is a forward."""
    said = is_forward(subject)
    if not said and not any(word in body[: bodies.MAX_TEXT].lower() for body in (text, html) for word in _HINTS):
        return None
    lines = [bodies.clean(line) for line in text[: bodies.MAX_TEXT].replace("&nbsp;", " ").splitlines()[:_MOST_LINES]]
    if not any(lines):
        lines = bodies.own_html(html, quotes=True).text.splitlines()[:_MOST_LINES]
    marked = next((index for index, line in enumerate(lines) if _RULE.search(line[:300])), None)
    return _named(lines, marked) if said or marked is not None else None


def _named(lines: Sequence[str], marked: int | None) -> Address | None:
    """Whom the first head of an earlier mail names; below the line that announces it, a colon may be missing."""
    for index, line in enumerate(lines):
        match = _FROM.match(line)
        near = marked is not None and marked < index <= marked + 8
        if match and (near or (match[1].strip() and bodies.is_head(lines, index))):
            value = _NEXT_FIELD.split(line[match.end() :])[0].strip(" |") or _below(lines, index)
            found = addresses.of_words(value)
            return found if found.address or found.name else None
    return None


def _below(lines: Sequence[str], index: int) -> str:
    """A field's value that stands on a line of its own."""
    return next((line.strip(" |") for line in lines[index + 1 : index + 3] if line.strip(" |")), "")
