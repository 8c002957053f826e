"""实施时间 in the wordings people use: whether a year had passed when the form came in (Annex 1, clause 4)."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.period import read_period

RECEIVED = date(2024, 11, 26)


def reaches(text: str) -> bool | None:
    period = read_period(text)
    return None if period is None else period.reaches(1, RECEIVED)


@pytest.mark.parametrize("text", [
    "2023年9月至今", "2023.09—2024.11", "2023.9-至今", "2023/9/1-2024/10/31", "20230901至今", "202309-202411", "23年9月至今", "２０２３年９月至今",
    "自2022年9月起至今", "2020年9月-", "2017年以来", "常年开展（2020年起）", "2023年9月15日—2024年11月15日", "2022—2023学年至今",
])  # fmt: skip
def test_a_start_more_than_a_year_ago_is_long_enough(text: str) -> None:
    assert reaches(text) is True


@pytest.mark.parametrize("text", [
    "2024年3月至今", "2024.3—2024.11", "2024年9月1日起", "2024年至今", "2023年12月至今", "2023年9月-2024年6月", "24年3月至今", "2024年1月-2025年1月",
    "2023年9月-12月", "2024-2025学年第一学期", "2023\u200b年12\u200b月至今",
])  # fmt: skip
def test_less_than_a_year_until_receipt_is_too_short_even_if_planned_for_longer(text: str) -> None:
    assert reaches(text) is False


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("20230901{}20241001", date(2023, 9, 1), date(2024, 10, 1)),
        ("2023.09{}2024.10", date(2023, 9, 1), date(2024, 10, 31)),
        ("2023{}9月至今", date(2023, 1, 1), None),
        ("2023年{}9月至今", date(2023, 9, 1), None),
        ("2023{}年9{}月至今", date(2023, 9, 1), None),
        ("2023年1{}2月至今", date(2023, 12, 1), None),
        ("202{}3年12月至今", date(2023, 12, 1), None),
    ],
)
@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u2060"])
def test_an_invisible_character_parts_two_dates_and_no_number(
    text: str, start: date, end: date | None, unseen: str
) -> None:
    period = read_period(text.format(unseen, unseen))
    assert period is not None
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize(
    "text", ["二〇二二年九月至今", "二零二二年九月", "二0二二年九月至今", "二〇二三年三月—二〇二四年十一月"]
)
def test_chinese_numerals_and_a_digit_zero_among_them_are_a_year(text: str) -> None:
    assert reaches(text) is True


@pytest.mark.parametrize(
    ("text", "enough"),
    [("一年半", True), ("两年", True), ("12个月", True), ("三个月", False), ("半年", False), ("一学期", False)],
)
def test_a_bare_length_of_time_is_read(text: str, enough: bool) -> None:
    assert reaches(text) is enough


@pytest.mark.parametrize(
    ("text", "enough"), [("近一年", False), ("不满一年", False), ("近两年", True), ("一年以上", True)]
)
def test_nearly_a_year_is_less_than_a_year(text: str, enough: bool) -> None:
    assert reaches(text) is enough


@pytest.mark.parametrize(
    ("text", "enough"),
    [("2023年9月起，为期三个月", False), ("2023年9月起，为期一年", True), ("2022年9月起，历时14个月", True)],
)
def test_a_length_behind_a_start_says_when_it_ended(text: str, enough: bool) -> None:
    assert reaches(text) is enough


@pytest.mark.parametrize(
    ("text", "enough"), [("2023年9月至次年6月", False), ("2022年11月-次年11月", True), ("2023年10月-3月", False)]
)
def test_a_month_before_the_first_one_or_of_the_following_year_lies_in_the_next_year(text: str, enough: bool) -> None:
    assert reaches(text) is enough


def test_the_second_term_of_a_school_year_begins_in_its_second_year() -> None:
    assert reaches("2023-2024学年第二学期至今") is False
    assert reaches("2023-2024学年第一学期至今") is True
    assert reaches("2023年春季学期至今") is True


def test_exactly_a_year_with_both_its_days_is_enough_and_a_day_less_is_not() -> None:
    assert reaches("2023.11.26-2024.11.25") is True
    assert reaches("2023.11.27-2024.11.26") is False


@pytest.mark.parametrize("text", [
    "每学期第1周", "每学期2周", "每学期开学前两周", "每年3个月", "常态化开展，每学期1个月", "每年9月开展，为期一个月", "每周二 周四晚", "每周一周三", "每两周一次", "一学期一次",
    "每半年举办一次", "一周两次", "三个月一次", "每月第二周", "大一第一学期", "每个学期5周", "1个月/学期", "每星期三天", "每批3个月", "每期培训3个月", "每批志愿者服务 3 个月", "每届任期半年",
    "各轮次一个月",
])  # fmt: skip
def test_how_often_is_not_how_long(text: str) -> None:
    assert read_period(text) is None


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("每周一次，已开展2年", True),
        ("每周两次，持续两年", True),
        ("每学期开展2周，已坚持3年", True),
        ("每周开展一次，共三个月", False),
        ("每年一次，已开展三个月", False),
        ("2022年9月起，每学期为期两周", True),
        ("2024年9月起，每学期两周", False),
        ("每年", None),
        ("一年一次，开展三年", True),
        ("第三年", True),
        ("两年20次", True),
    ],
)
def test_how_long_is_read_beside_how_often(text: str, enough: bool | None) -> None:
    assert reaches(text) is enough


@pytest.mark.parametrize(
    "text",
    ["长期", "每学期", "大一至大四", "每年3月—12月", "去年至今", "2024届毕业生", "面向2024级新生", "2024级、2025级"],
)
def test_what_names_neither_date_nor_length_is_not_guessed(text: str) -> None:
    assert read_period(text) is None


@pytest.mark.parametrize("text", [
    "本项目已持续5年，2024年为9月-11月", "2024年9月至11月，已连续举办8届", "2024年3月至11月（每年一届，今年为第六届）", "已开展三年，本年度为2024年3月至11月",
    "项目实施四年以来，2024年9月至今覆盖全校", "近三年来持续开展，2024年为3月至11月", "2024年3月至今（本项目已进入第三年）", "2024年9月—11月，累计开展两年",
])  # fmt: skip
def test_what_has_run_for_years_is_long_enough_even_if_this_year_s_part_is_short(text: str) -> None:
    assert reaches(text) is True


@pytest.mark.parametrize("text", [
    "2024年9月起实施，为期一年", "2024年9月-2026年9月，计划持续两年", "2024年9月起连续开展两年", "2024年9月至今，已持续两个月", "2024年9月至今，已列入三年规划",
    "已于2024年9月启动", "已于24年9月启动", "2024年9月至今，已筹备一年", "2024年9月至今，已计划实施两年", "2024年9月至11月，首届", "2024年9月至11月，第一届",
    "第三十届学生会，2024年9月至今", "2024年9月至今，面向2024届毕业生", "2024年3月至今（备战第十届全国大学生比赛）", "2024年9月至今，已覆盖三年级", "2024年9月至今，已持续近一年",
    "2024年9月至今，两年来校的同学都可参加",
])  # fmt: skip
def test_what_is_planned_prepared_or_counted_otherwise_does_not_lengthen_a_short_time(text: str) -> None:
    assert reaches(text) is False


@pytest.mark.parametrize("text", [
    "拟实施一年", "计划实施2年", "即日起一年", "预计一年", "将持续两年", "本学期起两年", "预期为三年", "三年行动计划", "未来三年", "面向一年级新生",
])  # fmt: skip
def test_a_length_that_is_only_planned_says_nothing_of_what_has_been_done(text: str) -> None:
    assert read_period(text) is None


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("已实施一年，计划再实施两年", True),
        ("计划实施三年，已实施一年", True),
        ("三年行动计划已实施两年", True),
        ("已实施半年，计划再实施两年", False),
        ("2022年9月起，预计为期三年", True),
        ("2022年9月起，预计为期三个月", False),
        ("2023年9月至今，已开展三个月", True),
    ],
)
def test_what_is_planned_does_not_hide_what_has_been_done(text: str, enough: bool) -> None:
    assert reaches(text) is enough
