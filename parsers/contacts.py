"""Whose contact line is whose, where one document holds the tables of several universities.

A line between two tables belongs to the upper or the lower one as the lines at the document's ends tell; nothing is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from parsers.contact import Contact, Piece, around, cell_rows, find_contact
from parsers.model import Document, GridKind
from parsers.projects import Table

Rows = list[list[Piece]]


@dataclass
class _Surroundings:
    """Rows in which a form's contact may stand: in its own table above and below, and what it shares with its neighbours."""

    top: Rows = field(default_factory=list)
    inside: Rows = field(default_factory=list)
    above: Rows = field(default_factory=list)
    below: Rows = field(default_factory=list)


def contacts(document: Document, forms: Sequence[Sequence[Table]]) -> list[Contact | None]:
    """The contact of each form, or None."""
    spots = [_around(document, forms, index) for index in range(len(forms))]
    if len(spots) < 2:
        return [_first([*spot.top, *spot.inside], spot.above, spot.below) for spot in spots]
    own = [_first(spot.top, spot.inside) for spot in spots]
    upper, lower = ([_first(getattr(spot, side)) for spot in spots] for side in ("above", "below"))
    preceding = _first(spots[0].top) is not None or upper[0] is not None
    shared = upper if preceding else lower
    found = [mine or between for mine, between in zip(own, shared, strict=True)]
    # A single line in the whole document speaks for all its tables.
    everywhere = {id(one): one for one in (*own, *upper, *lower) if one}
    named = {(one.name_place, one.phone_place): one for one in everywhere.values()}
    return found if len(named) > 1 else [one or next(iter(named.values()), None) for one in found]


def _first(*places: Rows) -> Contact | None:
    """The contact in the first of these places that has one, the form's own label before a plain one."""
    for loose in (False, True):
        for rows in places:
            if contact := find_contact(rows, loose):
                return contact
    return None


def _around(document: Document, forms: Sequence[Sequence[Table]], index: int) -> _Surroundings:
    form, blocks = forms[index], document.blocks
    first, last = form[0], form[-1]
    before = forms[index - 1][-1] if index else None
    after = forms[index + 1][0] if index + 1 < len(forms) else None
    spot = _Surroundings()
    if before is not None and before.grid is first.grid:
        spot.above = cell_rows(first.grid, range(before.last + 1, first.header.top))
    else:
        spot.top = cell_rows(first.grid, range(first.header.top))
        if first.grid.kind is not GridKind.SHEET:
            spot.above = around(blocks[: first.block][::-1])[::-1]
    for table in form:
        ends = table is last and after is not None and after.grid is last.grid
        spot.inside += cell_rows(table.grid, [row for row in table.remarks if not ends or row <= table.last])
    if after is not None and after.grid is last.grid:
        spot.below = cell_rows(last.grid, range(last.last + 1, after.header.top))
    else:
        spot.below = around(blocks[last.block + 1 :])
    return spot
