"""Two dispatchers on one state, again and again: no truck and no order is ever sent twice.

Each dispatcher has connections of its own, as in a process of its own. Each decides on what it sees, so both propose
to send the same trucks and orders; both commit at the same moment, while a third changes an order under them.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, text, update
from tests.dispatch.conftest import MORNING, NAIROBI

from opsroom.core.actor import SYSTEM
from opsroom.core.db.engine import Database
from opsroom.core.errors import Conflict
from opsroom.core.jobs.queue import JobQueue
from opsroom.dispatch.committing import commit
from opsroom.dispatch.deciding import Question, built_in, decide
from opsroom.dispatch.models import Customer, Order, OrderStatus, Vehicle, VehicleStatus
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import DecisionType
from opsroom.dispatch.proposals import write_down
from opsroom.dispatch.snapshot import read_state

TRUCKS, ORDERS = 2, 4
OPTIONS = {
    "dispatch_zone": "Africa/Nairobi",
    "dispatch_interval_minutes": 60,
    "dispatch_loading_minutes": 30,
    "dispatch_policy": "greedy",
    "dispatch_iterations": 1,
    "dispatch_automatic": False,
    "dispatch_learns": "",
    "osrm_url": None,
}
INVARIANTS = {
    "an order to be delivered by two routes": (
        "SELECT order_id FROM route_stops WHERE status = 'planned' AND stop_type = 'delivery' "
        "GROUP BY order_id HAVING count(*) > 1"
    ),
    "a truck on two routes": (
        "SELECT vehicle_id FROM routes WHERE status IN ('dispatched', 'in_progress') "
        "GROUP BY vehicle_id HAVING count(*) > 1"
    ),
    "an assigned order without its stop": (
        "SELECT order_id FROM orders o WHERE status = 'assigned' AND NOT EXISTS (SELECT 1 FROM route_stops s "
        "WHERE s.order_id = o.order_id AND s.route_id = o.route_id AND s.status = 'planned')"
    ),
    "a truck that loads for no route": (
        "SELECT vehicle_id FROM vehicles v WHERE status = 'loading' AND NOT EXISTS (SELECT 1 FROM routes r "
        "WHERE r.vehicle_id = v.vehicle_id AND r.status = 'dispatched')"
    ),
    "a committed decision without a route": (
        "SELECT decision_id FROM decisions d WHERE status = 'committed' AND NOT EXISTS (SELECT 1 FROM routes r "
        "WHERE r.decision_id = d.decision_id AND r.status IN ('dispatched', 'cancelled'))"
    ),
}


async def race(url: str, rounds: int) -> Counter[str]:
    """Counts of what became of the commits.

    Raises:
        AssertionError: something was sent twice, or half.
    """
    dispatchers = [Database(url), Database(url), Database(url)]
    options, queue = options_from(OPTIONS), JobQueue()
    outcomes: Counter[str] = Counter()
    try:
        await _prepare(dispatchers[0])
        for number in range(rounds):
            await _waiting_orders(dispatchers[0], number)
            keys = [await _propose(each, options, number, seed) for seed, each in enumerate(dispatchers[:2])]
            outcomes.update(
                await asyncio.gather(
                    *(_commit(each, queue, key) for each, key in zip(dispatchers, keys, strict=False)),
                    _change(dispatchers[2], number),
                )
            )
            await _check(dispatchers[0], number)
            await _clear(dispatchers[0])
    finally:
        for each in dispatchers:
            await each.close()
    return outcomes


async def _prepare(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Customer(customer_id="C-1", name="ABC Company"))
        session.add_all(
            Vehicle(
                vehicle_id=f"V-{number}", vehicle_type="5t truck", capacity_tonnes=5, capacity_m3=25,
                current_location=NAIROBI, home_location=NAIROBI, fuel_cost_per_km=Decimal(40),
                driver_cost_per_hour=Decimal(300),
            )
            for number in range(TRUCKS)
        )  # fmt: skip


async def _waiting_orders(database: Database, number: int) -> None:
    async with database.transaction() as session:
        session.add_all(
            Order(
                order_id=f"O-{number}-{each}", customer_id="C-1", customer_name="ABC Company", pickup_location=NAIROBI,
                destination_city="Nakuru", destination_location={"lat": -0.3031, "lon": 36.08}, weight_tonnes=2,
                volume_m3=5, price_kes=Decimal(1000), received_at=MORNING,
            )
            for each in range(ORDERS)
        )  # fmt: skip


async def _propose(database: Database, options: DispatchOptions, number: int, seed: int) -> str:
    async with database.transaction() as session:
        seen = await read_state(session, options, MORNING + timedelta(minutes=number))
    question = Question("greedy", seed=seed, iterations=1, alternatives=False)
    decided = await asyncio.to_thread(decide, seen.state, built_in(seen.state), question)
    async with database.transaction() as session:
        row = await write_down(
            session, seen, decided, kind=DecisionType.ON_DEMAND, requested_by=f"dispatcher {seed}", job_id=None
        )
    return row.decision_id


async def _commit(database: Database, queue: JobQueue, key: str) -> str:
    try:
        async with database.transaction() as session:
            await commit(session, queue, key, SYSTEM)
    except Conflict as refused:
        return refused.code
    return "committed"


async def _change(database: Database, number: int) -> str:
    """Every fourth time somebody else changes an order at the same moment."""
    if number % 4:
        return "nothing changed"
    async with database.transaction() as session:
        order = await session.scalar(select(Order).where(Order.order_id == f"O-{number}-0").with_for_update())
        assert order is not None
        if order.status is not OrderStatus.PENDING:
            return "too late to change"
        order.weight_tonnes = 3
    return "order changed"


async def _check(database: Database, number: int) -> None:
    async with database.reading() as connection:
        for wrong, statement in INVARIANTS.items():
            found = (await connection.execute(text(statement))).all()
            assert not found, f"round {number}: {wrong}: {found}"


async def _clear(database: Database) -> None:
    """The road is empty again, for the next round."""
    async with database.transaction() as session:
        await session.execute(text("UPDATE route_stops SET status = 'skipped'"))
        await session.execute(text("UPDATE routes SET status = 'cancelled'"))
        values = {"status": OrderStatus.CANCELLED, "version": Order.version + 1}
        await session.execute(update(Order).values(values).execution_options(synchronize_session=False))
        free = {"status": VehicleStatus.AVAILABLE, "version": Vehicle.version + 1}
        await session.execute(update(Vehicle).values(free).execution_options(synchronize_session=False))
