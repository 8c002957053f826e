"""How long a project has been running, read from what people write into 实施时间 (Annex 1, clause 4).

It reads the usual wordings and says so when it can read nothing; it does not decide how long is long enough.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

from parsers.text import visible

CHINESE_DIGITS = str.maketrans("〇○Ｏ零一二三四五六七八九", "0000123456789")
CHINESE_YEAR = re.compile(
    r"(?<![\d〇○零一二三四五六七八九])[二2][〇○零0][〇○零一二三四五六七八九\d]{2}(?=\s*(?:年|[./\-至到—–~]))"
)
CHINESE_NUMBER = re.compile(
    r"(?<![\d十])([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[月日号])"
)

YEAR = r"(?P<year>(?:19|20)\d{2})"
MONTH = r"(?P<month>0?[1-9]|1[0-2])"
DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
DATE = re.compile(
    rf"(?<!\d){YEAR}\s*[年./\-]\s*{MONTH}(?!\d)(?:\s*[月./\-]\s*{DAY}(?!\d|\s*[年.]|月)\s*[日号]?|\s*月(?:份)?)?"
    rf"|(?<!\d)(?P<year2>(?:19|20)\d{{2}})(?P<month2>0[1-9]|1[0-2])(?P<day2>0[1-9]|[12]\d|3[01])?(?!\d)"
    rf"|(?<!\d)(?P<year3>\d{{2}})年(?P<month3>0?[1-9]|1[0-2])月(?:(?P<day3>0?[1-9]|[12]\d|3[01])[日号])?"
    rf"|(?<!\d)(?P<year4>(?:19|20)\d{{2}})(?!\d)\s*年?(?P<school>\s*学年)?"
    rf"|(?<=[至到~—–\-])\s*(?P<next>次年|翌年|第二年)?\s*(?P<month5>0?[1-9]|1[0-2])月(?:(?P<day5>0?[1-9]|[12]\d|3[01])[日号])?"
)
# A term of a school year: "2023-2024学年第二学期" is the spring of 2024, "2023年秋季学期" the autumn of 2023.
TERM = re.compile(
    r"(?<!\d)(?P<first>20\d\d)\s*(?:[—–\-~至/]+\s*(?P<second>20\d\d|\d\d)\s*)?(?:学年度?|年)?\s*的?\s*"
    r"(?P<term>第?[一二12上下]|春季?|秋季?)\s*(?:半)?学期"
)
DURATION = re.compile(
    r"(?P<number>半|\d+(?:\.\d+)?|[一二两三四五六七八九十]+)\s*(?P<half>个半)?\s*个?\s*"
    r"(?P<unit>学年|学期|年(?![级制])|(?<=个|半)月|周(?!\s*[一二三四五六日末])|天)(?P<more>半)?"
)
MONTHS = {"学年": 12.0, "学期": 6.0, "年": 12.0, "月": 1.0, "周": 7 / 30.4, "天": 1 / 30.4}
# "每学期两周", "每两周", "两周一次" and "1个月/学期" say how often, "每批志愿者3个月" how long each; "第1周" says which one.
CYCLE = re.compile(r"[每各]\s*[一个]*(?P<unit>学年|学期|季度|年|月|周|星期|天|日)(?!.*(?:已|坚持|累计|历时))")
CYCLES = MONTHS | {"季度": 3.0, "星期": MONTHS["周"], "日": MONTHS["天"]}
# As far as a cycle is looked for before a length of time.
SAME_SAYING = 40
WHICH_OR_EVERY = re.compile(r"(?:第|[每各](?!.*(?:已|坚持|累计|历时))[^,。;、]{0,8})$")
TIMES = re.compile(
    r"\s*(?:/\s*(?:学期|学年|年|月|周|次|期)|(?:开展|举办|举行|进行|组织)?\s*[\d一二两三四五六七八九十]+\s*[次场期回])"
)
LONGEST_MONTHS = 1200.0
# A period is told in a line; a text of thousands of digits would keep the patterns busy for minutes.
LONGEST = 1_000
NUMBERS = {
    "半": 0.5,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
# "近一年" and "不满一年" are less than a year; "为期三个月" says when a period that has only a start ended.
NEARLY = re.compile(r"(?:近|不足|不满|未满|不到|未到)$")
LASTING = re.compile(r"(?:为期|历时|持续时间|时长|周期)(?:为|约)?[:\s]*$")
# "已持续5年" and "四年以来" tell of what has been done; "已列入三年规划" and "拟实施一年" of what is to be done.
PASSED = re.compile(r"(?:已|累计)(?!.*(?:计划|规划|筹|准备|[拟将预列纳]))[^,。;]{0,10}$")
EVER_SINCE = re.compile(r"\s*多?(?:以来|来(?![自校到]))")
PLANNED = re.compile(
    r"(?:拟|计划|规划|预[计期定]|将|今后|未来|(?:即日|今日|现在|[今本]年度?|本学期|本月)起)[^,。;已]{0,10}$"
)
A_PLAN = re.compile(r"\s*(?:发展|行动)?[规计]划")
# What is held once a year by its number; the terms of office of a union and the contests of others are counted alike.
EDITION = re.compile(
    r"(?:第|(?:已|举办|举行|开展)[^,。;、\d]{0,6}?)(?P<number>\d{1,2}|[一二三四五六七八九十]{1,3})届"
    r"(?![^,。;、]{0,12}(?:学生(?:联合)?会|研究生会|研会|主席团|委员会|代表大会|学代会|团代会|全国|全区|自治区))"
)
ONGOING = re.compile(r"至今|迄今|目前|现在|今$|今[）)]|持续|长期|进行中|[起始]$|开始|以来|[—–\-~至到]\s*$")


# Whom a project is for: 2024届毕业生, 2024级新生.
COHORT = re.compile(r"\d{2,4}\s*[届级]")


class Period(Struct, frozen=True):
    """`start` and `end` are the first and last day (end None: still running); `months` how long it is said to have run,
    beside dates only where that is told as well."""

    start: date | None = None
    end: date | None = None
    months: float | None = None

    def reaches(self, years: int, on: date) -> bool:
        """Whether at least `years` have passed from the start to the end, or to `on` if that is earlier."""
        if self.months is not None and self.months >= 12 * years:
            return True
        if self.start is None:
            return False
        last = on if self.end is None else min(on, self.end + timedelta(days=1))
        return later(self.start, years) <= last


def later(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@lru_cache(maxsize=1_000)
def read_period(text: str) -> Period | None:
    """The period a text tells, or None where it tells neither a date, other than whom it is for, nor a length of time.

    Dates without a day or month are read in the writer's favour: a start from the first, an end to the last day. A
    character that nobody sees stands in a date or between two, whichever gives more of them.
    """
    text = text[:LONGEST]
    spans, plain = max(_dates(visible(text)), _dates(visible(text, " ")), key=lambda dated: len(dated[0]))
    if not _dates(COHORT.sub(" ", plain))[0]:
        spans = []
    # Years are no lengths of time.
    lengths = [found for found in DURATION.finditer(DATE.sub(" ", TERM.sub(" ", plain))) if not _often(found)]
    if not spans:
        done = [_months(found) for found in lengths if not _is_planned(found)]
        return Period(months=max(done)) if done else None
    start, last = min(first for first, _ in spans), max(last for _, last in spans)
    passed = [_months(found) for found in lengths if _has_passed(found)]
    passed += [12 * (_number(found["number"]) - 1) for found in EDITION.finditer(plain)]
    months = max(passed, default=None)
    if ONGOING.search(plain):
        return Period(start, months=months)
    if len(spans) > 1:
        return Period(start, last, months)
    lasting = [_months(found) for found in lengths if LASTING.search(found.string, 0, found.start())]
    return Period(start, start + timedelta(days=30.5 * max(lasting)) if lasting else None, months)


def _dates(text: str) -> tuple[list[tuple[date, date]], str]:
    """The terms and dates a text names, each from its first to its last day, and the text's comparison copy."""
    plain = _digits(unicodedata.normalize("NFKC", text)).lstrip("'’‘")
    return [_term(found) for found in TERM.finditer(plain)] + _spans(TERM.sub(" ", plain)), plain


def _has_passed(found: re.Match[str]) -> bool:
    """Whether a length of time is told as one that is over."""
    if EVER_SINCE.match(found.string, found.end()):
        return True
    return PASSED.search(found.string[: found.start()]) is not None and not _is_planned(found)


def _is_planned(found: re.Match[str]) -> bool:
    """Whether a length of time is told as one to come."""
    before = found.string[max(found.start() - SAME_SAYING, 0) : found.start()]
    return PLANNED.search(before) is not None or A_PLAN.match(found.string, found.end()) is not None


def _often(found: re.Match[str]) -> bool:
    """Whether a length of time is one of many: a numbered one, one of so many times, or less than the cycle before it."""
    before, months = found.string[max(found.start() - SAME_SAYING, 0) : found.start()], _months(found)
    if months >= MONTHS["年"]:
        # "第三年" and "两年20次" tell of whole years all the same.
        return False
    if WHICH_OR_EVERY.search(before) or TIMES.match(found.string, found.end()):
        return True
    return any(CYCLES[cycle["unit"]] > months for cycle in CYCLE.finditer(before))


def _term(found: re.Match[str]) -> tuple[date, date]:
    """A term from its first month to the end of the holidays behind it."""
    year = int(found["first"])
    if found["term"].removeprefix("第")[0] in "一1上秋":
        return date(year, 9, 1), date(year + 1, 2, 15)
    year += 1 if found["second"] else 0
    return date(year, 2, 15), date(year, 8, 31)


def _digits(text: str) -> str:
    text = CHINESE_YEAR.sub(lambda found: found[0].translate(CHINESE_DIGITS), text)
    return CHINESE_NUMBER.sub(lambda found: str(_number(found[1])), text)


def _number(text: str) -> float:
    if text in NUMBERS:
        return NUMBERS[text]
    if "十" in text:
        tens, _, ones = text.partition("十")
        return int(NUMBERS.get(tens, 1) * 10 + NUMBERS.get(ones, 0))
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0


def _months(found: re.Match[str]) -> float:
    number = _number(found["number"]) + (0.5 if found["half"] or found["more"] else 0)
    months = number * MONTHS[found["unit"]] - bool(NEARLY.search(found.string, 0, found.start()))
    # A century is longer than any project; more would leave the calendar.
    return min(months, LONGEST_MONTHS)


def _spans(text: str) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    for found in DATE.finditer(text):
        group = {name: value for name, value in found.groupdict().items() if value is not None}
        year = next((int(group[name]) for name in ("year", "year2", "year3", "year4") if name in group), 0)
        month = next((int(group[name]) for name in ("month", "month2", "month3", "month5") if name in group), 0)
        day = next((int(group[name]) for name in ("day", "day2", "day3", "day5") if name in group), 0)
        if "year3" in group:
            year += 2000
        if not year:
            # "2023年9月至11月": the second month belongs to the year before it, "至6月" or "至次年6月" to the next.
            if not spans:
                continue
            year = spans[-1][0].year + (1 if "next" in group or month < spans[-1][0].month else 0)
        spans.append(_span(year, month, day, "school" in group))
    return spans


def _span(year: int, month: int, day: int, school: bool) -> tuple[date, date]:
    if not month:
        # A school year runs from September to August; "2023-2024学年" ends in the August of its second year.
        return date(year, 1, 1), date(year, 8, 31) if school else date(year, 12, 31)
    days = calendar.monthrange(year, month)[1]
    if not day:
        return date(year, month, 1), date(year, month, days)
    return date(year, month, min(day, days)), date(year, month, min(day, days))
