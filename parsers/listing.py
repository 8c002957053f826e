"""A list of projects in a grid: its header row (on one level or two) with its columns, and which rows are remarks.

Works on any vocabulary of labels; it neither reads the rows nor puts tables together to a form.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from msgspec import Struct

from parsers.labels import Rank, Vocabulary, breadth
from parsers.model import Cell, Grid
from parsers.text import label_key, label_keys, one_line

_REMARK = re.compile(
    r"合计|总计|共计|小计|总数|注\d?[:：]|备注[:：]|说明[:：]|填[表报写]说明|(?:表格)?填[写表报]?联系人|联系人|填[表报]人|"
    r"表格填写|经办人|审核人|负责人签|制表|日期[:：]|(?:学校)?团委.{0,4}盖章|(?:单位)?[(（]?盖章(?:[)）:：]|$)"
)
# What stands below a list in whatever column: who signs, the seal, the day, a number to call.
_CLOSING = re.compile(
    r"共青团.{2,30}委员会|.{2,20}(?:大学|学院|学校)团委|.{0,40}[(（](?:单位|学校|团委|加|请|签字)?(?:盖章|盖公章|公章|签章|签字)[)）].{0,12}|"
    r"(?:填[表报写]|制表|报送|上报)?(?:日期|时间)[:：].*|(?:联系)?(?:电话|方式|手机)(?:号码)?[:：].*|"
    r"(?:\d{2,4}|[二〇○零一三四五六七八九]{4})?[年./-](?:\d{1,2}|[一二三四五六七八九十]{1,3})?[月./-]"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})?日?"
)
_FEW = 3
_FEWEST = 4
_ROWS_OF_A_FORM, _LABELS_OF_A_FORM = 2, 3
_column_span = attrgetter("column_span")

Texts = Sequence[tuple[Cell, str]]


class Column(Struct, frozen=True):
    """Where a field's values stand: the columns from `start` up to, not including, `end`."""

    label: str
    start: int
    end: int


class Header(Struct, frozen=True):
    """A header's first row, the first row below it, and its columns by field."""

    top: int
    bottom: int
    columns: dict[str, Column]


class _Heading(Struct, frozen=True):
    name: str
    rank: Rank
    cell: Cell
    text: str


def _headings(texts: Texts, vocabulary: Vocabulary) -> list[_Heading]:
    """The labels among these cells; none where half of the cells are none."""
    headings: list[_Heading] = []
    for read, (cell, text) in enumerate(texts, 1):
        if match := vocabulary.match(text):
            headings.append(_Heading(*match, cell, text))
        elif 2 * (read - len(headings)) >= len(texts):
            return []
    return headings


def _second_level(grid: Grid, parent: Cell, vocabulary: Vocabulary) -> list[_Heading]:
    """The headings below one that spans several columns, if all cells there are headings."""
    end = parent.column + parent.column_span
    row = grid.row(parent.row + parent.row_span)
    below = [(cell, cell.text) for cell in row if parent.column <= cell.column < end]
    headings = [heading for heading in _headings(below, vocabulary) if heading.name]
    return headings if len(below) > 1 and len(headings) == len(below) else []


def heads_a_form(grid: Grid, row: int, vocabulary: Vocabulary) -> bool:
    """Whether labels with values of their own go on below this row of labels: then it heads no list.

    A form may print four labels side by side with their values below; its other labels then follow in rows of their
    own, which the rows of a list never do.
    """
    seen = vocabulary.named(label_keys([text for _, text in grid.texts(row)]))
    # Around most lists there are none.
    if len(vocabulary.named(grid.label_keys) - seen) < _LABELS_OF_A_FORM:
        return False
    rows = fresh = 0
    for below in grid.written_rows[bisect_right(grid.written_rows, row) :]:
        found = vocabulary.named(label_keys([text for cell, text in grid.texts(below) if cell.row == below]))
        if not found:
            continue
        if len(found & seen) >= _FEWEST:
            # The same labels side by side again head the next list.
            return False
        new = found - seen
        seen |= new
        rows, fresh = rows + bool(new), fresh + len(new)
        if rows >= _ROWS_OF_A_FORM and fresh >= _LABELS_OF_A_FORM:
            return True
    return False


def header_at(grid: Grid, row: int, vocabulary: Vocabulary, named: str) -> Header | None:
    """The header whose labels stand in this row: at least four, `named` among them, more than other texts."""
    texts = grid.texts(row)
    if len(texts) < _FEWEST:
        return None
    headings = _headings(texts, vocabulary)
    if len(headings) < _FEWEST:
        return None
    cells = [cell for cell, _ in texts]
    # In a form with values beside its labels a row may hold several labels too, but never more labels than values.
    if len({heading.name for heading in headings} - {""}) < _FEWEST or 2 * len(headings) <= breadth(cells):
        return None
    bottom = 0
    for cell in cells:
        if cell.column_span > 1 and (second := _second_level(grid, cell, vocabulary)):
            headings = [heading for heading in headings if heading.cell is not cell] + second
            bottom = cell.row + cell.row_span + 1
    columns = _columns(headings)
    if named not in columns or heads_a_form(grid, row, vocabulary):
        return None
    own = next(heading.cell for heading in headings if heading.name == named)
    return Header(own.row, max(bottom, own.row + own.row_span), columns)


def _columns(headings: list[_Heading]) -> dict[str, Column]:
    """One column for each field: an exact label beats an alias, an alias a near match, the first the later."""
    best: dict[str, _Heading] = {}
    for heading in headings:
        if heading.name and (heading.name not in best or heading.rank < best[heading.name].rank):
            best[heading.name] = heading
    return {
        name: Column(label_key(heading.text), (cell := heading.cell).column, cell.column + cell.column_span)
        for name, heading in best.items()
    }


def headers(grid: Grid, vocabulary: Vocabulary, named: str) -> list[Header]:
    """Every header of the grid from top to bottom."""
    found: list[Header] = []
    for row in grid.written_rows:
        if found and row < found[-1].bottom:
            continue
        if header := header_at(grid, row, vocabulary, named):
            found.append(header)
    return found


def _closes(texts: Texts) -> bool:
    """Whether nothing stands here but what stands below a list: closing lines, and labels each with a value behind it or none.

    A label alone at the left may head a group of projects.
    """
    announced = False
    for cell, text in texts:
        bare = "".join(text.split())
        label = bare.endswith((":", "：")) and (len(texts) > 1 or cell.column > 0)
        if not label and not announced and not _CLOSING.fullmatch(bare):
            return False
        announced = label
    return True


def is_remark(grid: Grid, row: int, header: Header) -> bool:
    """Whether the row is a total, a note, a contact line or a signature: one text over most columns, or one that says so."""
    texts = [pair for pair in grid.texts(row) if pair[0].row == row]
    if not texts:
        return False
    first = texts[0][1]
    if (len(texts) <= _FEW or first.endswith((":", "："))) and _closes(texts):
        return True
    if row in grid.wide_rows:
        own = [cell for cell, _ in texts]
        widest = max(own, key=_column_span)
        end = widest.column + widest.column_span
        covered = sum(1 for column in header.columns.values() if widest.column <= column.start < end)
        if covered >= _FEWEST or (covered == _FEWEST - 1 and len(own) == 1):
            return True
    # A number, or an address, is no remark.
    return not first.isascii() and _REMARK.match(one_line(first).replace(" ", "")) is not None
