"""Single values as rules compare them: telephone numbers, 字数, opinions, links, people."""

from __future__ import annotations

import pytest

from pipeline.values import has_opinion, is_blank, is_url, people, phones, same_people, says_nothing, word_count


@pytest.mark.parametrize("text", [
    "13800000001", "138 0000 0001", "138-0000-0001", "138—0000—0001", "138.0000.0001", "+8613800000001", "（+86）13800000001", "0086-13800000001",
    "１３８００００００01", "13800000001（微信同号）", "张三13800000001", "1 3 8 0 0 0 0 0 0 0 1", "QQ123456 13800000001", "13800000001.0",
    "138\u200b0000\u200b0001", "138\u20600000\u00ad0001", "\u202d13800000001\u202c", "138·0000·0001", "138・0000・0001", "138～0000～0001", "138——0000——0001",
    "138 - 0000 - 0001", "+86 (138) 0000-0001", "（138）00000001", "86(138)-0000-0001",
])  # fmt: skip
def test_a_mobile_number_is_found_however_it_is_set(text: str) -> None:
    assert phones(text) == ("13800000001",)


@pytest.mark.parametrize(
    "prefix", ["134", "145", "150", "162", "166", "170", "171", "182", "190", "191", "192", "195", "196", "197", "199"]
)
def test_every_current_mobile_segment_is_valid(prefix: str) -> None:
    assert phones(f"{prefix}00000001") == (f"{prefix}00000001",)


@pytest.mark.parametrize("text", [
    "0471-6000001", "0471—6000001", "（0471）6000001", "0471 600 0001", "04716000001", "4716000001", "0471-6000001转8001", "0471-6000001-802",
    "+86-471-6000001", "0471/6000001", "0471.6000001", "0471·6000001", "0471～6000001", "0471\u200b-600\u20600001",
])  # fmt: skip
def test_a_landline_is_found_with_its_area_code_and_without_its_extension(text: str) -> None:
    assert phones(text) == ("04716000001",)


def test_service_numbers_and_several_numbers_in_a_cell_are_found() -> None:
    assert phones("400-000-0001") == ("4000000001",)
    assert phones("13800000001/13900000002、0471-6000001") == ("13800000001", "13900000002", "04716000001")


@pytest.mark.parametrize("text", [
    "①13800000001 ②13900000002", "①13800000001②13900000002", "⑴13800000001⑵13900000002", "⒈13800000001 ⒉13900000002", "❶13800000001❷13900000002",
    "1.13800000001 2.13900000002", "13800000001¹、13900000002²",
])  # fmt: skip
def test_the_number_of_a_number_is_none_of_its_digits(text: str) -> None:
    assert phones(text) == ("13800000001", "13900000002")


@pytest.mark.parametrize("between", ["\u200b", "\u00ad", "\u2060", "\u200b\u200b"])
def test_two_numbers_that_only_an_invisible_character_parts_are_two(between: str) -> None:
    assert phones(f"13800000001{between}13900000002") == ("13800000001", "13900000002")
    assert phones(f"0471-6000001{between}13800000001") == ("13800000001", "04716000001")
    assert phones(f"13800000001{between}13900000002、15000000003") == ("13800000001", "13900000002", "15000000003")
    assert phones(f"13800000001、04{between}71-6000001") == ("13800000001", "04716000001")


@pytest.mark.parametrize(("text", "found"), [
    ("1. 6000001-803", ()), ("1. 4716000001", ("04716000001",)), ("1 . 6000001803", ()), ("138. 0000. 0001", ()),
    ("1380000000  2. 13900000002", ("13900000002",)), ("1380000000 2) 0471-6000001", ("04716000001",)),
    ("138000000 12. 13900000002", ("13900000002",)), ("1380000000\n2.13900000002", ("13900000002",)),
    ("1380000000\n 2、13900000002", ("13900000002",)),
])  # fmt: skip
def test_the_number_of_the_next_number_completes_none(text: str, found: tuple[str, ...]) -> None:
    assert phones(text) == found


@pytest.mark.parametrize("text", [
    "138  0000  0001", "1 3 8 0 0 0 0 0 0 0 1. 备注", "138 0000 00 01、", "1-3800000001", "1.3800000001E+10", "1380000\n0001", "138.00.00.00.01",
    "138 0000 000 1. 微信同号", "1. 13800000001", "1380000\n 0001",
])  # fmt: skip
def test_a_number_in_groups_is_not_taken_for_numbered(text: str) -> None:
    assert phones(text) == ("13800000001",)


@pytest.mark.parametrize("text", [
    "1380000000", "138000000012", "12800000001", "23800000001", "12345", "无", "见附件", "6000001", "0471-60000", "QQ123456789", "1380000000X",
    "150102200001011234", "2024.11.26", "138\u200b0000\u200b001", "138·0000·00012", "1380000(0001)", "138·0000，0001", "138/0000/0001",
])  # fmt: skip
def test_what_nobody_can_dial_is_no_number(text: str) -> None:
    assert phones(text) == ()


@pytest.mark.parametrize(("text", "count"), [
    ("", 0), ("服务同学", 4), ("服务，同学。", 6), ("QQ群", 2), ("24小时", 3), ("abc def", 2), ("四六级CET4", 4), ("“石榴籽”", 5), ("Ａ", 1), ("字\n字", 2),
])  # fmt: skip
def test_words_are_counted_as_word_counts_them(text: str, count: int) -> None:
    assert word_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "同意",
        "同意推荐。\n共青团内蒙古大学委员会",
        "情况属实",
        "校团委意见：同意",
        "项目由校团委指导，特色鲜明",
        "张三：同意",
        "好",
        "推荐意见：好\n案例点评：",
        "推荐意见：\n案例点评：项目由校团委指导，特色鲜明",
        "案例点评接地气",
        "请校团委填写推荐意见\n项目由校团委指导，特色鲜明",
        "团委填写的意见供参考",
    ],
)
def test_a_sentence_is_an_opinion_whoever_signed_it(text: str) -> None:
    assert has_opinion(text)


@pytest.mark.parametrize("text", [
    "", "无", "——", "共青团内蒙古大学委员会", "内蒙古大学团委", "团委书记：张三", "签字：张三", "张三（签字）", "（签字）：张三", "负责人（签字）：张三",
    "负责人签字：张三 2024年11月20日",
    "校团委（盖章）\n2024年11月20日", "日期：2024.11.20", "学校团委推荐意见：", "推荐意见：\n案例点评：", "推荐意见：案例点评：", "一、推荐意见\n二、案例点评",
    "（一）推荐意见：\n（二）案例点评：\n共青团内蒙古大学委员会", "推荐意见：无\n案例点评：\n2024年11月20日", "学校团委推荐意见及案例点评：",
    "（此处由校团委填写）", "请在此处填写推荐意见", "请学校团委填写推荐意见", "此栏由学校团委填写推荐意见及案例点评并加盖公章。", "【请填写】\n（盖章）", "推荐意见：（由团委填写）\n2024年11月20日",
])  # fmt: skip
def test_a_signature_an_organisation_and_a_date_are_no_opinion(text: str) -> None:
    assert not has_opinion(text)


def test_a_stroke_is_blank_and_a_word_for_none_says_nothing() -> None:
    assert is_blank(" —— ")
    assert not is_blank("无")
    assert says_nothing("暂无")
    assert not says_nothing("无线电协会")


def test_an_address_needs_no_scheme_and_a_sentence_is_none() -> None:
    assert is_url("https://example.cn/news/1?x=1#top")
    assert is_url("www.example.cn")
    assert not is_url("见学校官网")


def test_blanks_inside_a_name_and_numbers_behind_it_do_not_count() -> None:
    assert people("张　三13800000001、李四") == frozenset({"张三", "李四"})
    assert people("1.张三 ②李四、⒊王五") == frozenset({"张三", "李四", "王五"})


@pytest.mark.parametrize(
    "text", ["李四 王五", "李四　王五", "王五 李四", "李四/王五", "李 四、王 五", "李四", "李四、赵六"]
)
def test_however_persons_are_parted_they_are_the_same(text: str) -> None:
    assert same_people(text, "李四、王五")
    assert same_people("李四、王五", text)


@pytest.mark.parametrize("dot", "·•・‧．.∙⋅･")
def test_the_dot_in_a_mongolian_name_does_not_count(dot: str) -> None:
    assert same_people(f"阿拉坦{dot}巴根", "阿拉坦·巴根")
    assert same_people(f"阿拉坦{dot}巴根", "阿拉坦巴根")
    assert not same_people(f"阿拉坦{dot}巴根", f"阿拉坦{dot}乌云")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张 三", "张 四"),
        ("李四 王五", "李六 王七"),
        ("李四 老师", "王五 老师"),
        ("阿拉坦 巴根", "阿拉坦 乌云"),
        ("李四", "？"),
    ],
)
def test_another_person_is_not_the_same_by_a_blank(one: str, other: str) -> None:
    assert not same_people(one, other)


@pytest.mark.parametrize("text", [
    "甲某某（文学院）", "甲某某(文学院2022级)", "甲某某（文学院", "甲某某同学", "甲某某 同学", "甲某某老师", "甲某某（指导老师：乙某）", "学生：甲某某", "负责人:甲某某", "学生：甲某某  指导老师：乙某",
    "甲某某（13800000001）", "甲某某：13800000001", "（甲某某）", "甲某某（文学院）、乙某（理学院）", "学生负责人：甲某某（主席）", "(1)甲某某(2)乙某", "甲某某（文学院）乙某（理学院）",
    "甲某某（文学院）同学", "甲某某（2021级）", "甲某某（2021级本科生）", "甲某某(2021-2022级)", "甲某某（2023届）、乙某（2021级）",
])  # fmt: skip
def test_what_a_person_is_stands_beside_the_name_and_is_none_of_it(text: str) -> None:
    assert same_people(text, "甲某某")
    assert same_people("甲某某", text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("甲某某（文学院）", "乙某（文学院）"),
        ("甲某同学", "乙某同学"),
        ("李老师", "王老师"),
        ("同学", "老师"),
        ("学生：甲某", "学生：乙某"),
        ("甲某：主席", "乙某：主席"),
        ("甲某（指导老师：乙某）", "乙某"),
        ("甲某", "甲某某"),
        ("甲某（文学院）同学", "乙某（文学院）同学"),
    ],
)
def test_what_two_persons_have_in_common_does_not_make_them_one(one: str, other: str) -> None:
    assert not same_people(one, other)
    assert not same_people(other, one)
