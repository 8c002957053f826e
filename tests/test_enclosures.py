"""What goes along with a correction: marked copies, converted ones of old formats, and blank forms."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, USER, form, letter, papers, table
from parsers import read
from parsers.formats.libreoffice import program
from parsers.model import Annex4
from pipeline.assemble import assemble
from pipeline.demo import forms
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.enclosures import enclosed, enclosures
from pipeline.flow import process
from pipeline.marking import marked_copy
from pipeline.message import decode
from pipeline.model import Finding, Severity, Submission, Version
from pipeline.offline import check
from pipeline.reader import Reader, ReadingLimits
from pipeline.rules_file import load
from pipeline.settings import resource
from pipeline.unpack import unpack


def arrived(*mails: bytes) -> tuple[Submission, Callable[[Version], bytes]]:
    """What these mails, an hour apart, come to, and where the bytes of their files are found."""
    rules = load(resource("rules.yaml"))
    outcomes = []
    for number, raw in enumerate(mails):
        id, at = hashlib.sha256(raw).hexdigest(), MORNING + number * timedelta(hours=1)
        outcomes.append(process(raw, id, at, rules, lambda _: {UNIVERSITY: frozenset()}))
    versions = [version for outcome in outcomes for version in outcome.versions]
    found = [one for raw in mails for one in unpack(decode(raw).attachments)]
    files = {hashlib.sha256(one.content).hexdigest(): one.content for one in found}
    submission = assemble(UNIVERSITY, versions, [outcome.mail for outcome in outcomes], rules)
    return submission, lambda version: files[version.file]


def marked_forms(submission: Submission, content: Callable[[Version], bytes]) -> dict[str, str]:
    """The Annex 4 that go along, by the project in them, each with the words of its marks."""
    found = {}
    for one in enclosures(submission, content, marked_copy):
        record = read(one.content, one.name)[0].record
        if isinstance(record, Annex4):
            with zipfile.ZipFile(io.BytesIO(one.content)) as parts:
                (part,) = (name for name in parts.namelist() if re.search(r"comments\w*\.xml$", name))
                marks = parts.read(part).decode()
            found[record.project_name] = re.sub(r"<[^>]+>", "", marks)
    return found


def test_nothing_goes_along_where_nothing_has_to_be_corrected(tmp_path: Path) -> None:
    for name, content in papers(table()).items():
        (tmp_path / name).write_bytes(content)
    (submission,) = check([tmp_path], load(resource("rules.yaml"))).submissions
    assert enclosures(submission, lambda version: (tmp_path / version.path).read_bytes(), marked_copy) == ()


def test_the_blank_form_that_is_missing_goes_along(tmp_path: Path) -> None:
    (tmp_path / "附件4.docx").write_bytes(forms.annex4_document(form(1)))
    (submission,) = check([tmp_path], load(resource("rules.yaml"))).submissions
    (blank,) = enclosures(submission, lambda version: (tmp_path / version.path).read_bytes(), marked_copy)
    assert (blank.name, blank.content) == ("空白附件3.xlsx", forms.blank("附件3.xlsx"))


def test_no_two_enclosures_of_a_letter_bear_one_name_and_each_tells_whose_it_is() -> None:
    wrong = [forms.annex4_document(replace(form(number), phone="123")) for number in (1, 2)]
    first = letter({"附件3.xlsx": forms.annex3_workbook(table()), "附件4.docx": wrong[0]})
    second = letter({"附件4.docx": wrong[1]}, MORNING + timedelta(hours=1))
    one, content = arrived(first, second)
    assert [file.name for file in enclosed([one], content, marked_copy)] == [
        "附件4（标注）.docx",
        "附件4（2）（标注）.docx",
    ]
    other = replace(one, university="内蒙古/农业大学")
    assert [file.name for file in enclosed([one, other], content, marked_copy)] == [
        "内蒙古大学-附件4（标注）.docx",
        "内蒙古大学-附件4（2）（标注）.docx",
        "内蒙古农业大学-附件4（标注）.docx",
        "内蒙古农业大学-附件4（2）（标注）.docx",
    ]
    assert [file.content for file in enclosed([one, other], content, marked_copy)[:2]] == [
        file.content for file in enclosed([one], content, marked_copy)
    ]


def test_a_blank_form_that_two_universities_lack_goes_along_once() -> None:
    one, content = arrived(letter({"附件3.xlsx": forms.annex3_workbook(table())}))
    other = replace(one, university="内蒙古农业大学")
    blank = [file.name for file in enclosed([one, other], content, marked_copy) if not file.marked]
    assert blank == ["空白附件4.docx"]


def test_all_enclosures_of_a_letter_together_weigh_no_more_than_it_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = forms.annex4_document(replace(form(1), phone="123"))
    one, content = arrived(letter({"附件3.xlsx": forms.annex3_workbook(table(projects=1)), "附件4.docx": wrong}))
    other = replace(one, university="内蒙古农业大学")
    monkeypatch.setattr("pipeline.enclosures.LARGEST", len(wrong) + 1)
    assert [file.name for file in enclosed([one, other], content, marked_copy) if file.marked] == [
        "内蒙古大学-附件4（标注）.docx"
    ]


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
    found = enclosures(submission, lambda _: old.read_bytes(), marked_copy)
    assert found[0].name == old.stem + ("（标注）.docx" if kind == "doc" else "（标注）.xlsx")
    assert read(found[0].content, found[0].name)[0].form == ("annex4" if kind == "doc" else "annex3")


def test_of_two_mails_with_files_of_one_name_only_the_faulty_file_goes_back() -> None:
    faulty = forms.annex4_document(replace(form(1), phone="123"))
    first = letter({"附件3.xlsx": forms.annex3_workbook(table()), "附件4.docx": faulty})
    second = letter({"附件4.docx": forms.annex4_document(form(2))}, MORNING + timedelta(hours=1))
    marks = marked_forms(*arrived(first, second))
    assert list(marks) == ["示例项目甲"]
    assert "123" in marks["示例项目甲"]


def test_of_two_files_of_one_name_in_one_mail_each_bears_its_own_faults() -> None:
    right, wrong = form(1), replace(form(2), phone="123")
    files = [File("附件3.xlsx", forms.annex3_workbook(table()))]
    files += [File("附件4.docx", forms.annex4_document(one)) for one in (right, wrong)]
    mail = compose_mail(Person("张示例", "a@example.edu.cn", Client.FOXMAIL), USER, "报送", "请查收", files, MORNING)
    assert list(marked_forms(*arrived(mail))) == ["示例项目乙"]
    files[1] = File("附件4.docx", forms.annex4_document(replace(right, phone="456")))
    mail = compose_mail(Person("张示例", "a@example.edu.cn", Client.FOXMAIL), USER, "报送", "请查收", files, MORNING)
    marks = marked_forms(*arrived(mail))
    assert ["456" in marks["示例项目甲"], "123" in marks["示例项目甲"]] == [True, False]
    assert ["456" in marks["示例项目乙"], "123" in marks["示例项目乙"]] == [False, True]


def test_what_only_both_forms_together_tell_is_marked_in_the_one_it_is_about() -> None:
    other = replace(form(1), categories=("学业促进类",))
    assert form(1).categories != other.categories
    first = letter({"附件3.xlsx": forms.annex3_workbook(table()), "附件4.docx": forms.annex4_document(other)})
    second = letter({"附件4.docx": forms.annex4_document(form(2))}, MORNING + timedelta(hours=1))
    assert list(marked_forms(*arrived(first, second))) == ["示例项目甲"]


def faulty_table() -> bytes:
    summary = table(projects=1)
    return forms.annex3_workbook(replace(summary, projects=(replace(summary.projects[0], summary="字" * 51),)))


def test_a_copy_marked_in_confinement_is_the_one_marked_here(tmp_path: Path) -> None:
    submission, content = arrived(letter({"附件3.xlsx": faulty_table()}))
    with Reader(scratch=tmp_path) as reader:
        found = enclosures(submission, content, reader.marked_copy)
    assert [one.name for one in found] == ["附件3（标注）.xlsx", "空白附件4.docx"]
    assert found == enclosures(submission, content, marked_copy)


def test_a_copy_that_breaks_a_limit_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    submission, content = arrived(letter({"附件3.xlsx": faulty_table()}))
    with Reader(scratch=tmp_path, limits=ReadingLimits(reply=1000)) as reader:
        found = enclosures(submission, content, reader.marked_copy)
    assert [(one.name, one.marked) for one in found] == [("空白附件4.docx", False)]


@pytest.mark.parametrize("content", [b"fault", b"death"])
def test_marking_that_fails_or_kills_its_process_gives_no_copy_and_hinders_no_reading(
    content: bytes, tmp_path: Path
) -> None:
    finding = Finding("annex3.empty", Severity.ERROR, message="空的")
    with Reader(scratch=tmp_path, target="fatal_marking:read") as reader:
        assert reader.marked_copy(content, "xlsx", [finding], []) is None
        assert reader.read(faulty_table(), "附件3.xlsx")[0].form == "annex3"
