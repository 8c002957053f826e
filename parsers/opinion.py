"""The committee's opinion and the content field without the template's own prompts, and the date of signing.

A date counts as the signing date only on a line of its own, behind a signature or at the very end of the text.
Whether an opinion suffices is not decided here.
"""

from __future__ import annotations

import re
from datetime import date

from parsers.text import INVISIBLE, lines, narrow, one_line, spaced

_NUMERALS = ("〇○零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
_CHINESE = {digit: value for value, digits in enumerate(_NUMERALS) for digit in digits}
_YEAR = r"(?P<year>(?:20\s*)?\d\d|二\s*[〇○零0O]\s*[〇○零0O一二三四五六七八九]\s*[〇○零0O一二三四五六七八九])"
_PART = r"(?:\d{1,2}|[一二三四五六七八九十廿卅〇○零]{1,3})"
_DATE = re.compile(
    rf"(?<![\d.\-/]){_YEAR}\s*(?:年|[.\-/．—])\s*(?P<month>{_PART})\s*(?:月|[.\-/．—])\s*(?P<day>{_PART})\s*[日号]?(?!\d)"
)
# Digits alone, or parted as in a list, are a date only where nothing but one stands.
_BARE_DATE = re.compile(
    r"(?<!\d)(?=\d{8}(?!\d)|20\d\d、)(?P<year>20\d\d)(?P<mark>、?)(?P<month>0?[1-9]|1[0-2])(?P=mark)"
    r"(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)"
)
_BEHIND_DATE = re.compile(r"(?:\s*+T?(?:[上下]午\s*+)?\d\d?:\d\d(?::\d\d)?)?[\s_.,;。)]*")
_PROMPT = re.compile(
    rf"[(\[【〔]\s*+(?:{spaced('学校团委|校团委|团委|单位|学校|校')}\s*+)?"
    rf"(?:{spaced('加盖公章|请盖章|盖公章|盖章处|盖章|公章|签章|签字盖章|签字|印章|章')})\s*[)\]】〕]"
    # Followed by a name, （签字） belongs to the signature. At the beginning this would cost time at every letter.
    r"(?!(?<=字[)\]】〕])\s*:\s*[一-鿿]{2,4}(?![一-鿿]))"
)
_BLANK_DATE = re.compile(
    rf"(?:(?<!\d)(?:20\d{{0,2}}|二[〇○零][〇○零一二三四五六七八九]{{0,2}})|(?<![\s_]))[\s_]*+年[\s_]*+(?:{_PART}[\s_]*+)?"
    rf"月[\s_]*+(?:{_PART}[\s_]*+)?日?$"
)
_DATE_LABEL = re.compile(rf"(?:{spaced('签署日期|盖章日期|填表日期|日期|时间')})\s*:?\s*$")
_SIGNATURE = re.compile(
    r"(?:学校|校|高校)?(?:团委|党委|共青团委员会)?(?:负责人|书记|领导)?(?:意见)?(?:\(?(?:签字|签名|签章|盖章|公章|单位盖章|签字盖章)\)?)*:?"
)
# Without its opening bracket the pattern begins with a letter, which is looked for many times faster; full-width marks
# are named because narrowing pages of text takes longer still.
_CONTENT_PROMPT = re.compile(rf"{spaced('可另附项目相关图文资料')}\s*[。.．;；,，]?\s*[)）\]］】〕]?\s*[。.．]?")
_BEFORE_DATE = re.compile(r"(?:委员会|团委|学生会|研究生会|学校|大学|学院|学联|书记|[:：。！!])$")
_IN_SENTENCE = re.compile(r"(?:于|自|从|至|到|在|为|是|以来|截止|[-—~～])$")
_GAPS = re.compile(r"[\s_]+")
_ENDS_SENTENCE = re.compile(r"[，。；！,;]")
_ONLY_PUNCTUATION = re.compile(rf"[\s_:.,;。、()\[\]【】{INVISIBLE}]*")


def _number(text: str) -> int:
    """Digits or Chinese numerals up to 99, or the digits of a year one by one."""
    text = "".join(text.split())
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" in text:
        tens, _, units = text.partition("十")
        return 10 * _CHINESE.get(tens, 1) + _CHINESE.get(units, 0)
    return int("".join(str(_CHINESE.get(character, character)) for character in text.replace("O", "〇")))


def iso_date(match: re.Match[str]) -> str:
    """The date a match of the date pattern names, in ISO form; "" where the calendar has no such day."""
    year = _number(match["year"])
    try:
        return date(year + 2000 if year < 100 else year, _number(match["month"]), _number(match["day"])).isoformat()
    except ValueError:
        return ""


def without_content_prompt(text: str) -> str:
    """The content field as lines, without the template's 可另附项目相关图文资料."""
    for match in reversed(list(_CONTENT_PROMPT.finditer(text))):
        before = text[: match.start()].rstrip()
        opened = before.endswith(tuple("(（[［【〔"))
        text = text[: len(before) - 1 if opened else match.start()] + text[match.end() :]
    return lines(text)


def _without_prompts(line: str) -> str:
    """A line that was tidied already, without the template's （盖章） and the like."""
    found = list(_PROMPT.finditer(narrow(line)))
    for match in reversed(found):
        line = line[: match.start()] + " " + line[match.end() :]
    return one_line(line) if found else line


def _line_date(line: str, last: bool) -> tuple[str, str] | None:
    """For a line that ends in a signing date: what stands before it, and the date; else None.

    `last` says that no sentence follows; in the middle of an opinion only a signature's date counts.
    """
    copy = narrow(line)
    found = list(_DATE.finditer(copy))
    bare = not found
    found = found or list(_BARE_DATE.finditer(copy))
    if not found or not _BEHIND_DATE.fullmatch(copy, found[-1].end()):
        return None
    rest, ended = line[: found[-1].start()], copy.rstrip().endswith(("。", "."))
    if label := _DATE_LABEL.search(narrow(rest)):
        rest = rest[: label.start()]
    rest = rest.rstrip(" _(（，,、")
    signature = not rest or _BEFORE_DATE.search(rest) is not None
    if _IN_SENTENCE.search(rest) or not (signature or (last and not ended and not bare)):
        return None
    return rest, iso_date(found[-1])


def _is_signature_prompt(line: str) -> bool:
    bare = _GAPS.sub("", narrow(line))
    return _ONLY_PUNCTUATION.fullmatch(bare) is not None or _SIGNATURE.fullmatch(bare) is not None


def _without_blank_date(line: str) -> str:
    """The line without the template's 年 月 日 at its end, filled in partly or not at all."""
    match = _BLANK_DATE.search(narrow(line))
    if match is None:
        return line
    before = line[: match.start()]
    if re.search(r"[\d一二]", narrow(match.group())) and before and before[-1] not in " :：_":
        return line
    label = _DATE_LABEL.search(narrow(before))
    return before[: label.start()] if label else before


def split_opinion(text: str) -> tuple[str, str]:
    """The opinion as lines, without prompts and signing date, and that date (ISO, or "" if none or incomplete)."""
    kept: list[str] = []
    signed: str | None = None
    last = True
    for line in reversed(lines(text).split("\n")):
        line = _without_prompts(line).strip("_ ")
        dated = _line_date(line, last) if signed is None else None
        if dated:
            line, signed = dated
        elif last:
            line = _without_blank_date(line)
        line = line.strip()
        if _is_signature_prompt(line):
            continue
        kept.append(line)
        last = last and _ENDS_SENTENCE.search(line) is None
    return "\n".join(reversed(kept)), signed or ""
