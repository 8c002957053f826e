"""The clean-up of values, the comparison copies and the matching of labels."""

from __future__ import annotations

import sys
from unicodedata import normalize

import pytest

from papers import cell
from parsers.labels import Rank, Vocabulary
from parsers.model import Grid, GridKind
from parsers.text import INVISIBLE, fold, label_key, label_keys, lines, narrow, one_line

WORDS = Vocabulary(
    exact={"项目名称": "name", "项目类别": "kind", "负责人": "leader"},
    aliases={"项目类型": "kind"},
    foreign=frozenset({"备注"}),
    qualifiers=("职务",),
)


def test_one_line_trims_and_folds_every_kind_of_blank() -> None:
    assert one_line("\ufeff 张\u3000\u00a0 三\t\n李\u2003四 \u200b") == "张 三 李 四"


def test_one_line_composes_but_never_replaces_compatibility_characters() -> None:
    assert one_line("e\u0301 １３８（①）") == "é １３８（①）"


def test_control_characters_are_part_of_no_value() -> None:
    assert one_line("\x00某\x1b]0;x\x07_\x7f大\x9b学\x1f") == "某]0;x_大学"
    assert lines("一\x1b行\n\x00\n二\x08行") == "一行\n二行"
    assert one_line("甲 \x00 乙") == "甲 乙"


def test_a_zero_width_character_inside_a_value_stays() -> None:
    assert one_line("张\u200b三\u200b") == "张\u200b三"


def test_lines_keeps_line_breaks_and_drops_blank_lines() -> None:
    assert lines(" 一  二\r\n\n\u3000\n三\v四 ") == "一 二\n三\n四"


def test_a_label_without_decoration_has_the_key_that_it_has_with_it() -> None:
    letters = [chr(code) for code in range(0x4E00, 0xA000)] + list("0123456789abcdefghijklmnopqrstuvwxyz")
    assert [label_key(letter) for letter in letters] == [label_key(f"*{letter}：") for letter in letters]


def test_a_number_is_near_to_no_label() -> None:
    assert WORDS.match("13800000001") is None


def test_the_texts_of_a_row_are_those_that_are_not_blank_with_cells_from_above() -> None:
    tall, wide = cell(0, 0, "学校", high=2), cell(1, 2, "乙", wide=2)
    grid = Grid(GridKind.TABLE, 1, (tall, cell(0, 1, "甲"), cell(1, 1, " \u3000"), wide))
    assert grid.texts(1) == ((tall, "学校"), (wide, "乙"))
    assert (grid.row_count, grid.texts(2)) == (2, ())


def test_narrow_keeps_every_position() -> None:
    text = "（ＡＢ）：１\u3000①"
    assert narrow(text) == "(AB):1 ①"
    assert len(narrow(text)) == len(text)


@pytest.mark.parametrize(
    ("one", "other"), [("《阳光 书屋》", "“阳光书屋”"), ("ＡＢＣ（一）", "abc一"), ("张\u200b三", "张 三")]
)
def test_fold_makes_alike_what_is_read_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    "label",
    ["负 责 人", "负责人：", "*负责人", "负责\n人", "负责人（一名）", "1.负责人", "一、负责人：", "【必填】负责人"],
)
def test_a_label_s_key_forgets_its_decoration(label: str) -> None:
    assert label_key(label) == "负责人"


@pytest.mark.parametrize(
    ("label", "match"),
    [
        ("项目 名称：", ("name", Rank.EXACT)),
        ("项目类型", ("kind", Rank.ALIAS)),
        ("项目类别十选一", ("kind", Rank.PREFIX)),
        ("项目各称", ("name", Rank.NEAR)),
        ("备注", ("", Rank.EXACT)),
        ("负责人职务", ("", Rank.EXACT)),
        ("负责人张三", None),
        ("项目名称：阳光", None),
        ("阳光书屋", None),
        ("", None),
        ("项目名称" * 20, None),
    ],
)
def test_a_label_is_matched_as_surely_as_it_is_written(label: str, match: tuple[str, Rank] | None) -> None:
    assert WORDS.match(label) == match


def test_a_text_near_to_two_fields_matches_neither() -> None:
    both = Vocabulary(exact={"项目名称": "name", "项目总称": "title"}, aliases={})
    assert both.match("项目简称") is None


def test_what_is_printable_but_for_the_blank_needs_no_folding() -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        if character.isprintable() and character != " ":
            composed = normalize("NFC", character)
            assert composed.split() == [composed], hex(ord(character))
            assert not set(composed) & set(INVISIBLE), hex(ord(character))
            assert composed.splitlines() == [composed], hex(ord(character))


def test_what_stands_before_a_colon_may_be_a_label_where_it_is_short() -> None:
    texts = ["负 责 人", "项目类别：思想引领类", "备注:略：无", "长" * 41, "长" * 40, "长" * 41 + "：短"]
    assert label_keys(texts) == {"负责人", "项目类别", "备注", "长" * 40}


def test_keys_name_what_they_announce_a_foreign_one_itself() -> None:
    assert WORDS.named({"项目类型", "项目类别", "备注", "阳光书屋"}) == {"kind", "备注"}
