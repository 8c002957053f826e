"""The replies that are due are written into the outbox, one to each correspondent; none is sent here."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from pipeline.changes import NOTHING, Changes, compare
from pipeline.database import is_unusable
from pipeline.model import Automatic, Mail, Reply, Severity, Submission, midnight
from pipeline.office import Office
from pipeline.progress import Progress, silent
from pipeline.reply_states import ReplyState
from pipeline.settling import unanswered
from pipeline.trust import is_known, own_part
from pipeline.unnamed import is_unnamed
from pipeline.verdict import NO_ATTACHMENT

log = logging.getLogger(__name__)

# Replies of so many correspondents are put into the outbox at a time.
ANSWERED_TOGETHER = 16


def answer(office: Office, now: datetime, progress: Progress = silent) -> int:
    """Write the replies that are due into the outbox; returns how many.

    A mail is due once every university it concerns has been quiet for the settle window (contract §6); all due mails of
    one correspondent get one reply.
    """
    due: dict[str, list[Mail]] = {}
    for mail in unanswered(office, now)[0]:
        due.setdefault(mail.reply_to.address, []).append(mail)
    due, replaced = _with_overtaken(office, due)
    made, correspondents = 0, list(due)
    for start in range(0, len(correspondents), ANSWERED_TOGETHER):
        some = correspondents[start : start + ANSWERED_TOGETHER]
        made += _answer_some(office, {address: due[address] for address in some}, replaced, now)
        progress("撰写回复", start + len(some), len(correspondents))
    return made


def _answer_some(
    office: Office, due: Mapping[str, list[Mail]], replaced: Mapping[str, tuple[str, ...]], now: datetime
) -> int:
    """Write the replies to some correspondents, given by address with the mails to be answered; returns how many are new."""
    names = list(dict.fromkeys(name for mails in due.values() for mail in mails for name in mail.universities))
    office.gather(names)
    enough = _enough(office, due, replaced, now)
    # Only of a university that is known is it told what has changed since its last reply.
    known = [name for name in names if not is_unnamed(name)]
    told = [mail.id for name in known for mail in office.submission(name).mails]
    replied = office.store.outbox.replies_of([*told, *(mail.id for mails in due.values() for mail in mails)])
    accepted = {mail for mail, yes in office.store.universities.decisions().items() if yes}
    compose = partial(_composed, office, now=now, replied=replied, accepted=accepted)
    # Writing takes its time, with marked copies of the files; the store is not locked meanwhile.
    written = {
        one: _written(one, partial(compose, one, mails, replaced.get(one, ())))
        for one, mails in due.items()
        if one not in enough
    }
    replies = [replace(reply, replaces=replaced.get(one, ())) for one, reply in written.items() if reply is not None]
    bounced = office.store.outbox.bounced([reply.recipient for reply in replies])
    usual = ReplyState.OFF if office.settings.reply == "off" else ReplyState.QUEUED
    states = [(reply, ReplyState.UNDELIVERABLE if reply.recipient in bounced else usual) for reply in replies]
    return office.store.outbox.queue_all(states, now)


def _with_overtaken(
    office: Office, due: Mapping[str, list[Mail]]
) -> tuple[dict[str, list[Mail]], dict[str, tuple[str, ...]]]:
    """The mails to be answered and with them those answered by what has not left yet, which is replaced; by address.

    That is what would tell a correspondent, or others who write for the same university, of a state that is past.
    """
    together: dict[str, list[Mail]] = dict(due)
    replaced: dict[str, tuple[str, ...]] = {}
    if not due or office.settings.reply == "off":
        return together, replaced
    names = {name for mails in due.values() for mail in mails for name in mail.universities if not is_unnamed(name)}
    for message_id, recipient, answered in office.store.outbox.waiting(due, names):
        if all(mail.reply_to.address == recipient for mail in answered):
            mails = {mail.id: mail for mail in (*answered, *together.get(recipient, ()))}
            together[recipient] = sorted(mails.values(), key=lambda mail: (mail.received_at, mail.id))
            replaced[recipient] = (*replaced.get(recipient, ()), message_id)
    return together, replaced


def _enough(
    office: Office, due: Mapping[str, list[Mail]], replaced: Mapping[str, tuple[str, ...]], now: datetime
) -> set[str]:
    """Who has had enough replies for today, a robot perhaps, and gets the rest in one tomorrow; and whom only those have named
    for replies who have named enough others today."""
    today, most = midnight(now), office.settings.send_per_correspondent
    made = office.store.outbox.made_since(due, today)
    enough = {address for address in due if made.get(address, 0) - len(replaced.get(address, ())) >= most}
    # A letter that takes the place of another is none more.
    more = {one: _named_by(one, mails) for one, mails in due.items() if one not in enough and one not in replaced}
    if any(more.values()):
        named = Counter(office.store.outbox.diverted_since(today))
        for address, authors in more.items():
            if authors and all(named[author] >= most for author in authors):
                enough.add(address)
            else:
                named.update(authors)
    return enough


def _named_by(address: str, mails: Iterable[Mail]) -> set[str]:
    """Who named an address for replies; nobody where it wrote as well, or a system did that many write through."""
    authors = {address if mail.automatic is Automatic.NO_REPLY else mail.sender.address for mail in mails}
    return set() if authors & {address, ""} else authors


def _written(address: str, compose: Callable[[], Reply | None]) -> Reply | None:
    """The reply to a correspondent; None where there is none to be sent now."""
    try:
        return compose()
    except Exception as fault:
        if is_unusable(fault):
            raise
        # One reply that our code cannot write must not keep all others waiting; it is due again at the next pass.
        log.exception("给 %s 的回复没有写成，其余照常", address)
        return None


def _composed(
    office: Office,
    address: str,
    mails: list[Mail],
    replaces: tuple[str, ...],
    now: datetime,
    replied: Mapping[str, str | None],
    accepted: Container[str],
) -> Reply | None:
    """The reply to a correspondent, `replaces` the Message-IDs of those that it takes the place of, `replied` as
    Outbox.replies_of, `accepted` the ids of the mails that staff accepted; None where there is nobody to write to, or nothing
    to say."""
    from pipeline.enclosures import enclosed
    from pipeline.reply import compose

    universities = dict.fromkeys(name for mail in mails for name in mail.universities)
    # What was said of a mail before staff accepted it was another reply.
    occasion = tuple(f"accepted {mail.id}" for mail in mails if mail.id in accepted)
    submissions = tuple(own_part(office.submission(name), address) for name in universities)
    every = [_changes(office, one, mails, replied) for one in submissions]
    # Which of several universities a change is about could not be told.
    changes = every[0] if len(every) == 1 else Changes(withdrawn=frozenset().union(*(one.withdrawn for one in every)))
    new = [mail for mail in mails if not replied.get(mail.id)]
    if _brings_nothing(mails, submissions):
        # What was asked of such a mail, others have sent meanwhile.
        dropped = office.store.outbox.drop(replaces)
        _leave(office, [mail for mail in mails if not replied.get(mail.id) or replied[mail.id] in dropped])
        return None
    files = enclosed(submissions, office.content, office.reader.marked_copy)
    try:
        return compose(tuple(mails), submissions, office.rules.notice, office.user, now, changes, files, occasion)
    except ValueError:
        # Staff see it in the mail log.
        log.warning("邮件 %s 没有可用的回信地址", mails[-1].id[:12])
        _leave(office, new)
        return None


def _changes(office: Office, after: Submission, mails: list[Mail], replied: Mapping[str, str | None]) -> Changes:
    """What these mails changed, where the correspondent was answered before and may see the whole."""
    if mails[-1].reply_to.address not in after.trusted or not after.university:
        return NOTHING
    now = {mail.id for mail in mails}
    answered = [
        mail for mail in after.mails if replied.get(mail.id) and mail.id not in now and is_known(mail, after.trusted)
    ]
    return compare(office.submission_of(after.university, answered), after) if answered else NOTHING


def _brings_nothing(mails: Sequence[Mail], submissions: Sequence[Submission]) -> bool:
    """Whether these are mails without anything, thanks perhaps, about submissions of which nothing is asked any more."""
    empty = all(any(finding.rule == NO_ATTACHMENT for finding in mail.findings) for mail in mails)
    found = [finding for submission in submissions for finding in submission.all_findings]
    return empty and not any(one.severity is Severity.ERROR or one.rule == NO_ATTACHMENT for one in found)


def _leave(office: Office, mails: Iterable[Mail]) -> None:
    for mail in mails:
        office.store.outbox.leave_unanswered(mail.id)
