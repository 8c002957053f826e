"""Reading one zip: its entries with decoded paths, in bounded pieces, within what may still be read of a mail.

No declared size is believed. What is inside is not looked into: nested archives and mails are unpack's business.
"""

from __future__ import annotations

import enum
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import charsets
from pipeline.model import Attachment, Limits

_CHUNK = 256 * 1024
_FREE = 1024 * 1024
# Listing a zip takes memory for each entry, so they are counted first; no document has so many.
_ENTRY = b"PK\x01\x02"
_MOST_LISTED = 10_000
_JUNK = re.compile(r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|~\$[^/]*)(/|$)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_UTF8_FLAG = 0x800
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_DOCUMENT = re.compile(
    r"\.(docx?|docm|dotx?|xlsx?|xlsm|xlsb|xltx?|pptx?|pptm|wps|et|dps|od[tsp]|ofd|pages|numbers|key|pdf|epub)$",
    re.IGNORECASE,
)
_DOCUMENT_ENTRIES = frozenset({"[Content_Types].xml", "mimetype", "OFD.xml", "Index/Document.iwa", "Index.zip"})
# zipfile raises any of these for a damaged file, depending on where the damage is.
DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    TypeError,
)


@dataclass
class Budget:
    """What may still be read of one mail; the only thing here that changes."""

    limits: Limits
    total: int = 0
    files: int = 0


class Scope(enum.Enum):
    """How much is lost when reading stops: one entry, one archive, or all that is still to be read of the mail."""

    ENTRY = enum.auto()
    ARCHIVE = enum.auto()
    MAIL = enum.auto()


class Broken(Exception):  # noqa: N818 - it is no error of ours but the end of reading something.
    """Reading stops here: `problem` and `detail` as in Attachment."""

    def __init__(self, problem: str, detail: str, scope: Scope) -> None:
        super().__init__(detail)
        self.problem, self.detail, self.scope = problem, detail, scope


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin as a zip does."""
    return content[:4] in _ZIP


def is_document(attachment: Attachment) -> bool:
    """Whether a zip is a document: by what it contains, or, if it cannot be opened, by its name."""
    if attachment.content.count(_ENTRY) > _MOST_LISTED:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
            return not _DOCUMENT_ENTRIES.isdisjoint(archive.namelist())
    except UnicodeDecodeError:
        return False
    except DAMAGE:
        return bool(_DOCUMENT.search(attachment.path))


def charge(budget: Budget, size: int) -> None:
    budget.total += size
    if budget.total > budget.limits.max_total_bytes:
        raise Broken("unsafe", f"解压后总大小超过 {megabytes(budget.limits.max_total_bytes)}", Scope.MAIL)


def megabytes(limit: int) -> str:
    return f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit} 字节"


def zip_files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a zip, each under its decoded path; one that cannot be read says so in its place."""
    content, limits = attachment.content, budget.limits
    # Entries of archives stored inside are counted too, hence the margin.
    if content.count(_ENTRY) > min(20 * limits.max_files, _MOST_LISTED):
        raise Broken("unsafe", f"压缩包内的文件超过 {limits.max_files} 个", Scope.ARCHIVE)
    archive, content = _zip_file(content)
    before, empty = budget.total, True
    for entry, path in _named(archive.infolist()):
        if entry.filename.endswith("/") or not path or _JUNK.search(path):
            continue
        empty, path = False, f"{attachment.path}/{path}"
        try:
            yield Attachment(path, _read(archive, entry, content, budget))
        except Broken as broken:
            if broken.scope is not Scope.ENTRY:
                raise
            yield Attachment(path, b"", problem=broken.problem, detail=broken.detail)
        spread = budget.total - before
        if spread > _FREE and spread > limits.max_ratio * len(content):
            raise Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍", Scope.ARCHIVE)
    if empty:
        raise Broken("unreadable", "压缩包里没有文件", Scope.ARCHIVE)


def _zip_file(content: bytes) -> tuple[zipfile.ZipFile, bytes]:
    """The opened archive and its bytes, which may have been mended."""
    if not content:
        raise Broken("unreadable", "文件是空的", Scope.ARCHIVE)
    try:
        try:
            return zipfile.ZipFile(io.BytesIO(content)), content
        except UnicodeDecodeError:
            mended = _without_utf8_flags(content)
            return zipfile.ZipFile(io.BytesIO(mended)), mended
    except DAMAGE:
        raise Broken("unreadable", "压缩包损坏或不完整", Scope.ARCHIVE) from None


def _without_utf8_flags(content: bytes) -> bytes:
    """The archive with bit 11 of every entry's flags cleared: some programs set it and write GBK all the same."""
    end = content.rfind(b"PK\x05\x06")
    size, offset = struct.unpack_from("<II", content, end + 12)
    changed = bytearray(content)
    # What stands before the archive proper, in self-extracting ones, shifts every offset.
    shift = end - size - offset
    position = content.find(_ENTRY, max(0, end - size))
    while 0 <= position <= end - 46:
        changed[position + 9] &= 0xF7
        local = shift + int(struct.unpack_from("<I", content, position + 42)[0])
        if content[local : local + 4] == b"PK\x03\x04":
            changed[local + 7] &= 0xF7
        position = content.find(_ENTRY, position + 46)
    return bytes(changed)


def _named(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Each entry with its path, decoded as a whole before it is split: a GBK character may end in a backslash."""
    unlabelled = [entry.orig_filename.encode("cp437") for entry in entries if not entry.flag_bits & _UTF8_FLAG]
    label = "utf-8" if _is_utf8(b"\n".join(unlabelled)) else "gbk"
    for entry in entries:
        if entry.flag_bits & _UTF8_FLAG:
            name = entry.orig_filename
        else:
            raw = entry.orig_filename.encode("cp437")
            name = _unicode_path(entry.extra, raw) or charsets.decode(raw, label)
        whole = name.partition("\x00")[0].replace("\\", "/")
        pieces = [charsets.one_line(piece) for piece in whole.split("/")]
        if name.endswith("\\") and not entry.file_size:
            # A folder as old programs on Windows write it.
            pieces = []
        yield entry, "/".join(piece for piece in pieces if piece.strip(".") and not _DRIVE.fullmatch(piece))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in an Info-ZIP Unicode Path extra field (0x7075), "" if there is none or it is for another name."""
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        body = extra[position + 4 : position + 4 + size]
        if kind == 0x7075 and len(body) > 5 and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            return body[5:].decode("utf-8", "replace")
        position += 4 + size
    return ""


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes, budget: Budget) -> bytes:
    """An entry's bytes, read in bounded pieces. Raises Broken, with scope ENTRY unless the mail's budget is spent."""
    if entry.flag_bits & 0x2041:
        raise Broken("encrypted", "压缩包设有密码", Scope.ENTRY)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The standard library decompresses the other methods without a bound.
        raise Broken("unsupported", "压缩方法不常见，请用普通 zip 方式重新压缩", Scope.ENTRY)
    chunks: list[bytes] = []
    size, limits = 0, budget.limits
    most = max(_FREE, limits.max_ratio * min(entry.compress_size, len(content)))
    try:
        _agree_on_name(entry, content)
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                charge(budget, len(chunk))
                if size > limits.max_file_bytes:
                    raise Broken("unsafe", f"单个文件超过 {megabytes(limits.max_file_bytes)}", Scope.ENTRY)
                if size > most:
                    raise Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍", Scope.ENTRY)
    except DAMAGE:
        raise Broken("unreadable", "压缩包中的这个文件已损坏", Scope.ENTRY) from None
    return b"".join(chunks)


def _agree_on_name(entry: zipfile.ZipInfo, content: bytes) -> None:
    """Let the name be as the local header has it: zipfile refuses an entry whose two names differ in encoding."""
    start = entry.header_offset
    flags, length = struct.unpack_from("<H18xH", content, start + 6)
    raw = content[start + 30 : start + 30 + length]
    entry.orig_filename = raw.decode("utf-8" if flags & _UTF8_FLAG else "cp437")
