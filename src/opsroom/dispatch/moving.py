"""A dispatcher's own order of stops: timed and checked by the engine, then left alone by whoever plans anew."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.dispatch.arriving import stops_of_route
from opsroom.dispatch.deciding import situation_of, travelled_from
from opsroom.dispatch.engine_values import instant_of
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.plan_models import Decision, Route, RouteStatus, RouteStop
from opsroom.dispatch.planning.decision import Route as PlannedRoute
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.task import RoutingProblem, Task, Tour, Visit
from opsroom.dispatch.proposals import kes

ASIDE = 1000  # numbers of stops while they change places


@dataclass(frozen=True, slots=True)
class Moved:
    route: PlannedRoute
    broken: tuple[str, ...]


async def move_stops(session: AsyncSession, key: str, wanted: Sequence[str]) -> Route:
    """Put the stops of a route that has not departed into this order.

    Raises:
        NotFound, Conflict: there is no such route, or it has departed.
        Invalid: these are not its stops, or the order breaks a rule; `broken` lists which.
    """
    await take_turn(session)
    route: Route | None = await session.scalar(select(Route).where(Route.route_id == key).with_for_update())
    if route is None:
        raise NotFound(f"There is no route {key}.")
    if route.status not in {RouteStatus.PLANNED, RouteStatus.DISPATCHED}:
        raise Conflict(f"Route {key} is {route.status.value.replace('_', ' ')}; its stops stay.", code="departed")
    stops = {stop.stop_id: stop for stop in await stops_of_route(session, key)}
    if sorted(stops) != sorted(wanted):
        raise Invalid(f"stops: expected each of {', '.join(stops)} once.", field="stops")
    decision = (await session.scalars(select(Decision).where(Decision.decision_id == route.decision_id))).one()
    moved = await asyncio.to_thread(_moved, decision, route, [stops[each] for each in wanted])
    if moved.broken:
        raise Invalid(f"That order of stops cannot be driven: {moved.broken[0]}.", field="stops", broken=moved.broken)
    await _renumber(session, route, [stops[each] for each in wanted], moved.route)
    return route


def _moved(decision: Decision, route: Route, stops: Sequence[RouteStop]) -> Moved:
    state = State.from_json(decision.state_snapshot)
    situation = situation_of(state, travelled_from(state, decision.travel).matrix)
    number = {key: position for position, key in enumerate(route.orders)}
    orders = {order.key: order for order in state.orders}
    vehicle = next(each for each in state.vehicles if each.key == route.vehicle_id)
    tasks = tuple(Task(orders[key]) for key in route.orders)
    problem = RoutingProblem(tasks, (vehicle,), situation.travel, state.departure)
    visits = tuple(
        Visit("pickup" if stop.stop_type.value == "pickup" else "delivery", number[stop.order_id]) for stop in stops
    )
    planned = as_route(problem, Tour(0, visits))
    return Moved(planned, violations(state, situation.travel, (planned,)))


async def _renumber(session: AsyncSession, route: Route, stops: Sequence[RouteStop], planned: PlannedRoute) -> None:
    for stop in stops:
        stop.sequence_order += ASIDE
    await session.flush()
    for number, (stop, halt) in enumerate(zip(stops, planned.stops, strict=True), start=1):
        stop.sequence_order = number
        stop.planned_arrival = stop.expected_arrival = instant_of(halt.arrival)
        stop.planned_departure = instant_of(halt.departure)
    route.locked = True
    route.leaves_at, route.returns_at = instant_of(planned.leaves), instant_of(planned.arrives)
    route.total_distance_km = round(planned.metres / 1000, 3)
    route.estimated_duration_minutes = round((planned.arrives - planned.leaves) / 60, 2)
    route.estimated_cost_kes = kes(planned.cost.total)
    await session.flush()
