"""What a job writes is written for the person who asked for it, and says which job it was."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from opsroom.core.db.engine import Database

Trail = Any
Work = Callable[[], Awaitable[None]]


async def test_a_report_is_made_and_fetched_in_the_asking_person_s_name(
    manager: httpx.AsyncClient, work: Work, database: Database, trail: Trail
) -> None:
    body = {"type": "stores.uptime", "parameters": {"as_of": "2026-01-01T00:00:00Z"}}
    asked = await manager.post("/api/v1/reports", json=body, headers={"X-Request-ID": "asked-for-1"})
    report = asked.json()
    await work()
    fetched = await manager.get(f"/api/v1/reports/{report['id']}/download")
    assert fetched.status_code == 200
    entries = await trail()

    states = [
        (entry["after"] or {}).get("status")
        for entry in entries
        if entry["table_name"] == "jobs" and "status" in (entry["after"] or {})
    ]
    assert states == ["queued", "running", "succeeded"]
    saved = next(entry for entry in entries if (entry["after"] or {}).get("status") == "complete")
    assert (saved["table_name"], saved["user_name"]) == ("reports", "the_manager")
    assert str(saved["job_id"]) == report["job_id"]
    assert saved["request_id"] == "asked-for-1"

    downloaded = entries[-1]
    assert downloaded["event"] == "reports.file.downloaded"
    assert downloaded["record_id"] == report["id"]
    assert downloaded["job_id"] is None
    assert len(downloaded["facts"]["sha256"]) == 64
