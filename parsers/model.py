"""The values every parser speaks in: a document's blocks, a form's record, and where each value stands.

Nothing here opens a file or judges a value; formats build documents, forms turn them into transcripts. A run is a
named tuple, which loops take apart; all else is a Struct.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field

from parsers.text import label_keys


class Style(enum.Flag):
    """How a run of text is set off from its neighbours, as far as people use it to mark a choice."""

    PLAIN = 0
    BOLD = enum.auto()
    ITALIC = enum.auto()
    UNDERLINE = enum.auto()
    HIGHLIGHT = enum.auto()
    COLOUR = enum.auto()
    STRIKE = enum.auto()
    BORDER = enum.auto()


class Run(NamedTuple):
    """A stretch of text of one style; `\\n` is a line break, `☑` and `☐` stand for every kind of box."""

    text: str
    style: Style = Style.PLAIN


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a cell or paragraph; `load` reads its bytes only when somebody asks."""

    name: str
    load: Callable[[], bytes] = dataclasses.field(compare=False, repr=False)


# What stands for something drawn over the text of a cell, such as an ellipse around a word; it has no bytes.
SHAPE = Picture("shape", bytes)


class CellKind(enum.Enum):
    """What a workbook says a cell holds; a table's cells are always text."""

    TEXT = "text"
    NUMBER = "number"
    UNCALCULATED = "uncalculated"


# Cells and places come by the hundred, and none is part of a cycle that would have to be looked for.
class Cell(Struct, frozen=True, gc=False):
    """One cell with its span; `row` and `column` count from 0 and name its top left corner."""

    row: int
    column: int
    runs: tuple[Run, ...] = ()
    row_span: int = 1
    column_span: int = 1
    kind: CellKind = CellKind.TEXT
    links: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def text(self) -> str:
        """The whole text as written, styles dropped."""
        runs = self.runs
        return runs[0][0] if len(runs) == 1 else "".join([run.text for run in runs])


_column = attrgetter("column")


class GridKind(enum.Enum):
    """A worksheet's cells have names (C5), a table's only a row and a column."""

    SHEET = "sheet"
    TABLE = "table"


class Grid(Struct, frozen=True, dict=True):
    """A worksheet or a table: non-overlapping cells, in reading order; cells nobody wrote may be absent.

    `name` is the worksheet's title; of a table it is empty, and `ordinal` (from 1, counted among the
    document's grids of the same kind, nested tables in reading order) tells which it is.
    """

    kind: GridKind
    ordinal: int
    cells: tuple[Cell, ...]
    name: str = ""
    hidden: bool = False

    @cached_property
    def row_count(self) -> int:
        return self.written_rows[-1] + 1 if self.written_rows else 0

    @cached_property
    def column_count(self) -> int:
        return max((cell.column + cell.column_span for cell in self.cells), default=0)

    @cached_property
    def _covering(self) -> dict[tuple[int, int], Cell]:
        covering = {(cell.row, cell.column): cell for cell in self.cells}
        for cell in self.cells:
            if cell.row_span > 1 or cell.column_span > 1:
                for row in range(cell.row, cell.row + cell.row_span):
                    columns = range(cell.column, cell.column + cell.column_span)
                    covering.update(dict.fromkeys([(row, column) for column in columns], cell))
        return covering

    def at(self, row: int, column: int) -> Cell | None:
        """The cell that covers this position, or None where nothing was written."""
        return self._covering.get((row, column))

    @cached_property
    def _rows(self) -> dict[int, tuple[Cell, ...]]:
        rows: defaultdict[int, list[Cell]] = defaultdict(list)
        for cell in self.cells:
            if cell.row_span == 1:
                rows[cell.row].append(cell)
                continue
            for row in range(cell.row, cell.row + cell.row_span):
                rows[row].append(cell)
        return {row: tuple(sorted(cells, key=_column)) for row, cells in rows.items()}

    @cached_property
    def _read(self) -> dict[int, list[tuple[Cell, str]]]:
        # A call of `Cell.text` for each would take longer than all else here.
        return {
            row: [(cell, runs[0][0] if len(runs := cell.runs) == 1 else cell.text) for cell in cells]
            for row, cells in self._rows.items()
        }

    @cached_property
    def _texts(self) -> dict[int, tuple[tuple[Cell, str], ...]]:
        return {row: tuple([pair for pair in pairs if pair[1].strip()]) for row, pairs in self._read.items()}

    @cached_property
    def wide_rows(self) -> Set[int]:
        """The rows that a cell of several columns covers."""
        wide = [cell for cell in self.cells if cell.column_span > 1]
        return {row for cell in wide for row in range(cell.row, cell.row + cell.row_span)}

    @cached_property
    def written_rows(self) -> tuple[int, ...]:
        """The rows that a cell covers, in order; a stray one at the bottom of a sheet leaves a million others out."""
        return tuple(sorted(self._rows))

    def row(self, row: int) -> tuple[Cell, ...]:
        """The cells that cover this row, from left to right, each once."""
        return self._rows.get(row, ())

    def read(self, row: int) -> Sequence[tuple[Cell, str]]:
        """The cells that cover this row, each with its text, blank or not, from left to right."""
        return self._read.get(row, ())

    def texts(self, row: int) -> tuple[tuple[Cell, str], ...]:
        """The cells that cover this row and hold more than blanks, each with its text, from left to right."""
        return self._texts.get(row, ())

    @cached_property
    def label_keys(self) -> Set[str]:
        """What the texts of the whole grid may be called, by `parsers.text.label_keys`."""
        return label_keys({text for texts in self._texts.values() for _, text in texts})

    def places(self, row: int, spots: Iterable[tuple[int | None, int, str]]) -> list[Place]:
        """The places of these columns and labels, each in its own row, or in this one where that is None."""
        kind, name, ordinal = self.kind, self.name, self.ordinal
        return [Place(kind, name, ordinal, row if own is None else own, column, label) for own, column, label in spots]

    def place(self, row: int, column: int, label: str = "") -> Place:
        """The place of a cell, or of a label that stands for it, in this grid."""
        return Place(self.kind, self.name, self.ordinal, row, column, label)


class Paragraph(Struct, frozen=True):
    """A paragraph outside every table; `ordinal` counts from 1."""

    ordinal: int
    runs: tuple[Run, ...] = ()
    links: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def text(self) -> str:
        """The whole text as written, styles dropped."""
        return "".join(run.text for run in self.runs)


class ProblemKind(enum.Enum):
    """Why a file, or a part of it, could not be read; the values are the ends of the `file.*` rule ids."""

    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"
    UNSAFE = "unsafe"


# The note on a picture or PDF that bears a red seal without being a form that could be read, once for each such page.
STAMPED = "页面上有红色印章"
# The note on a PDF in which no text could be read.
SCANNED = "是扫描件或图片，程序读不出其中的文字"


# The note on a form whose list of categories bears something drawn, or a tick apart from all of them, and no other mark.
DRAWN = "项目类别一栏画有图形或单独的“√”，程序认不出标的是哪一类"


class Problem(Struct, frozen=True):
    """What a reader could not do; `detail` is a short Chinese phrase for the person who sent the file."""

    kind: ProblemKind
    detail: str = ""


class Document(Struct, frozen=True):
    """A file as blocks in reading order; a nested table follows the table it stands in."""

    format: str
    blocks: tuple[Grid | Paragraph, ...] = ()
    revised: bool = False


class Place(Struct, frozen=True, gc=False):
    """Where a value stands, said so that a person finds it; `row` and `column` count from 0, -1 is unknown."""

    kind: GridKind | None = None
    grid: str = ""
    ordinal: int = 0
    row: int = -1
    column: int = -1
    label: str = ""

    def __str__(self) -> str:
        label = f"“{self.label}”" if self.label else ""
        if self.kind is GridKind.SHEET:
            cell = f" {column_letters(self.column)}{self.row + 1}" if self.row >= 0 else ""
            return f"工作表“{self.grid}”{cell} {label}".rstrip()
        if self.kind is GridKind.TABLE:
            row = f"第{self.row + 1}行" if self.row >= 0 else ""
            return f"第{self.ordinal}个表格{row}{label}"
        if self.row >= 0:
            return f"正文第{self.row + 1}段{label}"
        return label


def column_letters(column: int) -> str:
    """A worksheet column's letters; 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class Project(Struct, frozen=True):
    """One project row of Annex 3 (附件3), every value as the university wrote it."""

    number: str = ""
    project_name: str = ""
    summary: str = ""
    category: str = ""
    applicant: str = ""
    links: tuple[str, ...] = ()
    leader: str = ""
    phone: str = ""


class Annex3(Struct, frozen=True):
    """The summary table of one university (附件3 项目汇总表)."""

    university: str = ""
    project_count: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    projects: tuple[Project, ...] = ()


class Annex4(Struct, frozen=True):
    """The application form of one project (附件4 项目申报表).

    `categories` is what is selected; `signed_on` an ISO date or ""; `sealed` None where it cannot be told.
    """

    project_name: str = ""
    university: str = ""
    applicant: str = ""
    leader: str = ""
    phone: str = ""
    members: str = ""
    categories: tuple[str, ...] = ()
    period: str = ""
    content: str = ""
    recommendation: str = ""
    signed_on: str = ""
    sealed: bool | None = None


Record = Annex3 | Annex4


class Transcript(Struct, frozen=True):
    """One form found in a document, or the statement that there is none.

    `form` is "annex3", "annex4" or None; `format` a name from the catalogue ("docx", "xlsx", …).
    `places` maps a field's name ("university", "projects.0.phone") to where it stands, blank values included.
    `notes` are short Chinese remarks for staff, such as unaccepted tracked changes.
    """

    form: str | None
    format: str
    record: Record | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class Found(NamedTuple):
    """A form that a form module found; `block` is the index, in the document's blocks, of the grid or paragraph it begins at.

    A `blank` one is the template as it was sent out, or says no more than that.
    """

    block: int
    transcript: Transcript
    blank: bool = False
