"""How text on a web page looks, from elements, style attributes and the classes of a page's own style sheet.

Only what people mark a choice with is read, and only plain class selectors, which is all that Word, Excel, WPS and
mail programs write. No style sheet is ever fetched.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from parsers.formats.run_look import NEAR_BLACK
from parsers.formats.symbols import is_symbol_font
from parsers.model import Style

BOLD, ITALIC, UNDERLINE, HIGHLIGHT, COLOUR, STRIKE, BORDER = (
    style.value
    for style in (Style.BOLD, Style.ITALIC, Style.UNDERLINE, Style.HIGHLIGHT, Style.COLOUR, Style.STRIKE, Style.BORDER)
)
TAGS = {
    "b": BOLD, "strong": BOLD, "i": ITALIC, "em": ITALIC, "u": UNDERLINE, "ins": UNDERLINE, "s": STRIKE,
    "strike": STRIKE, "del": STRIKE, "mark": HIGHLIGHT,
}  # fmt: skip
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
CLASS = re.compile(r"\s*[a-z]*\.([\w-]+)\s*$", re.I)
DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;]+)")
HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b")
RGB = re.compile(r"rgba?\(\s*(\d+)\s*[, ]\s*(\d+)\s*[, ]\s*(\d+)")
NO_COLOUR = frozenset({"", "auto", "none", "transparent", "inherit", "initial", "windowtext", "black", "currentcolor"})
LARGEST_SHEET = 1 << 20
# The boxes around cells and paragraphs are borders too; only inline ones set words off.
INLINE = frozenset({"span", "font", "b", "i", "u", "em", "strong", "a", "mark"})


class PageLook(NamedTuple):
    """`on` are bits of Style, `font` a symbol font or ""; text that is `hidden` nobody sees, `kept` breaks its lines."""

    on: int = 0
    font: str = ""
    hidden: bool = False
    kept: bool = False


PLAIN = PageLook()


class StyleSheet:
    """The classes of a page; `look` gives the look inside an element, from that of its parent."""

    def __init__(self, sheets: list[str]) -> None:
        self._classes: dict[str, str] = {}
        for sheet in sheets:
            for selectors, body in RULE.findall(sheet[:LARGEST_SHEET].replace("<!--", "")):
                for selector in selectors.split(","):
                    if match := CLASS.match(selector):
                        name = match[1].lower()
                        self._classes[name] = f"{self._classes.get(name, '')};{body}"

    def look(self, element: Any, outer: PageLook) -> PageLook:
        """The look inside this element."""
        tag, names, own = element.tag, element.get("class"), element.get("style")
        on = outer.on | TAGS.get(tag, 0)
        kept = outer.kept or tag in ("pre", "textarea")
        if not names and not own and tag != "font":
            return outer if on == outer.on and kept == outer.kept else outer._replace(on=on, kept=kept)
        classes = ";".join(self._classes.get(name, "") for name in names.lower().split()) if names else ""
        declared = f"{classes};{own or ''}"
        if tag == "font":
            declared = f"color:{element.get('color', '')};font-family:{element.get('face', '')};{declared}"
        added, taken, font, hidden, lines = _declared(declared, tag in INLINE)
        return PageLook(
            on & ~taken | added, outer.font if font is None else font, outer.hidden or hidden, kept or lines
        )


@lru_cache(maxsize=2048)
def _declared(text: str, inline: bool) -> tuple[int, int, str | None, bool, bool]:
    """Bits of Style set and taken away, the symbol font (None where no font is named), hidden, line breaks kept."""
    on = off = 0
    font: str | None = None
    hidden = kept = False
    for name, value in DECLARATION.findall(text.lower()):
        value = value.strip()
        bit, shows = _style(name, value, inline)
        on, off = (on | bit, off & ~bit) if shows else (on & ~bit, off | bit)
        if name == "font-family":
            names = (part.strip(" \"'") for part in value.split(","))
            font = next((part for part in names if is_symbol_font(part)), "")
        hidden = hidden or (name == "display" and value == "none") or (name == "mso-hide" and value == "all")
        kept = kept or (name == "white-space" and value.startswith(("pre", "break-spaces")))
    return on, off, font, hidden, kept


def _style(name: str, value: str, inline: bool) -> tuple[int, bool]:
    """The bits a declaration is about, and whether it sets them or takes them away."""
    if name == "font-weight":
        return BOLD, value in ("bold", "bolder") or value[:1] in "6789"
    if name == "font-style":
        return ITALIC, value in ("italic", "oblique")
    if name in ("text-decoration", "text-decoration-line"):
        bits = (UNDERLINE if "underline" in value else 0) | (STRIKE if "line-through" in value else 0)
        return bits, True
    if name == "text-underline":
        return UNDERLINE, value != "none"
    if name == "color":
        return COLOUR, _coloured(value)
    if name in ("background", "background-color", "mso-highlight"):
        return HIGHLIGHT, _shaded(value)
    if name == "border" and inline:
        return BORDER, not value.startswith(("none", "0")) and "none" not in value
    return 0, False


def _coloured(value: str) -> bool:
    if value in NO_COLOUR:
        return False
    channels = _channels(value)
    return channels is None or max(channels) >= NEAR_BLACK


def _shaded(value: str) -> bool:
    if value in NO_COLOUR - {"black"} or value.startswith(("white", "url(", "none")):
        return False
    channels = _channels(value)
    return channels is None or min(channels) < 0xF8


def _channels(value: str) -> tuple[int, int, int] | None:
    if match := HEX.search(value):
        digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    rgb = RGB.search(value)
    return (int(rgb[1]), int(rgb[2]), int(rgb[3])) if rgb else None
