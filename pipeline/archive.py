"""The folder staff browse, `archive/高校名称/项目名称/`: the forms as they came under clean names, every version kept.

It is written from the store and can be made again at any time; it reads no form and decides nothing about a document.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path

from msgspec import Struct

from pipeline.model import SHANGHAI, Submission, Version
from pipeline.unnamed import MARK, is_unnamed
from pipeline.whole_file import replacing

FOLDER = "archive"
PENDING = "待确认"
UNNAMED = "未命名"
HISTORY = "历史版本"
SUPPORTING = "佐证材料"
# Beside the archive, which staff may take away as a whole.
MARKS = "archive.json"

# Windows refuses these names with any extension, and these characters anywhere; # and % break links in workbooks.
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)")
FORBIDDEN = re.compile(r'[<>:"/\\|?*#%]')
LONGEST = 80
LONGEST_BYTES = 200
# The checksum of an empty file, such as a power cut leaves.
NOTHING = hashlib.sha256(b"").hexdigest()

# What a format's files may be called; the first stands in for a name that says something else.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "docx": ("docx", "docm", "dotx"),
    "doc": ("doc", "wps", "dot"),
    "xlsx": ("xlsx", "xlsm", "xltx"),
    "xlsb": ("xlsb",),
    "xls": ("xls", "et", "xlt"),
    "ods": ("ods",),
    "odt": ("odt",),
    "rtf": ("rtf", "doc"),
    "pdf": ("pdf",),
    "png": ("png",),
    "jpg": ("jpg", "jpeg"),
    "tiff": ("tif", "tiff"),
}

Names = dict[tuple[str, int], str]


class Wanted(Struct, frozen=True):
    """A version and the path, relative to the archive, that it would have if no other wanted the same."""

    version: Version
    path: str


class Archive:
    """The archive under ANNEX_DATA. Files are 0600, folders 0700; each file appears whole or not at all."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER
        self._marks = data / MARKS
        # Files in their places, with the stamps they are still to be given.
        self._unstamped: dict[Path, int] = {}
        # What has no copy and could not be had from its mail.
        self._lost: list[Version] = []

    def present(self, submission: Submission) -> Names:
        """Where those versions of a university lie that are in their places, relative to ANNEX_DATA; nothing is written."""
        return {key: path for key, path in _names(_placed(submission)).items() if (self._root.parent / path).exists()}

    def lost(self) -> list[Version]:
        """What could not be filed since this was asked last: it is neither in its mail nor anywhere in the archive."""
        found, self._lost = self._lost, []
        return found

    def sync(
        self,
        submission: Submission,
        content: Callable[[Version], bytes],
        do: Callable[[Callable[[], None]], None] = lambda work: work(),
    ) -> Names:
        """Bring one university's folder up to date and say where each version lies, relative to ANNEX_DATA.

        If anything has to be written, that is given to `do`, which may do it later, one work after the other.

        Only what is missing or different is asked of `content` and written. A file that lies elsewhere now leaves its
        old place; what is not ours stays, or moves to 历史版本 where a form needs its place. Where `content` raises
        FileNotFoundError, a copy elsewhere in the folder will do; `lost` tells of which there is none.
        """
        placed = _placed(submission)
        home = _home(submission)
        # What waited under its sender's address until the university was known has found its place now.
        folders = {home, *(_waiting(mail.reply_to.address) for mail in submission.mails)}
        # Equal files share a place; it bears the stamp of one of them.
        wanted = {path: version for version, path in placed}
        if self._found(folders) != {path: _stamp(version) for path, version in wanted.items()}:
            do(partial(self._bring_up_to_date, wanted, home, folders, content))
        return _names(placed)

    def _bring_up_to_date(
        self, wanted: Mapping[str, Version], home: str, folders: Collection[str], content: Callable[[Version], bytes]
    ) -> None:
        known = {version.file for version in wanted.values()}

        def content_or_copy(version: Version) -> bytes:
            with contextlib.suppress(FileNotFoundError):
                return content(version)
            return self._copy(version, folders)

        # History first: an older version is safe there before a newer one takes its place.
        for path in sorted(wanted, key=lambda path: f"/{HISTORY}/" not in path):
            self._put(path, wanted[path], home, known, content_or_copy)
        for folder in folders:
            self._clear(folder, wanted.keys(), known)

    def settle(self, marks: Mapping[str, str]) -> None:
        """Make what was written outlast a power cut, all at once, and only then stamp it as being in place.

        `marks` say what the archive now holds, by university; they are what `marks` tells until the archive is lost. A flush for each file would take longer than all the rest. What a cut leaves without its stamp is read and checked.
        """
        if self._unstamped and hasattr(os, "sync"):
            os.sync()
        for path, stamp in self._unstamped.items():
            with contextlib.suppress(FileNotFoundError):
                os.utime(path, ns=(stamp, stamp))
        self._unstamped.clear()
        self._make_folder(self._root)
        # Written last, and never believed unless it can be read.
        self._write(self._marks, json.dumps(dict(marks), ensure_ascii=False).encode())

    def marks(self) -> dict[str, str]:
        """What `settle` was last told; nothing where the archive has been taken away."""
        try:
            found: dict[str, str] = json.loads(self._marks.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if self._root.is_dir() else {}

    def _found(self, folders: Iterable[str]) -> dict[str, int]:
        """Every file below these folders with its time of change in nanoseconds, all paths relative to the archive."""
        found: dict[str, int] = {}
        # Joined as text: a country has tens of thousands of folders, and paths as objects would take longer than the disk.
        root, waiting = str(self._root), list(folders)
        for folder in waiting:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
                    else:
                        found[path] = entry.stat(follow_symlinks=False).st_mtime_ns
        return found

    def remove(self, university: str) -> None:
        """Take away everything kept for a university, or for an address ("?" and the address) whose university is unknown."""
        home = _waiting(university.removeprefix(MARK)) if is_unnamed(university) else _folder(university)
        shutil.rmtree(self._root / home, ignore_errors=True)

    def _put(
        self,
        path: str,
        version: Version,
        home: str,
        known: set[str],
        content: Callable[[Version], bytes],
    ) -> None:
        target, stamp = self._root / path, _stamp(version)
        if _stamped(target) == stamp:
            return
        present = _checksum(target)
        if present == version.file:
            self._unstamped[target] = stamp
            return
        try:
            written = content(version)
        except FileNotFoundError:
            # One file less keeps no other from its place.
            self._lost.append(version)
            return
        self._make_folder(target.parent)
        if present not in (None, NOTHING, *known):
            self._set_apart(target, home, str(present))
        self._write(target, written)
        self._unstamped[target] = stamp

    def _copy(self, version: Version, folders: Iterable[str]) -> bytes:
        """The bytes of a version whose mail is gone, from where else it lies in these folders. Raises FileNotFoundError."""
        for path in self._found(folders):
            if _checksum(self._root / path) == version.file:
                return (self._root / path).read_bytes()
        raise FileNotFoundError(version.path)

    def _write(self, target: Path, content: bytes) -> None:
        # In one place for all, so that what a kill leaves behind is found without searching the whole archive.
        with replacing(target, beside=self._root, durable=False) as file:
            file.write(content)

    def _set_apart(self, target: Path, home: str, checksum: str) -> None:
        """Keep a file that somebody changed by hand before the form takes its place."""
        kept = self._root / home / HISTORY / clean_name(f"另存_{checksum[:8]}_{target.name}")
        self._make_folder(kept.parent)
        os.replace(target, kept)

    def _make_folder(self, folder: Path) -> None:
        missing = [folder]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)

    def _clear(self, folder: str, wanted: Collection[str], known: set[str]) -> None:
        """Take away copies that lie elsewhere by now, and folders that this leaves empty."""
        for place, _, names in os.walk(self._root / folder, topdown=False):
            for name in names:
                path = Path(place, name)
                if path.relative_to(self._root).as_posix() in wanted:
                    continue
                if _checksum(path) in known:
                    path.unlink()
            with contextlib.suppress(OSError):
                os.rmdir(place)


def _placed(submission: Submission) -> list[tuple[Version, str]]:
    """Every version of the submission with its place, relative to the archive."""
    return _settle(_wanted(submission))


def _names(placed: Iterable[tuple[Version, str]]) -> Names:
    return {(version.mail, version.index): f"{FOLDER}/{path}" for version, path in placed}


def _wanted(submission: Submission) -> Iterator[Wanted]:
    """Every version of the submission once, current ones by what they are, all others in the history."""
    university = _home(submission)
    seen: set[tuple[str, int]] = set()

    def fresh(version: Version) -> bool:
        known = (version.mail, version.index) in seen
        seen.add((version.mail, version.index))
        return not known

    for version in (*submission.summaries, *(one.listed for one in submission.entries if one.listed)):
        if fresh(version):
            yield Wanted(version, f"{university}/{clean_name(f'附件3_项目汇总表.{_ending(version)}')}")
    for entry in submission.entries:
        if entry.application and fresh(entry.application):
            project = _folder(entry.name, UNNAMED)
            name = clean_name(f"附件4_{project}.{_ending(entry.application)}")
            yield Wanted(entry.application, f"{university}/{project}/{name}")
    for version in submission.supporting:
        if fresh(version):
            yield Wanted(version, f"{university}/{SUPPORTING}/{clean_name(version.name)}")
    for version in (*submission.withdrawn, *submission.superseded, *submission.held):
        if fresh(version):
            day = version.received_at.astimezone(SHANGHAI)
            name = clean_name(f"{day:%Y-%m-%d}_{version.name}")
            yield Wanted(version, f"{university}/{HISTORY}/{name}")


def _home(submission: Submission) -> str:
    """The folder of a submission; one whose university staff have yet to find out waits under its sender's address."""
    if submission.university.strip():
        return _folder(submission.university)
    return _waiting(submission.mails[0].reply_to.address if submission.mails else "")


def _waiting(address: str) -> str:
    return f"{PENDING}/{_folder(address, UNNAMED)}"


def _settle(wanted: Iterator[Wanted]) -> list[tuple[Version, str]]:
    """Give different files of one name (upper and lower case alike) a mark of their content each."""
    every = list(wanted)
    claims: dict[str, set[str]] = {}
    for one in every:
        claims.setdefault(one.path.casefold(), set()).add(one.version.file)
    return [
        (one.version, one.path if len(claims[one.path.casefold()]) == 1 else _marked(one.path, one.version.file))
        for one in every
    ]


def _marked(path: str, mark: str) -> str:
    folder, _, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    return f"{folder}/{_cut(stem, LONGEST - 10 - len(ending))}_{mark[:8]}{dot}{ending}"


def _ending(version: Version) -> str:
    """The extension that opens the file, whatever it was called: the sender's own where it fits the format."""
    written = version.name.rpartition(".")[2].lower()
    allowed = ENDINGS.get(version.transcript.format)
    if allowed is None:
        return written if written.isalnum() and written.isascii() and len(written) <= 5 else "bin"
    return written if written in allowed else allowed[0]


@lru_cache(256)
def _folder(name: str, blank: str = PENDING) -> str:
    """A folder's name; one that had to be changed gets a mark, so that two names never share a folder."""
    written = unicodedata.normalize("NFC", name.strip())
    if not written:
        return blank
    cleaned = clean_name(written)
    # A university or project may itself be called 历史版本; it must not land among the old versions.
    if cleaned == written and cleaned not in (HISTORY, SUPPORTING, PENDING, UNNAMED):
        return cleaned
    mark = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{_cut(cleaned, LONGEST - 7)}_{mark}"


def clean_name(name: str) -> str:
    """One path component that every system accepts: at most 80 characters, the extension kept, never "" or "..".

    Separators, control characters and what Windows reserves become `_`.
    """
    name = unicodedata.normalize("NFC", name)
    if not name.isprintable():
        name = "".join(letter for letter in name if _printable(letter))
    name = FORBIDDEN.sub("_", name)
    name = " ".join(name.split()).strip(". ")
    if RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = name, "", ""
    return f"{_cut(stem, LONGEST - len(dot + ending))}{dot}{ending}" or UNNAMED


def _printable(letter: str) -> bool:
    """Blanks stay; control and format characters (which can turn a name's direction round) and surrogates go."""
    return letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _cut(text: str, length: int) -> str:
    # No character takes more than four bytes; nearly every name is as short as that.
    if len(text) <= min(length, LONGEST_BYTES // 4):
        return text
    cut = text[:length].encode()[:LONGEST_BYTES].decode("utf-8", "ignore")
    return cut if cut == text else cut.rstrip(". ")


def _stamp(version: Version) -> int:
    """The time of change a placed file is given, in nanoseconds: when it was received, its content in the fraction.

    A file that still bears it was not touched, and need not be read to know it.
    """
    return int(version.received_at.timestamp()) * 10**9 + int(version.file[:7], 16)


def _stamped(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None


def _checksum(path: Path) -> str | None:
    """SHA-256 in hex of the file, None if there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
