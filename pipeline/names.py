"""When two ways of writing a project, a category or an applicant mean the same; what the contract forgives stands here.

Universities have a roster of their own (roster.py); persons and telephone numbers are in values.py.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from msgspec import Struct

from parsers.text import fold

LEVELS = re.compile(r"校级|院级|系级|校|院|系|部|书院|大学|中心|所")
WHOLE_SCHOOL = re.compile(r"^(?:校级|学校|校|校团委|本校|我校)*$")
TERM_OF_OFFICE = re.compile(r"第[一二三四五六七八九十百\d]+届|^[x×某]+(?=[校院])")
ANY_COLLEGE = re.compile(r"^(?:[x×某]*)(?:二级学院|院级|学院|院系|系级|院|系|二级院系|院系级|院系两级)$")

# A note of a few words; without the bound a cell full of brackets would be searched again from each of them.
NOTE = re.compile(r"[（(\[【〔][^（()）]{0,60}[)）\]】〕]")

# What stands before a project's name, or around it, without being of it: 1.、项目一：、项目名称：, “我为同学做实事”——.
NUMBER = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
BEFORE_NAME = re.compile(
    rf"^[\s“\"《「]*(?:(?:申报)?项目(?:名称|题目|{NUMBER})\s*[:：]\s*|[（(](?:{NUMBER})[)）]|(?:{NUMBER})[.．、)）](?!\d)|[①-⑳])+(?=.*\w)"
)
ACTIVITY = re.compile(r"^我为同学[做办]实事(?:项目|活动)*(?!之)|我为同学[做办]实事(?:项目|活动)*$")


@lru_cache(maxsize=20_000)
def same_project(name: str) -> str:
    """The key under which project names are the same: blanks, quotation marks, punctuation and full width do not count."""
    return "".join(c for c in fold(name) if unicodedata.category(c)[0] not in "PZC")


def project_stem(name: str) -> str:
    """A wider key, for names that have no partner otherwise: a number or label before it, the activity's name around it and a
    closing 项目 do not count either."""
    key = same_project(BEFORE_NAME.sub("", name))
    return ACTIVITY.sub("", key).removesuffix("项目") or key


@lru_cache(maxsize=20_000)
def category_of(text: str, categories: tuple[str, ...]) -> str | None:
    """Which one of the categories a text names, or None; 类, quotation marks, numbering and blanks are forgiven, and a note in
    brackets that names no other one."""
    stems = {fold(name).removesuffix("类"): name for name in categories}
    if name := stems.get(_category_key(text)):
        return name
    key, noted = _category_key(NOTE.sub("", text)), fold("".join(NOTE.findall(text)))
    return stems.get(key) if all(stem == key or stem not in noted for stem in stems) else None


def _category_key(text: str) -> str:
    key = "".join(character for character in same_project(text) if unicodedata.category(character)[0] != "S")
    key = re.sub(r"^(?:\d{1,2}|[a-z]|[一二三四五六七八九十]|项目类别|类别)(?=\D)", "", key)
    key = key.removesuffix("项目").removesuffix("类")
    return "其他" if key.startswith(("其他类", "其它")) else key


class Applicant(Struct, frozen=True):
    """An applicant taken apart: whether it names a union, a graduate one, and the unit before it ("数学科学学院")."""

    union: bool
    graduate: bool
    unit: str

    @property
    def complete(self) -> bool:
        """Whether it says which level's 学生会 or 研究生会."""
        return self.union and LEVELS.search(self.unit) is not None


@lru_cache(maxsize=20_000)
def applicant(text: str) -> Applicant:
    """Take an applicant (申报主体) apart."""
    key = same_project(text)
    graduate = "研究生" in key or "研会" in key
    union = re.search(r"(?:学生|研究生)(?:联合)?分?会|研会|团学联", key) is not None
    # A department of the union (学生会权益部) is the union's own and no unit of the university.
    key = re.sub(
        r"(学生分?会|研究生分?会|研会)(?:委员会|主席团|秘书处|[\u4e00-\u9fff]{1,8}(?:部|中心|办公室))$", r"\1", key
    )
    unit = re.sub(r"(?:研究生|学生)(?:联合)?分?会|研会|团学联|团委|团总支|委员会|学生组织|共青团", "", key)
    return Applicant(union, graduate, unit)


def same_applicant(one: str, other: str, names: tuple[str, ...]) -> bool:
    """Whether two applicants are the same in substance; an abbreviation of either is forgiven.

    `names` are the university's own names; a unit that is only one of them is the school's own union.
    """
    first, second = applicant(one), applicant(other)
    if first.graduate != second.graduate:
        return False
    a, b = (_unit(part.unit, names) for part in (first, second))
    if a == b:
        return True
    if not a or not b:
        return False
    return "*" in (a, b) or _abbreviates(a, b) or _abbreviates(b, a)


def _unit(unit: str, names: tuple[str, ...]) -> str:
    """The unit below the university: "" is the school's own union, "*" any college."""
    for name in sorted(names, key=len, reverse=True):
        unit = unit.removeprefix(fold(name))
    unit = TERM_OF_OFFICE.sub("", unit)
    if WHOLE_SCHOOL.match(unit):
        return ""
    return "*" if ANY_COLLEGE.match(unit) else unit


def _abbreviates(short: str, long: str) -> bool:
    """Whether every character of the shorter one stands in the longer one, in order (数学学院, 数学科学学院)."""
    rest = iter(long)
    return bool(short) and all(character in rest for character in short)
