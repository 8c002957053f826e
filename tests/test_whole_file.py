"""A file is put in its place whole, or the old one stays and nothing lies beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipeline.whole_file import replacing


def test_a_new_file_takes_the_place_of_the_old_one_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def half(path: Path, durable: bool) -> None:
    with replacing(path, durable=durable) as file:
        file.write(b"half")
        raise InterruptedError


@pytest.mark.parametrize("durable", [True, False])
def test_what_cannot_be_finished_leaves_the_old_file_and_nothing_else(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(InterruptedError):
        half(path, durable)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_at_the_last_step_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, step, failing)
    with pytest.raises(OSError, match="No space left"), replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_may_be_written_in_another_folder_first(tmp_path: Path) -> None:
    target = tmp_path / "inside"
    target.mkdir()
    with replacing(target / "a.docx", beside=tmp_path) as file:
        assert [one.name for one in target.iterdir()] == []
        assert Path(file.name).parent == tmp_path
    assert [one.name for one in target.iterdir()] == ["a.docx"]
