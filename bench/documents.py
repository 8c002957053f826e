"""One document of each readable format: opening, transcribing and checking it, beside the floor and a plain library.

The floor is the least that reading this file at all costs; what a library's rows lack (marks, spans, places) is not held against it.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

import parsers
from bench import conversions, material
from bench.clock import race
from bench.rows import Check, Row
from parsers.catalogue import form_names, open_document, readable_formats, sniff
from pipeline.check import check_document
from pipeline.demo import forms
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import resource
from tests.binary_workbook import as_xlsb

SECTION = "documents"
TITLE = "bytes to transcript, by format (ms are those of parsers.read)"
WORD_PARTS = ("_rels/.rels", "word/_rels/document.xml.rels", "word/document.xml")
# A conversion takes seconds, and a reader may remember what it has converted: so many different files, each read once.
CONVERSIONS = 3
# So many documents of one kind are read one after the other, for a mail brings about as many.
IN_A_ROW = 8
# How long each document is read again and again; so many times as long where a target is set, for a steady median.
SECONDS, QUICK_SECONDS = 1.0, 0.3
JUDGED = 5

T = TypeVar("T")
Way = tuple[str, Callable[[bytes], object]]


class Paper(Struct, frozen=True):
    """A file to be read: `form` is what must be found in it. `slow` files are read once each."""

    title: str
    name: str
    form: str
    contents: tuple[bytes, ...]
    floor: Way | None = None
    library: Way | None = None
    most: float | None = None
    least: float | None = None
    slow: bool = False


def rows(quick: bool) -> Iterator[Row]:
    """A row for each document."""
    rules = load(resource("rules.yaml"))
    for paper in papers(quick):
        seconds = QUICK_SECONDS if quick else SECONDS * (JUDGED if paper.most else 1)
        yield _measure(paper, rules, seconds)


def papers(quick: bool) -> Iterator[Paper]:
    """The documents: those of Word and Excel always, the others as far as LibreOffice is there to write them."""
    all_papers = material.distinct(IN_A_ROW)
    short = [material.plain(one).applications[0] for one in all_papers]
    # A page and a half of text, as people write about their project.
    usual = [replace(one, content="\n".join([one.content] * 10)) for one in short]
    sealed = [replace(one, sealed=True) for one in usual]
    summaries = [one.summary for one in all_papers]
    workbooks = [forms.annex3_workbook(one) for one in summaries]
    word = ("python-docx rows.cells", python_docx)
    parsed = ("unzip + lxml", unzip_and_parse)
    grid = ("calamine", calamine)
    a4, a3 = "附件4.docx", "附件3.docx"
    yield Paper("Annex 4 .docx", a4, "annex4", _each(forms.annex4_document, usual), parsed, word, 3, 10)
    yield Paper(
        "Annex 4 .docx, three lines of content", a4, "annex4", _each(forms.annex4_document, short), parsed, word
    )
    yield Paper("Annex 4 .docx, its seal seen before", a4, "annex4", _each(forms.annex4_document, sealed),
                ("unzip + lxml + Pillow", unzip_parse_and_decode), word)  # fmt: skip
    yield Paper("Annex 3 .docx", a3, "annex3", _each(forms.annex3_document, summaries), parsed, word)
    yield Paper("Annex 3 .xlsx", "附件3.xlsx", "annex3", tuple(workbooks), grid, ("openpyxl", openpyxl), 3, 8)
    yield Paper("Annex 3 .xlsb", "附件3.xlsb", "annex3", _each(as_xlsb, workbooks), grid)
    yield Paper("Annex 3 .csv", "附件3.csv", "annex3", _each(as_csv, workbooks), ("csv", plain_csv))
    yield Paper("Annex 3 .html", "附件3.xls", "annex3", _each(as_html, workbooks), ("lxml.html", plain_html))
    if not quick and conversions.available():
        with tempfile.TemporaryDirectory() as folder:
            yield from _converted(conversions.Converter(Path(folder)), workbooks[0], forms.annex4_document(usual[0]))


def _each(make: Callable[[T], bytes], records: Iterable[T]) -> tuple[bytes, ...]:
    return tuple(map(make, records))


def _converted(office: conversions.Converter, workbook: bytes, document: bytes) -> Iterator[Paper]:
    """What LibreOffice makes of the forms; what it then has to read itself comes in several copies."""
    with suppress(ImportError):
        import_module("pdfplumber")
        pdf = office.convert([document], "docx", "pdf")[0]
        yield Paper("Annex 4 .pdf", "附件4.pdf", "annex4", (pdf,), ("pdfplumber tables", pdf_tables))
    for target in ("xls", "ods"):
        content = office.convert([workbook], "xlsx", target)[0]
        yield Paper(f"Annex 3 .{target}", f"附件3.{target}", "annex3", (content,), ("calamine", calamine))
    copies = [forms.annex4_document(material.plain(one).applications[0]) for one in material.distinct(CONVERSIONS)]
    for target in ("doc", "odt", "rtf"):
        contents = tuple(office.convert(copies, "docx", target))
        floor = ("soffice", partial(_to_docx, office, target))
        yield Paper(f"Annex 4 .{target}", f"附件4.{target}", "annex4", contents, floor, slow=True)


def _to_docx(office: conversions.Converter, source: str, content: bytes) -> object:
    return office.convert([content], source, "docx")


def _measure(paper: Paper, rules: Rules, seconds: float) -> Row:
    first = paper.contents[0]
    if sniff(first, paper.name) not in readable_formats():
        return Row(SECTION, paper.title, note="no reader for this format")
    turns: dict[str, Iterator[bytes]] = {}

    def turn(way: Callable[[bytes], object], name: str) -> Callable[[], object]:
        turns[name] = cycle(paper.contents)
        return lambda: way(next(turns[name]))

    ways = dict(way for way in (paper.floor, paper.library) if way is not None)
    contenders = {name: turn(way, name) for name, way in ways.items()}
    contenders["read"] = turn(lambda content: parsers.read(content, paper.name), "read")
    if paper.slow:
        timings = race(contenders, 0, least=len(paper.contents), warm_up=False)
        return _row(paper, timings, parsers.read(first, paper.name)[0].form)
    document, transcript = open_document(first, paper.name), parsers.read(first, paper.name)[0]
    contenders["open"] = lambda: open_document(first, paper.name)
    contenders["transcribe"] = partial(_transcribe, document)
    contenders["check"] = lambda: check_document(transcript, paper.name, material.MORNING, rules)
    return _row(paper, race(contenders, seconds, burst=len(paper.contents)), transcript.form)


def _transcribe(document: Any) -> list[Any]:
    return [found for name in form_names() for found in import_module(f"parsers.forms.{name}").find(document)]


def _row(paper: Paper, timings: dict[str, Any], form: str | None) -> Row:
    read = timings["read"]
    checks = []
    if paper.floor is not None and paper.most is not None:
        checks.append(Check(f"the cost of {paper.floor[0]}", read.ratio(timings[paper.floor[0]]), paper.most))
    if paper.library is not None and paper.least is not None:
        name = paper.library[0]
        checks.append(Check(f"faster than {name}", timings[name].ratio(read), paper.least, at_least=True))
    return Row(
        SECTION,
        paper.title,
        read.wall,
        read.cpu,
        parts={name: timings[name].wall for name in ("open", "transcribe", "check") if name in timings},
        beside={way[0]: timings[way[0]].wall for way in (paper.floor, paper.library) if way is not None},
        checks=tuple(checks),
        note="" if form == paper.form else f"found {form} instead of {paper.form}",
    )


def unzip_and_parse(content: bytes, parts: Sequence[str] = WORD_PARTS) -> object:
    """The floor of a Word form: its XML parts unpacked and parsed."""
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return [etree.fromstring(package.read(part)) for part in parts]


def unzip_parse_and_decode(content: bytes) -> object:
    """The floor of a Word form that bears a picture."""
    from PIL import Image

    parsed = unzip_and_parse(content)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        Image.open(io.BytesIO(package.read("word/media/seal.png"))).load()
    return parsed


def python_docx(content: bytes) -> object:
    """Every cell's text the way python-docx's documentation shows it."""
    from docx import Document

    return [[cell.text for cell in row.cells] for table in Document(io.BytesIO(content)).tables for row in table.rows]


def calamine(content: bytes) -> list[list[list[Any]]]:
    """Every sheet's values."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_index(index).to_python() for index in range(len(book.sheet_names))]


def openpyxl(content: bytes) -> object:
    """Every sheet's values."""
    from openpyxl import load_workbook

    return [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(io.BytesIO(content)).worksheets]


def plain_csv(content: bytes) -> object:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def plain_html(content: bytes) -> object:
    from lxml import html

    return html.document_fromstring(content)


def pdf_tables(content: bytes) -> object:
    """Every page's tables."""
    import pdfplumber  # type: ignore[import-not-found, unused-ignore]

    with pdfplumber.open(io.BytesIO(content)) as document:
        return [page.extract_tables() for page in document.pages]


def as_csv(workbook: bytes) -> bytes:
    """The first sheet as Excel saves it for "CSV UTF-8"."""
    stream = io.StringIO()
    csv.writer(stream).writerows([[_text(value) for value in line] for line in calamine(workbook)[0]])
    return stream.getvalue().encode("utf-8-sig")


def as_html(workbook: bytes) -> bytes:
    """The first sheet as a page that calls itself .xls, the way web systems export."""
    lines = ("".join(f"<td>{_text(value)}</td>" for value in line) for line in calamine(workbook)[0])
    table = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<html><head><meta charset="utf-8"></head><body><table border="1">{table}</table></body></html>'.encode()


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
