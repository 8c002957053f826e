"""Attachments → files: archives and attached mails opened, recursively, within limits.

Documents that happen to be zips (docx, xlsx, odt, ofd) stay whole. Nothing is written to disk, and nothing is ever
raised: what cannot be opened is an Attachment that says why.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pipeline import bodies, charsets, parts
from pipeline.model import Attachment, Limits
from pipeline.budget import Broken, Budget, Scope, megabytes
from pipeline.zips import DAMAGE, is_document, is_zip, zip_files

_VOLUME = re.compile(r"\.(z\d\d|r\d\d|(zip|7z|rar)\.\d{3}|part\d+\.(rar|zip))$")
_OTHER_ARCHIVES = (
    ("RAR", re.compile(rb"Rar!\x1a\x07")),
    ("7Z", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("GZ", re.compile(rb"\x1f\x8b\x08")),
    ("BZ2", re.compile(rb"BZh[1-9]1AY&SY")),
    ("XZ", re.compile(rb"\xfd7zXZ\x00")),
    ("TAR", re.compile(rb".{257}ustar", re.DOTALL)),
    ("CAB", re.compile(rb"MSCF\x00\x00\x00\x00")),
    ("LZH", re.compile(rb"..-lh[0-7]-", re.DOTALL)),
    ("ARJ", re.compile(rb"\x60\xea.{8}", re.DOTALL)),
)
_TNEF = b"\x78\x9f\x3e\x22"
_FIELD = re.compile(rb"(?:^|\n)(from|to|subject|date|received|message-id|mime-version|content-type):", re.IGNORECASE)

_Reader = Callable[[Attachment, Budget], Iterator[Attachment]]


def unpack(attachments: Iterable[Attachment], limits: Limits | None = None) -> tuple[Attachment, ...]:
    """The files in `attachments`, at any depth, in order; see `model.Limits` for how far it goes."""
    budget = Budget(limits or Limits())
    return tuple(file for attachment in attachments for file in _open(attachment, budget, 1))


def _open(attachment: Attachment, budget: Budget, depth: int) -> Iterator[Attachment]:
    """What one attachment comes to: itself, or what lies in it."""
    if attachment.problem:
        yield attachment
        return
    limit = budget.limits.max_file_bytes
    if len(attachment.content) > limit:
        yield replace(attachment, problem="unsafe", detail=f"单个文件超过 {megabytes(limit)}")
        return
    if refusal := _refusal(attachment):
        yield replace(attachment, problem="unsupported", detail=refusal)
        return
    reader = _reader(attachment)
    if reader is None:
        yield attachment
    elif depth > budget.limits.max_depth:
        yield replace(attachment, problem="unsafe", detail=f"压缩包或邮件层层嵌套超过 {budget.limits.max_depth} 层")
    else:
        try:
            yield from _contents(attachment, reader, budget, depth)
        except Broken as broken:
            if broken.scope is Scope.MAIL and depth > 1:
                raise
            yield replace(attachment, problem=broken.problem, detail=broken.detail)
        except DAMAGE:
            yield replace(attachment, problem="unreadable", detail="文件已损坏")


def _contents(attachment: Attachment, reader: _Reader, budget: Budget, depth: int) -> Iterator[Attachment]:
    for file in reader(attachment, budget):
        budget.files += 1
        if budget.files > budget.limits.max_files:
            raise Broken("unsafe", f"解压后的文件超过 {budget.limits.max_files} 个", Scope.MAIL)
        yield from _open(file, budget, depth + 1)


def _reader(attachment: Attachment) -> _Reader | None:
    """What opens this attachment, None for an ordinary file. The name decides only where the content is silent."""
    content, name = attachment.content, attachment.path.lower()
    if content.startswith(_TNEF):
        return _tnef
    if name.endswith(".eml"):
        return _mail
    if is_zip(content) or name.endswith(".zip"):
        return None if is_document(attachment) else zip_files
    return None


def _refusal(attachment: Attachment) -> str:
    """Why an archive of another kind is not opened, "" if it is none."""
    if _VOLUME.search(attachment.path.lower()):
        return "分卷压缩包的一部分，请压缩成一个 zip 文件"
    kind = next((kind for kind, magic in _OTHER_ARCHIVES if magic.match(attachment.content)), "")
    return f"{kind} 格式的压缩包，请改用 zip 格式压缩" if kind else ""


def _mail(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files of an attached mail; its words are not ours to read."""
    if not _FIELD.search(attachment.content[: charsets.MAX_HEADER]):
        raise Broken("unreadable", "不是有效的邮件文件", Scope.ARCHIVE)
    tree = parts.parse(attachment.content)
    _, html = parts.texts(tree)
    for file in (*parts.files(tree, html), *bodies.pasted_form(bodies.own_html(html))):
        budget.charge(len(file.content))
        yield replace(file, path=f"{attachment.path}/{file.path}")


def _tnef(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a winmail.dat, if the optional package tnefparse is there to open it."""
    try:
        reader = importlib.import_module("tnefparse")
    except ImportError:
        raise Broken(
            "unsupported", "Outlook 的 winmail.dat，请直接添加附件，或压缩成 zip 后再发", Scope.ARCHIVE
        ) from None
    try:
        files = reader.TNEF(attachment.content).attachments
        held = [(str(file.long_filename() or file.name), bytes(file.data)) for file in files]
    except Exception:
        # The package promises no exception of its own for damaged files.
        raise Broken("unreadable", "winmail.dat 已损坏", Scope.ARCHIVE) from None
    for number, (name, content) in enumerate(held, start=1):
        budget.charge(len(content))
        yield Attachment(f"{attachment.path}/{charsets.file_name(name) or f'附件{number}.bin'}", content)
