"""What driving a route comes to when the road has its own mind."""

from dataclasses import dataclass

from opsroom.dispatch.planning.costs import Cost, driving_cost
from opsroom.dispatch.planning.decision import Route
from opsroom.dispatch.planning.policies.thresholds import loaded
from opsroom.dispatch.planning.simulation.streams import delay_factor
from opsroom.dispatch.planning.situation import Situation


@dataclass(frozen=True, slots=True)
class Outcome:
    vehicle: str
    back: int
    cost: Cost
    arrivals: tuple[tuple[str, int], ...]
    """(order, instant its delivery was reached)."""
    late: tuple[str, ...]
    load: float
    """Largest share of a capacity in use."""
    left: int


def drive(situation: Situation, route: Route, seed: int, spread: float) -> Outcome:
    """Each leg takes its foreseen time, times the factor of the order it leads to; the way home takes the first's."""
    travel = situation.travel
    orders = {order.key: order for order in situation.state.orders}
    vehicle = next(vehicle for vehicle in situation.state.vehicles if vehicle.key == route.vehicle)
    clock, here = route.leaves, vehicle.start
    arrivals, late = [], []
    weight = volume = 0
    load = 0.0
    for stop in route.stops:
        order = orders[stop.order]
        collecting = stop.act == "pickup"
        place = order.pickup if collecting else order.delivery
        clock += round(travel.drive(here, place, vehicle.pace) * delay_factor(seed, order.key, spread))
        if not collecting:
            arrivals.append((order.key, clock))
            late += [order.key] if clock > order.latest else []
        opens = order.ready if collecting else order.earliest
        clock = max(clock, opens) + (order.pickup_service if collecting else order.service)
        sign = 1 if collecting else -1
        weight, volume = weight + sign * order.weight, volume + sign * order.volume
        load = max(load, loaded(vehicle, weight, volume))
        here = place
    if vehicle.end is not None:
        clock += round(travel.drive(here, vehicle.end, vehicle.pace) * delay_factor(seed, route.orders[0], spread))
    cost = driving_cost(vehicle, route.metres, clock - route.leaves)
    return Outcome(route.vehicle, clock, cost, tuple(arrivals), tuple(late), load, route.leaves)
