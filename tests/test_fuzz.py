"""A short run of every fuzz target with hypothesis; `make fuzz` takes longer and goes further."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS
from pipeline.period import read_period
from pipeline.values import phones

# How many inputs; those that build or read whole documents take some ten milliseconds for each.
INPUTS = dict.fromkeys(TARGETS, 150) | {"whole_flow": 25, "document": 60, "form_fields": 25, "rules_file": 60}
# Starts LibreOffice for each input.
del INPUTS["legacy"]
SEEDS = st.integers(0, 1 << 32)
ANY = st.binary(max_size=300) | SEEDS.map(lambda seed: random.Random(seed).randbytes(40 + seed % 160))


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_no_input_makes_our_code_fail(name: str) -> None:
    @settings(
        max_examples=INPUTS[name],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(ANY)
    def tried(data: bytes) -> None:
        with warnings.catch_warnings():
            # A library's warning about a damaged file is no fault of ours.
            warnings.simplefilter("ignore")
            TARGETS[name](data)

    tried()


@pytest.mark.parametrize("text", ["2023年9月，为期99999年", "2023年9月1日，历时9999999个月"])
def test_a_length_of_time_that_no_calendar_holds_is_no_failure(text: str) -> None:
    read_period(text)


def test_a_telephone_number_is_made_of_ascii_digits() -> None:
    assert phones("1380000000\N{ARABIC-INDIC DIGIT ONE}") == ()
