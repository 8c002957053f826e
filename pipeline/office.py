"""Everything one run works with, opened once or when it is first asked for: settings, rules, store, spool, archive, reader.

It finds and holds things; run.py, dispatch.py and bookkeeping.py act with them.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from pipeline.assemble import assemble
from pipeline.errors import LoginRefused
from pipeline.lock import make_private
from pipeline.model import SHANGHAI, Address, Attachment, Mail, Submission, Version
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import Settings
from pipeline.spool import Spool
from pipeline.standings import Standings
from pipeline.store import Store

if TYPE_CHECKING:
    from pipeline.archive import Archive
    from pipeline.mailbox import Mailbox
    from pipeline.outbox import Post
    from pipeline.reader import Reader
    from pipeline.stage import Stage

log = logging.getLogger(__name__)

# Mails are opened and servers called upon by few of the commands; each import of theirs stands where it is needed.
Opened = TypeVar("Opened", "Mailbox", "Post")
HOLDER = ".holder"
REFUSED_FOR = timedelta(hours=1)
# Submissions remembered at a time; with all their documents those of a whole country would fill the memory.
REMEMBERED = 64


@dataclass
class Office:
    """The open office. A few submissions are remembered until `forget` says that a university's mails have changed."""

    settings: Settings
    rules: Rules
    store: Store
    spool: Spool
    _submissions: dict[str, Submission] = field(default_factory=dict)
    _files: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @cached_property
    def user(self) -> str:
        """The mailbox's address: ANNEX_USER, else the one the notice names."""
        return self.settings.user or self.rules.notice.mailbox

    @cached_property
    def archive(self) -> Archive:
        from pipeline.archive import Archive

        return Archive(self.settings.data)

    @cached_property
    def reader(self) -> Reader:
        """What opens documents, in processes of its own."""
        from pipeline.reader import Reader, ReadingLimits

        # In a pass of few minutes a document may take no more than an eighth of it, as all of a mail together may (stage.py).
        seconds = min(ReadingLimits().seconds, self.settings.pass_minutes * 60 / 8)
        return Reader(limits=ReadingLimits(seconds=seconds), scratch=self.settings.data / "tmp")

    @cached_property
    def stage(self) -> Stage:
        """Where mails are read: in processes of this machine, or where ANNEX_EXECUTOR says."""
        from pipeline.stage import Stage

        # The other half of a pass is for what was begun by then, and for what has to be done about all of it.
        seconds = self.settings.pass_minutes * 60 / 2
        return Stage(self.spool, self.reader, self.user, self.rules.limits, self.settings.executor, seconds)

    @property
    def ledger_path(self) -> Path:
        return self.settings.data / "ledger" / "项目台账.xlsx"

    @property
    def dashboard_path(self) -> Path:
        return self.ledger_path.with_name("看板.html")

    def own_fact(self, name: str) -> str | None:
        """A named value about what lies in ANNEX_DATA, which is no business of others who share the store."""
        return self.store.fact(f"{name} {self.holder}")

    def set_own_fact(self, name: str, value: str) -> None:
        self.store.set_fact(f"{name} {self.holder}", value)

    def gather(self, universities: Iterable[str]) -> None:
        """Put these together at once, so that asking for each is quick; only so many others stay remembered."""
        wanted = dict.fromkeys(universities)
        self._submissions |= self.assembled(name for name in wanted if name not in self._submissions)
        others = [name for name in self._submissions if name not in wanted]
        for name in others[: max(0, len(self._submissions) - REMEMBERED)]:
            del self._submissions[name]

    def submission(self, university: str) -> Submission:
        """What a university (or "?" and an address) currently stands for."""
        if university not in self._submissions:
            self.gather([university])
        return self._submissions[university]

    def assembled(self, universities: Iterable[str]) -> Iterator[tuple[str, Submission]]:
        """What these stand for by the store as it is now, one after the other; nothing is remembered."""
        decisions = self.store.universities.decisions()
        for one in self.store.universities.dossiers(universities):
            yield (
                one.university,
                assemble(one.university, one.versions, one.mails, self.rules, decisions, one.waivers),
            )

    @cached_property
    def standings(self) -> Standings:
        """Where every university stood when it was last assembled."""
        return Standings(self.store.database, self.rules, self.settings.data / ".program")

    def submission_of(self, university: str, mails: list[Mail]) -> Submission:
        """What a university stood for when only these of its mails had come."""
        wanted = {mail.id for mail in mails}
        known = self.store.universities
        versions = [version for version in known.dossier(university)[0] if version.mail in wanted]
        return assemble(university, versions, mails, self.rules, known.decisions(), known.waivers(university))

    def sweep(self) -> None:
        """Remove what an interrupted run left half written; only for the run that holds the lock."""
        self.spool.sweep()
        data = self.settings.data
        for folder in (data, data / "ledger", data / "archive"):
            for path in folder.glob(".*.tmp"):
                path.unlink(missing_ok=True)

    @cached_property
    def holder(self) -> str:
        """Who we are among the programs that share a store: a name that stays with ANNEX_DATA."""
        path = self.settings.data / HOLDER
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(uuid4().hex)
        return path.read_text().strip()

    def claim(self, kind: str, keys: Iterable[str], now: datetime) -> set[str]:
        """Those of some things to do that no other program is at work on; ours until the end of this pass.

        A program that dies leaves what it had claimed for as long as a pass may last.
        """
        until = now + timedelta(minutes=self.settings.pass_minutes)
        return self.store.work.claim(kind, keys, self.holder, now, until)

    def forget(self, *universities: str) -> None:
        """Assemble these anew when they are next asked for."""
        for university in universities:
            self._submissions.pop(university, None)

    def content(self, version: Version) -> bytes:
        """The bytes of the file a version was read from, out of the mail as it came.

        Raises FileNotFoundError where the mail is no longer kept or no longer holds that file.
        """
        kept = self.reader.kept(version.file)
        if kept is not None:
            return kept
        if version.mail not in self._files:
            from pipeline.message import decode

            message = decode(self.spool.read(version.mail), self.user)
            self._files = {version.mail: _by_digest(message.attachments, self.rules)}
        try:
            return self._files[version.mail][version.file]
        except KeyError:
            raise FileNotFoundError(version.path) from None

    def mailbox(self, now: datetime) -> Mailbox:
        """The open mailbox. Raises ServerAway or LoginRefused, the latter without asking again for an hour."""
        from pipeline.mailbox import Mailbox

        return self._enter("imap", now, lambda: Mailbox.open(self.settings, self.user))

    def post(self, now: datetime) -> Post:
        """The open SMTP session; raises as `mailbox` does."""
        from pipeline.outbox import Post

        return self._enter("smtp", now, lambda: Post.open(self.settings, self.user))

    def _enter(self, door: str, now: datetime, knock: Callable[[], Opened]) -> Opened:
        """Log in, but do not try again what was refused: repeated refusals lock a mailbox."""
        code = self.settings.auth_code.reveal()
        url = self.settings.imap_url if door == "imap" else self.settings.smtp_url
        key = hashlib.sha256(f"{door}\n{url}\n{self.user}\n{code}".encode()).hexdigest()[:16]
        refused = json.loads(self.store.fact(f"refused_{door}") or "{}")
        if refused.get("key") == key and now < datetime.fromisoformat(refused["until"]):
            until = datetime.fromisoformat(refused["until"]).astimezone(SHANGHAI)
            note = f"{until:%H:%M} 之前不再尝试登录，以免邮箱被锁；修改授权码后立即生效，或运行 annex-inbox doctor。"
            raise LoginRefused(f"{refused['said']}\n{note}")
        try:
            opened = knock()
        except LoginRefused as error:
            value = {"key": key, "until": (now + REFUSED_FOR).isoformat(), "said": str(error)}
            self.store.set_fact(f"refused_{door}", json.dumps(value, ensure_ascii=False))
            raise
        if refused:
            self.store.set_fact(f"refused_{door}", "{}")
        return opened

    def head(self, mail: str) -> tuple[str, Address]:
        """Subject and sender of a mail that could not be processed, as far as they can be read."""
        from pipeline.message import decode

        try:
            message = decode(self.spool.read(mail), self.user)
        except Exception:
            # Whatever made it fail before may fail again; the mail is listed all the same.
            log.debug("head of %s", mail, exc_info=True)
            return "", Address()
        return message.subject, message.sender

    def close(self) -> None:
        for name in ("reader", "stage"):
            if name in self.__dict__:
                getattr(self, name).close()
        self.store.close()


def _by_digest(attachments: tuple[Attachment, ...], rules: Rules) -> dict[str, bytes]:
    from pipeline.unpack import unpack

    opened = unpack(attachments, rules.limits)
    return {hashlib.sha256(one.content).hexdigest(): one.content for one in opened}


@contextmanager
def open_office(settings: Settings) -> Iterator[Office]:
    """Open everything. Raises ConfigurationError for faulty rules, an unwritable folder or an unusable store.

    Raises ServerAway where the store's server cannot be reached now.
    """
    rules = load(settings.rules_path, settings.data / ".rules")
    make_private(settings.data)
    store = Store.open(settings.database_url)
    spool = Spool(settings.data / "mail", store.work if store.database.shared else None)
    office = Office(settings, rules, store, spool)
    try:
        yield office
    finally:
        office.close()
