"""A pass that finds nothing new, and one that finds a very large mail, as commands against a server on loopback.

The server's own time is part of the wall clock but not of the CPU figures; real networks are slower.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench import child, desk, material
from bench.rows import Check, Row
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.demo.servers import EmbeddedImap, StoredMail
from pipeline.mailbox import Mailbox
from pipeline.store import Store
from pipeline.tables import sighting, stamp

SECTION = "mailbox"
TITLE = "annex-inbox poll, with interpreter start"
EMPTY_PASS_SECONDS = 0.8
QUICK_MAILS, MAILS, MANY_MAILS = 100, 1000, 10_000
ROUNDS = 5
LARGE_BYTES = 70_000_000
LARGE_FACTOR = 3
MEGABYTE = 1024 * 1024


def rows(quick: bool) -> Iterator[Row]:
    """Nothing new on the embedded server and on Dovecot, if it is installed; then a mail of 70 MB.

    The quick run leaves it at the embedded server.
    """
    yield _embedded(QUICK_MAILS if quick else MAILS, 1 if quick else ROUNDS)
    if not quick:
        if has_dovecot():
            yield _dovecot(MANY_MAILS)
        yield _large()


def has_dovecot() -> bool:
    """Whether the server the tests run against is installed."""
    return (shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")) is not None


def _small(number: int) -> bytes:
    person = Person("示例", f"demo{number}@example.edu.cn", Client.QQ)
    at = material.MORNING + timedelta(seconds=number)
    return compose_mail(person, material.MAILBOX, "活动咨询", "您好，请问活动何时举行？", [], at)


def _embedded(number: int, rounds: int) -> Row:
    at = [material.MORNING + timedelta(seconds=position) for position in range(number)]
    mails = [StoredMail("INBOX", when, _small(position)) for position, when in enumerate(at)]
    with EmbeddedImap(desk.USER, desk.CODE, mails) as server:
        return _empty_pass(f"nothing new, {number:,} mails, embedded server", server.url, rounds)


def _dovecot(number: int) -> Row:
    from tests.servers.dovecot import dovecot

    with dovecot(desk.USER, desk.CODE) as server:
        for position in range(number):
            server.add(_small(position), material.MORNING + timedelta(seconds=position))
        return _empty_pass(f"nothing new, {number:,} mails, Dovecot", server.url, ROUNDS, judged=True)


def _empty_pass(name: str, url: str, rounds: int, judged: bool = False) -> Row:
    """The first pass makes the empty ledger and does not count."""
    with desk.folder(100) as data:
        _know_everything(data, url)
        commands = {"poll": desk.command("poll")}
        usage = child.race(commands, rounds, desk.environment(data, url), data)["poll"]
    assert "新邮件 0 封" in usage.output, usage.output
    checks = (Check("seconds", usage.wall, EMPTY_PASS_SECONDS, " s"),) if judged else ()
    return Row(SECTION, name, 1000 * usage.wall, 1000 * usage.cpu, usage.peak, checks=checks)


def _know_everything(data: Path, url: str) -> None:
    """Enter every mail of INBOX into the store as one seen before."""
    settings = desk.settings(data, url)
    store = Store.open(settings.database_url)
    with Mailbox.open(settings, desk.USER) as mailbox:
        envelopes = mailbox.unknown("INBOX", lambda _: frozenset())
    seen = [
        {"folder": one.folder, "uidvalidity": one.uidvalidity, "uid": one.uid, "mail": f"{one.uid:064x}",
         "received_at": stamp(one.received_at)}
        for one in envelopes
    ]  # fmt: skip
    with store.database.engine.begin() as connection:
        connection.execute(sighting.insert(), seen)
    store.close()


def _large() -> Row:
    """Two files of 25 MB that cannot be compressed, in one mail; the peak is of the whole process tree."""
    half = int(LARGE_BYTES / material.BASE64_GROWTH / 2)
    files = [
        File(f"现场视频{number}.mp4", b"\0\0\0\x20ftypisom" + random.Random(number).randbytes(half))
        for number in (1, 2)
    ]
    person = Person("示例大学学生会", "demo@example.edu.cn", Client.QQ)
    raw = compose_mail(
        person, material.MAILBOX, "项目申报材料", "现报送项目申报材料，请查收。", files, material.MORNING
    )
    size = len(raw) / MEGABYTE
    with _server(raw) as url, desk.folder(100) as data:
        usage = child.run(desk.command("poll"), {**desk.environment(data, url), "ANNEX_REPLY": "off"}, data)
        assert "其中报送 1 封" in usage.output, usage.output
    checks = () if usage.peak is None else (Check("peak in sizes of the mail", usage.peak / size, LARGE_FACTOR),)
    return Row(
        SECTION, f"one new mail of {size:.0f} MB", 1000 * usage.wall, 1000 * usage.cpu, usage.peak, checks=checks
    )


@contextmanager
def _server(raw: bytes) -> Iterator[str]:
    """A mailbox that holds one mail."""
    if has_dovecot():
        from tests.servers.dovecot import dovecot

        with dovecot(desk.USER, desk.CODE) as server:
            server.add(raw, material.MORNING)
            yield server.url
    else:
        with EmbeddedImap(desk.USER, desk.CODE, [StoredMail("INBOX", material.MORNING, raw)]) as embedded:
            yield embedded.url
