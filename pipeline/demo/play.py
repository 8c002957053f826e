"""`annex-inbox demo`: the real pipeline over real sockets, from sample mails on a loopback server to ledger and replies.

Only the two servers and the clock are made up. The mails arrive in two lots, so that corrections are seen being answered.
"""

from __future__ import annotations

import email
import email.policy
import shutil
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from pipeline import screen
from pipeline.demo.samples import SampleMail, sample_mails
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp, ReceivedMail
from pipeline.errors import ConfigurationError
from pipeline.lock import SAMPLES, single_run
from pipeline.model import SHANGHAI
from pipeline.office import Office, open_office
from pipeline.passes import Pass
from pipeline.reports import status
from pipeline.rules_file import load
from pipeline.run import one_pass
from pipeline.settings import Settings, load_settings, resource

CODE = "demo-code"
BETWEEN = datetime(2024, 11, 22, 0, 0, tzinfo=SHANGHAI)


def play(out: Path, universities: int, seed: int) -> None:
    """Run the demo into a folder. Raises ConfigurationError where the folder holds something else, or for too many universities."""
    rules = load(resource("rules.yaml"))
    roster = rules.terms.roster.universities
    if universities > len(roster):
        raise ConfigurationError(f"--universities 最多 {len(roster)}（名单上的高校数）。")
    _clear(out)
    mails = sample_mails(roster, universities, seed)
    lots = [[mail for mail in mails if (mail.received_at < BETWEEN) is early] for early in (True, False)]
    with EmbeddedImap(rules.notice.mailbox, CODE) as imap, EmbeddedSmtp(rules.notice.mailbox, CODE) as smtp:
        settings = _settings(out, imap.url, smtp.url)
        with single_run(settings), open_office(settings) as office:
            for number, lot in enumerate((lot for lot in lots if lot), start=1):
                _deliver(imap, lot)
                screen.console().print(f"[bold]第 {number} 次收取[/]（{lot[-1].received_at:%m月%d日}，{len(lot)} 封）")
                screen.passed(_pass(office, lot), str(office.ledger_path))
            _write_replies(out / "replies", smtp.mails)
            _summary(office, mails[-1].received_at, out)


def _clear(out: Path) -> None:
    try:
        if out.exists() and any(out.iterdir()):
            if not (out / SAMPLES).exists():
                raise ConfigurationError(f"文件夹 {out} 不是空的，请用 --out 换一个。")
            shutil.rmtree(out)
        out.mkdir(parents=True, exist_ok=True)
        (out / SAMPLES).touch()
    except OSError as error:
        raise ConfigurationError(f"无法写入文件夹 {out}（{error.strerror}），请用 --out 换一个。") from None


def _settings(out: Path, imap_url: str, smtp_url: str) -> Settings:
    return load_settings(
        env_file=None,
        auth_code=CODE,
        imap_url=imap_url,
        smtp_url=smtp_url,
        data=out,
        rules=resource("rules.yaml"),
        store_url="",
        folders=("INBOX", "垃圾邮件"),
        user="",
        reply="send",
        settle_minutes=0,
        send_per_day=1000,
        send_pause=0,
    )


def _deliver(imap: EmbeddedImap, lot: list[SampleMail]) -> None:
    for mail in lot:
        imap.add(mail.folder, mail.raw, mail.received_at)


def _pass(office: Office, lot: list[SampleMail]) -> Pass:
    """One pass, a quarter of an hour after the last mail of the lot."""
    at = lot[-1].received_at + timedelta(minutes=15)
    with screen.progress_bar() as progress:
        return one_pass(office, lambda: at, progress)


def _write_replies(folder: Path, replies: tuple[ReceivedMail, ...]) -> None:
    """Each reply as the mail it is, and as the page its reader sees."""
    folder.mkdir(exist_ok=True)
    for number, reply in enumerate(replies, start=1):
        parsed = email.message_from_bytes(reply.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        name = f"{number:02d} {reply.recipients[0]}"
        (folder / f"{name}.eml").write_bytes(reply.raw)
        for kind, ending in (("html", "html"), ("plain", "txt")):
            body = parsed.get_body((kind,))
            if body is not None:
                (folder / f"{name}.{ending}").write_text(body.get_content(), encoding="utf-8")


def _summary(office: Office, at: datetime, out: Path) -> None:
    report = status(office, at)
    say = screen.console().print
    say()
    say("，".join(f"{state} {count} 所" for state, count in report["states"].items()) + "。")
    say(f"台账：{office.ledger_path}")
    say(f"存档：{out / 'archive'}")
    say(f"回复：{out / 'replies'}（.html 可直接用浏览器打开）")
    say(f"细看一所高校：ANNEX_DATA={out} annex-inbox show {report['universities'][0]['university']}")
