"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .et, .ods): one grid for each sheet that holds anything, hidden or not.

Number formats, formulas and cell colours are not read. Positions are absolute: row 0, column 0 is A1 wherever the data
begin.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from parsers.formats import damaged, encrypted, unsafe
from parsers.formats.extents import LARGEST_AREA, sheet_parts, too_far
from parsers.formats.ods_extras import ods_sheets
from parsers.formats.package import Package
from parsers.formats.sheet_cells import Position, Value, lay_out
from parsers.formats.strays import without_strays
from parsers.formats.workbook_extras import Extras, SheetExtras
from parsers.formats.xls_records import check_xls_extents, workbook_stream, xls_links
from parsers.formats.xlsb_records import xlsb_links
from parsers.model import Document, Grid, GridKind, Paragraph, Run

FORMATS = ("xlsx", "xlsb", "xls", "ods")

MOST_ROWS = 20_000
MOST_CELLS = 200_000
TOO_FAR = "工作表范围过大，超出安全限制"
# No program writes one, and an entity it declares may stand for thousands of others.
DOCTYPE = b"<!DOCTYPE"


def read(content: bytes, kind: str) -> Document:
    """A workbook's sheets. Raises Unreadable."""
    package = Package(content) if kind != "xls" else None
    parts = sheet_parts(package, kind) if package is not None else {}
    if any(DOCTYPE in part for part in parts.values()):
        raise unsafe("文件内含不允许的 XML 声明")
    far = too_far(parts, kind)
    if far and kind == "xlsx":
        content, parts = without_strays(content, parts, far)
        far = too_far({name: parts[name] for name in far}, kind)
    if far:
        raise unsafe(TOO_FAR)
    beside = _beside_values(content, kind, package, parts)
    blocks: list[Grid | Paragraph] = []
    ordinals, paragraphs = count(1), count(1)
    for index, (name, hidden, sheet) in enumerate(_sheets(content)):
        extra = beside(index)
        merges = sheet.merged_cell_ranges or () if extra.merges is None else extra.merges
        cells = lay_out(_values(sheet), merges, sheet.end or (0, 0), extra)
        if cells:
            blocks.append(Grid(GridKind.SHEET, next(ordinals), cells, name, hidden))
        for line in extra.boxes:
            blocks.append(Paragraph(next(paragraphs), (Run(line),)))
    return Document(kind, tuple(blocks))


def _beside_values(
    content: bytes, kind: str, package: Package | None, parts: Mapping[str, bytes]
) -> Callable[[int], SheetExtras]:
    """What each worksheet, by its place among them, says beside its values."""
    if package is None:
        stream = workbook_stream(content)
        check_xls_extents(stream)
        known = [SheetExtras(links=links) for links in xls_links(stream)]
    elif kind == "xlsx":
        return Extras(package, parts).of_sheet
    elif kind == "xlsb":
        known = [SheetExtras(links=links) for links in xlsb_links(package, parts)]
    else:
        tables = ods_sheets(parts["content.xml"])
        known = [SheetExtras(links=one.links, merges=one.merges, texts=one.texts) for one in tables]
    return lambda index: known[index] if index < len(known) else SheetExtras()


def _sheets(content: bytes) -> list[tuple[str, bool, Any]]:
    """Name, hidden or not, and calamine's sheet, of every worksheet in order."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            (about.name, about.visible != SheetVisibleEnum.Visible, book.get_sheet_by_index(index))
            for index, about in enumerate(book.sheets_metadata)
            if about.typ == SheetTypeEnum.WorkSheet
        ]
    except PasswordError:
        raise encrypted() from None
    except (CalamineError, OSError, ValueError, OverflowError):
        raise damaged() from None
    except BaseException as panic:
        raise _told(panic) from None


def _told(panic: BaseException) -> BaseException:
    """A panic of the Rust library, which is no Exception, as damage; whatever else it is, as it is."""
    return damaged() if type(panic).__name__ == "PanicException" else panic


def _values(sheet: Any) -> list[tuple[Position, Value]]:
    """The sheet's values in reading order, each with its position. Raises Unreadable when there are too many."""
    if sheet.height * sheet.width > LARGEST_AREA:
        raise unsafe(TOO_FAR)
    top, left = sheet.start or (0, 0)
    values: list[tuple[Position, Value]] = []
    filled = 0
    try:
        lines = sheet.to_python()
    except BaseException as panic:
        # A date beyond the calendar, for one.
        raise _told(panic) from None
    for row, line in enumerate(lines, top):
        before = len(values)
        values += [((row, column), value) for column, value in enumerate(line, left) if value != ""]
        filled += len(values) > before
        if filled > MOST_ROWS:
            raise unsafe(f"工作表超过 {MOST_ROWS} 行，超出安全限制")
        if len(values) > MOST_CELLS:
            raise unsafe(f"工作表超过 {MOST_CELLS} 个单元格，超出安全限制")
    return values
