"""What /metrics reads from the database."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text, update

from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.gauges import GAUGES, read_gauges
from opsroom.core.jobs.models import Job, JobStatus, Worker
from opsroom.core.parts import NoPayload
from opsroom.main import audit_signers
from opsroom.settings import Settings

Figures = dict[tuple[str, ...], float]


async def figures(client: httpx.AsyncClient) -> Figures:
    """The value of every series, by its name and the values of its labels, in the order of their names."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


async def test_jobs_are_told_by_type_and_status(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, "audit.seal", NoPayload())
        await app.state.queue.add(session, "audit.seal", NoPayload(), run_at=now() + timedelta(hours=1))
        late = await app.state.queue.add(session, "reports.expire", NoPayload(), run_at=now() - timedelta(minutes=10))
    found = await figures(admin)
    assert found["opsroom_jobs_unfinished", "queued", "audit.seal"] == 2
    assert 600 <= found["opsroom_job_wait_seconds",] < 660
    async with app.state.database.transaction() as session:
        await session.execute(update(Job).where(Job.id == late.id).values(status=JobStatus.FAILED))
    await work()
    found = await figures(admin)
    assert found["opsroom_jobs_unfinished", "queued", "audit.seal"] == 1, "the one of the next hour"
    assert found["opsroom_job_wait_seconds",] == 0
    assert found["opsroom_jobs_failed", "reports.expire"] == 1
    assert found["opsroom_jobs_total", "succeeded", "audit.seal"] == 1


async def test_workers_count_while_they_show_life(app: FastAPI, admin: httpx.AsyncClient) -> None:
    seen = [
        {"name": f"host:{age}:mark", "started_at": now(), "seen_at": now() - timedelta(seconds=age)} for age in (5, 300)
    ]
    async with app.state.database.transaction() as session:
        await session.execute(insert(Worker), seen)
    assert (await figures(admin))["opsroom_workers",] == 1


async def test_the_age_of_what_is_not_sealed_ends_with_the_sealing(
    app: FastAPI, admin: httpx.AsyncClient, settings: Settings
) -> None:
    found = await figures(admin)
    assert found["opsroom_audit_unsealed_seconds",] > 0, "of the entry that the admin was created"
    assert found["opsroom_audit_gaps",] == 0
    await seal(app.state.database, audit_signers(settings))
    assert (await figures(admin))["opsroom_audit_unsealed_seconds",] == 0


async def test_pools_say_how_many_connections_are_in_use(app: FastAPI, admin: httpx.AsyncClient) -> None:
    found = await figures(admin)
    assert found["opsroom_database_up",] == 1
    async with app.state.database.transaction() as session:
        await session.execute(text("SELECT 1"))
        inside = await figures(admin)
    assert (
        inside["opsroom_pool_connections", "write", "in_use"]
        == found["opsroom_pool_connections", "write", "in_use"] + 1
    )
    assert found["opsroom_pool_connections", "read", "limit"] > found["opsroom_pool_connections", "read", "in_use"]


async def test_a_database_that_does_not_answer_is_a_figure(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    told = await read_gauges(database, GAUGES)
    await database.close()
    assert b"opsroom_database_up 0.0" in told
