"""A piece of work done in a second process while this one goes on, so that two cores are used.

The second process begins as a copy of this one and is told nothing; what it hands back must be fit for pickle. It must
write nothing, for it may outlive this one, and open connections of its own. Without fork, or with one core, the work is
done here.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

log = logging.getLogger(__name__)

# A second process that hangs must not be there for ever after the first one was killed.
LONGEST_SECONDS = 900

T = TypeVar("T")


@contextmanager
def alongside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin a piece of work; what is given waits for its result. Leaving the block before that ends the work.

    Work that fails in the second process, or is lost with it, is done once more in this one, where it may raise.
    """
    if not worth_while():
        yield work
        return
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(work, there), daemon=True)
    with here:
        with there:
            process.start()
        try:
            yield lambda: _received(here, work)
        finally:
            process.kill()
            process.join()


def worth_while() -> bool:
    """Whether a second process can be had by copying this one, and has a core to run on."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _received(here: Connection, work: Callable[[], T]) -> T:
    try:
        result: T = here.recv()
    except (EOFError, OSError):
        return work()
    return result


def _do(work: Callable[[], T], there: Connection) -> None:
    """In the second process: the result goes through the pipe, or the pipe ends."""
    # Whoever interrupts the program means the first process, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST_SECONDS)
    try:
        there.send(work())
    except Exception:
        log.debug("the second process failed", exc_info=True)
