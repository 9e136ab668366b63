"""Watching a job over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import update
from tests.conftest import sign_in

from opsroom.core.auth.models import Role
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.reports.run import JOB, RunReport

NOBODYS_REPORT = UUID(int=1)


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[uvicorn.Server]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it sets no event
        await asyncio.sleep(0.01)
    yield server
    server.should_exit = True
    await serving


@pytest.fixture
async def client(app: FastAPI, server: uvicorn.Server) -> AsyncIterator[httpx.AsyncClient]:
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {await sign_in(app, Role.MANAGER, 'otieno')}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
async def job_id(app: FastAPI) -> UUID:
    async with app.state.database.transaction() as session:
        job: Job = await app.state.queue.add(session, JOB, RunReport(report_id=NOBODYS_REPORT))
        return job.id


async def change(app: FastAPI, job_id: UUID, **values: object) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(update(Job).where(Job.id == job_id).values(**values))


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, dict[str, object]]]:
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


async def test_every_change_is_an_event_and_the_stream_ends_with_the_job(
    app: FastAPI, client: httpx.AsyncClient, job_id: UUID
) -> None:
    async with client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        seen = events(response)
        assert await anext(seen) == ("progress", {"status": "queued", "progress": 0.0, "message": None, "error": None})
        await change(app, job_id, status=JobStatus.RUNNING, progress=0.5, message="half way")
        name, state = await anext(seen)
        assert (name, state["progress"], state["message"]) == ("progress", 0.5, "half way")
        await change(app, job_id, status=JobStatus.SUCCEEDED, progress=1.0)
        name, state = await anext(seen)
        assert (name, state["status"]) == ("end", "succeeded")
        assert [event async for event in seen] == []


async def test_the_stream_of_a_job_that_has_ended_says_so_and_ends(
    app: FastAPI, client: httpx.AsyncClient, job_id: UUID
) -> None:
    await change(app, job_id, status=JobStatus.FAILED, error="no")
    async with client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        assert [name async for name, _ in events(response)] == ["end"]


async def test_a_watcher_that_goes_away_is_not_watched_for(
    client: httpx.AsyncClient, server: uvicorn.Server, job_id: UUID
) -> None:
    async with client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        await anext(events(response))
        assert len(server.server_state.tasks) == 1
    async with asyncio.timeout(30):
        while server.server_state.tasks:  # noqa: ASYNC110  it sets no event
            await asyncio.sleep(0.01)


async def test_a_job_that_does_not_exist_cannot_be_watched(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/api/v1/jobs/{NOBODYS_REPORT}/events")
    assert response.status_code == 404
