"""What drivers report, and what follows from it at once: who is where, when the rest arrives, what has to be told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.storage.models import Artifact
from opsroom.core.webhooks.actions import Event, announce
from opsroom.dispatch.arriving import expect, stops_of_route, tell_delays
from opsroom.dispatch.committing import cancel_routes
from opsroom.dispatch.engine_values import place_of
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import Order, OrderStatus, Vehicle, VehicleStatus
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.outcomes import record_outcome
from opsroom.dispatch.plan_models import (
    Decision,
    DriverEvent,
    EventType,
    Route,
    RouteStatus,
    RouteStop,
    StopStatus,
    StopType,
)

DELIVERED = "dispatch.order.delivered"
FAILED = "dispatch.order.failed"
BROKEN_DOWN = "dispatch.route.broken_down"
AHEAD = timedelta(minutes=5)  # a driver's clock may be a little fast
UNFINISHED = (RouteStatus.PLANNED, RouteStatus.DISPATCHED, RouteStatus.IN_PROGRESS)


@dataclass
class Drive:
    """A route while an event is worked in: its rows are locked."""

    session: AsyncSession
    queue: JobQueue
    options: DispatchOptions
    route: Route
    vehicle: Vehicle
    stops: Sequence[RouteStop]
    report: EventReport
    at: datetime

    def stop(self, kind: StopType | None = None) -> RouteStop:
        """The stop that is reported on.

        Raises:
            Invalid, NotFound, Conflict: none is named, it is not on the route, or it is done with.
        """
        report = self.report
        named = [s for s in self.stops if s.stop_id == report.stop_id or s.order_id == report.order_id]
        named = [stop for stop in named if kind is None or stop.stop_type is kind]
        if report.stop_id is None and report.order_id is None:
            raise Invalid(f"{report.type.value} is of a stop: give its stop_id or its order_id.", field="stop_id")
        if not named:
            raise NotFound(
                f"{report.stop_id or report.order_id} is not on route {self.route.route_id}.", field="stop_id"
            )
        stop = next((each for each in named if each.status is StopStatus.PLANNED), named[-1])
        if stop.status is not StopStatus.PLANNED:
            raise Conflict(f"Stop {stop.stop_id} is {stop.status.value} already.", code="stop_ended")
        return stop

    async def order(self, key: str) -> Order:
        return (await self.session.scalars(select(Order).where(Order.order_id == key).with_for_update())).one()

    def under_way(self) -> None:
        if self.route.status is not RouteStatus.IN_PROGRESS:
            raise Conflict(f"Route {self.route.route_id} has not departed; report that first.", code="not_departed")

    async def tell(self, kind: str, **data: Any) -> None:
        about = {"route_id": self.route.route_id, "vehicle_id": self.route.vehicle_id, "at": self.at.isoformat()}
        await announce(self.session, self.queue, [Event(kind, about | data, self.at)])


@dataclass(frozen=True, slots=True)
class Followed:
    """late: orders of which it is new that they will not be in time: a reason to plan the rest of the route anew
    stranded: whether orders wait again because the vehicle cannot go on
    completed: whether there is an outcome to learn from
    """

    event: DriverEvent
    late: tuple[str, ...] = ()
    stranded: bool = False
    completed: bool = False
    repeated: bool = False


async def report_event(
    session: AsyncSession, queue: JobQueue, options: DispatchOptions, key: str, report: EventReport, actor: Actor
) -> Followed:
    """Work an event in. The same event again changes nothing.

    Raises:
        NotFound, Conflict, Invalid: there is no such route or stop, it cannot happen now, or its clock went back.
    """
    await take_turn(session)
    route = await _route(session, key)
    known = await _repeated(session, route, report)
    if known is not None:
        return Followed(known, repeated=True)
    if route.status not in {RouteStatus.DISPATCHED, RouteStatus.IN_PROGRESS}:
        raise Conflict(f"Route {key} is {route.status.value}; nothing happens on it.", code="route_not_on_the_road")
    at = await _instant(session, route, report)
    await _proof_exists(session, report)
    drive = Drive(
        session, queue, options, route, await _vehicle(session, route), await stops_of_route(session, key), report, at
    )
    stop = await HANDLERS[report.type](drive)
    event = DriverEvent(
        event_id=report.event_id or f"E-{uuid7().hex[-12:].upper()}",
        route_id=key,
        stop_id=stop.stop_id if stop else None,
        type=report.type,
        at=at,
        location=report.location.model_dump() if report.location else None,
        reason=report.reason,
        proof_artifact_id=report.proof_artifact_id,
        reported_by=actor.name,
    )
    session.add(event)
    await session.flush()
    late = await tell_delays(session, queue, route, drive.stops, at)
    return Followed(
        event,
        late=tuple(late) if route.status is RouteStatus.IN_PROGRESS else (),
        stranded=report.type is EventType.BREAKDOWN,
        completed=report.type is EventType.COMPLETED,
    )


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


async def _route(session: AsyncSession, key: str) -> Route:
    query = select(Route).where(Route.route_id == key).with_for_update()
    route: Route | None = await session.scalar(query.execution_options(populate_existing=True))
    if route is None:
        raise NotFound(f"There is no route {key}.")
    return route


async def _vehicle(session: AsyncSession, route: Route) -> Vehicle:
    query = select(Vehicle).where(Vehicle.vehicle_id == route.vehicle_id).with_for_update()
    return (await session.scalars(query)).one()


async def _repeated(session: AsyncSession, route: Route, report: EventReport) -> DriverEvent | None:
    if report.event_id is None:
        return None
    known: DriverEvent | None = await session.scalar(select(DriverEvent).where(DriverEvent.event_id == report.event_id))
    if known is not None and (known.route_id, known.type) != (route.route_id, report.type):
        raise Conflict(f"Event {known.event_id} was another one.", code="duplicate", fields=["event_id"])
    return known


async def _instant(session: AsyncSession, route: Route, report: EventReport) -> datetime:
    at = report.at or now()
    if at > now() + AHEAD:
        raise Invalid(f"at: {at.isoformat()} lies in the future.", field="at", code="in_the_future")
    latest = await session.scalar(select(func.max(DriverEvent.at)).where(DriverEvent.route_id == route.route_id))
    if latest is not None and at < latest:
        raise Invalid(
            f"at: {at.isoformat()} lies before the route's latest event at {latest.isoformat()}.",
            field="at",
            code="clock_went_back",
        )
    return at


async def _proof_exists(session: AsyncSession, report: EventReport) -> None:
    if report.proof_artifact_id is not None and await session.get(Artifact, report.proof_artifact_id) is None:
        raise NotFound(f"There is no file {report.proof_artifact_id}; send it first.", field="proof_artifact_id")
