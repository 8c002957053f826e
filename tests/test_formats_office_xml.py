"""What the readers of Office's XML files of one piece make of them: Excel 2003 tables and flat Word packages."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import pytest

import parsers
from bench import material
from documents import cell, docx, paragraph, table
from parsers.catalogue import Unreadable, open_document, sniff
from parsers.model import Annex3, CellKind, Grid, ProblemKind, Style
from pipeline.demo import forms
from pipeline.demo.stamp import seal

HEAD = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel" '
    'xmlns:html="http://www.w3.org/TR/REC-html40">'
)


def workbook(*sheets: str, head: str = HEAD) -> bytes:
    return f"{head}{''.join(sheets)}</Workbook>".encode()


def sheet(rows: str, name: str = "Sheet1", options: str = "") -> str:
    return f'<Worksheet ss:Name="{name}"><Table ss:ExpandedColumnCount="9">{rows}</Table>{options}</Worksheet>'


def data(value: str, kind: str = "String") -> str:
    return f'<Data ss:Type="{kind}">{value}</Data>'


def typed(value: str, kind: str = "String", **attributes: object) -> str:
    given = "".join(f' ss:{name}="{what}"' for name, what in attributes.items())
    return f"<Cell{given}>{data(value, kind)}</Cell>"


def grid(content: bytes) -> Grid:
    (found,) = open_document(content, "附件3.xls").blocks
    assert isinstance(found, Grid)
    return found


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("13800000001", "Number", "13800000001"),
        ("2025.1", "Number", "2025.1"),
        ("1.38E10", "Number", "13800000000"),
        ("2024-11-20T00:00:00.000", "DateTime", "2024-11-20"),
        ("2024-11-20T08:30:00.000", "DateTime", "2024-11-20 08:30"),
        ("1", "Boolean", "TRUE"),
        ("上&#10;下", "String", "上\n下"),
        ("#N/A", "Error", "#N/A"),
        ("明年", "DateTime", "明年"),
    ],
)
def test_a_value_is_written_as_a_person_sees_it(value: str, kind: str, text: str) -> None:
    found = grid(workbook(sheet(f"<Row>{typed(value, kind)}</Row>")))
    assert [(one.text, one.kind is CellKind.NUMBER) for one in found.cells] == [(text, kind == "Number")]


def test_rows_and_cells_stand_where_their_numbers_say() -> None:
    first = f'<Row ss:Span="2"/><Row>{typed("甲")}{typed("乙", Index=4)}{typed("丙")}</Row>'
    second = f'<Row ss:Index="9">{typed("丁", MergeAcross=2, MergeDown=1)}{typed("戊")}</Row>'
    found = grid(workbook(sheet(first + second)))
    assert [(one.row, one.column, one.row_span, one.column_span, one.text) for one in found.cells] == [
        (3, 0, 1, 1, "甲"), (3, 3, 1, 1, "乙"), (3, 4, 1, 1, "丙"), (8, 0, 2, 3, "丁"), (8, 3, 1, 1, "戊"),
    ]  # fmt: skip


def test_a_link_gives_its_address_and_a_comment_nothing() -> None:
    comment = f"<Cell>{data('见')}<Comment>{data('不要读')}</Comment></Cell>"
    row = f"<Row>{typed('点击查看', HRef='https://example.com/news')}{comment}{typed('本簿', HRef='#Sheet1!A1')}</Row>"
    found = grid(workbook(sheet(row)))
    assert [(one.text, one.links) for one in found.cells] == [
        ("点击查看", ("https://example.com/news",)), ("见", ()), ("本簿", ()),
    ]  # fmt: skip


def test_the_part_of_a_text_that_is_set_off_keeps_its_look() -> None:
    inner = '思想引领类 <html:B>学业促进类</html:B> <html:Font html:Color="#FF0000">其他类</html:Font>'
    rich = f"<Row><Cell>{data(inner)}</Cell></Row>"
    (one,) = grid(workbook(sheet(rich))).cells
    assert [(run.text.strip(), run.style) for run in one.runs if run.text.strip()] == [
        ("思想引领类", Style.PLAIN), ("学业促进类", Style.BOLD), ("其他类", Style.COLOUR),
    ]  # fmt: skip


def test_a_formula_without_a_result_is_not_blank() -> None:
    cells = '<Cell ss:Formula="=R[1]C"/><Cell ss:Formula="=R[1]C"><Data ss:Type="Number">5</Data></Cell>'
    found = grid(workbook(sheet(f"<Row>{cells}</Row>")))
    assert [(one.text, one.kind) for one in found.cells] == [("", CellKind.UNCALCULATED), ("5", CellKind.NUMBER)]


def test_a_hidden_sheet_says_so_and_an_empty_one_is_left_out() -> None:
    options = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    row = f"<Row>{typed('甲')}</Row>"
    content = workbook(sheet(row, "汇总"), sheet("", "空"), sheet(row, "旧", options))
    blocks = [block for block in open_document(content).blocks if isinstance(block, Grid)]
    assert [(block.name, block.ordinal, block.hidden) for block in blocks] == [("汇总", 1, False), ("旧", 2, True)]


@pytest.mark.parametrize("head", [HEAD, HEAD.split("?>\n", 2)[2]])
def test_a_whole_annex_3_is_read_like_the_workbook_it_was_saved_from(head: str) -> None:
    content = forms.annex3_workbook(material.distinct(1)[0].summary)
    (original,) = open_document(content).blocks
    assert isinstance(original, Grid)
    rows = ""
    for number in original.written_rows:
        own = [one for one in original.row(number) if one.row == number]
        rows += f'<Row ss:Index="{number + 1}">' + "".join(_saved(one) for one in own) + "</Row>"
    (found,) = parsers.read(workbook(sheet(rows, original.name), head=head), "附件3.xls")
    assert isinstance(found.record, Annex3)
    assert (found.format, found.record) == ("spreadsheetml", parsers.read(content)[0].record)


def _saved(one: parsers.model.Cell) -> str:
    return typed(one.text, Index=one.column + 1, MergeAcross=one.column_span - 1, MergeDown=one.row_span - 1)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (f"<Row>{typed('1', 'Number')}</Row>" * 20_001, ProblemKind.UNSAFE),
        ('<Row ss:Index="' + "9" * 5000 + f'">{typed("甲")}</Row>', None),
        (f"<Row>{typed('甲', MergeAcross=9999999, MergeDown=9999999)}</Row>", None),
        ("<Row>", ProblemKind.UNREADABLE),
    ],
)
def test_a_hostile_table_is_refused_or_read_at_no_cost(rows: str, kind: ProblemKind | None) -> None:
    content = workbook(sheet(rows))
    if kind is None:
        assert len(open_document(content).blocks) < 2
        return
    with pytest.raises(Unreadable) as refusal:
        open_document(content)
    assert refusal.value.problem.kind is kind


def flat(content: bytes) -> bytes:
    """A .docx as Word saves it for “Word XML 文档”."""
    parts = ""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            part = package.read(name)
            if name.endswith((".xml", ".rels")):
                inner = re.sub(r"<\?xml[^>]*\?>", "", part.decode())
                parts += f'<pkg:part pkg:name="/{name}"><pkg:xmlData>{inner}</pkg:xmlData></pkg:part>'
            else:
                inner = base64.encodebytes(part).decode()
                parts += f'<pkg:part pkg:name="/{name}"><pkg:binaryData>{inner}</pkg:binaryData></pkg:part>'
    head = '<?xml version="1.0" standalone="yes"?><?mso-application progid="Word.Document"?>'
    return f'{head}<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">{parts}</pkg:package>'.encode()


def test_a_flat_word_file_is_read_like_the_package_it_is() -> None:
    (application, *_) = material.distinct(1)[0].applications
    content = forms.annex4_document(application)
    (found,) = parsers.read(flat(content), "附件4.xml")
    (whole,) = parsers.read(content, "附件4.docx")
    assert (found.form, found.record, found.format) == ("annex4", whole.record, "flatopc")


def test_a_picture_in_a_flat_word_file_is_kept() -> None:
    drawing = '<w:r><w:drawing><a:graphic><a:graphicData><a:blip r:embed="rId7"/></a:graphicData></a:graphic></w:drawing></w:r>'
    content = docx(
        table(cell(paragraph(drawing))), {"rId7": ("image", "media/seal.png")}, {"word/media/seal.png": seal()}
    )
    (found,) = (block for block in open_document(flat(content)).blocks if isinstance(block, Grid))
    (picture,) = found.cells[0].pictures
    assert picture.load() == seal()


@pytest.mark.parametrize("body", ["", '<pkg:part pkg:name="/a"><pkg:binaryData>A</pkg:binaryData></pkg:part>'])
def test_a_flat_file_without_a_text_is_damaged(body: str) -> None:
    content = f'<?xml version="1.0"?><p:package xmlns:p="{PKG}">{body.replace("pkg:", "p:")}</p:package>'.encode()
    with pytest.raises(Unreadable) as refusal:
        open_document(content)
    assert refusal.value.problem.kind is ProblemKind.UNREADABLE


PKG = "http://schemas.microsoft.com/office/2006/xmlPackage"


def test_flat_files_are_told_by_what_they_hold() -> None:
    assert sniff(flat(docx(""))) == "flatopc"
    show = f'<?xml version="1.0"?><?mso-application progid="PowerPoint.Show"?><pkg:package xmlns:pkg="{PKG}"/>'
    assert sniff(show.encode()) == "xml"
