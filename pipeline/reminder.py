"""`annex-inbox remind`: a friendly word before the deadline to those who are missing or still have to correct something.

It writes only to addresses that are known: the one a university last wrote from, or those the roster gives. Once the material
is there it has nothing more to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from pipeline.model import SHANGHAI, Finding, State
from pipeline.office import Office
from pipeline.reports import time_left
from pipeline.wording import deadline_text, topic

EARLIEST_HOUR = 9


class Reminder(Struct, frozen=True):
    """Whom to remind of what; `problems` is empty where nothing has come at all. `to` "" means that no address is known."""

    university: str
    to: str
    problems: tuple[Finding, ...]


def due(office: Office) -> Iterator[Reminder]:
    """Everybody on the roster who is missing or has to correct something, in its order."""
    heard = set(office.store.universities.names())
    for university in office.rules.terms.roster.universities:
        if university.name not in heard:
            for to in university.contacts or ("",):
                yield Reminder(university.name, to, ())
            continue
        submission = office.submission(university.name)
        if submission.state is State.TO_CORRECT:
            known = [mail.reply_to.address for mail in submission.mails if mail.reply_to.address in submission.trusted]
            yield Reminder(university.name, known[-1] if known else "", submission.errors)


def is_day(office: Office, now: datetime) -> bool:
    """Whether rules.yaml asks for reminders today: so many days before the deadline's day, from nine in the morning."""
    here, deadline = now.astimezone(SHANGHAI), office.rules.terms.deadline
    # A deadline at midnight belongs to the day it ends.
    left = (deadline - here).days
    return now < deadline and here.hour >= EARLIEST_HOUR and left in office.rules.remind_days_before


def remind(office: Office, now: datetime) -> list[Reminder]:
    """Queue what is due, to each address once a day at most; returns what was queued. Nothing after the deadline."""
    from pipeline.notes import note
    from pipeline.reply import template

    if now >= office.rules.terms.deadline:
        return []
    day = f"{now.astimezone(SHANGHAI):%Y-%m-%d}"
    queued = []
    for one in due(office):
        if one.to and not office.store.outbox.has_bounced(one.to):
            values = {
                "reminder": one,
                "deadline": deadline_text(office.rules.terms.deadline),
                "left": time_left(office.rules.terms.deadline, now),
                "notice": office.rules.notice,
                "day": now.astimezone(SHANGHAI),
            }
            text, html = (template(f"remind.{kind}.j2").render(values) for kind in ("txt", "html"))
            subject = f"【提醒】{one.university}{topic(office.rules.notice.activity)}申报材料"
            occasion = f"remind {one.university} {day}"
            mail = note(
                occasion,
                one.to,
                subject,
                text,
                office.rules.notice,
                office.user,
                now,
                "reminder",
                html,
                (one.university,),
            )
            if office.store.outbox.queue(mail, now):
                queued.append(one)
    return queued
