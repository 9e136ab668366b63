"""Polls moved to archives in the way people ask for it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

RollOff = Callable[[int], Awaitable[dict[str, Any]]]


@pytest.fixture
def roll_off(manager: httpx.AsyncClient, work: Callable[[], Awaitable[None]]) -> RollOff:
    """Keep so many days in the table; gives what the job says it moved."""

    async def run(keep_days: int) -> dict[str, Any]:
        asked = await manager.post("/api/v1/stores/archives", json={"keep_days": keep_days})
        assert asked.status_code == 202, asked.text
        await work()
        job = (await manager.get(f"/api/v1/jobs/{asked.json()['id']}")).json()
        assert job["status"] == "succeeded", job
        moved: dict[str, Any] = job["result"]
        return moved

    return run
