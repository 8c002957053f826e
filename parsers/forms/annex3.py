"""Annex 3 (附件3 项目汇总表): one university's projects as rows under a header of ten labels.

Known by a row in which at least four of the ten labels stand in distinct cells, 项目名称 among them, and
outnumber other texts. Labels may be renamed, reordered or on two levels; the contact line may stand above,
below or outside the table. Sample text of the template is blank. A table that goes on behind a page break
is the same form; another university's table or another sheet is a form of its own. Nothing is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from parsers.contact import Contact, around, cell_rows, find_contact, split_number
from parsers.labels import Vocabulary
from parsers.links import split_links
from parsers.listing import Header, cells_in, headers, is_remark
from parsers.model import (
    Annex3,
    Cell,
    CellKind,
    Document,
    Found,
    Grid,
    GridKind,
    Place,
    Project,
    Transcript,
    column_letters,
)
from parsers.text import fold, lines, one_line

FORM = "annex3"

LABELS = {
    "university": "高校名称",
    "project_count": "项目数量",
    "number": "序号",
    "project_name": "项目名称",
    "summary": "项目简介",
    "category": "项目类别",
    "applicant": "申报主体",
    "links": "宣传报道链接",
    "leader": "项目负责人",
    "phone": "联系方式",
}
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
_PER_FORM = ("university", "project_count")
_PER_PROJECT = tuple(name for name in LABELS if name not in _PER_FORM)
_SAMPLES = {
    "project_name": re.compile(r"[x×*✕✖╳某]{1,4}项目"),
    "applicant": re.compile(r"[x×*✕✖╳某]*校级学生会[/、|\\或者]+[x×*✕✖╳某]*二级学院学生会"),
}


@dataclass
class Table:
    """What one grid, or the part of it below one header, adds to a form while it is being read."""

    block: int
    grid: Grid
    header: Header
    projects: list[Project] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    remarks: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def place(self, row: int, column: int, label: str) -> Place:
        return Place(self.grid.kind, self.grid.name, self.grid.ordinal, row, column, label)

    def field_place(self, row: int, name: str) -> Place:
        """The place of a field in this row; of a field without a column, the header's."""
        column = self.header.columns.get(name)
        if column is None:
            return self.place(max(self.header.top, 0), -1, LABELS[name])
        return self.place(row, column.start, column.label)

    @property
    def blank(self) -> bool:
        return not self.projects and not self.values.get("university")


def _groups(table: Table, end: int) -> Iterator[range]:
    """The rows below the header, those that share a merged project name together."""
    row = table.header.bottom
    while row < end:
        last = row + 1
        if not table.grid.row(row):
            # A stray cell at the very bottom of a sheet leaves a million empty rows above it.
            row = last
            continue
        if not is_remark(table.grid, row, table.header):
            named = cells_in(table.grid, row, table.header.columns["project_name"])
            if named and named[0].text.strip():
                last = max(last, min(end, named[0].row + named[0].row_span))
        yield range(row, last)
        row = last


def _read_field(name: str, cells: Sequence[Cell]) -> str:
    """A field's text, or "" where it is only the template's sample."""
    text = "\n".join(cell.text for cell in cells)
    text = lines(text) if name == "summary" else one_line(text)
    sample = _SAMPLES.get(name)
    return "" if sample and sample.fullmatch(fold(text)) else text


def _read_project(table: Table, rows: range) -> tuple[Project, bool]:
    """The project in these rows, and whether they hold anything of their own beyond number and university."""
    values: dict[str, str] = {}
    links: tuple[str, ...] = ()
    own = False
    for name in _PER_PROJECT:
        column = table.header.columns.get(name)
        if column is None:
            continue
        cells = list({id(cell): cell for row in rows for cell in cells_in(table.grid, row, column)}.values())
        _note_uncalculated(table, cells)
        # A value merged down from the rows above does not make a row below it a project.
        began = any(cell.row in rows and (cell.text.strip() or cell.links) for cell in cells)
        if name == "links":
            found = [link for cell in cells for link in split_links(cell.text, cell.links)]
            links = tuple(dict.fromkeys(found))
            own = own or (began and bool(links))
        else:
            values[name] = _read_field(name, cells)
            own = own or (began and name != "number" and bool(values[name]))
    if "phone" not in table.header.columns and "leader" in values:
        values["leader"], values["phone"] = split_number(values["leader"])
    return Project(links=links, **values), own


def _note_uncalculated(table: Table, cells: Sequence[Cell]) -> None:
    for cell in cells:
        if cell.kind is CellKind.UNCALCULATED:
            table.notes.append(f"单元格 {column_letters(cell.column)}{cell.row + 1} 的公式没有计算结果")


def _carried_on(last: Project, more: Project) -> Project | None:
    """The project above with a row that only adds links or lines of its summary to it; None for a new project."""
    if any(getattr(more, name) for name in _PER_PROJECT if name not in ("links", "summary")):
        return None
    summary = "\n".join(part for part in (last.summary, more.summary) if part)
    return replace(last, summary=summary, links=tuple(dict.fromkeys((*last.links, *more.links))))


def _read_rows(table: Table, end: int) -> None:
    for rows in _groups(table, end):
        if is_remark(table.grid, rows[0], table.header):
            table.remarks.append(rows[0])
            continue
        _read_per_form(table, rows)
        project, own = _read_project(table, rows)
        if not own:
            continue
        if table.projects and (joined := _carried_on(table.projects[-1], project)):
            table.projects[-1] = joined
            continue
        prefix = f"projects.{len(table.projects)}"
        table.places[prefix] = table.place(rows[0], -1, "")
        for name in _PER_PROJECT:
            table.places[f"{prefix}.{name}"] = table.field_place(rows[0], name)
        table.projects.append(project)


def _read_per_form(table: Table, rows: range) -> None:
    """University and number of projects: the first text in their column, wherever it is written or merged to."""
    for name in _PER_FORM:
        column = table.header.columns.get(name)
        if column is None or table.values.get(name):
            continue
        cells = [cell for row in rows for cell in cells_in(table.grid, row, column)]
        _note_uncalculated(table, cells)
        for cell in cells:
            if text := one_line(cell.text):
                table.values[name] = text
                table.places[name] = table.place(cell.row, cell.column, column.label)
                break


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
            _read_rows(table, end)
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
    numbered = previous.isdecimal() and text.isdecimal() and int(text) == int(previous) + 1
    return numbered and grid.column_count == last.grid.column_count


def _belongs(form: list[Table], table: Table) -> bool:
    """Whether the table is a further part of this form rather than another university's or sheet's."""
    if table.grid.kind is GridKind.SHEET and table.grid is not form[0].grid:
        return False
    university = table.values.get("university", "")
    known = next((part.values["university"] for part in form if part.values.get("university")), "")
    if university and known and fold(university) != fold(known):
        return False
    # The same list twice is a copy of the form and not more of it.
    names = [project.project_name for part in form for project in part.projects]
    return not names or [project.project_name for project in table.projects] != names


def _contact(document: Document, form: list[Table]) -> Contact | None:
    """The contact line: in the table's own rows, else in the paragraphs before it, else behind it."""
    first, blocks = form[0], document.blocks
    inside = cell_rows(first.grid, range(first.header.top))
    for table in form:
        inside += cell_rows(table.grid, table.remarks)
    before = [] if first.grid.kind is GridKind.SHEET else around(blocks[: first.block][::-1])[::-1]
    after = around(blocks[form[-1].block + 1 :])
    for loose in (False, True):
        for rows in (inside, before, after):
            if contact := find_contact(rows, loose):
                return contact
    return None


def _transcribe(document: Document, form: list[Table]) -> Transcript:
    first = form[0]
    contact = _contact(document, form)
    top = max(first.header.top, 0)
    places = {"projects": first.place(top, -1, "")}
    for name in _PER_FORM:
        blank = first.field_place(first.header.bottom, name)
        places[name] = next((table.places[name] for table in form if name in table.places), blank)
    places["contact_name"] = contact.name_place if contact else first.place(top, -1, "表格填写联系人")
    places["contact_phone"] = contact.phone_place if contact else first.place(top, -1, "电话")
    projects: list[Project] = []
    for table in form:
        for name, spot in table.places.items():
            prefix, index, *rest = [*name.split("."), ""]
            if prefix == "projects":
                places[".".join(["projects", str(int(index) + len(projects)), *rest]).rstrip(".")] = spot
        projects += table.projects
    notes = [f"未找到“{label}”一栏" for name, label in LABELS.items() if name not in first.header.columns]
    notes += [] if contact else ["未找到“表格填写联系人”一栏"]
    notes += dict.fromkeys(note for table in form for note in table.notes)
    shared = {name: next((t.values[name] for t in form if t.values.get(name)), "") for name in _PER_FORM}
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
    for table in _tables(document):
        if forms and _belongs(forms[-1], table):
            forms[-1].append(table)
        else:
            forms.append([table])
    forms = [form for form in forms if not form[0].grid.hidden] or forms[:1]
    forms = [form for form in forms if not all(table.blank for table in form)] or forms[:1]
    return [Found(form[0].block, _transcribe(document, form)) for form in forms]
