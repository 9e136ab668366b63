"""What was decided, and what is driven."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, Money, one_of


class DecisionType(StrEnum):
    ON_DEMAND = "on_demand"
    SCHEDULED = "scheduled"
    TRIGGERED = "triggered"
    REPLAN = "replan"


class DecisionStatus(StrEnum):
    PROPOSED = "proposed"
    COMMITTED = "committed"
    REJECTED = "rejected"


class RouteStatus(StrEnum):
    PLANNED = "planned"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class StopType(StrEnum):
    PICKUP = "pickup"
    DELIVERY = "delivery"


class StopStatus(StrEnum):
    PROPOSED = "proposed"
    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


ON_THE_ROAD = text("status IN ('dispatched', 'in_progress')")
STILL_TO_DO = text("status = 'planned'")


class Decision(Entity):
    """One decision, whole: what it saw, what it proposed, why, and what became of it.

    at: the instant it was made for
    parameters: of the policy; horizon: decisions it looked ahead; iterations: the budget that makes it repeatable
    state_snapshot: the engine's state, from which it is made again; not in the trail, its hash is
    versions: of the records that it rests on: {"orders": {"O-1": 3}, "vehicles": …, "routes": …}
    routes_proposed: the engine's routes, each with the `route_id` it was given
    orders_waiting: [{order_id, code, until, reasons}]
    confidence: mean over the orders of the share of sampled futures that choose alike; none where none were sampled
    agreements: for each order the futures that send it, with Wilson's interval
    cost: itemised, in KES
    travel: {provider, note, matrix}: the matrix only where it did not come from the built-in provider
    alternatives: what other policies proposed on the same state
    """

    __table_args__ = (
        CheckConstraint("(status = 'committed') = (committed_at IS NOT NULL)", name="committed_at"),
        CheckConstraint("executed_at IS NULL OR committed_at IS NOT NULL", name="executed_after_commit"),
        CheckConstraint("computation_ms >= 0", name="computation_ms"),
        CheckConstraint("confidence IS NULL OR confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("(confidence IS NULL) = (confidence_samples IS NULL)", name="confidence_samples"),
        CheckConstraint("length(state_sha256) = 64", name="state_sha256"),
        Index("ix_decisions_status_decided_for", "status", "decided_for"),
        Index("ix_decisions_policy_decided_for", "policy", "decided_for"),
        Index("ix_decisions_type_decided_for", "type", "decided_for"),
    )

    decision_id: Mapped[str] = mapped_column(String(40), unique=True)
    type: Mapped[DecisionType] = mapped_column(one_of(DecisionType))
    status: Mapped[DecisionStatus] = mapped_column(one_of(DecisionStatus), default=DecisionStatus.PROPOSED)
    decided_for: Mapped[datetime]
    policy: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[str] = mapped_column(String(80))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    seed: Mapped[int] = mapped_column(BigInteger)
    iterations: Mapped[int] = mapped_column(Integer)
    horizon: Mapped[int] = mapped_column(SmallInteger)
    state_snapshot: Mapped[dict[str, Any]] = mapped_column(JsonDocument, info=IGNORED)
    state_sha256: Mapped[str] = mapped_column(String(64))
    versions: Mapped[dict[str, Any]] = mapped_column(JsonDocument, info=IGNORED)
    routes_proposed: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument)
    orders_routed: Mapped[list[str]] = mapped_column(JsonDocument)
    orders_waiting: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument)
    estimated_cost_kes: Mapped[Decimal] = mapped_column(Money)
    cost: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    confidence: Mapped[float | None]
    confidence_samples: Mapped[int | None] = mapped_column(Integer)
    agreements: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument)
    travel: Mapped[dict[str, Any]] = mapped_column(JsonDocument, info=IGNORED)
    alternatives: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, info=IGNORED)
    computation_ms: Mapped[int] = mapped_column(Integer)
    committed_at: Mapped[datetime | None]
    committed_by: Mapped[str | None] = mapped_column(String(150))
    executed_at: Mapped[datetime | None]
    rejected_reason: Mapped[str | None] = mapped_column(String(400))
    requested_by: Mapped[str] = mapped_column(String(150))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)

    @hybrid_property
    def committed(self) -> bool:
        return self.committed_at is not None

    @committed.inplace.expression
    @classmethod
    def _committed(cls) -> ColumnElement[bool]:
        return cls.committed_at.is_not(None)

    @hybrid_property
    def executed(self) -> bool:
        return self.executed_at is not None

    @executed.inplace.expression
    @classmethod
    def _executed(cls) -> ColumnElement[bool]:
        return cls.executed_at.is_not(None)


class Route(Entity):
    """planned: proposed only; dispatched: committed, loading; in progress: driving. A vehicle has one such at a time.

    locked: a dispatcher moved its stops; planning anew leaves it as it is
    """

    __table_args__ = (
        CheckConstraint("total_distance_km >= 0", name="total_distance_km"),
        CheckConstraint("estimated_duration_minutes >= 0", name="estimated_duration"),
        CheckConstraint("estimated_cost_kes >= 0", name="estimated_cost"),
        CheckConstraint("leaves_at <= returns_at", name="leaves_before_it_returns"),
        CheckConstraint("status <> 'completed' OR completed_at IS NOT NULL", name="completed_at"),
        Index("ix_routes_vehicle_id_leaves_at", "vehicle_id", "leaves_at"),
        Index("ix_routes_status_leaves_at", "status", "leaves_at"),
        Index(
            "uq_routes_vehicle_on_the_road",
            "vehicle_id",
            unique=True,
            postgresql_where=ON_THE_ROAD,
            sqlite_where=ON_THE_ROAD,
        ),
    )

    route_id: Mapped[str] = mapped_column(String(48), unique=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.vehicle_id", onupdate="CASCADE"))
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions.decision_id"), index=True)
    status: Mapped[RouteStatus] = mapped_column(one_of(RouteStatus), default=RouteStatus.PLANNED)
    orders: Mapped[list[str]] = mapped_column(JsonDocument)
    cities: Mapped[list[str]] = mapped_column(JsonDocument)
    leaves_at: Mapped[datetime]
    returns_at: Mapped[datetime]
    total_distance_km: Mapped[float]
    estimated_duration_minutes: Mapped[float]
    estimated_cost_kes: Mapped[Decimal] = mapped_column(Money)
    actual_distance_km: Mapped[float | None]
    actual_duration_minutes: Mapped[float | None]
    actual_cost_kes: Mapped[Decimal | None] = mapped_column(Money)
    departed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    locked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class RouteStop(Entity):
    """expected_arrival: by what is known on the road; drive_seconds: of the leg that leads to it, as planned
    delay_told_at: when others were told that it will be late, once
    """

    __table_args__ = (
        UniqueConstraint("route_id", "sequence_order", name="uq_route_stops_sequence_order"),
        CheckConstraint("sequence_order > 0", name="sequence_order"),
        CheckConstraint("service_minutes >= 0", name="service_minutes"),
        CheckConstraint("planned_arrival <= planned_departure", name="planned_arrival"),
        CheckConstraint("actual_departure IS NULL OR actual_arrival <= actual_departure", name="actual_arrival"),
        Index(
            "uq_route_stops_order_to_do",
            "order_id",
            "stop_type",
            unique=True,
            postgresql_where=STILL_TO_DO,
            sqlite_where=STILL_TO_DO,
        ),
        Index("ix_route_stops_order_id_stop_type", "order_id", "stop_type"),
    )

    stop_id: Mapped[str] = mapped_column(String(60), unique=True)
    route_id: Mapped[str] = mapped_column(ForeignKey("routes.route_id", ondelete="CASCADE"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id", onupdate="CASCADE"))
    stop_type: Mapped[StopType] = mapped_column(one_of(StopType))
    status: Mapped[StopStatus] = mapped_column(one_of(StopStatus), default=StopStatus.PROPOSED)
    sequence_order: Mapped[int] = mapped_column(SmallInteger)
    location: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    drive_seconds: Mapped[int] = mapped_column(Integer)
    planned_arrival: Mapped[datetime]
    planned_departure: Mapped[datetime]
    expected_arrival: Mapped[datetime | None]
    actual_arrival: Mapped[datetime | None]
    actual_departure: Mapped[datetime | None]
    service_minutes: Mapped[int] = mapped_column(Integer)
    delay_told_at: Mapped[datetime | None]
    failure_reason: Mapped[str | None] = mapped_column(String(400))
    proof_artifact_id: Mapped[UUID | None] = mapped_column(ForeignKey("artifacts.id"), index=True)
