"""Jobs that a command does itself, beside whoever else serves the database."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy import select

from opsroom.core.jobs.models import UNFINISHED, Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.jobs.runtime import Runtime, RuntimeOptions
from opsroom.main import House

LOOK_EVERY = 0.1  # seconds


def only(house: House, *job_types: str) -> JobQueue:
    """A queue that knows these types alone: a command is no general worker."""
    queue = JobQueue([house.queue.types[name] for name in job_types])
    queue.bell = house.queue.bell
    return queue


@asynccontextmanager
async def working(house: House, queue: JobQueue) -> AsyncIterator[None]:
    """Work beside whoever else serves this database; one of us does it."""
    options = RuntimeOptions(concurrency=1, lease=timedelta(seconds=house.settings.job_lease_seconds))
    worker = asyncio.create_task(Runtime(house.database, queue, house.metrics, options).run())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def watched(house: House, job_id: UUID) -> dict[str, Any] | None:
    """Wait for a job's end, with a bar where somebody looks at it; gives its result."""
    query = select(Job.status, Job.progress, Job.message, Job.result).where(Job.id == job_id)
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("waiting", total=1.0)
        while True:
            async with house.database.reading() as connection:
                row = (await connection.execute(query)).one()
            bar.update(task, completed=row.progress, description=row.message or "")
            if row.status not in UNFINISHED:
                result: dict[str, Any] | None = row.result
                return result
            await asyncio.sleep(LOOK_EVERY)
