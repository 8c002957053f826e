"""Reads back from a ledger's workbook what staff wrote in it, its columns recognised by header text, whoever saved it last.

Nothing else flows back from the ledger, and nothing is written here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline.errors import AnnexError
from pipeline.ledger_staff import HEADER, NOTE, REMARK, Notes, Staff
from pipeline.ledger_table import Key, Named, Scalar, clean, folded, keys, same

if TYPE_CHECKING:
    from pipeline.ledger_package import Aside

HEADER_SEARCH = 10

log = logging.getLogger(__name__)


class LedgerDamaged(AnnexError):
    """The workbook cannot be opened, so what staff wrote in it cannot be read."""

    exit_code = 1


class Layout(Struct, frozen=True):
    """How a sheet's rows are recognised: all our headers, those that make the key, and what tells equal keys apart."""

    headers: tuple[str, ...]
    key: tuple[str, ...]
    marks: tuple[str, ...] = ()
    tie: str = ""


def read_workbook(path: Path, layouts: Mapping[str, Layout]) -> Staff:
    """Read a workbook, whoever saved it last; sheets that are missing or unrecognisable are left out.

    Raises LedgerDamaged if the file is there and cannot be opened; without a file there is nothing to read.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    if not path.exists():
        return Staff()
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        found = {name: workbook.get_sheet_by_name(name) for name in workbook.sheet_names if name in layouts}
        grids = {name: sheet.to_python(skip_empty_area=False) for name, sheet in found.items()}
    except (CalamineError, OSError, ValueError) as fault:
        raise LedgerDamaged(
            f"台账 {path} 无法打开，可能已损坏或设有密码，其中的备注未能读取。"
            "请修复后重试，或将它移到别处，程序会重新生成。"
        ) from fault
    asides = _asides(path, found)
    notes = {name: _read_sheet(grid, layouts[name], asides.get(name)) for name, grid in grids.items()}
    return Staff({name: sheet for name, sheet in notes.items() if sheet is not None})


def _asides(path: Path, names: Collection[str]) -> Mapping[str, Aside]:
    """What stands beside the values; a workbook in which it cannot be found is kept beside, whole, under another name."""
    from pipeline.ledger_own_sheets import kept_beside
    from pipeline.ledger_package import read_asides

    try:
        return read_asides(path, names)
    # Whatever a program of staff's wrote there, their remarks themselves have been read.
    except Exception as fault:
        kept = kept_beside(path)
        log.warning("台账里的批注和公式未能读取（%s），原来的台账已另存为 %s。", fault, kept.name)
        return {}


def _read_sheet(grid: Sequence[list[Any]], layout: Layout, aside: Aside | None) -> Notes | None:
    for (row, column), formula in aside.formulas.items() if aside else ():
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = formula
    ours = {same(header): header for header in layout.headers}
    for number, line in enumerate(grid[:HEADER_SEARCH]):
        columns: dict[str, int] = {}
        for position, cell in enumerate(line):
            columns.setdefault(ours.get(same(_scalar(cell)), ""), position)
        if all(header in columns for header in layout.key):
            notes: list[dict[int, str]] = [{} for _ in grid]
            for (row, column), text in aside.notes.items() if aside else ():
                if row < len(grid):
                    notes[row][column] = clean(text)
            return _read_rows(line, grid[number + 1 :], columns, layout, notes[number:])
    return None


def _read_rows(
    header: Sequence[Any],
    lines: Sequence[Sequence[Any]],
    ours: Mapping[str, int],
    layout: Layout,
    notes: Sequence[Mapping[int, str]],
) -> Notes:
    """The rows below the header; `notes` are those of the header and of each line after it, by their columns' positions."""
    extra = _extra_columns(header, lines, {position for name, position in ours.items() if name})
    wanted = {**({REMARK: ours[REMARK]} if REMARK in ours else {}), **extra}
    titles = {position: f"{NOTE}{name}" for name, position in {**ours, **extra}.items() if name}
    header_notes, *row_notes = [
        {titles[position]: text for position, text in of_row.items() if position in titles} for of_row in notes
    ]
    filled = [(line, hung) for line, hung in zip(lines, row_notes, strict=True) if any(cell != "" for cell in line)]
    lines = [line for line, _ in filled]
    named = [
        Named(
            tuple(_scalar(line[ours[name]]) for name in layout.key),
            tuple(_scalar(line[ours[name]]) if name in ours else "" for name in layout.marks),
            _scalar(line[ours[layout.tie]]) if layout.tie in ours and layout.tie else "",
        )
        for line in lines
    ]
    rows: dict[Key, Mapping[str, Scalar]] = {HEADER: header_notes}
    shown = keys(named)
    for key, (line, hung) in zip(shown, filled, strict=True):
        rows.setdefault(key, {column: _scalar(line[position]) for column, position in wanted.items()} | hung)
    told = zip(shown, named, strict=True) if layout.marks else ()
    return Notes(tuple(extra), rows, {key: (folded(row.values), folded(row.marks)) for key, row in told})


def _extra_columns(header: Sequence[Any], lines: Sequence[Sequence[Any]], ours: set[int]) -> dict[str, int]:
    """Staff's columns by a header of their own each; one without a header counts if anything stands below it."""
    columns: dict[str, int] = {}
    for position, cell in enumerate(header):
        title = str(_scalar(cell)).strip()
        if position in ours or (not title and all(line[position] == "" for line in lines)):
            continue
        name, number = title or "（无标题）", 2
        while name in columns or name == REMARK:
            name, number = f"{title or '（无标题）'}（{number}）", number + 1
        columns[name] = position
    return columns


def _scalar(cell: Any) -> Scalar:
    """A cell as calamine gives it, as one of the types that we write: text is cleaned, a day is its midnight."""
    if isinstance(cell, datetime):
        return (cell.replace(tzinfo=None) + timedelta(milliseconds=500)).replace(microsecond=0)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if isinstance(cell, str):
        return clean(cell)
    return cell if isinstance(cell, (bool, int, float)) else str(cell)
