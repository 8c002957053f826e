"""Cells of a Word table that hold nothing but paragraphs of plain text, which is most of them: their text in one go.

Only saves time: what docx.py would read there step by step is the same. Every other cell is left to it.
"""

from __future__ import annotations

from typing import Any

from parsers.formats.docx_inline import BREAKS, PARTS
from parsers.formats.docx_markup import CELL, FORMULAS, PARAGRAPH, RUN, RUN_LOOK, TABLE, TEXT, WRAPPERS
from parsers.formats.text_run import run_of
from parsers.model import Run

# Everything that decides what is read but paragraphs, runs, their text and looks.
TELLING = (TABLE, *WRAPPERS, *FORMULAS, *PARTS, *BREAKS)


def telling_cells(table: Any) -> set[Any]:
    """The `w:tc` of a `w:tbl`, and of the tables in it, that have to be read step by step."""
    # Looks that change nothing were taken out of the document before (docx_dull.py). A cell with a table in it is told
    # by that table, so the innermost cell around each of them is enough.
    cells = (next(element.iterancestors(CELL), None) for element in table.iter(RUN_LOOK, *TELLING))
    return {cell for cell in cells if cell is not None}


def plain_runs(cell: Any) -> tuple[Run, ...]:
    """The text of a `w:tc` that is none of these."""
    text = "\n".join([_line(paragraph) for paragraph in cell[:] if paragraph.tag == PARAGRAPH])
    return (run_of(text),) if text else ()


def _line(paragraph: Any) -> str:
    return "".join([part.text or "" for run in paragraph[:] if run.tag == RUN for part in run[:] if part.tag == TEXT])
