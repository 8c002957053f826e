"""Sends what lies in the outbox, one reply at a time, marked before and after, so that nothing is ever sent twice.

What a server's answer means is outbox.py's knowledge; this module only acts on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import sleep

from pipeline.errors import AnnexError, ServerAway
from pipeline.model import midnight
from pipeline.office import Office
from pipeline.outbox import Delivery, Fate
from pipeline.progress import Progress, silent
from pipeline.reply_states import ReplyKind, ReplyState
from pipeline.rows import Queued
from pipeline.settling import unanswered
from pipeline.unnamed import is_unnamed

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# How far back in the sent folder an uncertain reply is looked for.
SENT_LOOKED_AT = 500
AFTERWARDS = {
    Fate.SENT: ReplyState.SENT,
    Fate.LATER: ReplyState.QUEUED,
    Fate.PAUSE: ReplyState.QUEUED,
    Fate.TOMORROW: ReplyState.QUEUED,
    Fate.STOP: ReplyState.QUEUED,
    Fate.BAD_ADDRESS: ReplyState.UNDELIVERABLE,
    Fate.FOR_STAFF: ReplyState.HELD,
    Fate.UNCERTAIN: ReplyState.UNCERTAIN,
}
# A university that others keep writing for may never be quiet; after so many settle windows a letter about it goes out.
SETTLED_WITHIN = 3
ENDS_THE_RUN = (Fate.PAUSE, Fate.TOMORROW, Fate.STOP)


@dataclass
class Dispatched:
    """What a run over the outbox came to; `trouble` is why it ended early, if it did."""

    sent: int = 0
    drafted: int = 0
    held: int = 0
    waiting: int = 0
    tried: int = 0
    trouble: AnnexError | None = None
    notes: list[str] = field(default_factory=list)
    copies: list[Queued] = field(default_factory=list, repr=False)


def dispatch(office: Office, clock: Clock, progress: Progress = silent) -> Dispatched:
    """Send (or lay into the drafts folder) everything that is due."""
    done = Dispatched()
    for reply in _ours(office, office.store.outbox.replies(ReplyState.SENDING), clock()):
        # The run before this one ended between handing the mail over and hearing the answer.
        office.store.outbox.mark(
            reply.message_id, ReplyState.UNCERTAIN, "上次发送时中断，结果不明", was=ReplyState.SENDING
        )
    try:
        _resolve_uncertain(office, done, clock)
        due = _in_turn(office, _not_overtaken(office, office.store.outbox.replies(ReplyState.QUEUED), clock()))
        _recognise_sent_drafts(office, done, clock)
        # What a run that ended there had begun to lay into the folder is finished.
        drafts = office.store.outbox.replies(ReplyState.DRAFTING)
        if office.settings.reply == "draft":
            # What is for staff themselves is sent; what is for universities waits for them.
            drafts += [reply for reply in due if reply.kind is not ReplyKind.STAFF]
            due = [reply for reply in due if reply.kind is ReplyKind.STAFF]
        if drafts:
            _lay_drafts(office, drafts, done, clock)
        if due and not _paused(office, clock()):
            _send(office, due, done, clock, progress)
    except AnnexError as error:
        done.trouble = error
    try:
        _keep_copies(office, done, clock)
    except AnnexError as error:
        done.trouble = done.trouble or error
    done.waiting = len(office.store.outbox.replies(ReplyState.QUEUED))
    return done


def _not_overtaken(office: Office, queued: list[Queued], now: datetime) -> list[Queued]:
    """Those to correspondents who have not written about the same since: the answer to that, made soon, takes their place.

    Not made soon it waits for nothing, as where others keep writing for the same university; a new one waits for theirs, too.
    """
    if not queued:
        return queued
    soon = now - SETTLED_WITHIN * timedelta(minutes=office.settings.settle_minutes)
    waiting = [mail for mail in unanswered(office, now)[1] if mail.received_at > soon]
    # A university that is not known yet has no name in a reply.
    written = {
        (mail.reply_to.address, "" if is_unnamed(name) else name) for mail in waiting for name in mail.universities
    }
    names = {name for _, name in written if name}
    return [
        one
        for one in queued
        if written.isdisjoint((one.recipient, name) for name in one.universities)
        and (one.made_at <= soon or names.isdisjoint(one.universities))
    ]


def _in_turn(office: Office, queued: list[Queued]) -> list[Queued]:
    """Those first that answer the oldest mails: who writes again while a reply waits keeps his place. Whom others have named
    for a reply comes after all who have written."""
    oldest = office.store.outbox.oldest_answered(one.message_id for one in queued)
    return sorted(queued, key=lambda one: (oldest.get(one.message_id, (False, one.made_at)), one.message_id))


def _ours(office: Office, replies: Sequence[Queued], now: datetime) -> list[Queued]:
    """Those that no other program is at work on."""
    if not replies:
        return []
    mine = office.claim("reply", [reply.message_id for reply in replies], now)
    return [reply for reply in replies if reply.message_id in mine]


def _paused(office: Office, now: datetime) -> bool:
    until = office.store.fact("paused_until")
    return until is not None and now < datetime.fromisoformat(until)


def _send(office: Office, due: list[Queued], done: Dispatched, clock: Clock, progress: Progress) -> None:
    today = midnight(clock())
    left = max(0, office.settings.send_per_day - office.store.outbox.sent_since(today))
    if len(due) > left:
        done.notes.append(
            f"今日发信已达上限（ANNEX_SEND_PER_DAY={office.settings.send_per_day}），其余 {len(due) - left} 封明天继续发送。"
        )
    if not left:
        return
    with office.post(clock()) as post:
        for position, reply in enumerate(due[:left]):
            if office.store.outbox.sent_since(today) >= office.settings.send_per_day:
                # Another program that shares the store has sent some, too.
                break
            if done.tried:
                sleep(office.settings.pause)
            if not _begun(office, reply, ReplyState.SENDING, clock()):
                continue
            done.tried += 1
            try:
                delivery = post.send(office.store.outbox.letter(reply.message_id), office.user, reply.recipient)
            except AnnexError:
                # Nothing was handed over.
                office.store.outbox.mark(reply.message_id, ReplyState.QUEUED, was=ReplyState.SENDING)
                raise
            _settle(office, reply, delivery, done)
            progress("发送回复", position + 1, min(left, len(due)))
            if delivery.fate in ENDS_THE_RUN:
                _end(office, delivery, done, today)
                break


def _begun(office: Office, reply: Queued, state: ReplyState, now: datetime) -> bool:
    """Note in the state of a queued reply what is about to be done; False where another program has seen to it since we looked."""
    with office.store.together():
        ours = _ours(office, [reply], now)
        return bool(ours) and office.store.outbox.mark(reply.message_id, state, tried_at=now, was=reply.state)


def _keep_copies(office: Office, done: Dispatched, clock: Clock) -> None:
    """Put copies of what was sent into the sent folder, where the operator wants that (ANNEX_SENT_COPY)."""
    wanted = office.settings.sent_copy
    if wanted == "never" or not done.copies:
        return
    with office.mailbox(clock()) as mailbox:
        folder = mailbox.find_special(b"\\Sent", "已发送", "Sent")
        if folder is None:
            done.notes.append("邮箱里没有已发送文件夹，没有保存回复的副本。")
            return
        there = mailbox.message_ids(folder, SENT_LOOKED_AT) if wanted == "auto" else set()
        office.store.set_fact("copies_of_ours", "1")
        for reply in done.copies:
            if reply.message_id not in there:
                mailbox.append(folder, office.store.outbox.letter(reply.message_id), (b"\\Seen",))


def _settle(office: Office, reply: Queued, delivery: Delivery, done: Dispatched) -> None:
    state = AFTERWARDS[delivery.fate]
    office.store.outbox.mark(reply.message_id, state, delivery.text)
    if state is ReplyState.SENT:
        done.sent += 1
        done.copies.append(reply)
    elif state is not ReplyState.QUEUED:
        done.held += 1
        what = "不知是否已经发出" if state is ReplyState.UNCERTAIN else "未能发出"
        log.warning("给 %s 的回复%s：%s", reply.recipient, what, delivery.text)


def _end(office: Office, delivery: Delivery, done: Dispatched, today: datetime) -> None:
    """Stop sending for now, for today, or until somebody has looked."""
    if delivery.fate is Fate.TOMORROW:
        office.store.set_fact("paused_until", (today + timedelta(days=1)).isoformat())
        done.notes.append(f"发信服务器表示今日额度已用完（{delivery.text}），其余明天继续发送。")
    elif delivery.fate is Fate.PAUSE:
        done.notes.append(f"发信服务器要求稍候（{delivery.text}），其余下一轮继续发送。")
    else:
        done.trouble = ServerAway(
            f"发信服务器拒绝了本邮箱的发信（{delivery.text}），已停止发送，回复都保留在发件箱中。"
            "请登录网页邮箱查看是否被限制，处理后程序会继续发送。"
        )


def _lay_drafts(office: Office, due: list[Queued], done: Dispatched, clock: Clock) -> None:
    with office.mailbox(clock()) as mailbox:
        folder = mailbox.find_special(b"\\Drafts", "草稿箱", "Drafts")
        if folder is None:
            done.notes.append("邮箱里没有草稿箱文件夹，回复暂存在程序的发件箱中。")
            return
        there = mailbox.message_ids(folder, SENT_LOOKED_AT)
        for reply in due:
            # Should the run end here, the next one finds the draft in its folder, and nothing takes its place meanwhile.
            if not _begun(office, reply, ReplyState.DRAFTING, clock()):
                continue
            if reply.message_id not in there:
                mailbox.append(folder, office.store.outbox.letter(reply.message_id), (b"\\Draft",))
            laid = office.store.outbox.mark(
                reply.message_id, ReplyState.DRAFT, f"已放入{folder}", was=ReplyState.DRAFTING
            )
            done.drafted += laid


def _recognise_sent_drafts(office: Office, done: Dispatched, clock: Clock) -> None:
    """A draft that staff have sent, changed or not, lies in the sent folder under the Message-ID we gave it."""
    drafts = office.store.outbox.replies(ReplyState.DRAFT)
    if not drafts:
        return
    with office.mailbox(clock()) as mailbox:
        folder = mailbox.find_special(b"\\Sent", "已发送", "Sent")
        there = mailbox.message_ids(folder, SENT_LOOKED_AT) if folder else set()
    for reply in drafts:
        if reply.message_id in there:
            done.sent += office.store.outbox.mark(
                reply.message_id, ReplyState.SENT, "由工作人员从草稿箱发出", reply.tried_at, was=ReplyState.DRAFT
            )


def _resolve_uncertain(office: Office, done: Dispatched, clock: Clock) -> None:
    """Look for replies of unknown fate in the sent folder; resend only where their absence proves something."""
    uncertain = _ours(office, office.store.outbox.replies(ReplyState.UNCERTAIN), clock())
    if not uncertain:
        return
    with office.mailbox(clock()) as mailbox:
        folder = mailbox.find_special(b"\\Sent", "已发送", "Sent")
        there = mailbox.message_ids(folder, SENT_LOOKED_AT) if folder else set()
    sent = {reply.message_id for reply in office.store.outbox.replies(ReplyState.SENT)}
    # Copies that we put there ourselves say nothing about what the server keeps.
    server_keeps_copies = bool(there & sent) and not office.store.fact("copies_of_ours")
    for reply in uncertain:
        if reply.message_id in there:
            office.store.outbox.mark(reply.message_id, ReplyState.SENT, "已在已发送文件夹中找到", reply.tried_at)
            done.sent += 1
        elif server_keeps_copies:
            office.store.outbox.mark(reply.message_id, ReplyState.QUEUED, "上次没有发出，重新发送")
        else:
            office.store.outbox.mark(
                reply.message_id, ReplyState.UNCONFIRMED, "无法确定是否已经发出，请人工查看已发送文件夹"
            )
            done.held += 1
