"""Why a database could not be opened, as the error to raise: its server is away for now, or a setting is wrong.

What a server says of a refused connection is in a language of its own, so PostgreSQL is asked whether it takes any.
"""

from __future__ import annotations

import sqlalchemy as sa

from pipeline.errors import AnnexError, ConfigurationError, ServerAway

POSTGRESQL = "postgresql+psycopg"
# A server that is there answers at once; one that is not has been waited for already.
PING_SECONDS = 5


def unopened(url: sa.URL, error: Exception) -> AnnexError:
    """The error to raise for what opening a database came to; of the URL it tells driver, host and name alone, for a password may
    stand anywhere else in it."""
    where = f"{url.host or ''}/{url.database or ''}"
    # One written with an @ that is not escaped ends up before the host.
    name = f"{url.drivername}://{where.rpartition('@')[2] if url.host else where}"
    if url.drivername != POSTGRESQL or not isinstance(error, sa.exc.OperationalError):
        return ConfigurationError(f"数据库 {name} 无法打开：{_reason(error)}。请检查 ANNEX_STORE_URL 和 ANNEX_DATA。")
    if not _takes_connections(url):
        return ServerAway(
            f"现在无法与数据库 {name} 通信。没有丢失任何邮件，稍后再试即可；"
            "如一直如此，请检查数据库服务器、网络、防火墙和 ANNEX_STORE_URL。"
        )
    # Which server refused stands in the URL already, before what it said.
    said = " ".join(str(_reason(error)).rpartition("failed: ")[2].split())
    return ConfigurationError(
        f"数据库 {name} 无法打开：服务器说“{said}”。请检查 ANNEX_STORE_URL 中的用户、密码和库名。"
    )


def _takes_connections(url: sa.URL) -> bool:
    """Whether a PostgreSQL is there and ready, whoever asks (PQping of libpq); one that is just starting is not."""
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import PGconn, Ping

    _, given = url.get_dialect()().create_connect_args(url)
    where = {name: given[name] for name in ("host", "hostaddr", "port") if name in given}
    return PGconn.ping(make_conninfo(connect_timeout=PING_SECONDS, **where).encode()) == Ping.OK


def _reason(error: Exception) -> object:
    if isinstance(error, ModuleNotFoundError):
        return f"缺少驱动程序 {error.name}，使用 PostgreSQL 请先运行 pip install 'annex-inbox[postgres]'"
    return getattr(error, "orig", None) or error
