"""The commands by which staff decide over mails: replay, set-aside, accept, reject, waive, remind, purge.

Each takes the lock while it writes and imports only what it needs; what a decision comes to stands elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.errors import ConfigurationError
from pipeline.program import alone, app, echo, in_office, instant, now

aside_app = typer.Typer(
    help="查看、重试未能处理的邮件（原件都完好保存）。例：annex-inbox set-aside retry", rich_markup_mode=None
)
app.add_typer(aside_app, name="set-aside", invoke_without_command=True)


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
            echo(line)
        return code

    raise typer.Exit(in_office(work) if dry_run else alone(work))


@aside_app.callback()
def set_aside(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_set_aside()


@aside_app.command("list")
def list_set_aside() -> None:
    """列出未能处理的邮件和原因。例：annex-inbox set-aside list"""
    from pipeline.again import describe

    for line in in_office(describe):
        echo(line)


@aside_app.command("retry")
def retry(mails: Annotated[list[str] | None, typer.Argument(help="邮件编号，不写就是全部。")] = None) -> None:
    """再处理一次。例：annex-inbox set-aside retry"""
    from pipeline.again import retry as again

    def work(office: Any) -> int:
        lines, code = again(office, mails, now)
        for line in lines:
            echo(line)
        return code

    raise typer.Exit(alone(work))


@aside_app.command("show")
def show_set_aside(mail: Annotated[str, typer.Argument(help="邮件编号。")]) -> None:
    """一封未能处理的邮件：原因、过程、原件在哪里。例：annex-inbox set-aside show 3f2a"""
    from pipeline.again import detail

    for line in in_office(lambda office: detail(office, mail)):
        echo(line)


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

    echo(alone(lambda office: decide(office, mail, accepted, now)))


@app.command()
def waive(
    university: Annotated[str, typer.Argument(help="高校名称。")],
    rule: Annotated[str, typer.Argument(help="规则名，见“问题清单”一表。")],
    reason: Annotated[str, typer.Option("--reason", help="理由。")],
    project: Annotated[str, typer.Option("--project", help="只对这个项目；不写就是现有的各处。")] = "",
    by: Annotated[str, typer.Option("--by", help="谁决定的；不写就是当前用户。")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="撤销这条豁免。")] = False,
) -> None:
    """豁免现有的问题，回信不再要求补正，台账里留下理由和姓名；以后改填的内容和别的项目不在其内。例：annex-inbox waive 内蒙古大学 annex3.summary.too_long --reason 已核实"""
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

    echo(alone(work))


@app.command()
def remind(dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会提醒谁，不写信。")] = False) -> None:
    """截止前提醒未报送和待补正的高校，每个邮箱一天至多一封，下次 poll 时发出。例：annex-inbox remind --dry-run"""
    from pipeline.reminder import due
    from pipeline.reminder import remind as write

    def work(office: Any) -> None:
        if now() >= office.rules.terms.deadline:
            echo("已过截止时间，不再提醒。")
            return
        reminders = due(office, now()) if dry_run else write(office, now())
        for one in reminders:
            for part in one.parts:
                what = f"还要补正 {len(part.problems)} 处" if part.problems else "未报送"
                echo(f"{part.university}  {what}  {one.to or '（没有可用的邮箱，请电话联系）'}")
        letters = sum(bool(one.to) for one in reminders)
        unknown = f"没有可用邮箱的高校 {len(reminders) - letters} 所，请电话联系。" if letters < len(reminders) else ""
        echo(f"共 {letters} 封，{'没有写信' if dry_run else '将在下次 poll 时发出'}。{unknown}")

    in_office(work) if dry_run else alone(work)


@app.command()
def purge(
    before: Annotated[str, typer.Option("--before", help="早于哪一天，如 2025-06-01（北京时间）。")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会删除多少，什么也不删。")] = False,
) -> None:
    """删除早于某天收到的邮件，连同存档、登记和回复；不可恢复。例：annex-inbox purge --before 2025-06-01 --dry-run"""
    from pipeline.again import purge as remove

    day = instant(before, "--before")
    echo(alone(lambda office: remove(office, day, dry_run, now)))
