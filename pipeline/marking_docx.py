"""Word comments at the places of findings, the document's own text left as it is.

Where a cell of our grid stands in the XML is found by the document's own reader: every paragraph of a copy gets an
invisible number, the copy is read, and the numbers say what became which cell. Nothing is judged here.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from parsers.catalogue import open_document
from parsers.formats.docx_markup import BOX_CONTENT, CELL, PARAGRAPH, PARAGRAPH_LOOK, RUN, RUN_LOOK, TEXT
from parsers.formats.run_look import W
from parsers.model import Cell, Document, Grid, GridKind, Paragraph, Place
from pipeline.marking_package import Parts
from pipeline.marking_value import AUTHOR, Marked, Uneditable

MAIN = "word/document.xml"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
RANGE_START, RANGE_END, REFERENCE = (f"{W}comment{end}" for end in ("RangeStart", "RangeEnd", "Reference"))
# Blanks that nobody types, so that a numbered blank paragraph is still a blank one: eight of them are the digits.
OPENING, CLOSING, ZERO = "\u205f\u205f", "\u205f", 0x2002
NUMBER = re.compile(f"{OPENING}([\u2002-\u2009]+){CLOSING}")


def mark_document(content: bytes, marks: Sequence[Marked]) -> bytes:
    """The document with a comment for each mark; those without a place stand at its first paragraph.

    Raises Uneditable, and Unreadable as the reader does.
    """
    parts = Parts(content)
    main = parts.main(MAIN)
    root = parts.edit(main)
    comments = _Comments(parts, main, root)
    anchors = _Anchors(parts, main, root)
    for mark in marks:
        first, last = anchors.of(mark.place)
        comments.add(mark.text, first, last)
    return parts.save()


class _Comments:
    """The document's comments, the other people's kept, ours of an earlier round taken out."""

    def __init__(self, parts: Parts, main: str, document: Any) -> None:
        part = parts.related(main, "comments")
        if not part:
            part = parts.unused(f"{main.rpartition('/')[0]}/comments{{}}.xml".lstrip("/"))
            parts.put(part, f'<w:comments xmlns:w="{W[1:-1]}"/>'.encode())
            parts.relate(main, "comments", part)
            parts.declare(part, COMMENTS_TYPE)
        self._comments = parts.edit(part)
        _drop_own(self._comments, document, parts, main)
        known = [*self._comments.iter(f"{W}comment"), *document.iter(REFERENCE, RANGE_START)]
        self._next = 1 + max((_identifier(element) for element in known), default=-1)

    def add(self, text: str, first: Any, last: Any) -> None:
        """A comment on the paragraphs from `first` to `last`."""
        identifier, self._next = str(self._next), self._next + 1
        comment = _element("comment", id=identifier, author=AUTHOR, initials=AUTHOR[:1])
        run = etree.SubElement(etree.SubElement(comment, PARAGRAPH), RUN)
        etree.SubElement(run, f"{W}annotationRef")
        _text(run.getparent(), text)
        self._comments.append(comment)
        behind = first.find(PARAGRAPH_LOOK)
        first.insert(0 if behind is None else first.index(behind) + 1, _element("commentRangeStart", id=identifier))
        last.append(_element("commentRangeEnd", id=identifier))
        etree.SubElement(last, RUN).append(_element("commentReference", id=identifier))


def _drop_own(comments: Any, document: Any, parts: Parts, main: str) -> None:
    """Take out the comments of an earlier round, save those that somebody answered."""
    extended = parts.related(main, "commentsExtended")
    threads = list(parts.edit(extended)) if extended else []
    answered = {value for thread in threads for name, value in thread.attrib.items() if name.endswith("}paraIdParent")}
    own: set[str] = set()
    for comment in [each for each in comments if each.get(f"{W}author") == AUTHOR]:
        paragraphs = {value for name, value in _attributes(comment) if name.endswith("}paraId")}
        if paragraphs & answered:
            continue
        own.add(comment.get(f"{W}id", ""))
        comments.remove(comment)
        for kind in ("commentsExtended", "commentsIds"):
            part = parts.related(main, kind)
            for entry in list(parts.edit(part)) if part else []:
                if paragraphs & set(entry.attrib.values()):
                    entry.getparent().remove(entry)
    for element in [each for each in document.iter(RANGE_START, RANGE_END, REFERENCE) if each.get(f"{W}id") in own]:
        holder = element.getparent()
        holder.remove(element)
        if element.tag == REFERENCE and all(child.tag == RUN_LOOK for child in holder):
            holder.getparent().remove(holder)


def _attributes(comment: Any) -> Iterator[tuple[str, str]]:
    return ((str(name), str(value)) for element in comment.iter() for name, value in element.attrib.items())


class _Anchors:
    """Where places of our grids stand among the document's paragraphs."""

    def __init__(self, parts: Parts, main: str, root: Any) -> None:
        self._paragraphs = list(root.iter(PARAGRAPH))
        if not self._paragraphs:
            raise Uneditable("no paragraph")
        document = _numbered(parts, main, root)
        self._grids = {block.ordinal: block for block in document.blocks if _is_table(block)}
        self._lines = {block.ordinal: block for block in document.blocks if isinstance(block, Paragraph)}
        # The title says more about the whole document than a blank line above it does.
        first = next((numbers for line in self._lines.values() if (numbers := _numbers(line.text))), [0])
        self._first = _outermost(self._paragraphs[first[0]])

    def of(self, place: Place) -> tuple[Any, Any]:
        """The first and the last paragraph of a place; where it is unknown, of the cell or table nearest to it."""
        if place.kind is None and place.row + 1 in self._lines:
            return self._span(_numbers(self._lines[place.row + 1].text))
        grid = self._grids.get(place.ordinal) if place.kind is GridKind.TABLE else None
        for cell in _nearest(grid, place) if isinstance(grid, Grid) else ():
            if numbers := _numbers(cell.text):
                return self._span(numbers)
        return self._first, self._first

    def _span(self, numbers: list[int]) -> tuple[Any, Any]:
        """The paragraphs with these numbers, as far as they stand in one cell; text boxes take no comments."""
        if not numbers:
            return self._first, self._first
        first = _outermost(self._paragraphs[numbers[0]])
        cell = next(first.iterancestors(CELL), None)
        inside = (_outermost(self._paragraphs[number]) for number in reversed(numbers))
        return first, next((each for each in inside if next(each.iterancestors(CELL), None) is cell), first)


def _is_table(block: Grid | Paragraph) -> bool:
    return isinstance(block, Grid) and block.kind is GridKind.TABLE


def _numbered(parts: Parts, main: str, root: Any) -> Document:
    """The document as its reader sees it, every paragraph numbered in document order."""
    numbered = copy.deepcopy(root)
    for number, paragraph in enumerate(list(numbered.iter(PARAGRAPH))):
        # A blank text box must stay one, for the reader prefers the alternative that says something.
        boxed = next(paragraph.iterancestors(BOX_CONTENT), None) is not None
        if boxed and next(paragraph.iter(TEXT), None) is None:
            continue
        digits = "".join(chr(ZERO + int(digit)) for digit in format(number, "o"))
        run = _text(None, f"{OPENING}{digits}{CLOSING}")
        look = paragraph.find(PARAGRAPH_LOOK)
        paragraph.insert(0 if look is None else paragraph.index(look) + 1, run)
    return open_document(_probe(parts, main, etree.tostring(numbered, encoding="UTF-8")))


def _probe(parts: Parts, main: str, document: bytes) -> bytes:
    """The package with another document in it; pictures are only mentioned, not carried."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in parts.names:
            needed = name.lower().endswith((".xml", ".rels"))
            archive.writestr(name, document if name == main else parts.read(name) if needed else b"")
    return stream.getvalue()


def _numbers(text: str) -> list[int]:
    return [int("".join(str(ord(digit) - ZERO) for digit in match[1]), 8) for match in NUMBER.finditer(text)]


def _nearest(grid: Grid, place: Place) -> Iterator[Cell]:
    """The cell of the place, then its row from the left, then the table."""
    cell = grid.at(place.row, place.column)
    if cell is not None:
        yield cell
    yield from grid.row(place.row)
    yield from grid.cells


def _outermost(paragraph: Any) -> Any:
    """The paragraph itself, or the one that holds the text box it stands in."""
    return [paragraph, *list(paragraph.iterancestors(PARAGRAPH))][-1]


def _element(name: str, **attributes: str) -> Any:
    element = etree.Element(f"{W}{name}", nsmap={"w": W[1:-1]})
    for key, value in attributes.items():
        element.set(f"{W}{key}", value)
    return element


def _text(parent: Any, text: str) -> Any:
    """A run of text, put at the end of `parent` if there is one."""
    run = etree.Element(RUN) if parent is None else etree.SubElement(parent, RUN)
    element = etree.SubElement(run, TEXT)
    element.text = text
    element.set(SPACE, "preserve")
    return run


def _identifier(element: Any) -> int:
    value = element.get(f"{W}id", "")
    return int(value) if value.isascii() and value.isdecimal() else -1
