"""Starts a real Dovecot on a free loopback port, with a Maildir that a test fills before or between readings."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

HOST = "127.0.0.1"
START_SECONDS = 20

# No TLS, one user, Maildir; everything lies in one folder, which goes away with the server.
CONFIGURATION = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{base}/maildir:INBOX={base}/maildir:LAYOUT=fs
mailbox_list_index = no
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={code}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox 垃圾 {{
    auto = create
    special_use = \\Junk
  }}
  mailbox 草稿箱 {{
    auto = create
    special_use = \\Drafts
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = {host}
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """A running server; `maildir` is INBOX."""

    port: int
    maildir: Path
    user: str
    code: str
    log: Path
    _delivered: int = field(default=0)

    @property
    def url(self) -> str:
        return f"imap://{HOST}:{self.port}"

    def add(self, raw: bytes, received_at: datetime) -> Path:
        """Deliver into INBOX; Dovecot takes the file's time for INTERNALDATE."""
        self._delivered += 1
        path = self.maildir / "new" / f"{int(received_at.timestamp())}.M{self._delivered:06d}.test"
        path.write_bytes(raw)
        path.chmod(0o644)
        os.utime(path, (received_at.timestamp(), received_at.timestamp()))
        return path

    def names(self) -> list[str]:
        """The files of INBOX; a flag on a mail would show behind the colon of its name."""
        return sorted(path.name for folder in ("new", "cur") for path in (self.maildir / folder).iterdir())


@contextmanager
def dovecot(user: str = "wsxmz", code: str = "ABCDEFGHIJKLMNOP") -> Iterator[Dovecot]:
    """Skips the test where Dovecot is not installed, but not under CI."""
    binary = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail("Dovecot is not installed")
        pytest.skip("Dovecot is not installed")
    # A short path: Dovecot's sockets must fit the system's limit of about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="dc", dir="/tmp") as folder:
        server = _prepare(Path(folder), user, code)
        process = subprocess.Popen([binary, "-F", "-c", f"{folder}/dovecot.conf"])
        try:
            _wait(process, server)
            yield server
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _prepare(base: Path, user: str, code: str) -> Dovecot:
    for name in ("new", "cur", "tmp"):
        (base / "maildir" / name).mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    account = login = getpass.getuser()
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        # Dovecot neither talks to clients nor reads mail as root; its package brings these accounts with it.
        account, login = "dovecot", "dovenull"
        uid, gid = pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid
        base.chmod(0o755)
        for path in (base / "maildir", *(base / "maildir").iterdir()):
            os.chown(path, uid, gid)
    group = grp.getgrgid(gid).gr_name
    text = CONFIGURATION.format(
        base=base, account=account, login=login, group=group, uid=uid, gid=gid, code=code, host=HOST, port=port
    )
    (base / "dovecot.conf").write_text(text, encoding="utf-8")
    return Dovecot(port, base / "maildir", user, code, base / "dovecot.log")


def _wait(process: subprocess.Popen[bytes], server: Dovecot) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection((HOST, server.port), timeout=1) as connection:
                if connection.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
    log = server.log.read_text(encoding="utf-8", errors="replace") if server.log.exists() else "(no log)"
    pytest.fail(f"Dovecot did not start:\n{log}")
