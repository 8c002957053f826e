"""What else lies in the mailbox: mails that are no submission, and one of a school that is not on the roster.

They tell nothing about how the program treats them; that is for it to find out.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pipeline.demo.cases import INBOX, JUNK, Case, Post
from pipeline.demo.senders import Client, Person, compose_mail
from pipeline.model import University

CONSULTANT = Person("赵示范", "shili.question.demo@qq.com", Client.QQ)
ADVERTISER = Person("示例会务公司", "shili.advert.demo@example.com", Client.COREMAIL)
ABSENT = Person("钱示例", "shili.absent.demo@qq.com", Client.QQ)
POSTMASTER = Person("Postmaster", "postmaster@163.com", Client.NETEASE)
ELSEWHERE = University("塞外示例职业学院", level="专科")


def question(case: Case) -> list[Post]:
    text = "老师您好：\n\n请问研究生会的项目是否占用5个名额？谢谢。"
    return [_post(case, CONSULTANT, "咨询", "关于申报名额的咨询", text)]


def advertisement(case: Case) -> list[Post]:
    extra = ["List-Unsubscribe: <mailto:unsubscribe@example.com>", "Precedence: bulk"]
    text = "会议会务、展板印刷，优惠多多。退订请回复TD。"
    return [_post(case, ADVERTISER, "广告", "活动物料印制优惠", text, extra, JUNK)]


def automatic_reply(case: Case) -> list[Post]:
    text = "这是来自QQ邮箱的假期自动回复邮件。\n您好，我正在外出，暂时无法回复您的邮件。"
    return [_post(case, ABSENT, "自动回复", "自动回复: 材料已收到", text, ["X-QQ-AUTO-REPLY: true"])]


def bounce(case: Case) -> list[Post]:
    text = (
        "抱歉，您的邮件被退回来了……\n收件人：shili@example.edu.cn\n退信原因：收件人不存在\n英文说明: 550 Invalid User"
    )
    return [_post(case, POSTMASTER, "退信", "系统退信", text, ["Return-Path: <>"])]


def off_the_roster(case: Case) -> list[Post]:
    """A school that the roster does not know."""
    own = replace(case, university=ELSEWHERE)
    return [own.post("高校名称不在名单中", own.files(own.papers(2)))]


def _post(
    case: Case,
    person: Person,
    story: str,
    subject: str,
    text: str,
    extra: list[str] | None = None,
    folder: str = INBOX,
) -> Post:
    raw = compose_mail(person, case.mailbox, subject, text, [], case.start, extra=extra or [])
    return Post(case.start, folder, raw, story)


STRANGERS: tuple[Callable[[Case], list[Post]], ...] = (
    question,
    advertisement,
    automatic_reply,
    bounce,
    off_the_roster,
)
