"""Keeps the archive and the ledger in step with the store, and gives staff their own words back.

What the sheets look like is ledger.py's business; this module decides when they are read and written.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pipeline import dashboard, ledger
from pipeline.account import Account, account_of
from pipeline.account_codec import account_in, account_out
from pipeline.ledger_staff import LedgerDamaged, Staff
from pipeline.ledger_view import LedgerView, MailLine
from pipeline.model import SHANGHAI, Disposition, Mail
from pipeline.office import Office
from pipeline.rows import Queued, SetAside
from pipeline.standings import brief_of, program

log = logging.getLogger(__name__)

REPLY_STATES = {
    "queued": "待发送",
    "sending": "待发送",
    "uncertain": "发送结果待确认",
    "draft": "已存草稿",
    "off": "未发送（回信已关闭）",
    "held": "未能发出，请人工处理",
    "undeliverable": "未能发出，收件地址无效或曾被退信",
    "bounced": "已发出，但被退回，请人工联系",
}
BESIDE = "项目台账（最新）.xlsx"
STALE_SECONDS = 24 * 3600
KINDS = {"acknowledgement": "已回复收到", "correction": "已回复请补正", "reminder": "已提醒", "staff": "已通知"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the ledger: whether it was written, and what to tell the operator."""

    written: bool
    notes: tuple[str, ...] = ()


def keep_ledger(office: Office, now: datetime, force: bool = False) -> Kept:
    """Bring archive and ledger up to date; touches neither when nothing has changed.

    Staff's remarks are read back first. A ledger that cannot be opened is kept beside under another name.
    """
    path, store = office.ledger_path, office.store
    made_from = f"{store.fact('revision')} {_print(office.rules.path)} {program()}"
    whole = path.exists() and path.with_name(dashboard.NAME).exists()
    if not force and whole and store.fact("ledger_stamp") == f"{made_from} {_print(path)}":
        return Kept(False)
    staff, notes = _staff(office, path, now)
    view = view_of(office, anew=force)
    with suppress(OSError):
        # A page that cannot be replaced now is written at the next pass; the ledger says what is wrong with the folder.
        dashboard.write(path.with_name(dashboard.NAME), view)
    prepared = ledger.prepare(view, staff)
    digest = prepared.digest()
    written = not path.exists() or store.fact("ledger_digest") != digest
    beside = path.with_name(BESIDE)
    if written:
        if _is_open(path, now):
            # Whoever has it open would save an old copy over a new one; both stay, until it is closed.
            prepared.write(beside)
            return Kept(True, (*notes, f"台账正被打开，没有替换；最新的一份在旁边的 {BESIDE}，关闭后会自动合为一份。"))
        try:
            prepared.write(path)
        except ledger.LedgerBusy as error:
            return Kept(False, (*notes, str(error)))
        beside.unlink(missing_ok=True)
        store.set_fact("ledger_digest", digest)
        store.set_fact("ledger_print", _print(path))
    # Of what it was made from, not of what another program may have stored meanwhile.
    store.set_fact("ledger_stamp", f"{made_from} {_print(path)}")
    return Kept(written, notes)


def _is_open(path: Path, now: datetime) -> bool:
    """Whether WPS, Excel or LibreOffice has the workbook open, by the lock file they leave beside it.

    One older than a day was left behind by a crash.
    """
    for lock in (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#")):
        with suppress(OSError):
            if abs(now.timestamp() - lock.stat().st_mtime) < STALE_SECONDS:
                return True
    return False


def _print(path: Path) -> str:
    """A file's size and time of change, "-" if there is none: whether somebody else has written it."""
    try:
        status = path.stat()
    except OSError:
        return "-"
    return f"{status.st_size}/{status.st_mtime_ns}"


def _staff(office: Office, path: Path, now: datetime) -> tuple[Staff, tuple[str, ...]]:
    """What staff have written so far, the newest edition of the workbook included."""
    store = office.store
    stored = store.fact("staff")
    staff = Staff.from_json(stored) if stored else Staff()
    if not path.exists() or store.fact("ledger_print") == _print(path):
        return staff, ()
    try:
        staff = staff.merged(ledger.read_staff(path))
    except LedgerDamaged:
        aside = path.with_name(f"{path.stem}.损坏-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}{path.suffix}")
        path.replace(aside)
        return staff, (f"原台账无法打开，已另存为 {aside.name}，并重新生成了台账。",)
    # What staff wrote is safe in the store before the workbook is touched.
    store.set_fact("staff", staff.to_json())
    store.set_fact("ledger_digest", "")
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
    kept = {} if anew or not office.archive.exists() else office.standings.accounts(marks)
    accounts = {name: account_in(value) for name, value in kept.items()}
    fresh = []
    for name, submission in office.assembled(name for name in marks if name not in accounts):
        account = account_of(name, submission, office.archive.sync(submission, office.content))
        accounts[name] = account
        fresh.append((name, marks[name], brief_of(submission), account_out(account)))
    # What lies in the archive has to outlast a power cut before it is taken for granted.
    office.archive.settle()
    office.standings.keep(fresh, marks)
    return tuple(accounts[name] for name in marks)


def mail_lines(office: Office) -> list[MailLine]:
    """Every mail with what became of it, oldest first."""
    store = office.store
    queued = {reply.message_id: reply for reply in store.replies()}
    answers = store.replies_of()
    forms = store.documents_by_mail()
    lines = [
        MailLine(_shown(mail), result_of(mail, forms.get(mail.id, {})), reply_of(answers.get(mail.id), queued))
        for mail in store.mails()
    ]
    lines += [_set_aside_line(office, entry) for entry in store.all_set_aside()]
    return sorted(lines, key=lambda line: (line.mail.received_at, line.mail.id))


def _shown(mail: Mail) -> Mail:
    """A mail whose unknown universities are shown as such, not by our key for them."""
    return replace(mail, universities=tuple(name for name in mail.universities if not name.startswith("?")))


def result_of(mail: Mail, forms: dict[str | None, int]) -> str:
    """What a mail was taken for, and what it brought."""
    if mail.disposition is Disposition.AUTOMATIC and mail.automatic is not None:
        return f"{mail.automatic.value}，未处理"
    if mail.disposition is not Disposition.SUBMISSION:
        return str(mail.disposition.value)
    names: dict[str | None, str] = {"annex3": "汇总表", "annex4": "申报表", None: "其他文件"}
    brought = "、".join(f"{name} {forms[form]} 份" for form, name in names.items() if forms.get(form))
    return f"报送：{brought}" if brought else "报送：没有收到文件"


def reply_of(message_id: str | None, queued: dict[str, Queued]) -> str:
    """How a mail was answered, in words."""
    if message_id is None:
        return "待汇总后回复"
    if not message_id:
        return "不需回复"
    reply = queued.get(message_id)
    if reply is None:
        return "待发送"
    if reply.state != "sent" or reply.tried_at is None:
        return REPLY_STATES.get(reply.state, "待发送")
    return f"{KINDS[reply.kind]} {reply.tried_at.astimezone(SHANGHAI):%m-%d %H:%M}"


def _set_aside_line(office: Office, entry: SetAside) -> MailLine:
    subject, sender = office.head(entry.mail)
    mail = Mail(
        id=entry.mail,
        received_at=entry.received_at,
        message_id="",
        sender=sender,
        reply_to=sender,
        subject=subject,
        references=(),
        attached=0,
        disposition=Disposition.UNRELATED,
    )
    return MailLine(mail, f"已搁置，请操作人员查看：{entry.reason}", "未回复")
