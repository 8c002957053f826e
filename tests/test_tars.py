"""tar and gzip: names in every encoding and extension, links left out, damage and bombs told."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import takes_less
from pipeline.model import Attachment, Limits
from pipeline.unpack import unpack

NAME = "附件4_项目申报书（朱镕）.docx"
LONG = "材料/" * 30 + NAME


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT, encoding: str = "utf-8") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form, encoding=encoding) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def listed(name: str, content: bytes, limits: Limits | None = None) -> list[tuple[str, bytes | str]]:
    files = unpack([Attachment(name, content)], limits)
    return [(file.path, file.problem or file.content) for file in files]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_tar_is_read_in_every_form_it_is_written_in(form: int) -> None:
    name = f"附件4/{NAME}"
    content = tarred({name: b"1" * 700, "附件3.xlsx": b""}, form)
    assert listed("材料.tar", content) == [(f"材料.tar/{name}", b"1" * 700), ("材料.tar/附件3.xlsx", b"")]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_long_name_is_read_whole(form: int) -> None:
    assert listed("a.tar", tarred({LONG: b"1", "b": b"2"}, form)) == [(f"a.tar/{LONG}", b"1"), ("a.tar/b", b"2")]


def test_gbk_names_are_read_as_gbk() -> None:
    content = tarred({NAME: b"1"}, tarfile.GNU_FORMAT, "gbk")
    assert listed("a.tar", content) == [(f"a.tar/{NAME}", b"1")]


def test_a_tar_in_a_gzip_is_opened_at_once_and_known_by_its_content() -> None:
    content = gzip.compress(tarred({NAME: b"1"}))
    assert listed("材料.tar.gz", content) == [(f"材料.tar.gz/{NAME}", b"1")]
    assert listed("材料", content) == [(f"材料/{NAME}", b"1")]


def test_a_gzip_keeps_the_name_of_its_file() -> None:
    stream = io.BytesIO()
    with gzip.GzipFile("x/附件4.docx.gz".encode("gbk").decode("latin-1"), "wb", fileobj=stream) as archive:
        archive.write(b"1")
    assert listed("a.gz", stream.getvalue()) == [("a.gz/附件4.docx", b"1")]
    assert listed("附件4.docx.gz", gzip.compress(b"1")) == [("附件4.docx.gz/附件4.docx", b"1")]


def test_a_zip_in_a_tar_in_a_gzip_is_opened() -> None:
    inner = gzip.compress(tarred({"附件4.docx": b"1"}))
    assert listed("外.tgz", gzip.compress(tarred({"内.tgz": inner}))) == [("外.tgz/内.tgz/附件4.docx", b"1")]


def test_links_folders_and_devices_are_left_out() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo("x")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("../../a.docx")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"1"))
    assert listed("a.tar", stream.getvalue()) == [("a.tar/a.docx", b"1")]


def test_a_cut_or_damaged_tar_keeps_what_came_before() -> None:
    content = tarred({"a.docx": b"1", "b.docx": b"2" * 3000}, tarfile.USTAR_FORMAT)
    assert listed("a.tar", content[:2500]) == [("a.tar/a.docx", b"1"), ("a.tar/b.docx", "unreadable")] or listed(
        "a.tar", content[:2500]
    ) == [("a.tar/a.docx", b"1"), ("a.tar", "unreadable")]
    damaged = bytearray(content)
    damaged[1024 + 3] ^= 0xFF
    assert listed("a.tar", bytes(damaged)) == [("a.tar/a.docx", b"1"), ("a.tar", "unreadable")]


def test_a_cut_gzip_is_unreadable() -> None:
    content = gzip.compress(b"123456789" * 100)
    assert listed("a.gz", content[:-10]) == [("a.gz", "unreadable")]
    assert listed("a.gz", content[:5]) == [("a.gz", "unreadable")]


def test_an_empty_tar_is_unreadable() -> None:
    assert listed("a.tar.gz", gzip.compress(bytes(10240)))[0][0] == "a.tar.gz/a.tar"
    assert listed("a.tar", tarred({"__MACOSX/x": b"1"})) == [("a.tar", "unreadable")]


def test_a_gzip_bomb_is_stopped_by_its_expansion() -> None:
    bomb = gzip.compress(bytes(60_000_000), 1)
    assert listed("a.gz", bomb) == listed("a.gz", bomb * 8) == [("a.gz", "unsafe")]
    assert listed("a.tgz", gzip.compress(tarred({"a": bytes(30_000_000), "b": b"1"})))[0] == ("a.tgz/a", "unsafe")
    # Expanding it to its end would take eight times as long.
    takes_less(lambda: listed("a.gz", bomb * 8), 4, lambda: listed("a.gz", bomb))


def test_a_header_entry_of_absurd_size_is_not_taken_into_memory() -> None:
    header = bytearray(tarred({"x": b""}, tarfile.USTAR_FORMAT)[:512])
    header[124:136] = b"77777777777\x00"
    header[156:157] = b"x"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\x00 " % sum(header)
    assert listed("a.tar", bytes(header) + bytes(5000)) == [("a.tar", "unsafe")]


def test_the_number_of_files_is_limited() -> None:
    content = tarred({f"{number}": b"" for number in range(30)}, tarfile.USTAR_FORMAT)
    assert listed("a.tar", content, Limits(max_files=5))[-1] == ("a.tar", "unsafe")


def test_a_number_in_binary_is_read() -> None:
    header = bytearray(tarred({"x": b"12345"}, tarfile.GNU_FORMAT)[:512])
    header[124:136] = b"\x80" + bytes(3) + struct.pack(">Q", 5)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\x00 " % sum(header)
    assert listed("a.tar", bytes(header) + b"12345".ljust(512, b"\0")) == [("a.tar/x", b"12345")]


_SAMPLE = tarred({LONG: b"1" * 50, "b": b"2"}, tarfile.GNU_FORMAT)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2600), st.integers(0, 255)), max_size=6),
    st.integers(0, len(_SAMPLE)),
    st.booleans(),
)
def test_a_tar_damaged_or_cut_anywhere_is_survived(changes: list[tuple[int, int]], end: int, packed: bool) -> None:
    content = bytearray(_SAMPLE)
    for position, byte in changes:
        content[position] = byte
    raw = bytes(content[:end])
    for file in unpack([Attachment("a.tar", gzip.compress(raw) if packed else raw)]):
        file.path.encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_behind_the_mark_of_a_gzip_are_survived(content: bytes) -> None:
    unpack([Attachment("a.gz", b"\x1f\x8b\x08" + content)])
