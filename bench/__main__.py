"""`python -m bench [--quick] [--only SECTION] [--json] [--universities N]`: measures, prints tables, judges by the targets.

A missed target is shown and does not change the exit code, for people decide what is fast enough; a section that fails does.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter
from types import ModuleType

from bench import child, documents, ledgers, mailbox, mails, rows, scale

SECTIONS: tuple[ModuleType, ...] = (documents, mails, ledgers, mailbox, scale)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections asked for, all of them by default."""
    options = _options().parse_args(arguments)
    start, found, code = perf_counter(), [], 0
    for section in SECTIONS:
        if options.only and section.SECTION not in options.only:
            continue
        more: list[rows.Row] = []
        try:
            for row in _rows(section, options):
                more.append(row)
        except child.Failed as failure:
            # What was measured before is worth having all the same.
            print(f"{section.SECTION}: {failure}", file=sys.stderr)
            code = 1
        found += more
        if not options.json:
            rows.show(section.SECTION, section.TITLE, more)
    if options.json:
        print(json.dumps({"machine": machine(), "rows": rows.as_json(found)}, ensure_ascii=False, indent=2))
    else:
        print(f"{machine()}; {rows.verdict(found)}; {perf_counter() - start:.0f} s")
    return code


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What each stage costs, beside floor and library."
    )
    names = [section.SECTION for section in SECTIONS]
    parser.add_argument(
        "--quick", action="store_true", help="small numbers, under half a minute; most targets not judged"
    )
    parser.add_argument("--only", action="append", choices=names, metavar="SECTION", help=f"one of {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--universities", type=int, default=0, metavar="N", help="largest size of the section scale")
    return parser


def _rows(section: ModuleType, options: argparse.Namespace) -> Iterator[rows.Row]:
    """A section's rows, announced on a terminal as they come, for the slow ones leave time to wonder."""
    given = {"largest": options.universities} if section is scale else {}
    for row in section.rows(options.quick, **given):
        if sys.stderr.isatty():
            print(f"{section.SECTION}: {row.name}", file=sys.stderr)
        yield row


def machine() -> str:
    """What the figures were measured on, in a few words."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    # The demo mails hold what libraries log about; nobody reads that here.
    logging.disable(logging.ERROR)
    sys.exit(main())
