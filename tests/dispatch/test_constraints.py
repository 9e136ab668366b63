"""What must always hold is held by the database, whoever writes: raw SQL on both engines."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from opsroom.core.db.engine import Database

Run = Callable[[str], Awaitable[None]]

PLACE = """'{"lat": -1.29, "lon": 36.82}'"""
NOON, LATER = "'2026-11-16 09:00:00.000000+00:00'", "'2026-11-16 15:00:00.000000+00:00'"


def customer() -> str:
    return f"INSERT INTO customers (id, customer_id, name) VALUES ('{uuid4().hex}', 'C-1', 'ABC Company')"


def vehicle(key: str, capacity: float = 5) -> str:
    columns = "id, vehicle_id, vehicle_type, capacity_tonnes, capacity_m3, current_location, status"
    costs = "fuel_cost_per_km, driver_cost_per_hour"
    values = f"'{uuid4().hex}', '{key}', '5t', {capacity}, 20, {PLACE}, 'available', 4000, 30000"
    return f"INSERT INTO vehicles ({columns}, {costs}) VALUES ({values})"


def order(
    key: str, *, weight: float = 1, status: str = "pending", route: str = "NULL", window: str = "NULL, NULL"
) -> str:
    columns = (
        "id, order_id, customer_id, customer_name, pickup_location, destination_city, destination_location, "
        "weight_tonnes, volume_m3, price_kes, status, route_id, received_at, window_start, window_end"
    )
    values = (
        f"'{uuid4().hex}', '{key}', 'C-1', 'ABC Company', {PLACE}, 'Nakuru', {PLACE}, "
        f"{weight}, 2, 100000, '{status}', {route}, {NOON}, {window}"
    )
    return f"INSERT INTO orders ({columns}) VALUES ({values})"


def decision(
    key: str = "D-1", *, status: str = "proposed", committed: str = "NULL", confidence: str = "NULL, NULL"
) -> str:
    columns = (
        "id, decision_id, type, status, decided_for, policy, policy_version, parameters, seed, iterations, horizon, "
        "state_snapshot, state_sha256, versions, routes_proposed, orders_routed, orders_waiting, estimated_cost_kes, "
        "cost, agreements, travel, alternatives, computation_ms, requested_by, committed_at, confidence, "
        "confidence_samples"
    )
    values = (
        f"'{uuid4().hex}', '{key}', 'on_demand', '{status}', {NOON}, 'greedy', '1', '{{}}', 0, 1, 1, "
        f"'{{}}', '{'a' * 64}', '{{}}', '[]', '[]', '[]', 0, '{{}}', '[]', '{{}}', '[]', 1, 'me', "
        f"{committed}, {confidence}"
    )
    return f"INSERT INTO decisions ({columns}) VALUES ({values})"


def route(key: str, vehicle_id: str = "V-1", status: str = "planned", *, kilometres: float = 10) -> str:
    columns = (
        "id, route_id, vehicle_id, decision_id, status, orders, cities, leaves_at, returns_at, total_distance_km, "
        "estimated_duration_minutes, estimated_cost_kes"
    )
    values = (
        f"'{uuid4().hex}', '{key}', '{vehicle_id}', 'D-1', '{status}', '[]', '[]', {NOON}, {LATER}, {kilometres}, 60, 1"
    )
    return f"INSERT INTO routes ({columns}) VALUES ({values})"


def stop(key: str, route_id: str, order_id: str, status: str, *, sequence: int = 1, kind: str = "delivery") -> str:
    columns = (
        "id, stop_id, route_id, order_id, stop_type, status, sequence_order, location, drive_seconds, "
        "planned_arrival, planned_departure, service_minutes"
    )
    values = (
        f"'{uuid4().hex}', '{key}', '{route_id}', '{order_id}', '{kind}', '{status}', {sequence}, {PLACE}, 60, "
        f"{NOON}, {LATER}, 20"
    )
    return f"INSERT INTO route_stops ({columns}) VALUES ({values})"


@pytest.fixture
def run(database: Database) -> Run:
    async def execute(statement: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement.replace(":", "\\:")))

    return execute


@pytest.fixture
async def there(run: Run) -> None:
    for statement in (customer(), vehicle("V-1"), vehicle("V-2"), order("O-1"), order("O-2"), decision()):
        await run(statement)


@pytest.mark.usefixtures("there")
async def test_a_vehicle_is_on_one_route_at_a_time(run: Run) -> None:
    await run(route("R-1", status="dispatched"))
    await run(route("R-2", status="planned"))
    await run(route("R-3", vehicle_id="V-2", status="in_progress"))
    with pytest.raises(IntegrityError):
        await run(route("R-4", status="dispatched"))
    with pytest.raises(IntegrityError):
        await run("UPDATE routes SET status = 'in_progress' WHERE route_id = 'R-2'")
    await run("UPDATE routes SET status = 'cancelled' WHERE route_id = 'R-1'")
    await run("UPDATE routes SET status = 'in_progress' WHERE route_id = 'R-2'")


@pytest.mark.usefixtures("there")
async def test_an_order_is_to_be_delivered_by_one_route(run: Run) -> None:
    await run(route("R-1"))
    await run(route("R-2", vehicle_id="V-2"))
    await run(stop("S-1", "R-1", "O-1", "planned"))
    await run(stop("S-2", "R-2", "O-1", "proposed"))
    await run(stop("S-3", "R-1", "O-1", "planned", sequence=2, kind="pickup"))
    with pytest.raises(IntegrityError):
        await run("UPDATE route_stops SET status = 'planned' WHERE stop_id = 'S-2'")
    await run("UPDATE route_stops SET status = 'failed' WHERE stop_id = 'S-1'")
    await run("UPDATE route_stops SET status = 'planned' WHERE stop_id = 'S-2'")


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    "statement",
    [
        order("O-3", weight=0),
        order("O-3", weight=-2),
        order("O-3", window=f"{LATER}, {NOON}"),
        order("O-3", status="assigned"),
        order("O-3", status="pending", route="'R-1'"),
        order("O-3", status="delivered", route="'R-1'"),
        order("O-3", status="lost"),
        order("O-1"),
        vehicle("V-3", capacity=0),
        vehicle("V-1"),
        decision("D-2", status="committed"),
        decision("D-2", committed=NOON),
        decision("D-2", confidence="0.5, NULL"),
        decision("D-2", confidence="1.5, 10"),
        route("R-2", kilometres=-1),
        route("R-2", vehicle_id="V-9"),
        stop("S-1", "R-1", "O-1", "proposed", sequence=0),
        stop("S-1", "R-1", "O-9", "proposed"),
        stop("S-1", "R-9", "O-1", "proposed"),
        "UPDATE orders SET destination_city = 'Atlantis'",
        "DELETE FROM customers",
        "DELETE FROM cities WHERE name = 'Nakuru'",
    ],
    ids=[
        "no weight", "negative weight", "window backwards", "assigned to nothing", "waiting on a route",
        "delivered never", "unknown status", "order twice", "no capacity", "vehicle twice", "committed never",
        "committed and proposed", "confidence without samples", "confidence above one", "negative way",
        "unknown vehicle", "stop zero", "unknown order", "unknown route", "unknown city", "customer with orders",
        "city with orders",
    ],
)  # fmt: skip
async def test_the_database_refuses(run: Run, statement: str) -> None:
    await run(route("R-1"))
    with pytest.raises(IntegrityError):
        await run(statement)


@pytest.mark.usefixtures("there")
async def test_stops_go_with_their_route_and_pins_with_their_order(run: Run, database: Database) -> None:
    await run(route("R-1"))
    await run(stop("S-1", "R-1", "O-1", "proposed"))
    await run(
        f"INSERT INTO assignment_rules (id, order_id, vehicle_id, kind) VALUES ('{uuid4().hex}', 'O-2', 'V-1', 'pin')"
    )
    with pytest.raises(IntegrityError):
        await run(
            "INSERT INTO assignment_rules (id, order_id, vehicle_id, kind) "
            f"VALUES ('{uuid4().hex}', 'O-2', 'V-2', 'pin')"
        )
    await run("DELETE FROM routes WHERE route_id = 'R-1'")
    await run("DELETE FROM orders WHERE order_id = 'O-2'")
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM route_stops")) == 0
        assert await connection.scalar(text("SELECT count(*) FROM assignment_rules")) == 0
