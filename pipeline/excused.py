"""Complaints about a document that others beside it settle, and those about forms that do not count.

A form needs no seal of its own where a stamped scan of it came along (annex4.seal.missing): one that names its project, or
a stamped page for every form without a seal. Tables that stand side by side, as one for the 学生会 and one for the 研究生会,
may each state the number of all their projects (annex3.project_count.mismatch).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from parsers.model import STAMPED, Annex3, Annex4
from parsers.text import fold
from pipeline.model import Version
from pipeline.names import same_project
from pipeline.spare import listed_keys, spare
from pipeline.stamps import is_stamped_scan


def excused(versions: Sequence[Version]) -> tuple[Version, ...]:
    """The versions without the complaints about the seal and the number of projects that others of them settle."""
    scans = [version for version in versions if is_stamped_scan(version)]
    pages = sum(max(scan.transcript.notes.count(STAMPED), 1) for scan in scans)
    enough = pages >= sum(_complains(version, "sealed") for version in versions)
    stamped = _without("sealed", versions, lambda one: enough or any(_shows(scan, one) for scan in scans))
    return _without("project_count", stamped, lambda one: _states_total(one, stamped))


def without_spare_findings(versions: Sequence[Version]) -> tuple[Version, ...]:
    """One mail's versions, those that do not count without their findings."""
    extra: list[Version] = []
    for university in dict.fromkeys(version.university for version in versions):
        extra += spare([version for version in versions if version.university == university])
    return tuple(replace(one, findings=()) if one in extra else one for one in versions)


def _without(field: str, versions: Sequence[Version], settled: Callable[[Version], bool]) -> tuple[Version, ...]:
    return tuple(
        replace(version, findings=tuple(one for one in version.findings if one.field != field))
        if _complains(version, field) and settled(version)
        else version
        for version in versions
    )


def _complains(version: Version, field: str) -> bool:
    return any(finding.field == field for finding in version.findings)


def _shows(scan: Version, version: Version) -> bool:
    record, form = scan.transcript.record, version.transcript.record
    name = same_project(form.project_name) if isinstance(form, Annex4) else ""
    if not name:
        return False
    return (isinstance(record, Annex4) and same_project(record.project_name) == name) or name in fold(scan.path)


def _states_total(version: Version, versions: Sequence[Version]) -> bool:
    """Whether a table states the number of its projects and those of the tables beside it; another version of the same list
    adds nothing to that."""
    record = version.transcript.record
    beside = [one for one in versions if (one.mail, one.university) == (version.mail, version.university)]
    extra = spare(beside)
    own, others = listed_keys(version), set[str]()
    for table in beside:
        if table not in extra and own.isdisjoint(keys := listed_keys(table)):
            others |= keys
    if not isinstance(record, Annex3) or not others:
        return False
    return fold(record.project_count) == str(len(record.projects) + len(others))
