"""Interleaved timing inside this process: every contender runs once a round, so that noise falls on all of them alike.

Medians only; the garbage collector runs between the measurements and never during one.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter, process_time

from msgspec import Struct

Run = Callable[[], object]


class Timing(Struct, frozen=True):
    """What one contender took in each round, in milliseconds: by the wall clock, and of this process's CPU on all cores."""

    walls: tuple[float, ...]
    cpus: tuple[float, ...]

    @property
    def wall(self) -> float:
        return median(self.walls)

    @property
    def cpu(self) -> float:
        return median(self.cpus)

    def ratio(self, other: Timing) -> float:
        """How many times the other's time this took: the median over the rounds, each of which finds the machine as fast for
        one as for the other."""
        return median(own / its for own, its in zip(self.walls, other.walls, strict=True))


def race(
    contenders: Mapping[str, Run], seconds: float, least: int = 5, warm_up: bool = True, burst: int = 1
) -> dict[str, Timing]:
    """Run all contenders in turn (A B A B …) for about so many seconds, but at least so many rounds.

    Each runs `burst` times at its turn, as it does where it has so many things to do in a row, after once that does not
    count; its time is that of one.
    """
    if warm_up:
        for run in contenders.values():
            run()
    walls: dict[str, list[float]] = {name: [] for name in contenders}
    cpus: dict[str, list[float]] = {name: [] for name in contenders}
    end, rounds = perf_counter() + seconds, 0
    with _no_collection():
        while rounds < least or perf_counter() < end:
            for name, run in contenders.items():
                if burst > 1:
                    # The collection before it has emptied the processor's caches.
                    run()
                wall, cpu = perf_counter(), process_time()
                for _ in range(burst):
                    run()
                cpu, wall = process_time() - cpu, perf_counter() - wall
                walls[name].append(1000 * wall / burst)
                cpus[name].append(1000 * cpu / burst)
                # What one contender leaves behind must not be swept up on another's time.
                gc.collect()
            rounds += 1
    return {name: Timing(tuple(walls[name]), tuple(cpus[name])) for name in contenders}


@contextmanager
def _no_collection() -> Iterator[None]:
    """No collection but those asked for; what exists already is left out of them, which keeps them short."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
