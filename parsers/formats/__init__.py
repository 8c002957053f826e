"""The ways a file is written, one module each: a module with `FORMATS` and `read` is a reader and needs no other entry.

Here stands only what every reader shares, the refusal; nothing here knows what a form is.
"""

from __future__ import annotations

from parsers.model import Problem, ProblemKind

DAMAGED = "文件已损坏，无法打开"
EMPTY = "文件是空的，没有任何内容"
LOCKED = "文件设有打开密码"
OVERSIZED = "文件解压后过大，超出安全限制"


class Unreadable(Exception):
    """A file that cannot be read, with the reason its sender is told; never leaves `parsers.read`."""

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(kind, detail)


def damaged(detail: str = DAMAGED) -> Unreadable:
    return Unreadable(ProblemKind.UNREADABLE, detail)


def unsafe(detail: str = OVERSIZED) -> Unreadable:
    return Unreadable(ProblemKind.UNSAFE, detail)


def encrypted() -> Unreadable:
    return Unreadable(ProblemKind.ENCRYPTED, LOCKED)
