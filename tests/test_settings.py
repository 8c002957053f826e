"""Settings: where they are read from, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import asdict

from pipeline.errors import ConfigurationError
from pipeline.settings import Secret, load_settings
from pipeline.setup import ENVIRONMENT


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_comes_before_the_file_and_what_is_given_before_both(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "ANNEX_USER=file@example.cn\nANNEX_REPLY=off\nANNEX_SEND_PER_DAY=7\n"
        "ANNEX_FOLDERS=INBOX， 其他文件夹,\nOTHER=1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ANNEX_REPLY", "draft")
    # An empty variable says nothing, and names may be written small.
    monkeypatch.setenv("ANNEX_USER", "")
    monkeypatch.setenv("annex_settle_minutes", " 2.5 ")
    found = load_settings(send_per_correspondent=3)
    assert (found.user, found.reply, found.send_per_day) == ("file@example.cn", "draft", 7)
    assert (found.settle_minutes, found.send_per_correspondent) == (2.5, 3)
    assert found.folders == ("INBOX", "其他文件夹")
    assert load_settings(env_file=None).send_per_day == 200


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("send_per_day", "many", "应为整数"),
        ("send_per_day", "-1", "不能小于 0"),
        ("send_pause", "soon", "应为数字"),
        ("send_pause", "inf", "不能大于 3600"),
        ("send_per_day", "100000000000", "不能大于 1000000"),
        ("send_per_correspondent", "100000000000", "不能大于 1000000"),
        ("settle_minutes", "1e400", "超出了可用的范围"),
        ("settle_minutes", "inf", "不能大于 525600"),
        ("settle_minutes", "nan", "不能小于 0"),
        ("pass_minutes", "0", "应大于 0"),
        ("pass_minutes", "inf", "不能大于 10080"),
        ("pass_minutes", "1e12", "不能大于 10080"),
        ("user", "no-at", "应为一个邮箱地址"),
        ("reply", "maybe", "只能是 send、draft、off"),
        ("sent_copy", "maybe", "只能是 never、auto、append"),
        ("imap_url", "imap://imap.163.com", "未加密的连接只允许用于本机"),
        ("imap_url", "imaps://", "缺少服务器主机名"),
        ("imap_url", "imaps://imap.163.com:99333", "端口应为 1 到 65535 的数字"),
        ("imap_url", "imaps://[::1", "不是完整的服务器地址"),
        ("imap_url", "imaps://user:12/34@imap.163.com", "地址里不写用户和密码"),
        ("executor", "dask://user:geheim@host:1", "应为 dask://主机:端口"),
        ("smtp_url", "ftp://x", "应以 smtps://、smtp+starttls://、smtp:// 开头"),
        ("folders", " , ", "至少写一个文件夹"),
        ("alert_to", "staff", "应为一个邮箱地址"),
        ("alert_to", "a@example.cn,b@example.cn", "应为一个邮箱地址"),
        ("user", "秘书处@例子.中国", "应为一个邮箱地址"),
        ("poll", "every day", "应为五段的 cron 表达式"),
        ("rules", ".", ". 是文件夹，请写到其中的文件，例如 rules.yaml"),
    ],
)
def test_a_wrong_value_is_refused_with_the_variable_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"ANNEX_{name.upper()}", value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert f"设置 ANNEX_{name.upper()} 有误：{reason}" in str(refused.value)


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANNEX_REPLY", "ANNEX_SEND_PER_DAY", "ANNEX_IMAP_URL"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value).count("有误") == 3


def test_the_authorization_code_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNEX_AUTH_CODE", "ABCDEFGHIJKLMNOP")
    found = load_settings()
    assert found.auth_code.reveal() == "ABCDEFGHIJKLMNOP"
    assert "ABCDEFGH" not in f"{found} {found!r} {found.auth_code} {asdict(found)}"
    assert repr(Secret()) != repr(found.auth_code)


def test_the_rules_may_be_named_by_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().rules_path.name == "rules.yaml"
    monkeypatch.setenv("ANNEX_RULES", "秘书处.yaml")
    assert load_settings().rules_path == Path("秘书处.yaml")


def test_replies_to_this_machine_need_no_pause_unless_one_is_asked_for() -> None:
    assert load_settings().pause == 3
    assert load_settings(smtp_url="smtp://127.0.0.1:25").pause == 0
    assert load_settings(smtp_url="smtp://127.0.0.1:25", send_pause=2).pause == 2


def test_a_file_that_an_editor_gave_a_byte_order_mark_is_read(folder: Path) -> None:
    (folder / ".env").write_text("ANNEX_REPLY=off\n", encoding="utf-8-sig")
    assert load_settings().reply == "off"


def test_a_file_in_another_encoding_is_refused_with_the_remedy(folder: Path) -> None:
    (folder / ".env").write_text("ANNEX_FOLDERS=收件箱\n", encoding="gb18030")
    with pytest.raises(ConfigurationError, match=r"\.env.*UTF-8"):
        load_settings()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ANNEX_REPLLY=draft", "没有 ANNEX_REPLLY 这项设置，最接近的是 ANNEX_REPLY"),
        ("annex_replay=draft", "没有 annex_replay 这项设置，最接近的是 ANNEX_REPLY"),
        ("export ANNEX_REPLLY='draft'", "没有 ANNEX_REPLLY 这项设置，最接近的是 ANNEX_REPLY"),
        ("ANEX_REPLY=draft", "没有 ANEX_REPLY 这项设置，最接近的是 ANNEX_REPLY"),
        ("ANNEXREPLY=draft", "没有 ANNEXREPLY 这项设置，最接近的是 ANNEX_REPLY"),
        ("ANNEX_XYZZY=1", "没有 ANNEX_XYZZY 这项设置"),
        ("ANNEX_REPLY＝draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX_REPLY：draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX_REPLY: draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX_REPLY draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX_REPLY", "应写成“ANNEX_REPLY=值”"),
        ("ＡＮＮＥＸ＿ＲＥＰＬＹ=draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX-REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("“ANNEX_REPLY”=draft", "应写成“ANNEX_REPLY=值”"),
        ('"ANNEX_REPLY"=draft', "应写成“ANNEX_REPLY=值”"),
        ("set ANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("set: ANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("export: ANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("$env:ANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("回信：ANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ("ANNEX-SEND-PER-DAY=20", "应写成“ANNEX_SEND_PER_DAY=值”"),
        ("annex-settle-minutes=90", "应写成“ANNEX_SETTLE_MINUTES=值”"),
        ("ANNEX-ALERT-TO=", "应写成“ANNEX_ALERT_TO=值”"),
        ("ANNEX-AUTH-CODE=", "应写成“ANNEX_AUTH_CODE=值”"),
        ("\u200bANNEX_REPLY=draft", "应写成“ANNEX_REPLY=值”"),
        ('ANNEX_REPLY="draft', "ANNEX_REPLY 没有读出来，请检查这一行和前面各行的引号"),
        ("ANNEX_REPLY='draft' nonsense", "ANNEX_REPLY 没有读出来，请检查这一行和前面各行的引号"),
    ],
)
def test_a_mistyped_line_of_the_file_is_refused_where_it_stands(folder: Path, line: str, told: str) -> None:
    (folder / ".env").write_text(f"# 说明\n\nANNEX_USER=file@example.cn\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert f"设置文件 .env 第 4 行：{told}" in str(refused.value)


def test_a_setting_that_an_open_quotation_mark_has_swallowed_is_refused(folder: Path) -> None:
    (folder / ".env").write_text('OTHER="open\nANNEX_REPLY=draft\nANOTHER="x"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\.env 第 2 行：ANNEX_REPLY 没有读出来"):
        load_settings()


@pytest.mark.parametrize("second", ["send", "", "'send'"])
def test_a_setting_written_twice_is_refused_where_the_values_differ(folder: Path, second: str) -> None:
    (folder / ".env").write_text(f"ANNEX_REPLY=draft\n\nexport annex_reply={second}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    said = str(refused.value)
    assert [f"第 {number} 行" in said for number in (1, 2, 3)] == [True, False, True]
    assert ("写了不止一次，值不一样" in said, "draft" in said) == (True, False)


@pytest.mark.parametrize("first", ["", "'draft'", "draft  # 草稿"])
def test_a_setting_written_twice_alike_or_filled_in_further_down_is_taken(folder: Path, first: str) -> None:
    (folder / ".env").write_text(f"ANNEX_REPLY={first}\nANNEX_REPLY=draft\n", encoding="utf-8")
    assert load_settings().reply == "draft"


@pytest.mark.parametrize(("name", "file"), [("data", "x"), ("rules", "x.yaml")])
def test_a_folder_may_be_named_from_home(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, file: str) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv(f"ANNEX_{name.upper()}", f"~/{file}")
    assert getattr(load_settings(), name) == folder / file


def test_all_mistyped_lines_are_told_at_once_and_none_of_what_may_be_secret(folder: Path) -> None:
    lines = ("ANNEX_AUTH_CODE＝GEHEIM", "ANNEX_AUTH_CODE GEHEIM", "ANNEX_AUTHCODE=GEHEIM", "ANNEX_AUTH_CODEGEHEIM")
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    said = str(refused.value)
    assert [f"第 {number} 行" in said for number in (1, 2, 3, 4)] == [True] * 4
    assert (said.count("ANNEX_AUTH_CODE"), "GEHEIM" in said) == (4, False)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_the_file_may_hold_besides_is_left_alone(folder: Path, ending: str) -> None:
    lines = (
        "# ANNEX_REPLLY=send",
        "  #ANNEX_REPLY＝send",
        "＃ANNEX_REPLY=send",
        "export ANNEX_REPLY = 'draft'  # ANNEX_X：见说明",
        "'annex_send_per_day'=7",
        '\u3000ANNEX_USER="staff@example.cn"',
        "ANNEX_ALERT_TO=",
        "",
        "PATH_TO_ANNEX_REPLY=1",
        "REPLY=off",
        "MY_USER=ANNEX_USER",
        "INDEX_DATA=/srv",
        "OTHER：x",
        "OTHER",
        "其他 一行",
        'KEY="-----BEGIN',
        'annex 3: text of another program"',
    )
    (folder / ".env").write_bytes(ending.join(lines).encode("utf-8-sig"))
    found = load_settings()
    assert (found.reply, found.send_per_day, found.user) == ("draft", 7, "staff@example.cn")
    assert (found.alert_to, found.data) == ("", Path("data"))


@pytest.mark.parametrize("name", ["ANNEX_REPLLY", "annex_reply_mode", "ANNEX_AUTHCODE", "ANEX_REPLY"])
def test_a_mistyped_variable_of_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "geheim")
    near = "ANNEX_AUTH_CODE" if "AUTH" in name else "ANNEX_REPLY"
    with pytest.raises(ConfigurationError, match=f"环境变量 {name}：没有这项设置，最接近的是 {near}") as refused:
        load_settings()
    assert "geheim" not in str(refused.value)
    # What is empty says nothing, here as elsewhere.
    monkeypatch.setenv(name, "")
    assert load_settings().reply == "send"


def test_variables_of_the_environment_that_resemble_no_setting_are_told_once_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The second is what Kubernetes tells every program of a service called annex-inbox.
    for name in ("ANNEX_BACKUP", "ANNEX_INBOX_SERVICE_PORT", "INDEX_USER", "DATA", "REPLY"):
        monkeypatch.setenv(name, "geheim")
    assert load_settings() == load_settings()
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "环境变量 ANNEX_BACKUP 不是本程序的设置，没有采用。",
        "环境变量 ANNEX_INBOX_SERVICE_PORT 不是本程序的设置，没有采用。",
    ]


def test_what_init_writes_is_taken_with_every_setting_switched_on(folder: Path) -> None:
    switched_on = ENVIRONMENT.replace("#ANNEX_", "ANNEX_").replace("用户:密码@主机", "u:p@h").replace("主机", "h")
    assert switched_on.count("\nANNEX_") > 10
    (folder / ".env").write_text(switched_on, encoding="utf-8")
    assert load_settings().executor == "dask://h:8786"
