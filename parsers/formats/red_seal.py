"""Red seals on a whole page, found by colour and by shape: a ring or an oval of red, about as wide as high.

What is stamped is not read, and whose seal it is is not asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

# The page is looked at this small; a seal of 4 cm on a sheet of 21 cm is then about 60 wide.
SIDE = 440
SMALLEST, LARGEST = 22, 200
SECTORS, FEWEST_SECTORS = 36, 22
REDDISH = [255 if level <= 16 or level >= 230 else 0 for level in range(256)]
COLOURED = [255 if level >= 55 else 0 for level in range(256)]
BRIGHT = [255 if level >= 70 else 0 for level in range(256)]

# What a picture may take in memory while it is decoded. A WebP is decoded into several whole pictures, and a palette is
# looked up for a copy of the picture.
MOST_BYTES = 200 << 20
BYTES_BY_PIXEL, BYTES_OF_WEBP, BYTES_OF_PALETTE = 4, 16, 5
GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "F"})

Box = tuple[int, int, int, int]


def small(image: Any, side: int) -> Any | None:
    """The picture in colour, no side longer than `side`; None where it is grey or too large to be decoded.

    `image` is a Pillow image just opened, and is used up.
    """
    each = BYTES_OF_WEBP if image.format == "WEBP" else BYTES_OF_PALETTE if image.mode == "P" else BYTES_BY_PIXEL
    if image.mode in GREY or image.width * image.height * each > MOST_BYTES:
        return None
    image.draft("RGB", (side, side))
    # Only a palette must become colours before it can be made smaller; a second picture in full size is dear.
    image = image.convert("RGB") if image.mode == "P" else image
    image.thumbnail((side, side))
    return image.convert("RGB")


def red_seal_on_page(image: Any) -> bool:
    """Whether a red seal stands anywhere on this page, a Pillow image."""
    return next(seals(image), None) is not None


def seals(image: Any) -> Iterator[Box]:
    """The seals' places in the image's own pixels: left, top, right, bottom."""
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    scale = image.width / small.width
    mask = red_mask(small)
    for left, top, right, bottom in _patches(mask):
        if _is_ring(mask, (left, top, right, bottom)):
            yield int(left * scale), int(top * scale), int(right * scale), int(bottom * scale)


def red_only(image: Any, box: Box) -> Any:
    """This part of the image with everything that is not red made white."""
    from PIL import Image

    part = image.crop(box).convert("RGB")
    return Image.composite(part, Image.new("RGB", part.size, "white"), red_mask(part))


def without_red(image: Any, box: Box) -> Any:
    """This part of the image with everything that is red made white."""
    from PIL import Image, ImageFilter

    part = image.crop(box).convert("RGB")
    # The pale rim of a red stroke is no longer red, but it is not print either.
    return Image.composite(Image.new("RGB", part.size, "white"), part, red_mask(part).filter(ImageFilter.MaxFilter(3)))


def red_mask(image: Any) -> Any:
    """An image of one band, 255 where a pixel is red."""
    from PIL import ImageChops

    hue, saturation, value = image.convert("HSV").split()
    return ImageChops.darker(ImageChops.darker(hue.point(REDDISH), saturation.point(COLOURED)), value.point(BRIGHT))


def _patches(mask: Any) -> Iterator[Box]:
    """The boxes around what is red and hangs together, gaps of a few pixels closed."""
    from PIL import ImageFilter

    closed = mask.filter(ImageFilter.MaxFilter(5))
    width, height = closed.size
    pixels = bytearray(closed.tobytes())
    start = pixels.find(255)
    while start >= 0:
        pixels[start] = 0
        front = [start]
        left = right = start % width
        top = bottom = start // width
        while front:
            at = front.pop()
            x, y = at % width, at // width
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
            for near, inside in ((at - 1, x > 0), (at + 1, x + 1 < width), (at - width, y > 0),
                                 (at + width, y + 1 < height)):  # fmt: skip
                if inside and pixels[near]:
                    pixels[near] = 0
                    front.append(near)
        # The closing has widened the patch by two pixels on each side.
        box = left + 2, top + 2, right - 1, bottom - 1
        wide, high = box[2] - box[0], box[3] - box[1]
        if SMALLEST <= wide <= LARGEST and SMALLEST <= high <= LARGEST and 0.6 <= wide / high <= 1.7:
            yield box
        start = pixels.find(255, start)


def _is_ring(mask: Any, box: Box) -> bool:
    """Whether red runs round the rim of the oval that fills the box, and does not fill its whole inside."""
    part = mask.crop(box)
    if part.histogram()[255] > 0.72 * part.width * part.height:
        return False
    found = 0
    for sector in range(SECTORS):
        angle = 2 * math.pi * sector / SECTORS
        found += any(_red(part, angle, reach) for reach in (0.78, 0.84, 0.9, 0.95, 0.99))
    return found >= FEWEST_SECTORS


def _red(part: Any, angle: float, reach: float) -> bool:
    x = int(part.width / 2 * (1 + reach * math.cos(angle)))
    y = int(part.height / 2 * (1 + reach * math.sin(angle)))
    return bool(part.getpixel((min(x, part.width - 1), min(y, part.height - 1))))
