"""Sends one mail at a time by SMTP and says what became of it; the table of answers is data (see `ANSWERS`).

Decides nothing about retries, daily limits or pauses, composes no mail and keeps no record; dispatch.py does.
"""

from __future__ import annotations

import enum
import re
import smtplib
import ssl
from contextlib import suppress
from typing import Any, Self

from msgspec import Struct

from parsers.charset import decoded
from pipeline.errors import AnnexError, LoginRefused
from pipeline.recipients import may_be_written_to
from pipeline.remarks import check_credentials, refused, server_away, server_text
from pipeline.settings import Server, Settings

CONNECT_SECONDS = 20
ANSWER_SECONDS = 120
LEAVE_SECONDS = 5


class Fate(enum.Enum):
    """What became of a mail, by what has to be done next."""

    SENT = "已发出"
    # Only this mail: try it again at the next pass.
    LATER = "稍后重试"
    # This mail and every other: send nothing more in this pass, go on at the next.
    PAUSE = "暂停到下一轮"
    # The day's quota is used up: everything else waits for tomorrow.
    TOMORROW = "明天再发"
    # Sending is pointless or does harm until a person has looked: the sender itself is refused.
    STOP = "停止发送"
    BAD_ADDRESS = "收件地址无效"
    # This mail's content is refused: a person has to write to the university.
    FOR_STAFF = "转人工"
    # Handed over whole, but the line broke before the answer: it may or may not have been sent.
    UNCERTAIN = "结果不明"


class Stage(enum.Enum):
    """Which command an answer belongs to; it decides where the answer itself says nothing more."""

    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    CONTENT = "DATA"


class Delivery(Struct, frozen=True):
    """What became of one mail; `code` is the server's (0 where none came), `text` its words or ours.

    The text of a SENT mail carries the server's queue id, which a later bounce names again.
    """

    fate: Fate
    code: int
    text: str


# NetEase's published answers; the first line whose code and words fit decides, `.` stands for any digit.
# NetEase writes a class and a reason: MI, HL and WM concern the sender, RP the recipient, DT the content.
ANSWERS: tuple[tuple[str, str, Fate], ...] = (
    ("2..", "", Fate.SENT),
    ("...", r"too much fail auth|auth error limit", Fate.STOP),
    ("53[05]", "", Fate.STOP),
    ("5..", r"MI:STC|RP:TRC", Fate.TOMORROW),
    ("421", "", Fate.PAUSE),
    ("4..", r"MI:|HL:|WM:|DT:RBL", Fate.PAUSE),
    ("5..", r"HL:(IHU|IPB)|MI:SPB|IP (is rejected|in blacklist)", Fate.STOP),
    ("5..", r"MI:(NHD|IMF)|DT:SUM", Fate.STOP),
    ("5..", r"authentication is required|must equal authorized user|NULL sender", Fate.STOP),
    ("5..", r"Invalid User|User suspended|User in blacklist|RP:RCL|too much recipient", Fate.BAD_ADDRESS),
    ("5..", r"DT:SPM|Illegal Attachment", Fate.FOR_STAFF),
    # Too large for the server, or the recipient's mailbox is full: the address itself is good.
    ("552", "", Fate.FOR_STAFF),
)

# What an answer in words we do not know means.
DELAYED_AT = {Stage.SENDER: Fate.PAUSE, Stage.RECIPIENT: Fate.LATER, Stage.CONTENT: Fate.LATER}
REFUSED_AT = {Stage.SENDER: Fate.STOP, Stage.RECIPIENT: Fate.BAD_ADDRESS, Stage.CONTENT: Fate.FOR_STAFF}

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_START_DOT = re.compile(rb"(?m)^\.")


def classify(code: int, text: str, stage: Stage = Stage.CONTENT) -> Fate:
    """What an SMTP answer means for the mail and for those after it."""
    for digits, words, fate in ANSWERS:
        if re.fullmatch(digits, str(code)) and re.search(words, text, re.IGNORECASE):
            return fate
    return REFUSED_AT[stage] if code >= 500 else DELAYED_AT[stage]


class Post:
    """One SMTP session, opened for a run of mails; renewed once for a mail if it went stale in between."""

    def __init__(self, server: Server, user: str, code: str) -> None:
        self._server = server
        self._user = user
        self._code = code
        self._session: smtplib.SMTP | None = None

    @classmethod
    def open(cls, settings: Settings, user: str) -> Post:
        """Connect and log in.

        Raises ServerAway where the server cannot be reached or says "later", LoginRefused where it says no,
        ConfigurationError where there is nothing to log in with; towards loopback a login may be missing.
        """
        code = settings.auth_code.reveal()
        if code or not settings.smtp.loopback:
            check_credentials(user, code)
        post = cls(settings.smtp, user, code)
        post._renew()
        return post

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take leave without waiting long; never raises."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(OSError):
                if session.sock is not None:
                    session.sock.settimeout(LEAVE_SECONDS)
                    session.quit()
            session.close()

    def _renew(self) -> smtplib.SMTP:
        self.close()
        try:
            self._session = _connect(self._server)
            self._greet(self._session)
            self._log_in(self._session)
        except smtplib.SMTPResponseException as answer:
            self.close()
            raise self._turned_away(answer.smtp_code, _words(answer.smtp_error), Stage.CONTENT) from None
        except (OSError, ValueError) as error:
            self.close()
            raise server_away(self._server, _hide(server_text(error), self._code)) from None
        except BaseException:
            self.close()
            raise
        return self._session

    def _greet(self, session: smtplib.SMTP) -> None:
        session.ehlo_or_helo_if_needed()
        if self._server.scheme != "smtp+starttls":
            return
        # Without STARTTLS the authorization code would cross the network in the clear.
        if not session.has_extn("starttls"):
            raise server_away(self._server, "服务器没有提供 STARTTLS 加密，为保护授权码没有登录")
        session.starttls(context=ssl.create_default_context())
        session.ehlo_or_helo_if_needed()

    def _turned_away(self, code: int, text: str, stage: Stage) -> AnnexError:
        """The error for a negative answer before the first mail."""
        said = _hide(f"{code} {text}", self._code)
        if classify(code, text, stage) is Fate.STOP:
            return LoginRefused(refused(self._server, self._user, said))
        return server_away(self._server, said)

    def _log_in(self, session: smtplib.SMTP) -> None:
        if not self._code:
            return
        offered = session.esmtp_features.get("auth", "").upper().split()
        mechanisms = [name for name in ("PLAIN", "LOGIN") if name in offered]
        if not mechanisms and not self._server.loopback:
            raise LoginRefused(f"发信服务器 {self._server.host} 不支持授权码登录，请检查 ANNEX_SMTP_URL。")
        for mechanism in mechanisms:
            try:
                self._authenticate(session, mechanism)
                return
            except smtplib.SMTPAuthenticationError as answer:
                # Only "I do not know this mechanism" justifies another: failed logins are counted against us.
                if answer.smtp_code not in (500, 501, 502, 504) or mechanism == mechanisms[-1]:
                    said = _words(answer.smtp_error)
                    raise self._turned_away(answer.smtp_code, said, Stage.SENDER) from None

    def _authenticate(self, session: smtplib.SMTP, mechanism: str) -> None:
        """Raises SMTPAuthenticationError; unlike smtplib's own login, tries one mechanism only."""
        answers = iter((self._user, self._code))

        def answer(challenge: bytes | None = None) -> Any:
            if mechanism == "PLAIN":
                return f"\0{self._user}\0{self._code}"
            return None if challenge is None else next(answers, "")

        session.auth(mechanism, answer)

    def send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        """Send one mail to one recipient.

        Raises ServerAway or LoginRefused where a session gone stale cannot be renewed; nothing was sent then.
        """
        if not may_be_written_to(recipient, lone_host=True):
            return Delivery(Fate.BAD_ADDRESS, 0, f"收件地址“{recipient}”的格式不正确")
        session = self._session or self._renew()
        try:
            code, said = self._announce(session, raw, sender)
        except OSError:
            # Servers close a session that was silent too long, and nothing of this mail has been said yet.
            session = self._renew()
            try:
                code, said = self._announce(session, raw, sender)
            except OSError as error:
                return self._lost(Fate.PAUSE, error)
        if code != 250:
            return self._declined(code, said, Stage.SENDER)
        return self._hand_over(session, raw, recipient)

    def _announce(self, session: smtplib.SMTP, raw: bytes, sender: str) -> tuple[int, bytes]:
        wide = not raw.isascii() and session.has_extn("8bitmime")
        return session.mail(sender, ["BODY=8BITMIME"] if wide else [])

    def _hand_over(self, session: smtplib.SMTP, raw: bytes, recipient: str) -> Delivery:
        handed_over = False
        try:
            code, said = session.rcpt(recipient)
            if code not in (250, 251):
                return self._declined(code, said, Stage.RECIPIENT)
            code, said = session.docmd("DATA")
            if code != 354:
                return self._declined(code, said, Stage.CONTENT)
            session.send(_on_the_wire(raw))
            handed_over = True
            code, said = session.getreply()
        except OSError as error:
            return self._lost(Fate.UNCERTAIN if handed_over else Fate.PAUSE, error)
        if code >= 400:
            return self._declined(code, said, Stage.CONTENT)
        if 200 <= code < 300:
            return Delivery(Fate.SENT, code, _words(said))
        self.close()
        return Delivery(Fate.UNCERTAIN, code, _words(said))

    def _declined(self, code: int, said: bytes, stage: Stage) -> Delivery:
        """What another answer than the awaited one means; leaves the session usable, or closed."""
        # A positive answer out of place does not mean that anything was sent.
        fate = classify(code, _words(said), stage) if code >= 400 else DELAYED_AT[stage]
        try:
            if code == 421 or self._session is None or self._session.rset()[0] != 250:
                self.close()
        except OSError:
            self.close()
        return Delivery(fate, code, _words(said))

    def _lost(self, fate: Fate, error: OSError) -> Delivery:
        self.close()
        return Delivery(fate, 0, server_text(error))


def _connect(server: Server) -> smtplib.SMTP:
    """A session whose server has greeted us. Raises OSError, of which smtplib's exceptions are a kind."""
    # Given a name of our own, smtplib does not ask the DNS for one, which can take long.
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        session: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, "localhost", timeout=CONNECT_SECONDS, context=context
        )
    else:
        session = smtplib.SMTP(server.host, server.port, "localhost", timeout=CONNECT_SECONDS)
    assert session.sock is not None
    session.sock.settimeout(ANSWER_SECONDS)
    # An address literal is a name that every server accepts (RFC 5321 4.1.3); NetEase refuses an empty one.
    address = session.sock.getsockname()[0]
    session.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    return session


def _on_the_wire(raw: bytes) -> bytes:
    """CRLF line ends, leading dots doubled, the final dot (RFC 5321 2.3.8 and 4.5.2)."""
    lines = _LINE_START_DOT.sub(b"..", _LINE_END.sub(b"\r\n", raw))
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")


def _words(said: bytes | str) -> str:
    return decoded(said) if isinstance(said, bytes) else said


def _hide(text: str, code: str) -> str:
    return text.replace(code, "…") if code else text
