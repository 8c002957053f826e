"""Reads the mailbox by IMAP: which mails are unknown, and their bytes for the spool; appends drafts.

Folders are only examined and bodies only peeked at, so no flag ever changes. Parses no mail, keeps no record
of which are known, and never asks the server to judge (no UNSEEN, no text search, no STATUS).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, Self

from pipeline.answers import LARGE, LengthError, batches, body_of, match, measured, number, received_at, seen
from pipeline.imap_session import DeclinedError, leave, log_in, speaking
from pipeline.model import Envelope
from pipeline.settings import Server, Settings
from pipeline.tally import Seen, Tally, Told, counted

if TYPE_CHECKING:
    from imapclient import IMAPClient

LISTED_AT_ONCE = 500
PIECE = 4 * 1024 * 1024
ATTEMPTS = 3

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_TOLD = {b"INTERNALDATE", b"RFC822.SIZE"}
_UNSELECTABLE = {b"\\noselect", b"\\nonexistent"}

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """Where fetched mails go: the spool."""

    def put(self, chunks: Iterable[bytes]) -> str: ...


class Mailbox:
    """One connection, for one pass; `missed` are the mails it could not get: the next pass lists them.

    `tallies` are what the folders listed held, good once all their mails are known.
    """

    def __init__(self, client: IMAPClient, server: Server) -> None:
        self._client = client
        self._server = server
        self._examined: tuple[str, int] | None = None
        self.missed: list[Envelope] = []
        self.tallies: dict[str, Tally] = {}

    @classmethod
    def open(cls, settings: Settings, user: str) -> Mailbox:
        """Connect, log in and introduce ourselves.

        Raises ServerAway where the server cannot be reached, LoginRefused where it says no,
        ConfigurationError where there is nothing to log in with.
        """
        return cls(log_in(settings, user), settings.imap)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take leave of the server; never raises."""
        leave(self._client)

    def folders(self, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Which of these folders can be read, under the server's names, and which not, under the names given.

        Names compare as people read them; INBOX in any case; 垃圾邮件 is also what bears \\Junk (RFC 6154).
        """
        listed = self._list()
        found: list[str] = []
        missing: list[str] = []
        for name in names:
            folder = match(name, listed)
            if folder is None or not self._readable(folder):
                missing.append(name)
            elif folder not in found:
                found.append(folder)
        return tuple(found), tuple(missing)

    def _list(self) -> dict[str, frozenset[bytes]]:
        """Every folder that may be opened: its flags, in lower case, by its decoded name."""
        from imapclient import imap_utf7

        with speaking(self._server):
            # One name that is no modified UTF-7 must not hide the other folders, so names are decoded here.
            self._client.folder_encode = False
            try:
                rows = self._client.list_folders()
            finally:
                self._client.folder_encode = True
        # INBOX exists on every server (RFC 3501 5.1), listed or not.
        listed: dict[str, frozenset[bytes]] = {"INBOX": frozenset()}
        for flags, _, raw in rows:
            with suppress(ValueError):
                name = str(imap_utf7.decode(raw))
                lowered = frozenset(bytes(flag).lower() for flag in flags)
                if not lowered & _UNSELECTABLE:
                    listed["INBOX" if name.upper() == "INBOX" else name] = lowered
        return listed

    def _readable(self, folder: str) -> bool:
        """Whether a listed folder opens; at 163 some do not. Without INBOX there is nothing to do."""
        try:
            self._examine(folder)
        except DeclinedError as error:
            if folder == "INBOX":
                raise
            log.warning("文件夹“%s”打不开：%s", folder, error.said)
            return False
        return True

    def _examine(self, folder: str) -> Told:
        """Open a folder read-only."""
        self._examined = None
        with speaking(self._server):
            response = self._client.select_folder(folder, readonly=True)
            told = Told(number(response.get(b"UIDVALIDITY")), int(response[b"EXISTS"]), response.get(b"UIDNEXT"))
        self._examined = (folder, told.uidvalidity)
        return told

    def _uids(self, which: str = "ALL") -> list[int]:
        with speaking(self._server):
            return sorted(set(filter(number, self._client.search(which))))

    def _fetch(self, uids: Sequence[int], wanted: str) -> dict[int, dict[bytes, Any]]:
        with speaking(self._server):
            rows: dict[int, dict[bytes, Any]] = self._client.fetch(uids, wanted.split("|"))
            return rows

    def unknown(
        self,
        folder: str,
        known: Callable[[int], Set[int]],
        tally: Tally | None = None,
        sighted: Callable[[int], Mapping[int, Seen]] | None = None,
    ) -> list[Envelope]:
        """The mails of a folder whose UID is not in `known(uidvalidity)`, lowest UID first.

        Every UID counts, not only those above the highest known: a mail may have been missed before. An earlier `tally`
        saves the listing while it still adds up. Where the folder is listed, a mail other than `sighted(uidvalidity)` tells of
        under its UID is unknown too: at 163, where UIDVALIDITY is always 1, it may have been renumbered without a word.
        """
        self.tallies.pop(folder, None)
        told = self._examine(folder)
        later = self._later(told, tally)
        uids = self._uids() if later is None else later
        before = known(told.uidvalidity) if uids else frozenset()
        if later is None and before and sighted is not None:
            before = before - self._others(sighted(told.uidvalidity), [uid for uid in uids if uid in before])
        new = [uid for uid in uids if uid not in before]
        envelopes = self._envelopes(folder, told.uidvalidity, new)
        now = counted(told, uids, None if later is None else tally)
        if now is not None and len(envelopes) == len(new):
            self.tallies[folder] = now
        return envelopes

    def _others(self, sighted: Mapping[int, Seen], uids: Sequence[int]) -> set[int]:
        """Those of some UIDs of the folder just opened that stand for another mail than was sighted under them."""
        try:
            told = self._told(uids)
        except DeclinedError:
            # What is new can be fetched all the same.
            return set()
        return {uid for uid, one in told.items() if uid in sighted and sighted[uid].differs(one)}

    def _later(self, told: Told, tally: Tally | None) -> list[int] | None:
        """The UIDs given out since a tally; None where the folder has to be listed to know what is in it now."""
        if tally is None or not tally.holds(told):
            return None
        if tally.unchanged(told):
            return []
        if not tally.count:
            return None
        try:
            uids = self._uids(f"UID {tally.next_uid}:*")
        except DeclinedError:
            return None
        # A range that ends in * always names the last mail, whatever its UID (RFC 3501 6.4.8).
        later = [uid for uid in uids if uid >= tally.next_uid]
        return later if told.count == tally.count + len(later) else None

    def _envelopes(self, folder: str, validity: int, uids: Sequence[int]) -> list[Envelope]:
        """These mails of the folder just opened; those of which the server says nothing are left out."""
        return [
            Envelope(folder, validity, uid, received_at(one, folder, uid), one.size or 0)
            for uid, one in self._told(uids).items()
        ]

    def _told(self, uids: Sequence[int]) -> dict[int, Seen]:
        """Time and size of these mails of the folder just opened, in their order; without those told neither of."""
        told: dict[int, Seen] = {}
        for start in range(0, len(uids), LISTED_AT_ONCE):
            batch = uids[start : start + LISTED_AT_ONCE]
            rows = self._fetch(batch, "INTERNALDATE|RFC822.SIZE")
            # Notices of flags that others change come without UID and may fall under a wrong one.
            told |= {uid: seen(rows[uid]) for uid in batch if rows.get(uid, {}).keys() & _TOLD}
        return told

    def fetch(self, envelopes: Iterable[Envelope], spool: Keeper) -> Iterator[tuple[Envelope, str]]:
        """Bring these mails into the spool in the order given; yields each with its id once it is on disk.

        A mail deleted meanwhile is left out; one that the server does not hand over whole goes to `missed`.
        Raises ServerAway where the connection breaks; what was yielded before is safe.
        """
        for batch in batches(envelopes):
            if not self._open_for(batch[0]):
                self.missed.extend(batch)
                continue
            bodies = self._bodies(batch)
            for envelope in batch:
                mail = self._keep(envelope, bodies.pop(envelope.uid, None), spool)
                if mail is not None:
                    yield envelope, mail

    def _open_for(self, envelope: Envelope) -> bool:
        """Whether the folder opens and is still numbered as it was when this envelope was listed."""
        wanted = (envelope.folder, envelope.uidvalidity)
        if self._examined != wanted and not self._readable(envelope.folder):
            return False
        if self._examined != wanted:
            log.warning("服务器已更换文件夹“%s”的编号，其中的邮件留待下次收取。", envelope.folder)
        return self._examined == wanted

    def _bodies(self, batch: Sequence[Envelope]) -> dict[int, bytes | None]:
        """The bodies of a batch; none where the mail is large, or where each must be asked for by itself."""
        if batch[0].size > LARGE:
            return {}
        try:
            rows = self._fetch([envelope.uid for envelope in batch], "BODY.PEEK[]")
        except DeclinedError:
            # Some servers refuse a whole command because one of the mails is gone.
            return {}
        return {uid: body_of(row) for uid, row in rows.items()}

    def _keep(self, envelope: Envelope, body: bytes | None, spool: Keeper) -> str | None:
        """Put one mail into the spool, asking again where its length is not the announced one."""
        name = f"{envelope.folder}/{envelope.uid}"
        seen: set[str] = set()
        for _ in range(ATTEMPTS):
            chunks = self._chunks(envelope) if body is None else (body,)
            body = None
            try:
                return spool.put(measured(chunks, envelope, seen))
            except LengthError as difference:
                log.warning("邮件 %s %s。", name, difference)
            except LookupError:
                log.info("邮件 %s 已不在邮箱中，跳过。", name)
                return None
            except DeclinedError as error:
                log.warning("邮件 %s 没有取到：%s", name, error.said)
                break
        self.missed.append(envelope)
        return None

    def _chunks(self, envelope: Envelope) -> Iterator[bytes]:
        """A mail's bytes, in pieces if it is large (RFC 3501 6.4.5). Raises LookupError where it is gone."""
        start = 0
        while True:
            section = f"BODY.PEEK[]<{start}.{PIECE}>" if envelope.size > LARGE else "BODY.PEEK[]"
            piece = body_of(self._fetch([envelope.uid], section).get(envelope.uid, {}))
            if piece is None and start == 0:
                raise LookupError(envelope.uid)
            yield piece or b""
            start += len(piece or b"")
            # A short piece is the last, unless a server gives less than asked for before the announced end.
            if envelope.size <= LARGE or not piece or (len(piece) < PIECE and start >= envelope.size):
                return

    def append(self, folder: str, raw: bytes, flags: Sequence[bytes] = ()) -> None:
        """Add a mail to a folder, such as a draft for staff to send."""
        with speaking(self._server):
            self._client.append(folder, raw, flags)

    def find_special(self, flag: bytes, *names: str) -> str | None:
        """The folder with this special-use flag (RFC 6154), else the first of these names that exists."""
        listed = self._list()
        flagged = (name for name, flags in listed.items() if flag.lower() in flags)
        return next(flagged, None) or next((name for name in names if name in listed), None)

    def message_ids(self, folder: str, newest: int) -> set[str]:
        """The Message-IDs, in their angle brackets, of the newest mails of a folder, at most so many."""
        self._examine(folder)
        uids = self._uids()[-newest:] if newest > 0 else []
        found: set[str] = set()
        for start in range(0, len(uids), LISTED_AT_ONCE):
            rows = self._fetch(uids[start : start + LISTED_AT_ONCE], "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")
            for row in rows.values():
                found.update(_MESSAGE_ID.findall((body_of(row) or b"").decode("latin-1")))
        return found
