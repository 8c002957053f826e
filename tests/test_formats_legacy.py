"""Old formats through LibreOffice: what survives the way, what it may not do, and what happens without it."""

from __future__ import annotations

import io
import os
import re
import socket
import stat
import struct
import sys
import threading
import time
import zipfile
from pathlib import Path
from unittest.mock import Mock

import docx as python_docx
import olefile
import pytest

from documents import cell, checkbox, docx, field, paragraph, run, table
from effort import grows_evenly
from parsers.catalogue import Unreadable, open_document, read
from parsers.formats import doc_repair, legacy, libreoffice, xml_repair
from parsers.formats.doc_repair import closed
from parsers.formats.fields import equation
from parsers.formats.rtf_repair import with_fields
from parsers.model import Grid, Paragraph, ProblemKind, Style
from pipeline.reader import Reader

needs_office = pytest.mark.skipif(
    libreoffice.program() is None and not os.environ.get("CI"), reason="LibreOffice is not installed"
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
BOX = "<w:ffData><w:checkBox><w:sizeAuto/>{}</w:checkBox></w:ffData>"


def made_by_office(content: bytes, kind: str, folder: Path) -> bytes:
    """The document as LibreOffice writes it in another format."""
    source = folder / "source.docx"
    source.write_bytes(content)
    office = libreoffice.program()
    assert office is not None
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)]
    assert libreoffice._run(command, folder, 120, 1 << 30) is None
    return (folder / f"source.{kind}").read_bytes()


def only_table(content: bytes, name: str) -> Grid:
    (grid,) = (block for block in open_document(content, name).blocks if isinstance(block, Grid))
    return grid


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "_KEPT", libreoffice._Kept())


@needs_office
@pytest.mark.parametrize("kind", ["doc", "rtf", "odt"])
def test_text_marks_and_merged_cells_survive_the_way(kind: str, tmp_path: Path) -> None:
    marked = cell(
        "类别",
        paragraph(checkbox("1", "☒"), "甲", checkbox("0", "☐"), "乙"),
        paragraph('<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>', "丙"),
        paragraph(run("丁", '<w:u w:val="single"/>'), run("戊", "<w:strike/>")),
    )
    body = table(cell("项目名称") + cell("镕堃"), cell("跨", properties='<w:gridSpan w:val="2"/>'), cell("x") + marked)
    content = docx(body + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    grid = only_table(made_by_office(content, kind, tmp_path), f"附件4.{kind}")
    assert [(c.row, c.column, c.column_span) for c in grid.cells] == [
        (0, 0, 1), (0, 1, 1), (1, 0, 2), (2, 0, 1), (2, 1, 1),
    ]  # fmt: skip
    assert grid.cells[1].text == "镕堃"
    lines = grid.cells[4].text.replace("☒", "☑").split("\n")
    assert lines == ["类别", "☑甲☐乙", "☑丙", "丁戊"]
    styles = {each.text.strip(): each.style for each in grid.cells[4].runs}
    assert (styles["丁"], styles["戊"]) == (Style.UNDERLINE, Style.STRIKE)


@needs_office
@pytest.mark.parametrize("kind", ["doc", "odt"])
def test_the_boxes_of_old_form_fields_keep_their_state(kind: str, tmp_path: Path) -> None:
    ticked, blank = BOX.format('<w:default w:val="0"/><w:checked/>'), BOX.format('<w:default w:val="0"/>')
    line = paragraph(field("FORMCHECKBOX", None, ticked), "甲", field("FORMCHECKBOX", None, blank), "乙")
    content = docx(table(cell(line)) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    assert only_table(made_by_office(content, kind, tmp_path), "x").cells[0].text == "☑甲☐乙"


@needs_office
def test_an_rtf_that_calls_itself_a_doc_is_read() -> None:
    rows = "".join(
        rf"\trowd\cellx2000\cellx4000\intbl {left}\cell \intbl {right}\cell\row "
        for left, right in ((r"\u39033?\u30446?", r"\u30002?"), ("a", "b"))
    )
    grid = only_table(rf"{{\rtf1\ansi\ansicpg936 {rows}\pard x\par}}".encode(), "附件4.doc")
    assert [each.text for each in grid.cells] == ["项目", "甲", "a", "b"]


def unicode(text: str, fallback: str = "?") -> str:
    return "".join(rf"\u{ord(letter) - 65536 * (ord(letter) > 32767)}{fallback}" for letter in text)


RING, TICK, BOX_SIGN = unicode("○"), unicode("√"), unicode("□")
ENCLOSED = {
    "ring": (rf"{{\field{{\*\fldinst {{\rtlch\fcs1 \af0 eq \\o\\ac({RING},{TICK})}}}}{{\fldrslt }}}}", "☑"),
    "box, in bytes": (r"{\field\flddirty{\*\fldinst { EQ \\o(\'a1\'f5,\'a1\'cc)}}{\fldrslt {}}}", "☑"),
    "runs": (rf"{{\field{{\*\fldinst {{eq \\o\\ac(}}{{\loch\f1 {BOX_SIGN}}}{{,}}{{\b {TICK}}}{{)}}}}}}", "☑"),
    "fallback": (r"{\field{\*\fldinst {\uc2 eq \\o\\ac(\u9633\'a1\'f5,\u8730\'a1\'cc)}}{\fldrslt }}", "☑"),
    "blank": (rf"{{\field{{\*\fldinst eq \\o\\ac({BOX_SIGN})}}{{\fldrslt }}}}", "☐"),
}


@pytest.mark.parametrize("name", ENCLOSED)
def test_an_enclosed_character_in_rich_text_becomes_its_mark(name: str) -> None:
    field, mark = ENCLOSED[name]
    assert with_fields(rf"{{\rtf1 {field} x}}".encode()).decode() == rf"{{\rtf1 {{\uc1{unicode(mark)}}} x}}"


@pytest.mark.parametrize(
    "field",
    [
        r"{\field{\*\fldinst HYPERLINK \\o \"eq\"}{\fldrslt eq}}",
        r"{\field{\*\fldinst eq \\o\\ac(x",
        r"{\field{\fldrslt \\o eq}}",
        r"{\fieldx{\*\fldinst eq \\o(a,b)}}",
    ],
)
def test_any_other_field_in_rich_text_is_left_alone(field: str) -> None:
    content = rf"{{\rtf1 {field} x}}".encode()
    assert with_fields(content) == content


@needs_office
def test_the_marks_of_a_rich_text_that_word_wrote_are_read() -> None:
    def box(state: str) -> str:
        data = rf"{{\*\formfield{{\fftype1{state}\ffhps20}}}}"
        return rf"{{\field{{\*\fldinst {{ FORMCHECKBOX }}{{{data}}}}}{{\fldrslt }}}}"

    boxes = "".join(
        f"{box(state)}{letter}"
        for state, letter in ((r"\ffres1\ffdefres0", "a"), (r"\ffres0\ffdefres1", "b"), (r"\ffres25\ffdefres1", "c"))
    )
    marks = f"{ENCLOSED['ring'][0]}d {ENCLOSED['box, in bytes'][0]}e"
    content = rf"{{\rtf1\ansi\ansicpg936 \trowd\cellx2000\cellx9000\intbl x\cell {boxes} {marks}\cell\row\pard y\par}}"
    assert only_table(content.encode(), "附件4.rtf").cells[1].text == "☑a☐b☑c ☑d ☑e"


def with_instructions(content: bytes, *instructions: str, kind: int = 49) -> bytes:
    """A .doc whose fields have these instructions; as Word writes them, they are of this kind, an EQ of 49."""
    stream = io.BytesIO(content)
    with olefile.OleFileIO(stream, write_mode=True) as container:
        text, table = (bytearray(container.openstream(name).read()) for name in ("WordDocument", "1Table"))
        # [MS-DOC] 2.5.6: where the places and the kinds of the fields stand; an EQ is of kind 49.
        start, size = struct.unpack_from("<II", text, 0x011A)
        kinds = [at for at in range(start + 4 * ((size - 4) // 6 + 1), start + size, 2) if table[at] & 0x1F == 0x13]
        for match, at, instruction in zip(doc_repair.INSTRUCTION.finditer(text), kinds, instructions, strict=True):
            text[slice(*match.span(1))] = instruction.ljust(len(match[1]) // 2).encode("utf-16-le")
            table[at + 1] = kind
        container.write_stream("WordDocument", bytes(text))
        container.write_stream("1Table", bytes(table))
    return stream.getvalue()


@needs_office
def test_an_enclosed_character_in_a_doc_becomes_its_mark(tmp_path: Path) -> None:
    link = field(' HYPERLINK "http://example.edu.cn/0123456789" ', run("x"))
    line = paragraph(link, run("甲"), link, run("乙"), link, run("丙"))
    content = docx(table(cell("类别") + cell(line)) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    old = with_instructions(
        made_by_office(content, "doc", tmp_path), r" eq \o\ac(○,√)", r"EQ \o(□,√)", r"eq \o\ac(\s\up2(□),)"
    )
    assert only_table(old, "附件4.doc").cells[1].text == "☑甲☑乙☐丙"


GUIDE = r'EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(zhào),赵小)'


@needs_office
@pytest.mark.parametrize("kind", ["doc", "rtf"])
def test_of_a_name_under_a_phonetic_guide_only_the_name_is_read(kind: str, tmp_path: Path) -> None:
    guide = "<w:rubyPr><w:hps w:val='10'/></w:rubyPr>"
    ruby = "".join(
        f"<w:r><w:ruby>{guide}<w:rt>{run(sound)}</w:rt><w:rubyBase>{run(name)}</w:rubyBase></w:ruby></w:r>"
        for sound, name in (("zhào", "赵"), ("xiǎo jiǎ", "小甲"))
    )
    content = docx(
        table(cell("负责人") + cell(paragraph(ruby))) + paragraph("尾"), parts={"[Content_Types].xml": TYPES}
    )
    old = made_by_office(content, kind, tmp_path)
    assert only_table(old, f"附件4.{kind}").cells[1].text == "赵小甲"


def test_of_a_phonetic_guide_in_rich_text_the_name_below_is_left() -> None:
    instruction = GUIDE.replace("\\", r"\\").replace("赵小", unicode("赵小"))
    content = rf"{{\rtf1 {{\field{{\*\fldinst {instruction}}}{{\fldrslt }}}} x}}".encode()
    assert with_fields(content).decode() == rf"{{\rtf1 {{\uc1{unicode('赵小')}}} x}}"


def test_a_guide_of_many_switches_is_read_and_takes_no_longer_than_its_length_asks_for() -> None:
    assert equation(GUIDE.replace(r"\* hps10", r"\* hps10 \* hps9 \* charformat")) == "赵小"
    grows_evenly(lambda switches: equation("eq " + r"\* hps1 " * switches), 1_000)


@pytest.mark.parametrize("instruction", [r" DATE \\\\@ yyyy ", "SAVEDATE", " time", " FILLIN x"])
def test_a_date_or_what_was_filled_in_is_in_rich_text_what_is_stored(instruction: str) -> None:
    field = rf"{{\field{{\*\fldinst {{{instruction}}}}}{{\fldrslt {{\b 2019-3-8}}}}}}"
    assert with_fields(rf"{{\rtf1 {field} x}}".encode()) == rb"{\rtf1 {{\b 2019-3-8}} x}"
    assert with_fields(rf"{{\rtf1 {{\field{{\*\fldinst {instruction}}}}} x}}".encode()) == rb"{\rtf1 {} x}"


@needs_office
@pytest.mark.parametrize("kind", ["doc", "rtf", "odt"])
def test_a_date_field_shows_what_is_stored_and_not_the_day_of_the_conversion(kind: str, tmp_path: Path) -> None:
    line = paragraph(field(r' DATE \@"yyyy/MM/dd" ', run("2019/03/08")))
    content = docx(table(cell("日期") + cell(line)) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    old = stored_day(made_by_office(content, kind, tmp_path), kind)
    assert only_table(old, f"附件4.{kind}").cells[1].text == "1949/03/08"


def stored_day(content: bytes, kind: str) -> bytes:
    """The file with another day stored in its date field, of as many characters as the one that LibreOffice stored."""
    if kind == "rtf":
        return re.sub(rb"(fldrslt )[\d/]+", rb"\g<1>1949/03/08", content)
    if kind == "doc":
        return re.sub(rb"\x14\0(?:[\d/]\0){10}\x15\0", "\x141949/03/08\x15".encode("utf-16-le"), content)
    source, stream = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in source.namelist():
            made.writestr(name, re.sub(rb">[^<]*</text:date>", b">1949/03/08</text:date>", source.read(name)))
    return stream.getvalue()


@needs_office
@pytest.mark.parametrize("kind", ["doc", "rtf"])
def test_what_was_filled_into_a_field_of_word_is_read_once(kind: str, tmp_path: Path) -> None:
    # LibreOffice would write this field thrice itself; of another kind, of the same length, it writes it once.
    line = paragraph(field(' HYPERLINK "http://example.edu.cn/" ', run("赵小甲")))
    content = docx(table(cell("负责人") + cell(line)) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    old = made_by_office(content, kind, tmp_path)
    if kind == "doc":
        old = with_instructions(old, ' FILLIN "姓名"', kind=39)
    else:
        old = re.sub(rb'HYPERLINK \\*"[^"]*"', b'FILLIN "x"', old)
        assert b"FILLIN" in old
    assert only_table(old, f"附件4.{kind}").cells[1].text == "赵小甲"


@needs_office
def test_a_date_of_word_2003_xml_is_the_stored_one() -> None:
    mark, date = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format, "<w:r><w:t>1949-03-0{}</w:t></w:r>".format
    instruction = r'<w:r><w:instrText xml:space="preserve"> DATE \@ "yyyy" </w:instrText></w:r>'
    field = f"{mark('begin')}{instruction}{mark('separate')}{date(8)}{mark('end')}"
    simple = f'<w:fldSimple w:instr="SAVEDATE">{date(9)}</w:fldSimple>'
    content = (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
        '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
        f"<w:body><w:p>{field}</w:p><w:p>{simple}</w:p></w:body></w:wordDocument>"
    )
    blocks = open_document(content.encode(), "附件4.xml").blocks
    assert [block.text for block in blocks if isinstance(block, Paragraph)] == ["1949-03-08", "1949-03-09"]


@needs_office
def test_what_is_written_into_an_input_field_is_read_once(tmp_path: Path) -> None:
    content = docx(table(cell("负责人") + cell("赵小甲")) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    source, stream = zipfile.ZipFile(io.BytesIO(made_by_office(content, "odt", tmp_path))), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in source.namelist():
            made.writestr(
                name,
                re.sub("赵小(甲?)".encode(), rb"<text:text-input>\g<0></text:text-input>", source.read(name)),
            )
    assert stream.getvalue() != xml_repair.open_document(stream.getvalue())
    assert only_table(stream.getvalue(), "附件4.odt").cells[1].text == "赵小甲"


@pytest.mark.parametrize("content", [b"", b"PK", docx(paragraph("x"))])
def test_what_is_no_text_of_open_document_is_left_to_libreoffice(content: bytes) -> None:
    assert xml_repair.open_document(content) == content


@needs_office
def test_a_doc_that_ends_with_its_table_keeps_the_table(tmp_path: Path) -> None:
    # LibreOffice itself writes such a file from a document that ends with a table, and then does not find the table.
    content = docx(table(cell("项目名称") + cell("示例项目甲")), parts={"[Content_Types].xml": TYPES})
    old = made_by_office(content, "doc", tmp_path)
    assert closed(old) != old
    assert [each.text for each in only_table(old, "附件4.doc").cells] == ["项目名称", "示例项目甲"]


@needs_office
def test_a_doc_whose_looks_end_before_the_marks_of_the_last_cell_and_row_keeps_its_table_too(tmp_path: Path) -> None:
    content = docx(table(cell("项目名称") + cell("示例项目甲")), parts={"[Content_Types].xml": TYPES})
    stream = io.BytesIO(made_by_office(content, "doc", tmp_path))
    with olefile.OleFileIO(stream, write_mode=True) as container:
        text, table_stream = (bytearray(container.openstream(name).read()) for name in ("WordDocument", "1Table"))
        start, size = struct.unpack_from("<II", text, doc_repair.CHARACTERS)
        (number,) = struct.unpack_from("<I", table_stream, start + size - 4)
        page = doc_repair.PAGE * number
        last = page + 4 * text[page + doc_repair.PAGE - 1]
        struct.pack_into("<I", text, last, struct.unpack_from("<I", text, last)[0] - 2)
        container.write_stream("WordDocument", bytes(text))
    assert [each.text for each in only_table(stream.getvalue(), "附件4.doc").cells] == ["项目名称", "示例项目甲"]


@needs_office
def test_a_doc_that_ends_as_word_ends_it_is_left_alone(tmp_path: Path) -> None:
    content = docx(table(cell("甲")) + paragraph("尾"), parts={"[Content_Types].xml": TYPES})
    old = made_by_office(content, "doc", tmp_path)
    assert closed(old) == old


def test_repairing_never_raises() -> None:
    for content in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000), b"text"):
        assert closed(content) == content


@pytest.mark.usefixtures("nothing_kept")
@needs_office
def test_several_files_are_converted_in_one_call_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [
        (rb"{\rtf1 " + name + rb"\par}", f"{number}.rtf") for number, name in enumerate((b"one", b"two", b"three"))
    ]
    legacy.prepare(files)
    monkeypatch.setattr(libreoffice, "program", lambda: None)
    texts = [block.text for content, name in files for block in open_document(content, name).blocks]  # type: ignore[union-attr]
    assert texts == ["one", "two", "three"]


@needs_office
def test_the_old_documents_of_a_mail_cost_one_start_of_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, calls = libreoffice.program(), tmp_path / "calls"
    program = tmp_path / "soffice"
    program.write_text(f'#!/bin/sh\necho call >> {calls}\nexec {office} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    torn = (rb"{\rtf1\ansi \trowd\cellx2000\intbl a\cell", "torn.rtf")
    rows = r"\trowd\cellx2000\cellx4000\intbl \u39033?\u30446?\u21517?\u31216?\cell \intbl {}\cell\row "
    files = [(rf"{{\rtf1\ansi\ansicpg936 {rows.format(name)}\pard x\par}}".encode(), name) for name in "abc"]
    with Reader(scratch=tmp_path / "scratch") as reader:
        answers = reader.read_many([files[0], torn, (b"a,b", "x.csv"), *files[1:]])
    assert calls.read_text().split() == ["call"]
    assert [answer[0].format for answer in answers] == ["rtf", "rtf", "csv", "rtf", "rtf"]
    assert [bool(answer[0].problems) for answer in answers] == [False, True, False, False, False]


@pytest.mark.usefixtures("nothing_kept")
def test_files_that_hang_take_no_more_time_together_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[float] = []

    def hang(_command: object, _home: Path, seconds: float, _memory: int) -> libreoffice.Excess:
        taken.append(seconds)
        return libreoffice.TimedOut()

    monkeypatch.setattr(libreoffice, "program", lambda: "office")
    monkeypatch.setattr(libreoffice, "monotonic", lambda: sum(taken))
    monkeypatch.setattr(libreoffice, "_run", hang)
    wordml = b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    assert libreoffice.convert_many([(b"{\\rtf1 }", "rtf"), (wordml, "wordml"), (wordml, "doc")]) == [None] * 3
    assert taken == [libreoffice.SECONDS, 0, 0]


@pytest.mark.usefixtures("nothing_kept")
@needs_office
def test_nothing_a_document_links_to_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    asked.append(server.accept()[0].recv(100))
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen)
        listener.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        link = rf'{{\field{{\*\fldinst INCLUDEPICTURE "{address}/x.png"}}{{\fldrslt x}}}}'
        template = rf"{{\*\template {address}/t.dotx}}"
        page = f'<w:r><w:pict><v:shape><v:imagedata r:href="{address}/y.png"/></v:shape></w:pict></w:r>'
        open_document(rf"{{\rtf1\ansi {template}{link}\par}}".encode(), "x.rtf")
        monkeypatch.setitem(libreoffice.KINDS, "docx", ("docx", ""))
        libreoffice.convert(docx(paragraph(page), parts={"[Content_Types].xml": TYPES}), "docx")
        stop.set()
        listener.join()
    assert asked == []


def stand_in(folder: Path, script: str) -> str:
    """A program that takes LibreOffice's arguments and does what the script says."""
    path = folder / "office"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time, pathlib\narguments = sys.argv[1:]\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.usefixtures("nothing_kept")
def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "child"
    program = stand_in(
        tmp_path,
        f"child = os.fork()\nif child == 0:\n    time.sleep(600)\npathlib.Path({str(note)!r}).write_text(str(child))\n"
        "time.sleep(600)",
    )
    monkeypatch.setattr(libreoffice, "SECONDS", 2)
    monkeypatch.setattr(libreoffice, "program", lambda: program)
    with pytest.raises(libreoffice.TimedOut):
        libreoffice.convert_many([(b"{\\rtf1 }", "rtf")])
    child = int(note.read_text())
    for _ in range(50):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the program's child outlived it")


def test_a_conversion_that_takes_too_long_is_a_limit_that_was_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Mock(side_effect=libreoffice.TimedOut)
    monkeypatch.setattr(libreoffice, "convert", late)
    (transcript,) = read(b"{\\rtf1 }", "附件4.doc")
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNSAFE]


@pytest.mark.usefixtures("nothing_kept")
def test_the_program_sees_no_secret_of_ours_and_gets_a_profile_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = io.BytesIO()
    python_docx.Document().save(word)
    (tmp_path / "made.docx").write_bytes(word.getvalue())
    seen = tmp_path / "seen"
    program = stand_in(
        tmp_path,
        "out = pathlib.Path(arguments[arguments.index('--outdir') + 1])\n"
        "profile = pathlib.Path(arguments[0].removeprefix('-env:UserInstallation=file://'))\n"
        "settings = (profile / 'user' / 'registrymodifications.xcu').read_text()\n"
        f"with open({str(seen)!r}, 'a') as file:\n    print(profile, dict(os.environ), settings, file=file)\n"
        f"(out / '0.docx').write_bytes(pathlib.Path({str(tmp_path / 'made.docx')!r}).read_bytes())",
    )
    monkeypatch.setattr(libreoffice, "program", lambda: program)
    monkeypatch.setenv("ANNEX_AUTH_CODE", "a-secret-code")
    for content in (b"{\\rtf1 a}", b"{\\rtf1 b}", b"{\\rtf1 a}"):
        assert libreoffice.convert(content, "rtf") == word.getvalue()
    calls = seen.read_text().splitlines()
    profiles = {line.split()[0] for line in calls if line.startswith("/")}
    # The third file is the first one again, which was kept.
    assert len(profiles) == 2
    assert "a-secret-code" not in seen.read_text()
    for setting in ("MacroSecurityLevel", "DisableMacrosExecution", "AutoCheckEnabled", "BlockUntrustedRefererLinks"):
        assert setting in seen.read_text()
    assert not any(Path(profile).exists() for profile in profiles)


def test_what_is_kept_has_a_limit() -> None:
    kept = libreoffice._Kept()
    for number in range(200):
        kept.keep({bytes([number]): b"x" * 1000})
    assert kept.get(bytes([0])) is None
    assert kept.get(bytes([199])) is not None
    kept.keep({b"large": bytes(libreoffice.MOST_KEPT_BYTES + 1)})
    assert kept.get(b"large") is None


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize("content", [b"{\\rtf1 }", b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>'])
def test_without_libreoffice_the_file_is_unsupported_and_docx_is_named(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "program", lambda: None)
    with pytest.raises(Unreadable) as refusal:
        open_document(content, "附件4.doc")
    assert refusal.value.problem.kind is ProblemKind.UNSUPPORTED
    assert ".docx" in refusal.value.problem.detail


@needs_office
@pytest.mark.parametrize(
    "broken",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"),
        rb"{\rtf1\ansi \trowd\cellx2000\intbl a\cell",
        b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument',
    ],
)
def test_a_torn_file_is_damaged_and_not_taken_for_plain_text(broken: bytes) -> None:
    (transcript,) = read(broken, "附件4.doc")
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNREADABLE]
