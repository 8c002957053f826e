"""One process that reads documents in confinement (worker.py), seen from outside: started, asked, ended.

It does not choose between processes and does not try again; reader.py does. Needs POSIX.
"""

from __future__ import annotations

import contextlib
import datetime
import enum
import io
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec.structs

import parsers.model
import pipeline.codec
import pipeline.model
from parsers.model import Transcript
from pipeline import worker
from pipeline.model import Finding, Limits, Reading
from pipeline.worker import ReadingLimits

# Only these go on to a worker: neither the authorization code nor a proxy is any of its business.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
# The modules whose types may stand in an answer.
VALUES = {module.__name__: module for module in (parsers.model, pipeline.model, pipeline.codec, datetime)}
# A busy machine may take its time to start Python; after this the machine, not the document, is at fault.
STARTS_WITHIN = 60.0
# A process whose socket has closed is ending, but its memory may take a moment to be given back.
ENDS_WITHIN = 10.0


class Breach(enum.Enum):
    """A limit that reading a document broke; the values are what its sender is told."""

    TIME = "处理超时，已停止"
    MEMORY = "读取时占用内存过大，已停止"
    DISK = "读取时产生的临时文件过大，已停止"
    CRASH = "读取时程序异常中止"
    MAIL = "这封邮件的文件合计读取时间过长，请减少文件，分几封发送"


class ReadingFault(Exception):
    """A fault of ours in a parser: the text names it, the note is the worker's traceback."""


class LimitBroken(Exception):
    """A document broke a limit, and its worker is of no more use."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(breach.value)
        self.breach = breach


class WorkerDied(Exception):
    """The worker ended in the middle of a document, for no reason that a limit explains, or answered nonsense."""


class Worker:
    """A process and the socket to it, for one thread at a time; any thread may end it.

    `usable` says whether it may be asked again. `home` is its working folder, the only one it is told of.
    """

    def __init__(self, target: str, limits: ReadingLimits, home: Path) -> None:
        self.usable = True
        self._limits, self._home = limits, home
        self._ready = self._ended = False
        self._channel, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        self._order = {
            "lifeline": lifeline,
            "path": [os.path.abspath(entry) for entry in sys.path],
            "read": target,
            "limits": msgspec.structs.asdict(limits),
        }
        try:
            self._process = _start(theirs, lifeline, home)
        except BaseException:
            self._channel.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self, content: bytes, name: str) -> list[Transcript]:
        """What the worker reads. Raises LimitBroken, WorkerDied and, for a fault in the parser, ReadingFault."""
        transcripts: list[Transcript] = self._ask(worker.READ, [(content, name)])
        return transcripts

    def prepare(self, documents: Sequence[tuple[bytes, str]]) -> None:
        """Let the worker do for all of them what costs less together; all within the limits of one. Raises as `read`."""
        self._ask(worker.PREPARE, documents)

    def read_mail(self, path: Path, own_address: str, limits: Limits, folder: Path | None, seconds: float) -> Reading:
        """What a mail in a file says and brings, within so many seconds and the other limits of one document. Raises as `read`.

        The bytes of its documents are left in the folder, if there is one, under their SHA-256 in hex.
        """
        words = (str(path), own_address, msgspec.structs.astuple(limits), str(folder or ""))
        reading: Reading = self._ask(worker.MAIL, (), words, seconds)
        return reading

    def marked_copy(
        self, content: bytes, kind: str, findings: Sequence[Finding], transcripts: Sequence[Transcript]
    ) -> tuple[bytes, str] | None:
        """As `marking.marked_copy`. Raises as `read`."""
        made: tuple[bytes, str] | None = self._ask(worker.MARK, [(content, kind)], (findings, transcripts))
        return made

    def _ask(
        self,
        errand: str,
        documents: Sequence[tuple[bytes, str]],
        words: Sequence[Any] = (),
        seconds: float | None = None,
    ) -> Any:
        seconds = seconds or self._limits.seconds
        self.usable = False
        try:
            if not self._ready:
                self._get_ready()
            deadline = time.monotonic() + seconds
            self._channel.settimeout(seconds)
            worker.send(self._channel, pickle.dumps((errand, [name for _, name in documents], words)))
            for content, _ in documents:
                worker.send(self._channel, content)
            kind, payload, last = _loads(worker.receive(self._channel, self._limits.reply, deadline))
        except TimeoutError:
            raise LimitBroken(Breach.TIME) from None
        except worker.Oversized:
            raise LimitBroken(Breach.MEMORY) from None
        except pickle.UnpicklingError:
            raise WorkerDied from None
        except (EOFError, OSError):
            raise self._cause() from None
        if kind == worker.BREACH:
            raise LimitBroken(Breach.DISK if payload == worker.DISK else Breach.MEMORY)
        self.usable = not last
        if kind == worker.FAULT:
            raise _fault(payload)
        return payload

    def _get_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        self._channel.settimeout(STARTS_WITHIN)
        try:
            worker.send(self._channel, pickle.dumps(self._order))
            kind, payload, _ = _loads(worker.receive(self._channel, self._limits.reply, deadline))
        except TimeoutError:
            raise ReadingFault(f"the worker did not start within {STARTS_WITHIN:.0f} s") from None
        if kind == worker.FAULT:
            raise _fault(payload)
        self._ready = True

    def _cause(self) -> Exception:
        """Why the worker is gone; the kernel enforces the limits on time too, should it have been first."""
        try:
            code = self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            return LimitBroken(Breach.TIME)
        return LimitBroken(Breach.TIME) if code in (-signal.SIGXCPU, -signal.SIGALRM) else WorkerDied()

    def end(self) -> None:
        """Kill the worker and all it has started, and remove its files; does nothing the second time."""
        if self._ended:
            return
        self._ended = True
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        kill_all_at_home(self._home)
        # A thread that waits for an answer wakes up at this, not at a mere close.
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._channel.close()
        os.close(self._lifeline)
        shutil.rmtree(self._home, ignore_errors=True)


def _start(channel: socket.socket, lifeline: int, home: Path) -> subprocess.Popen[bytes]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.Popen(
        # Isolated, Python takes nothing from the environment or the folder it is started in.
        [sys.executable, "-I", str(Path(worker.__file__).resolve())],
        stdin=channel.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={**passed_on, "HOME": str(home), "TMPDIR": str(home)},
        pass_fds=(lifeline,),
        # With a group of its own Ctrl+C reaches only us, and what the worker starts can be ended with it.
        start_new_session=True,
    )


def kill_all_at_home(home: Path) -> None:
    """Kill every process that was started with this folder, or one in it, as its home.

    What a worker starts may have left its group, as LibreOffice is made to, and has lost its parent when the worker
    is gone; its environment (proc(5)) still tells where it came from. Does nothing where the system has no /proc.
    """
    signs = (f"HOME={home}\0".encode(), f"HOME={home}/".encode())
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            environment = b"\0" + entry.read_bytes()
            if any(b"\0" + sign in environment for sign in signs):
                os.kill(int(entry.parent.name), signal.SIGKILL)


class _Loader(pickle.Unpickler):
    """Takes plain values, instants and the models' own; a worker that was taken over must not choose what we call."""

    def find_class(self, module: str, name: str) -> Any:
        found = getattr(VALUES[module], name, None) if module in VALUES else None
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def _loads(reply: bytes) -> tuple[str, Any, bool]:
    kind, payload, last = _Loader(io.BytesIO(reply)).load()
    return kind, payload, last


def _fault(told: tuple[str, str]) -> ReadingFault:
    fault = ReadingFault(told[0])
    fault.add_note(told[1])
    return fault
