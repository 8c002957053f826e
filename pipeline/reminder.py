"""`annex-inbox remind`: a friendly word before the deadline to those who are missing or still have to correct something.

It writes only to addresses that are known: the one a university last wrote from, or those the roster gives. Once the material
is there, or while an answer is still due, it has nothing to say; what it queued is looked at again before it goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from pipeline.model import SHANGHAI, Finding, Mail, Reply, Submission, University, midnight
from pipeline.office import Office
from pipeline.reply_states import UNDER_WAY, ReplyKind, ReplyState
from pipeline.reports import time_left
from pipeline.rows import Queued
from pipeline.wording import day_text, deadline_text, quoted, topic

EARLIEST_HOUR = 9
# By itself the program reminds nobody whom it has written to, for whatever reason, within this time.
REST = timedelta(days=1)


class Part(Struct, frozen=True):
    """What one university is reminded of; `problems` is empty where nothing has come at all, `received` says whether any
    file of it is there."""

    university: str
    problems: tuple[Finding, ...] = ()
    received: bool = False


class Reminder(Struct, frozen=True):
    """Whom to remind of what, one university at least; `to` "" means that no address is known that can be written to."""

    to: str
    parts: tuple[Part, ...]


def is_day(office: Office, now: datetime) -> bool:
    """Whether rules.yaml asks for reminders today: so many days before the deadline's day, from nine in the morning."""
    here, deadline = now.astimezone(SHANGHAI), office.rules.terms.deadline
    # A deadline at midnight belongs to the day it ends.
    left = (deadline - here).days
    return now < deadline and here.hour >= EARLIEST_HOUR and left in office.rules.remind_days_before


def due(office: Office, now: datetime, rest: timedelta = timedelta()) -> list[Reminder]:
    """All reminders to be written now, by address in the roster's order, and one for each university without an address.

    An address gets one a day at most, and none about a university it was written to about within `rest`.
    Nothing after the deadline.
    """
    if now >= office.rules.terms.deadline:
        return []
    today = midnight(now)
    letters = office.store.outbox.made_lately(min(today, now - rest))
    reminded = {one.recipient for one in letters if one.kind is ReplyKind.REMINDER and one.made_at >= today}
    resting = [one for one in letters if one.state in UNDER_WAY or now - (one.tried_at or one.made_at) < rest]
    found: dict[str, list[Part]] = {}
    for to, part in _parts(office, _Heard.of(office), office.rules.terms.roster.universities, resting):
        if to not in reminded:
            # Those without an address have nothing in common but that.
            found.setdefault(to or f"?{part.university}", []).append(part)
    return [Reminder("" if to.startswith("?") else to, tuple(parts)) for to, parts in found.items()]


class _Heard(Struct, frozen=True):
    """Which universities have written, and the ids of mails not answered yet."""

    names: frozenset[str]
    unanswered: frozenset[str]

    @staticmethod
    def of(office: Office) -> _Heard:
        unanswered = frozenset(mail.id for mail in office.store.outbox.unanswered())
        return _Heard(frozenset(office.store.universities.names()), unanswered)


def _parts(
    office: Office, heard: _Heard, universities: Iterable[University], letters: Iterable[Queued]
) -> Iterator[tuple[str, Part]]:
    """Who has to be told what: those missing or with something to correct, but for those whom one of these letters, or a
    reply still to be made, tells it."""
    told = {(one.recipient, name) for one in letters for name in one.universities}
    for university in universities:
        submission = office.submission(university.name) if university.name in heard.names else None
        if submission is None or not submission.heeded:
            part, addresses = Part(university.name), university.contacts
        else:
            waiting = any(mail.id in heard.unanswered for mail in submission.heeded)
            if waiting or not submission.errors:
                continue
            received = any((submission.summaries, submission.entries, submission.supporting))
            problems = tuple(_told(finding, submission) for finding in submission.errors)
            part, addresses = Part(university.name, problems, received), _writers(submission)[-1:]
        bounced = office.store.outbox.bounced(addresses) if addresses else set()
        usable = [to for to in addresses if to not in bounced]
        yield from ((to, part) for to in usable or [""] if (to, university.name) not in told)


def _writers(submission: Submission) -> tuple[str, ...]:
    """The addresses a university may be reached at, newest last: those replies go to."""
    from pipeline.reply import addressee

    found = []
    for mail in submission.heeded:
        if mail.answerable and mail.reply_to.address in submission.trusted:
            try:
                found.append(addressee(mail).address)
            except ValueError:
                continue
    return tuple(found)


def _told(finding: Finding, submission: Submission) -> Finding:
    """The finding in words that fit outside a reply: one about a mail says which mail that was."""
    about = next((mail for mail in reversed(submission.heeded) if finding in mail.findings), None)
    return replace(finding, message=f"{_named(about)}：{finding.message}") if about else finding


def _named(mail: Mail) -> str:
    return f"{day_text(mail.received_at)}的来信{quoted(mail.subject) if mail.subject.strip() else ''}"


def remind(office: Office, now: datetime, rest: timedelta = timedelta()) -> list[Reminder]:
    """Queue what is due; returns it, those included that cannot be written to."""
    found = due(office, now, rest)
    for one in found:
        if one.to:
            office.store.outbox.queue(_letter(office, one, now), now)
    return found


def look_again(office: Office, now: datetime) -> None:
    """Have the reminders that wait to be sent say what is due by now, and drop those about which there is nothing to say.

    A university that has written, or was written to, since its reminder was made is not reminded.
    """
    waiting = [one for one in office.store.outbox.replies(ReplyState.QUEUED) if one.kind is ReplyKind.REMINDER]
    # More than these will not go out today.
    queued = waiting[: office.settings.send_per_day]
    if not queued:
        return
    heard = _Heard.of(office)
    # By address, for thousands may wait.
    since: dict[str, list[Queued]] = {}
    for letter in office.store.outbox.made_lately(min(one.made_at for one in queued)):
        if letter.kind is not ReplyKind.REMINDER:
            since.setdefault(letter.recipient, []).append(letter)
    with office.store.together():
        for one in queued:
            later = [letter for letter in since.get(one.recipient, ()) if letter.made_at > one.made_at]
            parts = _still_due(office, heard, one, later) if now < office.rules.terms.deadline else ()
            if not parts:
                office.store.outbox.mark(
                    one.message_id, ReplyState.DROPPED, "不必再提醒，没有发出", was=ReplyState.QUEUED
                )
            else:
                office.store.outbox.rewrite(_letter(office, Reminder(one.recipient, parts), one.made_at, now))


def _still_due(office: Office, heard: _Heard, queued: Queued, since: Sequence[Queued]) -> tuple[Part, ...]:
    universities = [one for one in map(office.rules.terms.roster.get, queued.universities) if one is not None]
    newest = {
        name: max((mail.received_at for mail in office.submission(name).heeded), default=queued.made_at)
        for name in queued.universities
        if name in heard.names
    }
    found = _parts(office, heard, universities, since)
    return tuple(
        part
        for to, part in found
        if to == queued.recipient and newest.get(part.university, queued.made_at) <= queued.made_at
    )


def _letter(office: Office, one: Reminder, made_at: datetime, now: datetime | None = None) -> Reply:
    """The reminder as a mail, the only one of the day it was made on to this address; it says how long there is from `now`."""
    from pipeline.notes import note
    from pipeline.reply import template, whom

    notice, deadline = office.rules.notice, office.rules.terms.deadline
    names = tuple(part.university for part in one.parts)
    values = {
        "reminder": one,
        "names": names,
        "changed": any(part.received and part.problems for part in one.parts),
        "deadline": deadline_text(deadline),
        "left": time_left(deadline, now or made_at),
        "notice": notice,
        "day": (now or made_at).astimezone(SHANGHAI),
    }
    text, html = (template(f"remind.{kind}.j2").render(values) for kind in ("txt", "html"))
    subject = f"【提醒】{whom(names)}{topic(notice.activity)}申报材料"
    occasion = f"remind {made_at.astimezone(SHANGHAI):%Y-%m-%d}"
    return note(occasion, one.to, subject, text, notice, office.user, now or made_at, ReplyKind.REMINDER, html, names)
