"""Raw OOXML packages for tests, from the XML that matters; everything around it is written here.

Builds files only; what they should be read as stands in the tests.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    }.items()
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def relationships(relations: Mapping[str, tuple[str, str]]) -> str:
    """A .rels part: id to (kind, target); a target that is an address or carries `!` in front is external."""
    lines = []
    for identifier, (kind, target) in relations.items():
        mode = ' TargetMode="External"' if target.startswith(("http", "mailto:", "!")) else ""
        target = target.removeprefix("!")
        lines.append(f'<Relationship Id="{identifier}" Type="{OFFICE}/{kind}" Target="{target}"{mode}/>')
    return f'<Relationships xmlns="{PACKAGE}">{"".join(lines)}</Relationships>'


def docx(
    body: str,
    relations: Mapping[str, tuple[str, str]] | None = None,
    parts: Mapping[str, str | bytes] | None = None,
    strict: bool = False,
) -> bytes:
    """A Word document with this content of `w:body`, relationships of its main part and further parts."""
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relationships({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relationships(relations or {}),
        **(parts or {}),
    }
    if strict:
        files = {name: _strict(content) for name, content in files.items()}
    return zipped(files)


def _strict(content: str | bytes) -> str | bytes:
    if isinstance(content, bytes):
        return content
    for transitional, strict in (
        ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "wordprocessingml/main"),
        ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "spreadsheetml/main"),
        ("http://schemas.openxmlformats.org/officeDocument/2006/", "officeDocument/"),
        ("http://schemas.openxmlformats.org/drawingml/2006/", "drawingml/"),
    ):
        content = content.replace(transitional, f"http://purl.oclc.org/ooxml/{strict}")
    return content


def run(text: str, properties: str = "") -> str:
    """A run of text with these run properties."""
    look = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*content: str) -> str:
    """A paragraph; content that is no markup becomes a plain run."""
    return f"<w:p>{''.join(part if part.startswith('<') else run(part) for part in content)}</w:p>"


def cell(*content: str, properties: str = "") -> str:
    """A table cell; content that is no paragraph or table becomes a paragraph of its own."""
    whole = ("<w:p>", "<w:tbl>", "<w:sdt>")
    blocks = (part if part.startswith(whole) else paragraph(part) for part in content or ("",))
    look = f"<w:tcPr>{properties}</w:tcPr>" if properties else ""
    return f"<w:tc>{look}{''.join(blocks)}</w:tc>"


def table(*rows: str) -> str:
    """A table of rows; a row is its cells one after the other, or a whole `w:tr`, or a wrapper around one."""
    whole = ("<w:tr", "<w:sdt", "<w:ins")
    parts = (row if row.startswith(whole) and "<w:tr" in row else f"<w:tr>{row}</w:tr>" for row in rows)
    return f"<w:tbl>{''.join(parts)}</w:tbl>"


def grid_span(columns: int) -> str:
    return f'<w:gridSpan w:val="{columns}"/>'


def merge(value: str = "") -> str:
    return f'<w:vMerge w:val="{value}"/>' if value else "<w:vMerge/>"


def field(instruction: str, result: str | None = None, data: str = "") -> str:
    """A complex field; `instruction` is text or runs, `result` runs or None for a field without a separator."""
    told = instruction if instruction.startswith("<") else f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    begin = f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>'
    shown = "" if result is None else f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}'
    return f'{begin}{told}{shown}<w:r><w:fldChar w:fldCharType="end"/></w:r>'


def checkbox(checked: str, glyph: str = "☐") -> str:
    """An inline content control that is a check box; `checked` as written in the file."""
    box = f'<w14:checkbox><w14:checked w14:val="{checked}"/></w14:checkbox>'
    return f"<w:sdt><w:sdtPr>{box}</w:sdtPr><w:sdtContent>{run(glyph)}</w:sdtContent></w:sdt>"
