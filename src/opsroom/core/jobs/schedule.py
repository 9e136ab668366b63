"""Work that is due every so often: `JobType.every`.

Each turn is claimed by moving the schedule's hand in the transaction that inserts the job, so that of many
workers one asks, and no turn is lost with a worker. Turns missed while nothing ran are made up for by one.
"""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import violated_unique
from opsroom.core.jobs import queries
from opsroom.core.jobs.models import Schedule
from opsroom.core.jobs.queue import JobQueue

log = structlog.get_logger("opsroom.jobs")

LOOK_EVERY = 5.0  # seconds


async def keep_time(database: Database, queue: JobQueue) -> None:
    """Ask for what is due, until cancelled."""
    while True:
        try:
            await ask_for_due(database, queue)
        except Exception as error:  # noqa: BLE001  a database that is away must not end the worker
            log.warning("schedules not looked at", error=repr(error))
        await asyncio.sleep(LOOK_EVERY)


async def ask_for_due(database: Database, queue: JobQueue) -> list[str]:
    """Insert one job of each type whose time has come; gives their types."""
    due = await _due(database, queue)
    if not due:
        return []
    async with database.transaction() as session:
        at = await queries.moment(session)
        return [name for name in due if await _ask(session, queue, name, at)]


async def _due(database: Database, queue: JobQueue) -> list[str]:
    """Read only: looking must not wait for writers."""
    repeated = sorted(name for name, declared in queue.types.items() if declared.every is not None)
    if not repeated:
        return []
    async with database.reading() as connection:
        rows = await connection.execute(select(Schedule.job_type, Schedule.next_at))
        known = {row.job_type: row.next_at for row in rows}
    return [name for name in repeated if name not in known or known[name] <= now()]


async def _ask(session: AsyncSession, queue: JobQueue, name: str, at: datetime) -> bool:
    declared = queue.types[name]
    assert declared.every is not None, name  # noqa: S101  only such types are due
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(Schedule).values(job_type=name, next_at=at).on_conflict_do_nothing())
    moved = (
        update(Schedule)
        .where(Schedule.job_type == name, Schedule.next_at <= at)
        .values(next_at=at + declared.every)
        .returning(Schedule.job_type)
    )
    if (await session.execute(moved)).scalar() is None:
        return False
    try:
        async with session.begin_nested():
            await queue.add(session, name, declared.payload(), exclusive_key=f"every {name}")
    except IntegrityError as error:
        if violated_unique(error) is None:
            raise
        return False  # the one before is not done yet
    return True
