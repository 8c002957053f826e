"""Whatever a document holds, reading it gives a finding or a plain reading, at a bounded cost, and reaches nothing outside."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator

import pytest

import parsers
from documents import cell, docx, field, paragraph, relationships, run, table
from parsers.bounds import MOST_FORMS
from parsers.model import ProblemKind, Transcript
from pipeline.reader import Breach, Reader, ReadingLimits
from zoo import ZOO
from zoo.cages import LABELS4, open_document, typed, xlsx
from zoo.spoiled import cut, spoiled

# How many times as long a document may take as one with as many ordinary forms as are read.
TIMES = 60
MEGABYTES = 300
SOUND = ("附件3.xlsx", "附件3.docx", "附件4.docx", "附件3.ods", "附件3.xls")
UNSAFE = (
    "a package that unpacks to hundreds of megabytes",
    "twenty thousand parts",
    "parts that overlap",
    "a billion laughs in a document",
    "a billion laughs in a worksheet",
    "a billion laughs in an OpenDocument table",
    "an external entity in a document",
    "an external entity in a document in UTF-16",
    "an external entity in a worksheet",
    "an external entity in an OpenDocument table",
    "a remote DTD in a document",
    "millions of empty paragraphs",
    "a hundred thousand fields that never end",
    "three million different numbers",
    "a hundred thousand filled rows",
    "an OpenDocument table with a row repeated a thousand million times",
    "an old workbook with a value in its last cell",
    "text with a million columns",
)  # fmt: skip
HARMLESS = ("a worksheet that claims a million rows", "a merged range of the whole sheet", "packages inside packages")
BREACHES = {breach.value for breach in Breach}
# Beyond what is asserted, so that a breach shows as a cost; a busy machine gets its time.
LIMITS = ReadingLimits(seconds=150, cpu_seconds=60, memory=1 << 30)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Reader(limits=LIMITS, scratch=tmp_path_factory.mktemp("reader"), target="zoo.measured:measured") as opened:
        yield opened


@pytest.fixture(scope="module")
def ordinary(reader: Reader) -> float:
    """The processor time that a document with as many forms as are read takes in the same worker."""
    content = docx(table(*[cell(label) + cell("x") for label in LABELS4]) * MOST_FORMS)
    return min(float(reader.read(content)[-1].notes[0]) for _ in range(4))


@pytest.mark.parametrize("name", ZOO)
def test_a_hostile_document_is_read_or_refused_at_a_bounded_cost(reader: Reader, ordinary: float, name: str) -> None:
    file, build = ZOO[name]
    *found, cost = reader.read(build(), file)
    assert cost.format == "cost", f"stopped from outside: {cost.problems}"
    seconds, size = map(float, cost.notes)
    assert seconds < TIMES * ordinary
    assert size < MEGABYTES << 20
    assert found
    assert all(_is_plain(transcript) for transcript in found)
    kinds = [[problem.kind for problem in transcript.problems] for transcript in found]
    assert name not in UNSAFE or kinds == [[ProblemKind.UNSAFE]], "a document that breaks a limit is called unsafe"
    assert name not in HARMLESS or kinds == [[]], "a document that only claims to be large is read"


def _is_plain(transcript: Transcript) -> bool:
    """Whether a transcript is a form, a reason, or neither, and says nothing of the machine it was read on."""
    assert "root:" not in str(transcript)
    if transcript.problems:
        return transcript.form is None and all(problem.detail for problem in transcript.problems)
    return (transcript.form is None) == (transcript.record is None)


def test_only_documents_that_there_are_are_called_unsafe_or_harmless() -> None:
    assert {*UNSAFE, *HARMLESS} <= ZOO.keys()


@pytest.mark.parametrize("name", SOUND)
def test_a_document_cut_off_anywhere_is_no_fault_of_ours(reader: Reader, name: str) -> None:
    for content in cut(name, 60):
        *found, cost = reader.read(content, name)
        assert cost.format == "cost"
        # What is cut off has lost the directory at its end, or a sheet's last records.
        assert name.endswith(".xls") or [bool(one.problems) for one in found] == [True]


@pytest.mark.parametrize("name", SOUND)
def test_a_document_with_changed_bytes_is_no_fault_of_ours(reader: Reader, name: str) -> None:
    for content in spoiled(name, 120):
        *found, cost = reader.read(content, name)
        assert cost.format == "cost"
        assert found
        assert all(_is_plain(transcript) for transcript in found)


# Links are never followed


def _linked_document(address: str) -> bytes:
    relations = {
        "r1": ("image", f"{address}/image.png"),
        "r2": ("attachedTemplate", f"{address}/template.dotx"),
        "r3": ("hyperlink", f"{address}/page"),
        "r4": ("oleObject", f"{address}/object"),
    }
    blip = '<w:r><w:drawing><a:blip r:link="r1" r:embed="r1"/></w:drawing></w:r>'
    included = field(f'INCLUDEPICTURE "{address}/included.png" \\d', run("x"))
    opinion = cell("学校团委推荐意见及案例点评") + cell(f"<w:p>{blip}</w:p>")
    rows = [cell(label) + cell("x") for label in ("项目名称", "所在学校", "申报主体", "负责人", "联系电话")]
    return docx(table(*rows, opinion) + paragraph(included), relations)


def _linked_workbook(address: str) -> bytes:
    formula = f'<c r="A1"><f>WEBSERVICE("{address}/x")</f></c><c r="B1"><f>[1]S!A1</f><v>1</v></c>'
    links = relationships({"rId1": ("externalLinkPath", f"{address}/other.xlsx")})
    return xlsx(
        f"<sheetData><row>{formula}{typed('x', 'C1')}</row></sheetData>",
        {"xl/externalLinks/_rels/externalLink1.xml.rels": links},
    )


def _linked_page(address: str) -> bytes:
    return (
        f'<html><head><link rel="stylesheet" href="{address}/x.css"><base href="{address}"></head><body>'
        f'<img src="{address}/x.png"><iframe src="{address}"></iframe><table><tr><td>x</td></tr></table></body></html>'
    ).encode()


def _remote_definition(address: str) -> bytes:
    content = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % d SYSTEM "{address}/x.dtd">%d;]><x/>'
    return docx("", parts={"word/document.xml": content})


def _linked_rich_text(address: str) -> bytes:
    picture = rf'{{\field{{\*\fldinst INCLUDEPICTURE "{address}/x.png" \\d}}{{\fldrslt x}}}}'
    return rf"{{\rtf1\ansi{{\*\template {address}/x.dot}}{picture} text\par}}".encode()


def _linked_open_text(address: str) -> bytes:
    namespaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (("office", "office"), ("text", "text"), ("draw", "drawing"))
    )
    frame = f'<draw:frame><draw:image xmlns:x="http://www.w3.org/1999/xlink" x:href="{address}/x.png" x:actuate="onLoad"/></draw:frame>'
    section = f'<text:section text:name="s"><text:section-source xmlns:x="http://www.w3.org/1999/xlink" x:href="{address}/x.odt"/></text:section>'
    body = f"<office:body><office:text>{section}<text:p>{frame}</text:p></office:text></office:body>"
    content = f'<office:document-content office:version="1.2" {namespaces}>{body}</office:document-content>'
    return open_document(content, "text")


NEEDS_OFFICE = pytest.mark.skipif(
    shutil.which("soffice") is None and "CI" not in os.environ, reason="LibreOffice is not installed"
)


@pytest.mark.parametrize(
    ("file", "build"),
    [
        pytest.param("附件4.docx", _linked_document, id="document"),
        pytest.param("附件3.xlsx", _linked_workbook, id="workbook"),
        pytest.param("正文.html", _linked_page, id="page"),
        pytest.param("附件4.docx", _remote_definition, id="definition"),
        pytest.param("附件4.rtf", _linked_rich_text, id="rich text", marks=NEEDS_OFFICE),
        pytest.param("附件4.odt", _linked_open_text, id="open text", marks=NEEDS_OFFICE),
    ],
)
def test_no_link_in_a_document_is_followed(file: str, build: Callable[[str], bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        content = build(f"http://127.0.0.1:{server.getsockname()[1]}")
        (transcript,) = parsers.read(content, file)
        assert transcript.format in file or transcript.problems
        with pytest.raises(BlockingIOError):
            server.accept()
