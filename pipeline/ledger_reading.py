"""Reads back from a ledger's workbook what staff wrote in it, whoever saved it last and whatever became of its rows and columns.

Nothing else flows back from the ledger, and nothing is written here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import AnnexError
from pipeline.ledger_header import Header, Layout, header_of
from pipeline.ledger_staff import HEADER, NOTE, REMARK, Notes, Staff
from pipeline.ledger_table import Key, Named, Scalar, clean, folded, keys

if TYPE_CHECKING:
    from pipeline.ledger_package import Aside, Texts

UNTOLD = "台账的“%s”里认不出高校、项目等栏目（表头被改动或删除），其中新写的内容未能读取；改动过的台账已另存为 %s，请从中抄回。"

log = logging.getLogger(__name__)


class LedgerDamaged(AnnexError):
    """The workbook cannot be opened, so what staff wrote in it cannot be read."""

    exit_code = 1


def read_workbook(path: Path, layouts: Mapping[str, Layout], known: Staff) -> Staff:
    """Read a workbook in which `known` stood, whoever saved it last; sheets that are missing are left out.

    So are those whose rows cannot be told, and the workbook is then kept beside, whole, under another name. Without a file there
    is nothing to read. Raises LedgerDamaged if the file is there and cannot be opened.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    from pipeline.ledger_own_sheets import kept_beside

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
    sheets = {}
    for name, grid in grids.items():
        _complete(grid, asides[name].formulas, found[name].merged_cell_ranges or ())
        header = header_of(grid, layouts[name], known.sheets.get(name, Notes()).columns)
        if header is not None:
            sheets[name] = _read_sheet(grid, header, layouts[name], asides[name].notes)
        elif any(map(any, grid)):
            log.warning(UNTOLD, name, kept_beside(path).name)
    return Staff(sheets)


def _asides(path: Path, names: Collection[str]) -> Mapping[str, Aside]:
    """What stands beside the values; a workbook in which it cannot be found is kept beside, whole, under another name."""
    from pipeline.ledger_own_sheets import kept_beside
    from pipeline.ledger_package import Aside, read_asides

    nothing = dict.fromkeys(names, Aside({}, {}))
    try:
        return {**nothing, **read_asides(path, names)}
    # Whatever a program of staff's wrote there, their remarks themselves have been read.
    except Exception as fault:
        kept = kept_beside(path)
        log.warning("台账里的批注和公式未能读取（%s），原来的台账已另存为 %s。", fault, kept.name)
        return nothing


def _complete(
    grid: Sequence[list[Any]], formulas: Texts, merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Put formulas without a value in their places, and what cells merged over rows say into each of the rows."""
    for (row, column), formula in formulas.items():
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = formula
    for (first, column), (last, _) in merged:
        for line in grid[first + 1 : last + 1]:
            if column < len(line) and line[column] == "":
                line[column] = grid[first][column]


def _read_sheet(grid: Sequence[Sequence[Any]], header: Header, layout: Layout, texts: Texts) -> Notes:
    """The rows, above the header too where they have a name; a second line of headers is none."""
    places = [header.columns[name] for name in layout.key]
    titles = [header.line[place] for place in places]
    named = [[line[place] for place in places] for line in grid]
    numbers = [at for at, name in enumerate(named) if name != titles and (at > header.number or any(name))]
    notes: dict[int, dict[int, str]] = {}
    for (row, column), text in texts.items():
        notes.setdefault(row, {})[column] = clean(text)
    hung = [notes.get(number, {}) for number in (header.number, *numbers)]
    return _read_rows(header.line, [grid[number] for number in numbers], header.columns, layout, hung)


def _read_rows(
    header: Sequence[Any],
    lines: Sequence[Sequence[Any]],
    ours: Mapping[str, int],
    layout: Layout,
    notes: Sequence[Mapping[int, str]],
) -> Notes:
    """The rows of these lines; `notes` are those of the header and of each line, by their columns' positions."""
    extra = _extra_columns(header, lines, set(ours.values()))
    wanted = {**({REMARK: ours[REMARK]} if REMARK in ours else {}), **extra}
    titles = {position: f"{NOTE}{name}" for name, position in {**ours, **extra}.items()}
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
