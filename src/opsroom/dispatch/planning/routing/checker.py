"""Whether routes keep every rule, worked out again from orders, vehicles and the clock alone.

Nothing here is shared with the solver's model, its fallback or the timetable: a mistake there must not hide here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opsroom.dispatch.planning.decision import Route, Stop
from opsroom.dispatch.planning.problem import Order, State, Vehicle
from opsroom.dispatch.planning.travel import TravelMatrix


def violations(state: State, travel: TravelMatrix, routes: Sequence[Route]) -> tuple[str, ...]:
    """A sentence for every rule broken; none for a plan that can be driven as written."""
    orders = {order.key: order for order in state.orders}
    vehicles = {vehicle.key: vehicle for vehicle in state.vehicles}
    found = list(_fleet(vehicles, routes))
    found += _coverage(orders, routes)
    for number, route in enumerate(routes):
        known = route.vehicle in vehicles and all(stop.order in orders for stop in route.stops)
        if known:
            drive = _Drive(state, travel, vehicles[route.vehicle], orders, route)
            found += [f"route {number} ({route.vehicle}): {sentence}" for sentence in drive.faults()]
    return tuple(found)


def _fleet(vehicles: Mapping[str, Vehicle], routes: Sequence[Route]) -> Iterator[str]:
    for key, uses in Counter(route.vehicle for route in routes).items():
        if key not in vehicles:
            yield f"vehicle {key} is not in the fleet"
        elif uses > vehicles[key].count:
            yield f"vehicle {key} is used {uses} times, there are {vehicles[key].count}"


def _coverage(orders: Mapping[str, Order], routes: Sequence[Route]) -> Iterator[str]:
    seen = Counter((stop.order, stop.act) for route in routes for stop in route.stops)
    for (key, act), times in seen.items():
        if key not in orders:
            yield f"order {key} is not waiting"
        if times > 1:
            yield f"order {key} has {times} stops for {act}"
    for number, route in enumerate(routes):
        aboard: set[str] = set()
        for stop in route.stops:
            if stop.act == "pickup":
                aboard.add(stop.order)
            elif stop.order not in aboard:
                yield f"route {number} delivers order {stop.order} before it is picked up"
            aboard -= {stop.order} if stop.act == "delivery" else set()
        if aboard:
            yield f"route {number} never delivers {', '.join(sorted(aboard))}"


@dataclass(frozen=True)
class _Drive:
    state: State
    travel: TravelMatrix
    vehicle: Vehicle
    orders: Mapping[str, Order]
    route: Route

    def faults(self) -> Iterator[str]:
        yield from self._suitability()
        yield from self._loads()
        yield from self._clock()
        yield from self._shift()
        yield from self._figures()

    def _suitability(self) -> Iterator[str]:
        for key in self.route.orders:
            order = self.orders[key]
            if missing := sorted(set(order.needs) - set(self.vehicle.skills)):
                yield f"order {key} needs {', '.join(missing)}"
            if self.vehicle.kind in order.refuses:
                yield f"order {key} refuses a {self.vehicle.kind}"

    def _loads(self) -> Iterator[str]:
        weight = volume = 0
        for stop in self.route.stops:
            sign = 1 if stop.act == "pickup" else -1
            weight += sign * self.orders[stop.order].weight
            volume += sign * self.orders[stop.order].volume
            if weight > self.vehicle.weight:
                yield f"carries {weight} kg after {stop.act} of {stop.order}, the limit is {self.vehicle.weight}"
            if volume > self.vehicle.volume:
                yield f"carries {volume} l after {stop.act} of {stop.order}, the limit is {self.vehicle.volume}"

    def _clock(self) -> Iterator[str]:
        here, free = self.vehicle.start.key, self.route.leaves
        for stop in self.route.stops:
            order = self.orders[stop.order]
            expected = order.pickup if stop.act == "pickup" else order.delivery
            if stop.place != expected.key:
                yield f"{stop.act} of {stop.order} is at {stop.place}, not {expected.key}"
            if stop.arrival < free + self._seconds(here, stop.place):
                yield f"reaches {stop.place} for {stop.order} sooner than the road allows"
            if stop.begin < stop.arrival:
                yield f"serves {stop.order} before it is there"
            yield from self._window(stop, order)
            here, free = stop.place, stop.departure
        end = self.vehicle.end
        home = 0 if end is None else self._seconds(here, end.key)
        if self.route.arrives < free + home:
            yield "is back sooner than the road allows"

    def _window(self, stop: Stop, order: Order) -> Iterator[str]:
        needed = order.pickup_service if stop.act == "pickup" else order.service
        if stop.departure < stop.begin + needed:
            yield f"leaves {stop.order} before {stop.act} is done"
        if stop.act == "pickup" and stop.begin < order.ready:
            yield f"order {stop.order} is loaded before it is ready"
        if stop.act == "pickup" and stop.departure > order.leave_by:
            yield f"order {stop.order} leaves at {stop.departure}, after {order.leave_by}"
        if stop.act == "delivery" and not order.earliest <= stop.begin <= order.latest:
            yield f"order {stop.order} is served at {stop.begin}, outside {order.earliest} to {order.latest}"

    def _shift(self) -> Iterator[str]:
        route, vehicle = self.route, self.vehicle
        if route.leaves < max(self.state.departure, vehicle.available):
            yield "leaves before the vehicle can"
        if route.arrives > vehicle.until:
            yield f"is back at {route.arrives}, after the shift's end at {vehicle.until}"
        if route.arrives - route.leaves > vehicle.longest:
            yield f"is away for {route.arrives - route.leaves} s, the limit is {vehicle.longest}"

    def _figures(self) -> Iterator[str]:
        ends = [] if self.vehicle.end is None else [self.vehicle.end.key]
        keys = [self.vehicle.start.key, *(stop.place for stop in self.route.stops), *ends]
        rows = [self.travel.row[key] for key in keys]
        metres = sum(int(self.travel.metres[a, b]) for a, b in pairwise(rows))
        if metres != self.route.metres:
            yield f"is {metres} m long, not {self.route.metres}"
        seconds = self.route.arrives - self.route.leaves
        exact = {
            "fixed": self.vehicle.fixed,
            "distance": metres * self.vehicle.per_km / 1000,
            "time": seconds * self.vehicle.per_hour / 3600,
        }
        for item, cents in exact.items():
            if abs(getattr(self.route.cost, item) - cents) > 0.5:
                yield f"costs {cents} cents for {item}, not {getattr(self.route.cost, item)}"

    def _seconds(self, origin: str, destination: str) -> int:
        return round(
            int(self.travel.seconds[self.travel.row[origin], self.travel.row[destination]]) * self.vehicle.pace
        )
