"""A worker that is stopped for longer than its lease, in the middle of a job, and comes back."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from tests.torture.deliveries import Delivery
from tests.torture.programs import Program
from tests.torture.trial import Trial, trial
from tests.torture.wrong import WentWrong, require

from opsroom.core.db.engine import sqlite_path
from opsroom.core.jobs.models import Job, JobStatus

POLLS = 1440  # of a store a day: enough for the worker to be met while it computes
DAYS = 60
LOOKS = 400


async def paused_worker(url: str, folder: Path, seed: int) -> str:
    """Another completes its job meanwhile; what it then wants to save is refused."""
    settings = {"OPSROOM_JOB_CONCURRENCY": "1", "OPSROOM_IDLE_TRANSACTION_TIMEOUT": "5"}
    async with trial(url, folder, seed, settings, polls=POLLS) as one:
        (worker,) = one.workers
        for number in range(1, DAYS):
            day = one.day(number)
            job_id = await _pause_in_a_job(one, worker, day)
            await one.settled()
            if job_id is not None:
                worker.resume()
                await worker.hears("outcome=superseded")
            await one.account(day, whole=job_id is not None)
            if job_id is not None:
                job = await _job(one, job_id)
                require(job.attempt >= 2, f"job {job_id} was not taken over")
                return f"job taken over on day {number}, attempt {job.attempt}, the first one superseded"
        raise WentWrong(f"in {DAYS} days the worker was not once met while it computed")


async def _pause_in_a_job(one: Trial, worker: Program, day: list[Delivery]) -> UUID | None:
    """The job that the worker computes while it is paused; None when all ended before it was met."""
    handing_in = asyncio.create_task(one.hand_in(day))
    try:
        for _ in range(LOOKS):
            if (running := await _running_on(one, worker)) is not None:
                worker.pause()
                if await _running_on(one, worker) == running and await _others_may_write(one, running):
                    return running
                worker.resume()
            elif handing_in.done() and not await one.ledger.unfinished():
                return None
        return None
    finally:
        await handing_in


async def _running_on(one: Trial, worker: Program) -> UUID | None:
    query = select(Job.id).where(Job.status == JobStatus.RUNNING, Job.worker.contains(f":{worker.pid}:")).limit(1)
    async with one.ledger.database.reading() as connection:
        return await connection.scalar(query)


async def _others_may_write(one: Trial, job_id: UUID) -> bool:
    """Not so while it saves: then nobody can take the job over, and nobody needs to."""
    path = sqlite_path(one.ledger.database.url)
    if path is not None:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True
    try:
        async with one.ledger.database.transaction() as session:
            await session.execute(text("SELECT 1 FROM jobs WHERE id = :id FOR UPDATE NOWAIT"), {"id": job_id})
    except DBAPIError:
        return False
    return True


async def _job(one: Trial, job_id: UUID) -> Job:
    async with one.ledger.database.transaction() as session:
        return await session.get_one(Job, job_id)
