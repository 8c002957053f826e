"""What a reply may be and become, and what each is called wherever people read of it. Who moves it on is dispatch.py's."""

from __future__ import annotations

from enum import StrEnum


class ReplyKind(StrEnum):
    """What a mail of ours is for; STAFF is one to the operator."""

    ACKNOWLEDGEMENT = "acknowledgement"
    CORRECTION = "correction"
    REMINDER = "reminder"
    STAFF = "staff"


class ReplyState(StrEnum):
    """Where a reply in the outbox has come to. UNCERTAIN is looked up in the sent folder, UNCONFIRMED was not found there."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DRAFTING = "drafting"
    DRAFT = "draft"
    OFF = "off"
    DROPPED = "dropped"
    HELD = "held"
    UNDELIVERABLE = "undeliverable"
    BOUNCED = "bounced"
    UNCONFIRMED = "unconfirmed"

    @property
    def told(self) -> str:
        """What has become of it, and what staff are to do if it is their turn."""
        return f"{WORDS[self]}，{REMEDIES[self]}" if self in REMEDIES else WORDS[self]


# Mails of ours that answer one.
ANSWERS = (ReplyKind.ACKNOWLEDGEMENT, ReplyKind.CORRECTION)
UNDER_WAY = (ReplyState.QUEUED, ReplyState.SENDING, ReplyState.DRAFTING, ReplyState.UNCERTAIN)
# What nobody can have got.
NEVER_LEFT = (ReplyState.QUEUED, ReplyState.OFF, ReplyState.DROPPED, ReplyState.UNDELIVERABLE)
WORDS = {
    ReplyState.QUEUED: "待发送",
    ReplyState.SENDING: "待发送",
    ReplyState.DRAFTING: "待发送",
    ReplyState.UNCERTAIN: "发送结果待确认",
    ReplyState.SENT: "已发出",
    ReplyState.DRAFT: "已存草稿",
    ReplyState.OFF: "未发送（回信已关闭）",
    ReplyState.DROPPED: "没有发出，已不必要",
    ReplyState.HELD: "未能发出",
    ReplyState.UNDELIVERABLE: "未能发出，收件地址无效或曾被退信",
    ReplyState.BOUNCED: "已发出，但被退回",
    ReplyState.UNCONFIRMED: "发送结果不明",
}
# The replies that a person has to see to.
REMEDIES = {
    ReplyState.HELD: "请人工处理",
    ReplyState.UNDELIVERABLE: "请人工联系",
    ReplyState.BOUNCED: "请人工联系",
    ReplyState.UNCONFIRMED: "请人工处理：先到“已发送”里看是否已发出",
}
