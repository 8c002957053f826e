"""Word fields: what a field instruction draws when its stored result cannot be trusted or does not exist.

Covers the instructions with which people mark a choice or that hold an address; any other field is its result.
"""

from __future__ import annotations

import re

from parsers.formats.symbols import marks

TICKED, UNTICKED = "☑", "☐"
_BOXES = frozenset("□☐▢◻口")
_RINGS = frozenset("○◯〇●")
_TICKS = frozenset("√✓✔☑vV")
_EQ = re.compile(r"\s*eq\b(.*)", re.I | re.S)
# A phonetic guide (拼音指南), \* jc2 \* hps10 \o\ad(\s\up 9(zhào),赵): the guide and the text that it stands above.
GUIDE = re.compile(
    r"\s*eq\b(?=[^()]*\\\*\s*hps\d)[^()]*\(\s*\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*[,;，；](.*)\)", re.I | re.S
)
# A switch such as \o, \ac, \al or \up8; what follows it in parentheses are arguments.
_SWITCH = re.compile(r"\\[a-z]+\d*\s*", re.I)
_ARGUMENTS = re.compile(r"[(),;，；（）]")
_SYMBOL = re.compile(r"\s*symbol\s+(0x[0-9a-f]+|\d+)(?:.*?\\f\s*(?:\"([^\"]+)\"|(\S+)))?", re.I | re.S)
_STORED = re.compile(r"\s*(?:(?:create|save|print)?date|time|fillin)\b", re.I)
_ADDRESS = re.compile(r"\s*hyperlink\s+\"?([^\s\"\\]+)", re.I)


def drawn(instruction: str) -> str | None:
    """What an EQ or SYMBOL field draws, None for a field whose result is to be taken.

    EQ with an overstrike switch is how Word's enclosed characters (带圈字符) are stored: eq \\o\\ac(□,√). Of a phonetic
    guide it is the text that the guide stands above.
    """
    symbol = _SYMBOL.match(instruction)
    return _symbol(symbol) if symbol else equation(instruction)


def equation(instruction: str) -> str | None:
    """What an EQ field draws, None for any other field."""
    if guide := GUIDE.match(instruction):
        return guide[2].strip()
    match = _EQ.match(instruction)
    return _overstrike(match[1]) if match else None


def _symbol(match: re.Match[str]) -> str | None:
    # Ten digits are more than any character has; Python refuses to convert some thousand.
    code = int(match[1][:10], 16 if match[1][:2].lower() == "0x" else 10)
    if not 0x20 <= code <= 0xFFFF or 0xD800 <= code < 0xE000:
        return None
    return marks(chr(code), match[2] or match[3] or "")


def _overstrike(arguments: str) -> str:
    parts = [part.strip() for part in _ARGUMENTS.split(_SWITCH.sub("", arguments))]
    parts = [part for part in parts if part]
    rest = [part for part in parts if part not in _BOXES and part not in _RINGS]
    ticked = len(rest) == 1 and rest[0] in _TICKS
    if len(rest) == len(parts):
        return "".join(rest)
    if ticked:
        return TICKED
    if rest:
        return "☒" if rest[0] in ("×", "✗", "✘", "x", "X") and parts[0] != rest[0] else "".join(rest)
    return UNTICKED if parts[0] in _BOXES else parts[0]


def is_stored(instruction: str) -> bool:
    """Whether a field shows what its sender wrote into it or a day or time, for which LibreOffice has ideas of its own."""
    return _STORED.match(instruction) is not None


def address(instruction: str) -> str:
    """The address a HYPERLINK field leads to, "" for another field or a place in the same document."""
    match = _ADDRESS.match(instruction)
    return match[1] if match else ""


class Field:
    """A complex field being read; until its separator comes, text belongs to its instruction.

    `done` says that the field is drawn already and its stored result is to be dropped.
    """

    __slots__ = ("done", "instruction", "result")

    def __init__(self, done: bool = False) -> None:
        self.instruction: list[str] = []
        self.result, self.done = False, done

    def shows(self, text: str) -> bool:
        """Whether text that stands inside the field is part of what is seen; if not, it is taken or dropped."""
        if self.done:
            return False
        if not self.result:
            self.instruction.append(text)
        return self.result
