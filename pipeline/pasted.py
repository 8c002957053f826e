"""A form pasted into a mail instead of being attached: the own part of what the sender wrote as a page, if it holds a table.

In plain text, alone or beside a page that has no such table, it is what copying from a spreadsheet program leaves: lines
whose cells are parted by tabs. Columns that only blanks part are not guessed at, and whether the table is a form is not asked
here. A single row copied to correct it is none: only what bears the form's contact line states the whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
_CONTACT, _NUMBER, _PROJECT = "联系人", "序号", "项目"
_BLANK = re.compile(r'[\s"]+')
# As far as text and page are compared, and how long a line has to be to tell where it stands.
_LONGEST, _MOST_LINES, _TELLING = 50_000, 2_000, 8


def pasted_form(body: bodies.Html, text: str = "") -> tuple[Attachment, ...]:
    """The page of a mail's HTML, or where no table in it speaks of projects that of its plain text, if a table in it has four
    cells in a row."""
    rows = () if body.tree is None else tuple(_rows(body.tree))
    page = b"" if any(_PROJECT in _bare("".join(row.itertext())) for row in rows) else _of_text(text, body)
    if rows and not page:
        from lxml import etree

        page = etree.tostring(body.tree, encoding="utf-8", method="html")
    return (Attachment(PASTED_FORM, _HEAD + page, inline=True),) if page else ()


def _rows(tree: Any) -> Iterator[Any]:
    """The rows of an HTML's tables that have enough cells for a form."""
    return (row for row in tree.iter("tr") if sum(cell.tag in ("td", "th") for cell in row) >= _FEWEST_CELLS)


def _of_text(text: str, body: bodies.Html) -> bytes:
    if "\t" not in text:
        return b""
    lines = bodies.own_lines(_QUOTED.sub(_on_one_line, text[: bodies.MAX_TEXT].replace("\0", "").replace("\r\n", "\n")))
    if body.tree is not None:
        lines = _shown(lines, body.text)
    if not any(sum(map(bool, map(str.strip, line.split("\t")))) >= _FEWEST_CELLS for line in lines):
        return b""
    if not any(_CONTACT in "".join(line.split()) for line in lines):
        return b""
    return "".join(_blocks(lines)).encode("utf-8", "replace")


def _shown(lines: Sequence[str], page: str) -> list[str]:
    """The lines as far as the page beside them shows them as the sender's own; what is quoted may be marked only there."""
    own, times, end = _bare(page[:_LONGEST]), Counter[str](), 0
    for index, line in enumerate(lines[:_MOST_LINES], start=1):
        # A link may be written out in one of the two only.
        key = _bare(line.partition("http")[0])
        times[key] += 1
        if len(key) >= _TELLING and times[key] <= own.count(key):
            end = index
    return list(lines[:end])


def _bare(text: str) -> str:
    return _BLANK.sub("", bodies.clean(text))


def _on_one_line(cell: re.Match[str]) -> str:
    return cell[1].replace('""', '"').replace("\n", _BREAK)


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines with tabs as tables, others as paragraphs; a blank line parts nothing, for mail programs put them in."""
    written = (line for line in lines if line.strip())
    for is_row, group in groupby(written, lambda line: "\t" in line):
        if is_row:
            rows = ("".join(f"<td>{_written(cell)}</td>" for cell in row) for row in _whole(group))
            yield f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        else:
            yield "".join(f"<p>{_written(line)}</p>" for line in group)


def _whole(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows as cells. School and number stand in the first row only, and a mail program may drop the tabs that stand for
    them in the others, which then begin with the number of a project."""
    rows = [line.split("\t") for line in lines]
    before = next((cells.index(_NUMBER) for row in rows if _NUMBER in (cells := [*map(str.strip, row)])), 0)
    widest = max(map(len, rows))
    for row in rows:
        shifted = len(row) == widest - before and row[0].strip().isdecimal()
        yield [""] * before + row if shifted else row


def _written(text: str) -> str:
    return escape(text).replace(_BREAK, "<br>")
