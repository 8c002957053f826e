"""The workbooks that staff write in: the ledger, and the newest copy that lies beside it while somebody has the ledger open.

What they wrote in either is read back, against what is known to have stood there; what the sheets show is settled elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from pipeline import ledger
from pipeline.kept import BESIDE, Kept, fingerprint
from pipeline.ledger_housing import reconciled
from pipeline.ledger_reading import LedgerDamaged
from pipeline.ledger_staff import Staff
from pipeline.model import SHANGHAI
from pipeline.office import Office

STALE_SECONDS = 24 * 3600


class Workbook(Struct, frozen=True):
    """One of the two, with what the store keeps of it: its fingerprint, what staff had written in it, and its digest."""

    office: Office
    name: str
    path: Path

    @property
    def touched(self) -> bool:
        """Whether it is there and somebody else has written it since we did, or since we read it."""
        return self.path.exists() and self.office.own_fact(f"{self.name}_print") != fingerprint(self.path)

    def shows(self, digest: str) -> bool:
        """Whether it is there and shows what has this digest."""
        return self.path.exists() and self.office.own_fact(f"{self.name}_digest") == digest

    def known(self) -> Staff | None:
        """What staff are known to have written in it, None if that was never noted."""
        text = self.office.own_fact(f"{self.name}_staff")
        return Staff.from_json(text) if text else None

    def note(self, staff: Staff, digest: str, seen: str) -> None:
        """Keep in mind what stands in it, at this fingerprint; the digest is "" where it has to be written anew."""
        facts = {"staff": staff.to_json(), "digest": digest, "print": seen}
        for fact, value in facts.items():
            self.office.set_own_fact(f"{self.name}_{fact}", value)

    def is_open(self, now: datetime) -> bool:
        """Whether WPS, Excel or LibreOffice has it open, by the lock file they leave beside it.

        One older than a day was left behind by a crash.
        """
        name = self.path.name
        # WPS at times leaves out the first character of a name, or two.
        for lock in (f"~${name}", f".~lock.{name}#", *(f".~{name[left_out:]}" for left_out in range(3))):
            with suppress(OSError):
                if abs(now.timestamp() - self.path.with_name(lock).stat().st_mtime) < STALE_SECONDS:
                    return True
        return False


def workbooks(office: Office) -> tuple[Workbook, Workbook]:
    """The ledger, and its copy."""
    path = office.ledger_path
    return Workbook(office, "ledger", path), Workbook(office, "copy", path.with_name(BESIDE))


def stored_staff(office: Office) -> Staff:
    """What staff are known to have written so far."""
    return Staff.from_json(office.store.fact("staff") or "")


def read_back(office: Office, now: datetime) -> tuple[Staff, tuple[str, ...]]:
    """What staff have written so far, in the ledger and in its copy, and what to tell the operator.

    One that cannot be opened is kept beside under another name.
    """
    staff = stored_staff(office)
    main, copy = workbooks(office)
    notes = []
    if copy.touched and main.path.exists() and (kept := ledger.kept_for_its_sheets(copy.path, main.path)):
        notes.append(f"{BESIDE} 里自建的工作表与台账里的同名工作表不一样，以台账里的为准，那一份已另存为 {kept.name}。")
    touched = [book for book in (main, copy) if book.touched]
    # Where both say something, what was written last stands last.
    for book in sorted(touched, key=lambda book: book.path.stat().st_mtime_ns):
        seen = fingerprint(book.path)
        try:
            said = ledger.read_staff(book.path, book.known() or staff)
        except LedgerDamaged:
            notes.append(_set_aside(book.path, now))
            continue
        # What staff wrote is safe in the store before the workbook is touched, and nobody else writes there meanwhile.
        with office.store.together():
            staff = stored_staff(office)
            before = book.known() or staff
            stored, known, told = reconciled(staff, before, said)
            staff = stored.merged(told, known)
            office.store.set_fact("staff", staff.to_json())
            book.note(before.merged(said), "", seen)
    return staff, tuple(notes)


def _set_aside(path: Path, now: datetime) -> str:
    aside = path.with_name(f"{path.stem}.损坏-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}{path.suffix}")
    path.replace(aside)
    return f"原台账无法打开，已另存为 {aside.name}，并重新生成了台账。"


def put(office: Office, prepared: ledger.Prepared, now: datetime) -> Kept:
    """Write the ledger where that is needed and nobody has it open, else the copy, which goes once the ledger has all of it."""
    main, copy = workbooks(office)
    digest = prepared.digest()
    try:
        if main.is_open(now) and not main.shows(digest):
            return _put_beside(copy, prepared, now)
        written = not main.shows(digest)
        if written:
            _write(main, prepared)
    except ledger.LedgerBusy as error:
        return Kept(False, (str(error),), unfinished=True)
    # Somebody may have the copy open, or have written in it just now; it is read at the next pass.
    if copy.path.exists() and not main.is_open(now) and not copy.is_open(now) and not copy.touched:
        copy.path.unlink()
    return Kept(written, unfinished=copy.path.exists())


def _put_beside(copy: Workbook, prepared: ledger.Prepared, now: datetime) -> Kept:
    """Whoever has the ledger open would save an old copy over a new one; both stay, until it is closed."""
    if copy.is_open(now):
        return Kept(False, (f"台账和旁边的 {BESIDE} 都正被打开，没有更新；关闭后会自动补上。",), unfinished=True)
    written = not copy.shows(prepared.digest())
    if written:
        _write(copy, prepared)
    note = f"台账正被打开，没有替换；最新的一份在旁边的 {BESIDE}，关闭后会自动合为一份。"
    return Kept(written, (note,), unfinished=True)


def _write(book: Workbook, prepared: ledger.Prepared) -> None:
    prepared.write(book.path, *(old.path for old in workbooks(book.office)))
    book.note(prepared.staff, prepared.digest(), fingerprint(book.path))
