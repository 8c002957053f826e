"""Sample mails for the demo: every case the program has to deal with, told by invented people of real universities.

The same roster, number and seed give the same bytes. It only writes mails; delivering them is not its business.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from pipeline.demo.cases import CASES, Case, Post, clean
from pipeline.demo.records import People
from pipeline.demo.strangers import STRANGERS
from pipeline.model import SHANGHAI, University

FIRST_DAY = datetime(2024, 11, 18, 8, 30, tzinfo=SHANGHAI)
MAILBOX = "nmggxzss@163.com"


class SampleMail(Struct, frozen=True):
    """A raw mail, when and in which folder it lies on the server, and in a few Chinese words what it shows."""

    received_at: datetime
    folder: str
    raw: bytes
    story: str


def sample_mails(
    roster: Sequence[University], universities: int = 20, seed: int = 1, mailbox: str = MAILBOX
) -> list[SampleMail]:
    """The mails of that many universities, and a few that are no submissions, in the order they were received.

    The first universities show one case each (`cases.CASES`); the rest send what the notice asks for.
    Raises ValueError for a number of universities below 1 or above the roster's.
    """
    if not 1 <= universities <= len(roster):
        raise ValueError(f"universities must be between 1 and {len(roster)}")
    rng = random.Random(seed)
    people = People(rng)
    posts: list[Post] = []
    for number, university in enumerate(roster[:universities]):
        start = FIRST_DAY + timedelta(days=rng.randrange(5), minutes=rng.randrange(10 * 60))
        case = Case(university, number, rng, people, start, mailbox)
        tell = CASES[number] if number < len(CASES) else clean
        posts += tell(case)
    for number, stranger in enumerate(STRANGERS):
        start = FIRST_DAY + timedelta(days=number, minutes=rng.randrange(600))
        posts += stranger(Case(roster[0], universities + number, rng, people, start, mailbox))
    mails = [SampleMail(post.received_at, post.folder, post.raw, post.story) for post in posts]
    return sorted(mails, key=lambda mail: mail.received_at)
