"""PyVRP under our vocabulary: deterministic by seed and iteration budget, or bounded by time."""

import pyvrp

from opsroom.dispatch.planning.routing.model import Model, build
from opsroom.dispatch.planning.routing.search import search
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Tour, Visit


def solve(problem: RoutingProblem, budget: Budget, seed: int, warm: Plan | None = None) -> Plan | None:
    """The best plan found, or None when none of those seen kept every rule."""
    if not problem.tasks or not problem.vehicles:
        return Plan(())
    model = build(problem)
    initial = None if warm is None else as_solution(model, warm)
    best = search(model.data, budget, seed, initial)
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


def as_solution(model: Model, plan: Plan) -> pyvrp.Solution:
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
        routes.append(pyvrp.Route(model.data, activities, model.vehicle_of_type.index(tour.vehicle)))
    return pyvrp.Solution(model.data, routes)
