"""The zoo's list, and the builders its keepers share."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from documents import relationships, zipped

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
)
LABELS3 = ("高校名称", "项目数量", "序号", "项目名称", "项目简介", "项目类别", "申报主体", "宣传报道链接", "项目负责人",
           "联系方式")  # fmt: skip
LABELS4 = ("项目名称", "所在学校", "申报主体", "负 责 人", "联系电话", "项目成员", "项目类别", "实施时间", "项目内容",
           "学校团委推荐意见及案例点评")  # fmt: skip

Builder = Callable[[], bytes]
ZOO: dict[str, tuple[str, Builder]] = {}


def hostile(name: str, file: str) -> Callable[[Builder], Builder]:
    """Enter a builder into the zoo under this name."""

    def enter(builder: Builder) -> Builder:
        ZOO[name] = (file, builder)
        return builder

    return enter


def noise(length: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(length)


def xlsx(sheet: str, parts: dict[str, str | bytes] | None = None, strings: str = "") -> bytes:
    """A workbook with one sheet of this content of `worksheet`."""
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
            "xl/workbook.xml": f'<workbook {SHEET} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relationships(
                {"rId1": ("worksheet", "worksheets/sheet1.xml"), "rId2": ("sharedStrings", "sharedStrings.xml")}
            ),
            "xl/worksheets/sheet1.xml": f"<worksheet {SHEET}>{sheet}</worksheet>",
            "xl/sharedStrings.xml": f"<sst {SHEET}>{strings}</sst>",
            **(parts or {}),
        }
    )


def open_document(content: str, kind: str = "spreadsheet") -> bytes:
    """An OpenDocument file; its type stands first and unpacked, as part 3 of the standard asks."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        mime = f"application/vnd.oasis.opendocument.{kind}"
        archive.writestr("mimetype", mime, zipfile.ZIP_STORED)
        space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        entries = "".join(
            f'<m:file-entry m:full-path="{path}" m:media-type="{each}"/>'
            for path, each in (("/", mime), ("content.xml", "text/xml"))
        )
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{space}">{entries}</m:manifest>')
        archive.writestr("content.xml", content)
    return stream.getvalue()


def ods(rows: str) -> bytes:
    """An OpenDocument table of these rows."""
    body = f'<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet>'
    root = "office:document-content"
    return open_document(f"<{root} {ODF}><office:body>{body}</office:body></{root}>")


def rows(count: int, line: Callable[[int], str]) -> str:
    return "".join(f"<row>{line(number)}</row>" for number in range(count))


def typed(text: str, reference: str = "") -> str:
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'
