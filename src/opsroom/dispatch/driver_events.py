"""What follows at once from each kind of event: who is where, when the rest arrives, what has to be told."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import func, select

from opsroom.core.errors import Conflict, Invalid
from opsroom.dispatch.arriving import expect
from opsroom.dispatch.committing import cancel_routes
from opsroom.dispatch.drive import Drive
from opsroom.dispatch.engine_values import place_of
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.models import OrderStatus, VehicleStatus
from opsroom.dispatch.outcome_models import EventType
from opsroom.dispatch.outcomes import record_outcome
from opsroom.dispatch.plan_models import Decision, Route, RouteStatus, RouteStop, StopStatus, StopType

DELIVERED = "dispatch.order.delivered"
FAILED = "dispatch.order.failed"
BROKEN_DOWN = "dispatch.route.broken_down"
UNFINISHED = (RouteStatus.PLANNED, RouteStatus.DISPATCHED, RouteStatus.IN_PROGRESS)


async def _departed(drive: Drive) -> None:
    if drive.route.status is RouteStatus.IN_PROGRESS:
        raise Conflict(f"Route {drive.route.route_id} has departed already.", code="departed")
    drive.route.status, drive.route.departed_at = RouteStatus.IN_PROGRESS, drive.at
    drive.vehicle.status = VehicleStatus.EN_ROUTE
    start = place_of(drive.vehicle.current_location).key
    for stop in drive.stops:  # what is loaded where the vehicle stands is loaded when it leaves
        if stop.stop_type is StopType.PICKUP and place_of(stop.location).key == start:
            stop.actual_arrival = stop.actual_departure = drive.at
            stop.status = StopStatus.DONE
            (await drive.order(stop.order_id)).status = OrderStatus.IN_TRANSIT
    expect(drive.stops, drive.at - drive.route.leaves_at)


async def _arrived(drive: Drive) -> RouteStop:
    drive.under_way()
    stop = drive.stop()
    stop.actual_arrival = drive.at
    expect(drive.stops, drive.at - stop.planned_arrival)
    return stop


async def _picked_up(drive: Drive) -> RouteStop:
    drive.under_way()
    stop = drive.stop(StopType.PICKUP)
    _done(stop, drive)
    (await drive.order(stop.order_id)).status = OrderStatus.IN_TRANSIT
    return stop


async def _delivered(drive: Drive) -> RouteStop:
    drive.under_way()
    stop = drive.stop(StopType.DELIVERY)
    order = await drive.order(stop.order_id)
    if order.status is not OrderStatus.IN_TRANSIT:
        raise Conflict(f"Order {order.order_id} was not picked up; report that first.", code="not_picked_up")
    _done(stop, drive)
    stop.proof_artifact_id = drive.report.proof_artifact_id
    order.status, order.delivered_at = OrderStatus.DELIVERED, drive.at
    late = order.window_end is not None and (stop.actual_arrival or drive.at) > order.window_end
    await drive.tell(DELIVERED, order_id=order.order_id, late=late, proof=stop.proof_artifact_id is not None)
    return stop


async def _failed(drive: Drive) -> RouteStop:
    drive.under_way()
    reason = _reason(drive.report)
    stop = drive.stop()
    _done(stop, drive)
    stop.status, stop.failure_reason = StopStatus.FAILED, reason
    for other in drive.stops:  # what was not picked up is not delivered
        if other.order_id == stop.order_id and other.status is StopStatus.PLANNED:
            other.status = StopStatus.SKIPPED
    (await drive.order(stop.order_id)).status = OrderStatus.FAILED
    await drive.tell(FAILED, order_id=stop.order_id, reason=reason)
    return stop


async def _breakdown(drive: Drive) -> None:
    """Its orders wait again: those on board where the vehicle stands, the others where they were."""
    reason = _reason(drive.report)
    stands = drive.report.location.model_dump() if drive.report.location else _last_place(drive)
    await cancel_routes(drive.session, [drive.route])
    await drive.session.flush()
    aboard, waiting = [], []
    for key in drive.route.orders:
        order = await drive.order(key)
        if order.status is OrderStatus.IN_TRANSIT:
            order.pickup_location = stands
            aboard.append(key)
        if order.status in {OrderStatus.IN_TRANSIT, OrderStatus.ASSIGNED}:
            order.status, order.route_id = OrderStatus.PENDING, None
            waiting.append(key)
    drive.vehicle.status, drive.vehicle.current_location = VehicleStatus.MAINTENANCE, stands
    await drive.tell(BROKEN_DOWN, reason=reason, orders=waiting, aboard=aboard)


async def _completed(drive: Drive) -> None:
    drive.under_way()
    open_ones = [stop.stop_id for stop in drive.stops if stop.status is StopStatus.PLANNED]
    if open_ones:
        raise Conflict(
            f"Not everything on route {drive.route.route_id} is done: {', '.join(open_ones)}.",
            code="stops_left",
            stops=open_ones,
        )
    drive.route.status, drive.route.completed_at = RouteStatus.COMPLETED, drive.at
    await record_outcome(
        drive.session, drive.options, drive.route, drive.stops, drive.vehicle, drive.report.distance_km
    )
    drive.vehicle.current_location = drive.vehicle.home_location or _last_place(drive)
    drive.vehicle.status, drive.vehicle.available_at = VehicleStatus.AVAILABLE, drive.at
    await _execute_decision(drive)


Handler = Callable[[Drive], Awaitable[RouteStop | None]]

HANDLERS: dict[EventType, Handler] = {
    EventType.DEPARTED: _departed,
    EventType.ARRIVED: _arrived,
    EventType.PICKED_UP: _picked_up,
    EventType.DELIVERED: _delivered,
    EventType.FAILED: _failed,
    EventType.BREAKDOWN: _breakdown,
    EventType.COMPLETED: _completed,
}


def _done(stop: RouteStop, drive: Drive) -> None:
    if stop.actual_arrival is None:
        stop.actual_arrival = drive.at
        expect(drive.stops, drive.at - stop.planned_departure)
    stop.actual_departure = drive.at
    stop.status = StopStatus.DONE


def _reason(report: EventReport) -> str:
    if not report.reason:
        raise Invalid(f"{report.type.value} needs a reason.", field="reason")
    return report.reason


def _last_place(drive: Drive) -> dict[str, Any]:
    visited = [stop for stop in drive.stops if stop.actual_arrival is not None]
    if not visited:
        return drive.vehicle.current_location
    return max(visited, key=lambda stop: (stop.actual_arrival, stop.sequence_order)).location


async def _execute_decision(drive: Drive) -> None:
    """A decision is executed when none of its routes is on the road any more."""
    same = Route.decision_id == drive.route.decision_id
    await drive.session.flush()
    if await drive.session.scalar(select(func.count()).where(same, Route.status.in_(UNFINISHED))):
        return
    decision = await drive.session.scalar(select(Decision).where(Decision.decision_id == drive.route.decision_id))
    if decision is not None and decision.committed_at is not None:
        decision.executed_at = drive.at
