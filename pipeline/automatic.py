"""Which mails were not written by a person to us: bounces, automatic answers, receipts, lists (RFC 3834, RFC 8098).

Decides from headers and first words alone. It does not use X-Auto-Response-Suppress, which people's mail carries too,
and it does not decide what becomes of the mail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pipeline.handed_in import is_handed_in
from pipeline.model import Automatic
from pipeline.prefixes import EITHER

_BOUNCE_SUBJECT = re.compile(
    r"系统退信|来自\s*\S{1,60}\s*的退信|退信(通知|提醒|提示|报告)?\s*($|[:：/])|邮件(投递|发送|传送)(失败|出错)|投递失败|未送达\s*[:：]|未传递\s*[:：]|"
    r"无法(投递|送达)(的邮件)?\s*($|[:：])|传递状态通知|systems? bounce|undeliver(able|ed)|"
    r"delivery status notification|"
    r"mail delivery (failed|failure|system)|delivery (failure|has failed)|returned mail|failure notice|"
    r"mail (system )?error|message (could not|not) (be )?delivered|the email is returned",
    re.IGNORECASE,
)
_PROGRESS_SUBJECT = re.compile(
    r"(warning:\s*)?((mail|message|delivery)\b[^:]{0,60}\bdelayed|delayed (mail|delivery)|could not send message for)|"
    r"successful mail delivery|已延迟\s*[:：]|已送达\s*[:：]",
    re.IGNORECASE,
)
_BOUNCE_TEXT = re.compile(
    r"抱歉，您的邮件被退回来了|sorry, your mail is returned|很抱歉您发送的邮件被退回", re.IGNORECASE
)
_RECEIPT_SUBJECT = re.compile(
    r"(已读|未读|已阅|已读回执|阅读回执|已阅读|read( receipt)?|not read|disposition notification)\s*[:：]|"
    r"已读回执|阅读回执|您的邮件已(被阅读|读)|return receipt",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(
    r"(自动回复|自动答复|自動回覆|自動回復|假期自动回复|auto(matic)?[ -]?(reply|response))\s*($|[:：])"
    r"|out of (the )?office\b|外出\s*[:：]|不在办公室\s*[:：]",
    re.IGNORECASE,
)
_REPLY_TEXT = re.compile(r"\W{0,10}这是来自\s?\S{1,20}?邮箱的(假期)?自动(回复|答复)邮件")
_DAEMON = re.compile(r"(mailer[-_.]?daemon|postmaster|mail[-_.]daemon|mdaemon|mailerdaemon)(\+.*)?@", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"(.*[-_.+])?(no|not|donot|do[-_.]not|dont)[-_.]?reply([-_.+\d].*)?@|owner-.*@|.*-(request|owner|bounces?)@|"
    r"(auto|autoreply|notification|notifications)[-_.]?(noreply|no-reply)@",
    re.IGNORECASE,
)
# What the receiving server found out about the sender (RFC 7208 9.1, RFC 8601 2.7).
_REFUTED = re.compile(r"^\s*(soft)?fail\b|\b(spf|dkim|dmarc)\s*=\s*(soft|hard)?fail\b", re.IGNORECASE)
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "feedback-id", "x-mailing-list", "mailing-list")
_REPLY_HEADERS = (
    "x-qq-auto-reply",
    "x-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-autoresponse",
    "x-autoresponder",
)


def classify(
    headers: Mapping[str, tuple[str, ...]],
    *,
    sender: str = "",
    subject: str = "",
    text: str = "",
    files: int = 0,
    own_address: str = "",
    actions: Collection[str] = (),
) -> Automatic | None:
    """Why a mail was not written by a person to us; None for a person's mail.

    `headers` by lower-case name, decoded; `sender` the From address; `text` the beginning of the body; `files` how
    many files are attached: who attaches forms is a person whatever the subject says; `actions` what a delivery report
    in it says was done (RFC 3464 2.3.3): only what failed comes back.
    """
    kind = _kind(headers, sender, subject, text, files, own_address)
    if kind is not Automatic.BOUNCE:
        return kind
    unharmed = "failed" not in actions if actions else _PROGRESS_SUBJECT.match(_bare(subject))
    return Automatic.DELIVERY if unharmed else kind


def is_unread(address: str) -> bool:
    """Whether an address is one of those whose mail no person reads: noreply, postmaster, a list's."""
    return bool(_DAEMON.match(address) or _NO_REPLY.match(address))


def is_from_mail_system(headers: Mapping[str, tuple[str, ...]], sender: str) -> bool:
    """Whether a bounce comes from whom it should: a daemon, the null return path, or as a delivery report."""
    return bool(_DAEMON.match(sender)) or _null_path(headers) or _report(headers) is Automatic.BOUNCE


def _kind(
    headers: Mapping[str, tuple[str, ...]], sender: str, subject: str, text: str, files: int, own_address: str
) -> Automatic | None:
    if report := _report(headers):
        return report
    bare = _bare(subject)
    personal = files > 0
    if _DAEMON.match(sender) or (not personal and (_BOUNCE_SUBJECT.match(bare) or _BOUNCE_TEXT.search(text[:3000]))):
        return Automatic.BOUNCE
    if not personal and _RECEIPT_SUBJECT.match(bare):
        return Automatic.RECEIPT
    if _answers_by_itself(headers) or (not personal and (_REPLY_SUBJECT.match(bare) or _REPLY_TEXT.match(text))):
        return Automatic.AUTO_REPLY
    if _null_path(headers):
        return Automatic.BOUNCE
    if own_address and sender.lower() == own_address.lower():
        to, identifier = _first(headers, "to"), _first(headers, "message-id")
        if not is_handed_in(own_address, to, identifier, subject):
            return Automatic.OWN
        return Automatic.CLAIMED if _is_refuted(headers) else Automatic.STAFF
    if _is_bulk(headers):
        return Automatic.LIST
    return Automatic.NO_REPLY if _NO_REPLY.match(sender) else None


def _first(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next(iter(headers.get(name, ())), "").strip().lower()


def _bare(subject: str) -> str:
    """The subject without the prefixes of answers and forwards."""
    while match := EITHER.match(subject):
        subject = subject[match.end() :]
    return subject.lstrip(" 【[")


def _report(headers: Mapping[str, tuple[str, ...]]) -> Automatic | None:
    content_type = _first(headers, "content-type")
    if not content_type.startswith("multipart/report"):
        return None
    if "disposition-notification" in content_type:
        return Automatic.RECEIPT
    return Automatic.BOUNCE if "delivery-status" in content_type or "report-type" not in content_type else None


def _answers_by_itself(headers: Mapping[str, tuple[str, ...]]) -> bool:
    submitted = re.split(r"[;\s(]", _first(headers, "auto-submitted"))[0]
    if submitted and submitted != "no":
        return True
    if _first(headers, "precedence") == "auto_reply":
        return True
    return any(_first(headers, name) not in ("", "no", "false", "0") for name in _REPLY_HEADERS)


def _null_path(headers: Mapping[str, tuple[str, ...]]) -> bool:
    return re.sub(r"\s", "", _first(headers, "return-path")) in ("<>", "<<>>")


def _is_refuted(headers: Mapping[str, tuple[str, ...]]) -> bool:
    verdicts = (value for name in ("received-spf", "authentication-results") for value in headers.get(name, ()))
    return any(map(_REFUTED.search, verdicts))


def _is_bulk(headers: Mapping[str, tuple[str, ...]]) -> bool:
    if _first(headers, "precedence") in ("bulk", "list", "junk"):
        return True
    return any(_first(headers, name) for name in _LIST_HEADERS)
