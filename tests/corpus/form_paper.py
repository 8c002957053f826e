"""Annex 4 as papers: one project's truth laid out in the many ways universities lay it out, and the data it must give."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from corpus import marks
from corpus.plan import Box, Line, Paper, Piece, across, box, line, table
from corpus.summary_paper import lines, one_line

PROMPT = "可另附项目相关图文资料"
OPINION = "学校团委推荐意见及案例\n点评"


def data(row: dict[str, Any], sealed: bool | None) -> dict[str, Any]:
    """The data of contract §3 that this project's Annex 4 must give."""
    return {
        "project_name": one_line(row["form_name"]), "university": one_line(row["form_university"]), "applicant": one_line(row["form_applicant"]),
        "leader": one_line(row["form_leader"]), "phone": one_line(row["form_phone"]), "members": lines(row["members"]),
        "categories": row.get("choices", [row["choice"]]), "period": one_line(row["period"]), "content": lines(row["content"]),
        "recommendation": row["recommendation"], "signed_on": row["signed_on"], "sealed": sealed,
    }  # fmt: skip


def _content(rng: Random, row: dict[str, Any]) -> str:
    text = row["content"]
    return rng.choice((text, text, f"{text}\n\n\n{PROMPT}", f"{text}\n\n（{PROMPT}）\n", f"\n{text}\n"))


def _label(rng: Random, text: str, colon: bool) -> str:
    if len(text) == 4 and rng.random() < 0.15:
        text = f"{text[:2]}\n{text[2:]}"
    return text + ("：" if colon else "")


def paper(rng: Random, row: dict[str, Any], way: Sequence[Piece], style: str = "") -> Paper:
    """One layout of this Annex 4 with the category marked like this; `style` may ask for a particular one."""
    style = style or rng.choice(STYLES)
    colon = style == "colons"
    named = {
        "项目名称": row["form_name"], "所在学校": row["form_university"], "申报主体": row["form_applicant"],
        "负 责 人": row["form_leader"], "联系电话": row["form_phone"], "项目成员": row["members"], "项目类别": tuple(way),
        "实施时间": row["period"], "项目内容": _content(rng, row), OPINION: Box((Piece(row["opinion"]),), seal=row["sealed"]),
    }  # fmt: skip
    title = line("“我为同学做实事”项目申报表")
    top = [line("附件4"), title] if rng.random() < 0.7 else [title]
    if style == "paragraphs":
        return [*top, *_paragraphs(named)]
    if style == "some paragraphs":
        first = [line(f"{label}：{named[label]}") for label in ("项目名称", "所在学校", "申报主体")]
        return [*top, *first, table(_wide(rng, named, tuple(named)[3:], False))]
    rows = {
        "four side by side": _side_by_side, "values below": _below, "one column": lambda r, n, c: _wide(r, n, tuple(n), c),
        "extra rows": _extra, "section column": _section, "inline": _inline, "reordered": _reordered,
    }.get(style, _printed)(rng, named, colon)  # fmt: skip
    if style == "title in table":
        return [table([across("“我为同学做实事”项目申报表", 4), *rows])]
    if style == "split over pages":
        cut = rng.randrange(3, 7)
        return [*top, table(rows[:cut]), line(""), table(rows[cut:])]
    if style == "nested":
        return [*top, table([[Box(inner=table(rows))]])]
    return [*top, table(rows)]


def _printed(rng: Random, named: dict[str, Any], colon: bool) -> list[list[Any]]:
    def label(text: str) -> str:
        return _label(rng, text, colon)

    return [
        [label("项目名称"), named["项目名称"], label("所在学校"), named["所在学校"]],
        [label("申报主体"), box(named["申报主体"], wide=3), None, None],
        [label("负 责 人"), named["负 责 人"], label("联系电话"), named["联系电话"]],
        *[
            [label(text), *across(_wide_box(named[text], 3), 3)]
            for text in ("项目成员", "项目类别", "实施时间", "项目内容", OPINION)
        ],
    ]


def _wide_box(value: Any, wide: int) -> Box:
    if isinstance(value, Box):
        return Box(value.pieces, wide, 1, value.number, value.links, value.seal)
    return box(value, wide=wide)


def _wide(rng: Random, named: dict[str, Any], labels: Sequence[str], colon: bool) -> list[list[Any]]:
    return [[_label(rng, text, colon), named[text]] for text in labels]


def _reordered(rng: Random, named: dict[str, Any], colon: bool) -> list[list[Any]]:
    rows = _printed(rng, named, colon)
    middle = rows[1:6]
    rng.shuffle(middle)
    return [rows[0], *middle, *rows[6:]]


def _side_by_side(rng: Random, named: dict[str, Any], _: bool) -> list[list[Any]]:
    labels = ("项目名称", "所在学校", "负 责 人", "联系电话")
    rest = [
        [text, *across(_wide_box(named[text], 3), 3)]
        for text in ("申报主体", "项目成员", "项目类别", "实施时间", "项目内容", OPINION)
    ]
    return [[_label(rng, text, False) for text in labels], [named[text] for text in labels], *rest]


def _below(rng: Random, named: dict[str, Any], _: bool) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for left, right in (("项目名称", "所在学校"), ("负 责 人", "联系电话"), ("申报主体", "实施时间")):
        rows += [[_label(rng, left, False), _label(rng, right, False)], [named[left], named[right]]]
    for text in ("项目成员", "项目类别", "项目内容", OPINION):
        rows += [across(text, 2), across(_wide_box(named[text], 2), 2)]
    return rows


def _extra(rng: Random, named: dict[str, Any], colon: bool) -> list[list[Any]]:
    rows = _printed(rng, named, colon)
    rows.insert(3, ["指导教师", "冯老师", "联系电话", "0471-6000009"])
    rows.insert(4, ["政治面貌", "共青团员", "所在学院", "数学科学学院"])
    return rows


def _section(rng: Random, named: dict[str, Any], colon: bool) -> list[list[Any]]:
    rows = _printed(rng, named, colon)
    return [
        [box("基本信息", high=6) if not y else (None if y < 6 else box(("项目", "推荐")[y - 6])), *row]
        for y, row in enumerate(rows)
    ]


def _inline(_: Random, named: dict[str, Any], __: bool) -> list[list[Any]]:
    return [
        [f"项目名称：{named['项目名称']}", f"所在学校：{named['所在学校']}"],
        across(f"申报主体：{named['申报主体']}", 2),
        [f"负责人：{named['负 责 人']}", f"联系电话：{named['联系电话']}"],
        across(f"项目成员：{named['项目成员']}", 2),
        across((Piece("项目类别：\n"), *named["项目类别"]), 2),
        across(f"实施时间：{named['实施时间']}", 2),
        across(f"项目内容：\n{named['项目内容']}", 2),
        across(Box((Piece("学校团委推荐意见及案例点评：\n"), *named[OPINION].pieces), 2, seal=named[OPINION].seal), 2),
    ]


def _paragraphs(named: dict[str, Any]) -> Paper:
    parts: list[Line] = []
    for label, value in named.items():
        plain = label.replace(" ", "").replace("\n", "")
        if plain == "项目类别":
            parts.append(Line((Piece("项目类别："), *value)))
        elif isinstance(value, Box):
            parts.append(Line((Piece(f"{plain}：{value.text}"),), value.seal))
        else:
            # Only the long fields have lines of their own where nothing encloses them.
            parts.append(line(f"{plain}：{value if plain in ('项目成员', '项目内容') else one_line(value)}"))
    return parts


STYLES = (
    "printed", "printed", "printed", "colons", "title in table", "split over pages", "nested", "four side by side", "values below",
    "one column", "extra rows", "section column", "inline", "reordered", "paragraphs", "some paragraphs",
)  # fmt: skip
ONLY_WORD = ("nested", "split over pages", "paragraphs", "some paragraphs")
# What each program can write; an office drops a field without a result, so nothing of an encircled tick is left behind it.
_STYLED = {**marks.PLAIN, **marks.STYLED}
WAYS = {
    "xlsx": marks.PLAIN, "library": _STYLED, "xml": {**_STYLED, **marks.WORD},
    "office": {**_STYLED, **{name: way for name, way in marks.WORD.items() if name != "encircled"}},
}  # fmt: skip
