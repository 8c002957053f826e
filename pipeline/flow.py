"""What becomes of one mail: the stages in order, from raw bytes to an Outcome.

No clock, no disk, no network; what has to be known of earlier mails is asked for through a parameter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import parsers
from parsers.model import Problem, ProblemKind, Transcript
from pipeline.assign import Known, assign
from pipeline.check import check_document, check_mail
from pipeline.message import decode
from pipeline.model import (
    Attachment,
    Automatic,
    Disposition,
    Finding,
    Mail,
    Message,
    Outcome,
    Version,
)
from pipeline.rules import Rules, Words
from pipeline.stamps import with_stamps
from pipeline.unpack import unpack

# These never bring material of a university's, whatever is attached to them.
NOT_READ = (Automatic.BOUNCE, Automatic.RECEIPT, Automatic.AUTO_REPLY, Automatic.OWN)
REPLIED = re.compile(r"^\s*(?:re|回复|答复|回覆)\s*[:：]", re.IGNORECASE)

# Reads files, given as (bytes, name), and answers in their order: in this process, or in confined ones (reader.py).
Read = Callable[[Sequence[tuple[bytes, str]]], list[list[Transcript]]]
Document = tuple[Attachment, Transcript]


def read_here(files: Sequence[tuple[bytes, str]]) -> list[list[Transcript]]:
    """Read files in this process."""
    return [parsers.read(content, name) for content, name in files]


def process(
    raw: bytes,
    mail_id: str,
    received_at: datetime,
    rules: Rules,
    known_to: Callable[[str], Known],
    own_address: str = "",
    read: Read = read_here,
) -> Outcome:
    """Take one mail through all stages. `known_to` tells what an address has sent before this mail."""
    message = decode(raw, own_address)
    documents = read_documents(message.attachments, rules, read) if message.automatic not in NOT_READ else []
    disposition = dispose(message, documents, rules.words)
    if disposition is not Disposition.SUBMISSION:
        return Outcome(_mail(message, mail_id, received_at, disposition))
    known = known_to(message.reply_to.address)
    owners = assign([transcript for _, transcript in documents], rules.terms.roster, known)
    waiting = f"?{message.reply_to.address}"
    versions = tuple(
        version(attachment, transcript, owner or waiting, index, mail_id, received_at, rules)
        for index, ((attachment, transcript), owner) in enumerate(zip(documents, owners, strict=True))
    )
    versions = with_stamps(versions)
    forms = sum(one.transcript.form is not None for one in versions)
    universities = tuple(dict.fromkeys(one.university for one in versions)) if forms else ()
    if not universities:
        universities = (_spoken_of(message, rules, known) or waiting,)
        versions = tuple(replace(one, university=universities[0]) for one in versions)
    findings = check_mail(message, received_at, forms, rules)
    return Outcome(_mail(message, mail_id, received_at, disposition, findings, universities), versions)


def read_documents(attachments: Sequence[Attachment], rules: Rules, read: Read = read_here) -> list[Document]:
    """Every document in the attachments, archives opened, with each form found in it; a document without one appears once."""
    opened = unpack(attachments, rules.limits)
    readable = [one for one in opened if not one.problem]
    found = iter(read([(one.content, one.path) for one in readable]))
    documents: list[Document] = []
    for attachment in opened:
        if attachment.problem:
            problem = Problem(ProblemKind(attachment.problem), attachment.detail)
            documents.append((attachment, Transcript(None, "", problems=(problem,))))
            continue
        # A picture in the text, or the text itself, is a document only if a form is found in it.
        forms = [one for one in next(found) if one.form is not None or not attachment.inline]
        documents += [(attachment, transcript) for transcript in forms]
    return documents


def version(
    attachment: Attachment,
    transcript: Transcript,
    university: str,
    index: int,
    mail_id: str,
    received_at: datetime,
    rules: Rules,
    path: str = "",
) -> Version:
    """A document as it came, judged by itself; `path` is shown instead of the attachment's where given."""
    path = path or attachment.path
    return Version(
        mail=mail_id,
        index=index,
        received_at=received_at,
        path=path,
        file=hashlib.sha256(attachment.content).hexdigest(),
        transcript=transcript,
        findings=check_document(transcript, path, received_at, rules),
        university=university,
    )


def dispose(message: Message, documents: Sequence[Document], words: Words) -> Disposition:
    """Whether a mail is a submission: it brings a form, or its words say so (rules.yaml, submission_words)."""
    if any(transcript.form for _, transcript in documents):
        return Disposition.SUBMISSION
    if message.automatic is not None:
        return Disposition.AUTOMATIC
    return Disposition.SUBMISSION if _says_so(message, documents, words) else Disposition.UNRELATED


def _says_so(message: Message, documents: Sequence[Document], words: Words) -> bool:
    # The subject of an answer repeats ours, and so says nothing about what the answer brings.
    answered = bool(message.references) or REPLIED.match(message.subject) is not None
    subject = "" if answered and not message.attached else message.subject
    stuck = any(transcript.problems for _, transcript in documents)
    if not stuck and any(word in message.subject + message.text for word in words.questions):
        return False
    names = " ".join(attachment.path for attachment, _ in documents)
    return (
        any(word in subject for word in words.subject)
        or any(word in message.text for word in words.text)
        or any(word in names for word in words.files)
    )


def _spoken_of(message: Message, rules: Rules, known: Known) -> str:
    """The university of a mail that brought no form: the one its subject names, else the sender's only earlier one."""
    named = rules.terms.roster.mentioned(message.subject) or rules.terms.roster.mentioned(message.text)
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
