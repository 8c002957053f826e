"""What staff wrote into the ledger: remarks and columns of their own, read back from the workbook by header text.

Nothing else flows back from the ledger; changes in our own columns are ignored and never read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from pipeline.errors import AnnexError
from pipeline.ledger_table import Key, Scalar, clean, keys, same

REMARK = "秘书处备注"
HEADER_SEARCH = 10
EXCEL_EPOCH = datetime(1899, 12, 30)


class LedgerDamaged(AnnexError):
    """The workbook cannot be opened, so what staff wrote in it cannot be read."""

    exit_code = 1


class Layout(Struct, frozen=True):
    """How a sheet's rows are recognised: all our headers, those that make the key, and the tie between equal keys."""

    headers: tuple[str, ...]
    key: tuple[str, ...]
    tie: str = ""


class Notes(Struct, frozen=True):
    """One sheet: staff's own columns from left to right, and each row's values by column (the remark among them)."""

    columns: tuple[str, ...] = ()
    rows: Mapping[Key, Mapping[str, Scalar]] = field(default_factory=dict)


class Staff(Struct, frozen=True):
    """Everything staff wrote, by sheet; a blank value of a row that was read says that it was emptied."""

    sheets: Mapping[str, Notes] = field(default_factory=dict)

    def written(self, sheet: str, key: Key, column: str = REMARK) -> Scalar:
        """What stands in this row and column, "" if nothing."""
        notes = self.sheets.get(sheet)
        return notes.rows.get(key, {}).get(column, "") if notes else ""

    def columns(self, sheet: str) -> tuple[str, ...]:
        """Staff's own columns of a sheet, from left to right."""
        notes = self.sheets.get(sheet)
        return notes.columns if notes else ()

    def merged(self, newer: Staff) -> Staff:
        """Both together: the newer wins for rows and columns it knows, the rest is kept.

        A remark emptied in the newer is gone, and so is a column of staff's own that they deleted from a sheet.
        """
        names = dict.fromkeys([*self.sheets, *newer.sheets])
        return Staff({name: _merge(self.sheets.get(name), newer.sheets.get(name)) for name in names})

    def to_json(self) -> str:
        """The whole as JSON, the same text for the same content."""
        content = {
            name: {
                "columns": notes.columns,
                "rows": [
                    [list(key), {column: _encode(value) for column, value in sorted(values.items())}]
                    for key, values in sorted(notes.rows.items())
                ],
            }
            for name, notes in sorted(self.sheets.items())
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Staff:
        """The inverse of `to_json`; an empty text is an empty Staff."""
        sheets = {}
        for name, notes in json.loads(text or "{}").items():
            rows = {
                tuple(key): {column: _decode(value) for column, value in values.items()}
                for key, values in notes["rows"]
            }
            sheets[name] = Notes(tuple(notes["columns"]), rows)
        return Staff(sheets)


def _merge(older: Notes | None, newer: Notes | None) -> Notes:
    if older is None or newer is None:
        return newer or older or Notes()
    kept = {REMARK, *newer.columns}
    rows: dict[Key, Mapping[str, Scalar]] = {}
    for key in dict.fromkeys([*older.rows, *newer.rows]):
        values = {**older.rows.get(key, {}), **newer.rows.get(key, {})}
        written = {column: value for column, value in values.items() if value != "" and column in kept}
        if written:
            rows[key] = written
    return Notes(newer.columns, rows)


def _encode(value: Scalar) -> Any:
    return {"time": value.isoformat()} if isinstance(value, datetime) else value


def _decode(value: Any) -> Scalar:
    return datetime.fromisoformat(value["time"]) if isinstance(value, dict) else value


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
    notes = {name: _read_sheet(grid, layouts[name]) for name, grid in grids.items()}
    return Staff({name: sheet for name, sheet in notes.items() if sheet is not None})


def _read_sheet(grid: Sequence[Sequence[Any]], layout: Layout) -> Notes | None:
    ours = {same(header): header for header in layout.headers}
    for number, line in enumerate(grid[:HEADER_SEARCH]):
        columns: dict[str, int] = {}
        for position, cell in enumerate(line):
            columns.setdefault(ours.get(same(_scalar(cell)), ""), position)
        if all(header in columns for header in layout.key):
            return _read_rows(line, grid[number + 1 :], columns, layout)
    return None


def _read_rows(header: Sequence[Any], lines: Sequence[Sequence[Any]], ours: Mapping[str, int], layout: Layout) -> Notes:
    extra = _extra_columns(header, lines, {position for name, position in ours.items() if name})
    wanted = {**({REMARK: ours[REMARK]} if REMARK in ours else {}), **extra}
    lines = [line for line in lines if any(cell != "" for cell in line)]
    named = [
        (
            [_scalar(line[ours[name]]) for name in layout.key],
            _scalar(line[ours[layout.tie]]) if layout.tie in ours and layout.tie else "",
        )
        for line in lines
    ]
    rows: dict[Key, Mapping[str, Scalar]] = {}
    for key, line in zip(keys(named), lines, strict=True):
        rows.setdefault(key, {column: _scalar(line[position]) for column, position in wanted.items()})
    return Notes(tuple(extra), rows)


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
