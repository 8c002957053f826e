"""Whether an Annex 4 says in substance what a row of Annex 3 says, field by field.

Values that are blank or invalid agree with every other, for they have rules of their own; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.model import Annex4, Project
from parsers.text import fold
from pipeline.names import category_of, same_applicant
from pipeline.subjects import Terms
from pipeline.unfilled import is_unfilled
from pipeline.values import phones, same_people

# What tells one row from another.
OF_A_ROW = ("category", "leader", "phone", "applicant")


def selected(form: Annex4, terms: Terms) -> list[str]:
    """Those of the ten categories that are selected, each once."""
    named = [category_of(text, terms.categories) for text in form.categories]
    return list(dict.fromkeys(name for name in named if name))


def agrees(field: str, row: Project, form: Annex4, university: str, terms: Terms) -> bool:
    """Whether a form of this university agrees with a row in a field: university, category, leader, phone or applicant."""
    if field == "university":
        return _same_university(university, form, terms)
    if field == "category":
        ours, theirs = category_of(row.category, terms.categories), selected(form, terms)
        return ours is None or len(theirs) != 1 or ours == theirs[0]
    one, other = getattr(row, field), getattr(form, field)
    if one == other or is_unfilled(one) or is_unfilled(other):
        return True
    if field == "leader":
        return same_people(one, other)
    if field == "phone":
        return not phones(one) or not phones(other) or bool(set(phones(one)) & set(phones(other)))
    known = terms.roster.get(university)
    return same_applicant(one, other, (known.name, *known.other_names) if known else (university,))


def nearest(rows: Sequence[Project], form: Annex4, university: str, terms: Terms) -> Project:
    """The first of these rows that a form agrees with in most of the fields that tell rows apart."""
    if len(rows) == 1:
        return rows[0]
    return max(rows, key=lambda row: sum(agrees(field, row, form, university, terms) for field in OF_A_ROW))


def fits(row: Project, form: Annex4, university: str, terms: Terms) -> bool:
    """Whether a form agrees with a row in all the fields that tell rows apart."""
    return all(agrees(field, row, form, university, terms) for field in OF_A_ROW)


def _same_university(university: str, form: Annex4, terms: Terms) -> bool:
    if is_unfilled(form.university):
        return True
    match = terms.roster.find(form.university)
    return fold(match.university.name if match else form.university) == fold(university)
