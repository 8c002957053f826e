"""`annex-inbox why MAIL`: the whole story of one mail as plain values, from where it was found to where it lies now.

It reads store, spool and archive, opens the mail again to show what was in it, and prints and decides nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from parsers.model import Annex3, Annex4, Transcript
from pipeline.codec import finding_out
from pipeline.mail_log import reply_of, result_of
from pipeline.message import decode
from pipeline.model import Attachment, Disposition, Mail, Message, Submission, Version
from pipeline.office import Office
from pipeline.reading import NOT_READ
from pipeline.reports import local, meant, standing
from pipeline.rows import SetAside
from pipeline.unpack import unpack
from pipeline.why_university import attribution, elsewhere, shown

log = logging.getLogger(__name__)

Json = dict[str, Any]


def story(office: Office, prefix: str) -> Json:
    """Everything known of the mail whose id begins with `prefix`; keys in a fixed order, absent texts are "".

    Raises ConfigurationError where no mail, or more than one, begins so.
    """
    mail_id = meant(office, prefix)
    aside = next((entry for entry in office.store.all_set_aside() if entry.mail == mail_id), None)
    mail = next(iter(office.store.mails([mail_id])), None)
    message = _message(office, mail_id)
    versions = office.store.versions_of(mail_id)
    submissions = {name: office.submission(name) for name in mail.universities} if mail else {}
    places = _places(office, submissions.values())
    documents, universities = [], []
    if mail is not None:
        documents = [
            _document(one, submissions.get(one.university))
            | {"university": shown(one.university), "because": attribution(one, versions, mail, office, message)}
            | {"archived": str(places.get((one.mail, one.index), ""))}
            for one in versions
        ]
        universities = [_university(one, mail, versions, office, message) for one in submissions.values()]
    return {
        "id": mail_id,
        "head": _head(mail, message, aside),
        "sightings": [
            {"folder": one.folder, "uidvalidity": one.uidvalidity, "uid": one.uid, "received": local(one.received_at)}
            for one in office.store.work.sightings(mail_id)
        ],
        "taken_for": _taken_for(mail, versions, aside),
        "parts": _parts(office, message, versions, mail),
        "documents": documents,
        "findings": [finding_out(finding) for finding in mail.findings] if mail else [],
        "universities": universities,
        "reply": _reply(office, mail),
        "set_aside": _set_aside(aside),
        "original": str(office.spool.path(mail_id)),
        "original_kept": office.spool.path(mail_id).exists(),
    }


def _message(office: Office, mail_id: str) -> Message | None:
    """The mail, decoded again; None where it is not kept any more or is the one our code fails on."""
    try:
        return decode(office.spool.read(mail_id), office.user)
    except Exception:
        # Whatever set it aside may happen again; what the store knows is told all the same.
        log.debug("cannot open %s", mail_id, exc_info=True)
        return None


def _head(mail: Mail | None, message: Message | None, aside: SetAside | None) -> Json:
    known = mail or message
    received = mail.received_at if mail else aside.received_at if aside else None
    return {
        "received": local(received),
        "sender": str(known.sender) if known else "",
        "reply_to": str(known.reply_to) if known else "",
        "subject": known.subject if known else "",
        "message_id": known.message_id if known else "",
    }


def _taken_for(mail: Mail | None, versions: Sequence[Version], aside: SetAside | None) -> Json:
    """What the mail as a whole was taken for, and the ground for that."""
    if mail is None:
        return {"result": "已搁置" if aside else "没有登记", "because": aside.reason if aside else ""}
    forms = Counter(version.transcript.form for version in versions)
    return {"result": result_of(mail, forms), "because": _because(mail, versions)}


def _because(mail: Mail, versions: Sequence[Version]) -> str:
    if any(version.transcript.form for version in versions):
        return "其中有附件3或附件4"
    if mail.disposition is Disposition.SUBMISSION:
        return "没有附件3或附件4，但主题、正文或文件名说明是报送"
    if mail.automatic in NOT_READ:
        return f"信头表明是{mail.automatic.value}，这类邮件中的文件不读取"
    if mail.automatic is not None:
        return f"信头表明是{mail.automatic.value}，也没有附件3或附件4"
    return "没有附件3或附件4，主题、正文和文件名也没有说明是报送"


def _parts(office: Office, message: Message | None, versions: Sequence[Version], mail: Mail | None) -> list[Json]:
    """The files of the mail at any depth, in order; `documents` are the numbers of what was made of each."""
    if message is None:
        return []
    opened = unpack(message.attachments, office.rules.limits)
    closed = {one.path for one in opened}
    numbers: dict[tuple[str, str], list[int]] = {}
    for number, version in enumerate(versions):
        numbers.setdefault((version.path, version.file), []).append(number)
    parts = []
    for attachment in message.attachments:
        if attachment.path not in closed:
            parts.append(_part(attachment, [], "打开后见下"))
    for one in opened:
        made = numbers.get((one.path, hashlib.sha256(one.content).hexdigest()), [])
        parts.append(_part(one, made, "" if made else _unused(one, mail)))
    return sorted(parts, key=lambda part: _place(part["path"], message.attachments))


def _part(attachment: Attachment, made: list[int], note: str) -> Json:
    return {
        "path": attachment.path,
        "size": len(attachment.content),
        "inline": attachment.inline,
        "problem": attachment.problem,
        "detail": attachment.detail,
        "documents": made,
        "note": note,
    }


def _place(path: str, attachments: Sequence[Attachment]) -> int:
    """Which attachment a file came with; files of one attachment keep their order."""
    for position, attachment in enumerate(attachments):
        if path == attachment.path or path.startswith(f"{attachment.path}/"):
            return position
    return len(attachments)


def _unused(attachment: Attachment, mail: Mail | None) -> str:
    if mail is None:
        return "尚未处理"
    if mail.disposition is not Disposition.SUBMISSION:
        return "未登记，来信不是报送"
    return (
        "正文中的图片或文字，不作为材料"
        if attachment.inline
        else "现行规则下没有登记，可用 annex-inbox replay 重新处理"
    )


def _places(office: Office, submissions: Iterable[Submission]) -> dict[tuple[str, int], Path]:
    """Where the archive keeps each version of these universities."""
    found = (office.archive.present(submission) for submission in submissions)
    return {key: office.settings.data / path for places in found for key, path in places.items()}


def _document(version: Version, submission: Submission | None) -> Json:
    """What one file, or one form in it, was taken for, and where it stands now."""
    transcript = version.transcript
    return {
        "path": version.path,
        "form": transcript.form,
        "format": transcript.format,
        "says": _says(transcript),
        "notes": list(dict.fromkeys(transcript.notes)),
        "problems": [problem.detail for problem in transcript.problems],
        "findings": [finding_out(finding) for finding in version.findings],
        "standing": standing(version, submission) if submission else "",
    }


def _says(transcript: Transcript) -> str:
    """The few words that tell one form from another."""
    record = transcript.record
    if isinstance(record, Annex3):
        return f"{len(record.projects)} 个项目：{'、'.join(project.project_name for project in record.projects)}"
    if isinstance(record, Annex4):
        return f"《{record.project_name}》{'、'.join(record.categories)}" if record.project_name else "没有写项目名称"
    return ""


def _university(
    submission: Submission, mail: Mail, versions: Sequence[Version], office: Office, message: Message | None
) -> Json:
    """A university the mail concerns: how that was seen, where it stands today and what its documents together lack."""
    name = submission.university
    own = {finding for one in submission.mails for finding in one.findings}
    forms = any(shown(one.university) == name for one in versions if one.transcript.form)
    because = (
        "其中的表格" if forms else elsewhere(name, mail, office, message) if name else "看不出是哪所高校，等待人工确认"
    )
    return {
        "university": shown(name),
        "because": because,
        "state": submission.state.value,
        "findings": [finding_out(finding) for finding in submission.findings if finding not in own],
    }


def _reply(office: Office, mail: Mail | None) -> Json:
    """How the mail was answered: state, recipient and what the server said."""
    if mail is None:
        return {"result": "未回复"}
    message_id = office.store.outbox.replies_of([mail.id]).get(mail.id)
    queued = {one.message_id: one for one in office.store.outbox.named([message_id])} if message_id else {}
    result, _ = reply_of(mail, message_id, queued)
    reply = queued.get(message_id or "")
    if reply is None:
        return {"result": result}
    return {
        "result": result,
        "subject": reply.subject,
        "recipient": reply.recipient,
        "kind": reply.kind,
        "state": reply.state,
        "made": local(reply.made_at),
        "tried": local(reply.tried_at),
        "attempts": reply.attempts,
        "said": reply.said,
        "message_id": reply.message_id,
    }


def _set_aside(aside: SetAside | None) -> Json | None:
    if aside is None:
        return None
    return {
        "since": local(aside.set_aside_at),
        "reason": aside.reason,
        "attempts": aside.attempts,
    }
