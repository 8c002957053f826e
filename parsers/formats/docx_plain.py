"""Cells of a Word table that hold nothing but paragraphs of plain text, which is most of them: their text in one go.

Only saves time: what docx.py would read there step by step is the same. Every other cell is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from lxml import etree

from parsers.formats.docx_inline import BREAKS, PARTS
from parsers.formats.docx_markup import CELL, FORMULAS, TABLE, WRAPPERS
from parsers.formats.run_look import FONTS, SETTING_OFF, W
from parsers.formats.symbols import is_symbol_font
from parsers.formats.text_run import run_of
from parsers.model import Run

# Everything that decides what is read but paragraphs, runs, their text and fonts.
_TELLING = (TABLE, *WRAPPERS, *FORMULAS, *PARTS, *BREAKS, *SETTING_OFF)
_NAMESPACES = {"w": W[1:-1]}
Find = Callable[[Any], Any]
_INTERRUPTED: Find = etree.XPath("descendant::w:t/*", namespaces=_NAMESPACES)
# Paragraphs and, behind each, its text.
_PIECES: Find = etree.XPath("w:p|w:p/w:r/w:t/text()", namespaces=_NAMESPACES, smart_strings=False)
# Called without a step of the interpreter for each run, of which a table has many.
_VALUES: Callable[[Any], Iterable[Any]] = etree._Element.values
# Putting paragraphs and texts into one order takes time in the square of their number.
_LONGEST = 200


def telling_cells(table: Any) -> set[Any]:
    """The `w:tc` of a `w:tbl`, and of the tables in it, that have to be read step by step."""
    telling: Iterable[Any] = chain(table.iter(*_TELLING), _INTERRUPTED(table))
    if any(map(is_symbol_font, set(chain.from_iterable(map(_VALUES, table.iter(FONTS)))))):
        telling = chain(telling, (fonts for fonts in table.iter(FONTS) if any(map(is_symbol_font, fonts.values()))))
    # A cell with a table in it is told by that table, so the innermost cell around each of them is enough.
    cells = (next(element.iterancestors(CELL), None) for element in telling)
    return {cell for cell in cells if cell is not None}


def plain_runs(cell: Any) -> tuple[Run, ...] | None:
    """The text of a `w:tc` that is none of these; None where this way is not the faster one."""
    if len(cell) > _LONGEST:
        return None
    pieces = _PIECES(cell)
    # Lines are parted by the paragraphs behind the first.
    text = "".join([piece if piece.__class__ is str else "\n" for piece in pieces[1:]])
    return (run_of(text),) if text else ()
