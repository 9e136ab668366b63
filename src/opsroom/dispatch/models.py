"""Who sends what where, and with what: cities, customers, vehicles, orders.

Records refer to each other by the names people use (`order_id`, `vehicle_id` …), which never change. Amounts are whole
cents in the tables and decimals outside of them.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, Money, one_of
from opsroom.dispatch.window_column import WindowDocument


class OrderStatus(StrEnum):
    PENDING = "pending"
    ASSIGNED = "assigned"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class VehicleStatus(StrEnum):
    AVAILABLE = "available"
    EN_ROUTE = "en_route"
    LOADING = "loading"
    MAINTENANCE = "maintenance"
    OFF_DUTY = "off_duty"


class RuleKind(StrEnum):
    PIN = "pin"
    FORBID = "forbid"


class City(Entity):
    """A city that is, or was, served; the enumeration that destinations are taken from."""

    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    )

    name: Mapped[str] = mapped_column(String(80), unique=True)
    latitude: Mapped[float]
    longitude: Mapped[float]
    served: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class Customer(Entity):
    """constraints: what is agreed and must be kept (`CustomerConstraints`); preferences: what is liked."""

    customer_id: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(400))
    constraints: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    preferences: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class Vehicle(Entity):
    """shift: local hours {start, end} in which it drives; none: at any hour
    home_location: where a tour ends; none: where its last stop is
    """

    __table_args__ = (
        CheckConstraint("capacity_tonnes > 0", name="capacity_tonnes"),
        CheckConstraint("capacity_m3 > 0", name="capacity_m3"),
        CheckConstraint("fuel_cost_per_km >= 0", name="fuel_cost"),
        CheckConstraint("driver_cost_per_hour >= 0", name="driver_cost"),
        CheckConstraint("fixed_cost >= 0", name="fixed_cost"),
        Index("ix_vehicles_status_available_at", "status", "available_at"),
        Index("ix_vehicles_type_capacity_tonnes", "vehicle_type", "capacity_tonnes"),
    )

    vehicle_id: Mapped[str] = mapped_column(String(40), unique=True)
    vehicle_type: Mapped[str] = mapped_column(String(40))
    capacity_tonnes: Mapped[float]
    capacity_m3: Mapped[float]
    skills: Mapped[list[str]] = mapped_column(JsonDocument, default=list, server_default=text("'[]'"))
    current_location: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    home_location: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    status: Mapped[VehicleStatus] = mapped_column(one_of(VehicleStatus), default=VehicleStatus.AVAILABLE)
    available_at: Mapped[datetime | None]
    fuel_cost_per_km: Mapped[Decimal] = mapped_column(Money)
    driver_cost_per_hour: Mapped[Decimal] = mapped_column(Money)
    fixed_cost: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default=text("0"))
    shift: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)


class Order(Entity):
    """customer_name: as it was when the order came
    window_start, window_end: between which unloading may begin
    priority: 0 is ordinary; each step doubles what waiting is worth avoiding
    must_go_by: when it has to leave at the latest, by the usual travel times
    route_id: the route it was assigned to; kept when it was delivered or failed on it
    """

    __table_args__ = (
        CheckConstraint("weight_tonnes > 0", name="weight_tonnes"),
        CheckConstraint("volume_m3 >= 0", name="volume_m3"),
        CheckConstraint("price_kes >= 0", name="price_kes"),
        CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
        CheckConstraint("window_start IS NULL OR window_end IS NULL OR window_start < window_end", name="time_window"),
        CheckConstraint("status <> 'pending' OR route_id IS NULL", name="pending_has_no_route"),
        CheckConstraint("status <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_at"),
        CheckConstraint("status NOT IN ('assigned', 'in_transit') OR route_id IS NOT NULL", name="assigned_has_route"),
        Index("ix_orders_status_must_go_by", "status", "must_go_by"),
        Index("ix_orders_destination_city_status", "destination_city", "status"),
        Index("ix_orders_customer_id_received_at", "customer_id", "received_at"),
        Index("ix_orders_status_received_at", "status", "received_at"),
    )

    order_id: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", onupdate="CASCADE"))
    customer_name: Mapped[str] = mapped_column(String(200))
    pickup_location: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    destination_city: Mapped[str] = mapped_column(ForeignKey("cities.name", onupdate="CASCADE"))
    destination_location: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    weight_tonnes: Mapped[float]
    volume_m3: Mapped[float]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    special_handling: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    price_kes: Mapped[Decimal] = mapped_column(Money)
    status: Mapped[OrderStatus] = mapped_column(one_of(OrderStatus), default=OrderStatus.PENDING)
    route_id: Mapped[str | None] = mapped_column(ForeignKey("routes.route_id", ondelete="SET NULL"), index=True)
    received_at: Mapped[datetime]
    must_go_by: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str | None] = mapped_column(String(400))

    @hybrid_property
    def time_window(self) -> dict[str, Any]:
        """{start_time, end_time} as it goes on the wire."""
        return {"start_time": self.window_start, "end_time": self.window_end}

    @time_window.inplace.expression
    @classmethod
    def _time_window(cls) -> WindowDocument:
        return WindowDocument(cls.window_start, cls.window_end, type_=JSON())


class AssignmentRule(Entity):
    """What a dispatcher said about an order and a vehicle: with this one only, or never with this one."""

    __table_args__ = (
        UniqueConstraint("order_id", "vehicle_id", name="uq_assignment_rules_pair"),
        Index(
            "uq_assignment_rules_pin",
            "order_id",
            unique=True,
            postgresql_where=text("kind = 'pin'"),
            sqlite_where=text("kind = 'pin'"),
        ),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id", ondelete="CASCADE"))
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.vehicle_id", ondelete="CASCADE"), index=True)
    kind: Mapped[RuleKind] = mapped_column(one_of(RuleKind))
    reason: Mapped[str | None] = mapped_column(String(400))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
