"""An order that is not wanted any more: out of the operation, unless a truck has it already."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.webhooks.actions import Event, announce
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.models import Order, OrderStatus
from opsroom.dispatch.plan_models import Route

CANCELLED = "dispatch.order.cancelled"


async def cancel_order(session: AsyncSession, queue: JobQueue, key: str, reason: str) -> Order:
    """Proposals that would send it are outdated by this.

    Raises:
        NotFound, Conflict: there is no such order, a truck has it, or it has ended already.
    """
    await take_turn(session)
    query = select(Order).where(Order.order_id == key).with_for_update()
    order: Order | None = await session.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise NotFound(f"There is no order {key}.")
    if order.status in {OrderStatus.ASSIGNED, OrderStatus.IN_TRANSIT}:
        raise await _on_a_truck(session, order)
    if order.status is not OrderStatus.PENDING:
        raise Conflict(f"Order {key} is {order.status.value} already.", code="order_ended")
    order.status, order.cancelled_at, order.cancelled_reason = OrderStatus.CANCELLED, now(), reason
    await session.flush()
    data = {"order_id": key, "customer_id": order.customer_id, "reason": reason}
    await announce(session, queue, [Event(CANCELLED, data, order.cancelled_at)])
    return order


async def _on_a_truck(session: AsyncSession, order: Order) -> Conflict:
    route = (await session.scalars(select(Route).where(Route.route_id == order.route_id))).one()
    if route.departed_at is None:
        where, then = "is loading", "once it has departed, report the order failed"
    else:
        where, then = "has departed", "report the order failed there"
    return Conflict(
        f"Order {order.order_id} is on route {route.route_id}: {route.vehicle_id} {where}. "
        f"A driver is told by the road: {then}.",
        code="order_on_the_road",
        route_id=route.route_id,
        vehicle_id=route.vehicle_id,
    )
