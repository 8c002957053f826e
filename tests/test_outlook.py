"""winmail.dat and .msg, in which Outlook packs attachments: names by code page, nested mails, damage."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import packing
from pipeline.model import Attachment, Limits
from pipeline.unpack import unpack

NAME = "附件4_项目申报书（朱镕）.docx"
BIG = b"form" * 2000


def listed(name: str, content: bytes, limits: Limits | None = None) -> list[tuple[str, bytes | str]]:
    files = unpack([Attachment(name, content)], limits)
    return [(file.path, file.problem or file.content) for file in files]


@pytest.mark.parametrize("code_page", [936, 65001])
@pytest.mark.parametrize("long_names", [True, False])
def test_the_files_of_a_winmail_dat_are_named_by_its_code_page(code_page: int, long_names: bool) -> None:
    content = packing.tnef((NAME, b"1"), ("附件3.xlsx", b"2"), code_page=code_page, long_names=long_names)
    assert listed("winmail.dat", content) == [(f"winmail.dat/{NAME}", b"1"), ("winmail.dat/附件3.xlsx", b"2")]


def test_a_name_in_utf_16_is_read() -> None:
    held = packing.properties((0x3707001F, NAME.encode("utf-16-le") + b"\0\0"))
    content = packing.tnef(("x", b"1"), long_names=False) + packing.attribute(2, 0x9005, held)
    assert listed("winmail.dat", content) == [(f"winmail.dat/{NAME}", b"1")]


def test_a_mail_attached_in_a_winmail_dat_is_opened() -> None:
    inner = packing.MAIL_CLASS + packing.tnef((NAME, b"1"))
    held = packing.properties((0x3707001E, "转发".encode("gbk") + b"\0"), (0x3701000D, inner))
    content = packing.tnef() + packing.attribute(2, 0x9002, bytes(14)) + packing.attribute(2, 0x9005, held)
    assert listed("winmail.dat", content) == [(f"winmail.dat/转发/{NAME}", b"1")]


def test_a_named_property_before_the_name_is_stepped_over() -> None:
    label = "标签".encode("utf-16-le") + b"\0\0"
    named = struct.pack("<I", 0x8001001E) + bytes(16) + struct.pack("<II", 1, len(label)) + label
    named += bytes(-len(label) % 4) + struct.pack("<II", 1, 2) + b"x\0\0\0"
    several = struct.pack("<II", 0x00011003, 2) + bytes(8)
    told = packing.properties((0x3707001E, NAME.encode("gbk")))[4:]
    content = packing.tnef(("x", b"1"), long_names=False)
    content += packing.attribute(2, 0x9005, struct.pack("<I", 3) + named + several + told)
    assert listed("winmail.dat", content) == [(f"winmail.dat/{NAME}", b"1")]


def test_a_winmail_dat_without_files_brings_nothing_and_what_follows_it_is_no_damage() -> None:
    assert listed("winmail.dat", packing.tnef()) == []
    assert listed("winmail.dat", packing.tnef(("a.docx", b"1")) + b"\r\n\x00garbage and more") == [
        ("winmail.dat/a.docx", b"1")
    ]


def test_a_cut_winmail_dat_keeps_what_came_before_and_says_so() -> None:
    content = packing.tnef(("a.docx", b"1"), ("b.docx", b"2" * 500))
    assert listed("winmail.dat", content[:-300])[0] == ("winmail.dat/a.docx", b"1")
    assert listed("winmail.dat", content[:-300])[-1] == ("winmail.dat", "unreadable")


def test_the_total_of_a_winmail_dat_is_limited() -> None:
    content = packing.tnef(("a.docx", b"1" * 50), ("b.docx", b"2" * 500))
    assert listed("winmail.dat", content, Limits(max_total_bytes=100))[-1] == ("winmail.dat", "unsafe")


@pytest.mark.parametrize("wide", [True, False])
def test_the_attachments_of_a_msg_are_read(wide: bool) -> None:
    root = packing.outlook_mail(packing.outlook_attachment(NAME, BIG, wide), packing.outlook_attachment("b.xlsx", BIG))
    assert listed("来信.msg", packing.compound(root)) == [(f"来信.msg/{NAME}", BIG), ("来信.msg/b.xlsx", BIG)]
    assert len(listed("来信", packing.compound(root))) == 2


def test_a_mail_attached_to_a_msg_is_gone_through() -> None:
    inner = packing.outlook_mail(packing.outlook_attachment(NAME, BIG))
    root = packing.outlook_mail(packing.outlook_attachment("转发：报送", inner))
    assert listed("来信.msg", packing.compound(root)) == [(f"来信.msg/转发：报送/{NAME}", BIG)]


def test_a_word_document_of_the_old_kind_is_no_msg() -> None:
    content = packing.compound({"WordDocument": b"x" * 5000})
    assert listed("附件4.doc", content) == [("附件4.doc", content)]


def test_a_damaged_msg_is_unreadable() -> None:
    content = packing.compound(packing.outlook_mail(packing.outlook_attachment(NAME, BIG)))
    assert listed("a.msg", content[:600]) == [("a.msg", "unreadable")]
    assert listed("a.msg", content[:8]) == [("a.msg", "unreadable")]


_SAMPLES = {
    "winmail.dat": packing.tnef((NAME, b"1" * 30), ("b", b"2")),
    "a.msg": packing.compound(packing.outlook_mail(packing.outlook_attachment(NAME, BIG))),
}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(_SAMPLES)),
    st.lists(st.tuples(st.integers(4, 40_000), st.integers(0, 255)), max_size=8),
    st.integers(0, 40_000),
)
def test_what_outlook_packs_is_survived_damaged_or_cut_anywhere(
    name: str, changes: list[tuple[int, int]], end: int
) -> None:
    content = bytearray(_SAMPLES[name])
    for position, byte in changes:
        content[position % len(content)] = byte
    for file in unpack([Attachment(name, bytes(content[:end]))]):
        file.path.encode()
