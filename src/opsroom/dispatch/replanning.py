"""The job `dispatch.replan_route`: what is left to do on a route under way, planned anew from where the vehicle is.

Windows are kept where they can be; a delivery that cannot be in time any more is made as the others allow.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import Parts
from opsroom.dispatch.arriving import stops_of_route
from opsroom.dispatch.beliefs import paced, travel_belief
from opsroom.dispatch.deciding import Decided, Question, decide
from opsroom.dispatch.engine_values import (
    UNBOUNDED,
    Rules,
    engine_order,
    engine_vehicle,
    instant_of,
    place_of,
    seconds_of,
)
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import Customer, Order, Vehicle
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import DecisionStatus, DecisionType, Route, RouteStatus, RouteStop, StopStatus
from opsroom.dispatch.planning.problem import Place, State
from opsroom.dispatch.proposals import record_of
from opsroom.dispatch.snapshot import Seen
from opsroom.dispatch.travelling import travelled

JOB = "dispatch.replan_route"
ITERATIONS = 200
FREE = Rules({}, frozenset())
ASIDE = 1000  # numbers of stops while they change places


class ReplanRoute(BaseModel):
    """at: when it was seen that the route is late"""

    route_id: str
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Rest:
    """What was left to do; versions of its stops tell whether it still is."""

    seen: Seen
    versions: dict[str, int]


class RouteReplanner:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[ReplanRoute, tuple[Rest, Decided] | None]:
        return JobType(name=JOB, payload=ReplanRoute, compute=self._compute, save=self._save)

    async def _compute(self, payload: ReplanRoute, _run: Run) -> tuple[Rest, Decided] | None:
        async with self._parts.database.transaction() as session:
            await take_turn(session)
            rest = await _rest(session, self._options, payload)
        if rest is None:
            return None
        return rest, await asyncio.to_thread(self._planned, rest.seen)

    def _planned(self, seen: Seen) -> Decided:
        """In time where that is possible; else in time but for those that cannot be; else as soon as possible."""
        question = Question("greedy", iterations=ITERATIONS, alternatives=False)
        state = seen.state
        decided = decide(state, travelled(state, self._options.osrm_url), question)
        for hopeless in ({keep.order for keep in decided.decision.kept}, {order.key for order in state.orders}):
            if not decided.decision.kept:
                break
            eased = (replace(o, earliest=0, latest=UNBOUNDED) if o.key in hopeless else o for o in state.orders)
            state = replace(state, orders=tuple(eased))
            decided = decide(state, travelled(state, self._options.osrm_url), question)
        return decided

    async def _save(
        self, session: AsyncSession, payload: ReplanRoute, found: tuple[Rest, Decided] | None, run: Run
    ) -> dict[str, Any]:
        await take_turn(session)
        route = await _under_way(session, payload.route_id)
        if route is None or found is None:
            return {"route_id": payload.route_id, "applied": False}
        rest, decided = found
        left = _left(await stops_of_route(session, payload.route_id))
        if {stop.stop_id: stop.version for stop in left} != rest.versions or decided.decision.kept:
            return {"route_id": payload.route_id, "applied": False}
        seen = replace(rest.seen, state=decided.situation.state)
        row = record_of(
            seen,
            decided,
            kind=DecisionType.REPLAN,
            requested_by=run.requested_by,
            job_id=run.job_id,
            route_ids=[route.route_id],
        )
        row.status, row.committed_at, row.committed_by = DecisionStatus.COMMITTED, now(), run.requested_by
        row.executed_at = row.committed_at
        session.add(row)
        await _rearrange(session, route, left, decided)
        return {"route_id": route.route_id, "decision_id": row.decision_id, "applied": True}


async def _rest(session: AsyncSession, options: DispatchOptions, payload: ReplanRoute) -> Rest | None:
    route = await _under_way(session, payload.route_id)
    if route is None:
        return None
    stops = await stops_of_route(session, route.route_id)
    left = _left(stops)
    query = select(Vehicle).where(Vehicle.vehicle_id == route.vehicle_id)
    vehicle = (await session.scalars(query)).one()
    stands, since = _position(vehicle, stops, payload.at)
    keys = [stop.order_id for stop in left]
    rows = (
        await session.execute(
            select(Order, Customer)
            .join(Customer, Customer.customer_id == Order.customer_id)
            .where(Order.order_id.in_(keys))
            .order_by(Order.order_id)
        )
    ).all()
    to_collect = {stop.order_id for stop in left if stop.stop_type.value == "pickup"}
    orders = []
    for row in rows:
        order = engine_order(row.Order, row.Customer, FREE, payload.at, options.zone)
        aboard = order.key not in to_collect
        orders.append(
            replace(order, pickup=stands if aboard else order.pickup, leave_by=UNBOUNDED, needs=(), refuses=())
        )
    (known,) = await paced(session, [engine_vehicle(vehicle, FREE, payload.at, options.zone)])
    truck = replace(known, start=stands, available=since, until=UNBOUNDED)
    state = State(
        instant=seconds_of(payload.at),
        orders=tuple(orders),
        vehicles=(truck,),
        interval=options.interval,
        decisions_left=0,
        travel=await travel_belief(session, options, payload.at),
    )
    versions = {
        "orders": {row.Order.order_id: row.Order.version for row in rows},
        "vehicles": {vehicle.vehicle_id: vehicle.version},
        "routes": {},
    }
    return Rest(Seen(state, versions, ()), {stop.stop_id: stop.version for stop in left})


def _position(vehicle: Vehicle, stops: Sequence[RouteStop], at: datetime) -> tuple[Place, int]:
    """Where it was last, and when it leaves from there."""
    visited = [stop for stop in stops if stop.actual_arrival is not None]
    if not visited:
        return place_of(vehicle.current_location), seconds_of(at)
    last = max(visited, key=lambda stop: (stop.actual_arrival, stop.sequence_order))
    staying = 0 if last.actual_departure is not None else last.service_minutes * 60
    return place_of(last.location), seconds_of(at) + staying


def _left(stops: Sequence[RouteStop]) -> list[RouteStop]:
    """Stops that nobody has reached."""
    return [stop for stop in stops if stop.status is StopStatus.PLANNED and stop.actual_arrival is None]


async def _under_way(session: AsyncSession, key: str) -> Route | None:
    """The route, unless it has ended meanwhile, or a dispatcher set its stops."""
    under_way = (Route.route_id == key, Route.status == RouteStatus.IN_PROGRESS, Route.locked.is_(False))
    query = select(Route).where(*under_way).with_for_update()
    route: Route | None = await session.scalar(query.execution_options(populate_existing=True))
    return route


async def _rearrange(session: AsyncSession, route: Route, left: Sequence[RouteStop], decided: Decided) -> None:
    """The stops in their new order, with their new times. Pickups on board are none."""
    (plan,) = decided.decision.routes
    stops = {(stop.order_id, stop.stop_type.value): stop for stop in left}
    numbers = sorted(stop.sequence_order for stop in left)
    for stop in left:
        stop.sequence_order += ASIDE
    await session.flush()
    halts = [stop for stop in plan.stops if (stop.order, stop.act) in stops]
    for number, halt in zip(numbers, halts, strict=True):
        stop = stops[halt.order, halt.act]
        stop.sequence_order = number
        stop.planned_arrival = stop.expected_arrival = instant_of(halt.arrival)
        stop.planned_departure = instant_of(halt.departure)
    route.returns_at = max(instant_of(plan.arrives), route.leaves_at)
    await session.flush()
