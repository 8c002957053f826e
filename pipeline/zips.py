"""Reading one zip: its entries with decoded paths, in bounded pieces, within what may still be read of a mail.

No declared size is believed. What is inside is not looked into: nested archives and mails are unpack's business.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from parsers.charset import decoded
from parsers.formats.zip_parts import members
from pipeline import torn_zips
from pipeline.budget import (
    BROKEN,
    BROKEN_ENTRY,
    CHUNK,
    EMPTY,
    LOCKED,
    MOST_LISTED,
    TORN,
    VOLUME,
    Broken,
    Budget,
    Scope,
    check_spread,
    gathered,
    inner_path,
    too_many,
    unpacked,
)
from pipeline.model import Attachment

# What an entry of the directory begins with, and its least size (APPNOTE 4.3.12).
_ENTRY, _ENTRY_SIZE = b"PK\x01\x02", 46
_UTF8_FLAG = 0x800
_LOCKED = 0x2041
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
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


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin as a zip does."""
    return content[:4] in _ZIP


def _lists_too_many(content: bytes) -> bool:
    """Whether it has more entries than are ever listed; a file that has no room for them is not searched."""
    return len(content) > _ENTRY_SIZE * MOST_LISTED and content.count(_ENTRY) > MOST_LISTED


def is_document(attachment: Attachment) -> bool:
    """Whether a zip is a document: by what it contains, or, if it cannot be opened, by its name."""
    if _lists_too_many(attachment.content):
        return False
    try:
        plain = members(attachment.content)
        if plain is not None:
            return not _DOCUMENT_ENTRIES.isdisjoint([member.name for member in plain])
        if torn_zips.torn(attachment.content) is not None:
            return bool(_DOCUMENT.search(attachment.path))
        with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
            return not _DOCUMENT_ENTRIES.isdisjoint(archive.namelist())
    except UnicodeDecodeError:
        return False
    except DAMAGE:
        return bool(_DOCUMENT.search(attachment.path))


def ends_as_zip(content: bytes) -> bool:
    """Whether a program ends with a zip, as a self-extracting one does; a zip somewhere in it is not enough."""
    end = content.rfind(b"PK\x05\x06")
    if not 0 <= end <= len(content) - 22:
        return False
    return _ENTRY in content and end + 22 + int(struct.unpack_from("<H", content, end + 20)[0]) == len(content)


def has_unusual_methods(content: bytes) -> bool:
    """Whether a zip holds a readable entry compressed in a way this module leaves to others (Deflate64, LZMA, …)."""
    if _lists_too_many(content):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except DAMAGE:
        return False
    return any(entry.compress_type not in _METHODS and not entry.flag_bits & _LOCKED for entry in entries)


def zip_files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The files in a zip, each under its decoded path; one that cannot be read says so in its place."""
    content, limits = attachment.content, budget.limits
    # Entries of archives stored inside are counted too, hence the margin.
    if content.count(_ENTRY) > min(20 * limits.max_files, MOST_LISTED):
        raise too_many(limits)
    torn = torn_zips.torn(content)
    archive, content = _zip_file(torn.content if torn else content)
    before = budget.total
    entries = [(entry, path) for entry, path in _named(archive.infolist()) if path]
    if torn and (not entries or not _DOCUMENT_ENTRIES.isdisjoint(archive.namelist())):
        raise Broken("unreadable", BROKEN)
    if not entries:
        raise Broken("unreadable", EMPTY)
    if all(entry.flag_bits & _LOCKED for entry, _ in entries):
        raise Broken("encrypted", LOCKED)
    for entry, path in entries:
        yield unpacked(f"{attachment.path}/{path}", partial(_read, archive, entry, content, budget))
        check_spread(budget.total - before, len(content), limits)
    if torn and torn.lost:
        yield Attachment(attachment.path, b"", problem="unreadable", detail=TORN)


def _zip_file(content: bytes) -> tuple[zipfile.ZipFile, bytes]:
    """The opened archive and its bytes, which may have been mended."""
    if not content:
        raise Broken("unreadable", "文件是空的")
    if _is_last_volume(content):
        raise Broken("unsupported", VOLUME)
    try:
        try:
            return zipfile.ZipFile(io.BytesIO(content)), content
        except UnicodeDecodeError:
            mended = _without_utf8_flags(content)
            return zipfile.ZipFile(io.BytesIO(mended)), mended
    except DAMAGE:
        if content.startswith(b"PK\x07\x08"):
            raise Broken("unsupported", VOLUME) from None
        raise Broken("unreadable", BROKEN) from None


def _is_last_volume(content: bytes) -> bool:
    """Whether this is the last of several files a zip was split into, which counts them."""
    end = content.rfind(b"PK\x05\x06")
    disk = struct.unpack_from("<H", content, end + 4)[0] if 0 <= end <= len(content) - 22 else 0
    return disk not in (0, 0xFFFF)


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
    """Each entry with its path, "" for folders and what is no file of the sender's."""
    unlabelled = [entry.orig_filename.encode("cp437") for entry in entries if not entry.flag_bits & _UTF8_FLAG]
    label = "utf-8" if _is_utf8(b"\n".join(unlabelled)) else "gbk"
    for entry in entries:
        if entry.flag_bits & _UTF8_FLAG:
            name = _as_written(entry.orig_filename)
        else:
            raw = entry.orig_filename.encode("cp437")
            name = _unicode_path(entry.extra, raw) or decoded(raw, label)
        # Old programs on Windows end a folder with a backslash.
        folder = entry.filename.endswith("/") or (name.endswith("\\") and not entry.file_size)
        yield entry, "" if folder or _is_link(entry) else inner_path(name)


def _as_written(name: str) -> str:
    """The name that a program meant which took GBK for the zip format's own code page, and then said it was UTF-8."""
    if not any("\u2500" <= letter <= "\u25a0" for letter in name):
        return name
    try:
        meant = name.encode("cp437").decode("gb18030")
    except UnicodeError:
        return name
    return meant if any("\u4e00" <= letter <= "\u9fff" for letter in meant) else name


def _is_link(entry: zipfile.ZipInfo) -> bool:
    """Whether a program on Unix stored a symbolic link; its content is only the name of another file."""
    return entry.create_system == 3 and (entry.external_attr >> 16) & 0o170000 == 0o120000


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
    if entry.flag_bits & _LOCKED:
        raise Broken("encrypted", LOCKED, Scope.ENTRY)
    if entry.compress_type not in _METHODS:
        # The standard library decompresses the other methods without a bound.
        raise Broken("unsupported", "压缩方法不常见，请用普通 zip 方式重新压缩", Scope.ENTRY)
    try:
        _agree_on_name(entry, content)
        with archive.open(entry) as stream:
            chunks = iter(lambda: stream.read(CHUNK), b"")
            return gathered(chunks, budget, min(entry.compress_size, len(content)))
    except DAMAGE:
        raise Broken("unreadable", BROKEN_ENTRY, Scope.ENTRY) from None


def _agree_on_name(entry: zipfile.ZipInfo, content: bytes) -> None:
    """Let the name be as the local header has it: zipfile refuses an entry whose two names differ in encoding."""
    start = entry.header_offset
    flags, length = struct.unpack_from("<H18xH", content, start + 6)
    raw = content[start + 30 : start + 30 + length]
    entry.orig_filename = raw.decode("utf-8" if flags & _UTF8_FLAG else "cp437")
