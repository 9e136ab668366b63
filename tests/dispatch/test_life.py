"""The whole life of an order, through HTTP; and one whose vehicle breaks down."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, LARGE, MORNING, SMALL, Decide, Give, Work

Problem = Callable[[httpx.Response, int], dict[str, Any]]
PHOTO = b"\xff\xd8\xff\xe0 a signed delivery note \xff\xd9"
SLOW = 1.5  # how much longer than foreseen every drive takes
NAKURU_ROADSIDE = {"lat": -0.2802, "lon": 36.066}


class Driver:
    """Reports from the road, in the driver's own time."""

    def __init__(self, client: httpx.AsyncClient, route_id: str) -> None:
        self.client = client
        self.route_id = route_id

    async def says(self, kind: str, at: datetime, **more: Any) -> dict[str, Any]:
        answer = await self.client.post(
            f"{API}/routes/{self.route_id}/events", json={"type": kind, "at": at.isoformat()} | more
        )
        assert answer.status_code == 201, f"{kind}: {answer.text}"
        event: dict[str, Any] = answer.json()
        return event

    async def stops(self) -> list[dict[str, Any]]:
        asked = {"route_id": self.route_id, "order": "sequence_order"}
        stops: list[dict[str, Any]] = (await self.client.get(f"{API}/stops", params=asked)).json()["items"]
        return stops

    async def deliveries(self) -> list[str]:
        return [stop["order_id"] for stop in await self.stops() if stop["stop_type"] == "delivery"]

    async def stop(self, order_id: str, kind: str = "delivery") -> dict[str, Any]:
        return next(s for s in await self.stops() if (s["order_id"], s["stop_type"]) == (order_id, kind))


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, MORNING.tzinfo)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def events_told(admin: httpx.AsyncClient) -> list[str]:
    found = await admin.get("/api/v1/webhooks/deliveries", params={"order": "created_at", "size": 100})
    return [each["event_type"] for each in found.json()["items"]]


@pytest.fixture
async def listening(admin: httpx.AsyncClient) -> None:
    endpoint = {"url": "https://listener.invalid/dispatch", "events": ["dispatch.*"]}
    assert (await admin.post("/api/v1/webhooks/endpoints", json=endpoint)).status_code == 201


async def test_the_whole_life_of_an_order(
    manager: httpx.AsyncClient,
    user: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    order: Give,
    decide: Decide,
    work: Work,
    listening: None,
) -> None:
    decision = await waits_and_goes_with_others(manager, order, decide)
    driver = Driver(user, decision["routes_proposed"][0]["route_id"])
    foreseen, reached = await is_late_and_planned_anew(manager, driver, decision, work)
    finished = await is_delivered_with_a_photo(manager, driver, reached)
    await leaves_an_outcome(manager, decision)
    await makes_the_next_prediction_better(manager, order, decide, work, finished, foreseen)
    told = await events_told(admin)
    assert told.count("dispatch.route.dispatched") == 2
    assert told.count("dispatch.route.delayed") == 2
    assert told.count("dispatch.order.delivered") == 3


async def waits_and_goes_with_others(manager: httpx.AsyncClient, order: Give, decide: Decide) -> dict[str, Any]:
    """A large truck and an order that would travel half empty; two more come, and together they fill it."""
    assert (await manager.post(f"{API}/vehicles", json=LARGE)).status_code == 201
    await order("O-1", "Eldoret", customer_id="C-XYZ", weight_tonnes=3)
    waits = await decide("pfa", at=MORNING.isoformat())
    assert waits["orders_waiting"][0]["reasons"] == ["a later departure is expected to carry it at less cost"]
    later = MORNING + timedelta(hours=2)
    soon = {"end_time": (later + timedelta(hours=5.5)).isoformat()}
    await order("O-2", "Nakuru", weight_tonnes=3, received_at=later.isoformat(), time_window=soon)
    await order("O-3", "Kitale", weight_tonnes=3, received_at=later.isoformat())
    draft = await decide("pfa", at=later.isoformat())
    (route,) = draft["routes_proposed"]
    halts = [stop for stop in route["stops"] if stop["act"] == "delivery"]
    assert halts[0]["order"] == "O-2"
    # The second is promised within ten minutes of that plan, the last has ninety to spare.
    for halt, minutes in zip(halts[1:], (10, 90), strict=True):
        window = {"end_time": moment(halt["arrival"] + minutes * 60).isoformat()}
        answer = await manager.patch(f"{API}/orders/{halt['order']}", json={"time_window": window})
        assert answer.status_code == 200, answer.text
    decision = await decide("pfa", at=later.isoformat(), commit=True)
    why = (await manager.get(f"{API}/decisions/{decision['decision_id']}/explanation")).json()["orders"]
    assert {each["order_id"]: sorted(each["with"]) for each in why}["O-1"] == ["O-2", "O-3"]
    assert any("had it waited and found no company" in said for each in why for said in each["sentences"])
    return decision


async def is_late_and_planned_anew(
    manager: httpx.AsyncClient, driver: Driver, decision: dict[str, Any], work: Work
) -> tuple[float, datetime]:
    """Ten minutes late at the gate, and half as long again on the road: the last order then goes second."""
    route = decision["routes_proposed"][0]
    before = await driver.deliveries()
    foreseen = next(stop["arrival"] for stop in route["stops"] if stop["order"] == "O-2" and stop["act"] == "delivery")
    foreseen -= route["leaves"]
    left = moment(route["leaves"]) + timedelta(minutes=10)
    await driver.says("departed", left)
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "in_transit"
    reached = left + timedelta(seconds=foreseen * SLOW)
    await driver.says("arrived", reached, order_id="O-2")
    window = (await manager.get(f"{API}/orders/{before[2]}")).json()["time_window"]["end_time"]
    expected = (await manager.get(f"{API}/orders/{before[2]}/track")).json()["expected_arrival"]
    assert instant(expected) > instant(window)
    await work()
    assert await driver.deliveries() == [before[0], before[2], before[1]]
    expected = (await manager.get(f"{API}/orders/{before[2]}/track")).json()["expected_arrival"]
    assert instant(expected) < instant(window)
    return foreseen, reached


async def is_delivered_with_a_photo(manager: httpx.AsyncClient, driver: Driver, at: datetime) -> datetime:
    photo = await driver.client.post(
        f"{API}/routes/{driver.route_id}/files", files={"file": ("note.jpg", PHOTO, "image/jpeg")}
    )
    assert photo.status_code == 201, photo.text
    _, second, last = await driver.deliveries()
    at += timedelta(minutes=20)
    await driver.says("delivered", at, order_id="O-2", proof_artifact_id=photo.json()["artifact_id"])
    stop = await driver.stop("O-2")
    proof = await manager.get(f"{API}/stops/{stop['stop_id']}/proof")
    assert (proof.content, proof.headers["content-type"]) == (PHOTO, "image/jpeg")
    route = (await manager.get(f"{API}/routes/{driver.route_id}")).json()
    drives = await foreseen_drives(driver, route)
    for key in (second, last):
        at += next(drives) * SLOW
        await driver.says("arrived", at, order_id=key)
        at += timedelta(minutes=20)
        await driver.says("delivered", at, order_id=key)
    at += next(drives) * SLOW
    await driver.says("completed", at, distance_km=720.0)
    tracked = (await manager.get(f"{API}/orders/O-1/track")).json()
    assert tracked["status"] == "delivered"
    assert [each["sent"] for each in tracked["decisions"]][:2] == [False, True]
    return at


async def foreseen_drives(driver: Driver, route: dict[str, Any]) -> Iterator[timedelta]:
    """From the first delivery to the second, from there to the last, and home."""
    halts = [stop for stop in await driver.stops() if stop["stop_type"] == "delivery"]
    times = [(instant(stop["planned_arrival"]), instant(stop["planned_departure"])) for stop in halts]
    arrivals = [*(arrival for arrival, _ in times[1:]), instant(route["returns_at"])]
    return iter([arrival - left for arrival, (_, left) in zip(arrivals, times, strict=True)])


async def leaves_an_outcome(manager: httpx.AsyncClient, decision: dict[str, Any]) -> None:
    (outcome,) = (await manager.get(f"{API}/outcomes")).json()["items"]
    assert (outcome["on_time_deliveries"], outcome["late_deliveries"], outcome["failed_deliveries"]) == (1, 2, 0)
    assert outcome["duration_error"] > 0.3
    assert outcome["revenue_kes"] == "75000.00"
    assert float(outcome["profit_kes"]) == 75000 - float(outcome["actual_cost_kes"])
    assert (await manager.get(f"{API}/decisions/{decision['decision_id']}")).json()["executed"] is True
    assert (await manager.get(f"{API}/vehicles/KDB-10")).json()["status"] == "available"


async def makes_the_next_prediction_better(
    manager: httpx.AsyncClient, order: Give, decide: Decide, work: Work, finished: datetime, foreseen: float
) -> None:
    asked = await manager.post(f"{API}/corrections/learn")
    await work()
    result = (await manager.get(f"/api/v1/jobs/{asked.json()['job_id']}")).json()["result"]
    assert result["learned"] is True, result
    (learned,) = (await manager.get(f"{API}/corrections")).json()["items"]
    assert (learned["status"], learned["number"]) == ("active", 1)
    assert learned["error_after"] < learned["error_before"]
    await order("O-4", "Nakuru", received_at=finished.isoformat())
    following = await decide("greedy", at=finished.isoformat(), commit=True)
    (route,) = following["routes_proposed"]
    now_foreseen = next(stop["arrival"] for stop in route["stops"] if stop["act"] == "delivery") - route["leaves"]
    truth = foreseen * SLOW
    assert abs(now_foreseen - truth) < 0.6 * abs(foreseen - truth)
    assert (await manager.post(f"{API}/corrections/1/retire")).json()["status"] == "retired"
    assert (await manager.post(f"{API}/corrections/1/activate")).json()["status"] == "active"


async def test_when_a_vehicle_breaks_down_another_takes_over_what_it_carried(
    manager: httpx.AsyncClient,
    user: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    order: Give,
    decide: Decide,
    work: Work,
    listening: None,
) -> None:
    for vehicle in (SMALL | {"status": "off_duty"}, LARGE):
        assert (await manager.post(f"{API}/vehicles", json=vehicle)).status_code == 201
    window = {"end_time": (MORNING + timedelta(hours=9)).isoformat()}
    await order("O-1", "Nakuru")
    await order("O-2", "Eldoret", time_window=window)
    decision = await decide("greedy", commit=True)
    (route,) = decision["routes_proposed"]
    driver = Driver(user, route["route_id"])
    at = moment(route["leaves"])
    await driver.says("departed", at)
    at += timedelta(hours=3)
    await driver.says("delivered", at, order_id="O-1")
    assert (await manager.patch(f"{API}/vehicles/KDA-5", json={"status": "available"})).status_code == 200
    at += timedelta(minutes=20)
    await driver.says("breakdown", at, reason="gearbox", location=NAKURU_ROADSIDE)

    stranded = (await manager.get(f"{API}/orders/O-2")).json()
    assert (stranded["status"], stranded["route_id"]) == ("pending", None)
    assert stranded["pickup_location"]["lat"] == NAKURU_ROADSIDE["lat"]
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "delivered"
    broken = (await manager.get(f"{API}/vehicles/KDB-10")).json()
    assert (broken["status"], broken["current_location"]["lat"]) == ("maintenance", NAKURU_ROADSIDE["lat"])

    # A decision was asked for at once; it proposes the other truck, whatever the window said.
    await work()
    rescue = (await manager.get(f"{API}/decisions", params={"type": "triggered"})).json()["items"][0]
    assert rescue["orders_routed"] == ["O-2"]
    assert rescue["routes_proposed"][0]["vehicle"] == "KDA-5"
    done = await manager.post(f"{API}/decisions/{rescue['decision_id']}/commit")
    assert done.status_code == 200, done.text
    second = Driver(user, rescue["routes_proposed"][0]["route_id"])
    at = moment(rescue["routes_proposed"][0]["leaves"])
    await second.says("departed", at)
    assert (await manager.get(f"{API}/orders/O-2")).json()["status"] == "assigned"
    await second.says("picked_up", at + timedelta(hours=3), order_id="O-2")
    await second.says("delivered", at + timedelta(hours=6), order_id="O-2")
    assert (await manager.get(f"{API}/orders/O-2")).json()["status"] == "delivered"
    assert "dispatch.route.broken_down" in await events_told(admin)
