"""What is to be said of a submission that was put together: the findings that still stand, and its state.

What counts of all that was sent is decided before (assemble.py), and what each document gets wrong by itself earlier still.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from parsers.text import fold
from pipeline.model import Finding, Severity, State, Submission, Waiver
from pipeline.names import same_project
from pipeline.rules import Rules
from pipeline.sayings import calls_application
from pipeline.subjects import Whole
from pipeline.values import is_blank
from pipeline.waivers import settled

NO_ATTACHMENT, NO_APPLICATION = "mail.no_attachment", "annex4.missing"


def judged(draft: Submission, order: dict[str, int], rules: Rules, waivers: Sequence[Waiver]) -> Submission:
    """The submission with its findings and its state; `order` gives the place of each mail, by id, among all of them."""
    together = tuple(settled(finding, draft, waivers) for finding in rules.check(Whole(draft, rules.terms)))
    complete = bool(draft.summaries) and not any(
        entry.application is None and not is_blank(entry.name) for entry in draft.entries
    )
    open_ = _open_mail_findings(draft, order, complete)
    files = [f for v in draft.supporting if not _made_good(v.mail, v.name, draft, order, complete) for f in v.findings]
    of_mails, of_files = ([one for one in some if not _is_apart(one, draft)] for some in (open_, files))
    faulty = [one.path for one in of_files if _is_error(settled(one, draft, waivers))]
    together = _not_asked_already(together, faulty)
    of_tables = [finding for table in draft.summaries for finding in table.findings]
    of_forms = [finding for version in draft.applications for finding in version.findings]
    rest = (*of_files, *of_tables, *of_forms, *(one for one in of_mails if one.rule != NO_ATTACHMENT))
    wrong = any(map(_is_error, together)) or any(_is_error(settled(finding, draft, waivers)) for finding in rest)
    apart = [settled(finding, draft, waivers) for finding in (*open_, *files) if _is_apart(finding, draft)]
    if complete and not wrong:
        # Whoever writes thanks, or what will follow, when nothing is asked for any more has nothing to send.
        apart = [finding for finding in apart if finding.rule != NO_ATTACHMENT or finding.field]
        if not _announced(of_mails):
            of_mails = [finding for finding in of_mails if finding.rule != NO_ATTACHMENT]
    alone = [settled(finding, draft, waivers) for finding in (*of_mails, *of_files, *of_tables)]
    found = (*alone, *together, *(settled(finding, draft, waivers) for finding in of_forms))
    found += tuple(replace(finding, severity=Severity.NOTICE) for finding in apart)
    own = _own_state(draft, found, rules)
    return replace(
        draft,
        findings=(*of_mails, *together),
        apart=tuple(apart),
        all_findings=found,
        state=State.FOR_STAFF if draft.held else own,
        unheld=own if draft.held else None,
    )


def _is_apart(finding: Finding, draft: Submission) -> bool:
    return _is_error(finding) and finding.mail in draft.strangers


def _not_asked_already(together: Sequence[Finding], faulty: Iterable[str]) -> tuple[Finding, ...]:
    """These findings without the missing forms that faulty files, which are asked for again, may be by their names: one for each,
    that of the longest name."""
    meant = (_meant(path, together) for path in faulty)
    asked = [max(forms, key=lambda one: len(one.project)) for forms in meant if forms]
    return tuple(one for one in together if one not in asked)


def _meant(path: str, together: Sequence[Finding]) -> list[Finding]:
    name = path.rpartition("/")[2]
    stem, called = same_project(name.rpartition(".")[0]), calls_application(name)
    missing = [(one, same_project(one.project)) for one in together if one.rule == NO_APPLICATION]
    return [one for one, project in missing if project == stem or (called and project in stem)]


def _announced(of_mails: Sequence[Finding]) -> bool:
    """Whether the newest mail without an attachment announces one."""
    where = [finding.field for finding in of_mails if finding.rule == NO_ATTACHMENT]
    return bool(where) and where[-1] != ""


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def _open_mail_findings(draft: Submission, order: dict[str, int], complete: bool) -> list[Finding]:
    """What still stands of what was wrong with the mails themselves.

    A finding about a mail that brought nothing, or only a link, is closed by a later mail; lateness stays with the mails
    that brought what is current.
    """
    newest = draft.heeded[-1].id if draft.heeded else ""
    current = {version.mail for version in (*draft.summaries, *draft.applications)} | {newest}
    found: list[Finding] = []
    for mail in draft.mails:
        for finding in mail.findings:
            if finding.severity is Severity.ERROR:
                later = complete or finding.rule == NO_ATTACHMENT
                closed = mail.id in draft.unheeded or _made_good(mail.id, "", draft, order, later)
            else:
                closed = mail.id not in current
            if not closed:
                found.append(finding)
    return found


def _made_good(mail: str, name: str, draft: Submission, order: dict[str, int], complete: bool) -> bool:
    """Whether a later mail makes up for what a mail or file failed to bring: it brings a file of that name, or any form once
    the submission is complete."""
    name = fold(name)
    forms = [*draft.summaries, *draft.applications, *draft.superseded, *draft.withdrawn]
    later = [v for v in (*forms, *draft.supporting) if order[v.mail] > order[mail]]
    if name and any(fold(version.name) == name for version in later):
        return True
    return complete and any(version.transcript.form is not None for version in later)


def _own_state(draft: Submission, found: Sequence[Finding], rules: Rules) -> State:
    """The state but for what is held."""
    if not draft.mails:
        return State.MISSING
    if rules.terms.roster.get(draft.university) is None:
        return State.FOR_STAFF
    if any(map(_is_error, found)):
        return State.TO_CORRECT
    return State.ACCEPTED if draft.summaries else State.FOR_STAFF
