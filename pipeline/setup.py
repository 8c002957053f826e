"""`annex-inbox init`: the start of a real set-up, written into a folder, overwriting nothing."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.settings import resource

ENVIRONMENT = """\
# annex-inbox 的设置。去掉行首的 # 即生效；本文件含授权码，只应由运行程序的用户读取。

# 邮箱地址；不写就用 rules.yaml 里的报送邮箱。
#ANNEX_USER=nmggxzss@163.com

# 授权码（不是登录密码）：网页邮箱“设置 → POP3/SMTP/IMAP”中开启服务后生成，收信发信共用。
ANNEX_AUTH_CODE=

# 服务器。
#ANNEX_IMAP_URL=imaps://imap.163.com:993
#ANNEX_SMTP_URL=smtps://smtp.163.com:465

# 读哪些文件夹，用逗号隔开；不存在的会跳过。
#ANNEX_FOLDERS=INBOX,垃圾邮件,广告邮件

# 台账、存档、原始邮件和数据库都放在这里。
#ANNEX_DATA=data

# 几台机器共用一个数据库（PostgreSQL，先运行 pip install 'annex-inbox[postgres]'）；不写就用数据文件夹里的 SQLite。
#ANNEX_STORE_URL=postgresql://用户:密码@主机/库名

# 把读取邮件的工作交给 Dask 集群（先运行 pip install 'annex-inbox[dask]'）；不写就在本机读取。
#ANNEX_EXECUTOR=dask://主机:8786

# 回信：send 直接发送；draft 放进草稿箱由工作人员发送；off 不回信。头几天建议用 draft。
#ANNEX_REPLY=send

# 一所高校安静多少分钟后一并回复。
#ANNEX_SETTLE_MINUTES=15

# 两封回信之间停几秒，一天最多发多少封。
#ANNEX_SEND_PAUSE=3
#ANNEX_SEND_PER_DAY=200

# annex-inbox watch 的时间表（cron 写法，北京时间；星期一至六写 1 至 6，星期日写 0 或 7）。
#ANNEX_POLL=*/5 * * * *
"""
FORMS = ("附件3.xlsx", "附件3.docx", "附件4.docx")


def prepare(folder: Path) -> list[str]:
    """Write rules.yaml, .env (0600) and the blank forms; says for each whether it was written or left alone.

    Raises ConfigurationError where the folder cannot be written.
    """
    wanted = {folder / "rules.yaml": resource("rules.yaml").read_bytes(), folder / ".env": ENVIRONMENT.encode()}
    wanted |= {folder / "空白表格" / name: resource(f"templates/{name}").read_bytes() for name in FORMS}
    lines = []
    try:
        for path, content in wanted.items():
            lines.append(f"{'已写入' if _write(path, content) else '已存在，未改动'}：{path}")
    except OSError as error:
        raise ConfigurationError(f"无法写入 {error.filename}：{error.strerror}。请换一个文件夹或检查权限。") from None
    step = f"cd {folder} 后" if folder != Path() else ""
    return [*lines, f"下一步：{step}在 .env 中填写 ANNEX_AUTH_CODE，然后运行 annex-inbox doctor。"]


def _write(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet; secrets may come into any of them, so only the owner reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return True
