"""Which formats and forms exist, and which of them a file is: by its content, never by its name alone.

Readers live in `parsers/formats`, forms in `parsers/forms`; both are found there and listed nowhere. Nothing here
reads a format itself, and no form is preferred to another: a block that two forms claim is given to neither.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from types import ModuleType
from typing import Any

from msgspec.structs import replace

from parsers import formats, forms
from parsers.bounds import check_bounds
from parsers.formats import EMPTY, Unreadable, damaged, encrypted, scan, supporting
from parsers.formats.sniffing import TITLES, is_torn, promise, sniff
from parsers.model import SCANNED, STAMPED, Document, Found, Problem, ProblemKind, Transcript
from parsers.stamp import stamped_pages

__all__ = ["TITLES", "Unreadable", "form_names", "open_document", "prepare", "read", "readable_formats", "sniff"]

RECOGNISED = "OCR 识别，请人工核对"
REVISED = "文档含有未接受的修订，按“接受全部修订”后的内容读取"
# Office opens a file locked with this password without asking for it ([MS-OFFCRYPTO] 2.4.2.3).
BUILT_IN_PASSWORD = "VelvetSweatshop"
LOCKABLE = frozenset({"encrypted", "doc", "xls", "ppt"})
# What these hold is told by a few bytes or by none, so a name that promises a document counts against them.
VAGUE = frozenset({"unknown", "ole", "xml"})


# These are welcome under their own names; under a document's name the sender believes them to be something else.
SUPPORTING = frozenset(supporting.FORMATS + scan.FORMATS)


# Looking into the folder for every mail would take longer than unpacking its documents.
@cache
def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


@cache
def _readers() -> dict[str, Any]:
    return {name: module for module in _modules(formats) for name in getattr(module, "FORMATS", ())}


@cache
def _forms() -> dict[str, Any]:
    return {module.FORM: module for module in _modules(forms) if hasattr(module, "FORM")}


def readable_formats() -> tuple[str, ...]:
    """The names of the formats that have a reader, sorted."""
    return tuple(sorted(_readers()))


def form_names() -> tuple[str, ...]:
    """The names of the forms that exist, sorted."""
    return tuple(sorted(_forms()))


def open_document(content: bytes, name: str = "") -> Document:
    """The file as blocks. Raises Unreadable, which says why in Chinese; `name` only tells CSV from plain text."""
    return _open(content, sniff(content, name), name)


def _open(content: bytes, kind: str, name: str) -> Document:
    if kind == "empty":
        raise damaged(EMPTY)
    if kind == "zip" and is_torn(content):
        raise damaged()
    if kind in LOCKABLE:
        content, kind = _unlock(content, kind, name)
    reader = _readers().get(kind)
    if reader is None:
        if kind in VAGUE and promise(name):
            raise _broken_promise(name)
        raise Unreadable(ProblemKind.UNSUPPORTED, TITLES.get(kind, "无法识别的文件格式"))
    try:
        document: Document = reader.read(content, kind)
    except (RecursionError, MemoryError):
        raise formats.unsafe("文件结构过于复杂，超出安全限制") from None
    return document


def _broken_promise(name: str) -> Unreadable:
    return damaged(f"内容不是 {promise(name)}")


def _unlock(content: bytes, kind: str, name: str) -> tuple[bytes, str]:
    """The content as it is, or decrypted when only the built-in password locks it. Raises Unreadable."""
    from parsers.formats.locks import decrypt, locked

    if not locked(content, kind):
        return content, kind
    plain = decrypt(content, BUILT_IN_PASSWORD)
    if plain is None:
        raise encrypted()
    kind = sniff(plain, name)
    if kind == "encrypted":
        raise encrypted()
    return plain, kind


def read(content: bytes, name: str = "") -> list[Transcript]:
    """The forms in a file, in the order they stand there; at least one transcript, `form=None` when there is no form.

    Never raises for what a file holds; a fault in a form module does come through, so that no form is lost unseen.
    """
    kind = sniff(content, name)
    try:
        document = _open(content, kind, name)
    except Unreadable as refusal:
        return [_nothing(kind, refusal.problem)]
    transcripts = [transcript for found in _by_block(document) for transcript in found]
    try:
        check_bounds(transcripts)
    except Unreadable as refusal:
        return [_nothing(document.format, refusal.problem)]
    if document.revised:
        transcripts = [_with_note(transcript, REVISED) for transcript in transcripts]
    if document.format == scan.SCAN:
        transcripts = [_with_note(transcript, RECOGNISED) for transcript in transcripts]
    if not transcripts and kind in SUPPORTING and promise(name):
        return [_nothing(kind, _broken_promise(name).problem)]
    shown = kind if document.format == scan.SCAN else document.format
    return transcripts or [Transcript(form=None, format=shown, notes=_looks(content, kind, document))]


def _looks(content: bytes, kind: str, document: Document) -> tuple[str, ...]:
    """What is to be noted of a file that is no form: that it is a scan, and which of its pages bear a seal."""
    return (SCANNED,) * (kind == "pdf" and not document.blocks) + (STAMPED,) * stamped_pages(content, kind)


def prepare(files: Sequence[tuple[bytes, str]]) -> None:
    """Do for all these files, (content, name), what costs less together than in reading one by one; reads none of them."""
    for module in _modules(formats):
        if hasattr(module, "prepare"):
            module.prepare(files)


def _nothing(kind: str, problem: Problem) -> Transcript:
    return Transcript(form=None, format=kind, problems=(problem,))


def _with_note(transcript: Transcript, note: str) -> Transcript:
    return transcript if note in transcript.notes else replace(transcript, notes=(*transcript.notes, note))


def _by_block(document: Document) -> list[list[Transcript]]:
    """What the forms found, block by block; where two forms claim a block, one transcript that says so instead.

    Blank forms, which people leave standing before or behind what they filled in, count where nothing is filled in.
    """
    found = [(name, claim) for name, form in sorted(_forms().items()) for claim in form.find(document)]
    found = [pair for pair in found if not pair[1].blank] or found
    found.sort(key=lambda pair: (pair[1].block, pair[0]))
    return [_settle(list(claims), document) for _, claims in groupby(found, key=lambda pair: pair[1].block)]


def _settle(claims: list[tuple[str, Found]], document: Document) -> list[Transcript]:
    names = list(dict.fromkeys(name for name, _ in claims))
    if len(names) == 1:
        return [found.transcript for _, found in claims]
    note = f"同一表格同时符合 {'、'.join(names)} 的特征，无法确定是哪一种表"
    return [Transcript(form=None, format=document.format, notes=(note,))]
