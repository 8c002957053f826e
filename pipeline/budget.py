"""What unpacking may still cost, how reading ends before its time, and how names inside archives become paths.

Shared by every reader of archives. Opens nothing itself and knows no format.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline import charsets
from pipeline.model import Attachment, Limits

CHUNK = 256 * 1024
# Small files may expand as they like.
FREE = 1024 * 1024
# Listing an archive takes memory and time for each entry; no mail has so many.
MOST_LISTED = 10_000
# What senders are told in the same words whatever the format.
BROKEN = "压缩包损坏或不完整"
TORN = "压缩包不完整，后面的文件没有传完，只读出了前面完好的文件"
BROKEN_ENTRY = "压缩包中的这个文件已损坏"
EMPTY = "压缩包里没有文件"
LOCKED = "压缩包设有密码"
VOLUME = "分卷压缩包的一部分，请压缩成一个 zip 文件"
# What operating systems and office programs leave beside the files of a folder: lock files of Word (~$) and WPS (.~), scratch
# files (~WRL0001.tmp, mso1A2B.tmp), views of folders.
_LITTER = re.compile(
    r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|\.?~\$?[^/]*\.tmp|~\$[^/]*|\.~[^/]*|mso[^/]*\.tmp)(/|$)",
    re.IGNORECASE,
)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass
class Budget:
    """What may still be read of one mail; the only thing here that changes. `seconds` are those of other processes."""

    limits: Limits
    total: int = 0
    files: int = 0
    seconds: float = 120.0

    def charge(self, size: int) -> None:
        """Count bytes that were unpacked. Raises Broken when the mail has had its share."""
        self.total += size
        if self.total > self.limits.max_total_bytes:
            raise Broken("unsafe", f"解压后总大小超过 {megabytes(self.limits.max_total_bytes)}", Scope.MAIL)


class Scope(enum.Enum):
    """How much is lost when reading stops: one entry, one archive, or all that is still to be read of the mail."""

    ENTRY = enum.auto()
    ARCHIVE = enum.auto()
    MAIL = enum.auto()


class Broken(Exception):
    """Reading stops here: `problem` and `detail` as in Attachment."""

    def __init__(self, problem: str, detail: str, scope: Scope = Scope.ARCHIVE) -> None:
        super().__init__(detail)
        self.problem, self.detail, self.scope = problem, detail, scope


def megabytes(limit: int) -> str:
    return f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit} 字节"


def unpacked(path: str, read: Callable[[], bytes]) -> Attachment:
    """A file of an archive, or what stops its reading in its place. Raises Broken where more is lost than this entry."""
    try:
        return Attachment(path, read())
    except Broken as broken:
        if broken.scope is not Scope.ENTRY:
            raise
        return Attachment(path, b"", problem=broken.problem, detail=broken.detail)


def gathered(chunks: Iterable[bytes], budget: Budget, packed: int) -> bytes:
    """One entry's bytes, charged as they come. Raises Broken with scope ENTRY when it is larger than a file may be,
    or than `packed` bytes may become."""
    limits = budget.limits
    most = max(FREE, limits.max_ratio * packed)
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        budget.charge(len(chunk))
        if size > limits.max_file_bytes:
            raise Broken("unsafe", f"单个文件超过 {megabytes(limits.max_file_bytes)}", Scope.ENTRY)
        if size > most:
            raise Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍", Scope.ENTRY)
    return b"".join(held)


def too_many(limits: Limits) -> Broken:
    """What to raise for an archive that lists more than can be gone through."""
    return Broken("unsafe", f"压缩包内的文件超过 {limits.max_files} 个")


def check_spread(spread: int, packed: int, limits: Limits) -> None:
    """Raise Broken if an archive of `packed` bytes has become too many in all."""
    if spread > FREE and spread > limits.max_ratio * packed:
        raise Broken("unsafe", f"解压后膨胀超过 {limits.max_ratio} 倍")


def inner_path(name: str) -> str:
    """A decoded name as a path that cannot leave its archive; "" for what is no file of the sender's.

    To be called on the whole name: a GBK character may end in a backslash.
    """
    whole = name.partition("\x00")[0].replace("\\", "/")
    pieces = [charsets.one_line(piece) for piece in whole.split("/")]
    path = "/".join(piece for piece in pieces if piece.strip(".") and not _DRIVE.fullmatch(piece))
    return "" if is_litter(path) else path


def is_litter(path: str) -> bool:
    """Whether a path is of something that programs left behind, and nobody means to send."""
    return _LITTER.search(path) is not None
