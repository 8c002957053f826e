"""The values of a form of printed labels: every cell goes to the label it stands beside, below or behind.

One walk over the rows; it neither tidies a value nor knows what a field means.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from parsers.labelled import INLINE, INSIDE, PARAGRAPHS, Label, Layout, Stretch, leftmost, place
from parsers.labels import Rank
from parsers.model import Cell, CellKind, Picture, Place, Run, column_letters
from parsers.placeholders import without_placeholders
from parsers.text import narrow

_FAR = 100
_NOWHERE = Place()
_REMARKS = ("注:", "注1", "备注:", "说明:", "填表说明", "填写说明")


@dataclass(slots=True)
class Value:
    """What was found for a field: its label, the cells of its value by row, and where the value stands."""

    label: Label | None = None
    place: Place = _NOWHERE
    rows: list[list[tuple[Run, ...]]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    last: tuple[int, int] = (-1, -1)

    @property
    def text(self) -> str:
        """The cells' texts without prompts to fill them: those of a row parted by a blank, rows by line breaks."""
        return without_placeholders("\n".join([" ".join([_text(runs) for runs in row]) for row in self.rows]))

    @property
    def runs(self) -> list[Run]:
        """The same with its styles."""
        result: list[Run] = []
        for row in self.rows:
            for runs in row:
                result += [*runs, Run("  ")]
            result.append(Run("\n"))
        return result


def _text(runs: tuple[Run, ...]) -> str:
    return runs[0].text if len(runs) == 1 else "".join([run.text for run in runs])


def _best(form: Sequence[Stretch], layout: Layout) -> dict[str, Label]:
    """Of the labels of each field the surest and first one, for a personal field if it can be one of that person."""
    labels = [label for stretch in form for label in stretch.labels]
    best: dict[str, Label] = {}
    for label in labels:
        if label.name and (label.name not in best or label.rank < best[label.name].rank):
            best[label.name] = label
    for name, person in layout.personal.items():
        if [label.name for label in labels].count(name) > 1:
            enough = max(best[name].rank, Rank.ALIAS)
            own = [label for label in _own(labels, layout, name, best.get(person)) if label.rank <= enough]
            best[name] = min(own, key=attrgetter("rank"), default=best[name])
    return best


def _own(labels: Iterable[Label], layout: Layout, name: str, person: Label | None) -> Iterator[Label]:
    """The labels of a personal field, without those that stand behind the label of anybody but this person."""
    own = True
    for label in labels:
        if label.rank < INSIDE and label.printed in layout.others:
            own = False
        elif person and label.rank < INSIDE and label.name == person.name:
            own = label.rank == person.rank
        elif own and label.name == name:
            yield label


def _choose(form: Sequence[Stretch], layout: Layout) -> list[dict[tuple[int, int], list[Label]]]:
    """The labels that count, by position: one for each field, repeats of long ones, and foreign ones."""
    best = _best(form, layout)
    counting = {id(label) for label in best.values()}
    result: list[dict[tuple[int, int], list[Label]]] = []
    for stretch in form:
        kept: dict[tuple[int, int], list[Label]] = {}
        for label in stretch.labels:
            repeat = label.name in layout.long and label.rank < INLINE and leftmost(stretch.grid, label)
            if id(label) not in counting and not repeat:
                # A second 联系电话 behind 指导教师 is a label still, but of nothing that is asked for; before a colon
                # such words are text.
                if label.rank > Rank.ALIAS:
                    continue
                label = label._replace(name="")
            kept.setdefault((label.cell.row, label.cell.column), []).append(label)
        result.append(kept)
    return result


class Reader:
    """Walks the rows of one form once and gives every cell to the label it belongs to."""

    def __init__(self, form: Sequence[Stretch], layout: Layout, fields: Iterable[str], final: str) -> None:
        """`final` is the field that ends the form: pictures from its label on are its own."""
        self.values = {name: Value() for name in fields}
        self.notes: list[str] = []
        self._layout, self._final = layout, final
        self._owner: Label | None = None
        self._below: list[Label] = []
        self._ending = False
        for stretch, labels in zip(form, _choose(form, layout), strict=True):
            self._stretch = stretch
            above = stretch.first
            rows = stretch.grid.written_rows
            for row in rows[bisect_left(rows, stretch.first) : bisect_left(rows, stretch.end)]:
                if row - above > _FAR:
                    # A stray cell far below a form is no part of its last field.
                    self._owner, self._below = None, []
                above = row
                self._read_row(row, labels)

    def _read_row(self, row: int, labels: dict[tuple[int, int], list[Label]]) -> None:
        cells = self._stretch.grid.row(row)
        found = [labels.get((cell.row, cell.column), ()) for cell in cells]
        if any(found):
            self._read_labelled(row, cells, found)
            return
        for cell in cells:
            if cell.row == row:
                self._give(self._running(cell), row, cell)
        if self._stretch.grid.texts(row):
            self._below = []

    def _running(self, cell: Cell) -> Label | None:
        """The label whose value goes on in this cell of a row without labels."""
        end = cell.column + cell.column_span
        for label in self._below:
            above = label.cell
            if above.column < end and cell.column < above.column + above.column_span:
                return label
        owner = self._owner
        if owner is None or owner.name not in self._layout.runs_on:
            return None
        return None if narrow(cell.text).lstrip().startswith(_REMARKS) else owner

    def _read_labelled(self, row: int, cells: Sequence[Cell], found: Sequence[Sequence[Label]]) -> None:
        """A row with labels, given for each of its cells."""
        owner: Label | None = None
        here: list[Label] = []
        for cell, own in zip(cells, found, strict=True):
            for label in own:
                owner = label
                here.append(label)
                if cell.row == row:
                    self._begin(label)
            if not own and cell.row == row:
                self._give(owner, row, cell)
        self._owner = owner
        ends = [label.cell.column for label in here[1:]] + [self._stretch.grid.column_count]
        self._below = [
            label
            for label, end in zip(here, ends, strict=True)
            if label.cell.column + label.cell.column_span >= end and not label.rest and label.name
        ]

    def _begin(self, label: Label) -> None:
        self._ending = self._ending or label.name == self._final
        cell = label.cell
        self._keep_pictures(label, cell)
        if not label.name:
            return
        value = self.values[label.name]
        if value.label is None:
            value.label = label
            column = cell.column if label.rest else cell.column + cell.column_span
            value.place = place(self._stretch.grid, cell.row, column, label.printed)
        if label.rest:
            value.rows.append([label.rest])

    def _give(self, label: Label | None, row: int, cell: Cell) -> None:
        self._keep_pictures(label, cell)
        if label is None or not label.name:
            return
        value = self.values[label.name]
        if not value.rows and value.label is not None:
            value.place = place(self._stretch.grid, row, cell.column, value.label.printed)
        if cell.kind is CellKind.UNCALCULATED:
            self.notes.append(f"单元格 {column_letters(cell.column)}{cell.row + 1} 的公式没有计算结果")
        if not cell.runs:
            return
        if value.last == (self._stretch.block, row):
            value.rows[-1].append(cell.runs)
        else:
            value.rows.append([cell.runs])
        value.last = self._stretch.block, row

    def _keep_pictures(self, label: Label | None, cell: Cell) -> None:
        if not cell.pictures:
            return
        if name := self._final if self._ending else label.name if label else self._above_all():
            self.values[name].pictures += cell.pictures

    def _above_all(self) -> str:
        """The first field where no label was read yet in a table: what hangs at its title is the form's."""
        began = self._stretch.grid.name == PARAGRAPHS or any(value.label for value in self.values.values())
        return "" if began else self._layout.first
