"""Whether a picture is a red seal: mostly red on its background, about as wide as high, a ring rather than a patch.

A picture that is something else, or cannot be decoded, is "cannot be told", never "no seal". Nothing is raised.
A university puts the same picture into all its forms, so the verdicts on the last pictures are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from parsers.model import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 256
# Decoded, a picture takes four bytes for each of these, a WebP four times as many.
_MOST_PIXELS, _MOST_OF_WEBP = 50_000_000, 12_500_000
_MOST_BYTES = 40_000_000
# Modes of Pillow in which nothing can be red.
_GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "F"})
# What each level of hue, saturation and value stands for, as tables of 0 and 255.
_REDDISH = [255 if level <= 14 or level >= 232 else 0 for level in range(256)]
_COLOURED = [255 if level >= 50 else 0 for level in range(256)]
_BRIGHT = [255 if level >= 70 else 0 for level in range(256)]
_DARK = [255 if level < 110 else 0 for level in range(256)]
# The verdicts by the digest of the picture's bytes, so many at most.
_MOST_VERDICTS = 1024
_verdicts: dict[bytes, bool] = {}


def sealed(pictures: Iterable[Picture]) -> bool | None:
    """True if one of the pictures is a seal, None if there are pictures but none is, False without any picture."""
    verdict: bool | None = False
    for picture in pictures:
        try:
            content = picture.load()
        except Exception:
            # A picture that cannot be fetched from its package says nothing either way.
            content = b""
        if is_seal(content):
            return True
        verdict = None
    return verdict


def is_seal(content: bytes) -> bool:
    """Whether these bytes are a picture of a red seal; False for everything that cannot be decoded."""
    if not content or len(content) > _MOST_BYTES:
        return False
    digest = sha256(content).digest()
    if digest not in _verdicts:
        if len(_verdicts) >= _MOST_VERDICTS:
            _verdicts.clear()
        _verdicts[digest] = _looks_decoded(content)
    return _verdicts[digest]


def _looks_decoded(content: bytes) -> bool:
    try:
        small = _small(content)
        return small is not None and _looks_like_seal(small)
    except Exception:
        # Decoders meet damaged and hostile files here, and no picture may stop a form from being read.
        return False


def _small(content: bytes) -> Image | None:
    """The picture on white, at most 256 pixels wide and high; None when it is grey or too large to decode safely."""
    import warnings

    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            most = _MOST_OF_WEBP if picture.format == "WEBP" else _MOST_PIXELS
            if picture.width * picture.height > most or picture.mode in _GREY:
                return None
            picture.draft("RGB", (2 * _SIDE, 2 * _SIDE))
            picture.thumbnail((4 * _SIDE, 4 * _SIDE), Image.Resampling.BOX)
            opaque = picture.mode == "RGB" and not picture.has_transparency_data
            layer = picture.convert("RGB" if opaque else "RGBA")
    layer.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    if opaque:
        return layer
    ground = Image.new("RGBA", layer.size, "white")
    ground.alpha_composite(layer)
    return ground.convert("RGB")


def _looks_like_seal(picture: Image) -> bool:
    from PIL import ImageChops

    hue, saturation, value = picture.convert("HSV").split()
    coloured = saturation.point(_COLOURED)
    red = ImageChops.darker(ImageChops.darker(coloured, value.point(_BRIGHT)), hue.point(_REDDISH))
    ink = ImageChops.lighter(coloured, value.point(_DARK))
    reds, inks = _count(red), _count(ink)
    if reds < 60 or reds < 0.5 * inks:
        return False
    box = _box(red)
    if box is None:
        return False
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) < 12 or not 0.6 <= width / height <= 1.7:
        return False
    return 0.05 <= _count(red.crop(box)) / (width * height) <= 0.75


def _count(mask: Image) -> int:
    return mask.histogram()[255]


def _box(mask: Image) -> tuple[int, int, int, int] | None:
    """The box around a mask, single stray pixels at its edges left out."""
    from PIL import Image

    across = mask.resize((mask.width, 1), Image.Resampling.BOX).tobytes()
    down = mask.resize((1, mask.height), Image.Resampling.BOX).tobytes()
    columns = [index for index, level in enumerate(across) if level * mask.height > 255 * 1.5]
    rows = [index for index, level in enumerate(down) if level * mask.width > 255 * 1.5]
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if columns and rows else None
