"""Every rule of rules.yaml has a case that breaks it and one that keeps it, with the whole expected answer beside each."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from pipeline.rules import Rules
from pipeline.rules_file import load
from rule_cases import rules_found, run

HERE = Path(__file__).parent / "fixtures"
RULES_FILE = Path(__file__).parent.parent / "rules.yaml"
CASES = sorted(HERE.glob("*.*/*.yaml"))


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(RULES_FILE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_a_case_gives_exactly_the_answer_that_lies_beside_it(
    case: Path, rules: Rules, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = run(case, tmp_path, rules)
    expected = case.with_suffix(".json")
    if request.config.getoption("--update"):
        assert not os.environ.get("CI"), "expected answers are never rewritten under CI"
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
    assert (case.parent.name in rules_found(found)) is (case.stem == "breaks")


def test_every_rule_has_a_case_that_breaks_it_and_one_that_keeps_it(rules: Rules) -> None:
    kept = {(case.parent.name, case.stem) for case in CASES}
    assert kept == {(rule.id, stem) for rule in rules.rules for stem in ("breaks", "keeps")}


def test_what_breaks_one_rule_breaks_no_other_by_accident() -> None:
    # A case shows one thing; where the same slip must break two rules, the case says so.
    for case in CASES:
        text = case.read_text(encoding="utf-8")
        also = re.search(r"^# also: (.*)$", text, re.MULTILINE)
        allowed = {case.parent.name, *(also[1].split() if also else ())}
        found = rules_found(json.loads(case.with_suffix(".json").read_text(encoding="utf-8")))
        assert found <= allowed if case.stem == "breaks" else found <= allowed - {case.parent.name}, case
