"""One pass: fetch what is new, take it, answer what is due, keep the ledger right.

It decides what is done in which order; a server that is away ends only its own part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from sqlalchemy.exc import OperationalError

from pipeline import hindrances
from pipeline.answering import answer
from pipeline.bookkeeping import keep_ledger
from pipeline.dispatch import Clock, dispatch
from pipeline.errands import heartbeat, tell_staff
from pipeline.errors import AnnexError, ConfigurationError
from pipeline.model import Envelope
from pipeline.office import Office
from pipeline.passes import Pass
from pipeline.progress import Progress, silent
from pipeline.reminder import REST, is_day, look_again, remind
from pipeline.taking import retry_set_aside, take_all
from pipeline.tally import Tallies

# Of the last pass: what was listed is the sum of the others.
TOTALS = ("listed", "recorded", "set_aside", "known_already", "missed")
CLAIMED_AT_ONCE = 32


def one_pass(office: Office, clock: Clock, progress: Progress = silent) -> Pass:
    """Do all there is to do now. Raises nothing that a person can act on; such trouble is in the result."""
    done = Pass()
    try:
        _work(office, done, clock, progress)
    except (OSError, OperationalError) as error:
        # A full disk or a locked store costs this pass; everything is where it was for the next.
        done.troubles.append(hindrances.told(error, office.settings.data))
    return done


def _work(office: Office, done: Pass, clock: Clock, progress: Progress) -> None:
    with _noted(office, done):
        office.sweep()
    with _noted(office, done):
        retry_set_aside(office, clock)
    with _noted(office, done):
        fetch(office, done, clock, progress)
    done.replies = answer(office, clock(), progress)
    _ledger(office, done, clock())
    look_again(office, clock())
    if office.settings.reply != "off" and is_day(office, clock()):
        remind(office, clock(), REST)
    tell_staff(office, clock(), done.troubles)
    done.dispatched = dispatch(office, clock, progress)
    done.notes += done.dispatched.notes
    if done.dispatched.trouble is not None:
        done.troubles.append(done.dispatched.trouble)
    _ledger(office, done, clock())
    if not done.troubles:
        office.store.set_fact("last_success", clock().isoformat())
    totals = {name: getattr(done, name) for name in TOTALS}
    office.store.set_fact("last_totals", json.dumps(totals))
    office.store.work.release(office.holder)
    heartbeat(office, clock(), done.troubles)


@contextmanager
def _noted(office: Office, done: Pass) -> Iterator[None]:
    """Let a server that is away, or a folder that is closed to us, end this part alone."""
    try:
        yield
    except AnnexError as trouble:
        done.troubles.append(trouble)
    except OSError as error:
        if not hindrances.is_local(error):
            raise
        said = hindrances.told(error, office.settings.data)
        done.troubles += [said] if str(said) not in map(str, done.troubles) else []


def _ledger(office: Office, done: Pass, now: datetime) -> None:
    with _noted(office, done):
        kept = keep_ledger(office, now)
        done.ledger_written |= kept.written
        done.notes += [note for note in kept.notes if note not in done.notes]


def fetch(office: Office, done: Pass, clock: Clock, progress: Progress) -> None:
    """Bring every mail not known yet into the spool and process it, oldest first over all folders."""
    store = office.store
    with office.mailbox(clock()) as mailbox:
        found, missing = mailbox.folders(office.settings.folders)
        done.notes += [f"邮箱中没有文件夹“{name}”，已跳过。" for name in missing]
        if not found:
            raise ConfigurationError("ANNEX_FOLDERS 中的文件夹一个也打不开，请核对文件夹名称。")
        listed: list[Envelope] = []
        tallies = Tallies(store, office.user, clock())
        for folder in found:
            known, sighted = partial(store.work.known_uids, folder), partial(store.work.seen, folder)
            listed += mailbox.unknown(folder, known, tallies.of(folder), sighted)
        listed.sort(key=lambda envelope: (envelope.received_at, envelope.folder, envelope.uid))
        done.listed = len(listed)
        try:
            take_all(office, done, mailbox.fetch(_ours(office, done, listed, clock), office.spool), clock, progress)
        finally:
            taken = done.recorded + done.set_aside + done.known_already
            done.missed = done.listed - taken
        if taken == len(listed):
            tallies.keep(mailbox.tallies)


def _ours(office: Office, done: Pass, listed: Sequence[Envelope], clock: Clock) -> Iterator[Envelope]:
    """The mails that no other program is at work on, claimed a few at a time, so that several share the work."""
    for start in range(0, len(listed), CLAIMED_AT_ONCE):
        some = listed[start : start + CLAIMED_AT_ONCE]
        mine = office.claim("mail", map(_place, some), clock())
        left = office.store.work.unsighted([one for one in some if _place(one) in mine])
        done.listed -= len(some) - len(left)
        yield from left


def _place(envelope: Envelope) -> str:
    return f"{envelope.folder}/{envelope.uidvalidity}/{envelope.uid}"
