"""What a mail's words, or a file's name, say of files: that one is a form, comes along, or will come later.

It knows words alone; what follows from them is decided where they are asked for.
"""

from __future__ import annotations

import re
from functools import cache

APPLICATION = r"附件\s*[4四]|申报表|申报书|申请表"
FORM = rf"{APPLICATION}|附件\s*[3三]|汇总表"
ANNOUNCED = r"[见查收]附件|附件(?:[是为中里]|\s*[\d一二三四])|修改|修订|更正|更新|更换|补[报交全正齐]|重新|重报"

# What is said of a file that comes with the words, and of one that will come later.
BROUGHT = (
    r"[见查收]\s*附件|附件\s*(?:请|为|是|如下|中|里|已|内)|附上|附后|随信|查收|查阅|审阅|以此为准|现[将报呈把]"
    r"|已经?(?:重新|按要求|全部)?(?:修改|更正|补[充齐报正]|改好)"
)
PROMISED = (
    r"马上|稍[后候]|随后|尽快|晚些|晚点|今[天晚]|明[天日早晚]|后[天日]|[上下]午|下周|本周|过[一两几]天|回头|正在|还在|抓紧"
    r"|(?:改|填|盖|做|弄|写)(?:好|完|完章|好章)?(?:后|了?[就再]|之后)|(?:修改|完成|盖章|签字|审核|核实)(?:好|完)?(?:后|之后|再)"
    r"|[就再会][发报交送补改]|将(?:于|在|会|尽快|及时|重新)"
)


def calls_application(words: str) -> bool:
    """Whether words, or the name of a file, speak of an Annex 4."""
    return _says(APPLICATION, words)


def calls_form(words: str) -> bool:
    """Whether words, or the name of a file, speak of an Annex 3 or 4."""
    return _says(FORM, words)


def promises_file(words: str) -> bool:
    """Whether a mail's words say of a file that it will come, and none says that one has."""
    return _says(PROMISED, words) and not _says(BROUGHT, words)


def brings_file(words: str) -> bool:
    """Whether a mail's words say that a file comes with them."""
    return _says(BROUGHT, words)


def announces_file(words: str) -> bool:
    """Whether words speak of a file that comes with them, or of a correction."""
    return _says(ANNOUNCED, words)


def _says(pattern: str, words: str) -> bool:
    return _compiled(pattern).search(words) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern is compiled when it is first asked for, which most programs never do."""
    return re.compile(pattern)
