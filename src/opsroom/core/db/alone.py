"""Writes that are one statement and nothing else: committed when they return, past SQLAlchemy.

PostgreSQL   a statement outside a transaction is one of its own: one round trip, where a unit of work takes four
SQLite       those that wait for their turn at the same moment share one transaction, and so one wait for the disk;
             each is attributed, and refused, by itself
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from opsroom.core.db.attribution import HOLDER, Attribution
from opsroom.core.db.direct import Rows
from opsroom.core.db.slow import watched

MOST_AT_ONCE = 50

Outcome = Rows | Exception


@dataclass(frozen=True, slots=True)
class Wanted:
    """context: of the request, for its origin and its lines in the log"""

    sql: str
    arguments: Sequence[Any]
    context: Context
    outcome: asyncio.Future[Rows]


class SqliteAlone:
    """On the pool's writing connection, when it is their turn."""

    def __init__(self, writer: AsyncEngine, slow_statement: float) -> None:
        self._writer = writer
        self._slow_statement = slow_statement
        self._waiting: list[Wanted] = []
        self._writing: asyncio.Task[None] | None = None

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        wanted = Wanted(sql, arguments, copy_context(), asyncio.get_running_loop().create_future())
        self._waiting.append(wanted)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await wanted.outcome

    async def close(self) -> None:
        """Once all is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        while self._waiting:
            taken: list[Wanted] = []
            try:
                async with self._writer.connect() as pooled:
                    # Those that came while the connection was another's, too.
                    taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                    outcomes = await self._write(await pooled.get_raw_connection(), taken)
            except Exception as error:  # noqa: BLE001  each of those who wait is told
                taken, self._waiting = taken or self._waiting, self._waiting if taken else []
                outcomes = [error] * len(taken)
            for wanted, outcome in zip(taken, outcomes, strict=True):
                _tell(wanted.outcome, outcome)

    async def _write(self, pooled: Any, taken: list[Wanted]) -> list[Outcome]:
        driver, attribution = pooled.driver_connection, pooled.info[HOLDER]
        batch = Batch(driver._conn, attribution, self._slow_statement)  # noqa: SLF001  as the driver's own methods do,
        # which hand over one call of sqlite3 at a time
        outcomes: list[Outcome] = await driver._execute(batch.write, taken)  # noqa: SLF001  as above
        return outcomes


@dataclass(frozen=True, slots=True)
class Batch:
    """What happens on the connection's thread."""

    connection: sqlite3.Connection
    attribution: Attribution
    slow_statement: float

    def write(self, taken: list[Wanted]) -> list[Outcome]:
        """One transaction for all; if that cannot be, one for each, so that what breaks one breaks no other."""
        try:
            return self._together(taken)
        except Exception as error:  # noqa: BLE001  for who wanted it
            if len(taken) == 1:
                return [error]
        return [outcome for each in taken for outcome in self.write([each])]

    def _together(self, taken: list[Wanted]) -> list[Outcome]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [each.context.run(self._run, each) for each in taken]
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        return outcomes

    def _run(self, wanted: Wanted) -> Outcome:
        self.attribution.begin()
        try:
            with watched(wanted.sql, self.slow_statement):
                return self.connection.execute(wanted.sql, wanted.arguments).fetchall()
        except sqlite3.IntegrityError as error:
            return error  # of the statement, which SQLite has undone; the transaction goes on


def _tell(future: asyncio.Future[Rows], outcome: Outcome) -> None:
    if future.done():  # nobody waits for it any more
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
