"""A small trade to work at: jobs that write one line into a scratch table, and workers to do them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.db.engine import Database
from opsroom.core.jobs.handler import JobType, Retry, Run
from opsroom.core.jobs.models import UNFINISHED, Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.jobs.runtime import Runtime, RuntimeOptions
from opsroom.core.metrics import Metrics

WRITE = "tests.write_line"


class Line(BaseModel):
    line: str = "done"


async def nothing_to_compute(payload: Line, _run: Run) -> str:
    return payload.line


async def write_line(session: AsyncSession, _payload: Line, line: str, _run: Run) -> dict[str, Any] | None:
    await session.execute(text("INSERT INTO effects (line) VALUES (:line)"), {"line": line})
    return {"line": line}


def writing(
    compute: Callable[[Line, Run], Awaitable[str]] = nothing_to_compute,
    save: Callable[[AsyncSession, Line, str, Run], Awaitable[dict[str, Any] | None]] = write_line,
    **options: Any,
) -> JobType[Line, str]:
    return JobType(name=WRITE, payload=Line, compute=compute, save=save, **options)


NO_WAIT = Retry(attempts=3, base=timedelta(0))


@dataclass
class Workshop:
    """One database, one queue, and as many workers as a test wants."""

    database: Database
    queue: JobQueue
    metrics: Metrics = field(default_factory=Metrics)

    def worker(self, **options: Any) -> Runtime:
        return Runtime(self.database, self.queue, self.metrics, RuntimeOptions(**options))

    async def ask(self, line: str = "done", **options: Any) -> UUID:
        async with self.database.transaction() as session:
            return (await self.queue.add(session, WRITE, Line(line=line), **options)).id

    async def work(self) -> None:
        """Do everything that is due, one job after the other."""
        await self.worker().run_until_idle()

    async def job(self, job_id: UUID) -> Job:
        async with self.database.transaction() as session:
            return await session.get_one(Job, job_id)

    async def effects(self) -> Sequence[str]:
        async with self.database.reading() as connection:
            return (await connection.scalars(text("SELECT line FROM effects ORDER BY line"))).all()

    async def let_leases_run_out(self) -> None:
        """As if every worker had been silent for longer than its lease."""
        async with self.database.transaction() as session:
            await session.execute(update(Job).values(lease_until=datetime(2001, 1, 1, tzinfo=UTC)))

    async def ended(self, job_id: UUID) -> Job:
        """The job, when a worker elsewhere has ended it."""
        async with asyncio.timeout(60):
            while (job := await self.job(job_id)).status in UNFINISHED:  # noqa: ASYNC110  another process ends it
                await asyncio.sleep(0.02)
        return job
