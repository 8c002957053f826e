"""Who may replace what a university has sent, and what somebody who may not is told.

It compares addresses only; whether something would be replaced is found where the mails are laid together (assemble.py).
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from parsers.model import Annex4
from pipeline.model import Automatic, Entry, Mail, Severity, State, Submission, University, Version
from pipeline.roster import Roster, registered_domain
from pipeline.rules import Rules


def is_trusted(mail: Mail, trusted: set[str], university: University | None, rules: Rules) -> bool:
    """Whether a mail may replace what its university has sent: it comes from an address already known for it, or one under
    the university's own domain; the first to write is known from then on, unless domain and subject speak for another university.
    What staff hand in themselves always may."""
    if mail.automatic is Automatic.STAFF:
        return True
    if not trusted:
        return not speaks_for_another(mail, university, rules.terms.roster)
    own = {registered_domain(known) for known in trusted} - set(rules.mail_providers)
    own |= {registered_domain(one) for one in (university.domains if university else ())}
    return is_known(mail, trusted, own)


def is_known(mail: Mail, trusted: Collection[str], domains: Collection[str] = ()) -> bool:
    """Whether a mail was written from an address that is trusted, or under one of these domains.

    Where the answer is to go says nothing of who wrote it, but for a system that many write through.
    """
    through = mail.automatic is Automatic.NO_REPLY or not mail.sender.address
    authors = {mail.sender.address, mail.reply_to.address if through else ""} - {""}
    return bool(authors) and all(one in trusted or registered_domain(one) in domains for one in authors)


def made_known(mail: Mail, trusted: Collection[str], accepted: bool) -> set[str]:
    """The addresses that may replace what a university has sent once this mail was taken: whose it is, and by the first mail, or
    one that staff accepted, whom it names for replies. A later one may name anybody, for who writes under a known address can
    be made up. Nobody is known by what staff hand in, or what claims to be theirs."""
    if mail.automatic is not None and mail.automatic.is_handed_in:
        return set()
    named = {mail.reply_to.address} if accepted or not trusted or not mail.sender.address else set()
    return {mail.sender.address, *named} - {""}


def speaks_for_another(mail: Mail, university: University | None, roster: Roster) -> bool:
    """Whether both the sender's domain and the subject are those of one other university than the mail's forms name, as
    where somebody filled in a wrong name; a mail that comes with forms of that other one as well is not meant."""
    spoken = roster.mentioned(mail.subject) if university is not None else None
    if university is None or spoken is None or spoken.name in (university.name, *mail.universities):
        return False
    homes = [roster.at_home(one.address) for one in (mail.sender, mail.reply_to)]
    return any(spoken.name in names for names in homes) and not any(university.name in names for names in homes)


def own_part(submission: Submission, address: str) -> Submission:
    """What a correspondent may be told of a submission: all but what is held back, where the address is trusted, else only
    what came from that very address."""
    if not submission.trusted and all(mail.reply_to.address == address for mail in submission.mails):
        return submission
    mine = {mail.id for mail in submission.mails if mail.reply_to.address == address}
    if address in submission.trusted:
        waits = any(version.mail in mine for version in submission.held)
        # What a mail lacks that somebody unknown sent for this correspondent is told here, and nowhere else.
        apart = tuple(finding for finding in submission.apart if finding.mail in mine)
        noted = [replace(finding, severity=Severity.NOTICE) for finding in apart]
        rest = (finding for finding in submission.all_findings if finding not in noted)
        wrong = any(finding.severity is Severity.ERROR for finding in apart)
        own = State.TO_CORRECT if wrong else submission.own_state
        return replace(submission, state=submission.state if waits else own, all_findings=(*apart, *rest))
    entries = tuple(
        Entry(name_of(entry.application), application=entry.application)
        for entry in submission.entries
        if entry.application is not None and entry.application.mail in mine
    )
    # A table may be current without being told as such: only what came from here is spoken of.
    supporting = tuple(one for one in (*submission.summaries, *submission.supporting) if one.mail in mine)
    held = tuple(version for version in submission.held if version.mail in mine)
    aside = [version for version in held if version.transcript.form is None]
    applications = (entry.application for entry in entries if entry.application is not None)
    current = [finding for version in (*supporting, *applications) for finding in version.findings]
    # What staff settled, or another mail made good, is not asked for.
    told = (*submission.all_findings, *submission.apart)
    found = [finding for finding in current if finding in told]
    found += [finding for version in aside for finding in version.findings]
    found += [
        finding
        for mail in submission.mails
        if mail.id in mine
        for finding in mail.findings
        if finding in told or mail.id in submission.unheeded
    ]
    wrong = any(finding.severity is Severity.ERROR for finding in found)
    # That all is in order can be said only where it is; what else stands open is another's affair.
    otherwise = State.ACCEPTED if submission.own_state is State.ACCEPTED else State.FOR_STAFF
    return Submission(
        university=submission.university,
        state=State.FOR_STAFF if held else State.TO_CORRECT if wrong else otherwise,
        entries=entries,
        withdrawn=tuple(version for version in submission.withdrawn if version.mail in mine),
        superseded=tuple(version for version in submission.superseded if version.mail in mine),
        supporting=supporting,
        held=held,
        all_findings=tuple(found),
        mails=tuple(mail for mail in submission.mails if mail.id in mine),
    )


def name_of(version: Version) -> str:
    """The project an Annex 4 names."""
    record = version.transcript.record
    return record.project_name if isinstance(record, Annex4) else ""
