"""A cron expression as a trigger of APScheduler, meaning what crontab(5) says. It knows when, not what is to be done.

Minutes, hours, days and months APScheduler reads as cron does. Weekdays it counts from Monday, which cron does from
Sunday, and a day of the month and a weekday it wants both, where cron wants either.
"""

from __future__ import annotations

import re

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from pipeline.model import SHANGHAI

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = rf"[0-7]|{'|'.join(WEEKDAYS)}"
_SPAN = re.compile(rf"(?:\*|(?P<first>{_DAY})(?:-(?P<last>{_DAY}))?)(?:/(?P<step>[1-7]))?")


def trigger(expression: str) -> BaseTrigger:
    """When an expression of five fields fires, in Shanghai's time. Raises ValueError where it is none."""
    minute, hour, day, month, weekday = expression.split()
    days = [(day, _weekdays(weekday))]
    if not (day.startswith("*") or weekday.startswith("*")):
        days = [(day, "*"), ("*", _weekdays(weekday))]
    each = [CronTrigger.from_crontab(f"{minute} {hour} {d} {month} {w}", timezone=SHANGHAI) for d, w in days]
    return each[0] if len(each) == 1 else OrTrigger(each)


def _weekdays(field: str) -> str:
    """A field of weekdays with each of them by its name, which cron and APScheduler understand alike."""
    found = {day % 7 for span in field.lower().split(",") for day in _span(span)}
    return ",".join(WEEKDAYS[day] for day in sorted(found))


def _span(text: str) -> range:
    """The days of one part of the list, 0 for Sunday; a range over the week's end goes on beyond 6."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"not a weekday: {text}")
    first, last, step = found["first"], found["last"], found["step"]
    start = _number(first or "0")
    end = _number(last) if last else 6 if step or not first else start
    return range(start, (end if end >= start else end + 7) + 1, int(step or 1))


def _number(day: str) -> int:
    return int(day) if day.isdigit() else WEEKDAYS.index(day)
