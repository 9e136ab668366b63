"""What tests of dispatch in the database may ask for: two customers, two trucks, and orders between Kenyan cities."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from opsroom.core.db.engine import Database

API = "/api/v1/dispatch"
NAIROBI = {"lat": -1.2921, "lon": 36.8219}
MORNING = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)  # six o'clock in Nairobi, a Monday

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Decide = Callable[..., Awaitable[dict[str, Any]]]
Work = Callable[[], Awaitable[None]]
Execute = Callable[[str], Awaitable[None]]

ABC = {"customer_id": "C-ABC", "name": "ABC Company", "email": "freight@abc.example", "phone": "+254 700 000001"}
XYZ = {"customer_id": "C-XYZ", "name": "XYZ Logistics", "constraints": {"max_wait_hours": 24}}
SMALL = {
    "vehicle_id": "KDA-5",
    "vehicle_type": "5t truck",
    "capacity_tonnes": 5,
    "capacity_m3": 25,
    "current_location": NAIROBI,
    "home_location": NAIROBI,
    "fuel_cost_per_km": "40",
    "driver_cost_per_hour": "300",
    "fixed_cost": "2000",
}
LARGE = SMALL | {
    "vehicle_id": "KDB-10",
    "vehicle_type": "10t truck",
    "capacity_tonnes": 10,
    "capacity_m3": 50,
    "fuel_cost_per_km": "55",
    "fixed_cost": "3000",
}


def order_of(order_id: str, city: str = "Nakuru", **changed: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "customer_id": "C-ABC",
        "pickup_location": NAIROBI,
        "destination_city": city,
        "weight_tonnes": 2,
        "volume_m3": 8,
        "price_kes": "25000.00",
        "received_at": MORNING.isoformat(),
    } | changed


@pytest.fixture
async def customers(manager: httpx.AsyncClient) -> None:
    for customer in (ABC, XYZ):
        answer = await manager.post(f"{API}/customers", json=customer)
        assert answer.status_code == 201, answer.text


@pytest.fixture
async def trucks(manager: httpx.AsyncClient) -> None:
    for vehicle in (SMALL, LARGE):
        answer = await manager.post(f"{API}/vehicles", json=vehicle)
        assert answer.status_code == 201, answer.text


@pytest.fixture
def order(manager: httpx.AsyncClient, customers: None) -> Give:
    """Hand in an order by the API."""

    async def give(order_id: str, city: str = "Nakuru", **changed: Any) -> dict[str, Any]:
        answer = await manager.post(f"{API}/orders", json=order_of(order_id, city, **changed))
        assert answer.status_code == 201, answer.text
        record: dict[str, Any] = answer.json()
        return record

    return give


@pytest.fixture
def rows(app: FastAPI) -> Rows:
    """The rows of a SELECT."""
    database: Database = app.state.database

    async def read(statement: str) -> list[tuple[Any, ...]]:
        async with database.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    return read


@pytest.fixture
def execute(app: FastAPI) -> Callable[[str], Awaitable[None]]:
    """Change something behind everybody's back."""

    async def run(statement: str) -> None:
        async with app.state.database.transaction() as session:
            await session.execute(text(statement))

    return run


@pytest.fixture
def decide(manager: httpx.AsyncClient, work: Work) -> Decide:
    """Ask for a decision by the API, do the work, and give the decision."""

    async def call(policy: str, *, client: httpx.AsyncClient | None = None, **asked: Any) -> dict[str, Any]:
        asked = {"policy": policy, "at": MORNING.isoformat(), "iterations": 60} | asked
        accepted = await (client or manager).post(f"{API}/decisions", json=asked)
        assert accepted.status_code == 202, accepted.text
        await work()
        job = (await manager.get(f"/api/v1/jobs/{accepted.json()['job_id']}")).json()
        assert job["status"] == "succeeded", job["error"]
        answer = await manager.get(f"{API}/decisions/{job['result']['decision_id']}")
        decision: dict[str, Any] = answer.json()
        return decision

    return call
