"""Printed labels of a form and the names people give them: which field a cell's text announces.

An exact label beats an alias, an alias a longer label that begins alike, and that a near match.
It says what a text is called, not where its value stands.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache

from parsers.model import Cell
from parsers.text import LONGEST_LABEL, label_key

_LONGEST_KEY = 16
_SHORTEST_NEAR = 4


class Rank(enum.IntEnum):
    """How surely a text is a label, the surest first."""

    EXACT = 0
    ALIAS = 1
    PREFIX = 2
    NEAR = 3


@dataclass(frozen=True)
class Vocabulary:
    """The labels of one form. `aliases` and `exact` map keys of `label_key` to fields.

    `foreign` are labels of other things that look alike or stand between; they match as the field "".
    `qualifiers` are endings that make a label mean something else (负责人职务 is no 负责人).
    """

    exact: Mapping[str, str]
    aliases: Mapping[str, str]
    foreign: frozenset[str] = frozenset()
    qualifiers: tuple[str, ...] = ()

    @cached_property
    def _known(self) -> dict[str, tuple[str, Rank]]:
        foreign: dict[str, tuple[str, Rank]] = dict.fromkeys(self.foreign, ("", Rank.EXACT))
        aliases = {alias: (name, Rank.ALIAS) for alias, name in self.aliases.items()}
        return foreign | aliases | {label: (name, Rank.EXACT) for label, name in self.exact.items()}

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(self._known)

    @cached_property
    def _long(self) -> list[str]:
        """The labels that a longer text may be near to; foreign ones are none."""
        return [label for label in {**self.aliases, **self.exact} if len(label) >= _SHORTEST_NEAR]

    def known(self, text: str) -> tuple[str, Rank] | None:
        """The field this text names to the letter, or None; a foreign label names the field ""."""
        return self._known.get(label_key(text)) if len(text) <= LONGEST_LABEL else None

    def named(self, keys: Set[str]) -> set[str]:
        """What those of these keys that are labels announce, a foreign label as itself."""
        return {self._known[key][0] or key for key in self._keys & keys}

    def match(self, text: str) -> tuple[str, Rank] | None:
        """The field that a text names, to the letter or nearly; None where it names none or more than one."""
        return self._remembered(text) if len(text) <= LONGEST_LABEL else None

    @cached_property
    def _remembered(self) -> Callable[[str], tuple[str, Rank] | None]:
        # What is printed on forms comes again in every document.
        return lru_cache(maxsize=4096)(self._match)

    def _match(self, text: str) -> tuple[str, Rank] | None:
        key = label_key(text)
        if not key or len(key) > _LONGEST_KEY or ":" in key:
            return None
        return self._known.get(key) or self._look_up(key)

    def _look_up(self, key: str) -> tuple[str, Rank] | None:
        if key.endswith(self.qualifiers) and self._prefix(key):
            return "", Rank.EXACT
        prefix = self._prefix(key)
        if len(prefix) > 3 and len(key) - len(prefix) <= 8:
            return self.exact[prefix], Rank.PREFIX
        return self._near(key)

    def _prefix(self, key: str) -> str:
        begins = (label for label in self.exact if len(label) > 2 and key.startswith(label))
        return max(begins, key=len, default="")

    def _near(self, key: str) -> tuple[str, Rank] | None:
        """A label at most one character off (two in long ones), if it is near to one field alone."""
        if len(key) < _SHORTEST_NEAR or key.isdecimal():
            return None
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import extract

        allowed = 1 if len(key) < 8 else 2
        found = extract(key, self._long, scorer=Levenshtein.distance, score_cutoff=allowed, limit=None)
        fields = {self._known[label][0] for label, _, _ in found}
        return (fields.pop(), Rank.NEAR) if len(fields) == 1 else None


def breadth(written: Sequence[Cell]) -> int:
    """How many cells a row has from the first of these to the one behind the last, blanks between them included."""
    if not written:
        return 0
    width = written[-1].column + written[-1].column_span - written[0].column
    return 1 + len(written) + width - sum(cell.column_span for cell in written)
