"""Single defects put into a correct submission, each rule of contract §4 in several manners; what must fire is named with it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Truth = dict[str, Any]
Seed = Callable[[Random, Truth], None]


def _set(where: str, *values: Any) -> list[Seed]:
    """One seed for each value of a field; `row.` names a project's field, anything else the table's."""

    def seed(value: Any) -> Seed:
        def change(rng: Random, truth: Truth) -> None:
            if where.startswith("row."):
                rng.choice(truth["projects"])[where.removeprefix("row.")] = value
            else:
                truth[where] = value

        return change

    return [seed(value) for value in values]


def _categories(rng: Random, truth: Truth) -> None:
    row = rng.choice(truth["projects"])
    row["choices"] = sorted({row["choice"], "思想引领类" if row["choice"] != "思想引领类" else "其他类"}, key=_rank)


def _no_category(rng: Random, truth: Truth) -> None:
    rng.choice(truth["projects"])["choices"] = []


def _rank(name: str) -> int:
    from corpus.words import CATEGORIES

    return CATEGORIES.index(name)


def _opinion(text: str, signed: str = "", kept: str = "") -> Seed:
    def change(rng: Random, truth: Truth) -> None:
        rng.choice(truth["projects"]).update(opinion=text, recommendation=kept, signed_on=signed)

    return change


def _repeat_name(rng: Random, truth: Truth) -> None:
    first, second = truth["projects"][:2]
    second["project_name"] = rng.choice((first["project_name"], f"《{first['project_name']}》"))
    second["form_name"] = first["project_name"]


def _repeat_category(_: Random, truth: Truth) -> None:
    first, second = truth["projects"][:2]
    second["category"], second["choice"] = first["choice"], first["choice"]


def _both(**values: str) -> Seed:
    """Change a field in both forms, so that nothing differs between them."""

    def change(rng: Random, truth: Truth) -> None:
        rng.choice(truth["projects"]).update(values)

    return change


def _university(name: str, form: str | None = None) -> Seed:
    def change(_: Random, truth: Truth) -> None:
        truth["university"] = name
        if form is not None:
            for row in truth["projects"]:
                row["form_university"] = form

    return change


def _too_many(graduate: bool) -> Seed:
    def change(rng: Random, truth: Truth) -> None:
        from corpus import words

        union = ("校级研究生会", "校研究生会") if graduate else ("校级学生会", "校学生会")
        fresh = [name for name in words.NAMES if name not in {row["project_name"] for row in truth["projects"]}]
        used = {row["choice"] for row in truth["projects"]}
        free = [name for name in words.CATEGORIES if name not in used]
        for row in truth["projects"]:
            row["applicant"], row["form_applicant"] = "校级学生会", "校学生会"
        while len(truth["projects"]) < (8 if graduate else 6):
            number = len(truth["projects"]) + 1
            row = words.project(rng, number, fresh.pop(), free.pop(), truth["official"], False)
            row["applicant"], row["form_applicant"] = union if number > 5 else ("校级学生会", "校学生会")
            truth["projects"].append(row)
        truth["count"] = str(len(truth["projects"]))

    return change


def _drop_table(_: Random, truth: Truth) -> None:
    truth["without"] = "table"


def _drop_form(rng: Random, truth: Truth) -> None:
    truth["without"] = rng.randrange(len(truth["projects"]))


def _empty(_: Random, truth: Truth) -> None:
    truth["projects"], truth["blank_rows"] = [], 5


def _unlisted(_: Random, truth: Truth) -> None:
    truth["projects"][0]["form_name"] = "另一个毫不相干的活动"


def _wrong_count(rng: Random, truth: Truth) -> None:
    truth["count"] = str(len(truth["projects"]) + rng.choice((1, 2)))


LONG = "字" * 51
DEFECTS: dict[str, list[Seed]] = {
    "annex3.missing": [_drop_table], "annex3.empty": [_empty],
    "annex3.university.required": _set("university", "", "——"),
    "annex3.university.unknown": [_university("内蒙古示例学院", "内蒙古示例学院"), _university("北京大学", "北京大学"), _university("某某大学", "某某大学")],
    "annex3.contact.required": [*_set("contact_name", "", "  "), *_set("contact_phone", "")],
    "annex3.project_count.not_number": _set("count", "5个", "五", "共3项", "３个", "2 项", "约4", "3.5", "五个", "10+"),
    "annex3.project_count.mismatch": [_wrong_count, *_set("count", "9", "１０", "0")],
    "annex3.projects.too_many": [_too_many(False)], "annex3.projects.too_many_graduate": [_too_many(True)],
    "annex3.category.repeated": [_repeat_category],
    "annex3.category.unknown": _set("row.category", "志愿服务类", "思想引领类、学业促进类", "学习促进类", "思想引领类/社会实践类", "体育类", "A", "创新", "校园治理类 文体活动类"),
    "annex3.project.required": [seed for name in ("project_name", "summary", "category", "applicant", "leader", "phone") for seed in _set(f"row.{name}", "", "/" if name != "phone" else "—")],
    "annex3.project.duplicate": [_repeat_name],
    "annex3.summary.too_long": _set("row.summary", LONG, "我们" * 26, "服务" * 24 + "abc def 123", "一，" * 26),
    "annex3.applicant.format": _set("row.applicant", "学生会", "学生组织", "研会", "志愿者协会", "张三", "青年志愿者"),
    "annex3.phone.format": _set("row.phone", "1380000000", "138000000012", "12345", "无", "23800000001", "QQ123456789", "1380000000X", "12800000001", "电话见附件", "0471-60000", "13800000", "8613800"),
    "annex3.links.format": [_both(links_text=text, links=parts) for text, parts in (("见公众号", ("见公众号",)), ("学校官网", ("学校官网",)), ("微信公众号“某某学生会”", ("微信公众号“某某学生会”",)))],
    "annex4.missing": [_drop_form], "annex4.unlisted": [_unlisted],
    "annex4.required": [seed for name in ("form_university", "form_applicant", "form_leader", "form_phone", "members", "period", "content") for seed in _set(f"row.{name}", "", "  ")],
    "annex4.category.none": [_no_category], "annex4.category.multiple": [_categories],
    "annex4.phone.format": _set("row.form_phone", "1380000000", "138000000012", "无", "12345678901", "同上", "139000000O1", "6000001"),
    "annex4.period.too_short": _set("row.period", "2024年3月至今", "2024.3—2024.11", "半年", "2024年9月1日起", "三个月", "2024年春季学期至今", "2024年1月-2025年1月", "2024年至今", "2023年12月至今", "2023年9月-2024年6月", "二〇二四年三月至今", "24年3月至今", "6个月", "2024/5/1-2024/11/1", "一学期", "2023.12.1-2024.11.20", "10个月"),
    "annex4.recommendation.missing": [_opinion(""), _opinion("\n\n（盖章）\n    年    月    日"), _opinion("（盖章）\n2024年11月20日", "2024-11-20"), _opinion("\n  （盖章）\n\n 2024 年   月   日"),
                                      _opinion("学校团委（盖章）：\n日期：2024.11.20", "2024-11-20"), _opinion("——", kept="——"),
                                      _opinion("共青团内蒙古大学委员会\n（盖章）\n2024年11月20日", "2024-11-20", "共青团内蒙古大学委员会"),
                                      _opinion("团委书记：张三\n（盖章）", "", "团委书记：张三"), _opinion("无", kept="无")],
    "cross.university": [_university("内蒙古财经大学", None)],
    "cross.category": _set("row.choice", *("思想引领类", "心理健康类", "其他类")), "cross.leader": _set("row.form_leader", "何示例", "马某某"),
    "cross.phone": _set("row.form_phone", "13911111111", "0471-6111111"),
    "cross.applicant": _set("row.form_applicant", "法学院研究生会", "法学院学生会"),
}  # fmt: skip
# What may fire along with a defect, because it is the same fault seen from elsewhere.
ALONG: dict[str, set[str]] = {
    "annex3.university.unknown": {"cross.applicant"},
    "annex3.empty": {"annex3.project_count.mismatch", "annex4.unlisted", "annex3.project_count.not_number"},
    "annex3.project.duplicate": {"annex3.project_count.mismatch", "cross.category", "cross.leader", "cross.phone", "cross.applicant", "annex4.missing", "annex4.unlisted"},
    "annex3.project.required": {"annex4.unlisted"}, "annex4.missing": {"annex4.unlisted"}, "annex4.unlisted": {"annex4.missing"},
    "annex3.projects.too_many": {"annex3.projects.graduate_unexpected"}, "annex3.applicant.format": {"cross.applicant"},
    "annex3.category.repeated": set(), "annex4.category.none": set(), "cross.applicant": set(),
    "annex3.category.unknown": set(), "annex3.summary.too_long": set(),
}  # fmt: skip
