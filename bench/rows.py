"""What a measurement comes to: rows with their figures and targets, as a table for people or as JSON.

It measures nothing; a row without a target is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

WIDTH = 150


class Check(Struct, frozen=True):
    """A figure and the bound the performance targets set for it; `at_least` turns the bound round."""

    name: str
    value: float
    bound: float
    unit: str = "×"
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign, mark = "≥" if self.at_least else "≤", "[green]✓[/]" if self.met else "[red]✗[/]"
        return f"{mark} {self.name} {figure(self.value)}{self.unit} ({sign} {figure(self.bound)}{self.unit})"


class Row(Struct, frozen=True):
    """One line of the report; times in milliseconds, memory in MB (1024²), None where it was not measured.

    `parts` are stages within `wall`; `beside` are other ways to do the same, measured in the same rounds.
    """

    section: str
    name: str
    wall: float | None = None
    cpu: float | None = None
    peak: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    beside: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    note: str = ""


def figure(value: float | None) -> str:
    """A number with about three significant digits, as long as that is readable."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows as plain values, each check with whether it was met."""
    return [{**asdict(row), "checks": [{**asdict(check), "met": check.met} for check in row.checks]} for row in rows]


def show(section: str, title: str, rows: Sequence[Row]) -> None:
    """Print one section's table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{section}: {title}", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for head in ("ms", "CPU ms", "peak MB"):
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("of which, ms", "beside, ms", "target"):
        table.add_column(head, overflow="fold")
    for row in rows:
        targets = "\n".join([*map(str, row.checks), *([f"[dim]{row.note}[/]"] if row.note else [])])
        figures = (figure(row.wall), figure(row.cpu), figure(row.peak))
        table.add_row(row.name, *figures, _listed(row.parts), _listed(row.beside), targets)
    console = Console(highlight=False)
    # Redirected into a file there is no terminal to fit into.
    (console if console.is_terminal else Console(highlight=False, width=WIDTH)).print(table)


def verdict(rows: Iterable[Row]) -> str:
    """How many targets were met, in a line."""
    checks = [check for row in rows for check in row.checks]
    return f"{sum(check.met for check in checks)} of {len(checks)} targets met"


def _listed(figures: Mapping[str, float]) -> str:
    return "\n".join(f"{name} {figure(value)}" for name, value in figures.items())
