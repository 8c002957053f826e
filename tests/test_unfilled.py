"""Required fields in which something stands and nothing was said: words for "none", numbers, headings, the template's sample."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from desk import MORNING, form, table
from effort import takes_less
from parsers.model import Annex3, Record, Transcript
from pipeline.check import check_document
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import resource
from pipeline.unfilled import is_unfilled


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(resource("rules.yaml"))


FRAMES = [
    "1.\n2.\n3.", "1、", "①\n②", "一、\n二、", "(1)\n(2)", "姓名 学院 职务", "序号 姓名 学院 联系电话\n1\n2\n3", "姓名：\n学院：", "姓名", "一、项目背景\n二、项目内容\n三、项目成效",
    "项目背景：\n项目内容及成效：", "1.主要做法 2.特色与创新点", "xx项目", "ＸＸ项目", "ⅩⅩ项目", "××项目", "XXX", "x校级学生会/x二级学院学生会", "X校级学生会／X二级学院学生会",
]  # fmt: skip
SAID = [
    "甲某某", "1.甲某", "一、甲某\n二、", "12", "2023.9", "2023年9月至今", "13800000001", "联系电话13800000001", "0471-6000000", "姓名：甲某", "文学院", "校级学生会", "x校级学生会",
    "x二级学院学生会", "二级学院学生会", "一、项目背景\n每周开放自习室。", "项目内容", "项目成效显著", "一号楼自习室", "一站式服务", "X光宣传项目", "24小时自习室", "无线电协会", "无障碍出行",
    "内容见附件", "1.项目背景\n见图", "职务提升计划", "石榴籽项目", "1.开展活动\n2.总结经验", "1.项目宣传 2.志愿服务",
]  # fmt: skip


@pytest.mark.parametrize("text", FRAMES)
def test_a_frame_without_anything_in_it_is_unfilled(text: str) -> None:
    assert is_unfilled(text)
    assert is_unfilled(text, or_none=False)


@pytest.mark.parametrize("text", ["无", "暂无", "（空）", "N/A"])
def test_a_word_for_none_is_unfilled_where_there_must_be_something(text: str) -> None:
    assert is_unfilled(text)
    assert not is_unfilled(text, or_none=False)


@pytest.mark.parametrize("text", SAID)
def test_whatever_says_something_is_filled_in(text: str) -> None:
    assert not is_unfilled(text)


def test_a_long_text_of_headings_takes_no_longer_than_any_other() -> None:
    text = "一、项目内容及成效" * 20_000 + "完"
    other = "每" * len(text)
    assert (is_unfilled(text), is_unfilled(other)) == (False, False)
    takes_less(lambda: is_unfilled(text), 100, lambda: is_unfilled(other))


def found(record: Record, rules: Rules) -> set[tuple[str, str]]:
    kind = "annex3" if isinstance(record, Annex3) else "annex4"
    findings = check_document(Transcript(kind, "docx", record), "文件", MORNING, rules)
    return {(one.rule, one.field) for one in findings if one.rule != "annex4.seal.missing"}


@pytest.mark.parametrize("field", ["project_name", "university", "applicant", "leader", "period", "content"])
@pytest.mark.parametrize("text", ["无", "暂无", "1.\n2."])
def test_an_annex_4_field_filled_in_with_nothing_is_asked_for_once(field: str, text: str, rules: Rules) -> None:
    assert found(replace(form(1), **{field: text}), rules) == {("annex4.required", field)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"members": "1.\n2.\n3."}, {("annex4.required", "members")}),
        ({"members": "姓名 学院 职务"}, {("annex4.required", "members")}),
        ({"members": "无"}, set()),
        ({"members": "/"}, set()),
        ({"members": "——"}, set()),
        ({"members": "＿＿＿"}, {("annex4.required", "members")}),
        ({"members": "、"}, {("annex4.required", "members")}),
        ({"members": "甲某"}, set()),
        ({"phone": "无"}, {("annex4.phone.format", "phone")}),
        ({"phone": "——"}, {("annex4.required", "phone")}),
        ({"project_name": "xx项目"}, {("annex4.required", "project_name")}),
        ({"applicant": "x校级学生会/x二级学院学生会"}, {("annex4.required", "applicant")}),
        ({"content": "一、项目背景\n二、项目成效"}, {("annex4.required", "content")}),
    ],
)
def test_what_has_a_rule_of_its_own_or_may_be_nobody_is_not_asked_for_twice(
    changes: dict[str, Any], expected: set[tuple[str, str]], rules: Rules
) -> None:
    assert found(replace(form(1), **changes), rules) == expected


def test_an_annex_3_in_which_there_is_none_of_anything_is_asked_for_all_of_it(rules: Rules) -> None:
    sound = table(projects=1)
    assert found(sound, rules) == set()
    row = replace(sound.projects[0], summary="无", leader="无", applicant="无", phone="无", category="无")
    assert found(replace(sound, contact_name="无", contact_phone="暂无", university="无", projects=(row,)), rules) == {
        ("annex3.contact.required", "contact_name"),
        ("annex3.contact.required", "contact_phone"),
        ("annex3.university.required", "university"),
        ("annex3.project.required", "summary"),
        ("annex3.project.required", "leader"),
        ("annex3.project.required", "applicant"),
        ("annex3.phone.format", "phone"),
        ("annex3.category.unknown", "category"),
    }
