"""Settings from the environment or `.env` (contract §2), refused at the door by the variable's name.

Frozen once read. Secrets come from nowhere else and never appear in a repr, a log or a message.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
IMAP_PORTS = {"imaps": 993, "imap": 143}
SMTP_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}


def resource(name: str) -> Path:
    """A file that travels with the program: beside the packages in a checkout, inside the wheel when installed."""
    here = Path(__file__).resolve().parent
    packaged = here / "resources" / name
    return packaged if packaged.exists() else here.parent / name


class Server:
    """A server's address taken from a URL such as imaps://host:993."""

    def __init__(self, url: str, ports: dict[str, int]) -> None:
        parts = urlsplit(url)
        self.scheme, self.host = parts.scheme.lower(), parts.hostname or ""
        if self.scheme not in ports:
            raise ValueError(f"应以 {'、'.join(f'{scheme}://' for scheme in ports)} 开头")
        if not self.host:
            raise ValueError("缺少服务器主机名")
        self.port = parts.port or ports[self.scheme]
        self.loopback = self.host in LOOPBACK
        if self.scheme in ("imap", "smtp") and not self.loopback:
            raise ValueError("未加密的连接只允许用于本机，请改用加密的地址")


class Settings(BaseSettings):
    """What the operator may set; field `x` is the variable `ANNEX_X`."""

    model_config = SettingsConfigDict(
        env_prefix="ANNEX_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        # The defaults are right as they stand; checking that of ANNEX_POLL would load the scheduler.
        validate_default=False,
    )

    user: str = ""
    auth_code: SecretStr = SecretStr("")
    imap_url: str = "imaps://imap.163.com:993"
    smtp_url: str = "smtps://smtp.163.com:465"
    folders: Annotated[tuple[str, ...], NoDecode] = ("INBOX", "垃圾邮件", "广告邮件")
    data: Path = Path("data")
    store_url: str = ""
    executor: str = ""
    rules_file: Path | None = Field(default=None, validation_alias=AliasChoices("ANNEX_RULES", "rules_file"))
    reply: Literal["send", "draft", "off"] = "send"
    send_pause: float = Field(default=3.0, ge=0)
    send_per_day: int = Field(default=200, ge=0)
    send_per_correspondent: int = Field(default=6, ge=1)
    settle_minutes: float = Field(default=15.0, ge=0)
    sent_copy: Literal["never", "auto", "append"] = "never"
    alert_to: str = ""
    pass_minutes: float = Field(default=60.0, gt=0)
    poll: str = "*/5 * * * *"

    @field_validator("folders", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            value = tuple(name.strip() for name in value.replace("，", ",").split(",") if name.strip())
        if not value:
            raise ValueError("至少写一个文件夹，例如 INBOX")
        return value

    @field_validator("imap_url")
    @classmethod
    def _imap(cls, value: str) -> str:
        Server(value, IMAP_PORTS)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        Server(value, SMTP_PORTS)
        return value

    @field_validator("executor")
    @classmethod
    def _executor(cls, value: str) -> str:
        if value and not re.fullmatch(r"dask://[^/\s]+:\d+", value):
            raise ValueError("应为 dask://主机:端口")
        return value

    @field_validator("alert_to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", value):
            raise ValueError("应为一个邮箱地址")
        return value

    @field_validator("poll")
    @classmethod
    def _cron(cls, value: str) -> str:
        from apscheduler.triggers.cron import CronTrigger

        try:
            CronTrigger.from_crontab(value)
        except ValueError:
            raise ValueError("应为五段的 cron 表达式，例如 */5 * * * *") from None
        return value

    @property
    def imap(self) -> Server:
        return Server(self.imap_url, IMAP_PORTS)

    @property
    def smtp(self) -> Server:
        return Server(self.smtp_url, SMTP_PORTS)

    @property
    def rules_path(self) -> Path:
        """The rules in force: the named file, else rules.yaml here, else the one that came with the program."""
        if self.rules_file is not None:
            return self.rules_file
        here = Path("rules.yaml")
        return here if here.exists() else resource("rules.yaml")

    @property
    def database_url(self) -> str:
        return self.store_url or f"sqlite:///{(self.data / 'annex-inbox.sqlite3').resolve()}"

    @property
    def pause(self) -> float:
        """Seconds between two replies; none towards loopback unless set on purpose (contract §2)."""
        return 0.0 if self.smtp.loopback and "send_pause" not in self.model_fields_set else self.send_pause


MESSAGES = {
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "应大于 {gt}",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "literal_error": "只能是 {expected}",
}


def load_settings(**overrides: object) -> Settings:
    """Read and check the settings. Raises ConfigurationError naming every faulty variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            name = str(fault["loc"][0]).upper()
            name = name if name.startswith("ANNEX_") else f"ANNEX_{name}"
            context = fault.get("ctx", {})
            reason = MESSAGES.get(fault["type"], "{error}" if "error" in context else fault["msg"])
            lines.append(f"设置 {name} 有误：{reason.format(**context)}。")
        raise ConfigurationError("\n".join(lines) + "\n请修改 .env 或环境变量后重试。") from None
