"""What goes along with a correction: marked copies, converted ones of old formats, and blank forms."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import form, papers, table
from parsers import read
from parsers.formats.libreoffice import program
from pipeline.demo import forms
from pipeline.enclosures import enclosures
from pipeline.offline import check
from pipeline.rules_file import load
from pipeline.settings import resource


def test_nothing_goes_along_where_nothing_has_to_be_corrected(tmp_path: Path) -> None:
    for name, content in papers(table()).items():
        (tmp_path / name).write_bytes(content)
    (submission,) = check([tmp_path], load(resource("rules.yaml"))).submissions
    assert enclosures(submission, lambda version: (tmp_path / version.path).read_bytes()) == ()


def test_the_blank_form_that_is_missing_goes_along(tmp_path: Path) -> None:
    (tmp_path / "附件4.docx").write_bytes(forms.annex4_document(form(1)))
    (submission,) = check([tmp_path], load(resource("rules.yaml"))).submissions
    (blank,) = enclosures(submission, lambda version: (tmp_path / version.path).read_bytes())
    assert (blank.name, blank.content) == ("空白附件3.xlsx", forms.blank("附件3.xlsx"))


@pytest.mark.parametrize("kind", ["doc", "xls"])
def test_a_faulty_file_in_an_old_format_is_answered_with_the_converted_copy_marked(kind: str, tmp_path: Path) -> None:
    if program() is None and not os.environ.get("CI"):
        pytest.skip("LibreOffice is not installed")
    source = tmp_path / ("form.docx" if kind == "doc" else "table.xlsx")
    long = table(projects=1)
    long = replace(long, projects=(replace(long.projects[0], summary="字" * 51),))
    blank = replace(form(1), members="")
    source.write_bytes(forms.annex4_document(blank) if kind == "doc" else forms.annex3_workbook(long))
    office = program()
    assert office is not None
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    arguments = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(tmp_path), str(source)]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)
    old = source.with_suffix(f".{kind}")
    (submission,) = check([old], load(resource("rules.yaml"))).submissions
    found = enclosures(submission, lambda _: old.read_bytes())
    assert found[0].name == old.stem + ("（标注）.docx" if kind == "doc" else "（标注）.xlsx")
    assert read(found[0].content, found[0].name)[0].form == ("annex4" if kind == "doc" else "annex3")
