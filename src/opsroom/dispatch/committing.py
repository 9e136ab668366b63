"""A proposal made binding, or turned down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.webhooks.actions import Event, announce
from opsroom.dispatch.changes import Bound
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import Order, OrderStatus, VehicleStatus
from opsroom.dispatch.plan_models import Decision, DecisionStatus, Route, RouteStatus, RouteStop, StopStatus

DISPATCHED = "dispatch.route.dispatched"


async def find_decision(session: AsyncSession, key: str, *, lock: bool = False) -> Decision:
    """
    Raises:
        NotFound: there is none of that name.
    """
    query = select(Decision).where(Decision.decision_id == key)
    query = query.with_for_update().execution_options(populate_existing=True) if lock else query
    found: Decision | None = await session.scalar(query)
    if found is None:
        raise NotFound(f"There is no decision {key}.")
    return found


async def commit(session: AsyncSession, queue: JobQueue, key: str, actor: Actor) -> Decision:
    """Send the proposed routes: trucks load, orders are assigned.

    Raises:
        Conflict: it is decided about already, or what it rests on has changed; `changed` lists what.
    """
    await take_turn(session)
    decision = await find_decision(session, key, lock=True)
    _still_open(decision)
    bound = Bound(decision)
    await bound.lock(session)
    changed = bound.changed()
    if changed:
        said = "; ".join(f"{each['kind']} {each['id']}: {each['what']}" for each in changed[:5])
        raise Conflict(
            f"The state has changed since this was decided: {said}. Decide again.", code="stale", changed=changed
        )
    at = now()
    await cancel_routes(session, list(bound.replaced.values()))
    await session.flush()
    await _bind(session, bound)
    decision.status = DecisionStatus.COMMITTED
    decision.committed_at = at
    decision.committed_by = actor.name
    await session.flush()
    await announce(session, queue, [_told(route, decision, at) for route in bound.routes])
    return decision


async def reject(session: AsyncSession, key: str, reason: str) -> Decision:
    """
    Raises:
        Conflict: it is decided about already.
    """
    await take_turn(session)
    decision = await find_decision(session, key, lock=True)
    _still_open(decision)
    decision.status = DecisionStatus.REJECTED
    decision.rejected_reason = reason
    await cancel_routes(session, await routes_of(session, decision))
    await session.flush()
    return decision


async def cancel_routes(session: AsyncSession, routes: Sequence[Route]) -> None:
    """Whatever they still had to do is skipped; their orders and vehicles are the caller's business."""
    for route in routes:
        route.status = RouteStatus.CANCELLED
    keys = [route.route_id for route in routes]
    if keys:
        to_do = RouteStop.status.in_((StopStatus.PROPOSED, StopStatus.PLANNED))
        await set_stops(session, StopStatus.SKIPPED, RouteStop.route_id.in_(keys), to_do)


async def set_stops(session: AsyncSession, status: StopStatus, *which: Any) -> None:
    values = {"status": status, "version": RouteStop.version + 1, "updated_at": now()}
    statement = update(RouteStop).where(*which).values(values)
    await session.execute(statement.execution_options(synchronize_session="fetch"))


async def routes_of(session: AsyncSession, decision: Decision) -> Sequence[Route]:
    query = select(Route).where(Route.decision_id == decision.decision_id).order_by(Route.route_id)
    return (await session.scalars(query)).all()


async def _bind(session: AsyncSession, bound: Bound) -> None:
    for vehicle in bound.vehicles.values():  # those of replaced routes that get no new one stand free again
        vehicle.status = VehicleStatus.AVAILABLE
    for order in bound.orders.values():
        order.status, order.route_id = OrderStatus.PENDING, None
    await _release_left_out(session, bound)
    await session.flush()
    for route in bound.routes:
        route.status = RouteStatus.DISPATCHED
        bound.vehicles[route.vehicle_id].status = VehicleStatus.LOADING
        for key in route.orders:
            bound.orders[key].status = OrderStatus.ASSIGNED
            bound.orders[key].route_id = route.route_id
    await session.flush()
    await set_stops(session, StopStatus.PLANNED, RouteStop.route_id.in_([route.route_id for route in bound.routes]))


async def _release_left_out(session: AsyncSession, bound: Bound) -> None:
    """Orders of replaced routes that the new decision does not send wait again."""
    left_out = {key for route in bound.replaced.values() for key in route.orders} - bound.orders.keys()
    if left_out:
        rows = await session.scalars(select(Order).where(Order.order_id.in_(sorted(left_out))).with_for_update())
        for order in rows:
            if order.status is OrderStatus.ASSIGNED:
                order.status, order.route_id = OrderStatus.PENDING, None


def _still_open(decision: Decision) -> None:
    if decision.status is not DecisionStatus.PROPOSED:
        raise Conflict(
            f"Decision {decision.decision_id} is {decision.status.value} already.",
            code=f"decision_{decision.status.value}",
        )


def _told(route: Route, decision: Decision, at: datetime) -> Event:
    data = {
        "route_id": route.route_id,
        "decision_id": decision.decision_id,
        "vehicle_id": route.vehicle_id,
        "orders": route.orders,
        "cities": route.cities,
        "leaves_at": route.leaves_at.isoformat(),
        "returns_at": route.returns_at.isoformat(),
    }
    return Event(DISPATCHED, data, at)
