"""The model's two functions: what a decision costs, and what the world is like when the next one is due."""

from dataclasses import dataclass, replace

from opsroom.dispatch.planning.costs import Cost
from opsroom.dispatch.planning.decision import Decision, ExogenousInformation, Route
from opsroom.dispatch.planning.problem import Place, State, Vehicle
from opsroom.dispatch.planning.situation import Situation


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one decision adds to the objective, in cents. `lost` is the price of orders it lets pass their last
    moment; `revenue`, the price of those it sends, is told but not netted.
    """

    fixed: int
    distance: int
    time: int
    lost: int
    revenue: int

    @property
    def total(self) -> int:
        return self.fixed + self.distance + self.time + self.lost


def contribution(situation: Situation, decision: Decision) -> Contribution:
    driving = sum((route.cost for route in decision.routes), Cost())
    price = {order.key: order.price for order in situation.state.orders}
    missed = situation.must_go - set(decision.sent)
    return Contribution(
        fixed=driving.fixed,
        distance=driving.distance,
        time=driving.time,
        lost=sum(price[key] for key in missed),
        revenue=sum(price[key] for key in decision.sent),
    )


def transition(state: State, decision: Decision, information: ExogenousInformation) -> State:
    """The state at the next decision: sent and cancelled orders gone, new ones there, vehicles on their way.

    Vehicles hired by the tour (`count` above one) are there again for every decision.
    """
    gone = {*decision.sent, *information.cancelled}
    routes = {route.vehicle: route for route in decision.routes}
    back = dict(information.back)
    places = {place.key: place for order in state.orders for place in (order.pickup, order.delivery)}
    left = None if state.decisions_left is None else max(state.decisions_left - 1, 0)
    return replace(
        state,
        instant=state.instant + state.interval,
        orders=(*(order for order in state.orders if order.key not in gone), *information.arrived),
        vehicles=tuple(_moved(vehicle, routes, places, back) for vehicle in state.vehicles),
        decisions_left=left,
    )


def _moved(vehicle: Vehicle, routes: dict[str, Route], places: dict[str, Place], back: dict[str, int]) -> Vehicle:
    if vehicle.count > 1:
        return vehicle
    route = routes.get(vehicle.key)
    available = back.get(vehicle.key, vehicle.available if route is None else route.arrives)
    if route is None:
        return replace(vehicle, available=available)
    rests = places[route.stops[-1].place] if vehicle.end is None else vehicle.end
    return replace(vehicle, available=available, start=rests)
