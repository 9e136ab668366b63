"""One sampled future as a routing problem, and what its best plan does with the orders that are here now."""

from collections.abc import Collection, Sequence

from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.schedule import latest_start
from opsroom.dispatch.planning.routing.task import Plan, RoutingProblem, Task
from opsroom.dispatch.planning.situation import Situation

MISSED = 10**9
"""Cents: what leaving an order out of a sampled future costs where the fleet may be too small to carry all."""


def future_problem(
    situation: Situation,
    present: Sequence[Order],
    future: Sequence[tuple[Order, ...]],
    sent: Collection[str],
    kept: Collection[str],
) -> RoutingProblem:
    """The `present` orders that can go at all come first: those `sent` leave now, those `kept` with the next
    decision at the soonest, the others as it suits; orders of the future leave
    no sooner than the decision that first knows them.
    """
    state = situation.state
    ample = min((vehicle.count for vehicle in state.vehicles), default=0) >= len(present) + sum(map(len, future))
    required, prize = ample, 0 if ample else MISSED
    tasks = [
        Task(
            order,
            required=required,
            prize=prize,
            release=state.next_departure if order.key in kept else 0,
            leaves_now=ample and order.key in sent,
        )
        for order in present
    ]
    for step, orders in enumerate(future):
        release = state.next_departure + step * state.interval
        tasks += [Task(order, required=required, prize=prize, release=release) for order in orders]
    return RoutingProblem(tuple(tasks), state.vehicles, situation.travel, state.departure)


def leaving_now(situation: Situation, problem: RoutingProblem, plan: Plan, *, patient: bool) -> frozenset[str]:
    """Present orders on tours that take nothing with them that leaves later.

    A `patient` reading also holds back the tours that could as well leave with the next decision.
    """
    state = situation.state
    leaving: set[str] = set()
    for tour in plan.tours:
        tasks = [problem.tasks[number] for number in tour.tasks]
        if any(task.loadable > problem.departure for task in tasks):
            continue
        if patient and latest_start(problem, tour) >= state.next_departure:
            continue
        leaving.update(task.order.key for task in tasks)
    return frozenset(leaving)
