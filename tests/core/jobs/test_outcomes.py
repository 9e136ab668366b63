"""What can become of an attempt."""

import asyncio
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.core.jobs.conftest import OpenWorkshop
from tests.core.jobs.workshop import NO_WAIT, WRITE, Line, write_line, writing

from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.jobs.models import JobStatus


async def test_an_attempt_that_fails_is_repeated_until_it_succeeds(workshop: OpenWorkshop) -> None:
    attempts: list[int] = []

    async def compute(payload: Line, run: Run) -> str:
        attempts.append(run.attempt)
        if run.attempt < 3:
            raise ConnectionError("the other side hung up")
        return payload.line

    shop = workshop(writing(compute, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert attempts == [1, 2, 3]
    assert (job.status, job.error) == (JobStatus.SUCCEEDED, None)
    assert "the other side hung up" in (job.traceback or "")
    assert await shop.effects() == ["done"]


async def test_a_job_that_fails_every_time_ends_after_its_last_attempt(workshop: OpenWorkshop) -> None:
    abandoned: list[str] = []

    async def compute(_payload: Line, _run: Run) -> str:
        raise ZeroDivisionError

    async def note(_session: AsyncSession, _payload: Line, reason: str, _run: Run) -> None:
        abandoned.append(reason)

    shop = workshop(writing(compute, retry=NO_WAIT, failed=note))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.attempt, job.error) == (JobStatus.FAILED, 3, "ZeroDivisionError")
    assert abandoned == ["ZeroDivisionError"]


async def test_a_permanent_failure_is_not_repeated(workshop: OpenWorkshop) -> None:
    attempts: list[int] = []

    async def compute(_payload: Line, run: Run) -> str:
        attempts.append(run.attempt)
        raise Permanent("the file is no table")

    shop = workshop(writing(compute, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    assert attempts == [1]
    assert (await shop.job(job_id)).error == "the file is no table"


async def test_input_that_this_version_cannot_read_fails_at_once(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask()
    async with shop.database.transaction() as session:
        await session.execute(text("""UPDATE jobs SET payload = '{"line": [1]}'"""))
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.attempt) == (JobStatus.FAILED, 1)
    assert "cannot read the job's input" in (job.error or "")


async def test_a_save_that_fails_leaves_nothing_and_is_repeated(workshop: OpenWorkshop) -> None:
    async def save(session: AsyncSession, payload: Line, line: str, run: Run) -> dict[str, Any] | None:
        await write_line(session, payload, f"{line} {run.attempt}", run)
        if run.attempt == 1:
            raise RuntimeError("half way")
        return None

    shop = workshop(writing(save=save, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    assert await shop.effects() == ["done 2"]
    assert (await shop.job(job_id)).status is JobStatus.SUCCEEDED


async def test_a_database_error_is_told_without_its_statement(workshop: OpenWorkshop) -> None:
    async def save(session: AsyncSession, _payload: Line, _line: str, _run: Run) -> None:
        await session.execute(text("INSERT INTO no_such_table VALUES ('a secret')"))

    shop = workshop(writing(save=save, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert job.error == "The database could not do what the job asked of it."
    assert "no_such_table" in (job.traceback or "")


async def test_an_error_that_quotes_bytes_no_database_keeps_still_ends_the_job(workshop: OpenWorkshop) -> None:
    async def compute(_payload: Line, _run: Run) -> str:
        raise Permanent("cannot read 'a\0b\udcff'")

    shop = workshop(writing(compute))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "cannot read 'ab?'")


async def test_a_job_ends_even_when_its_answer_to_the_failure_fails(workshop: OpenWorkshop) -> None:
    async def compute(_payload: Line, _run: Run) -> str:
        raise Permanent("first trouble")

    async def fail_again(session: AsyncSession, payload: Line, _reason: str, run: Run) -> None:
        await write_line(session, payload, "must not stay", run)
        raise KeyError("second trouble")

    shop = workshop(writing(compute, failed=fail_again))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "first trouble")
    assert await shop.effects() == []


async def test_progress_is_written_while_the_job_runs_and_never_goes_back(workshop: OpenWorkshop) -> None:
    seen: list[tuple[float, str | None]] = []

    async def compute(payload: Line, run: Run) -> str:
        for fraction, message in ((0.2, "reading"), (0.1, "reading on"), (float("nan"), ""), (7.0, "almost")):
            run.progress.__self__._written = 0.0  # type: ignore[attr-defined]  # as if some time had passed
            await run.progress(fraction, message)
            job = await shop.job(run.job_id)
            seen.append((job.progress, job.message))
        return payload.line

    shop = workshop(writing(compute))
    await shop.ask()
    await shop.work()
    assert seen == [(0.2, "reading"), (0.2, "reading on"), (0.2, "reading on"), (1.0, "almost")]


async def test_progress_stays_when_the_save_fails(workshop: OpenWorkshop) -> None:
    async def compute(payload: Line, run: Run) -> str:
        await run.progress(0.6, "computed")
        return payload.line

    async def save(_session: AsyncSession, _payload: Line, _line: str, _run: Run) -> None:
        raise Permanent("no")

    shop = workshop(writing(compute, save))
    job_id = await shop.ask()
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.progress, job.message) == (JobStatus.FAILED, 0.6, "computed")


async def test_a_running_job_that_is_cancelled_ends_at_its_next_report(workshop: OpenWorkshop) -> None:
    reached: list[str] = []

    async def compute(_payload: Line, run: Run) -> str:
        async with shop.database.transaction() as session:
            await shop.queue.cancel(session, run.job_id)
        reached.append("before")
        await run.progress(0.5)
        reached.append("after")
        return "never"

    async def note(session: AsyncSession, payload: Line, reason: str, run: Run) -> None:
        await write_line(session, payload, reason, run)

    shop = workshop(writing(compute, failed=note))
    job_id = await shop.ask()
    await shop.work()
    assert reached == ["before"]
    assert (await shop.job(job_id)).status is JobStatus.CANCELLED
    assert await shop.effects() == ["cancelled"]


async def test_a_cancelled_attempt_that_fails_does_not_wait_for_the_next(workshop: OpenWorkshop) -> None:
    async def compute(_payload: Line, run: Run) -> str:
        async with shop.database.transaction() as session:
            await shop.queue.cancel(session, run.job_id)
        raise ConnectionError

    shop = workshop(writing(compute))  # waits two seconds before the second attempt
    job_id = await shop.ask()
    await shop.work()
    assert (await shop.job(job_id)).status is JobStatus.CANCELLED


async def test_the_names_of_a_job_in_the_log_end_with_it(workshop: OpenWorkshop) -> None:
    inside: dict[str, Any] = {}

    async def compute(payload: Line, _run: Run) -> str:
        inside.update(structlog.contextvars.get_contextvars())
        return payload.line

    shop = workshop(writing(compute))
    with structlog.contextvars.bound_contextvars(request_id="request-of-the-asker"):
        job_id = await shop.ask()
    with structlog.contextvars.bound_contextvars(request_id="somebody else's"):
        await shop.work()
        assert structlog.contextvars.get_contextvars() == {"request_id": "somebody else's"}
    assert inside == {"job_id": str(job_id), "job_type": WRITE, "request_id": "request-of-the-asker"}


async def test_jobs_that_run_at_once_do_not_mix_their_names(workshop: OpenWorkshop) -> None:
    together = asyncio.Barrier(2)
    seen: dict[str, str] = {}

    async def compute(payload: Line, run: Run) -> str:
        await together.wait()
        seen[str(run.job_id)] = structlog.contextvars.get_contextvars()["job_id"]
        return payload.line

    shop = workshop(writing(compute))
    ids = [await shop.ask(name) for name in ("a", "b")]
    worker = asyncio.create_task(shop.worker(concurrency=2).run())
    for job_id in ids:
        await shop.ended(job_id)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert seen == {str(job_id): str(job_id) for job_id in ids}
