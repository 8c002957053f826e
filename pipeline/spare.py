"""Forms that count only while nothing better is there: blank ones, and tables that do not say whose they are.

Universities send the blank forms along, and lists of their own that look like an Annex 3. It tells which these are; what
becomes of them is decided where the mails are laid together (assemble.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.model import Annex3, Annex4
from pipeline.model import Version
from pipeline.names import same_project
from pipeline.values import is_blank

# What somebody who fills in an Annex 4 writes; the university's name may stand there beforehand.
WRITTEN = ("project_name", "applicant", "leader", "phone", "members", "period", "content")


def spare(versions: Sequence[Version], standing: Sequence[Version] = ()) -> list[Version]:
    """Those of one mail's forms that do not count beside the others and what is `standing`, all of one university.

    A table without a head counts where it lists a project that the university is known for, unless all of them stand in
    a table with a head too, as those of a covering letter do.
    """
    there = (*standing, *versions)
    filled = any(is_filled(version) for version in there)
    names = {_name(version) for version in there} - {""}
    names |= {key for version in standing for key in listed_keys(version)}
    headed = {key for version in versions if has_head(version) for key in listed_keys(version)}

    def tells(version: Version) -> bool:
        keys = listed_keys(version)
        return has_head(version) or not (names.isdisjoint(keys) or keys <= headed)

    tables = [one for one in versions if isinstance(one.transcript.record, Annex3)]
    stands = any(isinstance(one.transcript.record, Annex3) for one in standing) or any(map(tells, tables))
    blank = [one for one in versions if isinstance(one.transcript.record, Annex4) and not is_filled(one)]
    return [table for table in tables if stands and not tells(table)] + (blank if filled else [])


def is_filled(version: Version) -> bool:
    """Whether this is an Annex 4 in which something was written."""
    record = version.transcript.record
    if not isinstance(record, Annex4):
        return False
    return bool(record.categories) or not all(is_blank(getattr(record, field)) for field in WRITTEN)


def has_head(version: Version) -> bool:
    """Whether this is an Annex 3 that says how many projects it lists, or lists them under a university's name."""
    record = version.transcript.record
    if not isinstance(record, Annex3):
        return False
    return not is_blank(record.project_count) or (bool(record.projects) and not is_blank(record.university))


def listed_names(version: Version) -> list[str]:
    """The names of the projects an Annex 3 lists, as written."""
    record = version.transcript.record
    return [project.project_name for project in record.projects] if isinstance(record, Annex3) else []


def listed_keys(version: Version) -> set[str]:
    """The keys of the projects an Annex 3 lists."""
    return {same_project(name) for name in listed_names(version)} - {""}


def _name(version: Version) -> str:
    record = version.transcript.record
    return same_project(record.project_name) if isinstance(record, Annex4) else ""
