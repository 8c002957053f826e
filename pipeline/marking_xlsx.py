"""An Excel workbook marked in place: faulty cells coloured, a note with the message at each, and a sheet 问题清单.

The parts are edited as XML, so that drawings, macros, formulas and formats no library knows stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from parsers.formats.extents import REFERENCE, column_number
from parsers.formats.workbook_extras import R, S
from parsers.model import GridKind, Place, column_letters
from pipeline.marking_list import TITLE, Line, is_ours, list_sheet
from pipeline.marking_notes import Notes
from pipeline.marking_package import Parts
from pipeline.marking_styles import Styles
from pipeline.marking_value import Marked, Uneditable
from pipeline.model import Severity

BOOK = "xl/workbook.xml"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14

Position = tuple[int, int]


def mark_workbook(content: bytes, marks: Sequence[Marked]) -> bytes:
    """The workbook with every mark on its list, those of a cell also at the cell.

    Raises Uneditable, and Unreadable as the reader does.
    """
    parts = Parts(content)
    if any(name.lower().startswith("xl/revisions/") for name in parts.names):
        raise Uneditable("a shared workbook with a history")
    book = parts.main(BOOK)
    sheets = _sheets(parts, book)
    styles = Styles(parts.edit(parts.related(book, "styles") or "xl/styles.xml"))
    own = sheets.pop(TITLE, "")
    if own and not is_ours(parts.edit(own), _shared_strings(parts, book)):
        sheets[TITLE], own = own, ""
    grouped: dict[str, dict[Position, list[Marked]]] = {name: defaultdict(list) for name in sheets}
    lines = []
    opened = {name: _Sheet(parts, part, styles) for name, part in sheets.items()}
    for mark in marks:
        sheet = opened.get(mark.place.grid) if mark.place.kind is GridKind.SHEET else None
        position = sheet.position(mark.place) if sheet else None
        if position is None:
            lines.append(Line(mark))
            continue
        grouped[mark.place.grid][position].append(mark)
        lines.append(Line(mark, f"{_quoted(mark.place.grid)}!{_reference(position)}"))
    for name, sheet in opened.items():
        sheet.clear()
        for position, there in grouped[name].items():
            sheet.mark(position, there)
    _put_list(parts, book, own, list_sheet(lines, styles), set(sheets))
    return parts.save()


class _Sheet:
    """One worksheet being marked."""

    def __init__(self, parts: Parts, part: str, styles: Styles) -> None:
        self._root, self._styles = parts.edit(part), styles
        self._notes = Notes(parts, part)
        data = self._root.find(f"{S}sheetData")
        if data is None:
            raise Uneditable("no rows")
        self._data = data
        self._rows = _placed(data, f"{S}row", "")
        self._covered = _corners(self._root)

    def position(self, place: Place) -> Position | None:
        """The cell a place means: a merged range's corner, the first cell of a row that is meant as a whole."""
        if not 0 <= place.row < LAST_ROW or place.column >= LAST_COLUMN:
            return None
        column = place.column
        if column < 0:
            row = self._rows.get(place.row)
            column = min(self._cells(row, place.row), default=0) if row is not None else 0
        return self._covered(place.row, column)

    def clear(self) -> None:
        """Take out the marks of an earlier round."""
        for reference in self._notes.drop_own():
            match = REFERENCE.match(reference)
            row = self._rows.get(int(match[2]) - 1) if match else None
            if match is None or row is None:
                continue
            cell = self._cells(row, int(match[2]) - 1).get(column_number(match[1]))
            if cell is not None:
                cell.set("s", str(self._styles.cleared(_style(cell))))

    def mark(self, position: Position, marks: Sequence[Marked]) -> None:
        """Colour a cell by the gravest of its marks and note them all."""
        cell = self._cell(*position)
        grave = any(mark.severity is Severity.ERROR for mark in marks)
        cell.set("s", str(self._styles.tinted(_style(cell), Severity.ERROR if grave else Severity.WARNING)))
        self._notes.add(_reference(position), *position, "\n".join(mark.text for mark in marks))

    def _cells(self, row: Any, number: int) -> dict[int, Any]:
        return _placed(row, f"{S}c", str(number + 1))

    def _cell(self, row: int, column: int) -> Any:
        """The cell's element, made in its place with the format of its row or column where there is none."""
        holder = self._rows.get(row)
        if holder is None:
            holder = etree.Element(f"{S}row", r=str(row + 1))
            _insert(self._data, self._rows, row, holder)
        cells = self._cells(holder, row)
        if column not in cells:
            # The hint how far the row reaches would be wrong now, and need not be there.
            holder.attrib.pop("spans", "")
            cell = etree.Element(f"{S}c", r=_reference((row, column)), s=self._format_of(holder, column))
            _insert(holder, cells, column, cell)
        return cells[column]

    def _format_of(self, row: Any, column: int) -> str:
        if row.get("customFormat") in ("1", "true"):
            return str(row.get("s", "0"))
        for columns in self._root.iterfind(f"{S}cols/{S}col"):
            if int(columns.get("min", "0")) <= column + 1 <= int(columns.get("max", "0")):
                return str(columns.get("style", "0"))
        return "0"


def _placed(parent: Any, tag: str, row: str) -> dict[int, Any]:
    """The rows of a sheet (`row` "") or cells of a row by number from 0; places left out are written in."""
    placed: dict[int, Any] = {}
    number = -1
    for element in parent.iterchildren(tag):
        written = element.get("r", "").rstrip("0123456789") if row else element.get("r", "")
        if row and REFERENCE.match(element.get("r", "")):
            number = column_number(written)
        elif not row and written.isdecimal():
            number = int(written) - 1
        else:
            number += 1
            element.set("r", f"{column_letters(number)}{row}" if row else str(number + 1))
        placed[number] = element
    return placed


def _insert(parent: Any, placed: dict[int, Any], number: int, element: Any) -> None:
    following = min((other for other in placed if other > number), default=None)
    if following is None:
        before = max(placed, default=None)
        parent.insert(0 if before is None else parent.index(placed[before]) + 1, element)
    else:
        placed[following].addprevious(element)
    placed[number] = element


def _corners(root: Any) -> Callable[[int, int], Position]:
    """A function from a position to the corner of the merged range it lies in, or to itself."""
    ranges = []
    for merge in root.iterfind(f"{S}mergeCells/{S}mergeCell"):
        first, _, last = merge.get("ref", "").partition(":")
        top, bottom = REFERENCE.match(first), REFERENCE.match(last)
        if top and bottom:
            ranges.append((int(top[2]) - 1, column_number(top[1]), int(bottom[2]) - 1, column_number(bottom[1])))

    def corner(row: int, column: int) -> Position:
        for upper, left, lower, right in ranges:
            if upper <= row <= lower and left <= column <= right:
                return upper, left
        return row, column

    return corner


def _sheets(parts: Parts, book: str) -> dict[str, str]:
    """The worksheets' parts by title, in order."""
    targets = parts.relations(book)
    sheets = {}
    for sheet in parts.edit(book).iterfind(f"{S}sheets/{S}sheet"):
        target = targets.get(sheet.get(f"{R}id", ""))
        if target is not None and target.kind == "worksheet" and not target.external:
            sheets[sheet.get("name", "")] = parts.name(target.target)
    return sheets


def _shared_strings(parts: Parts, book: str) -> list[str]:
    part = parts.related(book, "sharedStrings")
    strings = parts.edit(part).iterfind(f"{S}si") if part else ()
    return ["".join(text.text or "" for text in string.iter(f"{S}t")) for string in strings]


def _put_list(parts: Parts, book: str, own: str, content: bytes, titles: set[str]) -> None:
    """Write the list in the place of an earlier one, else as a new last sheet."""
    if own:
        parts.put(own, content)
        return
    title = next(name for number in range(1, 1000) if (name := f"{TITLE}{number if number > 1 else ''}") not in titles)
    part = parts.unused("xl/worksheets/sheet{}.xml")
    parts.put(part, content)
    parts.declare(part, SHEET_TYPE)
    sheets = parts.edit(book).find(f"{S}sheets")
    identifier = 1 + max((int(sheet.get("sheetId", "0")) for sheet in sheets), default=0)
    sheet = etree.SubElement(sheets, f"{S}sheet", nsmap={"r": R[1:-1]}, name=title, sheetId=str(identifier))
    sheet.set(f"{R}id", parts.relate(book, "worksheet", part))


def _style(cell: Any) -> int:
    written = cell.get("s", "0")
    return int(written) if written.isascii() and written.isdecimal() else 0


def _reference(position: Position) -> str:
    return f"{column_letters(position[1])}{position[0] + 1}"


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"
