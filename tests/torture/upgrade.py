"""An older schema with jobs in flight, migrated, and worked on by the newer program."""

import asyncio
import time
from pathlib import Path

from sqlalchemy import func, select
from tests.torture.programs import LONGEST, run_opsroom, succeeds
from tests.torture.trial import Trial, environment_for, trial
from tests.torture.wrong import require

from opsroom.core.jobs.models import Job, JobStatus

LOOK_EVERY = 0.01  # seconds; an import takes some tenths of one
OLDER = "older than this program; run `opsroom db migrate`"


async def upgrade_in_flight(url: str, folder: Path, seed: int) -> str:
    """Everything stops while jobs run and wait; neither server nor worker starts before the schema fits."""
    only_workers = {"OPSROOM_SERVE_JOBS": "false"}
    async with trial(url, folder, seed, only_workers) as one:
        running, waiting = await _stop_in_flight(one)
        environment = {**environment_for(url, folder), **only_workers}
        await succeeds(environment, "db", "rollback", "--yes")  # as the version before the latest migration had it
        for command in ("serve", "worker"):
            refused = await run_opsroom(environment, command)
            require(refused.returncode == 2 and OLDER in refused.stderr, f"opsroom {command}: {refused}")
        await succeeds(environment, "db", "migrate")
        await one.start()
        await one.settled()
        await one.account(one.day(1), whole=True)
        return f"{running} jobs running and {waiting} waiting when the schema changed, all complete once afterwards"


async def _stop_in_flight(one: Trial) -> tuple[int, int]:
    """How many jobs were running, and how many waiting, when all programs were killed."""
    (worker,) = one.workers
    worker.kill()
    await one.hand_in(one.day(1))
    worker.start()
    end = time.monotonic() + LONGEST
    while not (await _count(one, JobStatus.RUNNING)):
        require(time.monotonic() < end, "no job was begun")
        await asyncio.sleep(LOOK_EVERY)
    for program in (worker, one.server):
        program.kill()
    running, waiting = await _count(one, JobStatus.RUNNING), await _count(one, JobStatus.QUEUED)
    require(running and waiting, f"{running} jobs are running, {waiting} waiting: the programs were killed too late")
    return running, waiting


async def _count(one: Trial, status: JobStatus) -> int:
    async with one.ledger.database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(Job).where(Job.status == status)) or 0
