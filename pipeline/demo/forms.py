"""Fills the blank forms of Annexes 3 and 4 from the parsers' records, the way universities send them.

Works on the blanks' XML, so that hundreds of forms take a second. It checks nothing: faulty records give faulty forms.
"""

from __future__ import annotations

import copy
import enum
import functools
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from parsers.model import Annex3, Annex4, Project
from pipeline.demo.blanks import CATEGORIES, CONTACT, DATE, ROWS, SEAL
from pipeline.demo.stamp import DRAWING, seal_parts
from pipeline.settings import resource

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST_ROW = 7


class Mark(enum.Enum):
    """How the chosen category is marked on Annex 4."""

    TICK = "√"
    BOX = "☑"
    UNDERLINE = "underline"
    ONLY = "only"


@functools.cache
def blank(name: str) -> bytes:
    """A blank form as it travels with the program: 附件3.xlsx, 附件3.docx or 附件4.docx."""
    return (resource("templates") / name).read_bytes()


@functools.cache
def _parts(name: str) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(blank(name))) as package:
        return {part: package.read(part) for part in package.namelist()}


@functools.cache
def _tree(name: str, part: str) -> Any:
    return etree.fromstring(_parts(name)[part])


def _package(name: str, changed: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for part, content in {**_parts(name), **changed}.items():
            package.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def annex3_workbook(record: Annex3) -> bytes:
    """Annex 3 as an Excel file; digits go in as numbers, as they do when typed."""
    part = "xl/worksheets/sheet1.xml"
    sheet = copy.deepcopy(_tree("附件3.xlsx", part))
    rows = {int(row.get("r")): row for row in sheet.iter(f"{S}row")}
    data = sheet.find(f"{S}sheetData")
    extra = max(0, len(record.projects) - ROWS)
    for number in range(FIRST_ROW + ROWS, FIRST_ROW + ROWS + extra):
        rows[number] = _next_row(rows[FIRST_ROW + ROWS - 1], number)
        data.append(rows[number])
    if extra:
        sheet.find(f"{S}dimension").set("ref", f"A1:J{FIRST_ROW + ROWS - 1 + extra}")
        for merge in sheet.iter(f"{S}mergeCell"):
            ref = merge.get("ref")
            merge.set("ref", ref.replace(str(FIRST_ROW + ROWS - 1), str(FIRST_ROW + ROWS - 1 + extra)))
    _write(rows[5], 6, _contact_line(record))
    _write(rows[FIRST_ROW], 0, record.university)
    _write(rows[FIRST_ROW], 1, record.project_count)
    for number in range(max(ROWS, len(record.projects))):
        project = record.projects[number] if number < len(record.projects) else Project(str(number + 1))
        for column, text in enumerate(_project_texts(project, number), start=2):
            _write(rows[FIRST_ROW + number], column, text)
    return _package("附件3.xlsx", {part: etree.tostring(sheet, xml_declaration=True, encoding="UTF-8")})


def _next_row(row: Any, number: int) -> Any:
    new = copy.deepcopy(row)
    new.set("r", str(number))
    for cell in new:
        cell.set("r", f"{cell.get('r')[0]}{number}")
    return new


def _write(row: Any, column: int, text: str) -> None:
    """Set one cell's value; `column` counts from 0 and the blank form has every cell of the table."""
    letter = chr(65 + column)
    cell = next(each for each in row if each.get("r").rstrip("0123456789") == letter)
    for child in list(cell):
        cell.remove(child)
    if text.isdigit() and not text.startswith("0"):
        cell.attrib.pop("t", None)
        etree.SubElement(cell, f"{S}v").text = text
    elif text:
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, f"{S}is"), f"{S}t").text = text
    else:
        cell.attrib.pop("t", None)


def _project_texts(project: Project, number: int) -> tuple[str, ...]:
    return (
        project.number or str(number + 1),
        project.project_name,
        project.summary,
        project.category,
        project.applicant,
        "\n".join(project.links),
        project.leader,
        project.phone,
    )


def _contact_line(record: Annex3) -> str:
    if not record.contact_name and not record.contact_phone:
        return CONTACT
    return f"表格填写联系人：{record.contact_name or '      '}      电话：{record.contact_phone}"


def annex3_document(record: Annex3) -> bytes:
    """Annex 3 as a Word file."""
    return _package("附件3.docx", {"word/document.xml": _xml(_annex3_body(record))})


def _annex3_body(record: Annex3) -> Any:
    root = copy.deepcopy(_tree("附件3.docx", "word/document.xml"))
    for text in root.iter(f"{W}t"):
        if text.text and CONTACT.strip() in text.text:
            text.text = text.text.replace(CONTACT, _contact_line(record)).replace(
                CONTACT.strip(), _contact_line(record)
            )
    table = root.find(f".//{W}tbl")
    rows = table.findall(f"{W}tr")
    while len(rows) <= len(record.projects):
        rows.append(copy.deepcopy(rows[-1]))
        table.append(rows[-1])
    _fill(rows[1].findall(f"{W}tc")[0], [record.university])
    _fill(rows[1].findall(f"{W}tc")[1], [record.project_count])
    for number, row in enumerate(rows[1:]):
        project = record.projects[number] if number < len(record.projects) else Project(str(number + 1))
        for cell, text in zip(row.findall(f"{W}tc")[2:], _project_texts(project, number), strict=True):
            _fill(cell, text.split("\n"))
    return root


def annex4_document(record: Annex4, mark: Mark = Mark.TICK) -> bytes:
    """Annex 4 as a Word file; `record.sealed` true puts a seal (visibly a sample) on it."""
    changed = {"word/document.xml": _xml(_annex4_body(record, mark))}
    return _package("附件4.docx", {**changed, **(seal_parts(_parts("附件4.docx")) if record.sealed else {})})


def _annex4_body(record: Annex4, mark: Mark) -> Any:
    root = copy.deepcopy(_tree("附件4.docx", "word/document.xml"))
    rows = [row.findall(f"{W}tc") for row in root.find(f".//{W}tbl").findall(f"{W}tr")]
    for row, column, text in (
        (0, 1, record.project_name),
        (0, 3, record.university),
        (1, 1, record.applicant),
        (2, 1, record.leader),
        (2, 3, record.phone),
        (3, 1, record.members),
        (5, 1, record.period),
    ):
        _fill(rows[row][column], text.split("\n"))
    _mark(rows[4][1], record.categories, mark)
    # The printed prompts stay where they are, as they do on forms people send.
    _fill_above(rows[6][1], record.content.split("\n"), 1)
    _fill_above(rows[7][1], record.recommendation.split("\n"), 2)
    for text in rows[7][1].iter(f"{W}t"):
        if text.text == DATE and record.signed_on:
            year, month, day = record.signed_on.split("-")
            text.text = f"{year}年{int(month)}月{int(day)}日"
        elif text.text == SEAL and record.sealed:
            text.getparent().append(etree.fromstring(DRAWING))
    return root


def _fill(cell: Any, lines: Sequence[str]) -> None:
    """Write lines into a cell, one paragraph each, in the font of the cell's first paragraph."""
    _fill_above(cell, lines, 0)


def _fill_above(cell: Any, lines: Sequence[str], kept: int) -> None:
    paragraphs = cell.findall(f"{W}p")
    first = paragraphs[0]
    for paragraph in paragraphs[1 : len(paragraphs) - kept]:
        cell.remove(paragraph)
    model = copy.deepcopy(first)
    _text(first, lines[0])
    for line in lines[1:]:
        new = copy.deepcopy(model)
        _text(new, line)
        first.addnext(new)
        first = new


def _text(paragraph: Any, text: str) -> None:
    _run_text(paragraph.find(f"{W}r"), text)


def _run_text(run: Any, text: str) -> None:
    for child in run.findall(f"{W}t"):
        run.remove(child)
    if text:
        element = etree.SubElement(run, f"{W}t")
        element.text = text
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _mark(cell: Any, chosen: Sequence[str], mark: Mark) -> None:
    """Mark the chosen among the printed categories in one of the ways people do."""
    if mark is Mark.ONLY:
        _fill(cell, ["、".join(chosen)])
        return
    for paragraph, names in zip(cell.findall(f"{W}p"), CATEGORIES, strict=True):
        if mark is Mark.UNDERLINE:
            _underline(paragraph, names, chosen)
        else:
            other = "□" if mark is Mark.BOX else ""
            _text(
                paragraph,
                "  ".join(f"{mark.value if name in chosen else other}{name}" for name in names),
            )


def _underline(paragraph: Any, names: Sequence[str], chosen: Sequence[str]) -> None:
    """One run for each name and each gap, the chosen ones underlined."""
    model = paragraph.find(f"{W}r")
    for name in names:
        for text in (name, "  "):
            run = copy.deepcopy(model)
            _run_text(run, text)
            if text in chosen:
                etree.SubElement(run.find(f"{W}rPr"), f"{W}u").set(f"{W}val", "single")
            paragraph.append(run)
    paragraph.remove(model)


def together(summary: Annex3, applications: Sequence[Annex4], mark: Mark = Mark.TICK) -> bytes:
    """Annex 3 and all Annex 4 forms in one Word file, each on pages of its own."""
    root = _annex3_body(summary)
    body = root.find(f"{W}body")
    # The section break keeps Annex 3's pages landscape and the others upright.
    landscape = body.find(f"{W}sectPr")
    break_ = etree.Element(f"{W}p")
    etree.SubElement(break_, f"{W}pPr").append(landscape)
    body.append(break_)
    for number, application in enumerate(applications):
        for block in list(_annex4_body(application, mark).find(f"{W}body")):
            if block.tag == f"{W}sectPr":
                section = block
                continue
            if number and block.tag == f"{W}p":
                block.find(f"{W}pPr").insert(0, etree.Element(f"{W}pageBreakBefore"))
                number = 0
            body.append(block)
    body.append(section)
    for number, picture in enumerate(root.iter(f"{WP}docPr"), start=1):
        picture.set("id", str(number))
    changed = {"word/document.xml": _xml(root)}
    sealed = any(application.sealed for application in applications)
    return _package("附件3.docx", changed | (seal_parts(_parts("附件3.docx")) if sealed else {}))


def _xml(root: Any) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
