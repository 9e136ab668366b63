"""Why an order cannot go, whatever else is sent."""

from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.situation import Situation


def obstacles(situation: Situation, order: Order) -> tuple[str, ...]:
    """Why no vehicle could carry the order even alone: one sentence for each vehicle kept from it; () if one can."""
    if not situation.state.vehicles:
        return ("there is no vehicle",)
    found = []
    for vehicle in situation.state.vehicles:
        obstacle = obstacle_to(situation, vehicle, order)
        if obstacle is None:
            return ()
        found.append(f"{vehicle.key}: {obstacle}")
    return tuple(found)


def obstacle_to(situation: Situation, vehicle: Vehicle, order: Order) -> str | None:
    """The first rule that keeps this vehicle from carrying this order alone."""
    return _unfit(vehicle, order) or _untimely(situation, vehicle, order)


def _unfit(vehicle: Vehicle, order: Order) -> str | None:
    if order.weight > vehicle.weight:
        return f"too heavy, {order.weight} kg for {vehicle.weight} kg"
    if order.volume > vehicle.volume:
        return f"too large, {order.volume} l for {vehicle.volume} l"
    if missing := sorted(set(order.needs) - set(vehicle.skills)):
        return f"it is not {', '.join(missing)}"
    if vehicle.kind in order.refuses:
        return f"the customer takes no {vehicle.kind}"
    return None


def _untimely(situation: Situation, vehicle: Vehicle, order: Order) -> str | None:
    travel, state = situation.travel, situation.state
    leaves = max(state.departure, vehicle.available)
    loading = max(leaves + travel.drive(vehicle.start, order.pickup), order.ready)
    if vehicle.start.key == order.pickup.key:
        leaves = loading
    late = loading + order.pickup_service - order.leave_by
    if late > 0:
        return f"it would leave {_minutes(late)} after the longest wait agreed"
    arrival = loading + order.pickup_service + travel.drive(order.pickup, order.delivery)
    begin = max(arrival, order.earliest)
    home = 0 if vehicle.end is None else travel.drive(order.delivery, vehicle.end)
    back = begin + order.service + home
    if arrival > order.latest:
        return f"it would arrive {_minutes(arrival - order.latest)} after the window closes"
    if back > vehicle.until:
        return f"it would be back {_minutes(back - vehicle.until)} after its shift ends"
    if back - leaves - max(begin - arrival, 0) > vehicle.longest:
        return f"the tour takes longer than the {_minutes(vehicle.longest)} it may be away"
    return None


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min"
