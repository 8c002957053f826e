"""What keeps the program from its files and its database for the time being, and what is said of it. Nothing is mended here."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

from pipeline.database import is_unusable
from pipeline.errors import ServerAway

# What a machine runs short of: room on the disk, open files, processes.
SHORT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EAGAIN})
# What whoever runs the program may not touch.
DENIED = frozenset({errno.EACCES, errno.EPERM})


def is_hindrance(fault: Exception) -> bool:
    """Whether the machine or the database is at fault, rather than the program or what it was given."""
    return is_unusable(fault) or (isinstance(fault, OSError) and fault.errno in SHORT | DENIED)


def is_local(fault: Exception) -> bool:
    """Whether one folder is closed to us, which need not keep us from what lies elsewhere."""
    return isinstance(fault, OSError) and fault.errno in DENIED | {errno.EROFS}


def told(fault: Exception, data: Path) -> ServerAway:
    """What is said of it: what the system says, of which file, and the remedy where the folder `data` belongs to somebody else."""
    said = getattr(fault, "strerror", None) or str(getattr(fault, "orig", fault))
    place = getattr(fault, "filename", None)
    closed = isinstance(fault, OSError) and fault.errno in DENIED and _lies_in(place, data)
    return ServerAway(
        f"磁盘或数据库现在不能读写（{said}{f'：{place}' if place else ''}），没有做完，没有丢失任何邮件，下次运行会接着做。"
        + (given_back(data) if closed else "")
    )


def _lies_in(place: object, data: Path) -> bool:
    return isinstance(place, str | Path) and Path(place).resolve().is_relative_to(data.resolve())


def given_back(data: Path) -> str:
    """How a folder that another user has written in becomes the program's again."""
    if not hasattr(os, "geteuid"):
        return "请把这个文件夹的读写权限交给运行程序的用户。"
    return f"多半是用别的用户（如 sudo）运行过一次：请运行 sudo chown -R {os.geteuid()} {shlex.quote(str(data))}。"
