"""Writes that are one statement and nothing else: committed when they return, past SQLAlchemy.

PostgreSQL   a statement outside a transaction is one of its own: one round trip, where a unit of work takes four
SQLite       begun, carried out and committed in one visit to the writing thread, where a unit of work takes nine
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from opsroom.core.db.attribution import HOLDER, Attribution
from opsroom.core.db.direct import Rows
from opsroom.core.db.slow import watched


class SqliteAlone:
    """On the pool's writing connection, when it is this write's turn."""

    def __init__(self, writer: AsyncEngine, slow_statement: float) -> None:
        self._writer = writer
        self._slow_statement = slow_statement

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        async with self._writer.connect() as pooled:
            raw = await pooled.get_raw_connection()
            attribution: Attribution = raw.info[HOLDER]
            attribution.begin()
            driver: Any = raw.driver_connection
            with watched(sql, self._slow_statement):
                # As the driver's own methods do, which hand over one call of sqlite3 at a time.
                writing = asyncio.ensure_future(driver._execute(_write, driver._conn, sql, arguments))  # noqa: SLF001
                try:
                    return await asyncio.shield(writing)
                except asyncio.CancelledError:
                    await asyncio.wait([writing])  # the connection is nobody else's before that
                    raise

    async def close(self) -> None:
        """It holds nothing."""


def _write(connection: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> Rows:
    connection.execute("BEGIN IMMEDIATE")
    try:
        rows = connection.execute(sql, arguments).fetchall()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return rows
