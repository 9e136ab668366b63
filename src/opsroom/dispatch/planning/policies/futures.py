"""One sampled future as a routing problem, and what its best plan does with the orders that are here now."""

from collections.abc import Collection, Sequence

from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.task import Plan, RoutingProblem, Task, Tour
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
    # Trucks that are few come back and go again; those hired by the tour are hired again.
    reloads = 0 if ample else len(future)
    return RoutingProblem(tuple(tasks), state.vehicles, situation.travel, state.departure, reloads=reloads)


def leaving_now(situation: Situation, problem: RoutingProblem, plan: Plan) -> frozenset[str]:
    """Present orders in first loads that leave before the next decision could send them, and take nothing along that
    is released later.
    """
    leaving: set[str] = set()
    for tour in plan.tours:
        if problem.vehicles[tour.vehicle].available >= situation.state.next_departure:
            continue
        load = first_load(tour)
        tasks = [problem.tasks[number] for number in load]
        if all(task.loadable <= problem.departure for task in tasks):
            leaving.update(task.order.key for task in tasks)
    return frozenset(leaving)


def first_load(tour: Tour) -> tuple[int, ...]:
    """Tasks picked up before the vehicle is empty for the first time."""
    aboard: set[int] = set()
    load: list[int] = []
    for visit in tour.visits:
        if visit.act == "pickup":
            aboard.add(visit.task)
            load.append(visit.task)
        else:
            aboard.discard(visit.task)
            if not aboard:
                break
    return tuple(load)
