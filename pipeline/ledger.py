"""The ledger workbook (contract §5): a view goes in, `项目台账.xlsx` comes out, staff's remarks are read back.

It decides nothing and queries nothing; the only side effect is the file, replaced whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from msgspec import Struct

from pipeline.errors import AnnexError
from pipeline.ledger_reading import LedgerDamaged, read_workbook
from pipeline.ledger_rows import ACCENTS, LAYOUTS, tables
from pipeline.ledger_staff import Staff
from pipeline.ledger_statistics import SHEET, Statistics, statistics
from pipeline.ledger_table import Link, Table, Value
from pipeline.ledger_view import LedgerView, MailLine
from pipeline.whole_file import replacing

__all__ = [
    "LedgerBusy",
    "LedgerDamaged",
    "LedgerView",
    "MailLine",
    "Prepared",
    "Staff",
    "kept_for_its_sheets",
    "load_writer",
    "prepare",
    "read_staff",
]

# Part of the digest: raised when the looks change, so that ledgers already written are written anew.
EDITION = 1
# Most of the time would go into the last few percent of the size.
COMPRESSION = 3
NOTHING = Staff()


class LedgerBusy(AnnexError):
    """The file cannot be replaced because another program holds it open (Windows)."""

    exit_code = 75


def load_writer() -> None:
    """Import beforehand what `Prepared.write` needs, which takes longer than to write a small ledger."""
    from pipeline import ledger_charts, ledger_sheet, ledger_style  # noqa: F401


def read_staff(path: Path, known: Staff = NOTHING) -> Staff:
    """What staff wrote into this workbook, in which `known` stood; nothing if there is no file.

    Raises LedgerDamaged if it cannot be opened.
    """
    return read_workbook(path, LAYOUTS, known)


def kept_for_its_sheets(copy: Path, path: Path) -> Path | None:
    """A copy is kept whole under another name where a sheet that staff added says something else in it than in the ledger.

    Gives the name, None where there is no need. One that cannot be read is dealt with when it is read for their remarks.
    """
    from pipeline.ledger_own_sheets import differ, kept_beside

    with contextlib.suppress(OSError, KeyError, ValueError, zipfile.BadZipFile, SyntaxError):
        if differ(path, copy, {SHEET, *LAYOUTS}):
            return kept_beside(copy)
    return None


def prepare(view: LedgerView, staff: Staff) -> Prepared:
    """Lay everything out once, for a caller that wants the digest first and perhaps the workbook after."""
    content, staff = tables(view, staff)
    return Prepared(view.title, content, statistics(view, staff, content), staff)


class Prepared(Struct, frozen=True):
    """A ledger laid out: the tabular sheets and the numbers of 统计, ready to be compared or written; and what staff wrote,
    by the rows that it stands in now."""

    title: str
    content: tuple[Table, ...]
    numbers: Statistics
    staff: Staff

    def digest(self) -> str:
        """SHA-256 in hex of everything the workbook would show; equal digests mean there is nothing to rewrite."""
        state = hashlib.sha256(f"{EDITION}\n{self.title!r}\n{self.numbers!r}\n".encode("utf-8", "backslashreplace"))
        for table in self.content:
            state.update(repr((table.name, table.columns)).encode("utf-8", "backslashreplace"))
            for row in table.rows:
                values = [value if type(value) is str else _as_digested(value) for value in row.values]
                state.update("\x1f".join((row.tone.value, *values)).encode("utf-8", "backslashreplace"))
            if table.notes:
                state.update(repr(table.notes).encode("utf-8", "backslashreplace"))
        return state.hexdigest()

    def write(self, path: Path, old: Path | None = None, copy: Path | None = None) -> None:
        """Write the workbook beside its place and put it there in one step (0600; its folder 0700 where it is new).

        Sheets that staff added to the old ledger (the one it replaces, if no other is named) are taken over, then those that
        only its copy has. Raises LedgerBusy where another program keeps the old file from being replaced.
        """
        try:
            self._replace(path, [old or path, *([copy] if copy else [])])
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise LedgerBusy(
                f"台账 {path} 正被其他程序打开，或文件夹不可写，无法更新。处理后下一轮会补上，备注不会丢失。"
            ) from None

    def _replace(self, path: Path, old: Sequence[Path]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path) as file:
            _write_package(file, self, old)


def _as_digested(value: Value) -> str:
    """A value that is no text as one that no text is: what it begins with stands in no cell."""
    return f"\x1e{value.text}\x1e{value.target}" if isinstance(value, Link) else f"\x1e{value!r}"


def _write_package(file: IO[bytes], prepared: Prepared, old: Sequence[Path]) -> None:
    """The frame that openpyxl makes, with the rows of the tabular sheets put in and staff's own sheets behind."""
    from openpyxl import Workbook

    from pipeline.ledger_charts import draw
    from pipeline.ledger_own_sheets import take_over
    from pipeline.ledger_package import relations_of
    from pipeline.ledger_sheet import Filled, fill_rows, put_sheet, set_up_sheet
    from pipeline.ledger_style import Styles

    book = Workbook()
    first = book.active
    book.properties.creator = "annex-inbox"
    book.properties.title = prepared.title
    styles = Styles(book)
    filled: dict[str, Filled] = {}
    for number, table in enumerate(prepared.content, start=1):
        sheet = first if number == 1 else book.create_sheet()
        assert sheet is not None
        sheet.title = table.name
        set_up_sheet(sheet, table, prepared.title)
        filled[f"xl/worksheets/sheet{number}.xml"] = fill_rows(table, styles, ACCENTS)
    draw(book.create_sheet(SHEET), prepared.numbers, styles)
    for one in old:
        take_over(one, book, book.sheetnames)
    frame = BytesIO()
    book.save(frame)
    with (
        zipfile.ZipFile(frame) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as target,
    ):
        made = {*filled, *map(relations_of, filled)}
        for part in source.namelist():
            if part in filled:
                put_sheet(source, target, part, filled[part])
            elif part not in made:
                target.writestr(part, source.read(part))
