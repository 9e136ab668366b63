"""Times along a tour: home as early as possible, and away from it no longer than that needs."""

from dataclasses import dataclass

from opsroom.dispatch.planning.costs import driving_cost
from opsroom.dispatch.planning.decision import Route, Stop
from opsroom.dispatch.planning.problem import Order, Place, Vehicle
from opsroom.dispatch.planning.routing.task import RoutingProblem, Tour, Visit


@dataclass(frozen=True, slots=True)
class _Halt:
    place: Place
    opens: int
    closes: int
    service: int


def as_route(problem: RoutingProblem, tour: Tour) -> Route:
    """The tour with its times and cost; it is not checked here."""
    vehicle = problem.vehicles[tour.vehicle]
    halts = [_halt(problem, visit) for visit in tour.visits]
    earliest = max(problem.departure, vehicle.available, *(0, *_loads_at_start(problem, tour)))
    leaves = _latest_start(problem, vehicle, halts, earliest)
    stops, clock, metres, here = [], leaves, 0, vehicle.start
    for visit, halt in zip(tour.visits, halts, strict=True):
        metres += problem.travel.distance(here, halt.place)
        arrival = clock + problem.travel.drive(here, halt.place, vehicle.pace)
        begin = max(arrival, halt.opens)
        clock, here = begin + halt.service, halt.place
        order = problem.tasks[visit.task].order
        stops.append(Stop(visit.act, order.key, halt.place.key, arrival, begin, clock))
    if vehicle.end is not None:
        metres += problem.travel.distance(here, vehicle.end)
        clock += problem.travel.drive(here, vehicle.end, vehicle.pace)
    cost = driving_cost(vehicle, metres, clock - leaves)
    return Route(vehicle.key, leaves, clock, tuple(stops), metres, cost)


def _halt(problem: RoutingProblem, visit: Visit) -> _Halt:
    task = problem.tasks[visit.task]
    order: Order = task.order
    if visit.act == "pickup":
        return _Halt(order.pickup, task.loadable, order.leave_by - order.pickup_service, order.pickup_service)
    return _Halt(order.delivery, order.earliest, order.latest, order.service)


def _loads_at_start(problem: RoutingProblem, tour: Tour) -> list[int]:
    """When goods taken on before leaving are ready: no vehicle leaves and comes back to fetch them."""
    start = problem.vehicles[tour.vehicle].start
    ready = []
    for visit in tour.visits:
        order = problem.tasks[visit.task].order
        if visit.act != "pickup" or order.pickup.key != start.key:
            break
        ready.append(problem.tasks[visit.task].loadable)
    return ready


def _latest_start(problem: RoutingProblem, vehicle: Vehicle, halts: list[_Halt], earliest: int) -> int:
    """The last start, from `earliest` on, that is home as early as the first one and keeps every window kept."""
    clock, here = earliest, vehicle.start
    begins = []
    for halt in halts:
        clock = max(clock + problem.travel.drive(here, halt.place, vehicle.pace), halt.opens)
        begins.append(clock)
        clock, here = clock + halt.service, halt.place
    slack = 2**40
    for index in range(len(halts) - 1, -1, -1):
        # A halt may begin later by its waiting time and by what all that follows can still absorb.
        halt = halts[index]
        following = begins[index + 1] if index + 1 < len(halts) else None
        if following is None:
            absorbed = 0
        else:
            drive = problem.travel.drive(halt.place, halts[index + 1].place, vehicle.pace)
            waiting = following - (begins[index] + halt.service + drive)
            absorbed = slack + waiting
        slack = min(absorbed, max(halt.closes - begins[index], 0))
    if not halts:
        return earliest
    first = begins[0] - problem.travel.drive(vehicle.start, halts[0].place, vehicle.pace)
    latest = max(first + slack, earliest)
    if problem.start_by is not None:
        latest = min(latest, max(problem.start_by, earliest))
    return latest
