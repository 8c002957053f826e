"""Settings from the environment or `.env` (contract §2), refused at the door by the variable's name.

Frozen once read. Secrets come from nowhere else and never appear in a repr, a log or a message.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from pipeline.errors import ConfigurationError
from pipeline.recipients import may_be_written_to
from pipeline.shape import Misshapen, one_of, shaped
from pipeline.variables import written

LOOPBACK = ("127.0.0.1", "localhost", "::1")
IMAP_PORTS = {"imaps": 993, "imap": 143}
SMTP_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
ENV_FILE = Path(".env")
# Seconds between two replies.
PAUSE = 3.0
# The most that may be asked for: far beyond what makes sense, and still what clocks and timers can count.
HOUR_SECONDS, WEEK_MINUTES, YEAR_MINUTES, MOST_REPLIES = 3600, 7 * 24 * 60, 365 * 24 * 60, 1_000_000


def resource(name: str) -> Path:
    """A file that travels with the program: beside the packages in a checkout, inside the wheel when installed."""
    here = Path(__file__).resolve().parent
    packaged = here / "resources" / name
    return packaged if packaged.exists() else here.parent / name


class Server:
    """A server's address taken from a URL such as imaps://host:993."""

    def __init__(self, url: str, ports: Mapping[str, int]) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValueError("不是完整的服务器地址") from None
        if "@" in url:
            raise ValueError("地址里不写用户和密码，它们写在 ANNEX_USER 和 ANNEX_AUTH_CODE 中")
        self.scheme, self.host = parts.scheme.lower(), parts.hostname or ""
        if self.scheme not in ports:
            raise ValueError(f"应以 {'、'.join(f'{scheme}://' for scheme in ports)} 开头")
        if not self.host:
            raise ValueError("缺少服务器主机名")
        try:
            self.port = parts.port or ports[self.scheme]
        except ValueError:
            raise ValueError("端口应为 1 到 65535 的数字") from None
        self.loopback = self.host in LOOPBACK
        if self.scheme in ("imap", "smtp") and not self.loopback:
            raise ValueError("未加密的连接只允许用于本机，请改用加密的地址")


class Secret:
    """A text that stands in no message, log or trace; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('…')" if self._text else "Secret('')"


NO_SECRET = Secret()


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator may set; field `x` is the variable `ANNEX_X`."""

    user: str = ""
    auth_code: Secret = NO_SECRET
    imap_url: str = "imaps://imap.163.com:993"
    smtp_url: str = "smtps://smtp.163.com:465"
    folders: tuple[str, ...] = ("INBOX", "垃圾邮件", "广告邮件")
    data: Path = Path("data")
    store_url: str = ""
    executor: str = ""
    rules: Path | None = None
    reply: str = "send"
    send_pause: Annotated[float, Meta(ge=0, le=HOUR_SECONDS)] | None = None
    send_per_day: Annotated[int, Meta(ge=0, le=MOST_REPLIES)] = 200
    send_per_correspondent: Annotated[int, Meta(ge=1, le=MOST_REPLIES)] = 6
    settle_minutes: Annotated[float, Meta(ge=0, le=YEAR_MINUTES)] = 15.0
    sent_copy: str = "never"
    alert_to: str = ""
    pass_minutes: Annotated[float, Meta(gt=0, le=WEEK_MINUTES)] = 60.0
    poll: str = "*/5 * * * *"

    @property
    def imap(self) -> Server:
        return Server(self.imap_url, IMAP_PORTS)

    @property
    def smtp(self) -> Server:
        return Server(self.smtp_url, SMTP_PORTS)

    @property
    def rules_path(self) -> Path:
        """The rules in force: the named file, else rules.yaml here, else the one that came with the program."""
        if self.rules is not None:
            return self.rules
        here = Path("rules.yaml")
        return here if here.exists() else resource("rules.yaml")

    @property
    def database_url(self) -> str:
        return self.store_url or f"sqlite:///{(self.data / 'annex-inbox.sqlite3').resolve()}"

    @property
    def pause(self) -> float:
        """Seconds between two replies; none towards loopback unless set on purpose (contract §2)."""
        if self.send_pause is not None:
            return self.send_pause
        return 0.0 if self.smtp.loopback else PAUSE


def _folders(value: object) -> tuple[str, ...]:
    names = value.replace("，", ",").split(",") if isinstance(value, str) else shaped(value, tuple[str, ...])
    found = tuple(name.strip() for name in names if name.strip())
    if not found:
        raise ValueError("至少写一个文件夹，例如 INBOX")
    return found


def _server(ports: Mapping[str, int]) -> Callable[[Any], str]:
    def checked(value: str) -> str:
        Server(value, ports)
        return value

    return checked


def _matching(pattern: str, reason: str) -> Callable[[Any], str]:
    def checked(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(reason)
        return value

    return checked


def _address(value: str) -> str:
    if value and not may_be_written_to(value, lone_host=True):
        raise ValueError("应为一个邮箱地址")
    return value


def _path(value: Any) -> Path:
    # An earlier program took the sign for a name; what it made there goes on being used.
    return Path(value) if Path(value).exists() else Path(os.path.expanduser(value))


def _file(value: Any) -> Path:
    path = _path(value)
    if path.is_dir():
        raise ValueError(f"{path} 是文件夹，请写到其中的文件，例如 {path / 'rules.yaml'}")
    return path


def _one_of(*allowed: str) -> Callable[[Any], str]:
    return lambda value: one_of(value, allowed)


def _cron(value: str) -> str:
    from pipeline.timetable import trigger

    try:
        trigger(value)
    except ValueError:
        raise ValueError("应为五段的 cron 表达式，例如 */5 * * * *") from None
    return value


# How a value is read where its type does not say it all; the defaults are right as they stand.
READ: dict[str, Callable[[Any], object]] = {
    "user": _address,
    "auth_code": lambda value: value if isinstance(value, Secret) else Secret(value),
    "imap_url": _server(IMAP_PORTS),
    "smtp_url": _server(SMTP_PORTS),
    "folders": _folders,
    "data": _path,
    "rules": _file,
    "executor": _matching(r"dask://[^/\s@]+:\d+", "应为 dask://主机:端口"),
    "reply": _one_of("send", "draft", "off"),
    "sent_copy": _one_of("never", "auto", "append"),
    "alert_to": _address,
    "poll": _cron,
}


def load_settings(env_file: Path | None = ENV_FILE, **given: object) -> Settings:
    """Read and check the settings: those given here, then the environment, then the file.

    Raises ConfigurationError naming every faulty variable, and whatever was mistyped for one.
    """
    kinds = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    faults = []
    for name, value in {**written(env_file, kinds), **given}.items():
        try:
            read = READ.get(name)
            values[name] = read(value) if read else shaped(value, kinds[name], text=True)
        except (ValueError, Misshapen) as fault:
            faults.append(f"设置 ANNEX_{name.upper()} 有误：{fault}。")
    if faults:
        raise ConfigurationError("\n".join(faults) + "\n请修改 .env 或环境变量后重试。")
    return Settings(**values)
