"""Archives and attached mails → files: names, nesting, limits, and what is said when something cannot be opened."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import zips
from pipeline.model import Attachment, Limits
from pipeline.unpack import unpack

NAME = "附件4_项目申报书（朱镕）.docx"


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip as Python writes it: non-ASCII names in UTF-8, flagged."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def raw_zip(
    entries: list[tuple[bytes, bytes]], flags: int = 0, extra: bytes = b"", method: int = 0, local: bytes = b""
) -> bytes:
    """A stored zip written by hand, so that names, flags and methods are whatever a program might put there."""
    body, directory = b"", b""
    for name, content in entries:
        fixed = struct.pack("<HHHHHIII", 20, flags, method, 0, 0, zlib.crc32(content), len(content), len(content))
        local_name = local or name
        head = b"PK\x03\x04" + fixed + struct.pack("<HH", len(local_name), 0) + local_name
        directory += b"PK\x01\x02\x14\x00" + fixed
        directory += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, len(body)) + name + extra
        body += head + content
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def paths(content: bytes, name: str = "材料.zip", limits: Limits | None = None) -> list[str]:
    return [file.path for file in unpack([Attachment(name, content)], limits)]


def problems(content: bytes, name: str = "材料.zip", limits: Limits | None = None) -> list[tuple[str, str]]:
    return [(file.path, file.problem) for file in unpack([Attachment(name, content)], limits)]


def mail(*files: tuple[str, bytes], boundary: str = "b") -> bytes:
    parts = "".join(
        f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{content.decode("latin-1")}\r\n'
        for name, content in files
    )
    head = f'From: a@example.cn\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
    return head.encode() + parts.encode("utf-8") + f"--{boundary}--\r\n".encode()


def test_an_ordinary_file_passes_untouched() -> None:
    files = (Attachment("a.docx", b"x"), Attachment("b.png", b"y", inline=True))
    assert unpack(files) == files


def test_a_zip_is_replaced_by_its_files_with_their_folders() -> None:
    files = unpack([Attachment("材料.zip", zipped({"附件4/a.docx": b"1", "附件3.xlsx": b"2"}))])
    assert files == (Attachment("材料.zip/附件4/a.docx", b"1"), Attachment("材料.zip/附件3.xlsx", b"2"))


def test_gbk_names_without_a_flag_are_read_as_gbk() -> None:
    assert paths(raw_zip([(NAME.encode("gbk"), b"x")])) == [f"材料.zip/{NAME}"]


def test_utf8_names_without_a_flag_are_read_as_utf8() -> None:
    assert paths(raw_zip([(NAME.encode(), b"x")])) == [f"材料.zip/{NAME}"]


def test_the_utf8_flag_wins_and_a_flag_that_lies_does_not_spoil_the_archive() -> None:
    assert paths(raw_zip([(NAME.encode(), b"x")], flags=0x800)) == [f"材料.zip/{NAME}"]
    files = unpack([Attachment("材料.zip", raw_zip([(NAME.encode("gbk"), b"x"), (b"a.txt", b"y")], flags=0x800))])
    assert files == (Attachment(f"材料.zip/{NAME}", b"x"), Attachment("材料.zip/a.txt", b"y"))


def test_the_unicode_path_extra_field_is_honoured_if_its_checksum_fits() -> None:
    raw = b"????.docx"
    body = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + NAME.encode()
    extra = struct.pack("<HH", 0x7075, len(body)) + body
    assert paths(raw_zip([(raw, b"x")], extra=extra)) == [f"材料.zip/{NAME}"]
    assert paths(raw_zip([(b"b.docx", b"x")], extra=extra)) == ["材料.zip/b.docx"]


def test_a_path_is_split_after_it_is_decoded() -> None:
    # 誠 is 0xD55C in GBK, whose second byte is a backslash.
    assert paths(raw_zip([("誠信\\誠.docx".encode("gbk"), b"x")])) == ["材料.zip/誠信/誠.docx"]


def test_a_zip_whose_local_name_is_encoded_differently_is_read() -> None:
    files = unpack([Attachment("a.zip", raw_zip([(NAME.encode(), b"x")], local=NAME.encode("gbk")))])
    assert files == (Attachment(f"a.zip/{NAME}", b"x"),)


def test_what_programs_leave_behind_is_skipped() -> None:
    junk = [
        "__MACOSX/._a.docx",
        ".DS_Store",
        "x/Thumbs.db",
        "~$a.docx",
        "x/._b.docx",
        "x/",
        "x/.~附件3.xlsx",
        "mso1A2B.tmp",
        "~WRL0001.tmp",
    ]
    assert paths(zipped({**dict.fromkeys(junk, b""), "x/a.docx": b"1"})) == ["材料.zip/x/a.docx"]


@pytest.mark.parametrize("name", ["../../a.docx", "/etc/a.docx", "C:\\x\\a.docx", "./a.docx", "..\\a.docx"])
def test_a_path_never_leaves_the_archive(name: str) -> None:
    (path,) = paths(raw_zip([(name.encode(), b"x")]))
    assert path in ("材料.zip/a.docx", "材料.zip/etc/a.docx", "材料.zip/x/a.docx")


@pytest.mark.parametrize("mark", ["[Content_Types].xml", "mimetype", "OFD.xml"])
def test_a_document_that_is_a_zip_stays_whole(mark: str) -> None:
    document = zipped({mark: b"x", "word/document.xml": b"y"})
    assert unpack([Attachment("a.docx", document)]) == (Attachment("a.docx", document),)
    assert paths(zipped({"a.docx": document})) == ["材料.zip/a.docx"]


def test_a_truncated_document_is_left_to_the_parsers_but_a_truncated_zip_is_reported() -> None:
    document = zipped({"[Content_Types].xml": b"x" * 500})[:100]
    assert problems(document, "a.docx") == [("a.docx", "")]
    assert problems(document, "a.zip") == [("a.zip", "unreadable")]


def test_a_zip_is_known_by_its_content() -> None:
    assert paths(zipped({"a.docx": b"1"}), "材料") == ["材料/a.docx"]


def test_zips_in_zips_are_opened() -> None:
    inner = zipped({"附件4.docx": b"1"})
    assert paths(zipped({"内.zip": inner, "b.txt": b"2"})) == ["材料.zip/内.zip/附件4.docx", "材料.zip/b.txt"]


def test_attached_mails_are_opened_their_attachments_only() -> None:
    inner = mail(("附件3.xlsx", b"3"), ("包.zip", b"x"))
    files = unpack([Attachment("转发.eml", inner)])
    assert [(file.path, file.problem) for file in files] == [
        ("转发.eml/附件3.xlsx", ""),
        ("转发.eml/包.zip", "unreadable"),
    ]


def test_mails_in_mails_and_mails_in_zips_are_opened() -> None:
    innermost = mail(("附件4.docx", b"4"), boundary="in")
    outer = b"Subject: o\r\nContent-Type: message/rfc822\r\n\r\n" + innermost
    assert paths(outer, "外.eml") == ["外.eml/x.eml/附件4.docx"]
    assert paths(zipped({"信.eml": innermost})) == ["材料.zip/信.eml/附件4.docx"]


def test_an_attached_mail_without_files_brings_nothing() -> None:
    assert unpack([Attachment("a.eml", b"From: a@x.cn\r\n\r\nhi")]) == ()


def test_what_is_called_a_mail_but_is_none_is_unreadable() -> None:
    assert problems(b"\x00\x01\x02", "a.eml") == [("a.eml", "unreadable")]


@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("a.arj", b"\x60\xea" + bytes(20)),
        ("a.ace", bytes(7) + b"**ACE**"),
        ("a.z01", b"PK\x07\x08"),
        ("a.7z.001", b"7z\xbc\xaf\x27\x1c"),
        ("a.part1.rar", b""),
    ],
)
def test_archives_nobody_reads_are_unsupported_and_zip_is_named_as_the_way(name: str, magic: bytes) -> None:
    (file,) = unpack([Attachment(name, magic)])
    assert file.problem == "unsupported"
    assert "zip" in file.detail


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.tar", "a.tgz", "a.gz", "a.bz2", "a.xz", "a.cab"])
@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_what_is_called_an_archive_but_is_none_is_unreadable(name: str, content: bytes) -> None:
    assert problems(content, name) == [(name, "unreadable")]


def test_a_document_that_is_called_an_archive_is_left_to_the_parsers() -> None:
    assert problems(b"%PDF-1.4", "附件4.rar") == [("附件4.rar", "")]


def test_a_zip_that_is_locked_throughout_is_one_finding() -> None:
    content = raw_zip([(b"a.docx", b"1"), (b"b.docx", b"2")], flags=1)
    assert problems(content) == [("材料.zip", "encrypted")]


def test_the_last_volume_of_a_split_zip_is_no_damaged_zip() -> None:
    content = bytearray(raw_zip([(b"a.docx", b"1")]))
    struct.pack_into("<H", content, content.index(b"PK\x05\x06") + 4, 2)
    assert problems(bytes(content)) == [("材料.zip", "unsupported")]


def test_entries_of_equal_names_are_both_kept() -> None:
    files = unpack([Attachment("a.zip", raw_zip([(b"a.docx", b"1"), (b"a.docx", b"2")]))])
    assert [(file.path, file.content) for file in files] == [("a.zip/a.docx", b"1"), ("a.zip/a.docx", b"2")]


def test_a_zip64_and_a_zip_written_as_a_stream_are_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("a.docx", "w", force_zip64=True) as entry:
        entry.write(b"1")
    assert paths(stream.getvalue()) == ["材料.zip/a.docx"]

    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.written += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.docx", b"2")
    # Bit 3: sizes and checksum follow the data.
    assert pipe.written[6] & 8
    assert paths(pipe.written) == ["材料.zip/b.docx"]


def test_a_symbolic_link_in_a_zip_is_skipped() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("link.docx")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.docx", b"1")
    assert paths(stream.getvalue()) == ["材料.zip/a.docx"]


def test_a_self_extracting_zip_is_read_and_another_program_is_not_looked_into() -> None:
    program = b"MZ" + bytes(3000)
    assert paths(program + zipped({"附件4.docx": b"1"}), "材料.exe") == ["材料.exe/附件4.docx"]
    assert problems(program, "a.exe") == [("a.exe", "")]


def test_an_encrypted_entry_says_so_and_the_others_are_kept() -> None:
    content = raw_zip([(b"a.docx", b"1"), (b"b.docx", b"2")])
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    locked = bytearray(content)
    locked[second + 8] |= 1
    assert problems(bytes(locked)) == [("材料.zip/a.docx", ""), ("材料.zip/b.docx", "encrypted")]


def test_a_damaged_entry_is_unreadable_and_the_others_are_kept() -> None:
    content = zipped({"a.docx": b"first", "b.docx": b"second"}, zipfile.ZIP_STORED).replace(b"second", b"sEcond", 1)
    assert problems(content) == [("材料.zip/a.docx", ""), ("材料.zip/b.docx", "unreadable")]


def test_an_unusual_compression_method_is_unsupported() -> None:
    assert problems(raw_zip([(b"a.docx", b"x")], method=19)) == [("材料.zip/a.docx", "unsupported")]
    assert problems(raw_zip([(b"a.docx", b"x"), (b"b.docx", b"y")], method=97))[0] == (
        "材料.zip/a.docx",
        "unsupported",
    )


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\x00" * 18, zipped({".DS_Store": b""})])
def test_an_empty_archive_is_unreadable(content: bytes) -> None:
    assert problems(content) == [("材料.zip", "unreadable")]


def test_a_file_over_the_size_limit_is_unsafe_and_the_rest_goes_on() -> None:
    limits = Limits(max_file_bytes=1000)
    content = zipped({"big.docx": bytes(5000), "a.docx": b"1"})
    assert problems(content, limits=limits) == [("材料.zip/big.docx", "unsafe"), ("材料.zip/a.docx", "")]
    assert problems(bytes(5000), "big.docx", limits) == [("big.docx", "unsafe")]


def test_a_declared_size_is_not_believed() -> None:
    content = bytearray(zipped({"a.docx": bytes(200_000)}))
    directory = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 10)
    (file,) = unpack([Attachment("材料.zip", bytes(content))], Limits(max_file_bytes=100_000))
    # Either the limit or the lie itself is noticed; what matters is that nothing is taken at its word.
    assert file.problem in ("unsafe", "unreadable")


def test_a_zip_bomb_is_stopped_by_its_expansion() -> None:
    bomb = zipped({"a.docx": bytes(30_000_000), "b.docx": b"1"})
    assert ("材料.zip/a.docx", "unsafe") in problems(bomb)


def test_entries_that_share_their_data_are_stopped_together() -> None:
    files = {f"{number}.docx": bytes(900_000) for number in range(30)}
    listed = problems(zipped(files))
    assert listed[-1] == ("材料.zip", "unsafe")
    assert len(listed) < 30


def test_the_total_of_a_mail_is_limited_and_named_once() -> None:
    content = zipped({f"{number}.docx": bytes(1000) for number in range(10)})
    limits = Limits(max_total_bytes=4500)
    listed = problems(zipped({"内.zip": content}), limits=limits)
    assert [problem for _, problem in listed].count("unsafe") == 1
    assert listed[0] == ("材料.zip/内.zip/0.docx", "")
    after = unpack([Attachment("材料.zip", content), Attachment("附件3.xlsx", b"x")], limits)
    assert after[-1] == Attachment("附件3.xlsx", b"x")


def test_the_number_of_files_is_limited() -> None:
    content = zipped({f"{number}.txt": b"" for number in range(30)})
    listed = problems(content, limits=Limits(max_files=5))
    assert listed == [*((f"材料.zip/{number}.txt", "") for number in range(5)), ("材料.zip", "unsafe")]
    assert problems(zipped({f"{number}": b"" for number in range(200)}), limits=Limits(max_files=5)) == [
        ("材料.zip", "unsafe")
    ]


def test_nesting_is_limited() -> None:
    content = zipped({"a.docx": b"1"})
    for level in range(6):
        content = zipped({f"{level}.zip": content})
    (listed,) = problems(content)
    assert listed == ("材料.zip/5.zip/4.zip/3.zip/2.zip", "unsafe")


def test_an_attachment_with_a_problem_passes_untouched() -> None:
    file = Attachment("a.zip", b"", problem="unsafe", detail="x")
    assert unpack([file]) == (file,)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=1000), st.sampled_from(["a.zip", "a.eml", "a.docx", "a", "winmail.dat"]))
def test_any_bytes_are_survived(content: bytes, name: str) -> None:
    unpack([Attachment(name, content)])


_SAMPLE = zipped({"附件4/a.docx": b"hello" * 50, "b.zip": zipped({"c.txt": b"x" * 100})})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_zip_damaged_anywhere_is_survived(changes: list[tuple[int, int]]) -> None:
    content = bytearray(_SAMPLE)
    for position, byte in changes:
        content[position] = byte
    for file in unpack([Attachment("a.zip", bytes(content))]):
        file.path.encode()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(_SAMPLE)))
def test_a_zip_cut_anywhere_is_survived(end: int) -> None:
    unpack([Attachment("a.zip", _SAMPLE[:end])])


def test_names_taken_for_the_zip_code_page_and_then_labelled_utf8_come_out_right() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("附件3 汇总表.xlsx".encode("gbk").decode("cp437"), b"x")
    (one,) = unpack([Attachment("材料.zip", out.getvalue())])
    assert one.path == "材料.zip/附件3 汇总表.xlsx"


@settings(max_examples=300, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(["[Content_Types].xml", "mimetype", "word/document.xml", "附件.docx", "a\x7f"]), max_size=4
    ),
    extra=st.sampled_from([b"", b"", b"\x01\x00\x00\x00", b"\x01\x00\x09\x00x"]),
    changes=st.lists(st.tuples(st.integers(1, 120), st.binary(max_size=2)), max_size=2),
    ending=st.sampled_from(["zip", "docx"]),
)
def test_whether_a_zip_is_a_document_is_what_zipfile_says(
    names: list[str], extra: bytes, changes: list[tuple[int, bytes]], ending: str
) -> None:
    content = raw_zip([(name.encode(), b"x") for name in names], extra=extra)
    for back, instead in changes:
        place = max(0, len(content) - back)
        content = content[:place] + instead + content[place + 1 :]
    told = zips.is_document(Attachment(f"一.{ending}", content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            expected = not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())
    except UnicodeDecodeError:
        expected = False
    except zips.DAMAGE:
        expected = ending == "docx"
    assert told == expected


def test_zipfile_is_not_asked_about_a_directory_in_perfect_order(monkeypatch: pytest.MonkeyPatch) -> None:
    document, archive = zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), zipped({"a.docx": b""})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert zips.is_document(Attachment("一.zip", document))
    assert not zips.is_document(Attachment("一.docx", archive))


def _streamed(files: dict[str, bytes]) -> bytes:
    """A zip as programs write it that cannot go back: sizes and checksum follow each member."""

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


_FORMS = {
    f"附件{name}": zipped({"[Content_Types].xml": b"x", "word/document.xml": name.encode() * 20, "word/x.xml": b""})
    for name in ("3.docx", "4-甲.docx", "4-乙.docx")
}


_WAYS = pytest.mark.parametrize(
    "whole",
    [zipped(_FORMS, zipfile.ZIP_STORED), zipped(_FORMS), _streamed(_FORMS)],
    ids=["stored", "deflated", "streamed"],
)


@_WAYS
@pytest.mark.parametrize("name", ["材料.zip", "材料"])
def test_of_a_zip_that_was_torn_off_the_whole_files_are_read_and_the_loss_is_told(whole: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        last = archive.infolist()[-1]
    data = last.header_offset + 30 + len(last.filename.encode())
    for end in (last.header_offset, last.header_offset + 20, data - 1, data + 1, data + last.compress_size - 1):
        files = unpack([Attachment(name, whole[:end])])
        assert [(file.path, file.problem) for file in files] == [
            (f"{name}/附件3.docx", ""),
            (f"{name}/附件4-甲.docx", ""),
            (name, "unreadable"),
        ]
        assert [file.content for file in files[:2]] == list(_FORMS.values())[:2]


@_WAYS
def test_a_zip_that_lost_only_its_directory_lost_nothing(whole: bytes) -> None:
    files = unpack([Attachment("材料.zip", whole[: whole.rindex(b"PK\x05\x06") - 60])])
    assert {file.path.removeprefix("材料.zip/"): file.content for file in files} == _FORMS


def test_a_torn_zip_in_a_torn_zip_gives_what_is_whole_of_the_outer_one() -> None:
    whole = zipped({"a.txt": b"1", "内.zip": zipped(_FORMS, zipfile.ZIP_STORED)}, zipfile.ZIP_STORED)
    assert problems(whole[: whole.index("4-乙".encode())]) == [("材料.zip/a.txt", ""), ("材料.zip", "unreadable")]


def test_a_torn_document_gives_no_parts_whatever_it_is_called() -> None:
    document = zipped(
        {"[Content_Types].xml": b"x", "word/embeddings/一.xlsx": _FORMS["附件3.docx"]}, zipfile.ZIP_STORED
    )
    torn = document[: document.rindex(b"PK\x01\x02") - 10]
    assert problems(torn, "a.docx") == [("a.docx", "")]
    assert problems(torn, "a.zip") == [("a.zip", "unreadable")]


def test_of_two_archives_in_one_file_the_last_counts() -> None:
    both = zipped({"a.txt": b"1"}, zipfile.ZIP_STORED) + zipped({"b.txt": b"2"}, zipfile.ZIP_STORED)
    assert problems(both) == [("材料.zip/b.txt", "")]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100_000))
def test_no_whole_form_of_a_zip_cut_anywhere_is_lost_or_another(end: int) -> None:
    whole = zipped(_FORMS, zipfile.ZIP_STORED)
    torn = whole[: end % len(whole)]
    found = {file.path.removeprefix("材料.zip/"): file for file in unpack([Attachment("材料.zip", torn)])}
    read = {name: file.content for name, file in found.items() if not file.problem}
    assert read == {name: content for name, content in _FORMS.items() if content in torn and name.encode() in torn}
    assert len(read) == len(_FORMS) or any(file.problem for file in found.values())
