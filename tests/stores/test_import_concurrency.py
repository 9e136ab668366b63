"""Imports and live polls at once: nothing is lost, nothing is twice, nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from tests.stores.conftest import OBSERVED, Rows, post_files
from tests.stores.test_imports import at

from opsroom.core.jobs.runtime import Runtime
from opsroom.main import create_app
from opsroom.settings import Settings

STORES, HOURS_BACK = 40, 50
BASE = datetime(2025, 1, 1, tzinfo=UTC)


def poll(store: int, hour: int, status: str = "active") -> dict[str, str]:
    return {"store_id": f"s{store:02}", "timestamp_utc": (BASE + timedelta(hours=hour)).isoformat(), "status": status}


def csv_of(polls: list[dict[str, str]]) -> str:
    return "store_id,timestamp_utc,status\n" + "".join(",".join(one.values()) + "\n" for one in polls)


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[Callable[[int], list[Runtime]]]:
    """Workers as of several processes, each with a pool of connections of its own."""
    apps: list[FastAPI] = []

    def make(count: int) -> list[Runtime]:
        apps.extend(create_app(settings, work=False) for _ in range(count))
        return [Runtime(app.state.database, app.state.queue, app.state.metrics) for app in apps]

    yield make
    for app in apps:
        await app.state.database.close()


async def test_three_overlapping_imports_while_polls_arrive(
    manager: httpx.AsyncClient, workers: Callable[[int], list[Runtime]], rows: Rows
) -> None:
    """Every import and every batch names the same stores, in other orders, and shares rows with the others."""
    every = [poll(store, hour) for store in range(STORES) for hour in range(HOURS_BACK)]
    for part in (every[: len(every) * 2 // 3], every[len(every) // 3 :][::-1], every[::2]):
        assert (await post_files(manager, status=csv_of(part))).status_code == 202

    async def send(number: int) -> int:
        batch = [poll(store, hour) for hour in (number, 1_000 + number) for store in range(STORES)]
        answer = await manager.post("/api/v1/stores/observations", json=batch[:: 1 if number % 2 else -1])
        assert answer.status_code == 200, answer.text
        return int(answer.json()["added"])

    async with asyncio.timeout(120):
        await asyncio.gather(*(worker.run_until_idle() for worker in workers(3)), *(send(n) for n in range(12)))

    assert await rows("SELECT status, attempt FROM jobs WHERE type = 'stores.import'") == [("succeeded", 1)] * 3
    expected = [
        (f"s{store:02}", hour) for store in range(STORES) for hour in [*range(HOURS_BACK), *range(1_000, 1_012)]
    ]
    base = at("2025-01-01 00:00:00")
    assert [
        (store, (instant - base) // 3_600_000_000) for store, instant, seen in await rows(OBSERVED) if seen == 1
    ] == expected
    assert await rows("SELECT count(*), count(DISTINCT site), count(DISTINCT external_id) FROM stores") == [
        (STORES,) * 3
    ]


async def test_polls_that_create_the_same_stores_at_once_create_each_once(
    manager: httpx.AsyncClient, rows: Rows
) -> None:
    async def send(number: int) -> httpx.Response:
        batch = [poll(store, number, "inactive") for store in range(STORES)]
        return await manager.post("/api/v1/stores/observations", json=batch[:: 1 if number % 2 else -1])

    async with asyncio.timeout(120):
        answers = await asyncio.gather(*(send(number) for number in range(10)))
    assert [(answer.status_code, answer.json()["added"]) for answer in answers] == [(200, STORES)] * 10
    assert await rows("SELECT count(*), count(DISTINCT site) FROM stores") == [(STORES, STORES)]
    assert await rows("SELECT count(*) FROM store_observations") == [(STORES * 10,)]
