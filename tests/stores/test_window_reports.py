"""Reports over any window, through the one mechanism of reports."""

import csv
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Work = Callable[[], Awaitable[None]]
DAY = {"period": "day", "of": "2026-03-02", "zone": "UTC"}


@pytest.fixture
async def store(manager: httpx.AsyncClient) -> None:
    """S-1, open from 8 to 20 o'clock UTC, polled every hour, down from 9 to 11 and at 19."""
    created = await manager.post("/api/v1/stores", json={"external_id": "S-1", "zone": "UTC"})
    shift = {"day_of_week": 0, "start_time_local": "08:00:00", "end_time_local": "20:00:00"}
    assert (await manager.post(f"/api/v1/stores/{created.json()['id']}/hours", json=shift)).status_code == 201
    down = {9, 10, 19}
    polls = [
        {
            "store_id": "S-1",
            "timestamp_utc": f"2026-03-02T{hour:02}:00:00Z",
            "status": "inactive" if hour in down else "active",
        }
        for hour in range(24)
    ]
    assert (await manager.post("/api/v1/stores/observations", json=polls)).status_code == 200


async def rows(client: httpx.AsyncClient, work: Work, type_name: str, **parameters: Any) -> list[dict[str, str]]:
    body = {"type": type_name, "format": "csv", "parameters": DAY | parameters}
    report = (await client.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    download = await client.get(f"/api/v1/reports/{report}/download")
    assert download.status_code == 200, download.text
    return list(csv.DictReader(io.StringIO(download.text)))


@pytest.mark.usefixtures("store")
async def test_each_report_says_what_happened_in_its_window(manager: httpx.AsyncClient, work: Work) -> None:
    assert await rows(manager, work, "stores.availability") == [
        {
            "store_id": "S-1",
            "open_hours": "12.00",
            "uptime_hours": "9.00",
            "downtime_hours": "3.00",
            "unknown_hours": "0.00",
            "coverage_percent": "100.00",
            "availability_percent": "75.00",
            "incidents": "2",
            "mttr_minutes": "120.00",
            "mtbf_hours": "4.50",
        }
    ]
    assert await rows(manager, work, "stores.incidents") == [
        {
            "store_id": "S-1",
            "started_at": "2026-03-02T09:00:00Z",
            "ended_at": "2026-03-02T11:00:00Z",
            "downtime_minutes": "120.00",
            "state": "over",
            "followed_by": "up",
        },
        {
            "store_id": "S-1",
            "started_at": "2026-03-02T19:00:00Z",
            "ended_at": "",
            "downtime_minutes": "60.00",
            "state": "down",
            "followed_by": "",
        },
    ]
    assert await rows(manager, work, "stores.data_quality") == [
        {
            "store_id": "S-1",
            "zone": "UTC",
            "zone_is": "known",
            "hours_rows": "1",
            "polls": "24",
            "contradictions": "0",
            "latest_poll": "2026-03-02T23:00:00Z",
            "coverage_percent": "100.00",
        }
    ]


@pytest.mark.usefixtures("store")
async def test_a_window_that_means_nothing_fails_the_report_with_a_sentence(
    manager: httpx.AsyncClient, work: Work
) -> None:
    body = {"type": "stores.incidents", "format": "json", "parameters": {"window": "last_year"}}
    report = (await manager.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    found = (await manager.get(f"/api/v1/reports/{report}")).json()
    assert found["status"] == "failed"
    assert "write last_24h" in found["error"]
