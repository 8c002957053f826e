"""Raw mails → Message: file names, headers, texts and files in every spelling that Chinese mail programs produce."""

from __future__ import annotations

import base64
import binascii
import quopri
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import grows_evenly
from pipeline import addresses, charsets, message, mime
from pipeline.model import Address, Attachment, Automatic

NAME = "项目申报书（张喆、朱镕）.docx"
GBK = NAME.encode("gbk")
UTF8 = NAME.encode()
HEAD = b"From: a@example.edu.cn\r\nSubject: x\r\nMIME-Version: 1.0\r\n"


def word(raw: bytes, charset: str) -> bytes:
    return b"=?%s?B?%s?=" % (charset.encode(), base64.b64encode(raw))


def mail(*parts_: bytes, head: bytes = HEAD, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts_)
    return head + b'Content-Type: multipart/%s; boundary="b"\r\n\r\n' % kind + body + b"--b--\r\n"


def attachment(disposition: bytes, kind: bytes = b"application/octet-stream", content: bytes = b"PK\x03\x04") -> bytes:
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = b"Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n" % kind
    return head + (b"Content-Disposition: %s\r\n" % disposition if disposition else b"") + b"\r\n" + encoded


def text_part(text: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s" % (kind, text)


def percent(raw: bytes) -> bytes:
    return quote_from_bytes(raw).encode()


def continued(raw: bytes, charset: str) -> bytes:
    """RFC 2231 segments, the first cut inside the second character."""
    return b"attachment; filename*0*=%s''%s;\r\n filename*1*=%s" % (
        charset.encode(),
        percent(raw[:3]),
        percent(raw[3:]),
    )


def chopped(raw: bytes) -> bytes:
    """One base64 text cut into words at a place that is no multiple of four."""
    text = base64.b64encode(raw)
    return b'attachment; filename="=?gbk?B?%s?=\r\n =?gbk?B?%s?="' % (text[:18], text[18:])


def q_word(raw: bytes) -> bytes:
    encoded = quopri.encodestring(raw, quotetabs=True).replace(b"=\n", b"").replace(b"?", b"=3F")
    return b"=?gbk?Q?%s?=" % encoded.replace(b" ", b"_")


FORMS = {
    "a encoded word in quotes": b'attachment; filename="%s"' % word(NAME.encode("gb18030"), "gb18030"),
    "b label gb2312, bytes GBK": b'attachment; filename="%s"' % word(GBK, "gb2312"),
    "c RFC 2231 gbk": b"attachment; filename*=gbk''%s" % percent(GBK),
    "c2 RFC 2231 gb2312, bytes GBK": b"attachment; filename*=gb2312''%s" % percent(GBK),
    "c3 RFC 2231 cut inside a character": continued(GBK, "gbk"),
    "d raw GBK": b'attachment; filename="%s"' % GBK,
    "d2 raw UTF-8": b'attachment; filename="%s"' % UTF8,
    "e two words cut inside a character": b'attachment; filename="%s\r\n %s"'
    % (word(GBK[:7], "gbk"), word(GBK[7:], "gbk")),
    "e2 base64 chopped anywhere": chopped(GBK),
    "f Q encoding": b'attachment; filename="%s"' % q_word(GBK),
    "g unquoted encoded word": b"attachment; filename=%s" % word(GBK, "gbk"),
    "j inline": b'inline; filename="%s"' % word(GBK, "gbk"),
    "k unknown charset": b'attachment; filename="%s"' % word(GBK, "x-unknown"),
    "k2 unknown charset, UTF-8": b'attachment; filename="%s"' % word(UTF8, "unknown-8bit"),
    "l cp936": b'attachment; filename="%s"' % word(GBK, "cp936"),
    "m quotes within quotes, unfinished": b'attachment; filename="%s' % UTF8,
    "n percent encoded without a star": b'attachment; filename="%s"' % percent(UTF8),
    "o label gb2312, bytes UTF-8": b'attachment; filename="%s"' % word(UTF8, "gb2312"),
    "p label iso-8859-1, bytes GBK": b'attachment; filename="%s"' % word(GBK, "iso-8859-1"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_way_of_writing_a_file_name_is_read(form: str) -> None:
    assert [file.path for file in message.decode(mail(attachment(FORMS[form]))).attachments] == [NAME]


def test_an_unquoted_raw_gbk_name_keeps_its_blanks() -> None:
    name = "内蒙古 项目 申报书.docx"
    decoded = message.decode(mail(attachment(b"attachment; filename=%s" % name.encode("gbk"))))
    assert decoded.attachments[0].path == name


def test_a_raw_gbk_name_that_is_utf8_by_chance_is_chinese() -> None:
    decoded = message.decode(mail(attachment(b'attachment; filename="%s.docx"' % "学习通知".encode("gbk"))))
    assert decoded.attachments[0].path == "学习通知.docx"


def test_a_part_without_a_name_is_named_after_its_type() -> None:
    kind = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    decoded = message.decode(mail(attachment(b"attachment", kind), attachment(b"", b"image/png")))
    assert [file.path for file in decoded.attachments] == ["附件1.docx", "图片2.png"]


def test_a_name_in_the_content_type_alone_is_enough() -> None:
    kind = b'application/octet-stream;\r\n charset="gb18030";\r\n name="%s"' % word(GBK, "gb18030")
    assert message.decode(mail(attachment(b"", kind))).attachments[0].path == NAME


@pytest.mark.parametrize("rare", ["朱镕", "李堃", "张喆", "王䶮", "陈𬭎"])
@pytest.mark.parametrize("charset", ["gb18030", "gb2312", "utf-8"])
def test_rare_characters_survive_in_names_subjects_and_bodies(rare: str, charset: str) -> None:
    raw = rare.encode("utf-8" if charset == "utf-8" else "gb18030")
    body = text_part(raw, b"text/plain; charset=" + charset.encode())
    head = HEAD.replace(b"Subject: x", b"Subject: " + word(raw, charset))
    decoded = message.decode(
        mail(body, attachment(b'attachment; filename="%s"' % word(raw + b".docx", charset)), head=head)
    )
    assert (decoded.subject, decoded.text) == (rare, rare)
    assert decoded.attachments[0].path == f"{rare}.docx"


def test_a_windows_path_with_a_gbk_character_ending_in_a_backslash_keeps_the_character() -> None:
    # 誠 is 0xD55C in GBK: its second byte is a backslash.
    name = "誠.docx".encode("gbk")
    assert b"\\" in name
    assert message.decode(mail(attachment(b'attachment; filename="%s"' % name))).attachments[0].path == "誠.docx"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (rb"..\..\x.docx", "x.docx"),
        (b"../../etc/passwd", "passwd"),
        ("C:\\Users\\zhang\\附件4.docx".encode(), "附件4.docx"),
        (b"a/b\\c/..", "c"),
        (b"bad\x01\x7fname.docx", "badname.docx"),
        (b"..", "附件1.bin"),
        (b"  ", "附件1.bin"),
        ("fdp\u202excod.docx".encode(), "fdpxcod.docx"),
    ],
)
def test_a_name_is_shown_without_directories_and_control_characters(sent: bytes, shown: str) -> None:
    assert message.decode(mail(attachment(b'attachment; filename="%s"' % sent))).attachments[0].path == shown


def test_quotes_within_a_quoted_name_belong_to_it() -> None:
    raw = '关于"我为同学做实事"的申报.docx'.encode()
    path = message.decode(mail(attachment(b'attachment; filename="%s"' % raw))).attachments[0].path
    assert path == '关于"我为同学做实事"的申报.docx'


def test_two_files_of_one_name_are_both_kept() -> None:
    one, two = (attachment(b"attachment; filename=a.docx", content=content) for content in (b"1", b"2"))
    assert [file.content for file in message.decode(mail(one, two)).attachments] == [b"1", b"2"]


SUBJECTS = {
    # thunderbird-android#2499
    b"=?gb2312?B?Obv9t9az6cnu29rHsLqju6rHyLPHSlfN8rrAvsa16qOsuPzT0DIwvNIzOTnU?=\r\n"
    b"\t =?gb2312?B?qr6r0aG439DHytTLr77Gteq1yMTjwLSjoaOoQUSjqQ?=": (
        "9积分抽深圳前海华侨城JW万豪酒店，更有20家399元精选高星试睡酒店等你来！（AD）"
    ),
    # php-mime-mail-parser#120
    b"=?GB2312?B?zeLDs8jL1LG1xMD7xvejrMO/zOyw79b6xPrL0cv3xPqy+sa30NDStbXEyc/N?=\r\n"
    b" =?GB2312?B?8snP087Ev7Hqv827p9fK1LSjoQ==?=": "外贸人员的利器，每天帮助您搜索您产品行业的上万上游目标客户资源！",
    # thunderbird-android#2499, a comment further down
    b"=?utf-8?B?5Liq5Lq66YKu566xOkJVRyAjMzAyNDY6OumCruS7tuato+aWh+mZhOS7tuWQ?=\r\n"
    b" =?utf-8?B?jeensOecgeeVpeaYvuekuuS8mOWMlg==?=": "个人邮箱:BUG #30246::邮件正文附件名称省略显示优化",
    "报送材料（朱镕）".encode("gbk"): "报送材料（朱镕）",
    "报送材料（朱镕）".encode(): "报送材料（朱镕）",
    b"=?unknown-8bit?B?%s?=" % base64.b64encode("内蒙古".encode("gbk")): "内蒙古",
    b"=?utf-8?B?%s?= plain =?utf-8?Q?=E5=BC=A0?=" % base64.b64encode("前".encode()): "前 plain 张",
    b"=?utf-8?B?%s?=" % base64.b64encode("附件\r\n 4\x00\u200b".encode()): "附件 4",
    b"=?utf-8?Q?=E7=9C=9F=E7=9A=84?really?=": "真的?really",
    b"=?big5?B?%s?=" % base64.b64encode("學聯".encode("big5")): "學聯",
    b"=?iso-2022-jp?B?%s?=" % base64.b64encode("日本語".encode("iso-2022-jp")): "日本語",
    b"=?x?= =?": "=?x?= =?",
    b"": "",
}


@pytest.mark.parametrize("sent", SUBJECTS)
def test_a_subject_is_read_from_its_original_bytes(sent: bytes) -> None:
    raw = b"From: a@example.edu.cn\r\nSubject: " + sent + b"\r\n\r\nx"
    assert message.decode(raw).subject == SUBJECTS[sent]


def encoded(text: str) -> bytes:
    """Text as one encoded word."""
    return b"=?utf-8?B?%s?=" % base64.b64encode(text.encode())


ADDRESSES = {
    "张三 <Zhang@Example.EDU.cn>".encode(): Address("张三", "zhang@example.edu.cn"),
    "张三 <zhang@example.edu.cn>".encode("gbk"): Address("张三", "zhang@example.edu.cn"),
    # nodemailer/mailparser#43: the words are GBK under a gb2312 label.
    b"=?gb2312?B?086yyZjl?= <a@example.cn>": Address(bytes.fromhex("d3ceb2c998e5").decode("gb18030"), "a@example.cn"),
    b'"=?gb18030?B?%s?=" <a@qq.com>' % base64.b64encode("李四".encode("gb18030")): Address("李四", "a@qq.com"),
    b'"Zhang, San (x)" <a@example.cn>': Address("Zhang, San (x)", "a@example.cn"),
    '"内蒙古大学，团委" <a@example.cn>, b@example.cn'.encode(): Address("内蒙古大学，团委", "a@example.cn"),
    b"a@example.cn": Address("", "a@example.cn"),
    b"<a@example.cn>": Address("", "a@example.cn"),
    b"a@example.cn (San Zhang)": Address("San Zhang", "a@example.cn"),
    b'"a@example.cn" <a@example.cn>': Address("", "a@example.cn"),
    b'"boss@bank.example" <a@example.cn>': Address("boss@bank.example", "a@example.cn"),
    b"nobody, =?utf-8?B?5byg5LiJ?= <a@example.cn>": Address("nobody, 张三", "a@example.cn"),
    # What cannot be written to is shown all the same.
    b"undisclosed-recipients:;": Address("undisclosed-recipients:;"),
    b"garbage": Address("garbage"),
    "团委 <团委@qq.com>".encode(): Address("团委 <团委@qq.com>"),
    b'"a b"@qq.com': Address('"a b"@qq.com'),
    b"": Address(),
    # What can be, though it is oddly written.
    encoded("团委 <a@example.cn>"): Address("团委", "a@example.cn"),
    encoded("团委 <fake@bank.example>") + b" <a@example.cn>": Address("团委 <fake@bank.example>", "a@example.cn"),
    b'"Tuanwei"@imu.edu.cn': Address("", "tuanwei@imu.edu.cn"),
    '"团委" <"tuanwei"@imu.edu.cn>'.encode(): Address("团委", "tuanwei@imu.edu.cn"),
    "a＠example.cn".encode(): Address("", "a@example.cn"),
    "团委（办） ＜ａ＠ｑｑ．ｃｏｍ＞".encode(): Address("团委（办）", "a@qq.com"),
    "团委 <a@学校.中国>".encode(): Address("团委", "a@xn--48s290a.xn--fiqs8s"),
    b"'a@example.cn'": Address("", "a@example.cn"),
    "'团委' <'a@example.cn'>".encode(): Address("团委", "a@example.cn"),
    b"o'brien@example.cn": Address("", "o'brien@example.cn"),
}


@pytest.mark.parametrize("sent", ADDRESSES)
def test_a_sender_is_read_with_name_and_address(sent: bytes) -> None:
    assert message.decode(b"From: " + sent + b"\r\n\r\n").sender == ADDRESSES[sent]


@pytest.mark.parametrize("length", [100, 1_000, 2_000, 5_000])
def test_a_subject_in_one_long_encoded_word_is_decoded(length: int) -> None:
    text = "长" * length
    assert charsets.header(word(text.encode(), "utf-8").decode()) == text
    assert charsets.header(f"=?utf-8?Q?{'=E9=95=BF' * length}?=") == text
    assert charsets.header(f"=?utf-8?Q?really?-{'=E9=95=BF' * length}?=") == f"really?-{text}"


def test_a_missing_sender_is_taken_from_the_return_path() -> None:
    assert message.decode(b"Return-Path: <a@example.cn>\r\n\r\n").sender.address == "a@example.cn"


def test_the_first_valid_reply_to_is_who_gets_the_answer() -> None:
    raw = b"From: a@example.cn\r\nReply-To: nonsense, =?utf-8?B?5byg5LiJ?= <b@example.cn>, c@example.cn\r\n\r\n"
    assert message.decode(raw).reply_to.address == "b@example.cn"
    assert message.decode(b"From: a@example.cn\r\nReply-To: <>\r\n\r\n").reply_to.address == "a@example.cn"


@pytest.mark.parametrize("nobody", ["Box@163.com", "noreply@qq.com", "no-reply@x.cn", "mailer-daemon@x.cn"])
def test_a_reply_to_that_nobody_reads_or_that_is_our_own_is_passed_over_for_from(nobody: str) -> None:
    raw = f"From: Zhang <a@example.cn>\r\nReply-To: {nobody}\r\n\r\n".encode()
    assert message.decode(raw, "box@163.com").reply_to == Address("Zhang", "a@example.cn")


def test_references_are_message_ids_only_each_once_oldest_first() -> None:
    raw = b"References: <1@x> junk\r\n\t<2@x>,<1@x>\r\nIn-Reply-To: <3@x> (from you)\r\nMessage-ID:  <4@x>\r\n\r\n"
    decoded = message.decode(raw)
    assert decoded.references == ("<1@x>", "<2@x>", "<3@x>")
    assert decoded.message_id == "<4@x>"


def test_a_message_id_without_brackets_gets_them_and_a_missing_one_is_empty() -> None:
    assert message.decode(b"Message-ID: 1@x\r\n\r\n").message_id == "<1@x>"
    assert message.decode(b"From: a@x.cn\r\n\r\n").message_id == ""


@pytest.mark.parametrize(
    ("received", "instant"),
    [
        (b"from a by b; Mon, 23 Nov 2026 10:00:00 +0800 (CST)", datetime(2026, 11, 23, 2, tzinfo=UTC)),
        (b"from a (x; y) by b;\r\n\tMon, 23 Nov 2026 10:00:00 +0000", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (b"from a by b; Mon, 23 Nov 2026 10:00:00", datetime(2026, 11, 23, 2, tzinfo=UTC)),
        (b"from a by b", None),
        (b"from a by b; yesterday", None),
        (b"from a by b; Mon, 99 Nov 2026 10:00:00 +9999", None),
    ],
)
def test_the_time_of_receipt_is_the_topmost_received_headers(received: bytes, instant: datetime | None) -> None:
    older = b"Received: from y by z; Sun, 22 Nov 2026 10:00:00 +0800\r\n" if instant else b""
    assert message.decode(b"Received: " + received + b"\r\n" + older + b"\r\n").received_at == instant


@pytest.mark.parametrize(
    ("label", "raw", "text"),
    [
        (b"gb2312", "朱镕、张喆：您好".encode("gbk"), "朱镕、张喆：您好"),
        (b"gb2312", "您好，附件请查收".encode(), "您好，附件请查收"),
        (b"us-ascii", "您好".encode("gbk"), "您好"),
        (b"us-ascii", "您好".encode(), "您好"),
        (b"utf-8", "您好，材料见附件，请查收".encode("gbk"), "您好，材料见附件，请查收"),
        (b"utf-8", "您好，材料见附件，请查收，谢谢".encode() + b"\xff", "您好，材料见附件，请查收，谢谢�"),
        (b"iso-8859-1", "您好，附件".encode("gbk"), "您好，附件"),
        (b"iso-8859-1", "Größe café".encode("latin-1"), "Größe café"),
        (b"x-unknown", "您好".encode("gb18030"), "您好"),
        (b"rot13", b"hello", "hello"),
        (b"big5", "您好".encode("big5"), "您好"),
        (b"utf-16le", "您好".encode("utf-16-le"), "您好"),
        (b"unicode_escape", "您好".encode(), "您好"),
        (b"gb2312", "张三·项目材料".encode(), "张三·项目材料"),
        (b"iso-8859-1", "学院 é".encode(), "学院 é"),
        (b"gb2312", "您好 é".encode("utf-16"), "您好 é"),
    ],
)
def test_a_body_is_read_even_when_its_label_lies(label: bytes, raw: bytes, text: str) -> None:
    head = HEAD + b"Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n" % label
    assert message.decode(head + base64.encodebytes(raw)).text == text


def test_a_raw_8_bit_body_is_not_pushed_through_its_false_label() -> None:
    raw = HEAD + b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "朱镕".encode("gbk")
    assert message.decode(raw).text == "朱镕"


def test_html_is_read_when_there_is_no_plain_text() -> None:
    page = "<html><head><style>p{}</style><title>t</title></head><body><p>您好&nbsp;老师：</p><div>请查收<br>谢谢</div>"
    decoded = message.decode(mail(text_part(page.encode(), b"text/html; charset=utf-8")))
    assert decoded.text == "您好 老师：\n请查收\n谢谢"


QUOTES = {
    "qq": '请查收。\n\n------------------ 原始邮件 ------------------\n发件人: "组委会" <x@163.com>;\n旧的话',
    "qq webmail": "请查收。\n\n------------------&nbsp;原始邮件&nbsp;------------------\n旧的话",
    "outlook": "请查收。\n\n-----Original Message-----\nFrom: x\n旧的话",
    "outlook zh": "请查收。\n\n发件人: 组委会 <x@163.com>\n发送时间: 2026年11月20日 10:00\n"
    "收件人: 张三\n主题: 通知\n\n旧的话",
    "foxmail": "请查收。\n\n\n发件人： 组委会\n\n发送时间： 2026-11-20 10:00\n\n收件人： 张三\n\n主题： 通知\n\n旧的话",
    "one line": "请查收。\n\n发件人: 组委会 日期: 2026-11-20 收件人: 张三 主题: 通知\n旧的话",
    "163": '请查收。\n\n在 2026-11-20 10:00:00，"组委会" <x@163.com> 写道：\n旧的话',
    "163 english": 'At 2026-11-20 10:00:00, "x" <x@163.com> wrote:\n>旧的话',
    "gmail zh": "请查收。\n\n组委会 <x@163.com> 于2026年11月20日周五 10:00写道：\n\n> 旧的话",
    "gmail broken over lines": "请查收。\n\nOn Fri, Nov 20, 2026 at 10:00 AM\nSecretary <x@163.com> wrote:\n\n> 旧的话",
    "netease master": "请查收。\n\n---- 回复的原邮件 ----\n旧的话",
    "forward": "请查收。\n\n-------- 转发邮件信息 --------\n旧的话",
    "quoted lines": "> 旧的话\n请查收。\n> 旧的话",
}


@pytest.mark.parametrize("program", QUOTES)
def test_quoted_earlier_mails_are_not_the_senders_words(program: str) -> None:
    decoded = message.decode(mail(text_part(QUOTES[program].encode())))
    assert "旧的话" not in decoded.text
    assert decoded.text == ("" if program == "163 english" else "请查收。")


def test_answers_between_quoted_lines_stay() -> None:
    text = "在 2026-11-20 10:00，张三 <x@163.com> 写道：\n> 请补附件4\n已补，见附件。\n> 谢谢\n不客气"
    assert message.decode(mail(text_part(text.encode()))).text == "已补，见附件。\n不客气"


def test_a_contact_list_in_the_senders_own_words_is_no_quote() -> None:
    text = "发件人：张三\n单位：某大学\n电话：13800000001\n昨天领导说：\n请尽快报送。"
    assert message.decode(mail(text_part(text.encode()))).text == text


HTML_QUOTES = {
    "gmail": '<div class="gmail_quote"><div class="gmail_attr">x 于2026年写道：</div>'
    "<blockquote>旧的话</blockquote></div>",
    "163": '<br>在 2026-11-20 10:00，"x" &lt;x@163.com&gt; 写道：<br>'
    '<blockquote id="isReplyContent">旧的话</blockquote>',
    "163 div": '<div id="isReplyContent">旧的话</div>',
    "master": '<div class="ntes-mailmaster-quote"><div>旧的话</div></div>',
    "qq": "<div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>发件人: x</div><div>旧的话</div>",
    "foxmail": '<div style="border:none;border-top:solid #b5c4df 1.0pt"><div><b>发件人：</b>&nbsp;x</div>'
    "<div><b>发送时间：</b>&nbsp;2026-11-20</div><div><b>收件人：</b>&nbsp;y</div></div><div>旧的话</div>",
    "outlook": '<div style="border-top:solid #E1E1E1 1.0pt"><p><b>发件人:</b> x<br>'
    "<b>发送时间:</b> 2026<br><b>主题:</b> z</p></div>旧的话",
    "apple": '<blockquote type="cite">旧的话</blockquote>',
    "text straight in the body": "<br>---- 原始邮件 ----<br>旧的话",
}


@pytest.mark.parametrize("program", HTML_QUOTES)
def test_quoted_earlier_mails_in_html_are_not_the_senders_words(program: str) -> None:
    page = f"<html><body>请查收。{HTML_QUOTES[program]}</body></html>"
    assert message.decode(mail(text_part(page.encode(), b"text/html; charset=utf-8"))).text == "请查收。"


def test_an_indented_block_without_a_border_is_no_quote() -> None:
    page = '<blockquote style="margin: 0 0 0 40px; border: none; padding: 0px;"><div>请查收。</div></blockquote>'
    assert message.decode(mail(text_part(page.encode(), b"text/html; charset=utf-8"))).text == "请查收。"


def test_an_attached_mail_keeps_its_original_bytes_and_is_not_flattened() -> None:
    inner = mail(text_part(b"hi"), attachment(b"attachment; filename=inner.docx"))
    inner = inner.replace(b"Subject: x", b"Subject:  =?utf-8?B?5oql6YCB?=")
    inner = inner.replace(b'"b"', b'"inner"').replace(b"--b", b"--inner").rstrip()
    decoded = message.decode(mail(text_part(b"x"), b"Content-Type: message/rfc822\r\n\r\n" + inner))
    assert decoded.attachments == (Attachment("报送.eml", inner),)
    assert decoded.attached == 1
    assert decoded.text == "x"


def test_a_base64_attached_mail_is_decoded_and_named_by_its_file_name() -> None:
    inner = HEAD + b"\r\nhi"
    part = attachment(b"attachment; filename=fwd", b"message/rfc822", inner)
    assert message.decode(mail(part)).attachments == (Attachment("fwd.eml", inner),)


def test_an_attached_mail_without_name_and_subject_is_called_转发邮件() -> None:  # noqa: N802
    decoded = message.decode(mail(b"Content-Type: message/rfc822\r\n\r\nFrom: a@x.cn\r\n\r\nhi"))
    assert decoded.attachments[0].path == "转发邮件.eml"


def test_a_picture_in_the_body_is_inline_and_not_counted() -> None:
    page = b'<p><img src="cid:logo@x">x</p>'
    shown = attachment(b"attachment; filename=logo.png", b"image/png").replace(
        b"\r\n\r\n", b"\r\nContent-ID: <logo@x>\r\n\r\n", 1
    )
    scan = attachment(b"inline; filename=scan.jpg", b"image/jpeg")
    decoded = message.decode(mail(text_part(page, b"text/html"), shown, scan))
    assert [(file.path, file.inline) for file in decoded.attachments] == [("logo.png", True), ("scan.jpg", False)]
    assert decoded.attached == 1


def test_a_document_sent_inline_is_an_attachment() -> None:
    decoded = message.decode(mail(text_part(b"x"), attachment(b"inline; filename=a.docx", b"text/plain; name=a.docx")))
    assert (decoded.attachments[0].path, decoded.attached, decoded.text) == ("a.docx", 1, "x")


def test_truncated_base64_gives_what_is_there() -> None:
    part = attachment(b"attachment; filename=a.docx", content=bytes(range(200)))
    raw = mail(part)
    cut = raw[: raw.index(b"base64\r\n") + 150]
    content = message.decode(cut).attachments[0].content
    assert content
    assert bytes(range(200)).startswith(content)


def test_a_uuencoded_file_in_the_text_is_an_attachment() -> None:
    text = b"see file\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\nbye"
    decoded = message.decode(HEAD + b"\r\n" + text)
    assert decoded.attachments == (Attachment("a.txt", b"Cat"),)
    assert decoded.text == "see file\n\nbye"


def test_binary_bytes_survive_8bit_and_binary_transfer() -> None:
    content = bytes(range(256)).replace(b"\n", b"").replace(b"\r", b"")
    part = b"Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: binary\r\n\r\n" + content
    assert message.decode(mail(part)).attachments[0].content == content


def test_signatures_are_no_attachments_but_calendars_and_winmail_are() -> None:
    decoded = message.decode(
        mail(
            text_part(b"x"),
            attachment(b"attachment; filename=smime.p7s", b"application/pkcs7-signature"),
            text_part(b"BEGIN:VCALENDAR", b"text/calendar; charset=utf-8"),
            attachment(b"attachment; filename=winmail.dat", b"application/ms-tnef", b"\x78\x9f\x3e\x22"),
        )
    )
    assert [file.path for file in decoded.attachments] == ["附件1.ics", "winmail.dat"]


def test_a_form_pasted_into_the_body_is_offered_to_the_parsers() -> None:
    row = "".join(f"<td>{cell}</td>" for cell in ("序号", "项目名称", "项目类别", "负责人"))
    page = f"<p>如下：</p><table><tr>{row}</tr></table>"
    decoded = message.decode(mail(text_part(page.encode("gbk"), b"text/html; charset=gb2312")))
    (form,) = decoded.attachments
    assert (form.path, form.inline, decoded.attached) == ("正文.html", True, 0)
    assert "项目名称" in form.content.decode()
    quoted = f"<p>好的</p><blockquote><table><tr>{row}</tr></table></blockquote>"
    assert message.decode(mail(text_part(quoted.encode(), b"text/html; charset=utf-8"))).attachments == ()


def test_a_table_pasted_into_plain_text_is_offered_to_the_parsers_as_well() -> None:
    header = '"项目<名称>\n（""全称""）"\t类别\t主体\t负责人'
    text = f"联 系人：张示例\n\n{header}\n\n甲\t\t乙\t丙\n此致\n> 一\t二\t三\t四\n"
    (form,) = message.decode(mail(text_part(text.encode()))).attachments
    assert (form.path, form.inline) == ("正文.html", True)
    rows = "<td>项目&lt;名称&gt;<br>（&quot;全称&quot;）</td><td>类别</td><td>主体</td><td>负责人</td>"
    rows = f"<tr>{rows}</tr><tr><td>甲</td><td></td><td>乙</td><td>丙</td></tr>"
    assert form.content.decode().endswith(f"<p>联 系人：张示例</p><table>{rows}</table><p>此致</p>")


def test_rows_whose_first_blank_cells_were_dropped_on_the_way_stand_below_their_headings_again() -> None:
    text = "联系人：张示例\n学校\t数量\t序号\t名称\t类别\n甲校\t2\t1\t一\t其他类\n2\t二\t其他类\n"
    (form,) = message.decode(mail(text_part(text.encode()))).attachments
    assert "<tr><td></td><td></td><td>2</td><td>二</td><td>其他类</td></tr>" in form.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "第2项更正如下，其余不变：\n学校\t序号\t名称\t类别\n甲校\t2\t一\t其他类\n",
        "没有制表符",
        "\t\t\t缩进的一段话\n",
        "一\t二\t三\n四\t五\t六\n",
        "好的\n\n-----原始邮件-----\n一\t二\t三\t四\n",
        "一  二  三  四\n",
    ],
)
def test_plain_text_without_a_whole_table_of_the_sender_s_own_is_no_form(text: str) -> None:
    assert message.decode(mail(text_part(text.encode()))).attachments == ()


def test_a_table_in_the_page_is_taken_rather_than_the_one_in_the_text_beside_it() -> None:
    page = "<table><tr><td>一</td><td>二</td><td>三</td><td>四</td></tr></table>"
    raw = mail(
        text_part("甲\t乙\t丙\t丁".encode()),
        text_part(page.encode(), b"text/html; charset=utf-8"),
        kind=b"alternative",
    )
    (form,) = message.decode(raw).attachments
    assert "一" in form.content.decode()
    assert "甲" not in form.content.decode()
    thanks = text_part("<p>收到，谢谢</p>".encode(), b"text/html; charset=utf-8")
    quoted = text_part("收到，谢谢\n联系人：张示例\n甲\t乙\t丙\t丁".encode())
    assert message.decode(mail(quoted, thanks, kind=b"alternative")).attachments == ()


OURS = "联系人：张示例　电话：13800000001\n项目名称\t项目类别\t负责人\t宣传报道链接\n甲项目乙丙丁\t其他类\t张示例\thttps://example.cn/1"


def shown(text: str, before: str = "", after: str = "") -> bytes:
    """A mail as programs send it: the text, and a page that says the same with line breaks, the end of it quoted."""
    page = "<br>".join(text.replace("\t", "&nbsp; ").splitlines())
    html = f"<div>{page}</div>{after}".replace("https://example.cn/1", '<a href="https://example.cn/1">报道</a>')
    return mail(
        text_part(f"{text}\n{before}".encode()),
        text_part(html.encode(), b"text/html; charset=utf-8"),
        kind=b"alternative",
    )


@pytest.mark.parametrize(
    "layout", ["", "<table><tr><td>张示例</td><td>学生会</td><td>电话</td><td>138</td></tr></table>"]
)
def test_a_table_in_the_text_is_taken_where_the_page_beside_it_holds_none(layout: str) -> None:
    (form,) = message.decode(shown(f"老师好：\n{OURS}\n此致", after=layout)).attachments
    assert "<td>甲项目乙丙丁</td>" in form.content.decode()


@pytest.mark.parametrize("ours", ["好的，收到，谢谢老师。", OURS])
@pytest.mark.parametrize("quote", ["<blockquote>{}</blockquote>", '<div class="ntes_mailquote">{}</div>'])
def test_of_a_table_in_the_text_only_what_the_page_shows_as_the_sender_s_own_is_taken(ours: str, quote: str) -> None:
    earlier = OURS.replace("甲项目", "旧项目").replace("张示例", "李示例")
    page = "<br>".join(earlier.splitlines())
    decoded = message.decode(shown(ours, before=earlier, after=quote.format(page)))
    assert len(decoded.attachments) == (ours == OURS)
    assert "旧项目" not in "".join(one.content.decode() for one in decoded.attachments)


def test_the_original_inside_a_bounce_is_not_read() -> None:
    returned = mail(attachment(b"attachment; filename=f.docx"))
    raw = mail(
        text_part(b"failed"),
        b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@y.cn\r\n",
        b"Content-Type: message/rfc822\r\n\r\n" + returned,
        head=b"From: MAILER-DAEMON@example.cn\r\nSubject: Undelivered Mail Returned to Sender\r\n",
        kind=b"report; report-type=delivery-status",
    )
    decoded = message.decode(raw)
    assert decoded.automatic is Automatic.BOUNCE
    assert (decoded.attachments, decoded.attached) == ((), 0)


def test_our_own_mail_coming_back_is_known() -> None:
    assert message.decode(b"From: Me <box@163.com>\r\n\r\nx", "Box@163.com").automatic is Automatic.OWN


def test_thousands_of_nested_parts_are_survived() -> None:
    def nested(levels: int) -> bytes:
        heads = (b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (at, at) for at in range(levels))
        return HEAD + b"".join(heads) + b"Content-Type: text/plain\r\n\r\nx"

    grows_evenly(lambda levels: message.decode(nested(levels)), 500)


def test_a_mail_of_ten_thousand_parts_is_cut_and_says_so() -> None:
    decoded = message.decode(mail(*[attachment(b"attachment; filename=a.txt")] * 10_000))
    assert len(decoded.attachments) == mime.MAX_PARTS + 1
    assert decoded.attachments[-1].problem == "unsafe"


def test_a_mail_of_many_parts_takes_no_longer_than_their_number_asks_for() -> None:
    part = attachment(b"attachment; filename=a.txt")
    grows_evenly(lambda parts: message.decode(mail(*[part] * parts)), mime.MAX_PARTS // 8)


def test_deeply_nested_html_is_survived() -> None:
    page = b"<div>" * 5000 + b"x" + b"</div>" * 5000
    message.decode(mail(text_part(page, b"text/html")))


@pytest.mark.parametrize(
    ("name", "repeated", "number"),
    [
        (b"Subject: ", b"=?utf-8?Q?", 5_000),
        (b"Subject: ", b"=?utf-8?Q?x", 5_000),
        (b"Content-Disposition: attachment; ", b'a="', 12_000),
        (b"Content-Disposition: attachment; ", b"filename*0*=", 8_000),
        (b"From: ", b"<", 12_000),
        (b"From: ", b"a@", 6_000),
        (b"From: ", b"(", 12_000),
        (b"References: ", b"<", 12_000),
        (b"Received: ", b";", 12_000),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else None,
)
def test_a_hostile_header_takes_no_longer_than_its_length_asks_for(name: bytes, repeated: bytes, number: int) -> None:
    grows_evenly(lambda times: message.decode(name + repeated * times + b"\r\n\r\nx"), number)


@pytest.mark.parametrize(
    ("repeated", "number"),
    [("发件人：", 5_000), ("在", 25_000), (">", 25_000), ("写道：\n", 2_500), ("-", 25_000), ("<", 25_000)],
)
def test_a_hostile_body_takes_no_longer_than_its_length_asks_for(repeated: str, number: int) -> None:
    grows_evenly(lambda times: message.decode(mail(text_part((repeated * times).encode()))), number)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_give_a_message(raw: bytes) -> None:
    message.decode(raw, "box@163.com")


_TOKENS = st.sampled_from(
    [
        *(b"\r\n", b"\n", b" ", b";", b'"', b"<", b">", b"@", b"=", b"\x00", b"a.cn", b"?=", b"%D5"),
        *(b"=?gb2312?B?", b"=?utf-8?Q?=E5", b"\xd5\xc5", b"\xe5\xbc\xa0", b"*0*=", b"*=gbk''"),
        *(b"Subject: ", b"From: ", b"Received: ", b"Reply-To: ", b"message/rfc822", b"begin 644 x"),
        *(b"Content-Type: multipart/mixed; boundary=b", b"--b", b"--b--", b"text/html; charset=", b"<table><tr><td>"),
        *(b"Content-Disposition: attachment; filename", b"Content-Transfer-Encoding: base64"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_TOKENS, max_size=60).map(b"".join))
def test_any_arrangement_of_mail_like_pieces_gives_a_message(raw: bytes) -> None:
    decoded = message.decode(raw)
    decoded.subject.encode()
    assert all(file.path and file.path.encode() for file in decoded.attachments)


_NAMES = st.lists(st.sampled_from([*'ab,;:"()\\[]. ', "张", "=?utf-8?B?5byg?="]), max_size=8).map("".join)


@settings(max_examples=300, deadline=None)
@given(_NAMES, st.sampled_from(["a@b.cn", "zhang.san+1@x-y.edu.cn", "a..b@c.cn", ".a@b.cn", "a@-b.cn"]), st.booleans())
def test_a_plain_address_is_the_one_that_mail_parser_reads(name: str, address: str, bare: bool) -> None:
    value = address if bare else f"{name} <{address}>"
    asked: list[str] = []
    found = addresses.of_header(value.encode().decode("ascii", "surrogateescape"), lambda: asked.append(value))
    told = mailparser.parse_from_string(f"From: {value}\n\n").from_
    valid = [each for _, each in told if addresses.ADDRESS.fullmatch(each.strip())]
    assert not asked
    assert found is not None
    assert [found.address] == valid or not valid


@pytest.mark.parametrize(
    ("head", "times"),
    [
        (b"From: x <a@b.cn>\r\nReply-To: c@d.cn\r\nReceived: by e; Fri, 22 Nov 2024 11:00:00 +0800\r\n", 0),
        (b"From: x <a@b.cn>, y <c@d.cn>\r\nReceived: by e; Fri, 22 Nov 2024 11:00:00 +0800\r\n", 1),
        (b"From: x <a@b.cn>, y <c@d.cn>\r\nSender: u, v <a@b.cn> w\r\nReceived: by e; some day\r\n", 1),
        (b"From: x <a@b.cn>\r\nReceived: by e; some day\r\n", 1),
    ],
)
def test_mail_parser_is_asked_once_and_only_about_what_is_not_plain(
    monkeypatch: pytest.MonkeyPatch, head: bytes, times: int
) -> None:
    asked: list[str] = []
    real = mailparser.parse_from_string

    def noting(text: str) -> object:
        asked.append(text)
        return real(text)

    monkeypatch.setattr(mailparser, "parse_from_string", noting)
    assert message.decode(head + b"\r\n").sender == Address("x", "a@b.cn")
    assert len(asked) == times


def _as_before(text: bytes) -> bytes:
    """Base64 undone by the standard library alone."""
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        clean = bytes(byte for byte in text if (chr(byte).isalnum() and byte < 128) or byte in b"+/")
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=120),
    st.sampled_from([b"\r\n", b"\n", b""]),
    st.lists(
        st.tuples(st.integers(0, 170), st.sampled_from([b"", b"=", b"==", b" ", b"!", b"\xff", b"A", b"=\r\nQQ"]))
    ),
)
def test_damaged_base64_is_read_as_the_standard_library_reads_it(
    content: bytes, end: bytes, damage: list[tuple[int, bytes]]
) -> None:
    text = base64.encodebytes(content).replace(b"\n", end)
    assert charsets.base64(text) == content
    for place, instead in damage:
        text = text[:place] + instead + text[place + 1 :]
    assert charsets.base64(text) == _as_before(text)
    # What stands around it in a mail is not looked at.
    assert charsets.base64(b"=A" + text + b"B=", 2, 2 + len(text)) == _as_before(text)
