"""The pictures in a form, as files under clean names: what a reviewer looks at beside the text.

A picture is given on as it lies in the document; what cannot be read is left out, for the form itself is there too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from parsers.catalogue import open_document, sniff
from parsers.formats import Unreadable
from parsers.model import Document, Grid, Picture
from parsers.seal import is_seal

PHOTOGRAPHS = ("png", "jpg", "gif", "bmp", "tiff", "webp", "heic", "svg")
# Drawings that are known by their name alone.
DRAWINGS = ("emf", "wmf")
# Far beyond any form; keeps a document made of thousands of pictures from filling the disk.
MOST = 200


def pictures_in(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Each picture of a document once, in reading order, as (file name, bytes): 图01.jpg, and 印章01.png for a seal."""
    try:
        document = open_document(content, name)
    except Unreadable:
        return
    seen: set[bytes] = set()
    counts = {"图": 0, "印章": 0}
    for picture in _pictures(document):
        loaded = _load(picture)
        ending = _ending(picture, loaded)
        mark = hashlib.sha256(loaded).digest()
        if not ending or mark in seen or len(seen) >= MOST:
            continue
        seen.add(mark)
        kind = "印章" if is_seal(loaded) else "图"
        counts[kind] += 1
        yield f"{kind}{counts[kind]:02d}.{ending}", loaded


def _pictures(document: Document) -> Iterator[Picture]:
    for block in document.blocks:
        for holder in block.cells if isinstance(block, Grid) else (block,):
            yield from holder.pictures


def _load(picture: Picture) -> bytes:
    try:
        return picture.load()
    except (Unreadable, ValueError, OSError):
        return b""


def _ending(picture: Picture, content: bytes) -> str:
    """The extension the bytes ask for, "" for what is no picture."""
    if not content:
        return ""
    kind = sniff(content, picture.name)
    if kind in PHOTOGRAPHS:
        return kind
    written = PurePosixPath(picture.name).suffix[1:].lower()
    return written if written in DRAWINGS else ""
