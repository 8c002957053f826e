"""Which documents are pictures of a form: stamped ones, and those in which nothing but a picture is."""

from __future__ import annotations

from parsers.model import SCANNED, STAMPED, Annex4, Transcript
from pipeline.model import Version
from pipeline.sayings import calls_form

# What was recognised in a picture is a candidate, never better than what was typed.
SCAN = "scan"


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
