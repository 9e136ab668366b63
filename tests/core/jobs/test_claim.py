"""Who may work on a job: one worker at a time, and never one that was only slow."""

import asyncio
import os
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.core.jobs.conftest import OpenWorkshop
from tests.core.jobs.workshop import NO_WAIT, Line, Workshop, write_line, writing

from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.jobs import queries
from opsroom.core.jobs.handler import Run, Superseded
from opsroom.core.jobs.models import JobStatus
from opsroom.core.jobs.runtime import HOST, MARK


async def stop(*workers: asyncio.Task[None]) -> None:
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def test_racing_workers_do_every_job_exactly_once(
    workshop: OpenWorkshop, database_url: str, database: Database
) -> None:
    first = workshop()
    ids = [await first.ask(f"{number:02}") for number in range(24)]
    others = [Workshop(Database(database_url), first.queue) for _ in range(3)]
    workers = [asyncio.create_task(shop.worker(concurrency=2).run()) for shop in (first, *others)]
    jobs = [await first.ended(job_id) for job_id in ids]
    await stop(*workers)
    for shop in others:
        await shop.database.close()
    assert await first.effects() == [f"{number:02}" for number in range(24)]
    assert {(job.status, job.attempt, job.fence) for job in jobs} == {(JobStatus.SUCCEEDED, 1, 1)}


async def test_the_oldest_job_that_is_due_comes_first_and_one_for_later_waits(workshop: OpenWorkshop) -> None:
    order: list[str] = []

    async def compute(payload: Line, _run: Run) -> str:
        order.append(payload.line)
        return payload.line

    shop = workshop(writing(compute))
    for line in ("first", "second"):
        await shop.ask(line)
    later = await shop.ask("later", run_at=now() + timedelta(hours=1))
    await shop.work()
    assert order == ["first", "second"]
    assert (await shop.job(later)).status is JobStatus.QUEUED


async def test_a_job_whose_worker_fell_silent_is_taken_over_when_its_lease_has_run_out(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask()
    dead = shop.worker()
    assert await dead._claim() is not None
    await shop.work()
    assert (await shop.job(job_id)).status is JobStatus.RUNNING, "its lease still holds"
    await shop.let_leases_run_out()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.attempt, job.fence) == (JobStatus.SUCCEEDED, 2, 2)
    assert await shop.effects() == ["done"]


async def test_a_worker_that_was_only_slow_cannot_save_over_its_successor(workshop: OpenWorkshop) -> None:
    async def compute(payload: Line, run: Run) -> str:
        if run.attempt == 1:
            await shop.let_leases_run_out()
            await shop.work()
        return f"{payload.line} by attempt {run.attempt}"

    shop = workshop(writing(compute))
    job_id = await shop.ask("saved")
    await shop.work()
    assert await shop.effects() == ["saved by attempt 2"]
    assert (await shop.job(job_id)).attempt == 2


async def test_a_worker_that_was_only_slow_learns_it_at_its_next_report(workshop: OpenWorkshop) -> None:
    learned: list[str] = []

    async def compute(payload: Line, run: Run) -> str:
        if run.attempt == 1:
            await shop.let_leases_run_out()
            await shop.work()
            with pytest.raises(Superseded):
                await run.progress(0.5)
            learned.append("superseded")
        return payload.line

    shop = workshop(writing(compute))
    await shop.ask()
    await shop.work()
    assert learned == ["superseded"]
    assert await shop.effects() == ["done"]


async def test_a_worker_that_was_only_slow_cannot_fail_its_successor(workshop: OpenWorkshop) -> None:
    async def compute(payload: Line, run: Run) -> str:
        if run.attempt == 1:
            await shop.let_leases_run_out()
            await shop.work()
            raise ConnectionError
        return payload.line

    shop = workshop(writing(compute, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.error, job.traceback) == (JobStatus.SUCCEEDED, None, None)


async def test_a_job_that_kills_its_worker_every_time_ends_as_failed(workshop: OpenWorkshop) -> None:
    abandoned: list[str] = []

    async def note(_session: object, _payload: Line, reason: str, _run: Run) -> None:
        abandoned.append(reason)

    shop = workshop(writing(failed=note))
    job_id = await shop.ask()
    for _ in range(3):
        assert await shop.worker()._claim() is not None
        await shop.let_leases_run_out()
    await shop.work()
    job = await shop.job(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error == "Its worker died 3 times while running it."
    assert abandoned == [job.error]
    assert await shop.effects() == []


async def test_a_cancelled_job_whose_worker_died_ends_as_cancelled(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask()
    await shop.worker()._claim()
    async with shop.database.transaction() as session:
        await shop.queue.cancel(session, job_id)
    await shop.let_leases_run_out()
    await shop.work()
    assert (await shop.job(job_id)).status is JobStatus.CANCELLED


async def test_a_stopping_worker_gives_its_job_back_and_the_attempt_does_not_count(workshop: OpenWorkshop) -> None:
    started, never = asyncio.Event(), asyncio.Event()

    async def compute(payload: Line, run: Run) -> str:
        if not started.is_set():
            started.set()
            await never.wait()
        return f"{payload.line} by attempt {run.attempt}"

    shop = workshop(writing(compute))
    job_id = await shop.ask()
    worker = asyncio.create_task(shop.worker().run())
    await started.wait()
    await stop(worker)
    job = await shop.job(job_id)
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 0)
    await shop.work()
    assert await shop.effects() == ["done by attempt 1"]


async def test_a_worker_stopped_in_the_middle_of_a_save_leaves_nothing(workshop: OpenWorkshop) -> None:
    saving, never = asyncio.Event(), asyncio.Event()

    async def save(session: object, payload: Line, line: str, run: Run) -> None:
        await write_line(session, payload, line, run)  # type: ignore[arg-type]  # it is one
        if not saving.is_set():
            saving.set()
            await never.wait()

    shop = workshop(writing(save=save))
    job_id = await shop.ask()
    worker = asyncio.create_task(shop.worker().run())
    await saving.wait()
    await stop(worker)
    assert await shop.effects() == []
    assert (await shop.job(job_id)).status is JobStatus.QUEUED
    await shop.work()
    assert await shop.effects() == ["done"]


async def test_stopping_at_any_moment_loses_no_job(workshop: OpenWorkshop) -> None:
    """Also in the moment between the commit of a claim and the worker's knowledge of it."""
    shop = workshop()
    ids = [await shop.ask(f"{number:02}") for number in range(12)]
    for turns in range(0, 120, 3):
        worker = asyncio.create_task(shop.worker().run())
        for _ in range(turns):
            await asyncio.sleep(0)
        await stop(worker)
    async with shop.database.reading() as connection:
        running = await connection.scalar(text("SELECT count(*) FROM jobs WHERE status = 'running'"))
    assert running == 0
    await shop.work()
    assert await shop.effects() == [f"{number:02}" for number in range(12)]
    assert {(await shop.job(job_id)).attempt for job_id in ids} == {1}


async def test_a_worker_shows_that_it_lives_and_takes_its_name_with_it(workshop: OpenWorkshop) -> None:
    shop = workshop()
    worker = shop.worker()
    running = asyncio.create_task(worker.run())
    await shop.ended(await shop.ask())
    async with shop.database.reading() as connection:
        names = (await connection.scalars(text("SELECT name FROM workers"))).all()
        assert await queries.worker_heartbeat(connection) is not None
    assert names == [worker.name]
    await stop(running)
    async with shop.database.reading() as connection:
        assert await queries.worker_heartbeat(connection) is None


@pytest.mark.parametrize(
    ("number", "mark"), [(2**22 + 1, "0badcafe"), (os.getpid(), "0badcafe")], ids=["gone", "number taken again"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_one_host_jobs_of_a_dead_process_need_not_wait_for_their_lease(
    workshop: OpenWorkshop, number: int, mark: str
) -> None:
    shop = workshop()
    job_id = await shop.ask()
    dead = shop.worker()
    dead.name = f"{HOST}:{number}:{mark}"
    await dead._claim()
    worker = asyncio.create_task(shop.worker().run())
    assert (await shop.ended(job_id)).status is JobStatus.SUCCEEDED
    await stop(worker)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_jobs_of_a_living_neighbour_are_left_to_it(workshop: OpenWorkshop) -> None:
    shop = workshop()
    for number, mark in ((os.getppid(), "0badcafe"), (os.getpid(), MARK)):
        neighbour = shop.worker()
        neighbour.name = f"{HOST}:{number}:{mark}"
        await shop.ask()
        claimed = await neighbour._claim()
        assert claimed is not None
        await shop.worker()._introduce()
        assert (await shop.job(claimed.id)).lease_until is not None
        assert await shop.worker()._claim() is None
