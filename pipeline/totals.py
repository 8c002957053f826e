"""Tables of one university that came together, as one for the 学生会 and one for the 研究生会: each may state its own number
of projects, or that of all of them (annex3.project_count.mismatch).

Only tables with no project in common stand side by side; another version of the same list adds nothing to its number.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parsers.model import Annex3
from parsers.text import fold
from pipeline.model import Version
from pipeline.spare import listed_keys, spare


def with_totals(versions: Sequence[Version]) -> tuple[Version, ...]:
    """The versions, those without a complaint about their number that state the number of all tables beside them."""
    return tuple(
        replace(version, findings=tuple(one for one in version.findings if one.field != "project_count"))
        if _complains(version) and _states_total(version, versions)
        else version
        for version in versions
    )


def _complains(version: Version) -> bool:
    return any(finding.field == "project_count" for finding in version.findings)


def _states_total(version: Version, versions: Sequence[Version]) -> bool:
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
