"""A fake SMTP server with the manners of smtp.163.com that answers each command as it is told to."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

HOST = "127.0.0.1"
EXTENSIONS = ("mail", "PIPELINING", "AUTH LOGIN PLAIN", "AUTH=LOGIN PLAIN", "coremail 1Uxr2xKj7kG0xkI", "8BITMIME")
QUEUED = "250 Mail OK queued as smtp11,D8CowABXRAHFeUpcvx3dAg--.43886S2 1548385572"


@dataclass
class FakePost:
    """The server; `answers` maps a command (or "GREETING", "END" for the final dot) to what is said instead.

    An answer of b"" closes the connection without a word. Use as a context manager.
    """

    user: str = "wsxmz@163.com"
    code: str = "ABCDEFGHIJKLMNOP"
    answers: dict[str, bytes] = field(default_factory=dict)
    extensions: tuple[str, ...] = EXTENSIONS
    # Close the connection in silence after so many mails, as servers do with idle sessions.
    mails_each: int = 1000
    # Offer STARTTLS, and speak TLS after it with this.
    starttls: ssl.SSLContext | None = None
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self._server.server_address[1]}"

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from the first byte on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        post = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                post.connections += 1
                with suppress(OSError):
                    _Session(post, self).run()
                if isinstance(self.connection, ssl.SSLSocket):
                    self.rfile.close()
                    self.connection.close()

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


class _Session:
    def __init__(self, post: FakePost, streams: socketserver.StreamRequestHandler) -> None:
        self._post = post
        self._streams = streams
        self._mails = 0

    def run(self) -> None:
        if not self._say("GREETING", b"220 163.com Anti-spam GT for Coremail System"):
            return
        while self._mails < self._post.mails_each:
            line = self._streams.rfile.readline()
            if not line:
                return
            text = line.decode("latin-1").strip()
            self._post.commands.append(text)
            if not self._answer(text.split(" ")[0].upper(), text):
                return
        self._streams.connection.shutdown(socket.SHUT_RDWR)

    def _say(self, command: str, usual: bytes) -> bool:
        said = self._post.answers.get(command, usual)
        if said:
            self._streams.wfile.write(said + b"\r\n")
        return bool(said) and command != "QUIT"

    def _answer(self, command: str, text: str) -> bool:
        if command == "EHLO":
            offers_tls = self._post.starttls and not isinstance(self._streams.connection, ssl.SSLSocket)
            names = (*self._post.extensions, "STARTTLS") if offers_tls else self._post.extensions
            lines = [f"250-{name}" for name in names]
            lines[-1] = lines[-1].replace("-", " ", 1)
            return self._say(command, "\r\n".join(lines).encode())
        if command == "STARTTLS" and self._post.starttls:
            return self._secure(self._post.starttls)
        if command == "AUTH":
            return self._say(command, self._authenticate(text))
        if command == "DATA":
            return self._data()
        usual = b"221 Bye" if command == "QUIT" else b"250 Mail OK"
        return self._say(command, usual)

    def _secure(self, context: ssl.SSLContext) -> bool:
        self._streams.wfile.write(b"220 Ready to start TLS\r\n")
        self._streams.connection = context.wrap_socket(self._streams.connection, server_side=True)
        self._streams.rfile = self._streams.connection.makefile("rb")
        self._streams.wfile = self._streams.connection.makefile("wb", buffering=0)
        return True

    def _authenticate(self, text: str) -> bytes:
        _, mechanism, *first = text.split(" ")
        if mechanism == "PLAIN":
            given = base64.b64decode(first[0]).decode().split("\0")[1:]
        else:
            given = [self._ask(b"dXNlcm5hbWU6"), self._ask(b"UGFzc3dvcmQ6")]
        right = given == [self._post.user, self._post.code]
        return b"235 Authentication successful" if right else b"535 Error: authentication failed"

    def _ask(self, challenge: bytes) -> str:
        self._streams.wfile.write(b"334 " + challenge + b"\r\n")
        return base64.b64decode(self._streams.rfile.readline()).decode()

    def _data(self) -> bool:
        go_ahead = b"354 End data with <CR><LF>.<CR><LF>"
        if self._post.answers.get("DATA", go_ahead) != go_ahead:
            return self._say("DATA", b"")
        self._streams.wfile.write(go_ahead + b"\r\n")
        lines = []
        while (line := self._streams.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line)
        self._post.mails.append(b"".join(lines))
        self._mails += 1
        return self._say("END", QUEUED.encode())
