"""A driver's event, taken once, at an instant that can be, and worked in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.storage.models import Artifact
from opsroom.dispatch.arriving import stops_of_route, tell_delays
from opsroom.dispatch.drive import Drive
from opsroom.dispatch.driver_events import HANDLERS
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import Vehicle
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.outcome_models import DriverEvent, EventType
from opsroom.dispatch.plan_models import Route, RouteStatus

AHEAD = timedelta(minutes=5)  # a driver's clock may be a little fast


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
