"""What the leaves of a mail are: its texts, and its files with their names and decoded bytes.

An attached mail is a file that keeps its original bytes. Nothing is ever raised or written again, and what a mail
means (a person's, a bounce) is not decided here.
"""

from __future__ import annotations

import binascii
import re
from functools import cached_property

from msgspec import Struct

from parsers.charset import decoded
from pipeline import charsets, mime
from pipeline.mime import Part
from pipeline.model import Attachment

__all__ = ["Tree", "files", "headers", "parse", "subject", "texts"]

# Bytes of a text that are decoded, and files looked for in it; nobody writes more.
MAX_TEXT = 8_000_000
MAX_UUENCODED = 100

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


class Leaf(Struct, frozen=True, dict=True):
    """A part that holds bytes."""

    part: Part

    @property
    def type(self) -> str:
        return self.part.type

    @cached_property
    def _type_parameters(self) -> dict[str, str]:
        return charsets.parameters(self.part.first("content-type"))

    @cached_property
    def _disposition(self) -> tuple[str, dict[str, str]]:
        value = self.part.first("content-disposition")
        return value.partition(";")[0].strip().lower(), charsets.parameters(value)

    @property
    def disposition(self) -> str:
        return self._disposition[0]

    @cached_property
    def name(self) -> str:
        """The file name, sanitised, from Content-Disposition or else Content-Type; "" if neither has one."""
        name = charsets.file_name(self._disposition[1].get("filename", ""))
        if name and "\ufffd" not in name:
            return name
        other = charsets.file_name(self._type_parameters.get("name", ""))
        return other if other and (not name or "\ufffd" not in other) else name

    @property
    def content_id(self) -> str:
        return charsets.header(self.part.first("content-id")).strip("<> ")

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
        encoding = charsets.header(self.part.first("content-transfer-encoding")).lower()
        if encoding == "base64":
            return charsets.base64(self.part.raw, self.part.start, self.part.end)
        raw = self.part.source
        if encoding == "quoted-printable":
            return binascii.a2b_qp(raw)
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return b"".join(content for _, content in uuencoded(bytes(raw))[0]) or bytes(raw)
        return bytes(raw)

    @property
    def text(self) -> str:
        """The content as text, as far as it is read; uuencoded files are left out of a plain one."""
        content = uuencoded(self.content)[1] if self.type == "text/plain" else self.content
        if len(content) > MAX_TEXT:
            # Not inside a character, if that can be helped.
            content = content[: content.rfind(b"\n", 0, MAX_TEXT) + 1 or MAX_TEXT]
        return decoded(content, self._type_parameters.get("charset", ""))


class Tree(Struct, frozen=True):
    """A mail taken apart, as `mime.Tree`; what a leaf is called and holds is found out once, however often it is asked."""

    top: Part
    leaves: tuple[Leaf, ...]
    cut: str = ""


def parse(raw: bytes) -> Tree:
    """Take any bytes apart as a mail."""
    tree = mime.parse(raw)
    return Tree(tree.top, tuple(map(Leaf, tree.leaves)), tree.cut)


def headers(tree: Tree) -> dict[str, tuple[str, ...]]:
    """The mail's own headers by lower-case name, as they stood (see `charsets.header`), topmost first."""
    found: dict[str, list[str]] = {}
    for name, value in tree.top.fields:
        found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def texts(tree: Tree) -> tuple[str, str]:
    """The mail's plain text and HTML, each "" if it has none; several of a kind follow one another."""
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for leaf in tree.leaves:
        if leaf.is_body and leaf.type in found:
            found[leaf.type].append(leaf.text)
    return "\n".join(found["text/plain"]), "\n".join(found["text/html"])


def files(tree: Tree, html: str = "") -> tuple[Attachment, ...]:
    """The files of a mail whose HTML body is `html`: named parts, and unnamed ones that are not its text.

    A picture shown inside the body is `inline`. Equal names are kept; a nameless file is named after its type.
    """
    found: list[Attachment] = []
    shown = set(re.findall(r"cid:([^\"'\s<>)]+)", html, re.IGNORECASE))
    for leaf in tree.leaves:
        if leaf.type == "text/plain" and leaf.is_body:
            found += [Attachment(name, content) for name, content in uuencoded(leaf.content)[0]]
        elif leaf.is_file and not (_empty_unnamed(leaf)):
            picture = leaf.type.startswith("image/")
            inline = picture and (leaf.content_id in shown or (leaf.part.related and leaf.disposition == "inline"))
            found.append(Attachment(leaf.name or _made_up(leaf, len(found) + 1), leaf.content, inline))
            if leaf.is_mail:
                found[-1] = Attachment(_mail_name(leaf), leaf.content)
    if tree.cut:
        found.append(Attachment("邮件", b"", problem="unsafe", detail=tree.cut))
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
    while len(found) < MAX_UUENCODED and (begin := _UU_BEGIN.search(raw, position)):
        end = _UU_END.search(raw, begin.end())
        if not end:
            break
        rest.append(raw[position : begin.start()])
        name = charsets.file_name(decoded(begin[1])) or f"附件{len(found) + 1}.bin"
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
