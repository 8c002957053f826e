"""A stamped scan that comes with a form without a seal settles the seal; nothing else does. One that is all that came of a
form is told of where the form is asked for."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from desk import MORNING, form, letter, papers, table
from documents import docx, paragraph, run
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


def scanned(*seals: bool) -> bytes:
    """A PDF of scanned pages, each with a red seal or without."""
    first, *others = [Image.open(io.BytesIO(page(seal, "PNG"))) for seal in seals]
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=others)
    return out.getvalue()


def test_a_scan_of_several_stamped_pages_counts_for_as_many_forms(tmp_path: Path) -> None:
    pages = {"盖章扫描件.pdf": scanned(True, False, True)}
    assert missing(result(tmp_path, unsealed() | pages)) == []


def test_a_scan_with_fewer_stamped_pages_than_forms_settles_only_what_it_names(tmp_path: Path) -> None:
    assert len(missing(result(tmp_path, unsealed() | {"盖章扫描件.pdf": scanned(True, False)}))) == 2


def asked_for(checked: Checked) -> dict[str, str]:
    """The sentence that asks for each missing form, by its project."""
    (submission,) = checked.submissions
    return {one.project: one.message for one in submission.all_findings if one.rule == "annex4.missing"}


@pytest.fixture
def without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parsers.formats.scan.has_ocr", lambda: False)


@pytest.mark.usefixtures("without_ocr")
def test_a_form_that_came_only_as_a_scan_is_asked_for_with_the_scan_named(tmp_path: Path) -> None:
    files = papers(table())
    del files["附件4-1.docx"], files["附件4-2.docx"]
    checked = result(tmp_path, files | {"附件4-示例项目甲.pdf": scanned(False), "活动照片.png": page(False)})
    (scan,) = [one for one in checked.documents if one.path.endswith(".pdf")]
    assert "扫描件或图片" in scan.findings[0].message
    asked = asked_for(checked)
    assert "“附件4-示例项目甲.pdf”是扫描件或图片" in asked["示例项目甲"]
    assert ".docx" in asked["示例项目甲"]
    assert "扫描件" not in asked["示例项目乙"]


@pytest.mark.usefixtures("without_ocr")
@pytest.mark.parametrize(
    ("name", "content"), [("附件4盖章扫描件.pdf", scanned(True, True)), ("项目申报表.jpg", page(False, "JPEG"))]
)
def test_a_scan_that_calls_itself_a_form_is_named_for_every_form_that_is_missing(
    tmp_path: Path, name: str, content: bytes
) -> None:
    files = papers(table())
    del files["附件4-1.docx"], files["附件4-2.docx"]
    asked = asked_for(result(tmp_path, files | {name: content}))
    assert all(f"“{name}”是扫描件或图片" in sentence for sentence in asked.values())
    assert len(asked) == 2


def test_a_form_of_which_nothing_came_is_asked_for_without_speaking_of_scans(tmp_path: Path) -> None:
    files = papers(table())
    del files["附件4-1.docx"]
    (sentence,) = asked_for(result(tmp_path, files)).values()
    assert "扫描" not in sentence


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("附件4：示例项目甲申报表.docx", ["示例项目乙"]),
        ("示例项目甲.docx", ["示例项目乙"]),
        ("示例项目甲新闻.docx", ["示例项目甲", "示例项目乙"]),
        ("附件4.docx", ["示例项目甲", "示例项目乙"]),
    ],
)
def test_a_form_whose_own_file_is_asked_for_again_is_not_asked_for_as_missing(
    tmp_path: Path, name: str, asked: list[str]
) -> None:
    files = papers(table())
    damaged = files.pop("附件4-1.docx")[:2000]
    del files["附件4-2.docx"]
    checked = result(tmp_path, files | {name: damaged})
    assert [finding.rule for one in checked.documents for finding in one.findings] == ["file.unreadable"]
    assert list(asked_for(checked)) == asked


def test_a_damaged_file_stands_for_one_missing_form_only(tmp_path: Path) -> None:
    summary = table()
    named = zip(summary.projects, ("暖冬", "暖冬行动"), strict=True)
    summary = replace(summary, projects=tuple(replace(one, project_name=name) for one, name in named))
    checked = result(tmp_path, papers(summary, applications=False) | {"附件4 暖冬行动申报表.docx": b"PK\x03\x04broken"})
    assert list(asked_for(checked)) == ["暖冬"]


def test_a_form_is_asked_for_again_where_a_readable_file_took_the_place_of_the_damaged_one(tmp_path: Path) -> None:
    files, name = papers(table(projects=1)), "附件4：示例项目甲申报表.docx"
    damaged = files.pop("附件4-1.docx")[:2000]
    (tmp_path / "一.eml").write_bytes(letter(files | {name: damaged}))
    later = MORNING + timedelta(hours=1)
    (tmp_path / "二.eml").write_bytes(letter({name: docx(paragraph(run("活动小结")))}, later, text="现报送申报表。"))
    assert list(asked_for(check([tmp_path], load(resource("rules.yaml"))))) == ["示例项目甲"]
