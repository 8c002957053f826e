"""The notes (批注) of one worksheet: their texts in the comments part, their boxes in the VML drawing beside it.

Other people's notes are kept; where a cell has one already, ours is written below it. Threaded comments are not touched.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from parsers.formats.workbook_extras import R, S
from parsers.model import column_letters
from pipeline.marking_package import Parts, number_in
from pipeline.marking_value import AUTHOR, BEGINNINGS

COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
# What stands behind `legacyDrawing` in a worksheet (ECMA-376 part 1, 18.3.1.99, CT_Worksheet).
_LAST = "legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst"
BEHIND_LEGACY = frozenset(f"{S}{name}" for name in _LAST.split())
EMPTY = (
    f'<xml {SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{{block}}"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
SHAPE = (
    f'<v:shape {SPACES} id="_x0000_s{{number}}" type="#_x0000_t202" fillcolor="#ffffe1" o:insetmode="auto" '
    'style="position:absolute;visibility:hidden;z-index:{order}"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" '
    'obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"/><x:ClientData '
    'ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>'
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
# Programs write these names with prefixes of their own.
SHAPES = re.compile(r"<((?:[\w.-]+:)?)shape\s[^>]*[^/]>.*?</\1shape>", re.S)
NOTE_OF = re.compile(r"[:<]Row>\s*(\d+)\s*</[\w:.-]+>\s*<(?:[\w.-]+:)?Column>\s*(\d+)\s*<")
WIDTH = 20
OWN_LINE = re.compile(rf"(?:^|\n)(?:{'|'.join(BEGINNINGS)})[^\n]*")


class Notes:
    """One worksheet's notes being added to; nothing is written before the first note is added."""

    def __init__(self, parts: Parts, sheet: str) -> None:
        self._parts, self._sheet = parts, sheet
        self._part = parts.related(sheet, "comments")
        self._boxes = self._boxes_there()

    def _boxes_there(self) -> str:
        """The drawing that holds boxes; headers and footers may have another of the same kind."""
        legacy = self._parts.edit(self._sheet).find(f"{S}legacyDrawing")
        relation = None if legacy is None else self._parts.relations(self._sheet).get(legacy.get(f"{R}id", ""))
        return "" if relation is None or relation.external else self._parts.name(relation.target)

    def drop_own(self) -> list[str]:
        """Take out what an earlier round wrote; returns the cells it was written at."""
        if not self._part:
            return []
        root = self._parts.edit(self._part)
        marked, emptied = [], set()
        for comment in list(root.iter(f"{S}comment")):
            reference = comment.get("ref", "")
            if _without_own(comment):
                marked.append(reference)
                if not any((text.text or "").strip() for text in comment.iter(f"{S}t")):
                    comment.getparent().remove(comment)
                    emptied.add(reference)
        if emptied:
            self._drop_shapes(emptied)
        return marked

    def _drop_shapes(self, cells: set[str]) -> None:
        if not self._boxes:
            return

        def kept(match: re.Match[str]) -> str:
            note = NOTE_OF.search(match.group())
            return "" if note and f"{column_letters(int(note[2]))}{int(note[1]) + 1}" in cells else match.group()

        drawing = self._parts.read(self._boxes).decode("utf-8", "surrogateescape")
        self._parts.put(self._boxes, SHAPES.sub(kept, drawing).encode("utf-8", "surrogateescape"))

    def add(self, reference: str, row: int, column: int, text: str) -> None:
        """A note at a cell, its lines as in `text`; below what the cell's note says already."""
        root = self._comments()
        present = next((each for each in root.iter(f"{S}comment") if each.get("ref") == reference), None)
        said = None if present is None else present.find(f"{S}text")
        if said is not None:
            _write(said, f"\n{text}")
            return
        comment = etree.SubElement(root.find(f"{S}commentList"), f"{S}comment", ref=reference)
        comment.set("authorId", str(self._author(root)))
        _write(etree.SubElement(comment, f"{S}text"), text)
        self._draw(row, column, text)

    def _comments(self) -> Any:
        if not self._part:
            self._part = self._parts.unused("xl/comments{}.xml")
            empty = f'<comments xmlns="{S[1:-1]}"><authors/><commentList/></comments>'
            self._parts.put(self._part, empty.encode())
            self._parts.relate(self._sheet, "comments", self._part)
            self._parts.declare(self._part, COMMENTS_TYPE)
        return self._parts.edit(self._part)

    def _author(self, root: Any) -> int:
        authors = root.find(f"{S}authors")
        names = [author.text or "" for author in authors]
        if AUTHOR in names:
            return names.index(AUTHOR)
        etree.SubElement(authors, f"{S}author").text = AUTHOR
        return len(names)

    def _draw(self, row: int, column: int, text: str) -> None:
        """The note's box, hidden until the pointer is on its cell; VML need not be well-formed, so it is not parsed."""
        part = self._drawing()
        drawing = self._parts.read(part).decode("utf-8", "surrogateescape")
        numbers = [number_in(name) for name in re.findall(r"_x0000_s\d{1,9}", drawing)]
        number = 1 + max(numbers, default=1024 * max(1, number_in(part)))
        lines = sum(1 + len(line) // WIDTH for line in text.split("\n"))
        anchor = f"{column + 1}, 15, {max(row - 1, 0)}, 10, {column + 4}, 60, {row + lines + 1}, 10"
        shape = SHAPE.format(number=number, order=len(numbers) + 1, anchor=anchor, row=row, column=column)
        head, closing, tail = drawing.rpartition("</")
        self._parts.put(part, f"{head}{shape}{closing}{tail}".encode("utf-8", "surrogateescape"))

    def _drawing(self) -> str:
        if self._boxes:
            return self._boxes
        part = self._boxes = self._parts.unused("xl/drawings/vmlDrawing{}.vml")
        self._parts.put(part, EMPTY.format(block=number_in(part)).encode())
        self._parts.declare_extension("vml", VML_TYPE)
        sheet = self._parts.edit(self._sheet)
        for broken in sheet.findall(f"{S}legacyDrawing"):
            sheet.remove(broken)
        legacy = etree.Element(f"{S}legacyDrawing", nsmap={"r": R[1:-1]})
        legacy.set(f"{R}id", self._parts.relate(self._sheet, "vmlDrawing", part))
        following = next((child for child in sheet if child.tag in BEHIND_LEGACY), None)
        if following is None:
            sheet.append(legacy)
        else:
            following.addprevious(legacy)
        return part


def _without_own(comment: Any) -> bool:
    """Take our lines out of a note; they are told by how they begin, for not every program keeps a note's author."""
    texts = list(comment.iter(f"{S}t"))
    whole = "".join(text.text or "" for text in texts)
    own = [match.span() for match in OWN_LINE.finditer(whole)]
    # Programs cut a line into runs wherever the script changes.
    end = 0
    for text in texts:
        start, end = end, end + len(text.text or "")
        text.text = "".join(whole[at] for at in range(start, end) if not any(a <= at < b for a, b in own))
        if not text.text and text.getparent().tag == f"{S}r":
            text.getparent().getparent().remove(text.getparent())
    return bool(own)


def _write(text: Any, words: str) -> None:
    """Add a run of text to a note."""
    run = etree.SubElement(text, f"{S}r")
    look = etree.SubElement(run, f"{S}rPr")
    etree.SubElement(look, f"{S}sz", val="10")
    etree.SubElement(look, f"{S}rFont", val="宋体")
    etree.SubElement(look, f"{S}charset", val="134")
    element = etree.SubElement(run, f"{S}t")
    element.text = words
    element.set(SPACE, "preserve")
