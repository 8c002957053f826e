"""What the commands share: the program they are entered into, its options, its clock, and the office they work in.

What a command does stands in commands_*.py; how the program is called and left, in __main__.py.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipeline.errors import ConfigurationError

app = typer.Typer(
    help="读取报送邮箱，按通知核对附件3、附件4，答复各高校，并维护项目台账。\n\n先试一试：annex-inbox demo",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"], "terminal_width": 100},
)

Json = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def print_json(value: Any) -> None:
    """Write a value to standard output as JSON, indented for people."""
    import msgspec

    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:
        import json

        # Half a surrogate pair, which only a damaged document holds, can be told as an escape alone.
        text = json.dumps(value, indent=2)
    sys.stdout.write(text + "\n")


def echo(text: str, err: bool = False) -> None:
    """Print a text that may hold somebody else's words, so that nothing in them commands the terminal."""
    from pipeline.wording import on_terminal

    typer.echo(on_terminal(text), err=err)


def mask_phones(record: logging.LogRecord) -> bool:
    """Hide the middle of telephone numbers in what is logged, and what commands a terminal; always lets the record through."""
    from pipeline.wording import on_terminal

    told = on_terminal(record.getMessage())
    record.msg = re.sub(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)", r"\1****\2", told)
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
        if handler.formatter:
            # Shanghai's time, which knows no summer time, on whatever machine.
            handler.formatter.converter = lambda seconds: time.gmtime((seconds or 0) + 8 * 3600)
    # Libraries log what goes over the line, passwords included, and complain of what is no business of ours.
    for name in ("imapclient", "mailparser", "asyncio", "mail.log", "pymap", "dotenv"):
        logging.getLogger(name).setLevel(logging.ERROR)


def instant(text: str, option: str = "--received") -> datetime:
    """The moment that an option names, Shanghai's where no zone is given. Raises ConfigurationError naming the option."""
    from pipeline.model import SHANGHAI

    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
        # What can be told in UTC and in Shanghai can be told wherever it is needed.
        return at.astimezone(UTC).astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{option} 的时间“{text}”不对，应写成 2024-11-20 或 2024-11-20T09:00 的样子。"
        ) from None


def in_office(work: Callable[[Any], Any]) -> Any:
    """Do something that only reads."""
    from pipeline.office import open_office
    from pipeline.settings import load_settings

    with open_office(load_settings()) as office:
        return work(office)


def alone(work: Callable[[Any], Any]) -> Any:
    """Do something that writes, while no pass is running."""
    from pipeline.errors import ServerAway
    from pipeline.lock import AlreadyRunning, single_run
    from pipeline.settings import load_settings

    try:
        with single_run(load_settings()):
            return in_office(work)
    except AlreadyRunning:
        raise ServerAway("另一个 annex-inbox 正在运行，请等它结束后再试。") from None
