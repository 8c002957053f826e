"""Sending: what was sent arrives byte for byte, and every answer of the server gets the right consequence."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from pipeline.demo.servers import EmbeddedSmtp
from pipeline.errors import AnnexError, ConfigurationError, LoginRefused, ServerAway
from pipeline.outbox import Fate, Post, Stage, classify
from pipeline.settings import Settings, load_settings
from servers.certificates import self_signed
from servers.post import QUEUED, FakePost

USER = "wsxmz@163.com"
CODE = "ABCDEFGHIJKLMNOP"
TO = "zhangsan@example.edu.cn"
RAW = b"From: wsxmz@163.com\r\nSubject: =?utf-8?B?5Zue5aSN?=\r\n\r\nhello\r\n"


def settings(url: str, code: str = CODE) -> Settings:
    return load_settings(smtp_url=url, auth_code=code, user=USER)


def test_a_mail_arrives_as_it_was_written_at_one_recipient() -> None:
    with EmbeddedSmtp(USER, CODE) as smtp:
        with Post.open(settings(smtp.url), USER) as post:
            delivery = post.send(RAW, USER, TO)
        assert delivery.fate is Fate.SENT
        (mail,) = smtp.mails
        assert (mail.sender, mail.recipients, mail.raw) == (USER, (TO,), RAW)


def test_line_ends_become_crlf_and_leading_dots_survive() -> None:
    with EmbeddedSmtp(USER, CODE) as smtp:
        with Post.open(settings(smtp.url), USER) as post:
            assert post.send(b"Subject: x\n\n.\n..two\rend", USER, TO).fate is Fate.SENT
        assert smtp.mails[0].raw == b"Subject: x\r\n\r\n.\r\n..two\r\nend\r\n"


def test_the_servers_queue_id_is_kept() -> None:
    with FakePost() as server, Post.open(settings(server.url), USER) as post:
        delivery = post.send(RAW, USER, TO)
        assert (delivery.code, f"250 {delivery.text}") == (250, QUEUED)


def test_the_envelope_sender_is_the_login_and_the_server_is_greeted_with_an_address_literal() -> None:
    with FakePost() as server:
        with Post.open(settings(server.url), USER) as post:
            post.send(RAW, USER, TO)
        assert server.commands[0].upper() == "EHLO [127.0.0.1]"
        assert f"mail FROM:<{USER}>" in server.commands
        assert f"rcpt TO:<{TO}>" in server.commands
        assert server.commands[-1].upper() == "QUIT"


def test_8bit_is_announced_only_for_8bit_mails_and_only_where_offered() -> None:
    wide = "Subject: x\r\n\r\n你好\r\n".encode()
    with FakePost() as server, Post.open(settings(server.url), USER) as post:
        post.send(wide, USER, TO)
        post.send(RAW, USER, TO)
        assert [line for line in server.commands if line.startswith("mail")] == [
            f"mail FROM:<{USER}> BODY=8BITMIME",
            f"mail FROM:<{USER}>",
        ]
    with FakePost(extensions=("mail", "AUTH PLAIN")) as server, Post.open(settings(server.url), USER) as post:
        assert post.send(wide, USER, TO).fate is Fate.SENT
        assert f"mail FROM:<{USER}>" in server.commands


def test_login_is_used_where_plain_is_not_offered() -> None:
    with FakePost(extensions=("mail", "AUTH LOGIN")) as server, Post.open(settings(server.url), USER) as post:
        assert post.send(RAW, USER, TO).fate is Fate.SENT
        assert "AUTH LOGIN" in server.commands


def test_a_refused_login_is_tried_once_and_names_the_remedy_but_not_the_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakePost(code="another") as server:
        with pytest.raises(LoginRefused, match="授权码") as caught:
            Post.open(settings(server.url), USER)
        assert sum(line.startswith("AUTH") for line in server.commands) == 1
    assert "535" in str(caught.value)
    assert CODE not in str(caught.value) + caplog.text


def test_a_refusal_in_gbk_is_read_as_chinese() -> None:
    with (
        FakePost(answers={"AUTH": b"535 " + "请使用授权码登录。".encode("gbk")}) as server,
        pytest.raises(LoginRefused, match="请使用授权码登录"),
    ):
        Post.open(settings(server.url), USER)


def test_too_many_failed_logins_are_a_refusal_even_under_a_temporary_code() -> None:
    answers = {"AUTH": b"451 Requested mail action not taken: too much fail authentication"}
    with FakePost(answers=answers) as server, pytest.raises(LoginRefused):
        Post.open(settings(server.url), USER)


def test_a_temporary_trouble_with_the_login_is_a_server_that_is_away() -> None:
    answers = {"AUTH": b"454 Temporary authentication failure"}
    with FakePost(answers=answers) as server, pytest.raises(ServerAway, match="454"):
        Post.open(settings(server.url), USER)


def test_a_blacklisted_address_stops_and_a_busy_server_does_not() -> None:
    with FakePost(answers={"GREETING": b"554 IP in blacklist"}) as server, pytest.raises(LoginRefused):
        Post.open(settings(server.url), USER)
    with FakePost(answers={"GREETING": b"421 HL:ICC"}) as server, pytest.raises(ServerAway, match="HL:ICC"):
        Post.open(settings(server.url), USER)


def test_a_port_where_nobody_listens_is_a_server_that_is_away() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ServerAway, match=rf"127\.0\.0\.1:{port} .*连接被拒绝.*ANNEX_SMTP_URL"):
        Post.open(settings(f"smtp://127.0.0.1:{port}"), USER)


def test_a_server_that_hangs_up_at_once_is_away() -> None:
    with FakePost(answers={"GREETING": b""}) as server, pytest.raises(ServerAway, match="断开"):
        Post.open(settings(server.url), USER)


def test_on_loopback_one_can_send_without_a_login() -> None:
    with FakePost(extensions=("mail", "8BITMIME")) as server:
        for code in ("", CODE):
            with Post.open(settings(server.url, code), USER) as post:
                assert post.send(RAW, USER, TO).fate is Fate.SENT
        assert not any(line.startswith("AUTH") for line in server.commands)


def test_elsewhere_a_missing_authorization_code_is_named_before_anything_is_contacted() -> None:
    with pytest.raises(ConfigurationError, match="ANNEX_AUTH_CODE"):
        Post.open(settings("smtps://smtp.163.invalid:465", ""), USER)


def test_without_starttls_the_code_is_not_sent() -> None:
    with FakePost() as server:
        with pytest.raises(ServerAway, match="STARTTLS"):
            Post.open(settings(server.url.replace("smtp://", "smtp+starttls://")), USER)
        assert not any(line.startswith("AUTH") for line in server.commands)


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_mail_is_sent_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with FakePost(starttls=certificate.server_context if scheme == "smtp+starttls" else None) as server:
        if scheme == "smtps":
            server.wrap(certificate.server_context)
        with Post.open(settings(server.url.replace("smtp://127.0.0.1", f"{scheme}://localhost")), USER) as post:
            assert post.send(RAW, USER, TO).fate is Fate.SENT
        assert server.mails == [RAW]
        secured = next((n for n, line in enumerate(server.commands) if line.upper() == "STARTTLS"), -1)
        authenticated = next(n for n, line in enumerate(server.commands) if line.startswith("AUTH"))
        assert secured < authenticated
        assert (secured >= 0) is (scheme == "smtp+starttls")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_an_untrusted_certificate_is_named_and_the_code_is_not_sent(tmp_path: Path, scheme: str) -> None:
    certificate = self_signed(tmp_path)
    with FakePost(starttls=certificate.server_context if scheme == "smtp+starttls" else None) as server:
        if scheme == "smtps":
            server.wrap(certificate.server_context)
        with pytest.raises(ServerAway, match="证书无法验证"):
            Post.open(settings(server.url.replace("smtp://127.0.0.1", f"{scheme}://localhost")), USER)
        assert not any(line.startswith("AUTH") for line in server.commands)


def test_the_embedded_server_refuses_a_wrong_code_and_an_address_it_was_told_to() -> None:
    with EmbeddedSmtp(USER, "another") as smtp, pytest.raises(LoginRefused):
        Post.open(settings(smtp.url), USER)
    with EmbeddedSmtp(USER, CODE, {TO: "550 User suspended"}) as smtp:
        with Post.open(settings(smtp.url), USER) as post:
            assert post.send(RAW, USER, TO).fate is Fate.BAD_ADDRESS
            assert post.send(RAW, USER, "lisi@example.edu.cn").fate is Fate.SENT
        assert [mail.recipients for mail in smtp.mails] == [("lisi@example.edu.cn",)]


ANSWERS = [
    (421, "HL:REP 4,C8C", Fate.PAUSE),
    (421, "HL:ICC", Fate.PAUSE),
    (450, "MI:CEL", Fate.PAUSE),
    (450, "MI:DMC", Fate.PAUSE),
    (450, "MI:CCL", Fate.PAUSE),
    (450, "RP:DRC", Fate.LATER),
    (450, "RP:CCL", Fate.LATER),
    (450, "DT:RBL", Fate.PAUSE),
    (450, "WM:BLI", Fate.PAUSE),
    (450, "WM:BLU", Fate.PAUSE),
    (451, "DT:SPM, please try again", Fate.LATER),
    (451, "MI:SFQ", Fate.PAUSE),
    (451, "RP:QRC", Fate.LATER),
    (451, "RP:CEL", Fate.LATER),
    (451, "Requested action aborted: local error", Fate.LATER),
    (550, "MI:STC", Fate.TOMORROW),
    (550, "RP:TRC", Fate.TOMORROW),
    (554, "MI:STC", Fate.TOMORROW),
    (535, "Error: authentication failed", Fate.STOP),
    (451, "Requested mail action not taken: too much fail authentication", Fate.STOP),
    (554, "IP is rejected, smtp auth error limit exceed", Fate.STOP),
    (554, "HL:IHU", Fate.STOP),
    (554, "HL:IPB", Fate.STOP),
    (554, "MI:SPB", Fate.STOP),
    (554, "IP in blacklist", Fate.STOP),
    (554, "DT:SPM 163 smtp11", Fate.FOR_STAFF),
    (550, "DT:SPM", Fate.FOR_STAFF),
    (552, "Illegal Attachment", Fate.FOR_STAFF),
    (552, "Requested mail action aborted: exceeded mailsize limit", Fate.FOR_STAFF),
    (550, "Invalid User", Fate.BAD_ADDRESS),
    (550, "User suspended", Fate.BAD_ADDRESS),
    (550, "User in blacklist", Fate.BAD_ADDRESS),
    (550, "RP:RCL", Fate.BAD_ADDRESS),
    (550, "Requested mail action not taken: too much recipient", Fate.BAD_ADDRESS),
    (550, "MI:NHD", Fate.STOP),
    (550, "MI:IMF", Fate.STOP),
    (553, "authentication is required", Fate.STOP),
    (553, "Mail from must equal authorized user", Fate.STOP),
    (553, "NULL sender is not allowed", Fate.STOP),
    (554, "DT:SUM", Fate.STOP),
    (250, "Mail OK queued as smtp11", Fate.SENT),
]


@pytest.mark.parametrize(("code", "text", "fate"), ANSWERS)
def test_each_published_answer_of_netease_has_its_consequence(code: int, text: str, fate: Fate) -> None:
    assert classify(code, text) is fate


@pytest.mark.parametrize(
    ("code", "stage", "fate"),
    [
        (550, Stage.RECIPIENT, Fate.BAD_ADDRESS),
        (500, Stage.RECIPIENT, Fate.BAD_ADDRESS),
        (552, Stage.RECIPIENT, Fate.FOR_STAFF),
        (550, Stage.SENDER, Fate.STOP),
        (554, Stage.CONTENT, Fate.FOR_STAFF),
        (450, Stage.RECIPIENT, Fate.LATER),
        (451, Stage.SENDER, Fate.PAUSE),
        (452, Stage.CONTENT, Fate.LATER),
    ],
)
def test_an_answer_in_unknown_words_is_judged_by_where_it_came(code: int, stage: Stage, fate: Fate) -> None:
    assert classify(code, "go away", stage) is fate


@pytest.mark.parametrize(
    ("command", "answer", "fate"),
    [
        ("RCPT", b"550 User suspended", Fate.BAD_ADDRESS),
        ("RCPT", b"450 RP:DRC", Fate.LATER),
        ("MAIL", b"553 Mail from must equal authorized user", Fate.STOP),
        ("DATA", b"421 HL:REP", Fate.PAUSE),
        ("END", b"554 DT:SPM", Fate.FOR_STAFF),
        ("END", b"451 DT:SPM, please try again", Fate.LATER),
        ("END", b"550 MI:STC", Fate.TOMORROW),
    ],
)
def test_after_a_refused_mail_the_next_one_goes_out(command: str, answer: bytes, fate: Fate) -> None:
    with FakePost(answers={command: answer}) as server, Post.open(settings(server.url), USER) as post:
        delivery = post.send(RAW, USER, TO)
        assert (delivery.fate, delivery.code) == (fate, int(answer[:3]))
        assert delivery.text == answer[4:].decode()
        server.answers.clear()
        assert post.send(RAW, USER, TO).fate is Fate.SENT


def test_a_line_that_breaks_after_the_mail_was_handed_over_leaves_its_fate_open() -> None:
    with FakePost(answers={"END": b""}) as server, Post.open(settings(server.url), USER) as post:
        assert post.send(RAW, USER, TO).fate is Fate.UNCERTAIN
        assert server.mails == [RAW]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_line_that_breaks_before_that_means_it_was_not_sent(command: str) -> None:
    with FakePost(answers={command: b""}) as server, Post.open(settings(server.url), USER) as post:
        assert post.send(RAW, USER, TO).fate is Fate.PAUSE
        assert server.mails == []


def test_a_session_that_went_stale_between_two_mails_is_renewed() -> None:
    with FakePost(mails_each=1) as server, Post.open(settings(server.url), USER) as post:
        assert [post.send(RAW, USER, TO).fate for _ in range(3)] == [Fate.SENT] * 3
        assert server.connections == 3
        assert len(server.mails) == 3


def test_a_server_that_went_away_between_two_mails_is_said_to_be_away() -> None:
    with FakePost(mails_each=1) as server:
        post = Post.open(settings(server.url), USER)
        assert post.send(RAW, USER, TO).fate is Fate.SENT
    with post, pytest.raises(AnnexError) as caught:
        post.send(RAW, USER, TO)
    assert isinstance(caught.value, ServerAway)


@pytest.mark.parametrize(
    "address",
    ["", "zhangsan", "a b@x.cn", "张三@x.cn", "a@x.cn>\r\nRCPT TO:<b@x.cn", "a@x.cn,b@x.cn", "<a@x.cn>", "a@x.cn\n"],
)
def test_what_is_no_address_is_never_said_to_the_server(address: str) -> None:
    with FakePost() as server, Post.open(settings(server.url), USER) as post:
        before = list(server.commands)
        assert post.send(RAW, USER, address).fate is Fate.BAD_ADDRESS
        assert server.commands == before
