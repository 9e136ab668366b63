"""Trying the single insertion: what stands against an order is found by putting it on a route and checking that."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from opsroom.dispatch.planning.decision import Decision, Route
from opsroom.dispatch.planning.obstacles import obstacles_to
from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.task import RoutingProblem, Task, Tour, Visit
from opsroom.dispatch.planning.situation import Situation


@dataclass(frozen=True, slots=True)
class Against:
    """Why one vehicle does not take the order.

    alone: whether it could not even carry it alone; else it is its present route that has no room
    reasons: every rule in the way, in words
    broken: what the independent checker said of the route that was tried; never empty
    """

    vehicle: str
    alone: bool
    reasons: tuple[str, ...]
    broken: tuple[str, ...]


def against(situation: Situation, decision: Decision, order: Order, *, in_company: bool = True) -> tuple[Against, ...]:
    """For each vehicle that cannot take the order: alone, or, if asked, in addition to what it carries already."""
    routes = {route.vehicle: route for route in decision.routes} if in_company else {}
    return tuple(found for vehicle in situation.state.vehicles if (found := _of(situation, routes, vehicle, order)))


def _of(situation: Situation, routes: dict[str, Route], vehicle: Vehicle, order: Order) -> Against | None:
    broken = tried_alone(situation, vehicle, order)
    if broken:
        reasons = obstacles_to(situation, vehicle, order)
        return Against(vehicle.key, alone=True, reasons=reasons or broken, broken=broken)
    route = routes.get(vehicle.key)
    if route is None or vehicle.count > 1:
        return None
    broken = tried_with(situation, vehicle, route, order)
    if not broken:
        return None
    company = ", ".join(route.orders)
    reason = f"it carries {company} by then, and no place on that route is left for this order"
    return Against(vehicle.key, alone=False, reasons=(reason,), broken=broken)


def tried_alone(situation: Situation, vehicle: Vehicle, order: Order) -> tuple[str, ...]:
    """The rules broken by a route with this order only; none if it can be driven."""
    return _tried(situation, vehicle, (order,), (Visit("pickup", 0), Visit("delivery", 0)))


def tried_with(situation: Situation, vehicle: Vehicle, route: Route, order: Order) -> tuple[str, ...]:
    """The fewest rules broken by the route with this order inserted, wherever that is; none if it fits somewhere.

    Goods that are where the vehicle starts are taken on first; others anywhere before their delivery.
    """
    known = {each.key: each for each in situation.state.orders}
    orders = (*(known[key] for key in route.orders), order)
    number = {each.key: position for position, each in enumerate(orders)}
    visits = [Visit(stop.act, number[stop.order]) for stop in route.stops]
    at_start = order.pickup.key == vehicle.start.key
    insertions = _insertions(visits, len(orders) - 1, 1 if at_start else len(visits) + 1)
    trials = (_tried(situation, vehicle, orders, tour) for tour in insertions)
    fewest: tuple[str, ...] | None = None
    for broken in trials:
        if not broken:
            return ()
        fewest = broken if fewest is None or len(broken) < len(fewest) else fewest
    return fewest or ()


def _insertions(visits: list[Visit], task: int, pickups: int) -> Iterator[tuple[Visit, ...]]:
    """`pickups`: how many places for the pickup are tried, from the first on."""
    pickup, delivery = Visit("pickup", task), Visit("delivery", task)
    for first in range(pickups):
        for second in range(first, len(visits) + 1):
            yield (*visits[:first], pickup, *visits[first:second], delivery, *visits[second:])


def _tried(
    situation: Situation, vehicle: Vehicle, orders: tuple[Order, ...], visits: tuple[Visit, ...]
) -> tuple[str, ...]:
    state = situation.state
    problem = RoutingProblem(tuple(map(Task, orders)), (vehicle,), situation.travel, state.departure)
    # Of a thousand orders these alone matter.
    small = replace(state, orders=orders, vehicles=(vehicle,))
    return violations(small, situation.travel, (as_route(problem, Tour(0, visits)),))
