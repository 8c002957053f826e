"""Tables as plain text (.csv, .tsv, and such text under the name of a workbook) as one sheet.

The delimiter is the one that gives the rows one width; no cell is taken for a number or a date, so a phone number
stays as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from parsers.charset import decoded
from parsers.formats import damaged, unsafe
from parsers.formats.symbols import marks
from parsers.model import Cell, Document, Grid, GridKind, Run

FORMATS = ("csv",)

DELIMITERS = "\t,;|"
LARGEST = 16 << 20
MOST_CELLS = 400_000
MOST_ROWS = 20_000
MOST_COLUMNS = 16_384
WEIGHED_ROWS = 60
# Excel takes this first line for an instruction and does not show it.
STATED = re.compile(r"sep=(.)\r?\n", re.I)
# The way to keep Excel from making a number of a phone: ="13800000001".
AS_TEXT = re.compile(r'=\s*"([^"]*)"$')


def read(content: bytes, kind: str) -> Document:
    """The text's cells as a sheet; blank cells are absent. Raises Unreadable."""
    if len(content) > LARGEST:
        raise unsafe("文本表格过大，超出安全限制")
    text = decoded(content)
    stated = STATED.match(text)
    text = text[stated.end() :] if stated else text
    delimiter = stated[1] if stated else _delimiter(text)
    cells: list[Cell] = []
    filled = 0
    for row, values in enumerate(_rows(text, delimiter)):
        before = len(cells)
        if len(values) > MOST_COLUMNS:
            raise unsafe("文本表格的列数过多，超出安全限制")
        cells += [
            Cell(row, column, (Run(shown),)) for column, value in enumerate(values) if (shown := _shown(value)).strip()
        ]
        filled += len(cells) > before
        if len(cells) > MOST_CELLS or filled > MOST_ROWS:
            raise unsafe(f"工作表超过 {MOST_ROWS} 行，超出安全限制")
    blocks = (Grid(GridKind.SHEET, 1, tuple(cells), "Sheet1"),) if cells else ()
    return Document(kind, blocks)


def _delimiter(text: str) -> str:
    """The delimiter that gives most rows one width above 1; of two alike, the tab, else the one with more columns."""
    best, most = ",", (0.0, False, 0)
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        widths = Counter(len(row) for row in islice(_rows(text, delimiter), WEIGHED_ROWS) if row)
        width, rows = max(widths.items(), key=lambda pair: (pair[0] > 1, pair[1]), default=(1, 0))
        worth = (rows / max(widths.total(), 1), delimiter == "\t", width)
        if width > 1 and worth > most:
            best, most = delimiter, worth
    return best


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    except csv.Error:
        raise damaged("文本表格的引号或分隔符有误") from None


def _shown(value: str) -> str:
    text = AS_TEXT.match(value.strip())
    return marks((text[1] if text else value).replace("\r\n", "\n").replace("\r", "\n"))
