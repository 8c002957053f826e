"""One mail read: decoded, opened and transcribed from its bytes alone. It is the costly half of what flow.py does.

Knows no rule, no clock and no earlier mail, so that it can be done anywhere: here, in a confined process, elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

import parsers
from parsers.model import Problem, ProblemKind, Transcript
from pipeline.codec import packed
from pipeline.handed_in import handed_in
from pipeline.message import decode
from pipeline.model import Attachment, Automatic, Document, Limits, Reading
from pipeline.unpack import unpack

# These never bring material of a university's, whatever is attached to them.
NOT_READ = (Automatic.BOUNCE, Automatic.DELIVERY, Automatic.RECEIPT, Automatic.AUTO_REPLY, Automatic.OWN)

# Reads files, given as (bytes, name), and answers in their order: in this process, or in confined ones (reader.py).
Read = Callable[[Sequence[tuple[bytes, str]]], list[list[Transcript]]]
# Is given the bytes of a document with their SHA-256 in hex.
Keep = Callable[[str, bytes], None]


def forget(_file: str, _content: bytes) -> None:
    """Keep nothing."""


def read_here(files: Sequence[tuple[bytes, str]]) -> list[list[Transcript]]:
    """Read files in this process."""
    parsers.prepare(files)
    return [parsers.read(content, name) for content, name in files]


def read_mail(raw: bytes, own_address: str, limits: Limits, read: Read = read_here, keep: Keep = forget) -> Reading:
    """What a mail says and brings; `own_address` is the mailbox's own."""
    message = decode(raw, own_address)
    documents: tuple[Document, ...] = ()
    if message.automatic not in NOT_READ:
        documents = read_documents(message.attachments, limits, read, keep)
    if message.automatic is not None and message.automatic.is_handed_in:
        documents = handed_in(documents)
    return Reading(replace(message, attachments=()), documents)


def read_file(path: str, own_address: str, limits: Sequence[int], folder: str, read: Read) -> Reading:
    """`read_mail` of a file, with the values of `Limits`: what a confined process is asked for.

    The bytes of each document are left in a folder ("" for none) under their SHA-256, for whoever files them; a full disk is
    no matter.
    """

    def keep(file: str, content: bytes) -> None:
        with suppress(OSError), open(f"{folder}/{file}", "wb", buffering=0) as kept:
            kept.write(content)

    reading = read_mail(Path(path).read_bytes(), own_address, Limits(*limits), read, keep if folder else forget)
    documents = (replace(one, transcript=packed(one.transcript)) for one in reading.documents)
    return replace(reading, documents=tuple(documents))


def read_documents(
    attachments: Sequence[Attachment], limits: Limits, read: Read = read_here, keep: Keep = forget
) -> tuple[Document, ...]:
    """Every document in the attachments, archives opened, with each form found in it; one without a form appears once."""
    opened = unpack(attachments, limits)
    readable = [one for one in opened if not one.problem]
    found = iter(read([(one.content, one.path) for one in readable]))
    documents: list[Document] = []
    for attachment in opened:
        file = hashlib.sha256(attachment.content).hexdigest()
        if attachment.problem:
            problem = Problem(ProblemKind(attachment.problem), attachment.detail)
            documents.append(Document(attachment.path, file, Transcript(None, "", problems=(problem,))))
            continue
        # A picture in the text, or the text itself, is a document only if a form is found in it.
        forms = [one for one in next(found) if one.form is not None or not attachment.inline]
        documents += [Document(attachment.path, file, transcript) for transcript in forms]
        if forms:
            keep(file, attachment.content)
    return tuple(documents)
