"""Every door gives the same answer before and after polls were archived, whatever part of the past it asks for.

The polls, hours and maintenance are those of `test_same_numbers`: five stores, from the end of September to November.
With one day kept, September and October leave the table.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from tests.stores.archive.conftest import RollOff
from tests.stores.test_same_numbers import AFTERWARDS, NIGHTLY, STORES, command, files

__all__ = ["files"]

Work = Callable[[], Awaitable[None]]
Answers = dict[str, Any]
STABLE = ("input_fingerprint", "as_of", "summary", "row_count")

WINDOWS: dict[str, dict[str, str]] = {
    "the archived month": {"period": "month", "of": "2026-10", "zone": "Europe/Rome"},
    "across both archives": {"from": "2026-09-29T11:00:00Z", "to": "2026-10-02T00:00:00Z"},
    "across archive and table": {"from": "2026-10-31T20:30:00Z", "to": "2026-11-01T03:00:00Z"},
    "before the first poll": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-29T00:30:00Z"},
    "after every poll": {"from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"},
    "the month's last minutes": {"from": "2026-10-31T23:50:00Z", "to": "2026-11-01T00:00:00Z"},
    "the latest day": {"window": "last_24h"},
    "the latest weeks": {"window": "last_4w"},
    "as it was in October": {"window": "last_7d", "as_of": "2026-10-10T10:10:10Z"},
    "as it was before a window": {
        "from": "2026-10-20T00:00:00Z", "to": "2026-10-21T00:00:00Z", "as_of": "2026-10-05T00:00:00Z",
    },
    "a past window seen from October": {
        "from": "2026-10-02T00:00:00Z", "to": "2026-10-03T00:00:00Z", "as_of": "2026-10-25T00:00:00Z",
    },
}  # fmt: skip


async def test_every_door(
    database_url: str, files: Path, manager: httpx.AsyncClient, work: Work, roll_off: RollOff, app: FastAPI
) -> None:
    await command(database_url, "import", str(files))
    for window in (NIGHTLY, AFTERWARDS):
        assert (await manager.post("/api/v1/stores/maintenance-windows", json=window)).status_code == 201
    policy = {"name": "All", "scope": "all", "target": 0.9, "zone": "UTC", "effective_from": "2026-09-01"}
    key = (await manager.post("/api/v1/stores/sla-policies", json=policy)).json()["id"]
    before = await everything(manager, work, key) | await by_command(app, database_url)
    moved = await roll_off(1)
    assert moved["archives"] == 2
    assert await online(app) < moved["polls"]
    after = await everything(manager, work, key) | await by_command(app, database_url)
    for door, answer in before.items():
        assert after[door] == answer, door


async def everything(client: httpx.AsyncClient, work: Work, policy: str) -> Answers:
    found: Answers = {}
    for name, window in WINDOWS.items():
        for path in ("availability", "incidents", "summary?by=day"):
            found[f"{path}, {name}"] = await answer(client, f"/api/v1/stores/{path}", window)
        for store in STORES:
            for path in ("uptime", "timeline", "incidents"):
                found[f"{path} of {store}, {name}"] = await answer(client, f"/api/v1/stores/{store}/{path}", window)
    for store in STORES:
        for page in ("", "?last=2026-10-20", "?last=2026-10-01"):
            found[f"page {store}{page}"] = await page_of(client, f"/console/stores/{store}{page}")
    found["sites"] = await page_of(client, "/console/stores/sites")
    for month in ({}, {"as_of": "2026-10-15T00:00:00Z", "unknown": True, "profile": "classic"}):
        found[f"seven columns {month}"] = await report(client, work, "stores.uptime", month)
    for kind in ("availability", "incidents", "data_quality"):
        for name, window in WINDOWS.items():
            found[f"report of {kind}, {name}"] = await report(client, work, f"stores.{kind}", window)
    found["standing"] = (await client.get(f"/api/v1/stores/sla-policies/{policy}/standing")).json()
    asked = {"policy_id": policy, "month": "2026-10"}
    await client.post(
        f"/api/v1/stores/sla-policies/{policy}/statements", json={"month": "2026-10", "reason": "asked for"}
    )
    await work()
    found["statement"] = await report(client, work, "stores.sla_statement", asked)
    statements = (await client.get("/api/v1/stores/sla-statements")).json()["items"]
    assert [each["revision"] for each in statements] == [1]
    found["statements"] = statements
    return found


async def answer(client: httpx.AsyncClient, path: str, window: dict[str, str]) -> Any:
    address, _, query = path.partition("?")
    given = dict([query.split("=")]) if query else {}
    response = await client.get(address, params=window | given)
    assert response.status_code == 200, response.text
    return response.json()


async def page_of(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    # Around it stands the time of day.
    return response.text.partition("<main")[2].partition("</main>")[0]


async def report(client: httpx.AsyncClient, work: Work, kind: str, parameters: dict[str, Any]) -> Any:
    """Its content, and its fingerprint over everything that it was computed from."""
    body = {"type": kind, "format": "csv", "parameters": parameters}
    key = (await client.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    made = (await client.get(f"/api/v1/reports/{key}")).json()
    download = await client.get(f"/api/v1/reports/{key}/download")
    assert download.status_code == 200, made
    return download.text, {name: made[name] for name in STABLE}


async def by_command(app: FastAPI, database_url: str) -> Answers:
    asked = ("--period", "month", "--of", "2026-10", "--zone", "Europe/Rome")
    folder = str(app.state.blobs.scratch.parent)
    exact = json.loads(await command(database_url, "uptime", *asked, "--json", data_dir=folder))
    return {"command": exact, "incidents": await command(database_url, "incidents", *asked, data_dir=folder)}


async def online(app: FastAPI) -> int:
    async with app.state.database.reading() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM store_observations")))
