"""What a reply says, as values the templates print: files received, problems, what is in order, what next.

Every text that came from a mail is made one line here. It renders nothing and knows no header; `reply` does.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from parsers.model import Annex3, Annex4
from parsers.printed import TITLES
from pipeline.changes import NOTHING, Changes, withdrawn
from pipeline.model import (
    SHANGHAI,
    Contact,
    Enclosure,
    Entry,
    Finding,
    Mail,
    Notice,
    Severity,
    State,
    Submission,
    Version,
)
from pipeline.reply_states import ReplyKind
from pipeline.wording import deadline_text, linked_files, mails_text, one_line, quoted, receipt_number, topic

# What looks like the name of a school: a few words without punctuation, figures or an address. Anything else that somebody
# wrote for one would greet, and head a letter to, whomever he names for replies.
SCHOOL = re.compile(r"(?=.*(?:大学|院|校|中心))(?:[^\W\dA-Za-z_]|[（）()·]){2,24}")


class Point(Struct, frozen=True):
    """One finding as the sender reads it; `number` counts over the whole section."""

    number: int
    place: str
    message: str
    clause: str


class Group(Struct, frozen=True):
    """The findings of one project in one file; any of the three names may be ""."""

    university: str
    project: str
    path: str
    points: tuple[Point, ...]


class Received(Struct, frozen=True):
    """One file of the mails answered and what it was recognised as; `university` "" where the letter is about one alone."""

    university: str
    path: str
    contents: tuple[str, ...]


class Standing(Struct, frozen=True):
    """One project as it is registered now; `listed` None where nothing is said of Annex 3."""

    university: str
    project: str
    category: str
    listed: bool | None
    applied: bool


class Letter(Struct, frozen=True):
    """Everything the templates print, in the order they print it; `marked` whether marked copies go along."""

    kind: ReplyKind
    universities: tuple[str, ...]
    mails: str
    received: tuple[Received, ...]
    linked: tuple[str, ...]
    problems: tuple[Group, ...]
    problem_count: int
    in_order: tuple[str, ...]
    standings: tuple[Standing, ...]
    changed: tuple[str, ...]
    solved: tuple[str, ...]
    enclosed: tuple[str, ...]
    marked: bool
    reminders: tuple[Group, ...]
    steps: tuple[str, ...]
    remarks: tuple[str, ...]
    waiting: bool
    complete: bool
    receipt: str
    organiser: str
    activity: str
    topic: str
    mailbox: str
    contacts: tuple[Contact, ...]
    made_on: str


def draft(
    mails: tuple[Mail, ...],
    submissions: tuple[Submission, ...],
    notice: Notice,
    made_at: datetime,
    changes: Changes = NOTHING,
    enclosures: tuple[Enclosure, ...] = (),
) -> Letter:
    """Say what the reply to these mails (oldest first, at least one) has to say about these submissions.

    `changes` are those since the last reply, `enclosures` the files that go along.
    """
    found = tuple(_findings(mails, submissions))
    errors = [(name, finding) for name, finding in found if finding.severity is Severity.ERROR]
    late = any(finding.rule == "mail.late" for _, finding in found)
    warnings = [
        (name, finding)
        for name, finding in found
        if finding.severity is Severity.WARNING and finding.rule != "mail.late"
    ]
    several = len(submissions) > 1
    in_order = tuple(line for submission in submissions for line in _in_order(submission, several)) if errors else ()
    told = any(finding.rule == "mail.cloud_attachment" for _, finding in errors)
    standings = () if errors else tuple(_standings(submissions, several))
    linked = () if told else tuple(dict.fromkeys(linked_files(mails)))
    local = made_at.astimezone(SHANGHAI)
    waiting = any(submission.state is State.FOR_STAFF for submission in submissions)
    return Letter(
        kind=ReplyKind.CORRECTION if errors else ReplyKind.ACKNOWLEDGEMENT,
        universities=tuple(filter(SCHOOL.fullmatch, (one_line(each.university, 60) for each in submissions))),
        mails=mails_text(mails),
        received=_received(mails, submissions, several),
        linked=linked,
        problems=_groups(errors, several),
        problem_count=len(errors),
        in_order=in_order,
        standings=standings,
        changed=tuple(one_line(line) for line in changes.changed),
        solved=tuple(one_line(line) for line in changes.solved),
        enclosed=tuple(one_line(one.name, 160) for one in enclosures),
        marked=any(one.marked for one in enclosures),
        reminders=_groups(warnings, several),
        steps=tuple(_steps({each.rule for _, each in errors}, notice, made_at, bool(in_order))) if errors else (),
        remarks=tuple(_remarks(mails, submissions, late, changes.withdrawn)),
        waiting=waiting,
        complete=bool(standings) and all(line.listed and line.applied for line in standings),
        receipt=receipt_number(mails),
        organiser=one_line(notice.organiser),
        activity=one_line(notice.activity),
        topic=topic(notice.activity),
        mailbox=one_line(notice.mailbox),
        contacts=notice.contacts,
        made_on=f"{local.year}年{local.month}月{local.day}日",
    )


def _findings(mails: tuple[Mail, ...], submissions: tuple[Submission, ...]) -> Iterator[tuple[str, Finding]]:
    """Each finding once with its university; a mail that belongs to no submission speaks for itself."""
    covered = {mail.id for submission in submissions for mail in submission.mails}
    brought = any(mail.attached for mail in mails)
    seen: set[tuple[str, Finding]] = set()
    pairs = [(each.university, finding) for each in submissions for finding in each.all_findings]
    for mail in mails:
        # Lateness belongs to the mails answered now, whether or not assembling repeated it.
        pairs += [
            ("", finding)
            for finding in mail.findings
            if (mail.id not in covered or finding.rule == "mail.late")
            # The files a mail forgot came with another one of the same burst.
            and not (finding.rule == "mail.no_attachment" and brought)
        ]
    for university, finding in pairs:
        # Which mail it is about is not told, so one of each mail would read as the same thing twice.
        told = (university, replace(finding, mail=""))
        if told not in seen:
            seen.add(told)
            yield university, finding


def _groups(found: Iterable[tuple[str, Finding]], several: bool) -> tuple[Group, ...]:
    """Findings by university, project and file, in the order each first appears, numbered throughout."""
    gathered: dict[tuple[str, str, str], list[Finding]] = {}
    for university, finding in found:
        key = (
            one_line(university, 60) if several else "",
            one_line(finding.project, 80),
            one_line(finding.path, 160),
        )
        gathered.setdefault(key, []).append(finding)
    groups, number = [], 0
    for (university, project, path), findings in gathered.items():
        points = tuple(
            Point(count, one_line(each.place, 160), one_line(each.message), one_line(each.clause, 80))
            for count, each in enumerate(findings, start=number + 1)
        )
        number += len(points)
        groups.append(Group(university, project, path, points))
    return tuple(groups)


def _current(submission: Submission) -> tuple[Version, ...]:
    """The versions that stand; one may come up twice."""
    pairs = ((entry.listed, entry.application) for entry in submission.entries)
    of_entries = tuple(version for pair in pairs for version in pair if version is not None)
    return (*submission.summaries, *of_entries, *submission.supporting)


def _received(mails: tuple[Mail, ...], submissions: tuple[Submission, ...], several: bool) -> tuple[Received, ...]:
    """The files these mails brought, in the order they lay there, with what each was recognised as."""
    order = {mail.id: place for place, mail in enumerate(mails)}
    unique: dict[tuple[int, int], tuple[str, Version, str]] = {}
    for submission in submissions:
        university = one_line(submission.university, 60) if several else ""
        fates = {"": _current(submission), "，以另一份为准": submission.superseded}
        fates["，已按撤回处理"] = submission.withdrawn
        fates["，待秘书处核实后采用"] = submission.held
        for fate, versions in fates.items():
            for version in versions:
                if version.mail in order:
                    unique.setdefault((order[version.mail], version.index), (university, version, fate))
    files: dict[tuple[int, str, str], list[str]] = {}
    for (place, _), (university, version, fate) in sorted(unique.items(), key=lambda each: each[0]):
        files.setdefault((place, university, version.path), []).append(_recognised(version) + fate)
    return tuple(Received(whose, one_line(path, 160), tuple(contents)) for (_, whose, path), contents in files.items())


def _recognised(version: Version) -> str:
    transcript = version.transcript
    if transcript.problems or any(finding.rule.startswith("file.") for finding in version.findings):
        return "未能读取，请看下文说明"
    form = TITLES.get(transcript.form or "", "佐证材料，已留存")
    match transcript.record:
        case Annex3(projects=projects):
            return f"{form}（列有{len(projects)}个项目）"
        case Annex4(project_name=name) if name:
            return f"{form}{quoted(name)}"
    return form


def _in_order(submission: Submission, several: bool) -> Iterator[str]:
    """The current forms of which nothing has to be sent again; in doubt a form is not among them."""
    whose = f"{one_line(submission.university, 60)}：" if several and submission.university else ""
    # A missing Annex 4 is told at its row of Annex 3, which need not change for it.
    rest = {"annex3.missing", "annex4.missing"}
    errors = [each for each in submission.findings if each.severity is Severity.ERROR and each.rule not in rest]
    unsettled = any(each.rule.startswith(("annex3.", "cross.", "annex4.unlisted")) for each in errors)
    standing = frozenset(submission.errors)
    for version in submission.summaries:
        if not unsettled and standing.isdisjoint(version.findings):
            yield f"{whose}{TITLES['annex3']}（{one_line(version.path, 160)}）"
    for entry in submission.entries:
        form = entry.application
        if form is None or any(each.severity is Severity.ERROR for each in submission.about(form)):
            continue
        if any(each.project == entry.name and each.rule.startswith(("cross.", "annex4.")) for each in errors):
            continue
        yield f"{whose}{TITLES['annex4']}{quoted(entry.name)}（{one_line(form.path, 160)}）"


def _standings(submissions: tuple[Submission, ...], several: bool) -> Iterator[Standing]:
    for submission in submissions:
        university = one_line(submission.university, 60) if several else ""
        for entry in submission.entries:
            yield Standing(
                university,
                one_line(entry.name, 80),
                one_line(_category(entry), 40),
                entry.listed is not None if submission.summaries else None,
                entry.application is not None,
            )


def _category(entry: Entry) -> str:
    if entry.listed is not None:
        return entry.project.category if entry.project else ""
    return "、".join(entry.form.categories) if entry.form else ""


def _steps(rules: set[str], notice: Notice, made_at: datetime, in_order: bool) -> Iterator[str]:
    """How to send the correction: only what changed, to where, in which form, until when."""
    kept = "，上面列为无误的材料不必重发" if in_order else ""
    if all(rule.startswith("mail.") or rule.endswith(".missing") for rule in rules - {"annex4.recommendation.missing"}):
        yield f"请补发缺少的文件{kept}。"
    else:
        yield f"请在原文件上修改，只需重新发送有改动或缺少的文件{kept}。"
    if any(rule.startswith(("annex3.", "cross.", "annex4.unlisted")) for rule in rules):
        yield "发送附件3时，请列出全部项目：以最后收到的一份为准，其中未列入的项目将视为撤回。"
    if "mail.cloud_attachment" in rules:
        yield "请把文件作为普通附件添加，不要使用超大附件、中转站或网盘链接；文件较大时可分几封邮件发送。"
    yield f"请直接回复本邮件并添加附件，或发送至{one_line(notice.mailbox)}。"
    if made_at <= notice.deadline:
        yield f"请于{deadline_text(notice.deadline)}前发送。"
    else:
        day = deadline_text(notice.deadline)
        yield f"报送截止时间为{day}，现已超过，请您尽快补正，秘书处将如实登记收到时间。"


def _remarks(
    mails: tuple[Mail, ...], submissions: tuple[Submission, ...], late: bool, told: Container[tuple[str, str]]
) -> Iterator[str]:
    """What else the sender should know: lateness, withdrawn projects but for those `told` before (Changes.withdrawn)."""
    if late:
        yield "来信的收到时间在报送截止时间之后，我们已如实登记，是否受理由秘书处确定后另行告知。"
    answered = {mail.id for mail in mails}
    for submission in submissions:
        names = dict.fromkeys(quoted(name) for key, name in withdrawn(submission).items() if key not in told)
        if names and any(version.mail in answered for version in submission.summaries):
            whose = one_line(submission.university, 60) if len(submissions) > 1 else ""
            yield f"{whose}最新的附件3未再列入{'、'.join(names)}，我们按撤回处理；如非此意，请重新发送列有全部项目的附件3。"
