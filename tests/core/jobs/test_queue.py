"""Asking for work: with the transaction of its cause, or not at all."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.core.jobs.conftest import OpenWorkshop
from tests.core.jobs.workshop import NO_WAIT, WRITE, Line, writing

from opsroom.core.actor import Actor
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.jobs.models import JobStatus


async def test_a_job_does_its_work_once_and_keeps_its_result(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask("hello")
    await shop.work()
    await shop.work()
    job = await shop.job(job_id)
    assert await shop.effects() == ["hello"]
    assert (job.status, job.progress, job.result, job.attempt) == (JobStatus.SUCCEEDED, 1.0, {"line": "hello"}, 1)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.finished_at >= job.started_at


async def test_a_job_of_a_transaction_that_was_rolled_back_was_never_asked(workshop: OpenWorkshop) -> None:
    shop = workshop()
    async with shop.database.transaction() as session:
        await shop.queue.add(session, WRITE, Line())
        await session.rollback()
    assert not shop.queue.bell.is_set()
    await shop.work()
    assert await shop.effects() == []


async def test_the_bell_rings_at_the_commit_and_not_before(workshop: OpenWorkshop) -> None:
    shop = workshop()
    async with shop.database.transaction() as session:
        await shop.queue.add(session, WRITE, Line())
        assert not shop.queue.bell.is_set()
    assert shop.queue.bell.is_set()


async def test_the_bell_does_not_ring_when_only_a_savepoint_is_released(workshop: OpenWorkshop) -> None:
    shop = workshop()
    async with shop.database.transaction() as session:
        async with session.begin_nested():
            await shop.queue.add(session, WRITE, Line())
        assert not shop.queue.bell.is_set()
    assert shop.queue.bell.is_set()
    await shop.work()
    assert await shop.effects() == ["done"]


async def test_a_job_of_a_savepoint_that_was_rolled_back_was_never_asked(workshop: OpenWorkshop) -> None:
    shop = workshop()
    async with shop.database.transaction() as session:
        await shop.queue.add(session, WRITE, Line(line="kept"))
        savepoint = await session.begin_nested()
        await shop.queue.add(session, WRITE, Line(line="regretted"))
        await savepoint.rollback()
    await shop.work()
    assert await shop.effects() == ["kept"]


async def test_two_unfinished_jobs_with_one_exclusive_key_are_refused_by_the_database(workshop: OpenWorkshop) -> None:
    shop = workshop()
    await shop.ask(exclusive_key="the only one")
    with pytest.raises(IntegrityError):
        await shop.ask(exclusive_key="the only one")
    await shop.work()
    await shop.ask(exclusive_key="the only one")


async def test_a_waiting_job_that_is_cancelled_never_runs_and_leaves_its_traces(workshop: OpenWorkshop) -> None:
    abandoned: list[tuple[str, str]] = []

    async def note(_session: object, payload: Line, reason: str, _run: Run) -> None:
        abandoned.append((payload.line, reason))

    shop = workshop(writing(failed=note))
    job_id = await shop.ask("unwanted")
    async with shop.database.transaction() as session:
        await shop.queue.cancel(session, job_id)
    await shop.work()
    job = await shop.job(job_id)
    assert (job.status, job.error) == (JobStatus.CANCELLED, "cancelled")
    assert abandoned == [("unwanted", "cancelled")]
    assert await shop.effects() == []


async def test_a_job_that_has_ended_cannot_be_cancelled(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask()
    await shop.work()
    with pytest.raises(Conflict, match="it is succeeded"):
        async with shop.database.transaction() as session:
            await shop.queue.cancel(session, job_id)


async def test_cancelling_what_never_was_says_so(workshop: OpenWorkshop) -> None:
    shop = workshop()
    stranger = await shop.ask()
    async with shop.database.transaction() as session:
        await session.execute(text("DELETE FROM jobs"))
    with pytest.raises(NotFound, match=str(stranger)):
        async with shop.database.transaction() as session:
            await shop.queue.cancel(session, stranger)


async def test_a_failed_job_can_be_tried_again_with_all_its_attempts(workshop: OpenWorkshop) -> None:
    broken = True

    async def compute(payload: Line, _run: Run) -> str:
        if broken:
            raise Permanent("the printer is on fire")
        return payload.line

    shop = workshop(writing(compute, retry=NO_WAIT))
    job_id = await shop.ask()
    await shop.work()
    failed = await shop.job(job_id)
    assert (failed.status, failed.error) == (JobStatus.FAILED, "the printer is on fire")
    assert "Permanent: the printer is on fire" in (failed.traceback or "")

    broken = False
    shop.queue.bell.clear()
    async with shop.database.transaction() as session:
        await shop.queue.retry(session, job_id)
    assert shop.queue.bell.is_set()
    await shop.work()
    again = await shop.job(job_id)
    assert (again.status, again.attempt, again.error) == (JobStatus.SUCCEEDED, 1, None)
    assert await shop.effects() == ["done"]


async def test_a_job_that_did_not_fail_cannot_be_tried_again(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask()
    with pytest.raises(Conflict, match="failed or was cancelled"):
        async with shop.database.transaction() as session:
            await shop.queue.retry(session, job_id)


async def test_a_job_knows_who_asked_for_it(workshop: OpenWorkshop) -> None:
    shop = workshop()
    job_id = await shop.ask(actor=Actor(name="wanjiru"))
    assert (await shop.job(job_id)).requested_by == "wanjiru"


def test_two_types_of_one_name_are_refused(workshop: OpenWorkshop) -> None:
    with pytest.raises(ValueError, match=r"two job types are named tests\.write_line"):
        workshop(writing(), writing())
