"""Which of the printed options a person selected, by whatever means: glyph, style, striking out, deleting, retyping.

Every means is read by itself and the results are united, so that two that disagree give two options. A style or
glyph that all options share says nothing. Whether exactly one is selected is for a rule to say.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from parsers.choice_words import by_column, by_number, by_remark, names_choice
from parsers.model import Run, Style
from parsers.text import CROSSED, INVISIBLE, TICKED, UNTICKED, narrow, one_line

OPTIONS = (
    "思想引领类", "学业促进类", "就业创业类", "社会实践类", "心理健康类",
    "民族团结类", "助困帮扶类", "校园治理类", "文体活动类", "其他类",
)  # fmt: skip
_STEMS = {option.removesuffix("类"): option for option in OPTIONS} | {"其它": "其他类"}
# A tick that was laid over an option, as in a floating text box, stands among its letters.
_AMONG = rf"(?:[^\S\n]|[{TICKED}])*"
_OPTION = re.compile(
    "(?P<stem>" + "|".join(_AMONG.join(stem) for stem in _STEMS) + rf")(?P<kind>{_AMONG}[类類](?!似))?"
)
_NO_LETTER = re.compile(rf"[\s{TICKED}]")
# Filled drawings that are bullets as well: they mark an option only where one of these empty ones marks it not.
_EMPTY = dict.fromkeys("⊙◎", "○◯〇") | dict.fromkeys("◆◈♦", "◇")
_DRAWN = "".join(_EMPTY)
_TICK = f"[{TICKED}]|[vV](?![a-zA-Z])"
_BRACKETED = rf"[(\[【〔]\s*(?:[{TICKED}vVxX{CROSSED}])\s*[)\]】〕]"
_BOX = rf"[{UNTICKED}]|口|[(\[【〔]\s*[)\]】〕]"
# One look at its first character rules out most places where a mark might begin.
_MARK = re.compile(
    rf"(?=[(\[【〔vV口{TICKED}{_DRAWN}{CROSSED}{UNTICKED}])"
    rf"(?:(?P<ticked>{_BRACKETED}|(?:{_BOX})[^\S\n]?(?:{_TICK})|(?:{_TICK})(?:{_BOX})(?!\s*(?:$|\n)))"
    rf"|(?P<free>{_TICK})|(?P<drawn>[{_DRAWN}])|(?P<crossed>[{CROSSED}])|(?P<box>{_BOX}))"
)
_BLANK = re.compile(r"[^\S\n]*$")
_CONDITION = re.compile("如[选为属是系果有]|若|注明|(?<!备)注:")
# Styles are compared by their bits, for arithmetic with flags takes many times longer.
_SET_OFF = tuple(
    style.value for style in (Style.UNDERLINE, Style.BOLD, Style.HIGHLIGHT, Style.COLOUR, Style.BORDER, Style.ITALIC)
)
_COLOUR, _STRIKE = Style.COLOUR.value, Style.STRIKE.value
# A list of options is some hundred characters long; what stands further back is text, and comparing all would take long.
_LONGEST = 2_000
_QUOTES = "\"'“”‘’「」『』《》<>()（）[]【】〔〕:：、，,。.;；_＿ \t\n" + INVISIBLE + TICKED + UNTICKED


# A tick with nothing beside it, as a floating text box holds one.
_LONE_TICK = re.compile(r"^\s*[√✓✔☑∨vV]\s*$", re.MULTILINE)


class _Spot(NamedTuple):
    """Where an option is printed; `set_off` are the bits of the styles most of its letters carry."""

    option: str
    start: int
    end: int
    set_off: int


class _Neighbour(NamedTuple):
    """An option beside a mark, and the number of characters between."""

    gap: int
    option: str


class _Glyph(NamedTuple):
    """A mark of one character or more that begins with `first`, and the options before and after it on its line."""

    kind: str
    first: str
    left: _Neighbour | None
    right: _Neighbour | None


def chosen(runs: Iterable[Run]) -> tuple[str, ...]:
    """The options selected in this text, official names in the notice's order; () when none is.

    A value that names no printed option is given as written.
    """
    text, styles = _flatten(runs)
    selected = _among_printed(text[:_LONGEST], styles[:_LONGEST])
    if selected is None:
        written = one_line(text).strip(_QUOTES)
        return (written,) if written else ()
    return selected


def has_lone_tick(text: str) -> bool:
    """Whether a tick stands on a line of its own, where it marks none of the options."""
    return _LONE_TICK.search(narrow(text)) is not None


# The list is printed alike on all forms, and there are few ways to mark one of its options.
@lru_cache(maxsize=256)
def _among_printed(text: str, styles: bytes) -> tuple[str, ...] | None:
    """The options selected among those printed in the text; None where none is printed."""
    spots = _spots(text, styles)
    if not spots:
        return None
    printed = [spot[:3] for spot in spots]
    selected = _by_glyph(text, spots) | _by_style(spots) | _by_repetition(text, spots) | _by_blank_line(text, spots)
    selected |= by_number(text, printed) | by_column(text, printed)
    struck = {spot.option for spot in spots if spot.set_off & _STRIKE}
    if struck:
        rest = {spot.option for spot in spots} - struck
        selected -= struck
        if not selected and 2 * len(rest) <= len(rest) + len(struck):
            selected = rest
    if not selected:
        selected = _by_deletion(text, spots) or by_remark(text, printed)
    return tuple(option for option in OPTIONS if option in selected)


def _flatten(runs: Iterable[Run]) -> tuple[str, bytes]:
    """The text, and for each of its characters the bits of its style."""
    texts, styles = [], []
    for text, style in runs:
        texts.append(text)
        styles.append(_bits(style) * len(text))
    return narrow("".join(texts)), b"".join(styles)


@cache
def _bits(style: Style) -> bytes:
    return bytes((style.value,))


def _spots(text: str, styles: bytes) -> list[_Spot]:
    """The options printed in the text; a bare stem within other words (心理健康教育) is none."""
    found = list(_OPTION.finditer(text))
    begins = {match.start() for match in found}
    full = any(match["kind"] for match in found)
    styled = any(styles)
    return [
        _Spot(_stem(match["stem"]), *match.span(), _set_off(text, styles, match) if styled else 0)
        for match in found
        if match["kind"] or not (_runs_on(text, match.end(), begins) or (full and _explains(text, match)))
    ]


def _stem(printed: str) -> str:
    return _STEMS.get(printed) or _STEMS[_NO_LETTER.sub("", printed)]


def _runs_on(text: str, end: int, begins: set[int]) -> bool:
    return end not in begins and re.match(r"[\u4e00-\u9fff]", text[end : end + 1]) is not None and text[end] != "口"


def _explains(text: str, match: re.Match[str]) -> bool:
    """Whether a bare stem stands in parentheses or behind a colon, as in 其他类（社会实践）, but not in 类别：社会实践."""
    line = text.rfind("\n", 0, match.start()) + 1
    if names_choice(text[line : match.start()], text[match.end() :].partition("\n")[0]):
        return False
    opened = max(text.rfind(mark, line, match.start()) for mark in "(:")
    return opened > text.rfind(")", line, match.start())


def _set_off(text: str, styles: bytes, match: re.Match[str]) -> int:
    """The bits of the styles that more than half of the option's letters carry."""
    if not any(styles[match.start() : match.end()]):
        return 0
    letters = [styles[index] for index in range(match.start(), match.end()) if not text[index].isspace()]
    result = 0
    for bit in (*_SET_OFF, _STRIKE):
        if 2 * sum(1 for letter in letters if letter & bit) > len(letters):
            result |= bit
    return result


def _glyphs(text: str, spots: Sequence[_Spot]) -> list[_Glyph]:
    """Marks outside the options; those that are letters or bullets too count only right beside an option."""
    starts = [spot.start for spot in spots]
    glyphs = []
    for match in _MARK.finditer(text):
        start, end = match.span()
        following = bisect_left(starts, end)
        before = spots[following - 1] if following else None
        after = spots[following] if following < len(spots) else None
        if before and before.end > start:
            continue
        kind, mark = match.lastgroup or "", match.group()
        beside = (before and before.end == start) or (after and after.start == end)
        if kind == "drawn" and not any(empty in text for empty in _EMPTY[mark]):
            continue
        doubtful = kind == "drawn" or (kind in ("free", "box") and any(letter in mark for letter in "vV口"))
        if doubtful and not beside and not _BLANK.match(text[end : after.start if after else end + 1]):
            continue
        glyphs.append(_Glyph(kind, mark[0], *_neighbours(text, start, end, before, after)))
    return glyphs


def _neighbours(
    text: str, start: int, end: int, before: _Spot | None, after: _Spot | None
) -> tuple[_Neighbour | None, _Neighbour | None]:
    """These options, as far as they stand on the line of a mark that reaches from `start` to `end`."""
    left = _Neighbour(start - before.end, before.option) if before and "\n" not in text[before.end : start] else None
    right = _Neighbour(after.start - end, after.option) if after and "\n" not in text[end : after.start] else None
    return left, right


def _side(glyphs: Sequence[_Glyph]) -> int:
    """On which side of the options this cell's glyphs stand: -1 before them, 1 behind them, 0 cannot be told."""
    votes = 0
    for glyph in glyphs:
        left, right = glyph.left, glyph.right
        if right and (not left or right.gap < left.gap):
            votes -= 1
        elif left and (not right or left.gap < right.gap):
            votes += 1
    return (votes > 0) - (votes < 0)


def _owners(glyph: _Glyph, side: int, fixed: bool) -> set[str]:
    """The option a glyph marks; both neighbours where nothing decides between them."""
    left, right = glyph.left, glyph.right
    if not left or not right:
        neighbour = left or right
        return {neighbour.option} if neighbour else set()
    if fixed and side:
        return {(right if side < 0 else left).option}
    if left.gap != right.gap:
        return {(left if left.gap < right.gap else right).option}
    if side:
        return {(right if side < 0 else left).option}
    return {left.option, right.option}


def _by_glyph(text: str, spots: Sequence[_Spot]) -> set[str]:
    glyphs = _glyphs(text, spots)
    boxes = [glyph for glyph in glyphs if glyph.kind in ("box", "ticked")]
    side = _side(boxes or glyphs)
    selected = {spot.option for spot in spots if any(mark in TICKED for mark in text[spot.start : spot.end])}
    crossed: set[str] = set()
    for glyph in glyphs:
        if glyph.kind == "box":
            continue
        # With a box at every option a glyph follows the boxes; a lone tick follows what it touches.
        free = glyph.kind == "free" and len(glyphs) > 2 and glyph.first not in "√✓✔∨vV"
        fixed = free or glyph.kind in ("ticked", "drawn")
        owners = _owners(glyph, side, fixed)
        if glyph.kind == "crossed":
            crossed |= owners
        else:
            selected |= owners
    options = {spot.option for spot in spots}
    if crossed and not selected:
        selected = options - crossed if 2 * len(crossed) > len(options) else crossed
    # Bullets in front of every option mark none of them.
    bullets = {glyph.first for glyph in glyphs if glyph.kind == "free"} <= set("●■★◆")
    return set() if selected == options and len(options) > 2 and bullets else selected


def _by_style(spots: Sequence[_Spot]) -> set[str]:
    options = {spot.option for spot in spots}
    selected: set[str] = set()
    if not any(spot.set_off for spot in spots):
        return selected
    for bit in _SET_OFF:
        marked = {spot.option for spot in spots if spot.set_off & bit}
        if marked and 2 * len(marked) <= len(options):
            selected |= marked
        elif bit == _COLOUR and len(options) > 2 and len(marked) == len(options) - 1:
            # All others greyed out is a way to cross them out.
            selected |= options - marked
    return selected


def _by_repetition(text: str, spots: Sequence[_Spot]) -> set[str]:
    """Options written a second time behind the printed list, other than in a condition (如选其他类，请注明)."""
    unconditional = [
        spot.option for spot in spots if not _CONDITION.search(text, text.rfind("\n", 0, spot.start) + 1, spot.start)
    ]
    repeated = {option for option in unconditional if unconditional.count(option) > 1}
    return repeated if 2 * len(repeated) <= len({spot.option for spot in spots}) else set()


def _by_blank_line(text: str, spots: Sequence[_Spot]) -> set[str]:
    """Options typed between underscores, if not all are."""
    filled = {spot.option for spot in spots if text[: spot.start].endswith("_") and text.startswith("_", spot.end)}
    return filled if 2 * len(filled) <= len({spot.option for spot in spots}) else set()


def _by_deletion(text: str, spots: Sequence[_Spot]) -> set[str]:
    """What is left where the other options were deleted; nothing where most stand or empty boxes wait."""
    options = {spot.option for spot in spots}
    if len(options) == 1:
        return options
    if 2 * len(options) > len(OPTIONS) or any(glyph.kind == "box" for glyph in _glyphs(text, spots)):
        return set()
    return options
