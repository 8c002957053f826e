"""What `status` and `show` tell: where everybody stands, and the whole history of one university, as plain values.

It reads the store and prints nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from pipeline.codec import finding_out
from pipeline.errors import ConfigurationError
from pipeline.model import SHANGHAI, State, Submission, Version
from pipeline.office import Office
from pipeline.standings import Brief, brief_of
from pipeline.unnamed import is_unnamed

Json = dict[str, Any]
MISSING = Brief(State.MISSING.value, 0, 0, ())


def local(moment: datetime | None) -> str:
    """An instant as staff read it."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""


def time_left(deadline: datetime, now: datetime) -> str:
    """How long there is to the deadline, or how long it has passed."""
    seconds = int((deadline - now).total_seconds())
    days, hours = divmod(abs(seconds) // 3600, 24)
    span = f"{days} 天 {hours} 小时" if days else f"{hours} 小时 {abs(seconds) // 60 % 60} 分"
    return f"还有 {span}" if seconds >= 0 else f"已截止 {span}"


def status(office: Office, now: datetime) -> Json:
    """Who has submitted, who has to correct what, who is missing, and how the program itself is doing."""
    heard = _briefs(office)
    roster = [_line(one.name, heard.pop(one.name, MISSING)) for one in office.rules.terms.roster.universities]
    lines = [*roster, *(_line("" if is_unnamed(name) else name, brief) for name, brief in heard.items())]
    states = Counter(line["state"] for line in lines)
    last = office.store.fact("last_success")
    return {
        "deadline": office.rules.terms.deadline.isoformat(),
        "time_left": time_left(office.rules.terms.deadline, now),
        "states": {state.value: states[state.value] for state in State},
        "universities": lines,
        "mails": office.store.mail_counts(),
        "replies": office.store.outbox.counts(),
        "out_of_reach": len(office.store.outbox.out_of_reach()),
        "last_pass": json.loads(office.store.fact("last_totals") or "{}"),
        "last_success": datetime.fromisoformat(last).astimezone(SHANGHAI).isoformat() if last else "",
    }


def _briefs(office: Office) -> dict[str, Brief]:
    """Where every university heard of stands now; those for which something has changed since they were assembled last are
    assembled here."""
    marks = office.standings.marks()
    kept = office.standings.briefs(marks)
    kept |= ((name, brief_of(one)) for name, one in office.assembled(name for name in marks if name not in kept))
    return {name: kept[name] for name in marks}


def _line(name: str, brief: Brief) -> Json:
    return {
        "university": name,
        "state": brief.state,
        "projects": brief.projects,
        "applications": brief.applications,
        "errors": list(brief.errors),
    }


def named(office: Office, text: str) -> str:
    """The university meant by what somebody typed: by any of its names, or as it stands in the store.

    Raises ConfigurationError where nothing fits.
    """
    match = office.rules.terms.roster.find(text)
    if match is not None:
        return match.university.name
    if text in office.store.universities.names():
        return text
    raise ConfigurationError(f"没有名为“{text}”的高校。请填写全称或简称；全部名单见 annex-inbox status。")


def history(office: Office, university: str) -> Json:
    """Mails, versions, findings and replies of one university, oldest first."""
    from pipeline.mail_log import mail_lines

    submission = office.submission(university)
    places = office.archive.present(submission)
    ids = {mail.id for mail in submission.mails}
    lines = [line for line in mail_lines(office) if line.mail.id in ids]
    versions, _ = office.store.universities.dossier(university)
    return {
        "university": university,
        "state": submission.state.value,
        "mails": [
            {
                "id": line.mail.id,
                "received": local(line.mail.received_at),
                "sender": line.mail.writer,
                "subject": line.mail.subject,
                "result": line.result,
                "reply": line.reply,
            }
            for line in lines
        ],
        "versions": [
            {
                "received": local(one.received_at),
                "path": one.path,
                "form": one.transcript.form,
                "standing": standing(one, submission),
                "archived": places.get((one.mail, one.index), ""),
            }
            for one in sorted(versions, key=lambda one: (one.received_at, one.index))
        ],
        "findings": [finding_out(finding) for finding in submission.all_findings],
        "replies": [
            {
                "made": local(reply.made_at),
                "recipient": reply.recipient,
                "subject": reply.subject,
                "state": reply.state,
                "said": reply.said,
            }
            for reply in office.store.outbox.replies()
            if university in reply.universities
        ],
    }


def contact(office: Office, university: str) -> tuple[str, str]:
    """Name and phone of the university's contact, "" where it gave none."""
    from pipeline.account import contact_of

    return contact_of(office.submission(university))


def standing(version: Version, submission: Submission) -> str:
    """Where a document stands in what its university stands for now."""
    key = (version.mail, version.index)
    current = [*submission.summaries, *(entry.application for entry in submission.entries if entry.application)]
    groups = {
        "现行": current,
        "暂存，等待秘书处决定": submission.held,
        "已被替换": submission.superseded,
        "已撤回": submission.withdrawn,
    }
    for word, group in groups.items():
        if any((other.mail, other.index) == key for other in group):
            return word
    return "佐证材料"


def meant(office: Office, prefix: str) -> str:
    """The id of the one mail whose id begins so; a path into the spool will do. Raises ConfigurationError."""
    wanted = prefix.strip().lower().removesuffix(".eml").rpartition("/")[2]
    found = office.store.mail_named(wanted) if wanted else []
    if len(found) != 1:
        reason = "没有找到" if not found else f"不止一封（{'、'.join(one[:12] for one in found[:5])}…），请多写几位"
        raise ConfigurationError(
            f"编号以“{prefix}”开头的邮件{reason}。编号见 annex-inbox show 高校名称，或看板的最近来信。"
        )
    return found[0]
