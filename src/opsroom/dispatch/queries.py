"""What is asked about a decision or an order: why, what else, the same again, and where it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import NotFound
from opsroom.dispatch.deciding import (
    Question,
    answer,
    differences,
    explained,
    fingerprint,
    situation_of,
    travelled_from,
)
from opsroom.dispatch.engine_values import instant_of
from opsroom.dispatch.models import Order
from opsroom.dispatch.outcome_models import DriverEvent
from opsroom.dispatch.plan_models import Decision, Route, RouteStop
from opsroom.dispatch.planning.explain import Explanation
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.trial import Against
from opsroom.dispatch.proposals import NO_END, agreement_json, engine_decision, kes

LOOKED_BACK = 50  # decisions that an order's history is searched through


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a stored decision the engine needs to look at it again."""

    row: Any

    def situation(self) -> Situation:
        state = State.from_json(self.row.state_snapshot)
        return situation_of(state, travelled_from(state, self.row.travel).matrix)


async def stored(connection: AsyncConnection, key: str) -> Stored:
    """
    Raises:
        NotFound: there is no such decision.
    """
    row = (await connection.execute(select(*Decision.__table__.c).where(Decision.decision_id == key))).one_or_none()
    if row is None:
        raise NotFound(f"There is no decision {key}.")
    return Stored(row)


async def explanation(connection: AsyncConnection, key: str) -> dict[str, Any]:
    """For every order of the state why it goes or stays."""
    found = await stored(connection, key)
    return await asyncio.to_thread(_explanation, found)


async def replayed(connection: AsyncConnection, key: str) -> dict[str, Any]:
    """The decision made again from its snapshot, seed and budget, and what differs."""
    found = await stored(connection, key)
    return await asyncio.to_thread(replay, found)


def replay(found: Stored) -> dict[str, Any]:
    """Blocking."""
    row = found.row
    different = []
    if fingerprint(row.state_snapshot) != row.state_sha256:
        different.append("state: the snapshot is not the one that was hashed")
    question = Question(row.policy, row.horizon, row.seed, row.iterations)
    different += differences(engine_decision(row), answer(found.situation(), question))
    return {"decision_id": row.decision_id, "identical": not different, "differences": different}


async def alternatives(connection: AsyncConnection, key: str) -> dict[str, Any]:
    """What the other policies would have done on the same state, beside what was chosen."""
    row = (await stored(connection, key)).row
    chosen = {
        "policy": row.policy,
        "cost": row.cost,
        "orders_routed": row.orders_routed,
        "orders_waiting": [{"order_id": each["order_id"], "code": each["code"]} for each in row.orders_waiting],
        "routes": [
            {
                "vehicle_id": each["vehicle"],
                "orders": [stop["order"] for stop in each["stops"] if stop["act"] == "delivery"],
                "distance_km": round(each["metres"] / 1000, 1),
                "duration_minutes": round((each["arrives"] - each["leaves"]) / 60, 1),
                "cost_kes": str(kes(sum(each["cost"].values()))),
            }
            for each in row.routes_proposed
        ],
    }
    return {"decision_id": row.decision_id, "chosen": chosen, "alternatives": row.alternatives}


async def track(connection: AsyncConnection, key: str) -> dict[str, Any]:
    """Where an order is, what was decided about it, and when it is expected."""
    order = (await connection.execute(select(*Order.__table__.c).where(Order.order_id == key))).one_or_none()
    if order is None:
        raise NotFound(f"There is no order {key}.")
    stops = (
        await connection.execute(
            select(*RouteStop.__table__.c)
            .where(RouteStop.order_id == key, RouteStop.route_id == order.route_id)
            .order_by(RouteStop.sequence_order)
        )
    ).all()
    delivery = next((stop for stop in stops if stop.stop_type.value == "delivery"), None)
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "received_at": order.received_at,
        "must_go_by": order.must_go_by,
        "route": await _route(connection, order.route_id),
        "expected_arrival": delivery.expected_arrival if delivery else None,
        "delivered_at": order.delivered_at,
        "proof_artifact_id": delivery.proof_artifact_id if delivery else None,
        "stops": [_stop(stop) for stop in stops],
        "decisions": await _decisions(connection, key),
        "events": await _events(connection, [stop.stop_id for stop in stops]),
    }


def _explanation(found: Stored) -> dict[str, Any]:
    situation, decision = found.situation(), engine_decision(found.row)
    return {
        "decision_id": found.row.decision_id,
        "policy": found.row.policy,
        "travel": {name: found.row.travel[name] for name in ("provider", "note")},
        "orders": [_explained(each, tried) for each, tried in explained(situation, decision)],
    }


def _explained(each: Explanation, tried: Sequence[Against]) -> dict[str, Any]:
    return {
        "order_id": each.order,
        "sent": each.sent,
        "with": list(each.companions),
        "adds_kes": None if each.adds is None else str(kes(each.adds)),
        "alone_kes": str(kes(each.alone)),
        "last_departure": _instant(each.until),
        "last_decision": _instant(each.last_decision),
        "confidence": None if each.agreement is None else agreement_json(each.agreement),
        "sentences": list(each.sentences),
        "against": [
            {"vehicle_id": one.vehicle, "alone": one.alone, "reasons": list(one.reasons), "tried": list(one.broken)}
            for one in tried
        ],
    }


def _instant(seconds: int) -> datetime | None:
    return None if seconds >= NO_END else instant_of(seconds)


async def _route(connection: AsyncConnection, key: str | None) -> dict[str, Any] | None:
    query = select(Route.route_id, Route.vehicle_id, Route.status, Route.leaves_at, Route.departed_at, Route.orders)
    row = (await connection.execute(query.where(Route.route_id == key))).one_or_none()
    return None if row is None else dict(row._mapping) | {"status": row.status.value}  # noqa: SLF001  SQLAlchemy's public name


def _stop(stop: Any) -> dict[str, Any]:
    shown = ("stop_id", "sequence_order", "location", "planned_arrival", "expected_arrival", "actual_arrival")
    return {name: getattr(stop, name) for name in shown} | {
        "stop_type": stop.stop_type.value,
        "status": stop.status.value,
    }


async def _decisions(connection: AsyncConnection, key: str) -> list[dict[str, Any]]:
    """The latest decisions about the order, oldest first."""
    query = (
        select(
            Decision.decision_id,
            Decision.decided_for,
            Decision.policy,
            Decision.status,
            Decision.orders_routed,
            Decision.orders_waiting,
        )
        .order_by(Decision.decided_for.desc(), Decision.id.desc())
        .limit(LOOKED_BACK)
    )
    found = []
    for row in await connection.execute(query):
        kept = next((each for each in row.orders_waiting if each["order_id"] == key), None)
        if kept is None and key not in row.orders_routed:
            continue
        found.append(
            {
                "decision_id": row.decision_id,
                "decided_for": row.decided_for,
                "policy": row.policy,
                "status": row.status.value,
                "sent": kept is None,
                "reasons": kept["reasons"] if kept else [],
            }
        )
    return found[::-1]


async def _events(connection: AsyncConnection, stops: Sequence[str]) -> list[dict[str, Any]]:
    rows = await connection.execute(
        select(DriverEvent.type, DriverEvent.at, DriverEvent.stop_id, DriverEvent.reason, DriverEvent.reported_by)
        .where(DriverEvent.stop_id.in_(stops))
        .order_by(DriverEvent.at)
    )
    return [dict(row._mapping) | {"type": row.type.value} for row in rows]  # noqa: SLF001  SQLAlchemy's public name
