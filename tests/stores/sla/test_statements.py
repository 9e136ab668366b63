"""Statements of months: issued once, never changed, revised when the polls tell another story."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.stores.sla.conftest import START, RunJob, polls

POLICIES, STATEMENTS = "/api/v1/stores/sla-policies", "/api/v1/stores/sla-statements"
HOUR = 3_600_000_000

Work = Callable[[], Awaitable[None]]


async def statements(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(STATEMENTS, params={"order": "period,revision"})).json()["items"]
    return found


@pytest.fixture
async def stated(north: None, manager: httpx.AsyncClient, policy: dict[str, Any], run_job: RunJob) -> str:
    """The id of the policy whose January has been stated."""
    key: str = (await manager.post(POLICIES, json=policy)).json()["id"]
    await run_job("stores.sla_statements")
    return key


@pytest.mark.usefixtures("stated")
async def test_a_month_that_is_over_is_stated_and_a_running_one_is_not(
    manager: httpx.AsyncClient, app: FastAPI
) -> None:
    (january,) = await statements(manager)
    assert (january["period"], january["revision"], january["reason"]) == ("2026-01-01", 1, "The month is over.")
    assert (january["stores"], january["stores_breached"], january["verdict"]) == (2, 1, "breached")
    assert january["down_us"] == 12 * HOUR
    assert january["up_us"] + january["down_us"] == january["open_us"] == 2 * 31 * 24 * HOUR
    found = await manager.get(f"/api/v1/artifacts/{january['artifact_id']}")
    assert found.json()["name"] == "sla_North_2026-01.csv"


async def test_the_lines_of_a_statement_say_what_is_owed_for_each_store(
    stated: str, manager: httpx.AsyncClient, work: Work
) -> None:
    body = {"type": "stores.sla_statement", "format": "csv", "parameters": {"policy_id": stated, "month": "2026-01"}}
    report = (await manager.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    lines = (await manager.get(f"/api/v1/reports/{report}/download")).text.splitlines()
    assert lines[0].split(",") == [
        "store_id", "open_hours", "uptime_hours", "downtime_hours", "unknown_hours", "coverage_percent",
        "availability_percent", "budget_hours", "verdict", "credit_percent",
    ]  # fmt: skip
    assert lines[1] == "A,744.00,734.00,10.00,0.00,100.00,98.65,7.44,breached,10.00"
    assert lines[2] == "B,744.00,742.00,2.00,0.00,100.00,99.73,7.44,met,0.00"


@pytest.mark.usefixtures("stated")
async def test_late_polls_make_a_revision_and_both_are_kept(manager: httpx.AsyncClient, run_job: RunJob) -> None:
    (first,) = await statements(manager)
    late = [poll | {"timestamp_utc": half_past(poll["timestamp_utc"])} for poll in polls("B", START, 4, {2})]
    await manager.post("/api/v1/stores/observations", json=late)
    for _ in range(2):
        await run_job("stores.sla_statements")
    kept, revised = await statements(manager)
    assert kept == first
    assert (revised["revision"], revised["down_us"] - kept["down_us"]) == (2, HOUR // 2)
    assert "came to light" in revised["reason"]


@pytest.mark.usefixtures("stated")
async def test_maintenance_declared_afterwards_makes_a_revision_too(
    manager: httpx.AsyncClient, run_job: RunJob
) -> None:
    window = {
        "title": "Power cut",
        "scope": "all",
        "zone": "UTC",
        "start_local": "2026-01-03T02:00:00",
        "end_local": "2026-01-03T12:00:00",
    }
    assert (await manager.post("/api/v1/stores/maintenance-windows", json=window)).status_code == 201
    await run_job("stores.sla_statements")
    first, revised = await statements(manager)
    assert (first["verdict"], revised["verdict"]) == ("breached", "met")
    assert revised["down_us"] == 2 * HOUR


async def test_a_revision_speaks_in_the_terms_of_the_first_statement(
    stated: str, manager: httpx.AsyncClient, run_job: RunJob
) -> None:
    await manager.patch(f"{POLICIES}/{stated}", json={"target": 0.9999, "credits": []})
    await manager.post("/api/v1/stores/observations", json=polls("A", START + timedelta(minutes=30), 1, {0}))
    await run_job("stores.sla_statements")
    first, revised = await statements(manager)
    assert revised["terms"] == first["terms"]
    assert revised["terms"]["target"] == 0.99


async def test_new_business_hours_wait_for_a_person(
    stated: str, manager: httpx.AsyncClient, run_job: RunJob, work: Work
) -> None:
    key = (await manager.get("/api/v1/stores/A")).json()["id"]
    shift = {"day_of_week": 0, "start_time_local": "08:00:00", "end_time_local": "20:00:00"}
    assert (await manager.post(f"/api/v1/stores/{key}/hours", json=shift)).status_code == 201
    await run_job("stores.sla_statements")
    assert len(await statements(manager)) == 1
    asked = await manager.post(f"{POLICIES}/{stated}/statements", json={"month": "2026-01", "reason": "New hours"})
    assert asked.status_code == 202
    await work()
    _, revised = await statements(manager)
    assert (revised["revision"], revised["reason"], revised["issued_by"]) == (2, "New hours", "the_manager")


@pytest.mark.usefixtures("stated")
@pytest.mark.parametrize("change", ["UPDATE sla_statements SET down_us = 0", "DELETE FROM sla_statements"])
async def test_the_database_itself_refuses_to_change_a_statement(app: FastAPI, change: str) -> None:
    with pytest.raises(DBAPIError, match="kept as they are"):
        await execute(app, change)


async def execute(app: FastAPI, statement: str) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(text(statement))


async def test_a_month_that_is_not_over_cannot_be_stated(stated: str, manager: httpx.AsyncClient, work: Work) -> None:
    asked = await manager.post(f"{POLICIES}/{stated}/statements", json={"month": "2026-02", "reason": "Too early"})
    await work()
    job = (await manager.get(f"/api/v1/jobs/{asked.json()['id']}")).json()
    assert (job["status"], "not over" in job["error"]) == ("failed", True)


def half_past(at: str) -> str:
    return (datetime.fromisoformat(at) + timedelta(minutes=30)).isoformat()
