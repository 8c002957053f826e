"""One function for each door through which something foreign comes in; `TARGETS` names them.

A target fails by an exception that is not a refusal meant for people, by an answer of the wrong shape, or by taking too
long. It does not judge whether an answer is right.
"""

from __future__ import annotations

import email
import email.policy
import functools
import io
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

import parsers
from desk import MORNING, USER, form, letter, papers, table
from effort import seconds
from fuzz.feed import Feed
from parsers.model import Transcript
from pipeline.check import check_document
from pipeline.demo import forms
from pipeline.errors import ConfigurationError
from pipeline.flow import judge
from pipeline.message import decode
from pipeline.model import Address, Attachment, Disposition, Finding, Limits, Mail, Severity, State, Submission
from pipeline.period import Period, read_period
from pipeline.reading import read_mail
from pipeline.reply import compose
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import resource
from pipeline.unpack import unpack
from pipeline.values import phones

Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {}
# An input of a few kilobytes that takes more than this many times an ordinary form is a way to stop the program.
TIMES = 5000
SMALL = Limits(max_file_bytes=2_000_000, max_total_bytes=4_000_000, max_files=50, max_depth=3)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
}  # fmt: skip
WORDS_OF_A_FINDING = ("rule", "path", "place", "field", "project", "message", "clause")


def target(function: Target) -> Target:
    """Enter a target under its name, with the limit on its time."""

    @functools.wraps(function)
    def limited(data: bytes) -> None:
        took = seconds(lambda: function(data)) / ordinary()
        assert took < TIMES, f"{function.__name__} took as long as {took:.0f} ordinary forms"

    TARGETS[function.__name__] = limited
    return limited


@functools.cache
def rules() -> Rules:
    return load(resource("rules.yaml"))


@functools.cache
def files() -> dict[str, bytes]:
    return papers(table(projects=1))


@functools.cache
def ordinary() -> float:
    """The processor time that reading an ordinary form takes."""
    content = files()["附件4-1.docx"]
    return min(seconds(lambda: parsers.read(content)) for _ in range(10))


@functools.cache
def mails() -> tuple[bytes, ...]:
    """Mails as different clients and servers write them."""
    bounce = b"From: Postmaster@163.com\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
    small = {"附件3.txt": "项目汇总表".encode("gb18030")}
    inner = letter(small, MORNING)
    return (
        letter(small, MORNING),
        letter({"转发.eml": inner}, MORNING, subject="转发: 报送"),
        letter({}, MORNING, text="从QQ邮箱发来的超大附件 https://mail.qq.com/cgi-bin/ftnExs_download?k=1&code=2"),
        bounce,
        b"Subject: \xcf\xee\xc4\xbf\r\nFrom: =?gb2312?B?1cXI/Q==?= <a@example.cn>\r\n\r\n\xc4\xfa\xba\xc3\r\n",
    )


@target
def mail(data: bytes) -> None:
    """A damaged mail is decoded, and what hangs on it opened."""
    feed = Feed(data)
    message = decode(feed.damaged(feed.pick(mails())), USER)
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    unpack(message.attachments, SMALL)


def zipped(lot: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in lot.items():
            package.writestr(name, content)
    return out.getvalue()


@target
def archive(data: bytes) -> None:
    """A damaged archive gives files, or says why not."""
    feed = Feed(data)
    small = {"附件3.txt": b"x" * 200, "材料/附件4.txt": "项目".encode()}
    packed = zipped(small)
    content = feed.damaged(feed.pick((packed, zipped({"内.zip": packed}), letter(small, MORNING))))
    name = feed.pick(("材料.zip", "来信.eml", "winmail.dat", "材料.rar", "附件3.docx", ""))
    for one in unpack([Attachment(name, content)], SMALL):
        assert one.problem in ("", "encrypted", "unreadable", "unsafe", "unsupported")


@target
def document(data: bytes) -> None:
    """A damaged form is transcribed or refused; what is read travels between processes and can be judged."""
    feed = Feed(data)
    name = feed.pick(sorted(files()))
    for transcript in parsers.read(feed.damaged_package(files()[name]), name):
        assert isinstance(transcript, Transcript)
        assert pickle.loads(pickle.dumps(transcript)) == transcript
        check_document(transcript, name, MORNING, rules())


@target
def bytes_of_any_kind(data: bytes) -> None:
    """Anything at all behind the first bytes of a known format is read as something or refused."""
    feed = Feed(data)
    start = feed.pick((b"", b"PK\x03\x04", b"%PDF-1.4", b"<html><table>", b"\xff\xfe", b"\x89PNG\r\n\x1a\n"))
    assert parsers.read(start + data, feed.pick(("附件3.xlsx", "附件4.docx", "a.csv", "")))


@target
def legacy(data: bytes) -> None:
    """The same for formats that another program has to convert, which takes it a second or more."""
    feed = Feed(data)
    start = feed.pick((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1", b"{\\rtf1\\ansi\\ansicpg936 "))
    assert parsers.read(start + data, feed.pick(("附件3.xls", "附件4.doc", "附件4.rtf", "")))


@target
def whole_flow(data: bytes) -> None:
    """A mail with a damaged form and hostile words comes to an outcome."""
    feed = Feed(data)
    name = feed.pick(sorted(files()))
    subject, text = (feed.text().encode("utf-8", "ignore").decode() for _ in range(2))
    content = feed.damaged_package(files()[name])
    raw = letter({name: content}, MORNING, subject=subject.replace("\0", ""), text=text)
    reading = read_mail(raw, USER, rules().limits)
    assert judge(reading, "0" * 64, MORNING, rules(), lambda _: {}).mail.disposition in Disposition


@target
def period(data: bytes) -> None:
    """Any text tells a period or none."""
    found = read_period(Feed(data).text(40))
    assert found is None or isinstance(found, Period)
    assert found is None or found.reaches(1, MORNING.date()) in (True, False)


@target
def phone(data: bytes) -> None:
    """Any text holds telephone numbers, which are digits, or none."""
    assert all(number.isdigit() for number in phones(Feed(data).text(40)))


@target
def university(data: bytes) -> None:
    """Any name means a university of the roster or none."""
    roster, text = rules().terms.roster, Feed(data).text(20)
    found = roster.find(text)
    assert found is None or found.university in roster.universities
    named = roster.mentioned(text)
    assert named is None or named in roster.universities


@functools.cache
def short_rules() -> bytes:
    """rules.yaml with only a few universities, which makes it quick to read."""
    text = resource("rules.yaml").read_text(encoding="utf-8")
    head, mark, rest = text.partition("\nuniversities:\n")
    lines = rest.splitlines()
    end = next(
        (number for number, line in enumerate(lines) if line and not line[0].isspace() and line[0] != "#"), len(lines)
    )
    kept = [line for line in lines[:end] if line.lstrip().startswith("- ")][:3]
    return (head + mark + "\n".join([*kept, *lines[end:]]) + "\n").encode()


@target
def rules_file(data: bytes) -> None:
    """A damaged rules.yaml is read, or refused with its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.yaml")
        path.write_bytes(Feed(data).damaged(short_rules()))
        refusal = ""
        try:
            load(path)
        except ConfigurationError as error:
            refusal = str(error)
        assert not refusal or str(path) in refusal


def _hostile_submission(feed: Feed, one: Mail) -> Submission:
    findings = tuple(
        Finding(severity=feed.pick(tuple(Severity)), **{name: feed.text() for name in WORDS_OF_A_FINDING})
        for _ in range(feed.number(4))
    )
    return Submission(feed.text(), feed.pick(tuple(State)), findings=findings, all_findings=findings, mails=(one,))


@target
def reply(data: bytes) -> None:
    """Whatever a correspondent writes becomes neither a header nor a line of the mail's structure nor HTML."""
    feed = Feed(data)
    one = Mail(
        id="0" * 64, received_at=MORNING + timedelta(minutes=feed.number(100)), message_id=feed.pick((feed.text(), "<a@example.cn>")),
        sender=Address(feed.text(), feed.pick((feed.text(), "a@example.cn"))),
        reply_to=Address(feed.text(), feed.pick((feed.text(), "b@example.cn"))),
        subject=feed.text(), references=tuple(feed.text() for _ in range(feed.number(3))), attached=feed.number(3),
        disposition=Disposition.SUBMISSION,
    )  # fmt: skip
    one = replace(one, universities=(feed.text(),))
    submission = _hostile_submission(feed, one)
    try:
        made = compose((one,), (submission,), rules().notice, USER, MORNING)
    except ValueError:
        # There is nobody to write to.
        assert not {one.reply_to.address, one.sender.address} & {"a@example.cn", "b@example.cn"}
        return
    parsed = email.message_from_bytes(made.raw, policy=email.policy.default)
    assert set(parsed.keys()) <= HEADERS
    assert len(parsed.keys()) == len(set(parsed.keys()))
    html = parsed.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


@target
def form_fields(data: bytes) -> None:
    """Hostile words in a form that is otherwise right are transcribed and judged."""
    feed = Feed(data)
    words = [feed.text().encode("utf-8", "ignore").decode().translate(CONTROL) for _ in range(4)]
    changed = replace(form(1), project_name=words[0], university=words[1], period=words[2], phone=words[3])
    for transcript in parsers.read(forms.annex4_document(changed), "附件4.docx"):
        check_document(transcript, "附件4.docx", MORNING, rules())


# XML holds no control characters, so no form can.
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
