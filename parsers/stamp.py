"""Whether a picture or PDF that is no readable form bears a red seal: then it is the stamped scan of one.

It recognises no text; seal.py looks at single pictures inside a form.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from parsers.formats import scan
from parsers.formats.red_seal import red_seal_on_page, small

# Looked at, at most: so many pages, reduced to so many pixels on the longer side.
PAGES = 3
SIDE = 1000
LARGEST = 40 << 20


def stamped(content: bytes, kind: str) -> bool:
    """Whether a red seal is seen on one of the first pages; never raises, False for whatever cannot be drawn."""
    if len(content) > LARGEST or (kind != "pdf" and kind not in scan.FORMATS):
        return False
    try:
        return any(red_seal_on_page(page) for page in (_pdf(content) if kind == "pdf" else _picture(content)))
    except Exception:
        # Decoders fail in ways of their own, and no picture may stop a mail.
        return False


def _picture(content: bytes) -> Iterator[Any]:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        page = small(image, SIDE)
        if page is not None:
            yield page


def _pdf(content: bytes) -> Iterator[Any]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        for number in range(min(len(document), PAGES)):
            page = document[number]
            yield page.render(scale=SIDE / max(page.get_width(), page.get_height(), 1)).to_pil()
    finally:
        document.close()
