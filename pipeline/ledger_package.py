"""What a workbook holds beside its values, read from its package: notes on cells (批注), formulas that nobody has worked out.

Values are read elsewhere, and nothing is written here. Places are (row, column), both counted from 0.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree
from msgspec import Struct
from openpyxl.utils.cell import coordinate_to_tuple

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"

Texts = dict[tuple[int, int], str]


class Aside(Struct, frozen=True):
    """What stands beside the values of one sheet."""

    notes: Texts
    formulas: Texts


def read_asides(path: Path, names: Collection[str]) -> dict[str, Aside]:
    """The same for each of these sheets that the workbook has. Raises KeyError or ValueError where the package is no good."""
    with ZipFile(path) as package:
        parts = sheet_parts(package)
        return {
            name: Aside(_notes(package, parts[name]), _formulas(package.read(parts[name])))
            for name in names
            if name in parts
        }


def sheet_parts(package: ZipFile) -> dict[str, str]:
    """The part of each sheet by the sheet's name."""
    targets = {relation.get("Id"): target for relation, target in _relations(package, WORKBOOK)}
    found = {}
    for sheet in etree.fromstring(package.read(WORKBOOK)).iterfind("{*}sheets/{*}sheet"):
        number = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), None)
        found[sheet.get("name", "")] = targets.get(number, "")
    return found


def relations_of(part: str) -> str:
    """The part that says what a part refers to."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _relations(package: ZipFile, part: str) -> Iterator[tuple[Any, str]]:
    """Each relation of a part with the part it leads to."""
    if relations_of(part) in package.namelist():
        for relation in etree.fromstring(package.read(relations_of(part))):
            target = posixpath.join(posixpath.dirname(part), relation.get("Target", ""))
            yield relation, posixpath.normpath(target).lstrip("/")


def _notes(package: ZipFile, part: str) -> Texts:
    """The words of each note."""
    found = {}
    for relation, target in _relations(package, part):
        if relation.get("Type", "").endswith("/comments"):
            for note in etree.fromstring(package.read(target)).iterfind("{*}commentList/{*}comment"):
                words = "".join(text.text or "" for text in note.iterfind("{*}text//{*}t"))
                found[_place(note.get("ref", ""))] = words
    return found


def _formulas(sheet: bytes) -> Texts:
    """The formulas of which no value is known, as they are typed; nearly every sheet has none at all."""
    found: Texts = {}
    shared: dict[Any, str] = {}
    if b"<f" not in sheet and b":f" not in sheet:
        return found
    for _, cell in etree.iterparse(BytesIO(sheet), tag="{*}c", resolve_entities=False):
        formula, value = cell.find("{*}f"), cell.find("{*}v")
        if formula is not None:
            # Of formulas that were filled down only the first is written out.
            text = formula.text or shared.get(formula.get("si"), "")
            shared.setdefault(formula.get("si"), text)
            # An empty text is a value too, if it is called a text.
            if (value is None or not value.text) and cell.get("t") != "str":
                found[_place(cell.get("r", ""))] = f"={text}"
        cell.clear()
    return found


def _place(reference: str) -> tuple[int, int]:
    row, column = coordinate_to_tuple(reference)
    return row - 1, column - 1
