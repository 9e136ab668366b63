"""The sweep over a real database: incidents are told once, as they open and close."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.parts import NoPayload

Sweep = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
HOUR = 3_600_000_000


@pytest.fixture
async def sweep(app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]) -> Sweep:
    """Sweep once; gives all that was told so far, oldest first."""
    endpoint = {"url": "http://127.0.0.1:9/", "events": ["stores.incident.*"]}
    assert (await admin.post("/api/v1/webhooks/endpoints", json=endpoint)).status_code == 201

    async def once() -> list[tuple[str, dict[str, Any]]]:
        async with app.state.database.transaction() as session:
            await app.state.queue.add(session, "stores.sweep", NoPayload())
        await work()
        listed = (await admin.get("/api/v1/webhooks/deliveries", params={"order": "id", "size": 100})).json()["items"]
        return [(item["event_type"].rpartition(".")[2], item["payload"]["data"]) for item in listed]

    return once


async def poll(client: httpx.AsyncClient, **answers: str) -> None:
    """`h9="down"` is a poll of S-1 at 9 o'clock of 2 March 2026."""
    polls = [
        {
            "store_id": "S-1",
            "timestamp_utc": f"2026-03-02T{int(hour[1:]):02}:00:00Z",
            "status": "active" if answer == "up" else "inactive",
        }
        for hour, answer in answers.items()
    ]
    assert (await client.post("/api/v1/stores/observations", json=polls)).status_code == 200


async def test_an_incident_is_told_when_it_opens_and_when_it_closes_and_never_again(
    manager: httpx.AsyncClient, sweep: Sweep
) -> None:
    await poll(manager, h8="up", h9="up")
    assert await sweep() == []
    await poll(manager, h10="down", h11="down")
    ((kind, opened),) = await sweep()
    assert (kind, opened["store_id"], opened["started_at"]) == ("opened", "S-1", "2026-03-02T10:00:00+00:00")
    assert opened["ended_at"] is None
    assert len(await sweep()) == 1
    await poll(manager, h12="up", h13="up")
    told = await sweep()
    assert [kind for kind, _ in told] == ["opened", "closed"]
    assert (told[1][1]["downtime_us"], told[1][1]["followed_by"]) == (2 * HOUR, "up")
    assert len(await sweep()) == 2


async def test_what_opened_and_closed_between_two_looks_is_told_as_both(
    manager: httpx.AsyncClient, sweep: Sweep
) -> None:
    await poll(manager, h8="up")
    await sweep()
    await poll(manager, h9="down", h10="up", h11="up")
    assert [kind for kind, _ in await sweep()] == ["opened", "closed"]


async def test_imported_history_tells_nobody(manager: httpx.AsyncClient, sweep: Sweep) -> None:
    await poll(manager, h1="down", h2="down", h3="up", h8="up")
    assert await sweep() == []


async def test_maintenance_declared_afterwards_withdraws_an_incident(manager: httpx.AsyncClient, sweep: Sweep) -> None:
    await poll(manager, h8="up", h9="down", h10="down")
    await sweep()
    window = {
        "title": "Power cut",
        "scope": "all",
        "zone": "UTC",
        "start_local": "2026-03-02T08:30:00",
        "end_local": "2026-03-02T12:00:00",
    }
    await manager.post("/api/v1/stores/maintenance-windows", json=window)
    told = await sweep()
    assert [(kind, facts["followed_by"]) for kind, facts in told] == [("opened", None), ("closed", "withdrawn")]


async def test_without_a_poll_there_is_nothing_to_look_at(sweep: Sweep) -> None:
    assert await sweep() == []
