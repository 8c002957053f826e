"""What the sender wrote: a mail's text without earlier mails quoted below it, from plain text or HTML.

Quotes are known by the marks mail programs leave (原始邮件, 发件人：, …写道：, blockquote, their class names).
It does not decode bytes, and it never raises: what cannot be parsed as HTML is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

# Longer bodies are newsletters or attacks; their beginning is enough to tell.
MAX_TEXT = 1_000_000
MAX_HTML = 2_000_000

_UNSEEN = frozenset(
    {"script", "style", "head", "title", "meta", "link", "template", "noscript", "object", "svg", "select"}
)
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "table"}
    | {"tbody", "tfoot", "thead", "tr", "ul"}
)
_QUOTE_NAME = re.compile(
    r"gmail_quote|isreplycontent|ntes\S*quote|xmail\S*quote|yahoo_quoted|moz-forward-container|moz-cite-prefix|"
    r"aliyun_previous_quote|history-quote|protonmail_quote|zmail_extra|replyforwardsource|divrplyfwdmsg|"
    r"mail_?(original|quote)|origin_mail|quoted?-?(mail|content)|mailquote",
    re.IGNORECASE,
)
_DATA_URI = re.compile(r"data:[^\"'\s>]{1000,}+", re.IGNORECASE)
_INDENT = re.compile(r"border(-left)?\s*:\s*(none|0|medium none)", re.IGNORECASE)

# How a line names an earlier mail that was forwarded, and what stands before the name of its sender.
FORWARD = r"转发的?邮件(?:信息)?|轉寄的郵件|forwarded (?:message|mail|by.{0,100})"
SENDER = r"[*|>\s]*(?:发件人|寄件人|寄件者|发信人|發件人|from|sender)\s*\**"


def ruled(words: str) -> str:
    """The pattern of words between two strokes, as they part one mail from another."""
    return rf"[-—_=*－]{{2,}}\s*(?:{words})\s*[-—_=*－]{{2,}}"


_RULE = re.compile(
    ruled(
        rf"原始邮件|原始郵件|原始信息|原始消息|原邮件|回复的原邮件|邮件原件|original(?: message)?|reply message|{FORWARD}"
    ),
    re.IGNORECASE,
)
_WROTE = re.compile(r"(写道|寫道|wrote|说道)\s*[:：]?\s*$", re.IGNORECASE)
_WHEN = re.compile(r"\d{1,4}\s*[-/年.月日:：]|@|(周|星期)[一二三四五六日天]|\b20\d\d\b")
_OPENED = re.compile(r"\s*(在|于|on\b|at\b|le\b|am\b)", re.IGNORECASE)
_NAMED = re.compile(r"[^<>]{1,60}?\s*[<(\[于]")
_FROM = re.compile(SENDER + r"\s*[:：]", re.IGNORECASE)
_FIELD = re.compile(
    r"[*|>\s]*(发送时间|发送日期|发件时间|日\s*期|时\s*间|收件人|收件者|抄送|主\s*题|主\s*旨|寄件日期|"
    r"date|sent|to|cc|subject)\s*\**\s*[:：]",
    re.IGNORECASE,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS = re.compile(r"[\t \u00a0\u2000-\u200f\u2028-\u202f\u2060\u2066-\u2069\ufeff]+")
_BREAKS = re.compile(r"[\r\n\t]+")
_QUOTED_LINE = re.compile(r"\s*[>＞]")


def quote_start(lines: Sequence[str]) -> int:
    """The index of the first line that belongs to an earlier mail, `len(lines)` if none does."""
    for index, line in enumerate(lines):
        if not line:
            continue
        if _RULE.search(line[:300]):
            return index
        if _FROM.match(line) and is_head(lines, index):
            return index
        if len(line) < 400 and _WROTE.search(line):
            start = _attribution(lines, index)
            if start is not None:
                return start
    return len(lines)


def is_head(lines: Sequence[str], index: int) -> bool:
    """Whether a 发件人 line opens the head of an earlier mail: at least two more fields within reach."""
    near = "\n".join(line for line in lines[index : index + 14] if line)[:3000]
    # Some programs put the whole head on one line.
    pieces = re.split(r"\n|\s(?=(?:主题|收件人|发送时间|日期|时间|Date|Sent|To|Subject)\s*[:：])", near)
    return len({match[1].lower() for piece in pieces if (match := _FIELD.match(piece))}) >= 2


def _attribution(lines: Sequence[str], index: int) -> int | None:
    """Where a sentence like 在…，张三写道： begins, which may be broken over three lines; None if it is none."""
    found = None
    for start in range(index, max(-1, index - 3), -1):
        sentence = " ".join(lines[start : index + 1])
        if len(sentence) > 500 or not lines[start]:
            break
        if _WHEN.search(sentence) and (_OPENED.match(sentence) or (found is None and _NAMED.match(sentence))):
            found = start
    return found


def own_text(text: str) -> str:
    """The part of a plain text its sender wrote: lines quoted with > go, what is written between them stays."""
    return tidy([clean(line) for line in own_lines(text)])


def own_lines(text: str) -> list[str]:
    """The lines of that part as they were written."""
    written = text[:MAX_TEXT].replace("&nbsp;", " ").splitlines()
    lines = [clean(line) for line in written]
    start = quote_start(lines)
    below = lines[start:]
    quoted = [index for index, line in enumerate(below) if _QUOTED_LINE.match(line)]
    kept = range(0)
    if quoted and quoted[0] <= 4 and not _RULE.search(below[0]) and not _FROM.match(below[0]):
        # Answers may stand between and below the quoted lines of …写道：.
        kept = range(start + quoted[0], len(lines))
    return [written[index] for index in (*range(start), *kept) if not _QUOTED_LINE.match(lines[index])]


def clean(line: str) -> str:
    """A line without control characters, runs of blanks folded."""
    return _BLANKS.sub(" ", _CONTROLS.sub("", line)).strip()


def tidy(lines: Sequence[str]) -> str:
    """Lines as one text, without blank lines at the ends or in runs."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class Html(Struct, frozen=True):
    """An HTML body reduced to what its sender wrote: `tree` is the lxml element, None if there is nothing."""

    tree: Any
    text: str


def own_html(html: str, quotes: bool = False) -> Html:
    """The own part of an HTML body; with `quotes` the whole of it."""
    tree = _parse(html)
    if tree is None:
        return Html(None, "")
    _drop(tree, quotes)
    lines = list(_lines(tree))
    texts = [clean(text) for text, _, _ in lines]
    start = len(lines) if quotes else quote_start(texts)
    if start < len(lines):
        _truncate(lines[start][1], lines[start][2])
    return Html(tree, tidy(texts[:start]))


def _parse(html: str) -> Any:
    if not html.strip():
        return None
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True)
    if len(html) > MAX_HTML:
        # Pictures written into the page itself would use up what is read of it.
        html = _DATA_URI.sub("data:,", html)
    data = html[:MAX_HTML].replace("\x00", "").encode("utf-8", "replace")
    try:
        return etree.fromstring(data, parser)
    except etree.LxmlError:
        return None


def _drop(tree: Any, quotes: bool) -> None:
    """Take out what nobody sees and, unless `quotes`, the containers programs put earlier mails into."""
    doomed = []
    for element in tree.iter():
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNSEEN or (not quotes and _is_quote(element)):
            doomed.append(element)
    for element in doomed:
        parent = element.getparent()
        if parent is None:
            continue
        if element.tail:
            before = element.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + element.tail
            else:
                parent.text = (parent.text or "") + element.tail
        parent.remove(element)


def _is_quote(element: Any) -> bool:
    if element.tag == "blockquote":
        # Word processors and webmail indent with a blockquote that has no border: that is no quote.
        return not _INDENT.search(element.get("style") or "")
    names = f"{element.get('id') or ''} {element.get('class') or ''}"
    return names != " " and bool(_QUOTE_NAME.search(names))


def _lines(tree: Any) -> Iterator[tuple[str, Any, bool]]:
    """The visible lines, each with the place its text begins: an element, and whether in its tail."""
    from lxml import etree

    texts: list[str] = []
    where: tuple[Any, bool] | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag
        if tag in _BLOCKS and (texts or tag == "br" or tag == "p") and not (tag == "br" and event == "end"):
            yield "".join(texts), *(where or (element, False))
            texts, where = [], None
        if event == "end" and tag in ("td", "th") and texts:
            texts.append(" ")
        piece = element.text if event == "start" else (element.tail if element is not tree else None)
        if piece and (texts or piece.strip()):
            where = where or (element, event == "end")
            texts.append(_BREAKS.sub(" ", piece))
    if texts and where:
        yield "".join(texts), *where


def _truncate(element: Any, tail: bool) -> None:
    """Remove everything from the given place to the end of the document."""
    if tail:
        element.tail = None
    else:
        element.text = None
        for child in list(element):
            element.remove(child)
        element.tail = None
    while (parent := element.getparent()) is not None:
        for sibling in list(element.itersiblings()):
            parent.remove(sibling)
        parent.tail = None
        element = parent
