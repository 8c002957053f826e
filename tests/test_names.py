"""Projects, categories and applicants written differently that mean the same, and those that do not."""

from __future__ import annotations

import pytest

from effort import grows_evenly
from pipeline.names import applicant, category_of, project_stem, same_applicant, same_project

CATEGORIES = ("思想引领类", "学业促进类", "其他类")
NAMES = ("内蒙古大学", "内大")


@pytest.mark.parametrize(
    "text", ["《阳光书屋》", "“阳光书屋”", "阳光 书屋", "阳光书屋。", "「阳光书屋」", "阳光\n书屋"]
)
def test_quotation_marks_blanks_and_punctuation_do_not_part_a_project_name(text: str) -> None:
    assert same_project(text) == same_project("阳光书屋")


def test_a_closing_xiangmu_counts_only_in_the_narrow_key() -> None:
    assert same_project("阳光书屋项目") != same_project("阳光书屋")
    assert project_stem("阳光书屋项目") == project_stem("阳光书屋")


@pytest.mark.parametrize("text", [
    "“我为同学做实事”——阳光书屋项目", "“我为同学做实事”项目：阳光书屋", "我为同学办实事-阳光书屋", "阳光书屋——“我为同学做实事”项目", "1.阳光书屋", "１．阳光书屋", "（1）阳光书屋", "①阳光书屋",
    "一、阳光书屋", "项目一：阳光书屋", "项目名称：阳光书屋", "申报项目名称: 《阳光书屋》", "1、“我为同学做实事”——阳光书屋项目",
])  # fmt: skip
def test_what_only_dresses_a_project_name_counts_only_in_the_narrow_key(text: str) -> None:
    assert same_project(text) != same_project("阳光书屋")
    assert project_stem(text) == project_stem("阳光书屋")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1号楼自习室", "2号楼自习室"),
        ("24小时自习室", "小时自习室"),
        ("1.5米阳光", "5米阳光"),
        ("一站式服务", "站式服务"),
        ("2024迎新", "2025迎新"),
        ("“我为同学做实事”之春", "“我为同学做实事”之秋"),
        ("“我为同学做实事”", ""),
        ("项目一", "项目二"),
        ("1.", "2."),
        ("阳光书屋", "阳光书屋二期"),
    ],
)
def test_what_tells_projects_apart_stays_in_both_keys(one: str, other: str) -> None:
    assert project_stem(one) != project_stem(other)


@pytest.mark.parametrize(
    "text",
    [
        "思想引领类",
        "思想引领",
        "“思想引领”类",
        "1.思想引领类",
        "一、思想引领类",
        "①思想引领类",
        "思想 引领类",
        "√思想引领类",
        "思想引领类项目",
        "A.思想引领类",
        "（A）思想引领",
        "思想引领类（理论学习）",
        "1.思想引领（思想引领类·理论学习）",
    ],
)
def test_a_category_is_known_with_or_without_lei_numbering_and_ticks(text: str) -> None:
    assert category_of(text, CATEGORIES) == "思想引领类"


@pytest.mark.parametrize("text", ["其它", "其他类（防艾宣传）", "其他类（思想引领以外）", "其他"])
def test_the_other_category_may_be_explained(text: str) -> None:
    assert category_of(text, CATEGORIES) == "其他类"


@pytest.mark.parametrize(
    "text",
    [
        "志愿服务类",
        "思想引领类、学业促进类",
        "思想引领类（兼学业促进）",
        "思想引领类（学业促进类）",
        "思想",
        "",
        "学习促进类",
    ],
)
def test_what_is_not_exactly_one_category_is_none(text: str) -> None:
    assert category_of(text, CATEGORIES) is None


@pytest.mark.parametrize(
    "text",
    [
        "校级学生会",
        "内蒙古大学学生会",
        "数学科学学院学生会",
        "机电系学生会",
        "校学生会权益部",
        "护理学院团总支学生会",
        "校研究生会",
        "化学化工学院研究生分会",
        "校研究生联合会",
    ],
)
def test_an_applicant_that_names_its_level_is_complete(text: str) -> None:
    assert applicant(text).complete


@pytest.mark.parametrize("text", ["学生会", "研会", "志愿者协会", "张三", "学生组织", "校级学生组织", "院级学生组织"])
def test_an_applicant_without_level_or_union_is_not_complete(text: str) -> None:
    assert not applicant(text).complete


@pytest.mark.parametrize(("one", "other"), [
    ("校级学生会", "内大学生会"), ("内蒙古大学学生会", "学校学生会"), ("数学学院学生会", "内蒙古大学数学科学学院团委学生会"), ("二级学院学生会", "化学化工学院学生会"),
    ("化学化工学院研究生分会", "化学化工学院研究生会"), ("校级学生会", "校学生会权益部"), ("校级学生会", "内蒙古大学第三十届学生会"), ("校级学生会", "校团委、校学生会"), ("外国语学院学生会", "外语学院学生会"),
])  # fmt: skip
def test_an_abbreviation_a_department_or_a_term_of_office_is_the_same_applicant(one: str, other: str) -> None:
    assert same_applicant(one, other, NAMES)
    assert same_applicant(other, one, NAMES)


@pytest.mark.parametrize(
    ("one", "other"),
    [("校级学生会", "计算机学院学生会"), ("校级研究生会", "校级学生会"), ("法学院学生会", "医学院学生会")],
)
def test_another_unit_or_union_is_another_applicant(one: str, other: str) -> None:
    assert not same_applicant(one, other, NAMES)


def test_a_category_full_of_brackets_is_read_as_fast_as_any_other() -> None:
    # Nothing read before is remembered.
    grows_evenly(lambda size: category_of.__wrapped__("[" * size, ("思想引领类",)), 1000)
