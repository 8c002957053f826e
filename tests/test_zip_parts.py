"""A package's parts are unpacked directly where the archive is a plain one, and what comes out is what zipfile gives."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zipfile

import pytest

from parsers.formats import Unreadable, package
from parsers.formats.package import Package
from parsers.formats.zip_parts import Member, members, unpack

PARTS = {"word/document.xml": b"<a>" + b"text" * 500 + b"</a>", "word/media/seal.png": bytes(range(256)), "empty": b""}


def archive(method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"", extra: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for name, content in PARTS.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.extra = method, extra
            opened.writestr(entry, content)
        opened.comment = comment
    return stream.getvalue()


def changed(content: bytes, field: int, value: int) -> bytes:
    """The archive with another number at this place of its first directory entry (APPNOTE 4.3.12)."""
    start = content.index(b"PK\1\2")
    return content[: start + field] + struct.pack("<L", value) + content[start + field + 4 :]


def directory(content: bytes) -> list[Member]:
    found = members(content)
    assert found is not None
    return found


def everything(content: bytes) -> object:
    """All parts of a package, or what is said of those that cannot be read."""
    try:
        opened = Package(content)
    except Unreadable as refusal:
        return refusal.problem
    return {name: part(opened, name) for name in opened.names}


def part(opened: Package, name: str) -> object:
    try:
        return opened.read(name)
    except Unreadable as refusal:
        return refusal.problem


@pytest.fixture
def by_zipfile(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Until it is undone, no archive is taken for a plain one."""
    monkeypatch.setattr(package, "members", lambda _: None)
    return monkeypatch


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_members_of_a_plain_archive_are_unpacked(method: int) -> None:
    content = archive(method)
    assert {member.name: unpack(content, member) for member in directory(content)} == PARTS


def test_a_plain_package_is_read_without_zipfile(monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive()
    monkeypatch.delattr(zipfile, "ZipFile")
    assert everything(content) == PARTS


@pytest.mark.parametrize(
    "content",
    [
        archive(comment="注释".encode()),
        archive(extra=struct.pack("<HHL", 0x5455, 4, 0)),
        archive(zipfile.ZIP_LZMA),
        archive(zipfile.ZIP_BZIP2),
        b"#!/bin/sh\n" + archive(),
    ],
)
def test_an_unusual_archive_is_left_to_zipfile_and_read(content: bytes) -> None:
    assert everything(content) == PARTS


@pytest.mark.parametrize(("field", "value"), [(16, 1), (20, 3), (24, 10), (42, 7)])
def test_a_member_that_is_not_as_announced_is_damaged(field: int, value: int) -> None:
    content = changed(archive(), field, value)
    first = directory(content)[0]
    assert unpack(content, first) is None
    with pytest.raises(Unreadable):
        Package(content).read(first.name)


def test_a_member_that_ends_sooner_than_announced_but_is_whole_is_read() -> None:
    content = changed(archive(), 24, 10_000)
    assert unpack(content, directory(content)[0]) is None
    assert everything(content) == PARTS


def test_an_empty_member_that_would_begin_beyond_the_archive_is_left_to_zipfile() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr("word/settings.xml", b"")
    content = stream.getvalue()
    (member,) = directory(content)
    assert unpack(content, member) == b""
    # The length of the extra field in the member's own header (PKWARE APPNOTE 4.3.7).
    assert unpack(content[:28] + b"\xff\xff" + content[30:], member) is None


def test_no_more_is_unpacked_than_announced_and_one_byte() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("word/document.xml", bytes(20_000_000))
    content = changed(stream.getvalue(), 24, 1_000)
    (member,) = directory(content)
    tracemalloc.start()
    try:
        assert unpack(content, member) is None
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_package_spoiled_anywhere_is_read_as_zipfile_reads_it(by_zipfile: pytest.MonkeyPatch) -> None:
    rng = random.Random(20241126)
    whole = archive()
    start = whole.index(b"PK\1\2")
    spoiled = []
    for _ in range(600):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            content[rng.randrange(rng.choice((0, start)), len(content))] = rng.choice(
                (0, 1, 8, 255, rng.randrange(256))
            )
        spoiled.append(bytes(content[: rng.choice((len(content), len(content), rng.randrange(len(content))))]))
    expected = [everything(content) for content in spoiled]
    by_zipfile.undo()
    assert [everything(content) for content in spoiled] == expected
    assert sum(members(content) is not None for content in spoiled) > 50
