"""How many times as long one piece of work takes as another; seconds are never compared, for machines differ and are busy."""

from __future__ import annotations

import time
from collections.abc import Callable

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """The processor time that some work takes in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def takes_less(work: Work, times: float, other: Work) -> None:
    """Fail unless work takes less than so many times as long as the other, each at its best of some tries."""
    seconds(other)
    unit, taken = min(seconds(other) for _ in range(3)), seconds(work)
    # What slows a machine down comes and goes; what makes the work dear would do so every time.
    for _ in range(4):
        if taken < times * unit:
            break
        unit, taken = min(unit, seconds(other)), min(taken, seconds(work))
    assert taken < times * unit, f"took {taken / unit:.1f} times as long"


def grows_evenly(work: Callable[[int], object], size: int) -> None:
    """Fail unless work on eight times the size takes about eight times as long; by the square it would be sixty-four."""
    takes_less(lambda: work(8 * size), 24, lambda: work(size))
