"""The export holds one folder for each project, with its form, pictures and supporting files, and one Annex 3 of all."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace
from PIL import Image

import parsers
from desk import MORNING, UNIVERSITY, Desk, form, letter, open_desk, papers, table
from documents import zipped
from parsers.model import Annex3, Annex4, Project, Transcript
from pipeline.demo import forms
from pipeline.errors import ConfigurationError
from pipeline.export import export, owner
from pipeline.export_pictures import pictures_in
from pipeline.export_table import combined
from pipeline.model import Contact, Entry, Version

OTHER = "内蒙古农业大学"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as opened:
        yield opened


def exported(desk: Desk, folder: Path, everything: bool = False) -> tuple[list[str], list[str]]:
    """What was said, and every file written, relative to the folder."""
    with desk.office() as office:
        said = export(office, folder, everything)
    return said, sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def photograph(colour: str = "navy", kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(stream, kind)
    return stream.getvalue()


def illustrated(one: Annex4, *pictures: bytes) -> bytes:
    """An Annex 4 with these pictures in it, put there by python-docx."""
    import docx

    document = docx.Document(io.BytesIO(forms.annex4_document(one)))
    for picture in pictures:
        document.add_paragraph().add_run().add_picture(io.BytesIO(picture))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_each_project_has_a_folder_with_its_form_pictures_and_supporting_files(desk: Desk, tmp_path: Path) -> None:
    first = illustrated(form(1), photograph(), photograph(), photograph("green"))
    files = {
        "附件3.xlsx": forms.annex3_workbook(table()),
        "附件4-1.docx": first,
        "附件4-2.docx": forms.annex4_document(form(2)),
        "“示例项目乙”照片.png": photograph("olive", "PNG"),
        "合影.png": photograph("gray", "PNG"),
    }
    desk.receive(letter({"材料.zip": zipped(files)}))
    desk.run()
    out = tmp_path / "export"
    said, written = exported(desk, out)
    one, two = "思想引领类/内蒙古大学_示例项目甲", "学业促进类/内蒙古大学_示例项目乙"
    assert written == sorted(
        [
            f"{one}/附件4_示例项目甲.docx",
            f"{one}/图片/印章01.png",
            f"{one}/图片/图01.jpg",
            f"{one}/图片/图02.jpg",
            f"{two}/附件4_示例项目乙.docx",
            f"{two}/图片/印章01.png",
            f"{two}/佐证材料/“示例项目乙”照片.png",
            "其他佐证材料/内蒙古大学/合影.png",
            "项目汇总表（全区）.xlsx",
        ]
    )
    assert (out / one / "附件4_示例项目甲.docx").read_bytes() == first
    assert (out / one / "图片/图01.jpg").read_bytes() == photograph()
    assert said[0] == f"已导出 1 所高校的 2 个项目，共 9 个文件：{out}"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*")}
    assert modes == {0o600, 0o700}


def test_only_accepted_universities_are_exported_unless_everything_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter(papers(table())))
    incomplete = papers(table(OTHER))
    del incomplete["附件4-2.docx"]
    later = MORNING + timedelta(minutes=5)
    desk.receive(letter(incomplete, later, "nongda@example.edu.cn"), later)
    desk.run()
    said, written = exported(desk, tmp_path / "accepted")
    assert not [path for path in written if OTHER in path]
    assert len(said) == 2
    said, written = exported(desk, tmp_path / "everything", everything=True)
    assert [path for path in written if path.endswith("/内蒙古农业大学_示例项目甲/附件4_示例项目甲.docx")]
    assert said[2:] == ["注意：内蒙古农业大学《示例项目乙》没有申报表。"]


def test_nothing_is_written_over(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "已有.txt").write_text("原有内容")
    file.write_text("原有内容")
    for place in (full, file):
        with pytest.raises(ConfigurationError, match="已经有内容"):
            exported(desk, place)
    assert [one.name for one in full.iterdir()] == ["已有.txt"]
    (tmp_path / "empty").mkdir()
    assert exported(desk, tmp_path / "empty")[1]


def test_a_folder_that_cannot_be_written_is_said(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    (tmp_path / "file").write_text("原有内容")
    with pytest.raises(ConfigurationError, match="无法写入文件夹"):
        exported(desk, tmp_path / "file" / "export")


def test_there_being_nothing_to_export_is_said_and_leaves_no_folder(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter({}, subject="内蒙古大学项目报送"))
    desk.run()
    for everything in (False, True):
        with pytest.raises(ConfigurationError, match="没有可以导出的项目"):
            exported(desk, tmp_path / "export", everything)
    assert not (tmp_path / "export").exists()


def test_a_form_whose_mail_is_gone_is_said_and_the_rest_is_exported(desk: Desk, tmp_path: Path) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    for mail in (tmp_path / "data" / "mail").rglob("*.eml"):
        mail.unlink()
    said, written = exported(desk, tmp_path / "export")
    assert written == ["项目汇总表（全区）.xlsx"]
    assert said[2:] == [f"注意：内蒙古大学《示例项目{name}》的申报表原件已不在，没有导出。" for name in "甲乙"]


def test_names_that_are_alike_or_dangerous_get_folders_of_their_own(desk: Desk, tmp_path: Path) -> None:
    names = ("../../出逃", "A/B", "a_b", "con")
    rows = tuple(replace(row, project_name=name) for row, name in zip(table(projects=4).projects, names, strict=True))
    rows = tuple(replace(row, category="其他类") for row in rows)
    desk.receive(letter(papers(replace(table(projects=4), projects=rows))))
    desk.run()
    _, written = exported(desk, tmp_path / "out" / "export", everything=True)
    folders = {path.rsplit("/", 1)[0] for path in written if "附件4_" in path}
    assert len(folders) == 4
    assert len({folder.casefold() for folder in folders}) == 4
    assert all(folder.startswith("其他类/内蒙古大学_") for folder in folders)
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["export"]


# ---- the combined table

LINKS = ("https://example.cn/1", "https://example.cn/2")


def listing(name: str, number: int, *records: Annex3) -> tuple[str, tuple[Entry, ...]]:
    versions = [
        Version(f"{number:064x}", index, MORNING, "附件3.xlsx", "0" * 64, Transcript("annex3", "xlsx", record))
        for index, record in enumerate(records)
    ]
    entries = tuple(
        Entry(project.project_name, version, row)
        for version, record in zip(versions, records, strict=True)
        for row, project in enumerate(record.projects)
    )
    return name, entries


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return list(book.worksheets[0].iter_rows(min_row=7, values_only=True))


def test_the_combined_table_has_the_notices_own_layout() -> None:
    first = table(projects=3)
    second = table(OTHER, projects=1)
    content = combined(
        [listing(UNIVERSITY, 1, first), listing(OTHER, 2, second)], [Contact("秘书处", "赵示例", "0471-6000000")]
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    blank = openpyxl.load_workbook(Path(__file__).parents[1] / "templates" / "附件3.xlsx").worksheets[0]
    for row in (1, 2, 3, 4, 6):
        assert [cell.value for cell in sheet[row]] == [cell.value for cell in blank[row]]
    assert sheet["G5"].value == "表格填写联系人：赵示例      电话：0471-6000000"
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert {"A7:A9", "B7:B9"} <= merged
    assert not {one for one in merged if one.startswith(("A10", "B10"))}
    assert (sheet["A7"].value, sheet["B7"].value, sheet["A10"].value) == (UNIVERSITY, 3, OTHER)
    assert sheet.max_row == 10
    assert (sheet.print_title_rows, sheet.page_setup.orientation, sheet.freeze_panes) == ("$6:$6", "landscape", "A7")
    assert sheet["J9"].border.bottom.style == "thin"


def test_values_stand_in_the_combined_table_as_they_were_written() -> None:
    odd = Project("３", "《=SUM(A1)》", "=1+1", "学业促进", "-校级学生会", LINKS, "@张三", "+86 13800000001")
    zero = Project("01", "甲", "乙\x0b丙", "", "", (), "", "0471-6931811")
    content = combined([listing(UNIVERSITY, 1, Annex3(UNIVERSITY, "5个", "", "", (odd, zero)))], [])
    assert rows_of(content) == [
        (UNIVERSITY, "5个", "３", "《=SUM(A1)》", "=1+1", "学业促进", "-校级学生会", "\n".join(LINKS), "@张三", "+86 13800000001"),
        (None, None, "01", "甲", "乙丙", None, None, None, None, "0471-6931811"),
    ]  # fmt: skip


def test_no_value_of_the_combined_table_is_a_formula() -> None:
    starts = ("=", "+", "-", "@", "\t=", "=cmd|' /C calc'!A0")
    projects = tuple(Project(start, start, start, start, start, (start,), start, start) for start in starts)
    content = combined([listing("=甲大学", 1, Annex3("=甲大学", "=1", "", "", projects))], [Contact("", "=1", "=2")])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    kinds = {cell.data_type for row in sheet.iter_rows(min_row=7) for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert all(cell.quotePrefix for row in sheet.iter_rows(min_row=7, max_row=7) for cell in row)
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml


def test_two_tables_of_one_university_keep_their_own_counts() -> None:
    unions = [table(projects=2), replace(table(projects=1), project_count="1")]
    content = combined([listing(UNIVERSITY, 1, *unions)], [])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert {"A7:A9", "B7:B8"} <= merged
    assert (sheet["B7"].value, sheet["B9"].value) == (2, 1)


def test_our_own_parser_reads_the_combined_table_of_one_university_back() -> None:
    record = table(projects=3)
    content = combined([listing(UNIVERSITY, 1, record)], [Contact("", record.contact_name, record.contact_phone)])
    (transcript,) = parsers.read(content, "项目汇总表（全区）.xlsx")
    assert transcript.record == record


# ---- what belongs to which project


def listed(*names: str, paths: tuple[str, ...] = ()) -> list[Entry]:
    entries = []
    record = Annex3(projects=tuple(Project(project_name=name) for name in names))
    summary = Version("a" * 64, 0, MORNING, "附件3.xlsx", "0" * 64, Transcript("annex3", "xlsx", record))
    for row, name in enumerate(names):
        path = paths[row] if paths else f"附件4-{row}.docx"
        form_of = Version("a" * 64, row + 1, MORNING, path, "0" * 64, Transcript("annex4", "docx", Annex4()))
        entries.append(Entry(name, summary, row, form_of))
    return entries


def supporting(path: str, mail: str = "a" * 64) -> Version:
    return Version(mail, 9, MORNING, path, "1" * 64, Transcript(None, "png"))


@pytest.mark.parametrize(
    ("path", "names", "expected"),
    [
        ("青春护航照片.jpg", ("青春护航", "宿舍微光"), 0),
        ("材料.zip/《宿舍 微光》/1.jpg", ("青春护航", "宿舍微光"), 1),
        ("青春护航二期.jpg", ("青春护航", "青春护航二期"), 1),
        ("合影.jpg", ("青春护航", "宿舍微光"), None),
        ("青春护航和宿舍微光.jpg", ("青春护航", "宿舍微光"), None),
        ("合影.jpg", ("青春护航",), 0),
        ("大家乐合影.jpg", ("家乐", "宿舍微光"), None),
    ],
)
def test_a_supporting_file_goes_to_the_project_its_path_names(
    path: str, names: tuple[str, ...], expected: int | None
) -> None:
    assert owner(supporting(path), listed(*names)) == expected


def test_a_supporting_file_goes_with_the_form_it_shares_a_folder_with() -> None:
    projects = listed("青春护航", "宿舍微光", paths=("材料.zip/一/附件4.docx", "材料.zip/二/附件4.docx"))
    assert owner(supporting("材料.zip/二/照片.jpg"), projects) == 1
    assert owner(supporting("材料.zip/三/照片.jpg"), projects) is None
    assert owner(supporting("材料.zip/二/照片.jpg", "b" * 64), projects) is None
    together = listed("青春护航", "宿舍微光", paths=("材料.zip/附件4-1.docx", "材料.zip/附件4-2.docx"))
    assert owner(supporting("材料.zip/照片.jpg"), together) is None


def test_pictures_are_named_by_their_bytes_and_each_comes_once() -> None:
    content = illustrated(form(1), photograph("navy", "PNG"), photograph("navy", "PNG"), photograph("teal", "GIF"))
    names = [name for name, _ in pictures_in(content, "附件4.docx")]
    assert sorted(names) == ["印章01.png", "图01.png", "图02.gif"]


def test_a_file_that_cannot_be_opened_has_no_pictures() -> None:
    assert list(pictures_in(b"PK\x03\x04" + b"0" * 60, "附件4.docx")) == []
    assert list(pictures_in(b"", "附件4.docx")) == []
