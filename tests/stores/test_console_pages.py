"""The pages of the stores: the same figures as the API, forms that check, and nothing for those who may not."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import NO_PASSWORD

from opsroom.core.auth.actions import open_session
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role, SessionKind, User
from opsroom.core.console.words import duration, percent

MAINTENANCE, SLA = "/console/stores/maintenance", "/console/stores/sla"
WINDOW = {
    "title": "Till update",
    "scope": "all",
    "store_id": "",
    "store_group": "",
    "start_local": "2026-03-02T10:00",
    "end_local": "2026-03-02T12:00",
    "repeat": "FREQ=WEEKLY",
    "recurrence": "",
    "zone": "UTC",
    "reason": "",
}
PROMISE = {
    "name": "North",
    "target": "99.5",
    "scope": "group",
    "store_group": "north",
    "store_id": "",
    "applies_to": "each_store",
    "window": "calendar_month",
    "rolling_days": "",
    "zone": "UTC",
    "credits": "99:10, 98:25",
    "effective_from": "2026-03-01",
}


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Callable[[Role], Awaitable[httpx.AsyncClient]]]:
    opened: list[httpx.AsyncClient] = []

    async def make(role: Role) -> httpx.AsyncClient:
        async with app.state.database.transaction() as session:
            user = User(username=f"browsing_{role.value}", password_hash=NO_PASSWORD, role=role)
            session.add(user)
            await session.flush()
            token = await open_session(
                session, user, SessionKind.CONSOLE, app.state.tokens, ip=None, user_agent=None
            )  # fmt: skip
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        opened.append(
            httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", cookies={COOKIE: str(token)})
        )
        return opened[-1]

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def lead(browser: Callable[[Role], Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await browser(Role.MANAGER)


@pytest.fixture
async def reader(browser: Callable[[Role], Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await browser(Role.USER)


@pytest.fixture
async def store(manager: httpx.AsyncClient) -> None:
    """S-1 of the north, polled every hour of 2 March 2026, down from 9 to 13 and at the end."""
    await manager.post("/api/v1/stores", json={"external_id": "S-1", "zone": "UTC", "group": "north"})
    down = {9, 10, 11, 12, 23}
    polls = [
        {
            "store_id": "S-1",
            "timestamp_utc": f"2026-03-02T{hour:02}:00:00Z",
            "status": "inactive" if hour in down else "active",
        }
        for hour in range(24)
    ]
    assert (await manager.post("/api/v1/stores/observations", json=polls)).status_code == 200


async def page(client: httpx.AsyncClient, path: str, **query: str) -> str:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def tiles(text: str) -> dict[str, str]:
    found = re.findall(r'tile-label">(?:<i[^>]*></i>)?(.*?)</span>\s*<span class="tile-value">(.*?)</span>', text)
    return {label: re.sub("<[^>]+>", "", value) for label, value in found}


@pytest.mark.parametrize("path", ["", "/sites", "/incidents", "/maintenance", "/sla", "/imports"])
async def test_every_page_opens_before_there_is_anything(reader: httpx.AsyncClient, path: str) -> None:
    assert "notice-empty" in await page(reader, f"/console/stores{path}") or path == "/imports"


@pytest.mark.usefixtures("store")
async def test_the_overview_shows_the_figures_of_the_api(reader: httpx.AsyncClient, user: httpx.AsyncClient) -> None:
    shown = tiles(await page(reader, "/console/stores", window="last_24h"))
    totals: dict[str, Any] = (await user.get("/api/v1/stores/summary", params={"window": "last_24h"})).json()["totals"]
    assert shown["Availability"] == percent(totals["availability"])
    assert shown["Coverage"] == percent(totals["coverage"])
    assert (shown["Incidents"], shown["Down now"]) == (str(totals["incidents"]), str(totals["ongoing"]))
    assert shown["To repair"] == duration(totals["mttr_us"] / 1e6) == "4 h"


@pytest.mark.usefixtures("store")
async def test_the_incidents_page_tells_open_ones_from_those_that_are_over(reader: httpx.AsyncClient) -> None:
    every = await page(reader, "/console/stores/incidents")
    assert every.count('href="/console/stores/sites/S-1?last=2026-03-02"') == 1 + tiles(every)["Still down"].count("1")
    assert "badge-up" in await page(reader, "/console/stores/incidents", state="over")
    over = await page(reader, "/console/stores/incidents", state="over", group="north")
    assert "4 h" in over


@pytest.mark.usefixtures("store")
async def test_a_new_window_changes_the_figures_of_the_pages_at_once(
    reader: httpx.AsyncClient, lead: httpx.AsyncClient
) -> None:
    before = tiles(await page(reader, "/console/stores"))
    declared = await lead.post(MAINTENANCE, data=WINDOW)
    assert (declared.status_code, declared.headers["location"]) == (303, f"{MAINTENANCE}?month=2026-03")
    calendar = await page(reader, MAINTENANCE, month="2026-03")
    assert calendar.count("10:00–12:00</span> Till update") == 5  # Mondays
    after = tiles(await page(reader, "/console/stores"))
    assert (before["To repair"], after["To repair"]) == ("4 h", "2 h")
    key = re.search(rf"{MAINTENANCE}/([0-9a-f-]+)/withdraw", await page(lead, MAINTENANCE))
    assert key is not None
    assert (await lead.post(f"{MAINTENANCE}/{key[1]}/withdraw")).status_code == 303
    assert tiles(await page(reader, "/console/stores"))["To repair"] == "4 h"


async def test_a_form_that_was_filled_in_wrongly_says_what_is_wrong(lead: httpx.AsyncClient) -> None:
    for change, sentence in (
        ({"recurrence": "FREQ=HOURLY"}, "FREQ must be one of"),
        ({"scope": "store", "store_id": "S-9"}, "There is no store S-9"),
        ({"zone": "Mars/Base"}, "no IANA time zone"),
    ):
        answer = await lead.post(MAINTENANCE, data=WINDOW | change)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'value="Till update"' in answer.text


@pytest.mark.usefixtures("store")
async def test_a_promise_is_made_and_followed(lead: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    made = await lead.post(SLA, data=PROMISE)
    assert made.status_code == 303, made.text
    shown = await page(reader, made.headers["location"])
    assert "at risk" in shown
    assert "S-1" in shown
    assert "North" in await page(reader, SLA)
    again = await lead.post(SLA, data=PROMISE)
    assert (again.status_code, "with this name" in again.text) == (422, True)
    wrong = await lead.post(SLA, data=PROMISE | {"name": "Other", "credits": "99 ten"})
    assert wrong.status_code == 422


async def test_readers_declare_and_promise_nothing(reader: httpx.AsyncClient) -> None:
    assert (await reader.post(MAINTENANCE, data=WINDOW)).status_code == 403
    assert (await reader.post(SLA, data=PROMISE)).status_code == 403
    assert "Declare maintenance" not in await page(reader, MAINTENANCE)
    assert "Promise an availability" not in await page(reader, SLA)
