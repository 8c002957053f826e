"""Clean-up, comparison copies and tick glyphs: the small vocabulary of text that every form shares.

What a person wrote is only tidied here (NFC, blanks); NFKC is used on comparison copies alone. Nothing is judged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Zero-width and direction marks that copying from web pages and phones leaves at the edges of a value.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
_EDGES = INVISIBLE + " "

# Characters that mark a choice; ✗ and × are left out, for they may mark a choice or cross one out.
TICKED = "☑☒🗹✅✔✓√∨■▣●◉★⬛◼⦿🔘"
CROSSED = "✗✘×✕✖╳❌"
UNTICKED = "□☐○◯▢◻◽⬜❏❐❑❒▫☆◇〇"

_NARROW = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " ", "\u00a0": " "}
_WIDE = re.compile("[\uff01-\uff5e\u3000\u00a0]")
_DROPPED = re.compile(r"[\s" + INVISIBLE + "\"'`“”‘’＂＇「」『』《》〈〉<>()\\[\\]{}【】〔〕〖〗]+")
# What no form prints, and databases and terminals take for more than it is.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
_BLANKS = re.compile(r"[\s" + INVISIBLE + "*]+")
# Such a text is its own label key.
_PLAIN = re.compile("[0-9a-z\u4e00-\u9fff]+")
_COLON = re.compile("[:：]")
# A text longer than this is never a label.
LONGEST_LABEL = 40
_NUMBERING = re.compile(r"^(?:\d{1,2}[.、)]|[一二三四五六七八九十]{1,2}、)")


def one_line(text: str) -> str:
    """The text in NFC on one line, without control characters: trimmed, every run of blanks, tabs and line breaks folded to
    one blank."""
    # Of all blanks and invisible characters only the plain blank is printable.
    if text.isprintable() and " " not in text:
        return unicodedata.normalize("NFC", text)
    text = " ".join(text.split())
    if not text.isprintable():
        text = " ".join(_CONTROLS.sub("", text).split())
    return unicodedata.normalize("NFC", text).strip(_EDGES)


def lines(text: str) -> str:
    """The text in NFC with its line breaks as `\\n`: every line as by `one_line`, blank lines dropped."""
    bare = text.replace("\n", "")
    # Of all blanks, line breaks and invisible characters only the plain blank is printable.
    if bare.isprintable() and " " not in bare and "\n\n" not in text:
        return unicodedata.normalize("NFC", text).strip("\n")
    return "\n".join(filter(None, map(one_line, text.splitlines())))


def narrow(text: str) -> str:
    """Full-width ASCII and blanks made half-width, character by character, so that positions stay."""
    # A text holds few different ones, and a translation would look up every single character.
    for wide in set(_WIDE.findall(text)):
        text = text.replace(wide, _NARROW[wide])
    return text


def visible(text: str, instead: str = "") -> str:
    """The text without the characters that nobody sees (Unicode's Cf), zero-width and soft breaks, direction marks: each is
    dropped, or `instead` put in its place."""
    if text.isprintable():
        return text
    return "".join(instead if unicodedata.category(char) == "Cf" else char for char in text)


def fold(text: str) -> str:
    """A comparison copy: NFKC, casefolded, without blanks, quotation marks and brackets; never shown to anybody."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(maxsize=4096)
def label_key(text: str) -> str:
    """A label's comparison copy: no blanks, line breaks, numbering, asterisks, notes in parentheses or final colon."""
    if _PLAIN.fullmatch(text):
        return text
    key = _BLANKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    key = _PARENTHESES.sub("", key).rstrip(":;。.,、")
    return _NUMBERING.sub("", key)


def label_keys(texts: Iterable[str]) -> set[str]:
    """The keys of what each text says, or says before a colon, where that is short enough for a label."""
    heads = [_COLON.split(text, 1)[0] if ":" in text or "：" in text else text for text in texts]
    return {label_key(head) for head in heads if len(head) <= LONGEST_LABEL}


def spaced(words: str) -> str:
    """A regular expression for these words (alternatives parted by `|`) with any blanks between the characters."""
    return "|".join(r"\s*".join(map(re.escape, word)) for word in words.split("|"))
