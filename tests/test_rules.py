"""rules.yaml: what the shipped one holds, and how a faulty one is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from parsers.choice import OPTIONS
from parsers.model import Annex3, Annex4, Project, Transcript
from pipeline.errors import ConfigurationError
from pipeline.guide import instructions
from pipeline.guide import table as table_of
from pipeline.model import SHANGHAI, Severity
from pipeline.rules_copy import recalled, remember
from pipeline.rules_file import deadline, load
from pipeline.subjects import VOCABULARY, Application, SummaryTable
from pipeline.yaml_slips import slip

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
        ("  mail.late:", "  mail.lat:", "没有 mail.late，想写的可能就是它；若确是另一条规则"),
        ("  annex3.summary.too_long:", "  annex3.sumary.too_long:", "没有 annex3.summary.too_long"),
        ("  annex4.phone.format:", "  annex4.phone_format:", "没有 annex4.phone.format"),
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


def test_what_another_edition_of_the_program_found_right_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, copy = tmp_path / "rules.yaml", tmp_path / ".rules"
    text = SHIPPED.read_text(encoding="utf-8").replace("思想引领类, 学业", "思想引领类，学业")
    path.write_text(text, encoding="utf-8")
    with monkeypatch.context() as earlier:
        earlier.setattr("pipeline.rules_copy.MAKERS", ("yaml_tree.py",))
        earlier.setattr("pipeline.rules_names.refuse_odd_names", lambda _: None)
        assert load(path, copy) == load(path, copy)
        assert copy.exists()
    with pytest.raises(ConfigurationError, match="英文逗号"):
        load(path, copy)


def changed(folder: Path, old: str, new: str) -> tuple[Path, int]:
    """The shipped rules with one change, and the line on which it begins, the last one of `old` where that has several."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = folder / "rules.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, text[: text.index(old)].count("\n") + old.rstrip("\n").count("\n") + 1


def refusal(path: Path) -> tuple[int, str]:
    """The line and the whole sentence with which a file is refused."""
    with pytest.raises(ConfigurationError) as refused:
        load(path)
    line = re.search(r"第 (\d+) 行", str(refused.value))
    assert line is not None
    return int(line[1]), str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "glued"),
    [
        ("[思想引领类, 学业", "[思想引领类，学业", "思想引领类，学业促进类"),
        ("[思想引领类, 学业", "[思想引领类、学业", "思想引领类、学业促进类"),
        ("[思想引领类, 学业促进类", "[“思想引领类”，“学业促进类”", "“思想引领类”，“学业促进类”"),
        ("[内科大, 内", "[内科大；内", "内科大；内蒙古科大"),
        ("- {name: 内蒙古工业大学,", "- {name: 内蒙古工业大学，本科,", "内蒙古工业大学，本科"),
        ("[qq.com, fox", "[qq.com，fox", "qq.com，foxmail.com"),
        ("附件三, 附件四", "附件三、附件四", "附件三、附件四"),
        ("[请问, 咨询", "[请问，咨询", "请问，咨询"),
        ("[imust.edu.cn, imust.cn]", "[imust.edu.cn;imust.cn]", "imust.edu.cn;imust.cn"),
    ],
)
def test_names_with_a_chinese_comma_between_them_are_not_taken_for_one(
    tmp_path: Path, old: str, new: str, glued: str
) -> None:
    path, line = changed(tmp_path, old, new)
    told, said = refusal(path)
    assert told == line
    assert f"“{glued}”中有" in said
    assert "英文逗号" in said


def test_texts_keep_their_commas_and_words_their_question_marks(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "  activity: “我为同学做实事”", "  activity: “我为同学，做实事；办好事、解难事”")
    path.write_text(path.read_text(encoding="utf-8").replace("吗？, 吗?", "吗？, 好吗？！"), encoding="utf-8")
    rules = load(path)
    assert rules.notice.activity.startswith("“我为同学，做实事；办好事、解难事”")
    assert rules.words.questions[-2:] == ("吗？", "好吗？！")


@pytest.mark.parametrize(
    ("old", "new", "where", "allowed"),
    [
        ("{university: 高校", "{univresity: 高校", "annex3.university.required.fields.univresity", "university、"),
        ("{university: 高校", "{projects: 高校", "annex3.university.required.fields.projects", "university、"),
        ("      summary: 项目简介", "      sumary: 项目简介", "annex3.project.required.fields.sumary", "summary、"),
        ("      content: 项目内容", "      categories: 项目内容", "annex4.required.fields.categories", "content、"),
        ("field: summary", "field: links", "annex3.summary.too_long.field", "summary、"),
        ("field: leader", "field: members", "cross.leader.field", "university、category、leader、phone、applicant"),
        ("kind: unsafe", "kind: unsave", "file.unsafe.kind", "unreadable、encrypted、unsupported、unsafe"),
    ],
)
def test_a_field_that_no_form_has_is_refused_with_those_that_it_has(
    tmp_path: Path, old: str, new: str, where: str, allowed: str
) -> None:
    path, line = changed(tmp_path, old, new)
    told, said = refusal(path)
    assert told == line
    assert f"（rules.{where}）：只能是 " in said
    assert allowed in said


def test_every_field_a_rule_may_be_pointed_at_can_be_looked_at() -> None:
    terms, paper, now = load(SHIPPED).terms, Transcript(None, "docx"), datetime(2024, 11, 1, tzinfo=SHANGHAI)
    subjects = {
        SummaryTable: SummaryTable(Annex3(projects=(Project(),)), paper, terms),
        Application: Application(Annex4(), paper, now, terms),
    }
    blank = [one for one in VOCABULARY.values() if one.words.keys() == {"fields"}]
    assert {one.name for one in blank} == {"table_field_blank", "row_field_blank", "field_blank"}
    for one in blank:
        fields = dict.fromkeys(one.words["fields"], "某一栏")
        found = one.check(subjects[one.subject], fields=fields)
        assert [breach.field for breach in found] == list(fields)
    longer = VOCABULARY["longer_than"]
    for field in longer.words["field"]:
        assert list(longer.check(subjects[SummaryTable], field=field, limit=1)) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    limit: 50", "    limit: 0", "不能小于 1"),
        ("    limit: 50", "    limit: -1", "不能小于 1"),
        ("    limit: 5\n", "    limit: -5\n", "不能小于 1"),
        ("    beyond: 5", "    beyond: -1", "不能小于 0"),
        ("    years: 1", "    years: 0", "不能小于 1"),
        ("    years: 1", "    years: 2023", "不能大于 50"),
        ("max_ratio: 200", "max_ratio: 0", "不能小于 1"),
        ("max_file_megabytes: 50", "max_file_megabytes: 99999999999999999999", "不能大于 1000000"),
        ("remind_days_before: [3, 1]", "remind_days_before: [-3]", "不能小于 0"),
        ("remind_days_before: [3, 1]", "remind_days_before: [20241126]", "不能大于 365"),
        ("categories: [思", "categories: [思想引领类, 思", "写了两次"),
        ("其他类]", "其他类, 志愿服务类]", "申报表（附件4）上没有印“志愿服务类”"),
        ("其他类]", "其它类]", "只能从这些里选：思想引领类、"),
        ("[内大]", "['']", "名称是空的"),
        ("name: 赤峰学院", "name: 内蒙古大学", "“内蒙古大学”已属于名单中第 1 所"),
        ("name: 赤峰学院", "name: 内 蒙古大学", "“内 蒙古大学”已属于名单中第 1 所"),
        ("domains: [imut.edu.cn]", "contacts: [tuanwei]", "邮箱"),
        ("domains: [imut.edu.cn]", "contacts: [团委@imut.edu.cn]", "邮箱"),
        ("domains: [imut.edu.cn]", "contacts: [a@imut.edu.cn b@imut.edu.cn]", "邮箱"),
        ("mailbox: nmggxzss@163.com", "mailbox: nmggxzss@163..com", "邮箱"),
        ("2024-11-26 24:00", "2024-11-31 24:00", "没有这一天"),
        ("2024-11-26 24:00", "9999-12-31 24:00", "年份应在"),
        ("2024-11-26 24:00", "0000-01-01 24:00", "年份应在"),
        ("2024-11-26 24:00", "0224-11-26 24:00", "年份应在"),
        ("现有 {count} 字", "现有 {count:>10000000000} 字", "请改为 {count}"),
        ("现有 {count} 字", "现有 {count!r} 字", "请改为 {count}"),
        ("现有 {count} 字", "现有 {count.real} 字", "不能使用 {count.real}"),
        ("现有 {count} 字", "现有 {found[0]} 字", "不能使用 {found[0]}"),
        ("现有 {count} 字", "现有 {} 字", "不能使用 {}"),
        ("advice: 不超过 {limit} 字", "advice: 不超过 {limit:>{limit}} 字", "请改为 {limit}"),
        ("message: 汇总表中没有填写任何项目，请逐行填写所申报的项目。", "message: ''", "不能为空"),
    ],
)
def test_what_cannot_be_is_refused_on_its_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path, line = changed(tmp_path, old, new)
    told, said = refusal(path)
    assert told == line
    assert reason in said
    assert said.endswith(f"该行是：{path.read_text(encoding='utf-8').splitlines()[line - 1].strip():.80}")


def test_what_is_unusual_but_can_be_is_taken(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "    limit: 2\n    beyond: 5", "    limit: 0\n    beyond: 0")
    text = (
        path.read_text(encoding="utf-8")
        .replace("[3, 1]", "[30, 0]")
        .replace("files: [申报表,", "files: [申报表, 申报表,")
    )
    path.write_text(text.replace("graduates: true, city: 呼", "graduates: true, city: 呼，", 1), encoding="utf-8")
    rules = load(path)
    assert rules.remind_days_before == (30, 0)
    assert rules.terms.roster.universities[0].city == "呼，和浩特市"


def test_a_rule_of_staffs_own_may_resemble_one_that_is_there_and_one_may_be_left_out(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    late = text[text.index("  mail.late:\n") : text.index("\n\n", text.index("  mail.late:\n")) + 1]
    late = re.split(r"\n(?=  \S)", late)[0] + "\n"
    path = tmp_path / "rules.yaml"
    for mended in (
        text.replace(late, late + late.replace("mail.late", "mail.later")),
        text.replace(
            late,
            late.replace("mail.late:\n", "mail.late:\n    enabled: false\n") + late.replace("mail.late", "mail.lat"),
        ),
        text.replace(late, late.replace("mail.late", "our.own.deadline")),
        text.replace(late, ""),
    ):
        path.write_text(mended, encoding="utf-8")
        load(path)


@pytest.mark.parametrize("nothing", ["", " []", " ~"])
def test_no_days_to_remind_before_means_no_reminders(tmp_path: Path, nothing: str) -> None:
    path, _ = changed(tmp_path, "remind_days_before: [3, 1]", f"remind_days_before:{nothing}")
    assert (
        load(path, tmp_path / ".rules").remind_days_before == load(path, tmp_path / ".rules").remind_days_before == ()
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\ncategories: .*", f"\ncategories:{nothing}", text), encoding="utf-8")
    assert "（categories）" in refusal(path)[1]


SLIPS = [
    ("    limit: 50", "    limit：50", "中文冒号"),
    ("  mail.late:\n", "  mail.late：\n", "中文冒号"),
    ("    years: 1\n", "    years:1\n", "少了一个空格"),
    ("remind_days_before: [3, 1]", "remind_days_before:[3, 1]", "少了一个空格"),
    ("  mail.late:\n    severity: warning", "  mail.late:\n    severity:warning", "少了一个空格"),
    ("  mail.late:\n", "  mail.late\n", "少了冒号"),
    ("  mail.late:\n    severity: warning", "  mail.late:\n\tseverity: warning", "制表符"),
    ("    years: 1", "\tyears: 1", "制表符"),
    ("    years: 1", "　　years: 1", "全角空格"),
    ("文体活动类, 其他类]", "文体活动类, 其他类】", "中文括号"),
    ("fields: {university: 高校名称}", "fields: ｛university: 高校名称｝", "中文括号"),
    ("domains: [hlbrc.cn]", "domains: 【hlbrc.cn】", "中文括号"),
    ("文体活动类, 其他类]", "文体活动类, 其他类", "方括号"),
    ('deadline: "2024-11-26 24:00"', 'deadline: "2024-11-26 24:00”', "中文引号"),
    ('deadline: "2024-11-26 24:00"', "deadline: “2024-11-26 24:00”", "中文引号"),
    ("    limit: 50", "    limit: “50”", "中文引号"),
    ('phone: "13145250846"', 'phone: "13145250846”', "中文引号"),
    ('    example: "5"', '    example: "5', "引号没有配对"),
    ("[思想引领类, 学业促进类", '["思想引领类"，"学业促进类"', "英文逗号"),
    ("{name: 内蒙古大学, other", "{name: 内蒙古大学，other", "英文逗号"),
    ("level: 本科, graduates: true", "level: 本科, graduates：true", "中文冒号"),
    ("{name: 内蒙古大学,", "{name:内蒙古大学,", "少了一个空格"),
    ("message: '{found}，请打开", "message: {found}，请打开", "单引号"),
    ("message: 汇总表中没有", "message: 注意: 汇总表中没有", "英文冒号加空格"),
    ("message: 汇总表中没有", "message: @汇总表中没有", "不能以这个符号开头"),
    ("message: 汇总表中没有", "message: *汇总表中没有", "不能以“*”"),
    ("message: 汇总表中没有", "message: \x01汇总表中没有", "控制字符"),
    ("mailbox: nmggxzss@163.com", "mailbox: !unknown [x]", "“!”"),
    ("    limit: 50", "   limit: 50", "缩进"),
    ("    limit: 50", "     limit: 50", "缩进"),
    ("  - {name: 内蒙古科技大学,", "  -{name: 内蒙古科技大学,", "“- ”"),
    ("  - {name: 内蒙古科技大学,", "  － {name: 内蒙古科技大学,", "“- ”"),
]


@pytest.mark.parametrize(("old", "new", "remedy"), SLIPS)
def test_a_slip_made_in_notepad_is_told_in_chinese_with_its_own_line_and_the_remedy(
    tmp_path: Path, old: str, new: str, remedy: str
) -> None:
    path, line = changed(tmp_path, old, new)
    told, said = refusal(path)
    assert told == line
    assert remedy in said
    assert f"该行是：{re.split(chr(10), path.read_text(encoding='utf-8'))[line - 1].strip():.80}" in said
    assert not re.search(r"expected|found a|mapping|scalar|token|range", said.partition("该行是：")[0])


def test_no_right_line_looks_like_a_slip() -> None:
    assert [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if slip(line)] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_file_is_read_however_notepad_saves_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rules.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(text.encode(encoding))
    found, shipped = load(path), load(SHIPPED)
    assert (found.notice, found.terms, found.words, found.rules) == (
        shipped.notice,
        shipped.terms,
        shipped.words,
        shipped.rules,
    )
    path.write_bytes(text.replace("    limit: 50", "    limit：50").encode(encoding))
    told, said = refusal(path)
    assert (told, "中文冒号" in said) == (text[: text.index("    limit: 50")].count("\n") + 1, True)


@pytest.mark.parametrize("spot", ["关于", "思想引领类", "内蒙古大学", "扎兰屯"])
def test_a_file_with_a_torn_character_is_not_read_as_another_encoding(tmp_path: Path, spot: str) -> None:
    content = SHIPPED.read_bytes()
    torn = content.index(spot.encode())
    path = tmp_path / "rules.yaml"
    path.write_bytes(content[:torn] + content[torn + 1 :])
    with pytest.raises(ConfigurationError, match="编码选 UTF-8"):
        load(path)


def test_a_category_that_is_taken_out_is_not_counted_in_what_is_said(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "文体活动类, 其他类]", "其他类]")
    rules, now = load(path), datetime(2024, 11, 1, tzinfo=SHANGHAI)
    table = SummaryTable(Annex3(projects=(Project(category="不知哪一类"),)), Transcript("annex3", "xlsx"), rules.terms)
    form = Application(Annex4(), Transcript("annex4", "docx"), now, rules.terms)
    said = {one.rule: one.message for subject in (table, form) for one in rules.check(subject)}
    assert "以下 9 个类别中选填一个：" in said["annex3.category.unknown"]
    assert "以下 9 个类别中选择一个：" in said["annex4.category.none"]
    assert "文体活动类" not in said["annex4.category.none"]
    shown = {row.id: row.message for row in table_of(rules)}
    assert "以下 9 个类别中选填一个：" in shown["annex3.category.unknown"]


def test_advice_may_name_how_many_categories_there_are(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, "advice: 从通知列出的类别中选填", "advice: 从通知列出的 {category_count} 个类别中选填")
    assert "从通知列出的 10 个类别中选填" in instructions(load(path))
