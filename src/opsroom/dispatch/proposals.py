"""A decision written down: the record itself, its routes and their stops, as proposals that bind nobody yet."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from statistics import fmean
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.dispatch.deciding import Alternative, Decided, fingerprint, policy_version
from opsroom.dispatch.engine_values import instant_of
from opsroom.dispatch.models import Order
from opsroom.dispatch.plan_models import Decision, DecisionType, Route, RouteStop, StopType
from opsroom.dispatch.planning import decision as engine
from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.trial import Against
from opsroom.dispatch.snapshot import Seen

NO_END = 2**39
"""Seconds since 1970 beyond which an order may wait for ever."""


async def write_down(
    session: AsyncSession, seen: Seen, decided: Decided, *, kind: DecisionType, requested_by: str, job_id: UUID | None
) -> Decision:
    """Store the decision and, as planned, its routes."""
    row = record_of(seen, decided, kind=kind, requested_by=requested_by, job_id=job_id)
    session.add(row)
    await session.flush()
    await _write_routes(session, row, decided)
    return row


def record_of(
    seen: Seen,
    decided: Decided,
    *,
    kind: DecisionType,
    requested_by: str,
    job_id: UUID | None,
    route_ids: Sequence[str] = (),
) -> Decision:
    """The decision as a record; `route_ids` name routes that are there already."""
    at = instant_of(seen.state.instant)
    decision_id = f"D-{at:%y%m%d-%H%M}-{(job_id or uuid7()).hex[-6:].upper()}"
    answer, state = decided.decision, seen.state.to_json()
    names = route_ids or [f"{decision_id}-{number}" for number in range(1, len(answer.routes) + 1)]
    return Decision(
        decision_id=decision_id,
        type=kind,
        decided_for=at,
        policy=answer.policy,
        policy_version=policy_version(),
        parameters=dict(answer.parameters),
        seed=answer.seed,
        iterations=decided.question.iterations,
        horizon=decided.question.horizon,
        state_snapshot=state,
        state_sha256=fingerprint(state),
        versions=seen.versions,
        routes_proposed=[
            {"route_id": name} | route_json(route) for name, route in zip(names, answer.routes, strict=True)
        ],
        orders_routed=list(answer.sent),
        orders_waiting=waiting(decided),
        estimated_cost_kes=kes(sum(route.cost.total for route in answer.routes)),
        cost={name: str(kes(cents)) for name, cents in decided.cost.items()},
        agreements=[agreement_json(each) for each in answer.agreements],
        travel=decided.travel.to_json(),
        alternatives=[alternative_json(decided.situation, each) for each in decided.alternatives],
        computation_ms=decided.milliseconds,
        requested_by=requested_by,
        job_id=job_id,
        **_confidence(answer),
    )


def kes(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def engine_decision(row: Decision) -> engine.Decision:
    """The stored decision as the engine made it."""
    return engine.Decision.from_json(
        {
            "policy": row.policy,
            "seed": row.seed,
            "routes": [
                {name: value for name, value in each.items() if name != "route_id"} for each in row.routes_proposed
            ],
            "kept": [
                {
                    "order": each["order_id"],
                    "until": each["until_seconds"],
                    "code": each["code"],
                    "reasons": each["reasons"],
                }
                for each in row.orders_waiting
            ],
            "agreements": [
                {name: each[name] for name in ("order", "dispatched", "samples", "sent")} for each in row.agreements
            ],
            "parameters": row.parameters,
        }
    )


def route_json(route: engine.Route) -> dict[str, Any]:
    return asdict(route) | {"stops": [asdict(stop) for stop in route.stops]}


def agreement_json(agreement: Agreement) -> dict[str, Any]:
    low, high = agreement.interval
    derived = {"share": agreement.share, "confidence": agreement.confidence, "low": low, "high": high}
    return asdict(agreement) | derived


def alternative_json(situation: Situation, other: Alternative) -> dict[str, Any]:
    decision = other.decision
    return {
        "policy": other.policy,
        "cost": {name: str(kes(cents)) for name, cents in other.cost.items()},
        "orders_routed": list(decision.sent),
        "orders_waiting": [{"order_id": keep.order, "code": keep.code} for keep in decision.kept],
        "routes": [
            {
                "vehicle_id": route.vehicle,
                "orders": list(route.orders),
                "distance_km": round(route.metres / 1000, 1),
                "duration_minutes": round((route.arrives - route.leaves) / 60, 1),
                "cost_kes": str(kes(route.cost.total)),
                "load": round(_load(situation, route), 4),
            }
            for route in decision.routes
        ],
    }


def waiting(decided: Decided) -> list[dict[str, Any]]:
    """The orders that stay, each with its reasons; what stands against a vehicle was tried before it is said."""
    return [
        {
            "order_id": keep.order,
            "code": keep.code,
            "until": None if keep.until >= NO_END else instant_of(keep.until).isoformat(),
            "until_seconds": keep.until,
            "reasons": list(keep.reasons),
            "against": [_against_json(each) for each in decided.tried.get(keep.order, ())],
        }
        for keep in decided.decision.kept
    ]


def _against_json(against: Against) -> dict[str, Any]:
    return {
        "vehicle_id": against.vehicle,
        "alone": against.alone,
        "reasons": list(against.reasons),
        "tried": list(against.broken),
    }


def _confidence(answer: engine.Decision) -> dict[str, Any]:
    if not answer.agreements:
        return {"confidence": None, "confidence_samples": None}
    sure = fmean(each.confidence for each in answer.agreements)
    return {"confidence": sure, "confidence_samples": min(each.samples for each in answer.agreements)}


def _load(situation: Situation, route: engine.Route) -> float:
    orders = [order for order in situation.state.orders if order.key in route.orders]
    vehicle = next(each for each in situation.state.vehicles if each.key == route.vehicle)
    return max(sum(o.weight for o in orders) / vehicle.weight, sum(o.volume for o in orders) / vehicle.volume)


async def _write_routes(session: AsyncSession, row: Decision, decided: Decided) -> None:
    keys = row.orders_routed
    orders = {each.order_id: each for each in await session.scalars(select(Order).where(Order.order_id.in_(keys)))}
    for proposed, route in zip(row.routes_proposed, decided.decision.routes, strict=True):
        cities = list(dict.fromkeys(orders[key].destination_city for key in route.orders))
        session.add(
            Route(
                route_id=proposed["route_id"],
                vehicle_id=route.vehicle,
                decision_id=row.decision_id,
                orders=list(route.orders),
                cities=cities,
                leaves_at=instant_of(route.leaves),
                returns_at=instant_of(route.arrives),
                total_distance_km=round(route.metres / 1000, 3),
                estimated_duration_minutes=round((route.arrives - route.leaves) / 60, 2),
                estimated_cost_kes=kes(route.cost.total),
            )
        )
        await session.flush()
        session.add_all(stops_of(proposed["route_id"], route, decided.situation, orders))
    await session.flush()


def stops_of(
    route_id: str, route: engine.Route, situation: Situation, orders: dict[str, Order], first: int = 1
) -> list[RouteStop]:
    """Rows for the engine's stops; `first` is the number of the first, which is part of its name."""
    matrix = situation.travel
    vehicle = next(each for each in situation.state.vehicles if each.key == route.vehicle)
    here = vehicle.start.key
    found = []
    for number, stop in enumerate(route.stops, start=first):
        order = orders[stop.order]
        drive = round(int(matrix.seconds[matrix.row[here], matrix.row[stop.place]]) * vehicle.pace)
        found.append(
            RouteStop(
                stop_id=f"{route_id}-{number}",
                route_id=route_id,
                order_id=stop.order,
                stop_type=StopType(stop.act),
                sequence_order=number,
                location=order.pickup_location if stop.act == "pickup" else order.destination_location,
                drive_seconds=drive,
                planned_arrival=instant_of(stop.arrival),
                planned_departure=instant_of(stop.departure),
                expected_arrival=instant_of(stop.arrival),
                service_minutes=round((stop.departure - stop.begin) / 60),
            )
        )
        here = stop.place
    return found
