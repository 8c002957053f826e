"""Findings and transcripts as plain JSON values: what the store keeps and what `check --json` prints (contract §3).

Keys come in the fixed order of the values' fields; nothing is interpreted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from parsers.model import Annex3, Annex4, GridKind, Place, Problem, ProblemKind, Record, Transcript
from pipeline.model import CloudLink, Finding

Json = dict[str, Any]


RECORDS: dict[str, type[Record]] = {"annex3": Annex3, "annex4": Annex4}
GRIDS: dict[str | None, GridKind | None] = {None: None, **{one.value: one for one in GridKind}}
KINDS: dict[GridKind | None, str] = {None: "", **{one: one.value for one in GridKind}}


def finding_out(finding: Finding) -> Json:
    """A finding with the keys of contract §3; its mail is said where it stands."""
    values: Json = msgspec.to_builtins(finding)
    del values["mail"]
    return values


def finding_in(value: Json, mail: str) -> Finding:
    """The inverse of `finding_out`, for what was kept of this mail."""
    return msgspec.convert({**value, "mail": mail}, Finding)


def record_out(record: Record | None) -> Json | None:
    """A form's `data` as contract §3 lists it; None where there is no form."""
    values: Json | None = msgspec.to_builtins(record)
    return values


def record_in(form: str | None, value: Json | None) -> Record | None:
    return None if value is None or form is None else msgspec.convert(value, RECORDS[form])


# Between the places of a transcript, and between the parts of a place; JSON has to escape neither.
PLACE_END, PART_END = "␞", "␟"


class Places(Mapping[str, Place]):
    """The places of a stored transcript, taken out of one text when somebody asks: nearly all are never looked at."""

    __slots__ = ("_found", "_stored")

    def __init__(self, stored: str) -> None:
        self._stored = stored
        self._found: dict[str, str] | None = None

    @property
    def stored(self) -> str:
        """The text they are stored as."""
        return self._stored

    def _parts(self) -> dict[str, str]:
        if self._found is None:
            lines = self._stored.split(PLACE_END) if self._stored else []
            self._found = {name: rest for name, _, rest in (line.partition(PART_END) for line in lines)}
        return self._found

    def __getitem__(self, name: str) -> Place:
        kind, grid, ordinal, row, column, label = self._parts()[name].split(PART_END)
        return Place(GRIDS[kind or None], grid, int(ordinal), int(row), int(column), label)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._parts())

    def __reduce__(self) -> tuple[type[Places], tuple[str]]:
        return Places, (self._stored,)


def _place_out(place: Place) -> list[Any]:
    kind = place.kind.value if place.kind else None
    return [kind, place.grid, place.ordinal, place.row, place.column, place.label]


def _places_out(places: Mapping[str, Place]) -> str | Json:
    """The places as one text; one by one where a name in them holds the very characters that part them."""
    if isinstance(places, Places):
        return places.stored
    lines = [
        f"{name}{PART_END}{KINDS[at.kind]}{PART_END}{at.grid}{PART_END}{at.ordinal}{PART_END}{at.row}{PART_END}{at.column}{PART_END}{at.label}"
        for name, at in places.items()
    ]
    text = PLACE_END.join(lines)
    if text.count(PLACE_END) == len(places) - 1 and text.count(PART_END) == 6 * len(places):
        return text
    return {name: _place_out(place) for name, place in places.items()}


def _places_in(value: str | Json) -> Mapping[str, Place]:
    if isinstance(value, str):
        return Places(value)
    return {name: Place(GRIDS[kind], *rest) for name, (kind, *rest) in value.items()}


def packed(transcript: Transcript) -> Transcript:
    """The same transcript with its places as the one text they are stored as, which travels in half the time."""
    text = _places_out(transcript.places)
    return replace(transcript, places=Places(text)) if isinstance(text, str) else transcript


def transcript_out(transcript: Transcript) -> Json:
    """A whole transcript, places included."""
    return {
        "form": transcript.form,
        "format": transcript.format,
        "record": record_out(transcript.record),
        "places": _places_out(transcript.places),
        "problems": [[problem.kind.value, problem.detail] for problem in transcript.problems],
        "notes": list(transcript.notes),
    }


def transcript_in(value: Json) -> Transcript:
    return Transcript(
        form=value["form"],
        format=value["format"],
        record=record_in(value["form"], value["record"]),
        places=_places_in(value["places"]),
        problems=tuple(Problem(ProblemKind(kind), detail) for kind, detail in value["problems"]),
        notes=tuple(value["notes"]),
    )


def cloud_link_in(value: Json) -> CloudLink:
    return msgspec.convert(value, CloudLink)
