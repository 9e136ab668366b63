"""PyVRP under our vocabulary: deterministic by seed and iteration budget, or bounded by time."""

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyvrp

from opsroom.dispatch.planning.routing.model import Model, build
from opsroom.dispatch.planning.routing.search import search
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Tour, Visit


@dataclass(frozen=True, eq=False)
class Job:
    """One problem to solve: the same job has the same answer, whatever is solved beside it."""

    problem: RoutingProblem
    budget: Budget
    seed: int
    warm: Plan | None = None


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
    tours = []
    for route in solution.routes():
        loaded, visits = [], []
        for activity in route:
            if activity.is_client():
                task = model.task_of_client[activity.idx]
                loaded.append(Visit("pickup", task))
                visits.append(Visit("delivery", task))
            elif activity.is_shipment():
                task = model.task_of_shipment[activity.idx]
                visits.append(Visit("pickup" if activity.is_pickup() else "delivery", task))
        if visits:
            tours.append(Tour(model.vehicle_of_type[route.vehicle_type()], (*loaded, *visits)))
    return Plan(tuple(tours))


def as_solution(problem: RoutingProblem, model: Model, plan: Plan) -> pyvrp.Solution:
    client = {task: index for index, task in enumerate(model.task_of_client)}
    shipment = {task: index for index, task in enumerate(model.task_of_shipment)}
    kinds = {"pickup": pyvrp.ActivityType.PICKUP, "delivery": pyvrp.ActivityType.DELIVERY}
    routes = []
    for tour in plan.tours:
        activities = []
        for visit in tour.visits:
            if visit.task in shipment:
                activities.append(pyvrp.Activity(kinds[visit.act], shipment[visit.task]))
            elif visit.act == "delivery":
                activities.append(pyvrp.Activity(pyvrp.ActivityType.CLIENT, client[visit.task]))
        now = any(problem.tasks[number].leaves_now for number in tour.tasks)
        routes.append(pyvrp.Route(model.data, activities, model.type_of(tour.vehicle, now=now)))
    return pyvrp.Solution(model.data, routes)
