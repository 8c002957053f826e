"""What other rules would say is told of what is kept in the store; rules that are the same change nothing of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, form, letter, papers, settings, table
from pipeline.demo import forms
from pipeline.demo.cases import CASES
from pipeline.demo.samples import sample_mails
from pipeline.flow import process
from pipeline.model import State
from pipeline.office import Office, open_office
from pipeline.whatif import compare, summary


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(settings(tmp_path, "imap://127.0.0.1:1", "smtp://127.0.0.1:1")) as opened:
        yield opened


def receive(office: Office, raw: bytes, at: datetime) -> None:
    """Store what a mail comes to, as a pass does."""
    known = partial(office.store.universities.known_to, before=at)
    office.store.record(process(raw, hashlib.sha256(raw).hexdigest(), at, office.rules, known))


def test_the_same_rules_change_nothing_for_any_university_of_the_demo(office: Office) -> None:
    for sample in sample_mails(office.rules.terms.roster.universities, len(CASES)):
        receive(office, sample.raw, sample.received_at)
    assert summary(compare(office, office.rules)) == [
        "按新规则，0 所高校将新被要求补正，0 所不再需要补正，共 0 所有变化。未作任何改动。"
    ]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("内蒙古大学", "老师好，材料请查收附件。"),
        ("内蒙古大学申报材料更正", "老师好。"),
        ("内蒙古大学项目报送", "谢谢老师。"),
    ],
)
def test_the_same_rules_still_ask_for_what_a_mail_announced_and_did_not_bring(
    office: Office, subject: str, text: str
) -> None:
    receive(office, letter(papers(table())), MORNING)
    receive(office, letter({}, subject=subject, text=text), MORNING + timedelta(hours=1))
    asked = office.submission(UNIVERSITY).state
    assert asked is (State.ACCEPTED if text == "谢谢老师。" else State.TO_CORRECT)
    assert compare(office, office.rules) == []


def test_the_same_rules_find_nothing_in_what_did_not_count_beside_the_rest_of_its_mail(office: Office) -> None:
    blank = forms.annex4_document(
        replace(
            form(1),
            project_name="",
            applicant="",
            leader="",
            phone="",
            members="",
            period="",
            content="",
            categories=(),
        )
    )
    receive(office, letter(papers(table()) | {"附件4空白.docx": blank}), MORNING)
    assert office.submission(UNIVERSITY).state is State.ACCEPTED
    assert compare(office, office.rules) == []
