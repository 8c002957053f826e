"""Which Annex 4 belongs to which row of Annex 3, once it is settled which of them count.

It pairs by names; only where several rows bear one name do their other fields tell whose form it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from parsers.model import Annex3, Annex4
from parsers.text import fold
from pipeline.agreement import fits
from pipeline.model import Entry, Version
from pipeline.names import project_stem, same_project
from pipeline.subjects import Terms
from pipeline.trust import name_of
from pipeline.values import is_blank, people, phones

ALIKE = 60


def paired(
    tables: Sequence[Version],
    applications: Mapping[str, Version],
    superseded: Sequence[Version],
    order: Mapping[str, int],
    whose: tuple[str, Terms],
) -> tuple[tuple[Entry, ...], tuple[Version, ...]]:
    """Every row of the current tables with its Annex 4, then the applications that no row claims; and what is superseded.

    `applications` are the current ones by the key of their project, `order` is the position of each mail, `whose` names the
    university.
    """
    rows = [
        Entry(project.project_name, table, row)
        for table in tables
        if isinstance(table.transcript.record, Annex3)
        for row, project in enumerate(table.transcript.record.projects)
    ]
    free, found = dict(applications), dict[int, Version]()
    named = [same_project(entry.name) for entry in rows]
    for key in [key for key in dict.fromkeys(named) if key in free]:
        same = [index for index, other in enumerate(named) if other == key]
        found |= _shared(rows, same, free.pop(key), superseded, whose)
    _match_rest(rows, found, free)
    matched = [Entry(entry.name, entry.listed, entry.row, found.get(index)) for index, entry in enumerate(rows)]
    entries = (*matched, *(Entry(name_of(version), application=version) for version in free.values()))
    entries, replaced = _without_replaced(entries, order)
    counted = {(version.mail, version.index) for version in found.values()}
    left = [version for version in superseded if (version.mail, version.index) not in counted]
    return entries, (*left, *replaced)


def _shared(
    rows: Sequence[Entry], same: Sequence[int], current: Version, old: Sequence[Version], whose: tuple[str, Terms]
) -> dict[int, Version]:
    """The Annex 4 of each of these rows of one name: the current one, but for a row that alone agrees with another one of the
    same mail, which then is no older state of it."""
    if len(same) == 1:
        return {same[0]: current}
    beside = [
        one
        for one in reversed(old)
        if (one.mail, one.transcript.format) == (current.mail, current.transcript.format)
        and same_project(name_of(one)) == same_project(name_of(current))
    ]
    own: dict[int, Version] = {}
    for version in (current, *beside):
        record = version.transcript.record
        fitting = [
            index
            for index in same
            if isinstance(record, Annex4) and (row := rows[index].project) and fits(row, record, *whose)
        ]
        if len(fitting) == 1:
            own.setdefault(fitting[0], version)
    found = {index: own.get(index, current) for index in same}
    return found if current in found.values() else dict.fromkeys(same, current)


def _match_rest(rows: list[Entry], found: dict[int, Version], free: dict[str, Version]) -> None:
    """Pair what is left where only one partner is possible: names apart in their dress alone, and a form without a name."""
    stems = Counter(project_stem(name_of(version)) for version in free.values())
    for key, version in list(free.items()):
        open_rows = [index for index, entry in enumerate(rows) if index not in found and not is_blank(entry.name)]
        stem = project_stem(name_of(version))
        if key.startswith("?"):
            partners = open_rows
        else:
            partners = [index for index in open_rows if project_stem(rows[index].name) == stem and stems[stem] == 1]
        if len(partners) == 1:
            found[partners[0]] = version
            del free[key]


def _without_replaced(entries: tuple[Entry, ...], order: Mapping[str, int]) -> tuple[tuple[Entry, ...], list[Version]]:
    """Drop an unlisted Annex 4 that a later one, under the listed name, evidently corrects."""
    later = [entry.application for entry in entries if entry.listed is not None and entry.application is not None]
    kept, replaced = [], []
    for entry in entries:
        old = entry.application
        if entry.listed is None and old is not None and any(_corrects(new, old, order) for new in later):
            replaced.append(old)
        else:
            kept.append(entry)
    return tuple(kept), replaced


def _corrects(new: Version, old: Version, order: Mapping[str, int]) -> bool:
    one, other = new.transcript.record, old.transcript.record
    if order[new.mail] <= order[old.mail] or not isinstance(one, Annex4) or not isinstance(other, Annex4):
        return False
    from rapidfuzz import fuzz

    same_text = bool(one.content) and fold(one.content) == fold(other.content)
    same_person = bool(people(one.leader) & people(other.leader)) and phones(one.phone) == phones(other.phone)
    alike = fuzz.ratio(same_project(one.project_name), same_project(other.project_name)) >= ALIKE
    return same_text or same_person or (alike and fold(new.path) == fold(old.path))
