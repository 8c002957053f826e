"""No document, however large or hostile, costs more than 300 MB, LibreOffice's own 210 MB included (but recognition of scans).

Each large one is read by a process of its own, whose whole family is measured; what is shared within it counts once.
"""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from bench.child import ROOT, run
from documents import cell, docx, table
from papers import HEADER
from test_formats_legacy import TYPES, made_by_office, needs_office
from test_formats_pdf import file, ruled, words
from zoo import ZOO
from zoo.cages import LABELS3, TEMPLATES, noise, ods, open_document, rows, typed, xlsx
from zoo.compound import _old_workbook

MEGABYTES = 300
READ = """
import sys, parsers
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        print([one.problems or one.form for one in parsers.read(file.read(), path)])
"""
ROW = ["内蒙古大学", "1", "1", "示例项目", "为同学做实事", "其他类", "校学生会", "http://x.cn", "张三", "13800000001"]
SENTENCE = "示例项目内容为同学做实事"


@cache
def text(length: int) -> str:
    """So many letters of Chinese that no packing makes short."""
    return "".join(chr(0x4E00 + number % 20_000) for number in struct.unpack(f"<{length}H", noise(2 * length, 1)))


def cells(values: list[str], mark: str) -> str:
    return "".join(f"<{mark}>{value}</{mark}>" for value in values)


def styled(number: int) -> str:
    return f'<c s="{number}"/>' * 10


def odt(body: str) -> bytes:
    """An OpenDocument text."""
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text"))
    inside = f"<office:body><office:text>{body}</office:text></office:body>"
    return open_document(
        f'<office:document-content office:version="1.2" {spaces}>{inside}</office:document-content>', "text"
    )


def rtf(paragraphs: int) -> bytes:
    line = "".join(rf"\u{ord(letter) - 65536 * (ord(letter) > 32767)}?" for letter in SENTENCE) + r"\par "
    return rf"{{\rtf1\ansi {line * paragraphs}}}".encode()


def picture(side: int, kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), (200, 20, 20)).save(stream, kind)
    return stream.getvalue()


def biff(count: int) -> bytes:
    """An old workbook of so many rows of ten styled blanks and five numbers."""
    blank, number = struct.Struct("<12H"), struct.Struct("<3Hd")
    return _old_workbook(
        *((0xBE, blank.pack(row, 5, *[15] * 9, 14)) for row in range(count)),
        *((0x203, number.pack(row, column, 15, row * 1.5)) for row in range(count) for column in range(4)),
    )


def of_zoo(name: str) -> Callable[[], bytes]:
    return ZOO[name][1]


def linked(content: bytes) -> bytes:
    """A PDF with a seal of a hundred million points in a cell."""
    page = ruled([40, 140, 360], [500, 420, 340]) + words(50, 440, "意见") + "q 60 0 0 60 200 350 cm /I0 Do Q\n"
    sides = b"/Width 10000 /Height 10000"
    return file(page, images=(content,)).replace(b"/Width 8 /Height 8", sides)


PAGE = "".join(words(20, 590 - 12 * line, SENTENCE * 2) for line in range(48))
PAPER = ruled([40, 140, 360], [500, 460, 420]) + words(50, 475, "项目名称") + words(150, 475, "示例")
ORDINARY: dict[str, Callable[[], bytes]] = {
    "附件4.docx": (TEMPLATES / "附件4.docx").read_bytes,
    "附件4.docm": (TEMPLATES / "附件4.docx").read_bytes,
    "附件3.xlsx": (TEMPLATES / "附件3.xlsx").read_bytes,
    "附件3.xlsm": (TEMPLATES / "附件3.xlsx").read_bytes,
    "附件3.xls": lambda: biff(10),
    "附件3.ods": lambda: ods(f"<table:table-row>{cells(HEADER, 'table:table-cell')}</table:table-row>"),
    "附件3.csv": lambda: "\n".join(map(",".join, (LABELS3, ROW))).encode(),
    "附件3.html": lambda: f"<table><tr>{cells(HEADER, 'td')}</tr><tr>{cells(ROW, 'td')}</tr></table>".encode(),
    "附件4.pdf": lambda: file(PAPER),
}
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "headers 附件3.docx": of_zoo("twenty thousand headers of Annex 3 in one table"),
    "runs 附件4.docm": of_zoo("two hundred thousand runs of changing style"),
    "long 附件4.docx": lambda: docx(table(cell("项目内容") + cell(text(7_000_000)))),
    "numbers 附件3.xlsx": of_zoo("three million different numbers"),
    "strings 附件3.xlsm": of_zoo("shared strings of sixty megabytes"),
    "styled 附件3.xlsx": lambda: xlsx(f"<sheetData>{rows(80_000, styled)}</sheetData>"),
    "long 附件3.xlsx": lambda: xlsx(f"<sheetData><row>{typed(text(7_000_000))}</row></sheetData>"),
    "huge 附件3.xls": lambda: biff(60_000),
    "repeated 附件3.ods": of_zoo("an OpenDocument table with repetitions one after the other"),
    "long 附件3.ods": lambda: ods(
        f"<table:table-row><table:table-cell><text:p>{text(7_000_000)}</text:p></table:table-cell></table:table-row>"
    ),
    "long 附件3.csv": lambda: f'a,b\n"{text(7_000_000)}",x\n'.encode(),
    "rows 附件3.csv": lambda: (",".join(ROW) + "\n").encode() * 200_000,
    "long 附件3.html": lambda: f"<meta charset=utf-8><table><tr><td>{text(7_000_000)}</td></tr></table>".encode(),
    "rows 附件3.html": lambda: f"<table>{'<tr>' + cells(ROW, 'td') * 60_000}</table>".encode(),
    "pages 附件4.pdf": lambda: file(*[PAGE] * 500),
    "stream 附件4.pdf": of_zoo("a PDF that unpacks to half a gigabyte"),
    "seal 附件4.pdf": lambda: linked(bytes([200, 20, 20]) * 100_000_000),
    "scan 附件4.png": lambda: picture(7000, "PNG"),
    "scan 附件4.tiff": lambda: picture(7000, "TIFF"),
    "scan 附件4.webp": lambda: picture(3500, "WEBP"),
    "scan 附件4.jpg": lambda: picture(10_000, "JPEG"),
}
OFFICE: dict[str, Callable[[], bytes]] = {
    "huge 附件4.odt": lambda: odt(f"<text:p>{SENTENCE}</text:p>" * 600_000),
    "huge 附件4.rtf": lambda: rtf(20_000),
    "nested 附件4.rtf": of_zoo("a rich text of nested groups"),
}


def cost(folder: Path, papers: Mapping[str, bytes]) -> float:
    """Megabytes that reading these at most takes, one after the other in one process."""
    for name, content in papers.items():
        (folder / name).write_bytes(content)
    usage = run([sys.executable, "-c", READ, *(str(folder / name) for name in papers)], folder=ROOT)
    assert len(usage.output.splitlines()) == len(papers)
    if usage.peak is None:
        pytest.skip("this system does not tell what a process takes")
    return usage.peak


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reading_a_document_takes_less_than_its_share(tmp_path: Path, name: str) -> None:
    assert cost(tmp_path, {name: DOCUMENTS[name]()}) < MEGABYTES


def test_reading_an_ordinary_document_of_every_format_in_one_process_takes_no_more(tmp_path: Path) -> None:
    assert cost(tmp_path, {name: build() for name, build in ORDINARY.items()}) < MEGABYTES


@needs_office
@pytest.mark.parametrize("name", OFFICE)
def test_reading_through_libreoffice_takes_no_more(tmp_path: Path, name: str) -> None:
    assert cost(tmp_path, {name: OFFICE[name]()}) < MEGABYTES


@needs_office
def test_ordinary_documents_in_old_formats_take_no_more(tmp_path: Path) -> None:
    content = docx(table(cell("项目名称") + cell("示例")), parts={"[Content_Types].xml": TYPES})
    made = {"附件4.doc": made_by_office(content, "doc", tmp_path), "附件4.rtf": rtf(10)}
    assert cost(tmp_path, {**made, "附件4.odt": odt(f"<text:p>{SENTENCE}</text:p>")}) < MEGABYTES
