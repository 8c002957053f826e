"""What the reader makes of web pages as Word, Excel, WPS and mail programs write them, and of pages in one file."""

from __future__ import annotations

import base64

import pytest

from parsers.catalogue import Unreadable, open_document, read
from parsers.model import Annex3, Document, Grid, GridKind, Paragraph, ProblemKind, Style


def page(body: str, head: str = "") -> Document:
    return open_document(f"<html><head>{head}</head><body>{body}</body></html>".encode(), "正文.html")


def grids(document: Document) -> list[Grid]:
    return [block for block in document.blocks if isinstance(block, Grid)]


def layout(grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return [(c.row, c.column, c.row_span, c.column_span, c.text) for c in grid.cells]


def in_cell(content: str, head: str = "") -> str:
    (grid,) = grids(page(f"<table><tr><td>{content}</td><td>x</td></tr></table>", head))
    return grid.cells[0].text


def looks(content: str, head: str = "") -> dict[str, Style]:
    (grid,) = grids(page(f"<table><tr><td>{content}</td></tr></table>", head))
    return {run.text.strip(): run.style for run in grid.cells[0].runs}


def test_spans_give_the_cells_their_places() -> None:
    (grid,) = grids(
        page(
            "<table><thead><tr><th rowspan=2>甲</th><th colspan='2'>乙</th></tr></thead>"
            "<tbody><tr><td>丙</td><td>丁</td></tr><tr><td colspan=3>戊</td></tr></tbody></table>"
        )
    )
    assert layout(grid) == [(0, 0, 2, 1, "甲"), (0, 1, 1, 2, "乙"), (1, 1, 1, 1, "丙"), (1, 2, 1, 1, "丁"),
                            (2, 0, 1, 3, "戊")]  # fmt: skip


def test_a_span_that_reaches_out_of_the_table_is_cut() -> None:
    (grid,) = grids(page("<table><tr><td rowspan=900000>甲</td><td colspan=16000>乙</td></tr><tr><td>丙</table>"))
    assert layout(grid) == [(0, 0, 2, 1, "甲"), (0, 1, 1, 1, "乙"), (1, 1, 1, 1, "丙")]


def test_cells_whose_spans_collide_never_overlap() -> None:
    (grid,) = grids(page("<table><tr><td>a<td rowspan=2>b<td>c<tr><td colspan=3>d<tr><td>e<td>f<td>g</table>"))
    covered = [
        (row, column)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]
    assert len(covered) == len(set(covered))


def test_end_tags_may_be_left_out() -> None:
    (grid,) = grids(page("<table><tr><td>甲<td>乙<tr><td>丙<td>丁</table>"))
    assert [cell.text for cell in grid.cells] == ["甲", "乙", "丙", "丁"]


def test_lines_end_where_a_browser_ends_them() -> None:
    assert in_cell("<p>一</p><p>二</p><div>三<br>四</div>五<ul><li>六<li>七</ul>") == "一\n二\n三\n四\n五\n六\n七"
    assert in_cell("  项目\n   名称 <b> 甲 </b>  乙") == "项目名称 甲 乙"
    assert in_cell("<pre>一\n二</pre>") == "一\n二"


def test_what_nobody_sees_is_not_read() -> None:
    assert in_cell("甲<script>乙</script><style>丙</style><span style='display:none'>丁</span><!-- 戊 -->己") == "甲己"
    assert in_cell("甲<span style='mso-hide:all'>乙</span><![if !supportLists]>丙<![endif]>") == "甲丙"


def test_a_hidden_row_of_a_sheet_is_read_all_the_same() -> None:
    (grid,) = grids(page("<table><tr style='display:none'><td>甲</td></tr><tr><td>乙</td></tr></table>"))
    assert [cell.text for cell in grid.cells] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("marked", "style"),
    [
        ("<b>{}</b>", Style.BOLD),
        ("<u>{}</u>", Style.UNDERLINE),
        ("<s>{}</s>", Style.STRIKE),
        ("<span style='text-decoration:underline'>{}</span>", Style.UNDERLINE),
        ("<span style='text-decoration: line-through'>{}</span>", Style.STRIKE),
        ("<span style='background:yellow;mso-highlight:yellow'>{}</span>", Style.HIGHLIGHT),
        ("<span style='color:#F00'>{}</span>", Style.COLOUR),
        ("<font color=red>{}</font>", Style.COLOUR),
        ("<span style='color:rgb(255, 0, 0)'>{}</span>", Style.COLOUR),
        ("<span style='border:solid windowtext 1.0pt'>{}</span>", Style.BORDER),
        ("<span class=hot>{}</span>", Style.BOLD | Style.COLOUR),
    ],
)
def test_words_that_are_set_off_keep_their_look(marked: str, style: Style) -> None:
    head = "<style><!--\n.hot\n\t{color:red;\n\tfont-weight:700;}\n--></style>"
    assert looks(f"甲 {marked.format('乙')} 丙", head)["乙"] == style


@pytest.mark.parametrize(
    "plain",
    [
        "<span style='color:black;background:white'>{}</span>",
        "<span style='color:#333;color:windowtext;font-weight:normal'>{}</span>",
        "<b style='font-weight:400'>{}</b>",
        "<ins class=msoIns>{}</ins>",
        "<p style='border:solid 1pt'>{}</p>",
    ],
)
def test_what_only_looks_like_a_style_is_plain(plain: str) -> None:
    assert looks(plain.format("乙"))["乙"] == Style.PLAIN


def test_form_controls_and_symbol_fonts_show_what_is_chosen() -> None:
    boxes = "<input type=checkbox checked>甲 <input type='checkbox'>乙 <input type=radio checked>丙"
    assert in_cell(boxes) == "☑甲 ☐乙 ☑丙"
    assert in_cell("<span style='font-family:\"Wingdings 2\"'>R</span>甲<font face=Wingdings>o</font>乙") == "☑甲☐乙"
    assert in_cell("<select><option>甲<option selected>乙</select><input value=丙>") == "乙丙"


def test_a_tracked_deletion_is_gone_and_told() -> None:
    document = page("<p>甲<del class=msoDel>乙</del>丙</p>")
    assert document.revised
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["甲丙"]


def test_links_lead_out_of_the_page_only() -> None:
    links = "<a href='https://example.cn/1'>报道</a><a href='#top'>上</a><a href='javascript:x()'>下</a>"
    (grid,) = grids(page(f"<table><tr><td>{links}</td></tr></table>"))
    assert grid.cells[0].links == ("https://example.cn/1",)


def test_a_table_in_a_field_is_part_of_the_field_and_one_in_a_layout_is_not() -> None:
    inner = "<table><tr><td>张三</td><td>队员</td></tr></table>"
    host, nested = grids(page(f"<table><tr><td>成员</td><td>名单{inner}</td></tr></table>"))
    assert host.cells[1].text == "名单\n张三\t队员"
    assert (nested.ordinal, len(nested.cells)) == (2, 2)
    frame, _ = grids(page(f"<table><tr><td>{inner}</td></tr></table>"))
    assert frame.cells[0].text == ""


def test_a_page_saved_by_a_spreadsheet_program_is_sheets_with_their_names() -> None:
    head = (
        "<meta name=ProgId content=Excel.Sheet><!--[if gte mso 9]><xml><x:ExcelWorkbook xmlns:x="
        '"urn:schemas-microsoft-com:office:excel"><x:ExcelWorksheets><x:ExcelWorksheet><x:Name>汇总表</x:Name>'
        "</x:ExcelWorksheet></x:ExcelWorksheets></x:ExcelWorkbook></xml><![endif]-->"
    )
    (grid,) = grids(page("<table><tr><td x:num='13800000001'>1.38E+10</td></tr></table>", head))
    assert (grid.kind, grid.name, grid.cells[0].text) == (GridKind.SHEET, "汇总表", "13800000001")


def test_one_table_alone_under_a_spreadsheet_s_name_is_a_sheet() -> None:
    source = (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table><tr><td>甲</td></tr></table></body></html>'
    )
    (grid,) = grids(open_document(source.encode(), "汇总.xls"))
    assert (grid.kind, grid.name) == (GridKind.SHEET, "Sheet1")


def test_control_characters_are_not_read() -> None:
    assert in_cell("\x04赵小甲\x05\x0b") == "赵小甲"


EXCEL_HEAD = (
    "<meta name=ProgId content=Excel.Sheet><!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheets>"
    "<x:ExcelWorksheet><x:Name>汇总表</x:Name></x:ExcelWorksheet></x:ExcelWorksheets></x:ExcelWorkbook></xml><![endif]-->"
)


def test_a_sheet_of_a_spreadsheet_program_s_frames_is_a_sheet_though_they_excuse_themselves() -> None:
    excuse = "<frameset><frame src=x><noframes><body><p>您的浏览器不支持框架。</p></body></noframes></frameset>"
    first = f"Content-Type: text/html\nContent-Location: x\n\n<html><head>{EXCEL_HEAD}</head>{excuse}</html>\n"
    second = "Content-Type: text/html\nContent-Location: y\n\n<html><body><table><tr><td>甲</td></tr></table></html>\n"
    parts = "".join(f"--b\n{part}" for part in (first, second))
    archive = f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n{parts}--b--\n"
    (grid,) = open_document(archive.encode(), "汇总.mht").blocks
    assert isinstance(grid, Grid)
    assert (grid.kind, grid.name) == (GridKind.SHEET, "汇总表")


@pytest.mark.parametrize(
    "around",
    [
        "<p>表格填写联系人：郑小庚 电话：13800000030</p>{}",
        "<div>表格填写联系人：郑小庚</div><div>电话：13800000030</div>{}",
        "<table><tr><td colspan=9>填表说明</td><td>表格填写联系人：郑小庚 电话：13800000030</td></tr></table>{}",
    ],
)
@pytest.mark.parametrize("head", [EXCEL_HEAD, ""])
def test_what_stands_beside_a_table_counts_whatever_the_page_says_of_spreadsheets(around: str, head: str) -> None:
    labels = [
        "高校名称",
        "项目数量",
        "序号",
        "项目名称",
        "项目简介",
        "项目类别",
        "申报主体",
        "宣传报道链接",
        "项目负责人",
        "联系方式",
    ]
    row = ("示例大学", "1", "1", "示例项目甲", "简介", "其他类", "校学生会", "", "郑小庚", "13800000030")
    rows = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in texts)}</tr>" for texts in (labels, row))
    body = around.format(f"<table>{rows}</table>")
    # Word and Outlook write Excel's namespace into every page.
    source = f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>{head}</head><body>{body}</body></html>'
    (transcript,) = read(source.encode(), "附件3.xls")
    assert isinstance(transcript.record, Annex3)
    assert (transcript.record.contact_name, transcript.record.contact_phone) == ("郑小庚", "13800000030")


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "GB18030", "utf-8"])
def test_the_charset_a_page_declares_is_read_as_its_largest_kin(charset: str) -> None:
    encoding = "utf-8" if charset == "utf-8" else "gb18030"
    source = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head><p>朱镕堃</p>'
    (block,) = open_document(source.encode(encoding), "汇总.xls").blocks
    assert isinstance(block, Paragraph)
    assert block.text == "朱镕堃"


def test_a_page_without_any_word_on_its_charset_is_read() -> None:
    (block,) = open_document("<html><p>项目名称</p>".encode("gbk")).blocks
    assert isinstance(block, Paragraph)
    assert block.text == "项目名称"


def test_a_picture_elsewhere_is_known_to_be_there_and_never_fetched() -> None:
    data = base64.b64encode(b"bytes").decode()
    sources = ["http://127.0.0.1:9/x.png", f"data:image/png;base64,{data}"]
    images = "".join(f"<img src='{source}'>" for source in sources)
    (grid,) = grids(page(f"<table><tr><td>{images}</td></tr></table>"))
    assert [picture.load() for picture in grid.cells[0].pictures] == [b"", b"bytes"]


def archive(*parts: tuple[str, str, bytes]) -> bytes:
    pieces = [
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=XX\r\n",
        *(
            f"--XX\r\nContent-Location: {location}\r\nContent-Type: {kind}\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n{base64.b64encode(content).decode()}\r\n".encode()
            for location, kind, content in parts
        ),
        b"--XX--\r\n",
    ]
    return b"\r\n".join(pieces)


def test_a_web_archive_gives_its_pages_with_their_pictures() -> None:
    content = archive(
        ("file:///C:/1.htm", 'text/html; charset="gb2312"', "<p>附件4</p><img src=1.files/image001.png>".encode("gbk")),
        ("file:///C:/1.files/image001.png", "image/png", b"picture"),
        ("file:///C:/1.files/tabstrip.htm", "text/html", b"<table><tr><td>Sheet1</table>"),
    )
    document = open_document(content, "附件4.doc")
    first, second = document.blocks
    assert isinstance(first, Paragraph)
    assert isinstance(second, Paragraph)
    assert (document.format, first.text, second.pictures[0].load()) == ("mht", "附件4", b"picture")


def test_a_web_archive_without_a_page_is_damaged() -> None:
    (transcript,) = read(archive(("x", "image/png", b"picture")), "附件4.doc")
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNREADABLE]


def test_a_page_of_a_million_tags_is_refused_and_deep_nesting_is_survived() -> None:
    with pytest.raises(Unreadable) as refusal:
        page("<b>" * 500_000)
    assert refusal.value.problem.kind is ProblemKind.UNSAFE
    assert read(b"<html>" + b"<table><tr><td>" * 3000 + b"x", "深.html")
