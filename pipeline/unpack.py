"""Attachments → files: archives and attached mails opened, recursively, within limits.

Documents that happen to be zips (docx, xlsx, odt, ofd) stay whole. Nothing is written to disk, no declared size is
believed, nothing is ever raised: what cannot be opened is an Attachment that says why.
"""

from __future__ import annotations

import enum
import importlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline import bodies, charsets, parts
from pipeline.model import Attachment, Limits

_CHUNK = 256 * 1024
_FREE = 1024 * 1024
_JUNK = re.compile(r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|~\$[^/]*)(/|$)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_UTF8_FLAG = 0x800
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_VOLUME = re.compile(r"\.(z\d\d|r\d\d|(zip|7z|rar)\.\d{3}|part\d+\.(rar|zip))$")
_DOCUMENT = re.compile(
    r"\.(docx?|docm|dotx?|xlsx?|xlsm|xlsb|xltx?|pptx?|pptm|wps|et|dps|od[tsp]|ofd|pages|numbers|key|pdf|epub)$",
    re.IGNORECASE,
)
_DOCUMENT_ENTRIES = frozenset({"[Content_Types].xml", "mimetype", "OFD.xml", "Index/Document.iwa", "Index.zip"})
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
# zipfile raises any of these for a damaged file, depending on where the damage is.
_DAMAGE = (
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
class _Budget:
    """What may still be read of one mail; the only thing here that changes."""

    limits: Limits
    total: int = 0
    files: int = 0


_Reader = Callable[[Attachment, _Budget], Iterator[Attachment]]


class _Scope(enum.Enum):
    """How much is lost when reading stops: one entry, one archive, or all that is still to be read of the mail."""

    ENTRY = enum.auto()
    ARCHIVE = enum.auto()
    MAIL = enum.auto()


class _Broken(Exception):  # noqa: N818 - it is no error of ours but the end of reading something.
    """Reading stops here: `problem` and `detail` as in Attachment."""

    def __init__(self, problem: str, detail: str, scope: _Scope) -> None:
        super().__init__(detail)
        self.problem, self.detail, self.scope = problem, detail, scope


def unpack(attachments: Iterable[Attachment], limits: Limits | None = None) -> tuple[Attachment, ...]:
    """The files in `attachments`, at any depth, in order; see `model.Limits` for how far it goes."""
    budget = _Budget(limits or Limits())
    return tuple(file for attachment in attachments for file in _open(attachment, budget, 1))


def _open(attachment: Attachment, budget: _Budget, depth: int) -> Iterator[Attachment]:
    """What one attachment comes to: itself, or what lies in it."""
    if attachment.problem:
        yield attachment
        return
    limit = budget.limits.max_file_bytes
    if len(attachment.content) > limit:
        yield replace(attachment, problem="unsafe", detail=f"单个文件超过 {_size(limit)}")
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
        except _Broken as broken:
            if broken.scope is _Scope.MAIL and depth > 1:
                raise
            yield replace(attachment, problem=broken.problem, detail=broken.detail)
        except _DAMAGE:
            yield replace(attachment, problem="unreadable", detail="文件已损坏")


def _contents(attachment: Attachment, reader: _Reader, budget: _Budget, depth: int) -> Iterator[Attachment]:
    for file in reader(attachment, budget):
        budget.files += 1
        if budget.files > budget.limits.max_files:
            raise _Broken("unsafe", f"解压后的文件超过 {budget.limits.max_files} 个", _Scope.MAIL)
        yield from _open(file, budget, depth + 1)


def _reader(attachment: Attachment) -> _Reader | None:
    """What opens this attachment, None for an ordinary file. The name decides only where the content is silent."""
    content, name = attachment.content, attachment.path.lower()
    if content.startswith(_TNEF):
        return _tnef
    if name.endswith(".eml"):
        return _mail
    if content[:4] in _ZIP or name.endswith(".zip"):
        return None if _is_document(attachment) else _zip
    return None


def _is_document(attachment: Attachment) -> bool:
    """Whether a zip is a document: by what it contains, or, if it cannot be opened, by its name."""
    try:
        with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
            return not _DOCUMENT_ENTRIES.isdisjoint(archive.namelist())
    except UnicodeDecodeError:
        return False
    except _DAMAGE:
        return bool(_DOCUMENT.search(attachment.path))


def _refusal(attachment: Attachment) -> str:
    """Why an archive of another kind is not opened, "" if it is none."""
    if _VOLUME.search(attachment.path.lower()):
        return "分卷压缩包的一部分，请压缩成一个 zip 文件"
    kind = next((kind for kind, magic in _OTHER_ARCHIVES if magic.match(attachment.content)), "")
    return f"{kind} 格式的压缩包，请改用 zip 格式压缩" if kind else ""


def _mail(attachment: Attachment, budget: _Budget) -> Iterator[Attachment]:
    """The files of an attached mail; its words are not ours to read."""
    if not _FIELD.search(attachment.content[: charsets.MAX_HEADER]):
        raise _Broken("unreadable", "不是有效的邮件文件", _Scope.ARCHIVE)
    tree = parts.parse(attachment.content)
    _, html = parts.texts(tree)
    for file in (*parts.files(tree, html), *bodies.pasted_form(bodies.own_html(html))):
        _charge(budget, len(file.content))
        yield replace(file, path=f"{attachment.path}/{file.path}")


def _tnef(attachment: Attachment, budget: _Budget) -> Iterator[Attachment]:
    """The files in a winmail.dat, if the optional package tnefparse is there to open it."""
    try:
        reader = importlib.import_module("tnefparse")
    except ImportError:
        raise _Broken(
            "unsupported", "Outlook 的 winmail.dat，请直接添加附件，或压缩成 zip 后再发", _Scope.ARCHIVE
        ) from None
    try:
        files = reader.TNEF(attachment.content).attachments
        held = [(str(file.long_filename() or file.name), bytes(file.data)) for file in files]
    except Exception:
        # The package promises no exception of its own for damaged files.
        raise _Broken("unreadable", "winmail.dat 已损坏", _Scope.ARCHIVE) from None
    for number, (name, content) in enumerate(held, start=1):
        _charge(budget, len(content))
        yield Attachment(f"{attachment.path}/{charsets.file_name(name) or f'附件{number}.bin'}", content)


def _charge(budget: _Budget, size: int) -> None:
    budget.total += size
    if budget.total > budget.limits.max_total_bytes:
        raise _Broken("unsafe", f"解压后总大小超过 {_size(budget.limits.max_total_bytes)}", _Scope.MAIL)


def _size(limit: int) -> str:
    return f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit} 字节"


def _zip(attachment: Attachment, budget: _Budget) -> Iterator[Attachment]:
    """The files in a zip, each under its decoded path; one that cannot be read says so in its place."""
    content, limits = attachment.content, budget.limits
    if content.count(b"PK\x01\x02") > 20 * limits.max_files:
        # Listing alone would take too much memory; archives stored inside are counted too, hence the margin.
        raise _Broken("unsafe", f"压缩包内的文件超过 {limits.max_files} 个", _Scope.ARCHIVE)
    archive, content = _zip_file(content)
    before, empty = budget.total, True
    for entry, path in _named(archive.infolist()):
        if entry.filename.endswith("/") or not path or _JUNK.search(path):
            continue
        empty, path = False, f"{attachment.path}/{path}"
        try:
            yield Attachment(path, _read(archive, entry, content, budget))
        except _Broken as broken:
            if broken.scope is not _Scope.ENTRY:
                raise
            yield Attachment(path, b"", problem=broken.problem, detail=broken.detail)
        spread = budget.total - before
        if spread > _FREE and spread > limits.max_ratio * len(content):
            raise _Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍", _Scope.ARCHIVE)
    if empty:
        raise _Broken("unreadable", "压缩包里没有文件", _Scope.ARCHIVE)


def _zip_file(content: bytes) -> tuple[zipfile.ZipFile, bytes]:
    """The opened archive and its bytes, which may have been mended."""
    if not content:
        raise _Broken("unreadable", "文件是空的", _Scope.ARCHIVE)
    try:
        try:
            return zipfile.ZipFile(io.BytesIO(content)), content
        except UnicodeDecodeError:
            mended = _without_utf8_flags(content)
            return zipfile.ZipFile(io.BytesIO(mended)), mended
    except _DAMAGE:
        raise _Broken("unreadable", "压缩包损坏或不完整", _Scope.ARCHIVE) from None


def _without_utf8_flags(content: bytes) -> bytes:
    """The archive with bit 11 of every entry's flags cleared: some programs set it and write GBK all the same."""
    end = content.rfind(b"PK\x05\x06")
    size, offset = struct.unpack_from("<II", content, end + 12)
    changed = bytearray(content)
    # What stands before the archive proper, in self-extracting ones, shifts every offset.
    shift = end - size - offset
    position = content.find(b"PK\x01\x02", max(0, end - size))
    while 0 <= position <= end - 46:
        changed[position + 9] &= 0xF7
        local = shift + int(struct.unpack_from("<I", content, position + 42)[0])
        if content[local : local + 4] == b"PK\x03\x04":
            changed[local + 7] &= 0xF7
        position = content.find(b"PK\x01\x02", position + 46)
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


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes, budget: _Budget) -> bytes:
    """An entry's bytes, read in bounded pieces. Raises _Broken, with scope ENTRY unless the mail's budget is spent."""
    if entry.flag_bits & 0x2041:
        raise _Broken("encrypted", "压缩包设有密码", _Scope.ENTRY)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The standard library decompresses the other methods without a bound.
        raise _Broken("unsupported", "压缩方法不常见，请用普通 zip 方式重新压缩", _Scope.ENTRY)
    chunks: list[bytes] = []
    size, limits = 0, budget.limits
    most = max(_FREE, limits.max_ratio * min(entry.compress_size, len(content)))
    try:
        _agree_on_name(entry, content)
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                _charge(budget, len(chunk))
                if size > limits.max_file_bytes:
                    raise _Broken("unsafe", f"单个文件超过 {_size(limits.max_file_bytes)}", _Scope.ENTRY)
                if size > most:
                    raise _Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍", _Scope.ENTRY)
    except _DAMAGE:
        raise _Broken("unreadable", "压缩包中的这个文件已损坏", _Scope.ENTRY) from None
    return b"".join(chunks)


def _agree_on_name(entry: zipfile.ZipInfo, content: bytes) -> None:
    """Let the name be as the local header has it: zipfile refuses an entry whose two names differ in encoding."""
    start = entry.header_offset
    flags, length = struct.unpack_from("<H18xH", content, start + 6)
    raw = content[start + 30 : start + 30 + length]
    entry.orig_filename = raw.decode("utf-8" if flags & _UTF8_FLAG else "cp437")
