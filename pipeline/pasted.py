"""A form pasted into a mail instead of being attached: the own part of what the sender wrote as a page, if it holds a table.

In plain text a table is what copying from a spreadsheet program leaves: lines whose cells are parted by tabs. Columns that
only blanks part are not guessed at, and whether the table is a form is not asked here. A single row copied to correct it is
none: only what bears the form's contact line states the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

from pipeline import bodies
from pipeline.model import Attachment

PASTED_FORM = "正文.html"
_FEWEST_CELLS = 4
_HEAD = b'<!DOCTYPE html>\n<meta charset="utf-8">\n'
# A cell of several lines is copied in quotation marks, those inside it doubled.
_QUOTED = re.compile(r'(?:(?<=\t)|(?<=\n)|\A)"([^"\t]*(?:""[^"\t]*)*)"(?=[\t\n]|\Z)')
_BREAK = "\0"
_CONTACT, _NUMBER = "联系人", "序号"


def pasted_form(body: bodies.Html, text: str = "") -> tuple[Attachment, ...]:
    """The page of a mail's HTML, or where it has none of its plain text, if a table in it has four cells in a row."""
    # The plain text beside an HTML may hold what the HTML marks as quoted.
    page = _of_text(text) if body.tree is None else _of_html(body.tree)
    return (Attachment(PASTED_FORM, _HEAD + page, inline=True),) if page else ()


def _of_html(tree: Any) -> bytes:
    from lxml import etree

    for row in tree.iter("tr"):
        if sum(1 for cell in row if cell.tag in ("td", "th")) >= _FEWEST_CELLS:
            page: bytes = etree.tostring(tree, encoding="utf-8", method="html")
            return page
    return b""


def _of_text(text: str) -> bytes:
    if "\t" not in text:
        return b""
    lines = bodies.own_lines(_QUOTED.sub(_on_one_line, text[: bodies.MAX_TEXT].replace("\0", "").replace("\r\n", "\n")))
    if not any(sum(map(bool, map(str.strip, line.split("\t")))) >= _FEWEST_CELLS for line in lines):
        return b""
    if not any(_CONTACT in "".join(line.split()) for line in lines):
        return b""
    return "".join(_blocks(lines)).encode("utf-8", "replace")


def _on_one_line(cell: re.Match[str]) -> str:
    return cell[1].replace('""', '"').replace("\n", _BREAK)


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines with tabs as tables, others as paragraphs; a blank line parts nothing, for mail programs put them in."""
    written = (line for line in lines if line.strip())
    for is_row, group in groupby(written, lambda line: "\t" in line):
        if is_row:
            rows = ("".join(f"<td>{_shown(cell)}</td>" for cell in row) for row in _whole(group))
            yield f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        else:
            yield "".join(f"<p>{_shown(line)}</p>" for line in group)


def _whole(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows as cells. School and number stand in the first row only, and a mail program may drop the tabs that stand for
    them in the others, which then begin with the number of a project."""
    rows = [line.split("\t") for line in lines]
    before = next((cells.index(_NUMBER) for row in rows if _NUMBER in (cells := [*map(str.strip, row)])), 0)
    widest = max(map(len, rows))
    for row in rows:
        shifted = len(row) == widest - before and row[0].strip().isdecimal()
        yield [""] * before + row if shifted else row


def _shown(text: str) -> str:
    return escape(text).replace(_BREAK, "<br>")
