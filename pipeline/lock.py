"""What keeps a run single and ends one that hangs, and the folder that only its owner may enter."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ConfigurationError, ServerAway
from pipeline.settings import Settings

# What marks a folder as filled by the demo, which empties it when it is run again.
SAMPLES = ".annex-inbox-demo"


class AlreadyRunning(Exception):
    """Another run holds the lock; there is nothing to do."""


def make_private(folder: Path) -> None:
    """Create a folder that only its owner may enter. Raises ConfigurationError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        raise ConfigurationError(f"无法建立数据文件夹 {folder}：{error.strerror}。请检查 ANNEX_DATA。") from None
    if not writable:
        raise ConfigurationError(f"数据文件夹 {folder} 不可写。请检查 ANNEX_DATA 和文件夹的权限。")


def keep_apart(settings: Settings) -> None:
    """Raise ConfigurationError where real mails would come to lie among the demo's samples."""
    if (settings.data / SAMPLES).exists():
        raise ConfigurationError(
            f"{settings.data} 是演示（annex-inbox demo）写出的文件夹，里面都是虚构的示例，再次演示时会清空。"
            "请把 ANNEX_DATA 改为另一个文件夹。"
        )


@contextmanager
def single_run(settings: Settings) -> Iterator[None]:
    """Hold the lock for the time of a run. Raises AlreadyRunning at once where another run holds it."""
    # Commands that only read need none of it.
    from filelock import FileLock, Timeout

    make_private(settings.data)
    lock = FileLock(settings.data / ".lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def time_limit(settings: Settings) -> Iterator[None]:
    """End the process, exit code 75, when a pass takes longer than ANNEX_PASS_MINUTES.

    Every step has a time limit of its own; this is for the hang nobody thought of, which would hold the lock for ever. What
    was not finished is taken up by the next pass, as after any other kill.
    """

    def give_up() -> None:
        sys.stderr.write(
            f"这一轮超过了 {settings.pass_minutes:g} 分钟（ANNEX_PASS_MINUTES），已强行结束，下一轮会接着做。\n"
        )
        sys.stderr.flush()
        os._exit(ServerAway.exit_code)

    timer = threading.Timer(settings.pass_minutes * 60, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
