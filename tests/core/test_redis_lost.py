"""Redis is stopped in the middle of a load, and comes back: two servers, rates counted and pages kept through it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from tests.attacks.conftest import cookie_of
from tests.redis_server import Redis, running_redis

from opsroom.core.auth.models import Role
from opsroom.core.cache import Cache
from opsroom.core.ratelimit import Counts
from opsroom.main import create_app
from opsroom.settings import Settings

REQUESTS, AT_ONCE = 180, 12
KILLED, BACK = 60, 120  # after so many answers
TIME_TO_LOOK = 0.001  # as if it had come
CLOCK = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")  # of the moment in which a page is made
PAGES = ("/console/stores?window=last_24h", "/console/stores?window=last_7d", "/console/stores/incidents")
POLLS = "store_id,timestamp_utc,status\n" + "".join(
    f"s-1,2026-10-27 {hour:02}:00:00 UTC,active\n" for hour in range(24)
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, redis: Redis) -> Settings:
    limits = {"rate_limit": "100000/hour", "address_rate_limit": "100000/hour"}
    return Settings.model_validate({**settings.model_dump(), **limits, "redis_url": redis.url})


@pytest.fixture
async def servers(app: FastAPI, settings: Settings) -> AsyncIterator[tuple[FastAPI, FastAPI]]:
    second = create_app(settings, work=False)
    yield app, second
    await second.state.database.close()
    for each in (app, second):
        (counts,) = [layer.kwargs["counts"] for layer in each.user_middleware if "counts" in layer.kwargs]
        await cast("Counts", counts).close()
        await each.state.cache.close()


async def test_answers_stay_right_and_none_is_an_error(
    servers: tuple[FastAPI, FastAPI], admin: httpx.AsyncClient, redis: Redis, work: Callable[[], Awaitable[None]]
) -> None:
    await admin.post("/api/v1/stores/imports", files={"status": ("status.csv", POLLS)})
    await work()
    clients = [await browsing(each) for each in servers]
    answers: list[httpx.Response] = []
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> None:
        async with room:
            answers.append(await (send_poll(admin, number) if number % 12 == 0 else look(clients[number % 2], number)))
        if len(answers) == KILLED:
            redis.kill()
        elif len(answers) == BACK:
            redis.start()
            for each in servers:
                each.state.cache._redis.until = TIME_TO_LOOK

    await asyncio.gather(*(ask(number) for number in range(REQUESTS)))
    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    for each in servers:
        each.state.cache._redis.until = TIME_TO_LOOK
    await send_poll(admin, REQUESTS)
    shown = await all_pages(clients)
    assert [each.state.cache._redis.until for each in servers] == [0, 0], "both found that it is back"
    for each in servers:
        await each.state.cache.close()
        each.state.cache = Cache(each.state.metrics)
    assert shown == await all_pages(clients), "as if nothing had ever been kept"
    for client in clients:
        await client.aclose()


async def all_pages(clients: Sequence[httpx.AsyncClient]) -> list[str]:
    return [CLOCK.sub("", (await client.get(page)).text) for page in PAGES for client in clients]


async def browsing(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    cookies = await cookie_of(app, Role.USER, f"browsing-{id(app)}")
    return httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", cookies=cookies)


async def look(client: httpx.AsyncClient, number: int) -> httpx.Response:
    return await client.get(PAGES[number % len(PAGES)] if number % 4 else "/api/v1/auth/me")


async def send_poll(client: httpx.AsyncClient, number: int) -> httpx.Response:
    """Another one each time, so that what was kept is of the past."""
    poll = {
        "store_id": "s-1",
        "timestamp_utc": f"2026-10-27T10:{number % 60:02}:{number // 60:02}Z",
        "status": "inactive",
    }
    return await client.post("/api/v1/stores/observations", json=poll)
