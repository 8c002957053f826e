"""How a file is recognised, what becomes of one that cannot be read, and how forms share a document."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import msoffcrypto
import openpyxl
import pytest

import parsers
from documents import cell, docx, paragraph, table, zipped
from parsers import catalogue
from parsers.__main__ import main
from parsers.catalogue import open_document, read, readable_formats, sniff
from parsers.formats import libreoffice
from parsers.model import Document, Found, ProblemKind, Record, Transcript
from parsers.printed import TITLES
from pipeline.codec import RECORDS

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def xlsx() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0]["A1"] = "备注"
    book.save(stream)
    return stream.getvalue()


def ole2(**streams: bytes) -> bytes:
    """A minimal compound file ([MS-CFB]): 512-byte sectors, every stream padded to 4096 bytes, no mini stream."""
    sectors: list[bytes] = []
    chains: list[tuple[str, int, int]] = []
    for name, content in streams.items():
        padded = content.ljust(4096, b"\0")
        padded += b"\0" * (-len(padded) % 512)
        chains.append((name.replace("_", " "), 2 + len(sectors), len(padded)))
        sectors += [padded[at : at + 512] for at in range(0, len(padded), 512)]
    table_of_sectors = [0xFFFFFFFD, 0xFFFFFFFE] + [0] * len(sectors)
    for _, start, size in chains:
        last = start + size // 512 - 1
        table_of_sectors[start:last] = list(range(start + 1, last + 1))
        table_of_sectors[last] = 0xFFFFFFFE
    table_of_sectors += [0xFFFFFFFF] * (128 - len(table_of_sectors))
    root = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    entries = [
        _entry(name, 2, -1, start, size, right=at + 2 if at + 1 < len(chains) else -1)
        for at, (name, start, size) in enumerate(chains)
    ]
    directory = b"".join([root, *entries]).ljust(512, b"\0")
    header = OLE2 + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    header = header.ljust(512, b"\xff")
    return header + struct.pack("<128I", *table_of_sectors) + directory + b"".join(sectors)


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = -1) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return (
        encoded.ljust(64, b"\0") + struct.pack("<HBBiii", len(encoded), kind, 1, -1, right, child)
        + bytes(36) + struct.pack("<IQ", start, size)
    )  # fmt: skip


def doc(flags: int = 0) -> bytes:
    return ole2(WordDocument=struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, flags))


def xls(*records: tuple[int, bytes]) -> bytes:
    stream = b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records)
    return ole2(Workbook=stream)


def locked(content: bytes, password: str) -> bytes:
    stream = io.BytesIO()
    file = msoffcrypto.OfficeFile(io.BytesIO(content))
    file.encrypt(password, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (docx(""), "docx"),
        (xlsx(), "xlsx"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "xlsb"),
        (zipped({"[Content_Types].xml": "", "ppt/presentation.xml": ""}), "pptx"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}), "zip"),
        (zipped({"OFD.xml": ""}), "ofd"),
        (zipped({"附件4.docx": docx("")}), "zip"),
        (doc(), "doc"),
        (xls((0x809, bytes(16))), "xls"),
        (ole2(Book=b""), "xls"),
        (ole2(PowerPoint_Document=b""), "ppt"),
        (ole2(EncryptionInfo=b"", EncryptedPackage=b""), "encrypted"),
        (ole2(Other=b""), "ole"),
        (OLE2 + "WordDocument".encode("utf-16-le"), "doc"),
        (b"{\\rtf1\\ansi }", "rtf"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\xef\xbb\xbf\n%PDF-1.4\n", "pdf"),
        (b"<html><body><table></table></body></html>", "html"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>", "html"),
        ("<html>".encode("utf-16"), "html"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "mht"),
        (b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>', "wordml"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "spreadsheetml"),
        (b'<?xml version="1.0"?><a/>', "xml"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "bmp"),
        (b"II*\0", "tiff"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"\0\0\0\x18ftypheic", "heic"),
        (b"\0\0\0\x18ftypisom", "video"),
        (b"Rar!\x1a\x07\x01\0", "rar"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        ("项目名称：午间自习室".encode(), "text"),
        ("项目名称：午间自习室".encode("gb18030"), "text"),
        (("a" + "项目" * 3000).encode(), "text"),
        (("a" + "项目" * 3000).encode("gb18030"), "text"),
        (b"BMW", "text"),
        (b"\0\x01\x02\x03", "unknown"),
        (b"", "empty"),
        (b"\0" * 9000, "empty"),
        (b" \r\n", "empty"),
    ],
)
def test_a_format_is_told_by_content(content: bytes, kind: str) -> None:
    assert sniff(content) == kind
    assert sniff(content, "附件4.docx") == kind


@pytest.mark.parametrize(("word", "kind"), [("text", "odt"), ("spreadsheet", "ods"), ("presentation", "odp")])
def test_an_opendocument_file_is_told_by_its_mimetype(word: str, kind: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{word}")
    assert sniff(stream.getvalue()) == kind


def test_the_name_tells_csv_from_plain_text_and_nothing_else() -> None:
    assert sniff("高校,项目".encode(), "汇总.CSV") == "csv"
    assert sniff(docx(""), "汇总.csv") == "docx"


@pytest.mark.parametrize(
    ("content", "kind", "detail"),
    [
        (b"", ProblemKind.UNREADABLE, "文件是空的"),
        (docx("")[:-40], ProblemKind.UNREADABLE, "文件已损坏，无法打开"),
        (docx("")[:300], ProblemKind.UNREADABLE, "文件已损坏，无法打开"),
        (xlsx()[:-30], ProblemKind.UNREADABLE, "文件已损坏，无法打开"),
        (doc(flags=0x0100), ProblemKind.ENCRYPTED, "文件设有打开密码"),
        (xls((0x809, bytes(16)), (0x2F, bytes(6))), ProblemKind.ENCRYPTED, "文件设有打开密码"),
        (ole2(EncryptionInfo=b"", EncryptedPackage=b""), ProblemKind.ENCRYPTED, "文件设有打开密码"),
        (zipped({"a.txt": "甲"}), ProblemKind.UNSUPPORTED, "压缩包"),
        (b"\0\x01\x02\x03", ProblemKind.UNREADABLE, "内容不是 Word 文档"),
        (ole2(Other=b""), ProblemKind.UNREADABLE, "内容不是 Word 文档"),
        (b"\x89PNG\r\n\x1a\n", ProblemKind.UNREADABLE, "内容不是 Word 文档"),
        ("项目名称：午间自习室".encode(), ProblemKind.UNREADABLE, "内容不是 Word 文档"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, kind: ProblemKind, detail: str) -> None:
    (transcript,) = read(content, "附件4.docx")
    (problem,) = transcript.problems
    assert transcript.form is None
    assert problem.kind is kind
    assert detail in problem.detail


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "活动照片.png", "png"),
        (b"\xff\xd8\xff\xe0" + b"\x55" * 40, "活动照片.JPG", "jpg"),
        (b"GIF89a", "动图.gif", "gif"),
        (b"\0\0\0\x18ftypheic", "IMG_0001.HEIC", "heic"),
        (b"\0\0\0\x18ftypisom", "宣传片.mp4", "video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "宣传片.mov", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "宣传片.avi", "video"),
        (b"\x1a\x45\xdf\xa3\0", "宣传片.webm", "video"),
        (b"\xff\xfb\x90\0", "录音.mp3", "audio"),
        (b"RIFF\0\0\0\0WAVEfmt ", "录音.wav", "audio"),
        (b"8BPS\0\x01", "海报.psd", "picture"),
        (b'<?xml version="1.0"?><svg/>', "标志.svg", "svg"),
        (zipped({"[Content_Types].xml": "", "ppt/presentation.xml": ""}), "汇报.pptx", "pptx"),
        (ole2(PowerPoint_Document=b""), "汇报.ppt", "ppt"),
        ("活动新闻稿".encode(), "新闻稿.txt", "text"),
        ("活动新闻稿".encode("gb18030"), "新闻稿.txt", "text"),
    ],
)
def test_supporting_material_is_no_form_and_no_problem(content: bytes, name: str, kind: str) -> None:
    assert read(content, name) == [Transcript(form=None, format=kind)]


def test_what_nobody_can_name_is_unsupported_under_a_name_that_promises_nothing() -> None:
    (transcript,) = read(b"\0\x01\x02\x03", "补充.bin")
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNSUPPORTED]


def test_a_shortcut_is_said_to_be_one() -> None:
    (transcript,) = read(b"L\0\0\0\x01\x14\x02\0" + bytes(500), "附件3 - 快捷方式.lnk")
    assert [(problem.kind, problem.detail[:4]) for problem in transcript.problems] == [
        (ProblemKind.UNSUPPORTED, "快捷方式")
    ]


def test_a_file_locked_with_the_built_in_password_is_opened_and_any_other_is_not() -> None:
    book = xlsx()
    (opened,) = read(locked(book, "VelvetSweatshop"))
    assert (opened.format, opened.problems) == ("xlsx", ())
    (refused,) = read(locked(book, "123456"))
    assert [problem.kind for problem in refused.problems] == [ProblemKind.ENCRYPTED]


def test_an_xls_with_a_stray_cell_far_away_is_refused_before_it_is_laid_out() -> None:
    begin, far = (
        (0x0809, struct.pack("<HH", 0x0600, 0x0010) + bytes(12)),
        (0x0203, struct.pack("<HHHd", 65535, 255, 0, 1)),
    )
    (transcript,) = read(xls(begin, far), "汇总.xls")
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNSAFE]


def test_a_document_that_is_one_big_picture_is_supporting_material() -> None:
    drawing = '<w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing></w:r>'
    content = docx(paragraph(drawing), {"rId1": ("image", "media/image1.png")}, {"word/media/image1.png": b"x"})
    assert read(content, "附件4扫描.docx") == [Transcript(form=None, format="docx")]


def test_a_document_without_a_form_gives_one_transcript_without_problems() -> None:
    assert parsers.read(docx(paragraph("情况说明"))) == [Transcript(form=None, format="docx")]


@pytest.mark.parametrize("content", [docx(table(cell("甲"))), xlsx(), doc(), xls((0x809, bytes(16)))])
def test_no_cut_and_no_flipped_byte_makes_reading_raise(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # What LibreOffice makes of a broken file is tested elsewhere; asking it eighty times takes minutes.
    monkeypatch.setattr(libreoffice, "program", lambda: None)
    for step in range(1, 40):
        at = len(content) * step // 40
        assert read(content[:at])
        assert read(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])


def test_deep_nesting_is_refused_not_followed() -> None:
    body = "<w:sdt><w:sdtContent>" * 240 + "</w:sdtContent></w:sdt>" * 240
    nested = "<w:tbl><w:tr><w:tc>" * 80 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 80
    for content in (body, nested, "<w:sdt>" * 100_000):
        (transcript,) = read(docx(content))
        assert transcript.form is None


def fake(form: str, *blocks: int) -> SimpleNamespace:
    def find(document: Document) -> list[Found]:
        return [Found(block, Transcript(form=form, format=document.format)) for block in blocks]

    return SimpleNamespace(FORM=form, find=find)


def with_forms(monkeypatch: pytest.MonkeyPatch, *forms: SimpleNamespace) -> None:
    monkeypatch.setattr(catalogue, "_forms", lambda: {form.FORM: form for form in forms})


def test_forms_come_in_the_order_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    with_forms(monkeypatch, fake("annex3", 4), fake("annex4", 1, 7))
    assert [transcript.form for transcript in read(docx(""))] == ["annex4", "annex3", "annex4"]


def test_a_block_that_two_forms_claim_is_given_to_neither_and_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with_forms(monkeypatch, fake("annex3", 1), fake("annex4", 1, 2))
    disputed, clear = read(docx(""))
    assert (disputed.form, clear.form) == (None, "annex4")
    assert "annex3" in disputed.notes[0]
    assert "annex4" in disputed.notes[0]


def test_a_blank_form_of_one_kind_beside_a_filled_one_of_another_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    blank = fake("annex3", 1)
    blank.find = lambda document: [Found(1, Transcript(form="annex3", format=document.format), blank=True)]
    with_forms(monkeypatch, blank, fake("annex4", 2))
    assert [transcript.form for transcript in read(docx(""))] == ["annex4"]
    with_forms(monkeypatch, blank)
    assert [transcript.form for transcript in read(docx(""))] == ["annex3"]


def test_unaccepted_changes_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    with_forms(monkeypatch, fake("annex4", 0))
    (transcript,) = read(docx(paragraph("<w:ins><w:r><w:t>甲</w:t></w:r></w:ins>")))
    assert any("修订" in note for note in transcript.notes)


def test_a_fault_in_a_form_module_is_not_taken_for_a_document_without_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(document: Document) -> list[Found]:
        raise AssertionError(document.format)

    with_forms(monkeypatch, SimpleNamespace(FORM="annex4", find=find))
    with pytest.raises(AssertionError):
        read(docx(""))


def test_readers_are_found_without_being_listed() -> None:
    assert {"docx", "xlsx", "xlsb", "xls", "ods"} <= set(readable_formats())


def test_every_form_has_a_record_that_can_be_stored_and_a_printed_title() -> None:
    assert {*catalogue.form_names()} == RECORDS.keys() == TITLES.keys()
    assert {*RECORDS.values()} == {*get_args(Record)}


def test_an_extension_does_not_matter() -> None:
    assert open_document(xlsx(), "汇总.xls").format == "xlsx"
    assert open_document(docx(""), "汇总.xlsx").format == "docx"


def test_the_command_prints_what_a_file_says(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    good, bad = tmp_path / "说明.docx", tmp_path / "坏.docx"
    good.write_bytes(docx(paragraph("情况说明")))
    bad.write_bytes(b"")
    assert main([str(good)]) == 0
    (printed,) = json.loads(capfdbinary.readouterr().out)
    assert (printed["path"], printed["form"], printed["format"]) == ("说明.docx", None, "docx")
    assert main([str(bad)]) == 1
    assert main([str(tmp_path / "没有.docx")]) == 2
