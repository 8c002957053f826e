"""Fields of an RTF file that LibreOffice would lose: enclosed characters (带圈字符), which it drops, become the mark that
they draw; dates, which it makes those of today, and what was filled in, which it repeats, become the text that was stored.

Every other byte stays. A field this does not understand is left to LibreOffice.
"""

from __future__ import annotations

import re
from itertools import islice

from parsers.formats.fields import equation, is_stored

FIELD = re.compile(rb"\{\\field(?![a-z])")
INSTRUCTION = re.compile(rb"\{\s*\\\*\s*\\fldinst(?![a-z])")
RESULT = re.compile(rb"\{\s*\\fldrslt(?![a-z]) ?")
BRACES = re.compile(rb"\\.|[{}]", re.S)
# A byte in hexadecimal, a control word with its number, a control symbol, a brace, plain text (RTF 1.9.1).
TOKEN = re.compile(rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]+)(-?\d+)? ?|\\(.)|[{}\r\n]|([^\\{}\r\n])", re.S)
# No such field is longer; what seems to be is a file whose braces are lost. So many fields are looked at.
LONGEST, MOST_FIELDS = 1 << 14, 2000


def with_fields(content: bytes) -> bytes:
    """The file with marks and stored texts in place of the fields that draw or hold them."""
    parts, at = [], 0
    for match in islice(FIELD.finditer(content), MOST_FIELDS):
        field = _group(content, match.start())
        shown = _shown(field) if match.start() >= at and field else None
        if shown is not None:
            parts += [content[at : match.start()], b"{%b}" % shown]
            at = match.start() + len(field)
    return b"".join([*parts, content[at:]])


def _group(content: bytes, start: int) -> bytes:
    """The group that begins here with its braces; empty where it does not end."""
    depth = 0
    for match in BRACES.finditer(content, start, start + LONGEST):
        depth += {b"{": 1, b"}": -1}.get(match[0], 0)
        if not depth:
            return content[start : match.end()]
    return b""


def _shown(field: bytes) -> bytes | None:
    """What a field shows, as RTF; None for a field that is left as it is."""
    instruction = INSTRUCTION.search(field)
    text = _text(_group(field, instruction.start())) if instruction else ""
    if is_stored(text):
        result = RESULT.search(field)
        return _group(field, result.start())[len(result[0]) : -1] if result else b""
    mark = equation(text)
    if mark is None:
        return None
    return rb"\uc1" + "".join(rf"\u{ord(letter) - 65536 * (ord(letter) > 32767)}?" for letter in mark).encode()


def _text(group: bytes) -> str:
    """The text of a group; its bytes are taken for GBK, as Chinese programs write them."""
    text, raw, skipped, fallback = "", bytearray(), 0, 1
    for match in TOKEN.finditer(group):
        code, word, number, symbol, letter = match.groups()
        byte = bytes.fromhex(code.decode()) if code else letter or (symbol if symbol in (b"\\", b"{", b"}") else b"")
        if byte and skipped:
            # What a program that knows no Unicode shows instead.
            skipped -= 1
        elif byte:
            raw += byte
        elif word == b"uc" and number:
            fallback = int(number)
        elif word == b"u" and number:
            text, raw, skipped = (
                text + raw.decode("gb18030", "replace") + chr(int(number) & 0xFFFF),
                bytearray(),
                fallback,
            )
    return text + raw.decode("gb18030", "replace")
