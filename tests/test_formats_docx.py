"""What the Word reader makes of every construct people's forms contain, one construct a test."""

from __future__ import annotations

import gc
import io

import pytest

from documents import cell, checkbox, docx, field, grid_span, merge, paragraph, run, table
from parsers.catalogue import Unreadable, open_document
from parsers.formats import docx as reader
from parsers.formats.docx_markup import CELL
from parsers.formats.docx_plain import survey
from parsers.model import SHAPE, Document, Grid, Paragraph, ProblemKind, Style

RULED = '<w:u w:val="single"/>'


def read(body: str, **more: object) -> Document:
    return open_document(docx(body, **more))  # type: ignore[arg-type]


def text(*content: str, **more: object) -> str:
    """The text of a document of one paragraph."""
    (block,) = read(paragraph(*content), **more).blocks
    assert isinstance(block, Paragraph)
    return block.text


def grids(document: Document) -> list[Grid]:
    return [block for block in document.blocks if isinstance(block, Grid)]


def layout(grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return [(c.row, c.column, c.row_span, c.column_span, c.text) for c in grid.cells]


def in_cell(*content: str, **more: object) -> str:
    (grid,) = grids(read(table(cell(*content)), **more))
    return grid.cells[0].text


# Cells read in one go


@pytest.mark.parametrize(
    "content",
    [
        [],
        [""],
        ["", ""],
        ["一", "", "二", ""],
        ["\n"],
        [paragraph("一", "二"), paragraph(run("三", '<w:sz w:val="24"/>'))],
        ["<w:p><w:pPr><w:jc/></w:pPr><w:r><w:t>一</w:t><w:t>二</w:t></w:r><w:r/></w:p>"],
        ["<w:p><w:r><w:t>一<![CDATA[二]]><!-- 注 -->三</w:t></w:r></w:p>"],
        ["<w:p><w:r><w:t>一<w:lang/>二</w:t></w:r></w:p>"],
        ["<w:p><w:unknown><w:r><w:t>一</w:t></w:r></w:unknown><w:r><w:unknown><w:t>二</w:t></w:unknown></w:r></w:p>"],
        [paragraph(run("\uf0fe甲"))],
        [paragraph(run("þ甲", '<w:rFonts w:ascii="wingdings"/>')), "þ"],
        [paragraph(run("甲", "<w:b/>"), "乙"), "丙"],
        [paragraph(run("甲", "<w:vanish/>"), "乙")],
        ["<w:p><w:r><w:t>甲</w:t><w:br/><w:tab/><w:t>乙</w:t></w:r></w:p>"],
        [paragraph("甲", "<w:del>" + run("乙") + "</w:del>"), "丙"],
        ["<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run("甲") + "</w:p>", "乙"],
        [paragraph(field(" DATE ", run("今天")))],
        ["甲", table(cell("乙") + cell("丙"), cell(paragraph(run("丁", "<w:i/>"))))],
        [paragraph("甲", "<w:r><w:pict><v:textbox><w:txbxContent>" + paragraph("乙") + "</w:txbxContent></v:textbox></w:pict></w:r>")],
        ["<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" + paragraph("单击此处") + "</w:sdtContent></w:sdt>"],
        ["行"] * 300,
    ],
)  # fmt: skip
def test_a_cell_read_in_one_go_says_what_it_says_step_by_step(
    content: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = cell(*content) + cell("旁")
    prompting = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:tr>{cells}</w:tr></w:sdtContent></w:sdt>"
    body = table(cells, prompting)
    quick = read(body)
    monkeypatch.setattr(reader, "survey", lambda whole: survey(whole)._replace(telling=set(whole.iter(CELL))))
    assert read(body) == quick


def test_plain_cells_are_read_in_one_go_and_only_those(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    plain = reader.plain_runs

    def noted(element: object) -> object:
        runs = plain(element)
        seen.append("".join(run.text for run in runs or ()))
        return runs

    monkeypatch.setattr(reader, "plain_runs", noted)
    read(table(cell("甲") + cell(paragraph(run("乙", "<w:b/>"))), cell("丙", table(cell("丁")))))
    assert seen == ["甲", "丁"]


def test_reading_leaves_nothing_to_the_garbage_collector() -> None:
    content = docx(table(cell("甲") + cell(paragraph(run("乙", '<w:rStyle w:val="a"/>')))))
    open_document(content)
    gc.collect()
    gc.disable()
    try:
        open_document(content)
        assert gc.collect() == 0
    finally:
        gc.enable()


# Tracked changes and wrappers


@pytest.mark.parametrize(
    "wrapped",
    [
        "<w:ins>{}</w:ins>",
        "<w:moveTo>{}</w:moveTo>",
        "<w:smartTag><w:smartTagPr/>{}</w:smartTag>",
        "<w:customXml><w:customXmlPr/>{}</w:customXml>",
        "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>",
        '<w:fldSimple w:instr=" DATE ">{}</w:fldSimple>',
        '<w:hyperlink w:anchor="_top">{}</w:hyperlink>',
        "<w:bdo>{}</w:bdo>",
        "<w:smartTag><w:ins><w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt></w:ins></w:smartTag>",
    ],
)
def test_text_inside_a_wrapper_is_read(wrapped: str) -> None:
    assert text("张三和", wrapped.format(run("李四"))) == "张三和李四"


@pytest.mark.parametrize("name", ["del", "moveFrom"])
def test_deleted_text_is_dropped_and_the_document_counts_as_revised(name: str) -> None:
    document = read(paragraph("留", f"<w:{name} w:id='1'>{run('删')}</w:{name}>"))
    assert document.blocks[0].text == "留"  # type: ignore[union-attr]
    assert document.revised


def test_inserted_text_makes_the_document_revised_and_plain_text_does_not() -> None:
    assert read(paragraph(f"<w:ins>{run('新')}</w:ins>")).revised
    assert not read(paragraph("旧")).revised


def test_a_deleted_row_is_dropped_and_an_inserted_row_kept() -> None:
    deleted = f'<w:tr><w:trPr><w:del w:id="1"/></w:trPr>{cell("删")}</w:tr>'
    inserted = f'<w:tr><w:trPr><w:ins w:id="2"/></w:trPr>{cell("增")}</w:tr>'
    document = read(table(cell("一"), deleted, inserted))
    assert layout(grids(document)[0]) == [(0, 0, 1, 1, "一"), (1, 0, 1, 1, "增")]
    assert document.revised


def test_a_deleted_row_is_dropped_in_a_document_that_names_its_elements_without_a_prefix() -> None:
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    kept, deleted = ("<tr>{}<tc><p><r><t>{}</t></r></p></tc></tr>".format(*row)
                     for row in (("", "一"), ("<trPr><del/></trPr>", "删")))  # fmt: skip
    for encoding in ("utf-8", "utf-16"):
        start = f'<?xml version="1.0" encoding="{encoding}"?><document xmlns="{main}"><body>'
        xml = f"{start}<tbl>{kept}{deleted}</tbl></body>"
        document = read("", parts={"word/document.xml": f"{xml}</document>".encode(encoding)})
        assert layout(grids(document)[0]) == [(0, 0, 1, 1, "一")]


def test_a_deleted_paragraph_mark_joins_two_lines() -> None:
    joined = f'<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>{run("上")}</w:p>'
    assert in_cell(joined + paragraph("下")) == "上下"
    assert [block.text for block in read(joined + paragraph("下")).blocks] == ["上下"]  # type: ignore[union-attr]


def test_a_tracked_format_change_does_not_show_its_old_format() -> None:
    changed = f'<w:rPrChange w:id="1"><w:rPr>{RULED}</w:rPr></w:rPrChange>'
    (block,) = read(paragraph(run("甲", changed))).blocks
    assert block.runs[0].style is Style.PLAIN  # type: ignore[union-attr]


def test_content_controls_around_cells_rows_and_tables_do_not_shift_anything() -> None:
    def control(content: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    row = control(f"<w:tr>{cell('甲')}{control(cell('乙'))}{cell('丙')}</w:tr>")
    document = read(control(table(row, cell("丁"))) + control(paragraph("文后")))
    assert layout(grids(document)[0]) == [
        (0, 0, 1, 1, "甲"), (0, 1, 1, 1, "乙"), (0, 2, 1, 1, "丙"), (1, 0, 1, 1, "丁"),
    ]  # fmt: skip
    assert document.blocks[1].text == "文后"  # type: ignore[union-attr]


def test_the_prompt_of_an_unfilled_content_control_is_blank() -> None:
    prompt = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    assert in_cell(paragraph(prompt.format(run("单击或点击此处输入文字。")))) == ""
    assert in_cell(paragraph(prompt.format(run("张三")))) == "张三"


# Ticks


@pytest.mark.parametrize(
    ("value", "mark"), [("1", "☑"), ("true", "☑"), ("on", "☑"), ("0", "☐"), ("false", "☐"), ("off", "☐")]
)
def test_a_check_box_control_shows_its_state_whatever_its_glyph(value: str, mark: str) -> None:
    assert text(checkbox(value, "☒"), "其他类") == f"{mark}其他类"
    assert text(checkbox(value, ""), "其他类") == f"{mark}其他类"


def test_a_check_box_control_around_a_whole_cell_shows_its_state() -> None:
    box = '<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>'
    wrapped = f"<w:sdt><w:sdtPr>{box}</w:sdtPr><w:sdtContent>{cell('☒')}</w:sdtContent></w:sdt>"
    (grid,) = grids(read(table(f"{wrapped}{cell('其他类')}")))
    assert [c.text for c in grid.cells] == ["☑", "其他类"]


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        ("<w:checked/>", "☑"),
        ('<w:checked w:val="0"/>', "☐"),
        ('<w:checked w:val="true"/>', "☑"),
        ('<w:default w:val="1"/>', "☑"),
        ('<w:default w:val="1"/><w:checked w:val="0"/>', "☐"),
        ("<w:sizeAuto/>", "☐"),
    ],
)
def test_a_form_field_box_shows_its_state(state: str, mark: str) -> None:
    data = f"<w:ffData><w:checkBox>{state}</w:checkBox></w:ffData>"
    assert text(field(" FORMCHECKBOX ", data=data), "其他类") == f"{mark}其他类"
    assert text(field(" FORMCHECKBOX ", run("x"), data), "其他类") == f"{mark}其他类"


def test_a_drop_down_form_field_shows_the_chosen_entry() -> None:
    entries = "".join(f'<w:listEntry w:val="{name}"/>' for name in ("甲类", "乙类"))
    data = f'<w:ffData><w:ddList><w:result w:val="1"/>{entries}</w:ddList></w:ffData>'
    assert text(field(" FORMDROPDOWN ", data=data)) == "乙类"


def test_a_text_form_field_shows_its_result() -> None:
    data = "<w:ffData><w:textInput/></w:ffData>"
    assert text(field(" FORMTEXT ", run("张三"), data)) == "张三"


@pytest.mark.parametrize(
    ("instruction", "drawn"),
    [
        (r" eq \o\ac(□,√) ", "☑"),
        (r"EQ \o\ac(√,□)", "☑"),
        (r"eq \o(□,√)", "☑"),
        (r"eq \o\ac(□;\s\up2(√))", "☑"),
        (r"eq \o\ac(○,√)", "☑"),
        (r"eq \o\ac(□, )", "☐"),
        (r"eq \o\ac(○,1)", "1"),
        (r'SYMBOL 82 \f "Wingdings 2" \s 14', "☑"),
        (r"SYMBOL 168 \f Wingdings", "☐"),
        (r"SYMBOL 0168 \f Wingdings", "☐"),
        (r"SYMBOL 0xA8 \f Wingdings", "☐"),
    ],
)
def test_an_enclosed_character_or_symbol_field_is_what_it_draws(instruction: str, drawn: str) -> None:
    assert text(field(instruction), "其他类") == f"{drawn}其他类"
    assert text(field(instruction, run("旧")), "其他类") == f"{drawn}其他类"


def test_a_symbol_beyond_all_characters_draws_nothing() -> None:
    assert text(field(f"SYMBOL {'9' * 5000}", run("旧")), "其他类") == "旧其他类"


def test_an_enclosed_character_spread_over_runs_and_fonts_is_put_together() -> None:
    pieces = (r" eq \o\ac(", "□", ",")
    told = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    tick = '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'
    assert text(field(f"{told}{tick}<w:r><w:instrText>)</w:instrText></w:r>")) == "☑"


@pytest.mark.parametrize(
    ("font", "char", "mark"),
    [
        ("Wingdings 2", "F052", "☑"),
        ("Wingdings 2", "0052", "☑"),
        ("Wingdings 2", "F0A3", "☐"),
        ("Wingdings 2", "F050", "✓"),
        ("Wingdings 2", "F051", "☒"),
        ("Wingdings", "F0FE", "☑"),
        ("Wingdings", "F0A8", "☐"),
        ("Wingdings", "F06F", "☐"),
        ("Wingdings", "F0FC", "✓"),
        ("Wingdings", "F06E", "■"),
        ("Wingdings", "F0FD", "☒"),
    ],
)
def test_a_symbol_is_read_in_its_own_font(font: str, char: str, mark: str) -> None:
    assert text(f'<w:r><w:sym w:font="{font}" w:char="{char}"/></w:r>', "是") == f"{mark}是"


@pytest.mark.parametrize(
    ("font", "letter", "mark"),
    [("Wingdings 2", "R", "☑"), ("Wingdings 2", "£", "☐"), ("Wingdings", "þ", "☑"), ("wingdings", "¨", "☐"),
     ("Wingdings", "o", "☐"), ("Wingdings", "n", "■"), ("Wingdings 2", "\uf052", "☑")],
)  # fmt: skip
def test_a_letter_in_a_symbol_font_is_the_mark_it_draws(font: str, letter: str, mark: str) -> None:
    assert text(run(letter, f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>'), "是") == f"{mark}是"


def test_a_letter_in_an_ordinary_font_stays_a_letter_and_chinese_in_a_symbol_font_stays_chinese() -> None:
    assert text(run("Rnþ", '<w:rFonts w:ascii="Arial"/>')) == "Rnþ"
    assert text(run("学生会", '<w:rFonts w:ascii="Wingdings"/>')) == "学生会"


def test_a_private_use_character_whose_font_was_lost_is_still_a_mark() -> None:
    assert text("\uf052思想引领类 \uf0a3其他类") == "☑思想引领类 ☐其他类"


def test_a_crossed_box_in_plain_text_stays_as_written() -> None:
    assert text("☒其他类") == "☒其他类"


# Text


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<w:noBreakHyphen/>", "0471-6930000"),
        ("<w:softHyphen/>", "04716930000"),
        ("<w:tab/>", "0471\t6930000"),
        ("<w:br/>", "0471\n6930000"),
        ('<w:br w:type="page"/>', "0471\n6930000"),
        ("<w:cr/>", "0471\n6930000"),
        ("<w:lastRenderedPageBreak/>", "04716930000"),
    ],
)
def test_special_characters_inside_a_run(inner: str, expected: str) -> None:
    assert text(f"<w:r><w:t>0471</w:t>{inner}<w:t>6930000</w:t></w:r>") == expected


def test_of_a_phonetic_guide_only_the_base_text_is_read() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('zhāng')}</w:rt><w:rubyBase>{run('张')}</w:rubyBase></w:ruby></w:r>"
    assert text(ruby, "三") == "张三"


def test_hidden_text_is_dropped_and_text_shown_again_is_kept() -> None:
    assert text("甲", run("藏", "<w:vanish/>"), run("乙", '<w:vanish w:val="0"/>')) == "甲乙"


def test_a_field_shows_its_result_only_and_gives_its_address() -> None:
    told = field(' HYPERLINK "https://example.com/a" ', run("报道"))
    document = read(paragraph("见", told))
    assert document.blocks[0].text == "见报道"  # type: ignore[union-attr]
    assert document.blocks[0].links == ("https://example.com/a",)  # type: ignore[union-attr]


def test_a_nested_field_belongs_to_the_instruction_of_the_outer_one() -> None:
    inner = field(" PAGE ", run("7"))
    told = f"<w:r><w:instrText> IF </w:instrText></w:r>{inner}<w:r><w:instrText> = 7 </w:instrText></w:r>"
    assert text("甲", field(told, run("乙"))) == "甲乙"


def test_a_field_that_never_ends_does_not_swallow_the_rest_of_the_document() -> None:
    open_field = '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r>'
    document = read(table(cell(paragraph(open_field)) + cell("甲")) + paragraph(open_field) + paragraph("乙"))
    assert grids(document)[0].cells[1].text == "甲"
    assert document.blocks[-1].text == "乙"  # type: ignore[union-attr]


def test_a_hyperlink_gives_text_and_address() -> None:
    link = f'<w:hyperlink r:id="rId5">{run("点击查看")}</w:hyperlink>'
    relations = {"rId5": ("hyperlink", "https://example.com/news?id=1")}
    (grid,) = grids(read(table(cell(paragraph(link))), relations=relations))
    assert grid.cells[0].text == "点击查看"
    assert grid.cells[0].links == ("https://example.com/news?id=1",)


def test_text_in_a_formula_is_read() -> None:
    assert text("<m:oMath><m:r><m:t>√</m:t></m:r></m:oMath>", "思想引领类") == "√思想引领类"


# Text boxes and pictures


def box(content: str) -> str:
    """A text box the way Word writes it: once as a drawing and once for old programs."""
    shape = f"<w:drawing><wps:txbx><w:txbxContent>{content}</w:txbxContent></wps:txbx></w:drawing>"
    old = f"<w:pict><v:textbox><w:txbxContent>{content}</w:txbxContent></v:textbox></w:pict>"
    choice = f'<mc:Choice Requires="wps">{shape}</mc:Choice><mc:Fallback>{old}</mc:Fallback>'
    return f"<w:r><mc:AlternateContent>{choice}</mc:AlternateContent></w:r>"


def test_a_text_box_is_read_once_after_the_paragraph_it_is_anchored_in() -> None:
    document = read(paragraph("前", box(paragraph("框内")), "后") + paragraph("下一段"))
    assert [block.text for block in document.blocks] == ["前后", "框内", "下一段"]  # type: ignore[union-attr]


def test_a_text_box_in_a_cell_belongs_to_the_cell() -> None:
    assert in_cell(paragraph("前", box(paragraph("框内")))) == "前\n框内"


def test_a_table_in_a_text_box_is_a_grid() -> None:
    document = read(paragraph(box(table(cell("甲")))))
    assert [layout(grid) for grid in grids(document)] == [[(0, 0, 1, 1, "甲")]]


def test_the_fallback_is_taken_when_the_choice_shows_nothing() -> None:
    choices = f'<mc:Choice Requires="x"/><mc:Fallback>{run("甲")}</mc:Fallback>'
    assert text(f"<mc:AlternateContent>{choices}</mc:AlternateContent>") == "甲"


PICTURE = '<w:r><w:drawing><a:graphic><a:blip r:embed="rId9"/></a:graphic></w:drawing></w:r>'


def test_a_picture_is_named_and_loaded_only_on_demand() -> None:
    relations = {"rId9": ("image", "media/image1.png")}
    document = read(table(cell(paragraph("（盖章）", PICTURE))), relations=relations,
                    parts={"word/media/image1.png": b"png"})  # fmt: skip
    (picture,) = grids(document)[0].cells[0].pictures
    assert (picture.name, picture.load()) == ("word/media/image1.png", b"png")


def test_an_old_style_picture_is_found_too() -> None:
    drawn = '<w:r><w:pict><v:shape><v:imagedata r:id="rId9"/></v:shape></w:pict></w:r>'
    document = read(paragraph(drawn), relations={"rId9": ("image", "media/a.png")}, parts={"word/media/a.png": b"1"})
    assert [picture.name for picture in document.blocks[0].pictures] == ["word/media/a.png"]  # type: ignore[union-attr]


ELLIPSE = '<w:r><w:drawing><a:prstGeom prst="ellipse"/></w:drawing></w:r>'
OVAL = "<w:r><w:pict><v:oval/></w:pict></w:r>"


BOTH = "<mc:Choice Requires='wps'>" + ELLIPSE[5:-6] + "</mc:Choice><mc:Fallback>" + OVAL[5:-6] + "</mc:Fallback>"


@pytest.mark.parametrize("shape", [ELLIPSE, OVAL, f"<w:r><mc:AlternateContent>{BOTH}</mc:AlternateContent></w:r>"])
def test_that_something_is_drawn_over_the_text_of_a_cell_is_kept(shape: str) -> None:
    document = read(table(cell(paragraph("心理健康类", shape)) + cell("旁")))
    assert [each.pictures for each in grids(document)[0].cells] == [(SHAPE,), ()]


def test_a_box_with_text_and_a_picture_are_no_such_drawings() -> None:
    relations = {"rId9": ("image", "media/a.png")}
    document = read(
        table(cell(paragraph(box(paragraph("√")), PICTURE))), relations=relations, parts={"word/media/a.png": b"1"}
    )
    assert [picture.name for picture in grids(document)[0].cells[0].pictures] == ["word/media/a.png"]


def test_a_line_drawn_outside_every_table_is_no_paragraph() -> None:
    assert read(paragraph(OVAL)).blocks == ()


def test_a_linked_picture_is_never_followed() -> None:
    document = read(paragraph("甲", PICTURE), relations={"rId9": ("image", "http://127.0.0.1/seal.png")})
    assert document.blocks[0].pictures == ()  # type: ignore[union-attr]


# Tables


def test_merged_cells_become_spans_and_hidden_text_of_a_merged_cell_is_ignored() -> None:
    document = read(
        table(
            cell("高校", properties=merge("restart")) + cell("甲", properties=grid_span(2)),
            cell("看不见", properties=merge()) + cell("乙") + cell("丙"),
            cell("", properties=merge("continue")) + cell("丁") + cell("戊"),
        )
    )
    assert layout(grids(document)[0]) == [
        (0, 0, 3, 1, "高校"), (0, 1, 1, 2, "甲"), (1, 1, 1, 1, "乙"), (1, 2, 1, 1, "丙"), (2, 1, 1, 1, "丁"),
        (2, 2, 1, 1, "戊"),
    ]  # fmt: skip


def test_a_row_that_begins_late_keeps_its_columns() -> None:
    late = f'<w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr>{cell("乙")}</w:tr>'
    assert layout(grids(read(table(cell("甲") + cell("子"), late)))[0])[-1] == (1, 1, 1, 1, "乙")


def test_a_vertical_continuation_with_nothing_above_is_a_cell_of_its_own() -> None:
    first = cell("甲", properties=merge()) + cell("乙")
    wider = cell("丙", properties=grid_span(2) + merge())
    assert layout(grids(read(table(first, wider)))[0]) == [
        (0, 0, 1, 1, "甲"), (0, 1, 1, 1, "乙"), (1, 0, 1, 2, "丙"),
    ]  # fmt: skip


def test_how_a_cell_was_merged_before_a_tracked_change_does_not_count() -> None:
    before = f"<w:tcPrChange><w:tcPr>{grid_span(3)}{merge()}</w:tcPr></w:tcPrChange>"
    first = cell("甲", properties=merge("restart")) + cell("乙")
    (grid,) = grids(read(table(first, cell("丙", properties=before) + cell("丁", properties=grid_span(2) + before))))
    assert layout(grid)[2:] == [(1, 0, 1, 1, "丙"), (1, 1, 1, 2, "丁")]


def test_merges_of_a_nested_table_are_its_own() -> None:
    inner = table(cell("丙", properties=grid_span(2)), cell("丁") + cell("戊"))
    host, nested = grids(read(table(cell("甲", inner) + cell("乙", properties=grid_span(2)))))
    assert [spot[:4] for spot in layout(host)] == [(0, 0, 1, 1), (0, 1, 1, 2)]
    assert layout(nested) == [(0, 0, 1, 2, "丙"), (1, 0, 1, 1, "丁"), (1, 1, 1, 1, "戊")]


def test_an_old_horizontal_merge_widens_its_first_cell() -> None:
    row = cell("甲", properties='<w:hMerge w:val="restart"/>') + cell("", properties="<w:hMerge/>") + cell("乙")
    assert layout(grids(read(table(row)))[0]) == [(0, 0, 1, 2, "甲"), (0, 2, 1, 1, "乙")]


def test_no_two_cells_of_an_irregular_table_overlap() -> None:
    rows = [
        cell("a", properties=merge("restart") + grid_span(2)) + cell("b", properties=merge("restart")),
        cell("c", properties=merge()) + cell("d", properties=merge()) + cell("e", properties=merge()),
        cell("f", properties=merge() + grid_span(3)),
    ]
    (grid,) = grids(read(table(*rows)))
    places = [(r, c) for x in grid.cells for r in range(x.row, x.row + x.row_span)
              for c in range(x.column, x.column + x.column_span)]  # fmt: skip
    assert len(places) == len(set(places))


def test_an_absurd_span_does_not_make_an_absurd_grid() -> None:
    (grid,) = grids(read(table(cell("甲", properties=grid_span(10**9)))))
    assert grid.column_count <= 100


def test_paragraphs_of_a_cell_are_lines_and_blank_ones_between_are_kept() -> None:
    assert in_cell("一", "", "二") == "一\n\n二"


def test_a_nested_table_is_a_grid_after_its_host_and_its_text_stays_in_the_host_cell() -> None:
    nested = table(cell("姓名") + cell("张三"), cell("学号") + cell("1"))
    document = read(table(cell(paragraph("成员如下"), nested, paragraph("完")), cell("后")) + table(cell("末")))
    assert [grid.ordinal for grid in grids(document)] == [1, 2, 3]
    assert grids(document)[0].cells[0].text == "成员如下\n姓名\t张三\n学号\t1\n完"
    assert [c.text for c in grids(document)[1].cells] == ["姓名", "张三", "学号", "1"]
    assert grids(document)[2].cells[0].text == "末"


def test_a_large_table_is_read_in_proportion_to_its_size() -> None:
    (grid,) = grids(read(table(*["".join(cell(str(n)) for n in range(10))] * 400)))
    assert len(grid.cells) == 4000


# Styles


@pytest.mark.parametrize(
    ("properties", "style"),
    [
        ("<w:b/>", Style.BOLD),
        ('<w:b w:val="0"/>', Style.PLAIN),
        ("<w:i/>", Style.ITALIC),
        (RULED, Style.UNDERLINE),
        ('<w:u w:val="none"/>', Style.PLAIN),
        ('<w:highlight w:val="yellow"/>', Style.HIGHLIGHT),
        ('<w:highlight w:val="none"/>', Style.PLAIN),
        ('<w:shd w:val="clear" w:color="auto" w:fill="FFFF00"/>', Style.HIGHLIGHT),
        ('<w:shd w:val="clear" w:color="auto" w:fill="auto"/>', Style.PLAIN),
        ('<w:shd w:val="pct15" w:color="auto" w:fill="FFFFFF"/>', Style.HIGHLIGHT),
        ('<w:color w:val="FF0000"/>', Style.COLOUR),
        ('<w:color w:val="000000"/>', Style.PLAIN),
        ('<w:color w:val="1A1A1A"/>', Style.PLAIN),
        ('<w:color w:val="auto"/>', Style.PLAIN),
        ('<w:color w:val="000000" w:themeColor="text1"/>', Style.PLAIN),
        ('<w:color w:val="FFFFFF" w:themeColor="text1"/>', Style.PLAIN),
        ("<w:strike/>", Style.STRIKE),
        ("<w:dstrike/>", Style.STRIKE),
        ('<w:bdr w:val="single"/>', Style.BORDER),
        ("<w:b/>" + RULED, Style.BOLD | Style.UNDERLINE),
    ],
)
def test_a_run_is_styled_by_what_a_person_sees(properties: str, style: Style) -> None:
    (block,) = read(paragraph(run("甲", properties))).blocks
    assert [r.style for r in block.runs] == [style]  # type: ignore[union-attr]


def test_neighbouring_runs_of_one_style_are_one_run_also_across_lines() -> None:
    (grid,) = grids(read(table(cell(paragraph(run("思想", RULED), run("引领类", RULED)), paragraph(run("二", RULED))))))
    assert [(r.text, r.style) for r in grid.cells[0].runs] == [("思想引领类\n二", Style.UNDERLINE)]


def test_cell_shading_is_no_run_style() -> None:
    (grid,) = grids(read(table(cell("甲", properties='<w:shd w:val="clear" w:fill="FFFF00"/>'))))
    assert grid.cells[0].runs[0].style is Style.PLAIN


def test_a_character_style_and_what_it_is_based_on_count_and_the_run_overrides_them() -> None:
    styles = (
        '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f'<w:style w:styleId="A"><w:rPr>{RULED}<w:b/></w:rPr></w:style>'
        '<w:style w:styleId="B"><w:basedOn w:val="A"/><w:rPr><w:i/></w:rPr></w:style>'
        '<w:style w:styleId="C"><w:basedOn w:val="C"/></w:style></w:styles>'
    )
    body = paragraph(run("甲", '<w:rStyle w:val="B"/><w:b w:val="0"/>'), run("乙", '<w:rStyle w:val="C"/>'))
    document = read(body, relations={"rId3": ("styles", "styles.xml")}, parts={"word/styles.xml": styles})
    assert [r.style for r in document.blocks[0].runs] == [Style.UNDERLINE | Style.ITALIC, Style.PLAIN]  # type: ignore[union-attr]


# Packages


def test_a_strict_document_is_read_like_any_other() -> None:
    document = read(table(cell("项目名称", properties=grid_span(2))), strict=True)
    assert document.format == "docx"
    assert layout(grids(document)[0]) == [(0, 0, 1, 2, "项目名称")]


def test_a_relationship_that_leads_nowhere_is_ignored() -> None:
    relations = {"rId1": ("image", "NULL"), "rId9": ("image", "#_top")}
    document = read(paragraph("甲", PICTURE), relations=relations)
    assert document.blocks[0].pictures == ()  # type: ignore[union-attr]


def test_the_main_part_is_found_without_package_relationships() -> None:
    assert text("甲", parts={"_rels/.rels": "<Relationships/>"}) == "甲"


@pytest.mark.parametrize("declaration", ['<!DOCTYPE w [<!ENTITY a "b">]>', "<!DOCTYPE w SYSTEM 'http://127.0.0.1/x'>"])
def test_a_doctype_is_refused(declaration: str) -> None:
    content = docx("", parts={"word/document.xml": f"{declaration}<w/>"})
    with pytest.raises(Unreadable) as refusal:
        open_document(content)
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_a_doctype_in_utf_16_is_refused_as_well() -> None:
    xml = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE w [<!ENTITY a "b">]><w>&a;</w>'.encode("utf-16")
    with pytest.raises(Unreadable) as refusal:
        open_document(docx("", parts={"word/document.xml": xml}))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


def test_a_part_that_unpacks_absurdly_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(docx("", parts={"word/document.xml": b" " * (17 << 20)}))
    assert refusal.value.problem.kind is ProblemKind.UNSAFE


@pytest.mark.parametrize("xml", ["", "<w:document", "<other/>", "not xml"])
def test_a_document_part_that_is_no_document_is_damaged(xml: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        open_document(docx("", parts={"word/document.xml": xml}))
    assert refusal.value.problem.kind is ProblemKind.UNREADABLE


def test_a_file_written_by_another_library_is_read() -> None:
    from docx import Document as NewDocument

    made = NewDocument()
    made.add_paragraph("附件4")
    form = made.add_table(rows=2, cols=4)
    form.cell(0, 0).text, form.cell(0, 1).text = "项目名称", "午间自习室"
    form.cell(1, 1).merge(form.cell(1, 3)).text = "校学生会"
    form.cell(0, 3).paragraphs[0].add_run("内蒙古大学").bold = True
    stream = io.BytesIO()
    made.save(stream)
    document = open_document(stream.getvalue())
    (grid,) = grids(document)
    assert document.blocks[0].text == "附件4"  # type: ignore[union-attr]
    assert [grid.at(0, 1).text, grid.at(1, 3).text] == ["午间自习室", "校学生会"]  # type: ignore[union-attr]
    assert grid.at(0, 3).runs[0].style is Style.BOLD  # type: ignore[union-attr]
