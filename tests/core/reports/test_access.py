"""Who may read a run, and until when there is a file."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import polars as pl
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select, update

from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.jobs.handler import Run
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.reports.expiry import EXPIRE, Nothing
from opsroom.core.reports.models import Report
from opsroom.core.storage.models import Artifact

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]


class Parameters(BaseModel):
    pass


async def compute(_parameters: Parameters, _run: Run) -> ReportTable:
    return ReportTable(pl.DataFrame({"a": [1]}), datetime(2026, 1, 1, tzinfo=UTC), "f" * 64, "1")


@pytest.fixture(autouse=True)
def declared(app: FastAPI) -> None:
    for name, permission in (("tests.open", "stores.reports.read"), ("tests.closed", "audit.read")):
        app.state.reports.types[name] = ReportType(
            name=name, title="Trial", parameters=Parameters, compute=compute, permission=permission
        )


async def made(client: httpx.AsyncClient, work: Work, **body: Any) -> str:
    answer = await client.post("/api/v1/reports", json={"type": "tests.open", **body})
    assert answer.status_code == 202, answer.text
    await work()
    found: str = answer.json()["id"]
    return found


async def sees(client: httpx.AsyncClient, report_id: str) -> list[int]:
    """The list (1 or 0 rows), the record, the file, the console's page."""
    path = f"/api/v1/reports/{report_id}"
    listed = (await client.get("/api/v1/reports")).json()["items"]
    answers = [await client.get(path), await client.get(f"{path}/download")]
    return [len(listed), *(answer.status_code for answer in answers)]


async def test_a_private_run_is_there_for_who_asked_for_it_alone(
    client_for: ClientFor, manager: httpx.AsyncClient, work: Work
) -> None:
    other = await client_for(Role.MANAGER, "another")
    report_id = await made(manager, work, private=True)
    assert await sees(manager, report_id) == [1, 200, 200]
    assert await sees(other, report_id) == [0, 404, 404]
    assert (await other.post(f"/api/v1/reports/{report_id}/cancel")).status_code == 404
    assert (await other.delete(f"/api/v1/reports/{report_id}")).status_code == 404
    assert await sees(other, await made(manager, work)) == [1, 200, 200]


async def test_runs_of_a_type_are_there_for_those_who_may_read_it(
    client_for: ClientFor, manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    admin = await client_for(Role.ADMIN)
    report_id = await made(admin, work, type="tests.closed")
    assert await sees(manager, report_id) == [0, 404, 403]
    assert await sees(admin, report_id) == [1, 200, 200]
    refused = await manager.delete(f"/api/v1/reports/{report_id}")
    assert problem_of(refused, 403)["permission"] == "audit.read"


async def test_an_expired_file_is_gone_and_let_go(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    report_id = await made(manager, work, keep_days=3)
    kept = await made(manager, work)
    path = f"/api/v1/reports/{report_id}"
    assert (await manager.get(path)).json()["expires_at"] > (now() + timedelta(days=2)).isoformat()
    assert (await manager.get(f"{path}/download")).status_code == 200
    async with app.state.database.transaction() as session:
        await session.execute(update(Report).where(Report.id == UUID(report_id)).values(expires_at=now()))
    gone = problem_of(await manager.get(f"{path}/download"), 410)
    assert gone["code"] == "report_expired"
    assert "ask for the report again" in gone["detail"]
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, EXPIRE, Nothing())
    await work()
    async with app.state.database.transaction() as session:
        assert len((await session.scalars(select(Artifact))).all()) == 1
    assert (await manager.get(path)).json()["status"] == "complete"
    assert problem_of(await manager.get(f"{path}/download"), 410)["code"] == "report_expired"
    assert (await manager.get(f"/api/v1/reports/{kept}/download")).status_code == 200


@pytest.mark.parametrize("keep", [0, 4000])
async def test_a_file_is_kept_between_a_day_and_ten_years(manager: httpx.AsyncClient, keep: int) -> None:
    answer = await manager.post("/api/v1/reports", json={"type": "tests.open", "keep_days": keep})
    assert answer.status_code == 422
