"""An account as plain JSON values, as the store keeps it, and back. Nothing is interpreted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from parsers.model import Project
from pipeline.account import Account, ProjectLine, Remark
from pipeline.codec import Json, finding_in, finding_out
from pipeline.model import State

STATES = {state.value: state for state in State}


def account_out(account: Account) -> Json:
    """The account as JSON values."""
    return {
        "university": account.university,
        "state": account.state.value,
        "lines": [_line_out(line) for line in account.lines],
        "remarks": [[finding_out(remark.finding), remark.mail] for remark in account.remarks],
        "contact": account.contact,
        "times": [_time_out(moment) for moment in account.times],
        "address": account.address,
    }


def account_in(value: Json) -> Account:
    """The inverse of `account_out`."""
    first, newest = (_time_in(text) for text in value["times"])
    name, phone = value["contact"]
    return Account(
        university=value["university"],
        state=STATES[value["state"]],
        lines=tuple(_line_in(*line) for line in value["lines"]),
        remarks=tuple(Remark(finding_in(finding), mail) for finding, mail in value["remarks"]),
        contact=(name, phone),
        times=(first, newest),
        address=value["address"],
    )


def _line_out(line: ProjectLine) -> list[Any]:
    one = line.project
    texts = (one.number, one.project_name, one.summary, one.category, one.applicant, one.links, one.leader, one.phone)
    state, received = line.state.value, _time_out(line.received_at)
    return [texts, state, line.errors, line.listed, line.application, received, line.source]


def _line_in(
    project: list[Any], state: str, errors: int, listed: bool, application: str | None, received: str, source: str
) -> ProjectLine:
    number, name, summary, category, applicant, links, leader, phone = project
    found = Project(number, name, summary, category, applicant, tuple(links), leader, phone)
    return ProjectLine(found, STATES[state], errors, listed, application, _time_in(received), source)


def _time_out(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _time_in(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
