"""Statements by the bare driver, past SQLAlchemy.

Rows come as the driver gives them. Statements run outside any transaction, so they see what is
committed and nothing of the caller's own unfinished writes.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from opsroom.core.db.slow import watched
from opsroom.core.errors import Unavailable

Rows = Sequence[Sequence[Any]]
Fallback = Callable[[str, Sequence[Any]], Awaitable[Rows]]

LOST = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, OSError)
NO_ANSWER = "The database does not answer; try again in a moment."
BUDGET = 50_000  # steps of SQLite's machine, a few milliseconds; it stops between once and twice this


class Direct(Protocol):
    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows: ...

    async def close(self) -> None: ...


class PostgresDirect:
    """Connections of asyncpg, the latest used first.

    A read on one that died while idle is repeated on another; a write is not, since it may have been done.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], size: int, slow_statement: float = 0.0, *, reads: bool = True
    ) -> None:
        self._connect = connect
        self._reads = reads
        self._slow_statement = slow_statement
        self._idle: list[Any] = []
        self._slots = asyncio.Semaphore(size)

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        async with self._slots:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_closed():
                    continue
                try:
                    return await self._run(connection, sql, arguments)
                except LOST as error:
                    if not self._reads:
                        raise Unavailable(NO_ANSWER, code="database_unavailable") from error
            try:
                return await self._run(await self._connect(), sql, arguments)
            except LOST as error:
                raise Unavailable(NO_ANSWER, code="database_unavailable") from error

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _run(self, connection: Any, sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            with watched(sql, self._slow_statement):
                rows: Rows = await connection.fetch(sql, *arguments)
        except asyncpg.QueryCanceledError as error:
            self._idle.append(connection)
            raise Unavailable(
                "The database took too long to answer; ask for less.", code="statement_timeout"
            ) from error
        except asyncpg.IntegrityConstraintViolationError:
            self._idle.append(connection)
            raise
        except BaseException:
            # Also when the request was cancelled: what the connection still carries is not worth knowing.
            connection.terminate()
            raise
        self._idle.append(connection)
        return rows


@dataclass(frozen=True, slots=True)
class PooledDirect:
    """Behind a transaction-mode pooler there is no lasting connection to read on; the pool's transactions do."""

    _fetch: Fallback

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        return await self._fetch(sql, arguments)

    async def close(self) -> None:
        """It holds nothing."""


class SqliteDirect:
    """A connection used inside the event loop: for a short read the way to a thread and back costs more than the read.

    A read that exceeds its budget of steps, or that fails, is given up and repeated on the pool.
    """

    def __init__(self, path: Path, fallback: Fallback) -> None:
        self._path = path
        self._fallback = fallback
        self._connection: sqlite3.Connection | None = None
        self._overrun = False

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            connection = self._connection or self._open()
            self._overrun = False
            return connection.execute(sql, arguments).fetchall()
        except sqlite3.Error:
            return await self._fallback(sql, arguments)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=0, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cache_size=-65536")
        connection.set_progress_handler(self._spend, BUDGET)
        self._connection = connection
        return connection

    def _spend(self) -> bool:
        # SQLite counts a cached statement's steps over all its runs, so the first call may come early.
        overrun, self._overrun = self._overrun, True
        return overrun
