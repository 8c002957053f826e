"""Word documents (.docx, .docm, .dotx, strict or transitional) as blocks, in one pass over the body.

Reads what a person sees with every tracked change accepted: text, marks, styles, tables, text boxes. Headers,
footers, notes, comments and automatic numbers are not read; nothing outside the package is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from parsers.formats import damaged, unsafe
from parsers.formats.docx_dull import without_dull
from parsers.formats.docx_inline import Inline
from parsers.formats.docx_markup import (
    ALTERNATIVES,
    CELL,
    CONTROL,
    DELETED,
    FORMULAS,
    HYPERLINK,
    INSERTED,
    MATH,
    PARAGRAPH,
    PARAGRAPH_LOOK,
    REVISIONS,
    ROW,
    RUN,
    RUN_LOOK,
    SIMPLE_FIELD,
    TABLE,
    W14,
    WRAPPERS,
    R,
    alternative,
    checkbox,
)
from parsers.formats.docx_plain import Survey, plain_runs, survey
from parsers.formats.fields import address, drawn
from parsers.formats.grid_rows import RowPlacer
from parsers.formats.package import Package, parse
from parsers.formats.run_look import W
from parsers.formats.text_run import Text
from parsers.model import SHAPE, Cell, Document, Grid, GridKind, Paragraph

FORMATS = ("docx",)

# A table nested deeper than this is a layout trick; its text is kept in its own grid only.
DEEPEST_COPY = 4
# A form has some hundred cells, a long report some thousand paragraphs.
MOST_CELLS = 60_000
MOST_PARAGRAPHS = 20_000


def read(content: bytes, kind: str) -> Document:
    """A Word document's blocks. Raises Unreadable."""
    package = Package(content)
    main = _main_part(package)
    root = parse(without_dull(package.read(main)))
    if root.tag != f"{W}document":
        raise damaged("文件不是完整的 Word 文档")
    reader = _Reader(Inline(package, main), survey(root))
    body = root.find(f"{W}body")
    if body is not None:
        reader.story(body)
        reader.close_paragraph()
    return Document(kind, tuple(block for block in reader.blocks if block is not None), reader.revised)


def _main_part(package: Package) -> str:
    """Where the text stands; nearly always in one place, which saves looking up the package's relationships."""
    usual = "word/document.xml"
    if usual in package:
        return usual
    return next((r.target for r in package.relations().values() if r.kind == "officeDocument"), usual)


class _Reader:
    """The state of one pass over the blocks; what stands inside paragraphs goes to `inline`."""

    def __init__(self, inline: Inline, found: Survey) -> None:
        """Where the document has no wrapper anywhere, looking for them can be saved."""
        self.blocks: list[Grid | Paragraph | None] = []
        self.revised = self._joined = False
        self._inline = inline
        self._telling, self._merges = found.telling, found.merges
        self._wrapped, self._tracked = bool(found.wrappers), not found.wrappers.isdisjoint(REVISIONS)
        self._depth = self._paragraphs = self._tables = self._cells = 0

    def story(self, parent: Any) -> None:
        """The paragraphs and tables of a body, a cell or a text box."""
        for child in self._unwrapped(parent):
            tag = child.tag
            if tag == PARAGRAPH:
                self._paragraph(child)
            elif tag == TABLE:
                self._table(child)

    def _paragraph(self, paragraph: Any) -> None:
        self._joined = False
        self._line(list(paragraph))
        boxes = self._inline.end_of_paragraph()
        if not self._joined:
            self.close_paragraph()
        for box in boxes:
            self.story(box)

    def _line(self, children: Iterable[Any]) -> None:
        """What stands in a paragraph, or in a wrapper inside one."""
        for child in children:
            tag = child.tag
            if tag == RUN:
                self._inline.run(child)
            elif tag == PARAGRAPH_LOOK:
                self._joined = self._tracked and self._mark_deleted(child)
            elif tag in WRAPPERS:
                self._line(self._opened(child, tag))
            elif tag in FORMULAS:
                self._inline.emit("".join(part.text or "" for part in child.iter(f"{MATH}t")))

    def _mark_deleted(self, properties: Any) -> bool:
        """Whether the paragraph's end was deleted, so that the next paragraph continues it."""
        mark = properties.find(RUN_LOOK)
        changes = set() if mark is None else {child.tag for child in mark} & REVISIONS
        self.revised |= bool(changes)
        return bool(changes & DELETED)

    def close_paragraph(self) -> None:
        """End a line in a cell; outside, make a block of what was gathered, if anything."""
        text = self._inline.text
        if self._depth:
            text.end_line()
            return
        self._inline.text = Text()
        runs = text.runs()
        if text.pictures or any(not run.text.isspace() for run in runs):
            self._paragraphs += 1
            if self._paragraphs > MOST_PARAGRAPHS:
                raise unsafe("文档过长，超出安全限制")
            self.blocks.append(Paragraph(self._paragraphs, runs, tuple(text.links), tuple(text.pictures)))

    def _table(self, table: Any) -> None:
        if not self._depth:
            self.close_paragraph()
        # The place is taken before the cells are read, so that nested tables follow their host.
        place = len(self.blocks)
        self.blocks.append(None)
        self._tables += 1
        ordinal, placer = self._tables, RowPlacer(self._merges)
        for row in self._unwrapped(table):
            if row.tag == ROW:
                self._row(row, placer)
        grid = Grid(GridKind.TABLE, ordinal, placer.cells())
        self.blocks[place] = grid
        if 0 < self._depth <= DEEPEST_COPY:
            self._copy_into_host(grid)

    def _row(self, row: Any, placer: RowPlacer) -> None:
        if self._tracked and self._row_deleted(row):
            return
        placer.start_row(row)
        for cell in self._unwrapped(row):
            if cell.tag == CELL:
                spot = placer.place(cell)
                if spot is not None:
                    placer.add(self._cell(cell, *spot))
        placer.end_row()

    def _row_deleted(self, row: Any) -> bool:
        properties = row.find(f"{W}trPr")
        changes = set() if properties is None else {child.tag for child in properties} & REVISIONS
        self.revised |= bool(changes)
        return bool(changes & DELETED)

    def _cell(self, cell: Any, row: int, column: int, span: int) -> Cell:
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise unsafe("文档中的表格过大，超出安全限制")
        inline = self._inline
        if cell not in self._telling and not inline.prompt and not inline.glyph:
            return Cell(row, column, plain_runs(cell), 1, span)
        outer = inline.text, inline.fields, inline.boxes
        inline.text, inline.fields, inline.boxes = Text(), [], []
        self._depth += 1
        self.story(cell)
        self._depth -= 1
        text = inline.text
        inline.text, inline.fields, inline.boxes = outer
        links, pictures = tuple(text.links), (*text.pictures, *(SHAPE,) * text.drawn)
        return Cell(row, column, text.runs(), 1, span, links=links, pictures=pictures)

    def _copy_into_host(self, grid: Grid) -> None:
        """People nest a table in a field of the form; its text belongs to that field as well."""
        text = self._inline.text
        for row in range(grid.row_count):
            text.add("\t".join(cell.text for cell in grid.row(row) if cell.row == row), 0)
            text.end_line()
        text.pictures += [picture for cell in grid.cells for picture in cell.pictures]
        text.links.update(dict.fromkeys(link for cell in grid.cells for link in cell.links))

    def _unwrapped(self, parent: Any) -> Iterable[Any]:
        """The children that count, with every wrapper around them opened and deleted ones left out."""
        return self._without_wrappers(parent) if self._wrapped else parent

    def _without_wrappers(self, parent: Any) -> Iterator[Any]:
        for child in list(parent):
            tag = child.tag
            if tag in WRAPPERS:
                yield from self._opened(child, tag)
            else:
                yield child

    def _opened(self, wrapper: Any, tag: str) -> Iterator[Any]:
        """What stands in a wrapper, further wrappers inside it opened as well."""
        if tag == CONTROL:
            yield from self._control(wrapper)
        elif tag in DELETED:
            self.revised = True
        elif tag == SIMPLE_FIELD:
            yield from self._simple_field(wrapper)
        elif tag == ALTERNATIVES:
            chosen = alternative(wrapper)
            yield from self._unwrapped(chosen if chosen is not None else ())
        else:
            self.revised |= tag in INSERTED
            if tag == HYPERLINK:
                self._inline.link_of(wrapper.get(f"{R}id"))
            yield from self._unwrapped(wrapper)

    def _control(self, control: Any) -> Iterator[Any]:
        """The content of a content control; a check box's glyph is replaced by its state."""
        content, properties = control.find(f"{W}sdtContent"), control.find(f"{W}sdtPr")
        if content is None:
            return
        inline, box = self._inline, None
        outer = inline.glyph, inline.prompt
        if properties is not None:
            inline.prompt = properties.find(f"{W}showingPlcHdr") is not None
            box = properties.find(f"{W14}checkbox")
        if box is not None:
            inline.glyph = checkbox(box)
        yield from self._unwrapped(content)
        if box is not None and inline.glyph and next(content.iter(PARAGRAPH, CELL), None) is None:
            inline.emit(inline.glyph)
        inline.glyph, inline.prompt = outer

    def _simple_field(self, field: Any) -> Iterator[Any]:
        instruction = field.get(f"{W}instr", "")
        text = drawn(instruction)
        if text is not None:
            self._inline.emit(text)
            return
        self._inline.link(address(instruction))
        yield from self._unwrapped(field)
