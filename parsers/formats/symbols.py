"""Symbol fonts: which mark a letter or private-use character stands for when drawn in Wingdings and its like.

Only marks that people put on forms are listed (boxes, ticks, crosses, dots); every other glyph stays as it is.
"""

from __future__ import annotations

import re

# Code points as the fonts number them (the Unicode Consortium's Wingdings mapping, L2/11-196); an empty box is always
# ☐ and a ticked one ☑, so that forms need not know which of several drawings a person picked.
_WINGDINGS = {
    0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x70: "☐", 0x71: "☐", 0x72: "☐", 0x78: "☒", 0xA1: "○", 0xA4: "◉", 0xA7: "■",
    0xA8: "☐", 0xAB: "★", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x97: "●", 0x98: "●", 0x99: "○", 0x9A: "○",
    0xA2: "■", 0xA3: "☐", 0xA4: "☐",
}  # fmt: skip
_WEBDINGS = {0x61: "✓", 0x63: "☐", 0x67: "■", 0x6E: "●", 0x72: "✗"}
_DINGBATS = {
    0x33: "✓", 0x34: "✓", 0x35: "✗", 0x36: "✗", 0x37: "✗", 0x38: "✗", 0x6C: "●", 0x6D: "○", 0x6E: "■", 0x6F: "☐",
    0x70: "☐", 0x71: "☐", 0x72: "☐",
}  # fmt: skip
# The letters of Symbol are Greek, which nobody means as a mark; only its upper half is listed.
_SYMBOL = {0xB4: "×", 0xB7: "•", 0xD6: "√", 0xA8: "♦"}
_FONTS = {
    "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": _WEBDINGS, "zapfdingbats": _DINGBATS,
    "zapf dingbats": _DINGBATS, "itc zapf dingbats": _DINGBATS, "symbol": _SYMBOL,
}  # fmt: skip


def _table(*codes: dict[int, str]) -> dict[int, str]:
    """A translation of both ways to write a code: the letter itself and its private-use double at U+F000."""
    merged = {code: mark for table in reversed(codes) for code, mark in table.items()}
    return {**merged, **{0xF000 + code: mark for code, mark in merged.items()}}


TABLES = {name: _table(codes) for name, codes in _FONTS.items()}
PRIVATE = re.compile("[\uf020-\uf0ff]")
# Where the font was lost on the way, a private-use character is read as the font in which it is a mark: none of the
# codes that forms use is a mark in two of the fonts with different meanings.
_LOST_FONT = {code: mark for code, mark in _table(_WINGDINGS, _WINGDINGS_2, {0xD6: "√"}).items() if code >= 0xF000}


def is_symbol_font(name: str) -> bool:
    return name.lower() in TABLES


def marks(text: str, font: str = "") -> str:
    """The text with its symbol glyphs replaced; `font` is a symbol font's name, or "" where none was set."""
    table = TABLES.get(font.lower()) if font else None
    if table is not None:
        text = text.translate(table)
    return text.translate(_LOST_FONT) if PRIVATE.search(text) else text
