"""The many ways of writing that there is nothing to write: a stroke, 无, 暂无报道, （空）, 以下空白, N/A.

Whether a field may be left so is not decided here.
"""

from __future__ import annotations

import re

from parsers.text import fold

_LONGEST = 20
# Every such saying has one of these; most values have none, and need no comparison copy.
_SIGNS = frozenset("无没未空不nNｎＮ")
# Of what there is nothing may be said too, as in 无相关报道.
_OF_WHAT = "其[他它]|相关|有关|申报|新闻|宣传|媒体|网络|线上|公开|报[道导]|链接|网址|内容|信息|资料|材料|项目"
_WORDS = re.compile(
    rf"[\W_]*(?:(?:目前|以下|现)?(?:暂时?|尚)?(?:均?无|没有|未有)(?:{_OF_WHAT})*|(?:以下|[此本](?:行|栏|处|项))?(?:均?为)?空白?"
    r"|以下无正文|不适用|none|null|nil|n[\W_]*a)[\W_]*"
)


def says_nothing(text: str) -> bool:
    """Whether a value is blank, a dash or stroke, or words for "none"."""
    if not any(map(str.isalnum, text)):
        return True
    return len(text) <= _LONGEST and not _SIGNS.isdisjoint(text) and _WORDS.fullmatch(fold(text)) is not None
