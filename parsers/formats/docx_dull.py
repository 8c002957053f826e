"""Takes out of a Word document, before it is parsed, what tells nothing, for that is most of its elements.

Sizes, spacing, ordinary fonts and the like go where nothing else stands beside them, and plain paragraphs of a cell
become lines of a single one. Only saves time: whatever might be read otherwise then stays, and so does whatever is not
well-formed.
"""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from parsers.formats.docx_markup import CELL, PARAGRAPH, ROW, RUN, RUN_LOOK, TEXT
from parsers.formats.docx_plain import TELLING
from parsers.formats.grid_rows import MERGING
from parsers.formats.run_look import STYLE, W, shows

# Those of runs come first, for those of a paragraph hold the ones of its mark.
_PROPERTIES = tuple((f"<w:{name}>".encode(), f"</w:{name}>".encode()) for name in ("rPr", "pPr", "tcPr"))
_READ = frozenset({*TELLING, *MERGING, ROW, CELL, PARAGRAPH, RUN, RUN_LOOK, TEXT, STYLE})
_OPENED, _CLOSED = f'<w:x xmlns:w="{W[1:-1]}">'.encode(), b"</w:x>"
# In bytes; longer ones are rare, and those met last are remembered.
_LONGEST = 1_000
_LINE, _NEXT_LINE, _END = b"<w:p><w:r><w:t>", b"</w:t></w:r></w:p><w:p><w:r><w:t>", b"</w:t></w:r></w:p>"
# In bytes; the XML parser refuses texts of more than ten million.
_LONGEST_CELL = 1_000_000


def without_dull(document: bytes) -> bytes:
    """The XML of a document without the properties that change nothing of what is read, and with fewer paragraphs."""
    # In a comment or a CDATA section the same letters are no elements. A single byte is looked for many times faster.
    # Inside a text, where no program writes an element, text behind one would be lost; without it that is read as well.
    if b"!" in document and b"<!" in document:
        return document
    for opening, closing in _PROPERTIES:
        first, *others = document.split(opening)
        pieces = [first]
        for piece in others:
            properties, closed, rest = piece.partition(closing)
            if closed and len(properties) <= _LONGEST and _dull(properties):
                pieces.append(rest)
            else:
                pieces += opening, piece
        document = b"".join(pieces)
    # In a content control each paragraph of a cell is looked at by itself.
    return document if b"sdt" in document else _joined(document)


@lru_cache(maxsize=1024)
def _dull(properties: bytes) -> bool:
    """Whether these elements are well-formed, none of them is ever read, and together they set nothing off."""
    try:
        elements = etree.fromstring(_OPENED + properties + _CLOSED)
    except etree.XMLSyntaxError:
        return False
    return not any(element.tag in _READ for element in elements.iterdescendants()) and not shows(elements)


def _joined(document: bytes) -> bytes:
    """The document with the paragraphs of each plain cell made lines of one, which is what they are read as."""
    # Blanks are kept whether or not the element says so.
    pieces = document.replace(b'<w:t xml:space="preserve">', b"<w:t>").split(b"</w:tc>")
    for index, piece in enumerate(pieces):
        if _NEXT_LINE in piece:
            before, opening, cell = piece.rpartition(b"<w:tc>")
            properties, closing, lines = cell.rpartition(b"</w:tcPr>")
            joined = lines.replace(_NEXT_LINE, b"\n")
            if opening and len(joined) <= _LONGEST_CELL and _is_plain(joined):
                pieces[index] = before + opening + properties + closing + joined
    return b"</w:tc>".join(pieces)


def _is_plain(paragraph: bytes) -> bool:
    """Whether there is no markup but that of one paragraph, nor a carriage return, which a line break would swallow."""
    framed = paragraph.startswith(_LINE) and paragraph.endswith(_END)
    return framed and paragraph.count(b"<") == (_LINE + _END).count(b"<") and b"\r" not in paragraph
