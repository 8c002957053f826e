"""A TCP proxy on loopback that breaks what passes through it: cut, delayed, dropped in silence, or closed at a word.

It knows neither IMAP nor SMTP. Bytes count for each connection by itself; up is from client to server.
"""

from __future__ import annotations

import enum
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65536


class Then(enum.Enum):
    """What happens after some bytes were passed on."""

    GO_ON = "go on"
    HANG = "hang"
    CLOSE = "close"


@dataclass
class Proxy:
    """The proxy and its knobs, which may be turned at any time; use as a context manager.

    `faults_left` is on how many connections the faults still happen (None: always); the rest pass untouched.
    """

    target: str
    # Close both sides once so many bytes have passed in this direction.
    cut_down: int | None = None
    cut_up: int | None = None
    # Close both sides as soon as what comes in this direction matches; only the bytes before the match are passed on.
    close_down: re.Pattern[bytes] | None = None
    close_up: re.Pattern[bytes] | None = None
    # Pass nothing on any more in this direction from the match on, but keep the connection open.
    hang_down: re.Pattern[bytes] | None = None
    hang_up: re.Pattern[bytes] | None = None
    # Pass on at most so many bytes at once, and wait so many seconds after each.
    chunk: int = CHUNK
    delay: float = 0.0
    faults_left: int | None = None
    # How many bytes passed in each direction, over all connections.
    passed_down: int = 0
    passed_up: int = 0
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        """What to set ANNEX_IMAP_URL or ANNEX_SMTP_URL to."""
        return f"{urlsplit(self.target).scheme}://{HOST}:{self._listener.getsockname()[1]}"

    def heal(self) -> None:
        """Pass everything on from now on, at full speed."""
        self.cut_down = self.cut_up = None
        self.close_down = self.close_up = self.hang_down = self.hang_up = None
        self.chunk, self.delay = CHUNK, 0.0

    def __enter__(self) -> Self:
        self._listener = socket.create_server((HOST, 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept wakes up at a connection, not at a mere close.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            _close(one)
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            faulty = self.faults_left is None or self.faults_left > 0
            if self.faults_left:
                self.faults_left -= 1
            threading.Thread(target=self._join, args=(client, faulty), daemon=True).start()

    def _join(self, client: socket.socket, faulty: bool) -> None:
        parts = urlsplit(self.target)
        try:
            server = socket.create_connection((parts.hostname or HOST, parts.port or 0), 5)
        except OSError:
            _close(client)
            return
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(one)
        upwards = threading.Thread(target=self._pump, args=(client, server, "up", faulty), daemon=True)
        upwards.start()
        self._pump(server, client, "down", faulty)
        upwards.join(5)

    def _pump(self, source: socket.socket, sink: socket.socket, way: str, faulty: bool) -> None:
        """Pass bytes on until one side ends or a fault does."""
        seen = b""
        with suppress(OSError):
            while piece := source.recv(self.chunk if faulty else CHUNK):
                before = len(seen)
                seen += piece
                end, then = self._until(way, seen) if faulty else (len(seen), Then.GO_ON)
                self._pass(sink, seen[before : max(before, end)], way)
                if then is Then.HANG:
                    _swallow(source)
                if then is not Then.GO_ON:
                    break
                if faulty and self.delay:
                    time.sleep(self.delay)
        _close(source)
        _close(sink)

    def _until(self, way: str, seen: bytes) -> tuple[int, Then]:
        """How much of what was seen is passed on, and what comes then."""
        up = way == "up"
        cut = self.cut_up if up else self.cut_down
        close, hang = (self.close_up, self.hang_up) if up else (self.close_down, self.hang_down)
        if close is not None and (found := close.search(seen)):
            return found.start(), Then.CLOSE
        if hang is not None and (found := hang.search(seen)):
            return found.start(), Then.HANG
        if cut is not None and len(seen) >= cut:
            return cut, Then.CLOSE
        return len(seen), Then.GO_ON

    def _pass(self, sink: socket.socket, piece: bytes, way: str) -> None:
        if way == "up":
            self.passed_up += len(piece)
        else:
            self.passed_down += len(piece)
        if piece:
            sink.sendall(piece)


def _swallow(source: socket.socket) -> None:
    while source.recv(CHUNK):
        pass


def _close(one: socket.socket) -> None:
    # Only a shutdown wakes the thread that reads on the other side.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
