"""The dashboard `ledger/看板.html`: the ledger's view as one self-contained page for staff to look at.

It queries nothing, reads no clock (the page itself counts the time left) and loads nothing from anywhere: the same view
always gives the same bytes.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline.account import local
from pipeline.dashboard_charts import Bar, DayChart, Segment, bars, day_chart, stack
from pipeline.ledger_rows import TONES
from pipeline.ledger_staff import Staff
from pipeline.ledger_statistics import STATE_ORDER, statistics
from pipeline.ledger_table import Tone
from pipeline.ledger_view import LedgerView, MailLine, Standing
from pipeline.model import SHANGHAI, Disposition, Finding, Severity, State
from pipeline.settings import resource
from pipeline.whole_file import replacing
from pipeline.wording import deadline_text, one_line

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATE = "dashboard.html.j2"
# The order in which staff go through the universities.
WORKED_THROUGH = (State.FOR_STAFF, State.TO_CORRECT, State.ACCEPTED, State.MISSING)
SEVERITIES = {Severity.ERROR: "urgent", Severity.WARNING: "open", Severity.NOTICE: "idle"}
MAILS_SHOWN = 200
WORST_SHOWN = 12
LONGEST = 600
# All but what an address keeps as it is (RFC 3986, 2.3) and the strokes between folders; the library takes each byte by itself.
QUOTED = re.compile(r"[^A-Za-z0-9_.~/-]+")


class Group(Struct, frozen=True):
    """The universities of one state."""

    state: str
    tone: str
    standings: tuple[Standing, ...]


class Breach(Struct, frozen=True):
    """A rule that is not met somewhere: how often, at which universities, and one of its messages."""

    rule: str
    severity: Severity
    clause: str
    example: str
    standings: tuple[Standing, ...]
    bar: Bar


class Page(Struct, frozen=True):
    """Everything the template shows. Instants are ISO 8601 with zone; texts stand as they came, the template escapes them.

    `heard` of the `whole` roster have sent something, and `others` that are not on it; `urgent` are mails that wait for a person, `worst` the universities with most to correct.
    """

    title: str
    deadline: str
    deadline_at: str
    begun_at: str
    newest: str
    heard: int
    whole: int
    others: int
    states: tuple[Segment, ...]
    figures: tuple[tuple[str, int], ...]
    days: DayChart | None
    categories: tuple[Bar, ...]
    levels: tuple[tuple[str, int, tuple[Segment, ...]], ...]
    groups: tuple[Group, ...]
    breaches: tuple[Breach, ...]
    worst: tuple[tuple[Standing, Bar], ...]
    urgent: tuple[MailLine, ...]
    mails: tuple[MailLine, ...]
    mails_in_all: int


def render(view: LedgerView) -> str:
    """The whole page as HTML; everything that came from mails is escaped and stands in no script."""
    return _environment().get_template(TEMPLATE).render(page=page_of(view))


def write(path: Path, page: str) -> bool:
    """Put the page at `path` in one step (0600; its folder 0700 where it is new). False where it stands there already."""
    content = page.encode()
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)
    return True


def page_of(view: LedgerView) -> Page:
    """Count and sort everything the page shows."""
    numbers = statistics(view, Staff(), ())
    times = [line.mail.received_at for line in view.mails]
    newest_first = sorted(view.mails, key=lambda line: (line.mail.received_at, line.mail.id), reverse=True)
    states = Counter(standing.state for standing in view.standings)
    heard, others = view.heard
    return Page(
        title=view.title,
        deadline=deadline_text(view.deadline),
        deadline_at=view.deadline.astimezone(SHANGHAI).isoformat(),
        begun_at=min(times).astimezone(SHANGHAI).isoformat() if times else "",
        newest=moment(local(max(times))) if times else "",
        heard=heard,
        whole=len(view.roster),
        others=others,
        states=stack([(state.value, TONES[state].value, states[state]) for state in STATE_ORDER]),
        figures=_figures(view, numbers.figures),
        days=_days(view),
        categories=bars([(name, int(counts[0]), int(counts[1])) for name, counts in numbers.categories.lines]),
        levels=tuple(_level(name, counts) for name, counts in numbers.levels.lines),
        groups=tuple(_group(view, state) for state in WORKED_THROUGH if states[state]),
        breaches=_breaches(view),
        worst=_worst(view),
        urgent=tuple(line for line in newest_first if line.tone is Tone.URGENT),
        mails=tuple(newest_first[:MAILS_SHOWN]),
        mails_in_all=len(newest_first),
    )


def _figures(view: LedgerView, counted: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """The few numbers shown large, beside those of the universities, which stand before them in the ledger's."""
    submissions = sum(line.mail.disposition is Disposition.SUBMISSION for line in view.mails)
    return (*counted[-3:], ("报送邮件", submissions))


def _days(view: LedgerView) -> DayChart | None:
    mails: Counter[date] = Counter(
        local(line.mail.received_at).date() for line in view.mails if line.mail.disposition is Disposition.SUBMISSION
    )
    firsts: Counter[date] = Counter(first.date() for one in view.standings if (first := one.times[0]))
    # Midnight is the end of the day before it.
    deadline = local(view.deadline - timedelta(seconds=1)).date()
    return day_chart(mails, firsts, deadline, len(view.standings))


def _level(name: str, counts: Sequence[float]) -> tuple[str, int, tuple[Segment, ...]]:
    """A kind of university with its size and states; `counts` as the ledger's statistics give them, states first."""
    pairs = zip(STATE_ORDER, counts[: len(STATE_ORDER)], strict=True)
    states = [(state.value, TONES[state].value, int(count)) for state, count in pairs]
    return name, sum(count for _, _, count in states), stack(states)


def _group(view: LedgerView, state: State) -> Group:
    return Group(state.value, TONES[state].value, tuple(one for one in view.standings if one.state is state))


def _findings(view: LedgerView) -> Iterable[tuple[Standing, Finding]]:
    for standing in view.standings:
        for remark in standing.remarks:
            yield standing, remark.finding


def _breaches(view: LedgerView) -> tuple[Breach, ...]:
    """The rules not met, what has to be corrected first, then the most frequent."""
    found: dict[str, list[tuple[Standing, Finding]]] = {}
    for standing, finding in _findings(view):
        found.setdefault(finding.rule, []).append((standing, finding))
    ranks = list(Severity)
    names = sorted(found, key=lambda name: (ranks.index(found[name][0][1].severity), -len(found[name]), name))
    breaches = []
    for bar in bars([(name, len(found[name]), 0) for name in names]):
        _, first = found[bar.name][0]
        standings = {standing.number: standing for standing, _ in found[bar.name]}
        breaches.append(Breach(bar.name, first.severity, first.clause, first.message, tuple(standings.values()), bar))
    return tuple(breaches)


def _worst(view: LedgerView) -> tuple[tuple[Standing, Bar], ...]:
    """The universities with most to correct."""
    counted = [(one, errors) for one in view.standings if (errors := one.errors)]
    counted.sort(key=lambda pair: -pair[1])
    counted = counted[:WORST_SHOWN]
    drawn = bars([(standing.name, count, 0) for standing, count in counted])
    return tuple((standing, bar) for (standing, _), bar in zip(counted, drawn, strict=True))


def moment(instant: datetime | None) -> str:
    """A moment of Shanghai's wall clock as staff read it."""
    return f"{instant:%m-%d %H:%M}" if instant else ""


def link_to(path: str | None) -> str:
    """A relative address, from the ledger's folder, of a file below ANNEX_DATA; "" where there is none."""
    return QUOTED.sub(lambda found: f"%{found[0].encode().hex('%').upper()}", f"../{path}") if path else ""


def source_hash(source: str) -> str:
    """What a Content-Security-Policy calls an inline style or script by (W3C CSP level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def _shown(value: Any) -> Any:
    """Every text on the page: on one line, without characters that hide or turn others round; our own markup as it is."""
    return one_line(value, LONGEST) if type(value) is str else value


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resource("templates"), encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tones = {state.value: tone.value for state, tone in TONES.items()}
    environment.filters |= {
        "source_hash": source_hash,
        "moment": moment,
        "local": local,
        "state_tone": lambda state: tones[state.value],
        "severity_tone": lambda severity: SEVERITIES[severity],
        "link": link_to,
    }
    return environment
