"""PyVRP under our vocabulary: deterministic by seed and iteration budget, or bounded by time."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

import pyvrp

from opsroom.dispatch.planning.routing.insertion import insert_greedily
from opsroom.dispatch.planning.routing.model import Model, build
from opsroom.dispatch.planning.routing.search import construct, search
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Task, Tour, Visit


@dataclass(frozen=True, eq=False)
class Job:
    """One problem to solve: the same job has the same answer, whatever is solved beside it."""

    problem: RoutingProblem
    budget: Budget
    seed: int
    warm: Plan | None = None


CARRIED = 10**8
"""Cents that carrying any task is worth to a first plan."""


def first_plan(problem: RoutingProblem) -> Plan:
    """A plan that keeps every rule, at once; tasks that do not fit are missing from it."""
    if not problem.tasks or not problem.vehicles:
        return Plan(())
    offered = problem.offering(
        tuple(
            replace(task, required=False, prize=CARRIED if task.required else min(task.prize, CARRIED))
            for task in problem.tasks
        )
    )
    model = build(offered)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as below
        found = construct(model.data)
    return insert_greedily(problem) if found is None else as_plan(model, found)


def _offered(task: Task) -> Task:
    return replace(task, required=False, prize=CARRIED if task.required else min(task.prize, CARRIED))


def solve(problem: RoutingProblem, budget: Budget, seed: int, warm: Plan | None = None) -> Plan | None:
    """The best plan found, or None when none of those seen kept every rule."""
    return solve_all([Job(problem, budget, seed, warm)])[0]


def solve_all(jobs: Sequence[Job], workers: int = 1) -> list[Plan | None]:
    """Each job's plan, `workers` at a time: PyVRP lets other threads run while it searches."""
    with warnings.catch_warnings():
        # PyVRP warns of instances that may have no solution; ours are answered with None.
        warnings.simplefilter("ignore")
        if workers == 1:
            return [_solved(job) for job in jobs]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(_solved, jobs))


def _solved(job: Job) -> Plan | None:
    problem = job.problem
    if not problem.tasks or not problem.vehicles:
        return Plan(())
    model = build(problem)
    initial = None if job.warm is None else as_solution(problem, model, job.warm)
    best = search(model.data, job.budget, job.seed, initial)
    return None if best is None else as_plan(model, best)


def as_plan(model: Model, solution: pyvrp.Solution) -> Plan:
    tours = (Tour(model.vehicle_of_type[route.vehicle_type()], _visits(model, route)) for route in solution.routes())
    return Plan(tuple(tour for tour in tours if tour.visits))


def as_solution(problem: RoutingProblem, model: Model, plan: Plan) -> pyvrp.Solution | None:
    """The plan in the solver's terms; None where it has no trips in this model.

    A later release makes goods that were loaded at the start of a trip a halt of their own, on board across trips.
    """
    client = {task: index for index, task in enumerate(model.task_of_client)}
    shipment = {task: index for index, task in enumerate(model.task_of_shipment)}
    routes = []
    for tour in plan.tours:
        now = any(problem.tasks[number].leaves_now for number in tour.tasks)
        kind = model.type_of(tour.vehicle, now=now)
        depot = pyvrp.Activity(pyvrp.ActivityType.DEPOT, model.data.vehicle_type(kind).start_depot)
        try:
            routes.append(pyvrp.Route(model.data, list(_activities(tour, client, shipment, depot)), kind))
        except ValueError:
            return None
    return pyvrp.Solution(model.data, routes)


def _visits(model: Model, route: pyvrp.Route) -> tuple[Visit, ...]:
    """A trip's clients are picked up when it begins; shipments where the route says."""
    visits: list[Visit] = []
    for _, trip in groupby(route, key=lambda activity: activity.trip):
        halts = [_visit(model, activity) for activity in trip if not activity.is_depot()]
        visits += [Visit("pickup", halt.task) for halt in halts if halt.task in model.clients]
        visits += halts
    return tuple(visits)


def _visit(model: Model, activity: pyvrp.Activity) -> Visit:
    if activity.is_client():
        return Visit("delivery", model.task_of_client[activity.idx])
    return Visit("pickup" if activity.is_pickup() else "delivery", model.task_of_shipment[activity.idx])


def _activities(
    tour: Tour, client: Mapping[int, int], shipment: Mapping[int, int], depot: pyvrp.Activity
) -> Iterator[pyvrp.Activity]:
    under_way = False
    for visit in tour.visits:
        if visit.task in shipment:
            kind = pyvrp.ActivityType.PICKUP if visit.act == "pickup" else pyvrp.ActivityType.DELIVERY
            yield pyvrp.Activity(kind, shipment[visit.task])
        elif visit.act == "delivery":
            yield pyvrp.Activity(pyvrp.ActivityType.CLIENT, client[visit.task])
            under_way = True
        elif under_way:
            yield depot
            under_way = False
