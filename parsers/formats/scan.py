"""Photographs and scans: supporting material, unless the optional OCR is installed and ruled lines show a table.

A picture that cannot be decoded is supporting material too. What is read this way is only a candidate, which its
format says ("scan"); it is never better than a form that was typed.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from parsers.formats.page import Page, Shown, blocks
from parsers.formats.red_seal import red_only, seals, without_red
from parsers.model import Document, Grid, Picture

if TYPE_CHECKING:
    from parsers.formats.ocr import Recognised

__all__ = ["FORMATS", "SCAN", "has_ocr", "png", "read", "read_pages", "scale_for"]

FORMATS = ("bmp", "gif", "heic", "jpg", "png", "tiff", "webp")
SCAN = "scan"

# The longer side, in pixels, of a page that is to be recognised.
SIDE = 1800
MOST_PIXELS = 60_000_000
MOST_FRAMES = 10
LARGEST = 48 << 20
LARGEST_SEAL = 1024


@cache
def has_ocr() -> bool:
    """Whether the optional packages for recognition are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "cv2"))


def read(content: bytes, kind: str) -> Document:
    """The tables in a picture, or a document without blocks; it never raises."""
    if not has_ocr() or len(content) > LARGEST:
        return Document(kind)
    return read_pages(partial(_frames, content), kind)


def read_pages(pages: Callable[[], Iterable[Any]], kind: str) -> Document:
    """The tables in pages given as Pillow images, with whatever stands beside them; none where no page has a table."""
    if not has_ocr():
        return Document(kind)
    try:
        found = blocks([page for image in pages() if (page := _upright(image)) is not None])
    except Exception:
        # Decoders and recognisers fail in ways of their own, and no picture may stop a mail.
        return Document(kind)
    return Document(SCAN, found) if any(isinstance(block, Grid) for block in found) else Document(kind)


def _upright(image: Any) -> Page | None:
    """The page, whichever way up it was scanned; None for a picture without a ruled table."""
    first = _page(image)
    if first is None or first.upright:
        return first.page if first else None
    best = first
    for turn in (90, 270) if first.lying else (180,):
        turned = _page(image.rotate(turn, expand=True))
        if turned is not None and not turned.lying and (best.lying or turned.sureness > best.sureness):
            best = turned
        if best.upright:
            break
    return best.page


def _page(image: Any) -> Recognised | None:
    from parsers.formats.ocr import level, recognised

    image = level(image.convert("RGB"))
    boxes = list(seals(image))
    stamps = [red_only(image, box) for box in boxes]
    # What is printed under a seal is read without it, and what the seal itself says is not the form's text.
    for box in boxes:
        image.paste(without_red(image, box), box)
    seen = recognised(image)
    for (left, top, right, bottom), stamp in zip(boxes, stamps, strict=True):
        if seen is not None:
            shown = Shown((left + right) / 2, (top + bottom) / 2, Picture("seal", partial(png, stamp)))
            seen.page.pictures.append(shown)
    return seen


def _frames(content: bytes) -> Iterator[Any]:
    """The pictures in a file (a TIFF may hold several), upright and of a size that recognition works well at."""
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content)) as file:
            if file.width * file.height > MOST_PIXELS:
                return
            for number in range(min(getattr(file, "n_frames", 1), MOST_FRAMES)):
                file.seek(number)
                image = ImageOps.exif_transpose(file).convert("RGB")
                scale = scale_for(*image.size)
                # A small photograph does not become a page by being enlarged.
                if 0.3 < scale < 3:
                    size = int(image.width * scale), int(image.height * scale)
                    image = image.resize(size, Image.Resampling.LANCZOS)
                yield image


def scale_for(width: float, height: float) -> float:
    """By how much a page of this size is to be enlarged."""
    return SIDE / max(width, height, 1.0)


def png(picture: Any) -> bytes:
    """The picture's bytes as PNG, made smaller where it is larger than any seal needs."""
    picture.thumbnail((LARGEST_SEAL, LARGEST_SEAL))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
