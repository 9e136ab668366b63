"""Hearing of new jobs: PostgreSQL notifies other processes; within one process the queue rings itself."""

import asyncio
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.db.engine import Database
from opsroom.core.jobs.queue import CHANNEL, JobQueue

RECONNECT_SECONDS = 5.0


async def listen(database: Database, queue: JobQueue) -> None:
    """Ring the queue's bell at every notification, for ever. Does nothing on SQLite, where workers poll."""
    while database.is_postgresql:
        try:
            async with database.reader.connect() as connection:
                await _listen_on(connection, queue)
        except Exception as error:  # noqa: BLE001  polling goes on while the connection is away
            structlog.get_logger("opsroom.jobs").warning("not listening", error=repr(error))
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_on(connection: AsyncConnection, queue: JobQueue) -> None:
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    closed = asyncio.Event()
    driver.add_termination_listener(lambda _connection: closed.set())

    def ring(*_news: Any) -> None:
        queue.bell.set()

    await driver.add_listener(CHANNEL, ring)
    queue.bell.set()  # for what was asked while nobody listened
    try:
        await closed.wait()
    finally:
        if not closed.is_set():
            await driver.remove_listener(CHANNEL, ring)
