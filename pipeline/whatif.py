"""`annex-inbox try-rules`: what other rules would say of everything received so far. Nothing is written or sent.

The transcripts in the store are judged anew; no document is read again.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from pipeline.assemble import assemble
from pipeline.check import check_document, check_mail
from pipeline.model import Disposition, Finding, Mail, Message, State, Submission, Version
from pipeline.office import Office
from pipeline.rules import Rules


class Change(Struct, frozen=True):
    """One university whose state or findings would be others."""

    university: str
    before: State
    after: State
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]


def compare(office: Office, rules: Rules) -> list[Change]:
    """The universities for which the given rules change anything, in the order first heard of."""
    changes = []
    for name in office.store.universities.names():
        before, after = office.submission(name), _judged_by(office, name, rules)
        new, gone = _difference(after, before), _difference(before, after)
        if new or gone or before.state is not after.state:
            changes.append(Change(name, before.state, after.state, new, gone))
    return changes


def _judged_by(office: Office, name: str, rules: Rules) -> Submission:
    versions, mails = office.store.universities.dossier(name)
    forms = Counter(version.mail for version in versions if version.transcript.form)
    return assemble(
        name,
        [_version(version, rules) for version in versions],
        [_mail(mail, forms[mail.id], rules) for mail in mails],
        rules,
        office.store.universities.decisions(),
        office.store.universities.waivers(name),
    )


def _version(version: Version, rules: Rules) -> Version:
    found = check_document(version.transcript, version.path, version.received_at, rules, version.mail)
    return replace(version, findings=found)


def _mail(mail: Mail, forms: int, rules: Rules) -> Mail:
    """The mail with its own findings anew, from what is kept of it; what its text announced is known from those it has."""
    if mail.disposition is not Disposition.SUBMISSION:
        return mail
    kept = Message(
        message_id=mail.message_id,
        sender=mail.sender,
        reply_to=mail.reply_to,
        subject=mail.subject,
        text="",
        references=mail.references,
        attached=mail.attached,
        cloud_links=mail.cloud_links,
    )
    announced = {finding.rule: finding.field for finding in mail.findings}
    found = check_mail(kept, mail.received_at, forms, rules, mail.id)
    return replace(mail, findings=tuple(replace(one, field=announced.get(one.rule, one.field)) for one in found))


def _difference(one: Submission, other: Submission) -> tuple[Finding, ...]:
    """The findings of one that the other has not, the wording aside."""
    left = Counter(_key(finding) for finding in other.all_findings)
    rest = []
    for finding in one.all_findings:
        if left[_key(finding)]:
            left[_key(finding)] -= 1
        else:
            rest.append(finding)
    return tuple(rest)


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.rule, finding.severity.value, finding.path, finding.place, finding.field, finding.project)


def summary(changes: list[Change]) -> list[str]:
    """The changes in words."""
    lines = []
    for change in changes:
        state = (
            f"{change.before.value} → {change.after.value}" if change.before is not change.after else change.after.value
        )
        lines.append(f"{change.university.removeprefix('?')}：{state}")
        for word, findings in (("新增", change.new), ("消除", change.gone)):
            for finding in findings:
                where = f"《{finding.project}》" if finding.project else ""
                lines.append(f"    {word} {finding.severity.label} {finding.rule} {where}{finding.message}")
    newly = sum(c.after is State.TO_CORRECT and c.before is not State.TO_CORRECT for c in changes)
    freed = sum(c.before is State.TO_CORRECT and c.after is not State.TO_CORRECT for c in changes)
    lines.append(
        f"按新规则，{newly} 所高校将新被要求补正，{freed} 所不再需要补正，共 {len(changes)} 所有变化。未作任何改动。"
    )
    return lines
