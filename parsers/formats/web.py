"""Web pages (.html, and such pages under a workbook's or document's name) as blocks, in one pass over the elements.

Reads what a person sees, form controls included. Scripts do not run, and nothing a page refers to is ever fetched.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from parsers.charset import decoded
from parsers.formats import unsafe
from parsers.formats.page_text import PageText
from parsers.formats.spans import SpanPlacer
from parsers.formats.web_look import PLAIN, PageLook, StyleSheet
from parsers.model import Document, Grid, GridKind, Paragraph, Picture

FORMATS = ("html",)

LARGEST = 32 << 20
MOST_TAGS = 300_000
META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.I)
XML_CHARSET = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w-]+)")
EXCEL = re.compile(r"urn:schemas-microsoft-com:office:excel|Excel\.Sheet", re.I)
SHEET_NAME = re.compile(r"<x:Name>([^<]{1,100})</x:Name>")
_UNSEEN = (
    "script style head title meta link base template noscript noframes object svg xml colgroup col option datalist"
)
UNSEEN = frozenset(_UNSEEN.split())
_BLOCKS = (
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "html li main nav ol p pre section ul caption legend details summary tr td th tbody thead tfoot"
)
BLOCKS = frozenset(_BLOCKS.split())
SECTIONS = {"thead": 0, "tbody": 1, "tfoot": 2}
# No browser shows them; LibreOffice writes two of them around what was filled into a content control.
CONTROLS = re.compile(r"[\0-\x08\x0b\x0e-\x1f]")
SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d{1,2}$", re.I)
DATA = re.compile(r"data:image/[\w.+-]+;base64,", re.I)
DEEPEST_COPY = 4

Resolve = Callable[[str], Picture]


def read(content: bytes, kind: str) -> Document:
    """A page's tables and paragraphs. Raises Unreadable."""
    return document([(text_of(content), embedded)], kind)


def text_of(content: bytes, declared: str = "") -> str:
    """A page's source as text; `declared` is the charset that its envelope names."""
    start = content[:4096]
    stated = META_CHARSET.search(start) or XML_CHARSET.search(start)
    return decoded(content, declared or (stated[1].decode() if stated else ""))


def document(pages: Sequence[tuple[str, Resolve]], kind: str) -> Document:
    """The pages one after the other; each comes with what finds the pictures it names. Raises Unreadable."""
    found: list[Grid | Paragraph | None] = []
    revised = False
    for source, resolve in pages:
        page = _Page(found, resolve)
        page.read(source)
        revised |= page.revised
    blocks = tuple(block for block in found if block is not None)
    if any(EXCEL.search(source[:8192]) for source, _ in pages):
        blocks = _as_sheets(blocks, [name for source, _ in pages for name in SHEET_NAME.findall(source)])
    return Document(kind, blocks, revised)


def _as_sheets(blocks: tuple[Grid | Paragraph, ...], names: list[str]) -> tuple[Grid | Paragraph, ...]:
    """The tables of a page saved by a spreadsheet program under the names of its sheets.

    Word and Outlook declare the spreadsheet's elements too: a page with lines beside its tables, or with more tables than
    named sheets, stays as it is.
    """
    grids = [block for block in blocks if isinstance(block, Grid)]
    if len(grids) < len(blocks) or (len(grids) > 1 and len(names) < len(grids)):
        return blocks
    known = names if len(names) == len(grids) else [f"Sheet{number}" for number in range(1, len(grids) + 1)]
    return tuple(Grid(GridKind.SHEET, grid.ordinal, grid.cells, name) for grid, name in zip(grids, known, strict=True))


def embedded(source: str) -> Picture:
    """A picture that is written into the page itself; of one that lies elsewhere nothing but that it was there."""
    match = DATA.match(source)
    return Picture("data", partial(_decode, source[match.end() :])) if match else Picture(source, bytes)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


class _Page:
    """The state of one pass over a page."""

    def __init__(self, blocks: list[Grid | Paragraph | None], resolve: Resolve) -> None:
        self.blocks = blocks
        self.revised = False
        self._resolve = resolve
        self._tables = sum(isinstance(block, Grid) for block in blocks)
        self._paragraphs = sum(isinstance(block, Paragraph) for block in blocks)
        self._depth = 0
        self._text = PageText()
        self._styles = StyleSheet([])

    def read(self, source: str) -> None:
        from lxml import etree

        if len(source) > LARGEST or source.count("<") > MOST_TAGS:
            raise unsafe("网页过大，超出安全限制")
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
        try:
            root = etree.fromstring(CONTROLS.sub("", source).encode("utf-8", "replace"), parser)
        except etree.LxmlError:
            return
        if root is None:
            return
        self._styles = StyleSheet([style.text or "" for style in root.iter("style")])
        self._walk(root, PLAIN)
        self._close()

    def _walk(self, element: Any, look: PageLook) -> None:
        """The content of an element: its text, its children and the text between them."""
        self._text.add(element.text, look)
        for child in element:
            self._element(child, look)
            self._text.add(child.tail, look)

    def _element(self, element: Any, outer: PageLook) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in UNSEEN or (":" in tag and not tag.startswith("o:")):
            return
        if tag == "br":
            self._text.break_line(outer)
        elif tag in ("input", "select", "img"):
            self._control(tag, element, outer)
        elif self._deleted(element):
            self.revised = True
        elif tag == "table":
            self._table(element, self._styles.look(element, outer))
        else:
            if tag == "a":
                self._text.link(element.get("href") or "")
            if tag in BLOCKS:
                self._close()
            look = self._styles.look(element, outer)
            inserted = tag == "ins" and "msoins" in (element.get("class") or "").lower()
            self._walk(element, look._replace(on=outer.on) if inserted else look)
            if tag in BLOCKS:
                self._close()

    def _deleted(self, element: Any) -> bool:
        return "msodel" in (element.get("class") or "").lower()

    def _control(self, tag: str, element: Any, look: PageLook) -> None:
        """What a form control or picture shows."""
        if tag == "img":
            if not look.hidden:
                self._text.pictures.append(self._resolve(element.get("src") or ""))
            return
        if tag == "select":
            options = list(element.iter("option"))
            shown = next((option for option in options if option.get("selected") is not None), None)
            self._text.add("" if shown is None else "".join(shown.itertext()), look)
            return
        kind = (element.get("type") or "text").lower()
        if kind in ("checkbox", "radio"):
            self._text.add("☐" if element.get("checked") is None else "☑", look)
        elif kind in ("text", "tel", "date", "number", "url", "email"):
            self._text.add(element.get("value") or "", look)

    def _close(self) -> None:
        """End a line in a cell; outside, make a block of what was gathered, if anything."""
        if self._depth:
            self._text.end_line()
            return
        text, self._text = self._text.finish(), PageText()
        runs = text.runs()
        if text.pictures or any(not run.text.isspace() for run in runs):
            self._paragraphs += 1
            self.blocks.append(Paragraph(self._paragraphs, runs, tuple(text.links), tuple(text.pictures)))

    def _table(self, table: Any, look: PageLook) -> None:
        self._close()
        place = len(self.blocks)
        self.blocks.append(None)
        self._tables += 1
        ordinal, placer = self._tables, SpanPlacer()
        for row in _rows(table):
            placer.start_row()
            seen = self._styles.look(row[0], look) if row[0] is not None else look
            for cell in row[1]:
                fill = placer.place(_span(cell, "rowspan", 1 << 20), _span(cell, "colspan", 1) or 1)
                fill(self._cell(cell, self._styles.look(cell, seen)).finish())
        grid = Grid(GridKind.TABLE, ordinal, placer.cells())
        self.blocks[place] = grid
        if 0 < self._depth <= DEEPEST_COPY and _beside_words(table):
            self._text.copy(grid)

    def _cell(self, cell: Any, look: PageLook) -> PageText:
        outer, self._text = self._text, PageText()
        self._depth += 1
        # A row or cell that a spreadsheet program hides is still a row of its sheet.
        self._walk(cell, look._replace(hidden=False))
        self._depth -= 1
        text, self._text = self._text, outer
        number = cell.get("x:num") or cell.get("sdval")
        if number and SCIENTIFIC.match(text.plain.strip()):
            text = PageText()
            text.add(number, look._replace(hidden=False))
        return text


def _rows(table: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The rows of a table, without those of tables in it, as their element (None where it was left out) and cells."""
    sections = sorted((child for child in table), key=lambda child: SECTIONS.get(child.tag, 1))
    loose: list[Any] = []
    for child in sections:
        if child.tag in ("td", "th"):
            loose.append(child)
            continue
        if loose:
            yield None, loose
            loose = []
        if child.tag == "tr":
            yield child, [cell for cell in child if cell.tag in ("td", "th")]
        elif child.tag in SECTIONS or child.tag == "form":
            yield from _rows(child)
    if loose:
        yield None, loose


def _span(cell: Any, name: str, endless: int) -> int:
    value = (cell.get(name) or "").strip()
    return min(int(value[:9]), endless if endless > 1 else 1 << 14) if value.isascii() and value.isdecimal() else 1


def _beside_words(table: Any) -> bool:
    """Whether a table stands in a cell with words beside it, as in a field of a form, rather than in a page's layout."""
    cell = next(table.iterancestors("td", "th"), None)
    row = cell.getparent() if cell is not None else None
    siblings = () if row is None else (other for other in row if other is not cell and other.tag in ("td", "th"))
    return any("".join(other.itertext()).strip() for other in siblings)
