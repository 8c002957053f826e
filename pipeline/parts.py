"""The MIME structure of a raw mail: its leaves in order, each with type, name and decoded bytes.

An attached mail is a leaf that keeps its original bytes. Depth and number of parts are bounded. Nothing is ever
raised or written again, and what a mail means (a person's, a bounce) is not decided here.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from functools import cached_property
from typing import Any

from pipeline import charsets
from pipeline.model import Attachment

MAX_DEPTH = 30
MAX_PARTS = 2000

MAIL_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "message/external-body"})
_BODIES = frozenset({"text/plain", "text/html", "text/enriched", "text/x-amp-html", "text/watch-html"})
_ENDINGS = {
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/x-rar-compressed": "rar",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/ms-tnef": "dat",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/webp": "webp",
    "text/plain": "txt",
    "text/html": "html",
    "text/csv": "csv",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}


class Part(Message):
    """A part as the standard parser builds it, but attached mails stay closed and nesting ends at MAX_DEPTH.

    The parser offers no other way in than the class it builds parts of; it asks `get_content_maintype` whether
    to descend and calls `attach` for each part it finds.
    """

    depth = 0
    dropped = 0

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.counter = [0]

    def get_content_maintype(self) -> str:
        main = super().get_content_maintype()
        closed = main == "message" or (main == "multipart" and self.depth >= MAX_DEPTH)
        return "application" if closed else main

    def attach(self, payload: Any) -> None:
        payload.depth, payload.counter = self.depth + 1, self.counter
        self.counter[0] += 1
        # Past the limit a part is parsed, in bounded memory, and let go.
        if self.counter[0] <= MAX_PARTS:
            super().attach(payload)

    @property
    def source(self) -> bytes:
        """A leaf's bytes as sent. `get_payload` would push 8-bit bytes through the charset of the label."""
        payload = vars(self).get("_payload")
        return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


@dataclass(frozen=True)
class Leaf:
    """A part that holds bytes. `related` tells that it stands in a multipart/related, beside an HTML body."""

    part: Part = field(repr=False)
    related: bool = False

    @cached_property
    def type(self) -> str:
        return self.part.get_content_type()

    @cached_property
    def _type_parameters(self) -> dict[str, str]:
        return charsets.parameters(_raw(self.part, "content-type"))

    @cached_property
    def _disposition(self) -> tuple[str, dict[str, str]]:
        value = _raw(self.part, "content-disposition")
        return value.partition(";")[0].strip().lower(), charsets.parameters(value)

    @property
    def disposition(self) -> str:
        return self._disposition[0]

    @cached_property
    def name(self) -> str:
        """The file name, sanitised, from Content-Disposition or else Content-Type; "" if neither has one."""
        told = [self._disposition[1].get("filename", ""), self._type_parameters.get("name", "")]
        names = [name for name in map(charsets.file_name, told) if name]
        whole = [name for name in names if "\ufffd" not in name]
        return (whole or names or [""])[0]

    @property
    def content_id(self) -> str:
        return charsets.header(_raw(self.part, "content-id")).strip("<> ")

    @property
    def is_mail(self) -> bool:
        return self.type in MAIL_TYPES

    @property
    def is_body(self) -> bool:
        """Whether this is text to be read in the mail itself."""
        return self.type in _BODIES and not self.name and self.disposition != "attachment"

    @property
    def is_file(self) -> bool:
        return not self.is_body and self.type not in _SIGNATURES and self.type not in _REPORTS

    @cached_property
    def content(self) -> bytes:
        """The bytes with the transfer encoding undone; what is cut short is given as far as it goes."""
        raw = self.part.source
        encoding = charsets.header(_raw(self.part, "content-transfer-encoding")).lower()
        if encoding == "base64":
            return charsets.base64(raw)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(raw)
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return b"".join(content for _, content in uuencoded(raw)[0]) or raw
        return raw

    @property
    def text(self) -> str:
        """The content as text, uuencoded files left out of a plain one."""
        content = uuencoded(self.content)[1] if self.type == "text/plain" else self.content
        return charsets.decode(content, self._type_parameters.get("charset", ""))


def _raw(part: Part, name: str) -> str:
    """A header as it stood, 8-bit bytes as surrogates; `Message.get` would wrap them in a Header."""
    for key, value in part.raw_items():
        if key.lower() == name:
            return str(value)
    return ""


def parse(raw: bytes) -> Part:
    """The mail's tree. What is no mail gives a tree of one leaf, with whatever headers could be made out."""
    return BytesParser(Part).parsebytes(raw)


def headers(tree: Part) -> dict[str, tuple[str, ...]]:
    """The mail's own headers by lower-case name, as they stood (see `charsets.header`), topmost first."""
    found: dict[str, list[str]] = {}
    for name, value in tree.raw_items():
        found.setdefault(name.lower(), []).append(str(value))
    return {name: tuple(values) for name, values in found.items()}


def leaves(tree: Part) -> Iterator[Leaf]:
    """The leaves in the order of the mail."""
    stack: list[tuple[Part, bool]] = [(tree, False)]
    while stack:
        part, related = stack.pop()
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            related = related or part.get_content_type() == "multipart/related"
            stack.extend((child, related) for child in reversed(payload) if isinstance(child, Part))
        else:
            yield Leaf(part, related)


def too_many(tree: Part) -> bool:
    """Whether parts beyond MAX_PARTS were let go."""
    return tree.counter[0] > MAX_PARTS


def texts(tree: Part) -> tuple[str, str]:
    """The mail's plain text and HTML, each "" if it has none; several of a kind follow one another."""
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for leaf in leaves(tree):
        if leaf.is_body and leaf.type in found:
            found[leaf.type].append(leaf.text)
    return "\n".join(found["text/plain"]), "\n".join(found["text/html"])


def files(tree: Part, html: str = "") -> tuple[Attachment, ...]:
    """The files of a mail whose HTML body is `html`: named parts, and unnamed ones that are not its text.

    A picture shown inside the body is `inline`. Equal names are kept; a nameless file is named after its type.
    """
    found: list[Attachment] = []
    shown = set(re.findall(r"cid:([^\"'\s<>)]+)", html, re.IGNORECASE))
    for leaf in leaves(tree):
        if leaf.type == "text/plain" and leaf.is_body:
            found += [Attachment(name, content) for name, content in uuencoded(leaf.content)[0]]
        elif leaf.is_file and not (_empty_unnamed(leaf)):
            picture = leaf.type.startswith("image/")
            inline = picture and (leaf.content_id in shown or (leaf.related and leaf.disposition == "inline"))
            found.append(Attachment(leaf.name or _made_up(leaf, len(found) + 1), leaf.content, inline))
            if leaf.is_mail:
                found[-1] = Attachment(_mail_name(leaf), leaf.content)
    if too_many(tree):
        found.append(Attachment("邮件", b"", problem="unsafe", detail=f"邮件的组成部分超过 {MAX_PARTS} 个"))
    return tuple(found)


def _empty_unnamed(leaf: Leaf) -> bool:
    return not leaf.name and not leaf.content.strip()


def _made_up(leaf: Leaf, number: int) -> str:
    kind = "图片" if leaf.type.startswith("image/") else "附件"
    return f"{kind}{number}.{_ENDINGS.get(leaf.type, 'bin')}"


def _mail_name(leaf: Leaf) -> str:
    """An attached mail is called by its file name or subject, and always ends in .eml, by which it is known."""
    name = leaf.name or charsets.file_name(subject(leaf.content)) or "转发邮件"
    return name if name.lower().endswith(".eml") else f"{name}.eml"


def subject(raw: bytes) -> str:
    """The subject of a raw mail without reading more than its head."""
    head = re.split(rb"\r?\n\r?\n", raw[: charsets.MAX_HEADER], maxsplit=1)[0]
    match = re.search(rb"^subject:((?:[^\r\n]|\r?\n[ \t])*)", head, re.IGNORECASE | re.MULTILINE)
    return charsets.one_line(charsets.words(re.sub(rb"\r?\n", b"", match[1]))) if match else ""


_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


def uuencoded(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The files that stand uuencoded in a text, each with its name, and the text without them."""
    found: list[tuple[str, bytes]] = []
    rest: list[bytes] = []
    position = 0
    while begin := _UU_BEGIN.search(raw, position):
        end = _UU_END.search(raw, begin.end())
        if not end:
            break
        rest.append(raw[position : begin.start()])
        name = charsets.file_name(charsets.decode(begin[1])) or f"附件{len(found) + 1}.bin"
        found.append((name, b"".join(map(_uu_line, raw[begin.end() : end.start()].splitlines()))))
        position = end.end()
    return found, b"".join([*rest, raw[position:]])


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders write trailing garbage: the line's first character says how long it should be.
        length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return b""
