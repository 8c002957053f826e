"""Bytes of a text file as text: by its byte order mark, by what it says of itself, else UTF-8, else GB 18030.

GB 18030 holds all of GBK and GB 2312, so a name that the smaller sets lack is read right under their labels too.
"""

from __future__ import annotations

import codecs
import re

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
CHINESE = frozenset({"gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb_2312-80", "csgb2312", "hz-gb-2312"})

IDEOGRAPH = re.compile("[\u2e80-\u9fff]")


def decoded(content: bytes, declared: str = "") -> str:
    """The text, `\\ufffd` for what no character is; `declared` is the charset that the file names, "" for none."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    own = _codec(declared)
    for encoding in ("utf-8", own, "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Bytes that happen to be ideographs in UTF-8 are in UTF-8, whatever the label; other letters prove nothing.
        if encoding != "utf-8" or own == "utf-8" or IDEOGRAPH.search(text):
            return text
    # A few broken bytes must not turn the whole into another charset: the one that breaks least is taken.
    readings = [content.decode(encoding, "replace") for encoding in (own, "utf-8", "gb18030")]
    return min(readings, key=lambda text: text.count("\ufffd"))


def _codec(name: str) -> str:
    """The codec to try first; UTF-8 where none is named or the name is unknown or plainly wrong."""
    name = name.strip().strip("\"'").lower()
    if name in CHINESE:
        return "gb18030"
    try:
        # A file that says UTF-16 in letters of one byte each is not UTF-16.
        codec = codecs.lookup(name or "utf-8")
    except (LookupError, ValueError):
        return "utf-8"
    other = codec.name.startswith(("utf-16", "utf-32", "ascii", "iso8859", "cp125"))
    return "utf-8" if other or not getattr(codec, "_is_text_encoding", True) else codec.name
