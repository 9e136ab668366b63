"""Routes for a problem, always: search where there is time, insertion where there is none, and a check on both."""

from collections.abc import Callable
from dataclasses import replace

from opsroom.dispatch.planning.decision import Route
from opsroom.dispatch.planning.routing.insertion import insert_greedily
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.solver import Job, solve_all
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Task
from opsroom.dispatch.planning.routing.vroom_start import vroom_plan

INDISPENSABLE = 10**10
"""Cents: the prize of a required task where not all of them can be carried; no route costs as much."""

Check = Callable[[tuple[Route, ...]], tuple[str, ...]]
"""The rules that a set of routes breaks, as sentences."""


def plan_routes(problem: RoutingProblem, budget: Budget, seed: int, check: Check) -> tuple[Route, ...]:
    """The best routes found that pass `check`. Required tasks that cannot be carried are missing from them."""
    if not problem.tasks or not problem.vehicles:
        return ()
    candidates = _with_ample_fleet if problem.ample else _with_scarce_fleet
    best: tuple[float, tuple[Route, ...]] | None = None
    for plan in candidates(problem, budget, seed):
        routes = tuple(as_route(problem, tour) for tour in plan.tours)
        if not check(routes):
            offer = (loss(problem, plan, routes), routes)
            best = offer if best is None or offer[0] < best[0] else best
    return () if best is None else best[1]


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
    return _searched(problem, budget, seed, (None, None)) or [insert_greedily(problem)]


def _with_scarce_fleet(problem: RoutingProblem, budget: Budget, seed: int) -> list[Plan]:
    """A start that keeps every rule makes sure that one search has a plan to come back to."""
    starts = [insert_greedily(problem)]
    quick = vroom_plan(problem) if budget.seconds is not None else None
    if quick is not None:
        starts.append(quick)
    start = min(starts, key=lambda plan: _start_loss(problem, plan))
    missing = {n for n, task in enumerate(problem.tasks) if task.required} - start.carried()
    offered = problem.offering(tuple(map(_dispensable, problem.tasks))) if missing else problem
    return [*starts, *_searched(offered, budget, seed, (start, None))]


def _searched(
    problem: RoutingProblem, budget: Budget, seed: int, starts: tuple[Plan | None, Plan | None]
) -> list[Plan]:
    """Two searches side by side, each from a start of its own."""
    jobs = [Job(problem, budget, seed + other, start) for other, start in enumerate(starts)]
    return [plan for plan in solve_all(jobs, workers=2) if plan is not None]


def _start_loss(problem: RoutingProblem, plan: Plan) -> float:
    return loss(problem, plan, tuple(as_route(problem, tour) for tour in plan.tours))


def _dispensable(task: Task) -> Task:
    return replace(task, required=False, prize=INDISPENSABLE) if task.required else task
