"""What the workbook reader makes of the values, merges, links and pictures people's tables contain."""

from __future__ import annotations

import datetime
import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import parsers
from bench import material
from binary_workbook import as_xlsb
from desk import table
from documents import relationships, zipped
from parsers.catalogue import Unreadable, open_document
from parsers.formats import libreoffice
from parsers.formats.extents import sheet_parts
from parsers.formats.package import Package
from parsers.model import Annex3, Cell, CellKind, Document, Grid, Paragraph, ProblemKind, Style
from pipeline.demo import forms

SHEET = "xl/worksheets/sheet1.xml"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(fill: Callable[[Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    fill(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def values(**cells: object) -> bytes:
    def fill(sheet: Worksheet) -> None:
        for name, value in cells.items():
            sheet[name] = value

    return workbook(fill)


def edited(content: bytes, change: Callable[[bytes], bytes] = bytes, **parts: str | bytes) -> bytes:
    """The package with its first sheet's XML changed and parts added; `__` in a part's name stands for a slash."""
    stream = io.BytesIO()
    added = {name.replace("__", "/").replace("0x2e", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            if name not in added:
                new.writestr(name, change(old.read(name)) if name == SHEET else old.read(name))
        for name, part in added.items():
            new.writestr(name, part)
    return stream.getvalue()


def with_parts(content: bytes, parts: dict[str, str | bytes], before_end: str = "") -> bytes:
    """The package with these parts, and this XML at the end of its first sheet."""
    end = before_end.encode() + b"</worksheet>"
    return edited(content, lambda xml: xml.replace(b"</worksheet>", end), **parts)


def only_grid(document: Document) -> Grid:
    (grid,) = [block for block in document.blocks if isinstance(block, Grid)]
    return grid


def at(content: bytes, row: int, column: int) -> Cell:
    found = only_grid(open_document(content)).at(row, column)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (13800000001, "13800000001", CellKind.NUMBER),
        (5, "5", CellKind.NUMBER),
        (2025.1, "2025.1", CellKind.NUMBER),
        (0.1 + 0.2, "0.3", CellKind.NUMBER),
        (-3.0, "-3", CellKind.NUMBER),
        (True, "TRUE", CellKind.TEXT),
        ("０４７１－6930000 ", "０４７１－6930000 ", CellKind.TEXT),
        ("上\n下", "上\n下", CellKind.TEXT),
        ("上_x000D_\n下", "上\n下", CellKind.TEXT),
        ("2025.10", "2025.10", CellKind.TEXT),
        (datetime.date(2024, 11, 20), "2024-11-20", CellKind.TEXT),
        (datetime.datetime(2024, 11, 20, 8, 30), "2024-11-20 08:30", CellKind.TEXT),
        (datetime.time(8, 30), "08:30", CellKind.TEXT),
    ],
)
def test_a_value_is_written_as_a_person_sees_it(value: object, text: str, kind: CellKind) -> None:
    cell = at(values(A1=value), 0, 0)
    assert (cell.text, cell.kind) == (text, kind)


def test_places_are_absolute_wherever_the_data_begin() -> None:
    grid = only_grid(open_document(values(C3="高校名称", D5="内蒙古大学")))
    assert [(cell.row, cell.column, cell.text) for cell in grid.cells] == [(2, 2, "高校名称"), (4, 3, "内蒙古大学")]


def test_a_merged_range_is_one_cell_even_when_blank() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["B5"] = "高校名称", "末"
        sheet.merge_cells("A1:B2")
        sheet.merge_cells("A3:A5")

    grid = only_grid(open_document(workbook(fill)))
    assert [(c.row, c.column, c.row_span, c.column_span, c.text) for c in grid.cells] == [
        (0, 0, 2, 2, "高校名称"), (2, 0, 3, 1, ""), (4, 1, 1, 1, "末"),
    ]  # fmt: skip
    assert grid.at(1, 1) is grid.at(0, 0)


def test_a_value_hidden_under_a_merged_range_is_not_read() -> None:
    content = edited(
        values(A1="甲", B1="看不见"),
        lambda xml: xml.replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'),
    )
    grid = only_grid(open_document(content))
    assert [cell.text for cell in grid.cells] == ["甲"]


def test_overlapping_merged_ranges_do_not_give_overlapping_cells() -> None:
    ranges = b'<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B2:C3"/></mergeCells>'
    content = edited(values(A1="甲", C3="乙"), lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + ranges))
    grid = only_grid(open_document(content))
    assert [(c.row, c.column, c.row_span, c.column_span) for c in grid.cells] == [(0, 0, 2, 2), (2, 2, 1, 1)]


def test_a_merged_whole_column_ends_where_the_content_ends() -> None:
    content = edited(
        values(A1="甲", B3="乙"),
        lambda xml: xml.replace(
            b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:A1048576"/></mergeCells>'
        ),
    )
    assert only_grid(open_document(content)).row_count == 3


def test_every_sheet_that_holds_something_is_a_grid_and_hidden_ones_say_so() -> None:
    book = openpyxl.Workbook()
    for name, state in (("汇总", "visible"), ("空", "visible"), ("旧", "hidden"), ("更旧", "veryHidden")):
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        if name != "空":
            sheet["A1"] = name
    del book["Sheet"]
    stream = io.BytesIO()
    book.save(stream)
    blocks = open_document(stream.getvalue()).blocks
    assert [(b.name, b.ordinal, b.hidden) for b in blocks if isinstance(b, Grid)] == [
        ("汇总", 1, False), ("旧", 2, True), ("更旧", 3, True),
    ]  # fmt: skip


def test_a_hyperlink_gives_its_address_beside_its_text() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "点击查看"
        sheet["A1"].hyperlink = "https://example.com/news"
        sheet["A2"] = '=HYPERLINK("https://example.com/b","报道")'

    content = workbook(fill)
    assert at(content, 0, 0).links == ("https://example.com/news",)
    assert at(content, 1, 0).links == ("https://example.com/b",)


def test_a_formula_that_was_never_calculated_is_not_blank() -> None:
    cell = at(values(A1="数", B1="=COUNTA(A1:A9)"), 0, 1)
    assert (cell.text, cell.kind) == ("", CellKind.UNCALCULATED)


def test_a_formula_with_a_stored_result_is_its_result() -> None:
    content = edited(
        values(A1="=2+3", B1='=""'),
        lambda xml: xml.replace(b"<v></v>", b"<v>5</v>", 1).replace(b"<v />", b"<v>5</v>", 1),
    )
    assert (at(content, 0, 0).text, at(content, 0, 0).kind) == ("5", CellKind.NUMBER)
    emptied = edited(values(A1="甲", B1='=""'), lambda xml: xml.replace(b'<c r="B1"', b'<c r="B1" t="str"'))
    assert only_grid(open_document(emptied)).at(0, 1) is None


DISPIMG = (
    f'<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" xmlns:xdr="{DRAWING}" '
    f'xmlns:a="{MAIN}" xmlns:r="{RELATION}"><etc:cellImage><xdr:pic><xdr:nvPicPr>'
    '<xdr:cNvPr id="1" name="ID_0A"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill></xdr:pic>'
    "</etc:cellImage></etc:cellImages>"
)


@pytest.mark.parametrize("formula", ['=_xlfn.DISPIMG("ID_0A",1)', '=DISPIMG("ID_0A",1)'])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_picture_that_wps_put_in_a_cell_is_a_picture_and_no_text(formula: str, as_text: bool) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "盖章"
        sheet["B1"] = formula
        if as_text:
            sheet["B1"].data_type = "s"

    content = with_parts(workbook(fill), {
        "xl/cellimages.xml": DISPIMG,
        "xl/_rels/cellimages.xml.rels": relationships({"rId1": ("image", "media/image1.png")}),
        "xl/media/image1.png": b"png",
    })  # fmt: skip
    cell = at(content, 0, 1)
    assert (cell.text, cell.kind) == ("", CellKind.TEXT)
    assert [picture.load() for picture in cell.pictures] == [b"png"]


def drawn(shape: str, row: int, column: int) -> str:
    start = f"<xdr:from><xdr:col>{column}</xdr:col><xdr:row>{row}</xdr:row></xdr:from>"
    anchor = f"<xdr:twoCellAnchor>{start}{shape}</xdr:twoCellAnchor>"
    return f'<xdr:wsDr xmlns:xdr="{DRAWING}" xmlns:a="{MAIN}" xmlns:r="{RELATION}">{anchor}</xdr:wsDr>'


def with_drawing(content: bytes, drawing: str) -> bytes:
    return with_parts(content, {
        "xl/drawings/drawing1.xml": drawing,
        "xl/drawings/_rels/drawing1.xml.rels": relationships({"rId1": ("image", "../media/image1.png")}),
        "xl/worksheets/_rels/sheet1.xml.rels": relationships({"rId7": ("drawing", "../drawings/drawing1.xml")}),
        "xl/media/image1.png": b"seal",
    }, f'<drawing xmlns:r="{RELATION}" r:id="rId7"/>')  # fmt: skip


def test_a_picture_lying_on_the_sheet_belongs_to_the_cell_under_its_corner() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "盖章"
        sheet.merge_cells("A1:C3")

    shape = '<xdr:pic><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill></xdr:pic>'
    content = with_drawing(workbook(fill), drawn(shape, 1, 1))
    (picture,) = at(content, 0, 0).pictures
    assert picture.load() == b"seal"
    lone = with_drawing(values(A1="甲"), drawn(shape, 6, 2))
    assert len(at(lone, 6, 2).pictures) == 1


def test_a_text_box_is_a_paragraph_after_the_sheet() -> None:
    first = "<a:p><a:r><a:t>表格填写联系人：张三</a:t></a:r></a:p><a:p/>"
    second = "<a:p><a:r><a:t>电话</a:t></a:r><a:r><a:t>：1</a:t></a:r></a:p>"
    shape = f"<xdr:sp><xdr:txBody>{first}{second}</xdr:txBody></xdr:sp>"
    document = open_document(with_drawing(values(A1="甲"), drawn(shape, 0, 0)))
    lines = [block.text for block in document.blocks[1:] if isinstance(block, Paragraph)]
    assert lines == ["表格填写联系人：张三", "电话：1"]


def test_a_strict_workbook_is_read_with_its_links() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "点击查看"
        sheet["A1"].hyperlink = "https://example.com/news"

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(fill))) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for part in (b"spreadsheetml", b"officeDocument"):
                plain = b"http://schemas.openxmlformats.org/" + part + b"/2006/"
                content = content.replace(plain, b"http://purl.oclc.org/ooxml/" + part + b"/")
            new.writestr(name, content)
    assert at(stream.getvalue(), 0, 0).links == ("https://example.com/news",)


def far(reference: str) -> bytes:
    return values(A1="甲", **{reference: "乙"})


def test_one_stray_value_in_the_last_corner_is_left_out_before_memory_is_spent() -> None:
    assert only_grid(open_document(far("XFD1048576"))).row_count == 1


@pytest.mark.parametrize(
    "reference",
    [b"r = 'XFD1048576'", b'r="xfd1048576"', b'r\n=\t"XfD1048576"', b'r="&#88;FD1048576"', b"r='XFD1048576'"],
)
def test_a_stray_value_hidden_by_unusual_xml_is_left_out_too(reference: bytes) -> None:
    content = edited(far("XFD1048576"), lambda xml: xml.replace(b'r="XFD1048576"', reference))
    assert only_grid(open_document(content)).row_count == 1


def test_a_row_number_of_thousands_of_digits_is_the_files_fault_and_never_ours() -> None:
    cell = f'<row><c r="A{"9" * 5000}"><v>1</v></c></row></sheetData>'.encode()
    content = edited(far("XFD1048576"), lambda xml: xml.replace(b"</sheetData>", cell))
    (transcript,) = parsers.read(content)
    assert transcript.form is None


def test_a_sheet_that_really_reaches_that_far_is_refused() -> None:
    many = {f"J{1048576 - number}": "乙" for number in range(60)}
    with pytest.raises(Unreadable) as refusal:
        open_document(values(A1="甲", **many))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_a_distant_value_in_a_narrow_sheet_and_blank_formatted_rows_are_no_danger() -> None:
    assert at(far("B60000"), 59999, 1).text == "乙"
    last = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    blank = edited(values(A1="甲"), lambda xml: xml.replace(b"</sheetData>", last))
    assert only_grid(open_document(blank)).row_count == 1


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        (1_048_000, '<row r="{0}" s="1" customFormat="1" ht="20" customHeight="1"/>'),
        (100_000, '<row r="{0}">' + "".join(f'<c r="{column}{{0}}" s="1"/>' for column in "ABCDEFGHIJ") + "</row>"),
    ],
)
def test_blank_formatted_rows_below_a_form_are_no_reason_to_refuse_it(rows: int, row: str) -> None:
    blank = "".join(map(row.format, range(40, 40 + rows))).encode()
    form = forms.annex3_workbook(table())
    found = parsers.read(edited(form, lambda sheet: sheet.replace(b"</sheetData>", blank + b"</sheetData>")))
    assert found == parsers.read(form)


FIRST = '<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row>'


@pytest.mark.parametrize(
    "behind",
    [
        '<dataValidations><dataValidation sqref="C7"><formula1>"甲"</formula1></dataValidation></dataValidations>',
        '<autoFilter ref="A3:B9"><filterColumn colId="0"><filters><filter val="甲"/></filters></filterColumn></autoFilter>',
        "<headerFooter><firstHeader>甲</firstHeader></headerFooter>",
    ],
)
@pytest.mark.parametrize("end", ["", '<row r="100040"><c r="A100040" t="inlineStr"><is><t>注：略</t></is></c></row>'])
def test_only_a_cell_says_how_far_a_sheet_is_filled(behind: str, end: str) -> None:
    blank = "".join(f'<row r="{row}" s="1" customFormat="1" ht="20"/>' for row in range(40, 100_040))
    filled = f"<sheetData>{FIRST}{blank}{end}</sheetData>"
    sheet = f"<worksheet xmlns='{MAIN}'>{filled}{behind}</worksheet>".encode()
    (kept,) = sheet_parts(Package(edited(values(A1="甲"), lambda _: sheet)), "xlsx").values()
    assert kept == (sheet if end else sheet.replace(blank.encode(), b""))


def test_more_filled_rows_than_any_form_has_are_refused() -> None:
    def fill(sheet: Worksheet) -> None:
        for number in range(20_001):
            sheet.append([number])

    with pytest.raises(Unreadable) as refusal:
        open_document(workbook(fill))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_a_workbook_whose_sheet_is_broken_is_damaged() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(edited(values(A1="甲"), lambda xml: xml[: len(xml) // 2]))
    assert refusal.value.problem.kind is ProblemKind.UNREADABLE


def test_a_workbook_cut_short_is_damaged() -> None:
    content = values(A1="甲")
    with pytest.raises(Unreadable) as refusal:
        open_document(content[: len(content) // 2])
    assert refusal.value.problem.kind is ProblemKind.UNREADABLE


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="汇总">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)
FILLED = '<table:table-cell office:value-type="string"{}><text:p>甲</text:p></table:table-cell>'
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods(rows: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("content.xml", ODS.format(rows))
        archive.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:m"/>')
    return stream.getvalue()


def test_an_opendocument_table_is_read_and_its_endless_blank_rows_are_not() -> None:
    rest = '<table:table-cell table:number-columns-repeated="16384"/>'
    row = f"<table:table-row>{FILLED.format('')}{rest}</table:table-row>"
    blank = f'<table:table-row table:number-rows-repeated="1048575">{rest}</table:table-row>'
    document = open_document(ods(row + blank))
    assert document.format == "ods"
    assert [(cell.row, cell.column, cell.text) for cell in only_grid(document).cells] == [(0, 0, "甲")]


def test_merged_ranges_and_links_of_an_opendocument_table_are_read() -> None:
    link = (
        '<table:table-cell office:value-type="string"><text:p><text:a xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xlink:href="https://example.com/a">见</text:a></text:p></table:table-cell>'
    )
    merged = FILLED.format(' table:number-rows-spanned="2" table:number-columns-spanned="2"')
    covered = '<table:covered-table-cell table:number-columns-repeated="2"/>'
    document = open_document(ods(
        f"<table:table-row>{merged}<table:covered-table-cell/>{link}</table:table-row>"
        f"<table:table-row>{covered}{FILLED.format('')}</table:table-row>"
    ))  # fmt: skip
    assert [(c.row, c.column, c.row_span, c.column_span, c.links) for c in only_grid(document).cells] == [
        (0, 0, 2, 2, ()), (0, 2, 1, 1, ("https://example.com/a",)), (1, 2, 1, 1, ()),
    ]  # fmt: skip


def test_an_opendocument_value_repeated_without_end_is_refused() -> None:
    cell = FILLED.format(' table:number-columns-repeated="16384"')
    with pytest.raises(Unreadable) as refusal:
        open_document(ods(f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


@pytest.mark.parametrize("stray", ["J1048576", "XFD1", "B900000"])
def test_a_value_left_far_away_by_a_slip_of_the_hand_does_not_spoil_the_form(stray: str) -> None:
    from desk import papers, table

    book = openpyxl.load_workbook(io.BytesIO(papers(table(), False)["附件3.xlsx"]))
    book.worksheets[0][stray] = "x"
    out = io.BytesIO()
    book.save(out)
    (found,) = parsers.read(out.getvalue(), "附件3.xlsx")
    assert found.problems == ()
    assert found.record == parsers.read(papers(table(), False)["附件3.xlsx"], "附件3.xlsx")[0].record


@pytest.mark.parametrize(
    ("look", "style"),
    [({"b": True}, Style.BOLD), ({"u": "single"}, Style.UNDERLINE), ({"color": "FFFF0000"}, Style.COLOUR)],
)
def test_the_part_of_a_text_that_is_set_off_keeps_its_look(look: dict[str, object], style: Style) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    book = openpyxl.Workbook()
    book.active["B2"] = CellRichText("思想引领类  ", TextBlock(InlineFont(**look), "学业促进类"), "  其他类")
    out = io.BytesIO()
    book.save(out)
    cell = at(out.getvalue(), 1, 1)
    assert [(run.text.strip(), run.style) for run in cell.runs] == [
        ("思想引领类", Style.PLAIN),
        ("学业促进类", style),
        ("其他类", Style.PLAIN),
    ]


FRAME = (
    '<draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:'
    'xmlns:svg-compatible:1.0"><draw:image><text:p/></draw:image><svg:title>印章</svg:title><svg:desc>Picture</svg:desc>'
    "</draw:frame>"
)


def test_what_a_picture_in_an_opendocument_cell_is_called_is_no_text_of_the_cell() -> None:
    lines = '<text:p>同意<text:span>推荐</text:span>。</text:p><text:p>2024年<text:s text:c="2"/>11月</text:p>'
    cell = f'<table:table-cell office:value-type="string">{lines}{FRAME}</table:table-cell>'
    empty = f'<table:table-cell office:value-type="string">{FRAME}</table:table-cell>'
    content = ods(f"<table:table-row>{cell}{empty}{FILLED.format('')}</table:table-row>")
    assert [cell.text for cell in only_grid(open_document(content)).cells if cell.runs] == [
        "同意推荐。\n2024年  11月",
        "甲",
    ]


def test_a_text_box_in_an_opendocument_cell_is_still_read() -> None:
    box = FRAME.replace(
        "<draw:image><text:p/></draw:image>", "<draw:text-box><text:p>联系人：张三</text:p></draw:text-box>"
    )
    cell = f'<table:table-cell office:value-type="string"><text:p>填表</text:p>{box}</table:table-cell>'
    assert at(ods(f"<table:table-row>{cell}</table:table-row>"), 0, 0).text == "填表\n联系人：张三"


def sheet_records(*records: tuple[int, bytes]) -> bytes:
    """An .xls file with one worksheet of these records."""
    from zoo.compound import BOF, SHEET_BOF, biff, ole2

    bound = (0x85, struct.pack("<LBBBB", 20 + 13 + 4, 0, 0, 1, 0) + b"S")
    return ole2({"Workbook": biff(BOF, bound, (0x0A, b""), SHEET_BOF, *records, (0x0A, b""))})


def hlink(flags: int, rest: bytes, row: int = 0) -> tuple[int, bytes]:
    """A link of the cells A and B of a row ([MS-XLS] 2.4.140)."""
    area = struct.pack("<4H", row, row, 0, 1)
    return 0x1B8, area + bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b") + struct.pack("<2L", 2, flags) + rest


def counted(text: str, size: int = 2) -> bytes:
    """A text with its closing zero behind its length, in characters or (`size` 1) in bytes."""
    data = f"{text}\0".encode("utf-16-le")
    return struct.pack("<L", len(data) // size) + data


URL_MONIKER = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
FILE_MONIKER = bytes.fromhex("0303000000000000c000000000000046")
NUMBER_IN_A1 = (0x203, struct.pack("<3Hd", 0, 0, 0, 1.0))


@pytest.mark.parametrize(
    ("flags", "rest", "links"),
    [
        (0x03, URL_MONIKER + counted("https://example.com/a", 1), ("https://example.com/a",)),
        (
            0x17,
            counted("点击查看") + URL_MONIKER + counted("https://example.com/报道", 1),
            ("https://example.com/报道",),
        ),
        (0x93, counted("看") + counted("_blank") + URL_MONIKER + counted("http://a.cn/", 1), ("http://a.cn/",)),
        (0x101, counted("https://example.com/b"), ("https://example.com/b",)),
        (0x08, counted("Sheet1!A1"), ()),
        (0x03, FILE_MONIKER + bytes(60), ()),
        (0x03, URL_MONIKER + b"\xff\xff", ()),
        (0x13, b"\xff\xff\xff\xff", ()),
        (0x03, b"", ()),
    ],
)
def test_a_link_in_an_old_workbook_gives_its_address(flags: int, rest: bytes, links: tuple[str, ...]) -> None:
    content = sheet_records(NUMBER_IN_A1, hlink(flags, rest))
    assert at(content, 0, 0).links == links


def test_a_torn_link_in_an_old_workbook_does_no_harm() -> None:
    _, data = hlink(0x03, b"")
    assert at(sheet_records(NUMBER_IN_A1, (0x1B8, data[:10]), (0x1B8, data[:30])), 0, 0).links == ()


@pytest.mark.skipif(libreoffice.program() is None and not os.environ.get("CI"), reason="LibreOffice is not installed")
def test_an_annex_3_whose_cells_link_to_reports_reads_alike_from_an_old_workbook(tmp_path: Path) -> None:
    from corpus.office import convert

    book = openpyxl.load_workbook(io.BytesIO(forms.annex3_workbook(material.distinct(1)[0].summary)))
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    book.create_sheet("其他", 0)["A1"].hyperlink = "https://example.com/elsewhere"
    (row,) = (cell.row for cell in sheet["C"] if str(cell.value) == "1")
    sheet.cell(row, 8).value = "点击查看"
    sheet.cell(row, 8).hyperlink = "https://example.com/news"
    stream = io.BytesIO()
    book.save(stream)
    made = convert({"a.xlsx": stream.getvalue()}, ("xls",), tmp_path / "made")["a.xls"]
    new, old = (parsers.read(content)[0].record for content in (stream.getvalue(), made))
    assert isinstance(old, Annex3)
    assert old.projects[0].links == ("https://example.com/news",)
    assert old == new


def record(kind: int, data: bytes) -> bytes:
    """A record of a binary workbook ([MS-XLSB] 2.1.4)."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data


def wide(text: str) -> bytes:
    return struct.pack("<L", len(text)) + text.encode("utf-16-le")


def xlsb(links: bytes) -> bytes:
    """A binary workbook whose second worksheet says 点击查看 in B3, with these records behind its cells."""
    cell = struct.pack("<2L", 1, 0) + wide("点击查看")
    area = record(148, struct.pack("<4L", 2, 2, 1, 1))
    begin, end = record(129, b"") + area + record(145, b""), record(146, b"")
    row = record(0, struct.pack("<2LHBBBL2L", 2, 0, 300, 0, 0, 0, 1, 1, 1))
    sheets = b"".join(
        record(156, struct.pack("<2L", 0, number) + wide(f"rId{number}") + wide(f"S{number}")) for number in (1, 2)
    )
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return zipped({
        "[Content_Types].xml": f'<Types xmlns="{types}"/>',
        "_rels/.rels": relationships({"rId1": ("officeDocument", "xl/workbook.bin")}),
        "xl/workbook.bin": record(131, b"") + record(143, b"") + sheets + record(144, b"") + record(132, b""),
        "xl/_rels/workbook.bin.rels": relationships({
            "rId1": ("worksheet", "worksheets/sheet1.bin"), "rId2": ("worksheet", "worksheets/sheet2.bin"),
        }),
        "xl/worksheets/sheet1.bin": begin + end + record(130, b""),
        "xl/worksheets/sheet2.bin": begin + row + record(6, cell) + end + links + record(130, b""),
        "xl/worksheets/_rels/sheet2.bin.rels": relationships({"rId9": ("hyperlink", "https://example.com/news")}),
    })  # fmt: skip


def test_a_binary_workbook_reads_like_the_one_it_was_made_from() -> None:
    for papers in material.distinct(5):
        workbook = forms.annex3_workbook(papers.summary)
        (new,), (binary,) = parsers.read(workbook, "附件3.xlsx"), parsers.read(as_xlsb(workbook), "附件3.xlsb")
        assert (binary.format, binary.record, binary.places) == ("xlsb", new.record, new.places)
        assert isinstance(binary.record, Annex3)
        assert binary.record.projects


@pytest.mark.parametrize(
    ("relation", "links"), [("rId9", ("https://example.com/news",)), ("", ()), ("rId8", ())],
)  # fmt: skip
def test_a_link_in_a_binary_workbook_gives_its_address(relation: str, links: tuple[str, ...]) -> None:
    data = struct.pack("<4L", 2, 2, 1, 1) + wide(relation) + wide("") + wide("") + wide("")
    document = open_document(xlsb(record(494, data) + record(494, b"\0\0")))
    (cell,) = only_grid(document).cells
    assert (cell.row, cell.column, cell.text, cell.links) == (2, 1, "点击查看", links)
