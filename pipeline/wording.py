"""The small wordings of replies: one-line texts, quotation marks, days, receipt numbers.

It knows nothing of findings; `letter` puts the sentences together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.model import SHANGHAI, Mail

LONGEST = 400
WEEKDAYS = "一二三四五六日"
# Few texts need charsets, whose patterns take a while to load; it is imported where one does.


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text without line breaks, runs of blanks and invisible controls, cut at `longest` characters."""
    # Nothing that is printable is invisible or a blank other than the plain one, and nearly every text is. Direction
    # overrides and the like would let a file name disguise the sentence around it.
    if not text.isprintable():
        from pipeline import charsets

        text = charsets.one_line(text)
    elif " " in text:
        text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def on_terminal(text: str) -> str:
    """The text with its line breaks, without the characters that would command a terminal or turn the text around."""
    if text.replace("\n", "").isprintable():
        return text
    from pipeline import charsets

    return "".join(char for char in text if char in "\n\t" or charsets.visible(char))


def quoted(text: str, longest: int = 80) -> str:
    """The text on one line in Chinese quotation marks, its own ones turned into single ones (GB/T 15834)."""
    return f"“{one_line(text, longest).replace('“', '‘').replace('”', '’')}”"


def day_text(instant: datetime) -> str:
    """An instant's day in Shanghai as the notice prints days: 11月26日（星期二）."""
    day = instant.astimezone(SHANGHAI)
    return f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def topic(activity: str) -> str:
    """What subjects call the materials: “我为同学做实事”项目 of “我为同学做实事”项目交流展示活动."""
    name = re.match("“[^”]+”", one_line(activity))
    return f"{name.group()}项目" if name else one_line(activity)


def deadline_text(deadline: datetime) -> str:
    """The deadline in words; midnight is the 24:00 of the day it ends, as people write it."""
    local = deadline.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):
        return f"{day_text(local - timedelta(minutes=1))}24:00"
    return f"{day_text(local)}{local:%H:%M}"


def receipt_number(mails: tuple[Mail, ...]) -> str:
    """The receipt number: the day the newest mail was received and six digits of a hash over all of them."""
    digest = hashlib.sha256("\n".join(sorted(mail.id for mail in mails)).encode()).hexdigest()
    return f"ZSS-{mails[-1].received_at.astimezone(SHANGHAI):%m%d}-{digest[:6].upper()}"


def mails_text(mails: tuple[Mail, ...]) -> str:
    """Which mails are answered: one by time and subject, several by number and span."""
    times = sorted(mail.received_at.astimezone(SHANGHAI) for mail in mails)
    first, last = (f"{time.month}月{time.day}日{time:%H:%M}" for time in (times[0], times[-1]))
    if len(mails) > 1:
        last = f"{times[-1]:%H:%M}" if times[0].date() == times[-1].date() else last
        return f"您{first}至{last}发来的{len(mails)}封邮件"
    subject = mails[0].subject.strip()
    return f"您{first}发来的邮件{quoted(subject, 60)}" if subject else f"您{first}发来的邮件"


def linked_files(mails: tuple[Mail, ...]) -> Iterator[str]:
    for link in (link for mail in mails for link in mail.cloud_links if not link.mentioned):
        expires = f"{link.expires}到期" if re.search(r"\d", link.expires) else link.expires
        known = "，".join(one_line(fact, 80) for fact in (link.size, link.provider, expires) if fact.strip())
        name = one_line(link.name, 160) or "（链接中没有写明文件名）"
        yield f"{name}（{known}）" if known else name
