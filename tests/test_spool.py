"""The spool keeps every raw mail whole, once, and under the hash of its bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.spool import Spool

RAW = b"Subject: x\r\n\r\nhello\r\n"
MAIL = hashlib.sha256(RAW).hexdigest()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "data" / "mail")


def files(spool: Spool) -> list[Path]:
    return [path for path in spool.root.rglob("*") if path.is_file()]


def test_a_mail_is_kept_under_the_hash_of_its_bytes(spool: Spool) -> None:
    assert spool.put([RAW[:5], b"", RAW[5:]]) == MAIL
    assert spool.path(MAIL) == spool.root / MAIL[:2] / f"{MAIL}.eml"
    assert spool.read(MAIL) == RAW


def test_the_same_mail_twice_is_one_file_and_the_first_is_left_alone(spool: Spool) -> None:
    spool.put([RAW])
    os.utime(spool.path(MAIL), (1, 1))
    assert spool.put([RAW]) == MAIL
    assert files(spool) == [spool.path(MAIL)]
    assert spool.path(MAIL).stat().st_mtime == 1


def test_a_mail_that_breaks_off_leaves_nothing_behind(spool: Spool) -> None:
    def broken() -> Iterator[bytes]:
        yield RAW
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        spool.put(broken())
    assert files(spool) == []


def test_only_the_owner_may_read_the_mails(spool: Spool) -> None:
    before = os.umask(0)
    try:
        spool.put([RAW])
    finally:
        os.umask(before)
    assert stat.S_IMODE(spool.path(MAIL).stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.path(MAIL).parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(spool.root.stat().st_mode) == 0o700


def test_a_spool_that_does_not_exist_yet_has_nothing_to_sweep(spool: Spool) -> None:
    assert spool.sweep() == 0


def test_sweep_removes_what_an_interrupted_run_left_and_keeps_the_mails(spool: Spool) -> None:
    spool.put([RAW])
    unfinished = spool.root / "tmpabc.unfinished"
    unfinished.write_bytes(b"half")
    assert spool.sweep() == 1
    assert files(spool) == [spool.path(MAIL)]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", MAIL.upper(), MAIL + "0", MAIL[:-1] + "\n"])
def test_what_is_no_hash_names_no_file(spool: Spool, name: str) -> None:
    with pytest.raises(ValueError, match="no mail id"):
        spool.path(name)


def test_a_mail_that_was_never_kept_is_said_to_be_missing(spool: Spool) -> None:
    with pytest.raises(FileNotFoundError):
        spool.read(MAIL)
