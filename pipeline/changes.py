"""What a re-submission changed: field by field against what the university stood for before, and which problems it solved.

It compares values as written on their comparison copies; it neither judges nor phrases more than a line for each change.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from parsers.model import Annex3
from parsers.printed import APPLICATION, COLUMNS, CONTACT
from parsers.text import fold
from pipeline.model import Entry, Finding, Submission
from pipeline.names import same_project
from pipeline.trust import name_of
from pipeline.wording import one_line, quoted

# What is compared, in the order it is told; a project's name tells which it is.
ROW = {name: COLUMNS[name] for name in ("summary", "category", "applicant", "links", "leader", "phone")}
FORM = {name: label for name, label in APPLICATION.items() if name != "project_name"}
TABLE = {name: COLUMNS[name] for name in ("university", "project_count")} | CONTACT
# Longer values are said to have changed without being repeated.
SHOWN = 40


class Changes(Struct, frozen=True):
    """What changed, a line each, and the problems that are gone, as they were told; `withdrawn` are the keys of what had been
    withdrawn before, and told."""

    changed: tuple[str, ...] = ()
    solved: tuple[str, ...] = ()
    withdrawn: frozenset[tuple[str, str]] = frozenset()


NOTHING = Changes()


def compare(before: Submission, after: Submission) -> Changes:
    """What came of the mails between two states of one university's submission."""
    left = {_key(finding) for finding in after.errors}
    gone = dict.fromkeys(_told(finding) for finding in before.errors if _key(finding) not in left)
    return Changes(tuple(_changed(before, after)), tuple(gone), frozenset(withdrawn(before)))


def withdrawn(submission: Submission) -> dict[tuple[str, str], str]:
    """The projects whose Annex 4 is there and which Annex 3 lists no more: university and key, with the name as written."""
    current = {same_project(entry.name) for entry in submission.entries}
    left = {same_project(name): name for name in map(name_of, submission.withdrawn)}
    return {(submission.university, key): name for key, name in left.items() if key and key not in current}


def _key(finding: Finding) -> tuple[str, str, str]:
    return (finding.rule, same_project(finding.project), finding.field)


def _told(finding: Finding) -> str:
    project = f"项目{quoted(finding.project)}：" if finding.project else ""
    return project + one_line(finding.message, 120)


def _changed(before: Submission, after: Submission) -> Iterator[str]:
    old_table, new_table = _table(before), _table(after)
    if old_table is not None and new_table is not None:
        yield from _fields("附件3", TABLE, old_table, new_table)
    old = {same_project(entry.name): entry for entry in before.entries}
    for entry in after.entries:
        earlier = old.pop(same_project(entry.name), None)
        name = f"项目{quoted(entry.name)}"
        if earlier is None:
            yield f"{name}：新增"
            continue
        yield from _entry(name, earlier, entry)
    for entry in old.values():
        yield f"项目{quoted(entry.name)}：不再列入"


def _table(submission: Submission) -> Annex3 | None:
    record = submission.summaries[-1].transcript.record if submission.summaries else None
    return record if isinstance(record, Annex3) else None


def _entry(name: str, old: Entry, new: Entry) -> Iterator[str]:
    rows = old.project, new.project
    if rows[0] is not None and rows[1] is not None:
        yield from _fields(f"{name}（附件3）", ROW, *rows)
    elif rows[1] is not None:
        yield f"{name}：已列入附件3"
    forms = old.form, new.form
    if forms[0] is not None and forms[1] is not None:
        yield from _fields(f"{name}（附件4）", FORM, *forms)
        if forms[0].sealed is False and forms[1].sealed:
            yield f"{name}（附件4）：已盖章"
    elif forms[1] is not None:
        yield f"{name}：收到附件4"


def _fields(where: str, names: dict[str, str], old: object, new: object) -> Iterator[str]:
    for field, label in names.items():
        was, now = _text(getattr(old, field)), _text(getattr(new, field))
        if fold(was) == fold(now):
            continue
        if max(len(was), len(now)) > SHOWN:
            yield f"{where}：{label}已更新"
        else:
            yield f"{where}：{label}由{quoted(was) if was else '空白'}改为{quoted(now) if now else '空白'}"


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "、".join(value)
