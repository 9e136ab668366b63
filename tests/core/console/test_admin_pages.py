"""Audit, people and health, as an administrator sees them."""

import csv
import io
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.core.console.conftest import Browser
from tests.core.console.records.page import column, words

from opsroom.core.auth.models import Role, User

AUDIT = "/console/audit"


@pytest.fixture
async def warden(browser: Browser) -> httpx.AsyncClient:
    return await browser(Role.ADMIN)


@pytest.fixture
async def store(manager: httpx.AsyncClient) -> dict[str, Any]:
    """Created and renamed."""
    made: dict[str, Any] = (await manager.post("/api/v1/stores", json={"external_id": "S-1", "name": "North"})).json()
    change = {"name": "South"}
    await manager.patch(f"/api/v1/stores/{made['id']}", json=change, headers={"X-Reason": "they moved"})
    return made


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("table_name=stores", 2),
        ("table_name=stores&action=update", 1),
        ("user_name=the_manager&table_name=stores", 2),
        ("user_name=nobody", 0),
        ("event=stores.created", 1),
        ("table_name=stores&since=2026-01-01T00:00", 2),
        ("table_name=stores&until=2026-01-01T00:00", 0),
    ],
)
async def test_the_trail_is_searched_by_record_person_action_event_and_time(
    warden: httpx.AsyncClient, store: dict[str, Any], query: str, count: int
) -> None:
    answer = await warden.get(f"{AUDIT}?{query}")
    found = column(answer, "Who") if "<table" in answer.text else []
    assert found == ["the_manager"] * count


async def test_an_entry_tells_everything_and_what_took_effect_with_it(
    warden: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    listed = await warden.get(f"{AUDIT}?record_id={store['id']}&table_name=stores")
    newest = re.findall(rf'href="{AUDIT}/(\d+)"', listed.text)[0]
    entry = await warden.get(f"{AUDIT}/{newest}")
    said = words(entry.text)
    assert "the_manager changed stores" in said
    assert "Name North became → South" in said
    assert "they moved" in said
    assert f'href="/console/r/stores/{store["id"]}"' in entry.text


async def test_the_trail_is_exported_as_it_was_searched_and_that_is_in_the_trail(
    warden: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    exported = await warden.get(f"{AUDIT}/export?table_name=stores")
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(row["action"], row["user_name"], row["reason"]) for row in rows] == [
        ("update", "the_manager", "they moved"),
        ("create", "the_manager", ""),
    ]
    assert rows[0]["before"] == '{"name":"North"}'
    taken = await warden.get(f"{AUDIT}?event=resources.list.exported")
    assert column(taken, "Who") == ["the_admin"]


@pytest.mark.parametrize(("query", "status"), [("since=soon", 400), ("action=dance", 400), ("before=x", 422)])
async def test_what_cannot_be_asked_of_the_trail_is_refused(warden: httpx.AsyncClient, query: str, status: int) -> None:
    assert (await warden.get(f"{AUDIT}?{query}")).status_code == status
    assert (await warden.get(f"{AUDIT}/999999")).status_code == 404


async def test_a_person_gets_a_link_a_password_and_is_switched_off(
    warden: httpx.AsyncClient, stranger: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    path = f"/console/r/users/{(await warden.get('/api/v1/users/the_manager')).json()['id']}"
    link = (await warden.post(f"{path}/link")).text.partition("sign-in?link=")[2].partition("<")[0]
    signed_in = await stranger.post("/console/sign-in", data={"link": link, "next": "/console/jobs"})
    assert signed_in.headers["location"] == "/console/jobs"
    answer = await warden.post(f"{path}/password")
    password = words(answer.text.partition("<pre")[2].partition(">")[2].partition("<")[0])
    typed = {"username": "the_manager", "password": password}
    assert (await stranger.post("/console/sign-in", data=typed)).status_code == 303
    assert (await warden.post(f"{path}/switch")).status_code == 303
    assert (await stranger.post("/console/sign-in", data=typed)).status_code == 401
    assert "may not sign in" in (await warden.get(path)).text


async def test_only_a_superuser_lets_somebody_in_as_a_superuser(app: FastAPI, warden: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        root = User(username="root", password_hash="x", role=Role.ADMIN, is_superuser=True)
        session.add(root)
        await session.flush()
        path = f"/console/r/users/{root.id}"
    for verb in ("link", "password", "switch"):
        assert (await warden.post(f"{path}/{verb}")).status_code == 403


async def test_health_is_told_and_what_the_trail_misses_is_named(app: FastAPI, reader: httpx.AsyncClient) -> None:
    whole = words((await reader.get("/console/health")).text)
    assert "Schema current" in whole
    assert "Audit trail whole" in whole


async def test_admin_leads_to_every_list_one_may_read(reader: httpx.AsyncClient, warden: httpx.AsyncClient) -> None:
    assert 'href="/console/r/stores"' in (await reader.get("/console/admin")).text
    assert 'href="/console/r/users"' not in (await reader.get("/console/admin")).text
    assert 'href="/console/r/users"' in (await warden.get("/console/admin")).text
