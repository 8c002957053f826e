"""rules.yaml, read through a strict schema into Rules; a faulty file is refused with its path, line and reason.

Every limit, severity, word list and sentence stands in that file; this module knows only its shape.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from parsers.charset import decoded
from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI, Contact, Limits, Notice, University
from pipeline.roster import Roster
from pipeline.rules import Rules, Words
from pipeline.rules_block import rules_of
from pipeline.rules_copy import recalled, remember
from pipeline.settings import resource
from pipeline.shape import Misshapen, Positive, shaped
from pipeline.subjects import Terms

if TYPE_CHECKING:
    import yaml


class _Notice(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    activity: str
    organiser: str
    mailbox: str
    deadline: str
    contacts: tuple[Contact, ...]


class _Limits(Struct, frozen=True, forbid_unknown_fields=True):
    max_file_megabytes: Positive = 50
    max_total_megabytes: Positive = 300
    max_files: Positive = 500
    max_depth: Positive = 4
    max_ratio: Positive = 200


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    notice: _Notice
    categories: Annotated[tuple[str, ...], Meta(min_length=1)]
    submission_words: Words
    universities: tuple[University, ...]
    rules: dict[str, Any]
    limits: _Limits = _Limits()
    mail_providers: tuple[str, ...] = ()
    # None is what YAML makes of nothing after the colon.
    remind_days_before: tuple[Annotated[int, Meta(ge=0, le=365)], ...] | None = None


# A deadline outside these years is a slip of the hand.
YEARS = range(2000, 2101)


def deadline(text: str) -> datetime:
    """ "2024-11-26 24:00" as an instant in Asia/Shanghai; 24:00 is the end of that day. Raises ValueError."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})", text.strip())
    if not found:
        raise ValueError("应写成 2024-11-26 24:00 的样子")
    year, month, day, hour, minute = map(int, found.groups())
    if year not in YEARS:
        raise ValueError(f"年份应在 {YEARS[0]} 至 {YEARS[-1]} 之间")
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError("时刻不存在")
    try:
        return datetime(year, month, day, tzinfo=SHANGHAI) + timedelta(hours=hour, minutes=minute)
    except ValueError:
        raise ValueError("没有这一天") from None


def load(path: Path, copy: Path | None = None) -> Rules:
    """Read rules.yaml, or the copy of its values that is kept there. Raises ConfigurationError naming file, line and reason."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"找不到规则文件 {path}。请检查 ANNEX_RULES，或运行 annex-inbox init 生成一份。"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"规则文件 {path} 无法读取：{error}") from None
    # Line ends as they come are of no account to the copy that is kept.
    text = io.StringIO(decoded(content), newline=None).read()
    if "\ufffd" in text:
        raise ConfigurationError(f"规则文件 {path} 的编码认不出来，请用记事本另存为，编码选 UTF-8。")
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
        return _understood(path, text, yaml.CSafeLoader(text))
    except RecursionError:
        raise ConfigurationError(f"规则文件 {path}：层次过深，或某一处引用了它自己。请改正后重试。") from None
    except yaml.YAMLError as error:
        from pipeline.yaml_slips import explained

        line, reason = explained(error, text)
        raise _refusal(path, text, line, f"：不是合法的 YAML（{reason}）") from None


def _understood(path: Path, text: str, loader: yaml.CSafeLoader) -> tuple[Any, Rules]:
    from pipeline.rules_names import refuse_odd_ids, refuse_odd_names
    from pipeline.yaml_tree import built, line_of

    tree = loader.get_single_node()
    if tree is None:
        raise ConfigurationError(f"规则文件 {path} 第 1 行：文件是空的。")
    try:
        values = built(loader, tree, ())
        rules = _rules(path, shaped(values, _File))
        refuse_odd_names(rules)
        refuse_odd_ids(values["rules"], _shipped())
        return values, rules
    except Misshapen as fault:
        from pipeline.yaml_slips import lines_of, slip

        where, line = ".".join(map(str, fault.position)), line_of(tree, fault.position)
        known = slip(lines_of(text)[line - 1])
        raise _refusal(path, text, line, f"（{where}）：{fault.reason}{known and f'（这一行{known}）'}") from None


def _shipped() -> Collection[str]:
    """The ids of the rules that came with the program."""
    import yaml

    with resource("rules.yaml").open(encoding="utf-8") as file:
        rules: dict[str, Any] = yaml.load(file, yaml.CSafeLoader)["rules"]
    return rules.keys()


def _refusal(path: Path, text: str, line: int, reason: str) -> ConfigurationError:
    from pipeline.yaml_slips import lines_of

    written = lines_of(text)[line - 1].strip()
    return ConfigurationError(f"规则文件 {path} 第 {line} 行{reason}。请改正后重试。该行是：{written:.80}")


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
        terms=Terms(notice.deadline, file.categories, Roster(file.universities)),
        words=file.submission_words,
        limits=limits,
        mail_providers=file.mail_providers,
        remind_days_before=file.remind_days_before or (),
        rules=tuple(rules_of(file.rules)),
    )


def _notice(given: _Notice) -> Notice:
    try:
        until = deadline(given.deadline)
    except ValueError as error:
        raise Misshapen(("notice", "deadline"), str(error)) from None
    return Notice(**{**asdict(given), "deadline": until})
