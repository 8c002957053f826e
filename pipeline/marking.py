"""A university's own file given back with marks at the places of findings (.xlsx, .docx), all else in it unchanged.

It judges nothing and sends nothing. A file that cannot be marked without doubt is not marked at all: a marked copy
that our own parsers would read in another way than the original never leaves here.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Sequence

from parsers import read
from parsers.formats import Unreadable
from parsers.formats.legacy import as_docx
from parsers.formats.libreoffice import KINDS, WORKBOOKS, Excess, convert
from parsers.model import Place, Transcript
from pipeline.marking_value import SUFFIX, Marked, Uneditable
from pipeline.model import Finding, Severity

__all__ = ["FORMATS", "Marked", "mark", "marked", "marked_copy", "marked_name"]

# Nobody works through more than this, and each mark makes the file larger.
MOST_MARKS = 500
FORMATS = {
    "docx": (".docx", ".docm", ".dotx", ".dotm"),
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm"),
}


def marked_copy(
    content: bytes, kind: str, findings: Sequence[Finding], transcripts: Sequence[Transcript]
) -> tuple[bytes, str] | None:
    """The marked copy of a file and its format, None where there is none; an old format is converted, and its copy marked.

    `kind` is the file's own `Transcript.format`, `transcripts` what was read in it, `findings` what stands of it. It opens what
    strangers sent and may start an office program, so a pass has it done in confinement (Reader.marked_copy).
    """
    if kind in KINDS:
        try:
            converted = convert(content, kind) if kind in WORKBOOKS else as_docx(content, kind)
        except (Excess, OSError):
            # The reply goes without the copy; its words say everything.
            return None
        if converted is None:
            return None
        kind = "xlsx" if kind in WORKBOOKS else "docx"
        content, transcripts = converted, read(converted, f"converted.{kind}")
    copy = mark(content, kind, marked(findings, transcripts))
    return None if copy is None else (copy, kind)


def mark(content: bytes, format: str, findings: Sequence[Marked]) -> bytes | None:
    """The file with every error and warning marked; `format` as in `Transcript.format`. The same bytes for the same input.

    None where there is nothing to mark, for a format other than .xlsx and .docx, and for a file that cannot be edited
    safely or sent on: damaged, locked, signed, strict OOXML, a shared workbook, one with macros or OLE or DDE links.
    """
    marks = [each for each in findings if each.severity is not Severity.NOTICE]
    if not marks or format not in FORMATS:
        return None
    if len(marks) > MOST_MARKS:
        rest = f"另有 {len(marks) - MOST_MARKS} 处问题没有逐一标出，请对照以上各处一并检查。"
        marks = [*marks[:MOST_MARKS], Marked(message=rest)]
    try:
        result = _mark(content, format, marks)
        same = read(result) == read(content)
    except (Uneditable, Unreadable, zipfile.BadZipFile, zlib.error, ValueError, RecursionError, MemoryError):
        return None
    return result if same else None


def _mark(content: bytes, format: str, marks: Sequence[Marked]) -> bytes:
    # lxml is loaded only where there is something to mark.
    if format == "docx":
        from pipeline.marking_docx import mark_document

        return mark_document(content, marks)
    from pipeline.marking_xlsx import mark_workbook

    return mark_workbook(content, marks)


def marked(findings: Iterable[Finding], transcripts: Iterable[Transcript]) -> tuple[Marked, ...]:
    """One file's findings with their places, looked up in the transcripts of that file; notices are left out.

    A finding whose place the file does not have is kept and concerns the file as a whole.
    """
    by_field: dict[tuple[str, str], Place] = {}
    by_text: dict[str, Place] = {}
    for transcript in transcripts:
        for name, place in transcript.places.items():
            by_field.setdefault((str(place), name.rpartition(".")[2]), place)
            by_text.setdefault(str(place), place)
    return tuple(
        Marked(
            by_field.get((finding.place, finding.field), by_text.get(finding.place, Place())),
            finding.message,
            finding.clause,
            finding.severity,
        )
        for finding in findings
        if finding.severity is not Severity.NOTICE
    )


def marked_name(path: str, format: str) -> str:
    """The marked copy's name: 材料.zip/附件3.xlsx becomes 附件3（标注）.xlsx; a wrong extension is put right."""
    name = posixpath.basename(path.replace("\\", "/"))
    stem, extension = posixpath.splitext(name)
    if extension.lower() not in FORMATS.get(format, ()):
        extension = f".{format}"
    return f"{stem.removesuffix(SUFFIX)}{SUFFIX}{extension}"
