"""What staff wrote into the ledger, as values: remarks, columns of their own and notes on cells, by sheet and row; how two are merged.

It is read from a workbook elsewhere; changes in our own columns are ignored and never read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from pipeline.ledger_table import Key, Scalar, clean

REMARK = "秘书处备注"
# What staff hung on a cell of this column is kept as if it stood in a column of this name. No sheet's header has a line break first.
NOTE = "\n批注："
# The header's own name among the rows; it has notes only.
HEADER: Key = ()


class Notes(Struct, frozen=True):
    """One sheet: staff's own columns from left to right, and each row's values by column (the remark among them).

    Where it was read from a workbook, `named` has the name of each row and its marks, which the key of one alone lacks; it is
    not stored.
    """

    columns: tuple[str, ...] = ()
    rows: Mapping[Key, Mapping[str, Scalar]] = field(default_factory=dict)
    named: Mapping[Key, tuple[Key, Key]] = field(default_factory=dict)


class Staff(Struct, frozen=True):
    """Everything staff wrote, by sheet; a blank value of a row that was read says that it was emptied."""

    sheets: Mapping[str, Notes] = field(default_factory=dict)

    def merged(self, newer: Staff, base: Staff | None = None) -> Staff:
        """Both together: what the newer says otherwise than `base`, which its file held before staff wrote in it, counts.

        Without a base the newer wins for rows and columns it knows. A remark emptied in it is gone, and so is a column of
        staff's own that they deleted; what was written elsewhere meanwhile stays, on lines before what the newer says.
        """
        known = (self if base is None else base).sheets
        names = dict.fromkeys([*self.sheets, *newer.sheets])
        return Staff(
            {name: _merge(self.sheets.get(name), newer.sheets.get(name), known.get(name, Notes())) for name in names}
        )

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


def _merge(older: Notes | None, newer: Notes | None, base: Notes) -> Notes:
    if older is None or newer is None:
        return newer or older or Notes()
    elsewhere = (name for name in older.columns if name not in newer.columns)
    columns = (*newer.columns, *(name for name in elsewhere if name not in base.columns or _changed(name, older, base)))
    kept = {REMARK, *columns}
    rows: dict[Key, Mapping[str, Scalar]] = {}
    for key in dict.fromkeys([*older.rows, *newer.rows]):
        values = dict(older.rows.get(key, {}))
        if key in newer.rows:
            # Of a row that was read it is known which of its cells have no note any more.
            said = {**dict.fromkeys(filter(is_note, values), ""), **newer.rows[key]}
            before = base.rows.get(key, {})
            values |= {name: _both(before.get(name, ""), values.get(name, ""), said[name]) for name in said}
        written = {name: value for name, value in values.items() if value != "" and (name in kept or is_note(name))}
        if written:
            rows[key] = written
    return Notes(columns, rows)


def is_note(column: str) -> bool:
    """Whether this names what hangs on the cells of a column, not what stands in them."""
    return column.startswith(NOTE)


def _changed(column: str, one: Notes, other: Notes) -> bool:
    """Whether something stands in this column of the one that does not in the other."""
    return any(
        column in values and values[column] != other.rows.get(key, {}).get(column) for key, values in one.rows.items()
    )


def _both(before: Scalar, elsewhere: Scalar, here: Scalar) -> Scalar:
    """What comes of a cell that may have been written in at two places: both, a line each, where both have changed it."""
    if here == before:
        return elsewhere
    if elsewhere in (before, here):
        return here
    old, theirs, mine = ([] if value == "" else str(value).split("\n") for value in (before, elsewhere, here))
    return clean("\n".join([line for line in theirs if line not in old and line not in mine] + mine))


def _encode(value: Scalar) -> Any:
    return {"time": value.isoformat()} if isinstance(value, datetime) else value


def _decode(value: Any) -> Scalar:
    return datetime.fromisoformat(value["time"]) if isinstance(value, dict) else value
