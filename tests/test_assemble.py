"""What a university stands for once its mails are laid together, and what it is told of that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import MORNING, UNIVERSITY, Desk, form, letter, open_desk, papers, parsed, table, text_of
from parsers.model import Annex3, Annex4, Project, Record, Transcript
from pipeline.assemble import assemble
from pipeline.check import check_document
from pipeline.demo import forms
from pipeline.model import Address, Disposition, Mail, Severity, State, Submission, Version
from pipeline.offline import check
from pipeline.rules import Rules
from pipeline.rules_file import load
from pipeline.settings import resource
from rule_cases import application

HOUR = timedelta(hours=1)
USUAL = "shili@example.edu.cn"
BLANK_TABLE, BLANK_FORM = Annex3(), Annex4()
# What a university ranked for itself: names and leaders, and nothing that an Annex 3 has above its rows.
RANKED = Annex3(projects=(Project("1", "校内项目一", leader="甲示例"), Project("2", "校内项目二", leader="乙示例")))


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(resource("rules.yaml"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "data") as one:
        yield one


def stands(rules: Rules, *brought: tuple[Record, ...], sender: str = USUAL, subject: str = "项目报送") -> Submission:
    """The submission after mails that brought these records, each an hour after the one before."""
    mails, versions = [], []
    for number, records in enumerate(brought):
        at, id = MORNING + number * HOUR, f"{number:064x}"
        address = Address("", sender)
        mails.append(
            Mail(id, at, "", address, address, subject, (), 1, Disposition.SUBMISSION, universities=(UNIVERSITY,))
        )
        for index, record in enumerate(records):
            kind, suffix = ("annex3", "xlsx") if isinstance(record, Annex3) else ("annex4", "docx")
            transcript, path = Transcript(kind, suffix, record), f"{kind}-{index}.{suffix}"
            found = check_document(transcript, path, at, rules)
            versions.append(Version(id, index, at, path, "", transcript, found, UNIVERSITY))
    return assemble(UNIVERSITY, versions, mails, rules)


def names(submission: Submission) -> list[str]:
    return [entry.name for entry in submission.entries]


def errors(submission: Submission) -> list[str]:
    return [finding.rule for finding in submission.errors]


def whole(projects: int = 2) -> tuple[Record, ...]:
    """The records of a submission in which nothing is wrong."""
    return (table(projects=projects), *(form(number) for number in range(1, projects + 1)))


# ---------------------------------------------------------------- an older state beside a newer one


def wrong(number: int = 1) -> Annex4:
    return replace(form(number), phone="1")


def wrong_table() -> Annex3:
    first, second = table().projects
    return replace(table(), projects=(replace(first, phone="1"), second))


def test_what_an_earlier_mail_brought_gives_way_to_the_correction_beside_it(rules: Rules) -> None:
    first = (wrong_table(), wrong(), form(2))
    for second in ((table(), form(1), wrong_table(), wrong()), (wrong(), wrong_table(), form(1), table())):
        submission = stands(rules, first, second)
        assert (errors(submission), submission.state) == ([], State.ACCEPTED)
        # Nor does it come back with the next mail that carries both.
        assert errors(stands(rules, first, second, second)) == []


def test_what_an_earlier_mail_brought_counts_again_where_it_comes_alone(rules: Rules) -> None:
    assert errors(stands(rules, whole(), (wrong(),), (form(1),))) == []
    assert errors(stands(rules, (table(), wrong(), form(2)), (form(1),), (wrong(),))) == ["annex4.phone.format"]


def test_a_pdf_of_a_form_is_not_preferred_to_the_form_that_came_before(rules: Rules) -> None:
    # What a PDF says is read less reliably, and may differ for that alone.
    submission = stands(rules, whole(), (form(1),))
    mail, misread = submission.mails[-1], replace(form(1), phone="1")
    pdf = Version(mail.id, 1, mail.received_at, "盖章.pdf", "", Transcript("annex4", "pdf", misread))
    applications = [entry.application for entry in submission.entries if entry.application]
    again = assemble(UNIVERSITY, [*submission.summaries, *applications, pdf], submission.mails, rules)
    assert next(one.application.path for one in again.entries if one.application) == "annex4-0.docx"


def test_our_marked_copies_sent_back_beside_the_correction_ask_for_nothing_again(desk: Desk) -> None:
    faulty = table()
    faulty = replace(faulty, projects=(replace(faulty.projects[0], phone="1"), faulty.projects[1]))
    desk.receive(letter(papers(faulty)))
    desk.run()
    ours = desk.sent[0]
    marked = {str(part.get_filename()): part.get_content() for part in parsed(ours).iter_attachments()}
    assert list(marked) == ["附件3（标注）.xlsx", "附件4-1（标注）.docx"]
    at = desk.now + HOUR
    desk.receive(letter({**papers(table()), **marked}, at), at)
    desk.run()
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    at = desk.now + HOUR
    desk.receive(letter({**papers(table()), "贵处来信.eml": ours.raw}, at), at)
    desk.run()
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert [str(parsed(reply)["Subject"])[:5] for reply in desk.sent] == ["【请补正】", "【已收到】", "【已收到】"]
    assert "附件3（标注）.xlsx：附件3 项目汇总表（列有2个项目），以另一份为准" in text_of(desk.sent[1])


def test_staff_see_that_one_mail_brought_two_that_differ_and_only_then(rules: Rules) -> None:
    draft = table(contact_name="钱示例")
    cases: list[tuple[tuple[tuple[Record, ...], ...], int]] = [
        (((draft, *whole()),), 1),
        ((whole(), (draft, table(contact_name="孙示例"))), 1),
        # What came before is the older one without doubt, and a mail later there is no question any more.
        (((draft,), (draft, *whole())), 0),
        (((draft, *whole()), whole()), 0),
        (((*whole(), RANKED, BLANK_TABLE, BLANK_FORM),), 0),
    ]
    for brought, seen in cases:
        submission = stands(rules, *brought)
        found = [finding for finding in submission.findings if finding.rule == "submission.several_versions"]
        assert (len(found), submission.state) == (seen, State.ACCEPTED)


# ---------------------------------------------------------------- two rows of one name


def namesakes() -> tuple[Annex3, Annex4, Annex4]:
    """A table that lists two projects under one name, and the Annex 4 of each."""
    first, second = table().projects
    second = replace(second, project_name=first.project_name, leader="李示例", phone="13800000002")
    return replace(table(), projects=(first, second)), form(1), application(second, UNIVERSITY)


def of_several(submission: Submission) -> list[str]:
    """The rules that a submission fails as a whole."""
    return [finding.rule for finding in submission.findings]


def test_an_annex_4_is_compared_with_the_row_of_its_name_that_it_agrees_with(rules: Rules) -> None:
    rows, first, second = namesakes()
    turned = replace(rows, projects=rows.projects[::-1])
    for listed in (rows, turned):
        for one in (first, second):
            submission = stands(rules, (listed, one))
            assert (errors(submission), of_several(submission)) == (["annex3.project.duplicate"], [])


def test_an_annex_4_that_agrees_with_no_row_of_its_name_is_compared_with_the_one_it_is_nearest_to(rules: Rules) -> None:
    rows, _, second = namesakes()
    submission = stands(rules, (rows, replace(second, phone="13800000009")))
    assert of_several(submission) == ["cross.phone"]
    assert "13800000002" in submission.findings[0].message


def test_two_projects_under_one_name_keep_each_its_own_annex_4(rules: Rules) -> None:
    rows, first, second = namesakes()
    for brought in ((rows, first, second), (second, rows, first)):
        submission = stands(rules, brought)
        assert (errors(submission), of_several(submission)) == (["annex3.project.duplicate"], [])
        assert [entry.form for entry in submission.entries] == [first, second]
        assert submission.superseded == ()
    # Each is judged.
    assert "annex4.phone.format" in errors(stands(rules, (rows, replace(first, phone="1"), second)))


def test_of_two_versions_of_one_annex_4_only_one_counts_however_many_rows_bear_its_name(rules: Rules) -> None:
    rows, first, second = namesakes()
    alike = replace(rows, projects=(rows.projects[0], rows.projects[0]))
    draft = replace(first, phone="", leader="", content="草稿")
    for brought in ((alike, draft, first), (rows, draft, first), (rows, replace(second, leader="钱示例"), first)):
        submission = stands(rules, brought)
        assert {entry.form for entry in submission.entries} == {first}
        assert of_several(submission).count("submission.several_versions") == 1
    # Three for two rows: the last one counts, whatever it says.
    submission = stands(rules, (rows, first, second, replace(first, leader="钱示例")))
    assert {entry.form for entry in submission.entries} == {replace(first, leader="钱示例")}
    assert of_several(submission).count("submission.several_versions") == 1


def test_a_correction_of_one_of_two_namesakes_takes_its_place(rules: Rules) -> None:
    rows, first, second = namesakes()
    submission = stands(rules, (rows, replace(first, phone="1"), second), (first,))
    assert errors(submission) == ["annex3.project.duplicate"]
    renamed = replace(rows, projects=(rows.projects[0], replace(rows.projects[1], project_name="示例项目丙")))
    again = (renamed, first, replace(second, project_name="示例项目丙"))
    assert errors(stands(rules, (rows, first, second), again)) == []


# ---------------------------------------------------------------- blank forms, and tables that are no Annex 3


@pytest.mark.parametrize("spare", [BLANK_TABLE, BLANK_FORM, Annex3(UNIVERSITY), Annex4(university=UNIVERSITY), RANKED])
def test_a_blank_form_or_a_list_of_its_own_changes_nothing_beside_what_was_filled_in(
    rules: Rules, spare: Record
) -> None:
    orders: list[tuple[tuple[Record, ...], ...]] = [(whole(), (spare,)), ((spare,), whole())]
    for brought in [*orders, ((*whole(), spare),), ((spare, *whole()),)]:
        submission = stands(rules, *brought)
        assert (names(submission), errors(submission)) == (["示例项目甲", "示例项目乙"], [])
        assert [version.transcript.record for version in submission.superseded] == [spare]


def test_a_blank_form_from_a_stranger_is_no_question_for_staff(rules: Rules) -> None:
    submission = stands(rules, whole(), (BLANK_TABLE,))
    elsewhere = replace(submission.mails[1], reply_to=Address("", "other@qq.com"))
    versions = [*submission.summaries, *(one.application for one in submission.entries if one.application)]
    again = assemble(UNIVERSITY, [*versions, *submission.superseded], [submission.mails[0], elsewhere], rules)
    assert (again.held, again.state) == ((), State.ACCEPTED)


def test_a_blank_form_alone_is_an_error(rules: Rules) -> None:
    assert "annex3.empty" in errors(stands(rules, (BLANK_TABLE,)))
    assert "annex4.required" in errors(stands(rules, (table(projects=1), BLANK_FORM)))
    assert "annex3.project.required" in errors(stands(rules, (RANKED, form(1))))


def test_fewer_rows_withdraw_projects_even_where_little_else_is_filled_in(rules: Rules) -> None:
    for fewer in (table(projects=1), Annex3(projects=table(projects=1).projects)):
        assert names(stands(rules, whole(), (fewer,))) == ["示例项目甲"]


def test_a_second_sheet_without_a_head_adds_the_projects_whose_forms_came_along(rules: Rules) -> None:
    rest = Annex3(projects=table(projects=3).projects[2:])
    assert names(stands(rules, (*whole(), rest, form(3)))) == ["示例项目甲", "示例项目乙", "示例项目丙"]


def test_a_list_that_names_the_projects_among_others_does_not_outdo_the_annex_3_beside_it(rules: Rules) -> None:
    ranked = Annex3(projects=(*table().projects, *RANKED.projects))
    assert names(stands(rules, (*whole(), ranked))) == ["示例项目甲", "示例项目乙"]


def test_blank_forms_among_files_that_are_checked_ask_for_no_correction(tmp_path: Path, rules: Rules) -> None:
    blank = {f"空白{name}": forms.blank(name) for name in ("附件3.xlsx", "附件3.docx", "附件4.docx")}
    for name, content in blank.items():
        (tmp_path / name).write_bytes(content)
    assert check([tmp_path], rules, MORNING).count(Severity.ERROR) > 0
    for name, content in papers(table()).items():
        (tmp_path / name).write_bytes(content)
    checked = check([tmp_path], rules, MORNING)
    assert (len(checked.documents), checked.count(Severity.ERROR)) == (6, 0)


# ---------------------------------------------------------------- withdrawn and listed again


def test_a_project_listed_again_has_its_application_back(rules: Rules) -> None:
    first, second, third = whole(3), (table(),), (table(projects=3),)
    assert names(stands(rules, first, second)) == ["示例项目甲", "示例项目乙"]
    submission = stands(rules, first, second, third)
    assert (names(submission)[2], errors(submission), submission.withdrawn) == ("示例项目丙", [], ())
    newer = replace(form(3), members="钱示例")
    submission = stands(rules, first, second, (*third, newer))
    assert submission.entries[2].application is not None
    assert submission.entries[2].application.transcript.record == newer
    # The new one may bear the name that the list has now, a little other than before.
    rows = (*table().projects, replace(table(projects=3).projects[2], project_name="示例项目丙项目"))
    renamed = (replace(table(projects=3), projects=rows), replace(newer, project_name="示例项目丙项目"))
    submission = stands(rules, first, second, renamed)
    assert (names(submission)[2:], errors(submission)) == (["示例项目丙项目"], [])


def test_a_project_listed_again_is_not_told_as_withdrawn(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=3))))
    desk.run()
    for projects in (2, 3):
        at = desk.now + HOUR
        desk.receive(letter(papers(table(projects=projects), applications=False), at), at)
        desk.run()
    told = [text_of(reply) for reply in desk.sent]
    assert "我们按撤回处理" in told[1]
    assert "我们按撤回处理" not in told[2]
    assert "项目“示例项目丙”：新增" in told[2]
    assert "【已收到】" in str(parsed(desk.sent[2])["Subject"])


def withdrawals(desk: Desk, *brought: tuple[int, ...]) -> list[bool]:
    """For each mail that brings tables of so many projects: whether its answer tells of a withdrawal."""
    said = []
    for number, projects in enumerate(brought):
        at = desk.now + HOUR
        # Each differs from the one before, so that there is something to be told.
        summary = replace(table(projects=projects[0]), contact_name="赵示例" + "甲" * number)
        files = {"附件3.xlsx": forms.annex3_workbook(summary)}
        if len(projects) > 1:
            files["附件3-农大.xlsx"] = forms.annex3_workbook(replace(summary, university="内蒙古农业大学"))
        desk.receive(letter(files, at), at)
        desk.run(send_per_correspondent=20)
        said.append("我们按撤回处理" in text_of(desk.sent[-1]))
    assert len(desk.sent) == len(brought) + 1
    return said


def test_a_withdrawal_is_told_once_in_the_answer_to_the_annex_3_that_made_it(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=3))))
    desk.run()
    assert withdrawals(desk, (2,), (2,), (1,), (3,), (2,)) == [True, False, True, False, True]


def test_a_withdrawal_not_told_yet_is_told_with_what_is_answered_next(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=3))))
    desk.run()
    for hours in (1, 2):
        at = desk.now + HOUR
        summary = replace(table(), contact_name="赵示例" + "甲" * hours)
        desk.receive(letter({"附件3.xlsx": forms.annex3_workbook(summary)}, at), at)
        desk.run(send_per_correspondent=hours)
    assert ["我们按撤回处理" in text_of(reply) for reply in desk.sent] == [False, True]


def test_who_sends_for_two_universities_is_told_of_a_withdrawal_once_as_well(desk: Desk) -> None:
    desk.receive(letter({**papers(table(projects=3)), **both(3)}))
    desk.run()
    assert withdrawals(desk, (2, 2), (2, 2)) == [True, False]


def both(projects: int) -> dict[str, bytes]:
    """The files of another university, under other names."""
    return {f"农大{name}": content for name, content in papers(table("内蒙古农业大学", projects)).items()}


# ---------------------------------------------------------------- a mail that brought nothing


def thanks(desk: Desk, sender: str = USUAL) -> None:
    at = desk.now + HOUR
    text = "谢谢老师，已收到回复。材料已报送，盖章扫描件随后提交。"
    desk.receive(letter({}, at, sender, f"回复：{UNIVERSITY}项目报送", text), at)
    desk.run()


def test_thanks_for_a_complete_submission_ask_nothing_of_anybody(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    thanks(desk)
    thanks(desk, "other@qq.com")
    assert len(desk.sent) == 1
    assert desk.row("高校进度", 高校名称=UNIVERSITY)["状态"] == "已通过"
    assert desk.rows("问题清单") == []
    assert [row["回复"] for row in desk.rows("邮件日志") if row["附件数"] == 0] == ["不需回复"] * 2


def test_an_announced_revision_without_its_file_is_asked_for_even_where_all_is_complete(desk: Desk) -> None:
    desk.receive(letter(papers(table())))
    desk.run()
    at = desk.now + HOUR
    desk.receive(letter({}, at, subject=f"{UNIVERSITY}附件3（修改稿）重新报送", text="现重新报送附件3。"), at)
    desk.run()
    assert "这封邮件没有附件" in text_of(desk.sent[1])


def test_where_something_is_open_a_mail_without_attachment_is_told_so(desk: Desk) -> None:
    desk.receive(letter(papers(table(project_count="7"))))
    desk.run()
    at = desk.now + HOUR
    desk.receive(letter({}, at, text="已修改，现报送，请查收附件。"), at)
    desk.run()
    assert "这封邮件没有附件" in text_of(desk.sent[1])
    assert {row["规则"] for row in desk.rows("问题清单")} == {"annex3.project_count.mismatch", "mail.no_attachment"}


# ---------------------------------------------------------------- one university's mail with another one's name in the forms


@pytest.mark.parametrize(
    ("sender", "subject"),
    [("c@imut.edu.cn", "内蒙古工业大学报送"), ("c@mail.imut.edu.cn", "内工大：内蒙古工业大学项目报送")],
)
def test_forms_that_name_another_university_than_their_sender_wait_for_staff(
    rules: Rules, sender: str, subject: str
) -> None:
    submission = stands(rules, whole(), sender=sender, subject=subject)
    assert (submission.state, names(submission), len(submission.held)) == (State.FOR_STAFF, [], 3)
    accepted = assemble(UNIVERSITY, submission.held, submission.mails, rules, {submission.mails[0].id: True})
    assert accepted.state is State.ACCEPTED


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("a@imu.edu.cn", "内蒙古工业大学报送"),
        ("a@qq.com", "转发：内蒙古大学、内蒙古工业大学材料"),
        ("a@qq.com", "内大报送"),
        ("a@example.edu.cn", "项目报送"),
        # One of the two alone is a habit of whoever sends for others.
        ("c@imut.edu.cn", "项目报送"),
        ("c@imut.edu.cn", "内蒙古大学报送"),
        ("c@qq.com", "内蒙古工业大学报送"),
    ],
)
def test_forms_that_nothing_speaks_against_do_not_wait(rules: Rules, sender: str, subject: str) -> None:
    assert stands(rules, whole(), sender=sender, subject=subject).state is State.ACCEPTED


def test_a_slip_of_the_name_is_told_to_nobody_else(desk: Desk) -> None:
    desk.receive(letter(papers(table(projects=1)), sender="c@imut.edu.cn", subject="内蒙古工业大学报送"))
    desk.run()
    rows = tuple(replace(row, project_name=f"内大{row.project_name}") for row in table().projects)
    at = desk.now + HOUR
    desk.receive(letter(papers(replace(table(), projects=rows)), at, "a@imu.edu.cn"), at)
    desk.run()
    (mine,) = [text_of(reply) for reply in desk.sent if reply.recipients == ("a@imu.edu.cn",)]
    assert "示例项目甲" not in mine.replace("内大示例项目甲", "")
    assert "与上次相比的变化" not in mine
    assert [row["项目名称"] for row in desk.rows("项目汇总")] == ["内大示例项目甲", "内大示例项目乙"]


# ---------------------------------------------------------------- a second address


def test_a_colleague_at_another_address_is_told_only_what_is_so(desk: Desk) -> None:
    files = papers(table())
    second = {"附件4-2.docx": files.pop("附件4-2.docx")}
    desk.receive(letter(files))
    desk.receive(letter(second, MORNING, "colleague@qq.com"), MORNING + timedelta(minutes=3))
    desk.run()
    (told,) = [text_of(reply) for reply in desk.sent if reply.recipients == ("colleague@qq.com",)]
    assert "附件3未列入" not in told
    assert "需要秘书处人工确认" not in told
    assert "示例项目乙（学业促进类）：附件4已收到" in told


# ---------------------------------------------------------------- names that differ only in their dress


def listing(*projects: str) -> Annex3:
    """The table of so many projects under these names."""
    sound = table(projects=len(projects))
    return replace(
        sound,
        projects=tuple(replace(row, project_name=name) for row, name in zip(sound.projects, projects, strict=True)),
    )


def named(number: int, name: str) -> Annex4:
    return replace(form(number), project_name=name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("“我为同学做实事”——暖心自习室项目", "“我为同学做实事”——暖冬行动项目"),
        ("项目名称：暖心自习室", "项目名称：暖冬行动"),
        ("1.暖心自习室", "2.暖冬行动"),
    ],
)
def test_names_in_different_dress_are_one_project_each(rules: Rules, first: str, second: str) -> None:
    for brought in (
        (listing("暖心自习室", "暖冬行动"), named(1, first), named(2, second)),
        (listing(first, second), named(1, "暖心自习室"), named(2, "暖冬行动")),
    ):
        assert errors(stands(rules, brought)) == []
        # A table that comes again in the other dress withdraws nothing, and one that no longer lists a project does.
        again = stands(rules, brought, (listing("暖心自习室", "暖冬行动"),), (listing(first, second),))
        assert (errors(again), len(again.withdrawn)) == ([], 0)
        fewer = stands(rules, brought, (listing(first),))
        assert (errors(fewer), len(fewer.withdrawn)) == ([], 1)
        restored = stands(rules, brought, (listing(first),), (listing("暖心自习室", "暖冬行动"),))
        assert (errors(restored), len(restored.withdrawn)) == ([], 0)


def test_where_two_partners_are_possible_none_is_taken(rules: Rules) -> None:
    for brought in (
        (listing("1.暖心自习室", "2.暖心自习室"), named(1, "暖心自习室"), named(2, "暖冬行动")),
        (listing("暖心自习室", "暖冬行动"), named(1, "暖心自习室项目"), named(2, "项目名称：暖心自习室")),
    ):
        submission = stands(rules, brought)
        assert errors(submission).count("annex4.unlisted") == 2
        assert errors(submission).count("annex4.missing") == 2


def test_the_exact_name_outdoes_the_one_in_another_dress(rules: Rules) -> None:
    submission = stands(
        rules, (listing("暖心自习室", "1.暖心自习室"), named(1, "1.暖心自习室"), named(2, "暖心自习室"))
    )
    paths = [entry.application.path for entry in submission.entries if entry.application]
    assert paths == ["annex4-2.docx", "annex4-1.docx"]
