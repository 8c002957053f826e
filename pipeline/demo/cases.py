"""What can happen when a university reports: one function for each story, each giving the mails it takes.

Every function starts from papers in which nothing is wrong and changes only what its story is about.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Project
from pipeline.demo import forms
from pipeline.demo.archives import locked_zip
from pipeline.demo.forms import Mark
from pipeline.demo.records import Papers, People, clean_papers
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.model import SHANGHAI, University

INBOX, JUNK = "INBOX", "垃圾邮件"
MARKS = (Mark.TICK, Mark.BOX, Mark.UNDERLINE, Mark.ONLY)
CLIENTS = (Client.QQ, Client.COREMAIL, Client.FOXMAIL, Client.NETEASE)


class Post(Struct, frozen=True):
    """A mail as it lies on the server."""

    received_at: datetime
    folder: str
    raw: bytes
    story: str


class Case(Struct, frozen=True):
    """What a story is told with; `start` is when the university's first mail arrives."""

    university: University
    number: int
    rng: random.Random
    people: People
    start: datetime
    mailbox: str

    def person(self) -> Person:
        """The one who writes for the university, the same at every call but for the name."""
        client = CLIENTS[self.number % len(CLIENTS)]
        domain = {Client.QQ: "qq.com", Client.FOXMAIL: "126.com", Client.NETEASE: "163.com"}.get(client, "")
        domain = domain or next(iter(self.university.domains), "example.edu.cn")
        return Person(f"{self.university.name}学生会", f"shili{self.number + 1:02}.demo@{domain}", client)

    def papers(self, count: int = 0, graduates: int = 0) -> Papers:
        return clean_papers(self.university, self.people, self.rng, count or self.rng.randrange(2, 6), graduates)

    def files(self, papers: Papers, *, word: bool = False) -> list[File]:
        """Annex 3 and every Annex 4 as files of their own."""
        mark = MARKS[self.number // len(CLIENTS) % len(MARKS)]
        table = forms.annex3_document if word else forms.annex3_workbook
        name = f"附件3 {self.university.name}项目汇总表.{'docx' if word else 'xlsx'}"
        return [
            File(name, table(papers.summary)),
            *(application_file(each, mark) for each in papers.applications),
        ]

    def post(
        self,
        story: str,
        files: Sequence[File],
        *,
        text: str = "",
        subject: str = "",
        folder: str = INBOX,
        at: datetime | None = None,
        answers: Sequence[str] = (),
        html: str = "",
    ) -> Post:
        """One mail of this university's."""
        at = at or self.start
        subject = subject or f"{self.university.name}“我为同学做实事”项目申报材料"
        if not text:
            name = self.people.name()
            text = f"老师您好：\n\n现报送{self.university.name}“我为同学做实事”项目申报材料，请查收。\n\n{name}"
        raw = compose_mail(self.person(), self.mailbox, subject, text, files, at, html=html, answers=answers)
        return Post(at, folder, raw, story)


def application_file(application: Annex4, mark: Mark = Mark.TICK) -> File:
    return File(f"附件4 {application.project_name}.docx", forms.annex4_document(application, mark))


def clean(case: Case) -> list[Post]:
    return [case.post("规范报送", case.files(case.papers()))]


def graduates_in_zip(case: Case) -> list[Post]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in case.files(case.papers(5, 2 if case.university.graduates else 0)):
            name = f"申报材料/{file.name}"
            archive.writestr(_entry(name), file.content)
    packed = stream.getvalue()
    return [case.post("压缩包报送，文件名为GBK编码", [File(f"{case.university.name}.zip", packed)])]


class _WindowsEntry(zipfile.ZipInfo):
    """An entry whose name stands there in GBK without saying so, as Windows writes it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode("gb18030"), self.flag_bits


def _entry(name: str) -> zipfile.ZipInfo:
    return _WindowsEntry(name, (2024, 11, 18, 9, 0, 0))


def corrected_later(case: Case) -> list[Post]:
    papers = case.papers(4)
    faulty = papers.with_project(0, phone="1380000").with_project(1, summary=papers.summary.projects[1].summary * 3)
    first = case.post("首次报送：电话有误、简介超字数", case.files(faulty))
    later = case.start + timedelta(days=1, hours=2)
    table = case.files(papers)[0]
    text = "老师您好：\n\n附件3已按要求修改，现重新报送，其他材料没有变化。"
    answers = [_id_of(first)]
    second = case.post("补正后只重发附件3", [table], text=text, subject="回复：请补正", at=later, answers=answers)
    return [first, second]


def _id_of(post: Post) -> str:
    return post.raw.split(b"Message-ID: ", 1)[1].split(b"\r\n", 1)[0].decode()


def application_missing(case: Case) -> list[Post]:
    return [case.post("缺一份附件4", case.files(case.papers(4))[:-1])]


def summary_missing(case: Case) -> list[Post]:
    return [case.post("只有附件4，缺附件3", case.files(case.papers(3))[1:])]


def summary_faults(case: Case) -> list[Post]:
    papers = case.papers(5)
    table = replace(papers.summary, project_count="5个", contact_phone="")
    faulty = replace(papers, summary=table).with_project(0, leader="").with_project(1, phone="1380000123")
    longer = papers.summary.projects[2].summary * 3
    faulty = faulty.with_project(2, summary=longer).with_project(3, links=("见学校公众号",))
    return [case.post("附件3多处填写有误：数量带单位、缺联系电话和负责人、电话错误、简介超字数", case.files(faulty))]


def category_faults(case: Case) -> list[Post]:
    papers = case.papers(4)
    repeated = papers.summary.projects[0].category
    papers = papers.with_project(1, category=repeated).with_application(1, categories=(repeated,))
    papers = papers.with_project(2, category="志愿服务类")
    table = replace(papers.summary, project_count="3")
    return [case.post("类别重复、类别不在十类之中、项目数量不符", case.files(replace(papers, summary=table)))]


def selection_faults(case: Case) -> list[Post]:
    papers = case.papers(3).with_application(0, categories=()).with_application(1, categories=("学业促进类", "其他类"))
    return [case.post("附件4未选类别、多选类别", case.files(papers))]


def opinion_faults(case: Case) -> list[Post]:
    papers = case.papers(4).with_application(0, period="2024年6月至今")
    papers = papers.with_application(1, recommendation="", signed_on="", sealed=False)
    papers = papers.with_application(2, sealed=False).with_application(3, members="", phone="")
    return [case.post("实施不满一年、缺团委意见、未盖章、附件4有空项", case.files(papers))]


def forms_differ(case: Case) -> list[Post]:
    papers = case.papers(3)
    other = next(name for name in ("其他类", "文体活动类") if name != papers.applications[0].categories[0])
    papers = papers.with_application(0, categories=(other,))
    papers = papers.with_application(1, leader="钱示例", phone="13800009999")
    applicant = "校级研究生会" if "学生会" in papers.applications[2].applicant else "校级学生会"
    return [
        case.post(
            "附件3与附件4不一致：类别、负责人、电话、申报主体",
            case.files(papers.with_application(2, applicant=applicant)),
        )
    ]


def application_unlisted(case: Case) -> list[Post]:
    papers = case.papers(3).with_application(0, university="呼和浩特示例学院")
    table = replace(papers.summary, projects=papers.summary.projects[:-1], project_count="2")
    return [case.post("附件4未列入附件3、学校名称不一致", case.files(replace(papers, summary=table)))]


def too_many(case: Case) -> list[Post]:
    return [case.post("超过申报数量：7个学生会项目、3个研究生会项目", case.files(case.papers(7, 3)))]


def several_mails(case: Case) -> list[Post]:
    files = case.files(case.papers(4))
    halves = (files[:2], files[2:4], files[4:])
    return [
        case.post(
            f"分三封邮件报送（{count}）",
            half,
            subject=f"{case.university.name}项目申报材料（{count}）",
            at=case.start + timedelta(minutes=4 * count),
        )
        for count, half in enumerate(halves, start=1)
    ]


def unreadable_files(case: Case) -> list[Post]:
    files = case.files(case.papers(4))
    damaged = File(files[1].name, files[1].content[: len(files[1].content) // 2])
    locked = File("附件4 加密.zip", locked_zip("附件4 加密.docx", files[2].content, b"123456"))
    strange = File(files[3].name.replace(".docx", ".caj"), b"CAJ\x00\x01" + bytes(range(256)) * 8)
    return [case.post("文件损坏、加密、格式不支持", [files[0], damaged, locked, strange, files[4]])]


def nothing_attached(case: Case) -> list[Post]:
    text = f"老师您好：\n\n{case.university.name}的项目汇总表和申报表见附件，请查收。"
    return [case.post("忘记添加附件", [], text=text)]


def only_linked(case: Case) -> list[Post]:
    name, link = (
        f"{case.university.name}申报材料.zip",
        "https://mail.qq.com/cgi-bin/ftnExs_download?t=exs_ftn_download&k=demo&code=demo",
    )
    expiry = "128.03M, 2024年12月20日 21:59 到期"
    text = f"老师您好，材料见超大附件。\n\n从QQ邮箱发来的超大附件\n\n{name} ({expiry})进入下载页面：{link}"
    html = (
        "<div>老师您好，材料见超大附件。</div>"
        '<div id="QQMailBigAttach"><div>从QQ邮箱发来的超大附件</div>'
        f'<div><a href="{link.replace("&", "&amp;")}">{name}</a> ({expiry})</div>'
        f'<div><a href="{link.replace("&", "&amp;")}">进入下载页面</a></div></div>'
    )
    return [case.post("材料只在超大附件链接里", [], text=text, html=html)]


def late(case: Case) -> list[Post]:
    at = datetime(2024, 11, 27, 10, 5, tzinfo=SHANGHAI)
    return [case.post("超过截止时间报送", case.files(case.papers()), at=at)]


def forwarded(case: Case) -> list[Post]:
    inner = Person("文学院学生会", "shili.xueyuan.demo@qq.com", Client.QQ)
    files = case.files(case.papers())
    sent = case.start - timedelta(hours=3)
    mail = compose_mail(inner, case.person().address, "项目申报材料", "学校团委老师好，材料见附件。", files, sent)
    text = "老师您好，现将我校材料以附件形式转发，请查收。"
    subject = f"转发：{case.university.name}项目申报材料"
    return [case.post("把原邮件作为附件转发", [File("项目申报材料.eml", mail)], text=text, subject=subject)]


def one_document(case: Case) -> list[Post]:
    papers = case.papers(3)
    content = forms.together(papers.summary, papers.applications)
    return [case.post("附件3和全部附件4放在一个Word文件里", [File(f"{case.university.name}申报材料.docx", content)])]


def word_summary_in_junk(case: Case) -> list[Post]:
    return [case.post("规范报送（Word版附件3），落入垃圾邮件", case.files(case.papers(), word=True), folder=JUNK)]


def empty_summary(case: Case) -> list[Post]:
    papers = case.papers(2)
    sample = Project(project_name="xx项目", applicant="x校级学生会/x二级学院学生会")
    table = Annex3(case.university.name, "", papers.summary.contact_name, papers.summary.contact_phone, (sample,))
    return [case.post("附件3没有填写项目", case.files(replace(papers, summary=table)))]


def repeated_rows(case: Case) -> list[Post]:
    papers = case.papers(3)
    projects = (*papers.summary.projects[:2], replace(papers.summary.projects[1], number="3"))
    table = replace(papers.summary, projects=projects)
    papers = Papers(table, papers.applications[:2]).with_project(0, applicant="学生会")
    return [case.post("附件3重复填写同一项目、申报主体不明确", case.files(papers))]


CASES: tuple[Callable[[Case], list[Post]], ...] = (
    clean,
    graduates_in_zip,
    application_missing,
    corrected_later,
    summary_faults,
    several_mails,
    selection_faults,
    opinion_faults,
    word_summary_in_junk,
    forms_differ,
    category_faults,
    summary_missing,
    only_linked,
    unreadable_files,
    one_document,
    late,
    too_many,
    forwarded,
    nothing_attached,
    application_unlisted,
    empty_summary,
    repeated_rows,
)
