"""Fetching a report reads its bytes before anything is written."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.engine import make_url
from tests.stores.conftest import HOURS, STATUS, ZONES, HandIn, Rows

ProblemOf = Callable[[httpx.Response, int], dict[str, Any]]
DOWNLOADED = "SELECT count(*) FROM audit_log WHERE event = 'reports.file.downloaded'"


@pytest.fixture
async def report(manager: httpx.AsyncClient, work: Callable[[], Awaitable[None]], hand_in: HandIn) -> str:
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    asked = await manager.post("/api/v1/reports", json={"type": "stores.uptime", "format": "csv", "parameters": {}})
    await work()
    key: str = asked.json()["id"]
    return key


def damage(app: FastAPI) -> None:
    folder: Path = app.state.blobs.scratch.parent / "artifacts"
    for path in folder.glob("*/*"):
        path.chmod(0o600)
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content + b" ")


@pytest.mark.parametrize("path", ["/api/v1/reports/{}/download", "/download_report/{}/"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_damaged_file_is_refused_while_another_program_writes(
    database_url: str, path: str, report: str, app: FastAPI, manager: httpx.AsyncClient, problem_of: ProblemOf
) -> None:
    damage(app)
    writer = sqlite3.connect(str(make_url(database_url).database), isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        problem = problem_of(await manager.get(path.format(report)), 503)
    finally:
        writer.close()
    assert problem["code"] == "artifact_corrupted"


async def test_who_fetched_it_is_recorded(report: str, manager: httpx.AsyncClient, rows: Rows) -> None:
    ((before,),) = await rows(DOWNLOADED)
    for path in (f"/api/v1/reports/{report}/download", f"/download_report/{report}/"):
        assert (await manager.get(path)).text.startswith("store_id,uptime_last_hour")
    assert await rows(DOWNLOADED) == [(before + 2,)]
