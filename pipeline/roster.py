"""Which university a name means: exact, registered short or former name, with campus or college added, or one slip away.

It answers only where exactly one entry can be meant; a name that fits two is not guessed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Set
from functools import cached_property

from msgspec import Struct

from parsers.text import fold
from pipeline.model import University

# Traditional characters of the names universities have; a keyboard set to them writes no other name.
SIMPLIFIED = str.maketrans(
    "內學業師範農醫財經倫貝爾寧藝術應築興職頭豐輕電機貿錫體烏蘭鐵鋼滿語環態專創鴻團會員聯處貫區資訊源傳計紮",
    "内学业师范农医财经伦贝尔宁艺术应筑兴职头丰轻电机贸锡体乌兰铁钢满语环态专创鸿团会员联处贯区资讯源传计扎",
)
# What is written shorter or longer than it is: 内蒙师大, 内蒙古医科大, 职业学院 for 职业技术学院.
SHORTENED = ((re.compile("^内蒙(?!古)"), "内蒙古"), (re.compile("职业技术"), "职业"), (re.compile("大$"), "大学"))
# Names this short are also parts of other words (内大 in 国内大学), so they count only when they stand alone.
SHORTEST_WITHIN = 4
ADDITIONS = re.compile(
    r"(?:共青团|中国共产主义青年团)?(?P<name>.+?)(?:委员会|团委|校团委|学生会|研究生会|学联|学生工作处|学生处|本部|校本部)+$"
)


class Nearness(enum.Enum):
    """How a name was matched; NEAR is told to staff."""

    EXACT = "exact"
    WITHIN = "within"
    NEAR = "near"


class Match(Struct, frozen=True):
    """A roster entry and how its name was found."""

    university: University
    nearness: Nearness


class Roster(Struct, frozen=True, dict=True):
    """The universities the notice is addressed to (四、1), in the order staff listed them."""

    universities: tuple[University, ...]

    @cached_property
    def _names(self) -> dict[str, University]:
        names = {key_of(other): university for university in self.universities for other in university.other_names}
        return names | {key_of(university.name): university for university in self.universities}

    @cached_property
    def _homes(self) -> dict[str, frozenset[str]]:
        homes: dict[str, frozenset[str]] = {}
        for university in self.universities:
            for domain in map(registered_domain, university.domains):
                homes[domain] = homes.get(domain, frozenset()) | {university.name}
        return homes

    @cached_property
    def _known(self) -> dict[str, Match | None]:
        return {}

    def get(self, name: str) -> University | None:
        """The entry of exactly this official name."""
        found = self._names.get(key_of(name))
        return found if found is not None and found.name == name else None

    def find(self, text: str) -> Match | None:
        """The one university a filled-in name means, or None where none or several can be meant."""
        key = key_of(text)
        if key not in self._known:
            self._known[key] = self._find(key) if key else None
        return self._known[key]

    def at_home(self, address: str) -> Set[str]:
        """The names of the universities whose registered domain an address stands under, usually none or one."""
        return self._homes.get(registered_domain(address), frozenset())

    def mentioned(self, text: str) -> University | None:
        """The one university a longer text (a subject line) speaks of, by its full name or a longer other name."""
        found = self._within(key_of(text))
        return found.university if found else None

    def _find(self, key: str) -> Match | None:
        stripped = ADDITIONS.match(key)
        bare = stripped["name"] if stripped else key
        for name in (key, bare):
            if name in self._names:
                return Match(self._names[name], Nearness.EXACT)
        return self._within(key) or self._shortened(bare) or self._near(bare)

    def _within(self, key: str) -> Match | None:
        hits = [name for name in self._names if len(name) >= SHORTEST_WITHIN and name in key]
        # A name inside a longer hit at the same place (内蒙古大学 in 内蒙古大学创业学院) is not meant.
        longest = [name for name in hits if not any(name != other and name in other for other in hits)]
        meant = {self._names[name].name for name in longest}
        if len(meant) != 1:
            return None
        rest = key.replace(longest[0], "", 1)
        # "内蒙古大学交通职业技术学院" is not on the roster; "内蒙古大学玉泉校区" and "内蒙古大学数学学院" are.
        if len(longest) == 1 and re.search(r"(?:职业|专科|大学)", rest):
            return None
        return Match(self._names[longest[0]], Nearness.WITHIN)

    def _shortened(self, key: str) -> Match | None:
        short = _short(key)
        meant = {university.name: university for name, university in self._names.items() if _short(name) == short}
        return Match(next(iter(meant.values())), Nearness.NEAR) if len(meant) == 1 else None

    def _near(self, key: str) -> Match | None:
        from rapidfuzz.distance import DamerauLevenshtein

        if len(key) < 5:
            return None
        near = {
            university.name: university
            for name, university in self._names.items()
            if len(name) >= 5 and DamerauLevenshtein.distance(name, key, score_cutoff=1) <= 1
        }
        return Match(next(iter(near.values())), Nearness.NEAR) if len(near) == 1 else None


def key_of(name: str) -> str:
    """A name's comparison copy, in simplified characters."""
    return fold(name).translate(SIMPLIFIED)


def registered_domain(address: str) -> str:
    """The part of an address or host name that somebody registered: example.edu.cn of mail.example.edu.cn."""
    labels = address.rpartition("@")[2].lower().split(".")
    second = len(labels) > 2 and labels[-1] == "cn" and labels[-2] in ("edu", "com", "net", "org", "gov", "ac")
    return ".".join(labels[-3:] if second else labels[-2:])


def _short(key: str) -> str:
    for pattern, plain in SHORTENED:
        key = pattern.sub(plain, key)
    return key
