"""Why each order goes, or waits, or cannot go: facts a dispatcher can check, and sentences that state them."""

from dataclasses import dataclass

from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.decision import Decision, Kept, Route
from opsroom.dispatch.planning.policies.worth import solo_cost
from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.task import RoutingProblem, Task, Tour, Visit
from opsroom.dispatch.planning.situation import Situation


@dataclass(frozen=True, slots=True)
class Explanation:
    order: str
    sent: bool
    companions: tuple[str, ...]
    """The orders on the same route."""
    adds: int | None
    """Cents that the order adds to its route; None when it is not on one."""
    alone: int
    """Cents for carrying it alone, the most that waiting for company can come to."""
    until: int
    """Its last departure."""
    last_decision: int
    """The last decision that can still send it."""
    agreement: Agreement | None
    sentences: tuple[str, ...]


def explanations(situation: Situation, decision: Decision) -> tuple[Explanation, ...]:
    """One for every order of the state, in the state's order."""
    route_of = {key: route for route in decision.routes for key in route.orders}
    kept = {keep.order: keep for keep in decision.kept}
    agreements = {agreement.order: agreement for agreement in decision.agreements}
    return tuple(
        _sent(situation, order, route_of[order.key], agreements.get(order.key))
        if order.key in route_of
        else _kept(situation, order, kept.get(order.key), agreements.get(order.key))
        for order in situation.state.orders
    )


def last_decision(situation: Situation, order: Order) -> int:
    """The instant of the last decision whose departure is not too late; this one's when the next would be."""
    state = situation.state
    spare = max(situation.latest_departure(order) - state.departure, 0) // state.interval
    if state.decisions_left is not None:
        spare = min(spare, state.decisions_left)
    return state.instant + spare * state.interval


def added_cost(situation: Situation, route: Route, order: Order) -> int:
    """Cents by which the route is dearer than the same one without the order."""
    remaining = [key for key in route.orders if key != order.key]
    if not remaining:
        return route.cost.total
    orders = {candidate.key: candidate for candidate in situation.state.orders}
    number = {key: position for position, key in enumerate(remaining)}
    vehicles = situation.state.vehicles
    problem = RoutingProblem(
        tuple(Task(orders[key]) for key in remaining), vehicles, situation.travel, situation.state.departure
    )
    visits = tuple(Visit(stop.act, number[stop.order]) for stop in route.stops if stop.order in number)
    vehicle = next(index for index, vehicle in enumerate(vehicles) if vehicle.key == route.vehicle)
    return route.cost.total - as_route(problem, Tour(vehicle, visits)).cost.total


def _sent(situation: Situation, order: Order, route: Route, agreement: Agreement | None) -> Explanation:
    companions = tuple(key for key in route.orders if key != order.key)
    adds, alone = added_cost(situation, route, order), solo_cost(situation, order)
    company = f"with {', '.join(companions)}" if companions else "alone"
    sentences = [f"goes with {route.vehicle}, {company}", *_why_now(situation, order, agreement)]
    if order.key in situation.must_go:
        sentences.append(f"waiting would have lost its price of {_shillings(order.price)}")
    else:
        sentences.append(f"now it adds {_shillings(adds)}; had it waited and found no company, {_shillings(alone)}")
    return Explanation(
        order=order.key,
        sent=True,
        companions=companions,
        adds=adds,
        alone=alone,
        until=situation.latest_departure(order),
        last_decision=last_decision(situation, order),
        agreement=agreement,
        sentences=tuple(sentences),
    )


def _why_now(situation: Situation, order: Order, agreement: Agreement | None) -> list[str]:
    if situation.state.decisions_left == 0:
        return ["this is the last decision"]
    if order.key in situation.must_go:
        late = situation.state.next_departure - situation.latest_departure(order)
        return [f"the next departure would be {-(-late // 60)} min too late for it"]
    if agreement is not None:
        return [f"{agreement.dispatched} of {agreement.samples} sampled futures send it now"]
    return []


def _kept(situation: Situation, order: Order, kept: Kept | None, agreement: Agreement | None) -> Explanation:
    sentences = list(kept.reasons) if kept is not None else []
    last = last_decision(situation, order)
    if kept is not None and kept.code == "waits":
        later = (last - situation.state.instant) // 60
        sentences.append(f"it can wait for the decision in {later} min at the latest")
        sentences.append(f"orders that share its way to {order.delivery.area or order.delivery.key} release it sooner")
    if agreement is not None:
        keeping = agreement.samples - agreement.dispatched
        sentences.append(f"{keeping} of {agreement.samples} sampled futures keep it")
    return Explanation(
        order=order.key,
        sent=False,
        companions=(),
        adds=None,
        alone=solo_cost(situation, order),
        until=situation.latest_departure(order),
        last_decision=last,
        agreement=agreement,
        sentences=tuple(sentences),
    )


def _shillings(cents: int) -> str:
    return f"KES {cents / 100:,.2f}"
