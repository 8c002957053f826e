"""A short run of every fuzz target with hypothesis; `make fuzz` takes longer and goes further."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator

import pytest
from fuzz.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Those that build or read whole documents take some ten milliseconds for each input.
SLOW = {"whole_flow": 15, "document": 30, "form_fields": 15, "rules_file": 10, "reply": 40}
FOUND: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_makes_our_code_fail(name: str) -> None:
    @settings(
        max_examples=SLOW.get(name, 100),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.binary(max_size=300))
    def tried(data: bytes) -> None:
        with warnings.catch_warnings():
            # A library's warning about a damaged file is no fault of ours.
            warnings.simplefilter("ignore")
            TARGETS[name](data)

    tried()


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_once_made_our_code_fail_does_so_no_more(name: str, data: str) -> None:
    TARGETS[name](bytes.fromhex(data))
