"""The letters of a PDF page with their boxes and looks: bold, coloured, underlined, struck out, highlighted, framed.

Text drawn to be invisible (a scanner's own guess under its picture) is not read; what is cut off is told apart.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from parsers.formats.check_boxes import check_boxes
from parsers.formats.frames import frames
from parsers.formats.pdf_lines import Bounds, Drawn, ToBox, address
from parsers.formats.piece import Piece
from parsers.formats.ruling import Line
from parsers.formats.run_look import NEAR_BLACK
from parsers.formats.symbols import marks
from parsers.model import Style

MOST_LETTERS = 60_000
IDEOGRAPHS = 0x2E80
BLANKS = frozenset({0x20, 0xA0, 0x3000})
INVISIBLE = 3
BOLD_WEIGHT = 600
SYMBOL_FONTS = {"wingdings2": "wingdings 2", "wingdings-2": "wingdings 2", "wingdings": "wingdings",
                "webdings": "webdings", "zapfdingbats": "zapfdingbats", "symbol": "symbol"}  # fmt: skip
NEAR = 1.5
# Where a line must run to underline or to strike out, as a share of the letter's height from its top.
STRUCK, UNDER = (0.3, 0.75), (0.8, 1.35)
# How high a frame around a word is, as a multiple of the letter's height.
TALLEST_FRAME = 2.2


def page_pieces(page: Any, to_box: ToBox, drawn: Drawn) -> tuple[list[Piece], list[Piece]]:
    """The page's letters, and the blanks that were written between them; then the letters cut off, which nobody sees."""
    import pypdfium2.raw as pdfium

    text_page = page.get_textpage()
    pieces: list[Piece] = []
    cut_off: list[Piece] = []
    looks: dict[Any, tuple[int, str] | None] = {}
    box = pdfium.FS_RECTF()
    try:
        for index in range(min(text_page.count_chars(), MOST_LETTERS)):
            code = pdfium.FPDFText_GetUnicode(text_page.raw, index)
            if code in BLANKS and pdfium.FPDFText_IsGenerated(text_page.raw, index):
                # Programs set ideographs off from letters by a narrow gap, which the library takes for a blank.
                told = not _beside_ideograph(pdfium, text_page.raw, index)
                if pieces and told and pdfium.FPDFText_GetLooseCharBox(text_page.raw, index, box):
                    left = to_box(box.left, box.bottom, box.right, box.top)[0]
                    pieces.append(Piece(" ", left, pieces[-1].top, left, pieces[-1].bottom))
                continue
            if code < 0x20 or 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF):
                continue
            owner = pdfium.FPDFText_GetTextObject(text_page.raw, index)
            key = address(owner)
            if key not in looks:
                looks[key] = _look(pdfium, text_page.raw, index, owner)
            look = looks[key]
            if look is None or not pdfium.FPDFText_GetLooseCharBox(text_page.raw, index, box):
                continue
            bounds = to_box(box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top))
            character = " " if code in BLANKS else chr(code) if code < 0x110000 else "\ufffd"
            seen = key not in drawn.windows or _is_inside(bounds, drawn.windows[key])
            (pieces if seen else cut_off).append(Piece(marks(character, look[1]), *bounds, look[0]))
    finally:
        text_page.close()
    pieces += check_boxes(pieces, drawn)
    _decorate(pieces, drawn)
    return pieces, cut_off


def _beside_ideograph(pdfium: Any, text_page: Any, index: int) -> bool:
    return any(pdfium.FPDFText_GetUnicode(text_page, near) >= IDEOGRAPHS for near in (index - 1, index + 1))


def _look(pdfium: Any, text_page: Any, index: int, owner: Any) -> tuple[int, str] | None:
    """Bits of Style and the symbol font ("" for none) of a text object; None when nobody sees it."""
    if owner and pdfium.FPDFTextObj_GetTextRenderMode(owner) == INVISIBLE:
        return None
    name = ctypes.create_string_buffer(256)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, 256, flags)
    font = name.value.decode("utf-8", "replace").partition("+")[2] or name.value.decode("utf-8", "replace")
    bits = 0
    if pdfium.FPDFText_GetFontWeight(text_page, index) >= BOLD_WEIGHT or "bold" in font.lower():
        bits |= Style.BOLD.value
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    told = pdfium.FPDFText_GetFillColor(text_page, index, red, green, blue, alpha)
    if told and max(red.value, green.value, blue.value) >= NEAR_BLACK:
        bits |= Style.COLOUR.value
    plain = font.lower().replace(" ", "").removesuffix("-regular").removesuffix("mt")
    return bits, SYMBOL_FONTS.get(plain, "")


def _decorate(pieces: list[Piece], drawn: Drawn) -> None:
    """Underlining, striking out, highlighting and frames are drawn beside the text; lines of tables run elsewhere."""
    if len(pieces) * (len(drawn.horizontals) + len(drawn.areas)) > 4_000_000:
        return
    framed = frames(drawn)
    rows = sorted({line for line in drawn.horizontals if not _meets(line, drawn.verticals)})
    for piece in pieces:
        tall, middle = piece.bottom - piece.top, (piece.left + piece.right) / 2
        for at, start, end in rows:
            share = (at - piece.top) / tall if tall > 0 else -1.0
            if not (start - 1 <= middle <= end + 1) or share < STRUCK[0]:
                continue
            if share > UNDER[1]:
                break
            if STRUCK[0] <= share <= STRUCK[1]:
                piece.bits |= Style.STRIKE.value
            elif UNDER[0] <= share:
                piece.bits |= Style.UNDERLINE.value
        if any(_within(piece, area) for area in drawn.areas):
            piece.bits |= Style.HIGHLIGHT.value
        if any(_within(piece, frame) for frame in framed if frame[3] - frame[1] <= TALLEST_FRAME * tall):
            piece.bits |= Style.BORDER.value


def _meets(line: Line, verticals: Sequence[Line]) -> bool:
    """Whether a horizontal line meets a vertical one, as a table's lines do."""
    return any(
        line.start - NEAR <= other.at <= line.end + NEAR and other.start - NEAR <= line.at <= other.end + NEAR
        for other in verticals
    )


def _within(piece: Piece, area: Bounds) -> bool:
    return _is_inside((piece.left, piece.top, piece.right, piece.bottom), area)


def _is_inside(box: Bounds, area: Bounds) -> bool:
    """Whether the middle of a box lies in an area."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return area[0] <= x <= area[2] and area[1] <= y <= area[3]
