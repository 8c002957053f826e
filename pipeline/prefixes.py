"""What mail programs put before a subject when a mail is answered or forwarded, and count: "回复(2)：", "Re[2]: ", "轉寄: "."""

from __future__ import annotations

import re

_COUNT = r"(?:[\[(（]\d+[\])）])?"
_REPLY, _FORWARD = "re|aw|回复|答复|回覆", "fw|fwd|转发|轉寄|轉發"


def _before(words: str) -> str:
    return rf"\s*(?:{words})\s*{_COUNT}\s*[:：]"


REPLIED = re.compile(_before(_REPLY), re.IGNORECASE)
FORWARDED = re.compile(rf"(?:{_before(_REPLY)})*{_before(_FORWARD)}", re.IGNORECASE)
EITHER = re.compile(_before(f"{_REPLY}|{_FORWARD}"), re.IGNORECASE)
# A letter of ours, or one passed on; what a university answered to it begins with 回复.
LETTER = re.compile(rf"(?:{_before(_FORWARD)})*\s*【(?:请补正|已收到|提醒)】", re.IGNORECASE)
