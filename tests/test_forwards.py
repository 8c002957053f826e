"""Forwarded mails: the original sender is named, whoever forwards is answered, and our own words are nobody's."""

from __future__ import annotations

import html
from base64 import encodebytes

import pytest

from pipeline import message
from pipeline.model import Address

BOX = "box@163.com"
ZHANG = Address("张三", "zhang@imu.example.cn")

QUOTED = {
    "163": '-------- 转发邮件信息 --------\n发件人："张三" <zhang@imu.example.cn>\n发送日期：2026-11-20 10:00:00\n'
    "收件人：li@imu.example.cn\n主题：报送",
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "张三" <zhang@imu.example.cn>;\n'
    '发送时间: 2026年11月20日(星期五) 上午10:00\n收件人: "李四"<li@imu.example.cn>;\n主题: 报送',
    "Outlook": "发件人: 张三 [mailto:zhang@imu.example.cn]\n发送时间: 2026年11月20日 10:00\n收件人: 李四\n主题: 报送",
    "Gmail": "---------- Forwarded message ---------\nFrom: 张三 <zhang@imu.example.cn>\nDate: Fri\nSubject: x\nTo: <y@x.cn>",
    "Apple": "Begin forwarded message:\n\nFrom: 张三 <Zhang@imu.example.cn>\nSubject: x\nDate: d\nTo: y",
    "NetEase Master": "---- 转发的邮件 ----\n| 发件人 | 张三<zhang@imu.example.cn> |\n| 日期 | 2026年11月20日 |\n| 主题 | x |",
    "on one line": "发件人: 张三 <zhang@imu.example.cn> 日期: 2026-11-20 收件人: 李四 主题: 报送",
    "value below its label": "发件人：\n张三 <zhang@imu.example.cn>\n发送时间：\n2026\n收件人：\n李四\n主题：\n报送",
}


def mail(subject: str, text: str, kind: str = "plain") -> bytes:
    head = f"From: li@imu.example.cn\r\nReply-To: office@imu.example.cn\r\nSubject: {subject}\r\n"
    head += f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + encodebytes(text.encode())


def page(text: str) -> str:
    return "".join(f"<div>{html.escape(line)}</div>" for line in text.split("\n"))


@pytest.mark.parametrize("program", QUOTED)
@pytest.mark.parametrize(
    "subject", ["转发：报送材料", "Fw: 报送材料", "回复：Fwd: 报送材料", "Re[2]: 轉寄(3)：报送材料"]
)
def test_the_sender_of_a_forwarded_mail_is_named_and_the_forwarder_answered(program: str, subject: str) -> None:
    for raw in (mail(subject, f"请查收\n\n{QUOTED[program]}"), mail(subject, page(QUOTED[program]), "html")):
        decoded = message.decode(raw, BOX)
        assert decoded.forwarded_from == ZHANG
        assert decoded.reply_to.address == "office@imu.example.cn"


def test_a_name_without_an_address_is_given_as_far_as_it_goes() -> None:
    text = "发件人： 张三\n\n发送时间： 2026-11-20 10:00\n\n收件人： 李四\n\n主题： 报送"
    assert message.decode(mail("转发: 报送", text), BOX).forwarded_from == Address("张三", "")


@pytest.mark.parametrize("program", ["163", "Gmail", "Apple", "NetEase Master"])
def test_the_line_that_announces_a_forward_is_enough(program: str) -> None:
    assert message.decode(mail("报送材料", QUOTED[program]), BOX).forwarded_from == ZHANG


def test_an_answer_names_nobody() -> None:
    assert message.decode(mail("回复：报送", QUOTED["QQ"]), BOX).forwarded_from == Address()


@pytest.mark.parametrize("program", ["回复：", "Re:", "回复(2)：", "回复（2）：", "Re[2]: ", "AW: ", " 回覆 [3] ："])
def test_the_subject_of_an_answer_says_nothing_about_it(program: str) -> None:
    assert message.decode(mail(f"{program}报送材料", "您好"), BOX).own_subject == ""
    assert message.decode(mail("报告（2）：材料", "您好"), BOX).own_subject == "报告（2）：材料"


def test_our_own_letter_that_is_forwarded_to_us_names_nobody() -> None:
    text = QUOTED["QQ"].replace("zhang@imu.example.cn", BOX.title())
    assert message.decode(mail("转发：补正通知", text), BOX).forwarded_from == Address()


def test_a_contact_list_in_a_forward_names_nobody() -> None:
    assert (
        message.decode(mail("转发：报送", "发件人：张三\n单位：某大学\n电话：13800000001"), BOX).forwarded_from
        == Address()
    )


def attached(inner: bytes, extra: bytes = b"", kind: bytes = b"message/rfc822") -> bytes:
    head = b"From: li@imu.example.cn\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n"
    return head + b"--out\r\nContent-Type: " + kind + b"\r\n\r\n" + inner + b"\r\n" + extra + b"--out--\r\n"


FORM = b"Content-Type: application/octet-stream; name=a.docx\r\n\r\nx"
ORIGINAL = b"From: =?gb2312?B?1cXI/Q==?= <zhang@imu.example.cn>\r\nSubject: y\r\n" + FORM


def test_the_sender_of_an_attached_mail_with_files_is_named() -> None:
    assert message.decode(attached(ORIGINAL), BOX).forwarded_from == ZHANG
    assert message.decode(attached(ORIGINAL, kind=b"application/octet-stream; name=x.eml"), BOX).forwarded_from == ZHANG


def test_of_mails_attached_within_mails_the_innermost_with_files_counts() -> None:
    middle = b"From: wang@imu.example.cn\r\nSubject: z\r\nContent-Type: message/rfc822\r\n\r\n" + ORIGINAL
    assert message.decode(attached(middle), BOX).forwarded_from == ZHANG


def test_an_attached_mail_without_files_or_beside_files_names_nobody() -> None:
    assert message.decode(attached(b"From: zhang@imu.example.cn\r\n\r\nhi"), BOX).forwarded_from == Address()
    assert message.decode(attached(ORIGINAL, b"--out\r\n" + FORM + b"\r\n"), BOX).forwarded_from == Address()


def test_a_bounce_that_carries_our_mail_names_nobody() -> None:
    raw = attached(ORIGINAL).replace(b"From: li@", b"From: mailer-daemon@")
    assert message.decode(raw, BOX).forwarded_from == Address()
