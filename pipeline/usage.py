"""What is wrong with a command line, in Chinese. The argument parser finds it and says it in English; nothing is parsed here."""

from __future__ import annotations

import re
from typing import Any

# What the parser says, and what we say.
REASONS = {
    r"No such command '([^']*)'\.?": r"没有命令 \1",
    r"No such command '([^']*)'.*'([^']*)'.*": r"没有命令 \1（是不是 \2？）",
    r"No such option: (\S+)": r"没有选项 \1",
    r"Option '(.*)' requires an argument\.": r"选项 \1 后面缺少值",
    r"Option '(.*)' does not take a value\.": r"选项 \1 后面不写值",
    r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)": r"多写了 \1",
    r"\w+ '(.*)' does not exist\.": r"找不到“\1”",
    r"\w+ '(.*)' is a directory\.": r"“\1”是文件夹，这里应写一个文件",
    r"\w+ '(.*)' is not readable\.": r"没有读取“\1”的权限",
    r"Input should be greater than or equal to (\d+)": r"不能小于 \1",
    r"Input should be a valid integer.*": "应为整数",
}


def wrong_usage(error: Any) -> str:
    """One of the parser's errors as a sentence without its full stop; names the parameter as --help does."""
    parameter = getattr(error, "param", None)
    name = f"参数 {parameter.opts[0]}" if parameter is not None else ""
    if type(error).__name__ == "MissingParameter":
        return f"缺少{name}"
    said = str(error.message)
    found = ((re.fullmatch(theirs, said, re.DOTALL), ours) for theirs, ours in REASONS.items())
    reason = next((match.expand(ours) for match, ours in found if match), f"写法有误（{said}）")
    return f"{name} 有误：{reason}" if name else reason
