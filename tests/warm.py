"""Confined processes that outlive a pass, for starting one costs a test more than all the rest of the pass.

They are the real ones (pipeline/confined.py); the tests of starting, limits and dying take their own. Nor is this process
copied for a second core (pipeline/alongside.py): the tests run on all cores as it is, and what they have loaded is much to
copy.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pipeline.confined import PASSED_ON, Worker
from pipeline.worker import ReadingLimits

_shelf: dict[Hashable, list[Worker]] = defaultdict(list)


class Lent:
    """A worker that goes back on the shelf when it is ended, if it is still of use. Each was started in surroundings like ours."""

    def __init__(self, target: str, limits: ReadingLimits, _home: Path) -> None:
        surroundings = tuple(os.environ.get(name) for name in PASSED_ON)
        self._place = _shelf[target, limits, surroundings]
        self._worker = self._place.pop() if self._place else Worker(target, limits, Path(tempfile.mkdtemp()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker, name)

    def end(self) -> None:
        """Keep it for the next pass; one that is busy or broken ends for good."""
        if self._worker.usable:
            self._place.append(self._worker)
        else:
            self._worker.end()


@contextmanager
def workers() -> Iterator[None]:
    """Whatever is read meanwhile is read by processes that were there before, as far as there are any, and none is copied."""
    with patch("pipeline.reader.Worker", Lent), patch("pipeline.alongside.worth_while", lambda: False):
        yield
