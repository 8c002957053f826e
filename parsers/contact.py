"""The line “表格填写联系人：… 电话：…” of Annex 3, wherever it stands and however it is split over cells.

It finds the two values and where they stand; it does not decide whether they are a name and a number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct

from parsers.model import Grid, GridKind, Paragraph, Place
from parsers.text import label_key, narrow, one_line, spaced

_AND_PHONE = r"(?:\s*(?:及|和|与|、|/)\s*(?:其)?\s*(?:联系)?\s*(?:电话|方式|手机号?))?"
_NOTE = r"(?:\s*\([^()\n]{0,12}\))?"
_OWN_WORDS = "表格填写联系人|表格填报联系人|表格填写人|填表联系人|填写联系人|填报联系人|填表人|填报人|填写人"
_PHONE_WORDS = "联系人电话|联系电话|联系方式|联系手机|手机号码|电话号码|手机号|电话|手机"
# The form's own label, which counts with or without a colon, and the plain one, which needs one or a cell's end.
_OWN = re.compile(rf"(?:{spaced(_OWN_WORDS)})(?:\s*姓\s*名)?{_AND_PHONE}{_NOTE}\s*:?")
_PLAIN = re.compile(rf"(?<![一-鿿])(?:{spaced('联系人|经办人')})(?:\s*姓\s*名)?{_AND_PHONE}{_NOTE}\s*(?::|(?=\t))")
_PHONE = re.compile(rf"(?:{spaced(_PHONE_WORDS)}){_NOTE}(?:\s*:|(?=\s*[+(]?\d)|(?=\s*[\t\n])|\s*$)")
_NEXT_LABEL = re.compile(
    r"(?:(?<=[\s，,；;。])[一-鿿](?:[一-鿿]{1,7}|\s+[一-鿿])|(?:填[表报写])?(?:日期|时间)|邮箱|职务|单位|QQ|微信)\s*:"
)
_NUMBER = re.compile(r"[(]?[+\d][\d\s()+\-－—/、]{5,}\d")
_UNDERSCORES = "_＿﹍﹎"
_NAME_EDGES = " ，,；;、/()（）:：。"


class Piece(Struct, frozen=True):
    """A stretch of text; `place` says where it stands, of a label in it."""

    text: str
    place: Callable[[str], Place]


class Contact(Struct, frozen=True):
    """Name and phone as written ("" for blank), each with the place of its value or, blank, of its label."""

    name: str
    phone: str
    name_place: Place
    phone_place: Place

    @property
    def is_own(self) -> bool:
        """Whether it stands behind the form's own label rather than a plain 联系人, which may stand beside any list."""
        return "填" in self.name_place.label


class _Text:
    """Rows of pieces as one text: the cells of a row parted by tabs, rows by line breaks; underscores are blank."""

    def __init__(self, rows: Iterable[Iterable[Piece]]) -> None:
        self._starts: list[int] = []
        self._places: list[Callable[[str], Place]] = []
        parts: list[str] = []
        length = 0
        for row in rows:
            for piece in row:
                self._starts.append(length)
                self._places.append(piece.place)
                parts += [piece.text, "\t"]
                length += len(piece.text) + 1
            parts.append("\n")
            length += 1
        self.raw = "".join(parts)
        for underscore in _UNDERSCORES:
            self.raw = self.raw.replace(underscore, " ")
        self.copy = narrow(self.raw)

    def place(self, position: int, label: str) -> Place:
        """The place of the piece that holds this position, with this label."""
        return self._places[max(bisect_right(self._starts, position) - 1, 0)](label_key(label))


def _value(text: str, start: int, stop: int) -> tuple[int, int]:
    """Where the value behind a label begins and ends: at the next label or line break."""
    begin = start + len(text[start:stop]) - len(text[start:stop].lstrip())
    # Most values have no label behind them, and none is without its colon.
    label = _NEXT_LABEL.search(text, begin, stop) if text.find(":", begin, stop) >= 0 else None
    end = label.start() if label else stop
    line = text.find("\n", begin, end)
    end = line if line >= 0 else end
    # A value on the next line is taken only where it is short; otherwise that line says something else.
    if "\n" in text[start:begin] and len(text[begin:end].strip()) > 16:
        return start, start
    return begin, max(begin, end)


def _trimmed(name: str) -> str:
    """A name without the punctuation around it; a bracket that closes one in it stays."""
    bare = name.strip(_NAME_EDGES)
    behind, plain = name[name.find(bare) + len(bare) :], narrow(bare)
    return bare + behind[: narrow(behind).find(")") + 1] if plain.count("(") > plain.count(")") else bare


def split_number(text: str) -> tuple[str, str]:
    """A name and the phone number written behind it: ("张三", "13800000001"); a part that is missing is ""."""
    number = _NUMBER.search(narrow(text))
    if number is None:
        return text, ""
    return _trimmed(text[: number.start()]), text[number.start() : number.end()].strip(" ()（）")


def _phone_label(text: str, label: re.Match[str]) -> re.Match[str] | None:
    """The phone's label: behind the name's within two lines, else before it on its line."""
    found = _PHONE.search(text, label.end())
    if found and len([line for line in text[label.end() : found.start()].split("\n") if line.strip()]) <= 2:
        return found
    return _PHONE.search(text, text.rfind("\n", 0, label.start()) + 1, label.start())


def find_contact(rows: Iterable[Iterable[Piece]], loose: bool = True) -> Contact | None:
    """The contact named in these rows, or None without a label; a plain 联系人 counts only if `loose`.

    A label of the form's own (表格填写联系人) is preferred, even blank, to any other.
    """
    whole = _Text(rows)
    text = whole.copy
    label = _OWN.search(text) or (_PLAIN.search(text) if loose else None)
    if label is None:
        return None
    phone_label = _phone_label(text, label)
    behind = phone_label is not None and phone_label.start() >= label.end()
    begin, end = _value(text, label.end(), phone_label.start() if phone_label and behind else len(text))
    name, phone = one_line(whole.raw[begin:end]), ""
    at = begin if name else label.start()
    phone_at, phone_name = at, "电话"
    if phone_label:
        first, last = _value(text, phone_label.end(), len(text) if behind else label.start())
        if "\n" not in text[phone_label.end() : first] or _NUMBER.match(text, first, last):
            phone = one_line(whole.raw[first:last]).rstrip("；;，,。")
        phone_at, phone_name = (first if phone else phone_label.start()), phone_label.group()
    if not phone and (parts := split_number(name))[1]:
        (name, phone), phone_at = parts, begin
    return Contact(_trimmed(name), phone, whole.place(at, label.group()), whole.place(phone_at, phone_name))


def cell_rows(grid: Grid, rows: Sequence[int]) -> list[list[Piece]]:
    """These rows of a grid, each cell where it begins."""
    return [
        [Piece(text, partial(grid.place, row, cell.column)) for cell, text in grid.read(row) if cell.row == row]
        for row in rows
    ]


def around(blocks: Sequence[Grid | Paragraph]) -> list[list[Piece]]:
    """The paragraphs next to a form as far as the next grid; one so small that it may hold the contact too."""
    rows: list[list[Piece]] = []
    for block in blocks:
        if isinstance(block, Grid):
            small = block.kind is GridKind.TABLE and block.row_count <= 3 and len(block.cells) <= 8
            return rows + cell_rows(block, range(block.row_count)) if small else rows
        if block.text.strip() and len(rows) < 12:
            rows.append([Piece(block.text, partial(Place, None, "", 0, block.ordinal - 1, -1))])
    return rows
