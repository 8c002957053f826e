"""Word documents with too many paragraphs, tables, rows, columns and merged cells."""

from __future__ import annotations

from documents import cell, docx, grid_span, merge, paragraph, table
from zoo.cages import LABELS3, ZOO, hostile


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


@hostile("nearly six thousand projects", "附件3.docx")
def _projects_within() -> bytes:
    values = ("内蒙古大学", "1", "1", "阳光书屋", "x", "其他类", "校学生会", "http://x.cn", "张三", "13800000001")
    return docx(table("".join(map(cell, LABELS3)), *["".join(map(cell, values))] * 5_900))


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
