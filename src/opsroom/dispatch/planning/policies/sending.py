"""The last step of every policy: routes for the orders chosen, reasons for those that stay."""

from collections.abc import Collection, Mapping

from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.decision import Decision, Kept, Parameter, Route
from opsroom.dispatch.planning.obstacles import obstacles
from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.planner import plan_routes
from opsroom.dispatch.planning.routing.task import Budget, RoutingProblem, Task
from opsroom.dispatch.planning.situation import Situation


def send(
    situation: Situation,
    chosen: Collection[str],
    budget: Budget,
    seed: int,
    *,
    policy: str,
    prizes: Mapping[str, int] | None = None,
    agreements: tuple[Agreement, ...] = (),
    parameters: Mapping[str, Parameter] | None = None,
) -> Decision:
    """Routes for the `chosen` orders; those with a prize (in cents) may be left when it does not pay."""
    state, prizes = situation.state, prizes or {}
    impossible = {order.key: found for order in state.orders if (found := obstacles(situation, order))}
    tasks = tuple(
        Task(order, required=order.key not in prizes, prize=prizes.get(order.key, 0))
        for order in state.orders
        if order.key in chosen and order.key not in impossible
    )
    problem = RoutingProblem(
        tasks, _at_hand(situation), situation.travel, state.departure, start_by=state.next_departure - 1
    )
    routes = plan_routes(problem, budget, seed, lambda routes: violations(state, situation.travel, routes))
    return Decision(
        policy=policy,
        seed=seed,
        routes=routes,
        kept=_kept(situation, frozenset(chosen) - prizes.keys(), impossible, routes),
        agreements=agreements,
        parameters=dict(parameters or {}),
    )


def _at_hand(situation: Situation) -> tuple[Vehicle, ...]:
    """A vehicle that comes back after the next departure can be decided about then, and saves no order that must go
    now; at the last decision it counts.
    """
    state = situation.state
    if state.decisions_left == 0:
        return state.vehicles
    return tuple(vehicle for vehicle in state.vehicles if vehicle.available < state.next_departure)


def _kept(
    situation: Situation,
    chosen: Collection[str],
    impossible: Mapping[str, tuple[str, ...]],
    routes: tuple[Route, ...],
) -> tuple[Kept, ...]:
    """`chosen` were to go; an order with a prize is free to stay."""
    sent = {key for route in routes for key in route.orders}
    return tuple(
        _keep(situation, order, chosen, impossible) for order in situation.state.orders if order.key not in sent
    )


def _keep(
    situation: Situation, order: Order, chosen: Collection[str], impossible: Mapping[str, tuple[str, ...]]
) -> Kept:
    until = situation.latest_departure(order)
    if order.key in impossible:
        return Kept(order.key, until, "impossible", impossible[order.key])
    if order.key in chosen:
        reason = "every vehicle that could take it is taken by orders that press more or cost less to carry"
        return Kept(order.key, until, "no_vehicle", (reason,))
    return Kept(order.key, until, "waits", ("a later departure is expected to carry it at less cost",))
