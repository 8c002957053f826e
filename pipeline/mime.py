"""The MIME structure of a raw mail (RFC 2045, RFC 2046): its leaves in order, each a window on the mail's own bytes.

Nothing is copied, decoded or written again, nothing is ever raised, and the work is bounded whatever the bytes are.
What a part is called or means is not decided here; an attached mail is a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from pipeline import charsets

MAX_DEPTH = 30
MAX_PARTS = 2000
# A head is read this far, and so many fields of it: a mail to ten thousand names them all before it says who sends it. For a
# delimiter line that nothing names no more is searched; what was one but for its end is looked at so often.
_MAX_HEAD = 8 << 20
_MAX_FIELDS = 50_000
_MAX_SEARCHED = 256 * 1024
_MAX_CANDIDATES = 100_000

# Text editors put a mark or blank lines before the first header.
_LEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\r\n]*\n)?(?:>?From [^\n]*\n)?")
_BLANK = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]{1,200}):([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_NO_FIELD = re.compile(rb"^(?![!-9;-~]{1,200}:|[ \t])", re.MULTILINE)
_KNOWN_FIELD = re.compile(
    rb"^(?:content-(?:type|transfer-encoding|disposition)|mime-version|message-id|from|to|date|received|x-mailer):",
    re.IGNORECASE | re.MULTILINE,
)
_TAIL = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")
_LIKELY_DELIMITER = re.compile(
    rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=content-[a-z-]{2,30}:)", re.IGNORECASE | re.MULTILINE
)


class Part(Struct, frozen=True, dict=True):
    """A part of a mail: its fields in order, as they stood (see `charsets.header`), and where its body lies in `raw`.

    `related` tells that it stands in a multipart/related, beside an HTML body.
    """

    raw: bytes
    fields: tuple[tuple[str, str], ...]
    start: int
    end: int
    fallback: str = "text/plain"
    related: bool = False

    @property
    def source(self) -> memoryview:
        """The body as sent, not copied."""
        return memoryview(self.raw)[self.start : self.end]

    def first(self, name: str) -> str:
        """The first field of this name (lower case), "" if there is none."""
        return next((value for key, value in self.fields if key == name), "")

    @cached_property
    def type(self) -> str:
        """The media type in lower case; an unintelligible one is text/plain (RFC 2045 5.2)."""
        told = self.first("content-type")
        kind = charsets.header(told.partition(";")[0]).lower() if told else self.fallback
        return kind if kind.count("/") == 1 else "text/plain"


class Tree(Struct, frozen=True):
    """A mail taken apart. `cut` says in Chinese why parts of it were let go, "" if none were."""

    top: Part
    leaves: tuple[Part, ...]
    cut: str = ""


def parse(raw: bytes) -> Tree:
    """The mail's leaves in its own order. What is no mail gives one leaf, with whatever fields could be made out."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    lead = _LEAD.match(raw)
    top = _part(raw, lead.end() if lead else 0, len(raw))
    leaves: list[Part] = []
    stack, count, cut = [(top, 0)], 0, ""
    while stack:
        part, depth = stack.pop()
        children = _children(part) if part.type.startswith("multipart/") else None
        if children is None:
            leaves.append(part)
        elif depth >= MAX_DEPTH:
            cut = cut or f"邮件结构嵌套超过 {MAX_DEPTH} 层"
        else:
            room = MAX_PARTS - count
            if len(children) > room:
                children, cut = children[:room], f"邮件的组成部分超过 {MAX_PARTS} 个"
            count += len(children)
            stack.extend((child, depth + 1) for child in reversed(children))
    return Tree(top, tuple(leaves), cut)


def _part(raw: bytes, start: int, end: int, fallback: str = "text/plain", related: bool = False) -> Part:
    """The part that lies in these bytes, its head told from its body."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return Part(raw, (), min(end, raw.index(b"\n", start) + 1), end, fallback, related)
    blank = _BLANK.search(raw, start, end)
    stop, body = (blank.start() + 1, blank.end()) if blank else (end, end)
    head = raw[start : min(stop, start + _MAX_HEAD)]
    known = 0
    for match in _KNOWN_FIELD.finditer(head):
        known = match.end()
    # A line that is no field ends the head, unless fields follow that no text would hold: then it is a broken line.
    if (stray := _NO_FIELD.search(head, known)) and stray.start() < len(head):
        head, body = head[: stray.start()], start + stray.start()
    return Part(raw, tuple(_fields(head)), body, end, fallback, related)


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for number, match in enumerate(_FIELD.finditer(head)):
        if number >= _MAX_FIELDS:
            return
        value = match[2][: charsets.MAX_HEADER].decode("ascii", "surrogateescape")
        yield match[1].decode("ascii").lower(), value.lstrip(" \t").rstrip("\r\n")


def _children(part: Part) -> list[Part] | None:
    """The parts of a multipart, one more than are allowed at most; None if no delimiter line can be found."""
    boundary = charsets.parameters(part.first("content-type")).get("boundary", "").rstrip()
    spans = _spans(part, boundary.encode("utf-8", "replace")) if boundary else []
    if not spans:
        # The parameter is missing or was mangled on the way.
        likely = _LIKELY_DELIMITER.search(part.raw, part.start, min(part.end, part.start + _MAX_SEARCHED))
        spans = _spans(part, likely[1]) if likely else []
    if not spans:
        return None
    fallback = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    related = part.related or part.type == "multipart/related"
    return [_part(part.raw, start, end, fallback, related) for start, end in spans]


def _spans(part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between the delimiter lines lie (RFC 2046 5.1.1); the last may lack its close."""
    raw, marker = part.raw, b"\n--" + boundary
    spans: list[tuple[int, int]] = []
    opened = -1
    # The first delimiter may stand at the very beginning, behind the line end that closes the head.
    position = max(part.start - 1, 0)
    for _ in range(_MAX_CANDIDATES):
        position = raw.find(marker, position, part.end)
        if position < 0:
            break
        tail = _TAIL.match(raw, position + len(marker), part.end)
        if tail is None:
            position += len(marker)
            continue
        if opened >= 0:
            close = position - 1 if raw[position - 1] == 13 and position > opened else position
            spans.append((opened, max(opened, close)))
        opened = -1 if tail[1] else tail.end()
        if opened < 0 or len(spans) > MAX_PARTS:
            return spans
        # A delimiter line may follow at once.
        position = max(opened - 1, position + 1)
    if opened >= 0:
        spans.append((opened, part.end))
    return spans
