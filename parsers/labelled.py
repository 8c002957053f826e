"""A form of printed labels with a value each: which cells are labels, and where in a grid a form begins.

Works on any vocabulary, on tables, worksheets and paragraphs; the values themselves are read in values.py.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from parsers.labels import Vocabulary, breadth
from parsers.listing import heads_a_form
from parsers.model import Cell, Grid, Place, Run
from parsers.text import LONGEST_LABEL, label_key, narrow

# What a label loses in standing by being found before a colon, or where a value is expected.
INLINE, INSIDE = 4, 10
# The name of a grid that was made from paragraphs outside every table.
PARAGRAPHS = "\0paragraphs"
# The lines that stand above a form: its number among the annexes, its title, and what is added to them in brackets.
_TITLE = re.compile(
    r"\s*(?:附件\s*[\d一二三四五]+\s*[:：.、]?|附件\s*[\d一二三四五]+\D{0,30}|[^:。]{0,40}(?:申报表|汇总表|申请表|登记表)\s*\S{0,6})\s*"
)
_CLAUSES = re.compile(r"[,，;；。]")
_SUBTITLE = re.compile(r"\s*[(（][^()（）]{1,30}[)）]\s*")


class Layout(Struct, frozen=True):
    """A form's vocabulary; `long` fields hold several lines, `runs_on` may go on in rows without a label.

    `personal` fields are those of the person in another field; `others` are the keys of labels of other people.
    """

    vocabulary: Vocabulary
    long: tuple[str, ...]
    runs_on: tuple[str, ...]
    first: str
    personal: Mapping[str, str]
    others: frozenset[str]


class Label(NamedTuple):
    """A cell that announces a field ("" for a foreign one); `rest` is what the cell says behind the label."""

    cell: Cell
    name: str
    rank: int
    printed: str
    rest: tuple[Run, ...] = ()


class Stretch(Struct, frozen=True):
    """The rows of a grid, from `first` up to, not including, `end`, that belong to a form."""

    block: int
    grid: Grid
    labels: tuple[Label, ...]
    first: int
    end: int


def place(grid: Grid, row: int, column: int, label: str) -> Place:
    """The place of a cell, or of the paragraph it was made from."""
    if grid.name == PARAGRAPHS:
        return Place(row=row, label=label)
    return grid.place(row, column, label)


def is_title(text: str) -> bool:
    """Whether a line is the heading of an annex."""
    return _TITLE.fullmatch(narrow(text)) is not None


def names(labels: Iterable[Label]) -> set[str]:
    """The fields that labels in a label's place announce."""
    return {label.name for label in labels if label.name and label.rank < INSIDE}


def _part(runs: Iterable[Run], start: int, end: int) -> tuple[Run, ...]:
    """The runs from character `start` up to, not including, `end`."""
    parts: list[Run] = []
    for run in runs:
        if text := run.text[max(start, 0) : max(end, 0)]:
            parts.append(Run(text, run.style))
        start, end = start - len(run.text), end - len(run.text)
    return tuple(parts)


def cell_labels(cell: Cell, layout: Layout) -> list[Label]:
    """The label this cell is, or those it holds before colons or a line break: none, usually one."""
    return _labels(cell, cell.text, layout)


def _labels(cell: Cell, text: str, layout: Layout) -> list[Label]:
    if not text or text.isspace():
        return []
    vocabulary = layout.vocabulary
    if match := vocabulary.known(text):
        return [Label(cell, match[0], match[1], label_key(text))]
    head = text[: LONGEST_LABEL + 1].replace("：", ":")
    for mark in (":", "\n"):
        position = head.find(mark, len(head) - len(head.lstrip()) + 1) if mark in head else 0
        if position > 0 and (match := vocabulary.known(text[:position])):
            return _inline(cell, Label(cell, match[0], match[1] + INLINE, ""), position, layout)
    if match := vocabulary.match(text):
        return [Label(cell, match[0], match[1], label_key(text))]
    return []


def _inline(cell: Cell, first: Label, mark: int, layout: Layout) -> list[Label]:
    """The labels of a cell whose first one ends at this mark, each with what follows it."""
    text = cell.text
    spots = [(0, mark, first.name, first.rank)]
    if first.name not in layout.long:
        spots += _further(text, mark + 1, layout, first.name)
    ends = [begin for begin, *_ in spots[1:]] + [len(text)]
    return [
        Label(cell, name, rank, label_key(text[begin:colon]), _part(cell.runs, colon + 1, end))
        for (begin, colon, name, rank), end in zip(spots, ends, strict=True)
    ]


def _further(text: str, start: int, layout: Layout, first: str) -> list[tuple[int, int, str, int]]:
    """Further labels in a cell (负责人：张三  联系电话：…): each one's start, colon, field and rank.

    A second label of the same field (联系电话：手机：…) is part of the value.
    """
    copy = narrow(text)
    seen = {first}
    found: list[tuple[int, int, str, int]] = []
    colon = copy.find(":", start)
    while colon >= 0:
        floor = max(start, colon - 24)
        blank = [character.isspace() for character in copy[floor:colon]]
        begins = [floor + i for i, gap in enumerate(blank) if not gap and (i == 0 or blank[i - 1])]
        for begin in begins:
            match = layout.vocabulary.known(text[begin:colon])
            if match and match[0] and match[0] not in seen:
                seen.add(match[0])
                found.append((begin, colon, match[0], match[1] + INLINE))
                start = colon + 1
                break
        colon = copy.find(":", colon + 1)
    return found


def grid_labels(grid: Grid, layout: Layout) -> tuple[Label, ...]:
    """The labels of a grid in reading order, those in the place of a value ranked behind all others."""
    found: dict[tuple[int, int], list[Label]] = {}
    result: list[Label] = []
    for row in grid.written_rows:
        for cell, text in grid.texts(row):
            if cell.row == row and (labels := _labels(cell, text, layout)):
                found[row, cell.column] = labels
                result += [_ranked(label, grid, found, layout) for label in labels]
    return tuple(result)


def _ranked(label: Label, grid: Grid, found: Mapping[tuple[int, int], Sequence[Label]], layout: Layout) -> Label:
    """The label, ranked behind all others where a label further left in its row, found already, claims its place."""
    for cell in grid.row(label.cell.row):
        if cell.column >= label.cell.column:
            break
        for left in found.get((cell.row, cell.column), ()):
            if _claims(left, label, layout):
                return label._replace(rank=label.rank + INSIDE)
    return label


def _claims(left: Label, label: Label, layout: Layout) -> bool:
    """Whether the label stands where the value of the label left of it is expected."""
    if left.rank >= INLINE or not left.name:
        return False
    beside = left.cell.column + left.cell.column_span == label.cell.column
    return left.name in layout.long or (beside and label.rank >= INLINE)


def is_list(grid: Grid, layout: Layout) -> bool:
    """Whether a row heads a list: four or more labels side by side, more than there are values."""
    for row in range(min(grid.row_count, 60)):
        if len(grid.row(row)) < 4:
            continue
        written = [cell for cell, _ in grid.texts(row)]
        matches = [layout.vocabulary.match(text) for _, text in grid.texts(row)]
        fields = {match[0] for match in matches if match and match[0]}
        if len(fields) >= 4 and 2 * sum(match is not None for match in matches) > breadth(written):
            return not heads_a_form(grid, row, layout.vocabulary)
    return False


def leftmost(grid: Grid, label: Label) -> bool:
    """Whether nothing but blanks stands left of the label in its row."""
    texts = grid.texts(label.cell.row)
    return not texts or texts[0][0].column >= label.cell.column


def stretches(block: int, grid: Grid, layout: Layout) -> list[Stretch]:
    """The grid, cut where a new form begins: at the title of its first field, if enough other labels follow."""
    labels = grid_labels(grid, layout)
    firsts = [label for label in labels if label.name == layout.first and label.rank < INSIDE and leftmost(grid, label)]
    # Where the first form's label is a cell of its own, the same words before a colon further down are text.
    rows = [label.cell.row for label in firsts if (label.rank < INLINE) == (firsts[0].rank < INLINE)]
    starts: list[int] = []
    for row, end in zip(rows, [*rows[1:], grid.row_count], strict=False):
        if not starts or len(names(_between(labels, row, end))) >= 3:
            starts.append(row)
    cuts = [0, *(_with_title(grid, row) for row in starts[1:]), grid.row_count]
    return [
        Stretch(block, grid, _between(labels, first, end), first, end) for first, end in pairwise(cuts) if end > first
    ]


def _with_title(grid: Grid, row: int) -> int:
    """The first of the title rows right above this row of a grid, or the row itself."""
    first = row
    for above in range(row - 1, -1, -1):
        texts = grid.texts(above)
        written = texts[0][1].split("\n") if len(texts) == 1 else []
        # A sentence that speaks of a form is no title; in a table a title has a row of its own.
        titled = any(is_title(line) and not _CLAUSES.search(line) for line in written)
        if texts and not titled and not all(map(_SUBTITLE.fullmatch, written or [""])):
            break
        first = above if titled else first
    return first


def _between(labels: tuple[Label, ...], first: int, end: int) -> tuple[Label, ...]:
    """The labels in these rows, of labels in reading order."""
    begin = bisect_left(labels, first, key=_row)
    return labels[begin : bisect_left(labels, end, begin, key=_row)]


def _row(label: Label) -> int:
    return label.cell.row
