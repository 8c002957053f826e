"""What is marked in a file, and the words a mark carries; shared by all that write marks.

It opens no file and judges nothing.
"""

from __future__ import annotations

from msgspec import Struct, field

from parsers.model import Place
from pipeline.model import Severity
from pipeline.wording import one_line

# Marks of this author are ours: they are taken out again when the marked copy itself comes back.
AUTHOR = "材料核对"
SUFFIX = "（标注）"
BEGINNINGS = tuple(f"【{severity.label}】" for severity in Severity)
LONGEST = 600


class Uneditable(Exception):
    """The file cannot be changed safely; never leaves `marking.mark`."""


class Marked(Struct, frozen=True):
    """A finding at its place in one file; a Place() without a position concerns the file as a whole."""

    place: Place = field(default_factory=Place)
    message: str = ""
    clause: str = ""
    severity: Severity = Severity.ERROR

    @property
    def text(self) -> str:
        """The whole mark on one line: 【错误】项目简介现有 56 字，请压缩到 50 字以内。（依据：附件3）."""
        clause = f"（依据：{one_line(self.clause, LONGEST)}）" if self.clause else ""
        return f"【{self.severity.label}】{one_line(self.message, LONGEST)}{clause}"
