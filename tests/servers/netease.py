"""A fake IMAP server with the manners of imap.163.com, as far as they are known from published transcripts.

It knows just the commands a reader of mailboxes needs, records every one, and can be told to misbehave.
"""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

HOST = "127.0.0.1"
GREETING = b"* OK Coremail System IMap Server Ready(163com[00000000000000000000000000000000])"
CAPABILITIES = "IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS UIDPLUS X-CM-EXT-1 APPENDLIMIT=71680000 SASL-IR"
UNSAFE = "Unsafe Login. Please contact kefu@188.com for help"

# The folders of a fresh account: name as people read it, name on the wire, flags, UIDVALIDITY.
FRESH = (
    ("INBOX", "INBOX", "", 1),
    ("草稿箱", "&g0l6P3ux-", "\\Drafts", 2),
    ("已发送", "&XfJT0ZAB-", "\\Sent", 3),
    ("已删除", "&XfJSIJZk-", "\\Trash", 4),
    ("垃圾邮件", "&V4NXPpCuTvY-", "\\Junk", 5),
    ("病毒文件夹", "&dcVr0mWHTvZZOQ-", "", 6),
    ("广告邮件", "&Xn9USpCuTvY-", "", 3060268),
    ("订阅邮件", "&i6KWBZCuTvY-", "", 3060269),
)


@dataclass
class FakeMail:
    uid: int
    raw: bytes
    received_at: datetime
    flags: set[str] = field(default_factory=set)

    @property
    def internal_date(self) -> str:
        return self.received_at.strftime("%d-%b-%Y %H:%M:%S %z")


@dataclass
class FakeFolder:
    name: str
    wire: str
    flags: str
    validity: int
    mails: list[FakeMail] = field(default_factory=list)


@dataclass
class Netease:
    """The server and its knobs, which may be turned at any time; use as a context manager."""

    user: str = "wsxmz@163.com"
    code: str = "ABCDEFGHIJKLMNOP"
    greeting: bytes = GREETING
    capabilities: str = CAPABILITIES
    wants_id: bool = True
    # What ID is answered with, after the tag.
    id_answer: bytes = b"OK ID completed"
    # Instead of accepting the login, answer this.
    login_answer: bytes = b""
    # Close the connection once so many bytes were sent on it.
    drop_after: int | None = None
    # Seconds to wait before the answer to each command.
    delay: float = 0.0
    # Announce another length for these UIDs.
    announced: dict[int, int] = field(default_factory=dict)
    # Listed, but gone when their bodies are asked for; with `insists` the whole command is refused then.
    vanished: set[int] = field(default_factory=set)
    insists: bool = False
    # Listed, but nothing is said of these when their time and size are asked for.
    silent: set[int] = field(default_factory=set)
    # Tell the next UID when a folder is opened, as most servers do and 163 does not; this one, if it is a number.
    uidnext: bool | int = False
    # Give another body for the first so many times it is asked for.
    truncated: dict[int, int] = field(default_factory=dict)
    # Never give more than so many bytes of a body in one piece.
    piece_limit: int = 1 << 40
    # Said before the answer to every FETCH, as servers do when another client changes something.
    chatter: tuple[bytes, ...] = ()
    # Listed, but cannot be opened.
    locked: set[str] = field(default_factory=lambda: {"病毒文件夹"})
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.folders = {row[0]: FakeFolder(*row) for row in FRESH}
        self._next = 1392611444

    def add(self, folder: str, raw: bytes, received_at: datetime, flags: set[str] | None = None) -> FakeMail:
        """Deliver a mail under the next UID; they have ten digits and gaps between them."""
        mail = FakeMail(self._next, raw, received_at, flags or set())
        self._next += 7
        self.folders[folder].mails.append(mail)
        return mail

    @property
    def next_uid(self) -> int:
        return self._next

    @property
    def url(self) -> str:
        return f"imap://{HOST}:{self._server.server_address[1]}"

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from the first byte on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        netease = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                netease.connections += 1
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Conversation(netease, self.request).run()

        self._server = socketserver.ThreadingTCPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _GoneError(Exception):
    """The connection is over."""


class _Conversation:
    def __init__(self, netease: Netease, connection: socket.socket) -> None:
        self._netease = netease
        self._connection = connection
        self._file = connection.makefile("rb")
        self._sent = 0
        self._introduced = False
        self._logged_in = False
        self._folder: FakeFolder | None = None
        self._readonly = True

    def run(self) -> None:
        try:
            self._line(self._netease.greeting)
            while True:
                self._answer(self._read_command())
        except (_GoneError, OSError):
            pass
        finally:
            self._file.close()
            self._connection.close()

    def _read_command(self) -> tuple[str, str, str, bytes]:
        """Tag, command, arguments, and the literal if there was one."""
        line = self._file.readline()
        literal = b""
        if found := re.search(rb"\{(\d+)(\+?)\}\r\n$", line):
            if not found[2]:
                self._line(b"+ go ahead")
            literal = self._file.read(int(found[1]))
            self._file.readline()
        if not line.endswith(b"\r\n"):
            raise _GoneError
        tag, command, *rest = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
        arguments = rest[0] if rest else ""
        command = command.upper()
        if command == "UID":
            verb, _, arguments = arguments.partition(" ")
            command = f"UID {verb.upper()}"
        self._netease.commands.append(f"{command} {arguments}".strip())
        return tag, command, arguments, literal

    def _answer(self, request: tuple[str, str, str, bytes]) -> None:
        tag, command, arguments, literal = request
        time.sleep(self._netease.delay)
        method = getattr(self, "_" + command.lower().replace(" ", "_"), None)
        if method is None:
            self._line(f"{tag} BAD command not support".encode())
        elif not self._logged_in and command not in ("CAPABILITY", "ID", "LOGIN", "LOGOUT", "NOOP"):
            self._line(f"{tag} NO {command} not permitted before login".encode())
        else:
            self._line(tag.encode() + b" " + method(arguments, literal))
        if command == "LOGOUT":
            raise _GoneError

    def _line(self, line: bytes) -> None:
        self._send(line + b"\r\n")

    def _send(self, data: bytes) -> None:
        limit = self._netease.drop_after
        room = len(data) if limit is None else max(0, limit - self._sent)
        self._connection.sendall(data[:room])
        self._sent += min(room, len(data))
        if room < len(data):
            raise _GoneError

    def _capability(self, *_: object) -> bytes:
        self._line(f"* CAPABILITY {self._netease.capabilities}".encode())
        return b"OK CAPABILITY completed"

    def _id(self, *_: object) -> bytes:
        self._introduced = self._netease.id_answer.startswith(b"OK")
        self._line(b'* ID ("name" "Coremail Imap" "vendor" "Mailtech" "TransID" "1a2b3c")')
        return self._netease.id_answer

    def _login(self, arguments: str, _: bytes) -> bytes:
        if self._netease.login_answer:
            return self._netease.login_answer
        user, _, code = arguments.partition(" ")
        if (user.strip('"'), code.strip('"')) != (self._netease.user, self._netease.code):
            return b"NO LOGIN Login error or password error"
        self._logged_in = True
        return b"OK LOGIN completed"

    def _noop(self, *_: object) -> bytes:
        return b"OK NOOP completed"

    def _logout(self, *_: object) -> bytes:
        self._line(b"* BYE IMAP4rev1 Server logging out")
        return b"OK LOGOUT completed"

    def _list(self, *_: object) -> bytes:
        for folder in self._netease.folders.values():
            self._line(f'* LIST ({folder.flags}) "/" "{folder.wire}"'.encode())
        return b"OK LIST Completed"

    def _status(self, arguments: str, _: bytes) -> bytes:
        self._line(f'* STATUS "{_unquoted(arguments)}" ()'.encode())
        return b"OK STATUS completed"

    def _select(self, arguments: str, _: bytes) -> bytes:
        return self._open("SELECT", arguments)

    def _examine(self, arguments: str, _: bytes) -> bytes:
        return self._open("EXAMINE", arguments)

    def _open(self, command: str, arguments: str) -> bytes:
        if self._netease.wants_id and not self._introduced:
            return f"NO {command} {UNSAFE}".encode()
        self._folder = self._find(arguments)
        if self._folder is None or self._folder.name in self._netease.locked:
            self._folder = None
            return f"NO {command} The folder not exist".encode()
        self._readonly = command == "EXAMINE"
        self._line(f"* {len(self._folder.mails)} EXISTS".encode())
        self._line(b"* 0 RECENT")
        self._line(f"* OK [UIDVALIDITY {self._folder.validity}] UIDs valid".encode())
        if told := self._netease.uidnext:
            self._line(f"* OK [UIDNEXT {self._netease.next_uid if told is True else told}] next".encode())
        self._line(b"* FLAGS (\\Answered \\Seen \\Deleted \\Draft \\Flagged)")
        self._line(b"* OK [PERMANENTFLAGS (\\Answered \\Seen \\Deleted \\Draft \\Flagged)] Limited")
        return f"OK [READ-{'ONLY' if self._readonly else 'WRITE'}] {command} completed".encode()

    def _find(self, arguments: str) -> FakeFolder | None:
        wire = _unquoted(arguments)
        return next((folder for folder in self._netease.folders.values() if folder.wire == wire), None)

    def _append(self, arguments: str, literal: bytes) -> bytes:
        name = re.match(r'"[^"]*"|\S+', arguments)
        folder = self._find(name[0]) if name else None
        if folder is None:
            return b"NO [TRYCREATE] APPEND The folder not exist"
        flags = re.search(r"\(([^)]*)\)", arguments)
        now = datetime.now().astimezone()
        self._netease.add(folder.name, literal, now, set(flags[1].split()) if flags else set())
        return b"OK APPEND completed"

    def _uid_search(self, arguments: str, _: bytes) -> bytes:
        mails = self._folder.mails if self._folder else []
        wanted = arguments.upper().removeprefix("UID ")
        uids = [mail.uid for mail in mails]
        if wanted != "ALL":
            uids = _chosen(wanted, uids)
        self._line(b"* SEARCH" + b"".join(f" {uid}".encode() for uid in uids))
        return b"OK SEARCH completed"

    def _uid_fetch(self, arguments: str, _: bytes) -> bytes:
        sequence, _, wanted = arguments.partition(" ")
        parts = re.findall(r"BODY(?:\.PEEK)?\[[^\]]*\](?:<\d+\.\d+>)?|[A-Z0-9.]+", wanted.upper())
        mails = self._folder.mails if self._folder else []
        chosen = set(_chosen(sequence, [mail.uid for mail in mails]))
        bodies = any(part.startswith("BODY") for part in parts)
        gone = self._netease.vanished if bodies else self._netease.silent
        if self._netease.insists and bodies and gone & chosen:
            return b"NO Some of the requested messages no longer exist"
        for line in self._netease.chatter:
            self._line(line)
        for number, mail in enumerate(mails, 1):
            if mail.uid in chosen - gone:
                self._send(self._fetched(number, mail, parts))
        return b"OK FETCH completed"

    def _fetched(self, number: int, mail: FakeMail, parts: list[str]) -> bytes:
        answer = [f"* {number} FETCH (UID {mail.uid}".encode()]
        for part in parts:
            if part == "INTERNALDATE":
                answer.append(f' INTERNALDATE "{mail.internal_date}"'.encode())
            elif part == "RFC822.SIZE":
                size = self._netease.announced.get(mail.uid, len(mail.raw))
                answer.append(f" RFC822.SIZE {size}".encode())
            elif part == "FLAGS":
                answer.append(f" FLAGS ({' '.join(sorted(mail.flags))})".encode())
            elif part.startswith("BODY"):
                answer.append(self._body(mail, part))
        return b"".join(answer) + b")\r\n"

    def _body(self, mail: FakeMail, part: str) -> bytes:
        if not part.startswith("BODY.PEEK") and not self._readonly:
            mail.flags.add("\\Seen")
        raw = mail.raw
        if "HEADER.FIELDS" in part:
            found = re.search(rb"(?im)^Message-ID:.*\r?\n", raw)
            raw = (found[0] if found else b"") + b"\r\n"
        elif self._netease.truncated.get(mail.uid, 0) > 0:
            self._netease.truncated[mail.uid] -= 1
            raw = raw[: len(raw) // 2 + self._netease.truncated[mail.uid]]
        name = part.replace(".PEEK", "")
        if span := re.search(r"<(\d+)\.(\d+)>", name):
            start = int(span[1])
            raw = raw[start : start + min(int(span[2]), self._netease.piece_limit)]
            name = name.replace(span[0], f"<{start}>")
        return f" {name} {{{len(raw)}}}\r\n".encode() + raw


def _unquoted(arguments: str) -> str:
    found = re.match(r'"([^"]*)"|(\S+)', arguments)
    return (found[1] or found[2] or "") if found else ""


def _chosen(sequence: str, uids: list[int]) -> list[int]:
    """The UIDs a sequence set names; `n:*` always names the last one (RFC 3501 6.4.8)."""
    chosen: set[int] = set()
    for piece in sequence.split(","):
        first, _, last = piece.partition(":")
        low = uids[-1] if first == "*" and uids else int(first)
        high = low if not last else (uids[-1] if last == "*" and uids else int(last))
        low, high = min(low, high), max(low, high)
        chosen.update(uid for uid in uids if low <= uid <= high)
    return sorted(chosen)
