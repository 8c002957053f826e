"""The filling instructions and the table of rules say what rules.yaml says, and nothing else."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from documents import cell, docx, paragraph
from documents import table as word_table
from parsers import read
from parsers.model import Annex3, Annex4
from pipeline import guide
from pipeline.check import check_document
from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI, Severity
from pipeline.rules import Rules
from pipeline.rules_file import load

SHIPPED = Path(__file__).parent.parent / "rules.yaml"
RULES = load(SHIPPED)
RECEIVED = datetime(2024, 11, 20, 9, 30, tzinfo=SHANGHAI)


def changed(tmp_path: Path, old: str, new: str) -> Rules:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load(path)


def fields(form: str) -> dict[str, guide.Field]:
    section = next(part for part in guide.sections(RULES) if part.title.startswith(form))
    return {field.name: field for field in section.fields}


def test_a_summary_table_filled_in_like_the_instructions_breaks_no_rule() -> None:
    asked = fields("附件3")
    columns = [field for name, field in asked.items() if not name.startswith("contact_")]
    line = "　　".join(f"{asked[name].label}：{asked[name].example}" for name in ("contact_name", "contact_phone"))
    header = "".join(cell(field.label) for field in columns)
    row = "".join(cell("1" if field.name == "project_count" else field.example) for field in columns)
    (transcript,) = read(docx(paragraph(line) + word_table(header, row)), "附件3.docx")
    record = transcript.record
    assert isinstance(record, Annex3)
    assert record.projects[0].project_name == asked["project_name"].example
    assert record.contact_name == asked["contact_name"].example
    assert check_document(transcript, "附件3.docx", RECEIVED, RULES) == ()
    counted = replace(record, project_count=asked["project_count"].example)
    findings = check_document(replace(transcript, record=counted), "附件3.docx", RECEIVED, RULES)
    assert {finding.rule for finding in findings} <= {"annex3.project_count.mismatch"}


def test_an_application_filled_in_like_the_instructions_breaks_no_rule() -> None:
    asked = fields("附件4")
    rows = [cell(field.label) + cell(field.example) for field in asked.values() if field.name != "seal"]
    (transcript,) = read(docx(word_table(*rows)), "附件4.docx")
    record = transcript.record
    assert isinstance(record, Annex4)
    assert record.categories == (asked["categories"].example.lstrip("√"),)
    findings = check_document(transcript, "附件4.docx", RECEIVED, RULES)
    assert {finding.rule for finding in findings} <= {"annex4.seal.missing"}


def test_the_examples_of_both_forms_agree() -> None:
    first, second = fields("附件3"), fields("附件4")
    for name in ("project_name", "university", "applicant", "leader", "phone"):
        assert first[name].example == second[name].example
    assert first["category"].example == second["categories"].example.lstrip("√")


def test_every_rule_that_asks_something_of_universities_gives_advice() -> None:
    told = {rule.id for rule in RULES.rules if rule.advice}
    asking = {rule.id for rule in RULES.rules if rule.severity is not Severity.NOTICE}
    assert asking - told == set()


def test_every_required_field_has_advice_of_its_own() -> None:
    for rule in RULES.rules:
        if len(wanted := rule.parameters.get("fields", {})) > 1:
            assert rule.advice.keys() == wanted.keys()


def test_every_field_that_can_be_wrong_stands_in_the_instructions_with_an_example() -> None:
    for form in ("附件3", "附件4"):
        for name, field in fields(form).items():
            assert field.advice, name
            assert field.example or name == "seal"


@pytest.mark.parametrize("kind", ["markdown", "html"])
def test_every_sentence_of_advice_is_on_the_page(kind: str) -> None:
    page = guide.instructions(RULES, kind)
    for rule in RULES.rules:
        for sentence in rule.advice.values():
            for piece in re.split(r"\{\w+\}|[“”<>&]", sentence):
                assert piece in page


def test_a_changed_limit_changes_the_instructions(tmp_path: Path) -> None:
    assert "不超过 50 字" in guide.instructions(RULES)
    page = guide.instructions(changed(tmp_path, "    limit: 50\n", "    limit: 80\n"))
    assert "不超过 80 字" in page
    assert "50 字" not in page


def test_a_rule_that_is_switched_off_asks_nothing(tmp_path: Path) -> None:
    rules = changed(tmp_path, "  annex4.period.too_short:\n", "  annex4.period.too_short:\n    enabled: false\n")
    assert "已满" in guide.instructions(RULES)
    assert "已满" not in guide.instructions(rules)
    assert "annex4.period.too_short" not in {row.id for row in guide.table(rules)}


def test_what_is_for_staff_only_is_not_asked_of_universities(tmp_path: Path) -> None:
    rules = changed(
        tmp_path, "  annex4.seal.missing:\n    severity: warning", "  annex4.seal.missing:\n    severity: notice"
    )
    assert "加盖学校团委公章" not in guide.instructions(rules)


def test_the_deadline_the_mailbox_and_the_categories_are_those_of_the_rules(tmp_path: Path) -> None:
    page = guide.instructions(changed(tmp_path, '"2024-11-26 24:00"', '"2025-11-25 18:00"'))
    assert "11月25日（星期二）18:00前" in page
    assert RULES.notice.mailbox in page
    assert "、".join(RULES.terms.categories) in page


def test_the_page_is_whole_html_and_fetches_nothing(tmp_path: Path) -> None:
    rules = changed(tmp_path, "advice: 文件不设密码。", "advice: 不设<密码>&口令。")
    page = guide.instructions(rules, "html")
    opened: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not {"src", "href"} & {name for name, _ in attrs}
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Balance().feed(page)
    assert opened == []
    assert "不设&lt;密码&gt;&amp;口令。" in page


def test_a_bar_in_a_sentence_does_not_break_the_table(tmp_path: Path) -> None:
    rules = changed(tmp_path, "advice: 同一个项目只占一行。", "advice: 甲|乙")
    rules = replace(rules, rules=tuple(replace(rule, example={"": "a|b"}) for rule in rules.rules))
    for line in guide.instructions(rules).splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


def test_an_unknown_kind_of_page_is_refused() -> None:
    with pytest.raises(ValueError, match="pdf"):
        guide.instructions(RULES, "pdf")


def test_the_table_lists_every_rule_with_its_limits_filled_in() -> None:
    rows = guide.table(RULES)
    assert [row.id for row in rows] == [rule.id for rule in RULES.rules]
    row = next(row for row in rows if row.id == "annex3.summary.too_long")
    assert row == guide.Row(
        "annex3.summary.too_long",
        "错误",
        "附件3",
        "项目简介现有 … 字，请压缩到 50 字以内（按 Word 的“字数”统计）。",
        "field=summary; limit=50",
    )
    assert not any("{" in row.message for row in rows)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("不超过 {limit} 字（", "不超过 {limt} 字（", "不能使用 {limt}"),
        ("不超过 {limit} 字（", "不超过 {limit 字（", "花括号不成对"),
        ("      contact_name: 必填", "      contact: 必填", "没有“contact”"),
        ('example: "5"', "example: 5", "加引号"),
    ],
)
def test_faulty_advice_is_refused_with_its_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        changed(tmp_path, old, new)
    assert reason in str(refusal.value)
    line = int(re.search(r"第 (\d+) 行", str(refusal.value))[1])  # type: ignore[index]
    text = SHIPPED.read_text(encoding="utf-8").replace(old, new, 1).splitlines()
    assert new.split("：")[0].strip() in text[line - 1] or text[line - 1].strip().startswith(("advice", "example"))
