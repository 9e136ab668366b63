"""An order is cancelled while it waits; a truck that has it keeps it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, MORNING, Decide, Give
from tests.dispatch.test_life import Driver, events_told

Problem = Callable[[httpx.Response, int], dict[str, Any]]
WHY = {"reason": "the customer sends it by rail"}


@pytest.fixture
async def listening(admin: httpx.AsyncClient) -> None:
    endpoint = {"url": "https://listener.invalid/dispatch", "events": ["dispatch.order.cancelled"]}
    assert (await admin.post("/api/v1/webhooks/endpoints", json=endpoint)).status_code == 201


async def test_a_waiting_order_is_cancelled_told_and_outdates_proposals(
    manager: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    order: Give,
    trucks: None,
    decide: Decide,
    listening: None,
    problem_of: Problem,
) -> None:
    await order("O-1")
    proposal = await decide("greedy")
    done = await manager.post(f"{API}/orders/O-1/cancel", json=WHY)
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["cancelled_reason"]) == ("cancelled", WHY["reason"])
    assert done.json()["cancelled_at"] is not None
    assert await events_told(admin) == ["dispatch.order.cancelled"]
    history = (await manager.get(f"{API}/orders/O-1/history")).json()["items"]
    assert history[-1]["after"]["status"] == "cancelled"
    stale = problem_of(await manager.post(f"{API}/decisions/{proposal['decision_id']}/commit"), 409)
    assert stale["changed"] == [{"kind": "order", "id": "O-1", "what": "it is cancelled"}]
    assert (await decide("greedy"))["orders_routed"] == []
    again = problem_of(await manager.post(f"{API}/orders/O-1/cancel", json=WHY), 409)
    assert (again["code"], again["detail"]) == ("order_ended", "Order O-1 is cancelled already.")


async def test_an_order_on_a_truck_is_not_cancelled_and_the_refusal_says_where_it_is(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, problem_of: Problem
) -> None:
    await order("O-1")
    decision = await decide("greedy", commit=True)
    route = decision["routes_proposed"][0]["route_id"]
    loading = problem_of(await manager.post(f"{API}/orders/O-1/cancel", json=WHY), 409)
    assert (loading["code"], loading["route_id"], loading["vehicle_id"]) == ("order_on_the_road", route, "KDA-5")
    assert "KDA-5 is loading" in loading["detail"]
    await Driver(user, route).says("departed", MORNING)
    gone = problem_of(await manager.post(f"{API}/orders/O-1/cancel", json=WHY), 409)
    assert "KDA-5 has departed" in gone["detail"]
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "in_transit"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_may_not_or_says_not_why_cancels_nothing(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, order: Give, problem_of: Problem
) -> None:
    await order("O-1")
    problem_of(await user.post(f"{API}/orders/O-1/cancel", json=WHY), 403)
    problem_of(await manager.post(f"{API}/orders/O-1/cancel", json={"reason": ""}), 422)
    problem_of(await manager.post(f"{API}/orders/O-9/cancel", json=WHY), 404)
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "pending"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_record_of_a_waiting_order_has_the_button(manager: httpx.AsyncClient, order: Give) -> None:
    await order("O-1")
    assert "Cancel this order" in (await manager.get("/console/r/orders/O-1")).text
    done = await manager.post("/console/dispatch/orders/O-1/cancel", data=WHY)
    assert done.status_code == 303
    assert "Cancel this order" not in (await manager.get("/console/r/orders/O-1")).text
