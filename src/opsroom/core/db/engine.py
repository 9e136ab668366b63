"""Two databases behind one value: a pool that writes and a pool that only reads."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import PoolResetState

from opsroom.core.db.alone import SqliteAlone
from opsroom.core.db.attribution import HOLDER, AttributedConnection, attribute_sqlite
from opsroom.core.db.connect import POOLED, connect, driver_query, open_sqlite
from opsroom.core.db.direct import Direct, PooledDirect, PostgresDirect, Rows, SqliteDirect
from opsroom.core.db.slow import watch

POSTGRESQL = "postgresql"
SQLITE = "sqlite"
BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """size + overflow connections at most; recycle and timeouts in seconds.

    idle_transaction_timeout: a program that stands still in the middle of a transaction holds its locks so long
    slow_statement: seconds from which a statement is logged; 0: none is
    """

    size: int = 20
    overflow: int = 30
    recycle: int = 3600
    pre_ping: bool = True
    statement_timeout: float = 30.0
    idle_transaction_timeout: float = 60.0
    long_statement_timeout: float = 600.0  # of big reads
    echo: bool = False
    slow_statement: float = 0.0


class Database:
    """One database, SQLite or PostgreSQL.

    Writes go through `transaction()`; reads that need no transaction through `reading()`, which has a
    pool of its own that cannot write, so that a reader never waits for a writer: in autocommit on
    PostgreSQL, with one view of the data per block on SQLite. Past SQLAlchemy go hot reads, through `direct`, and
    writes of one statement, through `alone`, which is None behind a pooler.
    """

    def __init__(self, url: str, pool: PoolOptions | None = None, carried: Mapping[str, Any] | None = None) -> None:
        """carried: what each session has in its `info`"""
        pool = pool or PoolOptions()
        self.url = async_url(url)
        self.pool = pool
        self.dialect_name = self.url.get_backend_name()
        self.writer = _engine(self.url, pool, read_only=False)
        self.reader = _engine(self.url, pool, read_only=True)
        for engine in (self.writer, self.reader):
            watch(engine, pool.slow_statement)
        self.direct = self._direct()
        self.alone = self._alone()
        self._sessions = async_sessionmaker(
            self.writer, expire_on_commit=False, autoflush=True, info=dict(carried or {})
        )

    @property
    def is_postgresql(self) -> bool:
        return self.dialect_name == POSTGRESQL

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One unit of work: commits when the block ends, rolls back on any exception."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.reader.connect() as connection:
            yield connection

    async def close(self) -> None:
        await self.direct.close()
        if self.alone is not None:
            await self.alone.close()
        await self.reader.dispose()
        await self.writer.dispose()

    def _direct(self) -> Direct:
        if POOLED in self.url.query:
            return PooledDirect(self._fetch_in_thread)
        if self.is_postgresql:
            return self._postgres_direct(reads=True)
        return SqliteDirect(Path(self.url.database or ""), self._fetch_in_thread)

    def _alone(self) -> Direct | None:
        if POOLED in self.url.query:
            return None
        if self.is_postgresql:
            return self._postgres_direct(reads=False)
        return SqliteAlone(self.writer, self.pool.slow_statement)

    def _postgres_direct(self, *, reads: bool) -> PostgresDirect:
        address = self.reader.dialect.create_connect_args(self.url)[1]
        options = _driver_options(self.url, self.pool, read_only=reads)
        opening = partial(connect, **address, **options)
        return PostgresDirect(opening, self.pool.size, self.pool.slow_statement, reads=reads)

    async def _fetch_in_thread(self, sql: str, arguments: Sequence[Any]) -> Rows:
        async with self.reading() as connection:
            return (await connection.exec_driver_sql(sql, tuple(arguments))).fetchall()


def async_url(url: str) -> URL:
    """Any of the usual spellings, with the driver we use and its names for SSL options.

    Raises:
        ValueError: another kind of database, or an option that nobody would heed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("expected a URL like postgresql://user:password@host/name or sqlite:///opsroom.db") from None
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg", query=driver_query(parsed.query))
    if backend == SQLITE:
        if parsed.database in {None, "", ":memory:"}:
            raise ValueError("an SQLite database needs a file: sqlite:///opsroom.db, sqlite:////srv/opsroom.db")
        return parsed.set(drivername="sqlite+aiosqlite")
    raise ValueError(f"expected a postgresql:// or sqlite:// URL, found {parsed.drivername}://")


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL and for a database in memory."""
    if url.get_backend_name() != SQLITE or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def _engine(url: URL, pool: PoolOptions, *, read_only: bool) -> AsyncEngine:
    if url.get_backend_name() == SQLITE:
        return _sqlite_engine(url, pool, read_only=read_only)
    options: dict[str, Any] = {}
    if read_only and POOLED in url.query:
        options = {"execution_options": {"postgresql_readonly": True}}
    elif read_only:
        options = {"isolation_level": "AUTOCOMMIT"}
    arguments: dict[str, Any] = {"async_creator_fn": connect}
    if not read_only:
        arguments["connection_class"] = AttributedConnection
    if POOLED in url.query:
        # Unnamed and used at once, in the transaction that pins the server's connection.
        arguments["prepared_statement_name_func"] = str
    return create_async_engine(
        url,
        pool_size=pool.size,
        max_overflow=pool.overflow,
        pool_recycle=pool.recycle,
        pool_pre_ping=pool.pre_ping,
        echo=pool.echo,
        hide_parameters=True,  # in errors and logs; they are people's data, and hashes
        connect_args=arguments | _driver_options(url, pool, read_only=read_only),
        **options,
    )


def _driver_options(url: URL, pool: PoolOptions, *, read_only: bool) -> dict[str, Any]:
    if POOLED in url.query:
        # A pooler refuses settings it does not know, and what SET changes stays for its next client.
        settings = {"application_name": "opsroom"}
        return {"server_settings": settings, "statement_cache_size": 0, "command_timeout": pool.statement_timeout}
    settings = {
        "application_name": "opsroom",
        "statement_timeout": _milliseconds(pool.statement_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(pool.idle_transaction_timeout),
    }
    if read_only:
        settings["default_transaction_read_only"] = "on"
    return {"server_settings": settings}


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _sqlite_engine(url: URL, pool: PoolOptions, *, read_only: bool) -> AsyncEngine:
    # One writing connection: within a process writers then take turns in the order they came, where
    # SQLite itself would have them all knock again and again, and let the unlucky wait the longest.
    size, overflow = (pool.size, pool.overflow) if read_only else (1, 0)
    engine = create_async_engine(
        url,
        echo=pool.echo,
        hide_parameters=True,
        pool_size=size,
        max_overflow=overflow,
        pool_reset_on_return=None,
        connect_args={"async_creator_fn": open_sqlite, "timeout": BUSY_SECONDS},
    )
    event.listen(engine.sync_engine, "reset", _roll_back_what_is_open)
    event.listen(engine.sync_engine, "connect", _read_pragmas if read_only else _write_pragmas)
    event.listen(engine.sync_engine, "begin", _begin_deferred if read_only else _begin_immediate)
    return engine


def _write_pragmas(connection: Any, record: Any) -> None:
    record.info[HOLDER] = attribute_sqlite(connection)
    # The driver's own BEGIN would be deferred, and a deferred writer can fail half way as "busy".
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "synchronous=FULL",
        "recursive_triggers=ON",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _read_pragmas(connection: Any, record: Any) -> None:
    _write_pragmas(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA cache_size=-16384")  # there may be many
    cursor.close()


def _roll_back_what_is_open(connection: Any, _record: Any, state: PoolResetState) -> None:
    # The pool would do so always, and each time visit the connection's thread.
    if connection.driver_connection.in_transaction and not state.terminate_only:
        connection.rollback()


def _begin_immediate(connection: Any) -> None:
    connection.connection.info[HOLDER].begin()
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
