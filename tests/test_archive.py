"""The archive keeps every version under names that every system accepts, and never leaves its own folder."""

from __future__ import annotations

import hashlib
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parsers.model import Transcript
from pipeline.archive import LONGEST, Archive, clean_name
from pipeline.model import SHANGHAI, Address, Disposition, Entry, Mail, State, Submission, Version

MORNING = datetime(2024, 11, 20, 9, 30, tzinfo=SHANGHAI)
STORE: dict[str, bytes] = {}


def version(
    path: str, content: bytes, form: str | None = None, fmt: str = "docx", index: int = 0, later: int = 0
) -> Version:
    checksum = hashlib.sha256(content).hexdigest()
    STORE[checksum] = content
    at = MORNING + timedelta(hours=later)
    return Version(f"{later:064x}", index, at, path, checksum, Transcript(form, fmt))


def read(one: Version) -> bytes:
    return STORE[one.file]


def submission(
    university: str = "示例大学",
    project: str = "青春护航",
    application: Version | None = None,
    **parts: tuple[Version, ...],
) -> Submission:
    entries = (Entry(project, application=application),) if application else ()
    return Submission(university, State.ACCEPTED, entries=entries, **parts)


def files(root: Path) -> dict[str, bytes]:
    """Every file but the archive's own note."""
    every = (one for one in root.rglob("*") if one.is_file() and one.name != "archive.json")
    return {one.relative_to(root).as_posix(): one.read_bytes() for one in every}


def test_forms_and_material_lie_under_the_university_and_the_project(tmp_path: Path) -> None:
    listed = version("附件3 汇总表.xlsx", b"three", "annex3", "xlsx", 0)
    form = version("材料.zip/附件4 申报表.docx", b"four", "annex4", "docx", 1)
    photo = version("材料.zip/图片/活动照片.jpg", b"photo", None, "jpg", 2)
    places = Archive(tmp_path).sync(submission(application=form, summaries=(listed,), supporting=(photo,)), read)
    assert places == {
        (listed.mail, 0): "archive/示例大学/附件3_项目汇总表.xlsx",
        (form.mail, 1): "archive/示例大学/青春护航/附件4_青春护航.docx",
        (photo.mail, 2): "archive/示例大学/佐证材料/活动照片.jpg",
    }
    assert {path: (tmp_path / path).read_bytes() for path in places.values()} == {
        places[one.mail, one.index]: read(one) for one in (listed, form, photo)
    }


def test_files_are_private(tmp_path: Path) -> None:
    places = Archive(tmp_path).sync(submission(application=version("a.docx", b"four")), read)
    (path,) = places.values()
    assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / path).parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "archive").stat().st_mode) == 0o700


def test_an_older_version_moves_to_the_history_and_keeps_its_bytes(tmp_path: Path) -> None:
    old, new = version("附件4.docx", b"old", "annex4"), version("附件4改.docx", b"new", "annex4", later=5)
    archive = Archive(tmp_path)
    archive.sync(submission(application=old), read)
    places = archive.sync(submission(application=new, superseded=(old,)), read)
    assert places[old.mail, 0] == "archive/示例大学/历史版本/2024-11-20_附件4.docx"
    assert files(tmp_path) == {places[old.mail, 0]: b"old", places[new.mail, 0]: b"new"}


def test_a_renamed_project_leaves_no_copy_behind(tmp_path: Path) -> None:
    form = version("附件4.docx", b"four", "annex4")
    archive = Archive(tmp_path)
    archive.sync(submission(project="旧名", application=form), read)
    archive.sync(submission(project="新名", application=form), read)
    assert files(tmp_path) == {"archive/示例大学/新名/附件4_新名.docx": b"four"}
    assert not (tmp_path / "archive/示例大学/旧名").exists()


def test_what_is_in_place_is_not_read_or_written_again(tmp_path: Path) -> None:
    whole = submission(application=version("a.docx", b"four", "annex4"))
    archive = Archive(tmp_path)
    places = archive.sync(whole, read)

    def never(_: Version) -> bytes:
        raise AssertionError("nothing has changed")

    assert archive.sync(whole, never) == places


def test_where_everything_lies_can_be_asked_without_anything_being_written_or_read(tmp_path: Path) -> None:
    photo = version("照片.jpg", b"photo", None, "jpg", 1)
    whole = submission(application=version("a.docx", b"four"), supporting=(photo,))
    archive = Archive(tmp_path)
    assert archive.present(whole) == {}
    assert not list(tmp_path.iterdir())
    places = archive.sync(whole, read)
    assert archive.present(whole) == places
    (tmp_path / places[photo.mail, 1]).unlink()
    assert archive.present(whole).keys() == places.keys() - {(photo.mail, 1)}


def gone(_version: Version) -> bytes:
    raise FileNotFoundError


def test_a_file_that_is_nowhere_to_be_had_keeps_no_other_from_its_place_and_is_told_once(tmp_path: Path) -> None:
    lost, there = version("a.docx", b"lost"), version("照片.jpg", b"photo", None, "jpg", 1)
    archive = Archive(tmp_path)
    whole = submission(application=lost, supporting=(there,))
    archive.sync(whole, lambda one: gone(one) if one is lost else read(one))
    assert files(tmp_path / "archive") == {"示例大学/佐证材料/照片.jpg": b"photo"}
    assert archive.lost() == [lost]
    assert archive.lost() == []
    archive.sync(whole, read)
    assert archive.lost() == []
    assert len(files(tmp_path / "archive")) == 2


def test_what_the_archive_alone_still_has_moves_to_its_new_place(tmp_path: Path) -> None:
    form = version("a.docx", b"four")
    archive = Archive(tmp_path)
    archive.sync(submission(project="旧名", application=form), read)
    (path,) = archive.sync(submission(project="新名", application=form), gone).values()
    assert files(tmp_path) == {path: b"four"}
    assert archive.lost() == []


def test_what_waited_for_its_university_moves_to_it_though_its_mail_is_gone(tmp_path: Path) -> None:
    form = version("a.docx", b"four")
    mail = Mail("0" * 64, MORNING, "", Address(), Address("", "a@b.cn"), "", (), 1, Disposition.SUBMISSION)
    archive = Archive(tmp_path)
    waiting = replace(submission("", application=form), mails=(mail,))
    archive.sync(waiting, read)
    (path,) = archive.sync(replace(waiting, university="示例大学"), gone).values()
    assert files(tmp_path) == {path: b"four"}


def test_a_lost_or_damaged_file_is_made_again(tmp_path: Path) -> None:
    one, two = version("a.pdf", b"one", None, "pdf"), version("b.pdf", b"two", None, "pdf", 1)
    whole = submission(supporting=(one, two))
    archive = Archive(tmp_path)
    places = archive.sync(whole, read)
    (tmp_path / places[one.mail, 0]).unlink()
    (tmp_path / places[two.mail, 1]).write_bytes(b"cut off")
    archive.sync(whole, read)
    assert (tmp_path / places[one.mail, 0]).read_bytes() == b"one"
    assert (tmp_path / places[two.mail, 1]).read_bytes() == b"two"


def test_a_file_that_staff_changed_or_added_is_kept(tmp_path: Path) -> None:
    whole = submission(application=version("a.docx", b"four", "annex4"))
    archive = Archive(tmp_path)
    (path,) = archive.sync(whole, read).values()
    (tmp_path / path).write_bytes("批注版".encode())
    (tmp_path / "archive/示例大学/电话记录.txt").write_bytes("已联系".encode())
    archive.sync(whole, read)
    found = files(tmp_path / "archive/示例大学")
    assert found["青春护航/附件4_青春护航.docx"] == b"four"
    assert found["电话记录.txt"] == "已联系".encode()
    (kept,) = (name for name, content in found.items() if content == "批注版".encode())
    assert kept.startswith("历史版本/另存_")


def test_two_files_of_one_name_get_a_mark_each_and_equal_ones_share_a_place(tmp_path: Path) -> None:
    one, two = version("佐证.pdf", b"one", None, "pdf", 0), version("佐证.PDF", b"two", None, "pdf", 1)
    again = version("另一处/佐证.pdf", b"one", None, "pdf", 2)
    places = Archive(tmp_path).sync(submission(supporting=(one, two, again)), read)
    assert places[one.mail, 0] == places[again.mail, 2] != places[two.mail, 1]
    assert len({path.casefold() for path in places.values()}) == 2
    assert sorted(files(tmp_path).values()) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("written", "fmt", "ending"),
    [("附件4.doc", "docx", "docx"), ("附件4.DOCM", "docx", "docm"), ("a.wps", "doc", "wps"), ("附件4", "pdf", "pdf")],
)
def test_the_extension_follows_the_true_format(tmp_path: Path, written: str, fmt: str, ending: str) -> None:
    places = Archive(tmp_path).sync(submission(application=version(written, b"x", "annex4", fmt)), read)
    assert places.popitem()[1].endswith(f"附件4_青春护航.{ending}")


@pytest.mark.parametrize(
    "name",
    ["../../x", "C:\\Windows", "/etc/passwd", "..", ".", "CON", "nul.txt", "a\x00b", "张" * 300, " . ", "\u202egpj"],
)
def test_no_name_leads_out_of_the_archive(tmp_path: Path, name: str) -> None:
    form = version(name, b"four", "annex4")
    photo = version(f"材料.zip/{name}", b"photo", None, "jpg", 1)
    data = tmp_path / "data"
    places = Archive(data).sync(submission(name, name, form, supporting=(photo,)), read)
    assert sorted(files(tmp_path)) == sorted(f"data/{path}" for path in places.values())
    for path in places.values():
        assert (data / path).resolve().is_relative_to((data / "archive").resolve())
        assert all(len(part) <= LONGEST and part == part.strip(". ") for part in path.split("/"))


@given(st.text())
def test_a_clean_name_is_one_component_and_stays_as_it_is(name: str) -> None:
    cleaned = clean_name(name)
    assert cleaned
    assert cleaned not in (".", "..")
    assert not set(cleaned) & set('<>:"/\\|?*#%\x00\n')
    assert len(cleaned) <= LONGEST
    assert len(cleaned.encode()) <= 255
    assert clean_name(cleaned) == cleaned


def test_names_that_clean_to_the_same_do_not_share_a_folder(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    one = archive.sync(submission("甲/乙学院", application=version("a.docx", b"one")), read)
    two = archive.sync(submission("甲:乙学院", application=version("a.docx", b"two")), read)
    assert {*one.values()}.isdisjoint(two.values())
    assert sorted(files(tmp_path).values()) == [b"one", b"two"]


def mail_from(address: str) -> Mail:
    sender = Address("", address)
    return Mail("0" * 64, MORNING, "<1@example.org>", sender, sender, "报送", (), 1, Disposition.SUBMISSION)


def test_two_senders_of_no_known_university_are_kept_apart(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    one, two = (
        replace(submission("", application=version("附件4.docx", content, "annex4")), mails=(mail_from(address),))
        for address, content in (("a@example.org", b"one"), ("b@example.org", b"two"))
    )
    places = [*archive.sync(one, read).values(), *archive.sync(two, read).values()]
    assert [path.split("/")[:3] for path in places] == [
        ["archive", "待确认", "a@example.org"],
        ["archive", "待确认", "b@example.org"],
    ]
    assert sorted(files(tmp_path).values()) == [b"one", b"two"]


def test_once_the_university_is_known_nothing_waits_any_more(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    waiting = replace(submission("", application=version("a.docx", b"one")), mails=(mail_from("a@example.org"),))
    archive.sync(waiting, read)
    places = archive.sync(replace(waiting, university="示例大学"), read)
    assert list(files(tmp_path)) == list(places.values()) == ["archive/示例大学/青春护航/附件4_青春护航.docx"]


def test_a_workbook_with_both_forms_lies_in_both_places(tmp_path: Path) -> None:
    listed = version("全部.xlsx", b"both", "annex3", "xlsx", 0)
    form = version("全部.xlsx", b"both", "annex4", "xlsx", 1)
    whole = Submission("示例大学", State.ACCEPTED, entries=(Entry("青春护航", listed, 0, form),), summaries=(listed,))
    places = Archive(tmp_path).sync(whole, read)
    assert set(places.values()) == {
        "archive/示例大学/附件3_项目汇总表.xlsx",
        "archive/示例大学/青春护航/附件4_青春护航.xlsx",
    }


def test_a_file_bears_its_stamp_only_once_it_would_outlast_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[list[int]] = []
    archive = Archive(tmp_path)
    (path,) = archive.sync(submission(application=version("a.docx", b"four", "annex4")), read).values()
    monkeypatch.setattr("os.sync", lambda: flushed.append([(tmp_path / path).stat().st_mtime_ns]))
    before = (tmp_path / path).stat().st_mtime_ns
    archive.settle({})
    assert flushed == [[before]]
    assert int((tmp_path / path).stat().st_mtime) == int(MORNING.timestamp())
    archive.settle({})
    assert len(flushed) == 1


@pytest.mark.parametrize("left", [b"", b"fo"], ids=["empty", "cut"])
def test_what_a_power_cut_left_of_a_file_is_made_again(tmp_path: Path, left: bytes) -> None:
    whole = submission(application=version("a.docx", b"four", "annex4"))
    (path,) = Archive(tmp_path).sync(whole, read).values()
    (tmp_path / path).write_bytes(left)
    again = Archive(tmp_path)
    again.sync(whole, read)
    again.settle({})
    assert (tmp_path / path).read_bytes() == b"four"
    # What staff may have changed is kept beside; nothing at all is nobody's work.
    assert sorted(files(tmp_path).values()) == ([b"four"] if not left else [b"fo", b"four"])


def test_what_is_in_place_is_known_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, again = version("佐证.pdf", b"one", None, "pdf", 0), version("另一处/佐证.pdf", b"one", None, "pdf", 1, 3)
    whole = submission(application=version("a.docx", b"four", "annex4", index=2), supporting=(one, again))
    archive = Archive(tmp_path)
    places = archive.sync(whole, read)
    archive.settle({})
    monkeypatch.setattr("pipeline.archive._checksum", lambda path: pytest.fail(f"{path} was read"))
    assert archive.sync(whole, read) == places


def test_nothing_half_written_lies_among_the_files_of_a_university(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(torn: str, _target: Path) -> None:
        assert Path(torn).parent == tmp_path / "archive"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="No space"):
        Archive(tmp_path).sync(submission(application=version("a.docx", b"four", "annex4")), read)
    assert files(tmp_path) == {}
