"""What orders that waited came to on the road: what values of waiting are learned from, beside simulated days."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.dispatch.engine_values import seconds_of
from opsroom.dispatch.outcome_models import OperationalOutcome
from opsroom.dispatch.plan_models import Decision, Route
from opsroom.dispatch.planning.policies.values import MOST_STEPS, Observation
from opsroom.dispatch.planning.policies.worth import solo_cost
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.situation import Situation

LATEST = 300  # routes and decisions that are looked at

Waited = Mapping[str, Sequence[tuple[int, int]]]
"""By order: when it was kept, and how many more decisions could still send it."""


async def observed_on_the_road(session: AsyncSession) -> tuple[Observation, ...]:
    """Of the latest completed routes, for each decision that kept one of their orders: its share of the cost."""
    waited = await _waited(session)
    query = (
        select(Route.orders, OperationalOutcome.actual_cost_kes, Decision.state_snapshot)
        .join(OperationalOutcome, OperationalOutcome.route_id == Route.route_id)
        .join(Decision, Decision.decision_id == Route.decision_id)
        .order_by(OperationalOutcome.recorded_at.desc())
        .limit(LATEST)
    )
    found: list[Observation] = []
    for orders, cost, snapshot in await session.execute(query):
        found += _of_route(orders, round(cost * 100), State.from_json(snapshot), waited)
    return tuple(found)


def _of_route(keys: Sequence[str], cost: int, state: State, waited: Waited) -> Iterator[Observation]:
    situation = Situation.of(state)
    carried = [order for order in state.orders if order.key in keys]
    share = cost / max(sum(solo_cost(situation, order) for order in carried), 1)
    for order in carried:
        for at, steps in waited.get(order.key, ()):
            if at < state.instant:
                yield Observation(order.delivery.area, steps, share)


async def _waited(session: AsyncSession) -> Waited:
    query = select(Decision.decided_for, Decision.orders_waiting, Decision.state_snapshot)
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, waiting, snapshot in await session.execute(query.order_by(Decision.decided_for.desc()).limit(LATEST)):
        departure, interval = seconds_of(at) + _seconds(snapshot, "loading", 0), _seconds(snapshot, "interval", 3600)
        for each in waiting:
            if each["code"] == "waits":
                steps = max(each["until_seconds"] - departure, 0) // interval
                found[each["order_id"]].append((seconds_of(at), min(steps, MOST_STEPS)))
    return found


def _seconds(snapshot: dict[str, Any], name: str, usual: int) -> int:
    return int(snapshot.get(name, usual))
