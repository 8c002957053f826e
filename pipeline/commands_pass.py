"""The commands that set up, try out and work: demo, init, poll, watch, check, doctor.

Each imports only what it needs, so that `--help` and cron's empty passes stay cheap; the work itself stands elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.program import Json, app, echo, instant, now, print_json


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
        echo(line)


@app.command()
def poll() -> None:
    """收取并处理一遍邮箱，适合放进 cron。已有一个在运行时立即退出。例：annex-inbox poll"""
    from pipeline.lock import AlreadyRunning, keep_apart, single_run, time_limit
    from pipeline.office import open_office
    from pipeline.run import one_pass
    from pipeline.screen import passed, progress_bar
    from pipeline.settings import load_settings

    settings = load_settings()
    keep_apart(settings)
    try:
        with single_run(settings), open_office(settings) as office:
            with progress_bar() as progress, time_limit(settings):
                result = one_pass(office, now, progress)
            passed(result, str(office.ledger_path))
    except AlreadyRunning:
        echo("另一个 annex-inbox 正在运行，本次不再重复，已退出。")
        return
    for trouble in result.troubles:
        echo(str(trouble), err=True)
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
    at = instant(received) if received else None
    with screen.progress_bar() as progress, Reader() as reader:
        result = offline.check(paths, rules, at, progress, reader.read_many)
    if as_json:
        print_json(offline.as_json(result))
    else:
        screen.checked(result)
    raise typer.Exit(1 if result.count(Severity.ERROR) else 0)


@app.command()
def doctor() -> None:
    """检查设置、登录、文件夹、发信、磁盘和可选组件，每处故障都说明怎么办。例：annex-inbox doctor"""
    from pipeline.doctor import examine
    from pipeline.screen import diagnoses
    from pipeline.settings import load_settings

    raise typer.Exit(diagnoses(examine(load_settings(), now())))
