"""What a correspondent is known for: the universities written for so far, each with the projects its newest Annex 3 lists.

Where it is remembered, in the store or while a check lasts, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parsers.model import Annex3, Record
from pipeline.names import same_project

# Universities, each with the keys of projects.
Known = Mapping[str, frozenset[str]]


def known_from(documents: Iterable[tuple[str, Record | None]]) -> Known:
    """What (university, record) of everything that a correspondent has sent comes to, oldest first."""
    known: dict[str, frozenset[str]] = {}
    for university, record in documents:
        known.setdefault(university, frozenset())
        if isinstance(record, Annex3):
            known[university] = frozenset(same_project(project.project_name) for project in record.projects)
    return known
