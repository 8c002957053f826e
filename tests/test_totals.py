"""Several tables of one university: which number of projects each may state, and which tables only repeat another."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import form, papers, table
from parsers.model import Annex3
from pipeline.demo import forms
from pipeline.offline import Checked, check
from pipeline.rules_file import load
from pipeline.settings import resource
from rule_cases import project

MISMATCH = "annex3.project_count.mismatch"
GRADUATES = replace(project(3), applicant="校研究生会")


def tables(first: str, second: str, *rows: int) -> dict[str, bytes]:
    """Two summary tables that state these numbers: of two projects, and of the graduates' or these."""
    listed = tuple(map(project, rows)) or (GRADUATES,)
    files = papers(table(project_count=first))
    for number in {3, *rows} - {1, 2}:
        files[f"附件4-{number}.docx"] = forms.annex4_document(form(number))
    return {
        **files,
        "附件3（研究生会）.xlsx": forms.annex3_workbook(replace(table(project_count=second), projects=listed)),
    }


def result(folder: Path, files: dict[str, bytes]) -> Checked:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return check([folder], load(resource("rules.yaml")))


def wrong(checked: Checked) -> set[str]:
    return {finding.path for finding in checked.findings() if finding.rule == MISMATCH}


@pytest.mark.parametrize(
    ("first", "second", "complaints"),
    [
        ("2", "1", 0),
        ("3", "3", 0),
        ("３", "1", 0),
        ("2", "3", 0),
        ("4", "1", 1),
        ("2", "2", 1),
        ("4", "4", 2),
        ("1", "3", 1),
    ],
)
def test_each_table_may_state_its_own_number_or_that_of_all(
    tmp_path: Path, first: str, second: str, complaints: int
) -> None:
    checked = result(tmp_path, tables(first, second))
    assert len(wrong(checked)) == complaints
    assert [len(one.entries) for one in checked.submissions] == [3]


def test_another_version_of_a_list_adds_nothing_to_its_number(tmp_path: Path) -> None:
    assert len(wrong(result(tmp_path, tables("4", "2", 1, 3)))) == 1
    assert (
        len(
            wrong(
                result(
                    tmp_path,
                    {**tables("4", "2", 1, 3), "附件3 副本.xlsx": forms.annex3_workbook(table(project_count="4"))},
                )
            )
        )
        == 2
    )


def test_a_table_alone_must_state_its_own_number(tmp_path: Path) -> None:
    assert len(wrong(result(tmp_path, papers(table(project_count="3"))))) == 1


def test_a_list_of_other_projects_adds_nothing_to_the_number(tmp_path: Path) -> None:
    past = Annex3(projects=(replace(project(7), project_name="往年项目"),))
    assert wrong(result(tmp_path, {**papers(table(project_count="3")), "往年.xlsx": forms.annex3_workbook(past)})) == {
        "附件3.xlsx"
    }


def test_other_complaints_of_a_table_stand(tmp_path: Path) -> None:
    checked = result(
        tmp_path, {**tables("3", "3"), "附件3.xlsx": forms.annex3_workbook(table(project_count="3", contact_name=""))}
    )
    assert "annex3.contact.required" in {finding.rule for finding in checked.findings()}
    assert not wrong(checked)


@pytest.mark.parametrize("listed", [(1, 2), (2,)])
def test_a_list_that_only_repeats_projects_of_the_table_beside_it_brings_no_complaint(
    tmp_path: Path, listed: tuple[int, ...]
) -> None:
    letter = Annex3(projects=tuple(replace(project(number), summary="") for number in listed))
    checked = result(tmp_path, {**papers(table()), "报送函.docx": forms.annex3_document(letter)})
    assert [finding.rule for finding in checked.findings()] == []
    assert [len(one.entries) for one in checked.submissions] == [2]


def test_a_list_without_a_head_that_names_a_further_project_counts(tmp_path: Path) -> None:
    more = Annex3(projects=(project(1), project(3)))
    files = {
        **papers(table()),
        "附件4-3.docx": forms.annex4_document(form(3)),
        "补充.docx": forms.annex3_document(more),
    }
    checked = result(tmp_path, files)
    assert "annex3.university.required" in {finding.rule for finding in checked.findings()}


def test_a_list_alone_is_what_it_is(tmp_path: Path) -> None:
    letter = Annex3(projects=(project(1), project(2)))
    files = {**papers(table()), "附件3.xlsx": forms.annex3_workbook(letter)}
    rules = {finding.rule for finding in result(tmp_path, files).findings()}
    assert {"annex3.university.required", "annex3.project_count.not_number"} <= rules
