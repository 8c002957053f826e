"""Printed labels of a form and the names people give them: which field a cell's text announces.

An exact label beats an alias, an alias a longer label that begins alike, and that a near match.
It says what a text is called, not where its value stands.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parsers.model import Cell
from parsers.text import label_key

# A text longer than this is never a label.
LONGEST = 40
_LONGEST_KEY = 16


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
    _cache: dict[str, tuple[str, Rank] | None] = field(default_factory=dict, compare=False, repr=False)

    def known(self, text: str) -> tuple[str, Rank] | None:
        """The field this text names to the letter, or None; a foreign label names the field ""."""
        if not text or len(text) > LONGEST:
            return None
        key = label_key(text)
        if key in self.exact:
            return self.exact[key], Rank.EXACT
        if key in self.aliases:
            return self.aliases[key], Rank.ALIAS
        return ("", Rank.EXACT) if key in self.foreign else None

    def match(self, text: str) -> tuple[str, Rank] | None:
        """The field this text names, to the letter or nearly; None where it names none or more than one."""
        if not text or len(text) > LONGEST:
            return None
        key = label_key(text)
        if not key or len(key) > _LONGEST_KEY or ":" in key:
            return None
        if key not in self._cache:
            if len(self._cache) > 4096:
                self._cache.clear()
            self._cache[key] = self.known(text) or self._look_up(key)
        return self._cache[key]

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
        if len(key) < 4:
            return None
        from rapidfuzz.distance import Levenshtein

        allowed = 1 if len(key) < 8 else 2
        known = {**self.aliases, **self.exact}
        fields = {
            known[label]
            for label in known
            if len(label) >= 4 and Levenshtein.distance(key, label, score_cutoff=allowed) <= allowed
        }
        return (fields.pop(), Rank.NEAR) if len(fields) == 1 else None


def breadth(written: Sequence[Cell]) -> int:
    """How many cells a row has from the first of these to the one behind the last, blanks between them included."""
    if not written:
        return 0
    width = written[-1].column + written[-1].column_span - written[0].column
    return 1 + len(written) + width - sum(cell.column_span for cell in written)
