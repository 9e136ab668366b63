"""Waiting: for a lock, for a database that is away, for news."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.core.jobs.conftest import OpenWorkshop
from tests.core.jobs.test_claim import stop
from tests.core.jobs.workshop import WRITE, Line, Workshop, write_line, writing

from opsroom.core.db.engine import Database
from opsroom.core.jobs.handler import Run
from opsroom.core.jobs.models import JobStatus
from opsroom.core.jobs.queue import JobQueue

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=30)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_heartbeats_that_wait_behind_a_long_save_do_not_cost_the_worker_its_job(
    workshop: OpenWorkshop, database_url: str
) -> None:
    """Two processes on one SQLite file: one saves for longer than the lease of the other."""
    computing, saving, computed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def compute(payload: Line, _run: Run) -> str:
        if payload.line == "long computation":
            computing.set()
            await computed.wait()
        return payload.line

    async def save(session: Any, payload: Line, line: str, run: Run) -> None:
        await write_line(session, payload, line, run)
        if payload.line == "long save":
            saving.set()
            await neighbour_falls_silent()

    async def neighbour_falls_silent() -> None:
        async with asyncio.timeout(60):
            while True:
                async with here.database.reading() as connection:
                    lease = await connection.scalar(text(f"SELECT lease_until FROM jobs WHERE id = '{long_job.hex}'"))
                    clock = await connection.scalar(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"))
                if lease < clock:
                    return
                await asyncio.sleep(0.01)

    here = workshop(writing(compute, save))
    there = Workshop(Database(database_url), here.queue)
    long_job = await here.ask("long computation")
    neighbour = asyncio.create_task(there.worker(concurrency=1, lease=MOMENT, poll=HOUR).run())
    await computing.wait()
    await here.ask("long save")
    await here.worker().run_until_idle()
    assert saving.is_set()
    assert await here.effects() == ["long save"], "the neighbour's job was left to it"
    computed.set()
    job = await here.ended(long_job)
    await stop(neighbour)
    await there.database.close()
    assert (job.status, job.attempt) == (JobStatus.SUCCEEDED, 1)
    assert await here.effects() == ["long computation", "long save"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_progress_report_that_cannot_be_written_does_not_end_the_work(
    workshop: OpenWorkshop, tmp_path: Path
) -> None:
    async def compute(payload: Line, run: Run) -> str:
        async with shop.database.transaction() as session:
            await session.execute(text("ALTER TABLE jobs RENAME TO jobs_elsewhere"))
        await run.progress(0.5)
        async with shop.database.transaction() as session:
            await session.execute(text("ALTER TABLE jobs_elsewhere RENAME TO jobs"))
        return payload.line

    shop = workshop(writing(compute))
    await shop.ask()
    await shop.work()
    assert await shop.effects() == ["done"]


async def test_a_worker_that_starts_before_its_database_is_there_works_when_it_comes(
    tmp_path: Path, sqlite_template: Path
) -> None:
    folder = tmp_path / "not yet"
    shop = Workshop(Database(f"sqlite:///{folder / 'opsroom.db'}"), JobQueue([writing()]))
    worker = asyncio.create_task(shop.worker(poll=MOMENT).run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not worker.done()
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    shutil.copy(sqlite_template, arriving / "opsroom.db")
    arriving.rename(folder)
    async with shop.database.transaction() as session:
        await session.execute(text("CREATE TABLE effects (line text)"))
    assert (await shop.ended(await shop.ask())).status is JobStatus.SUCCEEDED
    await stop(worker)
    await shop.database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_worker_that_looks_once_an_hour_is_woken_by_a_job_of_another_process(
    workshop: OpenWorkshop, database_url: str
) -> None:
    here = workshop()
    elsewhere = Workshop(Database(database_url), JobQueue([writing()]))
    worker = asyncio.create_task(here.worker(poll=HOUR).run())
    await _listened_to(elsewhere.database)
    first = await elsewhere.ask("first")
    await elsewhere.ended(first)
    async with elsewhere.database.transaction() as session, session.begin_nested():
        second = (await elsewhere.queue.add(session, WRITE, Line(line="second"))).id
    await elsewhere.ended(second)
    await stop(worker)
    await elsewhere.database.close()
    assert await here.effects() == ["first", "second"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_worker_whose_connections_are_cut_goes_on(workshop: OpenWorkshop, database_url: str) -> None:
    shop = workshop()
    worker = asyncio.create_task(shop.worker(poll=MOMENT).run())
    await _listened_to(shop.database)
    other = Database(database_url)
    async with other.reading() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await other.close()
    assert (await shop.ended(await shop.ask())).status is JobStatus.SUCCEEDED
    assert not worker.done()
    await stop(worker)


async def _listened_to(database: Database) -> None:
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as connection:
                listeners = await connection.scalar(
                    text(
                        "SELECT count(*) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                    )
                )
            if listeners:
                return
            await asyncio.sleep(0.02)
