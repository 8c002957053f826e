"""The closed vocabulary of checks. Each is one function; its keyword parameters are the keys it takes in rules.yaml.

A check compares what was transcribed with the terms of the notice and yields a Breach for each failure. It parses no
document, and whether a failure matters, and what is said about it, stands in rules.yaml.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from parsers.links import is_url as is_address
from parsers.model import DRAWN, SCANNED, Annex3, Annex4, Place, ProblemKind, Project
from parsers.printed import APPLICATION, IN_APPLICATION, SEAL
from parsers.text import fold
from pipeline.agreement import agrees, nearest, selected
from pipeline.model import Entry, Submission, Version
from pipeline.names import applicant, category_of, same_project
from pipeline.period import read_period
from pipeline.roster import Nearness
from pipeline.sayings import announces_file, brings_file, calls_application
from pipeline.shape import Natural, Positive
from pipeline.spare import listed_keys
from pipeline.stamps import is_unread_scan
from pipeline.subjects import Application, Breach, File, Letter, SummaryTable, Terms, Whole, predicate, texts
from pipeline.unfilled import is_unfilled
from pipeline.values import (
    has_opinion,
    is_blank,
    is_url,
    phones,
    says_nothing,
    word_count,
)

# Fields of which "none" is told by a rule of their own, or may be so: a project may have no members but its leader, for which
# a stroke stands as well.
MAY_BE_NONE = frozenset({"phone", "category", "members"})
STROKE = re.compile(r"[/／\\—–-]+")

# ---------------------------------------------------------------- the mail

_SHOW = re.compile(
    r"\.(mp4|mov|avi|wmv|mkv|flv|mpe?g|m4v|rmvb|webm|3gp|mp3|wav|m4a|wma|aac|flac|jpe?g|png|gif|bmp|heic|webp|pptx?)$",
    re.IGNORECASE,
)
_SCAN = re.compile(r"附件|申报|申请|汇总|盖章|扫描")


@predicate()
def nothing_attached(letter: Letter) -> Iterator[Breach]:
    """A submission without any attachment, and without a form in its text or a link in its place; the field of the breach is
    where the mail says that there is one."""
    message = letter.message
    if not message.attached and not letter.forms and not message.cloud_links:
        announced = "subject" if announces_file(message.own_subject) else "text" if brings_file(message.text) else ""
        yield Breach(announced)


@predicate("provider", "name", "expires")
def only_linked(letter: Letter) -> Iterator[Breach]:
    """A file that lies on a provider's cloud storage, one breach for each; beside forms only if it may be one as well."""
    for link in letter.message.cloud_links:
        if letter.forms and (link.mentioned or _is_show(link.name)):
            continue
        expires = f"，{link.expires}到期" if link.expires else ""
        values = {"provider": link.provider, "name": link.name or "文件名未显示", "expires": expires, "found": link.url}
        yield Breach(values=values)


def _is_show(name: str) -> bool:
    """Whether a file is a film, a picture, sound or slides by its name, and not the scan of a form."""
    return bool(_SHOW.search(name)) and not _SCAN.search(name)


@predicate("received")
def received_late(letter: Letter) -> Iterator[Breach]:
    """Received by the server after the deadline."""
    if letter.received_at > letter.terms.deadline:
        received = letter.received_at.astimezone(letter.terms.deadline.tzinfo)
        yield Breach(values={"received": f"{received:%Y年%m月%d日 %H:%M}"})


# ---------------------------------------------------------------- the file


@predicate("detail", kind=tuple(kind.value for kind in ProblemKind))
def reader_stopped(file: File, *, kind: str) -> Iterator[Breach]:
    """The reader met a problem of this kind (unreadable, encrypted, unsupported, unsafe)."""
    if file.problem is not None and file.problem.value == kind:
        yield Breach(values={"detail": f"（{file.detail}）" if file.detail else ""})


@predicate("detail")
def no_form_inside(file: File) -> Iterator[Breach]:
    """Readable, but neither Annex 3 nor Annex 4; or a picture, of which that cannot be told."""
    if file.problem is None:
        yield Breach(
            values={"detail": f"（{file.detail}；若是申报材料，请对方发送 .docx 电子版）" if file.detail else ""}
        )


# ---------------------------------------------------------------- Annex 3, the table as a whole


def _at(place: Place, field: str, project: str = "", **values: object) -> Breach:
    """A breach at a value's place; the label printed in the form outdoes the one we call the field by."""
    named = {**values, "label": place.label or values.get("label", field), "project": project}
    return Breach(field=field, project=project, place=str(place), values=named)


@predicate()
def lists_no_project(table: SummaryTable) -> Iterator[Breach]:
    """No project row was filled in."""
    if not table.record.projects:
        yield _at(table.place("projects"), "projects", label="项目名称")


@predicate(fields=texts(Annex3()))
def table_field_blank(table: SummaryTable, *, fields: dict[str, str]) -> Iterator[Breach]:
    """A field of the table (not of a project) is blank, or says nothing; `fields` maps names to what people call them."""
    for field, label in fields.items():
        if is_unfilled(getattr(table.record, field)):
            yield _at(table.place(field), field, label=label)


@predicate()
def not_on_roster(table: SummaryTable) -> Iterator[Breach]:
    """The university is named, but neither on the roster nor unmistakably close to a name on it."""
    name = table.record.university
    if not is_unfilled(name) and table.terms.roster.find(name) is None:
        yield _at(table.place("university"), "university", found=name)


@predicate("expected")
def nearly_on_roster(table: SummaryTable) -> Iterator[Breach]:
    """The university's name is one slip away from exactly one name on the roster, and was taken for it."""
    name = table.record.university
    match = table.terms.roster.find(name)
    if match is not None and match.nearness is Nearness.NEAR:
        yield _at(table.place("university"), "university", found=name, expected=match.university.name)


@predicate()
def count_no_number(table: SummaryTable) -> Iterator[Breach]:
    """项目数量 is blank or holds anything but digits (full-width ones are digits too)."""
    found = table.record.project_count
    if not fold(found).isdecimal():
        yield _at(table.place("project_count"), "project_count", found=found or "（空白）")


@predicate("count")
def count_differs(table: SummaryTable) -> Iterator[Breach]:
    """项目数量 is a number, and another one than that of the projects listed."""
    found, count = fold(table.record.project_count), len(table.record.projects)
    if found.isdecimal() and count and (len(found) > 9 or int(found) != count):
        yield _at(table.place("project_count"), "project_count", found=found, count=count)


# ---------------------------------------------------------------- Annex 3, its rows


def _in_row(table: SummaryTable, index: int, field: str, **values: object) -> Breach:
    project = table.record.projects[index].project_name
    return _at(table.place(f"projects.{index}.{field}"), field, project, **values)


@predicate(fields=texts(Project()))
def row_field_blank(table: SummaryTable, *, fields: dict[str, str]) -> Iterator[Breach]:
    """A required field of a project row is blank, or says nothing, one breach for each field."""
    for index, project in table.rows():
        for field, label in fields.items():
            if is_unfilled(getattr(project, field), or_none=field not in MAY_BE_NONE):
                yield _in_row(table, index, field, label=label)


@predicate("first")
def row_repeated(table: SummaryTable) -> Iterator[Breach]:
    """A row names the same project as an earlier one."""
    seen: dict[str, int] = {}
    for index, project in table.rows():
        key = same_project(project.project_name)
        if key and key in seen:
            yield _in_row(table, index, "project_name", found=project.project_name, first=seen[key] + 1)
        seen.setdefault(key, index)


@predicate("count", field=texts(Project()))
def longer_than(table: SummaryTable, *, field: str, limit: Positive) -> Iterator[Breach]:
    """A row's text has more than `limit` words as Word counts 字数."""
    for index, project in table.rows():
        found = getattr(project, field)
        count = word_count(found)
        if count > limit:
            yield _in_row(table, index, field, found=found, count=count)


def _choice(terms: Terms) -> dict[str, object]:
    return {"categories": "、".join(terms.categories), "category_count": len(terms.categories)}


@predicate("categories", "category_count")
def no_category(table: SummaryTable) -> Iterator[Breach]:
    """A row's category is filled in and is not exactly one of the ten (a missing 类 is forgiven)."""
    for index, project in table.rows():
        if not is_blank(project.category) and category_of(project.category, table.terms.categories) is None:
            yield _in_row(table, index, "category", found=project.category, **_choice(table.terms))


@predicate()
def no_level(table: SummaryTable) -> Iterator[Breach]:
    """A row's applicant does not say which level's 学生会 or 研究生会."""
    for index, project in table.rows():
        named = applicant(project.applicant)
        if is_unfilled(project.applicant) or named.complete:
            continue
        # 内大学生会 names its level by the university's short name.
        if not named.union or table.terms.roster.find(named.unit) is None:
            yield _in_row(table, index, "applicant", found=project.applicant)


@predicate()
def row_phone_invalid(table: SummaryTable) -> Iterator[Breach]:
    """A row's telephone cell is filled in and holds no valid number."""
    for index, project in table.rows():
        if not is_blank(project.phone) and not phones(project.phone):
            yield _in_row(table, index, "phone", found=project.phone)


@predicate()
def link_invalid(table: SummaryTable) -> Iterator[Breach]:
    """Something among a row's links is no web address; a word for "none" is no complaint."""
    for index, project in table.rows():
        wrong = [link for link in project.links if not (says_nothing(link) or is_url(link) or is_address(link))]
        if wrong:
            yield _in_row(table, index, "links", found="；".join(wrong))


# ---------------------------------------------------------------- Annex 4

# How long a project may be asked to have been running.
Years = Annotated[int, Meta(ge=1, le=50)]


def _in_form(form: Application, field: str, **values: object) -> Breach:
    return _at(form.place(field), field, form.record.project_name, **values)


@predicate(fields=texts(Annex4()))
def field_blank(form: Application, *, fields: dict[str, str]) -> Iterator[Breach]:
    """A required field of the form is blank, or says nothing, one breach for each field."""
    for field, label in fields.items():
        value = getattr(form.record, field)
        if field == "members" and STROKE.fullmatch(value):
            continue
        if is_unfilled(value, or_none=field not in MAY_BE_NONE):
            yield _in_form(form, field, label=label)


@predicate("categories", "category_count")
def none_selected(form: Application) -> Iterator[Breach]:
    """None of the ten categories is selected, as far as can be told."""
    if not selected(form.record, form.terms) and DRAWN not in form.transcript.notes:
        found = "、".join(form.record.categories)
        yield _in_form(form, "categories", label="项目类别", found=found, **_choice(form.terms))


@predicate()
def selection_drawn(form: Application) -> Iterator[Breach]:
    """The category was marked by something drawn, and which one cannot be told."""
    if DRAWN in form.transcript.notes:
        yield _in_form(form, "categories", label="项目类别", found=DRAWN)


@predicate()
def several_selected(form: Application) -> Iterator[Breach]:
    """More than one of the ten categories is selected."""
    if len(selected(form.record, form.terms)) > 1:
        yield _in_form(form, "categories", label="项目类别", found="、".join(form.record.categories))


@predicate()
def phone_invalid(form: Application) -> Iterator[Breach]:
    """The telephone field is filled in and holds no valid number."""
    if not is_blank(form.record.phone) and not phones(form.record.phone):
        yield _in_form(form, "phone", found=form.record.phone)


@predicate("received")
def running_less_than(form: Application, *, years: Years) -> Iterator[Breach]:
    """By what 实施时间 says, fewer than `years` had passed when the form was received."""
    period = read_period(form.record.period)
    received = form.received_at.astimezone(form.terms.deadline.tzinfo).date()
    if period is not None and not period.reaches(years, received):
        yield _in_form(form, "period", found=form.record.period, received=f"{received:%Y年%m月%d日}")


@predicate()
def period_unreadable(form: Application) -> Iterator[Breach]:
    """实施时间 is filled in, and neither a date nor a length of time can be read from it."""
    if not is_unfilled(form.record.period) and read_period(form.record.period) is None:
        yield _in_form(form, "period", found=form.record.period)


@predicate()
def opinion_blank(form: Application) -> Iterator[Breach]:
    """The committee's opinion is blank, or shows only who signed it and when."""
    if not has_opinion(form.record.recommendation):
        yield _in_form(form, "recommendation", label=APPLICATION["recommendation"])


@predicate()
def no_seal(form: Application) -> Iterator[Breach]:
    """The form bears no seal; where that cannot be told, nothing is said."""
    if form.record.sealed is False:
        yield _in_form(form, "sealed", label=SEAL)


# ---------------------------------------------------------------- a university's submission


def listed(submission: Submission) -> list[tuple[Entry, Project]]:
    """The projects of the current Annex 3 with their rows."""
    return [(entry, project) for entry in submission.entries if (project := entry.project) is not None]


def _in_tables(submission: Submission, field: str, **values: object) -> Breach:
    """A breach of all tables together, at the last of them."""
    path, mail = (submission.summaries[-1].path, submission.summaries[-1].mail) if submission.summaries else ("", "")
    return Breach(field=field, path=path, mail=mail, values=values)


def _in_version(version: Version, field: str, project: str, where: str = "", **values: object) -> Breach:
    """A breach of a project in one of the documents; `where` is its place if that is not the field's."""
    place = str(version.transcript.places.get(where or field, Place()))
    values["project"] = project
    return Breach(field=field, project=project, path=version.path, mail=version.mail, place=place, values=values)


def _by_kind(submission: Submission) -> tuple[int, int]:
    graduate = sum(applicant(project.applicant).graduate for _, project in listed(submission))
    return len(listed(submission)) - graduate, graduate


@predicate("count")
def more_projects_than(whole: Whole, *, limit: Positive) -> Iterator[Breach]:
    """More than `limit` projects that are not a graduate union's."""
    count, _ = _by_kind(whole.submission)
    if count > limit:
        yield _in_tables(whole.submission, "projects", count=count, found=count)


@predicate("count")
def more_graduate_projects_than(whole: Whole, *, limit: Natural, beyond: Natural) -> Iterator[Breach]:
    """More than `limit` graduate-union projects, after as many of them as fit have taken free places among the `beyond`."""
    others, graduate = _by_kind(whole.submission)
    extra = graduate - max(0, beyond - others)
    if extra > limit:
        yield _in_tables(whole.submission, "projects", count=extra, found=graduate)


@predicate("count")
def graduates_unexpected(whole: Whole) -> Iterator[Breach]:
    """Graduate-union projects from a university that the roster does not mark as having graduates."""
    _, count = _by_kind(whole.submission)
    university = whole.terms.roster.get(whole.submission.university)
    if count and university is not None and not university.graduates:
        yield _in_tables(whole.submission, "applicant", count=count, found=count)


@predicate("projects")
def category_shared(whole: Whole) -> Iterator[Breach]:
    """Two or more projects share a category, one breach for each such category."""
    by_category: dict[str, list[str]] = {}
    for _, project in listed(whole.submission):
        name = category_of(project.category, whole.terms.categories)
        if name:
            by_category.setdefault(name, []).append(project.project_name)
    for name, projects in by_category.items():
        if len(projects) > 1:
            named = "、".join(f"《{project}》" for project in projects)
            yield _in_tables(whole.submission, "category", found=name, projects=named)


@predicate()
def summary_missing(whole: Whole) -> Iterator[Breach]:
    """Annex 4 forms came, but no Annex 3."""
    submission = whole.submission
    if not submission.summaries and any(entry.application for entry in submission.entries):
        yield Breach()


@predicate("scan")
def application_missing(whole: Whole) -> Iterator[Breach]:
    """A project of Annex 3 has no Annex 4; rows that name the same project are asked for once."""
    asked: Counter[str] = Counter()
    scans = [v.path for v in whole.submission.supporting if is_unread_scan(v.transcript, v.path)]
    for entry, project in listed(whole.submission):
        asked[same_project(entry.name)] += 1
        if is_unfilled(entry.name) or entry.listed is None or asked[same_project(entry.name)] > 1:
            continue
        if entry.application is None:
            named, where = project.project_name, f"projects.{entry.row}.project_name"
            scan = _scan_of(entry.name, scans, whole.submission)
            yield _in_version(entry.listed, "project_name", named, where, found=named, scan=scan)


def _scan_of(name: str, scans: Sequence[str], submission: Submission) -> str:
    """What is said of a scan that seems to be this project's form: it names the project, or is called a form and names none."""
    names = [key for entry, _ in listed(submission) if (key := same_project(entry.name))]
    called = [path for path in scans if same_project(name) in same_project(path)] or [
        path for path in scans if calls_application(path) and not any(key in same_project(path) for key in names)
    ]
    return f"来信中的“{called[0].rpartition('/')[2]}”{SCANNED}，请改发 .docx 格式的申报表。" if called else ""


@predicate()
def application_unlisted(whole: Whole) -> Iterator[Breach]:
    """An Annex 4 whose project the current Annex 3 does not list."""
    if not whole.submission.summaries:
        return
    for entry in whole.submission.entries:
        if entry.listed is None and entry.application is not None and not is_unfilled(entry.name):
            yield _in_version(entry.application, "project_name", entry.name, found=entry.name)


def _compared(submission: Submission, terms: Terms) -> Iterator[tuple[Project, Version, Annex4]]:
    """The rows that have an Annex 4, each with it; of the rows of one name that share one, that which it is nearest to."""
    sharing: dict[tuple[str, int], list[Project]] = {}
    for entry, row in listed(submission):
        if entry.application is not None:
            sharing.setdefault((entry.application.mail, entry.application.index), []).append(row)
    for version in submission.applications:
        record, rows = version.transcript.record, sharing.get((version.mail, version.index), [])
        if isinstance(record, Annex4) and rows:
            yield nearest(rows, record, submission.university, terms), version, record


@predicate("expected", field=("university", "category", "leader", "phone", "applicant"))
def differs_from_summary(whole: Whole, *, field: str) -> Iterator[Breach]:
    """A field of an Annex 4 differs in substance from what Annex 3 says of that project.

    `field` is university, category, leader, phone or applicant; blank or invalid values have rules of their own.
    """
    university, terms = whole.submission.university, whole.terms
    for row, version, record in _compared(whole.submission, terms):
        if agrees(field, row, record, university, terms):
            continue
        ours = university if field == "university" else getattr(row, field)
        name = IN_APPLICATION.get(field, field)
        theirs = "、".join(record.categories) if name == "categories" else getattr(record, name)
        yield _in_version(version, name, row.project_name, found=theirs, expected=ours)


@predicate("sender", "id", "files")
def held_back(whole: Whole) -> Iterator[Breach]:
    """A mail waits for staff: from an address not known it would replace what the university has sent, or all but its forms
    speaks for another university; one breach for each mail."""
    held: dict[str, list[str]] = {}
    for version in whole.submission.held:
        held.setdefault(version.mail, []).append(version.path)
    for mail in whole.submission.mails:
        if mail.id in held:
            values = {"sender": str(mail.sender), "id": mail.id[:12], "files": "、".join(held[mail.id])}
            yield Breach(path=held[mail.id][0], mail=mail.id, values=values)


@predicate("sender")
def written_from_elsewhere(whole: Whole) -> Iterator[Breach]:
    """New documents were taken from an address not known for the university before; one breach for each address."""
    newest = {str(mail.sender): mail.id for mail in whole.submission.newcomers}
    for sender, mail in newest.items():
        yield Breach(mail=mail, values={"sender": sender})


@predicate("used")
def several_versions(whole: Whole) -> Iterator[Breach]:
    """What counts came with others of the same table in the same mail that say something else, and did not come before; one
    breach for each that counts."""
    submission = whole.submission
    old = (*submission.superseded, *submission.withdrawn)
    forms = {(one.mail, one.index): (entry.name, one) for entry in submission.entries if (one := entry.application)}
    for project, version in [*(("", table) for table in submission.summaries), *forms.values()]:
        others = [one for one in old if one.mail == version.mail and _differs(one, version)]
        earlier = [one.transcript.record for one in old if one.mail != version.mail] if others else []
        paths = "、".join(one.path for one in others if one.transcript.record not in earlier)
        if paths:
            values = {"used": version.path, "found": paths}
            yield Breach(project=project, path=version.path, mail=version.mail, values=values)


def _differs(one: Version, other: Version) -> bool:
    """Whether two forms are of the same table and say something else; in another format that may be due to its reading."""
    first, second = one.transcript.record, other.transcript.record
    if one.transcript.format != other.transcript.format or first == second:
        return False
    if isinstance(first, Annex4) and isinstance(second, Annex4):
        return same_project(first.project_name) == same_project(second.project_name) != ""
    return not listed_keys(one).isdisjoint(listed_keys(other))
