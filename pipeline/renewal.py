"""Writes archive, ledger and dashboard anew from the store, and gives staff their own words back.

What the sheets look like is ledger.py's business; whether they have to be written is bookkeeping.py's.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from pipeline import dashboard, ledger
from pipeline.account import Account, account_in, account_of, account_out
from pipeline.alongside import alongside
from pipeline.kept import Kept, fingerprint
from pipeline.ledger_staff import LedgerDamaged, Staff
from pipeline.ledger_view import LedgerView
from pipeline.mail_log import mail_lines
from pipeline.model import SHANGHAI
from pipeline.office import Office
from pipeline.standings import Brief, brief_of

BESIDE = "项目台账（最新）.xlsx"
# So many submissions wait for their files to be written.
FILED_BEHIND = 16
STALE_SECONDS = 24 * 3600
# So many universities to put together are worth a second process; of so many each of the two takes half.
WORTH_SHARING, MANY = 20, 200
OUT_OF_PLACE = 10


def renew(office: Office, now: datetime, anew: bool) -> Kept:
    """Write what is out of date, everything with `anew`; staff's remarks are read back first.

    A ledger that cannot be opened is kept beside under another name.
    """
    with _uncollected():
        return _renew(office, now, anew)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for values that refer to each other in a ring: hardly any here, and millions to look through."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _renew(office: Office, now: datetime, anew: bool) -> Kept:
    staff, notes = _staff(office, office.ledger_path, now)
    view = view_of(office, anew)
    with alongside(partial(dashboard.render, view)) as drawn:
        kept = _write(office, ledger.prepare(view, staff), notes, now)
        with suppress(OSError):
            # A page that cannot be replaced now is written at the next pass; the ledger says what is wrong with the folder.
            dashboard.write(office.dashboard_path, drawn())
    return kept


def _write(office: Office, prepared: ledger.Prepared, notes: tuple[str, ...], now: datetime) -> Kept:
    path = office.ledger_path
    digest = prepared.digest()
    if path.exists() and office.own_fact("ledger_digest") == digest:
        return Kept(False, notes)
    beside = path.with_name(BESIDE)
    if _is_open(path, now):
        # Whoever has it open would save an old copy over a new one; both stay, until it is closed.
        prepared.write(beside, old=path)
        note = f"台账正被打开，没有替换；最新的一份在旁边的 {BESIDE}，关闭后会自动合为一份。"
        return Kept(True, (*notes, note), unfinished=True)
    try:
        prepared.write(path)
    except ledger.LedgerBusy as error:
        return Kept(False, (*notes, str(error)), unfinished=True)
    beside.unlink(missing_ok=True)
    office.set_own_fact("ledger_digest", digest)
    office.set_own_fact("ledger_print", fingerprint(path))
    return Kept(True, notes)


def _is_open(path: Path, now: datetime) -> bool:
    """Whether WPS, Excel or LibreOffice has the workbook open, by the lock file they leave beside it.

    One older than a day was left behind by a crash.
    """
    for lock in (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#")):
        with suppress(OSError):
            if abs(now.timestamp() - lock.stat().st_mtime) < STALE_SECONDS:
                return True
    return False


def _staff(office: Office, path: Path, now: datetime) -> tuple[Staff, tuple[str, ...]]:
    """What staff have written so far, the newest edition of the workbook included."""
    store = office.store
    stored = store.fact("staff")
    staff = Staff.from_json(stored) if stored else Staff()
    if not path.exists() or office.own_fact("ledger_print") == fingerprint(path):
        return staff, ()
    try:
        staff = staff.merged(ledger.read_staff(path))
    except LedgerDamaged:
        aside = path.with_name(f"{path.stem}.损坏-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}{path.suffix}")
        path.replace(aside)
        return staff, (f"原台账无法打开，已另存为 {aside.name}，并重新生成了台账。",)
    # What staff wrote is safe in the store before the workbook is touched.
    store.set_fact("staff", staff.to_json())
    office.set_own_fact("ledger_digest", "")
    return staff, ()


def view_of(office: Office, anew: bool = False) -> LedgerView:
    """Everything the ledger shows, with every current file in its place in the archive.

    Only the universities for which something has changed are assembled and archived, all of them with `anew`.
    """
    return LedgerView(
        title=office.rules.notice.activity,
        deadline=office.rules.terms.deadline,
        roster=office.rules.terms.roster.universities,
        accounts=_accounts(office, anew),
        mails=tuple(mail_lines(office)),
        categories=office.rules.terms.categories,
    )


def _accounts(office: Office, anew: bool) -> tuple[Account, ...]:
    """What the ledger says of each university heard of; what had to be assembled for it is kept for the next time."""
    marks = office.standings.marks()
    # The archive is that of this machine; others that share the store have theirs.
    archived = {} if anew else office.archive.marks()
    kept = {} if anew else {name: text for name, text in office.standings.accounts(marks).items() if text}
    accounts = {name: account_in(text) for name, text in kept.items() if archived.get(name) == marks[name]}
    missing = [name for name in marks if name not in accounts]
    fresh = []
    for name, account, brief in _together(office, missing):
        accounts[name] = account
        if name not in kept:
            fresh.append((name, marks[name], brief, account_out(account)))
    if fresh or archived != marks:
        # What lies in the archive has to outlast a power cut before it is taken for granted.
        office.archive.settle(marks)
        office.standings.keep(fresh, marks)
    return tuple(accounts[name] for name in marks)


def _assembled(office: Office, universities: Iterable[str]) -> Iterator[tuple[str, Account, Brief]]:
    """What these come to; their files are brought into their places in the archive meanwhile."""
    with _clerk() as clerk:
        for name, submission in office.assembled(universities):
            places = office.archive.sync(submission, office.content, clerk)
            yield name, account_of(name, submission, places), brief_of(submission)


def _together(office: Office, universities: Sequence[str]) -> Iterator[tuple[str, Account, Brief]]:
    """The same, with a second process, which writes nothing and leaves alone what is not in its place.

    It takes half of many universities, and all of some while this one loads what a workbook is written with.
    """
    if len(universities) < WORTH_SHARING:
        yield from _assembled(office, universities)
        return
    half = len(universities) // 2 if len(universities) >= MANY else 0
    # A process that is copied must not take an open connection along.
    office.store.close()
    with alongside(partial(_in_place, office, universities[half:])) as others:
        ledger.load_writer()
        yield from _assembled(office, universities[:half])
        there = others()
    yield from ((name, account_in(text), brief) for name, (text, brief) in there.items())
    yield from _assembled(office, [name for name in universities[half:] if name not in there])


def _in_place(office: Office, universities: Iterable[str]) -> dict[str, tuple[str, Brief]]:
    """Account, as text, and brief of those of these whose files are in their places in the archive."""
    found = {}
    to_be_filed: list[Callable[[], None]] = []
    for name, submission in office.assembled(universities):
        before = len(to_be_filed)
        places = office.archive.sync(submission, office.content, to_be_filed.append)
        text = account_out(account_of(name, submission, places))
        if text and len(to_be_filed) == before:
            found[name] = text, brief_of(submission)
        elif len(to_be_filed) > OUT_OF_PLACE:
            # The rest have come in as lately as these.
            break
    office.store.close()
    return found


@contextmanager
def _clerk() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Somebody who files papers while the next ones are put together; what goes wrong is raised here."""
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="archive") as thread:

        def clerk(work: Callable[[], None]) -> None:
            waiting.append(thread.submit(work))
            if len(waiting) > FILED_BEHIND:
                waiting.popleft().result()

        yield clerk
        for one in waiting:
            one.result()
