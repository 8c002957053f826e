"""An IMAP and an SMTP server inside this process, on loopback, for `annex-inbox demo` and the tests.

They keep everything in memory and imitate no provider; what they deliver and receive is up to the caller.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from argparse import Namespace
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Self, TypeVar

from msgspec import Struct

HOST = "127.0.0.1"
FOLDERS = ("INBOX", "垃圾邮件", "草稿箱", "已发送")
START_SECONDS = 10
LARGEST_MAIL = 100 * 1024 * 1024

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class StoredMail(Struct, frozen=True):
    """A mail as it lies in a folder of the embedded mailbox: raw, its INTERNALDATE (aware) and its flags."""

    folder: str
    received_at: datetime
    raw: bytes
    flags: frozenset[str] = frozenset()


class ReceivedMail(Struct, frozen=True):
    """A mail as the embedded SMTP server was given it, line ends CRLF."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class _Loop:
    """An event loop in a thread of its own, which goes away without leaving tasks or warnings behind."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # What a client that simply goes away leaves behind is no news for the person who watches the demo.
        self._loop.set_exception_handler(lambda _, context: log.debug("%s: %s", name, context.get("message")))
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def stop(self) -> None:
        with suppress(Exception):
            self.run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        # Transports close in the next turn of the loop.
        await asyncio.sleep(0)


class EmbeddedImap:
    """A mailbox in memory behind a real IMAP server (pymap); use as a context manager."""

    def __init__(self, user: str, code: str, mails: Iterable[StoredMail] = ()) -> None:
        self._user = user
        self._code = code
        self._mails = tuple(mails)
        self._port = 0

    @property
    def url(self) -> str:
        """What to set ANNEX_IMAP_URL to."""
        return f"imap://{HOST}:{self._port}"

    def __enter__(self) -> Self:
        self._loop = _Loop("annex-inbox-imap")
        try:
            self._loop.run(self._start())
        except BaseException:
            self._loop.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._stop())
        self._loop.stop()

    async def _start(self) -> None:
        from proxyprotocol.reader import ProxyProtocolReader
        from pymap.backend.dict import Login
        from pymap.backend.dict.filter import FilterSet
        from pymap.backend.dict.mailbox import MailboxSet
        from pymap.imap import IMAPServer
        from pymap.user import UserMetadata

        config = _imap_config(self._user, self._code)
        config.apply_context()
        login = Login(config)
        await login.demo_user_identity.set(UserMetadata(config, self._user, password=self._code))
        self._folders = MailboxSet()
        config.set_cache[self._user] = (self._folders, FilterSet())
        for folder in FOLDERS[1:]:
            await self._folders.add_mailbox(folder)
        for mail in self._mails:
            await self._append(mail)
        listener = _listener()
        self._port = listener.getsockname()[1]
        # The callback tells pymap who connected; no PROXY header is expected from anybody.
        callback = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
        self._server = await asyncio.start_server(callback, sock=listener)

    async def _stop(self) -> None:
        self._server.close()

    def add(self, folder: str, raw: bytes, received_at: datetime) -> None:
        """Deliver one more mail; the folder is created if it does not exist. `received_at` must be aware."""
        self._loop.run(self._append(StoredMail(folder, received_at, raw)))

    async def _append(self, mail: StoredMail) -> None:
        from pymap.parsing.message import AppendMessage
        from pymap.parsing.specials.flag import Flag

        if mail.received_at.tzinfo is None:
            raise ValueError("received_at must be timezone-aware")
        with suppress(ValueError):
            if mail.folder.upper() != "INBOX":
                await self._folders.add_mailbox(mail.folder)
        folder = await self._folders.get_mailbox(mail.folder)
        flags = frozenset(Flag(flag.encode()) for flag in mail.flags)
        await folder.append(AppendMessage(mail.raw, mail.received_at, flags))

    def mails(self, folder: str) -> list[StoredMail]:
        """What lies in a folder now, in the order of arrival."""
        return self._loop.run(self._read(folder))

    async def _read(self, name: str) -> list[StoredMail]:
        from pymap.parsing.specials import FetchRequirement

        folder = await self._folders.get_mailbox(name)
        found = []
        async for message in folder.messages():
            loaded = await message.load_content(FetchRequirement.CONTENT)
            flags = frozenset(str(flag) for flag in message.permanent_flags)
            when = message.internal_date.astimezone()
            found.append(StoredMail(name, when, bytes(loaded.get_body()), flags))
        return found


def _imap_config(user: str, code: str) -> Any:
    from pymap.backend.dict import Config
    from pymap.concurrent import Subsystem
    from pysasl.hashing import Cleartext

    class LoopbackConfig(Config):
        """pymap asks the DNS for its own name with every greeting, which can take seconds."""

        @property
        def greeting(self) -> bytes:
            return b"Server ready"

    return LoopbackConfig(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        host=HOST,
        port=0,
        demo_data=False,
        demo_user=user,
        demo_password=code,
        tls_enabled=False,
        ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(),
        max_append_len=LARGEST_MAIL,
    )


class EmbeddedSmtp:
    """An SMTP server that keeps what it is given; use as a context manager.

    `answers` maps a recipient to what is said instead of accepting it, such as "550 User suspended".
    """

    def __init__(self, user: str, code: str, answers: dict[str, str] | None = None) -> None:
        self._user = user
        self._code = code
        self._answers = answers or {}
        self._mails: list[ReceivedMail] = []
        self._port = 0

    @property
    def url(self) -> str:
        """What to set ANNEX_SMTP_URL to."""
        return f"smtp://{HOST}:{self._port}"

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """What was received so far, in order."""
        return tuple(self._mails)

    def __enter__(self) -> Self:
        self._loop = _Loop("annex-inbox-smtp")
        try:
            self._loop.run(self._start())
        except BaseException:
            self._loop.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._stop())
        self._loop.stop()

    async def _start(self) -> None:
        from aiosmtpd.smtp import SMTP

        # aiosmtpd warns in its log of what it does itself with every login.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop = asyncio.get_running_loop()
        listener = _listener()
        self._port = listener.getsockname()[1]

        def session() -> asyncio.Protocol:
            return SMTP(
                self,
                hostname="localhost",
                loop=loop,
                data_size_limit=LARGEST_MAIL,
                auth_require_tls=False,
                authenticator=self._authenticate,
            )

        self._server = await loop.create_server(session, sock=listener)

    async def _stop(self) -> None:
        self._server.close()

    def _authenticate(self, *conversation: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        given = conversation[-1]
        right = (given.login, given.password) == (self._user.encode(), self._code.encode())
        return AuthResult(success=right, handled=False, auth_data=self._user)

    # The names of the two hooks, and their arguments, are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, _server: Any, session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if not session.authenticated:
            return "553 authentication is required"
        if address in self._answers:
            return self._answers[address]
        envelope.rcpt_tos.append(address)
        return "250 Mail OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self._mails.append(ReceivedMail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return f"250 Mail OK queued as demo{len(self._mails)}"


def _listener() -> socket.socket:
    """A socket on a free port of loopback, bound before anybody is told its number."""
    # Naming the protocol lets asyncio switch off the delay of small packets, 40 ms with each command.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    return listener
