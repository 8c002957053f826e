"""The command as people call it: every message Chinese with a remedy, every exit code as the contract says."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

import scheduler
from desk import CODE, MORNING, UNIVERSITY, USER, letter, papers, table
from parsers.formats import libreoffice
from parsers.model import Transcript
from pipeline import __main__ as command
from pipeline import commands_pass, commands_staff, invocation, packed, program, screen
from pipeline.demo.servers import EmbeddedImap, EmbeddedSmtp, StoredMail
from pipeline.model import SHANGHAI, Finding, Severity, Version
from pipeline.offline import Checked
from pipeline.passes import Pass
from pipeline.settings import load_settings, resource

COMMANDS = ("demo", "init", "poll", "watch", "check", "status", "show", "ledger", "replay", "set-aside", "doctor")


@dataclass
class Said:
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """The command sets levels and filters for the whole process; other tests want theirs."""
    names = [None, *list(logging.root.manager.loggerDict)]
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    for name in [None, *list(logging.root.manager.loggerDict)]:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    for handler in logging.root.handlers:
        handler.removeFilter(program.mask_phones)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Call the command in an empty folder, with settings given by their short names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("ANNEX_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **settings: str) -> Said:
        for name, value in settings.items():
            monkeypatch.setenv(f"ANNEX_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["annex-inbox", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            command.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """A mailbox with one clean submission, and an SMTP server; as settings."""
    mail = StoredMail("INBOX", MORNING, letter(papers(table())))
    with EmbeddedImap(USER, CODE, [mail]) as imap, EmbeddedSmtp(USER, CODE) as smtp:
        yield {
            "imap_url": imap.url,
            "smtp_url": smtp.url,
            "auth_code": CODE,
            "settle_minutes": "0",
            "folders": "INBOX,垃圾邮件",
        }


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    folder = tmp_path / "材料"
    folder.mkdir()
    for name, content in papers(table()).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(call: Call, name: str) -> None:
    said = call(name, "--help")
    assert said.code == 0
    assert f"例：annex-inbox {name}" in said.out


def test_help_lists_every_command(call: Call) -> None:
    said = call("--help")
    assert said.code == 0
    assert all(f"\n  {name}" in said.out for name in COMMANDS)


# What takes long to load, and what it is loaded for.
READING = (
    "parsers.catalogue",
    "parsers.formats",
    "parsers.forms",
    "lxml",
    "docx",
    "python_calamine",
    "PIL",
    "mailparser",
)
WRITING = ("openpyxl", "jinja2", "pipeline.letter", "pipeline.marking", "rich.progress")
DECODING = ("pipeline.message", "pipeline.unpack", "pipeline.charsets", "pipeline.cloud")
TALKING = ("imapclient", "imaplib", "smtplib", "aiosmtpd", "pymap", "apscheduler")
CHECKING = ("pydantic", "dotenv")
SETTING_OUT = ("sqlalchemy", "msgspec", "yaml", "pipeline.rules_file", "rich")


def loaded(folder: Path, *arguments: str, **settings: str) -> set[str]:
    """The modules that a call of the command has loaded by its end."""
    program = (
        "import sys, pipeline.__main__ as command\n"
        "try:\n    command.main()\n"
        "finally:\n    sys.stderr.write('|'.join(['', *sys.modules]))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANNEX_")}
    given = clean | {f"ANNEX_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, env=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr.partition("|")[0]
    return set(done.stderr.split("|"))


def test_help_loads_nothing_of_what_the_commands_need(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "--help") & {*READING, *WRITING, *DECODING, *TALKING, *SETTING_OUT}


def test_status_loads_nothing_that_reads_documents_or_talks_to_servers(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "status") & {*READING, *WRITING, *DECODING, *TALKING, *CHECKING, "rich"}


def test_rules_read_before_are_not_read_as_yaml_again(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert "yaml" in loaded(tmp_path, "status")
    assert not loaded(tmp_path, "status") & {"yaml", "pipeline.yaml_tree"}


def test_a_half_character_of_a_damaged_document_is_told_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    program.print_json({"found": "甲\ud800"})
    assert capsys.readouterr().out == '{\n  "found": "\\u7532\\ud800"\n}\n'


def test_json_is_written_for_people_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"名": ['“"\\\n\x1f', [], {}, 1, None, True]}
    program.print_json(value)
    assert capsys.readouterr().out == json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("asked", [entry.name or entry.callback.__name__ for entry in program.app.registered_commands])
def test_a_command_is_the_same_whether_made_ready_alone_or_with_all(asked: str) -> None:
    from typer.main import get_command

    alone, whole = get_command(invocation._asked(["annex-inbox", asked])), get_command(program.app)
    assert set(alone.commands) == {asked} < set(whole.commands)
    told = [one.commands[asked].get_help(typer.Context(one.commands[asked], info_name=asked)) for one in (alone, whole)]
    assert told[0] == told[1]


@pytest.mark.parametrize("arguments", [(), ("--help", "status"), ("set-aside", "list"), ("statuz",)])
def test_all_commands_are_there_where_none_is_asked_for_first(arguments: tuple[str, ...]) -> None:
    assert invocation._asked(["annex-inbox", *arguments]) is program.app


def test_status_shows_nothing_that_would_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.screen import status

    error = {"project": "甲\x1b[2J", "path": "", "message": "有误\u202e\n请改"}
    line = {
        "university": "示例大学\x1b]0;x\x07",
        "state": "待补正",
        "projects": 2,
        "applications": 1,
        "errors": [{"project": "", "path": "材料.zip/坏.docx", "message": "文件无法打开"}, *[error] * 6],
    }
    status(
        {
            "deadline": "2024-11-27T00:00:00+08:00",
            "time_left": "还有 1 天",
            "states": {"待补正": 1},
            "universities": [line, {**line, "university": "", "state": "未报送", "errors": []}],
            "mails": {"recorded": 1, "set_aside": 0, "unanswered": 0},
            "last_pass": {},
            "last_success": "",
        }
    )
    said = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "示例大学]0;x    待补正  项目   2  申报表   1\n    材料.zip/坏.docx 文件无法打开\n" in said
    assert "\n    甲[2J 有误 请改\n" in said
    assert "另有 2 处" in said
    assert "（高校待确认）" in said


@pytest.mark.parametrize("err", [False, True])
def test_no_text_of_anybodys_commands_the_terminal(capsys: pytest.CaptureFixture[str], err: bool) -> None:
    from pipeline.program import echo

    echo("甲\x1b]0;x\x07\u202e乙\r\n\x9b丙\t丁\ud800👩\u200d🎓", err=err)
    finding = Finding("file.unreadable", Severity.ERROR, project="\x1b[2J甲", message="\x9b读不出\u202e")
    document = Version("m", 0, MORNING, "\x1b]0;x\x07\u202e.docx", "f", Transcript(None, "docx", None), (finding,))
    screen.checked(Checked([document]))
    screen.passed(Pass(notes=["550 \x1b[2J拒收"]), "台账.xlsx")
    told = capsys.readouterr()
    assert (told.err if err else told.out).startswith("甲]0;x乙\n丙\t丁👩\u200d🎓\n")
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(told.out + told.err)


def test_a_poll_with_nothing_new_loads_neither_readers_nor_writers(tmp_path: Path, servers: dict[str, str]) -> None:
    first, second = (loaded(tmp_path, "poll", **servers) for _ in range(2))
    assert {"openpyxl", "jinja2", "pipeline.letter"} <= first
    assert not second & {*READING, *WRITING, *DECODING, *CHECKING, "aiosmtpd", "pymap", "apscheduler", "rich"}


class Terminal(io.StringIO):
    """Keeps what is written to it, and passes for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_only_a_terminal_is_given_colours_and_a_progress_bar_and_the_words_are_the_same(
    stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, err = stream(), stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with screen.progress_bar() as progress:
        progress("收取邮件", 1, 2)
    screen.passed(Pass(listed=3, recorded=2, set_aside=1, notes=["邮箱中没有文件夹“[广告]”。"]), "台账.xlsx")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert plain[:3] == [
        "新邮件 3 封，其中报送 0 封，搁置 1 封。",
        "台账没有变化：台账.xlsx",
        "注意 邮箱中没有文件夹“[广告]”。",
    ]
    assert ("\x1b[31m搁置 1 封" in out.getvalue()) == (stream is Terminal)
    assert ("收取邮件" in err.getvalue()) == (stream is Terminal)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nonsense",), "没有命令 nonsense。"),
        (("statuz",), "没有命令 statuz（是不是 status？）。"),
        (("poll", "--nonsense"), "没有选项 --nonsense"),
        (("check",), "缺少参数 paths。"),
        (("waive", "内蒙古大学"), "缺少参数 rule。"),
        (("waive", "内蒙古大学", "annex4.missing"), "缺少参数 --reason。"),
        (("check", "no-such-file.docx"), "参数 paths 有误：找不到"),
        (("check", ".", "--received", "昨天"), "--received"),
        (("check", ".", "--received", "9999-12-31T23:59-12:00"), "--received"),
        (("check", ".", "--received", "0001-01-01"), "--received"),
        (("replay",), "--all"),
        (("show", "没有这所大学"), "没有名为"),
        (("demo", "--universities", "500"), "--universities"),
        (("demo", "--universities", "0"), "参数 --universities 有误：不能小于 1。"),
        (("demo", "--seed", "x"), "参数 --seed 有误：应为整数。"),
        (("demo", "--out", __file__), "--out"),
        (("demo", "--out"), "选项 --out 后面缺少值。"),
        (("status", "--json=1"), "选项 --json 后面不写值。"),
        (("try-rules", "."), "参数 rules 有误：“.”是文件夹"),
        (("poll", "extra"), "多写了 extra。"),
        (("set-aside", "show"), "缺少参数 mail。"),
    ],
)
def test_wrong_usage_is_said_in_chinese_with_exit_code_2(call: Call, arguments: tuple[str, ...], word: str) -> None:
    said = call(*arguments)
    assert said.code == 2
    assert word in said.err


def test_check_prints_the_object_of_the_contract(call: Call, submission: Path) -> None:
    said = call("check", str(submission), "--json")
    result = json.loads(said.out)
    assert said.code == 0
    assert list(result) == ["documents", "submissions", "summary"]
    assert [list(document) for document in result["documents"]] == [["path", "form", "format", "data", "findings"]] * 3
    assert [document["path"] for document in result["documents"]] == ["附件3.xlsx", "附件4-1.docx", "附件4-2.docx"]
    assert result["submissions"] == [
        {"university": UNIVERSITY, "projects": ["示例项目甲", "示例项目乙"], "findings": []}
    ]
    assert result["summary"] == {"documents": 3, "errors": 0, "warnings": 0}
    assert said.out == call("check", str(submission), "--json").out


def test_check_of_a_faulty_file_ends_with_exit_code_1_and_names_the_place(call: Call, submission: Path) -> None:
    said = call("check", str(submission / "附件4-1.docx"))
    assert said.code == 1
    assert "annex3.missing" in said.out


def test_check_takes_each_eml_as_a_mail_of_its_own(call: Call, tmp_path: Path) -> None:
    (tmp_path / "一.eml").write_bytes(letter(papers(table(), applications=False)))
    (tmp_path / "二.eml").write_bytes(letter(papers(table("内蒙古农业大学"))))
    said = call("check", "一.eml", "二.eml", "--json")
    result = json.loads(said.out)
    assert [document["path"] for document in result["documents"]][:2] == ["一.eml/附件3.xlsx", "二.eml/附件3.xlsx"]
    assert [one["university"] for one in result["submissions"]] == [UNIVERSITY, "内蒙古农业大学"]


def test_a_time_of_receipt_may_be_given(call: Call, tmp_path: Path) -> None:
    (tmp_path / "信.eml").write_bytes(letter(papers(table())))
    said = call("check", "信.eml", "--json", "--received", "2024-12-01T08:00")
    assert "mail.late" in said.out
    assert json.loads(said.out)["summary"]["warnings"] == 1


def test_files_received_after_the_deadline_are_as_late_as_a_mail(call: Call, submission: Path) -> None:
    late = json.loads(call("check", str(submission), "--json", "--received", "2024-12-01T08:00").out)
    (one,) = late["submissions"]
    assert [(finding["rule"], finding["path"]) for finding in one["findings"]] == [("mail.late", "")]
    (submission / "信.eml").write_bytes(letter(papers(table("内蒙古农业大学"))))
    both = json.loads(call("check", str(submission), "--json", "--received", "2024-12-01T08:00").out)
    assert [[finding["rule"] for finding in one["findings"]] for one in both["submissions"]] == [["mail.late"]] * 2
    assert "mail.late" not in call("check", str(submission), "--json").out


def test_files_that_hold_no_form_are_no_submission_and_so_never_late(call: Call, tmp_path: Path) -> None:
    (tmp_path / "通知.txt").write_text("与报送无关", encoding="utf-8")
    said = call("check", "通知.txt", "--json", "--received", "2024-12-01T08:00")
    assert json.loads(said.out)["submissions"] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("imap_url", "imap://imap.163.com"),
        ("imap_url", "ftp://x"),
        ("smtp_url", "smtp://smtp.163.com:25"),
        ("reply", "maybe"),
        ("settle_minutes", "-1"),
        ("settle_minutes", "inf"),
        ("pass_minutes", "1e12"),
        ("send_per_day", "many"),
        ("poll", "every day"),
        ("folders", " , "),
        ("user", "no-at"),
    ],
)
@pytest.mark.parametrize("asked", ["poll", "doctor"])
def test_a_wrong_setting_is_refused_by_its_name(call: Call, asked: str, setting: str, value: str) -> None:
    said = call(asked, **{setting: value})
    assert said.code == 2
    assert f"ANNEX_{setting.upper()}" in said.err


def test_folders_of_which_none_exists_are_a_wrong_setting_and_one_of_several_is_told(
    call: Call, servers: dict[str, str]
) -> None:
    none = call("poll", **{**servers, "folders": "没有这个,也没有这个"})
    assert (none.code, "ANNEX_FOLDERS" in none.err) == (2, True)
    assert call("doctor", **{**servers, "folders": "没有这个"}).code == 2
    one = call("poll", **{**servers, "folders": "INBOX,没有这个"})
    assert (one.code, "没有文件夹“没有这个”" in one.out) == (0, True)


def test_a_missing_authorization_code_is_named(call: Call) -> None:
    said = call("poll", imap_url="imap://127.0.0.1:9")
    assert said.code == 2
    assert "ANNEX_AUTH_CODE" in said.err


def test_a_server_that_is_away_gives_exit_code_75(call: Call) -> None:
    said = call("poll", imap_url="imap://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9", auth_code=CODE)
    assert said.code == 75
    assert "没有丢失" in said.err


def test_settings_come_from_env_in_the_working_folder(call: Call, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "ANNEX_IMAP_URL=imap://127.0.0.1:9\nANNEX_AUTH_CODE=ABCDEFGHIJKLMNOP\n", encoding="utf-8"
    )
    assert call("poll").code == 75


def test_poll_status_show_ledger_replay_and_doctor_work_on_a_real_mailbox(
    call: Call, servers: dict[str, str], tmp_path: Path
) -> None:
    first = call("poll", **servers)
    assert first.code == 0
    assert "新邮件 1 封" in first.out
    assert "发出 1 封" in first.out
    report = json.loads(call("status", "--json").out)
    assert report["states"] == {"未报送": 55, "待补正": 0, "已通过": 1, "待人工": 0}
    assert report["last_pass"] == {"listed": 1, "recorded": 1, "set_aside": 0, "known_already": 0, "missed": 0}
    shown = call("status").out
    assert "内蒙古大学" in shown
    assert "新列出 1 封 = 登记 1 + 搁置 0 + 已登记过 0 + 未取到 0" in shown
    story = json.loads(call("show", "内大", "--json").out)
    assert [version["standing"] for version in story["versions"]] == ["现行"] * 3
    assert all((tmp_path / "data" / version["archived"]).is_file() for version in story["versions"])
    assert "【已收到】" in call("show", UNIVERSITY).out
    (tmp_path / "data/ledger/项目台账.xlsx").unlink()
    assert "已重新生成" in call("ledger").out
    assert (tmp_path / "data/ledger/项目台账.xlsx").exists()
    assert "变化 0 封" in call("replay", "--all", "--dry-run").out
    assert call("replay", story["mails"][0]["id"][:8]).code == 0
    assert "没有搁置的邮件" in call("set-aside").out
    said = call("doctor")
    assert (said.code, "一切正常" in said.out) == (0, True)
    assert CODE not in said.out


def test_status_speaks_of_shanghais_time_and_of_replies_that_a_person_has_to_see_to(
    call: Call, servers: dict[str, str], tmp_path: Path
) -> None:
    call("poll", **servers)
    told = re.search(r"上次成功运行：(\S+ \S+)（北京时间）", call("status").out)
    assert told is not None
    last = datetime.fromisoformat(told[1]).replace(tzinfo=SHANGHAI)
    assert abs(datetime.now(SHANGHAI) - last) < timedelta(hours=1)
    assert "回复需人工处理" not in call("status").out
    words_of = {"queued": "还没有发出的回复 1 封", "held": "未能发出 1 封", "unconfirmed": "发送结果不明"}
    for state, words in words_of.items():
        with closing(sqlite3.connect(tmp_path / "data" / "annex-inbox.sqlite3")) as store, store:
            store.execute("UPDATE outbox SET state = ?", (state,))
        assert words in call("status").out


def test_what_a_pass_writes_is_its_owners_alone(call: Call, servers: dict[str, str], tmp_path: Path) -> None:
    call("poll", **servers)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").rglob("*")}
    others = [path for path in (tmp_path / "data").rglob("*") if path.stat().st_mode & 0o077]
    assert (others, modes) == ([], {True: 0o700, False: 0o600})


def test_what_is_logged_bears_shanghais_time(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = logging.StreamHandler()
    monkeypatch.setattr(logging.root, "handlers", [handler])
    handler.setFormatter(logging.Formatter("%(asctime)s"))
    call("status")
    record = logging.makeLogRecord({"created": datetime(2024, 11, 20, 1, 0, tzinfo=UTC).timestamp()})
    assert handler.format(record).startswith("2024-11-20 09:00")


def test_a_dry_run_says_what_reminding_would_do(
    call: Call, servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands_pass, "now", lambda: MORNING + timedelta(hours=1))
    monkeypatch.setattr(commands_staff, "now", lambda: MORNING + timedelta(hours=2))
    call("poll", **servers)
    tried, done = call("remind", "--dry-run"), call("remind")
    assert tried.out.replace("没有写信", "将在下次 poll 时发出") == done.out
    # Nobody has to correct anything, and the roster that comes with the program knows no address.
    assert "共 0 封" in done.out
    assert "没有可用邮箱的高校 55 所" in done.out


# What can be asked of any desk, whatever has come so far.
ASKED = (
    "rules",
    "rules --instructions",
    "rules --html",
    f"show {UNIVERSITY}",
    f"show {UNIVERSITY} --json",
    "--debug status --json",
    "--verbose ledger",
    "dashboard",
    "remind --dry-run",
    "remind",
    "replay --all",
    "replay --all --dry-run",
    "set-aside list",
    "set-aside retry",
    f"try-rules {resource('rules.yaml')}",
    "purge --before 2024-11-01 --dry-run",
    "purge --before 2024-11-01",
)


@pytest.mark.parametrize("polled", [False, True])
def test_every_command_answers_on_an_empty_desk_and_on_one_with_mail(
    call: Call, servers: dict[str, str], polled: bool
) -> None:
    assert call("poll" if polled else "status", **servers).code == 0
    assert {asked: call(*asked.split()).code for asked in ASKED} == dict.fromkeys(ASKED, 0)
    assert call("export", "初评材料", "--all").code == (0 if polled else 2)


def test_the_rules_are_told_as_a_table(call: Call) -> None:
    said = call("rules")
    assert all(word in said.out for word in ("规则", "级别", "依据", "annex3.summary.too_long", "limit=50"))


def test_one_mail_may_be_asked_about_processed_again_and_decided_on(call: Call, servers: dict[str, str]) -> None:
    call("poll", **servers)
    mail = json.loads(call("show", UNIVERSITY, "--json").out)["mails"][0]["id"][:8]
    asked = (
        f"why {mail}",
        f"why {mail} --json",
        f"replay {mail}",
        f"replay {mail} --dry-run",
        f"set-aside retry {mail}",
    )
    assert {one: call(*one.split()).code for one in asked} == dict.fromkeys(asked, 0)
    assert call("set-aside", "show", mail).code == 2


def test_doctor_names_each_failure_and_the_remedy(call: Call) -> None:
    said = call("doctor", imap_url="imap://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9")
    assert said.code == 2
    assert "ANNEX_AUTH_CODE" in said.out


@pytest.mark.parametrize(
    ("reply", "words"),
    [("send", "直接发出回信"), ("draft", "只写进草稿箱，由工作人员发出"), ("off", "不回信")],
)
def test_doctor_says_whether_mail_will_go_out_and_in_whose_name(call: Call, reply: str, words: str) -> None:
    away = {"imap_url": "imap://127.0.0.1:9", "smtp_url": "smtp://127.0.0.1:9"}
    assert f"回信：{words}（ANNEX_REPLY={reply}），发件人 {USER}" in call("doctor", **away, reply=reply, user=USER).out
    # Without one of its own the mailbox of the rules is the sender.
    assert f"（ANNEX_REPLY={reply}），发件人 nmggxzss@163.com" in call("doctor", **away, reply=reply, user="").out


@pytest.mark.parametrize(
    ("mode", "told"), [(0o600, False), (0o400, False), (0o640, True), (0o644, True), (0o604, True)]
)
def test_doctor_says_where_others_may_read_the_authorization_code(
    call: Call, tmp_path: Path, mode: int, told: bool
) -> None:
    (tmp_path / ".env").write_text(f"ANNEX_AUTH_CODE={CODE}\n", encoding="utf-8")
    (tmp_path / ".env").chmod(mode)
    said = call("doctor", imap_url="imap://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9")
    assert ("chmod 600 .env" in said.out, f"{mode:03o}" in said.out) == (told, told)
    assert CODE not in said.out


@pytest.mark.parametrize("there", [True, False])
def test_doctor_finds_the_optional_programs_where_they_are_looked_for_when_needed(
    call: Call, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(libreoffice, "PLACES", (sys.executable,) if there else ())
    monkeypatch.setattr(packed, "available", lambda: there)
    said = call("doctor", imap_url="imap://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9").out
    assert (sys.executable in said, "LibreOffice（可选）：未安装" in said) == (there, not there)
    assert ("libarchive（可选）：已安装" in said, "libarchive（可选）：未安装" in said) == (there, not there)


def test_doctor_has_nothing_to_say_of_a_file_that_is_not_there(call: Call) -> None:
    said = call("doctor", imap_url="imap://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9")
    assert "设置文件" not in said.out


def test_a_mistyped_line_of_the_settings_keeps_mail_from_going_out(
    call: Call, servers: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ANNEX_REPLLY=draft\n", encoding="utf-8")
    said = call("poll", **servers)
    assert (said.code, ".env 第 1 行" in said.err, "ANNEX_REPLY" in said.err) == (2, True, True)
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_away_gives_exit_code_75_and_a_folder_for_rules_2(call: Call) -> None:
    said = call("status", store_url="postgresql://annex:geheim@127.0.0.1:9/annex")
    assert (said.code, "没有丢失" in said.err, "geheim" in said.err) == (75, True, False)
    said = call("status", store_url="", rules=".")
    assert (said.code, "ANNEX_RULES 有误：. 是文件夹" in said.err) == (2, True)


def test_init_writes_what_is_needed_and_overwrites_nothing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("mine", encoding="utf-8")
    said = call("init")
    assert said.code == 0
    assert "已存在，未改动：rules.yaml" in said.out
    assert (tmp_path / "rules.yaml").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    names = sorted(path.name for path in (tmp_path / "空白表格").iterdir())
    assert names == ["附件3.docx", "附件3.xlsx", "附件4.docx"]
    assert "已写入" not in call("init").out


def test_what_init_writes_is_a_working_set_up(call: Call, servers: dict[str, str], tmp_path: Path) -> None:
    call("init", "报送")
    os.chdir(tmp_path / "报送")
    assert call("poll", **servers).code == 0
    blank = call("check", "空白表格", "--json")
    assert blank.code == 1
    assert "annex3.empty" in blank.out


def test_a_fault_of_ours_is_logged_and_not_shown(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("示例故障")

    monkeypatch.setattr("pipeline.reports.status", fail)
    said = call("status")
    assert said.code == 70
    assert "annex-inbox.log" in said.err
    assert "示例故障" in (tmp_path / "data" / "annex-inbox.log").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text("ANNEX_DATA=elsewhere\n", encoding="utf-8")
    assert str(Path("elsewhere", "annex-inbox.log")) in call("status").err
    assert "示例故障" in (tmp_path / "elsewhere" / "annex-inbox.log").read_text(encoding="utf-8")


def test_settings_that_cannot_be_read_keep_no_fault_of_ours_from_being_logged(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pipeline.settings.load_settings", lambda *_: 1 / 0)
    assert call("status").code == 70
    assert "ZeroDivisionError" in (tmp_path / "annex-inbox.log").read_text(encoding="utf-8")


def test_an_interrupt_ends_with_exit_code_130(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.reports.status", interrupted)
    assert call("status").code == 130


def test_an_interrupt_while_the_program_is_loaded_ends_like_any_other(tmp_path: Path) -> None:
    program = (
        "import sys, signal, os\n"
        "class Slow:\n    def find_spec(self, name, *_):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from pipeline.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, "status"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "已中断" in done.stderr, "Traceback" in done.stderr) == (130, True, False)


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [(">/dev/full", 75, "No space left"), (">/dev/full 2>&1", 75, ""), (">&-", 0, ""), (">&- 2>&-", 0, "")],
)
def test_output_that_nobody_can_take_is_no_fault_of_ours(
    servers: dict[str, str], tmp_path: Path, where: str, code: int, said: str
) -> None:
    given = {f"ANNEX_{name.upper()}": value for name, value in servers.items()}
    path = {"PYTHONPATH": str(Path(command.__file__).parent.parent)}
    for asked in ("poll", "rules"):
        line = f'"{sys.executable}" -m pipeline {asked} {where}'
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=os.environ | given | path, capture_output=True)
        assert (done.returncode, said in done.stderr.decode()) == (code, True)
        assert b"Traceback" not in done.stderr
    assert not (tmp_path / "data/annex-inbox.log").exists()
    assert (tmp_path / "data/ledger/项目台账.xlsx").exists()


@pytest.mark.parametrize("asked", ["ledger", "dashboard", "replay --all", "export 初评材料 --all"])
def test_a_folder_that_belongs_to_somebody_else_is_named_with_the_remedy(
    call: Call, servers: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    def closed(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"data/archive/{UNIVERSITY}")

    call("poll", **servers)
    shutil.rmtree(tmp_path / "data/archive")
    monkeypatch.setattr("pipeline.archive.Archive._make_folder", closed)
    said = call(*asked.split())
    assert said.code == 75
    assert f"data/archive/{UNIVERSITY}" in said.err
    assert f"sudo chown -R {os.geteuid()} data" in said.err
    assert not (tmp_path / "data/annex-inbox.log").exists()


def test_doctor_names_what_this_user_cannot_read_or_write(
    call: Call, servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call("poll", **servers)
    assert "chown" not in call("doctor").out
    home = f"data/archive/{UNIVERSITY}"
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != home or not mode & os.W_OK)
    said = call("doctor")
    assert (said.code, f"{home} 不能读写" in said.out) == (2, True)
    assert f"sudo chown -R {os.geteuid()} data" in said.out


def test_a_second_poll_leaves_at_once_and_says_so(call: Call, servers: dict[str, str], tmp_path: Path) -> None:
    from pipeline.lock import single_run
    from pipeline.settings import load_settings

    with single_run(load_settings(data=tmp_path / "data")):
        said = call("poll", **servers)
        assert (said.code, "正在运行" in said.out) == (0, True)
        assert call("ledger").code == 75


def test_the_demo_needs_no_set_up_and_says_where_everything_lies(call: Call, tmp_path: Path) -> None:
    said = call("demo", "--out", "演示", "--universities", "8", auth_code="")
    assert said.code == 0
    for name in ("ledger/项目台账.xlsx", "archive", "replies"):
        assert f"演示/{name}" in said.out
        assert (tmp_path / "演示" / name).exists()
    assert call("demo", "--out", "演示", "--universities", "1").code == 0
    (tmp_path / "别的").mkdir()
    (tmp_path / "别的" / "文件").touch()
    assert call("demo", "--out", "别的").code == 2


def test_real_mails_never_come_among_the_samples_of_the_demo(
    call: Call, servers: dict[str, str], tmp_path: Path
) -> None:
    assert call("demo", "--out", "data", "--universities", "1").code == 0
    said = call("poll", **servers)
    assert (said.code, "ANNEX_DATA" in said.err) == (2, True)
    path = {"PYTHONPATH": str(Path(command.__file__).parent.parent)}
    watching = [sys.executable, "-m", "scheduler"]
    watched = subprocess.run(watching, cwd=tmp_path, env=os.environ | path, capture_output=True, timeout=60)
    assert (watched.returncode, "ANNEX_DATA" in watched.stderr.decode()) == (2, True)
    assert call("demo", "--out", "data", "--universities", "1").code == 0


@pytest.mark.parametrize("begun", [".lock", "ledger/项目台账.xlsx"])
def test_watch_does_a_pass_at_once_and_finishes_it_when_told_to_stop(
    servers: dict[str, str], tmp_path: Path, begun: str
) -> None:
    environment = {**os.environ, **{f"ANNEX_{name.upper()}": value for name, value in servers.items()}}
    watching = subprocess.Popen(
        [sys.executable, "-m", "scheduler"],
        cwd=tmp_path,
        env={**environment, "ANNEX_POLL": "0 0 1 1 *", "PYTHONPATH": str(Path(command.__file__).parent.parent)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "data" / begun).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        watching.send_signal(signal.SIGTERM)
        _, said = watching.communicate(timeout=60)
    finally:
        watching.kill()
    assert watching.returncode == 0
    assert "新邮件 1 封" in said
    assert "Traceback" not in said
    assert (tmp_path / "data/ledger/项目台账.xlsx").exists()


@pytest.mark.parametrize("code", ["", "授权码"])
def test_watch_refuses_to_begin_with_a_code_that_no_login_can_use(
    call: Call, servers: dict[str, str], code: str
) -> None:
    said = call("watch", **{**servers, "auth_code": code})
    assert (said.code, "ANNEX_AUTH_CODE" in said.err) == (2, True)


def test_watch_tells_of_a_fault_of_ours_in_a_line_and_keeps_the_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, servers: dict[str, str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scheduler, "one_pass", lambda *_: 1 / 0)
    scheduler.watch_once(load_settings(None, **servers))
    (told,) = [record.getMessage() for record in caplog.records]
    assert "data/annex-inbox.log" in told
    assert "division" not in told
    assert "ZeroDivisionError" in (tmp_path / "data/annex-inbox.log").read_text()


def test_telephone_numbers_are_masked_in_what_is_logged() -> None:
    record = logging.LogRecord(
        "x", logging.WARNING, "x", 1, "给 %s 的回复，工号 %d", ("13800000001", 138000000012345), None
    )
    assert program.mask_phones(record)
    assert record.getMessage() == "给 138****0001 的回复，工号 138000000012345"


def test_a_pass_that_hangs_is_ended_and_lets_the_next_one_in(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from pathlib import Path\n"
        "from pipeline.lock import single_run, time_limit\n"
        "from pipeline.settings import load_settings\n"
        f"settings = load_settings(data=Path({str(tmp_path)!r}), pass_minutes=0.005)\n"
        "with single_run(settings), time_limit(settings):\n"
        "    time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 75
    assert "ANNEX_PASS_MINUTES" in done.stderr
    from pipeline.lock import single_run
    from pipeline.settings import load_settings

    with single_run(load_settings(data=tmp_path)):
        pass
