"""PDF files with text: ruled tables as tables, the rest line by line; pages that are only a picture go to scan.py.

Forms of PDF (AcroForm, XFA), notes and attached files are not read; no script runs and no link is followed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from parsers.formats import damaged, encrypted, scan, unsafe
from parsers.formats.page import Page, Shown, blocks
from parsers.formats.page_halves import side_by_side
from parsers.formats.pdf_lines import page_lines
from parsers.formats.pdf_text import page_pieces
from parsers.model import SHAPE, Document, Picture

FORMATS = ("pdf",)

LARGEST = 64 << 20
# Forms are short; what comes after so many pages is a book of supporting material.
MOST_PAGES = 60
MOST_OBJECTS = 40_000
LARGEST_STREAM = 48 << 20
STREAM = re.compile(rb"stream\r?\n")
# A page with fewer letters and a picture over most of it is a scan.
FEWEST_LETTERS = 20
MOST_OF_PAGE = 0.5
SLACK = 2.5
MOST_PIXELS = 16_000_000
PASSWORD = 4


def read(content: bytes, kind: str) -> Document:
    """The document's tables and lines. Raises Unreadable."""
    if len(content) > LARGEST:
        raise unsafe("文件过大，超出安全限制")
    _check_streams(content)
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as refusal:
        if getattr(refusal, "err_code", 0) == PASSWORD:
            raise encrypted() from None
        raise damaged() from None
    try:
        pages, scanned = _pages(document, content)
    finally:
        document.close()
    found = blocks(side_by_side(pages))
    if scanned and not found:
        return scan.read_pages(partial(_rendered, content, scanned), kind)
    return Document(kind, found)


def _check_streams(content: bytes) -> None:
    """Refuse a file in which a compressed stream other than a picture's grows beyond every need."""
    for match in STREAM.finditer(content):
        start = match.end()
        head = content[max(0, match.start() - 400) : match.start()].rpartition(b" obj")[2]
        if b"Image" in head or b"Flate" not in head:
            continue
        try:
            grown = len(zlib.decompressobj().decompress(memoryview(content)[start:], LARGEST_STREAM + 1))
        except zlib.error:
            continue
        if grown > LARGEST_STREAM:
            raise unsafe()


def _pages(document: Any, content: bytes) -> tuple[list[Page], list[int]]:
    """The pages' contents, and the numbers of those that are only a picture."""
    import pypdfium2

    pages: list[Page] = []
    scanned: list[int] = []
    for number in range(min(len(document), MOST_PAGES)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            continue
        try:
            read_page = _page(page, content, number)
        finally:
            page.close()
        if read_page is None:
            scanned.append(number)
        else:
            pages.append(read_page)
    return pages, scanned


def _page(page: Any, content: bytes, number: int) -> Page | None:
    """What stands on a page; None for a scan."""
    turn = Turn(page)
    drawn = page_lines(page, turn.box, MOST_OBJECTS)
    pieces, cut_off = page_pieces(page, turn.box, drawn)
    letters = sum(1 for piece in pieces if not piece.text.isspace())
    area = turn.width * turn.height
    covered = max(((right - left) * (bottom - top) for left, top, right, bottom in drawn.images), default=0.0)
    if letters < FEWEST_LETTERS and covered > MOST_OF_PAGE * area:
        return None
    pictures = [
        Shown(
            (left + right) / 2, (top + bottom) / 2, Picture(f"page{number + 1}", partial(_image, content, number, at))
        )
        for at, (left, top, right, bottom) in enumerate(drawn.images)
        if (right - left) * (bottom - top) < MOST_OF_PAGE * area
    ]
    pictures += [Shown((left + right) / 2, (top + bottom) / 2, SHAPE) for left, top, right, bottom in drawn.rings]
    return Page(turn.height, SLACK, pieces, drawn.horizontals, drawn.verticals, pictures, cut_off)


class Turn:
    """From PDF's coordinates (upwards, before the page is turned) to ours (downwards, as it is seen)."""

    def __init__(self, page: Any) -> None:
        self._rotation = page.get_rotation() % 360
        self._left, self._bottom, right, top = page.get_cropbox()
        self._across, self._up = right - self._left, top - self._bottom
        turned = self._rotation in (90, 270)
        self.width, self.height = (self._up, self._across) if turned else (self._across, self._up)

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box as left, top, right, bottom."""
        corners = [self._point(left, bottom), self._point(right, top)]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return xs[0], ys[0], xs[1], ys[1]

    def _point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self._left, y - self._bottom
        if self._rotation == 90:
            return y, x
        if self._rotation == 180:
            return self._across - x, y
        return (self._up - y, self._across - x) if self._rotation == 270 else (x, self._up - y)


def _image(content: bytes, number: int, at: int) -> bytes:
    """A picture of a page as PNG, by its place among the page's pictures; empty where it cannot be drawn."""
    import pypdfium2

    from parsers.formats.pdf_lines import page_images

    document = pypdfium2.PdfDocument(content)
    try:
        page = document[number]
        images = page_images(page)
        if at >= len(images):
            return b""
        image = pypdfium2.PdfImage(images[at], page=page, pdf=document)
        wide, high = image.get_px_size()
        # A picture of many more points than any seal needs is drawn as small as it stands on the page.
        whole = wide * high <= MOST_PIXELS
        return scan.png(image.get_bitmap(render=True, scale_to_original=whole).to_pil())
    except (pypdfium2.PdfiumError, ValueError, OSError):
        return b""
    finally:
        document.close()


def _rendered(content: bytes, numbers: list[int]) -> Iterator[Any]:
    """Scanned pages as pictures, one after the other."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        for number in numbers:
            page = document[number]
            yield page.render(scale=scan.scale_for(*page.get_size())).to_pil()
            page.close()
    finally:
        document.close()
