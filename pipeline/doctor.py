"""`annex-inbox doctor`: tries everything a pass relies on and says for each failure what to do.

It reads the mailbox read-only and logs in to the SMTP server; it sends nothing, and changes nothing
but that a refused login may be tried again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from msgspec import Struct

from parsers.formats import libreoffice
from pipeline import packed
from pipeline.errors import AnnexError, ConfigurationError, ServerAway
from pipeline.hindrances import given_back
from pipeline.mailbox import Mailbox
from pipeline.model import SHANGHAI
from pipeline.outbox import Post
from pipeline.rules_file import load
from pipeline.settings import ENV_FILE, Settings
from pipeline.stage import executor
from pipeline.store import Store

FREE_BYTES = 1024**3
MOST_FOLDERS = 100_000
# NetEase's web setting 收取最近30天邮件 hides what is older.
VISIBLE = timedelta(days=31)
AHEAD = timedelta(minutes=10)
HALF_A_YEAR = timedelta(days=183)
REPLIES = {"send": "直接发出回信", "draft": "只写进草稿箱，由工作人员发出", "off": "不回信"}


class Diagnosis(Struct, frozen=True):
    """One thing tried. `fault` is "" where it is well; `exit_code` counts only for a fault; a hint is no fault."""

    name: str
    found: str = ""
    fault: str = ""
    exit_code: int = 0
    hint: str = ""


def examine(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Try one thing after the other; a failure does not keep the next from being tried."""
    if ENV_FILE.is_file():
        yield _env_file()
    yield _tried("规则文件", lambda: f"{load(settings.rules_path).path}")
    yield _tried("数据文件夹", lambda: _data(settings))
    yield _tried("数据库", lambda: _store(settings))
    yield _tried("授权码", lambda: _code(settings))
    user = _user(settings)
    found = f"{REPLIES[settings.reply]}（ANNEX_REPLY={settings.reply}），发件人 {user or '未知'}"
    yield Diagnosis("回信", found)
    yield from _mailbox(settings, user, now)
    yield _tried("发信服务器", lambda: _post(settings, user))
    if settings.executor:
        yield _tried("读取集群", lambda: _cluster(settings.executor))
    without = "没有安装 LibreOffice：.doc、.wps、.odt、.rtf 文件将请对方另存为 .docx 后重发。"
    yield _optional("LibreOffice（可选）", libreoffice.program(), without)
    without = "没有安装 libarchive：.rar、.7z 等压缩包将请对方改用 .zip 压缩后重发。"
    yield _optional("libarchive（可选）", "已安装" if packed.available() else None, without)


def _tried(name: str, attempt: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(name, attempt())
    except AnnexError as error:
        return Diagnosis(name, fault=str(error), exit_code=error.exit_code)


def _env_file() -> Diagnosis:
    """The file holds the authorization code, which is nobody's but the operator's."""
    mode = ENV_FILE.stat().st_mode & 0o777
    hint = f"其他用户也能读取其中的授权码（权限 {mode:03o}），请运行 chmod 600 {ENV_FILE}。"
    return Diagnosis("设置文件", f"{ENV_FILE.resolve()}", hint=hint if mode & 0o077 else "")


def _user(settings: Settings) -> str:
    try:
        return settings.user or load(settings.rules_path).notice.mailbox
    except ConfigurationError:
        return settings.user


def _data(settings: Settings) -> str:
    folder = settings.data
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            os.fsync(probe.fileno())
    except OSError as error:
        raise ConfigurationError(f"{folder} 不能写入（{error.strerror}），请检查 ANNEX_DATA 和文件夹的权限。") from None
    closed = next(_closed(folder), None)
    if closed:
        raise ConfigurationError(f"{closed} 不能读写，{given_back(folder)}")
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise ConfigurationError(f"{folder} 所在磁盘只剩 {free // 1024**2} MB，请清理后再运行。")
    return f"{folder}，剩余 {free // 1024**3} GB"


def _closed(folder: Path) -> Iterator[str]:
    """Folders below this one in which this user cannot write, and files that he cannot read; not all of very many are looked at."""
    for place, folders, files in islice(os.walk(folder), MOST_FOLDERS):
        # What a file system keeps for itself is none of ours.
        folders[:] = [name for name in folders if name != "lost+found" and not name.startswith(".")]
        rights = [*((name, os.R_OK | os.W_OK | os.X_OK) for name in folders), *((name, os.R_OK) for name in files)]
        paths = ((os.path.join(place, name), mode) for name, mode in rights)
        yield from (path for path, mode in paths if not os.access(path, mode) and not os.path.islink(path))


def _store(settings: Settings) -> str:
    store = Store.open(settings.database_url)
    try:
        # Whoever asks the doctor wants the next pass to try again at once what was refused before.
        for door in ("imap", "smtp"):
            store.set_fact(f"refused_{door}", "{}")
        return f"已登记邮件 {len(store.mails())} 封"
    finally:
        store.close()


def _code(settings: Settings) -> str:
    if not settings.auth_code.reveal():
        raise ConfigurationError(
            "没有设置 ANNEX_AUTH_CODE。请在网页邮箱“设置 → POP3/SMTP/IMAP”中生成授权码，写入 .env。"
        )
    return "已设置"


def _mailbox(settings: Settings, user: str, now: datetime) -> Iterator[Diagnosis]:
    """Login, folders, how far back the server lets us see, and whether its clock and ours agree."""
    try:
        with Mailbox.open(settings, user) as mailbox:
            yield Diagnosis("收信服务器", f"{settings.imap.host}:{settings.imap.port} 登录成功（{user}）")
            found, missing = mailbox.folders(settings.folders)
            hint = f"没有找到：{'、'.join(missing)}，将跳过。" if missing else ""
            if found:
                yield Diagnosis("邮箱文件夹", "、".join(found), hint=hint)
            else:
                yield Diagnosis("邮箱文件夹", fault="ANNEX_FOLDERS 中的文件夹都不存在，请核对名称。", exit_code=2)
            dates = [mail.received_at for name in found for mail in mailbox.unknown(name, lambda _: frozenset())]
            yield _horizon(min(dates, default=None), now, _deadline(settings))
            yield _clock(max(dates, default=None), now)
    except AnnexError as error:
        yield Diagnosis("收信服务器", fault=str(error), exit_code=error.exit_code)


def _deadline(settings: Settings) -> datetime | None:
    """The deadline, None where the rules cannot be read, which is told apart."""
    with suppress(ConfigurationError):
        return load(settings.rules_path).terms.deadline
    return None


def _horizon(oldest: datetime | None, now: datetime, deadline: datetime | None) -> Diagnosis:
    if oldest is None:
        return Diagnosis("收取范围", "邮箱中还没有邮件")
    hint = ""
    if now - oldest <= VISIBLE:
        hint = "看不到 31 天以前的邮件。如邮箱里确有更早的邮件，请在网页邮箱“设置 → POP3/SMTP/IMAP → 收取选项”改为“收取全部邮件”。"
    elif deadline and deadline - oldest > HALF_A_YEAR:
        hint = "比截止时间早半年以上的来信，也会照今年的登记和答复。往年的请先在网页邮箱里移到不读取的文件夹；已登记的，用 annex-inbox purge --before 日期 删除。"
    return Diagnosis("收取范围", f"最早一封 {oldest:%Y-%m-%d}", hint=hint)


def _clock(newest: datetime | None, now: datetime) -> Diagnosis:
    """A mail that the server received in our future shows that one of the two clocks is wrong."""
    found = f"{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）"
    if newest is not None and newest - now > AHEAD:
        fault = f"本机时间是 {found}，而邮箱里已有 {newest.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 收到的邮件，请校准本机时钟。"
        return Diagnosis("系统时钟", fault=fault, exit_code=2)
    return Diagnosis("系统时钟", found)


def _post(settings: Settings, user: str) -> str:
    with Post.open(settings, user):
        return f"{settings.smtp.host}:{settings.smtp.port} 登录成功"


def _cluster(url: str) -> str:
    with executor(url) as found:
        if found is None:
            raise ServerAway(f"{url} 连不上，邮件将改在本机读取。请检查 ANNEX_EXECUTOR 和调度程序。")
    return f"{url} 已连上"


def _optional(name: str, found: str | None, without: str) -> Diagnosis:
    return Diagnosis(name, found or "未安装", hint="" if found else without)
