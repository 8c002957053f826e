"""Annex 4 from documents built by hand: its layouts, its prompts, its many ways to select a category, its seal."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image, ImageDraw

from papers import HEADER, OPTIONS, application, cell, document, project, sheet, table
from parsers import seal as seals
from parsers.choice import OPTIONS as NAMES
from parsers.choice import chosen
from parsers.forms import annex3, annex4
from parsers.model import (
    DRAWN,
    SHAPE,
    Annex4,
    Cell,
    CellKind,
    GridKind,
    Paragraph,
    Picture,
    Place,
    Run,
    Style,
    Transcript,
)
from parsers.seal import is_seal


def read_all(*blocks: Any) -> list[Annex4]:
    records = [found.transcript.record for found in annex4.find(document(*blocks))]
    assert all(isinstance(record, Annex4) for record in records)
    return [record for record in records if isinstance(record, Annex4)]


def read(*blocks: Any) -> Annex4:
    records = read_all(*blocks)
    assert len(records) == 1
    return records[0]


def transcript(*blocks: Any) -> Transcript:
    return annex4.find(document(*blocks))[0].transcript


def form(**values: Any) -> Annex4:
    return read(table(application(**values)))


FILLED = Annex4(
    project_name="阳光书屋",
    university="内蒙古大学",
    applicant="内蒙古大学学生会",
    leader="张三",
    phone="13800000001",
    members="李四 王五",
    categories=("学业促进类",),
    period="2023年9月至今",
    content="每周开放三次。",
    recommendation="同意推荐。",
    signed_on="2024-11-20",
    sealed=False,
)
BLANK = dict.fromkeys(annex4.LABELS, "") | {
    "categories": OPTIONS,
    "content": "\n\n可另附项目相关图文资料\n\n",
    "recommendation": "\n\n                  （盖章）\n              年    月    日",
}


def test_the_notice_s_own_form_is_read_field_by_field() -> None:
    assert read("附件4", "“我为同学做实事”项目申报表", table(application())) == FILLED


def test_the_blank_template_is_an_annex_4_with_nothing_in_it() -> None:
    assert form(**BLANK) == Annex4(sealed=False)


def test_the_form_in_a_worksheet_is_read_and_absent_cells_are_blank() -> None:
    assert read(sheet(application())) == FILLED
    rows = application(university="", phone="", period="")
    assert read(sheet(rows)).university == ""
    assert read(sheet(rows)).phone == ""
    assert read(sheet(rows)).content == "每周开放三次。"


def test_an_annex_4_is_never_taken_for_an_annex_3() -> None:
    for grid in (table(application()), sheet(application())):
        assert annex3.find(document(grid)) == []


def test_renamed_labels_are_understood() -> None:
    rows = application()
    renamed = [
        "项目名称：",
        "学校名称",
        "申报单位",
        "项目负责人",
        "联系方式",
        "团队成员",
        "项目类型",
        "起止时间",
        "项目介绍",
        "学校团委意见",
    ]
    spots = [(0, 0), (0, 2), (1, 0), (2, 0), (2, 2), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0)]
    for label, (row, column) in zip(renamed, spots, strict=True):
        rows[row][column] = label
    assert read(table(rows)) == FILLED


def test_values_behind_a_colon_in_the_label_s_own_cell_are_read() -> None:
    rows = [["项目名称：阳光书屋", "所在学校：内蒙古大学"], ["申报主体：内蒙古大学学生会", None]]
    rows += [["负 责 人：张三", "联系电话：13800000001"], ["项目成员：李四 王五", None]]
    rows += [["项目类别：" + OPTIONS.replace("学业", "√学业"), None], ["实施时间：2023年9月至今", None]]
    rows += [["项目内容\n每周开放三次。", None], ["推荐意见：\n同意推荐。\n（盖章）\n2024年11月20日", None]]
    assert read(table(rows)) == FILLED


def test_several_labels_in_one_cell_are_told_apart() -> None:
    rows = application()
    rows[2] = ["负责人：张三    联 系 电 话：13800000001", None, None, None]
    assert read(table(rows)) == FILLED


def test_a_form_without_a_table_is_read_from_its_paragraphs() -> None:
    paragraphs = [
        "附件4",
        "“我为同学做实事”项目申报表",
        "项目名称：阳光书屋   所在学校：内蒙古大学",
        "申报主体：内蒙古大学学生会",
    ]
    paragraphs += [
        "负责人：张三    联系电话：13800000001",
        "项目成员：李四 王五",
        "项目类别：学业促进类",
        "实施时间：2023年9月至今",
    ]
    paragraphs += ["项目内容：", "每周开放", "三次。", "学校团委推荐意见：同意推荐。", "（盖章）", "2024年11月20日"]
    found = annex4.find(document(*paragraphs))[0]
    record = found.transcript.record
    assert isinstance(record, Annex4)
    assert record.content == "每周开放\n三次。"
    assert (record.project_name, record.university, record.signed_on) == ("阳光书屋", "内蒙古大学", "2024-11-20")
    assert (record.leader, record.phone, record.recommendation) == ("张三", "13800000001", "同意推荐。")
    assert found.block == 2
    assert str(found.transcript.places["phone"]) == "正文第5段“联系电话”"


def test_values_below_labels_that_stand_side_by_side_are_read() -> None:
    rows = [
        ["项目名称", "所在学校", "申报主体"],
        ["阳光书屋", "内蒙古大学", "学生会"],
        ["负责人", "联系电话", "实施时间"],
    ]
    rows += [
        ["张三", "13800000001", "2023年9月至今"],
        ["项目内容", None, None],
        ["每周开放", None, None],
        ["三次。", None, None],
    ]
    record = read(table(rows))
    assert (record.project_name, record.university, record.applicant) == ("阳光书屋", "内蒙古大学", "学生会")
    assert (record.leader, record.phone, record.period) == ("张三", "13800000001", "2023年9月至今")
    assert record.content == "每周开放\n三次。"


def test_members_in_a_small_table_of_their_own_are_joined_row_by_row() -> None:
    rows = application()
    rows[3] = ["项目成员", "姓名", "学院", "联系电话"]
    rows.insert(4, ["^", "李四", "理学院", "13800000003"])
    rows.insert(5, ["^", "王五", "文学院", "13800000004"])
    record = read(table(rows))
    assert record.members == "姓名 学院 联系电话\n李四 理学院 13800000003\n王五 文学院 13800000004"
    assert record.phone == "13800000001"
    rows[4][0] = rows[5][0] = ""
    assert read(table(rows)).members == record.members


def test_a_teacher_s_phone_is_not_the_leader_s() -> None:
    rows = application()
    rows.insert(2, ["指导教师", "赵六", "联系方式", "13800000009"])
    assert read(table(rows)) == FILLED


@pytest.mark.parametrize("label", ["联系电话", "联系方式", "手机"])
@pytest.mark.parametrize(
    "person", ["指导教师", "指导老师：", "联系人", "表格填写联系人", "指导老师姓名", "填表人", "项目联系人"]
)
@pytest.mark.parametrize("number", ["0471-1000009", ""])
def test_of_several_phones_the_one_beside_the_leader_counts(person: str, label: str, number: str) -> None:
    rows = application()
    rows[2][2] = label
    rows.insert(2, [person, "赵六", "联系电话", number])
    assert read(table(rows)) == FILLED
    rows[2:3] = [[person, "赵六", "职务", "教授"], ["邮箱", "z@example.cn", "联系电话", number]]
    assert read(table(rows)) == FILLED


def test_phones_of_several_persons_before_colons_are_told_apart() -> None:
    rows = application()
    rows[2:3] = [["指导教师：赵六  联系电话：13800000009", None, None, None]]
    rows[3:3] = [["负责人：张三  联系电话：13800000001", None, None, None]]
    assert read(table(rows)) == FILLED


def test_the_only_phone_is_taken_and_of_two_alike_the_first() -> None:
    rows = application()
    rows[2] = ["负责人", "张三", "指导教师", "赵六"]
    rows.insert(3, ["联系电话", "13800000001", None, None])
    assert read(table(rows)) == FILLED
    rows[3] = ["联系电话", "13800000001", "联系电话", "13800000009"]
    assert read(table(rows)) == FILLED
    rows = application()
    rows[2] = ["联系电话", "13800000001", "负责人", "张三"]
    rows.insert(3, ["指导教师", "赵六", "联系电话", "13800000009"])
    assert read(table(rows)) == FILLED
    rows[3] = ["负责人手机", "13800000009", None, None]
    assert read(table(rows)) == FILLED


def test_content_that_names_labels_stays_content() -> None:
    text = "项目名称：阳光书屋\n负责人：张三\n实施时间：三年"
    assert form(content=text).content == text
    rows = application()
    rows[6:7] = [["项目内容", None, None, None], [text, None, None, None]]
    record = read(table(rows))
    assert (record.content, record.project_name, record.period) == (text, "阳光书屋", "2023年9月至今")


@pytest.mark.parametrize(
    "prompt",
    [
        "单击或点击此处输入文字。", "单击此处输入文字。", "点击此处输入文字", "单击或点击此处输\n入文字。", "选择一项。",
        "请选择一项", "请选择一项。", "选择一个项目。", "单击此处键入文字。", "Click or tap to enter a date.", "单击此处输入日期。单击此处输入文字。",
        "单击或点击以输入日期。", "Click or tap here to enter text.", "Choose an item.",
        "单击或点击此处输入文字。单击或点击此处输入文字。单击或点击此处输入文字。",
    ],
)  # fmt: skip
def test_the_prompt_of_a_control_that_was_never_filled_is_no_value(prompt: str) -> None:
    assert form(leader=prompt).leader == ""
    assert form(recommendation=f"同意推荐。\n{prompt}").recommendation == "同意推荐。"


@pytest.mark.parametrize(
    "words",
    [
        "同学在小程序首页点击此处输入文字留言即可", "同学每人从十类服务中选择一项。", "点击量超过1万次。", "每人选择一个项目。", "请选择一项服务",
        "同学每人请选择一项",
    ],
)  # fmt: skip
def test_words_that_only_speak_of_clicking_or_choosing_are_content(words: str) -> None:
    assert form(content=words).content == words


@pytest.mark.parametrize("prompt", ["单击此处输入日期。", "单击或点击以输入日期。", "Click or tap to enter a date."])
def test_a_period_whose_end_was_never_filled_in_does_not_read_as_one_that_goes_on(prompt: str) -> None:
    assert form(period=f"2023年9月至{prompt}").period == f"2023年9月至{prompt}"
    assert form(period=f"2023年9月至今\n{prompt}").period == "2023年9月至今"
    assert form(period="2023年9月至今单击此处输入文字。").period == "2023年9月至今"
    assert form(period=prompt).period == ""


def test_a_field_that_runs_on_over_a_page_break_is_joined() -> None:
    rows = application(content="第一页")
    rows.insert(7, ["", "第二页", None, None])
    assert read(table(rows)).content == "第一页\n第二页"
    first, second = table(application(content="第一页")[:7]), table([["", "第二页", None, None], rows[8]], ordinal=2)
    record = read(first, "", second)
    assert (record.content, record.recommendation) == ("第一页\n第二页", "同意推荐。")


def test_a_form_split_into_several_tables_is_one_form() -> None:
    rows = application()
    found = annex4.find(document(table(rows[:2]), table(rows[2:6], 2), "", table(rows[6:], 3)))
    assert [each.transcript.record for each in found] == [FILLED]
    assert found[0].transcript.places["content"] == Place(GridKind.TABLE, "", 3, 0, 1, "项目内容")


def test_several_forms_in_one_document_are_several_forms() -> None:
    blocks = [table(application(project_name=name), ordinal) for ordinal, name in enumerate("甲乙丙", start=1)]
    assert [each.project_name for each in read_all(*blocks)] == ["甲", "乙", "丙"]
    together = table([*application(project_name="甲"), *application(project_name="乙")])
    assert [each.project_name for each in read_all(together)] == ["甲", "乙"]


TITLES: list[list[list[str | None]]] = [
    [["“我为同学做实事”项目申报表", None, None, None]],
    [["附件4", None, None, None]],
    [
        ["附件4", "", "", ""],
        ["", "", "", ""],
        ["“我为同学做实事”项目申报表", None, None, None],
        ["（2024年）", None, None, None],
    ],
    [["附件4\n“我为同学做实事”项目申报表\n（2024年）", None, None, None]],
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("opinion", ["同意推荐。\n2024年11月20日", ""])
@pytest.mark.parametrize("kind", [table, sheet])
def test_the_title_of_the_next_form_in_a_table_is_no_part_of_the_one_above(title: Any, opinion: str, kind: Any) -> None:
    first, second = application(project_name="甲", recommendation=opinion), application(project_name="乙")
    found = read_all(kind([*title, *first, ["", "", "", ""], *title, *second]))
    assert [each.project_name for each in found] == ["甲", "乙"]
    assert found[0].recommendation == ("同意推荐。" if opinion else "")
    assert found[0].signed_on == ("2024-11-20" if opinion else "")
    assert found[1] == replace(FILLED, project_name="乙")


@pytest.mark.parametrize(
    "line", ["同意推荐，详见申报表", "项目扎实，同意推荐。", "（以上属实）", "共青团内蒙古大学委员会", "2024年11月20日"]
)
def test_an_opinion_that_goes_on_right_above_the_next_form_stays_with_its_own(line: str) -> None:
    rows = [*application(project_name="甲", recommendation="同意。"), ["", line, None, None]]
    for titles in ([], [["附件4", None, None, None]]):
        found = read_all(table([*rows, *titles, *application(project_name="乙")]))
        assert [each.project_name for each in found] == ["甲", "乙"]
        assert "附件4" not in found[0].recommendation
        assert line in found[0].recommendation or found[0].signed_on == "2024-11-20"


def test_a_table_of_pictures_or_plans_behind_the_form_is_no_part_of_it() -> None:
    plan = table([["时间", "活动名称"], ["九月", "迎新"]], ordinal=2)
    assert read(table(application()), "活动安排", plan) == FILLED


def test_a_blank_form_beside_a_filled_one_is_left_out() -> None:
    assert read(table(application(**BLANK)), table(application(), 2)).project_name == "阳光书屋"


@pytest.mark.parametrize(
    "between", ["", "附件4", "“我为同学做实事”项目申报表", table([["时间", "活动名称"], ["九月", "迎新"]], 9)]
)
def test_a_blank_form_behind_a_filled_list_is_known_as_blank(between: Any) -> None:
    both = document(table([HEADER, project("1", "甲")]), between, table(application(**BLANK), 2))
    assert [each.blank for each in annex4.find(both)] == [True]
    assert [each.blank for each in annex3.find(both)] == [False]
    assert [each.blank for each in annex4.find(document(table(application())))] == [False]


def test_a_hidden_sheet_is_skipped_if_a_visible_one_exists() -> None:
    hidden = sheet(application(project_name="旧"), "去年", hidden=True)
    assert read(hidden, sheet(application())).project_name == "阳光书屋"
    assert read(hidden).project_name == "旧"


def test_fewer_than_five_labels_make_no_form() -> None:
    assert annex4.find(document(table(application()[:2]))) == []
    assert annex4.find(document("项目名称：甲", "负责人：乙", "其余从略")) == []
    assert annex4.find(document(table([HEADER, project("1", "甲")]))) == []


ANOTHER: list[list[Any]] = [
    ["项目名称", "支教", "所在学校", "内蒙古大学"],
    ["负责人", "张三", "联系电话", "13800000009"],
    ["项目成员", "李四、王五", None, None],
    ["实践地点", "呼和浩特", None, None],
    ["项目内容", "支教一周。", None, None],
]


@pytest.mark.parametrize(
    "title",
    [
        "大学生暑期社会实践项目申报表",
        "内蒙古大学2024年暑期“三下乡”社会实践活动团队申报表",
        "附件2 第十四届“挑战杯”竞赛作品申报书",
        "大学生创新创业训练计划项目申请书",
        "大 创 项 目 申 报 表",
        "科研项目立项申请表",
    ],
)
def test_the_application_form_of_another_programme_is_no_annex_4(title: str) -> None:
    assert annex4.find(document(title, table(ANOTHER))) == []
    assert annex4.find(document(title, "（2024年）", table(ANOTHER))) == []
    assert annex4.find(document(table([[title, None, None, None], *ANOTHER]))) == []
    assert annex4.find(document(sheet([[title, None, None, None], *ANOTHER]))) == []
    foreign = [*ANOTHER, ["项目类别", "理论普及宣讲", None, None]]
    assert annex4.find(document(title, table(foreign))) == []
    assert read(table(application()), title, table(ANOTHER, 2)) == FILLED
    assert read(title, table(ANOTHER), "附件4", table(application(), 2)) == FILLED


@pytest.mark.parametrize(
    "title",
    [
        "",
        "附件4",
        "项目申报表",
        "内蒙古大学项目申报表",
        "“我为同学做实事”项目申报表",
        "“我为同学办实事”志愿服务大赛申报表",
        "“我为同学作事情”申报表",
        "三下乡、挑战杯等活动的申报表另行报送，请勿混在本表中填写",
        "我校大创中心承办",
    ],
)
def test_a_form_whose_title_names_no_other_programme_stays_one(title: str) -> None:
    assert read(title, table(ANOTHER)).project_name == "支教"
    assert read(table([[title, None, None, None], *ANOTHER])).project_name == "支教"


def test_a_form_under_the_title_of_another_programme_with_a_category_or_called_by_its_project_stays_one() -> None:
    for categories in (OPTIONS, OPTIONS.replace("学业", "√学业"), "学业促进", ""):
        rows = [*ANOTHER, ["项目类别", categories, None, None]]
        assert read("暑期“三下乡”申报表", table(rows)).project_name == "支教"
    rows = [["项目名称", "三下乡支教", "所在学校", "内蒙古大学"], *ANOTHER[1:]]
    assert read("“三下乡支教”项目申报表", table(rows)).project_name == "三下乡支教"


def test_the_annex_4_and_annex_3_of_one_document_are_both_found() -> None:
    both = document(table([HEADER, project("1", "甲")]), "附件4", table(application(), 2))
    assert [each.block for each in annex3.find(both)] == [0]
    assert [each.block for each in annex4.find(both)] == [2]


# What is selected.


def boxed(choice: str = "", tick: str = "☑", box: str = "□", behind: bool = False, gap: str = " ") -> str:
    marks = [(tick if name == choice else box, name) for name in NAMES]
    words = [name + mark if behind else mark + name for mark, name in marks]
    return "\n".join(gap.join(words[start : start + 4]) for start in (0, 4, 8))


@pytest.mark.parametrize("box", ["□", "☐", "○", "◯", "（ ）", "[ ]", "口", "〔〕"])
@pytest.mark.parametrize("tick", ["☑", "☒", "√", "✓", "■", "●", "（√）", "[x]", "【√】", "□√", "√□"])
def test_a_tick_among_boxes_selects_its_option(box: str, tick: str) -> None:
    assert form(categories=boxed("民族团结类", tick, box)).categories == ("民族团结类",)


@pytest.mark.parametrize("tick", ["☑", "√", "■", "□√"])
@pytest.mark.parametrize("gap", ["", " ", "　　"])
@pytest.mark.parametrize("behind", [False, True])
def test_the_side_of_the_boxes_is_taken_from_the_layout(tick: str, gap: str, behind: bool) -> None:
    assert form(categories=boxed("民族团结类", tick, "□", behind, gap)).categories == ("民族团结类",)


@pytest.mark.parametrize("choice", ["思想引领类", "社会实践类", "心理健康类", "其他类"])
@pytest.mark.parametrize(
    "mark", ["√{}", "{}√", "√ {}", "{}（√）", "（√）{}", "☑{}", "{}☑", "v{}", "V {}", "__{}__", "★{}"]
)
def test_a_mark_among_unmarked_options_selects_the_one_it_touches(choice: str, mark: str) -> None:
    assert form(categories=OPTIONS.replace(choice, mark.format(choice))).categories == (choice,)


def test_a_tick_behind_an_option_among_boxes_in_front_is_its_own() -> None:
    text = boxed(gap="  ").replace("民族团结类", "民族团结类√")
    assert form(categories=text).categories == ("民族团结类",)


@pytest.mark.parametrize(("tick", "box"), [("⊙", "○"), ("⊙", "◯"), ("◎", "○"), ("◆", "◇"), ("◈", "◇"), ("♦", "◇")])
@pytest.mark.parametrize("behind", [False, True])
def test_a_filled_mark_among_its_empty_ones_selects_its_option(tick: str, box: str, behind: bool) -> None:
    for gap in ("", " ", "　　"):
        for choice in ("思想引领类", "民族团结类", "其他类"):
            assert form(categories=boxed(choice, tick, box, behind, gap)).categories == (choice,)
        assert form(categories=boxed("", tick, box, behind, gap)).categories == ()


@pytest.mark.parametrize("bullet", ["⊙", "◎", "◆", "♦"])
def test_the_same_mark_as_a_bullet_selects_nothing(bullet: str) -> None:
    lines = OPTIONS.replace("思想", bullet + "思想").replace("心理", bullet + "心理").replace("文体", bullet + "文体")
    assert form(categories=lines).categories == ()
    assert form(categories=bullet + "请在○内打√：\n" + boxed("民族团结类", "√", "○")).categories == ("民族团结类",)
    assert form(categories=boxed("民族团结类", "☑").replace("□", bullet + "□")).categories == ("民族团结类",)
    assert form(categories=bullet + "请选择一项\n" + boxed("民族团结类", "●", "◇")).categories == ("民族团结类",)


@pytest.mark.parametrize("text", [OPTIONS, boxed(), boxed(box="●"), boxed(box="◆"), boxed(behind=True), ""])
def test_options_that_are_all_alike_select_nothing(text: str) -> None:
    assert form(categories=text).categories == ()


def test_two_ticks_select_two_options() -> None:
    text = boxed("民族团结类").replace("□其他", "☑其他")
    assert form(categories=text).categories == ("民族团结类", "其他类")


@pytest.mark.parametrize("style", [Style.UNDERLINE, Style.BOLD, Style.HIGHLIGHT, Style.COLOUR, Style.BORDER])
def test_an_option_set_off_by_its_style_is_selected(style: Style) -> None:
    before, after = OPTIONS.split("心理健康类")
    runs = [Run(before), Run("心理健康类", style), Run(after)]
    assert form(categories=cell(4, 1, runs, wide=3)).categories == ("心理健康类",)


@pytest.mark.parametrize("style", [Style.UNDERLINE, Style.BOLD, Style.STRIKE])
def test_a_style_that_all_options_carry_says_nothing(style: Style) -> None:
    assert form(categories=cell(4, 1, [Run(OPTIONS, style)], wide=3)).categories == ()
    before, after = OPTIONS.split("心理健康类")
    runs = [Run(before, style), Run("√"), Run("心理健康类", style), Run(after, style)]
    if style is not Style.STRIKE:
        assert form(categories=cell(4, 1, runs, wide=3)).categories == ("心理健康类",)


@pytest.mark.parametrize("style", [Style.STRIKE, Style.COLOUR])
def test_the_one_option_not_struck_out_or_greyed_is_selected(style: Style) -> None:
    before, after = OPTIONS.split("心理健康类")
    runs = [Run(before, style), Run("心理健康类"), Run(after, style)]
    assert form(categories=cell(4, 1, runs, wide=3)).categories == ("心理健康类",)


def test_two_methods_that_disagree_select_two_options() -> None:
    before, after = OPTIONS.replace("其他类", "√其他类").split("心理健康类")
    runs = [Run(before), Run("心理健康类", Style.BOLD), Run(after)]
    assert form(categories=cell(4, 1, runs, wide=3)).categories == ("心理健康类", "其他类")


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("心理健康类", ("心理健康类",)),
        ("心理健康", ("心理健康类",)),
        ("“心理健康类”", ("心理健康类",)),
        ("1.心 理 健 康 类", ("心理健康类",)),
        ("□心理健康类", ("心理健康类",)),
        ("思想引领类、心理健康类", ("思想引领类", "心理健康类")),
        (OPTIONS + "  （选：心理健康类）", ("心理健康类",)),
        ("☑其他类（社会实践活动）", ("其他类",)),
        (boxed("其他类") + "（请注明：志愿服务）", ("其他类",)),
        ("志愿服务类", ("志愿服务类",)),
        ("心理健康教育类", ("心理健康教育类",)),
        ("A.思想引领类 B.学业促进类√", ("学业促进类",)),
        ("√ 志愿服务类", ("志愿服务类",)),
    ],
)
def test_retyped_and_remaining_options_are_selected(text: str, categories: tuple[str, ...]) -> None:
    assert form(categories=text).categories == categories


@pytest.mark.parametrize("mark", ["×", "✗", "✘"])
def test_crosses_select_unless_they_cross_out_all_others(mark: str) -> None:
    assert form(categories=boxed("心理健康类", mark)).categories == ("心理健康类",)
    assert form(categories=boxed("心理健康类", "√", mark)).categories == ("心理健康类",)
    assert form(categories=boxed("心理健康类", "", mark)).categories == ("心理健康类",)


def test_a_tick_that_touches_two_options_alike_selects_both() -> None:
    assert chosen([Run("思想引领类√学业促进类")]) == ("思想引领类", "学业促进类")


def test_options_in_cells_and_rows_of_their_own_are_one_field() -> None:
    rows = application()
    rows[4] = ["项目类别", "□思想引领类", "☑学业促进类", "□就业创业类"]
    rows.insert(5, ["^", "□社会实践类", "□心理健康类", "□民族团结类"])
    assert read(table(rows)) == FILLED


# The opinion, its prompts and its date.


@pytest.mark.parametrize(
    ("text", "opinion", "signed"),
    [
        ("同意推荐。\n（盖章）\n年    月    日", "同意推荐。", ""),
        ("同意推荐。（盖章）2024年11月20日", "同意推荐。", "2024-11-20"),
        ("同意。\n学校团委（盖章）：\n2024.11.20", "同意。", "2024-11-20"),
        ("同意。\n共青团内蒙古大学委员会（盖章）\n2024 年 11 月 20 日", "同意。\n共青团内蒙古大学委员会", "2024-11-20"),
        ("同意。\n共青团内蒙古大学委员会 2024/11/20", "同意。\n共青团内蒙古大学委员会", "2024-11-20"),
        ("同意。\n2024年11月20日\n共青团内蒙古大学委员会（公章）", "同意。\n共青团内蒙古大学委员会", "2024-11-20"),
        ("同意。\n二〇二四年十一月二十日", "同意。", "2024-11-20"),
        ("同意。\n二○二四年十月三十一日", "同意。", "2024-10-31"),
        ("同意。\n日期：２０２４－１１－２０", "同意。", "2024-11-20"),
        ("同意。\n2024-11-20", "同意。", "2024-11-20"),
        ("同意。\n2024年11月", "同意。", ""),
        ("同意。\n2024年11月  日（盖章）", "同意。", ""),
        ("同意。\n20__年__月__日", "同意。", ""),
        ("同意。\n2024年13月40日", "同意。", ""),
        ("该项目自2023年9月1日启动，效果好。\n2024年11月20日", "该项目自2023年9月1日启动，效果好。", "2024-11-20"),
        ("该项目启动于2023年9月1日", "该项目启动于2023年9月1日", ""),
        ("该项目启动时间为2023年9月1日。", "该项目启动时间为2023年9月1日。", ""),
        ("项目始于2023年9月", "项目始于2023年9月", ""),
        ("意见：\n签字：\n（盖章）\n年 月 日", "", ""),
        ("同意。\n负责人（签字）：陈小癸\n（签字）：__\n（签字）：\n年 月 日", "同意。\n负责人（签字）：陈小癸", ""),
        ("负责人（签字）：陈小癸 2024年11月20日", "负责人（签字）：陈小癸", "2024-11-20"),
        ("同意推荐。\n2024年11月20日\n点评：项目扎实，成效好。", "同意推荐。\n点评：项目扎实，成效好。", "2024-11-20"),
        ("（盖 章）\n  年  月  日", "", ""),
        ("同意。\n20241120", "同意。", "2024-11-20"),
        ("同意。\n共青团内蒙古大学委员会 20241120", "同意。\n共青团内蒙古大学委员会", "2024-11-20"),
        ("同意。\n日期：20241120。", "同意。", "2024-11-20"),
        ("同意。\n2024、11、20", "同意。", "2024-11-20"),
        ("同意。\n2024、1、5（盖章）", "同意。", "2024-01-05"),
        ("同意。\n二〇二四年十一月廿日", "同意。", "2024-11-20"),
        ("同意。\n二〇二四年十月卅一日", "同意。", "2024-10-31"),
        ("同意。\n二〇二四年十一月廿五日", "同意。", "2024-11-25"),
        ("同意。\n20 24年11月20日", "同意。", "2024-11-20"),
        ("同意。\n20241340", "同意。\n20241340", ""),
        ("同意。\n2024112", "同意。\n2024112", ""),
        ("同意，编号20241120", "同意，编号20241120", ""),
        ("累计服务20241120人次", "累计服务20241120人次", ""),
        ("三年服务人次分别是22、11、20", "三年服务人次分别是22、11、20", ""),
        ("三年服务人次：22、11、20", "三年服务人次：22、11、20", ""),
        ("同意。\n2024.11.20（校团委章）", "同意。", "2024-11-20"),
        ("同意。\n2024年11月20日（学校团委盖章）", "同意。", "2024-11-20"),
        ("同意。\n2024-11-20 10:30", "同意。", "2024-11-20"),
        ("同意。\n2024年11月20日 上午9：05（团委公章）", "同意。", "2024-11-20"),
        ("会议定于2024-11-20 10:30", "会议定于2024-11-20 10:30", ""),
    ],
)
def test_opinion_prompts_and_signing_date_are_told_apart(text: str, opinion: str, signed: str) -> None:
    record = form(recommendation=text)
    assert (record.recommendation, record.signed_on) == (opinion, signed)


def test_signature_and_date_in_cells_below_or_beside_the_opinion_are_taken() -> None:
    rows = application(recommendation="同意推荐。")
    below = [*rows, ["", "", "（盖章）", "2024年11月20日"]]
    assert read(table(below)) == FILLED
    beside = [*rows[:7], [rows[7][0], "同意推荐。", "（盖章）", "2024年11月20日"]]
    assert read(table(beside)) == FILLED


def test_a_date_in_the_paragraphs_right_behind_the_form_is_the_signing_date() -> None:
    assert read(table(application(recommendation="同意推荐。")), "（盖章）", "2024年11月20日") == FILLED


def test_opinion_and_comment_on_rows_of_their_own_are_joined() -> None:
    rows = [*application(recommendation="同意推荐。"), ["案例点评", "扎实。\n2024年11月20日", None, None]]
    record = read(table(rows))
    assert (record.recommendation, record.signed_on) == ("同意推荐。\n扎实。", "2024-11-20")


@pytest.mark.parametrize(
    "prompt",
    [
        "可另附项目相关图文资料",
        "（可另附项目相关图文资料）",
        "(可另附项目相关图文资料)。",
        "可另附项目\n相关图文资料。",
    ],
)
def test_the_content_prompt_is_no_content(prompt: str) -> None:
    assert form(content=f"每周开放三次。\n\n{prompt}\n") == FILLED
    assert form(content=prompt).content == ""


@pytest.mark.parametrize(
    "drawn",
    [
        cell(4, 1, OPTIONS, wide=3, pictures=(SHAPE,)),
        cell(4, 1, OPTIONS, wide=3, pictures=(Picture("media/tick.png", lambda: b"a tick drawn by hand"),)),
        f"{OPTIONS}\n√",
        f"√\n{OPTIONS}",
        cell(4, 1, wide=3, pictures=(SHAPE,)),
    ],
)
def test_what_is_drawn_over_the_options_is_left_to_staff(drawn: Any) -> None:
    found = transcript(table(application(categories=drawn)))
    assert isinstance(found.record, Annex4)
    assert found.record.categories == ()
    assert DRAWN in found.notes


def test_where_a_category_is_selected_or_nothing_is_drawn_staff_are_not_asked() -> None:
    selected = cell(4, 1, OPTIONS.replace("学业", "√学业"), wide=3, pictures=(SHAPE,))
    sealed = cell(4, 1, OPTIONS, wide=3, pictures=(picture(seal()),))
    for categories in (selected, sealed, OPTIONS, f"{OPTIONS}\n√选一个", ""):
        assert DRAWN not in transcript(table(application(categories=categories))).notes


# The seal.


def picture(image: Image.Image, kind: str = "PNG") -> Picture:
    stream = BytesIO()
    image.save(stream, kind)
    return Picture("media/image1", stream.getvalue)


def seal(size: int = 300, ground: Any = (0, 0, 0, 0), mode: str = "RGBA") -> Image.Image:
    image = Image.new(mode, (size, size), ground)
    pen = ImageDraw.Draw(image)
    edge = size // 20
    pen.ellipse((edge, edge, size - edge, size - edge), outline=(220, 30, 30), width=max(size // 30, 2))
    star = [
        (size / 2 + math.sin(k * math.pi / 5) * size / (6 if k % 2 == 0 else 15),
         size / 2 - math.cos(k * math.pi / 5) * size / (6 if k % 2 == 0 else 15))
        for k in range(10)
    ]  # fmt: skip
    pen.polygon(star, fill=(220, 30, 30))
    return image


def stamped(*pictures: Picture) -> bool | None:
    return form(recommendation=cell(7, 1, "同意推荐。", wide=3, pictures=pictures)).sealed


def test_a_red_ring_with_a_star_is_a_seal_on_any_ground() -> None:
    assert stamped(picture(seal())) is True
    assert stamped(picture(seal(900, "white", "RGB"), "JPEG")) is True
    assert stamped(picture(seal(120, (250, 248, 240), "RGB"))) is True


def test_a_seal_over_black_text_is_a_seal() -> None:
    image = seal(300, "white", "RGB")
    ImageDraw.Draw(image).rectangle((60, 200, 240, 212), fill="black")
    assert stamped(picture(image)) is True


def test_other_pictures_beside_the_opinion_cannot_be_told() -> None:
    photo = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    assert stamped(picture(photo)) is None
    assert stamped(picture(Image.new("RGB", (300, 300), (200, 20, 20)))) is None
    assert stamped(picture(Image.new("RGB", (300, 40), "white"))) is None
    assert stamped(Picture("media/image1.emf", lambda: b"\x01\x00\x00\x00not a picture")) is None
    assert stamped(picture(photo), picture(seal())) is True


def test_a_picture_that_cannot_be_fetched_does_not_stop_the_form() -> None:
    def gone() -> bytes:
        raise KeyError("word/media/image1.png")

    assert stamped(Picture("word/media/image1.png", gone)) is None


def test_no_picture_is_no_seal_and_photos_in_the_content_change_nothing() -> None:
    assert stamped() is False
    photo = picture(Image.linear_gradient("L").convert("RGB"))
    assert form(content=cell(6, 1, "每周开放三次。", wide=3, pictures=(photo,))) == FILLED


def test_a_seal_behind_the_table_or_floating_elsewhere_in_the_form_is_found() -> None:
    behind = Paragraph(1, (Run("2024年11月20日"),), pictures=(picture(seal()),))
    assert read(table(application()), behind).sealed is True
    assert form(content=cell(6, 1, "每周开放三次。", wide=3, pictures=(picture(seal()),))).sealed is True
    rows = [*application(), [cell(8, 0, "", wide=4, pictures=(picture(seal()),)), None, None, None]]
    assert read(table(rows)).sealed is True


def sealed_at(ordinal: int, text: str = "") -> Paragraph:
    return Paragraph(ordinal, (Run(text),) if text else (), pictures=(picture(seal()),))


def test_a_seal_that_hangs_at_the_title_of_the_only_form_is_its_own() -> None:
    title = "“我为同学做实事”项目申报表"
    assert read(sealed_at(1, "附件4"), title, table(application())).sealed is True
    assert read("附件4", sealed_at(2, title), "", table(application())).sealed is True
    assert read("附件4", title, sealed_at(3), table(application())).sealed is True
    assert read(sealed_at(1), table(application())).sealed is True
    row = cell(0, 0, title, wide=4, pictures=(picture(seal()),))
    assert read(table([[row, None, None, None], *application()])).sealed is True


def test_a_seal_at_a_letter_before_the_form_or_at_another_form_is_not_its_own() -> None:
    letter = ["关于报送项目的函", "现将有关材料报送如下，请审核。"]
    assert read(*letter, sealed_at(3, "2024年11月20日"), "附件4", table(application())).sealed is False
    assert read(*letter, sealed_at(3), "附件4", table(application())).sealed is False
    first, second = table(application(project_name="甲")), table(application(project_name="乙"), 2)
    for title in ("附件4", "“我为同学做实事”项目申报表"):
        assert [each.sealed for each in read_all(first, sealed_at(1, title), second)] == [False, True]
        assert [each.sealed for each in read_all(first, sealed_at(1), title, second)] == [True, False]
    assert [each.sealed for each in read_all(first, sealed_at(1), second)] == [True, False]
    college = cell(7, 1, "同意。", wide=3, pictures=(picture(seal()),))
    rows = application()
    assert read(table([*rows[:7], ["学院意见", college, None, None], rows[7]])).sealed is False


def test_a_seal_printed_grey_is_not_taken_for_a_red_one() -> None:
    assert [stamped(picture(seal(300, "white", "RGB").convert(mode))) for mode in ("L", "1", "LA")] == [None] * 3


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA"])
def test_a_seal_is_told_in_every_way_of_storing_colours(mode: str) -> None:
    assert stamped(picture(seal(300, "white", "RGB").convert(mode))) is True


def test_a_picture_seen_before_is_not_decoded_again_and_few_verdicts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    decode = seals._small

    def counted(content: bytes) -> Image.Image | None:
        decoded.append(content)
        return decode(content)

    monkeypatch.setattr(seals, "_small", counted)
    monkeypatch.setattr(seals, "_verdicts", {})
    monkeypatch.setattr(seals, "_MOST_VERDICTS", 2)
    red, grey, broken = picture(seal()).load(), picture(Image.new("RGB", (300, 300))).load(), b"broken"
    assert [is_seal(content) for content in (red, grey, red, grey)] == [True, False, True, False]
    assert decoded == [red, grey]
    assert [is_seal(broken), is_seal(red)] == [False, True]
    assert decoded == [red, grey, broken, red]
    assert len(seals._verdicts) <= 2


def test_a_picture_that_declares_absurd_dimensions_is_refused_without_decoding() -> None:
    bomb = bytearray(picture(Image.new("1", (8, 8))).load())
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    assert is_seal(bytes(bomb)) is False


# Where things stand.


def test_every_field_has_a_place_with_its_printed_label() -> None:
    places = transcript(table(application(phone=""))).places
    assert set(places) == {*annex4.LABELS, "signed_on", "sealed"}
    assert places["phone"] == Place(GridKind.TABLE, "", 1, 2, 3, "联系电话")
    assert str(places["leader"]) == "第1个表格第3行“负责人”"
    assert places["recommendation"].label == "学校团委推荐意见及案例点评"
    assert str(transcript(sheet(application(phone=""))).places["phone"]) == "工作表“Sheet1” D3 “联系电话”"


def test_an_absent_label_is_noted_and_blank_ones_are_not() -> None:
    rows = application(leader="")
    del rows[5]
    result = transcript(table(rows))
    assert result.notes == ("未找到“实施时间”一栏",)
    assert result.places["period"].label == "实施时间"


def test_a_formula_without_a_result_is_noted() -> None:
    rows = application()
    rows[2][3] = Cell(2, 3, kind=CellKind.UNCALCULATED)
    result = transcript(table(rows))
    assert result.notes == ("单元格 D3 的公式没有计算结果",)


def test_short_fields_are_one_line_and_long_ones_keep_theirs() -> None:
    record = form(leader=" 张\u3000三\n", members="李四\n\n 王  五", content="甲\r\n\n乙 ")
    assert (record.leader, record.members, record.content) == ("张 三", "李四\n王 五", "甲\n乙")


def test_a_blank_form_with_four_labels_in_one_row_of_a_sheet_is_no_list() -> None:
    rows = [
        ["项目名称", "", "所在学校", "", "负责人", "", "联系电话", ""],
        ["申报主体", ""],
        ["项目成员", ""],
        ["项目内容", ""],
    ]
    blank = sheet(rows)
    assert annex3.find(document(blank)) == []
    assert read(blank) == Annex4(sealed=False)
