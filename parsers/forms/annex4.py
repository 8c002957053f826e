"""Annex 4 (附件4 项目申报表): one project's application, ten labels with their values.

Known by at least five of the ten labels, each a cell of its own or before a colon, in one table, in
tables that follow one another, or in paragraphs; a list's header row (Annex 3) is none. Labels may be
renamed, values may stand right of a label, below it, behind it in the same cell, or run on over a page
break. The template's prompts are no content; another programme's form is none. Nothing is judged here.
"""

from __future__ import annotations

from parsers.beside import block_of, sections, title_of, with_lines
from parsers.choice import OPTIONS, chosen, has_lone_tick
from parsers.labelled import Layout, Stretch, is_list, is_title, names, place, stretches
from parsers.labels import Vocabulary
from parsers.model import DRAWN, Annex4, Document, Found, Grid, GridKind, Paragraph, Place, Transcript
from parsers.opinion import split_opinion, without_content_prompt
from parsers.printed import APPLICATION
from parsers.programme import names_another_programme
from parsers.seal import sealed
from parsers.text import lines, one_line
from parsers.values import Reader, Value

FORM = "annex4"

# The printed label of the opinion is long, and seldom written whole.
LABELS = APPLICATION | {"recommendation": "推荐意见"}
_ALIASES = {
    "project_name": "申报项目名称 申报项目 项目题目 项目全称",
    "university": "学校名称 高校名称 所在高校 学校 高校 院校名称 所在院校 申报学校 申报高校 所属学校 所属高校 推荐学校",
    "applicant": "申报单位 项目申报主体 项目主体 实施主体 项目申报单位 申报组织",
    "leader": "项目负责人 负责人姓名 项目负责人姓名 项目联系人 项目负责同学",
    "phone": "联系方式 电话 手机 手机号 手机号码 联系手机 电话号码 负责人电话 负责人联系方式 "
    "负责人联系电话 项目负责人电话 项目负责人联系方式 项目负责人联系电话 负责人手机号 联系人电话 负责人手机",
    "members": "团队成员 项目组成员 项目团队成员 成员 项目团队 主要成员 项目主要成员 成员名单 "
    "项目成员名单 参与成员 团队成员名单 项目组成员名单",
    "categories": "类别 项目类型 申报类别 所属类别 项目所属类别 申报项目类别",
    "period": "实施周期 起止时间 项目实施时间 项目周期 实施起止时间 项目实施周期 项目起止时间 "
    "开展时间 项目时间 实施期限 实施时段",
    "content": "内容 项目介绍 项目内容介绍 项目具体内容 项目简介 项目内容及成效 项目概况 项目主要内容 主要内容",
    "recommendation": "学校团委推荐意见及案例点评 学校团委推荐意见 学校团委意见 团委推荐意见 "
    "团委意见 校团委推荐意见 校团委意见 高校团委推荐意见 高校团委意见 学校推荐意见 学校意见 "
    "推荐意见及案例点评 案例点评 学校团委推荐意见及点评 团委推荐意见及案例点评 点评 "
    "校团委推荐意见及案例点评 学校团委审核意见 高校团委推荐意见及案例点评 学校团委推荐意见与案例点评",
}
_FOREIGN = (
    "备注 学院意见 院系意见 学院团委意见 院团委意见 学院推荐意见 院系推荐意见 学生会意见 校学生会意见 邮箱 电子邮箱 "
    "电子邮件 性别 民族 政治面貌 学院 专业 年级 班级 职务 学号 姓名 qq 微信 项目编号 编号 项目级别 附件 宣传报道链接 "
    "报道链接 链接 项目成果 项目成效 项目数量 序号 出生年月 所在学院 所在院系 通讯地址 指导单位意见 自治区学联意见 "
    "学联意见 上级意见 评审意见 填表日期"
)
# People beside the leader who may have a phone of their own.
_OTHERS = (
    "指导教师 指导老师 指导教师姓名 指导老师姓名 项目指导教师 项目指导老师 填表人 填报人 表格填写联系人 联系人 联系人姓名 "
    "学校联系人 高校联系人 团委联系人 校团委联系人 学校团委联系人"
)
_QUALIFIERS = "职务 学院 院系 专业 年级 班级 性别 民族 学号 邮箱 政治面貌 签字"
LAYOUT = Layout(
    Vocabulary(
        exact={label: name for name, label in LABELS.items()},
        aliases={alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()},
        foreign=frozenset([*_FOREIGN.split(), *_OTHERS.split()]),
        qualifiers=tuple(_QUALIFIERS.split()),
    ),
    long=("members", "content", "recommendation"),
    runs_on=("members", "content", "recommendation", "categories"),
    first="project_name",
    personal={"phone": "leader"},
    others=frozenset(_OTHERS.split()),
)
_FEWEST, _FEWEST_BESIDE_A_LIST = 5, 7
_NOT_FOUND = "未找到“{}”一栏"
# No reader sees the pictures of these formats, so nothing can be said about a seal.
_WITHOUT_PICTURES = frozenset({"xls", "xlsb", "ods", "et", "csv", "spreadsheetml"})
_BLANK = tuple(Annex4(sealed=sealed) for sealed in (None, False))


def _goes_on(form: list[Stretch], stretch: Stretch) -> bool:
    """Whether a table carries on the form before it rather than beginning another or being something else."""
    last = form[-1]
    if GridKind.SHEET in (last.grid.kind, stretch.grid.kind) or last.grid is stretch.grid:
        return False
    known = names(label for part in form for label in part.labels)
    new = names(stretch.labels)
    if "project_name" in new & known and len(new) >= 3:
        return False
    if not new:
        return "recommendation" not in known and stretch.block == last.block + 1
    return bool(new - known) or new <= set(LAYOUT.long)


def _forms(document: Document) -> list[list[Stretch]]:
    """The tables of each form; what has too few labels to be one is left out."""
    forms: list[list[Stretch]] = []
    for index, block in enumerate(document.blocks):
        if not isinstance(block, Grid) or is_list(block, LAYOUT):
            continue
        for stretch in stretches(index, block, LAYOUT):
            if forms and _goes_on(forms[-1], stretch):
                forms[-1].append(stretch)
            elif len(names(stretch.labels)) >= (3 if forms else 1):
                forms.append([stretch])
    return [form for form in forms if len(names(label for part in form for label in part.labels)) >= _FEWEST]


def _closing(document: Document, block: int) -> list[Paragraph]:
    """The few paragraphs right behind the form's last table, where a signature, date or seal may stand."""
    closing: list[Paragraph] = []
    for following in document.blocks[block + 1 : block + 7]:
        if isinstance(following, Grid) or len(following.text.strip()) > 30 or "附件" in following.text:
            break
        if is_title(following.text):
            # What hangs there belongs to the form that follows.
            break
        closing.append(following)
    return closing


def _sealed(values: dict[str, Value], title: list[Paragraph], closing: list[Paragraph], kind: str) -> bool | None:
    """A seal beside the opinion or behind the form; a floating one may be anchored anywhere in the form or at its title."""
    near = [*values["recommendation"].pictures, *(picture for part in closing for picture in part.pictures)]
    verdict = sealed(near)
    elsewhere = [picture for name, value in values.items() if name != "recommendation" for picture in value.pictures]
    elsewhere += [picture for part in title for picture in part.pictures]
    verdict = True if verdict is not True and sealed(elsewhere) else verdict
    return None if verdict is False and kind in _WITHOUT_PICTURES else verdict


def _is_drawn(value: Value) -> bool:
    """Whether a list in which nothing is selected bears a mark whose place cannot be told; a seal that lies there is none."""
    return has_lone_tick(value.text) or any(sealed([picture]) is None for picture in value.pictures)


def _transcribe(
    document: Document, form: list[Stretch], top: Stretch, title: list[Paragraph], closing: list[Paragraph]
) -> Transcript:
    reader = Reader(form, LAYOUT, LABELS, final="recommendation")
    values = reader.values
    opinion, signed = split_opinion(values["recommendation"].text)
    signed = signed or next((iso for part in closing if (iso := split_opinion(part.text)[1])), "")
    record = Annex4(
        project_name=one_line(values["project_name"].text),
        university=one_line(values["university"].text),
        applicant=one_line(values["applicant"].text),
        leader=one_line(values["leader"].text),
        phone=one_line(values["phone"].text),
        members=lines(values["members"].text),
        categories=chosen(values["categories"].runs),
        period=one_line(values["period"].text),
        content=without_content_prompt(values["content"].text),
        recommendation=opinion,
        signed_on=signed,
        sealed=_sealed(values, title, closing, document.format),
    )
    notes = [_NOT_FOUND.format(label) for name, label in LABELS.items() if values[name].label is None]
    notes += dict.fromkeys(reader.notes)
    if not record.categories and _is_drawn(values["categories"]):
        notes.append(DRAWN)
    return Transcript(FORM, document.format, record, _places(top, values), notes=tuple(notes))


def _found(document: Document, form: list[Stretch], whole: list[Stretch]) -> Found:
    """The form in these tables, `whole` with the lines around them."""
    block = form[0].block
    # Above the second form in a table stands the first.
    title = [] if form[0].first else title_of(document, block)
    return Found(block, _transcribe(document, whole, form[0], title, _closing(document, form[-1].block)))


def _places(top: Stretch, values: dict[str, Value]) -> dict[str, Place]:
    places = {
        name: value.place if value.label else place(top.grid, top.first, -1, LABELS[name])
        for name, value in values.items()
    }
    return places | dict.fromkeys(("signed_on", "sealed"), places["recommendation"])


def _in_paragraphs(document: Document) -> list[Found]:
    """Forms written without a table; beside a list only those with most of the labels, for a list is explained too."""
    if not any(isinstance(block, Paragraph) for block in document.blocks):
        return []
    lists = any(isinstance(block, Grid) and is_list(block, LAYOUT) for block in document.blocks)
    fewest = _FEWEST_BESIDE_A_LIST if lists else _FEWEST
    return [
        Found(block_of(document, part.labels[0].cell.row), _transcribe(document, [part], part, [], []))
        for block, grid in sections(document, LAYOUT)
        for part in stretches(block, grid, LAYOUT)
        if len(names(part.labels)) >= fewest
    ]


def _is_another_programme_s(document: Document, found: Found) -> bool:
    """Whether the title names another programme and no category printed or chosen is one of ours."""
    record = found.transcript.record
    assert isinstance(record, Annex4)
    printed = _NOT_FOUND.format(LABELS["categories"]) not in found.transcript.notes
    if printed and (not record.categories or not set(OPTIONS).isdisjoint(record.categories)):
        return False
    return names_another_programme(document, found.block, record.project_name)


def find(document: Document) -> list[Found]:
    """Every Annex 4 of the document in order; a blank one, or a hidden sheet's, only if there is no other."""
    forms = _forms(document)
    shown = [form for form in forms if not form[0].grid.hidden] or forms[:1]
    found = [
        _found(document, form, whole)
        for form, whole in zip(shown, with_lines(document, shown, LAYOUT, set(LABELS)), strict=True)
    ]
    found = [each for each in found or _in_paragraphs(document) if not _is_another_programme_s(document, each)]
    filled = [each for each in found if each.transcript.record not in _BLANK]
    return filled or [each._replace(blank=True) for each in found[:1]]
