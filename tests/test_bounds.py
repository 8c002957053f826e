"""What is far beyond any form is refused by name, and what stands within the bounds is judged quickly."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

import parsers
from documents import cell, docx, table
from effort import takes_less
from parsers.bounds import LONGEST, LONGEST_CONTENT, MOST_ENTRIES, MOST_FORMS, MOST_PROJECTS, check_bounds
from parsers.formats import Unreadable
from parsers.model import Annex3, ProblemKind, Project, Transcript
from pipeline.check import check_document
from pipeline.period import read_period
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import resource
from pipeline.values import phones
from zoo.cages import LABELS3, LABELS4
from zoo.texts import TEXTS, annex3_of, annex4_of


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(resource("rules.yaml"))


def application(**values: str) -> bytes:
    """An Annex 4 with these values by printed label."""
    return docx(table(*[cell(label) + cell(values.get(label, "x")) for label in LABELS4]))


def summary(projects: int) -> bytes:
    values = ("内蒙古大学", "1", "{}", "项目{}", "简介", "其他类", "校学生会", "无", "张三", "13800000001")
    lines = ["".join(cell(value.format(number)) for value in values) for number in range(1, projects + 1)]
    return docx(table("".join(map(cell, LABELS3)), *lines))


def refused(content: bytes) -> str:
    (transcript,) = parsers.read(content)
    assert transcript.form is None
    assert [problem.kind for problem in transcript.problems] == [ProblemKind.UNSAFE]
    return transcript.problems[0].detail


def test_a_form_with_some_pages_of_content_is_read() -> None:
    (transcript,) = parsers.read(application(项目内容="长" * LONGEST_CONTENT, 项目成员="张三、" * 1000))
    assert transcript.form == "annex4"


@pytest.mark.parametrize(("label", "longest"), [("项目内容", LONGEST_CONTENT), ("项目成员", LONGEST)])
def test_a_form_with_a_book_in_a_field_is_refused(label: str, longest: int) -> None:
    assert refused(application(**{label: "长" * (longest + 1)})) == "表格中填写的内容过长，超出安全限制"


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({"summary": "长" * LONGEST}, True),
        ({"summary": "长" * (LONGEST + 1)}, False),
        ({"links": tuple(map(str, range(MOST_ENTRIES)))}, True),
        ({"links": tuple(map(str, range(MOST_ENTRIES + 1)))}, False),
        ({"links": ("x" * LONGEST,)}, True),
        ({"links": ("x" * LONGEST, "y")}, False),
    ],
)
def test_a_project_says_as_much_as_any_form_may_and_no_more(values: dict[str, Any], fits: bool) -> None:
    record = Annex3(projects=(Project(project_name="阳光书屋"), Project(**values)))
    with nullcontext() if fits else pytest.raises(Unreadable):
        check_bounds([Transcript("annex3", "xlsx", record)])


def test_as_many_projects_as_nobody_has_are_read_and_more_are_refused() -> None:
    assert parsers.read(summary(MOST_PROJECTS))[0].form == "annex3"
    assert refused(summary(MOST_PROJECTS + 1)) == "项目超过 500 个，超出安全限制"


def test_a_document_with_hundreds_of_forms_is_refused() -> None:
    rows = [cell(label) + cell("x") for label in LABELS4]
    assert refused(docx(table(*rows) * (MOST_FORMS + 1))) == "文件中的表格超过 300 份，超出安全限制"


@pytest.mark.parametrize("name", TEXTS)
def test_the_rules_judge_a_form_full_of_a_hard_text_quickly(rules: Rules, name: str) -> None:
    def read(length: int) -> list[Transcript]:
        texts = [build(TEXTS[name][:length]) for build in (annex3_of, annex4_of)]
        return [one for text in texts for one in parsers.read(text) if not one.problems]

    def judge(transcripts: list[Transcript]) -> None:
        read_period.cache_clear()
        phones.cache_clear()
        for one in transcripts:
            check_document(one, "附件.docx", datetime(2024, 11, 20, tzinfo=UTC), rules)

    full, eighth = read(LONGEST // 2), read(LONGEST // 16)
    assert full
    assert len(full) == len(eighth)
    # A time that grew with the square of the length would be sixty-four times as long.
    takes_less(lambda: judge(full), 24, lambda: judge(eighth))


def test_a_count_of_thousands_of_digits_is_another_number(rules: Rules) -> None:
    values = ("内蒙古大学", "1" * 5000, "1", "阳光书屋", "简介", "其他类", "校学生会", "无", "张三", "13800000001")
    (transcript,) = parsers.read(docx(table("".join(map(cell, LABELS3)), "".join(map(cell, values)))))
    findings = check_document(transcript, "附件3.docx", datetime(2024, 11, 20, tzinfo=UTC), rules)
    assert "annex3.project_count.mismatch" in {finding.rule for finding in findings}
