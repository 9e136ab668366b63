"""When what is still to do on a route will be done, by what is known on the road."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.jobs.queue import JobQueue
from opsroom.core.webhooks.actions import Event, announce
from opsroom.dispatch.models import Order
from opsroom.dispatch.plan_models import Route, RouteStop, StopStatus, StopType

DELAYED = "dispatch.route.delayed"
TOLD_FROM = timedelta(minutes=15)
"""A delivery without a window counts as delayed when it comes so much later than planned."""


async def stops_of_route(session: AsyncSession, route_id: str) -> Sequence[RouteStop]:
    query = select(RouteStop).where(RouteStop.route_id == route_id).order_by(RouteStop.sequence_order)
    return (await session.scalars(query)).all()


def expect(stops: Sequence[RouteStop], delay: timedelta) -> None:
    """Move the expected arrivals of what is still to do by a delay.

    Time lost is not made up; time won is not counted on, because a vehicle that is early waits for the window.
    """
    for stop in stops:
        if stop.status is StopStatus.PLANNED and stop.actual_arrival is None:
            stop.expected_arrival = stop.planned_arrival + max(delay, timedelta(0))


async def tell_delays(
    session: AsyncSession, queue: JobQueue, route: Route, stops: Sequence[RouteStop], at: datetime
) -> list[str]:
    """Announce each delivery that will be late, once; gives the orders of which that was not known."""
    waiting = [s for s in stops if s.stop_type is StopType.DELIVERY and s.status is StopStatus.PLANNED]
    keys = [stop.order_id for stop in waiting]
    orders = {o.order_id: o for o in await session.scalars(select(Order).where(Order.order_id.in_(keys)))}
    late = [stop for stop in waiting if is_late(stop, orders[stop.order_id].window_end)]
    new = [stop for stop in late if stop.delay_told_at is None]
    for stop in new:
        stop.delay_told_at = at
    await announce(session, queue, [_told(route, stop, orders[stop.order_id], at) for stop in new])
    return [stop.order_id for stop in new]


def is_late(stop: RouteStop, window_end: datetime | None) -> bool:
    expected = stop.actual_arrival or stop.expected_arrival or stop.planned_arrival
    return expected > (window_end or stop.planned_arrival + TOLD_FROM)


def _told(route: Route, stop: RouteStop, order: Order, at: datetime) -> Event:
    expected = stop.expected_arrival or stop.planned_arrival
    data = {
        "order_id": stop.order_id,
        "route_id": route.route_id,
        "vehicle_id": route.vehicle_id,
        "planned_arrival": stop.planned_arrival.isoformat(),
        "expected_arrival": expected.isoformat(),
        "window_end": None if order.window_end is None else order.window_end.isoformat(),
    }
    return Event(DELAYED, data, at)
