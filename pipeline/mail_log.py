"""The mail log: every mail in a line that says what it was taken for and how it was answered. Nothing is decided here."""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.ledger_table import Tone
from pipeline.ledger_view import MailLine
from pipeline.model import SHANGHAI, Automatic, Disposition, Mail
from pipeline.office import Office
from pipeline.reply_states import REMEDIES, ReplyKind, ReplyState
from pipeline.rows import Queued, SetAside
from pipeline.unnamed import is_unnamed

ANSWERED = {
    ReplyKind.ACKNOWLEDGEMENT: ("已回复收到", Tone.GOOD),
    ReplyKind.CORRECTION: ("已回复请补正", Tone.OPEN),
    ReplyKind.REMINDER: ("已提醒", Tone.IDLE),
    ReplyKind.STAFF: ("已通知", Tone.IDLE),
}


def mail_lines(office: Office) -> list[MailLine]:
    """Every mail with what became of it, oldest first."""
    store = office.store
    queued = {reply.message_id: reply for reply in store.outbox.replies()}
    answers = store.outbox.replies_of()
    forms = store.documents_by_mail()
    lines = [
        MailLine(_shown(mail), result_of(mail, forms.get(mail.id, {})), *reply_of(mail, answers.get(mail.id), queued))
        for mail in store.mails()
    ]
    lines += [_set_aside_line(office, entry) for entry in store.all_set_aside()]
    return sorted(lines, key=lambda line: (line.mail.received_at, line.mail.id))


def _shown(mail: Mail) -> Mail:
    """A mail whose unknown universities are shown as such, not by our key for them."""
    if not any(is_unnamed(name) for name in mail.universities):
        return mail
    return replace(mail, universities=tuple(name for name in mail.universities if not is_unnamed(name)))


def result_of(mail: Mail, forms: dict[str | None, int]) -> str:
    """What a mail was taken for, and what it brought."""
    if mail.disposition is Disposition.AUTOMATIC and mail.automatic is not None:
        return f"{mail.automatic.value}，未处理"
    if mail.disposition is not Disposition.SUBMISSION:
        return str(mail.disposition.value)
    names: dict[str | None, str] = {"annex3": "汇总表", "annex4": "申报表", None: "其他文件"}
    brought = "、".join(f"{name} {forms[form]} 份" for form, name in names.items() if forms.get(form))
    return f"报送：{brought}" if brought else "报送：没有收到文件"


def reply_of(mail: Mail, message_id: str | None, queued: dict[str, Queued]) -> tuple[str, Tone]:
    """How a mail was answered, in words, and what that means for staff."""
    if message_id is None:
        return "待汇总后回复", Tone.IDLE
    if not message_id:
        return _unanswered(mail)
    reply = queued.get(message_id)
    if reply is None:
        return ReplyState.QUEUED.told, Tone.IDLE
    if reply.state is not ReplyState.SENT or reply.tried_at is None:
        return reply.state.told, Tone.URGENT if reply.state in REMEDIES else Tone.IDLE
    words, tone = ANSWERED[reply.kind]
    return f"{words} {reply.tried_at.astimezone(SHANGHAI):%m-%d %H:%M}", tone


def _unanswered(mail: Mail) -> tuple[str, Tone]:
    if mail.out_of_reach:
        bulk = mail.automatic is Automatic.LIST
        return f"无法{'自动回复（群发邮件）' if bulk else '回复，没有可用的回信地址'}，请人工联系", Tone.URGENT
    staffs = mail.automatic is Automatic.STAFF and mail.disposition is Disposition.SUBMISSION
    return "秘书处转入，不回复" if staffs else "不需回复", Tone.IDLE


def _set_aside_line(office: Office, entry: SetAside) -> MailLine:
    subject, sender = office.head(entry.mail)
    mail = Mail(
        id=entry.mail,
        received_at=entry.received_at,
        message_id="",
        sender=sender,
        reply_to=sender,
        subject=subject,
        references=(),
        attached=0,
        disposition=Disposition.UNRELATED,
    )
    return MailLine(mail, f"已搁置，请操作人员查看：{entry.reason}", "未回复", Tone.URGENT)
