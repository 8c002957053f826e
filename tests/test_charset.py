"""Bytes as text: what a label is worth, what the bytes say by themselves, and how little one broken byte may spoil."""

from __future__ import annotations

import codecs
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.charset import decoded


def characters(charset: str, *leads: int) -> list[str]:
    pairs = map(bytes, product(range(*leads), range(0xA1, 0xFF)))
    return [char for pair in pairs if (char := pair.decode(charset, "ignore"))]


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


# The first level of GB 2312: the 3,755 characters of everyday Chinese.
COMMON = characters("gb2312", 0xB0, 0xD8)
UTF8_BY_CHANCE = [char for char in COMMON if is_utf8(char.encode("gbk"))]
TRADITIONAL = characters("big5", 0xA4, 0xC6)
ASCII = [*map(chr, range(32, 127)), "\n"]
LABELS = {
    **dict.fromkeys(("gb2312", "GBK", '"gb18030"', "cp936", "x-gbk", "GB_2312-80"), "gb18030"),
    **dict.fromkeys(("utf-8", "UTF8", "utf8mb4"), "utf-8"),
    **dict.fromkeys(("utf-16le", "utf-16-be", "utf-16", "utf-32", "hz-gb-2312"), ""),
}


@pytest.mark.parametrize(
    "declared", ["gb2312", "GBK", "utf-8", "iso-8859-1", "us-ascii", "nonsense", "", "utf-16", "big5"]
)
def test_a_wrong_label_does_not_garble_a_text(declared: str) -> None:
    assert decoded("负责人：朱镕基路".encode("gbk"), declared) == "负责人：朱镕基路"
    assert decoded("喆堃𬭎".encode(), declared) == "喆堃𬭎"


@pytest.mark.parametrize("label", ["iso-8859-1", "utf-8", "windows-1252", "utf-16"])
def test_quotes_and_dots_are_chinese_too(label: str) -> None:
    assert decoded("<p>“张三”·项目</p>\r\n".encode("gbk"), label) == "<p>“张三”·项目</p>\r\n"


@pytest.mark.parametrize("label", ["gb2312", "iso-8859-1", "big5", "windows-1252", "koi8-r", ""])
@pytest.mark.parametrize("text", ["张三·项目材料", "学院 é", "Ünal 教授", "ᠮᠣᠩᠭᠣᠯ"])
def test_utf8_with_a_letter_of_two_bytes_among_wide_ones_is_seen_under_any_label(label: str, text: str) -> None:
    assert decoded(text.encode(), label) == text


@pytest.mark.parametrize("label", ["", "gb2312", "utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize(
    ("mark", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        ("\ufeff".encode("gb18030"), "gb18030"),
    ],
)
def test_a_byte_order_mark_outweighs_the_label(mark: bytes, charset: str, label: str) -> None:
    assert decoded(mark + "张三 a.docx".encode(charset), label) == "张三 a.docx"
    assert decoded(mark + "\ufeff张三".encode(charset), label) == "张三"


@pytest.mark.parametrize("label", ["big5", "Big5-HKSCS", "x-x-big5", "cp950"])
def test_big5_holds_what_its_vendors_added(label: str) -> None:
    assert decoded("國立大學碁恒裏".encode("cp950"), label) == "國立大學碁恒裏"
    assert decoded("國立大學".encode("big5") + b"\xff" + "恒裏".encode("cp950"), label).startswith("國立大學")


@pytest.mark.parametrize(
    ("label", "charset", "text"),
    [
        ("windows-1251", "cp1251", "Список"),
        ("koi8-r", "koi8-r", "Список"),
        ("iso-8859-1", "latin-1", "Größe café"),
        ("iso-8859-9", "iso-8859-9", "Ünal"),
        ("euc-kr", "euc-kr", "한국 연변"),
        ("shift_jis", "shift_jis", "申込書です"),
        ("utf-16le", "utf-16-le", "한국.docx"),
        ("utf-16le", "utf-16-le", "Список"),
        ("utf-16be", "utf-16-be", "您好 é"),
        ("utf-7", "utf-7", "您好"),
        ("hz-gb-2312", "hz", "您好"),
    ],
)
def test_other_charsets_are_believed(label: str, charset: str, text: str) -> None:
    assert decoded(text.encode(charset), label) == text


@pytest.mark.parametrize(
    "text",
    [
        "Größe café",
        "naïve José, Çelik",
        "Список: план",
        "Ελληνικά",
        "שלום",
        "سلام",
        "Lǐ Míng",
        "John·Smith",
        "25 °C",
        "é",
    ],
)
def test_unlabelled_letters_of_one_script_are_utf8(text: str) -> None:
    assert decoded(text.encode()) == text


@pytest.mark.parametrize("text", ["通知", "系统.docx", "学校", "学习\n", "联通", "侣通知"])
def test_unlabelled_everyday_words_that_are_utf8_by_chance_are_chinese(text: str) -> None:
    assert decoded(text.encode("gbk")) == text


def test_two_common_characters_that_are_utf8_by_chance_are_chinese_nearly_always() -> None:
    pairs = ["".join(pair) for pair in product(UTF8_BY_CHANCE, UTF8_BY_CHANCE)]
    assert (len(COMMON), len(pairs)) == (3755, 682**2)
    assert [pair for pair in pairs if decoded(pair.encode("gbk"), "gbk") != pair] == []
    # What is left without a label is one pair in 600 of all, 谢谢 among them, whose bytes may as well be two letters.
    some = pairs[::13]
    assert sum(decoded(pair.encode("gbk")) != pair for pair in some) * 13 * 600 < len(COMMON) ** 2


@pytest.mark.parametrize("name", ["谢瑾玥", "谢瑾玥 王琪", "谢谢", "昕玥"])
def test_a_rare_name_under_its_own_label_is_not_taken_for_utf8(name: str) -> None:
    assert decoded(name.encode("gbk"), "gb2312") == name


@given(st.text(st.sampled_from(COMMON + ASCII)), st.sampled_from(sorted(LABELS)))
def test_chinese_comes_back_from_the_charset_it_is_labelled_with(text: str, label: str) -> None:
    assert decoded(text.encode(LABELS[label] or label), label) == text


@given(st.text(st.sampled_from(TRADITIONAL + ASCII)), st.sampled_from(["big5", "Big5-HKSCS", "cp950"]))
def test_traditional_chinese_comes_back_from_the_charset_it_is_labelled_with(text: str, label: str) -> None:
    assert decoded(text.encode("big5"), label) == text


@given(
    st.text(st.sampled_from(COMMON), min_size=4).filter(lambda text: not set(text) <= set(UTF8_BY_CHANCE)),
    st.text(st.sampled_from(ASCII)),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_four_characters_of_chinese_need_no_label(chinese: str, around: str, charset: str) -> None:
    text = around + chinese + around
    assert decoded(text.encode(charset)) == text


def test_one_broken_byte_does_not_turn_the_rest_into_another_charset() -> None:
    broken = "项目名称".encode() + b"\xff" + "示例项目甲".encode()
    for label in ("", "utf-8", "gb2312"):
        assert decoded(broken, label) == "项目名称\ufffd示例项目甲"
    broken = "项目名称".encode("gbk") + b"\xff" + "示例项目甲".encode("gbk")
    for label in ("", "utf-8", "gb2312"):
        assert decoded(broken, label) == "项目名称\ufffd示例项目甲"


@given(
    st.binary(max_size=300),
    st.one_of(st.text(max_size=20), st.sampled_from([*LABELS, "utf-7", "big5", "euc-kr", "iso-8859-1"])),
)
def test_any_bytes_under_any_label_give_text_that_can_be_stored(raw: bytes, label: str) -> None:
    decoded(raw, label).encode()


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "windows-1250", "iso-8859-15", "utf-16"])
def test_chinese_with_ticks_under_a_western_label_is_chinese(label: str) -> None:
    text = "<td>□思想引领类 √</td><td>①李示例（2021级）×2→“完成” ā</td>"
    assert decoded(text.encode("gb18030"), label) == text
