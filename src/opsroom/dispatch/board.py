"""What the console's pages ask: who waits and for how long, what is on the road, how policies have done."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.dispatch.learned_models import LearnedPolicy, TravelCorrection
from opsroom.dispatch.models import AssignmentRule, Order, OrderStatus, Vehicle
from opsroom.dispatch.outcome_models import OperationalOutcome
from opsroom.dispatch.plan_models import Decision, DecisionStatus, Route, RouteStatus, RouteStop
from opsroom.dispatch.planning.confidence import wilson
from opsroom.dispatch.planning.simulation.scores import Interval, interval

PRESSING = timedelta(hours=2)
MOST = 200  # waiting orders on one page
ON_THE_ROAD = (RouteStatus.DISPATCHED, RouteStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order on the board. `spent` is the part of its time that has passed, none without a limit."""

    order: Any
    spent: float | None
    left: float | None
    said: str
    decision_id: str | None
    rules: tuple[Any, ...]

    @property
    def kind(self) -> str:
        if self.left is None:
            return "unknown"
        if self.left < 0:
            return "down"
        return "waiting" if self.left < PRESSING.total_seconds() else "up"

    @property
    def word(self) -> str:
        return {"unknown": "no limit", "down": "overdue", "waiting": "pressing", "up": "can wait"}[self.kind]


async def waiting_orders(connection: AsyncConnection, at: datetime) -> list[Waiting]:
    """Those whose time runs out first, first."""
    query = select(*Order.__table__.c).where(Order.status == OrderStatus.PENDING)
    order = (Order.must_go_by.is_(None), Order.must_go_by, Order.received_at, Order.order_id)
    rows = (await connection.execute(query.order_by(*order).limit(MOST))).all()
    said = await _last_words(connection)
    rules = defaultdict(list)
    for rule in await connection.execute(select(*AssignmentRule.__table__.c)):
        rules[rule.order_id].append(rule)
    return [_waiting(row, at, said.get(row.order_id), tuple(rules[row.order_id])) for row in rows]


async def how_many_wait(connection: AsyncConnection, at: datetime) -> tuple[int, int]:
    """All waiting orders, and those of them that are overdue or pressing."""
    pressing = func.count().filter(Order.must_go_by < at + PRESSING)
    counted = await connection.execute(select(func.count(), pressing).where(Order.status == OrderStatus.PENDING))
    wait, pressed = counted.one()
    return wait, pressed


async def fleet(connection: AsyncConnection) -> dict[str, int]:
    """Vehicles by status."""
    rows = await connection.execute(select(Vehicle.status, func.count()).group_by(Vehicle.status))
    return {status.value: count for status, count in rows}


async def routes_with_stops(connection: AsyncConnection, *which: Any) -> list[tuple[Any, list[Any]]]:
    """Routes by vehicle, each with its stops in order."""
    query = select(*Route.__table__.c).where(*which).order_by(Route.vehicle_id, Route.leaves_at)
    routes = (await connection.execute(query)).all()
    stops = defaultdict(list)
    of_these = RouteStop.route_id.in_([route.route_id for route in routes])
    for stop in await connection.execute(
        select(*RouteStop.__table__.c).where(of_these).order_by(RouteStop.sequence_order)
    ):
        stops[stop.route_id].append(stop)
    return [(route, stops[route.route_id]) for route in routes]


async def vehicles(connection: AsyncConnection) -> Sequence[Any]:
    return (await connection.execute(select(*Vehicle.__table__.c).order_by(Vehicle.vehicle_id))).all()


async def decisions(connection: AsyncConnection, limit: int = 50) -> Sequence[Any]:
    """The latest, without what only their own pages show."""
    shown = (
        Decision.decision_id, Decision.decided_for, Decision.type, Decision.status, Decision.policy,
        Decision.orders_routed, Decision.orders_waiting, Decision.estimated_cost_kes, Decision.confidence,
        Decision.computation_ms, Decision.requested_by,
    )  # fmt: skip
    query = select(*shown).order_by(Decision.decided_for.desc(), Decision.id.desc()).limit(limit)
    return (await connection.execute(query)).all()


async def outcome_card(connection: AsyncConnection) -> list[dict[str, Any]]:
    """What policies' routes came to on the road: each figure with its 95 % interval."""
    query = select(Decision.policy, *OperationalOutcome.__table__.c).join(
        Decision, Decision.decision_id == OperationalOutcome.decision_id
    )
    by_policy = defaultdict(list)
    for row in await connection.execute(query):
        by_policy[row.policy].append(row)
    return [_card(policy, rows) for policy, rows in sorted(by_policy.items())]


def _card(policy: str, rows: Sequence[Any]) -> dict[str, Any]:
    on_time = sum(row.on_time_deliveries for row in rows)
    deliveries = on_time + sum(row.late_deliveries + row.failed_deliveries for row in rows)
    carried = [row for row in rows if row.on_time_deliveries + row.late_deliveries]
    per_order = [float(row.actual_cost_kes) / (row.on_time_deliveries + row.late_deliveries) for row in carried]
    return {
        "policy": policy,
        "routes": len(rows),
        "deliveries": deliveries,
        "on_time": on_time / deliveries if deliveries else None,
        "on_time_between": wilson(on_time, deliveries),
        "cost_per_order": interval(per_order) if per_order else None,
        "duration_error": interval([row.duration_error for row in rows if row.duration_error is not None] or [0.0]),
        "profit": sum(row.profit_kes for row in rows),
    }


async def learned(
    connection: AsyncConnection, model: type[LearnedPolicy] | type[TravelCorrection], limit: int = 20
) -> Sequence[Any]:
    """Versions, newest first."""
    query = select(*model.__table__.c).order_by(model.number.desc()).limit(limit)
    return (await connection.execute(query)).all()


def half(found: Interval) -> float | None:
    """Half of an interval's width; none for a single observation, whose interval has no ends."""
    return found.half_width if found.observations > 1 else None


async def _last_words(connection: AsyncConnection) -> dict[str, tuple[str, str]]:
    """What the newest decisions said of each order that waits: (decision_id, sentence)."""
    query = select(Decision.decision_id, Decision.status, Decision.orders_waiting, Decision.routes_proposed)
    found: dict[str, tuple[str, str]] = {}
    for row in await connection.execute(query.order_by(Decision.decided_for.desc(), Decision.id.desc()).limit(20)):
        for each in row.orders_waiting:
            found.setdefault(each["order_id"], (row.decision_id, "; ".join(each["reasons"])))
        if row.status is DecisionStatus.PROPOSED:
            for route in row.routes_proposed:
                for stop in route["stops"]:
                    found.setdefault(stop["order"], (row.decision_id, f"proposed to go with {route['vehicle']}"))
    return found


def _waiting(row: Any, at: datetime, said: tuple[str, str] | None, rules: tuple[Any, ...]) -> Waiting:
    decision_id, words = said or (None, "nobody has decided about it yet")
    if row.must_go_by is None:
        return Waiting(row, None, None, words, decision_id, rules)
    whole = (row.must_go_by - row.received_at).total_seconds()
    left = (row.must_go_by - at).total_seconds()
    spent = 1.0 if whole <= 0 else min(max(1 - left / whole, 0.0), 1.0)
    return Waiting(row, spent, left, words, decision_id, rules)
