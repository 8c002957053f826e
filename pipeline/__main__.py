"""The command `annex-inbox` (contract §1): makes ready what is asked for, runs it, and turns what comes of it into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from copy import copy
from typing import Any

import typer
from typer.models import CommandInfo

# Importing a room of commands enters them into the program, in the order in which --help tells them.
from pipeline import commands_pass, commands_read, commands_staff  # noqa: F401
from pipeline.errors import AnnexError
from pipeline.program import app, now


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
            from pipeline.usage import wrong_usage

            typer.echo(f"{wrong_usage(error)}。用法见 {path} --help", err=True)
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
        from pipeline.fault_log import keep_trace

        typer.echo(f"{keep_trace(now())}；加 --debug 可直接显示。", err=True)
        code = 70
    # What is left goes with the process, and the collector need not look through it once more.
    gc.freeze()
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
