"""One pass: fetch what is new, process it, answer what is due, keep the ledger right. The only module that decides and acts.

A mail that makes our code fail is set aside whole and the rest goes on; a server that is away ends only its own part.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import OperationalError

from pipeline.bookkeeping import keep_ledger
from pipeline.changes import NOTHING, Changes, compare
from pipeline.database import is_unusable
from pipeline.dispatch import Clock, Dispatched, dispatch
from pipeline.errands import heartbeat, tell_staff
from pipeline.errors import AnnexError, ServerAway
from pipeline.flow import judge
from pipeline.model import SHANGHAI, Automatic, Disposition, Envelope, Mail, Outcome, Reading, Reply, Submission
from pipeline.office import Office
from pipeline.reminder import is_day, remind
from pipeline.rows import Returned
from pipeline.tally import Tallies
from pipeline.trust import own_part

log = logging.getLogger(__name__)

# By itself a mail is tried this often, in case what failed was not the mail; then it waits for the operator.
ATTEMPTS = 3
# Of the last pass: what was listed is the sum of the others.
TOTALS = ("listed", "recorded", "set_aside", "known_already", "missed")
CLAIMED_AT_ONCE = 32
# Replies of so many correspondents are put into the outbox at a time.
ANSWERED_TOGETHER = 16
# What is counted as mails are stored.
COUNTED = ("recorded", "submissions", "set_aside", "known_already")
# Told as (what is being done, how many are done, how many there are).
Progress = Callable[[str, int, int], None]
OUR_IDS = re.compile(r"<annex\.[0-9a-f]{32}@[^<>\s]+>")
ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def silent(_what: str, _done: int, _of: int) -> None:
    """Show no progress."""


@dataclass
class Pass:
    """What one pass came to; `listed` = recorded + set_aside + known_already + missed."""

    listed: int = 0
    recorded: int = 0
    submissions: int = 0
    set_aside: int = 0
    known_already: int = 0
    missed: int = 0
    replies: int = 0
    dispatched: Dispatched = field(default_factory=Dispatched)
    ledger_written: bool = False
    notes: list[str] = field(default_factory=list)
    troubles: list[AnnexError] = field(default_factory=list)

    def add(self, more: Pass) -> None:
        """Count in what became of some more mails."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(more, name))

    @property
    def exit_code(self) -> int:
        """The exit code of contract §1: what stops us first, then what was set aside."""
        codes = [trouble.exit_code for trouble in self.troubles]
        if codes:
            return min(codes)
        return 1 if self.set_aside else 0


def one_pass(office: Office, clock: Clock, progress: Progress = silent) -> Pass:
    """Do all there is to do now. Raises nothing that a person can act on; such trouble is in the result."""
    done = Pass()
    try:
        _work(office, done, clock, progress)
    except (OSError, OperationalError) as error:
        # A full disk or a locked store costs this pass; everything is where it was for the next.
        reason = getattr(error, "strerror", None) or getattr(error, "orig", None) or error
        done.troubles.append(
            ServerAway(f"磁盘或数据库现在不能写入（{reason}），这一轮没有做完，没有丢失任何邮件，下一轮会接着做。")
        )
    return done


def _work(office: Office, done: Pass, clock: Clock, progress: Progress) -> None:
    office.sweep()
    retry_set_aside(office, clock)
    with _noted(done):
        fetch(office, done, clock, progress)
    done.replies = answer(office, clock(), progress)
    _ledger(office, done, clock())
    if office.settings.reply != "off" and is_day(office, clock()):
        remind(office, clock())
    tell_staff(office, clock(), done.troubles)
    done.dispatched = dispatch(office, clock, lambda one, of: progress("发送回复", one, of))
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
def _noted(done: Pass) -> Iterator[None]:
    try:
        yield
    except AnnexError as trouble:
        done.troubles.append(trouble)


def _ledger(office: Office, done: Pass, now: datetime) -> None:
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
            raise ServerAway("ANNEX_FOLDERS 中的文件夹一个也打不开，请核对文件夹名称。")
        listed: list[Envelope] = []
        tallies = Tallies(store, office.user, clock())
        for folder in found:
            listed += mailbox.unknown(folder, partial(store.work.known_uids, folder), tallies.of(folder))
        listed.sort(key=lambda envelope: (envelope.received_at, envelope.folder, envelope.uid))
        done.listed = len(listed)
        try:
            take_all(office, done, mailbox.fetch(_ours(office, done, listed, clock), office.spool), clock, progress)
        finally:
            taken = done.recorded + done.set_aside + done.known_already
            done.missed = done.listed - taken
        if taken == len(listed):
            tallies.keep(mailbox.tallies)


def take_all(
    office: Office, done: Pass, fetched: Iterable[tuple[Envelope, str]], clock: Clock, progress: Progress
) -> None:
    """Fetching, reading and storing overlap: what is read by now is judged in the order it was fetched and stored together."""
    begun: set[str] = set()
    for batch in office.stage.ahead(_unrecorded(office, done, fetched)):
        stored = Pass()
        with office.store.together():
            for envelope, mail, reading in batch:
                if mail in begun:
                    _sight(office, stored, envelope, mail)
                else:
                    begun.add(mail)
                    take(office, stored, mail, envelope.received_at, clock, envelope, reading.result)
        done.add(stored)
        progress("收取邮件", done.recorded + done.set_aside + done.known_already, done.listed)


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
    """Judge one mail of the spool, read beforehand or now, and store its outcome; None where it had to be set aside."""
    try:
        outcome = look_at(office, mail, received_at, read)
        with office.store.together():
            keep(office, outcome, envelope)
    except Exception as fault:
        if is_unusable(fault):
            raise
        log.error("邮件 %s 无法处理，已搁置（%s）", mail[:12], type(fault).__name__)
        _set_aside(office, mail, received_at, fault, clock(), envelope)
        done.set_aside += 1
        return None
    done.recorded += 1
    done.submissions += outcome.mail.disposition is Disposition.SUBMISSION
    return outcome


def _set_aside(
    office: Office, mail: str, received_at: datetime, fault: Exception, at: datetime, envelope: Envelope | None = None
) -> None:
    reason = f"{type(fault).__name__}: {fault}"[:500]
    trace = "".join(traceback.format_exception(fault))
    office.store.set_aside(mail, received_at, reason, trace, at, envelope)


def look_at(office: Office, mail: str, received_at: datetime, read: Callable[[], Reading] | None = None) -> Outcome:
    """What a mail of the spool comes to by the rules in force; nothing is stored."""
    reading = read() if read is not None else office.stage.read(mail)
    known = partial(office.store.universities.known_to, before=received_at)
    return judge(reading, mail, received_at, office.rules, known)


def keep(office: Office, outcome: Outcome, envelope: Envelope | None = None) -> None:
    """Store an outcome; a correspondent who has now said which university it is gets its earlier forms attributed."""
    # A mail that was just fetched has no earlier outcome.
    before = [] if envelope else [mail.universities for mail in office.store.mails([outcome.mail.id])]
    returned = _returned(office, outcome.mail) if outcome.mail.automatic is Automatic.BOUNCE else None
    for address in office.store.record(outcome, envelope, returned):
        log.warning("发给 %s 的回复被退回，以后不再向它发信，请人工联系。", address)
    waiting = f"?{outcome.mail.reply_to.address}"
    office.forget(*outcome.mail.universities, waiting, *(name for names in before for name in names))


def _returned(office: Office, mail: Mail) -> Returned:
    """What a bounce quotes of ours: by the Message-ID, else by the address it names."""
    from pipeline.message import decode

    raw = office.spool.read(mail.id)
    text = raw.decode("ascii", "replace") + decode(raw, office.user).text
    return Returned(frozenset(OUR_IDS.findall(text)), frozenset(found.lower() for found in ADDRESS.findall(text)))


def retry_set_aside(office: Office, clock: Clock, only: Iterable[str] | None = None) -> int:
    """Try again what was set aside, by itself only a few times, `only` these when asked; returns how many came through."""
    through = 0
    wanted = None if only is None else set(only)
    for entry in office.store.all_set_aside():
        if entry.attempts >= ATTEMPTS if wanted is None else entry.mail not in wanted:
            continue
        through += take(office, Pass(), entry.mail, entry.received_at, clock) is not None
    return through


def answer(office: Office, now: datetime, progress: Progress = silent) -> int:
    """Write the replies that are due into the outbox; returns how many.

    A mail is due once every university it concerns has been quiet for the settle window (contract §6); all due mails of
    one correspondent get one reply.
    """
    waiting = office.store.outbox.unanswered()
    newest = office.store.universities.newest_mails(name for mail in waiting for name in mail.universities)
    settled = partial(_is_quiet, timedelta(minutes=office.settings.settle_minutes), now)
    due: dict[str, list[Mail]] = {}
    for mail in waiting:
        if all(settled(newest[name]) for name in mail.universities if name in newest):
            due.setdefault(mail.reply_to.address, []).append(mail)
    made, correspondents = 0, list(due)
    for start in range(0, len(correspondents), ANSWERED_TOGETHER):
        some = correspondents[start : start + ANSWERED_TOGETHER]
        made += _answer_some(office, {address: due[address] for address in some}, now)
        progress("撰写回复", start + len(some), len(correspondents))
    return made


def _answer_some(office: Office, due: Mapping[str, list[Mail]], now: datetime) -> int:
    """Write the replies to some correspondents, given by address with the mails to be answered; returns how many."""
    names = list(dict.fromkeys(name for mails in due.values() for mail in mails for name in mail.universities))
    office.gather(names)
    enough = _enough(office, list(due), now)
    # Only of a university that is known is it told what has changed since its last reply.
    known = [name for name in names if not name.startswith("?")]
    replied = office.store.outbox.replies_of(mail.id for name in known for mail in office.submission(name).mails)
    # Writing takes its time, with marked copies of the files; the store is not locked meanwhile.
    written = [_written(office, one, mails, now, replied) for one, mails in due.items() if one not in enough]
    replies = [reply for reply in written if reply is not None]
    bounced = office.store.outbox.bounced([reply.recipient for reply in replies])
    usual = "off" if office.settings.reply == "off" else "queued"
    with office.store.together():
        return sum(
            office.store.outbox.queue(reply, now, "undeliverable" if reply.recipient in bounced else usual)
            for reply in replies
        )


def _is_quiet(window: timedelta, now: datetime, newest: datetime) -> bool:
    return now - newest >= window or newest > now


def _enough(office: Office, addresses: Sequence[str], now: datetime) -> set[str]:
    """Who has had enough replies for today, a robot perhaps, and gets the rest in one tomorrow."""
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    made = office.store.outbox.made_since(addresses, today)
    return {address for address in addresses if made.get(address, 0) >= office.settings.send_per_correspondent}


def _written(
    office: Office, address: str, mails: list[Mail], now: datetime, replied: Mapping[str, str | None]
) -> Reply | None:
    """The reply to a correspondent, `replied` as Outbox.replies_of; None where there is none to be sent now."""
    try:
        return _composed(office, address, mails, now, replied)
    except Exception as fault:
        if is_unusable(fault):
            raise
        # One reply that our code cannot write must not keep all others waiting; it is due again at the next pass.
        log.exception("给 %s 的回复没有写成，其余照常", address)
        return None


def _composed(
    office: Office, address: str, mails: list[Mail], now: datetime, replied: Mapping[str, str | None]
) -> Reply | None:
    """The reply to a correspondent; None where there is nobody to write to."""
    from pipeline.enclosures import enclosures
    from pipeline.reply import compose

    universities = dict.fromkeys(name for mail in mails for name in mail.universities)
    submissions = tuple(own_part(office.submission(name), address) for name in universities)
    changes = _changes(office, submissions, mails, replied) if len(submissions) == 1 else NOTHING
    files = tuple(one for submission in submissions for one in enclosures(submission, office.content))
    try:
        return compose(tuple(mails), submissions, office.rules.notice, office.user, now, changes, files)
    except ValueError:
        # Staff see it in the mail log.
        log.warning("邮件 %s 没有可用的回信地址", mails[-1].id[:12])
        _leave(office, mails)
        return None


def _changes(
    office: Office, submissions: tuple[Submission, ...], mails: list[Mail], replied: Mapping[str, str | None]
) -> Changes:
    """What these mails changed, where the correspondent was answered before and may see the whole."""
    (after,) = submissions
    if mails[-1].reply_to.address not in after.trusted or not after.university:
        return NOTHING
    answered = [mail for mail in after.mails if replied.get(mail.id)]
    return compare(office.submission_of(after.university, answered), after) if answered else NOTHING


def _leave(office: Office, mails: Iterable[Mail]) -> None:
    for mail in mails:
        office.store.outbox.leave_unanswered(mail.id)
