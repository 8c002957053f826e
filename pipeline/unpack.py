"""Attachments → files: archives and attached mails opened, recursively, within limits.

Documents that happen to be zips (docx, xlsx, odt, ofd) stay whole. Nothing is written to disk, and nothing is ever
raised: what cannot be opened is an Attachment that says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec.structs import replace

from pipeline import bodies, charsets, outlook, packed, parts, pasted, rar, tars, tnef, zips
from pipeline.budget import VOLUME, Broken, Budget, Scope, megabytes
from pipeline.model import Attachment, Limits

_Reader = Callable[[Attachment, Budget], Iterator[Attachment]]

_VOLUME = re.compile(r"\.(z\d\d|r\d\d|(zip|7z|rar)\.\d{3}|part\d+\.(rar|zip))$")
_ARCHIVE = re.compile(r"\.(rar|7z|tar|gz|tgz|bz2|tbz2?|xz|txz|cab|lzh|lha)$")
# What may call itself an archive and is left to the parsers all the same.
_DOCUMENTS = (b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf")
# Archives known by their first bytes; formats and filters are libarchive's names.
_ARCHIVES: tuple[tuple[re.Pattern[bytes], _Reader], ...] = (
    (re.compile(re.escape(rar.MAGIC)), packed.rar_files),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), partial(packed.packed_files, format_name="7zip")),
    (re.compile(rb"MSCF\x00\x00\x00\x00"), partial(packed.packed_files, format_name="cab")),
    (re.compile(rb".{2}-lh[0-7]-", re.DOTALL), partial(packed.packed_files, format_name="lha")),
    (re.compile(rb"BZh[1-9]1AY&SY"), partial(packed.packed_files, format_name="raw", filter_name="bzip2")),
    (re.compile(rb"\xfd7zXZ\x00"), partial(packed.packed_files, format_name="raw", filter_name="xz")),
)
_UNKNOWN_ARCHIVES = (
    ("ARJ", re.compile(rb"\x60\xea.{8}", re.DOTALL)),
    ("ACE", re.compile(rb".{7}\*\*ACE\*\*", re.DOTALL)),
)
# How far into a program the archive it unpacks may begin.
_MOST_PROGRAM = 2 * 1024 * 1024
_FIELD = re.compile(rb"(?:^|\n)(from|to|subject|date|received|message-id|mime-version|content-type):", re.IGNORECASE)


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
        except zips.DAMAGE:
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
    if tnef.is_tnef(content):
        return tnef.files
    if outlook.is_outlook_mail(attachment):
        return outlook.files
    if name.endswith(".eml"):
        return _mail
    for magic, reader in _ARCHIVES:
        if magic.match(content):
            return reader
    if tars.is_gzip(content):
        return tars.gzip_files
    if zips.is_zip(content) or name.endswith(".zip"):
        return None if zips.is_document(attachment) else _zip
    if content.startswith(b"MZ"):
        return _self_extracting(content)
    if tars.is_tar(content):
        return tars.tar_files
    return _no_archive if _ARCHIVE.search(name) and not content.startswith(_DOCUMENTS) else None


def _refusal(attachment: Attachment) -> str:
    """Why an archive of another kind is not opened, "" if it is none."""
    content = attachment.content
    if _VOLUME.search(attachment.path.lower()) and not content.startswith(rar.MAGIC):
        return VOLUME
    kind = next((kind for kind, magic in _UNKNOWN_ARCHIVES if magic.match(content)), "")
    return f"{kind} 格式的压缩包，请改用 zip 格式压缩" if kind else ""


def _zip(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a zip; if it is compressed in an unusual way, as libarchive reads it."""
    if zips.has_unusual_methods(attachment.content):
        try:
            yield from packed.packed_files(attachment, budget, "zip")
            return
        except packed.Missing:
            # Then at least the entries that are compressed as usual are read.
            pass
    yield from zips.zip_files(attachment, budget)


def _self_extracting(content: bytes) -> _Reader | None:
    """What opens the archive that a program for Windows carries, which is never run; None if it carries none."""
    if zips.ends_as_zip(content):
        return zips.zip_files
    for magic, reader in _ARCHIVES[:2]:
        if match := magic.search(content, 0, _MOST_PROGRAM):
            return partial(_from, start=match.start(), reader=reader)
    return None


def _from(attachment: Attachment, budget: Budget, start: int, reader: _Reader) -> Iterator[Attachment]:
    return reader(replace(attachment, content=attachment.content[start:]), budget)


def _no_archive(attachment: Attachment, _: Budget) -> Iterator[Attachment]:
    raise Broken("unreadable", "不是有效的压缩包" if attachment.content else "文件是空的")


def _mail(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files of an attached mail; its words are not ours to read."""
    if not _FIELD.search(attachment.content[: charsets.MAX_HEADER]):
        raise Broken("unreadable", "不是有效的邮件文件")
    tree = parts.parse(attachment.content)
    text, html = parts.texts(tree)
    for file in (*parts.files(tree, html), *pasted.pasted_form(bodies.own_html(html), text)):
        budget.charge(len(file.content))
        yield replace(file, path=f"{attachment.path}/{file.path}")
