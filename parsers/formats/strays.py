"""A few values far away from everything else in a worksheet, left by a slip of the hand, are taken out before reading.

Only .xlsx sheets that would otherwise be refused for their extent come here; a sheet that really is that large is left
as it is, and refused.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from parsers.formats.extents import column_number
from parsers.formats.package import parse

# Nothing a person fills in stands beyond; more values than this beyond it are no slip.
ROWS, COLUMNS, MOST = 5_000, 200, 50


def without_strays(content: bytes, parts: dict[str, bytes], far: Sequence[str]) -> tuple[bytes, dict[str, bytes]]:
    """The workbook and its sheet parts, the far-away values gone from those named; both as they were if none can be mended."""
    mended = {name: sheet for name in far if (sheet := _mended(parts[name])) is not None}
    if not mended:
        return content, parts
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            # The other parts were bounded when the package was opened.
            new.writestr(entry, mended.get(entry.filename) or old.read(entry))
    return out.getvalue(), {**parts, **mended}


def _mended(part: bytes) -> bytes | None:
    """The sheet without its strays; None where it cannot be mended."""
    from lxml import etree

    root = parse(part)
    strays = []
    for cell in root.iter("{*}c"):
        place = cell.get("r", "").upper()
        letters = place.rstrip("0123456789")
        row = place[len(letters) :]
        # Python refuses to convert some thousand digits.
        if row and (int(row[:9]) > ROWS or column_number(letters) >= COLUMNS):
            if len(cell):
                strays.append(cell)
            if len(strays) > MOST:
                return None
    for cell in strays:
        cell.getparent().remove(cell)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
