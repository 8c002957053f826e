"""How a Word run looks, from its properties and its character style: Style, symbol font, hidden or not.

Paragraph and table styles are not consulted: they set off a whole line, never one choice among others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from parsers.formats.symbols import is_symbol_font
from parsers.model import Style

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = f"{W}val"
OFF = frozenset({"0", "false", "off"})
NONE = frozenset({"none", "nil"})
# Darker than this nobody sees a colour beside black print.
NEAR_BLACK = 0x40
LONGEST_CHAIN = 20

_BOLD, _ITALIC, _UNDERLINE, _HIGHLIGHT, _COLOUR, _STRIKE, _BORDER = (
    style.value
    for style in (Style.BOLD, Style.ITALIC, Style.UNDERLINE, Style.HIGHLIGHT, Style.COLOUR, Style.STRIKE, Style.BORDER)
)
_TOGGLES = {f"{W}b": _BOLD, f"{W}i": _ITALIC, f"{W}strike": _STRIKE, f"{W}dstrike": _STRIKE}


class Look(NamedTuple):
    """`on` and `off` are bits of Style that are set or taken away; `font` is a symbol font or ""."""

    on: int = 0
    off: int = 0
    font: str = ""
    hidden: bool | None = None


PLAIN_LOOK = Look()


def _underlined(element: Any) -> bool:
    return element.get(VAL, "none") not in NONE


def _highlighted(element: Any) -> bool:
    return element.get(VAL, "none") not in ("none", "white")


def _shaded(element: Any) -> bool:
    fill = element.get(f"{W}fill", "auto").lower()
    return fill not in ("auto", "ffffff", "none", "") or element.get(VAL, "clear") not in ("clear", "nil")


def _coloured(element: Any) -> bool:
    return element.get(f"{W}themeColor") not in ("text1", "dark1") and _seen_as_colour(element.get(VAL, "auto"))


@lru_cache(maxsize=256)
def _seen_as_colour(value: str) -> bool:
    try:
        number = int(value, 16)
    except ValueError:
        return False
    return max(number >> 16 & 255, number >> 8 & 255, number & 255) >= NEAR_BLACK


@lru_cache(maxsize=256)
def _symbol_font(names: tuple[str, ...]) -> str:
    return next((name for name in names if is_symbol_font(name)), "")


def _bordered(element: Any) -> bool:
    return element.get(VAL, "none") not in NONE


_VALUED: dict[str, tuple[int, Callable[[Any], bool]]] = {
    f"{W}u": (_UNDERLINE, _underlined), f"{W}highlight": (_HIGHLIGHT, _highlighted),
    f"{W}shd": (_HIGHLIGHT, _shaded), f"{W}color": (_COLOUR, _coloured), f"{W}bdr": (_BORDER, _bordered),
}  # fmt: skip
_FONTS, _VANISH, STYLE = f"{W}rFonts", f"{W}vanish", f"{W}rStyle"
_TELLING = frozenset({*_TOGGLES, *_VALUED, _FONTS, _VANISH, STYLE})


def look(properties: Any, named: Callable[[str], Look]) -> Look:
    """The look that `w:rPr` gives; `named` looks up a character style by its id."""
    on = off = 0
    font, hidden, inherited = "", None, PLAIN_LOOK
    for element in list(properties):
        tag = element.tag
        # Most properties are sizes and languages; this one test disposes of them.
        if tag not in _TELLING:
            continue
        if tag == _FONTS:
            font = _symbol_font(tuple(element.values()))
        elif tag in _TOGGLES:
            bit = _TOGGLES[tag]
            on, off = (on, off | bit) if element.get(VAL) in OFF else (on | bit, off)
        elif tag in _VALUED:
            bit, shows = _VALUED[tag]
            on, off = (on | bit, off) if shows(element) else (on, off | bit)
        elif tag == _VANISH:
            hidden = element.get(VAL) not in OFF
        else:
            inherited = named(element.get(VAL, ""))
    if inherited is PLAIN_LOOK:
        return _look(on, font, hidden) if not off else Look(on, off & ~on, font, hidden)
    return _over(inherited, Look(on, off & ~on, font, hidden))


def shows(properties: Any) -> bool:
    """Whether properties that name no character style make a run look other than one without any."""
    seen = look(properties, lambda _: PLAIN_LOOK)
    return bool(seen.on or seen.font or seen.hidden)


@cache
def _look(on: int, font: str, hidden: bool | None) -> Look:
    return Look(on, 0, font, hidden)


def _over(base: Look, own: Look) -> Look:
    hidden = base.hidden if own.hidden is None else own.hidden
    return Look(base.on & ~own.off | own.on, own.off, own.font or base.font, hidden)


class CharacterStyles:
    """The character styles of styles.xml, which is read only when a run first names one."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._elements: dict[str, Any] | None = None
        self._looks: dict[str, Look] = {}

    def __call__(self, name: str) -> Look:
        if name not in self._looks:
            self._looks[name] = self._resolve(name, LONGEST_CHAIN)
        return self._looks[name]

    def _resolve(self, name: str, depth: int) -> Look:
        if self._elements is None:
            root = self._load()
            styles = () if root is None else root.iterfind(f"{W}style")
            self._elements = {style.get(f"{W}styleId", ""): style for style in styles}
        style = self._elements.get(name)
        if style is None or not depth:
            return PLAIN_LOOK
        parent = style.find(f"{W}basedOn")
        base = PLAIN_LOOK if parent is None else self._resolve(parent.get(VAL, ""), depth - 1)
        properties = style.find(f"{W}rPr")
        return base if properties is None else _over(base, look(properties, lambda _: PLAIN_LOOK))
