"""Documents read in processes of their own, so that no document can stop, fill or take over the program.

`Reader.read` stands in for `parsers.read`: same arguments, same answer, and a limit that is broken is a transcript with
a problem. Workers start with the first document, are used again, and are replaced when they die. Mails and archives
are not opened here.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TypeVar

from parsers.model import Problem, ProblemKind, Transcript
from pipeline.confined import Breach, LimitBroken, ReadingFault, Worker, WorkerDied, kill_all_at_home
from pipeline.model import Finding, Limits, Reading
from pipeline.worker import Files, ReadingLimits

__all__ = ["Breach", "Reader", "ReadingFault", "ReadingLimits"]

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Within = Callable[[Callable[[], list[Transcript] | None]], list[Transcript]]

# Processes are confined by means of POSIX; elsewhere documents are read in this process.
CONFINED = hasattr(os, "killpg")
# So many documents, of so many bytes, go to an office program in one call.
MOST_TOGETHER = 20
LARGEST_TOGETHER = 16 << 20
# A whole mail may take this long; whatever takes longer is read document by document, each with a minute of its own.
MAIL_SECONDS = 20.0
FOLDER = "annex-inbox-reader-"
KEPT = "documents"
ROOM = 2 << 30
FOLDER_OF = re.compile(re.escape(FOLDER) + r"(\d+)-")


class Reader:
    """A pool of at most `workers` processes, one for each core but two at least and eight at most if None. `target` is the function they read with, as "module:name".

    Temporary files lie in a folder of each worker's own under `scratch` (the system's place for such if None), which
    goes with it; what a killed program left there goes at the next start. Use as a context manager, or call `close`.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: ReadingLimits | None = None,
        scratch: Path | None = None,
        target: str = "parsers:read",
    ) -> None:
        self.size, self._limits, self._target = workers or _cores(), limits or ReadingLimits(), target
        self._scratch = Path(scratch or tempfile.gettempdir())
        self._folder: Path | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._lock = Lock()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._closed = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers there are, sorted."""
        with self._lock:
            return tuple(sorted(one.pid for one in self._all))

    def read(self, content: bytes, name: str = "") -> list[Transcript]:
        """The forms in a file, as `parsers.read`; a broken limit is told in a problem (ProblemKind.UNSAFE).

        Raises ReadingFault where a parser failed by a fault of ours, OSError where the machine has no room for a worker.
        """
        if not CONFINED:
            module, _, function = self._target.partition(":")
            transcripts: list[Transcript] = getattr(importlib.import_module(module), function)(content, name)
            return transcripts
        try:
            return self._by_worker(lambda one: one.read(content, name))
        except LimitBroken as broken:
            return [_stopped(broken.breach)]
        except WorkerDied:
            return [_stopped(Breach.CRASH)]

    def read_many(self, documents: Sequence[tuple[bytes, str]], seconds: float = math.inf) -> list[list[Transcript]]:
        """`read` for each (content, name), several at a time; the answers in the order of the documents. Those that none of
        the seconds, of which each spends its own, are left for are not read, which is told in a problem.

        Documents that only an office program opens go to one worker together, which starts that program once.
        """
        groups = _groups([content for content, _ in documents])
        jobs = [[documents[at] for at in group] for group in groups]
        within = partial(_within, seconds, [])
        answers: dict[int, list[Transcript]] = {}
        for group, answer in zip(groups, self._side_by_side(jobs, within), strict=True):
            answers.update(zip(group, answer, strict=True))
        return [answers[at] for at in range(len(documents))]

    def read_mail(self, path: Path, own_address: str, limits: Limits, seconds: float = MAIL_SECONDS) -> Reading | None:
        """What a mail in a file says and brings, read in one go; None where that broke a limit, so many seconds too, or failed.

        Then one of its documents is to blame, and the others must not suffer for it: read each by itself.
        """
        if not CONFINED:
            return None
        try:
            with self._worker() as one:
                return one.read_mail(
                    path, own_address, limits, self._room(), min(MAIL_SECONDS, seconds, self._limits.seconds)
                )
        except (LimitBroken, WorkerDied, ReadingFault):
            return None

    def marked_copy(
        self, content: bytes, kind: str, findings: Sequence[Finding], transcripts: Sequence[Transcript]
    ) -> tuple[bytes, str] | None:
        """As `marking.marked_copy`; None also where that broke a limit or failed, for a copy is no more than a kindness."""
        if not CONFINED:
            made: tuple[bytes, str] | None = importlib.import_module("pipeline.marking").marked_copy(
                content, kind, findings, transcripts
            )
            return made
        try:
            return self._by_worker(lambda one: one.marked_copy(content, kind, findings, transcripts))
        except (LimitBroken, ReadingFault, WorkerDied) as reason:
            said = Breach.CRASH.value if isinstance(reason, WorkerDied) else reason
            log.warning("标注副本没有做成，回复照常：%s", said)
            return None

    def kept(self, file: str) -> bytes | None:
        """The bytes of a document (their SHA-256 in hex is given) of a mail read before; None: look for them in the mail."""
        if self._folder is None:
            return None
        try:
            content = (self._kept() / file).read_bytes()
        except OSError:
            return None
        # A process that read hostile mails has written it.
        return content if hashlib.sha256(content).hexdigest() == file else None

    def rest(self) -> None:
        """End the workers that have nothing to do, for each holds some 40 MB; what was kept stays, and new ones start as needed."""
        with self._lock:
            ending, self._idle = self._idle, []
            self._all.difference_update(ending)
        for one in ending:
            one.end()

    def close(self) -> None:
        """End every worker, also a busy one, and remove the temporary files."""
        with self._lock:
            self._closed = True
            ending, self._all, self._idle = self._all, set(), []
        for one in ending:
            one.end()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _side_by_side(self, jobs: Sequence[Files], within: Within) -> Iterable[list[list[Transcript]]]:
        read_together = partial(self._read_together, within)
        if len(jobs) < 2 or self.size < 2:
            return map(read_together, jobs)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="reader")
        return self._threads.map(read_together, jobs)

    def _read_together(self, within: Within, documents: Files) -> list[list[Transcript]]:
        """`read` for each, by a worker that was told of all of them first."""
        if len(documents) < 2 or not CONFINED:
            return [within(partial(self.read, *document)) for document in documents]
        with self._worker() as one:
            # Whatever goes wrong here is of no account: reading each by itself says what is wrong with which.
            with suppress(LimitBroken, WorkerDied, ReadingFault):
                within(partial(one.prepare, documents))
            return [within(partial(self._read_by, one, *document)) for document in documents]

    def _read_by(self, one: Worker, content: bytes, name: str) -> list[Transcript]:
        """`read`, by this worker as long as it is of use."""
        if not one.usable:
            return self.read(content, name)
        try:
            return one.read(content, name)
        except LimitBroken as broken:
            return [_stopped(broken.breach)]
        except WorkerDied:
            return self.read(content, name)

    def _by_worker(self, errand: Callable[[Worker], Answer]) -> Answer:
        """What a worker answers; what an earlier document left behind may kill a used one, so a fresh one has the last word."""
        try:
            with self._worker() as one:
                return errand(one)
        except WorkerDied:
            with self._worker(fresh=True) as one:
                return errand(one)

    @contextmanager
    def _worker(self, fresh: bool = False) -> Iterator[Worker]:
        one = self._take(fresh)
        try:
            yield one
        finally:
            self._give_back(one)

    def _take(self, fresh: bool) -> Worker:
        with self._lock:
            if self._closed:
                raise RuntimeError("the reader is closed")
            if self._idle and not fresh:
                return self._idle.pop()
            one = Worker(self._target, self._limits, self._home())
            self._all.add(one)
            return one

    def _give_back(self, one: Worker) -> None:
        with self._lock:
            if one.usable and not self._closed and len(self._idle) < self.size:
                self._idle.append(one)
                return
            self._all.discard(one)
        one.end()

    def _room(self) -> Path | None:
        """Where documents are kept; None where the disk is nearly full, for it is only to save time."""
        return self._kept() if shutil.disk_usage(self._kept()).free > ROOM else None

    def _kept(self) -> Path:
        assert self._folder is not None
        return self._folder / KEPT

    def _home(self) -> Path:
        """A new folder for a worker; the first one sweeps away what others left."""
        if self._folder is None:
            self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sweep(self._scratch)
            self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=self._scratch)).resolve()
            self._kept().mkdir(mode=0o700)
        return Path(tempfile.mkdtemp(dir=self._folder))


def _within(seconds: float, spent: list[float], read: Callable[[], list[Transcript] | None]) -> list[Transcript]:
    """What `read` answers, unless those before it, side by side, have `spent` all the seconds."""
    if sum(spent) > seconds:
        return [_stopped(Breach.MAIL)]
    began = time.monotonic()
    try:
        return read() or []
    finally:
        spent.append(time.monotonic() - began)


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(usable, 2), 8)


def _sweep(scratch: Path) -> None:
    """Remove the folders of programs that were killed, and what they started and left running."""
    for folder in scratch.glob(f"{FOLDER}*"):
        match = FOLDER_OF.match(folder.name)
        if match and not _runs(int(match[1])):
            kill_all_at_home(folder.resolve())
            shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _groups(contents: Sequence[bytes]) -> list[list[int]]:
    """The documents' places: those that need an office program in groups, each other one by itself."""
    from parsers.formats.sniffing import needs_office

    groups: list[list[int]] = []
    alone, size = [], 0
    for at, content in enumerate(contents):
        if not needs_office(content):
            alone.append([at])
            continue
        size += len(content)
        if not groups or len(groups[-1]) == MOST_TOGETHER or size > LARGEST_TOGETHER:
            groups.append([])
            size = len(content)
        groups[-1].append(at)
    return [*groups, *alone]


def _stopped(breach: Breach) -> Transcript:
    return Transcript(form=None, format="", problems=(Problem(ProblemKind.UNSAFE, breach.value),))
