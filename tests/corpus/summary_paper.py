"""Annex 3 as papers: a submission's truth laid out in the many ways universities lay it out, and the data it must give."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any

from corpus.plan import Box, Line, Paper, Table, across, box, line, table

PRINTED = {
    "university": "高校\n名称", "project_count": "项目数量", "number": "序号", "project_name": "项目名称",
    "summary": "项目简介\n（50字以内）", "category": "项目类别", "applicant": "申报主体", "links": "宣传报道链接",
    "leader": "项目\n负责人", "phone": "联系方式",
}  # fmt: skip
RENAMED = {
    "university": ("高校名称", "学校名称", "学校", "高 校 名 称"), "project_count": ("项目数量", "项目数", "申报项目数量", "项目数量（个）"),
    "number": ("序号", "编号", "序 号"), "project_name": ("项目名称", "项目名称*", "项目\n名称"),
    "summary": ("项目简介", "项目简介(50字以内)", "项目简介（不超过50字）", "简介"), "category": ("项目类别", "类别", "项目类别（10选1）", "申报类别"),
    "applicant": ("申报主体", "申报主体（校级/院级）", "项目申报主体"), "links": ("宣传报道链接", "宣传报道链接（如有）", "报道链接", "宣传链接"),
    "leader": ("项目负责人", "负责人", "负责人姓名", "项目负责人\n（姓名）"), "phone": ("联系方式", "联系电话", "手机号码", "联系方式（手机）", "负责人电话"),
}  # fmt: skip
TITLE = "内蒙古自治区高校学生会组织“我为同学做实事”项目汇总表"
NOTES = (
    "填表说明：",
    "1.请严格根据实际情况填写；项目类别需在正文中描述的10个类别中选择填写。",
    "2.为方便统计，项目数量只填写数字即可，不需要带“个”“项”等计数单位；",
)


def one_line(text: str) -> str:
    """What a one-line field must read."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def lines(text: str) -> str:
    """What a field of several lines must read."""
    return "\n".join(one_line(part) for part in text.splitlines() if part.strip())


def data(truth: dict[str, Any]) -> dict[str, Any]:
    """The data of contract §3 that this submission's Annex 3 must give."""
    keys = ("number", "project_name", "category", "applicant", "leader", "phone")
    return {
        "university": one_line(truth["university"]), "project_count": one_line(truth["count"]),
        "contact_name": one_line(truth["contact_name"]), "contact_phone": one_line(truth["contact_phone"]),
        "projects": [
            {key: one_line(row[key]) for key in keys} | {"summary": lines(row["summary"]), "links": list(row["links"])}
            for row in truth["projects"]
        ],
    }  # fmt: skip


def _contact(
    rng: Random, truth: dict[str, Any], width: int, way: str
) -> tuple[list[Line], list[list[Any]], list[list[Any]], list[Line]]:
    """The contact line: before the table, in rows on its top, in rows at its end, or behind it; one of the four is filled."""
    name, phone = truth["contact_name"], truth["contact_phone"]
    said = rng.choice((
        f"表格填写联系人：{name}            电话：{phone}", f"表格填写联系人：{name}\u3000\u3000电话:{phone}", f"表格填写联系人:{name} 电话:{phone}",
        f"2.为方便统计，项目数量只填写数字即可；          表格填写联系人：{name}        电话：{phone}", f"表格填写联系人：__{name}__ 电话：__{phone}__" if name and phone else "表格填写联系人：______ 电话：" + phone,
        f"填表联系人：{name}  联系电话：{phone}", f"联系人：{name}  电话：{phone}",
    ))  # fmt: skip
    way = way or rng.choice(("before", "before", "top", "below", "split", "two rows", "behind"))
    if way == "before":
        return [line(said)], [], [], []
    if way == "behind":
        return [], [], [], [line(said)]
    if way == "top":
        return [], [across(said, width)], [], []
    if way == "below":
        return [], [], [across(said, width)], []
    half = width - 4
    if way == "split":
        row = [box("表格填写联系人：", wide=2), None, name, "电话：", box(phone, wide=half), *[None] * (half - 1)]
        return [], [row], [], []
    rows = [
        [box(f"表格填写联系人：{name}", wide=width), *[None] * (width - 1)],
        [box(f"电话：{phone}", wide=width), *[None] * (width - 1)],
    ]
    return [], rows, [], []


def _phone(rng: Random, phone: str, sheet: bool) -> Box:
    if sheet and phone.isascii() and phone.isdigit() and phone.startswith("1"):
        return box(phone, number=rng.choice((int(phone), float(phone), None)))
    return box(phone)


def _cell(rng: Random, name: str, row: dict[str, Any], sheet: bool) -> Box:
    if name == "phone":
        return _phone(rng, row["phone"], sheet)
    if name == "number":
        return box(row["number"], number=int(row["number"]) if sheet and row["number"].isdigit() else None)
    if name == "links":
        linked = (
            not row.get("bare_links")
            and len(row["links"]) == 1
            and row["links"][0].startswith("http")
            and rng.random() < 0.4
        )
        return Box(links=row["links"]) if linked else box(row["links_text"])
    return box(row[name])


def paper(rng: Random, truth: dict[str, Any], sheet: bool, style: str = "", contact: str = "") -> Paper:
    """One layout of this Annex 3; `style` (see STYLES) and `contact` (where its line stands) may ask for a particular one."""
    style = style or rng.choice(STYLES)
    names = list(PRINTED)
    if style == "reordered":
        rest = names[3:]
        rng.shuffle(rest)
        names = [*names[:3], *rest]
    heads: dict[str, str] = {name: rng.choice(RENAMED[name]) if style == "renamed" else PRINTED[name] for name in names}
    if style == "extra columns":
        names.insert(rng.randrange(4, len(names)), "x指导教师")
        names.append("x备注")
    width = len(names)
    before, top, below, behind = _contact(rng, truth, width, contact)
    rows: list[list[Any]] = [*top]
    rows += _header(names, heads, style)
    rows += _rows(rng, names, truth, sheet, style)
    rows += below
    if style == "notes below":
        rows.append(across("注：每所高校最多申报5个项目；有研究生的高校可加报2个研究生会项目。", width))
    notes = [line(note) for note in NOTES] if rng.random() < 0.7 else []
    if style == "title in table":
        head = [across(TITLE, width)] if before else [across(TITLE, width), across("\n".join(NOTES), width)]
        return [*before, table([*head, *rows]), *behind]
    start = [*([line("附件3")] if rng.random() < 0.7 else []), line(TITLE), *notes, *before]
    if style == "split over pages" and not sheet and len(truth["projects"]) > 2:
        first, second = _broken(rows, len(rows) - 2)
        if first:
            return [*start, first, line(""), second, *behind]
    return [*start, table(rows), *behind]


def _broken(rows: list[list[Any]], cut: int) -> tuple[Table | None, Table]:
    """The rows as two tables, unless a cell reaches over the break."""
    for y, row in enumerate(rows[:cut]):
        if any(isinstance(cell, Box) and y + cell.high > cut for cell in row):
            return None, table(rows)
    return table(rows[:cut]), table(rows[cut:])


def _header(names: list[str], heads: dict[str, str], style: str) -> list[list[Any]]:
    texts = [heads.get(name, name.removeprefix("x")) for name in names]
    if style != "two levels":
        return [list(texts)]
    upper: list[Any] = [box(text, high=2) for text in texts]
    lower: list[Any] = [None] * len(texts)
    at = names.index("leader")
    if names[at + 1 : at + 2] == ["phone"]:
        upper[at : at + 2] = [box("负责人信息", wide=2), None]
        lower[at : at + 2] = ["项目负责人", "联系方式"]
    return [upper, lower]


def _rows(rng: Random, names: list[str], truth: dict[str, Any], sheet: bool, style: str) -> list[list[Any]]:
    projects = truth["projects"]
    blank = rng.choice((0, 0, 5 - len(projects), 2)) if truth.get("blank_rows") is None else truth["blank_rows"]
    total = len(projects) + max(0, blank)
    shared = rng.choice(("merged", "merged", "repeated", "first row")) if style != "split over pages" else "first row"
    count = truth["count"]
    counted = (
        box(count, number=int(count))
        if sheet and count.isascii() and count.isdigit() and rng.random() < 0.7
        else box(count)
    )
    rows: list[list[Any]] = []
    for index in range(total):
        filled = projects[index] if index < len(projects) else None
        row: list[Any] = []
        for name in names:
            if name in ("university", "project_count"):
                own = box(truth["university"]) if name == "university" else counted
                if shared == "merged":
                    row.append(Box(own.pieces, high=total, number=own.number) if not index else None)
                else:
                    row.append(own if not index or (shared == "repeated" and filled) else "")
            elif name.startswith("x"):
                row.append("周老师" if filled and name == "x指导教师" else "")
            elif filled:
                row.append(_cell(rng, name, filled, sheet))
            else:
                row.append(str(index + 1) if name == "number" else "")
        rows.append(row)
    return rows


STYLES = (
    "printed",
    "printed",
    "renamed",
    "reordered",
    "extra columns",
    "two levels",
    "notes below",
    "title in table",
    "split over pages",
)
