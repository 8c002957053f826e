"""Readings of single values that rules compare: word counts, telephone numbers, web addresses, names.

Every function works on a comparison copy and leaves the value as written alone; none knows a rule or a limit.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from parsers.nothing import says_nothing as says_nothing
from parsers.text import fold, visible

# What Word counts one by one: ideographs, kana, hangul, full-width forms and the punctuation set in a Chinese font.
ASIAN = (
    r"[\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
    r"\u2018-\u201d\u2014\u2026\u00b7\u2460-\u24ff\u25a0-\u25ff]"
)
RUN = re.compile(r"[^\s\u3000]+")

DASHES_AND_DOTS = str.maketrans(dict.fromkeys("‐‑‒–—―−－_", "-") | dict.fromkeys("·•‧∙⋅・", "."))
# What parts the digits of a mobile number, 138-0000-0001, 138 - 0000 - 0001, but not one number from the next: 1. 2、
BREAK = r"(?:(?:[-~]|[^\S\n]|\.(?!\s)|\n(?!\s*\d{1,2}[.、)])){1,3}(?!\d{1,2}[.)]\s+[\d(+]))?"
MOBILE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86[-\s]*)?(1[-\s.]?[3-9]{BREAK}\d\)?(?:{BREAK}\d){{8}})(?!\d)",
    re.ASCII,
)
LANDLINE = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[-\s]*)?\(?(0[1-9]\d{1,2}|47\d|48[23])\)?[-\s./~]*([2-8](?:[-\s]?\d){6,7})"
    r"(?:\s*[-转#]\s*\d{1,6})?(?!\d)",
    re.ASCII,
)
SERVICE = re.compile(r"(?<!\d)([48]00(?:[-\s]?\d){7})(?!\d)", re.ASCII)

URL = (
    r"(?i)(?:https?://|www\.)[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    r"|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|cn|net|org|gov|edu|top|vip|tv|cc|me|io)(?![\w.])(?:[/:?#][^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]*)?"
)
# Who signs, and for whom; with a date and a seal that is all a form shows that was signed but not judged.
SIGNER = (
    r"[\u4e00-\u9fff]{0,30}(?:大学|学院|学校|委员会|团委|党委|团总支)(?:盖章|公章|签章|意见|推荐意见)?:?"
    r"|(?:[\u4e00-\u9fff]{0,12}(?:书记|负责人|领导|签字|签名|签章|签发人|审核人|经办人|盖章|公章|日期|时间):?[\u4e00-\u9fff·]{0,4})+"
)
# Whoever wrote one of these as it stands has said something: no comparison copy takes anything of them away.
PLAIN_WORDS = r"同意|推选|属实|优秀|良好|支持|建议|予以|报送|上报|符合|认可|通过|赞同|可行|有效|好评|较好|很好"
PLAIN_SAYING, SAYING = re.compile(PLAIN_WORDS), re.compile(rf"{PLAIN_WORDS}|推荐(?!意见|单位)")
# What asks for an opinion where one should stand: 此处由校团委填写, 请学校团委填写推荐意见.
PROMPT = (
    r"(?=.*(?:填写|填报|填入|撰写|签署))(?:[请待在由此处内并和与及]|[此本]栏|这里|下方|统一|学校|高校|校|共青团|团委|党委|负责人"
    r"|填写|填报|填入|撰写|签署|推荐|审核|意见|理由|案例|点评|评价|加?盖公?章|签字)+"
)
DAY = re.compile(
    r"(?:\d{2,4}|[〇零○一二]{2,4})[年./\-][\d一二三四五六七八九十]{1,3}[月./\-](?:[\d一二三四五六七八九十]{1,3}[日号]?)?"
)

# What stands before an opinion, printed or typed: 推荐意见：, 二、案例点评.
HEADINGS = re.compile(
    r"^(?:(?:[\d一二三][、.]?)?(?:学校|校|高校)?(?:共青团|团委)?(?:推荐|审核|审批)?(?:意见|理由|案例点评|案例评价|点评)(?:及案例点评|和案例点评)?(?::|$))+"
)
# The year in which somebody began or ends, with its brackets.
YEAR = re.compile(r"[（(]\d{2,4}(?:-\d{2,4})?[级届][^（）()]{0,6}[)）]")
# One of several persons or numbers in a cell: 1.张三 2.李四.
NUMBERED = re.compile(r"(?<!\d)\d{1,2}[.．、)）]")

# What is said of a person beside the name: 甲某某（文学院）, 学生：甲某某, 甲某某同学.
BESIDE_A_NAME = re.compile(r"(?<=\w)\s*[（(](?!\d*[)）])[^（）()]*(?:[)）]\s*(?:同学|老师|教师)?|$)")
CALLED = re.compile(
    r"^\s*\w{0,4}(?:学生|同学|老师|教师|负责人|联系人|姓名)\s*[:：](?=.*\w)|(?<=\w\w)\s*(?:同学|老师|教师)\s*$"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The patterns with wide ranges of characters take milliseconds to compile, so that waits until one is needed."""
    return re.compile(pattern)


def word_count(text: str) -> int:
    """字数 as Word counts it: each Asian character, and each run of other characters between blanks, is one."""
    one_by_one = _compiled(ASIAN)
    return len(one_by_one.findall(text)) + len(RUN.findall(one_by_one.sub(" ", text)))


@lru_cache(maxsize=20_000)
def phones(text: str) -> tuple[str, ...]:
    """The valid telephone numbers in a text, digits only, +86 dropped; area codes keep their leading 0.

    A landline of the region whose first 0 was lost, as happens when a spreadsheet takes it for a number, is completed.
    A character that nobody sees stands in a number or between two, whichever gives more of them.
    """
    return max(_phones(visible(text)), _phones(visible(text, " ")), key=len)


def _phones(text: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKC", _uncircled(text)).translate(DASHES_AND_DOTS)
    found = [re.sub(r"\D", "", number) for number in MOBILE.findall(plain)]
    rest = MOBILE.sub(" ", plain)
    for area, number in LANDLINE.findall(rest):
        area = area if area.startswith("0") else f"0{area}"
        # Area codes are 010, 02x, or 0 and three digits.
        if len(area) == 4 or (len(area) == 3 and area[1] in "12"):
            found.append(area + re.sub(r"\D", "", number))
    found += [re.sub(r"\D", "", number) for number in SERVICE.findall(LANDLINE.sub(" ", rest))]
    return tuple(dict.fromkeys(found))


def _uncircled(text: str) -> str:
    """The text with a separator for each circled or raised number (①, ⑵, ²), which NFKC would take for digits."""
    return "".join("、" if unicodedata.category(letter) == "No" else letter for letter in text)


def is_blank(text: str) -> bool:
    """Whether nothing was filled in: no letter, digit or ideograph at all (———, /, ＿＿)."""
    return not any(map(str.isalnum, text))


def has_opinion(text: str) -> bool:
    """Whether a committee's opinion says anything beside its headings, who signed it and when; a word for "none" does not."""
    if PLAIN_SAYING.search(text):
        return True
    return not says_nothing(text) and any(map(_says, text.splitlines()))


def _says(line: str) -> bool:
    key = DAY.sub("", HEADINGS.sub("", fold(line))).strip(":,.;。、_-/")
    if says_nothing(key) or _compiled(PROMPT).fullmatch(key):
        return False
    return len(key) > 60 or SAYING.search(key) is not None or _compiled(SIGNER).fullmatch(key) is None


def is_url(text: str) -> bool:
    """Whether a text is one web address, with or without its scheme."""
    return _compiled(URL).fullmatch(text.strip()) is not None


def people(text: str) -> frozenset[str]:
    """The persons named in a cell; blanks and dots inside names, their numbering, telephone numbers and what the persons are
    dropped."""
    # (2021级) is a year, which goes with its brackets; a number is looked for where it begins only.
    unnumbered = re.sub(r"(?<![\d+（）()\-])[\d+（）()\-]{5,}+", "", YEAR.sub("", text))
    listed = NUMBERED.sub("、", _uncircled(BESIDE_A_NAME.sub("、", unnumbered)))
    parts = re.split(r"[、，,;；/\n]|\s{2,}", listed)
    return frozenset(filter(None, ("".join(filter(str.isalnum, fold(CALLED.sub("", part)))) for part in parts)))


def same_people(one: str, other: str) -> bool:
    """Whether two cells have a person in common; if blanks part the persons, whether one names all of the other's."""
    if people(one) & people(other):
        return True
    first, second = (people("、".join(text.split())) for text in (one, other))
    return bool(first and second) and (first <= second or second <= first)
