"""Reaching the database that is to be migrated, also one that comes up late or is being migrated already."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from opsroom.core.db.refusals import refusal_from
from opsroom.core.errors import Unavailable, WrongSetting

FIRST_WAIT = 0.25  # seconds
COMING_UP = ("57P", "53300")  # PostgreSQL's codes for starting, stopping, and too many connections

log = structlog.get_logger("opsroom.migrations")


@asynccontextmanager
async def reached(engine: AsyncEngine, patience: float) -> AsyncIterator[AsyncConnection]:
    """A connection, tried again for `patience` seconds.

    Raises:
        WrongSetting: nobody answers at the database's address, or not us.
    """
    connection = await _connect(engine, patience)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Two servers that start at once must not migrate at once.

    The lock belongs to a transaction of its own, not to a session: behind a pooler a session's lock
    would stay with a connection that is given to others.
    """
    async with engine.connect() as connection:
        for setting in ("lock_timeout", "statement_timeout"):
            await connection.exec_driver_sql(f"SET LOCAL {setting} = 0")
        while not await _has_lock(connection):  # noqa: ASYNC110  another process lets go of it
            await asyncio.sleep(FIRST_WAIT)
        yield


async def _has_lock(connection: AsyncConnection) -> bool:
    """Asked again and again: an index that is made concurrently waits for every snapshot of others, and who waited for
    the lock in the database would hold one all the while.
    """
    asked = await connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(hashtext('opsroom.migrations'))")
    has_lock: bool = asked.scalar_one()
    # The next statement, and this kind only, lets go of the snapshot of the one before.
    await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    return has_lock


def waits(patience: float) -> Iterator[float]:
    """Twice as long each time, `patience` seconds in all."""
    left, wait = patience, FIRST_WAIT
    while left > 0:
        yield min(wait, left)
        left, wait = left - wait, wait * 2


async def _connect(engine: AsyncEngine, patience: float) -> AsyncConnection:
    for seconds in waits(patience):
        try:
            return await engine.connect()
        except (Unavailable, DBAPIError) as error:
            if not _comes_up(error):
                raise _unreachable(error) from None
            log.warning("waiting for the database", seconds=seconds)
            await asyncio.sleep(seconds)
    try:
        return await engine.connect()
    except (Unavailable, DBAPIError) as error:
        raise _unreachable(error) from None


def _comes_up(error: Unavailable | DBAPIError) -> bool:
    return isinstance(error, Unavailable) or str(getattr(error.orig, "sqlstate", None)).startswith(COMING_UP)


def _unreachable(error: Unavailable | DBAPIError) -> Exception:
    if isinstance(error, Unavailable):
        return WrongSetting(f"OPSROOM_DATABASE_URL: the database does not answer: {error.__cause__}")
    if isinstance(refusal_from(error), Unavailable):
        return WrongSetting(f"OPSROOM_DATABASE_URL: {error.orig}")
    return error
