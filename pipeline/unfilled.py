"""Whether a required field holds something that says nothing: a word for "none", bare numbering or headings, a sample.

It reads one value as written and knows no field; which fields may be left so is said where they are checked.
"""

from __future__ import annotations

import re

from parsers.text import fold
from pipeline.values import is_blank, says_nothing

# Longer than any frame; a text of many pages is not searched for the words of headings.
LONGEST = 300
NUMBER = r"(?<!\d)\d{1,2}[.．、)）]|[（(]\d{1,2}[)）]|[①-⑳]|(?<!\w)[一二三四五六七八九十]{1,3}[、.．]"
NUMBERS = re.compile(rf"(?:\s|{NUMBER})+")
# The headings of a list of members, and those under which a project is told.
COLUMN = "序号|编号|姓名|性别|民族|年龄|学号|(?:所在)?(?:学院|院系|单位|部门)|专业|年级|班级|职务|职责|分工|政治面貌|(?:联系)?(?:电话|方式)|手机号?|备注"
COLUMNS = re.compile(rf"(?:[\s,，、/|:：]|{NUMBER}|(?<!\d)\d{{1,2}}(?!\d)|({COLUMN}))+")
TOPIC = (
    "项目|活动|主要|具体|背景|目的|意义|目标|内容|简介|概况|介绍|(?:实施|开展)(?:情况|过程|方案)|情况|过程|做法|措施|成效|效果|成果|特色|亮点|创新点?|"
    "经验(?:做法|总结)|总结|展望|[及与和的]"
)
TOPICS = re.compile(rf"\s*(?:(?:{NUMBER})\s*(?:{TOPIC})+\s*[:：]?\s*|(?:{TOPIC})+\s*[:：]\s*)+")
SAMPLE = re.compile(r"[x×]{2,}(?:项目)?|[x×]校级学生会[/、|\\或]+[x×]二级学院学生会")
# Every sample has one of these; most values have none, and need no comparison copy.
SIGNS = frozenset("xX×ｘＸⅹⅩ")


def is_unfilled(text: str, *, or_none: bool = True) -> bool:
    """Whether a value is blank, or only the frame for one; with `or_none` words for "none" are blank too."""
    if is_blank(text) or (or_none and says_nothing(text)):
        return True
    if len(text) > LONGEST:
        return False
    columns = COLUMNS.fullmatch(text)
    if (columns and columns[1]) or NUMBERS.fullmatch(text) or TOPICS.fullmatch(text):
        return True
    return not SIGNS.isdisjoint(text) and SAMPLE.fullmatch(fold(text)) is not None
