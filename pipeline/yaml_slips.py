"""Why a YAML file cannot be read, said in Chinese: the slips of people who write it in 记事本, each with its line and remedy.

It is asked only about a file that is refused already, so a right line that looks like a slip does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

KEY = r"[A-Za-z_][A-Za-z0-9_.]*"
# Where a key may stand: first in its line, after the dash of a list, or between the braces of a mapping.
BEFORE_KEY = rf"^\s*(?:-\s*)?(?:{KEY}:\s+)?(?:\{{(?:.*[,，])?\s*)?"
# What a value ends with.
END = r"\s*(?:$|[,}\]])"
SLIPS = (
    (r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "有看不见的控制字符，请删去这一行重新输入"),
    (r"^ *\t", "行首用了制表符（Tab），请改用空格，与上下行对齐"),
    (r"^ *[\u3000\xa0]", "行首用了全角空格，请改用半角空格，与上下行对齐"),
    (rf":\s+\{{\w+\}}(?!{END})", "以花括号开头的文字，请用单引号“'”整段括起来"),
    (rf"{BEFORE_KEY}{KEY}\s*：", "用了中文冒号“：”，请改用英文冒号加一个空格“: ”"),
    (rf"{BEFORE_KEY}{KEY}:(?=[^\s/])", "冒号后面少了一个空格，请写成“: ”"),
    (r"^\s*(?:[－—–]|-(?=[^\s-]))", "列表的一行应以“- ”（英文减号加一个空格）开头"),
    (rf":\s+“[^“”\"]*[”\"]{END}|\"[^\"]*”{END}", "用了中文引号“”，请改用英文引号"),
    (r":\s+[【［｛〔].*[】］｝〕\]}]\s*$|[\[{].*[】］｝〕）]\s*$", "用了中文括号，请改用英文的 [ ] 或 { }"),
    (rf"[\[{{].*(?:[\"'][，、；]|[，、；]\s*{KEY}:)", "用了中文逗号、顿号或分号，请改用英文逗号“,”"),
    (r"(?:[:,\[{-])\s+\"(?:[^\"\\]|\\.)*$|:\s+'[^']*$", "引号没有配对，请补上后一个引号"),
)
# What the reader of YAML says itself, for what is none of these.
PROBLEMS = (
    ("scanning an a", "文字不能以“*”或“&”开头，请用单引号“'”整段括起来"),
    ("could not find expected ':'", "少了冒号，应写成“键: 值”"),
    ("mapping values are not allowed", "缩进与上下行不一致，或文字里有英文冒号加空格（请改用中文冒号）"),
    ("',' or ']'", "方括号 [ ] 没有配对，或其中少了逗号"),
    ("',' or '}'", "花括号 { } 没有配对，或其中少了逗号；以花括号开头的文字请用单引号“'”整段括起来"),
    ("did not find expected", "缩进与上下行不一致，或上面的引号、括号没有配对"),
    ("cannot start any token", "文字不能以这个符号开头，请用单引号“'”整段括起来"),
    ("found unexpected", "引号没有配对，请补上后一个引号"),
    ("constructor", "不能使用以“!”开头的标记"),
)


def slip(line: str) -> str:
    """The known slip in a line of the file, with its remedy, or ""."""
    return next((said for pattern, said in SLIPS if re.search(pattern, line)), "")


def lines_of(text: str) -> list[str]:
    """The lines of a file as YAML counts them (YAML 1.1, 5.4)."""
    return re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)


def explained(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line, from 1, on which what ails the file stands, and what it is, for people who never heard of YAML."""
    lines = lines_of(text)
    mark, began = (getattr(error, name, None) for name in ("problem_mark", "context_mark"))
    if mark is None:
        # A character that no YAML may hold; the reader counts its bytes, not its lines.
        return next(((n, said) for n, line in enumerate(lines, 1) if (said := slip(line))), (1, "含有不能使用的字符"))
    told, first = (min(one.line, len(lines) - 1) if one else None for one in (mark, began))
    for number in _near(lines, told or 0, first):
        if said := slip(lines[number]):
            return number + 1, said
    problem = f"{getattr(error, 'context', '')} {getattr(error, 'problem', error)}"
    said = next((said for part, said in PROBLEMS if part in problem), "请检查这一行的缩进、冒号、引号和括号")
    # What was left open is to be mended where it began; a block is where it is broken.
    opened = first is not None and "block" not in problem
    return (first if opened and first is not None else told or 0) + 1, said


def _near(lines: list[str], told: int, first: int | None) -> Iterable[int]:
    """Where to look: the line told of, where its part of the file began, and what lies between, the nearest first.

    Where nothing is said of a beginning it is the line before, comments and blank ones left out.
    """
    if first is None:
        written = (n for n in range(told - 1, -1, -1) if lines[n].strip() and not lines[n].lstrip().startswith("#"))
        first = next(written, told)
    between = range(told - 1, first, -1)
    return dict.fromkeys((told, first, *(n for n in between if not lines[n].lstrip().startswith("#"))))
