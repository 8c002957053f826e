"""When `watch` runs: a cron expression means what it means to cron, weekdays and days of the month included."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI
from pipeline.settings import load_settings
from pipeline.timetable import trigger

# A Sunday; the fortnight from here ends with the 14th, a Saturday.
START = datetime(2026, 11, 1, tzinfo=SHANGHAI)


def days(expression: str) -> list[int]:
    """The days of a fortnight from Sunday 1 November 2026 on which the expression fires, each at nine."""
    found: list[int] = []
    timetable, now = trigger(expression), START
    while (at := timetable.get_next_fire_time(None, now)) is not None and at < START + timedelta(days=14):
        assert (at.hour, at.minute, at.utcoffset()) == (9, 0, timedelta(hours=8))
        found.append(at.day)
        now = at + timedelta(minutes=1)
    return found


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [
        ("*", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        ("0", [1, 8]),
        ("7", [1, 8]),
        ("sun", [1, 8]),
        ("1", [2, 9]),
        ("Mon", [2, 9]),
        ("6", [7, 14]),
        ("1-5", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]),
        ("MON-FRI", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]),
        ("5-7", [1, 6, 7, 8, 13, 14]),
        ("fri-sun", [1, 6, 7, 8, 13, 14]),
        ("6-1", [1, 2, 7, 8, 9, 14]),
        ("sat-mon", [1, 2, 7, 8, 9, 14]),
        ("sun-tue", [1, 2, 3, 8, 9, 10]),
        ("7-1", [1, 2, 8, 9]),
        ("0-7", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        ("1,3,7", [1, 2, 4, 8, 9, 11]),
        ("tue,4-5", [3, 5, 6, 10, 12, 13]),
        ("*/2", [1, 3, 5, 7, 8, 10, 12, 14]),
        ("1-5/2", [2, 4, 6, 9, 11, 13]),
        ("mon-fri/2", [2, 4, 6, 9, 11, 13]),
        ("5-1/2", [1, 6, 8, 13]),
        ("1/2", [2, 4, 6, 9, 11, 13]),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(weekday: str, expected: list[int]) -> None:
    assert days(f"0 9 * * {weekday}") == expected


@pytest.mark.parametrize(
    ("day", "weekday", "expected"),
    [
        ("4", "*", [4]),
        ("4,10", "1", [2, 4, 9, 10]),
        ("2-3", "1-2", [2, 3, 9, 10]),
        # Where one of the two begins with a star both must be right.
        ("*/2", "1", [9]),
        ("8-14", "*/6", [8, 14]),
    ],
)
def test_a_day_of_the_month_and_a_weekday_are_either_of_them_as_in_cron(
    day: str, weekday: str, expected: list[int]
) -> None:
    assert days(f"0 9 {day} * {weekday}") == expected


def test_hours_and_months_hold_for_days_of_the_month_and_for_weekdays_alike() -> None:
    assert days("0 9 4 11 1") == [2, 4, 9]
    assert days("0 9 4 12 1") == []


def test_minutes_are_what_they_were() -> None:
    times = [trigger("*/5 * * * *").get_next_fire_time(None, START + timedelta(seconds=1 + 300 * n)) for n in range(3)]
    assert [at.minute for at in times if at is not None] == [5, 10, 15]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "every day",
        "0 9 * *",
        "0 9 * * * *",
        "0 9 * * 8",
        "0 9 * * 1-8",
        "0 9 * * -1",
        "0 9 * * mo",
        "0 9 * * monday",
        "0 9 * * 1,",
        "0 9 * * 1-",
        "0 9 * * 1-5-6",
        "0 9 * * */0",
        "0 9 * * 1-5/0",
        "0 9 * * 1-5/x",
        "0 9 * * mon-fri/",
        "0 9 * * １",
        "0 9 * * 周一",
        "60 9 * * 1",
        "0 9 32 * 1",
        "0 9 31 13 *",
    ],
)
def test_what_cron_would_not_take_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ANNEX_POLL 有误：应为五段的 cron 表达式"):
        load_settings(tmp_path / ".env", poll=wrong)


def test_the_setting_takes_what_the_timetable_takes(tmp_path: Path) -> None:
    assert load_settings(tmp_path / ".env", poll="0 9 * * 7").poll == "0 9 * * 7"
