"""Starts a real PostgreSQL on a free loopback port, with nothing in it; everything goes away with the server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOST = "127.0.0.1"
# It refuses to run as root; the package makes this user.
ACCOUNT = "postgres"
START_SECONDS = 60


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running server's database, as an operator would write it."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="annex-postgres-"))
    account = {"user": ACCOUNT} if os.getuid() == 0 else {}
    if account:
        shutil.chown(folder, ACCOUNT)
    data, log = folder / "data", folder / "log"

    def run(program: str, *words: str) -> None:
        command = [str(programs / program), "-D", str(data), *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=START_SECONDS, **account)

    try:
        run("initdb", "--no-sync", "--auth=trust", "--username=annex", "--encoding=UTF8", "--locale=C.UTF-8")
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        options = f"-c listen_addresses={HOST} -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "start", "--wait", "--silent", f"--log={log}", f"--options={options}")
        try:
            yield f"postgresql://annex@{HOST}:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps out of the PATH; that of the newest version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None
