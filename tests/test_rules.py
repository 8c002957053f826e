"""rules.yaml: what the shipped one holds, and how a faulty one is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from parsers.choice import OPTIONS
from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI, Severity
from pipeline.rules_copy import recalled, remember
from pipeline.rules_file import deadline, load

SHIPPED = Path(__file__).parent.parent / "rules.yaml"

# The ids and severities of the contract; renaming one breaks what people script against.
CONTRACT = """
mail.no_attachment error|mail.cloud_attachment error|mail.late warning|file.unreadable error|file.encrypted error
file.unsupported error|file.unsafe error|form.unrecognised notice|annex3.missing error|annex3.empty error
annex3.university.required error|annex3.university.unknown warning|annex3.contact.required error
annex3.project_count.not_number error|annex3.project_count.mismatch error|annex3.projects.too_many error
annex3.projects.too_many_graduate error|annex3.projects.graduate_unexpected notice|annex3.category.repeated warning
annex3.category.unknown error|annex3.project.required error|annex3.project.duplicate error
annex3.summary.too_long error|annex3.applicant.format warning|annex3.phone.format error|annex3.links.format warning
annex4.missing error|annex4.unlisted error|annex4.required error|annex4.category.none error
annex4.category.multiple error|annex4.phone.format error|annex4.period.too_short error
annex4.period.unreadable notice|annex4.recommendation.missing error|annex4.seal.missing warning
cross.university error|cross.category error|cross.leader warning|cross.phone warning|cross.applicant warning
"""


def test_every_rule_of_the_contract_is_there_with_its_severity() -> None:
    wanted = dict(line.split() for line in re.split(r"[|\n]", CONTRACT.strip()))
    found = {rule.id: rule.severity.value for rule in load(SHIPPED).rules}
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_deadline_is_the_end_of_the_day_in_shanghai() -> None:
    assert load(SHIPPED).terms.deadline == datetime(2024, 11, 27, tzinfo=SHANGHAI)
    assert deadline("2024-11-26 18:30") == datetime(2024, 11, 26, 18, 30, tzinfo=SHANGHAI)


def test_the_categories_are_those_printed_on_the_form() -> None:
    assert load(SHIPPED).terms.categories == tuple(OPTIONS)


def test_the_roster_has_the_universities_of_the_region() -> None:
    roster = load(SHIPPED).terms.roster
    assert len(roster.universities) == 56
    assert roster.find("包头师范学院") is not None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("limit: 50", "limit: fifty", "整数"),
        ("limit: 50", "limitt: 50", "没有参数“limitt”"),
        ("    limit: 50\n", "", "缺少参数“limit”"),
        ("check: longer_than", "check: longer", "没有名为“longer”的检查"),
        ("现有 {count} 字", "现有 {counts} 字", "{counts}"),
        ("现有 {count} 字", "现有 {count 字", "花括号"),
        ('deadline: "2024-11-26 24:00"', 'deadline: "11月26日"', "2024-11-26 24:00"),
        ('deadline: "2024-11-26 24:00"', 'deadline: "2024-11-26 25:00"', "时刻"),
        ("mailbox: nmggxzss@163.com", "mailbox: nmggxzss", "邮箱"),
        ("  mail.late:\n    severity: warning", "  mail.late:\n    severity: warn", "error"),
        ("categories: [", "categorys: [", "categorys）：不认识这一项"),
        ("  mailbox: nmggxzss@163.com\n", "", "notice.mailbox）：缺少这一项"),
        ("categories: [", "categories: {[", "YAML"),
        ("mailbox: nmggxzss@163.com", "mailbox: !!python/name:os.system", "YAML"),
        ("name: 内蒙古工业大学, other_names: [内工大,", "name: 内蒙古工业大学, other_names: [内大,", "内大"),
        ("  annex4.unlisted:", "  annex4.missing:", "写了两次"),
        ("max_files: 500", "max_files: 0", "不能小于 1"),
        ("graduates: true", "graduates: 有", "true"),
        ("limit: 50", "limit: !!int 五十", "不能当作 int"),
        ("limit: 50", "? [limit]\n    : 50", "YAML"),
        ("mailbox: nmggxzss@163.com", "mailbox: !unknown [x]", "YAML"),
        (
            "  mail.late:\n    severity",
            "  mail.nothing:\n  mail.late:\n    severity",
            "（rules.mail.nothing）：应为“键: 值”的形式",
        ),
        ("  mailbox: nmgg", "  2024: x\n  mailbox: nmgg", "（notice）：键应为文字"),
    ],
)
def test_a_fault_is_refused_with_file_line_and_reason(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(path)
    said = str(refused.value)
    line = re.search(r"第 (\d+) 行", said)
    assert str(path) in said
    assert reason in said
    assert line is not None
    if reason != "YAML":
        block = text[: text.index(old)].count("\n") + 1
        assert abs(int(line[1]) - block) <= 6


@pytest.mark.parametrize("content", [b"", b"[]", b"text", b"\xff\xfe\x00", b"a: [1"])
def test_what_is_no_rules_file_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        load(path)


@pytest.mark.parametrize("endless", ["categories: &all [*all, ", f"categories: [{'[' * 5000}{']' * 5000}, "])
def test_what_has_no_end_is_refused(tmp_path: Path, endless: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace("categories: [", endless, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="层次过深"):
        load(path)


def test_what_is_said_once_may_be_referred_to(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    rule = re.search(r"\n  mail\.late:\n(?:    .*\n)+", text)
    assert rule is not None
    shared = rule[0].replace("mail.late:", "mail.late: &late")
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(rule[0], f"{shared}  mail.later: {{<<: *late, severity: notice}}\n"), encoding="utf-8")
    found = {one.id: one for one in load(path).rules}
    assert found["mail.later"].message == found["mail.late"].message
    assert found["mail.later"].severity is not found["mail.late"].severity


def test_a_missing_rules_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="annex-inbox init"):
        load(tmp_path / "none.yaml")


def test_a_rule_may_be_switched_off_or_made_milder_there_and_nowhere_else(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("check: no_seal", "check: no_seal\n    enabled: false")
    text = text.replace("  annex3.empty:\n    severity: error", "  annex3.empty:\n    severity: notice")
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    rules = {rule.id: rule for rule in load(path).rules}
    assert "annex4.seal.missing" not in rules
    assert rules["annex3.empty"].severity is Severity.NOTICE


def test_a_file_read_before_is_not_read_as_yaml_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / ".rules"
    first = load(SHIPPED, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr("pipeline.rules_file._read", lambda *_: pytest.fail("the YAML was read"))
    assert load(SHIPPED, copy) == first


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    path, copy = tmp_path / "rules.yaml", tmp_path / ".rules"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    load(path, copy)
    path.write_text(text.replace("2024-11-26 24:00", "2024-11-27 24:00"), encoding="utf-8")
    assert load(path, copy).terms.deadline == deadline("2024-11-27 24:00") != load(SHIPPED).terms.deadline
    path.write_text("categories: [1", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="不是合法的 YAML"):
        load(path, copy)


@pytest.mark.parametrize(
    "damage", [lambda kept: kept[:-9], lambda kept: kept.replace("大学".encode(), b"??????"), lambda _: b""]
)
def test_a_damaged_copy_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    copy = tmp_path / ".rules"
    load(SHIPPED, copy)
    whole = copy.read_bytes()
    copy.write_bytes(damage(whole))
    assert copy.read_bytes() != whole
    assert load(SHIPPED, copy) == load(SHIPPED)
    assert copy.read_bytes() == whole


def test_a_copy_that_cannot_be_kept_does_no_harm(tmp_path: Path) -> None:
    assert load(SHIPPED, tmp_path) == load(SHIPPED, tmp_path / "none" / ".rules") == load(SHIPPED)


@pytest.mark.parametrize("value", ["2024-11-26", "{1: a}", "[.nan]", "!!binary YQ==", "!!set {a}"])
def test_values_that_json_would_change_are_not_kept(tmp_path: Path, value: str) -> None:
    copy = tmp_path / ".rules"
    remember(copy, value, yaml.safe_load(value))
    assert not copy.exists()
    assert recalled(copy, value) is None


def test_what_an_earlier_program_kept_and_this_one_refuses_is_refused_with_its_line(tmp_path: Path) -> None:
    path, copy = tmp_path / "rules.yaml", tmp_path / ".rules"
    path.write_text("surplus: 1\n", encoding="utf-8")
    remember(copy, path.read_text(encoding="utf-8"), {"surplus": 1})
    with pytest.raises(ConfigurationError, match="第 1 行"):
        load(path, copy)
