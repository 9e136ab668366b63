"""Routes for a problem, always: search where there is time, insertion where there is none, and a check on both."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from opsroom.dispatch.planning.decision import Route
from opsroom.dispatch.planning.routing.insertion import insert_greedily
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.solver import Job, first_plan, solve_all
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Task
from opsroom.dispatch.planning.routing.vroom_start import vroom_plan

INDISPENSABLE = 10**10
"""Cents: the prize of a required task where not all of them can be carried; no route costs as much."""

FEW = 60
"""Tasks up to which greedy insertion takes no time that counts."""
MOST_FOR_VROOM, SOONEST_VROOM = 300, 0.5
"""Tasks and seconds outside of which it is not asked: of a thousand tasks it makes its first plan for many seconds."""
VROOM_SHARE = 0.8
"""Of a budget in seconds, the longest that VROOM may take."""

Check = Callable[[tuple[Route, ...]], tuple[str, ...]]
"""The rules that a set of routes breaks, as sentences."""


def plan_routes(problem: RoutingProblem, budget: Budget, seed: int, check: Check) -> tuple[Route, ...]:
    """The best routes found that pass `check`. Required tasks that cannot be carried are missing from them."""
    if not problem.tasks or not problem.vehicles:
        return ()
    candidates = _with_ample_fleet if problem.ample else _with_scarce_fleet
    best: tuple[float, int, tuple[Route, ...]] | None = None
    for plan in candidates(problem, budget, seed):
        routes = tuple(as_route(problem, tour) for tour in plan.tours)
        if not check(routes):
            # Of equal plans the one that is at its stops, and home, sooner.
            instants = sum(route.arrives + sum(stop.arrival for stop in route.stops) for route in routes)
            offer = (loss(problem, plan, routes), instants, routes)
            best = offer if best is None or offer[:2] < best[:2] else best
    return () if best is None else best[2]


def loss(problem: RoutingProblem, plan: Plan, routes: tuple[Route, ...]) -> float:
    """What the plan costs, and what the tasks it leaves out were worth."""
    carried = plan.carried()
    missed = (
        INDISPENSABLE if task.required else task.prize
        for number, task in enumerate(problem.tasks)
        if number not in carried
    )
    return sum(route.cost.total for route in routes) + sum(missed)


def _with_ample_fleet(problem: RoutingProblem, budget: Budget, seed: int) -> list[Plan]:
    return _searched(problem, budget, seed, (None, None)) or [first_plan(problem)]


def _with_scarce_fleet(problem: RoutingProblem, budget: Budget, seed: int) -> list[Plan]:
    """A start that keeps every rule makes sure that one search has a plan to come back to."""
    began, quick = time.perf_counter(), None
    starts = [first_plan(problem)]
    if len(problem.tasks) <= FEW:
        starts.append(insert_greedily(problem))
    if budget.seconds is not None and len(problem.tasks) <= MOST_FOR_VROOM and budget.seconds >= SOONEST_VROOM:
        quick = vroom_plan(problem, timeout=timedelta(seconds=budget.seconds * VROOM_SHARE))
        starts += [] if quick is None else [quick]
    if budget.seconds is not None:
        budget = replace(budget, seconds=max(budget.seconds - (time.perf_counter() - began), 0.0))
    start = min(starts, key=lambda plan: _start_loss(problem, plan))
    missing = {n for n, task in enumerate(problem.tasks) if task.required} - start.carried()
    offered = problem.offering(tuple(map(_dispensable, problem.tasks))) if missing else problem
    # Of the little time that VROOM leaves nothing is spent on a plan from the beginning.
    return [*starts, *_searched(offered, budget, seed, (start, None if quick is None else start))]


def _searched(
    problem: RoutingProblem, budget: Budget, seed: int, starts: tuple[Plan | None, Plan | None]
) -> list[Plan]:
    """Two searches side by side, each from a start of its own; none where there is no time left."""
    if budget.seconds == 0.0:
        return []
    jobs = [Job(problem, budget, seed + other, start) for other, start in enumerate(starts)]
    return [plan for plan in solve_all(jobs, workers=2) if plan is not None]


def _start_loss(problem: RoutingProblem, plan: Plan) -> float:
    return loss(problem, plan, tuple(as_route(problem, tour) for tour in plan.tours))


def _dispensable(task: Task) -> Task:
    return replace(task, required=False, prize=INDISPENSABLE) if task.required else task
