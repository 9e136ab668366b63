"""What drivers may report, when, and in which order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, MORNING, Decide, Give
from tests.dispatch.test_life import Driver

Problem = Callable[[httpx.Response, int], dict[str, Any]]


@pytest.fixture
async def driver(user: httpx.AsyncClient, order: Give, trucks: None, decide: Decide) -> Driver:
    """Of a route to Nakuru and Eldoret that is loading."""
    await order("O-1", "Nakuru")
    await order("O-2", "Eldoret")
    decision = await decide("greedy", commit=True)
    return Driver(user, decision["routes_proposed"][0]["route_id"])


def at(hours: float) -> str:
    return (MORNING + timedelta(hours=hours)).isoformat()


async def refused(driver: Driver, problem_of: Problem, status: int, **event: Any) -> str:
    answer = await driver.client.post(f"{API}/routes/{driver.route_id}/events", json=event)
    return str(problem_of(answer, status)["code"])


async def test_an_event_that_cannot_have_happened_is_refused(driver: Driver, problem_of: Problem) -> None:
    assert await refused(driver, problem_of, 409, type="arrived", at=at(1), order_id="O-1") == "not_departed"
    await driver.says("departed", MORNING + timedelta(hours=1))
    assert await refused(driver, problem_of, 409, type="departed", at=at(1)) == "departed"
    assert await refused(driver, problem_of, 422, type="arrived", at=at(0.5), order_id="O-1") == "clock_went_back"
    assert (
        await refused(driver, problem_of, 422, type="arrived", at="2126-01-01T00:00:00Z", order_id="O-1")
        == "in_the_future"
    )
    assert await refused(driver, problem_of, 404, type="arrived", at=at(2), order_id="O-9") == "not_found"
    assert await refused(driver, problem_of, 422, type="delivered", at=at(2)) == "invalid"
    assert await refused(driver, problem_of, 422, type="failed", at=at(2), order_id="O-1") == "invalid"
    assert await refused(driver, problem_of, 409, type="completed", at=at(2)) == "stops_left"
    await driver.says("delivered", MORNING + timedelta(hours=4), order_id="O-1")
    assert await refused(driver, problem_of, 409, type="delivered", at=at(5), order_id="O-1") == "stop_ended"
    lost = {
        "type": "delivered",
        "at": at(5),
        "order_id": "O-2",
        "proof_artifact_id": "00000000-0000-7000-8000-000000000000",
    }
    assert await refused(driver, problem_of, 404, **lost) == "not_found"


async def test_an_event_that_is_sent_again_changes_nothing(driver: Driver, problem_of: Problem) -> None:
    event = {"type": "departed", "at": at(1), "event_id": "phone-7-0001"}
    path = f"{API}/routes/{driver.route_id}/events"
    first = await driver.client.post(path, json=event)
    again = await driver.client.post(path, json=event)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = event | {"type": "arrived", "order_id": "O-1"}
    assert problem_of(await driver.client.post(path, json=other), 409)["code"] == "duplicate"


async def test_a_failed_delivery_keeps_its_reason_and_the_rest_goes_on(
    driver: Driver, manager: httpx.AsyncClient
) -> None:
    await driver.says("departed", MORNING + timedelta(hours=1))
    await driver.says("failed", MORNING + timedelta(hours=4), order_id="O-1", reason="nobody there")
    assert (await driver.stop("O-1"))["failure_reason"] == "nobody there"
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "failed"
    await driver.says("delivered", MORNING + timedelta(hours=8), order_id="O-2")
    await driver.says("completed", MORNING + timedelta(hours=14))
    (outcome,) = (await manager.get(f"{API}/outcomes")).json()["items"]
    assert (outcome["on_time_deliveries"], outcome["failed_deliveries"]) == (1, 1)
    assert outcome["distance_error"] is None
    assert outcome["revenue_kes"] == "25000.00"


async def test_a_dispatcher_may_set_the_order_of_stops_and_planning_anew_leaves_it(
    driver: Driver, manager: httpx.AsyncClient, decide: Decide, problem_of: Problem
) -> None:
    stops = await driver.stops()
    path = f"{API}/routes/{driver.route_id}/stops"
    ids = [stop["stop_id"] for stop in stops]
    backwards = problem_of(await manager.post(path, json={"stops": ids[::-1]}), 422)
    assert "before it is picked up" in backwards["detail"]
    problem_of(await manager.post(path, json={"stops": ids[:-1]}), 422)
    moved = await manager.post(path, json={"stops": [*ids[:2], ids[3], ids[2]]})
    assert moved.status_code == 200, moved.text
    assert moved.json()["locked"] is True
    assert [stop["stop_id"] for stop in await driver.stops()] == [*ids[:2], ids[3], ids[2]]
    assert moved.json()["total_distance_km"] > 0
    again = await decide("greedy", replan=True)
    assert (again["orders_routed"], again["orders_waiting"]) == ([], [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_proof_is_a_picture_or_a_pdf(driver: Driver, problem_of: Problem) -> None:
    path = f"{API}/routes/{driver.route_id}/files"
    text = {"file": ("note.txt", b"signed", "text/plain")}
    problem_of(await driver.client.post(path, files=text), 415)
    problem_of(await driver.client.post(f"{API}/routes/R-9/files", files=text), 404)
    stop = await driver.stop("O-1")
    assert problem_of(await driver.client.get(f"{API}/stops/{stop['stop_id']}/proof"), 404)["code"] == "no_proof"


def test_the_morning_lies_in_the_past() -> None:
    assert datetime.now(MORNING.tzinfo) > MORNING
