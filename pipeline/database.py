"""An open database: how it is opened, brought up to date and written to. What its tables hold is the store's business.

Every writing transaction begins at one and the same row and waits there for the others: what it reads afterwards stays
true until it commits, in SQLite as in PostgreSQL, with one program at work or several.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from pipeline.errors import ConfigurationError
from pipeline.tables import SCHEMA, fact, metadata
from pipeline.unopened import POSTGRESQL, unopened

# Any number will do, as long as every program that brings the tables up to date waits for the same one.
MIGRATING = 0x616E6E6578
REVISION = fact.c.name == "revision"
# A program that is writing makes the others wait no longer than this.
LOCKED_SECONDS = 30.0
# What people write for PostgreSQL, and the driver that the extra [postgres] brings.
DRIVERS = {"postgresql": POSTGRESQL, "postgres": POSTGRESQL}


class Database:
    """One database; its connections are opened as they are needed. `shared` where other machines may use it as well."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.shared = engine.dialect.name != "sqlite"
        self._current: Connection | None = None
        # Whether the transaction that is going on has moved the revision on, which once is enough for.
        self._moved = False

    @classmethod
    def open(cls, url: str) -> Database:
        """Open and migrate. Raises ConfigurationError where that is not possible, or a newer program wrote it.

        Raises ServerAway where the server cannot be reached now.
        """
        parsed = _parsed(url)
        local = parsed.drivername.startswith("sqlite")
        try:
            if local and parsed.database and parsed.database != ":memory:":
                _private_file(Path(parsed.database))
            # A connection that the server has closed in a long pause is found out before it is used.
            engine = sa.create_engine(
                parsed,
                connect_args={"timeout": LOCKED_SECONDS} if local else {},
                pool_pre_ping=not local,
                json_serializer=json_text,
            )
            if local:
                sa.event.listen(engine, "connect", _pragmas)
            database = cls(engine)
            database._migrate()
        except (sa.exc.DBAPIError, sa.exc.NoSuchModuleError, ImportError, OSError) as error:
            raise unopened(parsed, error) from None
        return database

    def close(self) -> None:
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                # Two that create the same table at once get in each other's way.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
            facts = (
                {row.name: row.value for row in connection.execute(sa.select(fact))} if _has_facts(connection) else {}
            )
            found = int(facts.get("schema", 0))
            if found > SCHEMA:
                raise ConfigurationError("数据库是由更新版本的 annex-inbox 写的，请升级程序后再运行。")
            if found < SCHEMA:
                metadata.create_all(connection)
                _add_columns(connection)
                _add_indexes(connection)
                connection.execute(fact.delete().where(fact.c.name == "schema"))
                connection.execute(fact.insert().values(name="schema", value=str(SCHEMA)))
            if "revision" not in facts:
                connection.execute(fact.insert().values(name="revision", value="0"))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, whatever others commit meanwhile as of its first statement; within `together` it sees what
        was written there."""
        if self._current is not None:
            yield self._current
            return
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                # Its driver begins a transaction only for what writes.
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self, changes: bool = True) -> Iterator[Connection]:
        """A writing transaction, alone for its time; what it `changes` moves the revision on, so that views know they are stale."""
        if self._current is not None:
            if changes and not self._moved:
                _enter(self._current, changes)
                self._moved = True
            yield self._current
            return
        with self.engine.begin() as connection:
            _enter(connection, changes)
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all that this thread writes within the block one transaction: it is kept as a whole, or not at all.

        A block within another one is undone by itself where an exception leaves it.
        """
        if self._current is not None:
            moved = self._moved
            try:
                with self._current.begin_nested():
                    yield
            except BaseException:
                self._moved = moved
                raise
            return
        with self.engine.begin() as connection:
            _enter(connection, changes=False)
            self._current, self._moved = connection, False
            try:
                yield
            finally:
                self._current = None


def is_unusable(fault: Exception) -> bool:
    """Whether an exception says that the database cannot be written to now, rather than that it cannot hold these values.

    Of the latter PostgreSQL tells in the same way when they are too long (SQLSTATE class 54).
    """
    return isinstance(fault, sa.exc.OperationalError) and not str(getattr(fault.orig, "sqlstate", "")).startswith("54")


def _enter(connection: Connection, changes: bool) -> None:
    """Take the row that every writing transaction begins with; it is free again at the commit."""
    connection.execute(_beginning(changes, connection.dialect.name))


@cache
def _beginning(changes: bool, dialect: str) -> sa.Executable:
    if changes:
        next_one = sa.cast(sa.cast(fact.c.value, sa.BigInteger) + 1, sa.Text)
        return fact.update().where(REVISION).values(value=next_one)
    if dialect == "sqlite":
        # There is no locking of rows; any change takes the whole file.
        return fact.update().where(REVISION).values(value=fact.c.value)
    return sa.select(fact.c.value).where(REVISION).with_for_update()


def _has_facts(connection: Connection) -> bool:
    return sa.inspect(connection).has_table(fact.name)


def _add_indexes(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _add_columns(connection: Connection) -> None:
    """Give the tables of an older program the columns that have joined them since; such a column may be NULL."""
    known = sa.inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                declared = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {declared}"))


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(
            "设置 ANNEX_STORE_URL 有误：应为 SQLAlchemy 的数据库地址，例如 sqlite:///data/a.sqlite3 "
            "或 postgresql://用户:密码@主机/库名。"
        ) from None
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def json_text(value: object) -> str:
    """JSON with Chinese as it is written: half as long, and read back in half the time, as with escapes."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which only a damaged document holds, can be stored as an escape alone.
        return json.dumps(msgspec.to_builtins(value))


def _private_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=True)


def _pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL makes each commit durable before the next step relies on it (SQLite documentation, PRAGMA synchronous).
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
