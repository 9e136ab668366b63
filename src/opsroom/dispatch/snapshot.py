"""Where tables and engine meet: rows become the engine's state. Nothing else reads a state out of the tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.db.base import Entity
from opsroom.core.errors import Invalid
from opsroom.dispatch.beliefs import learned_in_force, paced, travel_belief
from opsroom.dispatch.engine_values import UNBOUNDED, Rules, engine_order, engine_vehicle, seconds_of
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import AssignmentRule, Customer, Order, OrderStatus, Vehicle, VehicleStatus
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.plan_models import Decision, DecisionStatus, Route, RouteStatus, RouteStop
from opsroom.dispatch.planning import problem
from opsroom.dispatch.planning.problem import ArrivalBelief, State, TravelBelief
from opsroom.dispatch.planning.travel import GreatCircle, distinct

HISTORY = timedelta(days=28)
LIKENESSES = 60  # past orders that expected ones take after
SLOWEST_KMH = 40.0  # of a truck on its way to an order that is late already
FEWEST = 10  # past orders from which more are expected at all

Versions = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Seen:
    """versions: of the records the state rests on; replaced: routes not driven yet whose orders are decided anew"""

    state: State
    versions: Versions
    replaced: tuple[str, ...]


async def read_state(session: AsyncSession, options: DispatchOptions, at: datetime, *, replan: bool = False) -> Seen:
    """What a dispatcher knows at an instant, read in one piece: nobody commits meanwhile.

    replan: take back what is committed but not driven yet, except where a dispatcher moved the stops

    Raises:
        Invalid: a later decision was committed already.
    """
    await take_turn(session)
    await _refuse_older(session, at)
    routes = await _undriven(session) if replan else []
    orders = await _orders(session, at, routes)
    vehicles = await _vehicles(session, routes)
    customers = await _customers(session, orders)
    rules = Rules.of((await session.scalars(select(AssignmentRule))).all())
    trucks = await paced(session, (engine_vehicle(vehicle, rules, at, options.zone) for vehicle in vehicles))
    under_way = await _set_out_before(session, orders)
    departure = seconds_of(at) + options.loading
    state = State(
        instant=seconds_of(at),
        orders=tuple(
            late_terms(
                engine_order(order, customers[order.customer_id], rules, at, options.zone),
                trucks,
                departure,
                options.interval,
                set_out=order.order_id in under_way,
            )
            for order in orders
        ),
        vehicles=trucks,
        interval=options.interval,
        loading=options.loading,
        travel=await travel_belief(session, options, at),
        arrivals=await _arrivals(session, options, at),
        learned=await learned_in_force(session),
    )
    versions = {"orders": _versions(orders, "order_id"), "vehicles": _versions(vehicles, "vehicle_id")}
    return Seen(state, versions | {"routes": _versions(routes, "route_id")}, tuple(r.route_id for r in routes))


async def read_operation(session: AsyncSession, options: DispatchOptions, at: datetime) -> State:
    """The whole fleet in service, wherever it is, and what is believed; no orders. For simulated days."""
    out = (VehicleStatus.MAINTENANCE, VehicleStatus.OFF_DUTY)
    query = select(Vehicle).where(Vehicle.status.not_in(out)).order_by(Vehicle.vehicle_id)
    rules = Rules({}, frozenset())
    fleet = await paced(session, [engine_vehicle(row, rules, at, options.zone) for row in await session.scalars(query)])
    return State(
        instant=seconds_of(at),
        orders=(),
        vehicles=fleet,
        interval=options.interval,
        loading=options.loading,
        travel=await travel_belief(session, options, at),
        arrivals=await _arrivals(session, options, at),
        learned=await learned_in_force(session),
    )


def late_terms(
    order: problem.Order, trucks: Sequence[problem.Vehicle], departure: int, interval: int, *, set_out: bool
) -> problem.Order:
    """An order that has waited longer than agreed, or was on its way already, goes as soon as any truck can take it:
    its limits are moved to what can still be done. Later than that would be no answer at all.
    """
    if order.leave_by >= departure and not set_out:
        return order
    approach = 0
    if trucks:
        places = distinct((order.pickup, *(truck.start for truck in trucks)))
        travel = GreatCircle(TravelBelief(kmh=(SLOWEST_KMH,))).matrix(places, departure)
        approach = min(
            max(truck.available - departure, 0) + travel.drive(truck.start, order.pickup) for truck in trucks
        )
    leave_by = departure + max(interval - 1, approach) + order.pickup_service
    return replace(order, leave_by=leave_by, latest=UNBOUNDED if set_out else order.latest)


async def _refuse_older(session: AsyncSession, at: datetime) -> None:
    latest = await session.scalar(
        select(func.max(Decision.decided_for)).where(Decision.status == DecisionStatus.COMMITTED)
    )
    if latest is not None and at < latest:
        raise Invalid(
            f"A decision for {latest.isoformat()} is committed already; {at.isoformat()} lies before it. "
            "Decide for that instant or a later one.",
            code="clock_went_back",
            field="at",
        )


async def _undriven(session: AsyncSession) -> Sequence[Route]:
    waiting = and_(Route.status == RouteStatus.DISPATCHED, Route.departed_at.is_(None), Route.locked.is_(False))
    return (await session.scalars(select(Route).where(waiting).order_by(Route.route_id))).all()


async def _orders(session: AsyncSession, at: datetime, routes: Iterable[Route]) -> Sequence[Order]:
    taken_back = Order.route_id.in_([route.route_id for route in routes])
    waits = or_(Order.status == OrderStatus.PENDING, and_(Order.status == OrderStatus.ASSIGNED, taken_back))
    # The engine's instants are whole seconds: an order of this very second is there.
    known = Order.received_at < at + timedelta(seconds=1)
    query = select(Order).where(waits, known).order_by(Order.received_at, Order.order_id)
    return (await session.scalars(query)).all()


async def _set_out_before(session: AsyncSession, orders: Iterable[Order]) -> frozenset[str]:
    """Orders whose vehicle could not go on."""
    query = (
        select(RouteStop.order_id)
        .join(Route, Route.route_id == RouteStop.route_id)
        .where(Route.departed_at.is_not(None), Route.status == RouteStatus.CANCELLED)
        .where(RouteStop.order_id.in_([order.order_id for order in orders]))
    )
    return frozenset(await session.scalars(query))


async def _vehicles(session: AsyncSession, routes: Iterable[Route]) -> Sequence[Vehicle]:
    freed = Vehicle.vehicle_id.in_([route.vehicle_id for route in routes])
    free = or_(Vehicle.status == VehicleStatus.AVAILABLE, freed)
    return (await session.scalars(select(Vehicle).where(free).order_by(Vehicle.vehicle_id))).all()


async def _customers(session: AsyncSession, orders: Iterable[Order]) -> dict[str, Customer]:
    keys = {order.customer_id for order in orders}
    rows = await session.scalars(select(Customer).where(Customer.customer_id.in_(keys)))
    return {row.customer_id: row for row in rows}


async def _arrivals(session: AsyncSession, options: DispatchOptions, at: datetime) -> ArrivalBelief | None:
    """Hourly rates of the last four weeks, and the latest orders to take after."""
    recent = (
        select(Order, Customer)
        .join(Customer, Customer.customer_id == Order.customer_id)
        .where(Order.received_at <= at, Order.received_at > at - HISTORY, Order.status != OrderStatus.CANCELLED)
        .order_by(Order.received_at.desc(), Order.order_id)
    )
    rows = (await session.execute(recent)).all()
    if len(rows) < FEWEST:
        return None
    days = max(-(-(at - rows[-1].Order.received_at) // timedelta(days=1)), 1)
    hours = Counter(row.Order.received_at.astimezone(options.zone).hour for row in rows)
    free = Rules({}, frozenset())
    history = (
        engine_order(row.Order, row.Customer, free, row.Order.received_at, options.zone) for row in rows[:LIKENESSES]
    )
    return ArrivalBelief(tuple(hours[hour] / days for hour in range(24)), tuple(history), options.utc_offset(at))


def _versions(rows: Iterable[Entity], key: str) -> dict[str, int]:
    return {getattr(row, key): row.version for row in rows}
