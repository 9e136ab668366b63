"""What drivers report from the road, and what came of a route."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, Money, one_of


class EventType(StrEnum):
    DEPARTED = "departed"
    ARRIVED = "arrived"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    FAILED = "failed"
    BREAKDOWN = "breakdown"
    COMPLETED = "completed"


class DriverEvent(Entity):
    """What a driver said, in his own time (`at`). The id may be the driver's, so that a repetition is known as one."""

    __table_args__ = (Index("ix_driver_events_route_id_at", "route_id", "at"),)

    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    route_id: Mapped[str] = mapped_column(ForeignKey("routes.route_id", ondelete="CASCADE"))
    stop_id: Mapped[str | None] = mapped_column(ForeignKey("route_stops.stop_id", ondelete="CASCADE"), index=True)
    type: Mapped[EventType] = mapped_column(one_of(EventType))
    at: Mapped[datetime]
    location: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    reason: Mapped[str | None] = mapped_column(String(400))
    proof_artifact_id: Mapped[UUID | None] = mapped_column(ForeignKey("artifacts.id"), index=True)
    reported_by: Mapped[str] = mapped_column(String(150))


class OperationalOutcome(Entity):
    """errors: (actual − predicted) / predicted
    metrics: further figures; `legs` holds what learning takes from it
    """

    __table_args__ = (
        CheckConstraint("on_time_deliveries >= 0", name="on_time_deliveries"),
        CheckConstraint("late_deliveries >= 0", name="late_deliveries"),
        CheckConstraint("failed_deliveries >= 0", name="failed_deliveries"),
        Index("ix_operational_outcomes_recorded_at", "recorded_at"),
    )

    outcome_id: Mapped[str] = mapped_column(String(60), unique=True)
    route_id: Mapped[str] = mapped_column(ForeignKey("routes.route_id", ondelete="CASCADE"), unique=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions.decision_id"), index=True)
    recorded_at: Mapped[datetime]
    actual_cost_kes: Mapped[Decimal] = mapped_column(Money)
    actual_duration_minutes: Mapped[float]
    actual_distance_km: Mapped[float]
    cost_error: Mapped[float | None]
    duration_error: Mapped[float | None]
    distance_error: Mapped[float | None]
    revenue_kes: Mapped[Decimal] = mapped_column(Money)
    profit_kes: Mapped[Decimal] = mapped_column(Money)
    on_time_deliveries: Mapped[int] = mapped_column(Integer)
    late_deliveries: Mapped[int] = mapped_column(Integer)
    failed_deliveries: Mapped[int] = mapped_column(Integer)
    metrics: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict)
