"""What would have been done had the orders that came next been known: the choices that confidence is measured by."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.policies.futures import future_problem, leaving_now
from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.solver import solve
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.run import Step
from opsroom.dispatch.planning.situation import Situation


def hindsight_choices(steps: Sequence[Step], budget: Budget) -> Iterator[tuple[Agreement, bool]]:
    """For each order that futures were asked about: how they agreed, and whether hindsight sends it now.

    Hindsight plans what waits together with what became known before the next decision, as a future is planned.
    """
    for step, following in pairwise(steps):
        if not step.decision.agreements:
            continue
        waiting = {order.key for order in step.situation.state.orders}
        came = tuple(order for order in following.situation.state.orders if order.key not in waiting)
        leaving = _leaving(step.situation, {each.order for each in step.decision.agreements}, came, budget)
        if leaving is not None:
            yield from ((each, each.order in leaving) for each in step.decision.agreements)


def _leaving(situation: Situation, asked: set[str], came: tuple[Order, ...], budget: Budget) -> frozenset[str] | None:
    must_go = situation.must_go
    present = [order for order in situation.state.orders if order.key in asked or order.key in must_go]
    problem = future_problem(situation, present, [came], must_go, ())
    plan = solve(problem, budget, seed=0)
    return None if plan is None else leaving_now(situation, problem, plan)
