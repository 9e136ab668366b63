"""A backup while people work, restored in a fresh place where work goes on."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select
from tests.torture.ledger import Ledger
from tests.torture.programs import Program, succeeds
from tests.torture.trial import Trial, environment_for, trial
from tests.torture.wrong import require

from opsroom.core.db.engine import Database
from opsroom.core.jobs.models import Job
from opsroom.stores.models import ImportStatus, ObservationImport, StoreObservation


async def backup_under_load(url: str, fresh_url: str, folder: Path, seed: int) -> str:
    """What was under way when the backup was taken is completed from it, once."""
    async with trial(url, folder, seed) as one:
        saved = await _back_up_while_working(one, environment_for(url, folder), folder / "all.zip")
        await one.ledger.check(whole=True)
        fresh = folder / "fresh"
        environment = environment_for(fresh_url, fresh)
        await succeeds(environment, "db", "restore", str(folder / "all.zip"))
        await _prove(environment)
        database = Database(fresh_url)
        try:
            left = await _complete(one, database, Program("worker", environment, folder / "fresh.log"))
        finally:
            await database.close()
        await _prove(environment)
        return f"{saved}; {left} jobs that were under way completed from it, trail and tables agree"


async def _back_up_while_working(one: Trial, environment: Mapping[str, str], file: Path) -> str:
    """Days of files come in until it is taken."""
    backup = asyncio.create_task(succeeds(environment, "db", "backup", str(file)))
    number = 0
    while number == 0 or not backup.done():
        number += 1
        await asyncio.gather(one.hand_in(one.day(number)), one.make_reports(1))
        await one.settled()
        one.ledger.expect(one.day(number))
    return (await backup).strip()


async def _prove(environment: Mapping[str, str]) -> None:
    for command in (("db", "check"), ("audit", "verify"), ("audit", "reconcile")):
        await succeeds(environment, *command)


async def _complete(one: Trial, database: Database, worker: Program) -> int:
    """How many jobs were left to do."""
    there = Ledger(database, one.door, one.ledger.user)
    left = len(await there.unfinished())
    worker.start()
    try:
        await there.settle()
    finally:
        worker.kill()
    async with database.reading() as connection:
        failed = list(await connection.scalars(select(Job.error).where(Job.error.is_not(None))))
        require(not failed, f"in the fresh place jobs failed: {failed}")
        polls = await connection.scalar(select(func.count()).select_from(StoreObservation))
        complete = ObservationImport.status == ImportStatus.COMPLETE
        added = await connection.scalar(select(func.sum(ObservationImport.rows_added)).where(complete))
        others = await connection.scalar(select(func.count()).where(~complete))
    require(polls, "no poll came back")
    require(others == 0, f"{others} imports are not complete in the fresh place")
    require(
        added is not None and polls is not None and added >= polls, f"{polls} polls of {added} rows that were added"
    )
    return left
