"""The ledger from a store that is already filled, and the commands that look at it, each in a process of its own.

The store is filled without reading a document; `scale` measures that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import child, desk
from bench.rows import Check, Row
from pipeline import ledger
from pipeline.bookkeeping import keep_ledger
from pipeline.model import Outcome
from pipeline.renewal import view_of

SECTION = "ledger"
TITLE = "from a filled store to the workbook on disk, and the commands on that store"
MEGABYTES = 400
FEW, MANY, QUICK = 58, 2858, 29
# Seconds, by number of projects.
LEDGER_SECONDS = {400: 0.4, 20_000: 6.0}
STATUS_SECONDS = 0.5


def rows(quick: bool) -> Iterator[Row]:
    """Rows for a province and for a country; the quick run has a handful of universities only."""
    # What the first process compiles, an installed program has compiled long ago.
    with desk.folder(1) as data:
        desk.filled(data, 1)
        child.task("ledgers.regenerate", data=str(data))
    for universities in (QUICK,) if quick else (FEW, MANY):
        with desk.folder(universities, memory=True) as data:
            projects = desk.filled(data, universities)
            yield _regenerated(data, projects)
            yield _again(data, projects)
            yield _status(data, projects, 1 if quick else 5)
    yield _help(3 if quick else 9)


def regenerate(data: str) -> dict[str, Any]:
    """Make the ledger from the store as `annex-inbox ledger` does, then its parts once more; seconds."""
    with desk.office_of(data) as office:
        start, used = perf_counter(), child.family_cpu()
        kept = keep_ledger(office, desk.LATER, force=True)
        total, cpu = perf_counter() - start, child.family_cpu() - used
        assert kept.written, kept.notes
        view = view_of(office)
        start = perf_counter()
        prepared = ledger.prepare(view, ledger.Staff())
        prepared.digest()
        laid_out = perf_counter()
        prepared.write(Path(data) / "again.xlsx")
        written = perf_counter()
    return {"total": total, "cpu": cpu, "lay out": laid_out - start, "write": written - laid_out}


def _regenerated(data: Path, projects: int) -> Row:
    found, usage = child.task("ledgers.regenerate", data=str(data))
    parts = {name: 1000 * found[name] for name in ("lay out", "write")}
    parts = {"store, assemble, archive, imports": 1000 * found["total"] - sum(parts.values()), **parts}
    limit = next((limit for number, limit in LEDGER_SECONDS.items() if abs(projects / number - 1) < 0.05), None)
    checks = [] if limit is None else [Check("seconds", found["total"], limit, " s")]
    if limit is not None and usage.peak is not None:
        checks.append(Check("peak", usage.peak, MEGABYTES, " MB"))
    note = f"with interpreter start {usage.wall:.2f} s (both runs)"
    name = f"ledger of {projects:,} projects"
    return Row(SECTION, name, 1000 * found["total"], 1000 * found["cpu"], usage.peak, parts, {}, tuple(checks), note)


def again(data: str) -> list[float]:
    """Keep the ledger after one university's mail has lost its last document; seconds by the clock and of CPU."""
    with desk.office_of(data) as office:
        first = office.store.mails()[0]
        office.store.record(Outcome(first, tuple(office.store.versions_of(first.id)[:-1])))
        start, used = perf_counter(), child.family_cpu()
        kept = keep_ledger(office, desk.LATER)
        assert kept.written, kept.notes
        return [perf_counter() - start, child.family_cpu() - used]


def _again(data: Path, projects: int) -> Row:
    (wall, cpu), usage = child.task("ledgers.again", data=str(data))
    name = f"the same where one university has changed, {projects:,} projects"
    return Row(SECTION, name, 1000 * wall, 1000 * cpu, usage.peak)


def _status(data: Path, projects: int, rounds: int) -> Row:
    commands = {"status": desk.command("status", "--json")}
    usage = child.race(commands, rounds, desk.environment(data), data)["status"]
    checks = (Check("seconds", usage.wall, STATUS_SECONDS, " s"),) if projects >= 20_000 else ()
    name = f"annex-inbox status, {projects:,} projects"
    return Row(SECTION, name, 1000 * usage.wall, 1000 * usage.cpu, usage.peak, checks=checks)


def _help(rounds: int) -> Row:
    commands = {"--help": desk.command("--help"), "python": [sys.executable, "-c", "pass"]}
    with desk.folder(1) as data:
        usages = child.race(commands, rounds, desk.environment(data), data)
    usage = usages["--help"]
    beside = {"python -c pass": 1000 * usages["python"].wall}
    checks = (Check("seconds", usage.wall, 0.25, " s"),)
    return Row(SECTION, "annex-inbox --help", 1000 * usage.wall, 1000 * usage.cpu, usage.peak, {}, beside, checks)
