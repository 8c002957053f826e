"""Runs a command, or a function of this package, in a process of its own and says what it took, its children included.

Peak memory is read from /proc every few hundredths of a second; where there is no /proc it is None.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
SAMPLED_EVERY = 0.02
LONG = 5
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """Where the children keep their bytecode if this environment forbids writing it beside the source."""
    return tempfile.TemporaryDirectory(prefix="annex-bench-pyc-")


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """What the children see. An installed program has its bytecode, so they must not compile everything each time."""
    own = dict(os.environ)
    if own.pop("PYTHONDONTWRITEBYTECODE", ""):
        own.setdefault("PYTHONPYCACHEPREFIX", _compiled().name)
    return {**own, **(more or {})}


class Failed(RuntimeError):
    """The command did not end well; the text is the end of what it wrote."""


class Usage(Struct, frozen=True):
    """Seconds by the wall clock and of CPU (waited-for children included), peak MB of the process tree, standard output."""

    wall: float
    cpu: float
    peak: float | None
    output: str


def run(command: Sequence[str], env: Mapping[str, str] | None = None, folder: Path | None = None) -> Usage:
    """Run a command to its end. Raises Failed for any exit code but 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=_environment(env), cwd=folder)
        watch = _Watch(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = watch.stop()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    if process.returncode:
        raise Failed(f"{' '.join(command[:4])} ended with {process.returncode}: {(texts[1] or texts[0])[-2000:]}")
    return Usage(wall, used.ru_utime + used.ru_stime, peak, texts[0])


def task(function: str, **arguments: Any) -> tuple[Any, Usage]:
    """Call `module.function` of this package in a fresh interpreter; what it returns must be plain JSON values."""
    command = [sys.executable, "-m", "bench.child", function, json.dumps(arguments)]
    usage = run(command, folder=ROOT)
    return json.loads(usage.output.splitlines()[-1]), usage


def race(commands: Mapping[str, Sequence[str]], rounds: int, env: Mapping[str, str], folder: Path) -> dict[str, Usage]:
    """Run commands in turn (A B A B …), after a first round that does not count; the medians of each.

    Where the first round takes longer than LONG seconds it is the only one, and does count.
    """
    first = {name: run(command, env, folder) for name, command in commands.items()}
    if sum(usage.wall for usage in first.values()) > LONG:
        return first
    usages: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            usages[name].append(run(command, env, folder))
    return {name: _median(each) for name, each in usages.items()}


def _median(usages: Sequence[Usage]) -> Usage:
    peaks = [usage.peak for usage in usages if usage.peak is not None]
    return Usage(
        median(usage.wall for usage in usages),
        median(usage.cpu for usage in usages),
        max(peaks) if peaks else None,
        usages[-1].output,
    )


class _Watch:
    """Samples the memory of a process and its descendants in a thread until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid, self._done, self._peak = pid, Event(), 0
        self._thread = Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._done.is_set():
            members = family(self._pid)
            # The root's own high-water mark catches what came and went between two samples.
            together = sum(map(_share, members)) if len(members) > 1 else 0
            self._peak = max(self._peak, together, _size(self._pid, "status", "VmHWM"))
            self._done.wait(SAMPLED_EVERY * len(members))

    def stop(self) -> float | None:
        self._done.set()
        self._thread.join()
        return self._peak / 1024 if self._peak else None


def family(pid: int) -> list[int]:
    """A process and all its living descendants."""
    found = [pid]
    for one in found:
        # Any of them may end while it is looked at.
        with suppress(OSError):
            for children in PROC.glob(f"{one}/task/*/children"):
                found += map(int, children.read_text().split())
    return found


def family_cpu() -> float:
    """CPU seconds this process and its descendants have used so far, living ones and those waited for."""
    total = 0
    for pid in family(os.getpid()):
        try:
            # The second field may hold blanks; user and system time, own and children's, are fields 14 to 17 (proc(5)).
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def _share(pid: int) -> int:
    """A process's memory in kB, pages that several share divided among them, so that no page counts twice (PSS)."""
    return _size(pid, "smaps_rollup", "Pss") or _size(pid, "status", "VmRSS")


def _size(pid: int, file: str, name: str) -> int:
    """One of a process's sizes in kB; 0 where it is gone or not ours to look at."""
    try:
        text = (PROC / str(pid) / file).read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith(f"{name}:")), "")
    return int(line.split()[1]) if line else 0


def main(arguments: Sequence[str]) -> None:
    """Call the function that is named and print what it returns."""
    module, _, function = arguments[0].rpartition(".")
    result = getattr(import_module(f"bench.{module}"), function)(**json.loads(arguments[1]))
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
