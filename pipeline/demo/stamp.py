"""A drawn red seal and the parts of a Word file that show it; it says SAMPLE and imitates no real one."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping

SEAL_PART = "word/media/seal.png"
SEAL_RELATION = (
    '<Relationship Id="rIdSeal" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
    'Target="media/seal.png"/>'
)
# A picture of 32 mm anchored in its line, as WordprocessingML wants it (ECMA-376 part 1, 20.4.2.8).
DRAWING = """
<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="1152000" cy="1152000"/>
<wp:docPr id="1" name="seal"/><a:graphic>
<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>
<pic:nvPicPr><pic:cNvPr id="0" name="seal.png"/><pic:cNvPicPr/></pic:nvPicPr>
<pic:blipFill><a:blip r:embed="rIdSeal"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>
<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1152000" cy="1152000"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>
</wp:inline></w:drawing>"""


def seal_parts(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts of a package that change when a seal picture is put in."""
    relations, types = parts["word/_rels/document.xml.rels"], parts["[Content_Types].xml"]
    return {
        SEAL_PART: seal(),
        "word/_rels/document.xml.rels": relations.replace(
            b"</Relationships>", f"{SEAL_RELATION}</Relationships>".encode()
        ),
        "[Content_Types].xml": types.replace(
            b"<Override", b'<Default Extension="png" ContentType="image/png"/><Override', 1
        ),
    }


@functools.cache
def seal() -> bytes:
    """A picture of a round red seal that says that it is only a sample, as PNG with a transparent ground."""
    from PIL import Image, ImageDraw, ImageFont

    size, red = 360, (214, 32, 32, 255)
    image = Image.new("RGBA", (size, size), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, size - 8, size - 8), outline=red, width=12)
    centre = size / 2
    points = []
    for corner in range(10):
        radius = 74 if corner % 2 == 0 else 28
        angle = math.pi * corner / 5 - math.pi / 2
        points.append((centre + radius * math.cos(angle), centre + radius * math.sin(angle)))
    draw.polygon(points, fill=red)
    draw.text((centre, 292), "SAMPLE", fill=red, anchor="mm", font=ImageFont.load_default(40))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
