"""The structure of raw mails, well-formed, broken and hostile: leaves in order, each a window on the mail's own bytes."""

from __future__ import annotations

import email
import os
import tracemalloc
from base64 import encodebytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import grows_evenly
from pipeline import message, mime

HEAD = b"From: a@example.edu.cn\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def leaf(content: bytes, kind: bytes = b"text/plain") -> bytes:
    return b"Content-Type: " + kind + b"\r\n\r\n" + content


def bodies(raw: bytes) -> list[bytes]:
    return [bytes(part.source) for part in mime.parse(raw).leaves]


def test_parts_are_found_between_the_delimiter_lines_and_nothing_else_is() -> None:
    raw = (
        MIXED + b"preamble\r\n--b\r\n" + leaf(b"1") + b"\r\n--b \t\r\n" + leaf(b"2\r\n--bc\r\nx") + b"\r\n--b--\r\nend"
    )
    assert bodies(raw) == [b"1", b"2\r\n--bc\r\nx"]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_a_mail_is_read_whatever_ends_its_lines(ending: bytes) -> None:
    raw = MIXED + b"--b\r\n" + leaf(b"1") + b"\r\n--b\r\n" + leaf(b"2") + b"\r\n--b--\r\n"
    assert bodies(raw.replace(b"\r\n", ending)) == [b"1", b"2"]


def test_line_ends_may_be_mixed() -> None:
    raw = b"From: a@x.cn\nContent-Type: multipart/mixed; boundary=b\r\n\n--b\n\r\n1\n--b\r\n\n2\r\n--b--"
    assert bodies(raw) == [b"1", b"2"]


def test_a_missing_last_delimiter_loses_nothing() -> None:
    assert bodies(MIXED + b"--b\r\n" + leaf(b"1") + b"\r\n--b\r\n" + leaf(b"2\r\n")) == [b"1", b"2\r\n"]


@pytest.mark.parametrize(
    "kind", [b"multipart/mixed", b"multipart/mixed; boundary=other", b'multipart/mixed; boundary=""']
)
def test_a_missing_or_mangled_boundary_is_seen_in_the_body(kind: bytes) -> None:
    raw = HEAD + b"Content-Type: " + kind + b"\r\n\r\n\r\n----=_Part_1\r\n" + leaf(b"1") + b"\r\n----=_Part_1--\r\n"
    assert bodies(raw) == [b"1"]


def test_a_multipart_without_any_delimiter_is_one_leaf() -> None:
    assert bodies(MIXED + b"no parts here") == [b"no parts here"]


def test_nested_parts_come_in_the_order_of_the_mail_and_related_ones_know_it() -> None:
    inner = b'Content-Type: multipart/related; boundary="in"\r\n\r\n--in\r\n' + leaf(b"2") + b"\r\n--in--\r\n"
    tree = mime.parse(
        MIXED + b"--b\r\n" + leaf(b"1") + b"\r\n--b\r\n" + inner + b"\r\n--b\r\n" + leaf(b"3") + b"\r\n--b--"
    )
    assert [(bytes(part.source), part.related) for part in tree.leaves] == [(b"1", False), (b"2", True), (b"3", False)]


def test_an_attached_mail_is_a_leaf_and_so_is_each_part_of_a_digest() -> None:
    raw = HEAD + b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nFrom: x@y.cn\r\n\r\nhi\r\n--b--"
    (part,) = mime.parse(raw).leaves
    assert (part.type, bytes(part.source)) == ("message/rfc822", b"From: x@y.cn\r\n\r\nhi")


def test_a_head_without_a_blank_line_behind_it_ends_at_the_first_line_that_is_no_field() -> None:
    tree = mime.parse(b"From: a@x.cn\r\nSubject: x\r\nhello there\r\nbye")
    assert tree.top.first("subject") == "x"
    assert bytes(tree.top.source) == b"hello there\r\nbye"


def test_a_mail_to_thousands_still_says_who_sends_it_and_what_it_brings() -> None:
    many = b"Cc: " + b",\r\n ".join(b"p%d <p%d@example.edu.cn>" % (n, n) for n in range(20_000)) + b"\r\n"
    traced = b"".join(b"X-Trace-%d: passed\r\n" % n for n in range(10_000))
    raw = many + traced + MIXED
    assert mime.parse(raw).top.first("subject") == "x"
    assert bodies(raw + b"--b\r\n" + leaf(b"1") + b"\r\n--b--") == [b"1"]


def test_a_broken_line_among_the_fields_does_not_lose_the_attachments() -> None:
    raw = MIXED.replace(b"Subject: x\r\n", b"Subject: x\r\nthe rest of the subject\r\n")
    assert bodies(raw + b"--b\r\n" + leaf(b"1") + b"\r\n--b--") == [b"1"]


@pytest.mark.parametrize(
    "lead", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\n", b"From a@x.cn Mon Nov 23 10:00:00 2026\r\n", b" \r\n"]
)
def test_what_editors_and_mail_stores_put_before_the_first_field_is_passed_over(lead: bytes) -> None:
    assert mime.parse(lead + b"From: a@x.cn\r\n\r\nx").top.first("from") == "a@x.cn"


def test_bytes_that_are_no_mail_are_one_leaf() -> None:
    for raw in (b"", b"\x00\x01\x02", b"\n", b"\r", b":", b"x"):
        assert len(mime.parse(raw).leaves) == 1


def test_nul_bytes_do_not_end_anything() -> None:
    decoded = message.decode(b"From: a@x.cn\r\nSubject: x\x00y\r\n\r\nhello\x00 world")
    assert (decoded.subject, decoded.text) == ("xy", "hello world")


_PIECES = st.lists(
    st.one_of(
        st.tuples(st.just("text/plain"), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)),
        st.tuples(st.just("image/png"), st.text("abc \r\n", max_size=30)),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(_PIECES)
def test_a_well_formed_mail_is_taken_apart_as_the_standard_library_does(pieces: list[tuple[str, str]]) -> None:
    parts = "".join(f"--=_b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in pieces)
    raw = f"From: a@x.cn\r\nContent-Type: multipart/mixed; boundary==_b\r\n\r\n{parts}--=_b--\r\n".encode()
    expected = [
        (part.get_content_type(), part.get_payload().encode())
        for part in email.message_from_bytes(raw).walk()
        if not part.is_multipart()
    ]
    assert [(part.type, bytes(part.source)) for part in mime.parse(raw).leaves] == expected


def test_structure_beyond_the_limits_is_let_go_and_said() -> None:
    raw = MIXED + (b"--b\r\n" + leaf(b"1") + b"\r\n") * (mime.MAX_PARTS + 1) + b"--b--"
    tree = mime.parse(raw)
    assert (len(tree.leaves), str(mime.MAX_PARTS) in tree.cut) == (mime.MAX_PARTS, True)
    deep = HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(500)
    )
    assert "嵌套" in mime.parse(deep + leaf(b"x")).cut
    assert [file.problem for file in message.decode(deep + leaf(b"x")).attachments] == ["unsafe"]


@pytest.mark.parametrize(
    ("start", "repeated", "end", "number"),
    [
        (MIXED, b"--b\r\n", b"", 80_000),
        (MIXED, b"--bx\n", b"", 160_000),
        (MIXED.replace(b'"b"', b'"-"'), b"-", b"", 1_000_000),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\n", b"--a\n", b"", 160_000),
        (b"", b"\n", b"", 1_000_000),
        (b"", b"X-A: b\r\n", b"\r\nx", 80_000),
        (b"Subject: b\r\n", b" x\r\n", b"\r\nx", 80_000),
        (b"X-A: ", b"a", b"\r\n\r\nx", 1_000_000),
        (b"Content-Type: text/html\r\n\r\n", b"<p>x</p>", b"", 25_000),
        (b"Content-Type: text/html\r\n\r\n" + "转发".encode(), b"-", b"", 160_000),
        (b"\r\n", b"begin 644 a\n#0V%T\n`\nend\n", b"", 16_000),
    ],
    ids=lambda value: repr(value)[2:26] if isinstance(value, bytes) else None,
)
def test_a_hostile_mail_takes_no_longer_than_its_length_asks_for(
    start: bytes, repeated: bytes, end: bytes, number: int
) -> None:
    grows_evenly(lambda times: message.decode(start + repeated * times + end), number)


def test_decoding_a_large_mail_takes_less_than_twice_its_size_beside_it() -> None:
    encoded = encodebytes(os.urandom(12_000_000)).replace(b"\n", b"\r\n")
    head = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = MIXED + b"--b\r\n" + leaf("您好".encode()) + b"\r\n--b\r\n" + head + encoded + b"--b--\r\n"
    message.decode(MIXED)
    tracemalloc.start()
    try:
        message.decode(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(raw)
