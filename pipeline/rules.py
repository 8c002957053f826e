"""Rules as values: what each checks, how grave a breach is and what is said of it. rules_file.py reads them; none stands here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from pipeline.model import Finding, Limits, Notice, Severity
from pipeline.subjects import Breach, Predicate, Terms


class Rule(Struct, frozen=True):
    """One sentence of the notice: who checks it, how grave it is, what is said, and where it is written."""

    id: str
    severity: Severity
    clause: str
    message: str
    predicate: Predicate
    parameters: dict[str, Any]
    # What is right, for the filling instructions: by field, "" for the rule as a whole.
    advice: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, str] = field(default_factory=dict)

    def finding(self, breach: Breach, path: str, mail: str) -> Finding:
        """What is said of a breach of this rule; path and mail are the document's, unless the breach names its own."""
        return Finding(
            rule=self.id,
            severity=self.severity,
            path=breach.path or path,
            place=breach.place,
            field=breach.field,
            project=breach.project,
            message=self._sentence(breach),
            clause=self.clause,
            mail=breach.mail or mail,
        )

    def _sentence(self, breach: Breach) -> str:
        values = {"found": "", "label": "", "project": breach.project, **self.parameters, **breach.values}
        return self.message.format_map(values)


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What tells a submission from other mail; `questions` outweigh the rest where nothing is attached."""

    subject: tuple[str, ...]
    text: tuple[str, ...]
    files: tuple[str, ...]
    questions: tuple[str, ...] = ()


class Rules(Struct, frozen=True, dict=True):
    """Everything rules.yaml says."""

    path: Path
    notice: Notice
    terms: Terms
    words: Words
    limits: Limits
    mail_providers: tuple[str, ...]
    remind_days_before: tuple[int, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def _by_subject(self) -> dict[type, tuple[Rule, ...]]:
        return {
            subject: tuple(rule for rule in self.rules if rule.predicate.subject is subject)
            for subject in {rule.predicate.subject for rule in self.rules}
        }

    def check(self, subject: object, path: str = "", mail: str = "") -> tuple[Finding, ...]:
        """All findings about a subject that came as this file with this mail, in the order of rules.yaml."""
        return tuple(
            rule.finding(breach, path, mail)
            for rule in self._by_subject.get(type(subject), ())
            for breach in rule.predicate.check(subject, **rule.parameters)
        )
