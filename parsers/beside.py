"""Labelled paragraphs outside every table: forms written as lines, and the lines above or below a table that belong to its form.

It finds which paragraphs go together; how a value is read from them is the same as in a table (values.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.labelled import PARAGRAPHS, Layout, Stretch, cell_labels, is_list, is_title, names
from parsers.model import Cell, Document, Grid, GridKind, Paragraph


def as_grid(paragraphs: Sequence[Paragraph]) -> Grid:
    """Paragraphs as a grid of one column, their numbers as its rows."""
    cells = [
        Cell(part.ordinal - 1, 0, part.runs, links=part.links, pictures=part.pictures)
        for part in paragraphs
        if part.text.strip() or part.pictures
    ]
    return Grid(GridKind.TABLE, 0, tuple(cells), PARAGRAPHS)


def sections(document: Document, layout: Layout) -> list[tuple[int, Grid]]:
    """The document's paragraphs, cut at headings of annexes and at lists, with the block each section begins at."""
    found: list[tuple[int, list[Paragraph]]] = []
    for index, block in enumerate(document.blocks):
        if isinstance(block, Grid):
            if is_list(block, layout):
                found.append((index + 1, []))
        elif is_title(block.text):
            found.append((index, [block]))
        elif found:
            found[-1][1].append(block)
        else:
            found.append((index, [block]))
    return [(index, as_grid(paragraphs)) for index, paragraphs in found]


def title_of(document: Document, block: int) -> list[Paragraph]:
    """The paragraphs from the first title right above this block; blank ones at the document's beginning are of it too."""
    first = block
    for index in range(block - 1, -1, -1):
        above = document.blocks[index]
        if isinstance(above, Grid) or (above.text.strip() and not is_title(above.text)):
            break
        if above.text.strip() or index == 0:
            first = index
    return [part for part in document.blocks[first:block] if isinstance(part, Paragraph)]


def block_of(document: Document, row: int) -> int:
    """The index, in the document's blocks, of the paragraph that is this row of `as_grid`."""
    return next(
        index
        for index, block in enumerate(document.blocks)
        if isinstance(block, Paragraph) and block.ordinal - 1 >= row
    )


def with_lines(
    document: Document, forms: Sequence[list[Stretch]], layout: Layout, fields: set[str]
) -> list[list[Stretch]]:
    """The forms with the paragraphs right above and below their tables that hold fields the tables lack."""
    whole = [list(form) for form in forms]
    missing = [fields - names(label for part in form for label in part.labels) for form in forms]
    for index in range(len(forms) + 1):
        before = index - 1 if index else None
        after = index if index < len(forms) else None
        start = forms[before][-1].block + 1 if before is not None else 0
        end = forms[after][0].block if after is not None else len(document.blocks)
        first, second = _gap(
            document, start, end, before is not None, fields - missing[before] if before is not None else set(), layout
        )
        if before is not None and (stretch := _stretch(start, first, missing[before], layout)):
            whole[before].append(stretch)
        if after is not None and (stretch := _stretch(start, second, missing[after], layout)):
            whole[after].insert(0, stretch)
    return whole


def _gap(
    document: Document, start: int, end: int, behind: bool, known: set[str], layout: Layout
) -> tuple[list[Paragraph], list[Paragraph]]:
    """The paragraphs between two forms: those that go on with the one before, and those that lead to the next."""
    blocks = document.blocks[start:end]
    grids = [index for index, block in enumerate(blocks) if isinstance(block, Grid)]
    head = [block for block in blocks[: grids[0] if grids else len(blocks)] if isinstance(block, Paragraph)]
    tail = [block for block in blocks[grids[-1] + 1 if grids else 0 :] if isinstance(block, Paragraph)]
    if not behind:
        return [], tail
    cut = next(
        (index for index, part in enumerate(head) if is_title(part.text) or _labels(part, layout) & known), len(head)
    )
    return head[:cut], tail if grids else head[cut:]


def _labels(paragraph: Paragraph, layout: Layout) -> set[str]:
    cell = Cell(paragraph.ordinal - 1, 0, paragraph.runs)
    return names(cell_labels(cell, layout))


def _stretch(block: int, paragraphs: Sequence[Paragraph], missing: set[str], layout: Layout) -> Stretch | None:
    """The paragraphs from the first one that holds a missing field, or None."""
    starts = [index for index, part in enumerate(paragraphs) if _labels(part, layout) & missing]
    if not starts:
        return None
    grid = as_grid(paragraphs[starts[0] :])
    labels = tuple(label for cell in grid.cells for label in cell_labels(cell, layout) if label.name in missing)
    return Stretch(block, grid, labels, 0, grid.row_count)
