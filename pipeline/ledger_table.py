"""The plain shapes a ledger sheet is made of: columns, rows, links, text made safe for a cell, and a row's stable key.

Nothing here knows what a university is or how a workbook is written.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

# Excel's own limits: characters (UTF-16 units) in a cell, characters in a link.
CELL_LIMIT = 32_767
# An address as nearly all are: nothing in it has to be looked at twice.
PLAIN_LINK = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9._~/-]*)?")
LINK_LIMIT = 2_079

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LINK_UNSAFE = re.compile(r'[\s"<>\[\]^`{}|\\]|%(?![0-9A-Fa-f]{2})')


class Link(Struct, frozen=True):
    """A cell's text that opens something; `target` is an http(s) address or a relative one, already escaped."""

    text: str
    target: str


Scalar = str | int | float | bool | datetime
Value = Scalar | Link | None
Key = tuple[str, ...]


class Kind(enum.Enum):
    """What a column holds, as far as its looks depend on it."""

    TEXT = "text"
    CENTRED = "centred"
    TIME = "time"
    STATE = "state"
    STAFF = "staff"


class Tone(enum.Enum):
    """The quiet colour a whole row lies on."""

    PLAIN = "plain"
    BAND = "band"
    GOOD = "good"
    OPEN = "open"
    URGENT = "urgent"
    IDLE = "idle"


class Column(Struct, frozen=True):
    """A column's header, its width in characters of body text, and its kind."""

    header: str
    width: float
    kind: Kind = Kind.TEXT


class Row(Struct, frozen=True):
    """One row; `values` are in the order of the columns, times naive and in Shanghai's zone."""

    values: tuple[Value, ...]
    tone: Tone = Tone.PLAIN


class Table(Struct, frozen=True):
    """A sheet with its header in row 1; `frozen` columns stay in view, `key`, `marks` and `tie` name a row (see `keys`).

    `notes` hang on cells: row and column, both counted from 1, and text.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    frozen: int
    key: tuple[str, ...]
    marks: tuple[str, ...] = ()
    tie: str = ""
    notes: tuple[tuple[int, int, str], ...] = ()


def clean(text: str) -> str:
    """Text that a cell can hold: without characters that XML forbids, cut with … at Excel's limit."""
    # Nearly every text is printable, and this is by far the fastest way to know.
    if not text.isprintable():
        text = ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) > CELL_LIMIT // 2 and len(text.encode("utf-16-le")) > 2 * CELL_LIMIT:
        text = text.encode("utf-16-le")[: 2 * (CELL_LIMIT - 1)].decode("utf-16-le", "ignore") + "…"
    return text


def escape_link(target: str) -> str:
    """Percent-encode what no spreadsheet accepts in a link; letters of every script stay, as Excel writes them."""
    return LINK_UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), target)


def web_link(text: str) -> Value:
    """The text as a link if it is exactly one http(s) address, else the text alone."""
    if PLAIN_LINK.fullmatch(text) and len(text) <= LINK_LIMIT:
        return Link(text, text)
    shown = clean(text.strip())
    try:
        parts = urlsplit(shown)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    target = escape_link(shown)
    if not usable or len(target) > LINK_LIMIT or shown.split() != [shown]:
        return clean(text)
    return Link(shown, target)


def plain(value: Value) -> Scalar:
    """A cell's value as a reader of the workbook gets it back."""
    if isinstance(value, Link):
        return value.text
    return "" if value is None else value


def same(value: Value) -> str:
    """The comparison copy of a cell: equal for all ways of writing one name (blanks, quotation marks, full width).

    It is stored with what staff wrote, so it must not change between versions of this program.
    """
    value = plain(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    folded = unicodedata.normalize("NFKC", str(value)).casefold()
    return "".join(filter(str.isalnum, folded)) or folded.strip()


def folded(values: Iterable[Value]) -> Key:
    """The comparison copies of several cells."""
    return tuple(map(same, values))


class Named(Struct, frozen=True):
    """What a row is named by: its key values; `marks`, which tell it from others of the same key; `tie`, where even they do not."""

    values: tuple[Value, ...]
    marks: tuple[Value, ...] = ()
    tie: Value = ""


def keys(rows: Sequence[Named]) -> list[Key]:
    """A stable name for each row, whatever order the rows stand in.

    Rows of equal key values are told apart by their marks; where these are equal too, by a number that follows their ties.
    """
    names: list[Key] = [folded(row.values) for row in rows]
    for name, alike in _groups(names, range(len(rows))).items():
        if len(alike) == 1:
            continue
        for position in alike:
            names[position] = (*name, *folded(rows[position].marks))
        for marked, positions in _groups(names, alike).items():
            ordered = sorted(positions, key=lambda position: _tie_order(rows[position].tie))
            for number, position in enumerate(ordered[1:], start=2):
                names[position] = (*marked, str(number))
    return names


def _groups(names: Sequence[Key], positions: Iterable[int]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = {}
    for position in positions:
        groups.setdefault(names[position], []).append(position)
    return groups


def _tie_order(tie: Value) -> tuple[int, str]:
    text = str(plain(tie))
    return len(text), text
