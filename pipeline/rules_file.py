"""rules.yaml, read through a strict schema into Rules; a faulty file is refused with its path, line and reason.

Every limit, severity, word list and sentence stands in that file; this module knows only its shape.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Set
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

import pipeline.predicates  # noqa: F401 - importing it fills the vocabulary
from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI, Contact, Limits, Notice, Severity, University
from pipeline.roster import Roster
from pipeline.rules import Rule, Rules, Words
from pipeline.rules_copy import recalled, remember
from pipeline.shape import Misshapen, one_of, shaped
from pipeline.subjects import VOCABULARY, Terms

if TYPE_CHECKING:
    import yaml


class _Notice(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    activity: str
    organiser: str
    mailbox: str
    deadline: str
    contacts: tuple[Contact, ...]


_Positive = Annotated[int, Meta(ge=1)]


class _Limits(Struct, frozen=True, forbid_unknown_fields=True):
    max_file_megabytes: _Positive = 50
    max_total_megabytes: _Positive = 300
    max_files: _Positive = 500
    max_depth: _Positive = 4
    max_ratio: _Positive = 200


class _Rule(Struct, frozen=True):
    severity: str
    check: str
    message: str
    clause: str = ""
    enabled: bool = True
    advice: str | dict[str, str] = ""
    example: str | dict[str, str] = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    notice: _Notice
    categories: tuple[str, ...]
    submission_words: Words
    universities: tuple[University, ...]
    rules: dict[str, Any]
    limits: _Limits = _Limits()
    mail_providers: tuple[str, ...] = ()
    remind_days_before: tuple[int, ...] = ()


SEVERITIES = tuple(one.value for one in Severity)
# The keys of a rule that are not parameters of its check.
OF_A_RULE = frozenset(_Rule.__struct_fields__)


def deadline(text: str) -> datetime:
    """ "2024-11-26 24:00" as an instant in Asia/Shanghai; 24:00 is the end of that day. Raises ValueError."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})", text.strip())
    if not found:
        raise ValueError("应写成 2024-11-26 24:00 的样子")
    year, month, day, hour, minute = map(int, found.groups())
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError("时刻不存在")
    return datetime(year, month, day, tzinfo=SHANGHAI) + timedelta(hours=hour, minutes=minute)


def load(path: Path, copy: Path | None = None) -> Rules:
    """Read rules.yaml, or the copy of its values that is kept there. Raises ConfigurationError naming file, line and reason."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"找不到规则文件 {path}。请检查 ANNEX_RULES，或运行 annex-inbox init 生成一份。"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"规则文件 {path} 无法读取（应为 UTF-8 文本）：{error}") from None
    # What an earlier edition of the program found right this one may refuse, and only the file itself tells where.
    with suppress(Misshapen):
        known = recalled(copy, text)
        if known is not None:
            return _rules(path, shaped(known, _File))
    values, rules = _read(path, text)
    remember(copy, text, values)
    return rules


def _read(path: Path, text: str) -> tuple[Any, Rules]:
    """The plain values of the file, and the rules they make."""
    import yaml

    try:
        return _understood(path, yaml.CSafeLoader(text))
    except RecursionError:
        raise ConfigurationError(f"规则文件 {path}：层次过深，或某一处引用了它自己。请改正后重试。") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ConfigurationError(
            f"规则文件 {path} 第 {line} 行：不是合法的 YAML（{getattr(error, 'problem', error)}）。"
        ) from None


def _understood(path: Path, loader: yaml.CSafeLoader) -> tuple[Any, Rules]:
    from pipeline.yaml_tree import built, line_of

    tree = loader.get_single_node()
    if tree is None:
        raise ConfigurationError(f"规则文件 {path} 第 1 行：文件是空的。")
    try:
        values = built(loader, tree, ())
        return values, _rules(path, shaped(values, _File))
    except Misshapen as fault:
        where = ".".join(map(str, fault.position))
        line = line_of(tree, fault.position)
        raise ConfigurationError(f"规则文件 {path} 第 {line} 行（{where}）：{fault.reason}。请改正后重试。") from None


# What advice may name beside its rule's parameters; the guide knows the values.
ADVICE_NAMES = frozenset({"categories", "deadline", "mailbox", "max_file_megabytes"})


def _rules(path: Path, file: _File) -> Rules:
    megabyte = 1024 * 1024
    limits = Limits(
        max_file_bytes=file.limits.max_file_megabytes * megabyte,
        max_total_bytes=file.limits.max_total_megabytes * megabyte,
        max_files=file.limits.max_files,
        max_depth=file.limits.max_depth,
        max_ratio=file.limits.max_ratio,
    )
    notice = _notice(file.notice)
    return Rules(
        path=path,
        notice=notice,
        terms=Terms(notice.deadline, file.categories, _roster(file.universities)),
        words=file.submission_words,
        limits=limits,
        mail_providers=file.mail_providers,
        remind_days_before=file.remind_days_before,
        rules=tuple(rule for rule, enabled in _every_rule(file.rules) if enabled),
    )


def _notice(given: _Notice) -> Notice:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", given.mailbox):
        raise Misshapen(("notice", "mailbox"), "应为一个邮箱地址")
    try:
        until = deadline(given.deadline)
    except ValueError as error:
        raise Misshapen(("notice", "deadline"), str(error)) from None
    return Notice(**{**asdict(given), "deadline": until})


def _every_rule(rules: dict[str, Any]) -> Iterator[tuple[Rule, bool]]:
    """Every rule with whether it is switched on; one that is off must be right all the same."""
    for name, given in rules.items():
        rule: _Rule = shaped(given, _Rule, ("rules", name))
        yield _rule(name, rule, {key: value for key, value in given.items() if key not in OF_A_RULE}), rule.enabled


def _roster(universities: tuple[University, ...]) -> Roster:
    owners: dict[str, str] = {}
    for index, university in enumerate(universities):
        for name in (university.name, *university.other_names):
            if owners.setdefault(name, university.name) != university.name or not name:
                raise Misshapen(("universities", index), f"名称“{name}”已属于“{owners[name]}”，一个名称只能指一所高校")
    return Roster(universities)


def _rule(name: str, rule: _Rule, given: dict[str, Any]) -> Rule:
    """The rule of this name; `given` is what its check is to work with."""
    predicate = VOCABULARY.get(rule.check)
    if predicate is None:
        raise Misshapen(
            ("rules", name, "check"), f"没有名为“{rule.check}”的检查，可用的有：{'、'.join(sorted(VOCABULARY))}"
        )
    for key in given.keys() - predicate.parameters.keys():
        raise Misshapen(("rules", name, key), f"检查 {rule.check} 没有参数“{key}”")
    for key in predicate.parameters.keys() - given.keys():
        raise Misshapen(("rules", name), f"检查 {rule.check} 缺少参数“{key}”")
    parameters = {key: shaped(given[key], kind, ("rules", name, key)) for key, kind in predicate.parameters.items()}
    severity = Severity(one_of(rule.severity, SEVERITIES, ("rules", name, "severity")))
    _refuse_unknown_names((name, "message"), rule.message, predicate.says | parameters.keys())
    advice, example = (_by_field((name, key), getattr(rule, key), parameters) for key in ("advice", "example"))
    for words in advice.values():
        _refuse_unknown_names((name, "advice"), words, ADVICE_NAMES | parameters.keys())
    return Rule(name, severity, rule.clause, rule.message, predicate, parameters, advice, example)


def _by_field(where: tuple[str, str], words: str | dict[str, str], parameters: dict[str, Any]) -> dict[str, str]:
    """Words for a rule, or for each of its `fields`."""
    if isinstance(words, str):
        return {"": words} if words else {}
    for name in words.keys() - parameters.get("fields", {}).keys():
        raise Misshapen(("rules", *where, name), f"这条规则的 fields 里没有“{name}”")
    return words


def _refuse_unknown_names(where: tuple[str, str], sentence: str, known: Set[str]) -> None:
    try:
        named = [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]
    except ValueError:
        raise Misshapen(("rules", *where), "花括号不成对") from None
    for name in named:
        if name not in known:
            raise Misshapen(("rules", *where), f"不能使用 {{{name}}}，可用的有：{'、'.join(sorted(known))}")
