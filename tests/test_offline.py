"""`check` judges raw mails as a pass would, though it records nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

import pytest
from msgspec.structs import replace

import parsers
from desk import MORNING, UNIVERSITY, form, letter, papers, settings, table
from parsers.model import Transcript
from pipeline import offline
from pipeline.demo import forms
from pipeline.demo.cases import CASES
from pipeline.demo.samples import sample_mails
from pipeline.errors import ConfigurationError
from pipeline.flow import process
from pipeline.model import Submission
from pipeline.office import open_office
from pipeline.rules_file import load
from pipeline.settings import resource

RULES = load(resource("rules.yaml"))
# What a submission comes to, without the paths and ids that a check gives its mails.
Said = tuple[str, list[str], list[tuple[str, str, str]]]


@cache
def transcribed(content: bytes, name: str) -> list[Transcript]:
    return parsers.read(content, name)


def read(files: Sequence[tuple[bytes, str]]) -> list[list[Transcript]]:
    """Each file but once for both ways."""
    return [transcribed(content, name) for content, name in files]


def said(submissions: Sequence[Submission]) -> dict[str, Said]:
    """By university; those of which nobody knows whose they are by what they hold."""
    return {
        one.university or str([entry.name for entry in one.entries]): (
            one.state.value,
            [entry.name for entry in one.entries],
            sorted((finding.rule, finding.project, finding.message) for finding in one.all_findings),
        )
        for one in submissions
        if one.entries or one.summaries or one.findings
    }


def by_passes(folder: Path, mails: Sequence[tuple[datetime, bytes]]) -> dict[str, Said]:
    """What the store comes to when these mails are taken one after the other."""
    with open_office(settings(folder, "imap://127.0.0.1:1", "smtp://127.0.0.1:1")) as office:
        for at, raw in mails:
            known = partial(office.store.universities.known_to, before=at)
            office.store.record(process(raw, hashlib.sha256(raw).hexdigest(), at, office.rules, known, read=read))
        return said([office.submission(name) for name in office.store.universities.names()])


def by_check(folder: Path, mails: Sequence[tuple[datetime, bytes]]) -> dict[str, Said]:
    """What a check of a folder with these mails comes to."""
    folder.mkdir()
    for number, (_, raw) in enumerate(mails):
        (folder / f"{number:03d}.eml").write_bytes(raw)
    return said(offline.check([folder], RULES, read=read).submissions)


def test_a_check_of_the_mails_of_the_demo_says_of_each_university_what_passes_say(tmp_path: Path) -> None:
    samples = sample_mails(RULES.terms.roster.universities, len(CASES))
    mails = [(sample.received_at.replace(microsecond=0), sample.raw) for sample in samples]
    assert by_check(tmp_path / "mails", mails) == by_passes(tmp_path / "data", mails)


def test_what_came_before_its_sender_said_who_it_is_goes_to_that_university(tmp_path: Path) -> None:
    nameless = forms.annex4_document(replace(form(1), university=""))
    later = MORNING + timedelta(hours=1)
    mails = [
        (MORNING, received(letter({"附件4-1.docx": nameless}, MORNING), MORNING)),
        (later, received(letter(papers(table(), applications=False), later), later)),
    ]
    found = by_check(tmp_path / "mails", mails)
    assert found == by_passes(tmp_path / "data", mails)
    assert found.keys() == {UNIVERSITY}
    assert [rule for rule, *_ in found[UNIVERSITY][2]].count("annex4.missing") == 1


def test_a_mail_without_a_form_tells_whose_the_next_form_is_as_in_a_pass(tmp_path: Path) -> None:
    nameless = forms.annex4_document(replace(form(1), university=""))
    later = MORNING + timedelta(hours=1)
    first = letter({"说明.txt": "材料说明".encode()}, MORNING, subject=f"{UNIVERSITY}项目报送")
    mails = [
        (MORNING, received(first, MORNING)),
        (later, received(letter({"附件4-1.docx": nameless}, later), later)),
    ]
    assert by_check(tmp_path / "mails", mails) == by_passes(tmp_path / "data", mails)


@pytest.mark.parametrize("late", [False, True])
def test_what_the_operator_names_himself_is_trusted_and_counts_last(tmp_path: Path, late: bool) -> None:
    at = RULES.terms.deadline + timedelta(days=1) if late else MORNING
    (tmp_path / "来信.eml").write_bytes(received(letter(papers(table(), applications=False), at), at))
    mended = table(contact_phone="0471-6999999")
    (tmp_path / "附件3改.xlsx").write_bytes(forms.annex3_workbook(mended))
    (found,) = offline.check([tmp_path / "来信.eml", tmp_path / "附件3改.xlsx"], RULES, read=read).submissions
    assert [one.transcript.record for one in found.summaries] == [mended]
    assert (found.held, found.newcomers) == ((), ())
    assert not any(one.rule.startswith("submission.") for one in found.all_findings)


def received(raw: bytes, at: datetime) -> bytes:
    """A mail with the head that the server puts on top."""
    return f"Received: from a by b; {at:%d %b %Y %H:%M:%S %z}\r\n".encode() + raw


def test_a_file_that_cannot_be_read_is_named_and_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "附件4.docx").write_bytes(b"")

    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(ConfigurationError, match=r"附件4\.docx.*Permission denied"):
        offline.check([tmp_path], RULES)
