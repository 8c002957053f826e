"""One mail with eight forms: decoding, unpacking, the whole of process() and the commit of its outcome.

The mailbox and the ledger are left out; `scale` measures a whole pass over many mails.
"""

from __future__ import annotations

import email
import email.policy
import io
import tempfile
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from bench import material
from bench.clock import race
from bench.rows import Check, Row
from pipeline.check import check_document
from pipeline.flow import process
from pipeline.message import decode
from pipeline.model import Attachment, Outcome, Version
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.store import Store
from pipeline.unpack import unpack

SECTION = "mails"
SECONDS, QUICK_SECONDS = 2.0, 0.4
TITLE = "a mail with one Annex 3 and seven Annex 4, 400 KB as sent"


def rows(quick: bool) -> Iterator[Row]:
    """A row for each stage."""
    seconds = QUICK_SECONDS if quick else SECONDS
    one = next(material.letters(1))
    with tempfile.TemporaryDirectory() as folder:
        rules = load(material.write_rules(Path(folder) / "rules.yaml", 1))
        yield _decoding(one, seconds)
        yield _unpacking(one.raw, rules, seconds)
        outcome = process(one.raw, "0" * 64, one.received_at, rules, lambda _: {})
        yield _processing(one, rules, outcome, seconds)
        yield _committing(outcome, Path(folder), seconds)


def _decoding(one: material.Letter, seconds: float) -> Row:
    import mailparser

    raw = one.raw
    parser, standard = "mailparser.parse_from_bytes", "email.policy.default"
    timings = race(
        {
            "decode": lambda: decode(raw, material.MAILBOX),
            parser: lambda: mailparser.parse_from_bytes(raw),
            standard: partial(_standard_library, raw),
        },
        seconds,
    )
    taken = timings["decode"]
    names = tuple(attachment.path for attachment in decode(raw).attachments)
    return Row(
        SECTION,
        "decode",
        taken.wall,
        taken.cpu,
        beside={name: timings[name].wall for name in (parser, standard)},
        checks=(
            Check(f"the cost of {parser}", taken.ratio(timings[parser]), 1.2),
            Check(f"the cost of {standard}", taken.ratio(timings[standard]), 1),
        ),
        note=f"{len(names)} files, {'all names right' if names == one.names else 'WRONG NAMES'}",
    )


def _standard_library(raw: bytes) -> list[tuple[str | None, object]]:
    """Every attachment's name and bytes, the way the standard library's documentation shows it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]


def _unpacking(raw: bytes, rules: Rules, seconds: float) -> Row:
    files = decode(raw).attachments
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in files:
            archive.writestr(file.path, file.content)
    packed = (Attachment("材料.zip", stream.getvalue()),)
    loose, zipped = "eight files", "the same in a zip"
    timings = race(
        {loose: lambda: unpack(files, rules.limits), zipped: lambda: unpack(packed, rules.limits)}, seconds / 4
    )
    beside = {"the same eight in a zip": timings[zipped].wall}
    return Row(SECTION, "unpack", timings[loose].wall, timings[loose].cpu, beside=beside)


def _processing(one: material.Letter, rules: Rules, outcome: Outcome, seconds: float) -> Row:
    import parsers

    files = unpack(decode(one.raw).attachments, rules.limits)
    timings = race(
        {
            "process": lambda: process(one.raw, "0" * 64, one.received_at, rules, lambda _: {}),
            "decode": lambda: decode(one.raw),
            "parsers.read": lambda: [parsers.read(file.content, file.path) for file in files],
            "check": lambda: [_checked(version, rules) for version in outcome.versions],
        },
        seconds,
    )
    forms = sum(version.transcript.form is not None for version in outcome.versions)
    return Row(
        SECTION,
        "process(): raw bytes to Outcome, in this process",
        timings["process"].wall,
        timings["process"].cpu,
        parts={name: timings[name].wall for name in ("decode", "parsers.read", "check")},
        note=f"{forms} forms found",
    )


def _checked(version: Version, rules: Rules) -> object:
    return check_document(version.transcript, version.path, version.received_at, rules)


def _committing(outcome: Outcome, folder: Path, seconds: float) -> Row:
    """The outcome of a new mail each time, into a store that grows."""
    store = Store.open(f"sqlite:///{folder / 'store.sqlite3'}")
    numbers = count(1)

    def commit() -> None:
        id = f"{next(numbers):064x}"
        versions = tuple(replace(version, mail=id) for version in outcome.versions)
        store.record(Outcome(replace(outcome.mail, id=id), versions))

    def settle() -> None:
        store.set_fact("bench", str(next(numbers)))

    timings = race({"commit": commit, "one value": settle}, seconds)
    store.close()
    beside = {"a commit of one value": timings["one value"].wall}
    return Row(SECTION, "store commit", timings["commit"].wall, timings["commit"].cpu, beside=beside)
