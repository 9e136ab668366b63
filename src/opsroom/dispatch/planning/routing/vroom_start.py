"""VROOM's plan, in the solver's first second better than PyVRP's own; it serves as a start to improve on.

VROOM knows no prizes and no release times: it is asked for required tasks that can be loaded at once. It does not
answer the same every time, not even with one thread and without a time limit (three answers to one problem of eight
orders in 150 runs, whether or not the roads were symmetric); so it is only asked where the budget is in seconds, when
nothing can be replayed anyway.
"""

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.routing.task import Plan, RoutingProblem, Tour, Visit

if TYPE_CHECKING:
    import vroom

EXPLORATION, THREADS = 5, 2
"""The most of 0 to 5: a hundred orders and twenty vehicles take some three seconds of two free cores."""
LARGEST = 2**31 - 1


def vroom_plan(
    problem: RoutingProblem, exploration: int = EXPLORATION, threads: int = THREADS, timeout: timedelta | None = None
) -> Plan | None:
    """A plan that may leave tasks out, or None where the problem is outside VROOM's vocabulary."""
    if any(task.loadable > problem.departure or task.leaves_now for task in problem.tasks):
        return None
    request = _library().Input()
    for pace in {vehicle.pace for vehicle in problem.vehicles}:
        request.set_durations_matrix(str(pace), np.rint(problem.travel.seconds * pace).astype(np.int64))
        request.set_distances_matrix(str(pace), problem.travel.metres)
    traits = _traits(problem)
    vehicle_of: list[int] = []
    for number, vehicle in enumerate(problem.vehicles):
        for _ in range(min(vehicle.count, len(problem.tasks))):
            request.add_vehicle(_vehicle(problem, vehicle, len(vehicle_of), traits))
            vehicle_of.append(number)
    for number in range(len(problem.tasks)):
        request.add_job(_job(problem, number, traits))
    return _read(request.solve(exploration_level=exploration, nb_threads=threads, timeout=timeout), problem, vehicle_of)


def _library() -> Any:
    import vroom  # noqa: PLC0415  brings pandas, which only budgets in seconds need

    return vroom


def _traits(problem: RoutingProblem) -> dict[str, int]:
    """Numbers for what a vehicle must have (a skill) or must not be (a kind that some customer refuses)."""
    orders = [task.order for task in problem.tasks]
    names = {skill for order in orders for skill in order.needs}
    names |= {f"not {kind}" for order in orders for kind in order.refuses}
    names |= {_by(problem, order.leave_by) for order in orders}
    return {name: number for number, name in enumerate(sorted(names))}


def _vehicle(problem: RoutingProblem, vehicle: Vehicle, identity: int, traits: dict[str, int]) -> "vroom.Vehicle":
    rows = problem.travel.row
    opens = max(vehicle.available - problem.departure, 0)
    closes = min(max(vehicle.until - problem.departure, opens), LARGEST)
    has = {number for name, number in traits.items() if name in vehicle.skills}
    has |= {number for name, number in traits.items() if name.startswith("not ") and name != f"not {vehicle.kind}"}
    ready = max(vehicle.available, problem.departure)
    has |= {number for name, number in traits.items() if name.startswith("by ") and ready <= int(name[3:])}
    return _library().Vehicle(
        id=identity,
        start=rows[vehicle.start.key],
        end=None if vehicle.end is None else rows[vehicle.end.key],
        capacity=[min(vehicle.weight, LARGEST), min(vehicle.volume, LARGEST)],
        skills=has,
        profile=str(vehicle.pace),
        time_window=_library().TimeWindow(opens, closes),
        costs=_library().VehicleCosts(fixed=vehicle.fixed, per_hour=vehicle.per_hour, per_km=vehicle.per_km),
    )


def _job(problem: RoutingProblem, number: int, traits: dict[str, int]) -> "vroom.Job | vroom.Shipment":
    order = problem.tasks[number].order
    rows = problem.travel.row
    amount = [order.weight, order.volume]
    wants = {traits[name] for name in order.needs} | {traits[f"not {kind}"] for kind in order.refuses}
    wants.add(traits[_by(problem, order.leave_by)])
    window = [_window(problem, order)]
    if problem.loads_at_start(number):
        return _library().Job(
            id=number,
            location=rows[order.delivery.key],
            default_service=order.service,
            delivery=amount,
            skills=wants,
            time_windows=window,
        )
    collect = _library().ShipmentStep(
        number, rows[order.pickup.key], default_service=order.pickup_service, time_windows=[_patience(problem, order)]
    )
    deliver = _library().ShipmentStep(
        number, rows[order.delivery.key], default_service=order.service, time_windows=window
    )
    return _library().Shipment(collect, deliver, amount=amount, skills=wants)


def _by(problem: RoutingProblem, leave_by: int) -> str:
    """The trait of vehicles that are there in time: the last instant at which one of them becomes available."""
    instants = [max(vehicle.available, problem.departure) for vehicle in problem.vehicles]
    return f"by {max((instant for instant in instants if instant <= leave_by), default=-1)}"


def _patience(problem: RoutingProblem, order: Order) -> "vroom.TimeWindow":
    return _library().TimeWindow(0, min(max(order.leave_by - order.pickup_service - problem.departure, 0), LARGEST))


def _window(problem: RoutingProblem, order: Order) -> "vroom.TimeWindow":
    earliest = max(order.earliest - problem.departure, 0)
    return _library().TimeWindow(earliest, min(max(order.latest - problem.departure, earliest), LARGEST))


def _read(solution: Any, problem: RoutingProblem, vehicle_of: list[int]) -> Plan:
    frame = solution.routes
    halts = list(zip(frame["vehicle_id"], frame["type"], frame["id"], strict=True)) if len(frame) else []
    tours = []
    for identity, own in groupby(halts, key=lambda halt: halt[0]):
        visits = [
            Visit("pickup" if act == "pickup" else "delivery", int(task))
            for _, act, task in own
            if act in {"job", "pickup", "delivery"}
        ]
        loaded = [Visit("pickup", visit.task) for visit in visits if problem.loads_at_start(visit.task)]
        if visits:
            tours.append(Tour(vehicle_of[int(identity)], (*loaded, *visits)))
    return Plan(tuple(tours))
