"""Which university of the shipped roster a name means: other names, additions, slips, and names that are not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.roster import Nearness, Roster
from pipeline.rules_file import load


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load(Path(__file__).parents[1] / "rules.yaml").terms.roster


@pytest.mark.parametrize(("text", "name"), [
    ("内大", "内蒙古大学"), ("内蒙古师大", "内蒙古师范大学"), ("内蒙古师范大学鸿德学院", "内蒙古鸿德文理学院"), ("呼和浩特职业技术大学", "呼和浩特职业学院"),
    ("内 蒙 古 大 学", "内蒙古大学"), ("“赤峰学院”", "赤峰学院"),
])  # fmt: skip
def test_a_short_or_former_name_is_the_university_itself(text: str, name: str, roster: Roster) -> None:
    match = roster.find(text)
    assert match is not None
    assert (match.university.name, match.nearness) == (name, Nearness.EXACT)


@pytest.mark.parametrize(("text", "name"), [
    ("内蒙古大学（玉泉校区）", "内蒙古大学"), ("内蒙古大学数学科学学院", "内蒙古大学"), ("共青团内蒙古医科大学委员会", "内蒙古医科大学"),
    ("包头师范学院团委", "内蒙古科技大学包头师范学院"), ("内师大团委", "内蒙古师范大学"), ("包头轻工职业技术学院学工部", "包头轻工职业技术学院"),
])  # fmt: skip
def test_a_campus_college_or_committee_added_does_not_change_the_university(
    text: str, name: str, roster: Roster
) -> None:
    match = roster.find(text)
    assert match is not None
    assert match.university.name == name
    assert match.nearness is not Nearness.NEAR


def test_a_university_whose_name_contains_another_is_an_entry_of_its_own(roster: Roster) -> None:
    for name in ("内蒙古科技大学", "内蒙古科技大学包头师范学院", "内蒙古大学", "内蒙古大学创业学院"):
        match = roster.find(name)
        assert match is not None
        assert match.university.name == name


@pytest.mark.parametrize(("text", "name"), [
    ("內蒙古大學", "内蒙古大学"), ("呼倫貝爾學院", "呼伦贝尔学院"), ("錫林郭勒職業學院", "锡林郭勒职业学院"), ("鄂爾多斯應用技術學院", "鄂尔多斯应用技术学院"),
    ("內蒙古農業大學團委", "内蒙古农业大学"),
])  # fmt: skip
def test_traditional_characters_are_the_same_name(text: str, name: str, roster: Roster) -> None:
    match = roster.find(text)
    assert match is not None
    assert (match.university.name, match.nearness) == (name, Nearness.EXACT)
    assert roster.mentioned(f"{text}報送材料") == match.university


@pytest.mark.parametrize(("text", "name"), [
    ("内蒙古财精大学", "内蒙古财经大学"), ("内蒙大学", "内蒙古大学"), ("内蒙师范大学", "内蒙古师范大学"), ("内蒙师大", "内蒙古师范大学"), ("内蒙古医科大", "内蒙古医科大学"),
    ("内蒙古大", "内蒙古大学"), ("内蒙古电子信息职业学院", "内蒙古电子信息职业技术学院"), ("锡林郭勒职业技术学院", "锡林郭勒职业学院"), ("包头职业学院", "包头职业技术学院"),
    ("锡林郭勒职业技术学院团委", "锡林郭勒职业学院"),
])  # fmt: skip
def test_one_slip_is_taken_and_told_to_staff(text: str, name: str, roster: Roster) -> None:
    match = roster.find(text)
    assert match is not None
    assert (match.university.name, match.nearness) == (name, Nearness.NEAR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "大学",
        "某某大学",
        "北京大学",
        "内蒙古工业大学、内蒙古大学",
        "内蒙古大学交通职业技术学院",
        "国内大学",
        "蒙古大学院",
        "包头大学",
    ],
)
def test_a_name_that_fits_none_or_two_is_not_guessed(text: str, roster: Roster) -> None:
    assert roster.find(text) is None
