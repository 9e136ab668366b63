"""Two stores of the north, polled every hour of January 2026 and the first days of February."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.parts import NoPayload

RunJob = Callable[[str], Awaitable[None]]
START = datetime(2026, 1, 1, tzinfo=UTC)


def polls(store: str, start: datetime, hours: int, down: set[int]) -> list[dict[str, str]]:
    return [
        {
            "store_id": store,
            "timestamp_utc": (start + timedelta(hours=hour)).isoformat(),
            "status": "inactive" if hour in down else "active",
        }
        for hour in range(hours)
    ]


@pytest.fixture
async def north(manager: httpx.AsyncClient) -> None:
    """A was down for 10 hours of January, B for 2."""
    for name in ("A", "B"):
        store = {"external_id": name, "zone": "UTC", "group": "north"}
        assert (await manager.post("/api/v1/stores", json=store)).status_code == 201
    hours = 33 * 24
    seen = [*polls("A", START, hours, set(range(50, 60))), *polls("B", START, hours, {100, 101})]
    assert (await manager.post("/api/v1/stores/observations", json=seen)).status_code == 200


@pytest.fixture
def policy() -> dict[str, Any]:
    return {
        "name": "North",
        "scope": "group",
        "store_group": "north",
        "target": 0.99,
        "zone": "UTC",
        "credits": [{"below": 0.99, "percent": 10}, {"below": 0.98, "percent": 25}],
        "effective_from": "2026-01-01",
    }


@pytest.fixture
def run_job(app: FastAPI, work: Callable[[], Awaitable[None]]) -> RunJob:
    """Ask for a job with its payload's defaults, and do everything that is due."""

    async def run(name: str) -> None:
        async with app.state.database.transaction() as session:
            payload = app.state.queue.types[name].payload or NoPayload
            await app.state.queue.add(session, name, payload())
        await work()

    return run
