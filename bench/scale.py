"""From spooled mails to outcomes, replies in the outbox and the ledger, for N, 2N and 4N universities.

Fetching and sending are left out. What 3,100 universities would take is projected from the slope unless it was measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import child, desk, material
from bench.rows import Check, Row
from pipeline.answering import answer
from pipeline.bookkeeping import keep_ledger
from pipeline.model import Envelope
from pipeline.passes import Pass
from pipeline.progress import silent
from pipeline.reply_states import ReplyState
from pipeline.spool import Spool
from pipeline.taking import take_all

SECTION = "scale"
TITLE = "spooled mails (8 forms, 400 KB each) to outcome, reply and ledger, in a process of its own"
COUNTRY = 3100
COUNTRY_SECONDS, COUNTRY_MEGABYTES = 120, 400
MAIL_CPU_MS = 25
# Four times the mails may take this much more than four times the time and still be called linear.
LINEAR = 1.15
LIST = "letters.json"
# 4N, unless another is asked for.
QUICK, USUAL = 8, 480


def rows(quick: bool, largest: int = 0) -> Iterator[Row]:
    """A row for each size, then what they come to; `largest` is 4N."""
    largest = largest or (QUICK if quick else USUAL)
    sizes = sorted({max(1, largest // 4), max(1, largest // 2), largest})
    with desk.folder(largest) as shared:
        _spool(shared, largest)
        found = []
        for size in sizes:
            found.append(_measured(shared, size))
            yield _row(size, found[-1])
        yield _linearity(sizes, found)
        yield _mail(sizes, found, judged=not quick)
        yield _country(sizes, found, judged=not quick)


def _spool(folder: Path, number: int) -> None:
    """Put the mails of so many universities into a spool, with a list of when each was received."""
    spool = Spool(folder / "mail")
    listed = [(spool.put([one.raw]), one.received_at.isoformat()) for one in material.letters(number)]
    (folder / LIST).write_text(json.dumps(listed))


def _measured(shared: Path, size: int) -> dict[str, Any]:
    with desk.folder(0) as data:
        for name in ("mail", LIST, "rules.yaml"):
            (data / name).unlink(missing_ok=True)
            (data / name).symlink_to(shared / name)
        found, usage = child.task("scale.to_ledger", data=str(data), number=size)
    return {**found, "peak": usage.peak, "whole": usage.wall, "whole_cpu": usage.cpu}


def to_ledger(data: str, number: int) -> dict[str, Any]:
    """Bring the first so many mails of the spool to the ledger; [wall, CPU] seconds of each stage."""
    listed = json.loads((Path(data) / LIST).read_text())[:number]
    stages: dict[str, list[float]] = {}
    with desk.office_of(data) as office:
        done = Pass()
        _clocked(stages, "take", lambda: _take(office, done, listed))
        _clocked(stages, "answer", lambda: answer(office, desk.LATER))
        _clocked(stages, "ledger", lambda: keep_ledger(office, desk.LATER))
        assert done.recorded == number, "".join(entry.trace for entry in office.store.all_set_aside()[:1])
        replies = len(office.store.outbox.replies(ReplyState.QUEUED))
    return {"stages": stages, "replies": replies}


def _take(office: Any, done: Pass, listed: Sequence[tuple[str, str]]) -> None:
    fetched = (
        (Envelope("INBOX", 1, uid, datetime.fromisoformat(received_at), 0), mail)
        for uid, (mail, received_at) in enumerate(listed, start=1)
    )
    take_all(office, done, fetched, lambda: desk.LATER, silent)


def _clocked(stages: dict[str, list[float]], name: str, work: Callable[[], object]) -> None:
    wall, cpu = perf_counter(), child.family_cpu()
    work()
    stages[name] = [perf_counter() - wall, child.family_cpu() - cpu]


def _together(found: dict[str, Any], which: int) -> float:
    return float(sum(stage[which] for stage in found["stages"].values()))


def _row(size: int, found: dict[str, Any]) -> Row:
    wall, cpu = _together(found, 0), _together(found, 1)
    parts = {name: 1000 * stage[0] for name, stage in found["stages"].items()}
    note = f"{1000 * wall / size:.0f} ms a mail, {cpu / wall:.2f} cores, {found['replies']} replies queued"
    return Row(SECTION, f"{size} universities", 1000 * wall, 1000 * cpu, found["peak"], parts, note=note)


def _linearity(sizes: Sequence[int], found: Sequence[dict[str, Any]]) -> Row:
    small, large = _together(found[0], 0) / sizes[0], _together(found[-1], 0) / sizes[-1]
    name = f"time a mail at {sizes[-1]} beside that at {sizes[0]}"
    return Row(SECTION, name, 1000 * large, checks=(Check("growth", large / small, LINEAR),))


def _mail(sizes: Sequence[int], found: Sequence[dict[str, Any]], judged: bool) -> Row:
    """What one mail more costs from raw bytes to a committed outcome and a queued reply; starting is in the rows above."""

    def spent(one: dict[str, Any], which: int) -> float:
        return 1000 * float(sum(one["stages"][name][which] for name in ("take", "answer")))

    span = sizes[-1] - sizes[0]
    wall, cpu = ((spent(found[-1], which) - spent(found[0], which)) / span if span else 0.0 for which in (0, 1))
    used = spent(found[-1], 1) / spent(found[-1], 0)
    checks = (Check("CPU ms", cpu, MAIL_CPU_MS, " ms"), Check("cores used", used, 1.5, "", at_least=True))
    name = "one mail more, raw to outcome committed and reply queued"
    return Row(SECTION, name, wall, cpu, checks=checks if judged else ())


def _country(sizes: Sequence[int], found: Sequence[dict[str, Any]], judged: bool) -> Row:
    """The whole country: as measured, or along the line through the smallest and the largest size."""
    span = sizes[-1] - sizes[0]

    def projected(small: float, large: float) -> float:
        return large + (large - small) / span * (COUNTRY - sizes[-1]) if span else large

    seconds = projected(_together(found[0], 0), _together(found[-1], 0))
    peak = None if found[0]["peak"] is None else projected(found[0]["peak"], found[-1]["peak"])
    checks = [Check("seconds", seconds, COUNTRY_SECONDS, " s")]
    checks += [] if peak is None else [Check("peak", peak, COUNTRY_MEGABYTES, " MB")]
    measured = "measured" if sizes[-1] == COUNTRY else "projected"
    name = f"{COUNTRY:,} universities ({measured})"
    return Row(SECTION, name, 1000 * seconds, None, peak, checks=tuple(checks) if judged else ())
