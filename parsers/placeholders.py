"""What Word and WPS show in a content control that was never filled (单击或点击此处输入文字。), and no person writes.

Only a Word file says which text is such a prompt; elsewhere it is known by its words. Whether a field may be left so is
not decided here.
"""

from __future__ import annotations

import re

from parsers.text import spaced

_HERE = (
    rf"(?:{spaced('单击|点击')})(?:{spaced('或点击|或单击')})?(?:{spaced('此处|以|此处以')})(?:{spaced('输入|键入')})"
)
_TEXT = rf"{_HERE}(?:{spaced('文字|文本')})|click\s+(?:or\s+tap\s+)?(?:here\s+)?to\s+enter\s+text"
_DATE = rf"{_HERE}(?:{spaced('日期')})|click\s+(?:or\s+tap\s+)?(?:here\s+)?to\s+enter\s+a\s+date"
_CHOICE = spaced("选择一项|请选择一项|选择一个项目") + r"|choose\s+an\s+item"
# Behind other words a prompt for a date is left: without it "2023年9月至" would be told of a project that goes on.
_PROMPT = re.compile(
    rf"^[ \t]*(?:(?:{_TEXT}|{_DATE}|{_CHOICE})[。.]?[ \t]*)+$|(?:(?:{_TEXT})[。.]?[ \t]*)+$", re.I | re.M
)


def without_placeholders(text: str) -> str:
    """A text that ends in a prompt without those that end its lines; of what may be a person's words, those alone on one."""
    # Few values end so, and looking through all of a long one costs more than everything else done with it.
    end = text[-24:]
    return _PROMPT.sub("", text) if "击" in end or "选" in end or "nter" in end or "hoose" in end else text
