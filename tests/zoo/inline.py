"""Word documents with too much inside a paragraph: links, fields, runs, text boxes, pictures."""

from __future__ import annotations

import struct
import zlib

from documents import NAMESPACES, cell, docx, field, paragraph, run, table
from zoo.cages import ZOO, hostile, noise


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
