"""Who may replace what a university has sent, and what somebody who may not is told.

It compares addresses only; whether something would be replaced is found where the mails are laid together (assemble.py).
"""

from __future__ import annotations

from parsers.model import Annex4
from pipeline.model import Entry, Mail, Severity, State, Submission, University, Version
from pipeline.rules import Rules


def is_trusted(mail: Mail, trusted: set[str], university: University | None, rules: Rules) -> bool:
    """Whether a mail may replace what its university has sent: it comes from an address already known for it, or one under
    the university's own domain; the first to write is known from then on."""
    address = mail.reply_to.address
    if not trusted - {""} or address in trusted - {""}:
        return True
    domain = registered_domain(address)
    own = {registered_domain(known) for known in trusted} - set(rules.mail_providers)
    return domain in own | {registered_domain(one) for one in (university.domains if university else ())}


def registered_domain(address: str) -> str:
    """The part of an address or host name that somebody registered: example.edu.cn of mail.example.edu.cn."""
    labels = address.rpartition("@")[2].lower().split(".")
    second = len(labels) > 2 and labels[-1] == "cn" and labels[-2] in ("edu", "com", "net", "org", "gov", "ac")
    return ".".join(labels[-3:] if second else labels[-2:])


def own_part(submission: Submission, address: str) -> Submission:
    """What a correspondent who is not trusted may be told of a submission: only what came from that very address."""
    if address in submission.trusted or not submission.trusted:
        return submission
    mine = {mail.id for mail in submission.mails if mail.reply_to.address == address}
    entries = tuple(
        Entry(name_of(entry.application), application=entry.application)
        for entry in submission.entries
        if entry.application is not None and entry.application.mail in mine
    )
    supporting = tuple(version for version in submission.supporting if version.mail in mine)
    found = [finding for version in supporting for finding in version.findings]
    found += [f for entry in entries if entry.application is not None for f in entry.application.findings]
    found += [finding for mail in submission.mails if mail.id in mine for finding in mail.findings]
    held = tuple(version for version in submission.held if version.mail in mine)
    wrong = any(finding.severity is Severity.ERROR for finding in found)
    return Submission(
        university=submission.university,
        state=State.FOR_STAFF if held or not wrong else State.TO_CORRECT,
        entries=entries,
        supporting=supporting,
        held=held,
        all_findings=tuple(found),
        mails=tuple(mail for mail in submission.mails if mail.id in mine),
    )


def name_of(version: Version) -> str:
    """The project an Annex 4 names."""
    record = version.transcript.record
    return record.project_name if isinstance(record, Annex4) else ""
