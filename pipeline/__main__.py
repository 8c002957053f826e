"""The command `annex-inbox` (contract §1): reads the arguments, calls one function, turns what it says into an exit code.

Each command imports only what it needs, so that `--help` and cron's empty passes stay cheap.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import CommandInfo

from pipeline.errors import AnnexError, ConfigurationError

log = logging.getLogger("annex-inbox")

app = typer.Typer(
    help="读取报送邮箱，按通知核对附件3、附件4，答复各高校，并维护项目台账。\n\n先试一试：annex-inbox demo",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"], "terminal_width": 100},
)
aside_app = typer.Typer(
    help="查看、重试未能处理的邮件（原件都完好保存）。例：annex-inbox set-aside retry", rich_markup_mode=None
)
app.add_typer(aside_app, name="set-aside", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


def now() -> datetime:
    """The present instant; the only clock of the program."""
    return datetime.now(UTC)


def _print_json(value: Any) -> None:
    import msgspec

    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:
        import json

        # Half a surrogate pair, which only a damaged document holds, can be told as an escape alone.
        text = json.dumps(value, indent=2)
    sys.stdout.write(text + "\n")


def mask_phones(record: logging.LogRecord) -> bool:
    """Hide the middle of telephone numbers in what is logged; always lets the record through."""
    record.msg = re.sub(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)", r"\1****\2", record.getMessage())
    record.args = ()
    return True


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="出错时显示完整的调用过程。")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="显示运行细节。")] = False,
) -> None:
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(mask_phones)
    # Libraries log what goes over the line, passwords included.
    for name in ("imapclient", "mailparser", "asyncio", "mail.log", "pymap"):
        logging.getLogger(name).setLevel(logging.ERROR)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹。")] = Path("demo-out"),
    universities: Annotated[int, typer.Option("--universities", min=1, help="多少所高校来信。")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="换一个数，就换一批样例。")] = 1,
) -> None:
    """在本机起一个收信、一个发信服务器，投入样例邮件，完整跑一遍。不需要任何设置。例：annex-inbox demo --out 演示"""
    from pipeline.demo.play import play

    play(out, universities, seed)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="放在哪个文件夹。")] = Path(".")) -> None:
    """生成 rules.yaml、.env 和空白表格，已有的文件一概不动。例：annex-inbox init 报送"""
    from pipeline.setup import prepare

    for line in prepare(folder):
        typer.echo(line)


@app.command()
def poll() -> None:
    """收取并处理一遍邮箱，适合放进 cron。已有一个在运行时立即退出。例：annex-inbox poll"""
    from pipeline.lock import AlreadyRunning, single_run, time_limit
    from pipeline.office import open_office
    from pipeline.run import one_pass
    from pipeline.screen import passed, progress_bar
    from pipeline.settings import load_settings

    settings = load_settings()
    try:
        with single_run(settings), open_office(settings) as office:
            with progress_bar() as progress, time_limit(settings):
                result = one_pass(office, now, progress)
            passed(result, str(office.ledger_path))
    except AlreadyRunning:
        typer.echo("另一个 annex-inbox 正在运行，本次不再重复，已退出。")
        return
    for trouble in result.troubles:
        typer.echo(str(trouble), err=True)
    raise typer.Exit(result.exit_code)


@app.command()
def watch() -> None:
    """按 ANNEX_POLL 的时间表一直运行，Ctrl+C 结束。例：annex-inbox watch"""
    from scheduler import run

    raise typer.Exit(run())


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="文件、文件夹、压缩包或 .eml 邮件。", exists=True)],
    as_json: Json = False,
    received: Annotated[str, typer.Option("--received", help="收到时间，如 2024-11-20T09:00。")] = "",
) -> None:
    """离线核对：把这些文件当作一封来信的附件，不登记也不发信。例：annex-inbox check 材料.zip"""
    from pipeline import offline, screen
    from pipeline.model import Severity
    from pipeline.reader import Reader
    from pipeline.rules_file import load
    from pipeline.settings import load_settings

    rules = load(load_settings().rules_path)
    at = _instant(received) if received else None
    with screen.progress_bar() as progress, Reader() as reader:
        result = offline.check(paths, rules, at, lambda done, of: progress("核对", done, of), reader.read_many)
    if as_json:
        _print_json(offline.as_json(result))
    else:
        screen.checked(result)
    raise typer.Exit(1 if result.count(Severity.ERROR) else 0)


def _instant(text: str, option: str = "--received") -> datetime:
    from pipeline.model import SHANGHAI

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option} 的时间“{text}”不对，应写成 2024-11-20 或 2024-11-20T09:00 的样子。"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


@app.command()
def status(as_json: Json = False) -> None:
    """谁已报送、谁要补正什么、谁还没有报送、离截止还有多久。例：annex-inbox status"""
    from pipeline import reports, screen

    report = _in_office(lambda office: reports.status(office, now()))
    _print_json(report) if as_json else screen.status(report)


@app.command()
def show(university: Annotated[str, typer.Argument(help="高校名称，简称也可以。")], as_json: Json = False) -> None:
    """一所高校的全部来信、历次材料、问题和回复。例：annex-inbox show 内蒙古大学"""
    from pipeline import reports, screen

    report = _in_office(lambda office: reports.history(office, reports.named(office, university)))
    _print_json(report) if as_json else screen.history(report)


@app.command()
def ledger() -> None:
    """根据已登记的内容重新生成台账，秘书处备注照旧。例：annex-inbox ledger"""
    from pipeline.bookkeeping import keep_ledger

    def work(office: Any) -> None:
        kept = keep_ledger(office, now(), force=True)
        for note in kept.notes:
            typer.echo(note)
        typer.echo(f"台账{'已重新生成' if kept.written else '没有变化'}：{office.ledger_path}")

    _alone(work)


@app.command()
def replay(
    mails: Annotated[list[str] | None, typer.Argument(help="邮件编号（可只写开头几位），见 annex-inbox show。")] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部邮件。")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会有什么变化，什么也不写。")] = False,
) -> None:
    """按现在的规则重新处理已存的邮件，已发出的回复不会再发。例：annex-inbox replay --all --dry-run"""
    from pipeline.again import replay as again

    if bool(mails) == everything:
        raise ConfigurationError(
            "请写出要重新处理的邮件编号，或用 --all 处理全部。例：annex-inbox replay --all --dry-run"
        )
    from pipeline.screen import progress_bar

    def work(office: Any) -> int:
        with progress_bar() as progress:
            lines, code = again(office, mails, dry_run, now, progress)
        for line in lines:
            typer.echo(line)
        return code

    raise typer.Exit(_in_office(work) if dry_run else _alone(work))


@aside_app.callback()
def set_aside(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_set_aside()


@aside_app.command("list")
def list_set_aside() -> None:
    """列出未能处理的邮件和原因。例：annex-inbox set-aside list"""
    from pipeline.again import describe

    for line in _in_office(describe):
        typer.echo(line)


@aside_app.command("retry")
def retry(mails: Annotated[list[str] | None, typer.Argument(help="邮件编号，不写就是全部。")] = None) -> None:
    """再处理一次。例：annex-inbox set-aside retry"""
    from pipeline.again import retry as again

    def work(office: Any) -> int:
        lines, code = again(office, mails, now)
        for line in lines:
            typer.echo(line)
        return code

    raise typer.Exit(_alone(work))


@aside_app.command("show")
def show_set_aside(mail: Annotated[str, typer.Argument(help="邮件编号。")]) -> None:
    """一封未能处理的邮件：原因、过程、原件在哪里。例：annex-inbox set-aside show 3f2a"""
    from pipeline.again import detail

    for line in _in_office(lambda office: detail(office, mail)):
        typer.echo(line)


@app.command()
def accept(mail: Annotated[str, typer.Argument(help="邮件编号，见 annex-inbox show。")]) -> None:
    """采用陌生邮箱发来、要替换已报送材料的那封邮件。例：annex-inbox accept 3f2a"""
    _decide(mail, True)


@app.command()
def reject(mail: Annotated[str, typer.Argument(help="邮件编号，见 annex-inbox show。")]) -> None:
    """不采用那封邮件（原件和各版本仍保留）。例：annex-inbox reject 3f2a"""
    _decide(mail, False)


def _decide(mail: str, accepted: bool) -> None:
    from pipeline.again import decide

    typer.echo(_alone(lambda office: decide(office, mail, accepted, now)))


@app.command()
def waive(
    university: Annotated[str, typer.Argument(help="高校名称。")],
    rule: Annotated[str, typer.Argument(help="规则名，见“问题清单”一表。")],
    reason: Annotated[str, typer.Option("--reason", help="理由。")],
    project: Annotated[str, typer.Option("--project", help="只对这个项目；不写就是全部。")] = "",
    by: Annotated[str, typer.Option("--by", help="谁决定的；不写就是当前用户。")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="撤销这条豁免。")] = False,
) -> None:
    """豁免一处问题，回信不再要求补正，台账里留下理由和姓名。例：annex-inbox waive 内蒙古大学 annex3.summary.too_long --reason 已核实"""
    import getpass

    from pipeline.again import unwaive
    from pipeline.again import waive as settle
    from pipeline.model import Waiver
    from pipeline.reports import named

    def work(office: Any) -> str:
        name = named(office, university)
        if undo:
            return unwaive(office, name, rule, project, now)
        return settle(office, Waiver(name, rule, project, reason, by or getpass.getuser()), now)

    typer.echo(_alone(work))


@app.command()
def remind(dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会提醒谁，不写信。")] = False) -> None:
    """截止前提醒未报送和待补正的高校，每个邮箱一天至多一封，下次 poll 时发出。例：annex-inbox remind --dry-run"""
    from pipeline.reminder import due
    from pipeline.reminder import remind as write

    def work(office: Any) -> None:
        if now() >= office.rules.terms.deadline:
            typer.echo("已过截止时间，不再提醒。")
            return
        reminders = list(due(office)) if dry_run else write(office, now())
        for one in reminders:
            what = f"还要补正 {len(one.problems)} 处" if one.problems else "未报送"
            typer.echo(f"{one.university}  {what}  {one.to or '（不知道邮箱，请电话联系）'}")
        typer.echo(f"共 {len(reminders)} 封。" + ("没有写信。" if dry_run else "将在下次 poll 时发出。"))

    _in_office(work) if dry_run else _alone(work)


@app.command()
def why(mail: Annotated[str, typer.Argument(help="邮件编号，可只写开头几位。")], as_json: Json = False) -> None:
    """一封邮件的来龙去脉：何时收到、有哪些部分、怎么认定、怎么答复、现在在哪里。例：annex-inbox why 3f2a"""
    from pipeline.why import story
    from pipeline.why_text import lines

    told = _in_office(lambda office: story(office, mail))
    if as_json:
        _print_json(told)
    else:
        typer.echo("\n".join(lines(told)))


@app.command()
def dashboard() -> None:
    """重新生成台账旁的看板网页（看板.html），用浏览器打开即可。例：annex-inbox dashboard"""
    from pipeline.dashboard import render, write
    from pipeline.renewal import view_of

    def work(office: Any) -> None:
        write(office.dashboard_path, render(view_of(office)))
        typer.echo(f"看板：{office.dashboard_path}")

    _alone(work)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="放到哪个文件夹（应是空的）。")],
    everything: Annotated[bool, typer.Option("--all", help="连同还没有通过的高校。")] = False,
) -> None:
    """导出初评材料：每个项目一个文件夹，另有一份全区汇总表。例：annex-inbox export 初评材料"""
    from pipeline.export import export as write
    from pipeline.screen import progress_bar

    def work(office: Any) -> None:
        with progress_bar() as progress:
            for line in write(office, folder, everything, progress):
                typer.echo(line)

    _alone(work)


@app.command()
def rules(
    instructions: Annotated[bool, typer.Option("--instructions", help="改为输出给高校看的填写说明。")] = False,
    html: Annotated[bool, typer.Option("--html", help="填写说明用网页格式。")] = False,
) -> None:
    """现行规则一览，或据此生成的填写说明。例：annex-inbox rules --instructions --html > 填写说明.html"""
    from dataclasses import astuple

    from pipeline import guide, screen
    from pipeline.rules_file import load
    from pipeline.settings import load_settings

    found = load(load_settings().rules_path)
    if instructions or html:
        typer.echo(guide.instructions(found, "html" if html else "markdown"))
    else:
        screen.rules(guide.HEADINGS, map(astuple, guide.table(found)))


@app.command("try-rules")
def try_rules(
    rules: Annotated[Path, typer.Argument(help="新的 rules.yaml。", exists=True, dir_okay=False)],
) -> None:
    """换成新规则会有什么变化，什么也不写。例：annex-inbox try-rules 新规则.yaml"""
    from pipeline.rules_file import load
    from pipeline.whatif import compare, summary

    new = load(rules)
    for line in _in_office(lambda office: summary(compare(office, new))):
        typer.echo(line)


@app.command()
def purge(
    before: Annotated[str, typer.Option("--before", help="早于哪一天，如 2025-06-01（北京时间）。")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会删除多少，什么也不删。")] = False,
) -> None:
    """删除早于某天收到的邮件，连同存档、登记和回复；不可恢复。例：annex-inbox purge --before 2025-06-01 --dry-run"""
    from pipeline.again import purge as remove

    day = _instant(before, "--before")
    typer.echo(_alone(lambda office: remove(office, day, dry_run, now)))


@app.command()
def doctor() -> None:
    """检查设置、登录、文件夹、发信、磁盘和可选组件，每处故障都说明怎么办。例：annex-inbox doctor"""
    from pipeline.doctor import examine
    from pipeline.screen import diagnoses
    from pipeline.settings import load_settings

    raise typer.Exit(diagnoses(examine(load_settings(), now())))


def _in_office(work: Callable[[Any], Any]) -> Any:
    """Do something that only reads."""
    from pipeline.office import open_office
    from pipeline.settings import load_settings

    with open_office(load_settings()) as office:
        return work(office)


def _alone(work: Callable[[Any], Any]) -> Any:
    """Do something that writes, while no pass is running."""
    from pipeline.errors import ServerAway
    from pipeline.lock import AlreadyRunning, single_run
    from pipeline.settings import load_settings

    try:
        with single_run(load_settings()):
            return _in_office(work)
    except AlreadyRunning:
        raise ServerAway("另一个 annex-inbox 正在运行，请等它结束后再试。") from None


def _wrong_usage(error: Any) -> str:
    """What is wrong with the command line, in Chinese; the kinds are those of the argument parser."""
    kind, option = type(error).__name__, getattr(error, "option_name", "")
    unknown = re.match(r"No such command '([^']*)'(?:.*'([^']*)')?", str(getattr(error, "message", "")))
    if unknown:
        return f"没有命令 {unknown[1]}" + (f"（是不是 {unknown[2]}？）" if unknown[2] else "")
    name = getattr(getattr(error, "param", None), "human_readable_name", "") or ""
    messages = {
        "NoSuchOption": f"没有选项 {option}",
        "MissingParameter": f"缺少参数 {name}",
        "BadOptionUsage": f"选项 {option} 用法不对",
        "BadArgumentUsage": "参数的用法不对",
    }
    if kind == "BadParameter":
        return f"参数 {name} 有误：找不到这个文件，或值不合要求（{error.message}）"
    return messages.get(kind, f"命令写法有误（{getattr(error, 'message', error)}）")


def _keep_trace() -> str:
    """Write what went wrong inside into a log beside the data; returns where it is."""
    import traceback

    folder = Path(os.environ.get("ANNEX_DATA") or "data")
    path = (folder if folder.is_dir() else Path()) / "annex-inbox.log"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(f"{now().isoformat()}\n{traceback.format_exc()}\n")
    except OSError as error:
        return f"（日志 {path} 无法写入：{error.strerror}）"
    return str(path)


def _asked(arguments: list[str]) -> typer.Typer:
    """The program as far as it is asked for: Typer makes all it is given ready, and one command is quicker made ready than all."""
    found = [one for one in app.registered_commands if _name(one) in arguments[1:2]]
    if not found:
        return app
    asked = copy(app)
    asked.registered_commands, asked.registered_groups = found, []
    return asked


def _name(command: CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", ""))


def _without_help(commands: typer.Typer) -> dict[str, Any]:
    """Defaults that say outright that no help is asked for; from "nothing" Typer would load pydantic to learn the same."""
    groups = {
        str(one.name): _without_help(one.typer_instance) for one in commands.registered_groups if one.typer_instance
    }
    return {"help": False} | {_name(one): {"help": False} for one in commands.registered_commands} | groups


def main() -> None:
    """Run the command and leave with an exit code of contract §1."""
    # What is loaded stays; the rounds of the garbage collector through it would be a part of every short run.
    gc.set_threshold(20_000)
    # Typer names only some of the parser's errors; this is what they all are.
    usage_error: Any = typer.BadParameter.__mro__[1]
    try:
        asked = _asked(sys.argv)
        code = asked(standalone_mode=False, default_map=_without_help(asked))
    except usage_error as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "annex-inbox"
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(str(error))
        else:
            typer.echo(f"{_wrong_usage(error)}。用法见 {path} --help", err=True)
        code = 2
    except AnnexError as error:
        typer.echo(str(error), err=True)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("已中断，没有丢失任何邮件，下次运行会接着做。", err=True)
        code = 130
    except BrokenPipeError:
        # Whoever read our output has gone, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception:
        if "--debug" in sys.argv:
            raise
        where = _keep_trace()
        typer.echo(f"程序内部出错，没有丢失任何邮件。详情见 {where}；加 --debug 可直接显示。", err=True)
        code = 70
    # What is left goes with the process, and the collector need not look through it once more.
    gc.freeze()
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
