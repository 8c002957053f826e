"""How many pages of a picture or PDF that is no readable form bear a red seal: so many stamped scans it is taken for.

It recognises no text; seal.py looks at single pictures inside a form.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from parsers.formats import scan
from parsers.formats.red_seal import red_seal_on_page, small

# Looked at, at most: so many pages, reduced to so many pixels on the longer side. Where none of the first pages bears a
# seal, the others are not looked at.
FIRST_PAGES, PAGES = 3, 20
SIDE = 1000
LARGEST = 40 << 20


def stamped_pages(content: bytes, kind: str) -> int:
    """On how many pages a red seal is seen; never raises, and what cannot be drawn counts for none."""
    if len(content) > LARGEST or (kind != "pdf" and kind not in scan.FORMATS):
        return 0
    found = 0
    try:
        for number, page in enumerate(_pdf(content) if kind == "pdf" else _picture(content), start=1):
            found += red_seal_on_page(page)
            if number == FIRST_PAGES and not found:
                break
    except Exception:
        # Decoders fail in ways of their own, and no picture may stop a mail.
        return found
    return found


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
