"""Files that are only linked to: each provider's markup, and what must not be taken for it."""

from __future__ import annotations

import base64

import pytest

from effort import grows_evenly
from pipeline import bodies, cloud, message
from pipeline.model import CloudLink

STYLE = '<style id="cloudAttachStyle">#divNeteaseBigAttach, #divNeteaseBigAttach_bak{display:none;}</style>'
NETEASE = "https://mail.163.com/large-attachment-download/index.html?p=X-NETEASE-HUGE-ATTACHMENT&file=abc_1"
NETEASE_BLOCK = f"""{STYLE}<div>请查收</div><div id="divNeteaseBigAttach"><div>从网易163邮箱发来的超大附件</div>
<a class="bigattach-mailmaster-download" href="http://u.163.com/t0">用手机邮箱下载</a>
<div><a href="{NETEASE}"><img src="icon.gif"></a><div><a href="{NETEASE}">内蒙古大学申报材料.zip</a>
(80.96M, 2026年12月7日 0:49 到期)</div><a class="netease-attDown" href="{NETEASE}">下载</a></div></div>"""
QQ = "http://mail.qq.com/cgi-bin/ftnExs_download?t=exs_ftn_download&amp;k=0837&amp;code=abcd"
QQ_BLOCK = f"""<div>您好</div><div id="QQMailBigAttach"><div>从QQ邮箱发来的超大附件</div>
<div><a href="{QQ}"><img></a><span><a href="{QQ}">视频.mp4</a>
<span>(128.03M, 2026年12月20日 21:59 到期)</span></span><a href="{QQ}">进入下载页面</a></div></div>"""


def links(html: str, text: str) -> tuple[CloudLink, ...]:
    """The links in the part of a mail its sender wrote."""
    return cloud.own_links(bodies.own_html(html), bodies.own_text(text))


def test_a_163_attachment_is_found_once_with_name_size_and_expiry() -> None:
    expected = CloudLink("网易邮箱超大附件", NETEASE, "内蒙古大学申报材料.zip", "80.96M", "2026年12月7日 0:49")
    assert links(NETEASE_BLOCK, "") == (expected,)


def test_a_qq_attachment_is_found_once_with_name_size_and_expiry() -> None:
    (link,) = links(QQ_BLOCK, "")
    assert link.provider == "QQ邮箱超大附件"
    assert link.url.endswith("&k=0837&code=abcd")
    assert (link.name, link.size, link.expires) == ("视频.mp4", "128.03M", "2026年12月20日 21:59")


def test_two_files_keep_their_own_names() -> None:
    rows = "".join(
        f'<div><a href="https://wx.mail.qq.com/ftn/download?func=3&amp;key={number}">附件4_{number}.docx</a>'
        f"<span>(1{number}.5M, 无限期)</span></div>"
        for number in (1, 2)
    )
    found = links(f'<div id="QQMailBigAttach">{rows}</div>', "")
    assert [(link.name, link.size, link.expires) for link in found] == [
        ("附件4_1.docx", "11.5M", "无限期"),
        ("附件4_2.docx", "12.5M", "无限期"),
    ]


def test_plain_text_of_qq_gives_name_and_expiry() -> None:
    text = (
        "从QQ邮箱发来的超大附件\n\n报送 材料.zip (128.03M, 2026年12月20日 21:59 到期)"
        "进入下载页面：http://mail.qq.com/cgi-bin/ftnExs_download?k=1&code=2"
    )
    (link,) = links("", text)
    assert (link.name, link.size, link.expires) == ("材料.zip", "128.03M", "2026年12月20日 21:59")
    assert link.url == "http://mail.qq.com/cgi-bin/ftnExs_download?k=1&code=2"


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://mail.163.com/large-attachment-download/index.html?file=x", "网易邮箱超大附件"),
        ("https://mail.126.com/large-attachment-download/index.html?p=x", "网易邮箱超大附件"),
        ("https://mail.yeah.net/large-attachment-download/index.html?p=x", "网易邮箱超大附件"),
        ("https://dashi.163.com/html/cloud-attachment-download/?key=x", "网易邮箱大师云附件"),
        ("https://edisk.qiye.163.com/api/biz/attachment/download?identity=x", "网易企业邮箱云附件"),
        ("https://mail.qq.com/cgi-bin/ftnExs_download?k=1", "QQ邮箱超大附件"),
        ("http://mail.foxmail.com/cgi-bin/ftnExs_download?k=1", "QQ邮箱超大附件"),
        ("https://exmail.qq.com/cgi-bin/ftnExs_download?k=1", "QQ邮箱超大附件"),
        ("https://wx.mail.qq.com/ftn/download?func=3&key=1", "QQ邮箱超大附件"),
        ("https://mail.example.com/alimail/openLinks/downloadMimeMetaDiskBigAttach?id=1", "阿里邮箱超大附件"),
        ("https://mail.sina.com.cn/filecenter/download.php?id=1", "新浪邮箱中转站"),
        ("https://download.cloud.189.cn/file/downloadFile.action?x=1", "天翼云盘"),
        ("https://cloud.189.cn/t/abc", "天翼云盘"),
        ("https://pan.baidu.com/s/1abc?pwd=1234", "百度网盘"),
        ("https://www.alipan.com/s/abc", "阿里云盘"),
        ("https://www.aliyundrive.com/s/abc", "阿里云盘"),
        ("https://share.weiyun.com/abc", "腾讯微云"),
        ("https://wwa.lanzoui.com/abc", "蓝奏云"),
        ("https://www.kdocs.cn/l/abc", "金山文档"),
        ("https://docs.qq.com/doc/abc", "腾讯文档"),
        ("https://www.jianguoyun.com/p/abc", "坚果云"),
        ("https://pan.quark.cn/s/abc", "夸克网盘"),
        ("https://pan.example.edu.cn/l/abc", "高校网盘"),
        ("https://u.163.com/t0", ""),
        ("https://mail.163.com/", ""),
        ("https://pan.baidu.com/", ""),
        ("https://docs.qq.com/form/page/abc", ""),
        ("https://evil.example/pan.baidu.com/s/1", ""),
        ("https://pan.baidu.com.evil.example/s/1", ""),
        ("https://mp.weixin.qq.com/s/abc", ""),
        ("https://www.example.edu.cn/info/1001/s/1.htm", ""),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_a_link_counts_when_host_and_path_are_a_providers(url: str, provider: str) -> None:
    assert cloud.provider_of(url) == provider


def test_a_style_sheet_and_an_advertisement_are_no_links() -> None:
    assert links(f'{STYLE}<p>您好<a href="http://u.163.com/t0">手机邮箱</a></p>', "您好") == ()


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote">{}</div>',
        '<blockquote id="isReplyContent">{}</blockquote>',
        "<div>------------------&nbsp;原始邮件&nbsp;------------------</div>{}",
        "<div><b>发件人：</b>x</div><div><b>发送时间：</b>2026</div><div><b>主题：</b>y</div>{}",
    ],
)
def test_a_link_in_a_quoted_mail_is_not_the_senders(quote: str) -> None:
    assert links("<p>收到</p>" + quote.format(NETEASE_BLOCK), "") == ()


def test_a_quoted_address_in_plain_text_is_not_the_senders() -> None:
    assert links("", "收到\n> https://pan.baidu.com/s/1abc\n") == ()


def test_a_net_disk_address_in_plain_text_is_found_without_its_code() -> None:
    (link,) = links("", "材料太大，链接：https://pan.baidu.com/s/1abc-D?pwd=x1y2 提取码：x1y2，请查收。")
    assert link == CloudLink("百度网盘", "https://pan.baidu.com/s/1abc-D?pwd=x1y2")
    (link,) = links("", "链接：https://pan.baidu.com/s/1abc，提取码 1234")
    assert link.url == "https://pan.baidu.com/s/1abc"


def test_a_link_shown_in_html_and_text_is_one() -> None:
    (link,) = links(f'<a href="{NETEASE}">a.zip</a>', f"a.zip {NETEASE}")
    assert link.name == "a.zip"


def mail(subject: str, html: str) -> bytes:
    head = f"From: a@x.cn\r\nSubject: {subject}\r\nContent-Type: text/html; charset=utf-8\r\n"
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(html.encode())


def test_a_forward_without_files_brings_the_links_it_forwards_and_an_answer_does_not() -> None:
    page = f"<div>------- 转发邮件信息 -------</div>{NETEASE_BLOCK}"
    assert len(message.decode(mail("转发：报送材料", page)).cloud_links) == 1
    assert message.decode(mail("回复：报送材料", page)).cloud_links == ()


def test_many_links_take_no_longer_than_their_number_asks_for() -> None:
    def found(number: int) -> int:
        page = "".join(f'<p><a href="https://pan.baidu.com/s/{n}">x</a></p>' for n in range(number))
        return len(links(f"<div>{page}</div>", ""))

    assert found(300) <= 300
    grows_evenly(found, 300)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", "附件请查收。项目宣传报道链接：https://docs.qq.com/doc/abc"),
        ("", "附件3和附件4请查收。\n宣传报道：\nhttps://docs.qq.com/doc/abc\n谢谢"),
        ('<p>附件4请查收。</p><p>报道：<a href="https://docs.qq.com/doc/abc">https://docs.qq.com/doc/abc</a></p>', ""),
        ('<p>附件4请查收。报道：<a href="https://docs.qq.com/doc/abc">docs.qq.com/doc/abc</a></p>', ""),
    ],
)
def test_an_address_among_the_words_is_mentioned_and_not_presented_as_a_file(html: str, text: str) -> None:
    assert links(html, text) == (CloudLink("腾讯文档", "https://docs.qq.com/doc/abc", mentioned=True),)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", "附件4.docx：https://docs.qq.com/doc/abc"),
        ("", "【腾讯文档】附件4 申报表\nhttps://docs.qq.com/doc/abc"),
        ("", "项目汇总表和申报表见链接 https://pan.baidu.com/s/1abc 提取码：1234"),
        ("", "材料较大，放在网盘 https://pan.baidu.com/s/1abc"),
        ("", "链接：https://pan.baidu.com/s/1abc 提取码：1234"),
        ('<p>附件4：<a href="https://docs.qq.com/doc/abc">docs.qq.com/doc/abc</a></p>', ""),
        ('<a href="https://pan.baidu.com/s/1abc">点击下载</a>', ""),
        ('<a href="https://docs.qq.com/doc/abc">【腾讯文档】申报</a>', "https://docs.qq.com/doc/abc"),
        (NETEASE_BLOCK, ""),
        (QQ_BLOCK, ""),
    ],
)
def test_a_link_behind_which_a_file_is_said_to_be_is_presented(html: str, text: str) -> None:
    (link,) = links(html, text)
    assert not link.mentioned
