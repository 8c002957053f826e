"""A zoo of hostile documents, each built when asked for: `ZOO` maps a name, which says what is wrong, to (file name, builder).

Builds files only; what reading them may cost stands in the test.
"""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import parsers
from documents import NAMESPACES, cell, docx, field, grid_span, merge, paragraph, relationships, run, table, zipped
from parsers.model import Transcript

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
)
MAGIC = {
    "zip": b"PK\x03\x04", "empty zip": b"PK\x05\x06", "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "pdf": b"%PDF-1.7\n",
    "rtf": b"{\\rtf1", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "tiff": b"II*\0",
    "rar": b"Rar!\x1a\x07\x00", "7z": b"7z\xbc\xaf\x27\x1c", "gzip": b"\x1f\x8b\x08", "mp3": b"ID3\x03", "riff": b"RIFF",
    "iso media": b"\0\0\0\x18ftypheic", "bitmap": b"BM" + bytes(12) + b"\x28\0\0\0", "utf-16": b"\xff\xfe<\0",
    "xml": b"<?xml version='1.0'?>", "html": b"<!doctype html><table>", "nothing": b"",
}  # fmt: skip

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


for _number, (_kind, _magic) in enumerate(MAGIC.items()):
    ZOO[f"random bytes behind the magic number of {_kind}"] = (
        "附件3.xlsx",
        lambda magic=_magic, number=_number: magic + noise(200_000, number),  # type: ignore[misc]
    )


# Packages


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


@hostile("a package that unpacks to hundreds of megabytes", "附件4.docx")
def _bomb() -> bytes:
    return docx("", parts={"word/document.xml": b" " * (1 << 26), "word/a.xml": b" " * (1 << 28)})


@hostile("a part that claims to be small and is not", "附件4.docx")
def _lying() -> bytes:
    content = bytearray(docx(paragraph("x" * 50_000_000)))
    for sign, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        position = content.find(sign)
        while position >= 0:
            content[position + offset : position + offset + 4] = struct.pack("<L", 100)
            position = content.find(sign, position + 4)
    return bytes(content)


@hostile("packages inside packages", "附件4.docx")
def _nested_bombs() -> bytes:
    inner = zipped({f"{number}": bytes(10_000_000) for number in range(3)})
    for _ in range(6):
        inner = zipped({f"{number}.zip": inner for number in range(10)})
    return docx(paragraph("x"), parts={"word/embeddings/a.zip": inner})


@hostile("twenty thousand parts", "附件4.docx")
def _parts() -> bytes:
    return docx(paragraph("x"), parts={f"word/{number}": "" for number in range(20_000)})


@hostile("parts that overlap", "附件3.xlsx")
def _overlapping() -> bytes:
    """Every entry of the directory leads to the same packed bytes."""
    packed = zlib.compress(bytes(20_000_000), 9)[2:-4]
    crc = zlib.crc32(bytes(20_000_000))
    name = b"[Content_Types].xml"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(packed), 20_000_000, len(name), 0) + name
    entries = b""
    for number in range(500):
        entry = b"xl/worksheets/sheet%d.xml" % number if number else b"[Content_Types].xml"
        fields = (20, 20, 0, 8, 0, 0, crc, len(packed), 20_000_000, len(entry), 0, 0, 0, 0, 0, 0)
        entries += struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + entry
    start = len(local) + len(packed)
    return local + packed + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 500, 500, len(entries), start, 0)


@hostile("wrong check sums", "附件4.docx")
def _wrong_crc() -> bytes:
    content = bytearray(docx(paragraph("x") * 1000))
    for sign, offset in ((b"PK\1\2", 16), (b"PK\3\4", 14)):
        position = content.find(sign)
        while position >= 0:
            content[position + offset] ^= 0xFF
            position = content.find(sign, position + 4)
    return bytes(content)


@hostile("a directory that leads beyond the end", "附件4.docx")
def _far_directory() -> bytes:
    content = bytearray(docx(paragraph("x")))
    end = content.rfind(b"PK\5\6")
    struct.pack_into("<LL", content, end + 12, 0xFFFFFFF0, 0xFFFFFFF0)
    return bytes(content)


@hostile("a 64-bit directory of absurd size", "附件3.xlsx")
def _zip64() -> bytes:
    content = xlsx("<sheetData/>")
    huge = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**63, 2**63, 2**63, 2**62)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(content), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[: content.rfind(b"PK\5\6")] + huge + locator + end


@hostile("a package with every part twice", "附件4.docx")
def _twice() -> bytes:
    stream = io.BytesIO(docx(paragraph("第一")))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.filelist  # noqa: B018
        archive.NameToInfo.clear()
        archive.writestr("word/document.xml", f"<w:document {NAMESPACES}><w:body/></w:document>")
    return stream.getvalue()


# XML

LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">{}]>'.format(
    "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'
REMOTE = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'


def _document(body: str, before: str = "") -> str:
    return f"{before}<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"


def _worksheet(data: str, before: str = "") -> str:
    return f"{before}<worksheet {SHEET}><sheetData>{data}</sheetData></worksheet>"


for _name, _before in (("a billion laughs", LAUGHS), ("an external entity", OUTSIDE), ("a remote DTD", REMOTE)):
    for _way, _encoding in (("", "utf-8"), (" in UTF-16", "utf-16")):
        ZOO[f"{_name} in a document{_way}"] = (
            "附件4.docx",
            lambda before=_before, encoding=_encoding: docx(  # type: ignore[misc]
                "", parts={"word/document.xml": _document(paragraph(run("&i;")), before).encode(encoding)}
            ),
        )
        ZOO[f"{_name} in a worksheet{_way}"] = (
            "附件3.xlsx",
            lambda before=_before, encoding=_encoding: xlsx(  # type: ignore[misc]
                "", {"xl/worksheets/sheet1.xml": _worksheet(rows(1, lambda _: typed("&i;")), before).encode(encoding)}
            ),
        )
        ZOO[f"{_name} in shared strings{_way}"] = (
            "附件3.xlsx",
            lambda before=_before, encoding=_encoding: xlsx(  # type: ignore[misc]
                '<sheetData><row><c t="s"><v>0</v></c></row></sheetData>',
                {"xl/sharedStrings.xml": f"{before}<sst {SHEET}><si><t>&i;</t></si></sst>".encode(encoding)},
            ),
        )
    ZOO[f"{_name} in an OpenDocument table"] = (
        "附件3.ods",
        lambda before=_before: open_document(f"{before}<x>&i;</x>"),  # type: ignore[misc]
    )


@hostile("a million nested elements", "附件4.docx")
def _nested_elements() -> bytes:
    return docx("<w:p>" * 1_000_000)


@hostile("a million nested elements in a worksheet", "附件3.xlsx")
def _nested_cells() -> bytes:
    return xlsx("<sheetData>" + "<row>" * 1_000_000)


@hostile("an element with a hundred thousand attributes", "附件4.docx")
def _attributes() -> bytes:
    return docx("<w:p " + " ".join(f'w:a{number}="1"' for number in range(100_000)) + "/>")


@hostile("a hundred thousand namespaces", "附件4.docx")
def _namespaces() -> bytes:
    return docx("<w:p " + " ".join(f'xmlns:n{number}="u:{number}"' for number in range(100_000)) + "/>")


@hostile("a text of forty million characters", "附件4.docx")
def _long_text() -> bytes:
    return docx(paragraph(noise(20_000_000, 1).hex()))


# Word


@hostile("a hundred thousand empty paragraphs", "附件4.docx")
def _paragraphs() -> bytes:
    return docx("<w:p/>" * 100_000)


@hostile("millions of empty paragraphs", "附件4.docx")
def _many_paragraphs() -> bytes:
    return docx("<w:p/>" * 2_600_000)


@hostile("nineteen thousand paragraphs of labels", "附件4.docx")
def _fewer_label_paragraphs() -> bytes:
    return docx((paragraph("项目名称：甲") + paragraph("负责人：张三") + paragraph("所在学校：乙")) * 6_500)


@hostile("six thousand headers of Annex 3 in one table", "附件3.docx")
def _fewer_headers() -> bytes:
    return docx(table(*["".join(map(cell, LABELS3[:9]))] * 6_000))


@hostile("six thousand projects", "附件3.docx")
def _fewer_projects() -> bytes:
    values = ("内蒙古大学", "1", "1", "阳光书屋", "x", "其他类", "校学生会", "http://x.cn", "张三", "13800000001")
    return docx(table("".join(map(cell, LABELS3)), *["".join(map(cell, values))] * 5_900))


@hostile("twenty thousand projects on a worksheet", "附件3.xlsx")
def _sheet_projects() -> bytes:
    values = ("内蒙古大学", "1", "1", "阳光书屋", "x", "其他类", "校学生会", "http://x.cn", "张三", "13800000001")
    lines = [LABELS3, *[values] * 19_000]
    return xlsx("<sheetData>" + "".join(f"<row>{''.join(map(typed, line))}</row>" for line in lines) + "</sheetData>")


@hostile("thousands of numbers of five thousand digits", "附件3.docx")
def _long_numbers() -> bytes:
    number = "1" * 5000
    first, second = table("".join(map(cell, LABELS3)), cell(number) * 10), table(*[cell(number) * 10] * 3)
    return docx(first + second)


@hostile("a hundred thousand paragraphs of labels", "附件4.docx")
def _label_paragraphs() -> bytes:
    return docx((paragraph("项目名称：甲") + paragraph("负责人：张三") + paragraph("所在学校：乙")) * 33_000)


@hostile("a table of a hundred thousand empty rows", "附件4.docx")
def _table_rows() -> bytes:
    return docx(table(*["<w:tr><w:tc><w:p/></w:tc></w:tr>"] * 100_000))


@hostile("a table of two thousand columns", "附件4.docx")
def _columns() -> bytes:
    return docx(table(*["<w:tr>" + cell("x") * 2000 + "</w:tr>"] * 20))


@hostile("twenty thousand headers of Annex 3 in one table", "附件3.docx")
def _headers() -> bytes:
    return docx(table(*["".join(map(cell, LABELS3[:9]))] * 20_000))


@hostile("fifty thousand projects", "附件3.docx")
def _projects() -> bytes:
    values = ("内蒙古大学", "1", "1", "阳光书屋", "x", "其他类", "校学生会", "张三", "13800000001")
    return docx(table("".join(map(cell, LABELS3[:9])), *["".join(map(cell, values))] * 50_000))


@hostile("ten thousand tables", "附件4.docx")
def _tables() -> bytes:
    return docx(table(cell("项目名称") + cell("甲"), cell("负责人") + cell("张三")) * 10_000)


@hostile("a table with all labels a thousand times", "附件4.docx")
def _labels() -> bytes:
    names = ("项目名称", "所在学校", "申报主体", "负 责 人", "联系电话", "项目成员", "项目类别", "实施时间", "项目内容")
    return docx(table(*[cell(name) + cell(name) + cell(f"{name}：{name}") for name in names * 1000]))


for _depth in (60, 200, 2000):
    ZOO[f"tables nested {_depth} deep"] = (
        "附件4.docx",
        lambda depth=_depth: docx(  # type: ignore[misc]
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>甲</w:t></w:r></w:p>" * depth + "</w:tc></w:tr></w:tbl>" * depth
        ),
    )


@hostile("wide tables nested in each other", "附件4.docx")
def _wide_nesting() -> bytes:
    inner = cell("内")
    for _ in range(4):
        inner = cell(table(*[inner * 4] * 4), "外")
    return docx(table(inner))


@hostile("a cell that spans a thousand million columns", "附件4.docx")
def _grid_span() -> bytes:
    wide = cell("x", properties=grid_span(10**9))
    return docx(table(*[wide * 63] * 1000))


@hostile("rows that begin a thousand million columns to the right", "附件4.docx")
def _grid_before() -> bytes:
    shifted = f'<w:tr><w:trPr><w:gridBefore w:val="{10**9}"/></w:trPr>{cell("x")}</w:tr>'
    return docx(table(*[shifted] * 2000))


@hostile("spans that are no numbers", "附件4.docx")
def _odd_spans() -> bytes:
    values = ("-5", "0", "1e9", "٣", "²", "x", "", "9" * 5000)
    return docx(table(*["".join(cell("x", properties=grid_span(value)) for value in values)] * 3))  # type: ignore[arg-type]


@hostile("a storm of vertical merges", "附件4.docx")
def _merges() -> bytes:
    continued, begun = cell("x", properties=merge()), cell("x", properties=merge("restart"))
    return docx(table(*[(begun if number % 7 == 0 else continued) * 60 for number in range(2000)]))


@hostile("merged cells of a hundred columns and thousands of rows", "附件4.docx")
def _large_merge() -> bytes:
    wide = grid_span(100)
    first = cell("x", properties=wide + merge("restart")) * 60
    rest = cell("", properties=wide + merge()) * 60
    return docx(table(first, *[rest] * 1500))


@hostile("thirty thousand links", "附件3.docx")
def _links() -> bytes:
    relations = {f"r{number}": ("hyperlink", f"http://127.0.0.1:9/{number}") for number in range(30_000)}
    links = "".join(f'<w:hyperlink r:id="r{number}">{run("x")}</w:hyperlink>' for number in range(30_000))
    return docx(table(cell("宣传报道链接") + cell(f"<w:p>{links}</w:p>")), relations)


@hostile("a hundred thousand fields that never end", "附件4.docx")
def _fields() -> bytes:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    separate = '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    return docx(f"<w:p>{(begin + separate + run('x')) * 100_000}</w:p>")


@hostile("an instruction of a million characters", "附件4.docx")
def _instruction() -> bytes:
    return docx(paragraph(field('HYPERLINK "' + "\\" * 1_000_000, run("x")), field(" " * 1_000_000 + "x", run("x"))))


@hostile("two hundred thousand runs of changing style", "附件4.docx")
def _runs() -> bytes:
    return docx(table(cell("项目内容") + cell(f"<w:p>{(run('x') + run('y', '<w:b/>')) * 100_000}</w:p>")))


@hostile("alternatives nested in each other", "附件4.docx")
def _alternatives() -> bytes:
    inner = run("x")
    for _ in range(80):
        inner = f"<mc:AlternateContent><mc:Choice>{inner}</mc:Choice><mc:Fallback>{run('y')}</mc:Fallback></mc:AlternateContent>"
    return docx(f"<w:p>{inner * 20}</w:p>")


@hostile("text boxes nested in each other", "附件4.docx")
def _boxes() -> bytes:
    inner = paragraph("x")
    for _ in range(60):
        inner = f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{inner}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    return docx(inner)


@hostile("styles based on each other in a circle", "附件4.docx")
def _styles() -> bytes:
    style = '<w:style w:type="character" w:styleId="s{}"><w:basedOn w:val="s{}"/></w:style>'
    styles = "".join(style.format(number, (number + 1) % 5000) for number in range(5000))
    relations = {"rId1": ("styles", "styles.xml")}
    body = paragraph(run("x", '<w:rStyle w:val="s1"/>'))
    return docx(body, relations, {"word/styles.xml": f"<w:styles {NAMESPACES}>{styles}</w:styles>"})


@hostile("relationships that lead everywhere", "附件4.docx")
def _relations() -> bytes:
    targets = ("../../../../etc/passwd", "/word/document.xml", "file:///etc/passwd", "!\\\\127.0.0.1\\x", "NULL", "")
    relations = {f"r{number}": ("image", target) for number, target in enumerate(targets)}
    pictures = "".join(
        f'<w:r><w:drawing><a:blip r:embed="{identifier}" r:link="{identifier}"/></w:drawing></w:r>'
        for identifier in relations
    )
    return docx(table(cell("学校团委推荐意见及案例点评") + cell(f"<w:p>{pictures}</w:p>")), relations)


def _opinion(picture: bytes, name: str) -> bytes:
    labels = (
        "项目名称",
        "所在学校",
        "申报主体",
        "负 责 人",
        "联系电话",
        "项目成员",
        "项目类别",
        "实施时间",
        "项目内容",
    )
    blip = '<w:p><w:r><w:drawing><a:blip r:embed="r1"/></w:drawing></w:r></w:p>'
    body = table(
        *[cell(label) + cell("x") for label in labels], cell("学校团委推荐意见及案例点评") + cell("同意", blip)
    )
    return docx(body, {"r1": ("image", f"media/{name}")}, {f"word/media/{name}": picture})


def png(width: int, height: int, data: bytes) -> bytes:
    """A grey picture of this size, whose packed lines are `data`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    head = struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _lines(width: int, height: int) -> bytes:
    packer, line = zlib.compressobj(9), bytes(width + 1)
    return b"".join(packer.compress(line) for _ in range(height)) + packer.flush()


ZOO["a picture of 50,000 by 50,000 in place of the seal"] = (
    "附件4.docx", lambda: _opinion(png(50_000, 50_000, _lines(50_000, 2_000)), "a.png"),
)  # fmt: skip
ZOO["a picture of 10,900 by 10,900 in place of the seal"] = (
    "附件4.docx", lambda: _opinion(png(10_900, 10_900, _lines(10_900, 10_900)), "a.png"),
)  # fmt: skip
ZOO["a picture of 50,000 by 50,000"] = ("盖章页.png", lambda: png(50_000, 50_000, _lines(50_000, 2_000)))
ZOO["a picture whose size is a lie"] = ("附件4.docx", lambda: _opinion(png(5_000, 5_000, b"x"), "a.png"))
ZOO["noise in place of the seal"] = ("附件4.docx", lambda: _opinion(b"\xff\xd8\xff\xe0" + noise(99_999, 5), "a.jpg"))


@hostile("two thousand pictures in place of the seal", "附件4.docx")
def _pictures() -> bytes:
    relations = {f"r{number}": ("image", "media/a.png") for number in range(2000)}
    pictures = "".join(f'<w:r><w:drawing><a:blip r:embed="r{number}"/></w:drawing></w:r>' for number in range(2000))
    body = table(cell("项目名称") + cell("x"), cell("所在学校") + cell("x"), cell("负责人") + cell("张三"))
    body = (
        body.replace("</w:tbl>", "")
        + f"<w:tr>{cell('学校团委推荐意见')}{cell(f'<w:p>{pictures}</w:p>')}</w:tr></w:tbl>"
    )
    return docx(body, relations, {"word/media/a.png": png(2000, 2000, _lines(2000, 2000))})


# What patterns find hard: each text as every field of both forms.

TEXTS = {
    "blanks": " " * 200_000 + "x",
    "underlines": "_" * 200_000 + "x",
    "blank dates": "年 月 日" * 30_000,
    "digits": "1" * 200_000,
    "digits and dots": "1." * 100_000,
    "years": "2024年" * 50_000,
    "dates": "2024年11月20日至" * 20_000,
    "brackets": "（" * 100_000 + "盖章",
    "colons": "负责人：" * 50_000,
    "labels": "项目名称：\n" * 30_000,
    "boxes": "☐思想引领类☑" * 20_000,
    "ticks": "√" * 200_000,
    "categories": "思想引领类、学业促进类" * 10_000,
    "addresses": "http://" * 30_000,
    "one long address": "http://x.cn/" + "a" * 200_000,
    "dotted names": "a." * 100_000,
    "phones": "13800000001、" * 20_000,
    "dashes": "0471-" * 40_000,
    "plus signs": "+86 " * 50_000,
    "names": "张三、" * 60_000,
    "lines": "x\n" * 100_000,
    "blank lines": " \n" * 100_000 + "x",
    "tabs": "\t" * 200_000 + "x",
    "private characters": "\uf0fe" * 200_000,
    "zero width characters": "\u200b" * 200_000,
    "combining characters": "e" + "\u0301" * 200_000,
    "ligatures": "\ufdfa" * 50_000,
    "Chinese numerals": "二〇二四年十一月" * 20_000,
    "quotation marks": "《“" * 100_000,
    "student unions": "学院学生会/" * 40_000,
}
LABELS3 = ("高校名称", "项目数量", "序号", "项目名称", "项目简介", "项目类别", "申报主体", "宣传报道链接", "项目负责人",
           "联系方式")  # fmt: skip
LABELS4 = ("项目名称", "所在学校", "申报主体", "负 责 人", "联系电话", "项目成员", "项目类别", "实施时间", "项目内容",
           "学校团委推荐意见及案例点评")  # fmt: skip


def _broken(text: str) -> str:
    return "<w:p>" + "<w:r><w:br/></w:r>".join(run(line) for line in text.split("\n")) + "</w:p>"


def annex3_of(text: str) -> bytes:
    """An Annex 3 with this text above the table and in every field."""
    filled = cell(_broken(text))
    return docx(paragraph(f"表格填写联系人：{text}电话：") + table("".join(map(cell, LABELS3)), filled * len(LABELS3)))


def annex4_of(text: str) -> bytes:
    """An Annex 4 with this text in every field."""
    return docx(table(*[cell(label) + cell(_broken(text)) for label in LABELS4]))


def as_sheet(text: str) -> bytes:
    """A workbook that is an Annex 3 with this text in every field, up to what a cell may hold."""
    line = "".join(typed(label) for label in LABELS3)
    return xlsx(f"<sheetData><row>{line}</row><row>{typed(text[:32_767]) * len(LABELS3)}</row></sheetData>")


for _name, _text in TEXTS.items():
    ZOO[f"an Annex 3 full of {_name}"] = ("附件3.docx", lambda text=_text: annex3_of(text))  # type: ignore[misc]
    ZOO[f"an Annex 4 full of {_name}"] = ("附件4.docx", lambda text=_text: annex4_of(text))  # type: ignore[misc]
    ZOO[f"paragraphs full of {_name}"] = (
        "附件4.docx",
        lambda text=_text: docx(  # type: ignore[misc]
            "".join(paragraph(label) + _broken(f"{label}：{text}") for label in LABELS4)
        ),
    )


# Workbooks


@hostile("a worksheet that claims a million rows", "附件3.xlsx")
def _dimension() -> bytes:
    return xlsx(f'<dimension ref="A1:XFD1048576"/><sheetData>{rows(3, lambda _: typed("x"))}</sheetData>')


@hostile("a value in the last cell of a worksheet", "附件3.xlsx")
def _last_cell() -> bytes:
    return xlsx(
        f'<sheetData><row r="1">{typed("x", "A1")}</row><row r="1048576">{typed("x", "XFD1048576")}</row></sheetData>'
    )


@hostile("cells in places that do not exist", "附件3.xlsx")
def _odd_references() -> bytes:
    places = (
        "A0",
        "A-1",
        "XFE1",
        "ZZZZZZ1",
        "A99999999999",
        "1A",
        "A",
        "1",
        "",
        "A1:B2",
        "甲1",
        "A1048577",
        "a1",
        "$A$1",
    )
    return xlsx(
        "<sheetData>"
        + "".join(f'<row r="{number}">{typed("x", place)}</row>' for number, place in enumerate(places))
        + "</sheetData>"
    )


for _row in ("-1", "0", "99999999999999999999", "x", "4294967296"):
    ZOO[f"a row number of {_row}"] = (
        "附件3.xlsx",
        lambda row=_row: xlsx(f'<sheetData><row r="{row}"><c><v>1</v></c><c r="B{row}"><v>1</v></c></row></sheetData>'),  # type: ignore[misc]
    )


for _index in ("99999999", "-1", "18446744073709551616", "x"):
    ZOO[f"a shared string of number {_index}"] = (
        "附件3.xlsx",
        lambda index=_index: xlsx(
            f'<sheetData><row><c t="s"><v>{index}</v></c></row></sheetData>', strings="<si><t>x</t></si>"
        ),  # type: ignore[misc]
    )


@hostile("numbers and dates of every size", "附件3.xlsx")
def _numbers() -> bytes:
    values = ("1e400", "-1e400", "NaN", "inf", "9" * 400, "1e308", "-0", "2958466", "-693595", "1e17")
    styles = '<styleSheet {}><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    cells = "".join(f'<c s="{style}"><v>{value}</v></c>' for value in values for style in (0, 1))
    dates = "".join(
        f'<c t="d"><v>{value}</v></c>' for value in ("0000-00-00", "99999-12-31", "x", "2024-02-30T25:61:61")
    )
    return xlsx(f"<sheetData><row>{cells}{dates}</row></sheetData>", {"xl/styles.xml": styles.format(SHEET)})


@hostile("a merged range of the whole sheet", "附件3.xlsx")
def _whole_merge() -> bytes:
    merges = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData>{merges}")


@hostile("merged ranges that reach down a filled sheet in every column", "附件3.xlsx")
def _column_merges() -> bytes:
    letters = [chr(ord("A") + number) for number in range(26)]
    merges = "".join(f'<mergeCell ref="{letter}1:{letter}1048576"/>' for letter in letters)
    return xlsx(f"<sheetData>{rows(15_000, lambda _: '<c><v>1</v></c>')}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("fifty thousand merged ranges on top of each other", "附件3.xlsx")
def _many_merges() -> bytes:
    merges = '<mergeCell ref="A1:CV100"/>' * 50_000
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("fifty thousand merged ranges beside each other", "附件3.xlsx")
def _merges_beside() -> bytes:
    merges = "".join(f'<mergeCell ref="A{2 * number + 1}:CV{2 * number + 2}"/>' for number in range(50_000))
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("merged ranges that are none", "附件3.xlsx")
def _odd_merges() -> bytes:
    ranges = ("", "A1", "B2:A1", "A0:B0", "XFE1:XFF2", "A1:A99999999999", "x:y", ":", "A1:B2:C3")
    merges = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("sixty thousand links on a worksheet", "附件3.xlsx")
def _sheet_links() -> bytes:
    relations = {f"r{number}": ("hyperlink", f"http://127.0.0.1:9/{number}") for number in range(60_000)}
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    links = "".join(f'<hyperlink ref="A1" r:id="{name}" {namespace}/>' for name in relations)
    sheet = f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><hyperlinks>{links}</hyperlinks>"
    return xlsx(sheet, {"xl/worksheets/_rels/sheet1.xml.rels": relationships(relations)})


@hostile("a hundred thousand filled rows", "附件3.xlsx")
def _filled_rows() -> bytes:
    return xlsx(f"<sheetData>{rows(100_000, lambda number: f'<c><v>{number}</v></c>' * 5)}</sheetData>")


@hostile("a row of sixteen thousand cells, often", "附件3.xlsx")
def _wide_rows() -> bytes:
    return xlsx(f"<sheetData>{rows(100, lambda _: '<c><v>1</v></c>' * 16_384)}</sheetData>")


@hostile("three million different numbers", "附件3.xlsx")
def _many_numbers() -> bytes:
    chance = random.Random(7)
    line = "".join(f"<c><v>{chance.random()}</v></c>" for _ in range(16_384))
    return xlsx(
        f"<sheetData>{rows(63, lambda number: line[number * 29 :][line[number * 29 :].find('<c>') :])}</sheetData>"
    )


@hostile("four worksheets of forty megabytes", "附件3.xlsx")
def _large_sheets() -> bytes:
    filler = noise(10_000, 4).hex() * 2_000
    return xlsx("<sheetData/>", {f"xl/worksheets/sheet{number}.xml": filler for number in range(2, 6)})


@hostile("shared strings of sixty megabytes", "附件3.xlsx")
def _large_strings() -> bytes:
    text = noise(3_000, 4).hex()
    return xlsx("<sheetData/>", strings="".join(f"<si><t>{number}{text}</t></si>" for number in range(10_000)))


@hostile("headers of Annex 3 all down a worksheet", "附件3.xlsx")
def _sheet_headers() -> bytes:
    line = "".join(typed(label) for label in LABELS3)
    return xlsx(f"<sheetData>{rows(15_000, lambda _: line)}</sheetData>")


@hostile("two thousand worksheets", "附件3.xlsx")
def _sheets() -> bytes:
    names = range(2000)
    sheets = "".join(f'<sheet name="S{number}" sheetId="{number + 1}" r:id="r{number}"/>' for number in names)
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    data = _worksheet("".join(f"<row>{''.join(typed(label) for label in LABELS3)}</row>" for _ in range(3)))
    return xlsx(
        "",
        {
            "xl/workbook.xml": f"<workbook {SHEET} {namespace}><sheets>{sheets}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relationships(
                {f"r{number}": ("worksheet", f"worksheets/s{number}.xml") for number in names}
            ),
            **{f"xl/worksheets/s{number}.xml": data for number in names},
        },
    )


@hostile("a worksheet whose relationships lead back to it", "附件3.xlsx")
def _circle() -> bytes:
    sheet = (
        '<sheetData/><drawing r:id="r1" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
    )
    return xlsx(sheet, {"xl/worksheets/_rels/sheet1.xml.rels": relationships({"r1": ("drawing", "sheet1.xml")})})


FILLED = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
for _name, _rows in {
    "a row repeated a thousand million times": f'<table:table-row table:number-rows-repeated="{10**9}">{FILLED}</table:table-row>',
    "a cell repeated a thousand million times": "<table:table-row>"
    f'<table:table-cell table:number-columns-repeated="{10**9}" office:value-type="string"><text:p>x</text:p>'
    "</table:table-cell></table:table-row>",
    "blank rows repeated, then a value": f'<table:table-row table:number-rows-repeated="{10**9}"><table:table-cell/>'
    f"</table:table-row><table:table-row>{FILLED}</table:table-row>",
    "a repetition written with other digits": '<table:table-row table:number-rows-repeated="٩٩٩٩٩٩٩٩٩">'
    f"{FILLED}</table:table-row>",
    "a repetition of five thousand digits": f'<table:table-row table:number-rows-repeated="{"9" * 5000}">'
    f"{FILLED}</table:table-row>",
    "repetitions one after the other": f'<table:table-row table:number-rows-repeated="99">{FILLED}</table:table-row>'
    * 30_000,
    "a span of a thousand million cells": '<table:table-row><table:table-cell office:value-type="string" '
    f'table:number-rows-spanned="{10**9}" table:number-columns-spanned="{10**9}"><text:p>x</text:p></table:table-cell>'
    "</table:table-row>",
}.items():
    ZOO[f"an OpenDocument table with {_name}"] = ("附件3.ods", lambda text=_rows: ods(text))  # type: ignore[misc]


# Old formats and text


def ole2(streams: dict[str, bytes], twist: Callable[[bytearray], None] | None = None) -> bytes:
    """A compound file ([MS-CFB]) with these streams of at least 4096 bytes; `twist` may spoil it."""
    sector = 512
    data = b""
    starts = {}
    for name, content in streams.items():
        starts[name] = len(data) // sector
        data += content + bytes(-len(content) % sector)
    used = len(data) // sector
    chain: list[int] = []
    for name, content in streams.items():
        count = -(-len(content) // sector)
        chain += [*range(starts[name] + 1, starts[name] + count), 0xFFFFFFFE]
    names = ["Root Entry", *streams]
    directory = b""
    for number, name in enumerate(names):
        text = name.encode("utf-16-le") + b"\0\0"
        right = number + 1 if 0 < number < len(names) - 1 else 0xFFFFFFFF
        child = 1 if number == 0 else 0xFFFFFFFF
        start, size = (starts[name], len(streams[name])) if number else (0xFFFFFFFE, 0)
        directory += text.ljust(64, b"\0") + struct.pack(
            "<HBB3L", len(text), 2 if number else 5, 1, 0xFFFFFFFF, right, child
        )
        directory += bytes(36) + struct.pack("<LQ", start, size)
    directory += bytes(-len(directory) % sector)
    directories = len(directory) // sector
    chain += [*range(used + 1, used + directories), 0xFFFFFFFE]
    fats = 1
    while (len(chain) + fats) * 4 > fats * sector:
        fats += 1
    chain += [0xFFFFFFFD] * fats
    fat = struct.pack(f"<{len(chain)}L", *chain)
    fat += b"\xff" * (-len(fat) % sector)
    places = [used + directories + number for number in range(fats)]
    header = MAGIC["ole"] + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9L", 0, fats, used, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109L", *places[:109], *[0xFFFFFFFF] * (109 - len(places[:109])))
    content = bytearray(header + data + directory + fat)
    if twist is not None:
        twist(content)
    return bytes(content)


def biff(*records: tuple[int, bytes]) -> bytes:
    """Records of an old workbook ([MS-XLS] 2.1.4), filled up to the size of a stream of its own."""
    content = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)
    return content.ljust(8192, b"\0")


BOF = (0x809, struct.pack("<4H2L", 0x600, 5, 0, 0, 0, 0))
SHEET_BOF = (0x809, struct.pack("<4H2L", 0x600, 0x10, 0, 0, 0, 0))


def _old_workbook(*cells: tuple[int, bytes]) -> bytes:
    bound = (0x85, struct.pack("<LBBBB", 4 + 16 + 4 + 9 + 4, 0, 0, 1, 0) + b"S")
    return ole2({"Workbook": biff(BOF, bound, (0x0A, b""), SHEET_BOF, *cells, (0x0A, b""))})


ZOO["an old workbook of noise"] = ("附件3.xls", lambda: ole2({"Workbook": noise(60_000, 3)}))
ZOO["an old workbook with a value in its last cell"] = (
    "附件3.xls",
    lambda: _old_workbook(
        *((0x203, struct.pack("<3Hd", row, column, 0, 1.0)) for row, column in ((0, 0), (65535, 255), (65535, 65535)))
    ),
)
ZOO["an old workbook that claims every row"] = (
    "附件3.xls", lambda: _old_workbook((0x200, struct.pack("<2L3H", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))),
)  # fmt: skip
ZOO["an old workbook whose records lie about their length"] = (
    "附件3.xls", lambda: ole2({"Workbook": biff(BOF) [:20] + struct.pack("<HH", 0xFC, 0xFFFF) * 3000}),
)  # fmt: skip
ZOO["an old workbook that merges everything"] = (
    "附件3.xls",
    lambda: _old_workbook(
        (0x203, struct.pack("<3Hd", 0, 0, 0, 1.0)),
        (0xE5, struct.pack("<H", 1000) + struct.pack("<4H", 0, 65535, 0, 255) * 1000),
    ),
)


def _loop(content: bytearray) -> None:
    """Let every chain of sectors run in a circle."""
    fat = len(content) - 512 * -(-(len(content) // 512) // 128)
    for offset in range(fat, len(content) - 3, 4):
        struct.pack_into("<L", content, offset, 0)


ZOO["a compound file whose sectors run in a circle"] = ("附件3.xls", lambda: ole2({"Workbook": biff(BOF)}, _loop))
ZOO["a compound file with absurd sector sizes"] = (
    "附件3.xls", lambda: ole2({"Workbook": biff(BOF)}, lambda content: struct.pack_into("<HH", content, 30, 31, 31)),
)  # fmt: skip
ZOO["a compound file with a table of sectors that is not there"] = (
    "附件4.doc", lambda: ole2({"WordDocument": noise(9000, 8)}, lambda content: struct.pack_into("<L", content, 44, 0xFFFFFF)),
)  # fmt: skip
ZOO["a locked file of noise"] = (
    "附件4.docx", lambda: ole2({"EncryptedPackage": noise(9000, 9), "EncryptionInfo": noise(9000, 10)}),
)  # fmt: skip
ZOO["a page whose cells span a thousand million columns and rows"] = (
    "附件3.xls",
    lambda: b"<html><table>" + b"<tr><td rowspan=1000000000 colspan=1000000000>x</td></tr>" * 3000 + b"</table></html>",
)
ZOO["a page of tables in tables"] = ("正文.html", lambda: b"<html>" + b"<table><tr><td>x" * 20_000)
ZOO["a page of elements in elements"] = ("正文.html", lambda: b"<html>" + b"<div><span>x" * 100_000)
ZOO["a page of ten thousand tables"] = ("正文.html", lambda: b"<html>" + b"<table><tr><td>x</td></tr></table>" * 10_000)
ZOO["a page of styles"] = (
    "正文.html",
    lambda: (
        b"<html><style>"
        + b".a .b > .c{color:red;" * 20_000
        + b"</style>"
        + b'<p class="a b c" style="a:b">x</p>' * 5000
    ),
)
ZOO["text with a million columns"] = ("附件3.csv", lambda: b"x," * 1_000_000)
ZOO["text with a million rows"] = ("附件3.csv", lambda: b"x,y\n" * 1_000_000)
ZOO["text with quotation marks that never close"] = ("附件3.csv", lambda: b'"x,""' * 500_000)
ZOO["text of nothing but delimiters"] = ("附件3.csv", lambda: b",;\t|\n" * 500_000)
ZOO["a multipart page whose parts never end"] = (
    "附件4.doc",
    lambda: (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
        + b'--b\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n' * 20_000
    ),
)
ZOO["an XML workbook of a million repeated cells"] = (
    "附件3.xml",
    lambda: (
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
        b'spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>'
        + b'<Row ss:Index="1000000000"><Cell ss:Index="1000000000" ss:MergeAcross="1000000000" ss:MergeDown="1000000000">'
        b"<Data>x</Data></Cell></Row>" * 1000 + b"</Table></Worksheet></Workbook>"
    ),
)
ZOO["a PDF whose pages are each other's parents"] = (
    "附件4.pdf",
    lambda: (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 999999999/Kids[2 0 R 3 0 R]"
        b"/Parent 3 0 R>>endobj\n3 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ),
)
ZOO["a PDF that unpacks to half a gigabyte"] = (
    "附件4.pdf",
    lambda: (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>endobj\n4 0 obj<</Filter/FlateDecode/Length "
        + (b"%d>>stream\n" % len(_packed()))
        + _packed()
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ),
)
ZOO["a PDF of nested arrays"] = (
    "附件4.pdf", lambda: b"%PDF-1.4\n1 0 obj" + b"[" * 200_000 + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
)  # fmt: skip


def _packed() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()


ZOO["a rich text of nested groups"] = ("附件4.rtf", lambda: b"{\\rtf1" + b"{" * 100_000 + b"x")


def whole(name: str) -> bytes:
    """A sound document to spoil."""
    if name.endswith(".ods"):
        return ods(f"<table:table-row>{FILLED * 10}</table:table-row>" * 10)
    if name.endswith(".xls"):
        return _old_workbook((0x203, struct.pack("<3Hd", 0, 0, 0, 1.0)))
    return (TEMPLATES / name).read_bytes()


def cut(name: str, pieces: int) -> list[bytes]:
    """A sound document, cut at so many places."""
    content = whole(name)
    return [content[: len(content) * number // pieces] for number in range(pieces)]


def spoiled(name: str, count: int) -> list[bytes]:
    """A sound document with a few of its bytes changed, in so many ways."""
    content, chance = whole(name), random.Random(name)
    results = []
    for _ in range(count):
        copy = bytearray(content)
        for _ in range(chance.choice((1, 3, 20))):
            copy[chance.randrange(len(copy))] = chance.randrange(256)
        results.append(bytes(copy))
    return results


def measured(content: bytes, name: str = "") -> list[Transcript]:
    """As `parsers.read`, and last a note of the processor time (seconds) and the memory (bytes) that it took at most.

    Only for a process of its own, whose record of its largest size it clears (proc(5), clear_refs).
    """
    Path("/proc/self/clear_refs").write_text("5")
    before, start = _largest(), time.process_time()
    found = parsers.read(content, name)
    cost = (str(time.process_time() - start), str(_largest() - before))
    return [*found, Transcript(None, "cost", notes=cost)]


def _largest() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
