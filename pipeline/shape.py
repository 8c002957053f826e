"""Plain data (of YAML, of the environment) as values of the types that are asked for; what does not fit is said in Chinese.

What a value means, and whether it is sensible, is for those who ask.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

Position = tuple[str | int, ...]
# How many there may be of something: at least one, or perhaps none; beyond a million it is a slip of the hand.
Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]

# What msgspec says of a value, and what we say of it; where it lies stands at the end of its sentence.
AT = re.compile(r" - at (?:`key` in )?`\$(.*)`$")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
REASONS = {
    r"Object missing required field `(.+)`": "缺少这一项",
    r"Object contains unknown field `(.+)`": "不认识这一项，请检查拼写",
    r"Expected `\w+` >= ([\d.]+?)(?:\.0)?": r"不能小于 \1",
    r"Expected `\w+` <= ([\d.]+?)(?:\.0)?": r"不能大于 \1",
    r"Expected `\w+` > ([\d.]+?)(?:\.0)?": r"应大于 \1",
    r"Expected `str[^`]*`, .*": "应为文字（若是数字请加引号）",
    r"Expected `str`": "键应为文字（若是数字请加引号）",
    r"Expected `int[^`]*`, .*": "应为整数",
    r"Expected `float[^`]*`, .*": "应为数字",
    r"Expected `bool[^`]*`, .*": "应为 true 或 false",
    r"Expected `\w+` of length >= 1": "不能为空",
    r"(?:Number|Integer value) out of range": "超出了可用的范围",
    r"Expected `array[^`]*`, .*": "应为列表",
    r"Expected `object[^`]*`, .*": "应为“键: 值”的形式",
}
# Where these tell of a field, that is where the fault lies.
NAMES_FIELD = re.compile(r"field `(.+)`$")


class Misshapen(Exception):
    """A value that is not what it should be: its position, a sequence of keys and indexes, and the reason in Chinese."""

    def __init__(self, position: Position, reason: str) -> None:
        super().__init__(reason)
        self.position = position
        self.reason = reason


def shaped(value: object, kind: Any, at: Position = (), text: bool = False) -> Any:
    """A value as one of `kind`, any type that msgspec knows; `text` is whether numbers come as text, as in the environment.

    Raises Misshapen with the position of the first fault below `at`.
    """
    # Whoever fills the environment may leave blanks around a number.
    value = value.strip() if text and isinstance(value, str) else value
    try:
        return msgspec.convert(value, kind, strict=not text)
    except msgspec.ValidationError as error:
        place = AT.search(str(error))
        said = AT.sub("", str(error))
        steps = [name or int(number) for name, number in STEP.findall(place[1] if place else "")]
        named = NAMES_FIELD.search(said)
        raise Misshapen((*at, *steps, *(named.groups() if named else ())), _reason(said)) from None


def _reason(said: str) -> str:
    for pattern, reason in REASONS.items():
        found = re.fullmatch(pattern, said)
        if found:
            return found.expand(reason)
    return said


def one_of(value: object, allowed: tuple[str, ...], at: Position = ()) -> str:
    """A value that is one of a few words. Raises Misshapen."""
    if value not in allowed:
        raise Misshapen(at, f"只能是 {'、'.join(allowed)}")
    return str(value)
