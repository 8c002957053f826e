"""What is taken out of a Word document before it is parsed: what changes nothing that is read, and never any more."""

from __future__ import annotations

import pytest

from documents import cell, docx, paragraph, run, table
from parsers.catalogue import Unreadable, open_document
from parsers.formats import docx as reader
from parsers.formats.docx_dull import without_dull

PLAIN = '<w:rFonts w:ascii="Arial" w:eastAsia="仿宋"/><w:sz w:val="24"/><w:color w:val="000000"/><w:b w:val="0"/>'
DULL = (
    f"<w:rPr>{PLAIN}</w:rPr>",
    "<w:rPr></w:rPr>",
    f'<w:pPr><w:spacing w:after="0"/><w:jc w:val="center"/><w:rPr>{PLAIN}</w:rPr></w:pPr>',
    '<w:pPr><w:numPr><w:ilvl w:val="0"/></w:numPr></w:pPr>',
    '<w:tcPr><w:tcW w:w="1928"/><w:vAlign w:val="center"/></w:tcPr>',
)
TELLING = (
    "<w:rPr><w:b/></w:rPr>",
    '<w:rPr><w:sz w:val="24"/><w:color w:val="FF0000"/></w:rPr>',
    '<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>',
    "<w:rPr><w:vanish/></w:rPr>",
    '<w:rPr><w:rStyle w:val="Marked"/></w:rPr>',
    '<w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>',
    '<w:tcPr><w:tcW w:w="1928"/><w:gridSpan w:val="2"/></w:tcPr>',
    "<w:tcPr><w:vMerge/></w:tcPr>",
)
LINES = paragraph("甲") + "<w:p><w:r><w:t>乙</w:t></w:r></w:p>"
PROMPTING = "<w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
CHECKED = '<w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr>'
# Cells, and what is around them, whose paragraphs are more than lines of plain text.
APART = (
    f"<w:tc>{paragraph(run('甲', '<w:b/>'))}{LINES}</w:tc>",
    f"<w:tc>{LINES}{paragraph(run('甲', '<w:b/>'))}</w:tc>",
    f"<w:tc><w:p><w:r><w:t>甲\r</w:t></w:r></w:p>{LINES}</w:tc>",
    f"<w:tc><w:p><w:r><w:t>甲</w:t><w:br/></w:r></w:p>{LINES}</w:tc>",
    f"<w:tc><w:p/>{LINES}</w:tc>",
    f"<w:tc>{LINES}<w:tbl><w:tr><w:tc>{LINES}{LINES}</w:tc></w:tr></w:tbl>{LINES}</w:tc>",
    f'<w:tc w:id="a">{LINES}</w:tc>',
    f"<w:tc><w:p><w:r><w:pict><w:txbxContent>{LINES}</w:txbxContent></w:pict></w:r></w:p></w:tc>",
    f"<w:sdt>{PROMPTING}<w:sdtContent><w:tc>{paragraph('单击此处')}{LINES}</w:tc></w:sdtContent></w:sdt>",
    f"<w:sdt>{CHECKED}<w:sdtContent><w:tc>{paragraph('')}{paragraph('□甲')}</w:tc></w:sdtContent></w:sdt>",
)
DAMAGED = ("<w:sz", '<w:sz w:val="1" w:val="2"/>', '<w:sz w:val="&unknown;"/>', "</w:sz>", "<w:sz>")


@pytest.mark.parametrize("properties", DULL)
def test_properties_that_tell_nothing_are_taken_out(properties: str) -> None:
    assert without_dull(f"<w:r>{properties}<w:t>甲</w:t></w:r>".encode()) == "<w:r><w:t>甲</w:t></w:r>".encode()


def test_they_are_taken_out_of_many_paragraphs_without_any_text_too() -> None:
    line = f"<w:p>{DULL[2]}<w:r>{DULL[0]}<w:tab/></w:r></w:p>"
    assert without_dull((line * 30).encode()) == b"<w:p><w:r><w:tab/></w:r></w:p>" * 30


@pytest.mark.parametrize("text", ["1 > 2", "甲>", "&lt;w:rPr&gt;甲&lt;/w:rPr&gt;"])
def test_an_odd_text_reads_the_same_with_all_its_properties(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = docx(table(cell(f"<w:p>{DULL[2]}<w:r><w:t>{text}</w:t></w:r></w:p>", "丙")))
    read = open_document(content)
    monkeypatch.setattr(reader, "without_dull", lambda xml: xml)
    assert open_document(content) == read


@pytest.mark.parametrize("properties", TELLING)
def test_properties_that_tell_something_stay(properties: str) -> None:
    xml = f"<w:r>{properties}<w:t>甲</w:t></w:r>".encode()
    assert without_dull(xml) == xml


@pytest.mark.parametrize("properties", [*DULL, *TELLING])
@pytest.mark.parametrize("inside", [False, True])
def test_a_document_reads_the_same_with_all_its_properties(
    properties: str, inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"<w:p>{properties}<w:r>{properties}<w:t>ü甲</w:t></w:r></w:p>"
    content = docx(table(cell(line, line), cell(paragraph(run("乙")))) if inside else line + line)
    read = open_document(content)
    monkeypatch.setattr(reader, "without_dull", lambda xml: xml)
    assert open_document(content) == read


@pytest.mark.parametrize("letters", ["<w:rPr></w:rPr>", "<w:pPr><w:jc/></w:pPr>"])
def test_text_that_looks_like_properties_is_text(letters: str) -> None:
    (block,) = open_document(docx(f"<w:p><w:r><w:t><![CDATA[甲{letters}乙]]></w:t></w:r></w:p>")).blocks
    assert block.text == f"甲{letters}乙"  # type: ignore[union-attr]


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_properties_are_not_hidden(damage: str) -> None:
    with pytest.raises(Unreadable):
        open_document(docx(f"<w:p><w:r><w:rPr>{damage}</w:rPr><w:t>甲</w:t></w:r></w:p>"))


@pytest.mark.parametrize("properties", ["", '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'])
def test_plain_paragraphs_of_a_cell_become_lines_of_one(properties: str) -> None:
    xml = f"<w:body>{LINES}<w:tc>{properties}{LINES}{LINES}</w:tc>{LINES}</w:body>"
    outside = LINES.replace(' xml:space="preserve"', "")
    lines = "<w:p><w:r><w:t>甲\n乙\n甲\n乙</w:t></w:r></w:p>"
    expected = f"<w:body>{outside}<w:tc>{properties}{lines}</w:tc>{outside}</w:body>"
    assert without_dull(xml.encode()).decode() == expected


@pytest.mark.parametrize("content", [*APART, f"<w:tc>{LINES}</w:tc>", "<w:tc>" + paragraph("") * 3 + "</w:tc>"])
def test_a_cell_reads_the_same_with_all_its_paragraphs(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = docx(f"{LINES}<w:tbl><w:tr>{content}<w:tc>{LINES}</w:tc></w:tr></w:tbl>{LINES}")
    read = open_document(document)
    monkeypatch.setattr(reader, "without_dull", lambda xml: xml)
    assert open_document(document) == read


def test_a_cell_too_long_for_one_text_stays_as_it_is() -> None:
    long = paragraph("甲" * 200_000).replace(' xml:space="preserve"', "") * 2
    xml = f"<w:tbl><w:tr><w:tc>{long}</w:tc></w:tr></w:tbl>".encode()
    assert without_dull(xml) == xml
