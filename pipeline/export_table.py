"""The combined Annex 3 of all universities, in the notice's own layout: the blank form, filled with what each one wrote.

Values go in as they were written, none of them as a formula; nothing is corrected, sorted or left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from itertools import groupby
from typing import Any

from parsers.model import Annex3, Project
from pipeline.account import project_of
from pipeline.ledger_table import clean
from pipeline.model import Contact, Entry
from pipeline.settings import resource

BLANK = "附件3.xlsx"
# Of the blank form: the cell for the contact, and where its ten columns begin to be filled.
CONTACT_CELL, FIRST_ROW, COLUMNS = "G5", 7, 10
UNIVERSITY, COUNT = 1, 2
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LINE_POINTS, LEAST_POINTS, MOST_POINTS = 15, 30, 400


def combined(universities: Sequence[tuple[str, Sequence[Entry]]], contacts: Sequence[Contact]) -> bytes:
    """The workbook with the projects of these universities, (name, entries), in their order; the first contact stands for all."""
    from openpyxl import load_workbook

    book = load_workbook(resource("templates") / BLANK)
    sheet: Any = book.worksheets[0]
    looks = _cleared(sheet)
    if contacts:
        _put(sheet[CONTACT_CELL], f"表格填写联系人：{contacts[0].name}      电话：{contacts[0].phone}")
    row = FIRST_ROW
    for name, entries in universities:
        row = _university(sheet, row, name, entries, looks)
    sheet.freeze_panes = f"A{FIRST_ROW}"
    sheet.page_margins.bottom, sheet.page_margins.footer = 0.75, 0.35
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cleared(sheet: Any) -> list[Any]:
    """Empty the blank form's own rows; returns the style of each column."""
    looks = [copy(sheet.cell(FIRST_ROW, column)._style) for column in range(1, COLUMNS + 1)]
    for merged in list(sheet.merged_cells.ranges):
        if merged.min_row >= FIRST_ROW:
            sheet.unmerge_cells(str(merged))
    sheet.delete_rows(FIRST_ROW, sheet.max_row)
    return looks


def _university(sheet: Any, row: int, name: str, entries: Sequence[Entry], looks: Sequence[Any]) -> int:
    """The rows of one university, its name merged over all of them; returns the row behind them."""
    first = row
    for _, group in groupby(entries, key=_table):
        listed = list(group)
        for entry in listed:
            _project(sheet, row, project_of(entry), looks)
            row += 1
        _put(sheet.cell(row - len(listed), COUNT), _count(listed[0]))
        _merge(sheet, COUNT, row - len(listed), row - 1)
    _put(sheet.cell(first, UNIVERSITY), name)
    _merge(sheet, UNIVERSITY, first, row - 1)
    return row


def _table(entry: Entry) -> tuple[str, int] | None:
    """The Annex 3 a project stands in, as a university may send one for each of its unions."""
    listed = entry.listed
    return (listed.mail, listed.index) if listed else None


def _count(entry: Entry) -> str:
    """The number of projects as the university wrote it, "" for a project that no Annex 3 lists."""
    record = entry.listed.transcript.record if entry.listed else None
    return record.project_count if isinstance(record, Annex3) else ""


def _project(sheet: Any, row: int, project: Project, looks: Sequence[Any]) -> None:
    values = (
        project.number,
        project.project_name,
        project.summary,
        project.category,
        project.applicant,
        "\n".join(project.links),
        project.leader,
        project.phone,
    )
    for column, look in enumerate(looks, start=1):
        sheet.cell(row, column)._style = copy(look)
    for column, value in enumerate(values, start=COUNT + 1):
        # Only the running number is a number: a telephone number would lose its leading nought.
        _put(sheet.cell(row, column), value, number=column == COUNT + 1)
    sheet.row_dimensions[row].height = _height(sheet, values)


def _put(cell: Any, text: str, number: bool = True) -> None:
    """Write a value as text, or as a number where it is nothing but digits and may be one."""
    text = clean(text)
    if number and text.isascii() and text.isdigit() and len(text) < 10 and (text == "0" or text[0] != "0"):
        cell.value = int(text)
        return
    cell.value = text or None
    if text:
        # openpyxl would take a text that begins with = for a formula.
        cell.data_type = "s"
    cell.quotePrefix = text.startswith(FORMULA_STARTS)


def _merge(sheet: Any, column: int, first: int, last: int) -> None:
    if last > first:
        sheet.merge_cells(start_row=first, end_row=last, start_column=column, end_column=column)


def _height(sheet: Any, values: Sequence[str]) -> float:
    """Points for the tallest cell of a row; a Chinese character is two letters wide."""
    most = 1
    for column, value in enumerate(values, start=COUNT + 1):
        width = max(4, int(sheet.column_dimensions[chr(64 + column)].width) - 1)
        lines = sum(1 + sum(1 if letter.isascii() else 2 for letter in line) // width for line in value.split("\n"))
        most = max(most, lines)
    return min(MOST_POINTS, max(LEAST_POINTS, most * LINE_POINTS + 6))
