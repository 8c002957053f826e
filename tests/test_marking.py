"""A university's own file given back with marks, and everything else in it as it was."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from PIL import Image as Picture

from documents import NAMESPACES, cell, grid_span, merge, paragraph, run, table, zipped
from documents import docx as made
from parsers import read
from parsers.catalogue import open_document
from parsers.model import Annex3, Grid, GridKind, Place
from pipeline.check import check_document
from pipeline.demo import forms
from pipeline.marking import MOST_MARKS, Marked, mark, marked, marked_name
from pipeline.marking_list import HEADINGS
from pipeline.marking_value import AUTHOR
from pipeline.model import SHANGHAI, Finding, Severity
from pipeline.rules_file import load
from rule_cases import application, project

RULES = load(Path(__file__).parents[1] / "rules.yaml")
RECEIVED = datetime(2024, 11, 20, 9, 30, tzinfo=SHANGHAI)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RED, YELLOW = "FFFFC9C7", "FFFFF1B8"


def at(row: int, column: int, grid: str = "附件3") -> Place:
    return Place(GridKind.SHEET, grid, 1, row, column, "栏目")


def in_table(row: int, column: int, ordinal: int = 1) -> Place:
    return Place(GridKind.TABLE, "", ordinal, row, column, "栏目")


def faulty_table() -> Annex3:
    first = replace(project(1), summary="很" * 63, phone="12345")
    second = replace(project(2), category="别的类", applicant="学生会", leader="")
    return Annex3("示例大学", "2个", "", "0471-6000000", (first, second))


FAULTY_APPLICATION = replace(
    application(project(1), "内蒙古大学"),
    categories=("思想引领类", "学业促进类"),
    phone="8888",
    members="",
    recommendation="",
    sealed=False,
)
FILES = {
    "附件3.xlsx": forms.annex3_workbook(faulty_table()),
    "附件3.docx": forms.annex3_document(faulty_table()),
    "附件4.docx": forms.annex4_document(FAULTY_APPLICATION),
    "合订.docx": forms.together(faulty_table(), [FAULTY_APPLICATION, application(project(2), "内蒙古大学")]),
}


def marks_of(content: bytes, name: str) -> list[Marked]:
    found = []
    for transcript in read(content, name):
        found += marked(check_document(transcript, name, RECEIVED, RULES), [transcript])
    return found


def mark_up(name: str) -> bytes:
    content = FILES[name]
    result = mark(content, name.rpartition(".")[2], marks_of(content, name))
    assert result is not None
    return result


def parts(content: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def opened(content: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(content))


TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def word(body: str) -> bytes:
    """A Word document of this body that other programs open as well."""
    return made(body, parts={"[Content_Types].xml": TYPES})


def workbook(fill: Any = None) -> bytes:
    """An openpyxl workbook with one sheet 附件3, which `fill` may write to."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "附件3"
    sheet["B2"] = "值"
    if fill is not None:
        fill(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def commented(content: bytes) -> dict[str, list[str]]:
    """The comments of a Word file by the text of the paragraphs they stand on."""
    document = docx.Document(io.BytesIO(content))
    texts = {str(comment.comment_id): comment.text for comment in document.comments}
    found: dict[str, list[str]] = {}
    for start in document.element.iter(f"{W}commentRangeStart"):
        line = "".join(text.text or "" for text in start.getparent().iter(f"{W}t"))
        found.setdefault(line, []).append(texts.pop(start.get(f"{W}id")))
    assert not texts
    return found


# ---------------------------------------------------------------- what holds for every file


@pytest.mark.parametrize("name", FILES)
def test_a_marked_file_is_transcribed_like_the_original(name: str) -> None:
    assert read(mark_up(name), name) == read(FILES[name], name)


@pytest.mark.parametrize("name", FILES)
def test_the_same_file_and_findings_give_the_same_bytes(name: str) -> None:
    assert mark_up(name) == mark_up(name)


@pytest.mark.parametrize("name", FILES)
def test_parts_that_need_no_change_are_kept_byte_for_byte(name: str) -> None:
    before, after = parts(FILES[name]), parts(mark_up(name))
    changed = {part for part, content in before.items() if after[part] != content}
    allowed = (
        r"\[Content_Types\]\.xml|.*\.rels|word/document\.xml|xl/workbook\.xml|xl/styles\.xml|xl/worksheets/sheet1\.xml"
    )
    assert changed
    assert all(re.fullmatch(allowed, part) for part in changed)


def test_nothing_to_mark_gives_no_copy() -> None:
    assert mark(FILES["附件3.xlsx"], "xlsx", []) is None


def test_what_is_for_staff_only_is_never_marked() -> None:
    notice = Marked(at(6, 0), "请人工确认", "四、1", Severity.NOTICE)
    assert mark(FILES["附件3.xlsx"], "xlsx", [notice]) is None
    result = mark(FILES["附件3.xlsx"], "xlsx", [notice, Marked(at(6, 0), "请改正")])
    assert result is not None
    assert "请人工确认" not in "".join(part.decode("utf-8", "replace") for part in parts(result).values())


@pytest.mark.parametrize("format", ["doc", "xls", "ods", "pdf", "png", ""])
def test_formats_other_than_docx_and_xlsx_are_not_marked(format: str) -> None:
    assert mark(FILES["附件3.xlsx"], format, [Marked(at(6, 0), "请改正")]) is None


def test_more_marks_than_anybody_reads_are_summed_up() -> None:
    marks = [Marked(at(row, 3), f"第{row}处") for row in range(MOST_MARKS + 7)]
    result = mark(workbook(), "xlsx", marks)
    assert result is not None
    last = [row[3] for row in opened(result)["问题清单"].iter_rows(min_row=2, values_only=True) if row[3]][-1]
    assert last == "另有 7 处问题没有逐一标出，请对照以上各处一并检查。"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", FILES["附件4.docx"][:3000], b"\xd0\xcf\x11\xe0 old"])
def test_a_damaged_file_is_not_marked(content: bytes) -> None:
    for format in ("docx", "xlsx"):
        assert mark(content, format, [Marked(Place(), "请改正")]) is None


def test_a_signed_file_is_not_marked() -> None:
    signed = zipped({**parts(FILES["附件4.docx"]), "_xmlsignatures/sig1.xml": "<Signature/>"})
    assert mark(signed, "docx", [Marked(Place(), "请改正")]) is None


RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
EVIL = "https://evil.example.cn/t.dotm"


def related(part: str, kind: str, target: str, external: bool = True) -> bytes:
    """The application form with one more relationship of its document, or the relationships of another part."""
    found = {name: content.decode("latin-1") for name, content in parts(FILES["附件4.docx"]).items()}
    mode = ' TargetMode="External"' if external else ""
    link = f'<Relationship Id="rId901" Type="{RELATED}{kind}" Target="{target}"{mode}/></Relationships>'
    empty = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    found[part] = found.get(part, empty).replace("</Relationships>", link)
    return zipped({name: content.encode("latin-1") for name, content in found.items()})


DOCUMENT, SETTINGS = "word/_rels/document.xml.rels", "word/_rels/settings.xml.rels"


@pytest.mark.parametrize(
    ("part", "kind", "target", "external"),
    [
        (DOCUMENT, "vbaProject", "vbaProject.bin", False),
        (DOCUMENT, "oleObject", "embeddings/oleObject1.bin", False),
        (DOCUMENT, "oleObject", "https://evil.example.cn/x.hta", True),
        (DOCUMENT, "image", "https://evil.example.cn/seen.png", True),
        (DOCUMENT, "image", "\\\\evil.example.cn\\share\\seen.png", True),
        (DOCUMENT, "image", "file://evil.example.cn/seen.png", True),
        (SETTINGS, "attachedTemplate", EVIL, True),
        ("xl/_rels/workbook.xml.rels", "externalLink", "externalLinks/externalLink1.xml", False),
    ],
)
def test_a_file_that_acts_when_opened_is_not_sent_on(part: str, kind: str, target: str, external: bool) -> None:
    assert mark(related(part, kind, target, external), "docx", [Marked(Place(), "请改正")]) is None


@pytest.mark.parametrize(
    ("part", "kind", "target"),
    [
        (DOCUMENT, "hyperlink", "https://example.cn/1"),
        (DOCUMENT, "image", "file:///C:\\Users\\a\\Temp\\wps1.jpg"),
        (SETTINGS, "attachedTemplate", "Normal.dotm"),
    ],
)
def test_links_that_lead_no_machine_anywhere_are_harmless(part: str, kind: str, target: str) -> None:
    assert mark(related(part, kind, target), "docx", [Marked(Place(), "请改正")]) is not None


@pytest.mark.parametrize(("words", "harmless"), [(("DDE", "AUTO c:\\\\x"), False), (("PAGE ", "of AddDE"), True)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_field_that_asks_another_program_is_not_sent_on(
    words: tuple[str, ...], harmless: bool, encoding: str
) -> None:
    runs = "".join(f"<w:r><w:instrText>{word}</w:instrText></w:r>" for word in words)
    footer = f'<w:ftr xmlns:w="{W[1:-1]}"><w:p>{runs}</w:p></w:ftr>'
    content = zipped({**parts(FILES["附件4.docx"]), "word/footer9.xml": footer.encode(encoding)})
    assert (mark(content, "docx", [Marked(Place(), "请改正")]) is not None) == harmless


def test_a_strict_file_is_not_marked() -> None:
    strict = made(table(cell("项目名称") + cell("书屋")), strict=True)
    assert mark(strict, "docx", [Marked(in_table(0, 1), "请改正")]) is None


def test_a_document_type_inside_is_not_followed() -> None:
    body = (
        '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + parts(FILES["附件4.docx"])["word/document.xml"].decode()
    )
    content = zipped({**parts(FILES["附件4.docx"]), "word/document.xml": body})
    assert mark(content, "docx", [Marked(Place(), "请改正")]) is None


def test_a_message_with_control_characters_does_no_harm() -> None:
    mark_ = Marked(at(6, 0), "坏\x00字\x0b符\ud800\u202e尾", "=1+1")
    result = mark(FILES["附件3.xlsx"], "xlsx", [mark_])
    assert result is not None
    assert opened(result)["问题清单"]["D2"].value == "坏字 符尾"
    assert opened(result)["问题清单"]["E2"].data_type == "s"
    assert mark(FILES["附件4.docx"], "docx", [replace(mark_, place=Place())]) is not None


@pytest.mark.parametrize(
    ("path", "format", "name"),
    [
        ("附件3.xlsx", "xlsx", "附件3（标注）.xlsx"),
        ("材料.zip/附件4.docx", "docx", "附件4（标注）.docx"),
        ("附件3（标注）.xlsx", "xlsx", "附件3（标注）.xlsx"),
        ("附件3.xls", "xlsx", "附件3（标注）.xlsx"),
        ("附件3.XLSM", "xlsx", "附件3（标注）.XLSM"),
        ("张三 v1.2", "docx", "张三 v1（标注）.docx"),
    ],
)
def test_the_copy_is_named_after_the_original(path: str, format: str, name: str) -> None:
    assert marked_name(path, format) == name


def test_findings_find_their_places_again() -> None:
    content = FILES["附件3.xlsx"]
    (transcript,) = read(content, "附件3.xlsx")
    findings = check_document(transcript, "附件3.xlsx", RECEIVED, RULES)
    places = {mark_.message: mark_.place for mark_ in marked(findings, [transcript])}
    assert {str(place) for place in places.values()} == {f.place for f in findings if f.severity is not Severity.NOTICE}
    phone = next(place for message, place in places.items() if "12345" in message)
    assert (phone.row, phone.column) == (6, 9)


def test_a_finding_whose_place_the_file_lacks_concerns_the_whole_file() -> None:
    (found,) = marked([Finding("annex4.missing", Severity.ERROR, place="第9个表格第9行", message="缺")], [])
    assert found.place == Place()


# ---------------------------------------------------------------- workbooks


def test_a_faulty_cell_is_coloured_by_its_gravest_finding() -> None:
    sheet = opened(mark_up("附件3.xlsx"))["附件3"]
    assert sheet["J7"].fill.fgColor.rgb == RED
    assert sheet["A7"].fill.fgColor.rgb == YELLOW
    assert sheet["J8"].fill.fill_type is None
    both = [Marked(at(6, 9), "提醒", severity=Severity.WARNING), Marked(at(6, 9), "错误")]
    result = mark(FILES["附件3.xlsx"], "xlsx", both)
    assert result is not None
    assert opened(result)["附件3"]["J7"].fill.fgColor.rgb == RED
    assert opened(result)["附件3"]["J7"].comment.text == "【提醒】提醒\n【错误】错误"


def test_a_coloured_cell_keeps_its_font_borders_and_number_format() -> None:
    before, after = opened(FILES["附件3.xlsx"])["附件3"]["J7"], opened(mark_up("附件3.xlsx"))["附件3"]["J7"]
    for look in ("font", "border", "alignment", "number_format", "value"):
        assert repr(getattr(after, look)) == repr(getattr(before, look))


def test_a_note_says_what_is_wrong_and_on_what_ground() -> None:
    note = opened(mark_up("附件3.xlsx"))["附件3"]["E7"].comment
    assert note.text == "【错误】项目简介现有 63 字，请压缩到 50 字以内（按 Word 的“字数”统计）。（依据：附件3）"
    assert note.author == AUTHOR


def test_the_list_of_problems_links_to_the_cells() -> None:
    sheet = opened(mark_up("附件3.xlsx"))["问题清单"]
    rows = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert tuple(cell.value for cell in sheet[1]) == HEADINGS
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    link = next(sheet.cell(number, 3).hyperlink for number in range(2, 20) if "J7" in sheet.cell(number, 3).value)
    assert link.location == "'附件3'!J7"


def test_a_problem_of_the_whole_file_stands_on_the_list_only() -> None:
    result = mark(FILES["附件3.xlsx"], "xlsx", [Marked(Place(), "没有收到申报表", "六、报送")])
    assert result is not None
    book = opened(result)
    assert [cell.value for cell in book["问题清单"][2]] == [1, "错误", "整个文件", "没有收到申报表", "六、报送"]
    assert not [cell for row in book["附件3"] for cell in row if cell.comment or cell.fill.fill_type]


def test_a_place_inside_a_merged_range_means_its_corner() -> None:
    result = mark(FILES["附件3.xlsx"], "xlsx", [Marked(at(9, 0), "请改正")])
    assert result is not None
    assert opened(result)["附件3"]["A7"].comment.text == "【错误】请改正"


def test_a_row_as_a_whole_is_marked_at_its_first_cell() -> None:
    result = mark(workbook(), "xlsx", [Marked(at(1, -1), "请改正")])
    assert result is not None
    assert opened(result)["附件3"]["B2"].comment is not None


def test_a_cell_and_a_row_that_the_file_does_not_write_are_made_in_their_place() -> None:
    def fill(sheet: Any) -> None:
        sheet["D2"], sheet["B9"] = "后", "下"

    wanted = ["A2", "C2", "E2", "B1", "B5", "C12"]
    places = [at(int(ref[1:]) - 1, ord(ref[0]) - 65) for ref in wanted]
    content = workbook(fill)
    result = mark(content, "xlsx", [Marked(place, "请填写") for place in places])
    assert result is not None
    sheet = opened(result)["附件3"]
    assert all(sheet[ref].comment and sheet[ref].fill.fgColor.rgb == RED for ref in wanted)
    xml = parts(result)["xl/worksheets/sheet1.xml"].decode()
    rows = [int(number) for number in re.findall(r'<row [^>]*?r="(\d+)"', xml)]
    assert rows == sorted(rows)
    references = re.findall(r'<c [^>]*?r="([A-Z]+)2"', xml)
    assert references == ["A", "B", "C", "D", "E"]


def test_rows_and_cells_without_references_are_counted() -> None:
    bare = workbook(lambda sheet: sheet.append(["甲", "乙"]))
    files = dict(parts(bare))
    xml = files["xl/worksheets/sheet1.xml"].decode()
    files["xl/worksheets/sheet1.xml"] = re.sub(
        r"<sheetData>.*</sheetData>",
        '<sheetData><row><c t="inlineStr"><is><t>甲</t></is></c><c t="inlineStr"><is><t>乙</t></is></c></row>'
        '<row><c t="inlineStr"><is><t>丙</t></is></c></row></sheetData>',
        xml,
        flags=re.S,
    )
    result = mark(zipped(files), "xlsx", [Marked(at(0, 1), "请改正"), Marked(at(1, 0), "请改正")])
    assert result is not None
    sheet = opened(result)["附件3"]
    assert (sheet["B1"].value, sheet["A2"].value) == ("乙", "丙")
    assert sheet["B1"].comment
    assert sheet["A2"].comment


def test_other_peoples_notes_are_kept_and_ours_added() -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"].comment = Comment("张三的批注", "张三")
        sheet["B2"].comment = Comment("李四的批注", "李四")

    result = mark(workbook(fill), "xlsx", [Marked(at(1, 1), "请改正"), Marked(at(2, 2), "请填写")])
    assert result is not None
    sheet = opened(result)["附件3"]
    assert sheet["A1"].comment.text == "张三的批注"
    assert sheet["B2"].comment.text == "李四的批注\n【错误】请改正"
    assert (sheet["B2"].comment.author, sheet["C3"].comment.author) == ("李四", AUTHOR)
    drawing = next(content.decode() for name, content in parts(result).items() if name.endswith(".vml"))
    assert len(re.findall(r"ObjectType=.Note", drawing)) == 3


def test_pictures_formulas_links_and_conditional_formats_are_kept() -> None:
    stream = io.BytesIO()
    Picture.new("RGB", (8, 8), "red").save(stream, "PNG")

    def fill(sheet: Any) -> None:
        sheet.add_image(Image(io.BytesIO(stream.getvalue())), "F2")
        sheet["C1"] = "=SUM(1,2)"
        sheet["D1"].hyperlink = "https://example.cn/1"
        sheet["D1"].value = "链接"
        sheet.freeze_panes = "B2"

    content = workbook(fill)
    result = mark(content, "xlsx", [Marked(at(0, 2), "请改正"), Marked(at(1, 1), "请改正")])
    assert result is not None
    before, after = parts(content), parts(result)
    for name in before:
        if "drawing" in name or "media" in name or name.startswith("docProps"):
            assert after[name] == before[name]
    sheet = opened(result)["附件3"]
    assert (sheet["C1"].value, sheet["D1"].hyperlink.target, sheet.freeze_panes) == (
        "=SUM(1,2)",
        "https://example.cn/1",
        "B2",
    )
    order = re.findall(r"<(hyperlinks|pageMargins|drawing|legacyDrawing)\b", after["xl/worksheets/sheet1.xml"].decode())
    assert order == ["hyperlinks", "pageMargins", "drawing", "legacyDrawing"]


def test_a_sheet_of_theirs_named_like_our_list_is_left_alone() -> None:
    book = opened(workbook())
    book.create_sheet("问题清单")["A1"] = "自己的问题"
    stream = io.BytesIO()
    book.save(stream)
    result = mark(stream.getvalue(), "xlsx", [Marked(at(1, 1), "请改正")])
    assert result is not None
    assert opened(result).sheetnames == ["附件3", "问题清单", "问题清单2"]
    assert opened(result)["问题清单"]["A1"].value == "自己的问题"


def test_a_quote_in_a_sheets_name_does_not_break_the_link() -> None:
    book = opened(workbook())
    book["附件3"].title = "张三's表"
    stream = io.BytesIO()
    book.save(stream)
    result = mark(stream.getvalue(), "xlsx", [Marked(at(1, 1, "张三's表"), "请改正")])
    assert result is not None
    assert opened(result)["问题清单"]["C2"].hyperlink.location == "'张三''s表'!B2"


def test_what_an_earlier_round_wrote_below_somebodys_note_goes_and_the_note_stays() -> None:
    def fill(sheet: Any) -> None:
        sheet["B2"].comment = Comment("李四的批注", "李四")

    first = mark(workbook(fill), "xlsx", [Marked(at(1, 1), "请改正")])
    assert first is not None
    second = mark(first, "xlsx", [Marked(at(4, 4), "别处")])
    assert second is not None
    sheet = opened(second)["附件3"]
    assert sheet["B2"].comment.text == "李四的批注"
    assert sheet["B2"].fill.fill_type is None
    drawing = next(content.decode() for name, content in parts(second).items() if name.endswith(".vml"))
    assert len(re.findall(r"ObjectType=.Note", drawing)) == 2


@pytest.mark.parametrize("saved_by_openpyxl", [False, True])
def test_a_marked_copy_sent_back_loses_the_marks_of_the_earlier_round(saved_by_openpyxl: bool) -> None:
    first = mark_up("附件3.xlsx")
    if saved_by_openpyxl:
        stream = io.BytesIO()
        opened(first).save(stream)
        first = stream.getvalue()
    second = mark(first, "xlsx", [Marked(at(6, 9), "仍须改正")])
    assert second is not None
    book = opened(second)
    notes = {cell.coordinate: cell.comment.text for row in book["附件3"] for cell in row if cell.comment}
    coloured = {cell.coordinate for row in book["附件3"] for cell in row if cell.fill.fgColor.rgb in (RED, YELLOW)}
    assert notes == {"J7": "【错误】仍须改正"}
    assert coloured == {"J7"}
    assert book.sheetnames == ["附件3", "问题清单"]
    assert [row[3] for row in book["问题清单"].iter_rows(min_row=2, max_row=2, values_only=True)] == ["仍须改正"]
    drawing = next(content.decode() for name, content in parts(second).items() if name.endswith(".vml"))
    assert len(re.findall(r"ObjectType=.Note", drawing)) == 1


def test_a_workbook_without_cell_formats_is_not_marked() -> None:
    files = {name: content for name, content in parts(workbook()).items() if name != "xl/styles.xml"}
    assert mark(zipped(files), "xlsx", [Marked(at(1, 1), "请改正")]) is None


def test_a_shared_workbook_with_a_history_is_not_marked() -> None:
    files = {**parts(workbook()), "xl/revisions/revisionHeaders.xml": b"<headers/>"}
    assert mark(zipped(files), "xlsx", [Marked(at(1, 1), "请改正")]) is None


# ---------------------------------------------------------------- documents


def test_comments_stand_at_the_faulty_cells_of_a_form() -> None:
    found = commented(mark_up("附件4.docx"))
    assert "8888" in found
    assert found["8888"][0].startswith("【错误】联系电话填写的是“8888”")
    assert found["8888"][0].endswith("（依据：附件4）")
    assert any("项目成员" in text for texts in found.values() for text in texts)


def test_comments_of_several_forms_in_one_file_stand_in_the_right_form() -> None:
    found = commented(mark_up("合订.docx"))
    assert any("联系方式填写的是“12345”" in text for text in found["12345"])
    assert any("联系电话填写的是“8888”" in text for text in found["8888"])


def test_a_comment_reaches_over_all_paragraphs_of_its_cell() -> None:
    body = table(cell("项目内容") + cell("第一段", "第二段", "第三段"))
    result = mark(word(body), "docx", [Marked(in_table(0, 1), "请改正")])
    assert result is not None
    document = docx.Document(io.BytesIO(result))
    (start,) = document.element.iter(f"{W}commentRangeStart")
    (end,) = document.element.iter(f"{W}commentRangeEnd")
    assert start.getparent().xpath("string(.)") == "第一段"
    assert end.getparent().xpath("string(.)") == "第三段"


def test_a_problem_of_the_whole_document_stands_at_its_title() -> None:
    body = paragraph("") + paragraph("附件4 申报表") + table(cell("项目名称") + cell("书屋"))
    result = mark(word(body), "docx", [Marked(Place(), "没有收到汇总表", "六、报送")])
    assert result is not None
    assert commented(result) == {"附件4 申报表": ["【错误】没有收到汇总表（依据：六、报送）"]}


ROWS = table(cell("甲") + cell("乙"), cell("丙") + cell("丁"))
BOXED = (
    "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>"
    f"{ROWS}</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>"
    f"{ROWS}</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>旁</w:t></w:r></w:p>"
)
SHAPES: dict[str, tuple[str, int]] = {
    "a plain table": (ROWS, 1),
    "the second table": (table(cell("别的")) + paragraph("中间") + ROWS, 2),
    "a table behind a nested one": (table(cell("外", table(cell("内"))) + cell("右")) + paragraph("") + ROWS, 3),
    "a nested table": (table(cell("外", ROWS) + cell("右")), 2),
    "a table in a content control": (f"<w:sdt><w:sdtContent>{ROWS}</w:sdtContent></w:sdt>", 1),
    "cells in content controls": (
        table(
            cell("甲") + cell("乙"),
            f"<w:sdt><w:sdtContent>{cell('丙')}</w:sdtContent></w:sdt><w:sdt><w:sdtContent>{cell('丁')}</w:sdtContent></w:sdt>",
        ),
        1,
    ),
    "a table behind a deleted row": (
        table("<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>", cell("甲") + cell("乙"), cell("丙") + cell("丁")),
        1,
    ),
    "a table in a text box": (BOXED, 1),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cell_is_found_again_wherever_its_table_stands(shape: str) -> None:
    body, ordinal = SHAPES[shape]
    content = word(body)
    grid = next(b for b in open_document(content).blocks if isinstance(b, Grid) and b.ordinal == ordinal)
    assert [each.text for each in grid.cells] == ["甲", "乙", "丙", "丁"]
    result = mark(content, "docx", [Marked(in_table(1, 1, ordinal), "请改正")])
    assert result is not None
    assert open_document(result) == open_document(content)
    (line,) = commented(result)
    assert line == "丁" or (shape == "a table in a text box" and line.endswith("旁"))
    before = len(re.findall(b"<w:commentRangeStart", parts(result)["word/document.xml"]))
    assert before == 1


def test_merged_and_shifted_cells_are_found_again() -> None:
    body = table(
        cell("高校", properties=merge("restart")) + cell("一", properties=grid_span(2)),
        cell("", properties=merge()) + cell("二") + cell("三"),
        '<w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr>' + cell("四") + cell("五") + "</w:tr>",
    )
    for row, column, text in ((1, 0, "高校"), (0, 2, "一"), (1, 2, "三"), (2, 2, "五"), (2, -1, "四")):
        result = mark(word(body), "docx", [Marked(in_table(row, column), "请改正")])
        assert result is not None
        assert list(commented(result)) == [text]


def test_a_line_outside_every_table_is_found_again() -> None:
    body = paragraph("") + paragraph("标题") + paragraph(" ") + paragraph("项目名称：") + paragraph("所在学校：")
    result = mark(word(body), "docx", [Marked(Place(row=1, label="项目名称"), "请填写")])
    assert result is not None
    assert list(commented(result)) == ["项目名称："]


def test_other_peoples_comments_are_kept_with_their_numbers() -> None:
    document = docx.Document(io.BytesIO(FILES["附件4.docx"]))
    first = document.paragraphs[0]
    document.add_comment(first.runs, "张三的批注", author="张三", initials="张")
    stream = io.BytesIO()
    document.save(stream)
    result = mark(stream.getvalue(), "docx", [Marked(Place(), "请改正")])
    assert result is not None
    comments = list(docx.Document(io.BytesIO(result)).comments)
    assert [(comment.author, comment.text) for comment in comments] == [
        ("张三", "张三的批注"),
        (AUTHOR, "【错误】请改正"),
    ]
    assert len({comment.comment_id for comment in comments}) == 2


@pytest.mark.parametrize("saved_by_docx", [False, True])
def test_a_marked_document_sent_back_loses_the_comments_of_the_earlier_round(saved_by_docx: bool) -> None:
    first = mark_up("附件4.docx")
    if saved_by_docx:
        stream = io.BytesIO()
        docx.Document(io.BytesIO(first)).save(stream)
        first = stream.getvalue()
    second = mark(first, "docx", [Marked(Place(), "仍须改正")])
    assert second is not None
    assert [text for texts in commented(second).values() for text in texts] == ["【错误】仍须改正"]
    assert len(re.findall(b"<w:commentReference", parts(second)["word/document.xml"])) == 1


def test_a_comment_that_somebody_answered_is_kept() -> None:
    w15 = 'xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"'
    anchors = (
        '<w:commentRangeStart w:id="{0}"/><w:commentRangeEnd w:id="{0}"/><w:r><w:commentReference w:id="{0}"/></w:r>'
    )
    body = paragraph("标题") + "<w:p>" + run("行") + "".join(anchors.format(number) for number in (0, 1, 2)) + "</w:p>"
    said = "".join(
        f'<w:comment w:id="{number}" w:author="{author}"><w:p w14:paraId="{para}">{run(text)}</w:p></w:comment>'
        for number, author, para, text in (
            (0, AUTHOR, "0A", "问一"),
            (1, "张三", "0B", "已改"),
            (2, AUTHOR, "0C", "问二"),
        )
    )
    threads = '<w15:commentEx w15:paraId="0A"/><w15:commentEx w15:paraId="0B" w15:paraIdParent="0A"/><w15:commentEx w15:paraId="0C"/>'
    content = made(
        body,
        {"rId1": ("comments", "comments.xml"), "rId2": ("commentsExtended", "commentsExtended.xml")},
        {
            "word/comments.xml": f"<w:comments {NAMESPACES}>{said}</w:comments>",
            "word/commentsExtended.xml": f"<w15:commentsEx {w15}>{threads}</w15:commentsEx>",
        },
    )
    result = mark(content, "docx", [Marked(Place(), "新")])
    assert result is not None
    comments = parts(result)["word/comments.xml"].decode()
    assert ["问一" in comments, "已改" in comments, "问二" in comments, "新" in comments] == [True, True, False, True]
    assert '"0C"' not in parts(result)["word/commentsExtended.xml"].decode()


# ---------------------------------------------------------------- in another program


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("name", ["附件3.xlsx", "合订.docx"])
def test_a_marked_file_opens_in_libreoffice_and_comes_back_with_its_marks(name: str, tmp_path: Path) -> None:
    extension = name.rpartition(".")[2]
    (tmp_path / f"in.{extension}").write_bytes(mark_up(name))
    for wanted, folder in (("pdf", "pdf"), (extension, "again")):
        command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", wanted]
        done = subprocess.run(
            [*command, "--outdir", str(tmp_path / folder), str(tmp_path / f"in.{extension}")],
            capture_output=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.returncode == 0
    assert (tmp_path / "pdf" / "in.pdf").read_bytes().startswith(b"%PDF-")
    again = (tmp_path / "again" / f"in.{extension}").read_bytes()
    if extension == "docx":
        assert len(list(docx.Document(io.BytesIO(again)).comments)) == len(marks_of(FILES[name], name))
        left = mark(again, "docx", [Marked(Place(), "仍须改正")])
        assert left is not None
        assert len(list(docx.Document(io.BytesIO(left)).comments)) == 1
        return
    assert opened(again)["附件3"]["J7"].comment is not None
    assert opened(again).sheetnames == ["附件3", "问题清单"]
    second = mark(again, "xlsx", [Marked(at(6, 9), "仍须改正")])
    assert second is not None
    sheet = opened(second)["附件3"]
    assert {cell.coordinate: cell.comment.text for row in sheet for cell in row if cell.comment} == {
        "J7": "【错误】仍须改正"
    }
    assert {cell.coordinate for row in sheet for cell in row if cell.fill.fgColor.rgb in (RED, YELLOW)} == {"J7"}
    assert opened(second).sheetnames == ["附件3", "问题清单"]
