"""Which mails are to be answered now, and which while their universities may still be writing have to wait (contract §6).

Nothing is answered here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.model import Mail
from pipeline.office import Office


def unanswered(office: Office, now: datetime) -> tuple[list[Mail], list[Mail]]:
    """The submission mails without a reply, oldest first: those due, every university of which has been quiet for the settle
    window, and the others."""
    waiting = office.store.outbox.unanswered()
    newest = office.store.universities.newest_mails(name for mail in waiting for name in mail.universities)
    window = timedelta(minutes=office.settings.settle_minutes)

    def is_due(mail: Mail) -> bool:
        return all(_is_quiet(window, now, newest[name]) for name in mail.universities if name in newest)

    return [mail for mail in waiting if is_due(mail)], [mail for mail in waiting if not is_due(mail)]


def _is_quiet(window: timedelta, now: datetime, newest: datetime) -> bool:
    return now - newest >= window or newest > now
