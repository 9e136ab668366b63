"""Customers, vehicles and orders by the API: what is taken, what is refused, and in which words."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import ABC, API, NAIROBI, SMALL, Give, order_of

Problem = Callable[[httpx.Response, int], dict[str, Any]]


async def test_an_order_names_its_customer_city_window_and_price(manager: httpx.AsyncClient, order: Give) -> None:
    window = {"start_time": "2026-11-16T08:00:00+03:00", "end_time": "2026-11-16T17:00:00+03:00"}
    made = await order("O-1", "nakuru", time_window=window, customer_id="C-XYZ", price_kes="25000.5")
    assert made["customer_name"] == "XYZ Logistics"
    assert made["destination_city"] == "Nakuru"
    assert made["destination_location"] == {"lat": -0.3031, "lon": 36.08, "city": "Nakuru"}
    assert made["pickup_location"]["city"] == "Nairobi"
    assert made["time_window"] == {"start_time": "2026-11-16T05:00:00Z", "end_time": "2026-11-16T14:00:00Z"}
    assert made["price_kes"] == "25000.50"
    assert made["status"] == "pending"
    read = (await manager.get(f"{API}/orders/O-1")).json()
    assert read == made
    assert (await manager.get(f"{API}/orders/{made['id']}")).json() == made


async def test_an_order_must_go_when_its_window_or_its_customers_patience_says_so(order: Give) -> None:
    patient = await order("O-1", customer_id="C-XYZ")
    assert patient["must_go_by"] == "2026-11-17T03:00:00Z"  # received plus the 24 hours agreed
    window = {"end_time": "2026-11-16T12:00:00Z"}
    hurried = await order("O-2", customer_id="C-XYZ", time_window=window)
    # Nairobi to Nakuru: 137.7 km great circle, times 1.2, at 55 km/h: 3 h.
    assert "2026-11-16T08:58:00Z" < hurried["must_go_by"] < "2026-11-16T09:02:00Z"
    unbounded = await order("O-3")
    assert unbounded["must_go_by"] is None


async def test_a_customer_may_be_named_by_its_name(order: Give) -> None:
    made = await order("O-1", customer_id=None, customer_name="ABC Company")
    assert made["customer_id"] == "C-ABC"


async def test_orders_are_found_by_price_status_and_city(manager: httpx.AsyncClient, order: Give) -> None:
    await order("O-1", price_kes="100.10")
    await order("O-2", "Eldoret", price_kes="100.11")
    found = await manager.get(f"{API}/orders", params={"price_kes__gte": "100.11", "status": "pending"})
    assert [each["order_id"] for each in found.json()["items"]] == ["O-2"]
    found = await manager.get(f"{API}/orders", params={"order": "-price_kes", "destination_city__in": "Nakuru,Eldoret"})
    assert [each["price_kes"] for each in found.json()["items"]] == ["100.11", "100.10"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"weight_tonnes": -1}, "greater than 0"),
        ({"weight_tonnes": 1e9}, "less than or equal to 100"),
        ({"volume_m3": -0.1}, "greater than or equal to 0"),
        ({"price_kes": "1.005"}, "no more than 2 decimal places"),
        ({"priority": 9}, "less than or equal to 4"),
        (
            {"time_window": {"start_time": "2026-11-16T12:00:00Z", "end_time": "2026-11-16T08:00:00Z"}},
            "not after its start",
        ),
        ({"time_window": {"end_time": "2026-11-01T08:00:00Z"}}, "it ended before the order was received"),
        ({"pickup_location": {"lat": -4.5, "lon": 45.0}}, "lies in the water or outside of the region"),
        ({"destination_location": {"lat": 36.8, "lon": -1.29}}, "lies in the water or outside of the region"),
        ({"destination_city": "Atlantis"}, "Atlantis is not a city served. Served are: Bungoma, Eldoret"),
        ({"special_handling": {"explosive": True}}, "Extra inputs are not permitted"),
        ({"received_at": "2126-01-01T00:00:00Z"}, "lies in the future"),
        ({"customer_id": None}, "say whose order it is"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_order_that_makes_no_sense_is_refused_with_the_reason(
    manager: httpx.AsyncClient, customers: None, problem_of: Problem, changed: dict[str, Any], sentence: str
) -> None:
    problem = problem_of(await manager.post(f"{API}/orders", json=order_of("O-1", **changed)), 422)
    assert sentence in str(problem)
    assert (await manager.get(f"{API}/orders")).json()["total"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_unknown_customers_and_taken_names_are_told_apart(
    manager: httpx.AsyncClient, order: Give, problem_of: Problem
) -> None:
    await order("O-1")
    taken = problem_of(await manager.post(f"{API}/orders", json=order_of("O-1")), 409)
    assert taken["fields"] == ["order_id"]
    unknown = problem_of(await manager.post(f"{API}/orders", json=order_of("O-2", customer_id="C-NO")), 404)
    assert unknown["code"] == "unknown_customer"
    bad = ABC | {"customer_id": "C-BAD", "constraints": {"max_wait_days": 3}}
    problem = problem_of(await manager.post(f"{API}/customers", json=bad), 422)
    assert "max_wait_days" in str(problem)


async def test_a_change_is_checked_together_with_what_stays(
    manager: httpx.AsyncClient, order: Give, problem_of: Problem
) -> None:
    window = {"start_time": "2026-11-16T05:00:00Z", "end_time": "2026-11-16T14:00:00Z"}
    await order("O-1", time_window=window)
    moved = await manager.patch(f"{API}/orders/O-1", json={"destination_city": "Kisumu", "weight_tonnes": 3})
    assert moved.json()["destination_location"]["city"] == "Kisumu"
    assert moved.json()["time_window"]["end_time"] == window["end_time"]
    assert moved.json()["must_go_by"] < "2026-11-16T09:00:00Z"
    problem_of(await manager.patch(f"{API}/orders/O-1", json={"weight_tonnes": 0}), 422)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_pins_and_bans_name_an_order_that_waits_and_one_pin_is_enough(
    manager: httpx.AsyncClient, order: Give, trucks: None, problem_of: Problem
) -> None:
    await order("O-1")
    rule = {"order_id": "O-1", "vehicle_id": "KDA-5", "kind": "pin", "reason": "driver knows the yard"}
    assert (await manager.post(f"{API}/assignment-rules", json=rule)).status_code == 201
    second = rule | {"vehicle_id": "KDB-10"}
    problem_of(await manager.post(f"{API}/assignment-rules", json=second), 409)
    assert (await manager.post(f"{API}/assignment-rules", json=second | {"kind": "forbid"})).status_code == 201
    missing = problem_of(await manager.post(f"{API}/assignment-rules", json=rule | {"order_id": "O-9"}), 404)
    assert missing["field"] == "order_id"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_vehicle_has_positive_capacities_and_stands_on_land(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    at_sea = SMALL | {"current_location": {"lat": -6.0, "lon": 42.0}}
    assert problem_of(await manager.post(f"{API}/vehicles", json=at_sea), 422)["field"] == "current_location"
    problem_of(await manager.post(f"{API}/vehicles", json=SMALL | {"capacity_tonnes": 0}), 422)
    made = (await manager.post(f"{API}/vehicles", json=SMALL)).json()
    assert made["fuel_cost_per_km"] == "40.00"
    assert made["current_location"] == NAIROBI | {"city": "Nairobi", "address": None}


async def test_who_may_only_look_may_not_order(user: httpx.AsyncClient, order: Give, problem_of: Problem) -> None:
    await order("O-1")
    assert (await user.get(f"{API}/orders/O-1")).status_code == 200
    problem_of(await user.post(f"{API}/orders", json=order_of("O-2")), 403)
    problem_of(await user.patch(f"{API}/orders/O-1", json={"weight_tonnes": 1}), 403)
