"""The commands that tell or draw what is recorded: status, show, why, ledger, dashboard, export, rules, try-rules.

None of them decides anything. Each imports only what it needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.program import Json, alone, app, echo, in_office, now, print_json


@app.command()
def status(as_json: Json = False) -> None:
    """谁已报送、谁要补正什么、谁还没有报送、离截止还有多久。例：annex-inbox status"""
    from pipeline import reports, screen

    report = in_office(lambda office: reports.status(office, now()))
    print_json(report) if as_json else screen.status(report)


@app.command()
def show(university: Annotated[str, typer.Argument(help="高校名称，简称也可以。")], as_json: Json = False) -> None:
    """一所高校的全部来信、历次材料、问题和回复。例：annex-inbox show 内蒙古大学"""
    from pipeline import reports, screen

    def told(office: Any) -> tuple[Any, tuple[str, str]]:
        name = reports.named(office, university)
        return reports.history(office, name), reports.contact(office, name)

    report, contact = in_office(told)
    print_json(report) if as_json else screen.history(report, contact)


@app.command()
def why(mail: Annotated[str, typer.Argument(help="邮件编号，可只写开头几位。")], as_json: Json = False) -> None:
    """一封邮件的来龙去脉：何时收到、有哪些部分、怎么认定、怎么答复、现在在哪里。例：annex-inbox why 3f2a"""
    from pipeline.why import story
    from pipeline.why_text import lines

    told = in_office(lambda office: story(office, mail))
    if as_json:
        print_json(told)
    else:
        echo("\n".join(lines(told)))


@app.command()
def ledger() -> None:
    """根据已登记的内容重新生成台账，秘书处备注照旧。例：annex-inbox ledger"""
    from pipeline.bookkeeping import keep_ledger

    def work(office: Any) -> None:
        kept = keep_ledger(office, now(), force=True)
        for note in kept.notes:
            echo(note)
        echo(f"台账{'已重新生成' if kept.written else '没有变化'}：{office.ledger_path}")

    alone(work)


@app.command()
def dashboard() -> None:
    """重新生成台账旁的看板网页（看板.html），用浏览器打开即可。例：annex-inbox dashboard"""
    from pipeline.dashboard import render, write
    from pipeline.renewal import view_of

    def work(office: Any) -> None:
        write(office.dashboard_path, render(view_of(office)))
        echo(f"看板：{office.dashboard_path}")

    alone(work)


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
                echo(line)

    alone(work)


@app.command()
def rules(
    instructions: Annotated[bool, typer.Option("--instructions", help="改为输出给高校看的填写说明。")] = False,
    html: Annotated[bool, typer.Option("--html", help="填写说明用网页格式。")] = False,
) -> None:
    """现行规则一览，或据此生成的填写说明。例：annex-inbox rules --instructions --html > 填写说明.html"""
    from msgspec.structs import astuple

    from pipeline import guide, screen
    from pipeline.rules_file import load
    from pipeline.settings import load_settings

    found = load(load_settings().rules_path)
    if instructions or html:
        echo(guide.instructions(found, "html" if html else "markdown"))
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
    for line in in_office(lambda office: summary(compare(office, new))):
        echo(line)
