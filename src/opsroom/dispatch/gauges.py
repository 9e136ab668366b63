"""What Prometheus is told of dispatch."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from opsroom.core.metrics import Gauge
from opsroom.dispatch.models import Order, OrderStatus

OPEN = (OrderStatus.PENDING, OrderStatus.ASSIGNED, OrderStatus.IN_TRANSIT)


def _open_orders(_at: datetime) -> Select[*tuple[Any, ...]]:
    return select(Order.status, func.count()).where(Order.status.in_(OPEN)).group_by(Order.status)


def _overdue_orders(at: datetime) -> Select[*tuple[Any, ...]]:
    return select(func.count()).where(Order.status == OrderStatus.PENDING, Order.must_go_by < at)


GAUGES = (
    Gauge("opsroom_dispatch_orders", "Orders that are not delivered yet", _open_orders, ("status",)),
    Gauge("opsroom_dispatch_orders_overdue", "Pending orders past the time they must go by", _overdue_orders),
)
