"""Why an order cannot go, whatever else is sent."""

from collections.abc import Iterator

from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.situation import Situation


def obstacles(situation: Situation, order: Order) -> tuple[str, ...]:
    """Why no vehicle could carry the order even alone: one sentence for each vehicle kept from it; () if one can."""
    if not situation.state.vehicles:
        return ("there is no vehicle",)
    found = []
    for vehicle in situation.state.vehicles:
        against = obstacles_to(situation, vehicle, order)
        if not against:
            return ()
        found.append(f"{vehicle.key}: {', '.join(against)}")
    return tuple(found)


def obstacles_to(situation: Situation, vehicle: Vehicle, order: Order) -> tuple[str, ...]:
    """Every rule that keeps this vehicle from carrying this order alone."""
    return (*_unfit(vehicle, order), *_untimely(situation, vehicle, order))


def _unfit(vehicle: Vehicle, order: Order) -> Iterator[str]:
    if order.weight > vehicle.weight:
        yield f"too heavy, {order.weight} kg for {vehicle.weight} kg"
    if order.volume > vehicle.volume:
        yield f"too large, {order.volume} l for {vehicle.volume} l"
    if missing := sorted(set(order.needs) - set(vehicle.skills)):
        yield f"it is not {', '.join(missing)}"
    if vehicle.kind in order.refuses:
        yield f"the customer takes no {vehicle.kind}"


def _untimely(situation: Situation, vehicle: Vehicle, order: Order) -> Iterator[str]:
    travel, state = situation.travel, situation.state
    leaves = max(state.departure, vehicle.available)
    loading = max(leaves + travel.drive(vehicle.start, order.pickup, vehicle.pace), order.ready)
    if vehicle.start.key == order.pickup.key:
        leaves = loading
    late = loading + order.pickup_service - order.leave_by
    if late > 0:
        yield f"it would leave {_minutes(late)} after the longest wait agreed"
    arrival = loading + order.pickup_service + travel.drive(order.pickup, order.delivery, vehicle.pace)
    begin = max(arrival, order.earliest)
    home = 0 if vehicle.end is None else travel.drive(order.delivery, vehicle.end, vehicle.pace)
    back = begin + order.service + home
    if arrival > order.latest:
        yield f"it would arrive {_minutes(arrival - order.latest)} after the window closes"
    if back > vehicle.until:
        yield f"it would be back {_minutes(back - vehicle.until)} after its shift ends"
    if back - leaves - max(begin - arrival, 0) > vehicle.longest:
        yield f"the tour takes longer than the {_minutes(vehicle.longest)} it may be away"


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min"
