"""Cells of a Word table that hold nothing but paragraphs of plain text, which is most of them: their text in one go.

Only saves time: what docx.py would read there step by step is the same. One look over the whole document tells which
cells have to be left to it, and which are merged, so that no cell need be asked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from parsers.formats.docx_inline import BREAKS, PARTS
from parsers.formats.docx_markup import CELL, FORMULAS, PARAGRAPH, RUN, RUN_LOOK, TABLE, TEXT, WRAPPERS
from parsers.formats.grid_rows import MERGING, Merges
from parsers.formats.text_run import run_of
from parsers.model import Run

# Everything that decides what is read but paragraphs, runs, their text and looks.
TELLING = (TABLE, *WRAPPERS, *FORMULAS, *PARTS, *BREAKS)


class Survey(NamedTuple):
    """What a document has: the tags of its wrappers, the `w:tc` that have to be read step by step, and all merges."""

    wrappers: set[str]
    telling: set[Any]
    merges: Merges


def survey(document: Any) -> Survey:
    """One look over the root of a document."""
    # Looks that change nothing were taken out of the document before (docx_dull.py). A cell with a table in it is told
    # by that table, so the innermost cell around each of them is enough.
    found = Survey(set(), set(), Merges({}, {}))
    for element in document.iter(RUN_LOOK, *TELLING, *MERGING):
        if element.tag in MERGING:
            found.merges.note(element)
            continue
        if element.tag in WRAPPERS:
            found.wrappers.add(element.tag)
        if (cell := next(element.iterancestors(CELL), None)) is not None:
            found.telling.add(cell)
    return found


def plain_runs(cell: Any) -> tuple[Run, ...]:
    """The text of a `w:tc` that is none of these."""
    text = "\n".join([_line(paragraph) for paragraph in cell[:] if paragraph.tag == PARAGRAPH])
    return (run_of(text),) if text else ()


def _line(paragraph: Any) -> str:
    return "".join([part.text or "" for run in paragraph[:] if run.tag == RUN for part in run[:] if part.tag == TEXT])
