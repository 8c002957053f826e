"""One call of `annex-inbox` (contract §1): makes ready what is asked for, runs it, and turns what comes of it into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from copy import copy
from typing import Any

import typer
from typer.models import CommandInfo

# Importing a room of commands enters them into the program, in the order in which --help tells them.
from pipeline import commands_pass, commands_read, commands_staff  # noqa: F401
from pipeline.errors import AnnexError
from pipeline.program import app, echo, now


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


def run(arguments: list[str]) -> int:
    """Run the command and return an exit code of contract §1. Raises KeyboardInterrupt."""
    try:
        return _outcome(arguments)
    finally:
        _let_go()


def _let_go() -> None:
    """Drop what can no longer be written to standard output and standard error: it would be tried once more at the very end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _outcome(arguments: list[str]) -> int:
    # What is loaded stays; the rounds of the garbage collector through it would be a part of every short run.
    gc.set_threshold(20_000)
    # Typer names only some of the parser's errors; this is what they all are.
    usage_error: Any = typer.BadParameter.__mro__[1]
    try:
        asked = _asked(arguments)
        code = asked(standalone_mode=False, default_map=_without_help(asked))
        # What was said has to arrive.
        sys.stdout.flush()
    except usage_error as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "annex-inbox"
        if type(error).__name__ == "NoArgsIsHelpError":
            echo(str(error))
        else:
            from pipeline.usage import wrong_usage

            _complain(f"{wrong_usage(error)}。用法见 {path} --help")
        code = 2
    except AnnexError as error:
        _complain(str(error))
        code = error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        # Whoever read our output has gone, as `| head` does.
        code = 0
    except Exception as fault:
        if "--debug" in arguments:
            raise
        from pipeline.fault_log import account

        said, code = account(fault, now())
        _complain(said)
    return code or 0


def _complain(text: str) -> None:
    # Where the log of cron is on a full disk, there is nowhere to say it.
    with suppress(OSError):
        echo(text, err=True)
