"""The table of all rules, and the page of filling instructions for universities, both made from rules.yaml.

Every sentence of the instructions is the advice of a rule that is switched on, so the two cannot contradict each other.
It checks nothing and writes no file.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from parsers import printed
from pipeline.model import Severity
from pipeline.rules import Rule, Rules
from pipeline.wording import deadline_text, one_line

__all__ = ["Field", "Row", "Section", "instructions", "sections", "table"]

HEADINGS = ("规则", "级别", "依据", "说明", "参数")
COLUMNS = ("栏目", "怎样填", "示例", "依据")
MEGABYTE = 1024 * 1024
FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "annex3": (printed.TITLES["annex3"], printed.CONTACT | printed.COLUMNS),
    "annex4": (printed.TITLES["annex4"], printed.APPLICATION | {"seal": printed.SEAL}),
}
# A cross-check names the field as Annex 3 does and is read at the form that has to agree, Annex 4.
AGREEING = {"cross": "annex4"}
GENERAL = "报送材料"
STYLE = (
    "body{font:16px/1.7 'Microsoft YaHei','PingFang SC',sans-serif;max-width:52em;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.4em}h2{font-size:1.15em;margin-top:2em;border-left:4px solid #b3261e;padding-left:.5em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.4em .6em;text-align:left;vertical-align:top}"
    "th{background:#f2f4f7;white-space:nowrap}td:first-child{white-space:nowrap;font-weight:bold}"
    "td:last-child{color:#666;font-size:.9em}@media(max-width:40em){td:first-child{white-space:normal}}"
    "@media print{body{margin:0;max-width:none;font-size:12px}tr{break-inside:avoid}}"
)


class Row(Struct, frozen=True):
    """A rule as staff read it; `message` with its limits filled in and … for what only a finding knows."""

    id: str
    severity: str
    clause: str
    message: str
    parameters: str


class Field(Struct, frozen=True):
    """One field of a form: what to write there, an example ("" for none) and the clauses that ask for it."""

    name: str
    label: str
    advice: tuple[str, ...]
    example: str
    clauses: tuple[str, ...]


class Section(Struct, frozen=True):
    """A part of the instructions: sentences of their own with their clauses, then a form's fields in printed order."""

    title: str
    sentences: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()


def table(rules: Rules) -> tuple[Row, ...]:
    """Every rule that is switched on, in the order of rules.yaml."""
    return tuple(
        Row(
            rule.id,
            rule.severity.label,
            rule.clause,
            _filled(rule.message, _known(rules) | rule.parameters),
            _told(rule),
        )
        for rule in rules.rules
    )


def sections(rules: Rules) -> tuple[Section, ...]:
    """The filling instructions: what to send, then each form field by field. Rules for staff alone (notices) say nothing."""
    said = [one for rule in rules.rules if rule.severity is not Severity.NOTICE for one in _said(rule, rules)]
    general = tuple((one.sentence, one.clause) for one in said if one.form not in FORMS)
    forms = (_form(form, [one for one in said if one.form == form]) for form in FORMS)
    return (Section(GENERAL, general), *forms)


def instructions(rules: Rules, kind: str = "markdown") -> str:
    """The page for universities as "markdown" or "html" (one file, nothing fetched). Raises ValueError for another kind."""
    writers = {"markdown": _markdown, "html": _html}
    if kind not in writers:
        raise ValueError(f"no such kind of page: {kind}")
    return writers[kind](rules, sections(rules))


class _Said(Struct, frozen=True):
    """One sentence of advice and what it is about; `field` "" for the form as a whole, `form` "" for all that is sent."""

    form: str
    field: str
    sentence: str
    example: str
    clause: str


def _said(rule: Rule, rules: Rules) -> Iterator[_Said]:
    known = _known(rules) | rule.parameters
    for name in dict.fromkeys((*rule.advice, *rule.example)):
        form, field = _subject(rule, name)
        yield _Said(form, field, _filled(rule.advice.get(name, ""), known), rule.example.get(name, ""), rule.clause)


def _subject(rule: Rule, name: str) -> tuple[str, str]:
    """The form and field a rule's advice is about, told by the rule's id: annex3.summary.too_long, cross.leader."""
    form, _, rest = rule.id.partition(".")
    form = AGREEING.get(form, form)
    if form not in FORMS:
        return "", ""
    topic = name or rest.partition(".")[0]
    fields = rule.parameters.get("fields", {})
    if not name and topic not in FORMS[form][1] and len(fields) == 1:
        topic = next(iter(fields))
    if form == "annex4":
        topic = printed.IN_APPLICATION.get(topic, topic)
    return form, topic if topic in FORMS[form][1] else ""


def _form(form: str, said: Iterable[_Said]) -> Section:
    title, labels = FORMS[form]
    by_field: dict[str, list[_Said]] = {}
    for one in said:
        by_field.setdefault(one.field, []).append(one)
    whole = tuple((one.sentence, one.clause) for one in by_field.get("", ()) if one.sentence)
    fields = (_field(name, label, by_field[name]) for name, label in labels.items() if name in by_field)
    return Section(title, whole, tuple(fields))


def _field(name: str, label: str, said: list[_Said]) -> Field:
    advice = dict.fromkeys(one.sentence for one in said if one.sentence)
    example = next((one.example for one in said if one.example), "")
    return Field(name, label, tuple(advice), example, tuple(dict.fromkeys(one.clause for one in said if one.clause)))


def _known(rules: Rules) -> dict[str, object]:
    """What advice may name beside its rule's parameters (`rules_block.ADVICE_NAMES`)."""
    return {
        "categories": "、".join(rules.terms.categories),
        "category_count": len(rules.terms.categories),
        "deadline": deadline_text(rules.notice.deadline),
        "mailbox": rules.notice.mailbox,
        "max_file_megabytes": rules.limits.max_file_bytes // MEGABYTE,
    }


class _Open(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def _filled(sentence: str, known: Mapping[str, object]) -> str:
    return sentence.format_map(_Open(known))


def _told(rule: Rule) -> str:
    """A rule's parameters in one line: limit=50; fields=高校名称、电话."""
    return "; ".join(
        f"{key}={'、'.join(map(str, value.values())) if isinstance(value, dict) else value}"
        for key, value in rule.parameters.items()
    )


def _lead(rules: Rules) -> tuple[str, ...]:
    notice = rules.notice
    asked = "；".join(f"{one.unit}，{one.name}，{one.phone}" for one in notice.contacts)
    return (
        f"依据：《{notice.title}》",
        f"报送时间：{deadline_text(notice.deadline)}前；报送邮箱：{notice.mailbox}",
        *([f"咨询：{asked}"] if asked else []),
    )


def _title(rules: Rules) -> str:
    return f"{rules.notice.activity}填报说明"


def _markdown(rules: Rules, parts: Iterable[Section]) -> str:
    lines = [f"# {_title(rules)}", "", *(f"- {line}" for line in _lead(rules)), ""]
    for part in parts:
        lines += [f"## {part.title}", ""]
        lines += [f"- {sentence}{f'（{clause}）' if clause else ''}" for sentence, clause in part.sentences]
        lines += [""] if part.sentences else []
        if part.fields:
            lines += [_line(COLUMNS), _line("---" for _ in COLUMNS)]
            lines += [_line(cells) for cells in map(_cells, part.fields)]
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _cells(field: Field) -> tuple[str, ...]:
    return field.label, "".join(field.advice), field.example, "；".join(field.clauses)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(one_line(cell, 10_000).replace('|', chr(92) + '|') for cell in cells)} |"


def _html(rules: Rules, parts: Iterable[Section]) -> str:
    said = html.escape
    title = said(_title(rules))
    lines = [
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
        *(f"<p>{said(line)}</p>" for line in _lead(rules)),
    ]
    for part in parts:
        lines += [f"<h2>{said(part.title)}</h2>"]
        points = (f"<li>{said(one)}{f'（{said(clause)}）' if clause else ''}</li>" for one, clause in part.sentences)
        lines += ["<ul>", *points, "</ul>"] if part.sentences else []
        if part.fields:
            lines += ["<table><tr>", *(f"<th>{said(name)}</th>" for name in COLUMNS), "</tr>"]
            rows = ("".join(f"<td>{said(cell)}</td>" for cell in _cells(field)) for field in part.fields)
            lines += [*(f"<tr>{row}</tr>" for row in rows), "</table>"]
    return "\n".join([*lines, "</body></html>", ""])
