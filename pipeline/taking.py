"""Mails of the spool are taken: read ahead, judged in their order, their outcomes stored; one that makes our code fail is
set aside whole, and the rest goes on.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pipeline.dispatch import Clock
from pipeline.flow import judge
from pipeline.hindrances import is_hindrance
from pipeline.model import Automatic, Envelope, Mail, Outcome, Reading
from pipeline.office import Office
from pipeline.own_files import noted
from pipeline.own_ids import OUR_IDS
from pipeline.passes import Pass
from pipeline.progress import Progress
from pipeline.rows import Returned
from pipeline.sayings import announces_file
from pipeline.unnamed import waiting_for

if TYPE_CHECKING:
    from concurrent.futures import Future

log = logging.getLogger(__name__)

# By itself a mail is tried this often, in case what failed was not the mail; then it waits for the operator.
ATTEMPTS = 3
# Where a mail lies, its id, and what was read of it.
Read = tuple[Envelope, str, "Future[Reading]"]
# Where a server puts what it does not believe.
JUNK = re.compile("垃圾|广告|病毒|junk|spam|bulk", re.IGNORECASE)
# Nobody answers a mail of ours, with nothing, as quickly as this; a look at so many Message-IDs of a thread will do.
AT_ONCE = timedelta(minutes=5)
THREAD = 30
# A broken mail program may give all its mails one Message-ID.
MOST_COMPARED = 20


def take_all(
    office: Office, done: Pass, fetched: Iterable[tuple[Envelope, str]], clock: Clock, progress: Progress
) -> None:
    """Fetching, reading and storing overlap: what is read by now is judged in the order it was fetched and stored together."""
    begun: set[str] = set()
    for batch in office.stage.ahead(_unrecorded(office, done, fetched)):
        stored = Pass()
        with office.store.together():
            for some in _apart(batch):
                if not begun.isdisjoint(mail for _, mail, _ in some) or not _take_together(office, stored, some):
                    _take_each(office, stored, some, begun, clock)
                begun.update(mail for _, mail, _ in some)
        done.add(stored)
        progress("收取邮件", done.recorded + done.set_aside + done.known_already, done.listed)
    # What comes now, the ledger of a whole country perhaps, needs the memory.
    office.reader.rest()


def _apart(batch: Iterable[Read]) -> Iterator[list[Read]]:
    """The mails in their order, parted so that none stands beside one of the same correspondent, which it may bear on."""
    some: list[Read] = []
    seen: set[str] = set()
    for one in batch:
        reading = one[-1]
        correspondent = "" if reading.exception() else reading.result().message.reply_to.address
        if correspondent in seen:
            yield some
            some, seen = [], set()
        some.append(one)
        seen.add(correspondent)
    yield some


def _take_together(office: Office, done: Pass, some: Sequence[Read]) -> bool:
    """Judge mails of different correspondents and store them all at once; False, with nothing stored, where one of them is
    not as it should be and each has to be taken by itself."""
    try:
        outcomes = [
            look_at(office, mail, place.received_at, reading.result, place.folder) for place, mail, reading in some
        ]
        if any(outcome.mail.automatic is Automatic.BOUNCE for outcome in outcomes):
            return False
        if office.store.recorded_under(outcome.mail.message_id for outcome in outcomes):
            return False
        office.store.record_all([(outcome, one[0]) for outcome, one in zip(outcomes, some, strict=True)])
    except Exception as fault:
        if is_hindrance(fault):
            raise
        return False
    for mail in (outcome.mail for outcome in outcomes):
        done.count(mail)
        office.forget(*mail.universities, waiting_for(mail.reply_to.address))
    return True


def _take_each(office: Office, done: Pass, some: Iterable[Read], begun: set[str], clock: Clock) -> None:
    for envelope, mail, reading in some:
        if mail in begun:
            _sight(office, done, envelope, mail)
        else:
            take(office, done, mail, envelope.received_at, clock, envelope, reading.result)


def _unrecorded(office: Office, done: Pass, fetched: Iterable[tuple[Envelope, str]]) -> Iterator[tuple[Envelope, str]]:
    """The mails that have to be read. The same bytes, delivered twice, moved or renumbered, are one mail."""
    for envelope, mail in fetched:
        if office.store.is_recorded(mail):
            _sight(office, done, envelope, mail)
        else:
            yield envelope, mail


def _sight(office: Office, done: Pass, envelope: Envelope, mail: str) -> None:
    office.store.work.sight(envelope, mail)
    done.known_already += 1


def take(
    office: Office,
    done: Pass,
    mail: str,
    received_at: datetime,
    clock: Clock,
    envelope: Envelope | None = None,
    read: Callable[[], Reading] | None = None,
) -> Outcome | None:
    """Judge one mail of the spool, read beforehand or now, and store its outcome; None where it had to be set aside.

    Raises OSError or OperationalError, with nothing stored, where the machine or the database is at fault.
    """
    try:
        outcome = look_at(office, mail, received_at, read, envelope.folder if envelope else "")
        with office.store.together():
            original = _original(office, outcome.mail)
            if original:
                office.store.record_copy(mail, original, envelope)
            else:
                keep(office, outcome, envelope)
    except Exception as fault:
        if is_hindrance(fault):
            raise
        log.error("邮件 %s 无法处理，已搁置（%s）", mail[:12], type(fault).__name__)
        _set_aside(office, mail, received_at, fault, clock(), envelope)
        done.set_aside += 1
        return None
    if original:
        done.known_already += 1
    else:
        done.count(outcome.mail)
    return outcome


def _original(office: Office, mail: Mail) -> str:
    """The id of the recorded mail that this one is, delivered once more; "" if there is none."""
    from pipeline.copies import is_copy

    others = [other for other in office.store.recorded_under([mail.message_id]) if other != mail.id]
    raw = office.spool.read(mail.id) if others else b""
    for other in others[:MOST_COMPARED]:
        # A mail whose bytes are lost cannot be compared.
        with suppress(FileNotFoundError):
            if is_copy(raw, office.spool.read(other)):
                return other
    return ""


def _set_aside(
    office: Office, mail: str, received_at: datetime, fault: Exception, at: datetime, envelope: Envelope | None = None
) -> None:
    reason = f"{type(fault).__name__}: {fault}"[:500]
    trace = "".join(traceback.format_exception(fault))
    office.store.set_aside(mail, received_at, reason, trace, at, envelope)


def look_at(
    office: Office, mail: str, received_at: datetime, read: Callable[[], Reading] | None = None, folder: str = ""
) -> Outcome:
    """What a mail of the spool comes to by the rules in force, `folder` where it was just fetched; nothing is stored."""
    reading = read() if read is not None else office.stage.read(mail)
    if reading.message.automatic is Automatic.STAFF:
        folders = [folder] if folder else [one.folder for one in office.store.work.sightings(mail)]
        if folders and all(map(JUNK.search, folders)):
            # Anybody can write our address into From; what the server does not believe, staff look at.
            reading = replace(reading, message=replace(reading.message, automatic=Automatic.CLAIMED))
    if _answers_at_once(office, reading, received_at):
        reading = replace(reading, message=replace(reading.message, automatic=Automatic.AUTO_REPLY))
    known = partial(office.store.universities.known_to, before=received_at)
    return noted(judge(reading, mail, received_at, office.rules, known), office.store.outbox.corrections)


def _answers_at_once(office: Office, reading: Reading, received_at: datetime) -> bool:
    """Whether a mail that brings nothing came within minutes of one of ours that it answers: a robot's, unless it asks
    something or speaks of what it should have brought.

    No header tells the automatic answers that people word themselves.
    """
    message = reading.message
    ours = [one for one in message.references if OUR_IDS.fullmatch(one)][-THREAD:]
    if not ours or message.automatic or message.attached or message.cloud_links or reading.documents:
        return False
    questions = office.rules.words.questions
    if announces_file(message.text) or any(word in message.text for word in questions):
        return False
    sent = office.store.outbox.last_tried(ours)
    return sent is not None and abs(received_at - sent) <= AT_ONCE


def keep(office: Office, outcome: Outcome, envelope: Envelope | None = None) -> None:
    """Store an outcome; a correspondent who has now said which university it is gets its earlier forms attributed."""
    # A mail that was just fetched has no earlier outcome.
    before = [] if envelope else [mail.universities for mail in office.store.mails([outcome.mail.id])]
    returned = _returned(office, outcome.mail) if outcome.mail.automatic is Automatic.BOUNCE else None
    for address in office.store.record(outcome, envelope, returned):
        log.warning("发给 %s 的回复被退回，以后不再向它发信，请人工联系。", address)
    waiting = waiting_for(outcome.mail.reply_to.address)
    office.forget(*outcome.mail.universities, waiting, *(name for names in before for name in names))


def _returned(office: Office, mail: Mail) -> Returned:
    """What a bounce quotes of ours: by the Message-ID, which nobody makes up, or by the address a mail system names."""
    from pipeline import addresses, automatic, delivery, parts

    raw = office.spool.read(mail.id)
    tree = parts.parse(raw)
    text = raw.decode("ascii", "replace") + delivery.words(tree)
    done = delivery.actions(tree)
    reached = frozenset().union(*done.values()) - done.get("failed", set())
    believed = automatic.is_from_mail_system(parts.headers(tree), mail.sender.address)
    named = frozenset(found.lower() for found in addresses.SIMPLE.findall(text) if believed)
    return Returned(frozenset(OUR_IDS.findall(text)), named, reached)


def retry_set_aside(office: Office, clock: Clock, only: Iterable[str] | None = None) -> int:
    """Try again what was set aside, by itself only a few times, `only` these when asked; returns how many came through."""
    through = 0
    wanted = None if only is None else set(only)
    for entry in office.store.all_set_aside():
        if entry.attempts >= ATTEMPTS if wanted is None else entry.mail not in wanted:
            continue
        through += take(office, Pass(), entry.mail, entry.received_at, clock) is not None
    return through
