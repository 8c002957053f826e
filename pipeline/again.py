"""Processing what is in the spool again: mails already recorded (`replay`) and mails that were set aside.

A reply that was sent stays the only one; what changes is what we know of the mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from pipeline.assemble import assemble
from pipeline.bookkeeping import keep_ledger
from pipeline.dispatch import Clock
from pipeline.errors import ConfigurationError
from pipeline.model import Outcome, Submission, Waiver
from pipeline.names import same_project
from pipeline.office import Office
from pipeline.progress import Progress
from pipeline.reports import local, meant
from pipeline.rows import SetAside
from pipeline.taking import ATTEMPTS, keep, look_at, retry_set_aside
from pipeline.waivers import ground
from pipeline.wording import one_line


def replay(
    office: Office, prefixes: Iterable[str] | None, dry_run: bool, clock: Clock, progress: Progress
) -> tuple[list[str], int]:
    """Process mails again, all of them or those named; what changed, in words, and the exit code."""
    wanted = None if prefixes is None or not list(prefixes) else [meant(office, prefix) for prefix in prefixes]
    mails = office.store.mails(wanted)
    lines: list[str] = []
    failed = 0
    for position, mail in enumerate(mails, start=1):
        before = Counter(f.rule for v in office.store.versions_of(mail.id) for f in v.findings)
        before.update(finding.rule for finding in mail.findings)
        try:
            outcome = look_at(office, mail.id, mail.received_at)
        except Exception as fault:
            failed += 1
            lines.append(f"{mail.id[:12]} {mail.subject}：未能处理（{type(fault).__name__}），保持原样")
            continue
        change = _change(before, outcome)
        if change:
            lines.append(f"{mail.id[:12]} {local(mail.received_at)} {mail.subject}：{change}")
        if not dry_run:
            keep(office, outcome)
        progress("重新处理", position, len(mails))
    if not dry_run:
        keep_ledger(office, clock())
    verb = "将有" if dry_run else "有"
    lines.append(
        f"共 {len(mails)} 封，{verb}变化 {len(lines) - failed} 封，失败 {failed} 封。{'未作任何改动。' if dry_run else ''}"
    )
    return lines, 1 if failed else 0


def _change(before: Counter[str], outcome: Outcome) -> str:
    after = Counter(finding.rule for version in outcome.versions for finding in version.findings)
    after.update(finding.rule for finding in outcome.mail.findings)
    new, gone = after - before, before - after
    words = [f"新增 {rule}×{count}" for rule, count in sorted(new.items())]
    return "，".join(words + [f"消除 {rule}×{count}" for rule, count in sorted(gone.items())])


def describe(office: Office) -> list[str]:
    """What is set aside, one line each."""
    entries = office.store.all_set_aside()
    if not entries:
        return ["没有搁置的邮件。"]
    lines = [_line(office, entry) for entry in entries]
    return [*lines, f"共 {len(entries)} 封。重试：annex-inbox set-aside retry；详情：annex-inbox set-aside show 编号"]


def _line(office: Office, entry: SetAside) -> str:
    subject, sender = office.head(entry.mail)
    tried = f"已试 {entry.attempts} 次" + ("，不再自动重试" if entry.attempts >= ATTEMPTS else "")
    return f"{entry.mail[:12]}  {local(entry.received_at)}  {sender}  {subject}  原因：{entry.reason}（{tried}）"


def detail(office: Office, prefix: str) -> list[str]:
    """One mail that was set aside, with the whole trace."""
    mail = meant(office, prefix)
    entry = next((entry for entry in office.store.all_set_aside() if entry.mail == mail), None)
    if entry is None:
        raise ConfigurationError(f"邮件 {mail[:12]} 没有被搁置。")
    return [_line(office, entry), f"原件：{office.spool.path(mail)}", entry.trace]


def retry(office: Office, prefixes: Iterable[str] | None, clock: Clock) -> tuple[list[str], int]:
    """Try mails again that were set aside; all of them where none is named."""
    entries = [entry.mail for entry in office.store.all_set_aside()]
    wanted = [meant(office, prefix) for prefix in prefixes] if prefixes else entries
    through = retry_set_aside(office, clock, wanted)
    if through:
        keep_ledger(office, clock())
    left = len(office.store.all_set_aside())
    note = "，回复将在下次 poll 时发出" if through else ""
    return [f"重试 {len(wanted)} 封，成功 {through} 封{note}；仍搁置 {left} 封。"], 1 if left else 0


def decide(office: Office, prefix: str, accepted: bool, clock: Clock) -> str:
    """Let a mail from an unknown address replace what its university sent, or refuse it for good; says what came of it.

    A decision may be changed; raises ConfigurationError for a mail that never waited for one.
    """
    mail = meant(office, prefix)
    names = [name for entry in office.store.mails([mail]) for name in entry.universities]
    held = {version.mail for name in names for version in office.submission(name).held}
    if mail not in held | office.store.universities.decisions().keys():
        raise ConfigurationError(
            f"邮件 {mail[:12]} 没有等待决定的材料，未作改动。accept、reject 只用于“待人工”的高校中陌生邮箱发来、要替换已报送材料的邮件，"
            "编号见台账“问题清单”。要更换或撤回已采用的材料，请让高校重新发来改正后的文件。"
        )
    office.store.universities.decide(mail, accepted, clock())
    office.forget(*names)
    keep_ledger(office, clock())
    states = "；".join(f"{name} {office.submission(name).state.value}" for name in names)
    due = accepted and office.store.outbox.replies_of([mail])[mail] is None
    answer = "。给发件人的回信将在下次 poll 时发出" if due else ""
    return f"已{'采用' if accepted else '不采用'}邮件 {mail[:12]}。{states}{answer}"


def waive(office: Office, waiver: Waiver, clock: Clock) -> str:
    """Settle what stands of a rule by staff's word, for what is written there now; says what came of it.

    Raises ConfigurationError where there is no such finding, or no reason is given.
    """
    if not one_line(waiver.reason):
        raise ConfigurationError("请在 --reason 后写明理由，它会记入台账。例：--reason 已电话核实")
    known = {rule.id for rule in office.rules.rules}
    if waiver.rule not in known:
        raise ConfigurationError(f"没有名为 {waiver.rule} 的规则，见 annex-inbox rules。")
    submission = _unsettled(office, waiver)
    there = [one for one in submission.all_findings if one.rule == waiver.rule]
    if waiver.project:
        there = [one for one in there if same_project(one.project) == same_project(waiver.project)]
    if not there:
        raise ConfigurationError(f"{waiver.university}现在没有这样的问题，见 annex-inbox show {waiver.university}。")
    grounds = tuple(sorted({ground(one, submission) for one in there}))
    office.store.universities.waive(replace(waiver, grounds=grounds), clock())
    office.forget(waiver.university)
    keep_ledger(office, clock())
    return f"已豁免 {len(there)} 处。{waiver.university} {office.submission(waiver.university).state.value}"


def _unsettled(office: Office, waiver: Waiver) -> Submission:
    """The university's submission as if nothing of this rule had been settled before."""
    known = office.store.universities
    versions, mails = known.dossier(waiver.university)
    others = [one for one in known.waivers(waiver.university) if one.rule != waiver.rule]
    return assemble(waiver.university, versions, mails, office.rules, known.decisions(), others)


def unwaive(office: Office, university: str, rule: str, project: str, clock: Clock) -> str:
    """Take a waiver back."""
    if not office.store.universities.unwaive(university, rule, project):
        raise ConfigurationError(f"{university}没有这样的豁免。")
    office.forget(university)
    keep_ledger(office, clock())
    return f"已撤销豁免。{university} {office.submission(university).state.value}"


def purge(office: Office, before: datetime, dry_run: bool, clock: Clock) -> str:
    """Remove mails received before an instant, with archive, rows and replies; says how many."""
    day = local(before)
    if dry_run:
        count = sum(mail.received_at < before for mail in office.store.mails())
        return f"将删除 {day} 以前收到的邮件 {count} 封，连同存档、登记和回复。未作任何改动。"
    gone = office.store.purge(before)
    for mail, names in gone:
        office.spool.remove(mail)
        office.forget(*names)
    for name in {name for _, names in gone for name in names}:
        office.archive.remove(name)
    keep_ledger(office, clock(), force=True)
    return f"已删除 {day} 以前收到的邮件 {len(gone)} 封，连同存档、登记和回复。"
