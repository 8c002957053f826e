"""A fault of ours is told in a line that says where its traceback lies, and the traceback is kept there for whoever looks into it."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path


def keep_trace(now: datetime) -> str:
    """Write the exception being dealt with into a log beside the data; returns what is told of it."""
    folder = Path(os.environ.get("ANNEX_DATA") or "data")
    path = (folder if folder.is_dir() else Path()) / "annex-inbox.log"
    told = "程序内部出错，没有丢失任何邮件。"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(f"{now.isoformat()}\n{traceback.format_exc()}\n")
    except OSError as error:
        return f"{told}日志 {path} 无法写入：{error.strerror}"
    return f"{told}详情见 {path}"
