"""A fault of ours is told in a line that says where its traceback lies, and the traceback is kept there for whoever looks into it."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipeline import hindrances, settings

FAULT_OF_OURS = 70


def account(fault: Exception, now: datetime) -> tuple[str, int]:
    """What is told of the exception being dealt with, and the exit code: of one of ours the trace is kept."""
    if not hindrances.is_hindrance(fault):
        return f"{keep_trace(now)}；加 --debug 可直接显示。", FAULT_OF_OURS
    trouble = hindrances.told(fault, _data())
    return str(trouble), trouble.exit_code


def _data() -> Path:
    # Whatever is wrong with the settings must not hide what was wrong before.
    with suppress(Exception):
        return settings.load_settings().data
    return Path()


def keep_trace(now: datetime) -> str:
    """Write the exception being dealt with into a log beside the data, here where there is none; returns what is told of it."""
    folder = _data()
    path = (folder if folder.is_dir() else Path()) / "annex-inbox.log"
    told = "程序内部出错，没有丢失任何邮件。"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(f"{now.isoformat()}\n{traceback.format_exc()}\n")
    except OSError as error:
        return f"{told}日志 {path} 无法写入：{error.strerror}"
    return f"{told}详情见 {path}"
