"""What becomes of one mail: the stages in order, from raw bytes to an Outcome.

No clock, no disk, no network; what has to be known of earlier mails is asked for through a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pipeline.assign import assign
from pipeline.check import check_document, check_mail
from pipeline.excused import excused, without_spare_findings
from pipeline.known import Known
from pipeline.model import Disposition, Document, Finding, Mail, Message, Outcome, Reading, University, Version
from pipeline.rules import Rules
from pipeline.sayings import promises_file
from pipeline.unnamed import waiting_for

if TYPE_CHECKING:
    from pipeline.reading import Read


def process(
    raw: bytes,
    mail_id: str,
    received_at: datetime,
    rules: Rules,
    known_to: Callable[[str], Known],
    read: Read | None = None,
) -> Outcome:
    """Take one mail through all stages, whoever's mailbox it lies in. `known_to` tells what an address has sent before."""
    from pipeline.reading import read_here, read_mail

    return judge(read_mail(raw, "", rules.limits, read or read_here), mail_id, received_at, rules, known_to)


def judge(
    reading: Reading, mail_id: str, received_at: datetime, rules: Rules, known_to: Callable[[str], Known]
) -> Outcome:
    """What a mail that was read comes to; mails of one correspondent are judged in the order they were received."""
    message, documents = reading.message, reading.documents
    disposition = dispose(message, documents, rules)
    if disposition is not Disposition.SUBMISSION:
        return Outcome(_mail(message, mail_id, received_at, disposition))
    known = known_to(message.reply_to.address)
    waiting = waiting_for(message.reply_to.address)
    versions = versions_of(documents, waiting, known, mail_id, received_at, rules)
    forms = sum(one.transcript.form is not None for one in versions)
    universities = tuple(dict.fromkeys(one.university for one in versions)) if forms else ()
    if not universities:
        universities = (_spoken_of(message, documents, rules, known) or waiting,)
        versions = tuple(replace(one, university=universities[0]) for one in versions)
    findings = check_mail(message, received_at, forms, rules, mail_id)
    return Outcome(_mail(message, mail_id, received_at, disposition, findings, universities), versions)


def versions_of(
    documents: Sequence[Document], waiting: str, known: Known, mail_id: str, received_at: datetime, rules: Rules
) -> tuple[Version, ...]:
    """The documents of one mail, each judged by itself and beside the others; `waiting` stands for the university of those
    of which nobody knows whose they are."""
    owners = assign([one.transcript for one in documents], rules.terms.roster, known)
    versions = tuple(
        _version(document, owner or waiting, index, mail_id, received_at, rules)
        for index, (document, owner) in enumerate(zip(documents, owners, strict=True))
    )
    return without_spare_findings(excused(versions))


def _version(
    document: Document, university: str, index: int, mail_id: str, received_at: datetime, rules: Rules
) -> Version:
    """A document as it came, judged by itself."""
    return Version(
        mail=mail_id,
        index=index,
        received_at=received_at,
        path=document.path,
        file=document.file,
        transcript=document.transcript,
        findings=check_document(document.transcript, document.path, received_at, rules, mail_id),
        university=university,
    )


def dispose(message: Message, documents: Sequence[Document], rules: Rules) -> Disposition:
    """Whether a mail is a submission: it brings a form, or its words say so (rules.yaml, submission_words)."""
    if any(one.transcript.form for one in documents):
        return Disposition.SUBMISSION
    if message.automatic is not None:
        return Disposition.AUTOMATIC
    return Disposition.SUBMISSION if _says_so(message, documents, rules) else Disposition.UNRELATED


def _says_so(message: Message, documents: Sequence[Document], rules: Rules) -> bool:
    subject = message.subject if message.attached else message.own_subject
    words, stuck = rules.words, any(one.transcript.problems for one in documents)
    if not stuck and any(word in message.subject + message.text for word in words.questions):
        return False
    if not (subject or documents or message.cloud_links) and promises_file(message.text):
        # Who answers that something will follow has not forgotten it.
        return False
    if (
        any(word in subject for word in words.subject)
        or any(word in message.text for word in words.text)
        or any(word in _files(message, documents) for word in words.files)
    ):
        return True
    # What cannot be looked into may be forms, if it comes in the name of a university.
    unseen = stuck or any(not link.mentioned for link in message.cloud_links)
    return unseen and _named(message, documents, rules) is not None


def _files(message: Message, documents: Sequence[Document]) -> str:
    """The names of all files of a mail, those on a provider's storage too, in one text."""
    linked = (link.name for link in message.cloud_links if not link.mentioned)
    return " ".join([*(one.path for one in documents), *linked])


def _named(message: Message, documents: Sequence[Document], rules: Rules) -> University | None:
    """The university that the subject names, else the text, else the names of the files."""
    texts = (message.subject, message.text, _files(message, documents))
    return next(filter(None, map(rules.terms.roster.mentioned, texts)), None)


def _spoken_of(message: Message, documents: Sequence[Document], rules: Rules, known: Known) -> str:
    """The university of a mail that brought no form: the one it names, else the sender's only earlier one."""
    named = _named(message, documents, rules)
    if named is not None:
        return named.name
    return next(iter(known)) if len(known) == 1 else ""


def _mail(
    message: Message,
    mail_id: str,
    received_at: datetime,
    disposition: Disposition,
    findings: tuple[Finding, ...] = (),
    universities: tuple[str, ...] = (),
) -> Mail:
    return Mail(
        id=mail_id,
        received_at=received_at,
        message_id=message.message_id,
        sender=message.sender,
        reply_to=message.reply_to,
        subject=message.subject,
        references=message.references,
        attached=message.attached,
        disposition=disposition,
        automatic=message.automatic,
        findings=findings,
        universities=universities,
        cloud_links=message.cloud_links,
        forwarded_from=message.forwarded_from,
    )
