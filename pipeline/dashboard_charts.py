"""The geometry of the dashboard's charts: shares of a whole, bars, and what came in day by day.

Lengths across are percentages, so that a chart fits a phone and a screen without scaling its text; heights are pixels.
Nothing here knows what is counted, or writes any markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate

from msgspec import Struct

# Below this a few days would be drawn as a few walls; above, days without mail are left out.
FEWEST_COLUMNS, MOST_COLUMNS = 14, 60
TICKS = 6
BAR_SHARE = 0.64
# Bars stand on BASE; the tallest leaves room above it for its number.
BASE, TALLEST = 196, 160


class Segment(Struct, frozen=True):
    """A part of a stacked bar, from `start` on `width` wide, both in percent."""

    name: str
    tone: str
    count: int
    start: str
    width: str


class Bar(Struct, frozen=True):
    """A bar `width` percent wide, the first `part_width` percent of the whole in a stronger colour."""

    name: str
    count: int
    width: str
    part: int = 0
    part_width: str = "0"


class Column(Struct, frozen=True):
    """A day: its column and the bar in it; `tick` is its label where one is shown, `number` whether the count is."""

    day: str
    count: int
    new: int
    running: int
    left: str
    width: str
    centre: str
    bar_left: str
    bar_width: str
    top: str
    height: str
    tick: bool
    number: bool


class DayChart(Struct, frozen=True):
    """Mails of each day, and the universities heard of so far as a path in a box of 100 by 100.

    `deadline` is where the deadline's line stands, "" where it is out of sight; `end` the end of the path in percent.
    """

    columns: tuple[Column, ...]
    line: str
    area: str
    end: tuple[str, str]
    reached: int
    whole: int
    deadline: str
    base: int = BASE


def percent(part: float, whole: float) -> str:
    """A share as SVG wants it, at most two decimals."""
    return f"{100 * part / whole:.2f}".rstrip("0").rstrip(".") if whole else "0"


def stack(parts: Sequence[tuple[str, str, int]]) -> tuple[Segment, ...]:
    """Parts, given as (name, tone, count), one after the other; empty ones keep their place in the legend."""
    whole = sum(count for _, _, count in parts)
    starts = [0, *accumulate(count for _, _, count in parts)]
    return tuple(
        Segment(name, tone, count, percent(start, whole), percent(count, whole))
        for (name, tone, count), start in zip(parts, starts, strict=False)
    )


def bars(lines: Sequence[tuple[str, int, int]]) -> tuple[Bar, ...]:
    """Bars for lines of (name, count, part), the longest as wide as the chart."""
    longest = max((count for _, count, _ in lines), default=0)
    return tuple(Bar(name, count, percent(count, longest), part, percent(part, longest)) for name, count, part in lines)


def day_chart(mails: Mapping[date, int], firsts: Mapping[date, int], deadline: date, whole: int) -> DayChart | None:
    """The chart of what came in, up to the deadline where that is near; None where nothing came."""
    seen = sorted(day for day, count in mails.items() if count)
    if not seen:
        return None
    days = _days(seen, deadline)
    highest = max(mails.get(day, 0) for day in days)
    running = list(accumulate(firsts.get(day, 0) for day in days))
    columns = tuple(_column(position, days, mails, firsts, running, highest) for position in range(len(days)))
    # The line ends with the newest mail: what is to come is not known.
    last = days.index(seen[-1])
    whole = max(whole, running[-1], 1)
    points = [(100 * (i + 0.5) / len(days), 100 - 100 * running[i] / whole) for i in range(last + 1)]
    line = "M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in [(0.0, 100.0), *points])
    end = points[-1]
    return DayChart(
        columns=columns,
        line=line,
        area=f"{line}L{end[0]:.2f},100Z",
        end=(f"{end[0]:.2f}", f"{end[1]:.2f}"),
        reached=running[-1],
        whole=whole,
        deadline=percent(days.index(deadline) + 1, len(days)) if deadline in days else "",
    )


def _days(seen: Sequence[date], deadline: date) -> list[date]:
    """Every day from the first to the newest mail or the deadline; only those with mail where that were too many."""
    first, last = seen[0], max(seen[-1], deadline)
    if (last - first).days >= MOST_COLUMNS:
        last = seen[-1]
    length = (last - first).days + 1
    if length > MOST_COLUMNS:
        return list(seen[-MOST_COLUMNS:])
    blank = max(0, FEWEST_COLUMNS - length)
    return [first + timedelta(days=number) for number in range(-blank, length)]


def _column(
    position: int,
    days: Sequence[date],
    mails: Mapping[date, int],
    firsts: Mapping[date, int],
    running: Sequence[int],
    highest: int,
) -> Column:
    day, whole = days[position], len(days)
    count = mails.get(day, 0)
    height = TALLEST * count / highest
    every = -(-whole // TICKS)
    return Column(
        day=f"{day.month}月{day.day}日",
        count=count,
        new=firsts.get(day, 0),
        running=running[position],
        left=percent(position, whole),
        width=percent(1, whole),
        centre=percent(position + 0.5, whole),
        bar_left=percent(position + (1 - BAR_SHARE) / 2, whole),
        bar_width=percent(BAR_SHARE, whole),
        top=f"{BASE - height:.1f}",
        height=f"{height:.1f}",
        tick=(whole - 1 - position) % every == 0,
        number=count > 0 and (whole <= 24 or count == highest),
    )
