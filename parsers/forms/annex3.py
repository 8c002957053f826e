"""Annex 3 (附件3 项目汇总表): one university's projects as rows under a header of ten labels.

Known by a row in which at least four of the ten labels stand in distinct cells, 项目名称 among them, and
outnumber other texts; with so few it must also say somewhere that it is this list. Labels may be renamed, reordered or on two levels; the contact line may stand above,
below or outside the table. Sample text of the template is blank. A table that goes on behind a page break
is the same form; another university's table or another sheet is a form of its own. A list in a covering letter, or nested
in a field of another form, is none. Nothing is judged here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from parsers.bounds import MOST_PROJECTS
from parsers.contact import Contact
from parsers.contacts import contacts
from parsers.labels import Vocabulary
from parsers.listing import Header, headers
from parsers.model import Annex3, Document, Found, Grid, GridKind, Project, Transcript
from parsers.projects import LABELS, PER_FORM, PER_PROJECT, Table, read_rows
from parsers.text import fold, one_line

FORM = "annex3"
# Fewer of the ten labels a list of other projects may have as well.
_ENOUGH_LABELS = 7
# A list of people may name their school and project, but nothing else of these.
_TELLING = frozenset((*PER_FORM, "summary", "category", "applicant", "links"))
_TITLE = re.compile(r"附件[3三]|项目(?:申报|推荐|报送|申请)?汇总表|实事.{0,12}汇总")

_ALIASES = {
    "university": "学校名称 学校 高校 所在学校 所在高校 院校名称 院校 单位名称 报送单位 报送学校 推荐学校 "
    "申报学校 申报高校 学校全称 高校全称",
    "project_count": "项目数 申报数量 申报项目数量 项目总数 数量 项目个数 申报项目数 推荐项目数量",
    "number": "编号 项目序号 项目编号 no",
    "project_name": "项目 名称 申报项目名称 项目题目 申报项目 推荐项目名称 项目全称",
    "summary": "简介 项目介绍 项目概况 项目简要介绍 内容简介 项目内容简介 项目简述 项目内容",
    "category": "类别 项目类型 类型 申报类别 项目所属类别 所属类别 申报项目类别",
    "applicant": "主体 申报单位 项目申报主体 项目主体 实施主体 申报组织 项目申报单位 申报学生会",
    "links": "报道链接 宣传链接 链接 宣传报道 新闻链接 项目宣传链接 项目宣传报道链接 媒体报道链接 "
    "相关链接 新闻报道链接",
    "leader": "负责人 负责人姓名 项目负责人姓名 项目联系人 项目负责同学 姓名",
    "phone": "联系电话 电话 手机号 手机 手机号码 负责人电话 负责人联系方式 负责人联系电话 项目负责人电话 "
    "项目负责人联系方式 项目负责人联系电话 负责人手机 负责人手机号 联系手机 联系号码 电话号码 "
    "负责人手机号码 项目负责人手机号",
}
_FOREIGN = (
    "备注 项目级别 级别 项目成员 成员 项目团队 团队成员 学院 所在学院 院系 实施时间 项目周期 邮箱 电子邮箱 "
    "推荐意见 指导教师 指导老师 项目成果 职务 表格填写联系人 联系人 填表人 学校类别 高校类别 学校层次"
)
_QUALIFIERS = "职务 学院 院系 专业 年级 班级 性别 民族 学号 邮箱 政治面貌 身份证号 单位"
VOCABULARY = Vocabulary(
    exact={label: name for name, label in LABELS.items()},
    aliases={alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()},
    foreign=frozenset(_FOREIGN.split()),
    qualifiers=tuple(_QUALIFIERS.split()),
)


def _tables(document: Document) -> list[Table]:
    """Every table with a header of its own, and every headless one that carries on the one before it."""
    tables: list[Table] = []
    for index, block in enumerate(document.blocks):
        if not isinstance(block, Grid):
            continue
        found = headers(block, VOCABULARY, "project_name")
        if not found and tables and _continues(document, tables[-1], index, block):
            found = [Header(-1, 0, tables[-1].header.columns)]
        ends = [header.top for header in found[1:]] + [block.row_count]
        for header, end in zip(found, ends, strict=False):
            table = Table(index, block, header)
            read_rows(table, end)
            tables.append(table)
    return tables


def _continues(document: Document, last: Table, index: int, grid: Grid) -> bool:
    """Whether a headless table carries on the last one: right after it, as wide, its numbers going on."""
    between = document.blocks[last.block + 1 : index]
    if any(isinstance(block, Grid) or block.text.strip() for block in between):
        return False
    number = last.header.columns.get("number")
    if GridKind.SHEET in (grid.kind, last.grid.kind) or number is None or not last.projects:
        return False
    first = grid.at(0, number.start)
    text, previous = one_line(first.text) if first else "", last.projects[-1].number
    numbered = previous.isdecimal() and text.isdecimal() and int(text[:9]) == int(previous[:9]) + 1
    return numbered and grid.column_count == last.grid.column_count


def _belongs(first: Table, known: str, names: list[str], table: Table) -> bool:
    """Whether the table is a further part of a form rather than another university's or sheet's.

    Of the form: its first table, its university as far as known, and the names of its projects so far.
    """
    if table.grid.kind is GridKind.SHEET and table.grid is not first.grid:
        return False
    # A list of something else may follow the form.
    if not _has_most(table) and table.header.columns.keys() != first.header.columns.keys():
        return False
    university = table.values.get("university", "")
    if university and known and fold(university) != fold(known):
        return False
    # The same list twice is a copy of the form and not more of it.
    return not names or [project.project_name for project in table.projects] != names


@lru_cache(maxsize=MOST_PROJECTS)
def _project_fields(index: int) -> tuple[str, ...]:
    """The names of a project as a whole and of its fields."""
    return (f"projects.{index}", *[f"projects.{index}.{name}" for name in PER_PROJECT])


def _transcribe(document: Document, form: list[Table], contact: Contact | None) -> Transcript:
    first = form[0]
    top = max(first.header.top, 0)
    places = {"projects": first.grid.place(top, -1)}
    for name in PER_FORM:
        blank = first.field_place(first.header.bottom, name)
        places[name] = next((table.places[name] for table in form if name in table.places), blank)
    places["contact_name"] = contact.name_place if contact else first.grid.place(top, -1, "表格填写联系人")
    places["contact_phone"] = contact.phone_place if contact else first.grid.place(top, -1, "电话")
    projects: list[Project] = []
    for table in form:
        for index, spots in enumerate(table.spots, len(projects)):
            places.update(zip(_project_fields(index), spots, strict=True))
        projects += table.projects
    notes = [f"未找到“{label}”一栏" for name, label in LABELS.items() if name not in first.header.columns]
    notes += [] if contact else ["未找到“表格填写联系人”一栏"]
    notes += dict.fromkeys(note for table in form for note in table.notes)
    shared = {name: next((t.values[name] for t in form if t.values.get(name)), "") for name in PER_FORM}
    # Tables that each state their own number, as one for the 学生会 and one for the 研究生会 may, state that of all.
    if len(form) > 1 and all(fold(t.values.get("project_count", "")) == str(len(t.projects)) for t in form):
        shared["project_count"] = str(len(projects))
    record = Annex3(
        contact_name=contact.name if contact else "",
        contact_phone=contact.phone if contact else "",
        projects=tuple(projects),
        **shared,
    )
    return Transcript(FORM, document.format, record, places, notes=tuple(notes))


def find(document: Document) -> list[Found]:
    """Every Annex 3 of the document in order; a blank one, or a hidden sheet's, only if there is no other."""
    forms: list[list[Table]] = []
    university, names = "", list[str]()
    for table in _tables(document):
        if forms and _belongs(forms[-1][0], university, names, table):
            forms[-1].append(table)
        else:
            forms.append([table])
            university, names = "", []
        university = university or table.values.get("university", "")
        names += [project.project_name for project in table.projects]
    forms = [form for form in forms if _says_so(document, form)]
    forms = [form for form in forms if not form[0].grid.hidden] or forms[:1]
    forms = _filled(forms) or forms[:1]
    return [
        Found(form[0].block, _transcribe(document, form, contact), all(table.blank for table in form))
        for form, contact in zip(forms, contacts(document, forms), strict=True)
    ]


def _says_so(document: Document, form: list[Table]) -> bool:
    """Whether a list is this one rather than any list of projects, such as one of former years.

    It has most of the labels, or such as no other list has together, or bears the annex's number, title or contact line.
    """
    first = form[0]
    if _is_content(document, first):
        return first.header.columns.keys() >= set(PER_FORM)
    if any(map(_has_most, form)):
        return True
    above = [text for row in range(max(first.header.top, 0)) for _, text in first.grid.texts(row)]
    for block in reversed(document.blocks[: first.block]):
        if isinstance(block, Grid):
            break
        above.append(block.text)
    if any(_TITLE.search(fold(text)) for text in (first.grid.name, *above)):
        return True
    contact = contacts(document, [form])[0]
    return contact is not None and contact.is_own


def _is_content(document: Document, table: Table) -> bool:
    """Whether a list stands nested in a cell that has another beside it, as in an Annex 4 beside a label."""
    if table.grid.kind is GridKind.SHEET:
        return False
    header = "".join("".join(text.split()) for _, text in table.grid.texts(table.header.top))
    # A nested table follows the one it stands in, and in the text of that its cells are parted by tabs.
    for host in reversed(document.blocks[: table.block]):
        if not isinstance(host, Grid) or host.kind is not GridKind.TABLE:
            return False
        for texts in map(host.texts, host.written_rows):
            if len(texts) > 1 and any("\t" in text and header in "".join(text.split()) for _, text in texts):
                return True
    return False


def _has_most(table: Table) -> bool:
    """Whether a header names most of the columns, or school or number beside what is told of projects only."""
    labels = table.header.columns.keys()
    telling = labels & _TELLING
    return len(labels) >= _ENOUGH_LABELS or (len(telling) > 1 and not telling.isdisjoint(PER_FORM))


def _filled(forms: list[list[Table]]) -> list[list[Table]]:
    """The forms that say anything of their own: a project, or a university of which no other form has one."""
    listing = {table.values.get("university", "") for form in forms for table in form if table.projects}
    return [
        form
        for form in forms
        if any(table.projects or table.values.get("university", "") not in {"", *listing} for table in form)
    ]
