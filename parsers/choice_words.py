"""Which printed option is selected in words: a remark, sign or bracket that it alone has, its number, a row of ticks.

Only what plainly selects is known here; an explanation (请注明), a line to fill in and a prompt (任选1项) select nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from parsers.text import CROSSED, TICKED, UNTICKED

# An option and where it begins and ends in the text.
Printed = tuple[str, int, int]

_WORDS = frozenset(("选", "已选", "选择", "已选择", "选中", "是", "YES", "Yes", "yes"))
# Ticks in symbol fonts are these letters where the font was lost; in front of all options letters are numbers.
_LETTERS = frozenset("YyPRüþ")
_READ_ELSEWHERE = frozenset(TICKED + CROSSED + UNTICKED + "⊙◎○◆◈♦\ufffc\ufffd")
_BRACKETS = {"(": ")", "[": "]", "【": "】", "〔": "〕", "《": "》", "<": ">", "“": "”", "‘": "’", '"': '"'}
_AROUND = ":()[]【】〔〕“”"
_PARTED = "、,;。./|"
_TOKEN = re.compile(rf"[^\s{_PARTED}]+")
# Punctuation parts words more than a blank does.
_WIDE = 3
_OPENED, _CLOSED = r"^(?:[^\S\n]|[(\[【])*+", r"(?:[^\S\n]|[)\]】。.])*+$"
_SAYING = _OPENED + r"(?=[^\n]*?[选类])(?:我校|我们|本|项目|申报|所|已|选择?|类别|类型|序号|编号|属于|为|是)++[^\S\n]*+"
_SAYS = re.compile(_SAYING + r":?[\s“\"]*$")
_ENDS = re.compile(r"[\s”\")\]】。.]*$")
_NUMBER = r"\d{1,2}|[①-⑩]|[A-Ja-j]"
_SAYS_NUMBER = re.compile(
    _SAYING
    + rf"(?:(?::|(?<=[为是])|(?=[①-⑩]))\s*(?P<plain>{_NUMBER})|:?\s*第\s*(?P<counted>{_NUMBER})\s*[项类号个]?)"
    + _CLOSED,
    re.MULTILINE,
)
_NUMBERING = re.compile(rf"(?<!\w)({_NUMBER}|[一二三四五六七八九十])[^\w\n]*$")
_FIGURES = {figure: str(number) for number, figure in enumerate("一二三四五六七八九十", start=1)}
_MARKS = re.compile(rf"[{TICKED}vV]")
_BLANK_OR_BOX = re.compile(rf"[{UNTICKED}]?")


def names_choice(before: str, after: str) -> bool:
    """Whether a name is all that a line says to be selected (所选类别：), given the line before and behind it."""
    return _SAYS.match(before) is not None and _ENDS.match(after) is not None


def by_number(text: str, printed: Sequence[Printed]) -> set[str]:
    """The option whose number stands on a line of its own (选：5); without printed numbers, counted in a whole list."""
    said = [match["plain"] or match["counted"] for match in _SAYS_NUMBER.finditer(text)]
    if not said:
        return set()
    numbers = _numbers(text, printed)
    return {numbers[number] for number in map(_plain, said) if number in numbers}


def _numbers(text: str, printed: Sequence[Printed]) -> dict[str, str]:
    found = [_NUMBERING.search(text, end, start) for (_, _, end), (_, start, _) in pairwise([("", 0, 0), *printed])]
    numbers = [_plain(match[1]) if match else str(place) for place, match in enumerate(found, start=1)]
    whole = len({option for option, _, _ in printed}) == len(printed) == 10
    if len(set(numbers)) < len(numbers) or not (all(found) or (whole and not any(found))):
        return {}
    return dict(zip(numbers, (option for option, _, _ in printed), strict=True))


def _plain(number: str) -> str:
    return _FIGURES.get(number) or unicodedata.normalize("NFKC", number).upper()


def by_column(text: str, printed: Sequence[Printed]) -> set[str]:
    """The options of a table's one row of names that have a tick in the row below."""
    first, last = printed[0][1], printed[-1][2]
    names, _, below = text[text.rfind("\n", 0, first) + 1 :].partition("\n")
    columns, marks = names.split("\t"), [field.strip() for field in below.partition("\n")[0].split("\t")]
    if "\n" in text[first:last] or len(printed) != len(columns) or len(marks) != len(columns):
        return set()
    if not all(_MARKS.fullmatch(mark) or _BLANK_OR_BOX.fullmatch(mark) for mark in marks):
        return set()
    return {option for (option, _, _), mark in zip(printed, marks, strict=True) if _MARKS.fullmatch(mark)}


def by_remark(text: str, printed: Sequence[Printed]) -> set[str]:
    """The options beside which a word or sign stands that selects, or around which brackets are, if few have it."""
    remarks: dict[str, set[str]] = {}
    for remark, option in (*_bracketed(text, printed), *_beside(text, printed)):
        remarks.setdefault(remark, set()).add(option)
    half = len({option for option, _, _ in printed}) / 2
    # The same in front of every line is a bullet.
    firsts = {option for (_, _, end), (option, start, _) in _pairs(printed, text) if option and "\n" in text[end:start]}
    found: set[str] = set()
    for options in remarks.values():
        if len(options) <= half and not (len(options) > 1 and options >= firsts):
            found |= options
    return found if len(found) <= half else set()


def _pairs(printed: Sequence[Printed], text: str) -> Iterator[tuple[Printed, Printed]]:
    """Each option with the one before it, and what stands at the text's ends with none."""
    return pairwise([("", 0, 0), *printed, ("", len(text), len(text))])


def _bracketed(text: str, printed: Sequence[Printed]) -> Iterator[tuple[str, str]]:
    for option, start, end in printed:
        opened = text[max(start - 1, 0) : start]
        if opened in _BRACKETS and text.startswith(_BRACKETS[opened], end):
            yield opened, option


def _beside(text: str, printed: Sequence[Printed]) -> Iterator[tuple[str, str]]:
    """Each word or sign behind an option, and each sign in front of one, with the option."""
    for (before, _, end), (after, start, _) in _pairs(printed, text):
        between = text[end:start]
        alone = not before or not after or "\n" in between
        behind = _nearest(between.partition("\n")[0], alone) if before else ""
        # Read backwards; what may stand in front is a single letter.
        ahead = _nearest(between.rpartition("\n")[2][::-1], alone) if after else ""
        if behind in _WORDS or _is_sign(behind):
            yield behind, before
        if _is_sign(ahead):
            yield ahead, after


def _nearest(between: str, alone: bool) -> str:
    """The first word behind an option, without brackets; "" if it is nearer to what follows, unless nothing does."""
    first = _TOKEN.search(between)
    if first is None or (gap := _breadth(between[: first.start()])) > _WIDE:
        return ""
    following = _TOKEN.search(between, first.end())
    rest = between[first.end() : following.start() if following else len(between)]
    if (following or not alone) and _breadth(rest) <= gap:
        return ""
    return first[0].strip(_AROUND)


def _breadth(gap: str) -> int:
    return sum(_WIDE if character in _PARTED else 1 for character in gap)


def _is_sign(remark: str) -> bool:
    """Whether this is such a letter, or a drawing as ▲ or ☞ are, other than those that are ticks, boxes or crosses."""
    drawn = len(remark) == 1 and unicodedata.category(remark) == "So"
    return remark in _LETTERS or (drawn and remark not in _READ_ELSEWHERE)
