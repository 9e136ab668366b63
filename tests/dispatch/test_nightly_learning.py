"""Policies are learned anew at night after new outcomes, by the same job that is asked for by hand."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from tests.dispatch.conftest import MORNING, Decide, Execute, Give, Work
from tests.dispatch.test_learned_policies import learned

from opsroom.core.parts import NoPayload
from opsroom.dispatch.nightly_learning import due
from opsroom.dispatch.options import options_from

NIGHT = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)  # half past two in Nairobi
OUTCOME = """INSERT INTO operational_outcomes (id, outcome_id, route_id, decision_id, recorded_at, actual_cost_kes,
actual_duration_minutes, actual_distance_km, revenue_kes, profit_kes, on_time_deliveries, late_deliveries,
failed_deliveries, metrics) VALUES ('01900000000070008000000000000001', 'X-1', '{route}', '{decision}',
'{at}', 100, 60, 50, 200, 100, 1, 0, 0, '{{}}')"""


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


async def policies_due(app: FastAPI, at: datetime, learns: str = "vfa,best") -> tuple[str, ...]:
    options = options_from({**app.state.options, "dispatch_learns": learns})
    async with app.state.database.transaction() as session:
        return await due(session, options, at)


@pytest.fixture
async def outcome(order: Give, trucks: None, decide: Decide, execute: Execute) -> None:
    """A route that was completed in the evening before the night."""
    await order("O-1")
    decision = await decide("greedy")
    route = decision["routes_proposed"][0]["route_id"]
    evening = written(MORNING + timedelta(hours=12))
    await execute(OUTCOME.format(route=route, decision=decision["decision_id"], at=evening))


@pytest.mark.usefixtures("outcome")
async def test_policies_are_due_at_night_after_outcomes_and_not_twice(app: FastAPI, execute: Execute) -> None:
    assert await policies_due(app, NIGHT) == ("vfa", "best")
    assert await policies_due(app, NIGHT, "pfa") == ("pfa",)
    assert await policies_due(app, NIGHT, "") == ()
    noon = NIGHT + timedelta(hours=10)
    assert await policies_due(app, noon) == ()
    # A version as new as the newest outcome has nothing more to learn from.
    await execute(learned(1, "vfa", "vfa", "refused"))
    await execute(f"UPDATE learned_policies SET created_at = '{written(NIGHT)}'")
    assert await policies_due(app, NIGHT) == ("best",)


async def test_nothing_is_due_where_nothing_came_of_a_route(app: FastAPI) -> None:
    assert await policies_due(app, NIGHT) == ()


@pytest.mark.usefixtures("outcome")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_night_asks_for_learning_once(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsroom.dispatch.nightly_learning.now", lambda: NIGHT)
    asked = []
    for _ in range(2):
        async with app.state.database.transaction() as session:
            job = await app.state.queue.add(session, "dispatch.learn_nightly", NoPayload())
        await work()
        found = (await manager.get(f"/api/v1/jobs/{job.id}")).json()
        asked.append(sorted(found["result"]["asked"]))
    assert asked == [["best", "vfa"], []]
    jobs = (await manager.get("/api/v1/jobs", params={"type": "dispatch.learn_policy"})).json()["items"]
    assert {each["requested_by"] for each in jobs} == {"system"}
