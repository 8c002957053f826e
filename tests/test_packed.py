"""RAR, 7z and their kind, read by libarchive in a process of its own: names, locks, volumes, bombs, crashes."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import packing
from pipeline import packed, rar, unpacker
from pipeline.budget import Budget
from pipeline.model import Attachment, Limits
from pipeline.unpack import unpack

NAME = "附件4_项目申报书（朱镕）.docx"

needs_libarchive = pytest.mark.skipif(
    unpacker.library() is None and not os.environ.get("CI"), reason="libarchive is not installed"
)


def listed(name: str, content: bytes, limits: Limits | None = None) -> list[tuple[str, bytes | str]]:
    """Each file with its content, or with its problem."""
    files = unpack([Attachment(name, content)], limits)
    return [(file.path, file.problem or file.content) for file in files]


@needs_libarchive
@pytest.mark.parametrize("options", ["compression=store", "compression=lzma2", "compression=ppmd", "compression=bzip2"])
def test_a_7z_is_read_whatever_its_compression(options: str) -> None:
    content = packing.libarchive_can("7zip", {f"附件4/{NAME}": b"1" * 500, "附件3.xlsx": b"2"}, options)
    assert listed("材料.7z", content) == [(f"材料.7z/附件4/{NAME}", b"1" * 500), ("材料.7z/附件3.xlsx", b"2")]


@needs_libarchive
def test_a_rar_4_is_read_with_its_gbk_names() -> None:
    content = packing.rar4({NAME.encode("gbk"): b"1", "附件3\\汇总表.xlsx".encode("gbk"): b"2"})
    assert listed("材料.rar", content) == [(f"材料.rar/{NAME}", b"1"), ("材料.rar/附件3/汇总表.xlsx", b"2")]


@needs_libarchive
def test_a_rar_5_is_read_and_known_by_its_content() -> None:
    content = packing.rar5({NAME: b"1", "../../附件3.xlsx": b"2"})
    assert listed("材料.zip", content) == [(f"材料.zip/{NAME}", b"1"), ("材料.zip/附件3.xlsx", b"2")]


@needs_libarchive
@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_of_an_unusual_compression_is_read(method: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(NAME, b"1" * 100)
    assert listed("材料.zip", stream.getvalue()) == [(f"材料.zip/{NAME}", b"1" * 100)]


@needs_libarchive
def test_xz_and_bzip2_are_opened_and_the_tar_in_them() -> None:
    content = packing.libarchive_can("ustar", {NAME: b"1"}, filter_name="xz")
    assert listed("材料.tar.xz", content) == [(f"材料.tar.xz/材料.tar/{NAME}", b"1")]
    content = packing.libarchive_can("raw", {"a": b"1" * 50}, filter_name="bzip2")
    assert listed("附件4.docx.bz2", content) == [("附件4.docx.bz2/附件4.docx", b"1" * 50)]


@needs_libarchive
def test_what_lies_in_a_7z_is_opened_in_turn() -> None:
    inner = packing.libarchive_can("7zip", {"附件4.docx": b"1"})
    mail = b"From: a@example.cn\r\nSubject: x\r\nContent-Type: application/octet-stream; name=b.docx\r\n\r\n2"
    content = packing.libarchive_can("7zip", {"内.7z": inner, "信.eml": mail})
    assert listed("外.7z", content) == [("外.7z/内.7z/附件4.docx", b"1"), ("外.7z/信.eml/b.docx", b"2")]


@needs_libarchive
@pytest.mark.parametrize("archive", ["7z", "rar4", "rar5"])
def test_a_self_extracting_archive_is_read(archive: str) -> None:
    content = {
        "7z": packing.libarchive_can("7zip", {"a.docx": b"1"}),
        "rar4": packing.rar4({b"a.docx": b"1"}),
        "rar5": packing.rar5({"a.docx": b"1"}),
    }[archive]
    assert listed("材料.exe", b"MZ" + bytes(4000) + content) == [("材料.exe/a.docx", b"1")]


@pytest.mark.parametrize(
    "content",
    [
        packing.rar4({b"a.docx": b"1"}, flags=0x04),
        packing.rar4({}, main_flags=0x80),
        packing.rar5({"a.docx": b"1"}, extra=packing.RAR5_ENCRYPTION),
        packing.rar5({}, first=packing.rar5_locked_header()),
    ],
    ids=["RAR 4", "RAR 4 with its names", "RAR 5", "RAR 5 with its names"],
)
def test_a_rar_with_a_password_is_encrypted(content: bytes) -> None:
    assert listed("a.rar", content) == [("a.rar", "encrypted")]


@needs_libarchive
@pytest.mark.parametrize("header_too", [False, True])
def test_a_7z_with_a_password_is_encrypted(header_too: bool) -> None:
    assert listed("a.7z", packing.locked_7z(header_too)) == [("a.7z", "encrypted")]


@pytest.mark.parametrize(
    "content",
    [
        packing.rar4({b"a.docx": b"1"}, flags=0x02),
        packing.rar5({"a.docx": b"1"}, flags=0x10),
        packing.rar5({"a.docx": b"1"}, end_flags=1),
    ],
)
def test_one_volume_of_several_is_unsupported_and_says_what_it_is(content: bytes) -> None:
    (file,) = unpack([Attachment("a.part1.rar", content)])
    assert file.problem == "unsupported"
    assert "分卷" in file.detail


@needs_libarchive
def test_a_single_volume_is_read_though_its_name_speaks_of_parts() -> None:
    assert listed("a.part1.rar", packing.rar5({"a.docx": b"1"})) == [("a.part1.rar/a.docx", b"1")]


@needs_libarchive
def test_a_damaged_archive_is_unreadable_and_what_came_before_is_kept() -> None:
    whole = packing.rar4({b"a.docx": b"first", b"b.docx": b"second" * 100})
    assert listed("a.rar", whole[:-300]) == [("a.rar/a.docx", b"first"), ("a.rar", "unreadable")]
    packed_7z = bytearray(packing.libarchive_can("7zip", {"a.docx": os.urandom(3000)}, "compression=lzma2"))
    packed_7z[1500] ^= 0xFF
    (found,) = listed("a.7z", bytes(packed_7z))
    assert found[1] == "unreadable"
    assert listed("a.7z", bytes(packed_7z[:-20])) == [("a.7z", "unreadable")]


@needs_libarchive
def test_an_archive_without_files_is_unreadable() -> None:
    assert listed("a.rar", packing.rar5({})) == [("a.rar", "unreadable")]


@needs_libarchive
def test_links_are_skipped() -> None:
    content = packing.rar4({b"link": b"/etc/passwd", b"a.docx": b"1"}, links=(b"link",))
    assert listed("a.rar", content) == [("a.rar/a.docx", b"1")]


@needs_libarchive
def test_a_bomb_is_stopped_by_its_expansion_and_by_the_size_of_a_file() -> None:
    content = packing.libarchive_can("7zip", {"a.docx": bytes(30_000_000), "b.docx": b"1"})
    assert ("a.7z/a.docx", "unsafe") in listed("a.7z", content)
    content = packing.libarchive_can("7zip", {"a.docx": os.urandom(5000), "b.docx": b"1"}, "compression=store")
    limited = listed("a.7z", content, Limits(max_file_bytes=4000, max_total_bytes=100_000))
    assert limited == [("a.7z", "unsafe")] or limited[0] == ("a.7z/a.docx", "unsafe")


@needs_libarchive
def test_the_total_and_the_number_of_files_are_limited() -> None:
    content = packing.libarchive_can("7zip", {f"{number}.txt": b"x" * 100 for number in range(30)})
    assert listed("a.7z", content, Limits(max_files=5))[-1] == ("a.7z", "unsafe")
    assert listed("a.7z", content, Limits(max_total_bytes=1050))[-1] == ("a.7z", "unsafe")
    assert len(listed("a.7z", content, Limits(max_total_bytes=1050))) == 11


def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let another program stand in for the unpacking process."""
    program = tmp_path / "program.py"
    program.write_text(f"import os, struct, sys, time\nout = sys.stdout.buffer\n{body}\n", encoding="utf-8")
    monkeypatch.setattr(packed, "PROGRAM", program)


def test_whether_archives_can_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert packed.available() == (unpacker.library() is not None)
    script(tmp_path, monkeypatch, "out.write(b'M' + bytes(4))")
    assert not packed.available()


SEVEN = b"7z\xbc\xaf\x27\x1c" + bytes(100)
DATA = "out.write(b'N' + struct.pack('>I', 1) + b'a' + b'D' + struct.pack('>I', 2) + b'xy'); out.flush()"


def test_without_libarchive_the_archive_is_unsupported_and_zip_is_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, monkeypatch, "out.write(b'M' + bytes(4))")
    (file,) = unpack([Attachment("a.7z", SEVEN)])
    assert (file.problem, "zip" in file.detail) == ("unsupported", True)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.docx", b"1")
        archive.writestr("b.docx", b"2", zipfile.ZIP_LZMA)
    assert listed("a.zip", stream.getvalue()) == [("a.zip/a.docx", b"1"), ("a.zip/b.docx", "unsupported")]


def test_a_tar_that_another_program_makes_of_the_archive_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo(NAME)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"1"))
    script(tmp_path, monkeypatch, f"out.write(b'T' + bytes(4) + {stream.getvalue()!r})")
    assert listed("a.7z", SEVEN) == [(f"a.7z/{NAME}", b"1")]


def test_a_crash_costs_the_archive_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, monkeypatch, f"{DATA}; os.abort()")
    files = unpack([Attachment("a.7z", SEVEN), Attachment("b.docx", b"1")])
    assert [(file.path, file.problem) for file in files] == [("a.7z/a", ""), ("a.7z", "unreadable"), ("b.docx", "")]


def test_a_process_that_hangs_is_ended_when_its_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, monkeypatch, f"{DATA}; time.sleep(600)")
    budget = Budget(Limits(), seconds=0.5)
    with pytest.raises(packed.Broken, match="时间") as stopped:
        list(packed.packed_files(Attachment("a.7z", SEVEN), budget, "7zip"))
    assert stopped.value.problem == "unsafe"
    with pytest.raises(packed.Broken, match="时间"):
        list(packed.packed_files(Attachment("a.7z", SEVEN), budget, "7zip"))


def test_a_process_that_reads_nothing_does_not_block_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, monkeypatch, "out.write(b'.' + bytes(4))")
    assert listed("a.7z", SEVEN + bytes(5_000_000)) == [("a.7z", "unreadable")]


def test_nonsense_from_the_process_is_the_end_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, monkeypatch, "out.write(b'N' + b'\\xff' * 100)")
    assert listed("a.7z", SEVEN) == [("a.7z", "unreadable")]


def test_secrets_do_not_reach_the_unpacking_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNEX_AUTH_CODE", "secret")
    script(
        tmp_path,
        monkeypatch,
        "name = repr(sorted(os.environ)).encode()\nout.write(b'N' + struct.pack('>I', len(name)) + name)\nout.write(b'.' + bytes(4))",
    )
    assert "ANNEX" not in listed("a.7z", SEVEN)[0][0]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"]))
def test_any_bytes_behind_the_mark_of_a_rar_have_traits(content: bytes, mark: bytes) -> None:
    rar.traits(mark + content)


SAMPLES = {
    "a.rar": packing.rar4({NAME.encode("gbk"): b"hello" * 20, b"b": b"x"}),
    "b.rar": packing.rar5({NAME: b"hello" * 20, "b": b"x"}),
    "a.7z": packing.locked_7z(),
}


@needs_libarchive
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(8, 99), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(20, 400),
)
def test_an_archive_damaged_or_cut_anywhere_is_survived(name: str, changes: list[tuple[int, int]], end: int) -> None:
    content = bytearray(SAMPLES[name])
    for position, byte in changes:
        content[position % len(content)] = byte
    for file in unpack([Attachment(name, bytes(content[:end]))]):
        file.path.encode()
