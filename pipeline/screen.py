"""How the commands look on a terminal: tables, findings, progress bars. Chinese throughout; it decides nothing.

Rich is loaded only when something is drawn.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import typer

from parsers.printed import TITLES
from pipeline.model import Finding, Severity, State
from pipeline.reply_states import REMEDIES, UNDER_WAY, WORDS, ReplyState
from pipeline.wording import deadline_text, on_terminal, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from pipeline.doctor import Diagnosis
    from pipeline.offline import Checked
    from pipeline.passes import Pass

COLOURS = {State.ACCEPTED: "green", State.TO_CORRECT: "yellow", State.FOR_STAFF: "magenta", State.MISSING: "dim"}
TONES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "blue"}
# Words, or words in a colour.
Words = str | tuple[str, str]
# So many of the things to correct are told of a university.
MOST_ERRORS = 5
FORMS: dict[Any, str] = {**TITLES, None: "—"}


def console(stderr: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, drawn only on a terminal and only once there is something to show."""
    with ExitStack() as drawn:
        bars: list[Progress] = []
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if not sys.stderr.isatty():
                return
            if not bars:
                bars.append(drawn.enter_context(_bar()))
            if what not in tasks:
                tasks[what] = bars[0].add_task(what, total=of)
            bars[0].update(tasks[what], completed=done, total=of)

        yield show


def _bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console(stderr=True), transient=True)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(on_terminal(text))


def checked(result: Checked) -> None:
    """The result of `check` for a person."""
    out = console()
    for document in result.documents:
        out.print(f"[bold]{_plain(document.path)}[/]  {FORMS[document.transcript.form]}")
        for finding in document.findings:
            _finding(out, finding)
        for note in dict.fromkeys(document.transcript.notes):
            out.print(f"    [dim]{_plain(note)}[/]")
    for submission in result.submissions:
        state = submission.state
        name = submission.university or "（没有写明高校）"
        out.print(f"\n[bold]{_plain(name)}[/]  [{COLOURS[state]}]{state.value}[/]  项目 {len(submission.entries)} 个")
        for finding in submission.findings:
            _finding(out, finding)
    for path, disposition in result.others:
        out.print(f"[bold]{_plain(path)}[/]  {disposition.value}")
    errors, warnings = result.count(Severity.ERROR), result.count(Severity.WARNING)
    out.print(f"\n共 {len(result.documents)} 份文件，须补正 {errors} 处，提醒 {warnings} 处。")


def _finding(out: Console, finding: Finding) -> None:
    where = " ".join(part for part in (f"《{finding.project}》" if finding.project else "", finding.place) if part)
    clause = f"（依据：{finding.clause}）" if finding.clause else ""
    tone = TONES[finding.severity]
    out.print(
        f"  [{tone}]{finding.severity.label}[/] {_plain(where)} {_plain(finding.message)}{_plain(clause)} [dim]{finding.rule}[/]"
    )


def passed(result: Pass, ledger: str) -> None:
    """What a pass came to, in a few lines."""
    parts: list[Words] = [f"新邮件 {result.listed} 封", f"其中报送 {result.submissions} 封"]
    if result.known_already:
        parts.append(f"已登记过 {result.known_already} 封")
    if result.set_aside:
        parts.append((f"搁置 {result.set_aside} 封", "red"))
    if result.missed:
        parts.append(f"未取到 {result.missed} 封（下次再取）")
    _say(*_enumerated(parts))
    sent = result.dispatched
    if result.replies or sent.sent or sent.drafted or sent.waiting or sent.held:
        parts = [f"撰写回复 {result.replies} 封", f"发出 {sent.sent} 封"]
        parts += [f"存草稿 {sent.drafted} 封"] if sent.drafted else []
        parts += [f"待发 {sent.waiting} 封"] if sent.waiting else []
        parts += [(f"需人工处理 {sent.held} 封", "red")] if sent.held else []
        _say(*_enumerated(parts))
    _say(f"台账{'已更新' if result.ledger_written else '没有变化'}：{ledger}")
    for note in result.notes:
        _say(("注意", "yellow"), f" {note}")
    if result.set_aside:
        _say(("注意", "yellow"), " 有邮件未能处理，原件完好；请运行 annex-inbox set-aside list 查看。")


def _enumerated(parts: Sequence[Words]) -> list[Words]:
    """The parts of a sentence, with the commas between them and the full stop."""
    return [*[one for part in parts for one in (part, "，")][:-1], "。"]


def _say(*words: Words) -> None:
    """A line of a few words, coloured on a terminal; elsewhere, as from cron, nothing is loaded to write it."""
    told = [on_terminal(word) if isinstance(word, str) else (on_terminal(word[0]), word[1]) for word in words]
    if not sys.stdout.isatty():
        print("".join(word if isinstance(word, str) else word[0] for word in told))
        return
    from rich.text import Text

    console().print(Text.assemble(*told))


def status(report: dict[str, Any]) -> None:
    """Where every university stands, a line each, and below it what has to be corrected.

    Written without Rich, which takes longer to draw the table of a whole country than it takes to find all of it out.
    """
    names = [one_line(line["university"]) or "（高校待确认）" for line in report["universities"]]
    widths = [*map(_width, names)]
    room = max(widths, default=0)
    states = "，".join(f"{name} {count}" for name, count in report["states"].items())
    deadline = deadline_text(datetime.fromisoformat(report["deadline"]))
    told = [f"截止 {deadline}（{report['time_left']}）。{states}。", ""]
    for name, width, line in zip(names, widths, report["universities"], strict=True):
        told += _standing(f"{name}{' ' * (room - width)}", line)
    mails, last = report["mails"], report["last_pass"]
    told += [
        "",
        f"邮件：已登记 {mails['recorded']} 封，搁置 {mails['set_aside']} 封，待回复 {mails['unanswered']} 封。",
    ]
    replies = report.get("replies", {})
    under_way = sum(replies.get(state, 0) for state in UNDER_WAY)
    if under_way:
        told.append(f"已写好、还没有发出的回复 {under_way} 封，下一轮接着发送。")
    stuck = [f"{WORDS[state]} {replies[state]} 封" for state in REMEDIES if state in replies]
    if stuck:
        told.append(f"回复需人工处理：{'，'.join(stuck)}。详见台账“邮件日志”。")
    if report.get("out_of_reach"):
        told.append(f"无法回复、需人工联系的来信 {report['out_of_reach']} 封。详见台账“邮件日志”。")
    if last:
        parts = f"登记 {last['recorded']} + 搁置 {last['set_aside']} + 已登记过 {last['known_already']} + 未取到 {last['missed']}"
        told.append(f"上次收取：新列出 {last['listed']} 封 = {parts}。")
    success = report["last_success"][:19].replace("T", " ")
    told.append(f"上次成功运行：{f'{success}（北京时间）' if success else '还没有'}")
    typer.echo("\n".join(told))


def _standing(name: str, line: dict[str, Any]) -> list[str]:
    """A university's line and what it has to correct, the first few things of it."""
    state, errors = line["state"], line["errors"]
    missing = state == State.MISSING.value
    numbers = "" if missing else f"  项目 {line['projects']:>3}  申报表 {line['applications']:>3}"
    told = [f"{name}  {_coloured(state)}{numbers}"]
    for error in errors[:MOST_ERRORS]:
        told.append("    " + one_line(f"{error['project'] or error['path']} {error['message']}"))
    if len(errors) > MOST_ERRORS:
        told.append(f"    …另有 {len(errors) - MOST_ERRORS} 处，见 annex-inbox show")
    return told


@cache
def _coloured(state: str) -> str:
    colour = COLOURS[State(state)]
    return typer.style(state, dim=True) if colour == "dim" else typer.style(state, fg=colour)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(map(_columns, text))


@cache
def _columns(letter: str) -> int:
    """How many columns of a terminal a letter takes (UAX #11: wide and full-width ones take two)."""
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def rules(headings: Sequence[str], rows: Iterable[Any]) -> None:
    """The table of all rules."""
    from rich.table import Table

    table = Table(show_lines=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(str(value)) for value in row))
    console().print(table)


def history(report: dict[str, Any], contact: tuple[str, str]) -> None:
    """The story of one university; `contact` is its contact's name and phone."""
    from rich.table import Table

    out = console()
    out.print(f"[bold]{_plain(report['university'])}[/]  {report['state']}")
    if any(contact):
        out.print(_plain(one_line(f"联系人：{contact[0]}，联系电话：{contact[1]}")))
    for title, key, columns in (
        ("来信", "mails", ("received", "sender", "subject", "result", "reply", "id")),
        ("材料", "versions", ("received", "path", "form", "standing", "archived")),
        ("现有问题", "findings", ("severity", "rule", "path", "project", "place", "message", "clause")),
        ("回复", "replies", ("made", "recipient", "subject", "state", "said")),
    ):
        table = Table(title=f"{title}（{len(report[key])}）", title_justify="left", show_header=True)
        heads = {
            "received": "收到时间", "sender": "发件人", "subject": "主题", "result": "结果", "reply": "回复", "id": "编号",
            "path": "文件", "form": "表格", "standing": "现状", "archived": "存档", "rule": "规则", "project": "项目",
            "place": "位置", "message": "说明", "clause": "依据", "made": "时间", "recipient": "收件人", "state": "状态",
            "said": "服务器答复", "severity": "级别",
        }  # fmt: skip
        for column in columns:
            table.add_column(heads[column], overflow="fold")
        words: dict[str, dict[Any, str]] = {
            "form": FORMS,
            "state": {state: state.told for state in ReplyState},
            "severity": {severity.value: severity.label for severity in Severity},
        }
        for row in report[key]:
            values = [words.get(column, {}).get(row[column], str(row[column] or "")) for column in columns]
            table.add_row(
                *(
                    _plain(value[:12] if column == "id" else value)
                    for column, value in zip(columns, values, strict=True)
                )
            )
        out.print(table)


def diagnoses(results: Iterator[Diagnosis]) -> int:
    """Print each diagnosis as it comes; returns the exit code."""
    out, code = console(), 0
    for one in results:
        if one.fault:
            code = one.exit_code if code == 0 else min(code, one.exit_code)
            out.print(f"[red]✗[/] {one.name}：{_plain(one.fault)}")
        else:
            out.print(f"[green]✓[/] {one.name}：{_plain(one.found)}")
        if one.hint:
            out.print(f"  [yellow]提示[/] {_plain(one.hint)}")
    out.print(
        "[green]一切正常，可以运行 annex-inbox poll。[/]"
        if code == 0
        else "[red]请按上面的说明处理后重新运行 annex-inbox doctor。[/]"
    )
    return code
