"""Check boxes that lie on a worksheet: where their marks go, and what a form says by them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from html import escape

import openpyxl
import pytest
from msgspec import Struct
from openpyxl.worksheet.worksheet import Worksheet

import parsers
from documents import relationships
from papers import application
from parsers.catalogue import open_document
from parsers.choice import OPTIONS
from parsers.model import Annex4, Grid, Paragraph

MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Box(Struct, frozen=True):
    """A control; `anchor` as VML has it: left, top, right, bottom, each a column or row and pixels."""

    caption: str
    ticked: bool
    anchor: tuple[int, ...]
    kind: str = "Checkbox"


def across(captions: Sequence[str], ticked: str, row: int, named: bool = True) -> list[Box]:
    """Boxes side by side in column B, some pixels up and down."""
    return [
        Box(caption if named else "", caption == ticked, (1, 5 + 90 * index, row, 3 - index % 2, 1, 80, row, 20))
        for index, caption in enumerate(captions)
    ]


def with_boxes(content: bytes, boxes: Sequence[Box], properties: bool = True, stale: bool = False) -> bytes:
    """The workbook with these controls on its first sheet as Excel writes them; `stale` leaves them unticked in the VML."""
    shapes, controls, drawn, parts, links = "", "", "", {}, {"rIdV": ("vmlDrawing", "../drawings/vmlDrawing1.vml")}
    for number, box in enumerate(boxes, 1025):
        checked = "<x:Checked>1</x:Checked>" if box.ticked and not stale else ""
        anchor = ", ".join(map(str, box.anchor))
        shapes += (
            f'<v:shape id="Check_x0020_Box_x0020_{number}" o:spid="_x0000_s{number}" type="#_x0000_t201"><v:textbox>'
            f'<div style="text-align:left"><font face="宋体">{escape(box.caption)}</font><br></div></v:textbox>'
            f'<x:ClientData ObjectType="{box.kind}"><x:Anchor>\n {anchor}</x:Anchor>{checked}</x:ClientData></v:shape>'
        )
        if not properties:
            continue
        kind = {"Checkbox": "CheckBox"}.get(box.kind, box.kind)
        state = ' checked="Checked"' if box.ticked else ""
        controls += (
            '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="x14">'
            f'<control shapeId="{number}" r:id="rId{number}" name="Check Box {number}"/></mc:Choice></mc:AlternateContent>'
        )
        links[f"rId{number}"] = ("ctrlProp", f"../ctrlProps/ctrlProp{number}.xml")
        namespace = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
        parts[f"xl/ctrlProps/ctrlProp{number}.xml"] = (
            f'<formControlPr xmlns="{namespace}" objectType="{kind}"{state} lockText="1" noThreeD="1"/>'
        )
        drawn += (
            '<xdr:twoCellAnchor><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="1" name="c" hidden="1"><a:extLst><a:ext uri="x">'
            f'<a14:compatExt xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" spid="_x0000_s{number}"/>'
            f"</a:ext></a:extLst></xdr:cNvPr></xdr:nvSpPr><xdr:txBody><a:p><a:r><a:t>{box.caption}</a:t></a:r></a:p>"
            "</xdr:txBody></xdr:sp></xdr:twoCellAnchor>"
        )
    namespaces = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    vml = f'<xml {namespaces} xmlns:x="urn:schemas-microsoft-com:office:excel">{shapes}</xml>'
    parts["xl/drawings/vmlDrawing1.vml"] = vml
    tail = f'<legacyDrawing r:id="rIdV" xmlns:r="{RELATION}"/>'
    if properties:
        links["rIdD"] = ("drawing", "../drawings/drawing1.xml")
        parts["xl/drawings/drawing1.xml"] = f'<xdr:wsDr xmlns:xdr="{DRAWING}" xmlns:a="{MAIN}">{drawn}</xdr:wsDr>'
        tail = f'<drawing r:id="rIdD" xmlns:r="{RELATION}"/>{tail}<controls xmlns:r="{RELATION}">{controls}</controls>'
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = relationships(links)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</worksheet>", f"{tail}</worksheet>".encode())
            new.writestr(name, part)
        for name, text in parts.items():
            new.writestr(name, text)
    return stream.getvalue()


def form(categories: str) -> bytes:
    """An Annex 4 as a workbook, its options in B5 (rows and columns from 1) as given."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for number, values in enumerate(application(categories=categories), 1):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column, value or None)
        if values[2] is None:
            sheet.merge_cells(start_row=number, start_column=2, end_row=number, end_column=4)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def categories(content: bytes) -> tuple[str, ...]:
    (found,) = parsers.read(content, "附件4.xlsx")
    assert isinstance(found.record, Annex4)
    assert found.record.members == "李四 王五"
    return found.record.categories


@pytest.mark.parametrize("ticked", ["思想引领类", "学业促进类", "其他类"])
@pytest.mark.parametrize("properties", [True, False])
@pytest.mark.parametrize("printed", [False, True])
def test_the_ticked_box_of_a_form_made_as_a_workbook_is_its_category(
    ticked: str, properties: bool, printed: bool
) -> None:
    text = "  ".join(OPTIONS) if printed else ""
    assert categories(with_boxes(form(text), across(OPTIONS, ticked, 4), properties)) == (ticked,)


def test_boxes_without_captions_belong_to_the_printed_options_in_turn() -> None:
    content = with_boxes(form("  ".join(OPTIONS)), across(OPTIONS, "心理健康类", 4, named=False))
    assert categories(content) == ("心理健康类",)


def test_two_ticked_boxes_are_two_categories_and_none_is_none() -> None:
    boxes = across(OPTIONS, "", 4)
    assert categories(with_boxes(form(""), boxes)) == ()
    two = [Box(box.caption, number < 2, box.anchor) for number, box in enumerate(boxes)]
    assert categories(with_boxes(form(""), two)) == OPTIONS[:2]


def test_option_buttons_count_like_check_boxes() -> None:
    boxes = [Box(box.caption, box.ticked, box.anchor, "Radio") for box in across(OPTIONS, "其他类", 4)]
    assert categories(with_boxes(form(""), boxes)) == ("其他类",)


def test_what_the_properties_say_counts_before_the_old_drawing() -> None:
    assert categories(with_boxes(form(""), across(OPTIONS, "其他类", 4), stale=True)) == ("其他类",)


def test_a_box_that_begins_a_little_above_its_row_lies_on_that_row() -> None:
    boxes = [Box(name, name == "学业促进类", (1, 5 + 90 * n, 3, 18, 1, 80, 4, 15)) for n, name in enumerate(OPTIONS)]
    assert categories(with_boxes(form(""), boxes)) == ("学业促进类",)


def test_captions_are_read_once_and_other_text_boxes_stay() -> None:
    label = Box("填表说明", False, (5, 0, 0, 0, 6, 0, 1, 0), "Label")
    document = open_document(with_boxes(form(""), [*across(OPTIONS, "其他类", 4), label]))
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["填表说明"]


def test_a_caption_nobody_wrote_is_no_text() -> None:
    boxes = [Box("复选框 1", True, (1, 5, 4, 3, 1, 80, 4, 20))]
    (grid,) = (
        block for block in open_document(with_boxes(form("学业促进类"), boxes)).blocks if isinstance(block, Grid)
    )
    cell = grid.at(4, 1)
    assert cell is not None
    assert cell.text == "☑学业促进类"


@pytest.mark.parametrize(
    "spoiled", [b"", b"<xml", b'<!DOCTYPE a><xml ObjectType="Checkbox"/>', b'\xff<v:shape "Checkbox"']
)
def test_a_spoiled_drawing_does_not_spoil_the_form(spoiled: bytes) -> None:
    content = with_boxes(form("学业促进类"), across(OPTIONS, "其他类", 4))
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            broken = name.endswith((".vml", "ctrlProp1025.xml"))
            new.writestr(name, spoiled if broken else old.read(name))
    assert categories(stream.getvalue()) == ("学业促进类",)


def test_thousands_of_boxes_on_one_cell_are_read_at_a_bounded_cost() -> None:
    boxes = [Box("", False, (1, number % 90, 4, 3, 1, 99, 4, 20)) for number in range(3_000)]
    content = with_boxes(form("甲 " * 3_000), boxes, properties=False)
    (grid,) = (block for block in open_document(content).blocks if isinstance(block, Grid))
    assert sum(cell.text.count("☐") for cell in grid.cells) <= 500
