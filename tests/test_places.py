"""The places of a stored transcript are found in their text, each by its name."""

from __future__ import annotations

import pytest

from parsers.model import GridKind, Place, Transcript
from pipeline.codec import Places, packed

PLACES = {
    "university": Place(GridKind.SHEET, "汇总表", 1, 0, 2, "高校名称"),
    "projects.1.phone": Place(GridKind.TABLE, "", 2, 3, 4, "联系方式"),
    "projects.11.phone": Place(GridKind.TABLE, "", 2, 13, 4, "phone"),
    "phone": Place(None, "", 0, -1, -1, ""),
}


def test_every_place_is_found_by_its_own_name() -> None:
    stored = packed(Transcript("annex3", "xlsx", places=PLACES)).places
    assert isinstance(stored, Places)
    assert dict(stored) == PLACES
    assert list(stored) == list(PLACES)
    assert len(stored) == len(PLACES)


@pytest.mark.parametrize("name", ["", "projects.1", "hone", "项目", "联系方式"])
def test_what_is_no_name_has_no_place(name: str) -> None:
    stored = packed(Transcript("annex3", "xlsx", places=PLACES)).places
    assert name not in stored
    with pytest.raises(KeyError):
        stored[name]
    assert not list(Places(""))
    assert Places("").get(name) is None
