"""The folder a measured program works in: settings as an operator's, and a store that already knows many submissions.

Nothing here is measured; servers, where one is needed, are on loopback.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench import child, material
from parsers.model import Annex4, Record
from pipeline.flow import process
from pipeline.model import Outcome, Reply, University, Version
from pipeline.office import open_office
from pipeline.reply_states import ReplyKind, ReplyState
from pipeline.settings import Settings, load_settings

USER, CODE = material.MAILBOX, "BENCHBENCHBENCHB"
PER_UNIVERSITY = material.PROJECTS + material.GRADUATES
REPLY_BYTES = 16_000
# Any later instant will do; the clock is a parameter everywhere.
LATER = material.MORNING + timedelta(days=3)


def command(*arguments: str) -> list[str]:
    """The command as installed beside this interpreter."""
    script = Path(sys.executable).with_name("annex-inbox")
    return [str(script), *arguments] if script.exists() else [sys.executable, "-m", "pipeline", *arguments]


def environment(data: Path, imap: str = "imap://127.0.0.1:9") -> dict[str, str]:
    """The variables that make a command work in this folder and on loopback only."""
    return {
        **{name: "" for name in os.environ if name.startswith("ANNEX_")},
        "ANNEX_USER": USER,
        "ANNEX_AUTH_CODE": CODE,
        "ANNEX_IMAP_URL": imap,
        "ANNEX_SMTP_URL": "smtp://127.0.0.1:9",
        "ANNEX_FOLDERS": "INBOX",
        "ANNEX_DATA": str(data),
        "ANNEX_RULES": str(data / "rules.yaml"),
        "ANNEX_SETTLE_MINUTES": "0",
    }


def settings(data: Path, imap: str = "imap://127.0.0.1:9") -> Settings:
    """The same for use in this process."""
    chosen = {name.removeprefix("ANNEX_").lower(): value for name, value in environment(data, imap).items() if value}
    given: dict[str, Any] = {"store_url": "", "reply": "send", **chosen}
    return load_settings(env_file=None, **given)


@contextmanager
def folder(universities: int, memory: bool = False) -> Iterator[Path]:
    """A folder that goes away, with rules for so many universities; `memory` where writing it is not what is measured."""
    place = "/dev/shm" if memory and os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="annex-bench-", dir=place) as name:
        material.write_rules(Path(name) / "rules.yaml", universities)
        yield Path(name)


def filled(data: Path, universities: int) -> int:
    """Fill the folder's store, in as many processes as this machine has cores; returns the number of projects."""
    # The first to open a store creates it.
    with open_office(settings(data)):
        pass
    step = min(universities, os.cpu_count() or 1)
    with ThreadPoolExecutor(step) as pool:
        shares = [
            pool.submit(child.task, "desk.fill", data=str(data), universities=universities, start=start, step=step)
            for start in range(step)
        ]
    return sum(int(share.result()[0]) for share in shares) * PER_UNIVERSITY


def fill(data: str, universities: int, start: int, step: int) -> int:
    """Store every step-th university's submission, answered and archived, without reading its files; returns how many."""
    with open_office(settings(Path(data))) as office:
        given = material.universities(universities)
        one = material.letter(given[0], size=0)
        model = process(one.raw, "0" * 64, one.received_at, office.rules, lambda _: {})
        share = range(start, universities, step)
        for position in share:
            university = given[position]
            outcome = _outcome(model, university, position)
            office.store.record(outcome)
            office.store.outbox.queue_all([(_reply(outcome, university.name), ReplyState.SENT)], LATER)
            office.archive.sync(office.submission(university.name), lambda version: version.path.encode())
            office.forget(university.name)
        office.archive.settle({})
    return len(share)


def _outcome(model: Outcome, university: University, position: int) -> Outcome:
    """What the mail of this university would have come to: the model's places, its own words."""
    id = hashlib.sha256(university.name.encode()).hexdigest()
    at = material.MORNING + timedelta(seconds=position)
    sheets = material.papers(university)
    records: tuple[Record, ...] = (sheets.summary, *sheets.applications)
    versions: list[Version] = []
    for version, record in zip(model.versions, records, strict=True):
        transcript = replace(version.transcript, record=record)
        path = f"附件4 {record.project_name}.docx" if isinstance(record, Annex4) else version.path
        # The archive recognises a file by its content, so every version has its own.
        file = hashlib.sha256(path.encode()).hexdigest()
        versions.append(
            replace(
                version,
                mail=id,
                received_at=at,
                path=path,
                file=file,
                transcript=transcript,
                university=university.name,
            )
        )
    person = replace(model.mail.sender, address=f"demo{position}@example.edu.cn")
    mail = replace(
        model.mail, id=id, received_at=at, sender=person, reply_to=person, universities=(university.name,),
        message_id=f"<{id[:16]}@example.edu.cn>",
    )  # fmt: skip
    return Outcome(mail, tuple(versions))


def _reply(outcome: Outcome, university: str) -> Reply:
    mail = outcome.mail
    raw = (b"x" * 76 + b"\r\n") * (REPLY_BYTES // 78)
    return Reply(
        f"<{mail.id}@demo>", mail.reply_to.address, "收到", ReplyKind.ACKNOWLEDGEMENT, raw, (mail.id,), (university,)
    )


def office_of(data: str) -> Any:
    """The open office of a folder, as a context manager."""
    return open_office(settings(Path(data)))
