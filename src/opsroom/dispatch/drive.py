"""A route while a driver's event is worked in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.webhooks.actions import Event, announce
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.models import Order, Vehicle
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.plan_models import Route, RouteStatus, RouteStop, StopStatus, StopType


@dataclass
class Drive:
    """Its rows are locked."""

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
