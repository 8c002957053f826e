"""A zip package of XML parts (ECMA-376 part 2), read part by part within limits of size.

It knows parts and relationships, not what a part means, and never follows a relationship out of the package.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from typing import Any, NamedTuple

from lxml import etree

from parsers.formats import damaged, encrypted, unsafe
from parsers.formats.zip_parts import Member, members, unpack

MEGABYTE = 1 << 20
LARGEST_PART = 64 * MEGABYTE
LARGEST_PACKAGE = 256 * MEGABYTE
MOST_PARTS = 10_000
# A page of text shrinks 10 to 30 times; only padding shrinks more than 200 times, and small files may.
STEEPEST_RATIO = 200
# Tags and attributes; each costs more than a hundred bytes once parsed, however few it has in the file.
MOST_NODES = 2_000_000
RATIO_MATTERS_FROM = 16 * MEGABYTE
ENCRYPTED_FLAG = 0x1

PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
)
STRICT = "http://purl.oclc.org/ooxml/"
# ISO/IEC 29500 strict names its namespaces differently; nothing else in what we read differs.
TRANSITIONAL = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main",
     b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
)  # fmt: skip


class Relation(NamedTuple):
    """A relationship: the last word of its type, and the part or address it leads to."""

    kind: str
    target: str
    external: bool


def parse(content: bytes) -> Any:
    """The root element, strict namespaces made transitional. Raises Unreadable: broken XML, or any DOCTYPE."""
    if b"<!DOCTYPE" in content:
        raise unsafe("文件内含不允许的 XML 声明")
    # A short text cannot hold so many, and counting them takes a tenth of the time of parsing.
    if len(content) > MOST_NODES and content.count(b"<") + content.count(b"=") > MOST_NODES:
        raise unsafe("文件结构过于复杂，超出安全限制")
    try:
        root = etree.fromstring(content, PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise damaged() from None
    # A DOCTYPE in UTF-16 escapes the search for bytes above.
    if root.getroottree().docinfo.internalDTD is not None:
        raise unsafe("文件内含不允许的 XML 声明")
    if STRICT in root.tag or any(STRICT in str(uri) for uri in root.nsmap.values()):
        plain = etree.tostring(root, encoding="utf-8")
        for strict, transitional in TRANSITIONAL:
            plain = plain.replace(strict, transitional)
        root = etree.fromstring(plain, PARSER)
    return root


class Package:
    """An opened package; part names are compared without case, as part 2 of the standard asks.

    Raises Unreadable when the archive is damaged, encrypted or breaks a limit.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._archive: zipfile.ZipFile | None = None
        found = members(content)
        if found is None:
            self._archive = _opened(content)
            found = [_member(entry) for entry in self._archive.infolist()]
        if len(found) > MOST_PARTS or sum(member.size for member in found) > LARGEST_PACKAGE:
            raise unsafe()
        # Each with its number in the directory.
        self._parts = {_key(member.name): (number, member) for number, member in enumerate(found)}
        self._relations: dict[str, dict[str, Relation]] = {}

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._parts

    @property
    def names(self) -> list[str]:
        """The parts' names in lower case, without a leading slash."""
        return list(self._parts)

    def read(self, name: str, largest: int = LARGEST_PART) -> bytes:
        """A part's bytes. Raises Unreadable, also when there is no such part or it has more bytes than `largest`."""
        number, part = self._parts.get(_key(name), (0, None))
        if part is None:
            raise damaged()
        if part.size > largest or _steep(part):
            raise unsafe()
        if part.flags & ENCRYPTED_FLAG:
            raise encrypted()
        if self._archive is None and (content := unpack(self._content, part)) is not None:
            return content
        self._archive = self._archive or _opened(self._content)
        try:
            return self._archive.read(self._archive.infolist()[number])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
            raise damaged() from None

    def xml(self, name: str) -> Any:
        """The root element of an XML part."""
        return parse(self.read(name))

    def relations(self, name: str = "") -> dict[str, Relation]:
        """A part's relationships by id; those that lead to no part (`Target="NULL"`) are left out."""
        if name not in self._relations:
            self._relations[name] = self._read_relations(name)
        return self._relations[name]

    def _read_relations(self, name: str) -> dict[str, Relation]:
        folder, _, leaf = name.rpartition("/")
        rels = f"{folder}/_rels/{leaf}.rels".lstrip("/")
        if rels not in self:
            return {}
        relations = {}
        for element in self.xml(rels):
            external = element.get("TargetMode") == "External"
            target = element.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
            if external or target in self:
                kind = element.get("Type", "").rpartition("/")[2]
                relations[element.get("Id", "")] = Relation(kind, target, external)
        return relations


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, struct.error, ValueError, OverflowError, NotImplementedError):
        raise damaged() from None


def _member(entry: zipfile.ZipInfo) -> Member:
    packed, size = entry.compress_size, entry.file_size
    return Member(entry.filename, entry.flag_bits, entry.compress_type, entry.CRC, packed, size, entry.header_offset)


def _steep(part: Member) -> bool:
    return part.size > RATIO_MATTERS_FROM and part.size > STEEPEST_RATIO * part.packed
