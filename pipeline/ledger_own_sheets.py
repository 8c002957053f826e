"""Sheets that staff added to the ledger, taken over into the one that replaces it.

Values, formulas, looks, widths, merges, notes, filters and rules for colours and input are; charts, pictures and names given
to ranges are not. Our own sheets are never looked at.
"""

from __future__ import annotations

import filecmp
import logging
import shutil
from collections.abc import Collection, Iterator
from copy import copy
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pipeline.ledger_package import relations_of, sheet_parts

BLANK = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'

log = logging.getLogger(__name__)


def take_over(old: Path, book: Any, ours: Collection[str]) -> None:
    """Add to this workbook of openpyxl, behind its sheets, those of the old ledger that are none of `ours`.

    Where they cannot be read the old ledger is kept beside, whole, under another name.
    """
    try:
        for sheet in _added(old, ours):
            _copy(sheet, book.create_sheet(sheet.title))
    except FileNotFoundError:
        return
    # Whatever a program of staff's wrote there, the ledger itself must go on.
    except Exception as fault:
        kept = kept_beside(old)
        log.warning("台账里自建的工作表未能带到新台账（%s），原来的台账已另存为 %s。", fault, kept.name)


def _added(old: Path, ours: Collection[str]) -> Iterator[Any]:
    with ZipFile(old) as package:
        parts = sheet_parts(package)
        if not parts.keys() - set(ours):
            return
        thin = _without(package, {parts[name] for name in ours if name in parts})
    from openpyxl import load_workbook

    for sheet in load_workbook(thin).worksheets:
        if sheet.title not in ours:
            yield sheet


def _without(package: ZipFile, parts: Collection[str]) -> BytesIO:
    """The workbook with these sheets emptied: openpyxl would take long to load the thousands of rows they have."""
    links = {relations_of(part) for part in parts}
    thin = BytesIO()
    with ZipFile(thin, "w") as target:
        for name in package.namelist():
            if name not in links:
                target.writestr(name, BLANK if name in parts else package.read(name))
    return thin


def _copy(sheet: Any, target: Any) -> None:
    looks: dict[Any, Any] = {}
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None or cell.has_style:
                _copy_cell(cell, target.cell(cell.row, cell.column), looks)
    for area in sheet.merged_cells.ranges:
        target.merged_cells.add(str(area))
    for letter, column in sheet.column_dimensions.items():
        own = target.column_dimensions[letter]
        own.min, own.max, own.width, own.hidden = column.min, column.max, column.width, column.hidden
    for number, line in sheet.row_dimensions.items():
        target.row_dimensions[number].height, target.row_dimensions[number].hidden = line.height, line.hidden
    for group in sheet.conditional_formatting:
        for rule in group.rules:
            target.conditional_formatting.add(str(group.sqref), rule)
    for allowed in sheet.data_validations.dataValidation:
        target.add_data_validation(copy(allowed))
    target.freeze_panes, target.auto_filter.ref = sheet.freeze_panes, sheet.auto_filter.ref
    target.sheet_state, target.sheet_properties.tabColor = sheet.sheet_state, sheet.sheet_properties.tabColor


def _copy_cell(cell: Any, target: Any, looks: dict[Any, Any]) -> None:
    """A cell's value and looks; `looks` remembers what those of the old workbook are called in the new one."""
    if cell.value is not None:
        target.value = cell.value
        # A text that begins with = is none the less a text.
        target.data_type = cell.data_type
    if cell.hyperlink:
        target.hyperlink = copy(cell.hyperlink)
    if cell.comment:
        target.comment = copy(cell.comment)
    if not cell.has_style:
        return
    known = looks.get(cell.style_id)
    if known is None:
        target.font, target.fill, target.border = copy(cell.font), copy(cell.fill), copy(cell.border)
        target.alignment, target.number_format = copy(cell.alignment), cell.number_format
        target.protection = copy(cell.protection)
        known = looks[cell.style_id] = target._style
    target._style = copy(known)


def differ(one: Path, other: Path, ours: Collection[str]) -> bool:
    """Whether a sheet that staff added to both, under one name, says something else in the one than in the other."""
    mine, theirs = ({sheet.title: _said(sheet) for sheet in _added(path, ours)} for path in (one, other))
    return any(said != theirs[name] for name, said in mine.items() if name in theirs)


def _said(sheet: Any) -> dict[str, Any]:
    cells = (cell for row in sheet.iter_rows() for cell in row)
    said = {cell.coordinate: (cell.value, cell.comment.text if cell.comment else "") for cell in cells}
    return {place: words for place, words in said.items() if words != (None, "")}


def kept_beside(old: Path) -> Path:
    """A copy of the old ledger beside it, unless the same is there already."""
    for number in count(1):
        beside = old.with_name(f"{old.stem}（更新前 {number}）{old.suffix}")
        if not beside.exists():
            shutil.copy2(old, beside)
        if filecmp.cmp(old, beside, shallow=False):
            break
    return beside
