"""Turns bytes into choices: numbers, texts, and damaged copies of valid files. The same bytes always give the same.

Both hypothesis and atheris drive the targets through it, so an input found by one can be tried with the other.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

# What the parsers look for, or stumble over; texts are made of these as well as of any character.
WORDS = (
    "年", "月", "日", "至今", "2023", "2024", "9", "01", "12", "31", "-", "—", "至", ".", "/", "一", "两", "十", "半", "学期", "学年", "个",
    "为期", "近", "第二", "秋季", "大学", "内蒙古", "学院", "职业", "团委", "学生会", "(", "）", "１３８", "138", "0471", "400", "+86", " ",
    "\u3000", "\u200b", "\u202e", "\n", "\r\n", "\t", "\0", "\ud800", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "{{ 7*7 }}",
    "{% include '/etc/passwd' %}", "\r\nBcc: lisi@example.cn", '"', "'", "&", "<", ">", "\\", "☑", "□", "√", "《", "》", "②", "〇", "😀",
)  # fmt: skip
TOKENS = (
    b"", b"\0", b"\xff", b"\x80\x81", b"\r\n", b"\n\n", b"--", b"=?gb2312?B?", b"?=", b"=?utf-8?Q?", b"\xc4\xdf", b"boundary=", b"base64",
    b"message/rfc822", b"multipart/mixed", b"name*0*=", b"filename=", b'"', b"<", b">", b"</w:tc>", b"<w:tbl>", b"<w:p/>", b"&#0;", b"&x;",
    b'w:val="99999999999"', b'w:val="-1"', b'r="XFD1048576"', b't="s"', b"<v>1e309</v>", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff",
    b"- ", b": ", b"  ", b"[", b"]", b"{", b"}", b"&a ", b"*a", b"!!python/object:os.system", b"null", b"1e400", b"~", b"\xe5\xb9\xb4",
)  # fmt: skip


class Feed:
    """Reads choices off bytes, in order; once they are used up every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def empty(self) -> bool:
        return self._at >= len(self._data)

    def number(self, below: int) -> int:
        """A number from 0 up to, not including, `below`."""
        width = max(1, ((below - 1).bit_length() + 7) // 8)
        piece = self._data[self._at : self._at + width]
        self._at += width
        return int.from_bytes(piece, "big") % below

    def pick(self, among: Sequence[T]) -> T:
        return among[self.number(len(among))]

    def raw(self, longest: int) -> bytes:
        """Some of the bytes as they are."""
        length = self.number(longest + 1)
        piece = self._data[self._at : self._at + length]
        self._at += length
        return piece

    def text(self, most: int = 12) -> str:
        """A text of words that matter and of any characters, lone surrogates among them."""
        parts = []
        for _ in range(self.number(most + 1)):
            parts.append(self.pick(WORDS) if self.number(4) else chr(self.number(0x110000)))
        return "".join(parts)

    def damaged(self, content: bytes) -> bytes:
        """A copy with some of its bytes changed, left out, doubled or moved, or words put in."""
        copy = bytearray(content)
        while not self.empty:
            at, length = self.number(len(copy) + 1), self.number(64)
            match self.number(5):
                case 0:
                    copy[at : at + 1] = bytes([self.number(256)])
                case 1:
                    del copy[at : at + length]
                case 2:
                    copy[at:at] = copy[at : at + length]
                case 3:
                    other = self.number(len(copy) + 1)
                    copy[other:other] = copy[at : at + length]
                case _:
                    copy[at:at] = self.pick(TOKENS)
            if self.number(64) == 1:
                del copy[self.number(len(copy) + 1) :]
        return bytes(copy)

    def damaged_package(self, content: bytes) -> bytes:
        """A copy of an OOXML package in which one part is damaged; now and then the package itself."""
        if self.number(8) == 1:
            return self.damaged(content)
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        # The parts that say most come first in the lists of choices.
        names = sorted(parts, key=lambda name: (not name.endswith(("document.xml", "sheet1.xml")), name))
        chosen = names[0] if self.number(3) else self.pick(names)
        parts[chosen] = self.damaged(parts[chosen])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as package:
            for name, part in parts.items():
                package.writestr(name, part)
        return out.getvalue()
