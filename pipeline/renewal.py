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

from msgspec.structs import replace

from pipeline import dashboard, ledger
from pipeline.account import Account, account_in, account_of, account_out
from pipeline.alongside import alongside
from pipeline.kept import Kept
from pipeline.ledger_files import put, read_back, stored_staff
from pipeline.ledger_staff import Staff
from pipeline.ledger_view import LedgerView
from pipeline.mail_log import mail_lines
from pipeline.office import Office
from pipeline.standings import Brief, brief_of
from pipeline.unnamed import MARK

# So many submissions wait for their files to be written.
FILED_BEHIND = 16
# So many universities to put together are worth a second process; of so many each of the two takes half.
WORTH_SHARING, MANY = 20, 200
OUT_OF_PLACE = 10
# Of so many mails it is told which files they miss.
NAMED = 10


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
    staff, notes = read_back(office, now)
    view = view_of(office, anew)
    with alongside(partial(dashboard.render, view)) as drawn:
        prepared = ledger.prepare(view, staff)
        if prepared.staff != staff:
            prepared = _settled(office, view, prepared, staff)
        kept = put(office, prepared, now)
        with suppress(OSError):
            # A page that cannot be replaced now is written at the next pass; the ledger says what is wrong with the folder.
            dashboard.write(office.dashboard_path, drawn())
    return replace(kept, notes=(*notes, *_missing(office), *kept.notes))


def _settled(office: Office, view: LedgerView, prepared: ledger.Prepared, staff: Staff) -> ledger.Prepared:
    """Store under which rows staff's words, which were `staff`, stand now; another program may have read more of them meanwhile."""
    with office.store.together():
        stored = stored_staff(office)
        if stored != staff:
            prepared = ledger.prepare(view, stored)
        office.store.set_fact("staff", prepared.staff.to_json())
    return prepared


def _missing(office: Office) -> Iterator[str]:
    """Which mails miss which files of the archive, for whoever has a backup; told when they were looked for."""
    files: dict[tuple[str, str], list[str]] = {}
    for version in office.archive.lost():
        files.setdefault((version.mail, version.university.removeprefix(MARK)), []).append(version.path)
    for mail, university in list(files)[:NAMED]:
        names = "、".join(dict.fromkeys(f"“{path}”" for path in files[mail, university]))
        yield (
            f"{university}来信 {mail[:12]} 中的{names}，存档里没有，原件里也取不到了；其余照常。"
            f"请从备份恢复 {office.spool.path(mail)}，再运行 annex-inbox ledger 补上。"
        )
    if len(files) > NAMED:
        yield f"另有 {len(files) - NAMED} 封邮件的文件也是这样；恢复后再运行 annex-inbox ledger，会说出还缺的。"


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
