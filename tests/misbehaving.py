"""Stands in for `parsers.read` in the tests of the reader: the content says what to do instead of reading.

Only workers import it for use; whatever it does stays in the worker's process.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import parsers
from parsers.model import GridKind, Place, Problem, ProblemKind, Project, Transcript

kept: list[bytearray] = []
names_ready: list[str] = []
# What stands before the words of a document that passes for one of an old format.
OLD = "{\\rtf1 "


def prepare(files: Sequence[tuple[bytes, str]]) -> None:
    """Note the names, and do what a document says whose name is "first"."""
    names_ready.extend(name for _, name in files)
    for content, name in files:
        if name == "first":
            read(content, name)


def read(content: bytes, name: str = "") -> list[Transcript]:
    """Do what the content's first word says; the rest are its arguments."""
    word, *arguments = content.decode().removeprefix(OLD).split(" ")
    answer = globals()[word](*arguments)
    return answer if isinstance(answer, list) else [Transcript(None, name, notes=(str(answer),))]


def read_or_die(content: bytes, name: str = "") -> list[Transcript]:
    """Read a document as the program does, but for one that nobody survives."""
    if content == b"kill":
        shot()
    return parsers.read(content, name)


def read_or_wait(content: bytes, name: str = "") -> list[Transcript]:
    """Read a document as the program does, but for one that takes its time."""
    return read(content, name) if content.startswith(b"wait ") else parsers.read(content, name)


def pid() -> int:
    return os.getpid()


def ready() -> str:
    return f"{os.getpid()} {' '.join(names_ready)}"


def echo(*words: str) -> str:
    print("this must not reach the socket", flush=True)
    return " ".join(words)


def environment() -> str:
    return f"{sorted(os.environ)} {os.getcwd()}"


def limits() -> str:
    import resource

    return f"{resource.getrlimit(resource.RLIMIT_CORE)} {sys.flags.isolated}"


def standard_input() -> bytes:
    return sys.stdin.buffer.read()


def wait(seconds: str) -> str:
    time.sleep(float(seconds))
    return seconds


def meet(folder: str) -> str:
    """Wait until two documents that do this are being read at the same time."""
    Path(folder, str(os.getpid())).touch()
    while len(os.listdir(folder)) < 2:
        time.sleep(0.01)
    return "met"


def busy(seconds: str) -> None:
    start = time.process_time()
    while time.process_time() - start < float(seconds):
        pass


def spin() -> None:
    """Keep the interpreter's lock for ever, so that no thread of this process can step in."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def offspring(file: str) -> None:
    """Hang, as does a program that was started in a session of its own; its process id is left in a file."""
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open(file, "w") as told:
        told.write(f"{os.getpid()} {sleeper.pid}")
    time.sleep(600)


def eat() -> None:
    while True:
        kept.append(bytearray(50 << 20))


def hoard(megabytes: str) -> int:
    kept.append(bytearray(int(megabytes) << 20))
    return os.getpid()


def reserve(megabytes: str) -> str:
    import mmap

    return str(len(mmap.mmap(-1, int(megabytes) << 20, prot=mmap.PROT_READ)))


def fill(megabytes: str) -> None:
    with open("filling", "wb") as file:
        for _ in range(int(megabytes)):
            file.write(bytes(1 << 20))


def scribble() -> str:
    with open("left behind", "w") as file:
        file.write("x")
    return os.getcwd()


def leave(code: str) -> None:
    os._exit(int(code))


def crash() -> None:
    ctypes.string_at(0)


def shot() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def shot_unless(file: str) -> str:
    """Die the first time only: the file tells that there was one."""
    if os.path.exists(file):
        return "alive"
    open(file, "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
    return "dead"


def fail(text: str) -> None:
    raise LookupError(text)


def fail_oddly() -> None:
    class Odd(BaseException):
        def __init__(self, _first: object, _second: object) -> None:
            super().__init__(lambda: None)

    raise Odd(1, 2)


def talk(megabytes: str) -> str:
    return "x" * (int(megabytes) << 20)


class Trap:
    """What a worker that was taken over might answer: loading it would call something of its choice."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


def trap(file: str) -> list[Any]:
    return [Trap(os.mkdir, file)]


def everything() -> list[Transcript]:
    place = Place(GridKind.TABLE, "", 1, 2, 3, "电话")
    problem = Problem(ProblemKind.UNREADABLE, "x")
    from parsers.model import Annex3, Annex4

    annex3 = Annex3("内蒙古大学", projects=(Project("1", links=("http://x.cn",)),))
    return [
        Transcript("annex3", "docx", annex3, {"projects.0.phone": place}, (problem,), ("备注",)),
        Transcript("annex4", "docx", Annex4("阳光书屋", categories=("其他类",), sealed=None)),
    ]
