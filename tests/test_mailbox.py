"""Reading the mailbox: everything is found and fetched whole, nothing is changed, and trouble is told apart."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline import answers, imap_session, mailbox
from pipeline.answers import batches
from pipeline.demo.servers import EmbeddedImap, StoredMail
from pipeline.doctor import examine
from pipeline.errors import ConfigurationError, LoginRefused, ServerAway
from pipeline.mailbox import Mailbox
from pipeline.model import SHANGHAI, Envelope
from pipeline.settings import Settings, load_settings
from pipeline.spool import Spool
from servers.certificates import Certificate, self_signed
from servers.dovecot import dovecot
from servers.netease import FakeMail, Netease, _Conversation

USER = "wsxmz@163.com"
CODE = "ABCDEFGHIJKLMNOP"
MORNING = datetime(2024, 11, 20, 9, 30, tzinfo=SHANGHAI)
LATE = datetime(2024, 11, 26, 23, 59, 59, tzinfo=SHANGHAI)


def settings(url: str, code: str = CODE) -> Settings:
    return load_settings(imap_url=url, auth_code=code, user=USER)


def mail(number: int, size: int = 0) -> bytes:
    head = f"Message-ID: <{number}@example.edu.cn>\r\nSubject: mail {number}\r\n\r\n".encode()
    lines = (b"%076d\r\n" % line for line in range(size // 78))
    return head + b"".join(lines) + b"end\r\n"


def nothing_known(_: int) -> frozenset[int]:
    return frozenset()


def everything(box: Mailbox, spool: Spool, *folders: str) -> list[bytes]:
    envelopes = [envelope for folder in folders for envelope in box.unknown(folder, nothing_known)]
    return [spool.read(kept) for _, kept in box.fetch(envelopes, spool)]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "mail")


@pytest.fixture
def netease() -> Iterator[Netease]:
    with Netease(user=USER, code=CODE) as server:
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large is what does not fit 8 kB, and is fetched 4 kB at a time; the arithmetic is the same."""
    monkeypatch.setattr(mailbox, "LARGE", 8192)
    monkeypatch.setattr(answers, "LARGE", 8192)
    monkeypatch.setattr(mailbox, "PIECE", 4096)


class TestWholeMailbox:
    """The same mailbox behind three servers."""

    raws = tuple(mail(number, number * 500) for number in range(60))

    def test_at_netease(self, netease: Netease, spool: Spool) -> None:
        for number, raw in enumerate(self.raws):
            netease.add("INBOX", raw, MORNING + timedelta(minutes=number))
        with Mailbox.open(settings(netease.url), USER) as box:
            envelopes = box.unknown("INBOX", nothing_known)
            fetched = list(box.fetch(envelopes, spool))
        assert [envelope.received_at for envelope in envelopes] == [
            MORNING + timedelta(minutes=number) for number in range(60)
        ]
        assert all(str(envelope.received_at.tzinfo) == "Asia/Shanghai" for envelope in envelopes)
        assert [(envelope.size, kept) for envelope, kept in fetched] == [
            (len(raw), hashlib.sha256(raw).hexdigest()) for raw in self.raws
        ]

    def test_at_pymap(self, spool: Spool) -> None:
        mails = [StoredMail("INBOX", MORNING, raw) for raw in self.raws]
        with (
            EmbeddedImap(USER, CODE, mails) as server,
            Mailbox.open(settings(server.url), USER) as box,
        ):
            assert everything(box, spool, "INBOX") == list(self.raws)
            assert {envelope.received_at for envelope in box.unknown("INBOX", nothing_known)} == {MORNING}
            assert {stored.flags for stored in server.mails("INBOX")} == {frozenset()}

    def test_at_dovecot(self, spool: Spool) -> None:
        with dovecot(USER, CODE) as server:
            for number, raw in enumerate(self.raws):
                server.add(raw, MORNING + timedelta(minutes=number))
            with Mailbox.open(settings(server.url), USER) as box:
                assert everything(box, spool, "INBOX") == list(self.raws)
                assert box.folders(["inbox", "垃圾邮件", "广告邮件"]) == (("INBOX", "垃圾"), ("广告邮件",))
                assert box.message_ids("INBOX", 1) == {"<59@example.edu.cn>"}
                drafts = box.find_special(b"\\Drafts")
                assert drafts == "草稿箱"
                box.append(drafts, mail(77), [b"\\Draft"])
                assert box.message_ids(drafts, 10) == {"<77@example.edu.cn>"}
            # Dovecot writes a flag behind the comma of a file's name.
            assert all(name.partition(":2,")[2] == "" for name in server.names())


def test_the_server_is_told_who_we_are_before_the_first_folder_is_opened(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        box.unknown("INBOX", nothing_known)
    verbs = [command.split(" ")[0] for command in netease.commands]
    assert verbs.index("LOGIN") < verbs.index("ID") < verbs.index("EXAMINE")
    (sent,) = [command for command in netease.commands if command.startswith("ID ")]
    for wanted in ('"name" "', '"version" "', '"vendor" "', f'"support-email" "{USER}"'):
        assert wanted in sent


def test_id_is_not_sent_to_a_server_that_does_not_offer_it(netease: Netease) -> None:
    netease.capabilities = "IMAP4rev1 UIDPLUS"
    netease.wants_id = False
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.unknown("INBOX", nothing_known) == []
    assert not any(command.startswith("ID") for command in netease.commands)


def test_a_refused_id_is_no_obstacle(netease: Netease) -> None:
    netease.id_answer = b"NO not here"
    netease.wants_id = False
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.unknown("INBOX", nothing_known) == []


def test_unsafe_login_is_a_refusal_by_its_name(netease: Netease) -> None:
    netease.id_answer = b"NO not here"
    with Mailbox.open(settings(netease.url), USER) as box:
        with pytest.raises(LoginRefused, match=r"Unsafe Login.*kefu@188.com"):
            box.folders(["INBOX"])
        with pytest.raises(LoginRefused, match="Unsafe Login"):
            box.unknown("INBOX", nothing_known)


def test_a_refused_login_names_the_remedy_but_never_the_code(
    netease: Netease, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    netease.login_answer = f"NO LOGIN Login error or password error {CODE}".encode()
    with pytest.raises(LoginRefused, match=r"授权码.*IMAP/SMTP 服务已开启.*过期") as caught:
        Mailbox.open(settings(netease.url), USER)
    assert "Login error or password error" in str(caught.value)
    assert CODE not in str(caught.value)
    sent = [record.getMessage() for record in caplog.records if ">" in record.getMessage()[:3]]
    assert not any(CODE in line for line in sent)


def test_the_code_is_in_no_log_of_a_whole_reading(
    netease: Netease, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    netease.add("INBOX", mail(1), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        everything(box, spool, "INBOX")
    assert caplog.text
    assert CODE not in caplog.text


def test_a_refused_code_is_one_though_the_server_names_other_causes_too(netease: Netease) -> None:
    netease.login_answer = b"NO Login fail. Account is abnormal, password is incorrect, or system is busy."
    with pytest.raises(LoginRefused):
        Mailbox.open(settings(netease.url), USER)


def test_a_refusal_in_gbk_is_read_as_chinese(netease: Netease) -> None:
    netease.login_answer = b"NO " + "请使用授权码登录".encode("gbk")
    with pytest.raises(LoginRefused, match="（请使用授权码登录）"):
        Mailbox.open(settings(netease.url), USER)


@pytest.mark.parametrize(
    "answer",
    [
        b"NO [UNAVAILABLE] not now",
        b"NO [INUSE] in use",
        b"NO LOGIN Server busy",
        "NO 系统繁忙，请稍后再试".encode(),
        b"* BYE overloaded",
    ],
)
def test_a_login_refused_for_the_servers_own_reasons_is_a_server_that_is_away(netease: Netease, answer: bytes) -> None:
    netease.login_answer = answer
    if answer.startswith(b"*"):
        netease.drop_after = len(netease.greeting) + 220
    with pytest.raises(ServerAway, match=r"127\.0\.0\.1"):
        Mailbox.open(settings(netease.url), USER)


@pytest.mark.parametrize(("user", "code", "named"), [("", CODE, "ANNEX_USER"), (USER, "", "ANNEX_AUTH_CODE")])
def test_what_is_not_set_is_named_before_anything_is_contacted(user: str, code: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Mailbox.open(settings("imaps://imap.163.invalid:993", code), user)


def test_a_code_with_full_width_letters_is_refused_with_the_reason() -> None:
    with pytest.raises(LoginRefused, match=r"ANNEX_AUTH_CODE.*全角"):
        Mailbox.open(settings("imaps://imap.163.invalid:993", "ＡＢＣＤ"), USER)


def test_a_port_where_nobody_listens_is_a_server_that_is_away() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ServerAway, match=rf"127\.0\.0\.1:{port} .*连接被拒绝"):
        Mailbox.open(settings(f"imap://127.0.0.1:{port}"), USER)


def test_a_server_without_tls_on_a_tls_port_is_away(netease: Netease) -> None:
    with pytest.raises(ServerAway, match="加密连接无法建立"):
        Mailbox.open(settings(netease.url.replace("imap://", "imaps://")), USER)


def test_a_server_that_greets_with_bye_is_away(netease: Netease) -> None:
    netease.greeting = b"* BYE too many connections"
    with pytest.raises(ServerAway, match="too many connections"):
        Mailbox.open(settings(netease.url), USER)


def test_a_silent_server_is_away_after_a_while(netease: Netease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_session, "READ_SECONDS", 0.2)
    with Mailbox.open(settings(netease.url), USER) as box:
        netease.delay = 0.6
        monkeypatch.setattr(imap_session, "LEAVE_SECONDS", 0.1)
        with pytest.raises(ServerAway, match="等待超时"):
            box.unknown("INBOX", nothing_known)


@pytest.mark.parametrize("after", [0, 100, 300, 600, 900, 1200, 1500])
def test_a_connection_that_breaks_anywhere_is_a_server_that_is_away(netease: Netease, spool: Spool, after: int) -> None:
    for number in range(8):
        netease.add("INBOX", mail(number, 200), MORNING)
    netease.drop_after = after
    with pytest.raises(ServerAway), Mailbox.open(settings(netease.url), USER) as box:
        everything(box, spool, "INBOX")


def test_what_was_fetched_before_the_connection_broke_is_safe(netease: Netease, spool: Spool) -> None:
    first = netease.add("INBOX", mail(1), MORNING)
    netease.add("垃圾邮件", mail(2, 4000), LATE)
    got = []
    with Mailbox.open(settings(netease.url), USER) as box:
        envelopes = box.unknown("INBOX", nothing_known) + box.unknown("垃圾邮件", nothing_known)
        fetching = box.fetch(envelopes, spool)
        got.append(next(fetching))
        netease.drop_after = 0
        with pytest.raises(ServerAway):
            next(fetching)
    assert [spool.read(kept) for _, kept in got] == [first.raw]
    assert len(list(spool.root.glob("??/*.eml"))) == 1


def test_folders_are_found_by_the_names_people_read(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.folders(["inbox", "垃圾邮件", "广告邮件", "订阅邮件"]) == (
            ("INBOX", "垃圾邮件", "广告邮件", "订阅邮件"),
            (),
        )


def test_a_folder_that_is_missing_or_cannot_be_opened_is_reported(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.folders(["INBOX", "病毒文件夹", "学联"]) == (("INBOX",), ("病毒文件夹", "学联"))


def test_a_folder_flagged_noselect_is_missing(netease: Netease) -> None:
    netease.folders["广告邮件"].flags = "\\Noselect"
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.folders(["广告邮件"]) == ((), ("广告邮件",))


def test_the_junk_folder_is_found_by_its_flag_under_another_name_and_only_once(netease: Netease) -> None:
    junk = netease.folders["垃圾邮件"]
    junk.name = junk.wire = "Junk"
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.folders(["Junk", "垃圾邮件"]) == (("Junk",), ())


def test_a_folder_name_that_cannot_be_decoded_hides_no_other(netease: Netease) -> None:
    netease.folders["订阅邮件"].wire = "&2D0-x"
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.folders(["INBOX", "广告邮件"]) == (("INBOX", "广告邮件"), ())


def test_an_inbox_that_cannot_be_opened_is_no_missing_folder_but_a_server_that_is_away(netease: Netease) -> None:
    netease.locked.add("INBOX")
    with Mailbox.open(settings(netease.url), USER) as box, pytest.raises(ServerAway):
        box.folders(["INBOX"])


def test_only_unknown_mails_are_listed_also_below_the_highest_known(netease: Netease) -> None:
    mails = [netease.add("INBOX", mail(number), MORNING) for number in range(4)]
    asked = []

    def known(validity: int) -> set[int]:
        asked.append(validity)
        return {mails[0].uid, mails[2].uid, mails[3].uid}

    with Mailbox.open(settings(netease.url), USER) as box:
        (envelope,) = box.unknown("INBOX", known)
    assert asked == [1]
    assert envelope == Envelope("INBOX", 1, mails[1].uid, MORNING, len(mails[1].raw))


def test_a_mail_that_arrives_on_an_open_connection_is_listed(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.unknown("INBOX", nothing_known) == []
        netease.add("INBOX", mail(1), MORNING)
        assert len(box.unknown("INBOX", nothing_known)) == 1


def test_a_read_mail_is_as_unknown_as_an_unread_one_and_no_flag_changes(netease: Netease, spool: Spool) -> None:
    kept = [
        netease.add("INBOX", mail(1), MORNING, {"\\Seen", "\\Flagged"}),
        netease.add("INBOX", mail(2), MORNING),
    ]
    with Mailbox.open(settings(netease.url), USER) as box:
        assert len(everything(box, spool, "INBOX")) == 2
        box.message_ids("INBOX", 5)
    assert [mail.flags for mail in kept] == [{"\\Seen", "\\Flagged"}, set()]


def test_no_command_is_sent_that_changes_or_judges_anything(netease: Netease, spool: Spool) -> None:
    netease.add("INBOX", mail(1), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        box.folders(["INBOX", "垃圾邮件"])
        everything(box, spool, "INBOX", "垃圾邮件")
    verbs = {command.split(" (")[0].split(" BODY")[0].split(" ")[0] for command in netease.commands}
    assert verbs <= {"CAPABILITY", "LOGIN", "ID", "LIST", "EXAMINE", "UID", "LOGOUT"}
    assert {command for command in netease.commands if "SEARCH" in command} == {"UID SEARCH ALL"}
    bodies = [command for command in netease.commands if "BODY" in command]
    assert bodies
    assert all("BODY.PEEK[" in command for command in bodies)


def test_mails_come_in_the_order_asked_for_across_folders(netease: Netease, spool: Spool) -> None:
    for number in range(6):
        netease.add(("INBOX", "垃圾邮件")[number % 2], mail(number), MORNING + timedelta(hours=number))
    with Mailbox.open(settings(netease.url), USER) as box:
        envelopes = box.unknown("INBOX", nothing_known) + box.unknown("垃圾邮件", nothing_known)
        envelopes.sort(key=lambda envelope: envelope.received_at)
        assert [spool.read(kept) for _, kept in box.fetch(envelopes, spool)] == [mail(n) for n in range(6)]


@pytest.mark.usefixtures("small_pieces")
def test_a_large_mail_comes_in_pieces_and_whole(netease: Netease, spool: Spool) -> None:
    raws = [mail(1), mail(2, 30000), mail(3, 8192), mail(4)]
    for raw in raws:
        netease.add("INBOX", raw, MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == raws
    assert any("BODY.PEEK[]<4096.4096>" in command for command in netease.commands)


@pytest.mark.parametrize("length", [8193, 12288, 12289])
@pytest.mark.usefixtures("small_pieces")
def test_a_large_mail_that_ends_with_a_piece_is_whole(netease: Netease, spool: Spool, length: int) -> None:
    raw = mail(1, 20000)[:length]
    netease.add("INBOX", raw, MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [raw]


@pytest.mark.usefixtures("small_pieces")
def test_a_server_that_gives_smaller_pieces_than_asked_for_gives_the_whole_mail(netease: Netease, spool: Spool) -> None:
    netease.piece_limit = 1000
    netease.add("INBOX", mail(1, 20000), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [mail(1, 20000)]


@pytest.mark.usefixtures("small_pieces")
def test_a_large_mail_of_which_too_little_was_announced_is_whole(netease: Netease, spool: Spool) -> None:
    kept = netease.add("INBOX", mail(1, 20000), MORNING)
    netease.announced[kept.uid] = 9000
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [kept.raw]


def test_pymap_gives_a_mail_of_ten_megabytes_in_pieces(spool: Spool) -> None:
    raw = mail(1, 10 * 1024 * 1024)
    with (
        EmbeddedImap(USER, CODE, [StoredMail("INBOX", MORNING, raw)]) as server,
        Mailbox.open(settings(server.url), USER) as box,
    ):
        assert everything(box, spool, "INBOX") == [raw]


def test_a_mail_cut_short_once_is_fetched_again_and_the_half_is_not_kept(netease: Netease, spool: Spool) -> None:
    kept = netease.add("INBOX", mail(1, 500), MORNING)
    netease.truncated[kept.uid] = 1
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [kept.raw]
        assert box.missed == []
    assert len(list(spool.root.glob("??/*.eml"))) == 1


def test_a_wrongly_announced_length_is_overruled_by_the_same_bytes_twice(
    netease: Netease, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    kept = netease.add("INBOX", mail(1), MORNING)
    netease.announced[kept.uid] = len(kept.raw) + 11
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [kept.raw]
    assert "两次取到的内容相同" in caplog.text
    assert sum("BODY" in command for command in netease.commands) == 2


def test_a_mail_that_comes_otherwise_every_time_is_missed_and_blocks_no_other(netease: Netease, spool: Spool) -> None:
    odd = netease.add("INBOX", mail(1, 900), MORNING)
    good = netease.add("INBOX", mail(2), MORNING)
    netease.truncated[odd.uid] = 99
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [good.raw]
        assert [envelope.uid for envelope in box.missed] == [odd.uid]
    assert len(list(spool.root.glob("??/*.eml"))) == 1


def test_an_empty_body_is_never_taken_for_the_mail(netease: Netease, spool: Spool) -> None:
    empty = netease.add("INBOX", b"", MORNING)
    netease.announced[empty.uid] = 500
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == []
        assert [envelope.uid for envelope in box.missed] == [empty.uid]


def test_a_mail_announced_as_empty_that_comes_empty_twice_is_an_empty_mail(netease: Netease, spool: Spool) -> None:
    netease.add("INBOX", b"", MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [b""]
        assert box.missed == []


@pytest.mark.parametrize("insists", [False, True])
def test_a_mail_deleted_after_it_was_listed_is_left_out(netease: Netease, spool: Spool, insists: bool) -> None:
    mails = [netease.add("INBOX", mail(number), MORNING) for number in range(3)]
    netease.vanished = {mails[1].uid}
    netease.insists = insists
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == [mails[0].raw, mails[2].raw]


@pytest.mark.usefixtures("small_pieces")
def test_a_large_mail_deleted_after_it_was_listed_is_left_out(netease: Netease, spool: Spool) -> None:
    gone = netease.add("INBOX", mail(1, 20000), MORNING)
    netease.vanished = {gone.uid}
    with Mailbox.open(settings(netease.url), USER) as box:
        assert everything(box, spool, "INBOX") == []
        assert box.missed == []


def test_a_folder_renumbered_meanwhile_is_left_for_the_next_pass(netease: Netease, spool: Spool) -> None:
    netease.add("广告邮件", mail(1), MORNING)
    netease.add("INBOX", mail(2), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        envelopes = box.unknown("广告邮件", nothing_known) + box.unknown("INBOX", nothing_known)
        netease.folders["广告邮件"].validity += 1
        assert [spool.read(kept) for _, kept in box.fetch(envelopes, spool)] == [mail(2)]
        assert [envelope.folder for envelope in box.missed] == ["广告邮件"]


def test_a_full_disk_is_not_mistaken_for_a_server_that_is_away(netease: Netease, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    netease.add("INBOX", mail(1), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        envelopes = box.unknown("INBOX", nothing_known)
        with pytest.raises(OSError, match="mail"):
            list(box.fetch(envelopes, Spool(tmp_path / "mail")))


def test_special_folders_are_found_by_flag_else_by_name(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.find_special(b"\\Drafts", "草稿箱") == "草稿箱"
        assert box.find_special(b"\\Archive", "存档", "已发送") == "已发送"
        assert box.find_special(b"\\Archive", "存档") is None


def test_a_draft_is_appended_with_its_flag_and_found_by_its_message_id(netease: Netease) -> None:
    with Mailbox.open(settings(netease.url), USER) as box:
        box.append("草稿箱", mail(9), [b"\\Draft", b"\\Seen"])
        assert box.message_ids("草稿箱", 20) == {"<9@example.edu.cn>"}
    (draft,) = netease.folders["草稿箱"].mails
    assert (draft.raw, draft.flags) == (mail(9), {"\\Draft", "\\Seen"})


def test_message_ids_looks_at_the_newest_mails_only(netease: Netease) -> None:
    for number in range(5):
        netease.add("已发送", mail(number), MORNING)
    with Mailbox.open(settings(netease.url), USER) as box:
        assert box.message_ids("已发送", 2) == {"<3@example.edu.cn>", "<4@example.edu.cn>"}
        assert box.message_ids("已发送", 0) == set()


def test_the_doctor_tells_the_oldest_date_by_time_not_by_uid(netease: Netease, tmp_path: Path) -> None:
    netease.add("INBOX", mail(1), LATE)
    given = replace(settings(netease.url), data=tmp_path, smtp_url="smtp://127.0.0.1:1")
    for oldest in (LATE, MORNING):
        (told,) = [one for one in examine(given, LATE) if one.name == "收取范围"]
        assert f"{oldest:%Y-%m-%d}" in told.found
        netease.add("INBOX", mail(2), MORNING)


def test_the_doctor_tells_of_mails_that_are_last_year_s(netease: Netease, tmp_path: Path) -> None:
    given = replace(settings(netease.url), data=tmp_path, smtp_url="smtp://127.0.0.1:1")
    said = []
    for number, days in enumerate((100, 200)):
        netease.add("INBOX", mail(number), MORNING - timedelta(days=days))
        (told,) = [one for one in examine(given, LATE) if one.name == "收取范围"]
        said.append("purge --before" in told.hint)
    assert said == [False, True]


@pytest.mark.parametrize(
    "told",
    ["gestern", "31-Dec-9999 23:59:59 -1200", "31-Dec-9999 12:00:00 +0800", "20-Nov-2024 09:00:00 +9959"],
    ids=["no date", "beyond the calendar", "at its end", "no zone"],
)
def test_a_mail_without_a_readable_time_counts_as_received_now(
    netease: Netease, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setattr(FakeMail, "internal_date", told)
    netease.add("INBOX", mail(1), MORNING)
    before = datetime.now(SHANGHAI)
    with Mailbox.open(settings(netease.url), USER) as box:
        (envelope,) = box.unknown("INBOX", nothing_known)
    assert before <= envelope.received_at <= datetime.now(SHANGHAI)


def test_numbers_that_no_server_can_mean_are_told_by_none(netease: Netease, spool: Spool) -> None:
    netease.announced[netease.add("INBOX", mail(1), MORNING).uid] = 10**40
    netease.folders["INBOX"].validity = 10**30
    with Mailbox.open(settings(netease.url), USER) as box:
        (envelope,) = box.unknown("INBOX", nothing_known)
        assert (envelope.uidvalidity, envelope.size) == (0, 0)
        assert [spool.read(kept) for _, kept in box.fetch([envelope], spool)] == [mail(1)]


@pytest.mark.parametrize(
    "odd",
    [
        ("_list", b"* LIST " + b"(" * 100_000),
        ("_list", b'* LIST () "/" {99999999999999999999}'),
        ("_list", b'* LIST () "/" {1000000000000000}'),
        ("_open", b"* -1 EXISTS"),
        ("_open", b"* OK [UIDVALIDITY NIL] ?"),
        ("_uid_search", b"* SEARCH 1 (((("),
        ("_uid_fetch", b"* 1 FETCH (() UID)"),
        ("_uid_fetch", b"* 1 FETCH (UID 1 INTERNALDATE (1))"),
        ("_uid_fetch", b"* 1 FETCH (UID 1 BODY[] {99999999999999999999}"),
    ],
    ids=lambda odd: f"{odd[0]} {odd[1][:40].decode()}",
)
def test_whatever_a_server_answers_it_is_away_at_worst(
    netease: Netease, spool: Spool, monkeypatch: pytest.MonkeyPatch, odd: tuple[str, bytes]
) -> None:
    name, line = odd

    def answered(conversation: _Conversation, *_: object) -> bytes:
        conversation._line(line)
        return b"OK completed"

    netease.add("INBOX", mail(1), MORNING)
    monkeypatch.setattr(_Conversation, name, answered)
    with suppress(ServerAway), Mailbox.open(settings(netease.url), USER) as box:
        box.folders(["INBOX"])
        everything(box, spool, "INBOX")


def test_what_the_server_says_unasked_is_no_mail(netease: Netease, spool: Spool) -> None:
    raws = [mail(1), mail(2)]
    for uid, raw in enumerate(raws, 1):
        netease.add("INBOX", raw, MORNING).uid = uid
    gone = netease.add("INBOX", mail(3), MORNING)
    gone.uid = 3
    netease.chatter = (b"* 5 EXISTS", b"* 1 FETCH (FLAGS (\\Seen))", b"* 3 FETCH (FLAGS (\\Seen \\Deleted))")
    netease.vanished = {3}
    with Mailbox.open(settings(netease.url), USER) as box:
        envelopes = box.unknown("INBOX", nothing_known)
        assert [(found.uid, found.received_at) for found in envelopes] == [(n, MORNING) for n in (1, 2, 3)]
        assert [spool.read(kept) for _, kept in box.fetch(envelopes, spool)] == raws


def test_an_untrusted_certificate_is_named_and_the_code_is_not_sent(netease: Netease, certificate: Certificate) -> None:
    netease.wrap(certificate.server_context)
    with pytest.raises(ServerAway, match="证书无法验证"):
        Mailbox.open(settings(netease.url.replace("imap://127.0.0.1", "imaps://localhost")), USER)
    assert netease.commands == []


def test_a_mailbox_is_read_over_tls(
    netease: Netease, spool: Spool, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    netease.wrap(certificate.server_context)
    netease.add("INBOX", mail(1, 100000), MORNING)
    with Mailbox.open(settings(netease.url.replace("imap://127.0.0.1", "imaps://localhost")), USER) as box:
        assert everything(box, spool, "INBOX") == [mail(1, 100000)]


class TestEmbeddedMailbox:
    """The mailbox of the demo behaves like one."""

    def test_a_mail_delivered_later_is_found(self, spool: Spool) -> None:
        with EmbeddedImap(USER, CODE) as server, Mailbox.open(settings(server.url), USER) as box:
            assert box.unknown("INBOX", nothing_known) == []
            server.add("INBOX", mail(1), LATE)
            server.add("广告邮件", mail(2), MORNING)
            assert everything(box, spool, "INBOX", "广告邮件") == [mail(1), mail(2)]
            assert [one.received_at for one in box.unknown("INBOX", nothing_known)] == [LATE]

    @pytest.mark.parametrize(
        "raw",
        [
            b"no header at all",
            b"Subject: x\n\nbare line feeds\n",
            "Subject: 你好\r\n\r\n你好\r\n".encode("gbk"),
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever closed",
            b"Content-Type: ;;;\r\nContent-Disposition: =?x?\r\nDate: never\r\n\r\n",
        ],
    )
    def test_odd_mails_come_byte_for_byte(self, spool: Spool, raw: bytes) -> None:
        mails = [StoredMail("INBOX", MORNING, raw)]
        with EmbeddedImap(USER, CODE, mails) as server, Mailbox.open(settings(server.url), USER) as box:
            assert everything(box, spool, "INBOX") == [raw]

    def test_a_wrong_code_is_refused(self) -> None:
        with EmbeddedImap(USER, "another") as server, pytest.raises(LoginRefused):
            Mailbox.open(settings(server.url), USER)

    def test_an_appended_draft_can_be_looked_at(self) -> None:
        with EmbeddedImap(USER, CODE) as server:
            with Mailbox.open(settings(server.url), USER) as box:
                box.append("草稿箱", mail(3), [b"\\Draft"])
            (draft,) = server.mails("草稿箱")
            assert (draft.raw, draft.flags) == (mail(3), {"\\Draft"})

    def test_it_goes_away_while_a_client_is_still_there_and_leaves_no_thread(self) -> None:
        before = threading.active_count()
        with EmbeddedImap(USER, CODE) as server:
            box = Mailbox.open(settings(server.url), USER)
        with pytest.raises(ServerAway):
            box.unknown("INBOX", nothing_known)
        box.close()
        assert threading.active_count() == before


def envelope(uid: int, size: int, folder: str = "INBOX") -> Envelope:
    return Envelope(folder, 1, uid, MORNING, size)


def test_batches_are_bounded_by_number_bytes_and_folder_and_keep_the_order() -> None:
    mega = 1024 * 1024
    asked = [
        *(envelope(uid, 10) for uid in range(51)),
        envelope(60, 20, "垃圾邮件"),
        envelope(61, 7 * mega),
        envelope(62, 7 * mega),
        envelope(63, 7 * mega),
        envelope(64, 9 * mega),
        envelope(65, 10),
    ]
    got = list(batches(asked))
    assert [mail for batch in got for mail in batch] == asked
    assert [[mail.uid for mail in batch] for batch in got[1:]] == [[50], [60], [61, 62], [63], [64], [65]]
