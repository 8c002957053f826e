"""Annex 3 from documents built by hand: where its values stand, and what people do to its table."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from effort import takes_less
from papers import HEADER, SAMPLE, application, cell, document, project, sheet, table
from parsers import projects
from parsers.forms import annex3, annex4
from parsers.links import split_links
from parsers.model import Annex3, Cell, CellKind, Document, GridKind, Place, Run, Transcript
from parsers.text import fold

LINE = "2.为方便统计，项目数量只填写数字即可；        表格填写联系人：李四            电话：13800000002"


def read(*blocks: Any) -> tuple[Annex3, Transcript]:
    found = annex3.find(document(*blocks))
    assert len(found) == 1
    record = found[0].transcript.record
    assert isinstance(record, Annex3)
    return record, found[0].transcript


def listed(*rows: list[Any], university: str = "内蒙古大学", count: str = "2") -> list[list[Any]]:
    first = [university, count, *rows[0][2:]] if rows else []
    return [HEADER, first, *rows[1:]]


def names(record: Annex3) -> list[str]:
    return [each.project_name for each in record.projects]


def test_the_notice_s_own_table_is_read_field_by_field() -> None:
    row = project("1", "阳光书屋", links="https://a.example/1")
    record, transcript = read("附件3", LINE, table(listed(row, project("2", "月光小站"))))
    assert (record.university, record.project_count) == ("内蒙古大学", "2")
    assert (record.contact_name, record.contact_phone) == ("李四", "13800000002")
    assert names(record) == ["阳光书屋", "月光小站"]
    first = record.projects[0]
    assert (first.number, first.summary, first.category) == ("1", "为同学做实事", "学业促进类")
    assert (first.applicant, first.links) == ("内蒙古大学学生会", ("https://a.example/1",))
    assert (first.leader, first.phone) == ("张三", "13800000001")
    assert transcript.form == "annex3"
    assert transcript.notes == ()


def test_the_blank_template_is_an_annex_3_without_projects() -> None:
    blank = [
        ["", "", str(n), "xx项目" if n == 1 else "", "", "", SAMPLE if n == 1 else "", "", "", ""] for n in range(1, 6)
    ]
    record, _ = read(LINE.replace("李四", "").replace("13800000002", ""), table([HEADER, *blank]))
    assert record == Annex3()
    assert [each.blank for each in annex3.find(document(table([HEADER, *blank])))] == [True]
    assert [each.blank for each in annex3.find(document(table(listed(project("1", "甲")))))] == [False]


@pytest.mark.parametrize("name", ["xx项目", "XX项目", "ｘｘ项目", "××项目", "x x项目", "“xx项目”"])
@pytest.mark.parametrize("applicant", [SAMPLE, "X校级学生会／X二级学院学生会", "x校级学生会 / x二级学院学生会", ""])
def test_a_row_of_sample_text_is_no_project(name: str, applicant: str) -> None:
    sample = project("2", name, summary="", category="", applicant=applicant, leader="", phone="")
    assert names(read(table(listed(project("1", "阳光书屋"), sample)))[0]) == ["阳光书屋"]


def test_sample_text_left_in_a_filled_row_is_blank() -> None:
    record, _ = read(table(listed(project("1", "阳光书屋", applicant=SAMPLE), project("2", "xx项目"))))
    assert record.projects[0].applicant == ""
    assert record.projects[1].project_name == ""


@pytest.mark.parametrize(
    "applicant", ["校级学生会/二级学院学生会", "校级学生会或二级学院学生会", "x校级学生会/化学院学生会"]
)
def test_what_only_resembles_the_sample_text_is_kept(applicant: str) -> None:
    record, _ = read(table(listed(project("1", "阳光书屋", applicant=applicant))))
    assert record.projects[0].applicant == applicant


def test_rows_with_nothing_but_a_number_are_no_projects() -> None:
    empty = ["", "", "2", "", " ", "\u3000", "", "", "", ""]
    assert names(read(table(listed(project("1", "阳光书屋"), empty)))[0]) == ["阳光书屋"]


def test_university_and_count_merged_over_all_rows_are_read_once() -> None:
    rows = [HEADER, ["内蒙古\n大学", "2", *project("1", "甲")[2:]], ["^", "^", *project("2", "乙")[2:]]]
    record, _ = read(table(rows))
    assert (record.university, record.project_count, names(record)) == ("内蒙古 大学", "2", ["甲", "乙"])


def test_the_university_may_be_repeated_in_every_row_or_written_in_a_later_one() -> None:
    repeated = [HEADER, *(["内蒙古大学", "2", *project(str(n), f"项目{n}")[2:]] for n in (1, 2))]
    later = [HEADER, project("1", "甲"), ["内蒙古大学", "2", *project("2", "乙")[2:]]]
    for rows in (repeated, later):
        record, _ = read(table(rows))
        assert (record.university, record.project_count, len(record.projects)) == ("内蒙古大学", "2", 2)


def test_renamed_and_reordered_labels_and_extra_columns_are_read() -> None:
    header = [
        "序号",
        "项 目 名 称",
        "学校名称",
        "项目数",
        "备注",
        "类型",
        "申报单位",
        "简介",
        "链接",
        "负责人姓名",
        "联系电话",
        "所在学院",
    ]
    row = ["1", "阳光书屋", "内蒙古大学", "1", "无", "其他类", "校学生会", "介绍", "", "张三", "13800000001", "理学院"]
    record, _ = read(table([header, row]))
    first = record.projects[0]
    assert (record.university, record.project_count) == ("内蒙古大学", "1")
    assert (first.project_name, first.category, first.applicant) == ("阳光书屋", "其他类", "校学生会")
    assert (first.summary, first.leader, first.phone) == ("介绍", "张三", "13800000001")


def test_a_label_with_a_wrong_letter_is_understood_but_never_beats_an_exact_one() -> None:
    header = [*HEADER[:5], "项目类另", *HEADER[6:]]
    record, _ = read(table([header, ["内蒙古大学", "1", *project("1", "甲")[2:]]]))
    assert record.projects[0].category == "学业促进类"
    both = [*HEADER, "项目级别"]
    record, _ = read(table([both, ["内蒙古大学", "1", *project("1", "甲")[2:], "校级"]]))
    assert record.projects[0].category == "学业促进类"


def test_the_leader_s_own_columns_do_not_displace_him() -> None:
    header = [*HEADER, "负责人学院", "项目负责人职务"]
    record, _ = read(table([header, ["内蒙古大学", "1", *project("1", "甲")[2:], "理学院", "主席"]]))
    assert record.projects[0].leader == "张三"


def test_a_header_on_two_levels_is_read() -> None:
    top = [*HEADER[:8], "项目负责人", None]
    below = ["^"] * 8 + ["姓名", "电话"]
    record, _ = read(table([top, below, ["内蒙古大学", "1", *project("1", "甲")[2:]]]))
    assert (record.projects[0].leader, record.projects[0].phone) == ("张三", "13800000001")
    grouped = [HEADER[0], HEADER[1], HEADER[2], "项目信息", None, None, None, None, None, None]
    second = ["^", "^", "^", *HEADER[3:]]
    record, _ = read(table([grouped, second, ["内蒙古大学", "1", *project("1", "甲")[2:]]]))
    assert (record.university, names(record)) == ("内蒙古大学", ["甲"])


def test_leader_and_phone_in_one_column_are_told_apart() -> None:
    header = [*HEADER[:8], "项目负责人及联系方式"]
    record, _ = read(table([header, ["内蒙古大学", "1", *project("1", "甲")[2:8], "张三 13800000001"]]))
    assert (record.projects[0].leader, record.projects[0].phone) == ("张三", "13800000001")


@pytest.mark.parametrize(
    "stroke",
    ["/", "／", "——", "-", "\\", "无", "无。", "（无）", "暂无", "空", "（空）", "以下空白", "（以下空白）", "N/A"],
)
def test_a_row_crossed_out_with_strokes_or_words_for_nothing_is_no_project(stroke: str) -> None:
    everywhere = ["", "", "2", *[stroke] * 7]
    only_the_name = ["", "", "3", stroke, *[""] * 6]
    only_the_links = ["", "", "4", "", "", "", "", stroke, "", ""]
    rows = (everywhere, only_the_name, only_the_links)
    record, _ = read(table(listed(project("1", "甲"), *rows)))
    assert (names(record), record.projects[0].links) == (["甲"], ())
    empty = table([HEADER, *([*row[:3], *[stroke] * 7] for row in rows)])
    assert [each.blank for each in annex3.find(document("附件3", empty))] == [True]


@pytest.mark.parametrize("stroke", ["/", "无", "暂无"])
def test_a_row_that_says_anything_beside_strokes_is_a_project(stroke: str) -> None:
    named = project("2", "乙", summary=stroke, category=stroke, applicant=stroke, leader=stroke, phone=stroke)
    nameless = project("3", stroke)
    record, _ = read(table(listed(project("1", "甲"), named, nameless)))
    assert names(record) == ["甲", "乙", stroke]
    assert record.projects[1].leader == stroke


@pytest.mark.parametrize("name", ["无碍同行", "空中课堂", "没有围墙的图书馆", "无链接不青春"])
def test_a_name_that_begins_like_a_word_for_nothing_is_one(name: str) -> None:
    assert names(read(table(listed(project("1", "甲"), ["", "", "2", name, *[""] * 6])))[0]) == ["甲", name]


def test_values_merged_down_count_for_every_row_they_cover_but_make_no_project() -> None:
    rows = listed(project("1", "甲"), project("2", "乙"), project("3", "", summary="", category="", applicant=""))
    for row in (2, 3):
        rows[row][8] = rows[row][9] = "^"
    record, _ = read(table(rows))
    assert [(each.project_name, each.leader) for each in record.projects] == [("甲", "张三"), ("乙", "张三")]


def test_a_value_merged_over_two_columns_counts_for_both_and_changes_no_other_row() -> None:
    wide = project("2", "乙")
    wide[5] = None
    record, _ = read(table(listed(project("1", "甲"), wide)))
    assert [(each.summary, each.category) for each in record.projects] == [
        ("为同学做实事", "学业促进类"),
        ("为同学做实事", "为同学做实事"),
    ]


def test_a_label_over_two_columns_has_the_values_of_both() -> None:
    rows = [
        [*row[:5], *(["", row[5]] if row is not HEADER else [None, row[5]]), *row[6:]]
        for row in listed(project("1", "甲"))
    ]
    rows[1][5] = "每周一次"
    record, _ = read(table(rows))
    assert [(each.summary, each.category) for each in record.projects] == [("为同学做实事\n每周一次", "学业促进类")]


def test_a_project_whose_name_is_merged_over_rows_is_one_project() -> None:
    more = ["", "", "", "^", "第二段", "^", "^", "https://a.example/2", "^", "^"]
    first = project("1", "甲", summary="第一段", links="https://a.example/1")
    record, _ = read(table(listed(first, more)))
    assert len(record.projects) == 1
    assert record.projects[0].summary == "第一段\n第二段"
    assert record.projects[0].links == ("https://a.example/1", "https://a.example/2")


def test_a_row_of_further_links_belongs_to_the_project_above() -> None:
    more = ["", "", "", "", "", "", "", "https://a.example/2", "", ""]
    record, _ = read(table(listed(project("1", "甲", links="https://a.example/1"), more, project("2", "乙"))))
    assert names(record) == ["甲", "乙"]
    assert record.projects[0].links == ("https://a.example/1", "https://a.example/2")


@pytest.mark.parametrize(
    "remark",
    [
        ["合计", "1", "", "", "", "", "", "", "", ""],
        ["注：一校一表", None, None, None, None, None, None, None, None, None],
        ["填表说明：1.请如实填写", *[""] * 9],
        ["以上项目均已公示", None, None, None, None, None, None, None, None, None],
        ["表格填写联系人：李四", "", "", "电话：13800000002", "", "", "", "", "", ""],
    ],
)
def test_totals_notes_and_contact_rows_are_no_projects(remark: list[Any]) -> None:
    record, _ = read(table(listed(project("1", "甲"), remark)))
    assert names(record) == ["甲"]
    assert record.university == "内蒙古大学"


@pytest.mark.parametrize("column", [3, 6, 7, 9])
@pytest.mark.parametrize(
    "closing",
    [
        "学校团委（盖章）", "共青团示例大学委员会", "示例大学团委", "共青团示例大学委员会（公章）", "2024年11月20日", "2024-11-20", "2024.11.20",
        "二〇二四年十一月二十日", "年   月   日", "填表日期：2024年11月20日", "电话：13800000002", "联系方式：0471-1000000",
    ],
)  # fmt: skip
def test_lines_of_signature_below_the_table_are_no_projects(closing: str, column: int) -> None:
    line: list[Any] = [""] * 10
    line[column] = closing
    numbered = ["", "", "3", *[""] * 7]
    record, _ = read(table([*listed(project("1", "甲"), project("2", "乙")), numbered, line]))
    assert [(each.project_name, each.links) for each in record.projects] == [("甲", ()), ("乙", ())]


@pytest.mark.parametrize(
    "line",
    [
        ["", "", "", "团委负责人：", "", "", "", "", "联系电话：", "13800000009"],
        ["", "", "", "团委负责人：", "王五", "", "", "", "联系电话：", "13800000009"],
        ["", "", "", "团委负责人：", "", "", "", "", "", ""],
        ["审核：", "王五", "", "复核：", "", "", "", "", "日期：", "2024年11月20日"],
    ],
)
def test_labels_with_a_colon_below_the_table_and_what_is_written_behind_them_are_no_project(line: list[Any]) -> None:
    record, _ = read(table([*listed(project("1", "甲"), project("2", "乙")), line]))
    assert (record.university, names(record)) == ("内蒙古大学", ["甲", "乙"])


def test_a_row_with_a_number_is_a_project_even_if_its_name_ends_with_a_colon() -> None:
    rows = [HEADER, ["内蒙古大学：", "2", *project("1", "青春课堂：")[2:]], ["", "", "2", "书香行动：", *[""] * 6]]
    record, _ = read(table(rows))
    assert (record.university, names(record)) == ("内蒙古大学：", ["青春课堂：", "书香行动："])


GROUPS = [
    "一、学生会项目",
    "1.学生会项目",
    "学生会项目：",
    "一、校级项目",
    "A.学生会",
    "一、学生会推荐项目（3个）",
    "★学生会项目",
]


@pytest.mark.parametrize("group", [*GROUPS, "二级学院", "内蒙古大学学生会项目"])
def test_a_group_s_name_alone_above_its_projects_is_no_university(group: str) -> None:
    heading, later = ([name, *[""] * 9] for name in (group, "二、研究生会项目"))
    rows = listed(project("1", "甲"), project("2", "乙"))
    record, _ = read(table([HEADER, heading, *rows[1:2], later, *rows[2:]]))
    assert (record.university, record.project_count, names(record)) == ("内蒙古大学", "2", ["甲", "乙"])
    wide = [group, None, *[""] * 8]
    record, _ = read(table([HEADER, wide, *rows[1:]]))
    assert (record.university, record.project_count, names(record)) == ("内蒙古大学", "2", ["甲", "乙"])


@pytest.mark.parametrize("university", ["内蒙古大学", "示例职业学院（东校区）", "示例高等专科学校"])
def test_a_university_alone_above_its_projects_is_one(university: str) -> None:
    rows = [HEADER, [university, "", *[""] * 8], ["数学学院", "1", *project("1", "甲")[2:]]]
    assert read(table(rows))[0].university == university


def test_what_stands_alone_in_the_university_s_column_is_taken_where_nothing_else_is() -> None:
    rows = [HEADER, ["内大", "", *[""] * 8], project("1", "甲")]
    assert read(table(rows))[0].university == "内大"


def test_signature_and_date_side_by_side_are_no_project() -> None:
    line = ["", "", "", "共青团示例大学委员会", "", "", "", "", "2024年11月20日", ""]
    assert names(read(table([*listed(project("1", "甲")), line]))[0]) == ["甲"]


@pytest.mark.parametrize("name", ["共青团员先锋岗", "书记（校长）有约", "盖章“零跑腿”", "2024年迎新", "团委书记面对面"])
def test_a_project_of_which_only_the_name_is_there_is_one(name: str) -> None:
    line = ["", "", "", name, *[""] * 6]
    assert names(read(table([*listed(project("1", "甲")), line]))[0]) == ["甲", name]


LETTER = [
    ["序号", "项目名称", "项目类别", "申报主体", "负责人", "联系电话"],
    ["1", "乙", "其他类", "校级学生会", "王五", "13800000003"],
]
GUESTS = [["高校名称", "姓名", "项目名称", "联系电话"], ["内蒙古大学", "王五", "阳光书屋", "13800000003"]]
PEOPLE = [["姓名", "联系电话", "所在学校", "项目名称"], ["王五", "13800000003", "内蒙古大学", "阳光书屋"]]


@pytest.mark.parametrize("rows", [LETTER, PEOPLE, GUESTS])
@pytest.mark.parametrize("title", ["关于报送“我为同学做实事”项目的函", "我校历年优秀项目一览", "附：子项目一览"])
def test_a_list_in_a_covering_letter_or_of_other_things_is_no_annex_3(title: str, rows: list[list[Any]]) -> None:
    assert annex3.find(document(title, table(rows))) == []
    assert annex3.find(document(table(application()), title, table(rows, ordinal=2))) == []
    assert names(read(LINE, table(listed(project("1", "甲"))), title, table(rows, ordinal=2))[0]) == ["甲"]


@pytest.mark.parametrize(
    "rows", [LETTER, PEOPLE, [[*row, more] for row, more in zip(LETTER, ("项目简介", "简"), strict=True)]]
)
@pytest.mark.parametrize("field", ["members", "content"])
def test_a_list_nested_in_a_cell_of_an_annex_4_is_that_cell_s_content(field: str, rows: list[list[Any]]) -> None:
    text = "附件3、附件4之外的明细：\n" + "\n".join("\t".join(row) for row in rows)
    blocks = ("附件4", table(application(**{field: text})), table(rows, ordinal=2))
    assert annex3.find(document(*blocks)) == []
    assert " ".join(rows[-1]) in getattr(annex4.find(document(*blocks))[0].transcript.record, field)


def test_an_annex_3_nested_in_a_cell_that_only_lays_out_the_page_is_one() -> None:
    rows = listed(project("1", "甲"))
    text = "\n".join("\t".join(row) for row in rows)
    for host in ([["附件3"], [text]], [["", text, ""]]):
        assert names(read(table(host), table(rows, ordinal=2))[0]) == ["甲"]


@pytest.mark.parametrize(
    "dropped",
    [
        ("高校名称", "项目数量", "宣传报道链接"),
        ("项目简介", "宣传报道链接", "序号"),
        ("高校名称", "项目简介", "申报主体", "序号", "联系方式"),
    ],
)
def test_an_annex_3_without_some_of_its_columns_is_one(dropped: tuple[str, ...]) -> None:
    rows = listed(project("1", "甲"))
    kept = [column for column, label in enumerate(HEADER) if not label.replace("\n", "").startswith(dropped)]
    cut = [[row[column] for column in kept] for row in rows]
    _, transcript = read(table(cut))
    assert {f"未找到“{label}”一栏" for label in dropped} <= set(transcript.notes)
    assert names(read(sheet(cut))[0]) == ["甲"]


@pytest.mark.parametrize(
    "labels", ["学校 项目 类别 负责人 电话", "学校 项目名称 申报单位 联系人 联系电话", "项目个数 项目 类别 负责人 电话"]
)
def test_a_short_list_that_names_school_or_number_by_other_words_is_an_annex_3(labels: str) -> None:
    row = ["内蒙古大学", "乙", "其他类", "王五", "13800000003"]
    assert names(read(sheet([labels.split(), row]))[0]) == ["乙"]


FOREIGN = [["序号", "项目名称", "申报单位", "负责人", "得分"], ["1", "乙", "示例学院学生会", "王五", "90"]]


@pytest.mark.parametrize(
    "rows",
    [
        FOREIGN,
        [["序号", "项目名称", "项目负责人", "联系方式"], ["1", "乙", "王五", "13800000003"]],
        [
            ["序号", "项目名称", "项目简介", "项目负责人", "联系方式", "备注"],
            ["1", "乙", "简", "王五", "13800000003", ""],
        ],
    ],
)
def test_a_list_of_something_else_is_no_annex_3(rows: list[list[Any]]) -> None:
    title = "示例大学“我为同学做实事”校内评选结果公示"
    assert annex3.find(document(title, table(rows))) == []
    assert annex3.find(document(sheet(rows, "往届"), kind="xlsx")) == []
    assert names(read(LINE, table(listed(project("1", "甲"))), "附：历次活动", table(rows, ordinal=2))[0]) == ["甲"]
    assert names(read(sheet(listed(project("1", "甲"))), sheet(rows, "往届"))[0]) == ["甲"]


@pytest.mark.parametrize(
    "blocks",
    [
        ["附件3", table(FOREIGN)],
        ["“我为同学做实事”项目汇总表", table(FOREIGN)],
        ["示例大学“我为同学做实事”项目申报汇总表", table(FOREIGN)],
        ["“我为同学做实事”优秀项目汇总", table(FOREIGN)],
        [LINE, table(FOREIGN)],
        [table([*FOREIGN, ["表格填写联系人：李四", "", "", "电话：13800000002", ""]])],
        [table([[*row, extra] for row, extra in zip(FOREIGN, ("高校名称", "示例大学"), strict=True)])],
        [sheet(FOREIGN, "附件3")],
    ],
)
def test_a_short_annex_3_that_says_so_is_one(blocks: list[Any]) -> None:
    assert names(read(*blocks)[0]) == ["乙"]


def test_a_sheet_that_only_shows_how_to_fill_in_is_left_out() -> None:
    sample = sheet([HEADER, ["内蒙古大学", "5", "1", "xx项目", "", "", SAMPLE, "", "", ""]], "填表示例")
    assert names(read(sheet(listed(project("1", "甲"))), sample)[0]) == ["甲"]
    other = sheet([HEADER, ["示例大学", "5", "1", "xx项目", "", "", SAMPLE, "", "", ""]], "填表示例")
    assert len(annex3.find(document(sheet(listed(project("1", "甲"))), other, kind="xlsx"))) == 2


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        (("2", "1"), "3"),
        (("２", "1"), "3"),
        (("3", ""), "3"),
        (("3", "3"), "3"),
        (("", "3"), "3"),
        (("4", "1"), "4"),
        (("2", "2"), "2"),
        (("2", ""), "2"),
        (("2个", "1个"), "2个"),
    ],
)
def test_tables_that_each_state_their_own_number_state_the_sum(counts: tuple[str, str], wanted: str) -> None:
    first = listed(project("1", "甲"), project("2", "乙"), count=counts[0])
    second = listed(project("1", "丙", applicant="校研究生会"), count=counts[1])
    for blocks in (
        (table(first), "研究生会", table(second, ordinal=2)),
        (sheet([*first, ["研究生会", *[None] * 9], *second]),),
    ):
        assert read(*blocks)[0].project_count == wanted
    assert read(table(first))[0].project_count == counts[0]


def test_a_header_repeated_on_the_next_page_is_skipped() -> None:
    record, _ = read(table([*listed(project("1", "甲")), HEADER, project("2", "乙")]))
    assert names(record) == ["甲", "乙"]


def test_a_table_that_goes_on_behind_a_page_break_is_the_same_form() -> None:
    with_header = table([HEADER, project("2", "乙")], ordinal=2)
    headless = table([project("2", "乙"), project("3", "丙")], ordinal=2)
    assert names(read(table(listed(project("1", "甲"))), "", with_header)[0]) == ["甲", "乙"]
    record, transcript = read(table(listed(project("1", "甲"))), "", headless)
    assert names(record) == ["甲", "乙", "丙"]
    assert transcript.places["projects.2.phone"] == Place(GridKind.TABLE, "", 2, 1, 9, "联系方式")


def test_a_table_of_something_else_behind_the_form_is_not_taken_for_more_of_it() -> None:
    other = table([["评价要素", "10分"], ["项目定位", "中心大局"]], ordinal=2)
    assert names(read(table(listed(project("1", "甲"))), other)[0]) == ["甲"]


def test_two_universities_in_one_document_are_two_forms() -> None:
    other = table(listed(project("1", "乙"), university="内蒙古师范大学", count="1"), ordinal=2)
    found = annex3.find(document(LINE, table(listed(project("1", "甲"))), LINE.replace("李四", "王五"), other))
    records = [each.transcript.record for each in found]
    assert [each.block for each in found] == [1, 3]
    assert [(r.university, names(r)) for r in records if isinstance(r, Annex3)] == [
        ("内蒙古大学", ["甲"]),
        ("内蒙古师范大学", ["乙"]),
    ]
    assert [r.contact_name for r in records if isinstance(r, Annex3)] == ["李四", "王五"]


def test_two_filled_sheets_are_two_forms_and_a_blank_one_is_none() -> None:
    filled = [sheet(listed(project("1", name)), name) for name in ("甲", "乙")]
    blank = sheet(
        [HEADER, project("1", "xx项目", summary="", category="", applicant=SAMPLE, leader="", phone="")], "空表"
    )
    found = annex3.find(document(*filled, blank, kind="xlsx"))
    assert [each.block for each in found] == [0, 1]


def test_a_hidden_sheet_is_skipped_if_a_visible_one_exists() -> None:
    hidden = sheet(listed(project("1", "旧")), "去年", hidden=True)
    record, _ = read(hidden, sheet(listed(project("1", "新"))))
    assert names(record) == ["新"]
    assert names(read(hidden)[0]) == ["旧"]


@pytest.mark.parametrize(
    ("line", "name", "phone"),
    [
        ("表格填写联系人：李四 电话：13800000002", "李四", "13800000002"),
        ("表格填写联系人：            电话：", "", ""),
        ("表格填写联系人：＿＿＿＿  电话：______", "", ""),
        ("表格填写联系人：__李四__  电话：__13800000002__", "李四", "13800000002"),
        ("填表人：李 四；联系电话：0471-0000001", "李 四", "0471-0000001"),
        ("联 系 人：李四    电  话：１３８００００００２", "李四", "１３８００００００２"),
        ("填表联系人及电话：李四 13800000002", "李四", "13800000002"),
        ("表格填写联系人：李四（13800000002）", "李四", "13800000002"),
        ("表格填写联系人：李四（校团委老师）    电话：13800000002", "李四（校团委老师）", "13800000002"),
        ("表格填写联系人：李四(校团委老师) 13800000002", "李四(校团委老师)", "13800000002"),
        ("表格填写联系人：李四（老师）、王五（学生）； 电话：13800000002", "李四（老师）、王五（学生）", "13800000002"),
        ("表格填写联系人：（李四） 电话：13800000002", "李四", "13800000002"),
        ("表格填写联系人：（李四（老师）） 电话：13800000002", "李四（老师）", "13800000002"),
        ("表格填写联系人：李四  填表日期：2024年11月1日", "李四", ""),
        ("电话：13800000002  表格填写联系人：李四", "李四", "13800000002"),
        ("表格填写联系人：李四\n电话：13800000002\n2.请如实填写", "李四", "13800000002"),
    ],
)
def test_the_contact_line_is_found_in_its_many_shapes(line: str, name: str, phone: str) -> None:
    for blocks in ((line, table(listed(project("1", "甲")))), (table(listed(project("1", "甲"))), line)):
        record, _ = read(*blocks)
        assert (record.contact_name, record.contact_phone) == (name, phone)
    inside = table([[f"填表说明：\n1.请如实填写。\n{line}", *[None] * 9], *listed(project("1", "甲"))])
    record, _ = read(inside)
    assert (record.contact_name, record.contact_phone) == (name, phone)


def test_a_contact_line_split_over_cells_keeps_the_places_of_its_values() -> None:
    line = ["", "", "表格填写联系人：", None, "李四", "", "电话：", "13800000002", "", ""]
    record, transcript = read(sheet([["项目汇总表", *[None] * 9], line, *listed(project("1", "甲"))]))
    assert (record.contact_name, record.contact_phone) == ("李四", "13800000002")
    assert transcript.places["contact_name"] == Place(GridKind.SHEET, "Sheet1", 1, 1, 4, "表格填写联系人")
    assert str(transcript.places["contact_phone"]) == "工作表“Sheet1” H2 “电话”"


def test_the_form_s_own_contact_label_beats_the_notice_s_contacts_even_if_blank() -> None:
    notice = ("九、联系方式", "联系人：殷某某", "电  话：0471-0000000")
    record, _ = read(*notice, "表格填写联系人：    电话：", table(listed(project("1", "甲"))))
    assert (record.contact_name, record.contact_phone) == ("", "")


def test_a_missing_contact_line_is_said_and_is_not_the_leader() -> None:
    record, transcript = read(table(listed(project("1", "甲"))))
    assert (record.contact_name, record.contact_phone) == ("", "")
    assert transcript.notes == ("未找到“表格填写联系人”一栏",)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", ()),
        ("https://a.example/1\nhttps://a.example/2", ("https://a.example/1", "https://a.example/2")),
        (
            "https://a.example/1；https://a.example/2、https://b.example",
            ("https://a.example/1", "https://a.example/2", "https://b.example"),
        ),
        ("https://a.example/1http://b.example/2", ("https://a.example/1", "http://b.example/2")),
        (
            "https://a.example/s?a=1&b=%E4%B8%AD#x，http://b.example/",
            ("https://a.example/s?a=1&b=%E4%B8%AD#x", "http://b.example/"),
        ),
        ("https://a.example/n,1,2.html,https://b.example", ("https://a.example/n,1,2.html", "https://b.example")),
        (
            "1.https://a.example/1 2、https://a.example/2 （3）https://a.example/3",
            tuple(f"https://a.example/{n}" for n in (1, 2, 3)),
        ),
        ("公众号报道：https://a.example/1", ("https://a.example/1",)),
        ("https://a.example/?url=https://b.example/x", ("https://a.example/?url=https://b.example/x",)),
        ("（https://a.example/1）。", ("https://a.example/1",)),
        ("https://a.example/1新闻网", ("https://a.example/1", "新闻网")),
        ("《报道》https://a.example/1", ("https://a.example/1",)),
        ("https://a.example/1（内蒙古大学 学生会公众号）", ("https://a.example/1",)),
        (
            "【示例网】https://a.example/1\n【示例报】https://a.example/2",
            ("https://a.example/1", "https://a.example/2"),
        ),
        ("https://a.example/1（www.b.example/2）", ("https://a.example/1", "（www.b.example/2）")),
        ("https://a.example/1(示例公众号)", ("https://a.example/1",)),
        ("https://a.example/x(1)y[2]", ("https://a.example/x(1)y[2]",)),
        ("《报道》", ("《报道》",)),
        ("https：//a.example/1", ("https://a.example/1",)),
        ("HTTP：//a.example/1", ("HTTP://a.example/1",)),
        ("http://a.example/中文路径", ("http://a.example/中文路径",)),
        ("http://示例新闻网", ("http://示例新闻网",)),
        ("N/A", ("N/A",)),
        ("无", ("无",)),
        ("www.a.example/1", ("www.a.example/1",)),
    ],
)
def test_links_are_split_as_people_write_them(text: str, links: tuple[str, ...]) -> None:
    record, _ = read(table(listed(project("1", "甲", links=text))))
    assert record.projects[0].links == links


def test_a_hyperlink_s_target_stands_in_for_its_caption() -> None:
    rows = listed(project("1", "甲"))
    rows[1][7] = cell(1, 7, "点击查看", links=("https://a.example/1", "mailto:x@a.example"))
    assert read(table(rows))[0].projects[0].links == ("https://a.example/1",)
    rows[1][7] = cell(1, 7, "https://a.example/1", links=("https://a.example/1",))
    assert read(table(rows))[0].projects[0].links == ("https://a.example/1",)


def test_a_formula_without_a_result_is_blank_and_noted() -> None:
    rows = listed(project("1", "甲"))
    rows[1][1] = Cell(1, 1, (), kind=CellKind.UNCALCULATED)
    grid = sheet(rows)
    grid = type(grid)(grid.kind, 1, (*grid.cells, rows[1][1]), "Sheet1")
    record, transcript = read(grid)
    assert record.project_count == ""
    assert "单元格 B2 的公式没有计算结果" in transcript.notes


def test_a_column_that_is_absent_is_noted_and_placed_at_the_header() -> None:
    header = [label for label in HEADER if label != "联系方式"]
    record, transcript = read(LINE, table([header, ["内蒙古大学", "1", *project("1", "甲")[2:9]]]))
    assert record.projects[0].phone == ""
    assert transcript.notes == ("未找到“联系方式”一栏",)
    assert transcript.places["projects.0.phone"] == Place(GridKind.TABLE, "", 1, 0, -1, "联系方式")


def test_every_field_has_a_place_blank_ones_too() -> None:
    _, transcript = read(LINE, table(listed(project("1", "甲", phone=""))))
    wanted = {"university", "project_count", "contact_name", "contact_phone", "projects", "projects.0"}
    wanted |= {f"projects.0.{name}" for name in annex3.LABELS if name not in ("university", "project_count")}
    assert set(transcript.places) == wanted
    assert str(transcript.places["projects.0.phone"]) == "第1个表格第2行“联系方式”"
    assert str(transcript.places["contact_name"]) == "正文第1段“表格填写联系人”"


def test_text_is_tidied_but_kept_as_written() -> None:
    row = project(
        "1",
        " 阳光\u3000 书屋\u200b",
        phone="１３８ ００００ ０００１",
        leader="张\u00a0\u00a0三",
        summary="一  二\n\n三 ",
    )
    record, _ = read(table(listed(row)))
    first = record.projects[0]
    assert (first.project_name, first.phone, first.leader) == ("阳光 书屋", "１３８ ００００ ０００１", "张 三")
    assert first.summary == "一 二\n三"


def test_a_document_without_the_header_holds_no_annex_3() -> None:
    assert annex3.find(Document("docx")) == []
    assert (
        annex3.find(document("项目名称 项目简介 项目类别 申报主体", table([["项目名称", "甲"], ["项目类别", "乙"]])))
        == []
    )
    row = ["项目名称", "甲", "所在学校", "乙", "负责人", "丙", "联系电话", "丁"]
    assert annex3.find(document(table([row]))) == []


def test_an_annex_3_is_never_taken_for_an_annex_4() -> None:
    for grid in (table(listed(project("1", "甲"))), sheet(listed(project("1", "甲")))):
        assert annex4.find(document("项目名称：甲", grid)) == []


def test_a_long_sheet_is_read_in_one_pass() -> None:
    rows = listed(*(project(str(number), f"项目{number}") for number in range(1, 2001)))
    record, _ = read(sheet(rows))
    assert len(record.projects) == 2000


def test_runs_of_different_styles_are_one_text() -> None:
    rows = listed(project("1", "甲"))
    rows[1][3] = cell(1, 3, [Run("阳光"), Run("书屋")])
    assert names(read(table(rows))[0]) == ["阳光书屋"]


def test_a_stray_cell_at_the_bottom_of_a_sheet_costs_little() -> None:
    grid = sheet(listed(project("1", "甲")))
    near, far = (type(grid)(grid.kind, 1, (*grid.cells, cell(row, 12, "x")), "Sheet1") for row in (20, 1_048_575))
    assert names(read(far)[0]) == ["甲"]
    takes_less(lambda: read(far), 8, lambda: read(near))


def test_no_other_character_folds_to_the_one_by_which_sample_text_is_told_at_a_glance() -> None:
    signs = {sign for *both, _ in projects._SAMPLES.values() for sign in both}
    doubles = [code for code in map(chr, range(sys.maxunicode + 1)) if code not in signs and set(fold(code)) & signs]
    assert not doubles
    assert all(set(both) <= set(sample.pattern) for *both, sample in projects._SAMPLES.values())


@pytest.mark.parametrize("sample", ["xx项目", "《ＸＸ项目》", " x x 项 目 "])
def test_sample_text_in_any_writing_is_no_name_of_a_project(sample: str) -> None:
    record, _ = read(sheet([HEADER, project("1", sample), project("2", "阳光书屋")]))
    assert names(record) == ["", "阳光书屋"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://mp.weixin.qq.com/s/AbC-1_2", ("https://mp.weixin.qq.com/s/AbC-1_2",)),
        (" https://a.cn/x\n", ("https://a.cn/x",)),
        ("https://a.cn/x.", ("https://a.cn/x",)),
        ("https://a.cn/x)", ("https://a.cn/x",)),
        ("https://a.cn/xhttps://b.cn", ("https://a.cn/x", "https://b.cn")),
        ("https://a.cn/?u=https://b.cn/1", ("https://a.cn/?u=https://b.cn/1",)),
    ],
)
def test_one_address_in_a_cell_is_one_link(text: str, links: tuple[str, ...]) -> None:
    assert split_links(text, ("https://c.cn/other",) if len(links) == 1 else ()) == links
