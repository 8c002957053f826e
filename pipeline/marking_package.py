"""A zip package of XML parts (ECMA-376 part 2) being edited: changed parts are written anew, all others kept as they are.

It knows parts, relationships and content types, not what a part means; limits of size are the parsers' own.
"""

from __future__ import annotations

import io
import itertools
import posixpath
import re
import zipfile
from typing import Any

from lxml import etree

from parsers.formats.package import STRICT, Package, Relation
from pipeline.marking_active import acts
from pipeline.marking_value import Uneditable

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
# Comments and processing instructions stay, unlike in the parsers, for the part is written back.
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
# A part that packing shrinks by less than this, a photograph, is stored as it is, which saves most of the time.
WORTH_PACKING = 0.95


class Parts:
    """An opened package. Raises Uneditable where a change could do harm, Unreadable as `Package` does.

    Signed packages are refused, for a change breaks the signature, what acts when opened, for we send it on, and strict
    OOXML, whose names differ.
    """

    def __init__(self, content: bytes) -> None:
        self._package = Package(content)
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._names = {name.lower(): name for name in self._archive.namelist()}
        if len(self._names) != len(self._archive.namelist()) or any("\\" in name for name in self._names):
            raise Uneditable("two parts of one name")
        if any(name.startswith("_xmlsignatures/") for name in self._names):
            raise Uneditable("signed")
        if any(acts(name, self._package.read(name), _tree) for name in self._names.values()):
            raise Uneditable("it acts when opened")
        self._trees: dict[str, Any] = {}
        self._new: dict[str, bytes] = {}

    def name(self, part: str) -> str:
        """The part's name as written in the archive; the name itself where there is no such part."""
        return self._names.get(part.lower(), part)

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._names

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def read(self, part: str) -> bytes:
        """A part's bytes as they came or as they were put."""
        name = self.name(part)
        return self._new[name] if name in self._new else self._package.read(part)

    def put(self, part: str, content: bytes) -> None:
        """Write a part's bytes, a new part or one that is there."""
        name = self.name(part)
        self._names[name.lower()] = name
        self._trees.pop(name, None)
        self._new[name] = content

    def edit(self, part: str) -> Any:
        """The root element of an XML part; whatever is changed in it is written when the package is saved."""
        name = self.name(part)
        if name not in self._trees:
            self._trees[name] = _tree(self.read(part))
        return self._trees[name]

    def relations(self, part: str = "") -> dict[str, Relation]:
        """The relationships a part came with, by id."""
        return self._package.relations(self.name(part) if part else "")

    def main(self, default: str) -> str:
        """The part that the package is about."""
        found = (r.target for r in self.relations().values() if r.kind == "officeDocument" and not r.external)
        return self.name(next(found, default))

    def related(self, part: str, kind: str) -> str:
        """The first part that this one refers to by this kind of relationship; "" if there is none."""
        found = (r.target for r in self.relations(part).values() if r.kind == kind and not r.external)
        return self.name(next(found, ""))

    def relate(self, part: str, kind: str, target: str) -> str:
        """Refer from a part to another; returns the new relationship's id."""
        folder, _, leaf = self.name(part).rpartition("/")
        rels = f"{folder}/_rels/{leaf}.rels".lstrip("/")
        if rels not in self:
            self.put(rels, f'<Relationships xmlns="{RELATIONS[1:-1]}"/>'.encode())
        root = self.edit(rels)
        taken = {element.get("Id") for element in root}
        identifier = next(f"rId{number}" for number in itertools.count(1) if f"rId{number}" not in taken)
        element = etree.SubElement(root, f"{RELATIONS}Relationship")
        element.set("Id", identifier)
        element.set("Type", f"{OFFICE}/{kind}")
        element.set("Target", posixpath.relpath(f"/{target}", f"/{folder}"))
        return identifier

    def declare(self, part: str, content_type: str) -> None:
        """State a new part's type."""
        types = self.edit("[Content_Types].xml")
        element = etree.SubElement(types, f"{TYPES}Override")
        element.set("PartName", f"/{part}")
        element.set("ContentType", content_type)

    def declare_extension(self, extension: str, content_type: str) -> None:
        """State the type of all parts with this ending, unless that is stated already."""
        types = self.edit("[Content_Types].xml")
        if not any(element.get("Extension", "").lower() == extension for element in types):
            element = etree.Element(f"{TYPES}Default", Extension=extension, ContentType=content_type)
            types.insert(0, element)

    def unused(self, pattern: str) -> str:
        """A part name that is free: `xl/comments{}.xml` becomes xl/comments1.xml, or the next number."""
        return next(name for number in itertools.count(1) if (name := pattern.format(number)) not in self)

    def save(self) -> bytes:
        """The package with its changes, the parts in their old order and the new ones behind them."""
        changed = self._new | {name: _written(root) for name, root in self._trees.items()}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in self._archive.infolist():
                content = changed.pop(member.filename, None)
                content = self._package.read(member.filename) if content is None else content
                kept = zipfile.ZipInfo(member.filename, member.date_time)
                kept.external_attr, kept.create_system = member.external_attr, member.create_system
                packed = member.compress_size < WORTH_PACKING * member.file_size or member.filename in self._trees
                archive.writestr(kept, content, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
            for name, content in changed.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return stream.getvalue()


def _tree(content: bytes) -> Any:
    try:
        root = etree.fromstring(content, PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise Uneditable("not well-formed") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Uneditable("a document type")
    if STRICT in root.tag or any(STRICT in str(uri) for uri in root.nsmap.values()):
        raise Uneditable("strict OOXML")
    return root


def _written(root: Any) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True))


def number_in(text: str) -> int:
    """The last number in a name such as _x0000_s1025; 0 if there is none."""
    found = re.findall(r"\d{1,9}", text)
    return int(found[-1]) if found else 0
