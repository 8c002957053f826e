"""A stamped scan that comes with a form without a seal settles the seal; nothing else does."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from desk import MORNING, form, letter, papers, table
from pipeline.demo import forms
from pipeline.demo.stamp import seal as drawn_seal
from pipeline.model import Version
from pipeline.offline import Checked, check
from pipeline.rules_file import load
from pipeline.settings import resource

SEAL = "annex4.seal.missing"


def page(seal: bool, kind: str = "PNG") -> bytes:
    """A white page in which a red seal stands, or a green blot."""
    paper = Image.new("RGB", (1240, 1754), "white")
    if seal:
        stamp = Image.open(io.BytesIO(drawn_seal())).convert("RGBA").resize((300, 300))
        paper.paste(stamp, (780, 1300), stamp)
    else:
        paper.paste((40, 140, 60), (780, 1300, 1080, 1600))
    out = io.BytesIO()
    paper.save(out, kind)
    return out.getvalue()


def unsealed() -> dict[str, bytes]:
    """A clean submission whose two forms bear no seal."""
    files = papers(table())
    for number in (1, 2):
        files[f"附件4-{number}.docx"] = forms.annex4_document(replace(form(number), sealed=False))
    return files


def result(folder: Path, files: dict[str, bytes]) -> Checked:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return check([folder], load(resource("rules.yaml")))


def missing(checked: Checked) -> list[Version]:
    return [one for one in checked.documents if any(finding.rule == SEAL for finding in one.findings)]


@pytest.mark.parametrize(("name", "kind"), [("示例项目甲 盖章扫描件.png", "PNG"), ("示例项目甲.pdf", "PDF")])
def test_a_stamped_scan_named_after_the_project_settles_its_seal(tmp_path: Path, name: str, kind: str) -> None:
    assert len(missing(result(tmp_path, unsealed()))) == 2
    (bare,) = missing(result(tmp_path, {name: page(True, kind)}))
    assert bare.path == "附件4-2.docx"


def test_one_stamped_scan_for_every_form_settles_them_all_whatever_they_are_called(tmp_path: Path) -> None:
    scans = {"扫描1.png": page(True), "扫描2.png": page(True)}
    assert missing(result(tmp_path, unsealed() | scans)) == []


def test_a_picture_without_a_red_seal_settles_nothing(tmp_path: Path) -> None:
    assert len(missing(result(tmp_path, unsealed() | {"示例项目甲.png": page(False)}))) == 2


def test_a_scan_that_comes_in_a_later_mail_counts_too(tmp_path: Path) -> None:
    later = MORNING + timedelta(hours=1)
    (tmp_path / "一.eml").write_bytes(letter(unsealed()))
    scans = {"示例项目甲.png": page(True), "示例项目乙.png": page(True)}
    (tmp_path / "二.eml").write_bytes(letter(scans, later, text="现报送盖章扫描件。"))
    checked = check([tmp_path], load(resource("rules.yaml")))
    (submission,) = checked.submissions
    assert SEAL not in {finding.rule for finding in submission.all_findings}
