"""What a predicate looks at: a mail, a file, one form, or all that a university currently stands for.

A predicate yields a Breach for each spot where its subject fails; it writes no sentence and knows no severity.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from parsers.model import Annex3, Annex4, Place, ProblemKind, Project, Transcript
from pipeline.model import Message, Submission
from pipeline.roster import Roster


class Terms(Struct, frozen=True):
    """What the notice fixes and rules.yaml states once: the deadline (六), the ten categories (四、2), the roster."""

    deadline: datetime
    categories: tuple[str, ...]
    roster: Roster


class Letter(Struct, frozen=True):
    """A submission mail as a whole; `forms` is how many forms were found in it."""

    message: Message
    received_at: datetime
    forms: int
    terms: Terms


class File(Struct, frozen=True):
    """A document that is no form: the reader's problem, or None when it was simply something else, or only a picture."""

    problem: ProblemKind | None
    detail: str = ""


class SummaryTable(Struct, frozen=True):
    """One Annex 3 as transcribed."""

    record: Annex3
    transcript: Transcript
    terms: Terms

    def place(self, name: str) -> Place:
        return self.transcript.places.get(name, Place())

    def rows(self) -> Iterator[tuple[int, Project]]:
        """The projects with their index, which is also the middle of their places' names."""
        return iter(enumerate(self.record.projects))


class Application(Struct, frozen=True):
    """One Annex 4 as transcribed, with the instant the server received it."""

    record: Annex4
    transcript: Transcript
    received_at: datetime
    terms: Terms

    def place(self, name: str) -> Place:
        return self.transcript.places.get(name, Place())


class Whole(Struct, frozen=True):
    """A university's current submission, not yet judged."""

    submission: Submission
    terms: Terms


class Breach(Struct, frozen=True):
    """One spot where a subject fails. `values` are what the rule's sentence may name in braces; `path` and `mail` say what it is
    about where that is not the subject itself."""

    field: str = ""
    project: str = ""
    path: str = ""
    place: str = ""
    values: Mapping[str, object] = msgspec.field(default_factory=dict)
    mail: str = ""


Check = Callable[..., Iterable[Breach]]


class Predicate(Struct, frozen=True):
    """A check of the closed vocabulary: `subject` is the type it looks at, `parameters` the YAML keys it takes,
    `words` what those may say for which not every text will do, `says` the names its sentence may use beside them."""

    name: str
    subject: type
    parameters: Mapping[str, Any]
    words: Mapping[str, tuple[str, ...]]
    says: frozenset[str]
    check: Check


VOCABULARY: dict[str, Predicate] = {}


def texts(record: Struct) -> tuple[str, ...]:
    """The fields of an empty record that hold a text: what a check may be pointed at."""
    return tuple(name for name in record.__struct_fields__ if getattr(record, name) == "")


def predicate(*says: str, **words: tuple[str, ...]) -> Callable[[Check], Check]:
    """Enter a function into the vocabulary; its first parameter is the subject, its keyword-only ones are the YAML's keys."""

    def enter(check: Check) -> Check:
        hints = inspect.get_annotations(check, eval_str=True)
        parameters = list(inspect.signature(check).parameters.values())
        keywords = {p.name: hints[p.name] for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        VOCABULARY[check.__name__] = Predicate(
            name=check.__name__,
            subject=hints[parameters[0].name],
            parameters=keywords,
            words=words,
            says=frozenset(says) | {"found", "project", "label"},
            check=check,
        )
        return check

    return enter
