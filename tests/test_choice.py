"""Which option is selected where it is said in words, by a number, by brackets or by a sign nobody has foreseen."""

from __future__ import annotations

import pytest

from parsers.choice import OPTIONS, chosen, has_lone_tick
from parsers.model import Run

LINES = (OPTIONS[:4], OPTIONS[4:8], OPTIONS[8:])
CHOICE = "心理健康类"
NUMBERS = ("1.", "①", "（1）", "A.", "一、")


def printed(mark: str = "{}", others: str = "{}", choice: str = CHOICE) -> str:
    """The list as the template prints it; `mark` and `others` are what stands around the choice and around the rest."""
    words = {option: (mark if option == choice else others).format(option) for option in OPTIONS}
    return "\n".join("  ".join(words[option] for option in line) for line in LINES)


def numbered(first: str, apart: str = "\n") -> str:
    """The list with numbers of one kind in front of all options."""
    kinds = {
        "1.": [f"{number}." for number in range(1, 11)],
        "①": list("①②③④⑤⑥⑦⑧⑨⑩"),
        "（1）": [f"（{number}）" for number in range(1, 11)],
        "A.": [f"{letter}." for letter in "ABCDEFGHIJ"],
        "一、": [f"{number}、" for number in "一二三四五六七八九十"],
    }
    return apart.join(number + option for number, option in zip(kinds[first], OPTIONS, strict=True))


def selected(text: str) -> tuple[str, ...]:
    return chosen([Run(text)])


@pytest.mark.parametrize("choice", ["思想引领类", "心理健康类", "校园治理类", "其他类"])
@pytest.mark.parametrize(
    "mark",
    [
        "{}（选）", "{}（已选）", "{}（是）", "{}：是", "{} （选择）", "{}【选】", "{}Y", "{}（Y）", "Y {}", "P{}", "▲{}", "{}▲", "▲ {}",
        "{}∨", "∨{}", "{}（∨）", "【{}】", "（{}）", "“{}”", "《{}》", "[{}]", "☞{}", "{}👍",
    ],
)  # fmt: skip
def test_what_stands_at_one_option_alone_selects_it(mark: str, choice: str) -> None:
    assert selected(printed(mark, choice=choice)) == (choice,)
    assert selected("、".join(mark.format(option) if option == choice else option for option in OPTIONS)) == (choice,)


@pytest.mark.parametrize(
    ("mark", "others"),
    [
        ("{}：是", "{}：否"),
        ("{}（是）", "{}（否）"),
        ("{}（∨）", "{}（ ）"),
        ("（∨）{}", "（ ）{}"),
        ("▲{}", "△{}"),
        ("{}Y", "{}N"),
        ("R{}", "£{}"),
        ("þ{}", "¨{}"),
    ],
)
def test_what_stands_at_one_option_and_its_contrary_at_all_others_selects_it(mark: str, others: str) -> None:
    assert selected(printed(mark, others)) == (CHOICE,)


@pytest.mark.parametrize(
    "mark",
    ["{}（选）", "{}：是", "{}：否", "{}（是/否）", "{}Y", "▲{}", "【{}】", "（{}）", "{}▲", "“{}”", "△{}", "{}是 否"],
)
def test_what_stands_at_all_options_selects_none(mark: str) -> None:
    assert selected(printed(mark, mark)) == ()
    assert selected(printed("{}", mark)) == ()


@pytest.mark.parametrize("first", NUMBERS)
def test_numbers_in_front_of_all_options_select_none(first: str) -> None:
    assert selected(numbered(first)) == selected(numbered(first, "  ")) == ()


@pytest.mark.parametrize("explained", [
    "{}（请注明）", "{}（请注明：    ）", "{}：____", "{}（         ）", "{}（含校园安全）", "{}（校园安全）", "{}，请说明", "{} 等",
    "{}（请注明：社会实践）", "{}：社会实践", "{}*", "{}※", "{}→", "→{}", "{}…", "{}|", "{}+",
])  # fmt: skip
@pytest.mark.parametrize("choice", ["其他类", "心理健康类"])
def test_an_explanation_or_a_line_to_fill_in_selects_nothing(explained: str, choice: str) -> None:
    assert selected(printed(explained, choice=choice)) == ()
    assert selected(printed("√" + explained, choice=choice)) == (choice,)


@pytest.mark.parametrize(
    "prompt",
    [
        "选择一项", "可多选", "（单选）", "请选：", "（请选1项）", "选一项", "选1项", "任选1", "（选1）", "选择：", "是", "（选一）",
        "（每项目限选1类）", "选：1项", "▲请选择一项：", "（请在所选类别后打√）", "选 1", "选：11", "选：0", "（选填：1-10）",
    ],
)  # fmt: skip
def test_a_prompt_before_or_behind_the_list_selects_nothing(prompt: str) -> None:
    for text in (printed(), numbered("1."), numbered("A.", "  ")):
        assert selected(f"{prompt}\n{text}") == ()
        assert selected(f"{text}\n{prompt}") == ()


@pytest.mark.parametrize("prompt", ["选择：", "（选）", "选 ", "（单选）", "请选择："])
def test_a_prompt_right_in_front_of_the_first_option_is_no_mark(prompt: str) -> None:
    assert selected(prompt + printed()) == ()


def test_a_bullet_in_front_of_each_line_selects_nothing_and_two_marks_select_two() -> None:
    assert selected("\n".join("▲" + line for line in printed().splitlines())) == ()
    two = printed("{}（选）").replace("其他类", "其他类（选）")
    assert selected(two) == ("心理健康类", "其他类")
    assert selected("▲请选择\n" + printed("√{}")) == (CHOICE,)
    assert selected(printed("▲{}").replace("其他类", "√其他类")) == ("其他类",)


@pytest.mark.parametrize(
    "said",
    [
        "类别：心理健康",
        "所选类别：心理健康",
        "所选类别为：心理健康",
        "选择：心理健康",
        "（选：心理健康）",
        "项目类别:心理健康。",
        "申报类别：“心理健康”",
    ],
)
def test_a_category_named_on_a_line_of_its_own_may_lack_its_last_letter(said: str) -> None:
    assert selected(f"{printed()}\n{said}") == (CHOICE,)
    assert selected(f"{said}\n{printed()}") == (CHOICE,)


@pytest.mark.parametrize(
    "said",
    [
        "请注明：社会实践",
        "（请注明：社会实践）",
        "具体说明：社会实践",
        "如选其他类：社会实践",
        "注：选其他类，须另附说明",
        "若为其他类请注明",
        "如：社会实践",
        "不选：社会实践",
        "类别名称：社会实践类似项目",
    ],
)
def test_a_category_named_in_an_explanation_is_not_selected(said: str) -> None:
    for text in (f"{printed()}\n{said}", f"{said}\n{printed()}"):
        assert selected(text) == ()
        assert selected(text.replace("活动类  其他", "活动类  √其他")) == ("其他类",)


@pytest.mark.parametrize(
    "said",
    ["备注：心理健康类", "说明：本项目属于心理健康类", "本项目类别如下：心理健康类", "关注学生心理，选心理健康类"],
)
def test_a_category_named_in_a_statement_is_selected(said: str) -> None:
    assert selected(f"{printed()}\n{said}") == (CHOICE,)


@pytest.mark.parametrize(
    "said",
    ["选：5", "选⑤", "选择：5", "选择 第5项", "（选：5）", "选: 5。", "所选类别：5", "选第5类", "类别序号：5", "选：⑤"],
)
def test_a_category_may_be_told_by_its_number(said: str) -> None:
    for text in (printed(), *(numbered(first) for first in NUMBERS if first != "A."), numbered("1.", "  ")):
        assert selected(f"{text}\n{said}") == (CHOICE,)


def test_a_number_is_the_one_printed_and_a_letter_needs_letters() -> None:
    assert selected(f"{numbered('A.')}\n选择：E") == (CHOICE,)
    assert selected(f"{numbered('A.')}\n选择：5") == ()
    assert selected(f"{printed()}\n选择：E") == ()
    others = numbered("1.").replace("5.心理健康类", "6.心理健康类").replace("6.民族", "5.民族")
    assert selected(f"{others}\n选：5") == ("民族团结类",)
    # A list of which a line is missing has no fifth entry that is sure.
    assert selected(f"{'  '.join(OPTIONS[2:])}\n选：5") == ()


def test_a_number_that_disagrees_with_a_tick_selects_two() -> None:
    assert selected(f"{printed('√{}', choice='其他类')}\n选：5") == ("心理健康类", "其他类")


@pytest.mark.parametrize("choice", ["思想引领类", "心理健康类", "其他类"])
def test_a_tick_in_the_row_below_the_names_selects_the_one_above_it(choice: str) -> None:
    ticks = "\t".join("√" if option == choice else "" for option in OPTIONS)
    assert selected("\t".join(OPTIONS) + "\n" + ticks) == (choice,)
    boxes = "\t".join("☑" if option == choice else "☐" for option in OPTIONS)
    assert selected("\t".join(OPTIONS) + "\n" + boxes) == (choice,)


def test_a_row_of_ticks_that_may_belong_to_the_row_below_it_selects_nothing() -> None:
    upper, lower = "\t".join(OPTIONS[:5]), "\t".join(OPTIONS[5:])
    for text in (f"{upper}\n\t\t√\n{lower}", "\t\t\t√\n" + "\t".join(OPTIONS), f"{upper}\n{lower}\n\t√\t\t\t"):
        assert selected(text) == ()
        assert has_lone_tick(text)
    assert selected("\t".join(OPTIONS) + "\n\t√\t\t√" + "\t" * 6) == ("学业促进类", "社会实践类")


@pytest.mark.parametrize("choice", ["思想引领类", "心理健康类", "其他类"])
@pytest.mark.parametrize("tick", "√✓☑∨")
def test_a_tick_among_the_letters_of_an_option_is_its_own(choice: str, tick: str) -> None:
    for at in range(1, len(choice)):
        over = f"{choice[:at]}{tick}{choice[at:]}"
        assert selected(printed(over, choice=choice)) == (choice,)
        assert selected("".join(over if option == choice else option for option in OPTIONS)) == (choice,)


def test_a_tick_among_letters_and_another_elsewhere_select_two() -> None:
    assert selected(printed("心√理健康类").replace("其他类", "√其他类")) == ("心理健康类", "其他类")
    assert selected(printed("□{}", "□{}").replace("心理", "心√理")) == (CHOICE,)
