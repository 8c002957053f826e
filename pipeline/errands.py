"""What the program tells staff by mail: an alert when nothing works, one when it works again, and a daily digest.

All of it goes through the outbox like every reply, under a Message-ID derived from its occasion, so that none is sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.errors import AnnexError, LoginRefused
from pipeline.model import SHANGHAI, State
from pipeline.office import Office
from pipeline.reply_states import REMEDIES, ReplyKind
from pipeline.reports import local, status
from pipeline.whole_file import replacing
from pipeline.wording import deadline_text, one_line

SILENCE = timedelta(hours=1)
DIGEST_HOUR = 8


def heartbeat(office: Office, now: datetime, troubles: Sequence[AnnexError]) -> None:
    """Leave a small file that tells a monitoring program when a pass last ended, and how."""
    path = office.settings.data / "heartbeat.json"
    value = {
        "last_pass": now.isoformat(),
        "last_success": office.store.fact("last_success") or "",
        "troubles": [str(trouble) for trouble in troubles],
    }
    # The next pass writes it anew.
    with replacing(path, durable=False) as file:
        file.write((json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def tell_staff(office: Office, now: datetime, troubles: Sequence[AnnexError]) -> None:
    """Queue what ANNEX_ALERT_TO has to know after a pass."""
    if not office.settings.alert_to:
        return
    _alert(office, now, troubles)
    if not troubles:
        _digest(office, now)


def _alert(office: Office, now: datetime, troubles: Sequence[AnnexError]) -> None:
    """One mail when the login is refused or nothing has succeeded for an hour, one when it is over."""
    store = office.store
    since = store.fact("trouble_since") or ""
    told = store.fact("trouble_told") or ""
    if not troubles:
        if since and told == since:
            _queue(
                office, now, f"recovered {since}", "报送邮箱程序已恢复正常", f"{local(now)} 起，程序已恢复正常运行。"
            )
        store.set_fact("trouble_since", "")
        return
    if not since:
        since = now.isoformat()
        store.set_fact("trouble_since", since)
    lasting = now - datetime.fromisoformat(since) >= SILENCE
    refused = any(isinstance(trouble, LoginRefused) for trouble in troubles)
    if told != since and (lasting or refused):
        words = "\n".join(str(trouble) for trouble in troubles)
        text = f"自 {local(datetime.fromisoformat(since))} 起，程序没有成功运行过：\n\n{words}\n\n邮件都还在邮箱里，没有丢失。"
        _queue(office, now, f"trouble {since}", "报送邮箱程序需要处理", text)
        store.set_fact("trouble_told", since)


def _digest(office: Office, now: datetime) -> None:
    """Once a day, after eight in the morning: what came, who has to correct, who is missing, what waits for a person."""
    here = now.astimezone(SHANGHAI)
    today = f"{here:%Y-%m-%d}"
    if here.hour < DIGEST_HOUR or office.store.fact("digest_of") == today:
        return
    since = here - timedelta(days=1)
    report = status(office, now)
    lines = [f"截止时间：{deadline_text(office.rules.terms.deadline)}（{report['time_left']}）", ""]
    new = [mail for mail in office.store.mails() if mail.received_at >= since]
    lines.append(f"过去一天收到 {len(new)} 封邮件。")
    for state in (State.TO_CORRECT, State.FOR_STAFF, State.ACCEPTED, State.MISSING):
        names = [
            line["university"] or "（高校待确认）" for line in report["universities"] if line["state"] == state.value
        ]
        lines.append(f"{state.value} {len(names)} 所{'：' + '、'.join(names) if names else ''}")
    waiting = office.store.outbox.replies(*REMEDIES)
    lines += [f"需要人工处理的回复：{reply.recipient}（{reply.said}）" for reply in waiting]
    beyond = office.store.outbox.out_of_reach()
    lines += [f"无法回复、需要人工联系的来信：{mail.sender}（{one_line(mail.subject)}）" for mail in beyond]
    aside = report["mails"]["set_aside"]
    if aside:
        lines.append(f"有 {aside} 封邮件未能处理，见 annex-inbox set-aside list。")
    _queue(office, now, f"digest {today}", f"报送情况 {today}", "\n".join(lines))
    office.store.set_fact("digest_of", today)


def _queue(office: Office, now: datetime, occasion: str, subject: str, text: str) -> None:
    from pipeline.notes import note

    to = office.settings.alert_to
    office.store.outbox.queue(
        note(occasion, to, subject, text, office.rules.notice, office.user, now, ReplyKind.STAFF), now
    )
