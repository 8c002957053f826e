"""The links in a cell, as a list: URLs found in its text and the targets of its hyperlinks.

Words that are no URL stay in the list as written; whether they may stand there is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from parsers.text import one_line

# Chinese punctuation ends a URL; Chinese letters stay in it where they follow a slash, an equals sign or one another.
_URL = re.compile(
    r"(?:https?|ftp)(?:://|：//)(?=[!-~])(?:[!-~]|(?<=[/=_\-])[\u4e00-\u9fff]+(?=[/.&?=#_\-]|$))+",
    re.IGNORECASE | re.ASCII,
)
# An address begins at each http, unless it is the value of another address's query (?url=https://…).
_START = re.compile(r"(?<![=])(?=(?:https?|ftp)(?:://|：//))", re.IGNORECASE)
# What most cells hold: one address and nothing else.
_ALONE = re.compile(r"(?i:https?)://[!-~]*[0-9A-Za-z/]")
_WORDS = re.compile(r"[\s；;、，,]+")
_NUMBERING = re.compile(r"^[（(]?(?:\d{1,2}|[一二三四五六七八九十])[)）.．:：]?$|^[①-⑳]$")
# A caption in brackets beside an address, in which no other address stands.
_CAPTION = re.compile(r"(?i:[《（(【\[](?![^》）)】\]]*[0-9a-z]\.[a-z])[^》）)】\]]+[》）)】\]])")
_PUNCTUATION = "（）()【】[]<>《》“”\"'。.；;，,、：: "


def is_url(text: str) -> bool:
    """Whether the text as a whole is one address with a scheme."""
    return _URL.fullmatch(text) is not None


def _pieces(text: str) -> Iterable[str]:
    chunks = _START.split(text)
    for chunk in chunks:
        match = _URL.match(chunk)
        rest = chunk
        if match:
            url = match.group().rstrip(",;.'\"<>(")
            if url.endswith(")") and "(" not in url:
                url = url.rstrip(")")
            yield url.replace("：//", "://")
            rest = chunk[len(url) :]
        yield from _WORDS.split(_CAPTION.sub(" ", rest) if len(chunks) > 1 else rest)


def split_links(text: str, targets: Iterable[str] = ()) -> tuple[str, ...]:
    """The links of a cell with this text, in order, each once; a target stands in for text that is no URL."""
    line = one_line(text)
    if line.count("://") == 1 and _ALONE.fullmatch(line):
        return (line,)
    elements: list[str] = []
    for piece in _pieces(line):
        if is_url(piece):
            # The numbering or caption in front of an address belongs to it and is no link of its own.
            if elements and _NUMBERING.match(elements[-1]):
                elements.pop()
            elements.append(piece)
        elif piece.strip(_PUNCTUATION) and not piece.endswith(("：", ":")):
            elements.append(piece)
    addresses = [target for target in targets if is_url(target)]
    if not any(is_url(element) for element in elements):
        elements = addresses or elements
    elif spare := [target for target in addresses if target not in elements]:
        words = [element for element in elements if not is_url(element)]
        if words:
            elements = [element for element in elements if is_url(element)] + spare
    return tuple(dict.fromkeys(elements))
