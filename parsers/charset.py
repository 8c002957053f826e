"""Bytes → text: by their byte order mark, by what their sender says of them as far as they allow, else by themselves.

Knows the habits of Chinese programs: every gb* label means GB 18030, which holds all of GBK and GB 2312, and a label may
be that of the program, not of the text. It never raises on any input, and it does not know where the bytes come from.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# That of UTF-32 begins as that of UTF-16 does, and comes before it.
_MARKS = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be", b"\x84\x31\x95\x33": "gb18030",
}  # fmt: skip
_MARK = re.compile(b"|".join(map(re.escape, _MARKS)))
_FAMILIES = (
    (re.compile(r"(unicode-1-1-)?utf-?8|utf8mb4$|65001$"), ("utf-8",)),
    (re.compile(r"gb|x-gbk|(x-)?euc-?cn|(cp|ms|windows-?|x-cp)?936$|134$|chinese$|cs(iso58)?gb|iso-ir-58$"), ("gb18030",)),
    (re.compile(r"(x-)?(x-)?big-?5|(cp|ms|windows-?)?950$|cn-big5$|csbig5$"), ("big5hkscs", "cp950")),
    (re.compile(r"iso[-_]?8859-?1$|latin-?1$|l1$|(windows-|cp)1252$"), ("cp1252", "latin-1")),
)  # fmt: skip
_OTHER = re.compile(
    r"(x-)?(iso-?8859-?\d+$|iso_8859-\d+$|windows-?\d+$|cp\d+$|koi8-[rutx]$|utf-?(7|16|32)(-?[bl]e)?$|shift[_-]?jis$|sjis$|"
    r"ms932$|euc-?(jp|kr)$|iso-2022-(jp|kr)(-\w+)?$|ks_c_5601(-1987)?$|tis-?620$|mac-?\w{3,12}$|hz(-gb-2312)?$)"
)
# In these, bytes that look like ASCII may stand for other characters.
_NOT_PLAIN_ASCII = re.compile(r"\W*(utf-?(7|16|32)|iso-2022|hz)", re.IGNORECASE)
# Latin letters, which some programs write for want of a better, and what a page cannot be that says so in one byte each.
_DOUBTFUL = re.compile(r"(cp|windows-?)125[02]$|iso[-_]?8859-?(1|2|15)$|utf-?(16|32)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NARROW = re.compile("[\x80-\u07ff]+")
_WIDE = re.compile("[\u0800-\U0010ffff]+")
# With the marks and signs that stand in Chinese papers, the ticks of our forms among them.
_CHINESE = re.compile(
    "[\t-\r -~\xb0\xb1\xb7\xd7\xf7\u0101-\u01dc\u2010-\u27bf\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]+"
)
# Latin, Greek, Russian and Mongolian, Hebrew or Arabic, as they are written today.
_ONE_SCRIPT = re.compile(
    "[\0-\x7f\xa0-\u017f\u01cd-\u01dc]+|[\0-\x7f\xa0-\xbf\u0386-\u03ce]+|[\0-\x7f\xa0-\xbf\u05d0-\u05ea]+|"
    "[\0-\x7f\xa0-\xbf\u0401\u0410-\u044f\u0451\u04ae\u04af\u04e8\u04e9]+|[\0-\x7f\xa0-\xbf\u0600-\u06ff]+"
)


def decoded(raw: bytes, label: str = "") -> str:
    """The text of `raw`, `\\ufffd` for what no character is; `label` is the charset it is said to be in, "" for none."""
    if raw.isascii() and not (label and _NOT_PLAIN_ASCII.match(label)):
        return raw.decode("ascii")
    if mark := _MARK.match(raw):
        return raw.decode(_MARKS[mark[0]], "replace").lstrip("\ufeff")
    own = charsets_of(label)
    if own and own[0] != "utf-8" and _surely_utf8(raw):
        return raw.decode("utf-8")
    if own and own[0] in ("utf-8", "gb18030", "big5hkscs"):
        return first(raw, *own, "utf-8") or _mended(raw, *own, "utf-8")
    text = _SURROGATE.sub("\ufffd", first(raw, *own))
    if text and _DOUBTFUL.match(own[0]) and not _CHINESE.fullmatch(text):
        # That it is Chinese all the same shows by whole pairs.
        chinese = first(raw, "gb18030")
        return chinese if _CHINESE.fullmatch(chinese) else text
    return text or _unlabelled(raw)


@lru_cache(256)
def charsets_of(label: str) -> tuple[str, ...]:
    """The charsets a label stands for, the likeliest first, under Python's names; () for none and for one unknown."""
    label = label.strip().strip("\"'").lower()
    families = (charsets for pattern, charsets in _FAMILIES if pattern.match(label))
    return next(families, (label.removeprefix("x-"),) if _OTHER.match(label) else ())


def first(raw: bytes, *charsets: str) -> str:
    """The text in the first charset that fits without loss, "" if none does."""
    for charset in charsets:
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeError):
            continue
    return ""


def _unlabelled(raw: bytes) -> str:
    text = first(raw, "utf-8")
    # Short words of everyday Chinese, 通知 among them, are by chance UTF-8 too: letters that no language puts together.
    if text and not _WIDE.search(text) and not _ONE_SCRIPT.fullmatch(text):
        text = first(raw, "gb2312") or text
    return text or first(raw, "gb18030") or _mended(raw, "utf-8")


def _mended(raw: bytes, *charsets: str) -> str:
    """The reading that loses least: a few broken bytes must not turn the whole into GB 18030, which takes most bytes."""
    text = _least_damage(raw, *charsets)
    plainly_another = text.count("\ufffd") * 20 > len(text) - len(text.encode("ascii", "ignore"))
    return _least_damage(raw, *charsets, "gb18030") if plainly_another else text


def _least_damage(raw: bytes, *charsets: str) -> str:
    return min((raw.decode(charset, "replace") for charset in charsets), key=lambda text: text.count("\ufffd"))


def _surely_utf8(raw: bytes) -> bool:
    """Whether a label that says otherwise is to be disbelieved.

    Two or more characters of three or four bytes, and fewer of two: GBK text takes that shape about once in 30,000 times.
    """
    text = first(raw, "utf-8")
    wide = len(text) - len(_WIDE.sub("", text))
    return wide >= 2 and wide > len(text) - len(_NARROW.sub("", text))
