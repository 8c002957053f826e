"""Where each university stood when its mails were last put together, kept in the store so that nobody has to wait for it.

A row bears the mark of all that it was made from and holds only while the mark is the same. Nothing is judged here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

import parsers
from pipeline.codec import Json, finding_out
from pipeline.database import Database
from pipeline.model import Submission
from pipeline.predicates import listed
from pipeline.rows import decoded
from pipeline.rules import Rules
from pipeline.tables import concerns, decision, mail, standing, waived


class Brief(Struct, frozen=True):
    """A university's state (the word of contract §5), its numbers of projects and of Annex 4, and what has to be corrected."""

    state: str
    projects: int
    applications: int
    errors: tuple[Json, ...]


def brief_of(submission: Submission) -> Brief:
    return Brief(
        state=submission.state.value,
        projects=len(listed(submission)),
        applications=sum(entry.application is not None for entry in submission.entries),
        errors=tuple(finding_out(finding) for finding in submission.errors),
    )


class Standings:
    """The rows kept for the rules in force. Universities are named as in the store, "?" and an address for unknown ones.

    `made_by` is the mark of what judges: this program and those rules.
    """

    def __init__(self, database: Database, rules: Rules, remembered: Path) -> None:
        self._database = database
        self.made_by = _digest((program(remembered), *_judged_by(rules)))

    def marks(self) -> dict[str, str]:
        """Every university heard of, in the order first heard of, with the mark of all that its standing depends on now.

        Read it before whatever is to be kept under it: what changes in between then only makes the row out of date.
        """
        about = (
            sa.select(concerns.c.university, concerns.c.mail, concerns.c.mark)
            .join(mail, mail.c.id == concerns.c.mail)
            .order_by(mail.c.received_at, concerns.c.university, concerns.c.mail)
        )
        found: dict[str, list[tuple[object, ...]]] = {}
        with self._database.reading() as connection:
            rows = connection.execute(about).all()
            decided = {row.mail: tuple(row) for row in connection.execute(sa.select(decision))}
            for university, id, number in rows:
                found.setdefault(university, []).append((id, number, decided.get(id)))
            keys = (waived.c.university, waived.c.rule, waived.c.project)
            for row in connection.execute(sa.select(waived).order_by(*keys)):
                if row.university in found:
                    found[row.university].append(tuple(row))
        return {university: _digest((self.made_by, *parts)) for university, parts in found.items()}

    def briefs(self, marks: dict[str, str]) -> dict[str, Brief]:
        """The rows that still hold, in short."""
        # Most have nothing to correct, and their JSON needs no decoding.
        errors_text = sa.type_coerce(standing.c.errors, sa.Text)
        columns = (standing.c.state, standing.c.projects, standing.c.applications, errors_text)
        query = sa.select(standing.c.university, standing.c.mark, *columns)
        with self._database.reading() as connection:
            return {
                university: Brief(state, projects, applications, () if errors == "[]" else tuple(decoded(errors)))
                for university, mark, state, projects, applications, errors in connection.execute(query).all()
                if marks.get(university) == mark
            }

    def accounts(self, marks: dict[str, str]) -> dict[str, str]:
        """What the ledger says of the universities whose rows still hold, as the text it was kept as."""
        query = sa.select(standing.c.university, standing.c.mark, standing.c.account)
        with self._database.reading() as connection:
            rows = connection.execute(query)
            return {name: account for name, mark, account in rows if marks.get(name) == mark}

    def keep(self, fresh: Iterable[tuple[str, str, Brief, str]], heard: Collection[str]) -> None:
        """Keep (university, mark, brief, account) of these, and no row of a university not `heard` of any more."""
        rows = [_row(*one) for one in fresh]
        query = sa.select(standing.c.university)
        with self._database.writing(changes=False) as connection:
            gone = [name for name in connection.execute(query).scalars() if name not in heard]
            old = [{"old": name} for name in (*gone, *(row["university"] for row in rows))]
            if old:
                connection.execute(standing.delete().where(standing.c.university == sa.bindparam("old")), old)
            if rows:
                connection.execute(standing.insert(), rows)


def _row(university: str, mark: str, brief: Brief, account: str) -> dict[str, Any]:
    return {
        "university": university,
        "mark": mark,
        "state": brief.state,
        "projects": brief.projects,
        "applications": brief.applications,
        "errors": list(brief.errors),
        "account": account,
    }


@cache
def program(remembered: Path) -> str:
    """A digest of the program's own text: another edition of it may judge otherwise.

    A file remembers it: all the text is read only when a source has another size or time of change than then.
    """
    here = Path(__file__).parent
    sources = sorted([*here.glob("*.py"), *Path(parsers.__file__).parent.rglob("*.py")], key=str)
    seen = _digest([(path.name, one.st_size, one.st_mtime_ns) for path in sources for one in [path.stat()]])
    with suppress(OSError):
        then, _, digest = remembered.read_text().partition(" ")
        if then == seen and len(digest) == len(seen):
            return digest
    digest = _digest([(path.name, hashlib.sha256(path.read_bytes()).digest()) for path in sources])
    with suppress(OSError):
        remembered.touch(mode=0o600)
        remembered.write_text(f"{seen} {digest}")
    return digest


def _judged_by(rules: Rules) -> tuple[object, ...]:
    """All of the rules that a verdict can depend on, as read: what the file says by now may be something else."""
    every = [(one.id, one.severity, one.clause, one.message, one.predicate.name, one.parameters) for one in rules.rules]
    terms = rules.terms
    return terms.deadline, terms.categories, terms.roster.universities, rules.mail_providers, every


def _digest(parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()
