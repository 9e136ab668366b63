"""When a decision is due: at its interval, or when an order nears its latest moment; never while nothing waits."""

from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from tests.dispatch.conftest import API, Decide, Execute, Give, Work

from opsroom.core.clock import now
from opsroom.core.parts import NoPayload
from opsroom.dispatch.options import options_from
from opsroom.dispatch.plan_models import DecisionType
from opsroom.dispatch.watching import due

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def kind_due(app: FastAPI, at: datetime) -> DecisionType | None:
    async with app.state.database.transaction() as session:
        return await due(session, options_from(app.state.options), at)


async def test_a_decision_is_due_once_an_interval_and_when_an_order_presses(
    app: FastAPI, order: Give, trucks: None, decide: Decide, execute: Execute
) -> None:
    assert await kind_due(app, now()) is None
    await order("O-1")
    assert await kind_due(app, now()) is DecisionType.SCHEDULED
    await decide("lazy")
    at = now()
    assert await kind_due(app, at) is None
    assert await kind_due(app, at + timedelta(hours=1, minutes=1)) is DecisionType.SCHEDULED
    # 30 minutes of loading and two looks of 5 minutes: at 38 minutes before its latest moment it is time.
    latest = (at + timedelta(minutes=38)).strftime("%Y-%m-%d %H:%M:%S.%f")
    await execute(f"UPDATE orders SET must_go_by = '{latest}', created_at = '2026-11-16 03:00:00.000000'")
    assert await kind_due(app, at) is DecisionType.TRIGGERED


async def test_the_watch_asks_for_a_decision_and_the_decision_is_made(
    app: FastAPI, manager: httpx.AsyncClient, order: Give, trucks: None, work: Work
) -> None:
    await order("O-1")
    for _ in range(2):
        async with app.state.database.transaction() as session:
            await app.state.queue.add(session, "dispatch.watch", NoPayload())
        await work()
    made = (await manager.get(f"{API}/decisions")).json()["items"]
    assert [(each["type"], each["status"]) for each in made] == [("scheduled", "proposed")]
