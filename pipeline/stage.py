"""The stage that mails are read in: several at a time and ahead of being judged, here or on an executor elsewhere.

It decides nothing about a mail and stores nothing; taking.py takes what was read in the order it was fetched.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar

from pipeline.errors import ConfigurationError
from pipeline.model import Limits, Reading
from pipeline.reader import Reader, ReadingFault
from pipeline.spool import Spool

T = TypeVar("T")
# So many mails may be read and not yet stored: enough to keep every process busy, and few to read again after a crash.
AHEAD = 32
# So many are stored at a time, or fewer after so many seconds, so that a slow line holds nothing up.
TOGETHER = 16
SECONDS = 1.0
# The documents of a mail that has to be read document by document are given so long in all, LibreOffice and OCR included, but
# not more than this share of the time there is for reading.
DOCUMENTS_SECONDS = 600.0
DOCUMENTS_SHARE = 0.25
WEEK = 7 * 24 * 3600.0

CONNECTS_WITHIN = "10s"

log = logging.getLogger(__name__)


class Stage:
    """Reads the mails of a spool with the reader given, or on the executor that a URL names (ANNEX_EXECUTOR), "" for none.

    Nothing is started or connected before the first mail, and of several at once none later than after so many `seconds`. Use
    as a context manager, or call `close`.
    """

    def __init__(
        self,
        spool: Spool,
        reader: Reader,
        own_address: str,
        limits: Limits,
        url: str = "",
        seconds: float = WEEK,
    ) -> None:
        self._spool, self._reader, self._url = spool, reader, url
        self._own_address, self._limits, self._seconds = own_address, limits, seconds
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _elsewhere(self) -> Executor | None:
        return self._open.enter_context(executor(self._url))

    @cached_property
    def _threads(self) -> Executor:
        threads = ThreadPoolExecutor(self._reader.size, thread_name_prefix="stage")
        self._open.callback(threads.shutdown, cancel_futures=True)
        return threads

    def ahead(self, mails: Iterable[tuple[T, str]]) -> Iterator[list[tuple[T, str, Future[Reading]]]]:
        """Each of these mails (with whatever goes with it, and its id) with what was read, in their order, in lists to be stored together.

        Those not begun in time are left out. What the iterable raises is raised once all that came before has been given out.
        """
        waiting: deque[tuple[T, str, Future[Reading]]] = deque()
        trouble: Exception | None = None
        stored = time.monotonic()
        until = stored + self._seconds
        source = iter(mails)
        while True:
            try:
                about, mail = next(source)
            except StopIteration:
                break
            except Exception as fault:
                trouble = fault
                break
            waiting.append((about, mail, self.submit(mail)))
            if time.monotonic() > until:
                break
            if len(waiting) < AHEAD and _finished(waiting) < TOGETHER and time.monotonic() - stored < SECONDS:
                continue
            if len(waiting) >= AHEAD:
                _await(waiting, until)
            if ready := _taken(waiting):
                yield self._settled(ready)
                stored = time.monotonic()
        while waiting:
            _await(waiting, until)
            if ready := _taken(waiting):
                yield self._settled(ready)
        if time.monotonic() > until:
            log.warning("读取邮件已用去这一轮的一半时间，还没有开始读的留待下一轮。")
        if trouble is not None:
            raise trouble

    def submit(self, mail: str) -> Future[Reading]:
        """Have a mail of the spool read."""
        if self._elsewhere is None:
            return self._here(mail)
        return self._elsewhere.submit(read_there, self._spool.read(mail), self._own_address, self._limits)

    def read(self, mail: str) -> Reading:
        """Read a mail of the spool here and now. Raises FileNotFoundError where it is not kept, ReadingFault for a fault of ours."""
        seconds = min(DOCUMENTS_SECONDS, DOCUMENTS_SHARE * self._seconds)
        return read_confined(self._reader, self._spool.file(mail).absolute(), self._own_address, self._limits, seconds)

    def _settled(self, batch: list[tuple[T, str, Future[Reading]]]) -> list[tuple[T, str, Future[Reading]]]:
        """The same with what was lost read here, before anybody waits for it with the store locked."""
        settled = [
            (about, mail, self._here(mail) if self._lost(mail, future) else future) for about, mail, future in batch
        ]
        wait([future for _, _, future in settled])
        return settled

    def _lost(self, mail: str, future: Future[Reading]) -> bool:
        """Whether an executor elsewhere has failed, and not our own reading there."""
        fault = future.exception()
        if self._elsewhere is None or fault is None or isinstance(fault, ReadingFault):
            return False
        log.warning("邮件 %s 在别处没有读成（%s），改在本机读取。", mail[:12], type(fault).__name__)
        return True

    def _here(self, mail: str) -> Future[Reading]:
        return self._threads.submit(self.read, mail)

    def close(self) -> None:
        """Give up what has not begun."""
        self._open.close()


def _finished(waiting: Iterable[tuple[object, str, Future[Reading]]]) -> int:
    """How many have been read, counted from the first on without a gap; TOGETHER if all have been: no reason to wait."""
    return next((place for place, (*_, future) in enumerate(waiting) if not future.done()), TOGETHER)


def _await(waiting: deque[tuple[T, str, Future[Reading]]], until: float) -> None:
    """Wait for the first, a moment for those after it; what has not begun at that time (of time.monotonic) is given up."""
    together = [future for *_, future in islice(waiting, TOGETHER)]
    wait(together, SECONDS)
    wait(together[:1], max(0.0, until - time.monotonic()))
    if time.monotonic() > until:
        # The first is read to its end, that each pass may get on; none is kept behind one that is given up.
        begun = next((place for place, (*_, one) in enumerate(waiting) if place and one.cancel()), len(waiting))
        while len(waiting) > begun:
            waiting.pop()[-1].cancel()
        wait(together[:1])


def _taken(waiting: deque[tuple[T, str, Future[Reading]]]) -> list[tuple[T, str, Future[Reading]]]:
    """Take out what has been read, at most as many as are stored together."""
    taken: list[tuple[T, str, Future[Reading]]] = []
    while waiting and len(taken) < TOGETHER and waiting[0][-1].done():
        taken.append(waiting.popleft())
    return taken


def read_confined(
    reader: Reader, path: Path, own_address: str, limits: Limits, seconds: float = DOCUMENTS_SECONDS
) -> Reading:
    """A mail read in one go in a process of its own; if that fails, each of its documents by itself, in so many seconds in all."""
    reading = reader.read_mail(path, own_address, limits, seconds)
    if reading is not None:
        return reading
    from pipeline.reading import read_mail

    return read_mail(path.read_bytes(), own_address, limits, partial(reader.read_many, seconds=seconds))


def read_there(raw: bytes, own_address: str, limits: Limits) -> Reading:
    """Read a mail on the machine this is called on, in processes as confined as here."""
    with TemporaryDirectory(prefix="annex-inbox-stage-") as folder:
        path = Path(folder, "mail.eml")
        path.write_bytes(raw)
        return read_confined(_reader_there(os.getpid()), path, own_address, limits)


@cache
def _reader_there(_process: int) -> Reader:
    return Reader()


@contextmanager
def executor(url: str) -> Iterator[Executor | None]:
    """The executor that dask://host:port names; None for "", and where nobody answers there now.

    Raises ConfigurationError where the package for it is missing.
    """
    if not url:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise ConfigurationError("使用 ANNEX_EXECUTOR 请先运行 pip install 'annex-inbox[dask]'。") from None
    try:
        client = Client(url.replace("dask:", "tcp:", 1), timeout=CONNECTS_WITHIN, set_as_default=False)
    except (OSError, TimeoutError) as error:
        log.warning("ANNEX_EXECUTOR（%s）现在连不上（%s），这一轮在本机读取。", url, type(error).__name__)
        yield None
        return
    with client:
        yield client.get_executor(pure=False, retries=1)
