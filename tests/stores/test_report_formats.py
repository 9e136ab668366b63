"""Every report type of the stores app in every format, on both databases: the same question gives the same bytes."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.reports.models import ReportFormat
from opsroom.stores.sla.jobs import STATEMENTS

Work = Callable[[], Awaitable[None]]
DAY = {"period": "day", "of": "2026-01-03", "zone": "UTC"}
WEEK = {"start": "2026-01-05T00:00:00Z", "end": "2026-01-12T00:00:00Z"}


@pytest.fixture
async def stores(app: FastAPI, manager: httpx.AsyncClient, work: Work) -> dict[str, dict[str, Any]]:
    """Two stores and a stated month; each report type with parameters that find something."""
    for name in ("A & <b>", "北"):
        created = await manager.post("/api/v1/stores", json={"external_id": name, "zone": "UTC", "group": "north"})
        assert created.status_code == 201, created.text
    polls = [
        {
            "store_id": name,
            "timestamp_utc": f"2026-01-{day:02}T{hour:02}:00:00Z",
            "status": "inactive" if (day, hour) in {(3, 5), (3, 6), (7, 9)} and name == "北" else "active",
        }
        for name in ("A & <b>", "北")
        for day in range(1, 32)
        for hour in range(24)
    ]
    polls += [{"store_id": "北", "timestamp_utc": "2026-02-02T00:00:00Z", "status": "active"}]
    assert (await manager.post("/api/v1/stores/observations", json=polls)).status_code == 200
    policy = {"name": "North", "scope": "group", "store_group": "north", "target": 0.9999, "zone": "UTC",
              "credits": [{"below": 0.999, "percent": 10}], "effective_from": "2026-01-01"}  # fmt: skip
    policy_id = (await manager.post("/api/v1/stores/sla-policies", json=policy)).json()["id"]
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, STATEMENTS, app.state.queue.types[STATEMENTS].payload())
    await work()
    return {
        "stores.uptime": {},
        "stores.availability": DAY,
        "stores.incidents": WEEK,
        "stores.data_quality": DAY,
        "stores.sla_statement": {"policy_id": policy_id, "month": "2026-01"},
    }


async def made(client: httpx.AsyncClient, work: Work, name: str, form: str, parameters: dict[str, Any]) -> bytes:
    body = {"type": name, "format": form, "parameters": parameters}
    report = (await client.post("/api/v1/reports", json=body)).json()
    await work()
    found = (await client.get(f"/api/v1/reports/{report['id']}")).json()
    assert (found["status"], found["error"]) == ("complete", None)
    answer = await client.get(f"/api/v1/reports/{report['id']}/download")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f".{form}")
    return answer.content


async def test_all_types_in_all_formats_repeat_their_bytes(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, stores: dict[str, dict[str, Any]]
) -> None:
    assert stores.keys() == {name for name in app.state.reports.types if name.startswith("stores.")}
    for name, parameters in stores.items():
        for form in ReportFormat:
            first = await made(manager, work, name, form, parameters)
            assert await made(manager, work, name, form, parameters) == first, (name, form)


async def test_what_people_read_is_there(
    manager: httpx.AsyncClient, work: Work, stores: dict[str, dict[str, Any]]
) -> None:
    pages = {
        name: (await made(manager, work, name, "html", given)).decode() for name, given in stores.items()
    }  # fmt: skip
    assert "<b>" not in pages["stores.availability"]
    for said in ("Lowest availability", "The stores with the most downtime", "95.83 %", "2 h"):
        assert said in pages["stores.availability"]
    for said in ("Availability by day", "Incidents", "up, last week", "100.00 %"):
        assert said in pages["stores.uptime"]
    for said in ("North: 2026-01", "breached", "99.990 %", "below 99.900 %"):
        assert said in pages["stores.sla_statement"]
    assert "The stores with the most downtime" in pages["stores.incidents"]
    assert "without zone" in pages["stores.data_quality"]
