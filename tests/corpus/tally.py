"""Puts what `check` says beside the truth: fields compared, wrong, complaints on correct forms, defects missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.offline import as_json, check
from pipeline.rules import Rules


@dataclass
class Tally:
    """The figures of a run; `remarks` names each failure with where it happened."""

    compared: int = 0
    wrong: int = 0
    false_errors: int = 0
    missed: int = 0
    seeded: int = 0
    documents: int = 0
    remarks: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def compare(self, where: str, expected: dict[str, Any] | None, found: dict[str, Any] | None) -> None:
        """Count every field of a form; one not found at all is wrong in every field."""
        for name, value in (expected or {}).items():
            if name == "projects":
                rows = (found or {}).get("projects", [])
                for index, row in enumerate(value):
                    self.compare(f"{where} [{index}]", row, rows[index] if index < len(rows) else None)
                if len(rows) != len(value):
                    self._count(f"{where} projects", len(value), len(rows))
                continue
            got = (found or {}).get(name, "<no form>")
            self._count(
                f"{where} {name}",
                list(value) if isinstance(value, tuple) else value,
                list(got) if isinstance(got, tuple) else got,
            )

    def _count(self, where: str, expected: Any, found: Any) -> None:
        self.compared += 1
        if expected != found:
            self.wrong += 1
            self.kinds[where.rsplit(" ", 1)[-1]] += 1
            self.remarks.append(f"{where}: {expected!r} read as {found!r}")

    def rules(self, where: str, answer: dict[str, Any], seeded: set[str], allowed: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Compare the rules fired (notices aside) with the seeded ones; `allowed` may fire as well."""
        findings = [one for part in (*answer["documents"], *answer["submissions"]) for one in part["findings"]]
        fired = {one["rule"] for one in findings}
        self.seeded += len(seeded)
        for rule in sorted(seeded - fired):
            self.missed += 1
            self.remarks.append(f"{where}: {rule} did not fire")
        for one in findings:
            if one["severity"] != "notice" and one["rule"] not in seeded | allowed:
                self.false_errors += 1
                self.remarks.append(f"{where}: {one['rule']} [{one['severity']}] {one['place']} {one['message'][:60]}")

    def __str__(self) -> str:
        return (
            f"{self.documents} documents, {self.compared} fields compared, {self.wrong} wrong, {self.false_errors} false findings, "
            f"{self.missed} of {self.seeded} seeded defects missed {dict(self.kinds)}\n" + "\n".join(self.remarks[:60])
        )


def answer(files: dict[str, bytes], folder: Path, rules: Rules) -> dict[str, Any]:
    """What `annex-inbox check --json` prints for these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return as_json(check([folder], rules))
