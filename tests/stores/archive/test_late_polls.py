"""Polls that arrive for a month whose polls were archived: taken once, counted once, archived with the others later."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.stores.archive.conftest import RollOff
from tests.stores.archive.test_same_numbers_before_and_after import page_of
from tests.stores.conftest import HandIn, Rows

Work = Callable[[], Awaitable[None]]
START = datetime(2026, 9, 1, tzinfo=UTC)
SEPTEMBER = {"from": "2026-09-01T00:00:00Z", "to": "2026-10-01T00:00:00Z"}
ONLINE = "SELECT count(*) FROM store_observations"
ARCHIVED = "SELECT month, polls, stores FROM observation_archives ORDER BY month"


def poll(store: str, hour: float, status: str = "active") -> dict[str, str]:
    return {"store_id": store, "timestamp_utc": (START + timedelta(hours=hour)).isoformat(), "status": status}


def as_csv(polls: list[dict[str, str]]) -> str:
    return "store_id,timestamp_utc,status\n" + "".join(
        f"{each['store_id']},{each['timestamp_utc']},{each['status']}\n" for each in polls
    )


SEEN = [poll(store, hour, "inactive" if hour == 5 else "active") for store in "ab" for hour in range(10)]
LATEST = [poll("a", 24 * 45)]


async def send(client: httpx.AsyncClient, *polls: dict[str, str]) -> int:
    answer = await client.post("/api/v1/stores/observations", json=list(polls))
    assert answer.status_code == 200, answer.text
    added: int = answer.json()["added"]
    return added


async def september(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    found = await client.get("/api/v1/stores/availability", params=SEPTEMBER)
    return {row["store_id"]: row for row in found.json()["stores"]}


async def counts(client: httpx.AsyncClient, store: str) -> tuple[int, int]:
    """Polls and contradictions of September."""
    found = await client.get("/api/v1/stores/summary", params=SEPTEMBER | {"store": store})
    quality = found.json()["quality"]
    return quality["polls"], quality["contradictions"]


@pytest.fixture
async def archived(manager: httpx.AsyncClient, roll_off: RollOff) -> None:
    """Twenty polls of two stores on the first of September, in an archive."""
    await send(manager, *SEEN, *LATEST)
    assert await roll_off(14) == {"keep_days": 14, "archives": 1, "polls": 20}


@pytest.mark.usefixtures("archived")
async def test_polls_sent_again_add_nothing(manager: httpx.AsyncClient, rows: Rows) -> None:
    before = await september(manager)
    assert await send(manager, *SEEN) == 0
    assert await rows(ONLINE) == [(1,)]
    assert await september(manager) == before
    assert await counts(manager, "a") == (10, 0)


@pytest.mark.usefixtures("archived")
async def test_a_file_with_archived_polls_adds_only_what_is_new(
    manager: httpx.AsyncClient, hand_in: HandIn, rows: Rows
) -> None:
    late = [poll("a", 11), poll("c", 3, "inactive")]
    imported = await hand_in(status=as_csv([*SEEN, *late]))
    assert (imported["status"]["rows_accepted"], imported["status"]["rows_added"]) == (22, 2)
    assert await rows(ONLINE) == [(3,)]
    assert [await counts(manager, store) for store in "abc"] == [(11, 0), (10, 0), (1, 0)]
    again = await hand_in(status=as_csv([*late, *SEEN]))
    assert again["status"]["rows_added"] == 0


@pytest.mark.usefixtures("archived")
async def test_the_other_state_at_an_archived_instant_is_a_contradiction_and_counts_as_inactive(
    manager: httpx.AsyncClient, roll_off: RollOff, rows: Rows
) -> None:
    before = (await september(manager))["a"]
    assert await send(manager, poll("a", 7, "inactive"), poll("a", 5, "active"), poll("a", 8, "active")) == 2
    after = (await september(manager))["a"]
    assert await counts(manager, "a") == (10, 2)
    assert after["down_us"] - before["down_us"] == 3_600_000_000
    assert await roll_off(14) == {"keep_days": 14, "archives": 1, "polls": 2}
    assert (await september(manager))["a"] == after
    assert await counts(manager, "a") == (10, 2)
    assert await rows("SELECT polls FROM observation_archives") == [(20,)]


@pytest.mark.usefixtures("archived")
async def test_late_polls_join_the_archive_of_their_month_and_its_former_file_is_given_up(
    manager: httpx.AsyncClient, roll_off: RollOff, rows: Rows
) -> None:
    ((first_file,),) = await rows("SELECT artifact_id FROM observation_archives")
    assert await send(manager, poll("a", 3.5, "inactive"), poll("z", 2), poll("a", 24 * 31 + 2)) == 3
    before = await september(manager)
    assert await counts(manager, "a") == (11, 0)
    assert (await roll_off(3))["polls"] == 2
    assert await september(manager) == before
    assert [(str(month), *numbers) for month, *numbers in await rows(ARCHIVED)] == [("2026-09-01", 22, 3)]
    assert await rows(ONLINE) == [(2,)]  # the one of the second of October is younger than its month's end
    ((second_file,),) = await rows("SELECT artifact_id FROM observation_archives")
    assert second_file != first_file
    assert await rows("SELECT count(*) FROM artifacts WHERE name LIKE 'polls_%'") == [(1,)]


@pytest.mark.usefixtures("archived")
async def test_a_late_poll_between_two_archived_ones_is_read_with_them(manager: httpx.AsyncClient) -> None:
    """The one before and the one after a window may be in the table although an archive holds others."""
    window = {"from": "2026-09-01T11:00:00Z", "to": "2026-09-01T12:00:00Z"}
    path = "/api/v1/stores/a/uptime"
    # The last archived poll, at nine, lasts two hours.
    assert (await manager.get(path, params=window)).json()["unknown_us"] == 3_600_000_000
    await send(manager, poll("a", 10), poll("a", 13, "inactive"))
    found = (await manager.get(path, params=window)).json()
    assert (found["up_us"], found["down_us"], found["unknown_us"]) == (3_600_000_000, 0, 0)
    fleet = (await manager.get("/api/v1/stores/availability", params=window | {"store": "a"})).json()
    assert fleet["totals"]["up_us"] == found["up_us"]


async def test_a_store_all_of_whose_polls_were_archived_looks_as_before(
    manager: httpx.AsyncClient, roll_off: RollOff
) -> None:
    await send(manager, *SEEN, *LATEST)
    paths = [f"/api/v1/stores/b/{what}" for what in ("timeline", "uptime", "incidents")]
    pages = ["/console/stores/b", "/console/stores/b?last=2026-09-01", "/console/stores/sites"]
    before = [(await manager.get(path)).json() for path in paths], [await page_of(manager, path) for path in pages]
    assert (await roll_off(1))["polls"] == 20
    after = [(await manager.get(path)).json() for path in paths], [await page_of(manager, path) for path in pages]
    assert after == before


async def test_a_statement_is_not_revised_because_its_polls_were_archived(
    manager: httpx.AsyncClient, roll_off: RollOff, app: FastAPI, work: Work, rows: Rows
) -> None:
    await send(manager, *SEEN, *LATEST)
    policy = {"name": "All", "scope": "all", "target": 0.9, "zone": "UTC", "effective_from": "2026-09-01"}
    await manager.post("/api/v1/stores/sla-policies", json=policy)
    for keep_days in (400, 3, 3):
        await roll_off(keep_days)
        async with app.state.database.transaction() as session:
            job = app.state.queue.types["stores.sla_statements"]
            await app.state.queue.add(session, job.name, job.payload())
        await work()
    assert await rows("SELECT revision, down_us > 0 FROM sla_statements") in ([(1, 1)], [(1, True)])
    await send(manager, poll("b", 6, "inactive"))
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, job.name, job.payload())
    await work()
    assert await rows("SELECT max(revision) FROM sla_statements") == [(2,)]
