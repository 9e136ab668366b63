"""A routing problem in the solver's terms.

Scale: metres, seconds, kilograms, litres, and a ten-thousandth of a shilling as the unit of money, so that a rate of
ten cents a kilometre is one unit a metre. Rates are rounded to that; costs that people see are computed elsewhere,
exactly. Instants count from the problem's departure.

What PyVRP does not have is said in loads: a skill is a dimension in which vehicles without it have no capacity, and
so is leaving now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyvrp

from opsroom.dispatch.planning.problem import Order, Place, Vehicle
from opsroom.dispatch.planning.routing.task import RoutingProblem, Task

UNITS_PER_CENT = 100


@dataclass(frozen=True)
class Dimension:
    """One kind of load."""

    amount: Callable[[Task], int]
    capacity: Callable[[Vehicle, bool], int]
    """Of a vehicle, and whether it is one that leaves now."""


@dataclass(frozen=True, eq=False)
class Model:
    """The solver's data with the way back: which vehicle a type stands for, which task an activity."""

    data: pyvrp.ProblemData
    vehicle_of_type: tuple[int, ...]
    task_of_client: tuple[int, ...]
    task_of_shipment: tuple[int, ...]
    leaves_now: tuple[bool, ...]
    """Of each type, whether it is one that leaves now."""

    @cached_property
    def clients(self) -> frozenset[int]:
        """Tasks whose goods are loaded at the start of a trip."""
        return frozenset(self.task_of_client)

    def type_of(self, vehicle: int, *, now: bool) -> int:
        kinds = zip(self.vehicle_of_type, self.leaves_now, strict=True)
        return next(index for index, kind in enumerate(kinds) if kind == (vehicle, now))


def build(problem: RoutingProblem) -> Model:
    dimensions = _dimensions(problem)
    rows = problem.travel.row
    numbers = range(len(problem.tasks))
    clients = [number for number in numbers if problem.loads_at_start(number)]
    shipments = [number for number in numbers if not problem.loads_at_start(number)]
    fleet = _Fleet(problem, dimensions)
    metres, seconds = _matrices(problem, fleet.paces, nowhere=fleet.has_open_end)
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * len(metres),
        clients=[_client(problem, problem.tasks[number], dimensions, rows) for number in clients],
        depots=[pyvrp.Depot(row) for row in fleet.depots],
        vehicle_types=fleet.types,
        distance_matrices=[metres] * len(seconds),
        duration_matrices=seconds,
        shipments=[_shipment(problem, problem.tasks[number], dimensions, rows) for number in shipments],
    )
    return Model(data, tuple(fleet.vehicle_of_type), tuple(clients), tuple(shipments), tuple(fleet.leaves_now))


class _Fleet:
    """Vehicle types and the depots they need; a fleet is doubled when some tasks must leave now."""

    def __init__(self, problem: RoutingProblem, dimensions: list[Dimension]) -> None:
        self._problem = problem
        self._depot_of: dict[int, int] = {}
        self.types: list[pyvrp.VehicleType] = []
        self.vehicle_of_type: list[int] = []
        self.leaves_now: list[bool] = []
        self.paces = sorted({vehicle.pace for vehicle in problem.vehicles})
        """A profile of the model for each."""
        self.has_open_end = any(vehicle.end is None for vehicle in problem.vehicles)
        departures = (True, False) if any(task.leaves_now for task in problem.tasks) else (False,)
        for number, vehicle in enumerate(problem.vehicles):
            for now in departures:
                self.vehicle_of_type.append(number)
                self.leaves_now.append(now)
                self.types.append(self._type(vehicle, dimensions, now=now))

    @property
    def depots(self) -> list[int]:
        return list(self._depot_of)

    def _type(self, vehicle: Vehicle, dimensions: list[Dimension], *, now: bool) -> pyvrp.VehicleType:
        problem = self._problem
        opens = max(vehicle.available - problem.departure, 0)
        closes = max(vehicle.until - problem.departure, opens)
        start_late = closes
        if now:
            start_late = opens
        elif problem.start_by is not None:
            start_late = min(max(opens, problem.start_by - problem.departure), closes)
        start, end = self._depot(vehicle.start), self._depot(vehicle.end)
        return pyvrp.VehicleType(
            num_available=min(vehicle.count, max(len(problem.tasks), 1)),
            capacity=[dimension.capacity(vehicle, now) for dimension in dimensions],
            start_depot=start,
            end_depot=end,
            reload_depots=[start] if start == end and problem.reloads else [],
            max_reloads=problem.reloads,
            fixed_cost=vehicle.fixed * UNITS_PER_CENT,
            tw_early=opens,
            tw_late=closes,
            start_late=start_late,
            shift_duration=vehicle.longest,
            unit_distance_cost=round(vehicle.per_km * UNITS_PER_CENT / 1000),
            unit_duration_cost=round(vehicle.per_hour * UNITS_PER_CENT / 3600),
            profile=self.paces.index(vehicle.pace),
        )

    def _depot(self, place: Place | None) -> int:
        rows = self._problem.travel.row
        row = len(rows) if place is None else rows[place.key]
        return self._depot_of.setdefault(row, len(self._depot_of))


def _dimensions(problem: RoutingProblem) -> list[Dimension]:
    """Weight always; volume, skills, refusals and leaving now only where some task asks for them."""
    orders = [task.order for task in problem.tasks]
    many = len(orders)
    found = [Dimension(lambda task: task.order.weight, lambda vehicle, _: vehicle.weight)]
    if any(order.volume for order in orders):
        found.append(Dimension(lambda task: task.order.volume, lambda vehicle, _: vehicle.volume))
    found.extend(_skill(skill, many) for skill in sorted({skill for order in orders for skill in order.needs}))
    found.extend(_refusal(kind, many) for kind in sorted({kind for order in orders for kind in order.refuses}))
    found.extend(_patience(problem, instant, many) for instant in _late_vehicles(problem))
    if any(task.leaves_now for task in problem.tasks):
        found.append(Dimension(lambda task: int(task.leaves_now), lambda _, now: many if now else 0))
        # Their lateness would tell as much, but in one lump: the search would have to move all of them at once.
        found.append(Dimension(lambda task: int(task.release > problem.departure), lambda _, now: 0 if now else many))
    return found


def _late_vehicles(problem: RoutingProblem) -> list[int]:
    """Instants after the departure at which vehicles become available, too late for some order's patience."""
    instants = {vehicle.available for vehicle in problem.vehicles if vehicle.available > problem.departure}
    soonest = min((task.order.leave_by for task in problem.tasks), default=0)
    return sorted(instant for instant in instants if instant > soonest)


def _patience(problem: RoutingProblem, instant: int, many: int) -> Dimension:
    return Dimension(
        lambda task: int(task.order.leave_by < instant),
        lambda vehicle, _: 0 if max(vehicle.available, problem.departure) >= instant else many,
    )


def _skill(skill: str, many: int) -> Dimension:
    return Dimension(
        lambda task: int(skill in task.order.needs), lambda vehicle, _: many if skill in vehicle.skills else 0
    )


def _refusal(kind: str, many: int) -> Dimension:
    return Dimension(
        lambda task: int(kind in task.order.refuses), lambda vehicle, _: 0 if vehicle.kind == kind else many
    )


def _client(problem: RoutingProblem, task: Task, dimensions: list[Dimension], rows: dict[str, int]) -> pyvrp.Client:
    order = task.order
    earliest, latest = _window(problem, order)
    return pyvrp.Client(
        location=rows[order.delivery.key],
        delivery=[dimension.amount(task) for dimension in dimensions],
        service_duration=order.service,
        tw_early=earliest,
        tw_late=latest,
        release_time=_release(problem, task, latest),
        prize=task.prize * UNITS_PER_CENT,
        required=task.required,
    )


def _shipment(problem: RoutingProblem, task: Task, dimensions: list[Dimension], rows: dict[str, int]) -> pyvrp.Shipment:
    order = task.order
    earliest, latest = _window(problem, order)
    return pyvrp.Shipment(
        pickup_location=rows[order.pickup.key],
        delivery_location=rows[order.delivery.key],
        pickup_tw_early=_release(problem, task, latest),
        pickup_tw_late=max(order.leave_by - order.pickup_service - problem.departure, _release(problem, task, latest)),
        pickup_service_duration=order.pickup_service,
        delivery_tw_early=earliest,
        delivery_tw_late=latest,
        delivery_service_duration=order.service,
        amount=[dimension.amount(task) for dimension in dimensions],
        prize=task.prize * UNITS_PER_CENT,
        required=task.required,
    )


def _window(problem: RoutingProblem, order: Order) -> tuple[int, int]:
    """The delivery window from the departure on. One that has closed stays closed, as nearly as can be said."""
    earliest = max(order.earliest - problem.departure, 0)
    return earliest, max(order.latest - problem.departure, earliest)


def _release(problem: RoutingProblem, task: Task, latest: int) -> int:
    """PyVRP refuses a release after the window; a release at the window's end is as hopeless."""
    return min(max(task.loadable - problem.departure, 0), latest)


def _matrices(problem: RoutingProblem, paces: Sequence[float], *, nowhere: bool) -> tuple[Any, list[Any]]:
    """Metres, and seconds at each pace; with one more place, free to reach and to leave, where open tours end.

    Untyped on the way out: the solver's stubs ask for one dimension where it takes two.
    """
    extra = int(nowhere)
    seconds = np.pad(problem.travel.seconds, (0, extra))
    at_each = [seconds if pace == 1.0 else np.rint(seconds * pace).astype(np.int64) for pace in paces]
    return np.pad(problem.travel.metres, (0, extra)), at_each
