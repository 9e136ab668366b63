"""Greedy insertion: a plan that keeps every rule, found at once, whatever becomes of the search.

Tasks in order of urgency (required first, then the earliest closing window), each where it adds least cost; a task
that fits nowhere is left out. The parallel cheapest insertion of M. M. Solomon, "Algorithms for the vehicle routing
and scheduling problems with time window constraints", Operations Research 35 (1987), without its tuning weights.
"""

from dataclasses import dataclass, field

from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.routing.task import Plan, RoutingProblem, Task, Tour, Visit


@dataclass(frozen=True, slots=True)
class _Trial:
    cost: float
    visits: tuple[Visit, ...]
    tour: int | None
    """Position among the open tours; None opens one."""
    vehicle: int


@dataclass(slots=True)
class _Open:
    vehicle: int
    visits: tuple[Visit, ...]
    cost: float


@dataclass(slots=True)
class _Builder:
    problem: RoutingProblem
    tours: list[_Open] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)

    def insert(self, number: int) -> None:
        task = self.problem.tasks[number]
        trials = [trial for index in range(len(self.tours)) if (trial := self._into(index, number)) is not None]
        trials += self._openings(number)
        if not trials:
            return
        best = min(trials, key=lambda trial: trial.cost)
        if task.required or best.cost <= task.prize:
            self._take(best)

    def _openings(self, number: int) -> list[_Trial]:
        alone = (Visit("pickup", number), Visit("delivery", number))
        trials = []
        for index, vehicle in enumerate(self.problem.vehicles):
            if self.used.get(index, 0) < vehicle.count:
                cost = cost_of(self.problem, vehicle, alone)
                if cost is not None:
                    trials.append(_Trial(cost, alone, None, index))
        return trials

    def _into(self, index: int, number: int) -> _Trial | None:
        tour = self.tours[index]
        vehicle = self.problem.vehicles[tour.vehicle]
        if not suits(vehicle, self.problem.tasks[number].order):
            return None
        best: _Trial | None = None
        for visits in _placements(self.problem, vehicle, tour.visits, number):
            cost = cost_of(self.problem, vehicle, visits)
            if cost is not None and (best is None or cost - tour.cost < best.cost):
                best = _Trial(cost - tour.cost, visits, index, tour.vehicle)
        return best

    def _take(self, trial: _Trial) -> None:
        if trial.tour is None:
            self.tours.append(_Open(trial.vehicle, trial.visits, trial.cost))
            self.used[trial.vehicle] = self.used.get(trial.vehicle, 0) + 1
        else:
            tour = self.tours[trial.tour]
            tour.visits = trial.visits
            tour.cost += trial.cost


def insert_greedily(problem: RoutingProblem) -> Plan:
    builder = _Builder(problem)
    for number in sorted(range(len(problem.tasks)), key=lambda number: _urgency(problem.tasks[number])):
        builder.insert(number)
    return Plan(tuple(Tour(tour.vehicle, tour.visits) for tour in builder.tours))


def suits(vehicle: Vehicle, order: Order) -> bool:
    """Whether the vehicle could carry the order, were it empty and time no object."""
    return (
        order.weight <= vehicle.weight
        and order.volume <= vehicle.volume
        and set(order.needs) <= set(vehicle.skills)
        and vehicle.kind not in order.refuses
    )


def cost_of(problem: RoutingProblem, vehicle: Vehicle, visits: tuple[Visit, ...]) -> float | None:
    """Cents for one use of the vehicle along the visits as early as may be, or None where a rule is broken."""
    travel, here = problem.travel, vehicle.start
    leaves = clock = max(problem.departure, vehicle.available, _ready_at_start(problem, vehicle, visits))
    metres = weight = volume = 0
    for visit in visits:
        task = problem.tasks[visit.task]
        order = task.order
        collecting = visit.act == "pickup"
        if not suits(vehicle, order):
            return None
        place = order.pickup if collecting else order.delivery
        metres += travel.distance(here, place)
        opens, closes = order.earliest, order.latest
        if collecting:
            opens, closes = task.loadable, order.leave_by - order.pickup_service
        clock = max(clock + travel.drive(here, place, vehicle.pace), opens)
        weight += order.weight if collecting else -order.weight
        volume += order.volume if collecting else -order.volume
        if clock > closes or weight > vehicle.weight or volume > vehicle.volume:
            return None
        clock += order.pickup_service if collecting else order.service
        here = place
    if vehicle.end is not None:
        metres += travel.distance(here, vehicle.end)
        clock += travel.drive(here, vehicle.end, vehicle.pace)
    if clock > vehicle.until or clock - leaves > vehicle.longest:
        return None
    return vehicle.fixed + metres * vehicle.per_km / 1000 + (clock - leaves) * vehicle.per_hour / 3600


def _placements(
    problem: RoutingProblem, vehicle: Vehicle, visits: tuple[Visit, ...], number: int
) -> list[tuple[Visit, ...]]:
    """Every order of visits with the new task in it; goods at the vehicle's start are loaded first."""
    collect, deliver = Visit("pickup", number), Visit("delivery", number)
    at_start = problem.tasks[number].order.pickup.key == vehicle.start.key
    loads = sum(1 for _ in _loading(problem, vehicle, visits))
    pickups = [loads] if at_start else range(loads, len(visits) + 1)
    return [
        (*visits[:pickup], collect, *visits[pickup:delivery], deliver, *visits[delivery:])
        for pickup in pickups
        for delivery in range(pickup, len(visits) + 1)
    ]


def _loading(problem: RoutingProblem, vehicle: Vehicle, visits: tuple[Visit, ...]) -> list[Task]:
    loading = []
    for visit in visits:
        task = problem.tasks[visit.task]
        if visit.act != "pickup" or task.order.pickup.key != vehicle.start.key:
            break
        loading.append(task)
    return loading


def _ready_at_start(problem: RoutingProblem, vehicle: Vehicle, visits: tuple[Visit, ...]) -> int:
    return max((task.loadable for task in _loading(problem, vehicle, visits)), default=0)


def _urgency(task: Task) -> tuple[bool, int, int, str]:
    return not task.required, -task.order.priority, min(task.order.latest, task.order.leave_by), task.order.key
