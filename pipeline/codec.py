"""Findings and transcripts as plain JSON values: what the store keeps and what `check --json` prints (contract §3).

Keys come in the fixed order of the dataclasses; nothing is interpreted.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from parsers.model import Annex3, Annex4, GridKind, Place, Problem, ProblemKind, Project, Record, Transcript
from pipeline.model import CloudLink, Finding, Severity

Json = dict[str, Any]


def finding_out(finding: Finding) -> Json:
    """A finding with the keys of contract §3."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "place": finding.place,
        "field": finding.field,
        "project": finding.project,
        "message": finding.message,
        "clause": finding.clause,
    }


def finding_in(value: Json) -> Finding:
    return Finding(**{**value, "severity": Severity(value["severity"])})


def record_out(record: Record | None) -> Json | None:
    """A form's `data` as contract §3 lists it; None where there is no form."""
    return None if record is None else dataclasses.asdict(record)


def record_in(form: str | None, value: Json | None) -> Record | None:
    if value is None or form is None:
        return None
    if form == "annex3":
        projects = tuple(Project(**{**row, "links": tuple(row["links"])}) for row in value["projects"])
        return Annex3(**{**value, "projects": projects})
    return Annex4(**{**value, "categories": tuple(value["categories"])})


def _place_out(place: Place) -> list[Any]:
    kind = place.kind.value if place.kind else None
    return [kind, place.grid, place.ordinal, place.row, place.column, place.label]


def _place_in(value: list[Any]) -> Place:
    kind, *rest = value
    return Place(GridKind(kind) if kind else None, *rest)


def transcript_out(transcript: Transcript) -> Json:
    """A whole transcript, places included."""
    return {
        "form": transcript.form,
        "format": transcript.format,
        "record": record_out(transcript.record),
        "places": {name: _place_out(place) for name, place in transcript.places.items()},
        "problems": [[problem.kind.value, problem.detail] for problem in transcript.problems],
        "notes": list(transcript.notes),
    }


def transcript_in(value: Json) -> Transcript:
    return Transcript(
        form=value["form"],
        format=value["format"],
        record=record_in(value["form"], value["record"]),
        places={name: _place_in(place) for name, place in value["places"].items()},
        problems=tuple(Problem(ProblemKind(kind), detail) for kind, detail in value["problems"]),
        notes=tuple(value["notes"]),
    )


def cloud_link_out(link: CloudLink) -> Json:
    return dataclasses.asdict(link)


def cloud_link_in(value: Json) -> CloudLink:
    return CloudLink(**value)
