"""Settings: where they are read from, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import asdict

from pipeline.errors import ConfigurationError
from pipeline.settings import Secret, load_settings


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
        ("smtp_url", "ftp://x", "应以 smtps://、smtp+starttls://、smtp:// 开头"),
        ("folders", " , ", "至少写一个文件夹"),
        ("alert_to", "staff", "应为一个邮箱地址"),
        ("poll", "every day", "应为五段的 cron 表达式"),
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
