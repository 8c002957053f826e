"""A secretariat's desk for tests: a mailbox and an SMTP server on loopback, a clock that is set by hand, and the real pass."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
from msgspec.structs import replace

import warm
from parsers.model import Annex3, Annex4
from pipeline.demo import forms
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp, ReceivedMail
from pipeline.model import SHANGHAI
from pipeline.office import Office, open_office
from pipeline.passes import Pass
from pipeline.run import one_pass
from pipeline.settings import Settings, load_settings, resource
from rule_cases import application, project

USER = "nmggxzss@163.com"
CODE = "ABCDEFGHIJKLMNOP"
UNIVERSITY = "内蒙古大学"
MORNING = datetime(2024, 11, 20, 9, 0, tzinfo=SHANGHAI)


def settings(data: Path, imap: str, smtp: str, **more: Any) -> Settings:
    """Settings for loopback servers, nothing taken from the environment's .env."""
    given = {"settle_minutes": 0, "folders": ("INBOX", "垃圾邮件"), **more}
    return load_settings(
        env_file=None,
        imap_url=imap,
        smtp_url=smtp,
        user=USER,
        auth_code=CODE,
        data=data,
        rules=resource("rules.yaml"),
        **given,
    )


def table(university: str = UNIVERSITY, projects: int = 2, **changes: Any) -> Annex3:
    """A summary table in which nothing is wrong, but for the changes."""
    rows = tuple(project(number) for number in range(1, projects + 1))
    given = {"university": university, "project_count": str(projects), **changes}
    return Annex3(**{"contact_name": "赵示例", "contact_phone": "0471-6000000", "projects": rows, **given})


def papers(summary: Annex3, applications: bool = True) -> dict[str, bytes]:
    """The files of a whole submission, by name."""
    files = {"附件3.xlsx": forms.annex3_workbook(summary)}
    if applications:
        for number, row in enumerate(summary.projects, start=1):
            files[f"附件4-{number}.docx"] = forms.annex4_document(application(row, summary.university))
    return files


def form(number: int, university: str = UNIVERSITY) -> Annex4:
    """The Annex 4 of one of the sample projects."""
    return application(project(number), university)


def letter(
    files: dict[str, bytes],
    at: datetime = MORNING,
    sender: str = "shili@example.edu.cn",
    subject: str = "项目报送",
    text: str = "现报送材料，请查收附件。",
    extra: tuple[str, ...] = (),
) -> bytes:
    """A raw mail with these files."""
    person = Person("张示例", sender, Client.FOXMAIL)
    attached = [File(name, content) for name, content in files.items()]
    return compose_mail(person, USER, subject, text, attached, at, extra=extra)


def parsed(reply: ReceivedMail) -> EmailMessage:
    """A reply as a mail program reads it."""
    message = email.message_from_bytes(reply.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(reply: ReceivedMail) -> str:
    """The words of a reply."""
    body = parsed(reply).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@dataclass
class Desk:
    """Mails go in at `receive`, `run` does a pass at a given time, `sent` are the replies that left."""

    imap: EmbeddedImap
    smtp: EmbeddedSmtp
    settings: Settings
    now: datetime = MORNING

    @property
    def sent(self) -> tuple[ReceivedMail, ...]:
        return self.smtp.mails

    @property
    def ledger(self) -> Path:
        return self.settings.data / "ledger" / "项目台账.xlsx"

    def receive(self, raw: bytes, at: datetime = MORNING, folder: str = "INBOX") -> None:
        self.imap.add(folder, raw, at)
        self.now = max(self.now, at)

    def run(self, after_minutes: float = 1, **changed: Any) -> Pass:
        """One pass, this long after the newest mail."""
        self.now += timedelta(minutes=after_minutes)
        with self.office(**changed) as office:
            return one_pass(office, lambda: self.now)

    @contextmanager
    def office(self, **changed: Any) -> Iterator[Office]:
        with warm.workers(), open_office(replace(self.settings, **changed)) as office:
            yield office

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        """A sheet of the ledger, each row by its headers."""
        book = openpyxl.load_workbook(self.ledger)
        head, *body = book[sheet].iter_rows(values_only=True)
        return [dict(zip(map(str, head), row, strict=True)) for row in body]

    def row(self, sheet: str, **wanted: str) -> dict[str, Any]:
        """The one row with these values."""
        found = [row for row in self.rows(sheet) if all(row[name] == value for name, value in wanted.items())]
        assert len(found) == 1, found
        return found[0]


@contextmanager
def open_desk(data: Path, **more: Any) -> Iterator[Desk]:
    """A desk with empty servers."""
    with EmbeddedImap(USER, CODE) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        yield Desk(imap, smtp, settings(data, imap.url, smtp.url, **more))
