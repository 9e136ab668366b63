"""What an order is worth to a plan: cents by which sending it now is preferred to keeping it."""

from opsroom.dispatch.planning.costs import driving_cost
from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.situation import Situation


def solo_cost(situation: Situation, order: Order) -> int:
    """The cheapest vehicle's cost of carrying the order alone; zero without vehicles."""
    return min((_alone(situation, vehicle, order) for vehicle in situation.state.vehicles), default=0)


def haste(situation: Situation, order: Order) -> float:
    """How much of the time from the order's arrival to its last departure has passed: 0 new, 1 now or never."""
    state = situation.state
    whole = situation.latest_departure(order) - order.received
    if whole <= 0:
        return 1.0
    return min(max((state.departure - order.received) / whole, 0.0), 1.0)


def _alone(situation: Situation, vehicle: Vehicle, order: Order) -> int:
    travel = situation.travel
    legs = [(vehicle.start, order.pickup), (order.pickup, order.delivery)]
    if vehicle.end is not None:
        legs.append((order.delivery, vehicle.end))
    metres = sum(travel.distance(*leg) for leg in legs)
    seconds = sum(travel.drive(*leg, vehicle.pace) for leg in legs) + order.pickup_service + order.service
    return driving_cost(vehicle, metres, seconds).total
