"""Which of the printed options a person selected, by whatever means: glyph, style, striking out, deleting, retyping.

Every means is read by itself and the results are united, so that two that disagree give two options. A style or
glyph that all options share says nothing. Whether exactly one is selected is for a rule to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parsers.model import Run, Style
from parsers.text import CROSSED, INVISIBLE, TICKED, UNTICKED, narrow, one_line

OPTIONS = (
    "思想引领类", "学业促进类", "就业创业类", "社会实践类", "心理健康类",
    "民族团结类", "助困帮扶类", "校园治理类", "文体活动类", "其他类",
)  # fmt: skip
_STEMS = {option.removesuffix("类"): option for option in OPTIONS} | {"其它": "其他类"}
_OPTION = re.compile("(?P<stem>" + "|".join(r"[^\S\n]*".join(stem) for stem in _STEMS) + r")(?P<kind>[^\S\n]*[类類])?")
_TICK = f"[{TICKED}]|[vV](?![a-zA-Z])"
_BRACKETED = rf"[(\[【〔]\s*(?:[{TICKED}vVxX{CROSSED}])\s*[)\]】〕]"
_BOX = rf"[{UNTICKED}]|口|[(\[【〔]\s*[)\]】〕]"
_MARK = re.compile(
    rf"(?P<ticked>{_BRACKETED}|(?:{_BOX})[^\S\n]?(?:{_TICK})|(?:{_TICK})(?:{_BOX})(?!\s*(?:$|\n)))"
    rf"|(?P<free>{_TICK})|(?P<crossed>[{CROSSED}])|(?P<box>{_BOX})"
)
# Styles are compared by their bits, for arithmetic with flags takes many times longer.
_SET_OFF = tuple(
    style.value for style in (Style.UNDERLINE, Style.BOLD, Style.HIGHLIGHT, Style.COLOUR, Style.BORDER, Style.ITALIC)
)
_COLOUR, _STRIKE = Style.COLOUR.value, Style.STRIKE.value
# A list of options is some hundred characters long; what stands further back is text, and comparing all would take long.
_LONGEST = 2_000
_QUOTES = "\"'“”‘’「」『』《》<>()（）[]【】〔〕:：、，,。.;；_＿ \t\n" + INVISIBLE + TICKED + UNTICKED


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where an option is printed; `set_off` are the bits of the styles most of its letters carry."""

    option: str
    start: int
    end: int
    set_off: int


@dataclass(frozen=True, slots=True)
class _Glyph:
    kind: str
    start: int
    end: int


def chosen(runs: Iterable[Run]) -> tuple[str, ...]:
    """The options selected in this text, official names in the notice's order; () when none is.

    A value that names no printed option is given as written.
    """
    whole, styles = _flatten(runs)
    text = whole[:_LONGEST]
    spots = _spots(text, styles)
    if not spots:
        written = one_line(whole).strip(_QUOTES)
        return (written,) if written else ()
    selected = _by_glyph(text, spots) | _by_style(spots) | _by_repetition(spots) | _by_blank_line(text, spots)
    struck = {spot.option for spot in spots if spot.set_off & _STRIKE}
    if struck:
        rest = {spot.option for spot in spots} - struck
        selected -= struck
        if not selected and 2 * len(rest) <= len(rest) + len(struck):
            selected = rest
    if not selected:
        selected = _by_deletion(text, spots)
    return tuple(option for option in OPTIONS if option in selected)


def _flatten(runs: Iterable[Run]) -> tuple[str, list[int]]:
    text = ""
    styles: list[int] = []
    for run in runs:
        text += run.text
        styles += [run.style.value] * len(run.text)
    return narrow(text), styles


def _spots(text: str, styles: Sequence[int]) -> list[_Spot]:
    """The options printed in the text; a bare stem within other words (心理健康教育) is none."""
    found = list(_OPTION.finditer(text))
    begins = {match.start() for match in found}
    full = any(match["kind"] for match in found)
    return [
        _Spot(_STEMS["".join(match["stem"].split())], match.start(), match.end(), _set_off(text, styles, match))
        for match in found
        if match["kind"] or not (_runs_on(text, match.end(), begins) or (full and _explains(text, match)))
    ]


def _runs_on(text: str, end: int, begins: set[int]) -> bool:
    return end not in begins and re.match(r"[\u4e00-\u9fff]", text[end : end + 1]) is not None and text[end] != "口"


def _explains(text: str, match: re.Match[str]) -> bool:
    """Whether a bare stem stands in parentheses or behind a colon, as in 其他类（社会实践）."""
    line = text.rfind("\n", 0, match.start()) + 1
    opened = max(text.rfind(mark, line, match.start()) for mark in "(:")
    return opened > text.rfind(")", line, match.start())


def _set_off(text: str, styles: Sequence[int], match: re.Match[str]) -> int:
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
    """Marks outside the options; v and 口 count only right beside an option, for they are letters too."""
    starts, ends = {spot.start for spot in spots}, {spot.end for spot in spots}
    glyphs = []
    for match in _MARK.finditer(text):
        if any(spot.start < match.end() and match.start() < spot.end for spot in spots):
            continue
        beside = match.end() in starts or match.start() in ends
        letters = re.search(r"[vV口]", match.group()) and match.lastgroup in ("free", "box")
        if letters and not beside and not re.match(r"[^\S\n]*$", text[match.end() : _next(match.end(), spots)]):
            continue
        glyphs.append(_Glyph(match.lastgroup or "", match.start(), match.end()))
    return glyphs


def _next(position: int, spots: Sequence[_Spot]) -> int:
    return min((spot.start for spot in spots if spot.start >= position), default=position + 1)


def _gaps(
    text: str, glyph: _Glyph, spots: Sequence[_Spot]
) -> tuple[tuple[int, _Spot] | None, tuple[int, _Spot] | None]:
    """The nearest option before and after a glyph on its line, each with the number of characters between."""
    before = max((spot for spot in spots if spot.end <= glyph.start), key=lambda spot: spot.end, default=None)
    after = min((spot for spot in spots if spot.start >= glyph.end), key=lambda spot: spot.start, default=None)
    left = (glyph.start - before.end, before) if before and "\n" not in text[before.end : glyph.start] else None
    right = (after.start - glyph.end, after) if after and "\n" not in text[glyph.end : after.start] else None
    return left, right


def _side(text: str, glyphs: Sequence[_Glyph], spots: Sequence[_Spot]) -> int:
    """On which side of the options this cell's glyphs stand: -1 before them, 1 behind them, 0 cannot be told."""
    votes = 0
    for glyph in glyphs:
        left, right = _gaps(text, glyph, spots)
        if right and (not left or right[0] < left[0]):
            votes -= 1
        elif left and (not right or left[0] < right[0]):
            votes += 1
    return (votes > 0) - (votes < 0)


def _owners(text: str, glyph: _Glyph, spots: Sequence[_Spot], side: int, fixed: bool) -> set[str]:
    """The option a glyph marks; both neighbours where nothing decides between them."""
    left, right = _gaps(text, glyph, spots)
    if not left or not right:
        neighbour = left or right
        return {neighbour[1].option} if neighbour else set()
    if fixed and side:
        return {(right if side < 0 else left)[1].option}
    if left[0] != right[0]:
        return {(left if left[0] < right[0] else right)[1].option}
    if side:
        return {(right if side < 0 else left)[1].option}
    return {left[1].option, right[1].option}


def _by_glyph(text: str, spots: Sequence[_Spot]) -> set[str]:
    glyphs = _glyphs(text, spots)
    boxes = [glyph for glyph in glyphs if glyph.kind in ("box", "ticked")]
    side = _side(text, boxes or glyphs, spots)
    selected: set[str] = set()
    crossed: set[str] = set()
    for glyph in glyphs:
        if glyph.kind == "box":
            continue
        # With a box at every option a glyph follows the boxes; a lone tick follows what it touches.
        fixed = glyph.kind == "ticked" or (
            glyph.kind == "free" and len(glyphs) > 2 and text[glyph.start] not in "√✓✔vV"
        )
        owners = _owners(text, glyph, spots, side, fixed)
        if glyph.kind == "crossed":
            crossed |= owners
        else:
            selected |= owners
    options = {spot.option for spot in spots}
    if crossed and not selected:
        selected = options - crossed if 2 * len(crossed) > len(options) else crossed
    # Bullets in front of every option mark none of them.
    bullets = {text[glyph.start] for glyph in glyphs if glyph.kind == "free"} <= set("●■★◆")
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


def _by_repetition(spots: Sequence[_Spot]) -> set[str]:
    """Options written a second time behind the printed list."""
    counts: dict[str, int] = {}
    for spot in spots:
        counts[spot.option] = counts.get(spot.option, 0) + 1
    repeated = {option for option, count in counts.items() if count > 1}
    return repeated if 0 < 2 * len(repeated) <= len(counts) else set()


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
