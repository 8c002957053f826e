"""`annex-inbox export`: the material for the first review (notice 五、2), one folder for each current project.

`类别/高校_项目名称/` holds its Annex 4, the pictures in it and what came to support it; beside them lies one Annex 3 of
all. Nothing is judged, changed in the store or written over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.account import ProjectLine, project_of
from pipeline.archive import clean_name
from pipeline.errors import ConfigurationError
from pipeline.export_pictures import pictures_in
from pipeline.export_table import combined
from pipeline.ledger_view import Standing
from pipeline.model import Entry, State, Submission, Version
from pipeline.names import category_of, same_project
from pipeline.office import Office
from pipeline.progress import Progress, silent
from pipeline.renewal import view_of

TABLE = "项目汇总表（全区）.xlsx"
PICTURES, SUPPORTING, REST = "图片", "佐证材料", "其他佐证材料"
UNCLASSED, UNNAMED = "未归类", "未命名项目"
# A project's name this short is also part of other words, so that a file's name bearing it says nothing.
SHORTEST_NAME = 3


@dataclass
class _Target:
    """The folder written to; every name is taken once, upper and lower case alike."""

    root: Path
    taken: set[str] = field(default_factory=set)
    files: int = 0

    def fresh(self, path: PurePosixPath, ending: str = "") -> PurePosixPath:
        """This path, or one with a number behind it (before the ending) where it is taken."""
        free, number = path, 1
        while str(free).casefold() in self.taken:
            number += 1
            free = path.with_name(f"{path.name.removesuffix(ending)}_{number}{ending}")
        self.taken.add(str(free).casefold())
        return free

    def put(self, path: PurePosixPath, content: bytes) -> None:
        """Write a new file (0600) and the folders that lead to it (0700)."""
        target = self.root / self.fresh(path, path.suffix)
        for folder in reversed((target.parent, *target.parent.parents)):
            if not folder.exists():
                folder.mkdir(mode=0o700)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        self.files += 1


def export(office: Office, folder: Path, everything: bool = False, progress: Progress = silent) -> list[str]:
    """Write the material of all accepted universities (of all others too with `everything`) into a new or empty folder.

    Returns what was done and what is missing, line by line. Raises ConfigurationError where the folder holds something
    or cannot be written, and where there is nothing to export.
    """
    wanted = [one for one in view_of(office).standings if one.lines and (everything or one.state is State.ACCEPTED)]
    if not wanted:
        hint = "" if everything else "已通过核对的"
        raise ConfigurationError(f"没有可以导出的项目：还没有{hint}高校材料。进度见 annex-inbox status。")
    notes: list[str] = []
    with _writable(folder):
        target = _Target(folder)
        entries = []
        for position, standing in enumerate(wanted, start=1):
            assert standing.account is not None
            submission = office.submission(standing.account.university)
            entries.append((standing.name, submission.entries))
            notes += _university(office, standing, submission, target)
            progress("导出", position, len(wanted))
        target.put(PurePosixPath(TABLE), combined(entries, office.rules.notice.contacts))
    projects = sum(len(one.lines) for one in wanted)
    done = f"已导出 {len(wanted)} 所高校的 {projects} 个项目，共 {target.files} 个文件：{folder}"
    return [done, f"汇总表：{folder / TABLE}", *notes]


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """A new or empty folder; what the system says against writing there becomes words for the operator."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} 已经有内容，为免覆盖没有导出。请另写一个新的文件夹。")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except OSError as error:
        raise ConfigurationError(
            f"无法写入文件夹 {folder}：{error.strerror}。请换一个文件夹，或检查磁盘空间。"
        ) from None


def _university(office: Office, standing: Standing, submission: Submission, target: _Target) -> Iterator[str]:
    """Write the projects of one university; says what is missing."""
    homes = [target.fresh(_home(standing, line, office.rules.terms.categories)) for line in standing.lines]
    for line, entry, home in zip(standing.lines, submission.entries, homes, strict=True):
        title = f"注意：{standing.name}《{line.project.project_name or UNNAMED}》"
        if entry.application is None:
            yield f"{title}没有申报表。"
            continue
        content = _content(office, entry.application)
        if content is None:
            yield f"{title}的申报表原件已不在，没有导出。"
            continue
        _application(line, entry.application, content, home, target)
    for version in submission.supporting:
        position = owner(version, submission.entries)
        place = PurePosixPath(REST, clean_name(standing.name)) if position is None else homes[position] / SUPPORTING
        content = _content(office, version)
        if content is None:
            yield f"注意：{standing.name}的佐证材料“{version.path}”原件已不在，没有导出。"
        else:
            target.put(place / clean_name(version.name), content)


def _home(standing: Standing, line: ProjectLine, categories: Sequence[str]) -> PurePosixPath:
    category = category_of(line.project.category, tuple(categories)) or UNCLASSED
    name = clean_name(f"{standing.name}_{line.project.project_name or UNNAMED}")
    return PurePosixPath(clean_name(category), name)


def _application(line: ProjectLine, version: Version, content: bytes, home: PurePosixPath, target: _Target) -> None:
    """Annex 4 as it came, under the extension the archive gives it, and the pictures in it."""
    ending = PurePosixPath(line.application or version.path).suffix
    target.put(home / clean_name(f"附件4_{line.project.project_name or UNNAMED}{ending}"), content)
    for name, picture in pictures_in(content, version.path):
        target.put(home / PICTURES / name, picture)


def _content(office: Office, version: Version) -> bytes | None:
    try:
        return office.content(version)
    except FileNotFoundError:
        return None


def owner(version: Version, entries: Sequence[Entry]) -> int | None:
    """Which of a university's projects a supporting file belongs to, None where that cannot be told.

    The longest project name that its path bears decides; else the folder of the same mail it shares with one Annex 4
    alone; else that there is only one project.
    """
    path = same_project(version.path)
    named = [(len(key), position) for position, entry in enumerate(entries) if (key := _key(entry)) and key in path]
    longest = [position for length, position in named if length == max(named)[0]]
    if named:
        return longest[0] if len(longest) == 1 else None
    place = (version.mail, version.path.rpartition("/")[0])
    beside = [
        position
        for position, entry in enumerate(entries)
        if (form := entry.application) and (form.mail, form.path.rpartition("/")[0]) == place
    ]
    if len(beside) == 1 and place[1]:
        return beside[0]
    return 0 if len(entries) == 1 else None


def _key(entry: Entry) -> str:
    key = same_project(project_of(entry).project_name)
    return key if len(key) >= SHORTEST_NAME else ""
