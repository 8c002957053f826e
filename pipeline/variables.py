"""What the environment and `.env` say, by the names of the settings; what it means is for those who ask.

What was meant for us and cannot be taken is refused where it stands, lest a slip in writing turn a precaution into
nothing. Values are neither looked at nor told: they may be secret.
"""

from __future__ import annotations

import io
import logging
import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from pipeline.errors import ConfigurationError

PREFIX = "ANNEX_"
# How alike two names are that were meant to be one: of settings without their prefix, and of a name whose prefix is wrong.
ALIKE, NEARLY_THE_SAME = 0.6, 0.85
# A line as it should be, and how one of ours is called, more or less, in capitals and without full-width forms.
_RIGHT = re.compile(r"\s*(?:export\s+)?'?([A-Za-z0-9_]+)'?\s*=")
_MEANT = re.compile(r"(?<![A-Z0-9_])ANNEX(?:_|[- ](?=[A-Z]))[A-Z0-9_-]*")
# The program itself, in the path of a script perhaps.
_PROGRAM = re.compile(r"ANNEX-INBOX(?![A-Z0-9_-])")

log = logging.getLogger(__name__)


def written(env_file: Path | None, fields: Collection[str]) -> dict[str, str]:
    """What is said of these fields; the environment comes before the file, and what is empty says nothing.

    Raises ConfigurationError where the file cannot be read, and naming each line or variable that is mistyped.
    """
    known = {PREFIX + field.upper(): field for field in fields}
    found = _in_file(env_file, known) if env_file is not None and env_file.is_file() else {}
    found |= _in_environment(known)
    return {known[name]: value for name, value in found.items() if value and name in known}


def _in_file(path: Path, known: Collection[str]) -> dict[str, str | None]:
    from dotenv import dotenv_values

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"设置文件 {path} 无法读取。请检查权限，并另存为 UTF-8 编码后重试。") from None
    found = {name.upper(): value for name, value in dotenv_values(stream=io.StringIO(text)).items()}
    unlike = _unlike(text)
    taken = {name for name, value in found.items() if name in known and value is not None} - unlike
    _refuse([f"设置文件 {path} 第 {number} 行：{slip}。" for number, slip in _slips(text, taken, unlike, known)])
    return found


def _unlike(text: str) -> set[str]:
    """The names that are given one value after another; what is merely filled in further down is not meant."""
    from dotenv.parser import parse_stream

    said: dict[str, str | None] = {}
    unlike = set()
    for one in parse_stream(io.StringIO(text)):
        name = (one.key or "").upper()
        if (said.get(name) or one.value) != one.value:
            unlike.add(name)
        said[name] = one.value
    return unlike


def _in_environment(known: Collection[str]) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if value}
    strange = {name: _nearest(name.upper(), known) for name in found if name.upper() not in known}
    _refuse([f"环境变量 {name}：没有这项设置，最接近的是 {near}。" for name, near in strange.items() if near])
    for name in strange:
        if name.upper().startswith(PREFIX):
            _tell(name)
    return {name.upper(): value for name, value in found.items()}


def _slips(
    text: str, taken: Collection[str], unlike: Collection[str], known: Collection[str]
) -> Iterator[tuple[int, str]]:
    """The lines that were meant for us and are not among what was `taken`, each with its number and what is wrong with it;
    `unlike` are the names given one value after another."""
    for number, line in enumerate(text.split("\n"), 1):
        meant = _meant(line, known)
        right = _RIGHT.match(line)
        name = right[1] if right else ""
        if not meant or name.upper() in taken:
            continue
        near = meant if meant in known else _nearest(meant, known)
        if not right:
            yield number, f"应写成“{near or f'{PREFIX}…'}=值”，名称和等号都用英文半角"
        elif name.upper() in unlike:
            yield number, f"{name} 写了不止一次，值不一样，请只留一行"
        elif name.upper() in known:
            yield number, f"{name} 没有读出来，请检查这一行和前面各行的引号是否成对"
        else:
            yield number, f"没有 {name} 这项设置" + (f"，最接近的是 {near}" if near else "")


def _meant(line: str, known: Collection[str]) -> str:
    """What a line calls one of our settings, as far as it can be told; "" where it is none of ours, or a comment."""
    plain = _PROGRAM.sub("", unicodedata.normalize("NFKC", line).strip().upper())
    if plain.startswith("#"):
        return ""
    found = _MEANT.search(plain.partition("=")[0])
    head = re.split("[=:]", plain)[0].removeprefix("EXPORT ").strip()
    return re.sub("[- ]", "_", found[0]) if found else head if _nearest(head, known) else ""


def _nearest(name: str, known: Collection[str]) -> str:
    """The setting that a name in capitals was most likely meant to be, "" where it resembles none."""
    fields = {one.removeprefix(PREFIX): one for one in known}
    if not name.startswith(PREFIX) and not name.endswith(tuple(fields)):
        return ""
    from difflib import get_close_matches

    if not name.startswith(PREFIX):
        return next(iter(get_close_matches(name, known, 1, NEARLY_THE_SAME)), "")
    return next((fields[one] for one in get_close_matches(name.removeprefix(PREFIX), fields, 1, ALIKE)), "")


@cache
def _tell(name: str) -> None:
    log.warning("环境变量 %s 不是本程序的设置，没有采用。", name)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise ConfigurationError("\n".join(faults) + "\n请改正后重试。")
