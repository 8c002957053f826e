"""Passes that are killed, for test_crash.py: run as a program, it reads orders and does each pass in a child of its own.

The child kills itself (SIGKILL, so that nothing is tidied up) at the step it was told, or is killed after some seconds.
It knows nothing of what a killed pass may leave behind.
"""

from __future__ import annotations

import json
import os
import select
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

if TYPE_CHECKING:
    from pipeline.settings import Settings

Step = Callable[[str], None]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
FILE_EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime")
COMMIT, HAND_OVER = "commit", "hand over"
POISON = b"X-Example: poison"
UNHURT = {"killed": False, "seconds": 0.0, "steps": [], "said": ""}


class End(Struct, frozen=True):
    """How a pass ended: whether it was killed, how long it took, and the steps it got to, the fatal one last.

    `said` is the exception it ended with, "" where there was none.
    """

    killed: bool
    seconds: float
    steps: tuple[str, ...]
    said: str = ""


class Doomed:
    """The program in a process of its own; use as a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(self, given: Settings, now: datetime, step: int | str | None = None, seconds: float | None = None) -> End:
        """One pass, killed at its n-th step (from 1), the first that begins so, or after so many seconds, else left to finish."""
        return self._order(given, now, {"step": step, "seconds": seconds})

    def warm(self, given: Settings, now: datetime) -> None:
        """One pass in the process whose children later passes are, so that these find everything loaded."""
        assert not self._order(given, now, {"warm": True}).said

    def _order(self, given: Settings, now: datetime, more: dict[str, Any]) -> End:
        servers = {"imap": given.imap_url, "smtp": given.smtp_url}
        order = {"data": str(given.data), **servers, "now": now.isoformat(), **more}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return End(told["killed"], told["seconds"], tuple(told["steps"]), told["said"])


def prepare() -> None:
    """Let our own code fail on one mail, as it will some day, and leave out what a pass spends most of its time on.

    That is the charts, the pages of the dashboard, and starting the processes that read documents; test_reader.py kills those.
    """
    from pipeline import dashboard, ledger_charts, reader, reading

    real = reading.decode

    def failing(raw: bytes, own_address: str = "") -> Any:
        if POISON in raw:
            raise ZeroDivisionError("示例故障")
        return real(raw, own_address)

    def drawn(*_: Any) -> None:
        return None

    reading.decode, ledger_charts.draw, reader.CONFINED = failing, drawn, False
    # Another page whenever there is something else to show, so that it is written as often as a real one.
    dashboard.render = repr


def _pass(order: dict[str, Any]) -> None:
    from desk import settings
    from pipeline.lock import single_run
    from pipeline.office import open_office
    from pipeline.run import one_pass

    given = settings(Path(order["data"]), order["imap"], order["smtp"])
    now = datetime.fromisoformat(order["now"])
    with single_run(given), open_office(given) as office:
        one_pass(office, lambda: now)


def _watch(data: str, step: Step) -> None:
    """Say each change just before it is made: to a file below the data folder, to the store, or a mail handed over.

    Between two of these nothing changes that outlives the process, so one death before each stands for all.
    """

    def audit(event: str, given: tuple[Any, ...]) -> None:
        changes = event in FILE_EVENTS or (event == "open" and given[2] & WRITING)
        if changes and isinstance(given[0], (str, bytes, os.PathLike)):
            path = os.fsdecode(given[0])
            if path.startswith(data) and not _in_vain(event, path):
                step(f"{event} {path.removeprefix(data)}")

    sys.addaudithook(audit)
    _before_commits(step)
    _before_handing_over(step)


def _in_vain(event: str, path: str) -> bool:
    """Whether nothing will change: what shall be made is there, what shall go is not, or is a folder with something in it."""
    if event in ("open", "os.mkdir"):
        return os.path.isdir(path)
    if event == "os.rmdir":
        return bool(os.listdir(path)) if os.path.isdir(path) else True
    return not os.path.lexists(path)


def _before_commits(step: Step) -> None:
    from sqlalchemy.engine.default import DefaultDialect

    commit = DefaultDialect.do_commit

    def watched(self: Any, connection: Any) -> None:
        step(COMMIT)
        commit(self, connection)

    DefaultDialect.do_commit = watched  # type: ignore[method-assign]


def _before_handing_over(step: Step) -> None:
    send = smtplib.SMTP.send

    def watched(self: smtplib.SMTP, words: Any) -> None:
        if isinstance(words, bytes) and words.endswith(b"\r\n.\r\n"):
            step(HAND_OVER)
        send(self, words)

    smtplib.SMTP.send = watched  # type: ignore[method-assign]


def _child(order: dict[str, Any], tell: int) -> None:
    """Do the pass as ordered; every step is told before it may kill."""
    count = 0

    def step(name: str) -> None:
        nonlocal count
        count += 1
        os.write(tell, f"{name}\n".encode("utf-8", "replace"))
        fatal = order["step"]
        if count == fatal or (isinstance(fatal, str) and name.startswith(fatal)):
            os.kill(os.getpid(), signal.SIGKILL)

    if order["seconds"] is None:
        _watch(order["data"], step)
    _pass(order)


def _fork(order: dict[str, Any]) -> dict[str, Any]:
    heard, tell = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(heard)
            _child(order, tell)
            code = 0
        except BaseException as fault:
            os.write(tell, f"! {type(fault).__name__}: {fault}\n".encode())
        finally:
            os._exit(code)
    os.close(tell)
    told = _listen(heard, child, order["seconds"])
    _, status = os.waitpid(child, 0)
    os.close(heard)
    lines = told.decode().splitlines()
    said = [line for line in lines if line.startswith("! ")]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) and not said:
        said = [f"! exit status {os.WEXITSTATUS(status)}"]
    return {
        "killed": os.WIFSIGNALED(status),
        "seconds": time.monotonic() - started,
        "steps": [line for line in lines if not line.startswith("! ")],
        "said": "\n".join(said),
    }


def _listen(heard: int, child: int, seconds: float | None) -> bytes:
    """All that the child tells until it ends; its end comes from here where seconds are set."""
    told = b""
    if seconds is not None and not select.select([heard], [], [], seconds)[0]:
        os.kill(child, signal.SIGKILL)
    while piece := os.read(heard, 65536):
        told += piece
    return told


def main() -> None:
    """Serve orders from standard input, one JSON object a line, until it ends."""
    import desk  # noqa: F401

    prepare()
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("warm"):
            _pass(order)
        print(json.dumps(UNHURT if order.get("warm") else _fork(order)), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main()
