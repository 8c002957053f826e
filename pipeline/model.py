"""The values the flow passes along, from a mail in the mailbox to what became of it.

All are frozen and hold no connection, clock or path on disk; every instant is timezone-aware.
"""

from __future__ import annotations

import enum
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from parsers.model import Annex3, Annex4, Project, Transcript
from pipeline.prefixes import REPLIED
from pipeline.reply_states import ReplyKind

SHANGHAI = ZoneInfo("Asia/Shanghai")


def midnight(moment: datetime) -> datetime:
    """When the day of that moment began in Shanghai."""
    return moment.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


class Envelope(Struct, frozen=True):
    """Where a raw mail was found and when the server received it (INTERNALDATE, RFC 3501 2.3.3)."""

    folder: str
    uidvalidity: int
    uid: int
    received_at: datetime
    size: int


class Address(Struct, frozen=True):
    """A mailbox of RFC 5322: display name (may be "") and address, lower-cased."""

    name: str = ""
    address: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.name or self.address


class Automatic(enum.Enum):
    """Why a mail was not written by a person to us, and so is not answered (RFC 3834; but see `Mail.answerable`)."""

    AUTO_REPLY = "自动回复"
    BOUNCE = "退信"
    DELIVERY = "投递通知"
    RECEIPT = "阅读回执"
    LIST = "群发邮件"
    NO_REPLY = "系统邮件"
    OWN = "本邮箱发出"
    STAFF = "本邮箱发给自己"
    CLAIMED = "自称本邮箱发出"

    @property
    def is_handed_in(self) -> bool:
        """Whether our own address stands for its sender as well, truly or not: nobody is answered, and nobody known by it."""
        return self in (Automatic.STAFF, Automatic.CLAIMED)


class Attachment(Struct, frozen=True):
    """A file that came with a mail, at any depth.

    `path` says where it lay: "附件4.docx", "材料.zip/附件4.docx", "转发.eml/附件3.xlsx".
    `problem` is the end of a `file.*` rule id ("encrypted", "unsafe", …) when unpacking stopped here, else "";
    `detail` a short Chinese phrase for it.
    """

    path: str
    content: bytes
    inline: bool = False
    problem: str = ""
    detail: str = ""

    def __repr__(self) -> str:
        return f"Attachment({self.path!r}, {len(self.content)} bytes)"


class Limits(Struct, frozen=True):
    """How far unpacking goes for one mail. Sizes in bytes; `max_ratio` counts above one megabyte only."""

    max_file_bytes: int = 50 * 1024 * 1024
    max_total_bytes: int = 300 * 1024 * 1024
    max_files: int = 500
    max_depth: int = 4
    max_ratio: int = 200


class CloudLink(Struct, frozen=True):
    """A file that is only linked to, on a provider's cloud storage (超大附件); `expires` as written.

    `mentioned` tells that it is but an address among the sender's words, which say nothing of a file behind it.
    """

    provider: str
    url: str
    name: str = ""
    size: str = ""
    expires: str = ""
    mentioned: bool = False


class Message(Struct, frozen=True):
    """A mail, decoded. `text` is what its sender wrote, without quoted earlier mails; "" if nothing.

    `attached` counts the files attached to the mail as sent (an archive counts as one, a body picture does not).
    `attachments` are the mail's own files, archives still closed. `message_id` keeps its angle brackets.
    `references` are the Message-IDs of References and In-Reply-To, oldest first.
    `received_at` is the topmost Received header's instant, None if there is none; `automatic` None for a person's mail.
    `forwarded_from` is who sent what this mail forwards (its address "" where only a name is shown), empty if nothing.
    """

    message_id: str
    sender: Address
    reply_to: Address
    subject: str
    text: str
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    attached: int = 0
    cloud_links: tuple[CloudLink, ...] = ()
    automatic: Automatic | None = None
    received_at: datetime | None = None
    forwarded_from: Address = Address()

    @property
    def own_subject(self) -> str:
        """The subject, "" where it repeats that of the mail answered and so says nothing about this one."""
        return "" if self.references or REPLIED.match(self.subject) else self.subject


class Document(Struct, frozen=True):
    """A form found in a file of a mail, or a file without one: where the file lay, the SHA-256 of its bytes in hex, what it says."""

    path: str
    file: str
    transcript: Transcript


class Reading(Struct, frozen=True):
    """A mail read: the message, whose attachments are not kept, and every document it brought."""

    message: Message
    documents: tuple[Document, ...] = ()


class Severity(enum.Enum):
    """error: a correction is asked for; warning: mentioned; notice: for staff only."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def label(self) -> str:
        return {"error": "错误", "warning": "提醒", "notice": "备注"}[self.value]


class Finding(Struct, frozen=True):
    """A rule that was not met, where, and in which words the sender is told (contract §3).

    `mail` is the id of the mail that it is about, "" of what is about none of them alone, such as a form that never came.
    """

    rule: str
    severity: Severity
    path: str = ""
    place: str = ""
    field: str = ""
    project: str = ""
    message: str = ""
    clause: str = ""
    mail: str = ""


class Version(Struct, frozen=True):
    """One form (or other document) as it came with one mail; kept for ever, current or not.

    `mail` is the mail's SHA-256 in hex, `index` its position among that mail's documents, `received_at` the server's time,
    `file` the SHA-256 of the file's bytes. `university` is whom it was assigned to: a roster name, the name as written when it
    is not on the roster, or what unnamed.py makes of an address. `findings` concern this document alone.
    """

    mail: str
    index: int
    received_at: datetime
    path: str
    file: str
    transcript: Transcript
    findings: tuple[Finding, ...] = ()
    university: str = ""

    @property
    def name(self) -> str:
        """The file's own name, without the folders, archives and mails that it lay in."""
        return self.path.replace("\\", "/").rpartition("/")[2]


class Disposition(enum.Enum):
    """What a mail was taken for; the value is what staff read under 结果."""

    SUBMISSION = "报送"
    AUTOMATIC = "自动邮件，未处理"
    UNRELATED = "非报送邮件"


class Mail(Struct, frozen=True):
    """What is kept of a mail beside its raw bytes. `id` is their SHA-256 in hex.

    `findings` concern the mail as a whole (`mail.*`); `universities` are those its forms were assigned to;
    `forwarded_from` is who wrote what it forwards.
    """

    id: str
    received_at: datetime
    message_id: str
    sender: Address
    reply_to: Address
    subject: str
    references: tuple[str, ...]
    attached: int
    disposition: Disposition
    automatic: Automatic | None = None
    findings: tuple[Finding, ...] = ()
    universities: tuple[str, ...] = ()
    cloud_links: tuple[CloudLink, ...] = ()
    forwarded_from: Address = Address()

    @property
    def answerable(self) -> bool:
        """Whether it is a submission that may be answered: a person's, or a system's that names somebody else in Reply-To."""
        elsewhere = self.reply_to.address not in ("", self.sender.address)
        personal = self.automatic is None or (self.automatic is Automatic.NO_REPLY and elsewhere)
        return personal and self.disposition is Disposition.SUBMISSION

    @property
    def out_of_reach(self) -> bool:
        """Whether it is a university's submission that can be answered by no mail."""
        written = self.disposition is Disposition.SUBMISSION and self.automatic is not Automatic.STAFF
        return written and not (self.answerable and self.reply_to.address)

    @property
    def writer(self) -> str:
        """Who sent it, and whose mail it forwards if it does, as staff read it."""
        origin = str(self.forwarded_from)
        return f"{self.sender}（转发自 {origin}）" if origin else str(self.sender)


class Outcome(Struct, frozen=True):
    """All that processing one mail comes to; taking.py turns it into rows in one transaction."""

    mail: Mail
    versions: tuple[Version, ...] = ()


class State(enum.Enum):
    """Where a university stands (contract §5)."""

    MISSING = "未报送"
    TO_CORRECT = "待补正"
    ACCEPTED = "已通过"
    FOR_STAFF = "待人工"


class Entry(Struct, frozen=True):
    """One project as it currently stands: its row of Annex 3, its Annex 4, or both.

    `name` as written in Annex 3, else in Annex 4. `row` is the index into `listed.transcript.record.projects`.
    """

    name: str
    listed: Version | None = None
    row: int = -1
    application: Version | None = None

    @property
    def project(self) -> Project | None:
        """Its row of Annex 3, None where none lists it."""
        record = self.listed.transcript.record if self.listed is not None else None
        if not isinstance(record, Annex3) or not 0 <= self.row < len(record.projects):
            return None
        return record.projects[self.row]

    @property
    def form(self) -> Annex4 | None:
        """What its Annex 4 says, None where none came."""
        record = self.application.transcript.record if self.application is not None else None
        return record if isinstance(record, Annex4) else None


class Waiver(Struct, frozen=True):
    """Staff's word that a finding is settled: `project` "" means every project of the university.

    `grounds` are what it was given for (waivers.py); None where an older program kept it, which held for whatever might come.
    """

    university: str
    rule: str
    project: str
    reason: str
    by: str
    grounds: tuple[tuple[str, str], ...] | None = None


class Submission(Struct, frozen=True):
    """What a university currently stands for, judged.

    `findings` are those that need several documents or the mail; those of one document stand with its version.
    `held` came from an address not `trusted` for this university with something that would replace what is current, or in a
    mail whose sender's domain and subject both name another university: staff decide. `newcomers` are the mails from such
    addresses whose new documents were taken. `unheeded` are the ids of mails that staff have still to decide over, or
    rejected, or that a known sender has confirmed since: nothing they say is said of the university. `strangers` are the ids
    of those from other addresses beside forms of known ones; what is wrong with these mails themselves and files without a
    form, `apart`, is said to their senders alone. `unheld` is the state without what is held, None where nothing is.
    `all_findings` joins both, current versions only, in the order a person would work through them.
    """

    university: str
    state: State
    entries: tuple[Entry, ...] = ()
    summaries: tuple[Version, ...] = ()
    withdrawn: tuple[Version, ...] = ()
    superseded: tuple[Version, ...] = ()
    supporting: tuple[Version, ...] = ()
    held: tuple[Version, ...] = ()
    unheld: State | None = None
    newcomers: tuple[Mail, ...] = ()
    unheeded: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    apart: tuple[Finding, ...] = ()
    trusted: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    all_findings: tuple[Finding, ...] = ()
    mails: tuple[Mail, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.all_findings if finding.severity is Severity.ERROR)

    @property
    def own_state(self) -> State:
        """Where the university stands by what is its own: what is held back is no affair of it before staff decide."""
        return self.unheld or self.state

    @property
    def applications(self) -> tuple[Version, ...]:
        """The current Annex 4 versions, each once."""
        forms = [entry.application for entry in self.entries if entry.application is not None]
        return tuple({(form.mail, form.index): form for form in forms}.values())

    def about(self, version: Version) -> tuple[Finding, ...]:
        """What stands of a current document, in the order of `all_findings`: its own findings, and of those that it took
        several documents to see all that name its file and no project but one of its."""
        own, together = frozenset(version.findings), frozenset(self.findings)
        projects = {"", *(entry.name for entry in self.entries if version in (entry.listed, entry.application))}

        def names(finding: Finding) -> bool:
            there = (finding.mail, finding.path) == (version.mail, version.path)
            return there and finding.project in projects and finding in together

        return tuple(finding for finding in self.all_findings if finding in own or names(finding))

    @property
    def heeded(self) -> tuple[Mail, ...]:
        """The mails that count for the university, in the order of `mails`."""
        return tuple(mail for mail in self.mails if mail.id not in self.unheeded)


class Enclosure(Struct, frozen=True):
    """A file that goes along with a reply, by the name it is shown under; `marked` where it is the sender's own with marks."""

    name: str
    content: bytes
    marked: bool = False

    def __repr__(self) -> str:
        return f"Enclosure({self.name!r}, {len(self.content)} bytes)"


class Reply(Struct, frozen=True):
    """A reply ready to be sent: RFC 5322 bytes with everything set, and what it answers.

    `message_id` is derived from `answers` (mail ids), `recipient` and what else is the occasion, so that the same reply is never
    made twice. `replaces` are the Message-IDs of earlier ones that need not be sent any more, because this one answers their
    mails as well.
    """

    message_id: str
    recipient: str
    subject: str
    kind: ReplyKind
    raw: bytes
    answers: tuple[str, ...] = ()
    universities: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Reply({self.message_id!r}, {len(self.raw)} bytes)"


class University(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the roster; `graduates` False where it is not known. `contacts` are addresses reminders may be sent to."""

    name: str
    other_names: tuple[str, ...] = ()
    level: str = ""
    graduates: bool = False
    city: str = ""
    domains: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a university may ask (notice 九、联系方式), as printed in replies."""

    unit: str
    name: str
    phone: str


class Notice(Struct, frozen=True):
    """What replies and the ledger say about the notice itself; read from rules.yaml.

    `activity` is its short name with quotation marks as printed, `organiser` the display name replies are sent under,
    `mailbox` the address materials go to, `deadline` the last instant that is still in time.
    """

    title: str
    activity: str
    organiser: str
    mailbox: str
    deadline: datetime
    contacts: tuple[Contact, ...] = ()
