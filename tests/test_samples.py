"""The blank forms, forms filled from records, and the sample mails of the demo."""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
from docx import Document
from docx.enum.section import WD_ORIENTATION
from msgspec.structs import replace
from openpyxl import load_workbook
from PIL import Image

import parsers
from effort import takes_less
from parsers.model import Annex3, Annex4, Project
from pipeline import flow, rules_file
from pipeline.assemble import assemble
from pipeline.demo import blanks, forms
from pipeline.demo.archives import locked_zip
from pipeline.demo.cases import CASES
from pipeline.demo.forms import Mark
from pipeline.demo.records import POOL, People, clean_papers
from pipeline.demo.samples import SampleMail, sample_mails
from pipeline.demo.stamp import seal
from pipeline.demo.strangers import STRANGERS
from pipeline.message import decode
from pipeline.model import SHANGHAI, Automatic, Disposition, Mail, Submission, University, Version
from pipeline.reading import read_mail
from pipeline.settings import resource

ROSTER = tuple(
    University(name, graduates=number < 10, domains=("example.edu.cn",) if number % 2 else ())
    for number, name in enumerate(
        each.name for each in rules_file.load(resource("rules.yaml")).terms.roster.universities
    )
)
TABLE = Annex3(
    "内蒙古大学",
    "2",
    "李示例",
    "13800000001",
    (
        Project(
            "1", "心灵树洞", "朋辈倾听。", "心理健康类", "校级学生会", ("https://a.example",), "张例镕", "0471-0000001"
        ),
        Project("2", "石榴籽", "结对学习。", "民族团结类", "文学院学生会", (), "王例堃", "13800000002"),
    ),
)
FORM = Annex4(
    project_name="心灵树洞",
    university="内蒙古大学",
    applicant="校级学生会",
    leader="张例镕",
    phone="13800000001",
    members="赵示例、钱示例\n孙示例",
    categories=("心理健康类",),
    period="2022年3月至今",
    content="第一段。\n第二段。",
    recommendation="同意推荐。",
    signed_on="2024-11-12",
    sealed=True,
)


# Blank forms


@pytest.mark.parametrize("name", list(blanks.FILES))
def test_the_blank_forms_in_templates_are_what_the_program_builds(name: str) -> None:
    built, kept = (
        {part: package.read(part) for part in package.namelist()}
        for package in (
            zipfile.ZipFile(io.BytesIO(blanks.FILES[name]())),
            zipfile.ZipFile(resource("templates") / name),
        )
    )
    assert built == kept


def test_building_a_blank_form_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    blanks.write(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    blanks.write(tmp_path)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(first) == {"附件3.xlsx", "附件3.docx", "附件4.docx"}


def test_the_blank_annex_3_workbook_has_the_notices_columns_and_sample_row() -> None:
    sheet = load_workbook(resource("templates") / "附件3.xlsx").worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][0] == "内蒙古自治区高校学生会组织“我为同学做实事”项目汇总表"
    assert rows[5] == list(blanks.COLUMNS)
    assert [row[2] for row in rows[6:]] == [1, 2, 3, 4, 5]
    assert (rows[6][3], rows[6][6]) == ("xx项目", "x校级学生会/x二级学院学生会")
    assert str(rows[4][6]).startswith("表格填写联系人：")
    assert sheet.page_setup.orientation == "landscape"


def test_the_blank_annex_3_document_has_the_notices_columns_and_sample_row() -> None:
    document = Document(str(resource("templates") / "附件3.docx"))
    rows = document.tables[0].rows
    assert tuple(cell.text for cell in rows[0].cells) == blanks.COLUMNS
    assert len(rows) == 6
    assert [rows[1].cells[column].text for column in (3, 6)] == ["xx项目", "x校级学生会/x二级学院学生会"]
    assert "表格填写联系人：" in document.paragraphs[4].text


def test_the_blank_annex_4_prints_ten_categories_on_three_lines() -> None:
    table = Document(str(resource("templates") / "附件4.docx")).tables[0]
    assert table.cell(4, 1).text.split("\n") == ["  ".join(line) for line in blanks.CATEGORIES]
    assert [len(line) for line in blanks.CATEGORIES] == [4, 4, 2]
    assert table.cell(6, 1).text == "\n可另附项目相关图文资料"
    assert table.cell(7, 1).text == "\n（盖章）\n年    月    日"
    assert table.cell(7, 0).text == "学校团委推荐意见及案例\n点评"


@pytest.mark.parametrize("name", ["附件3.docx", "附件4.docx"])
def test_a_blank_document_ends_with_a_paragraph_as_one_of_word_does(name: str) -> None:
    last = Document(str(resource("templates") / name)).element.body[-2]
    assert last.tag.endswith("}p")


@pytest.mark.parametrize("name", list(blanks.FILES))
def test_a_blank_form_reads_as_a_form_with_nothing_in_it(name: str) -> None:
    (transcript,) = parsers.read(forms.blank(name), name)
    assert transcript.form == ("annex3" if "3" in name else "annex4")
    assert transcript.record == (Annex3() if "3" in name else replace(Annex4(), sealed=False))


# Filled forms


@pytest.mark.parametrize(("build", "name"), [(forms.annex3_workbook, "a.xlsx"), (forms.annex3_document, "a.docx")])
@pytest.mark.parametrize("rows", [2, 9])
def test_a_filled_annex_3_reads_back_as_its_record(build: object, name: str, rows: int) -> None:
    projects = tuple(
        replace(TABLE.projects[1], number=str(number), project_name=f"示例{number}") for number in range(3, rows + 1)
    )
    record = replace(TABLE, projects=TABLE.projects + projects)
    (transcript,) = parsers.read(build(record), name)  # type: ignore[operator]
    assert transcript.record == record


@pytest.mark.parametrize("mark", list(Mark))
def test_a_filled_annex_4_reads_back_as_its_record_however_it_is_marked(mark: Mark) -> None:
    (transcript,) = parsers.read(forms.annex4_document(FORM, mark), "附件4.docx")
    assert transcript.record == FORM


@pytest.mark.parametrize("mark", [Mark.TICK, Mark.BOX, Mark.UNDERLINE])
@pytest.mark.parametrize("categories", [(), ("学业促进类", "其他类")])
def test_no_choice_and_two_choices_stay_what_they_are(mark: Mark, categories: tuple[str, ...]) -> None:
    (transcript,) = parsers.read(forms.annex4_document(replace(FORM, categories=categories), mark), "附件4.docx")
    assert isinstance(transcript.record, Annex4)
    assert transcript.record.categories == categories


def test_all_forms_in_one_document_are_all_found() -> None:
    content = forms.together(TABLE, [FORM, replace(FORM, project_name="石榴籽", categories=("民族团结类",))])
    found = parsers.read(content, "全部.docx")
    assert [transcript.form for transcript in found] == ["annex3", "annex4", "annex4"]
    assert [section.orientation for section in Document(io.BytesIO(content)).sections] == [
        WD_ORIENTATION.LANDSCAPE,
        WD_ORIENTATION.PORTRAIT,
    ]


def test_the_seal_is_red_on_a_transparent_ground() -> None:
    image = Image.open(io.BytesIO(seal())).convert("RGBA")
    pixels = list(zip(*[iter(image.tobytes())] * 4, strict=True))
    inked = [(red, green) for red, green, _, alpha in pixels if alpha > 200]
    assert 0.05 < len(inked) / len(pixels) < 0.5
    assert all(red > 150 and green < 80 for red, green in inked)


def test_a_locked_archive_opens_with_its_password_only() -> None:
    archive = zipfile.ZipFile(io.BytesIO(locked_zip("附件4.docx", b"content" * 100, b"123456")))
    with pytest.raises(RuntimeError, match="encrypted"):
        archive.read("附件4.docx")
    assert archive.read("附件4.docx", b"123456") == b"content" * 100


def test_the_summaries_of_the_pool_keep_to_fifty_characters() -> None:
    assert all(len(summary) <= 50 for projects in POOL.values() for _, summary in projects)
    assert len(POOL) == 10


# Sample mails


@cache
def the_mails(universities: int = 22) -> tuple[SampleMail, ...]:
    return tuple(sample_mails(ROSTER, universities))


@cache
def worked_off() -> tuple[dict[str, Submission], dict[str, Mail]]:
    """The sample mails through the real stages: submissions by university, mails by story."""
    book = rules_file.load(resource("rules.yaml"))
    versions: defaultdict[str, list[Version]] = defaultdict(list)
    mails: defaultdict[str, list[Mail]] = defaultdict(list)
    stories = {}
    for number, sample in enumerate(the_mails()):
        reading = read_mail(sample.raw, "nmggxzss@163.com", book.limits)
        outcome = flow.judge(reading, f"{number:064}", sample.received_at, book, lambda _: {})
        stories[sample.story] = outcome.mail
        for university in outcome.mail.universities:
            mails[university].append(outcome.mail)
        for version in outcome.versions:
            versions[version.university].append(version)
    return {name: assemble(name, versions[name], mails[name], book) for name in mails}, stories


def rules_of(story: str) -> Counter[str]:
    """The rules that fire for the university of a story, notices left out."""
    submissions, stories = worked_off()
    (university,) = stories[story].universities
    return Counter(each.rule for each in submissions[university].all_findings if each.severity.value != "notice")


def test_the_same_seed_gives_the_same_mails_and_another_seed_others() -> None:
    again = sample_mails(ROSTER, 22)
    assert again == list(the_mails())
    assert [mail.raw for mail in sample_mails(ROSTER, 22, seed=2)] != [mail.raw for mail in again]


def test_the_mails_of_twenty_universities_take_no_longer_to_write_than_some_hundreds_of_forms() -> None:
    takes_less(lambda: sample_mails(ROSTER, 20, seed=3), 600, lambda: forms.annex4_document(FORM))


def test_mails_come_in_order_with_aware_times_and_lie_in_two_folders() -> None:
    times = [mail.received_at for mail in the_mails()]
    assert times == sorted(times)
    assert all(time.tzinfo is not None for time in times)
    assert {mail.folder for mail in the_mails()} == {"INBOX", "垃圾邮件"}


def test_few_universities_give_the_first_cases_and_many_end_with_clean_ones() -> None:
    few = sample_mails(ROSTER, 1)
    assert len(few) == 1 + len(STRANGERS)
    many = Counter(mail.story for mail in sample_mails(ROSTER, len(ROSTER)))
    assert many["规范报送"] == 1 + len(ROSTER) - len(CASES)


@pytest.mark.parametrize("universities", [0, len(ROSTER) + 1])
def test_a_number_of_universities_there_are_not_is_refused(universities: int) -> None:
    with pytest.raises(ValueError, match="universities must be"):
        sample_mails(ROSTER, universities)


def test_every_mail_names_its_university_and_carries_the_time_it_was_received() -> None:
    for sample in the_mails():
        message = decode(sample.raw, "nmggxzss@163.com")
        assert message.received_at == sample.received_at.replace(microsecond=0)
        assert message.message_id.startswith("<")
    assert any("内蒙古大学" in decode(sample.raw).subject for sample in the_mails())


def test_lines_of_a_raw_mail_end_in_crlf_and_stay_short() -> None:
    for sample in the_mails():
        assert sample.raw.count(b"\n") == sample.raw.count(b"\r\n")
        assert max(map(len, sample.raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    "story",
    [
        "规范报送",
        "压缩包报送，文件名为GBK编码",
        "补正后只重发附件3",
        "分三封邮件报送（3）",
        "规范报送（Word版附件3），落入垃圾邮件",
        "附件3和全部附件4放在一个Word文件里",
        "把原邮件作为附件转发",
    ],
)
def test_where_nothing_is_wrong_nothing_is_found(story: str) -> None:
    assert rules_of(story) == Counter()


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("缺一份附件4", {"annex4.missing"}),
        ("只有附件4，缺附件3", {"annex3.missing"}),
        (
            "附件3多处填写有误：数量带单位、缺联系电话和负责人、电话错误、简介超字数",
            {
                "annex3.project_count.not_number",
                "annex3.contact.required",
                "annex3.project.required",
                "annex3.phone.format",
                "annex3.summary.too_long",
                "annex3.links.format",
            },
        ),
        ("附件4未选类别、多选类别", {"annex4.category.none", "annex4.category.multiple"}),
        (
            "实施不满一年、缺团委意见、未盖章、附件4有空项",
            {"annex4.period.too_short", "annex4.recommendation.missing", "annex4.seal.missing", "annex4.required"},
        ),
        (
            "附件3与附件4不一致：类别、负责人、电话、申报主体",
            {"cross.category", "cross.leader", "cross.phone", "cross.applicant"},
        ),
        (
            "类别重复、类别不在十类之中、项目数量不符",
            {"annex3.category.repeated", "annex3.category.unknown", "annex3.project_count.mismatch"},
        ),
        ("材料只在超大附件链接里", {"mail.cloud_attachment"}),
        ("忘记添加附件", {"mail.no_attachment"}),
        ("超过截止时间报送", {"mail.late"}),
        ("文件损坏、加密、格式不支持", {"file.unreadable", "file.encrypted", "file.unsupported", "annex4.missing"}),
        (
            "超过申报数量：7个学生会项目、3个研究生会项目",
            {"annex3.projects.too_many", "annex3.projects.too_many_graduate"},
        ),
        ("附件4未列入附件3、学校名称不一致", {"annex4.unlisted", "cross.university"}),
        ("高校名称不在名单中", {"annex3.university.unknown"}),
    ],
)
def test_each_story_shows_what_it_says_and_nothing_else(story: str, expected: set[str]) -> None:
    assert set(rules_of(story)) == expected


def test_an_annex_3_without_projects_and_one_with_a_repeated_row_are_among_the_stories() -> None:
    assert "annex3.empty" in rules_of("附件3没有填写项目")
    assert {"annex3.project.duplicate", "annex3.applicant.format"} <= set(
        rules_of("附件3重复填写同一项目、申报主体不明确")
    )


@pytest.mark.parametrize(
    ("story", "disposition", "automatic"),
    [
        ("咨询", Disposition.UNRELATED, None),
        ("广告", Disposition.AUTOMATIC, Automatic.LIST),
        ("自动回复", Disposition.AUTOMATIC, Automatic.AUTO_REPLY),
        ("退信", Disposition.AUTOMATIC, Automatic.BOUNCE),
    ],
)
def test_other_mail_is_what_its_story_says(story: str, disposition: Disposition, automatic: Automatic | None) -> None:
    mail = worked_off()[1][story]
    assert (mail.disposition, mail.automatic) == (disposition, automatic)


def test_a_correction_answers_the_first_mail() -> None:
    stories = worked_off()[1]
    first, second = stories["首次报送：电话有误、简介超字数"], stories["补正后只重发附件3"]
    assert second.references == (first.message_id,)
    assert second.received_at.astimezone(SHANGHAI) > first.received_at


def test_invented_people_look_invented_and_share_no_number() -> None:
    people = People(random.Random(1))
    papers = clean_papers(ROSTER[0], people, random.Random(1), 5, 2)
    phones = [papers.summary.contact_phone, *(project.phone for project in papers.summary.projects)]
    assert len(set(phones)) == len(phones)
    assert all(phone.startswith("1380000") and len(phone) == 11 for phone in phones)
    assert all(
        "例" in project.leader or "示" in project.leader or "样" in project.leader
        for project in papers.summary.projects
    )
    assert [project.applicant.endswith("研究生会") for project in papers.summary.projects] == [False] * 5 + [True] * 2
