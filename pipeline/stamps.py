"""Which application forms need no seal of their own because a stamped scan of them came along (annex4.seal.missing).

A scan is matched by the project it names, by its file name, or by there being a stamped page for every form without a seal.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parsers.model import SCANNED, STAMPED, Annex4, Transcript
from parsers.text import fold
from pipeline.model import Version
from pipeline.names import same_project
from pipeline.sayings import calls_form

# What was recognised in a picture is a candidate, never better than what was typed.
SCAN = "scan"


def with_stamps(versions: Sequence[Version]) -> tuple[Version, ...]:
    """The versions, those without a complaint about the seal whose stamped scan is among them."""
    scans = [version for version in versions if is_stamped_scan(version)]
    if not scans:
        return tuple(versions)
    bare = [version for version in versions if _complains(version)]
    enough = sum(map(_stamped_pages, scans)) >= len(bare)
    return tuple(
        _settled(version)
        if _complains(version) and (enough or any(_shows(scan, version) for scan in scans))
        else version
        for version in versions
    )


def is_stamped_scan(version: Version) -> bool:
    """Whether a document is a picture or PDF that bears a red seal."""
    record = version.transcript.record
    if isinstance(record, Annex4):
        return version.transcript.format in (SCAN, "pdf") and record.sealed is True
    return STAMPED in version.transcript.notes


def is_unread_scan(transcript: Transcript, path: str) -> bool:
    """Whether a file may be a form in which only pictures are: a PDF, or a picture called a form or bearing a seal."""
    # Whoever only looks at what was stored does without the readers.
    from parsers.formats.scan import FORMATS

    picture = transcript.format in FORMATS and (STAMPED in transcript.notes or calls_form(path))
    return transcript.form is None and (SCANNED in transcript.notes or picture)


def _stamped_pages(scan: Version) -> int:
    return max(scan.transcript.notes.count(STAMPED), 1)


def _complains(version: Version) -> bool:
    return any(finding.field == "sealed" for finding in version.findings)


def _settled(version: Version) -> Version:
    return replace(version, findings=tuple(one for one in version.findings if one.field != "sealed"))


def _shows(scan: Version, version: Version) -> bool:
    record, form = scan.transcript.record, version.transcript.record
    name = same_project(form.project_name) if isinstance(form, Annex4) else ""
    if not name:
        return False
    return (isinstance(record, Annex4) and same_project(record.project_name) == name) or name in fold(scan.path)
