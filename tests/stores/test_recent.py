"""The overview of the fleet is kept, and every way of writing what it rests on makes it anew."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from opsroom.core.audit.changes import state_of
from opsroom.core.cache import Cache
from opsroom.stores.recent import TABLES

CLOCK = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")  # of the moment in which a page is made
Work = Callable[[], Awaitable[None]]

HOURS = "store_id,day,start_time_local,end_time_local\n" + "".join(f"s-1,{day},08:00:00,20:00:00\n" for day in range(7))
ZONES = "store_id,timezone_str\ns-1,UTC\n"
POLLS = "store_id,timestamp_utc,status\n" + "".join(
    f"s-1,2026-10-2{day} {hour:02}:00:00 UTC,active\n" for day in (6, 7) for hour in range(0, 24, 2)
)


@pytest.fixture
async def fleet(admin: httpx.AsyncClient, work: Work) -> httpx.AsyncClient:
    files = {"status": ("status.csv", POLLS), "hours": ("hours.csv", HOURS), "zones": ("zones.csv", ZONES)}
    assert (await admin.post("/api/v1/stores/imports", files=files)).status_code == 202
    await work()
    return admin


async def page(client: httpx.AsyncClient) -> str:
    answer = await client.get("/console/stores?window=last_24h")
    assert answer.status_code == 200
    return CLOCK.sub("", answer.text)


def computed(app: FastAPI) -> int:
    """How often an overview was computed."""
    found = app.state.metrics.registry.get_sample_value(
        "opsroom_cached_answers_total", {"kind": "stores.overview", "where": "computed"}
    )
    return int(found or 0)


async def test_a_page_is_computed_once_while_nothing_changes(app: FastAPI, fleet: httpx.AsyncClient) -> None:
    first = await page(fleet)
    assert await page(fleet) == first
    assert computed(app) == 1


LATE = [{"store_id": "s-1", "timestamp_utc": "2026-10-27T12:30:00Z", "status": "inactive"}]


async def late_poll(client: httpx.AsyncClient, _app: FastAPI, _work: Work) -> None:
    """Older than the newest poll, which stays what it is."""
    assert (await client.post("/api/v1/stores/observations", json=LATE)).status_code == 200


async def late_file(client: httpx.AsyncClient, _app: FastAPI, work: Work) -> None:
    late = "store_id,timestamp_utc,status\ns-1,2026-10-27 12:30:00 UTC,inactive\n"
    assert (await client.post("/api/v1/stores/imports", files={"status": ("late.csv", late)})).status_code == 202
    await work()


async def another_zone(client: httpx.AsyncClient, _app: FastAPI, _work: Work) -> None:
    assert (await client.patch("/api/v1/stores/s-1", json={"zone": "Asia/Tokyo"})).status_code == 200


async def raw_sql(_client: httpx.AsyncClient, app: FastAPI, _work: Work) -> None:
    """In bulk, past every function of ours, with the time of change as it was."""
    async with app.state.database.transaction() as session:
        await session.execute(text("DELETE FROM business_hours WHERE day_of_week < 3"))


@pytest.mark.parametrize("write", [late_poll, late_file, another_zone, raw_sql])
async def test_every_door_makes_it_anew(
    app: FastAPI, fleet: httpx.AsyncClient, work: Work, write: Callable[[Any, Any, Any], Awaitable[None]]
) -> None:
    before = await page(fleet)
    await write(fleet, app, work)
    after = await page(fleet)
    assert computed(app) == 2
    assert after != before
    app.state.cache = Cache(app.state.metrics)
    assert await page(fleet) == after, "as if nothing had been kept"


async def test_polls_that_are_known_change_nothing(app: FastAPI, fleet: httpx.AsyncClient) -> None:
    await page(fleet)
    known = [{"store_id": "s-1", "timestamp_utc": "2026-10-27T12:00:00Z", "status": "active"}]
    assert (await fleet.post("/api/v1/stores/observations", json=known)).json()["added"] == 0
    await page(fleet)
    assert computed(app) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_transaction_that_began_earlier_and_commits_later_is_seen(app: FastAPI) -> None:
    """Its entries have lower numbers than those that were seen already."""
    insert = text(
        "INSERT INTO stores (id, external_id, site) VALUES (gen_random_uuid(), :name, nextval('stores_site_seq'))"
    )
    database = app.state.database
    async with database.reading() as connection:
        async with database.transaction() as early:
            await early.execute(insert, {"name": "early"})
            async with database.transaction() as late:
                await late.execute(insert, {"name": "late"})
            between = await state_of(connection, TABLES)
        assert await state_of(connection, TABLES) != between


async def test_a_trail_that_is_sealed_says_the_same_and_then_something_else(
    app: FastAPI, fleet: httpx.AsyncClient
) -> None:
    async with app.state.database.reading() as connection:
        assert await state_of(connection, TABLES) == await state_of(connection, TABLES)
        assert await state_of(connection, ("no_such_table",)) != await state_of(connection, TABLES)
