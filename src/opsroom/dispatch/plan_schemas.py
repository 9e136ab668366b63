"""What crosses the boundary: decisions, routes, stops, events, outcomes, corrections."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from opsroom.dispatch.learned_models import CorrectionStatus
from opsroom.dispatch.outcome_models import EventType
from opsroom.dispatch.plan_models import DecisionStatus, DecisionType, RouteStatus, StopStatus, StopType
from opsroom.dispatch.schemas import Recorded

PolicyName = Literal["greedy", "lazy", "pfa", "cfa", "vfa", "dla", "best"]


class DecisionRead(Recorded):
    decision_id: str
    type: DecisionType
    status: DecisionStatus
    decided_for: datetime
    policy: str
    policy_version: str
    parameters: dict[str, Any]
    seed: int
    iterations: int
    horizon: int
    state_sha256: str
    routes_proposed: list[dict[str, Any]]
    orders_routed: list[str]
    orders_waiting: list[dict[str, Any]]
    estimated_cost_kes: Decimal
    cost: dict[str, Any]
    confidence: float | None
    confidence_samples: int | None
    agreements: list[dict[str, Any]]
    computation_ms: int
    committed: bool
    executed: bool
    committed_at: datetime | None
    committed_by: str | None
    executed_at: datetime | None
    rejected_reason: str | None
    requested_by: str
    job_id: UUID | None


class RouteRead(Recorded):
    route_id: str
    vehicle_id: str
    decision_id: str
    status: RouteStatus
    orders: list[str]
    cities: list[str]
    leaves_at: datetime
    returns_at: datetime
    total_distance_km: float
    estimated_duration_minutes: float
    estimated_cost_kes: Decimal
    actual_distance_km: float | None
    actual_duration_minutes: float | None
    actual_cost_kes: Decimal | None
    departed_at: datetime | None
    completed_at: datetime | None
    locked: bool


class StopRead(Recorded):
    stop_id: str
    route_id: str
    order_id: str
    stop_type: StopType
    status: StopStatus
    sequence_order: int
    location: dict[str, Any]
    planned_arrival: datetime
    planned_departure: datetime
    expected_arrival: datetime | None
    actual_arrival: datetime | None
    actual_departure: datetime | None
    service_minutes: int
    failure_reason: str | None
    proof_artifact_id: UUID | None


class EventRead(Recorded):
    event_id: str
    route_id: str
    stop_id: str | None
    type: EventType
    at: datetime
    location: dict[str, Any] | None
    reason: str | None
    proof_artifact_id: UUID | None
    reported_by: str


class OutcomeRead(Recorded):
    outcome_id: str
    route_id: str
    decision_id: str
    recorded_at: datetime
    actual_cost_kes: Decimal
    actual_duration_minutes: float
    actual_distance_km: float
    cost_error: float | None
    duration_error: float | None
    distance_error: float | None
    revenue_kes: Decimal
    profit_kes: Decimal
    on_time_deliveries: int
    late_deliveries: int
    failed_deliveries: int
    metrics: dict[str, Any]


class CorrectionRead(Recorded):
    number: int
    status: CorrectionStatus
    factors: list[dict[str, Any]]
    hour_factors: list[dict[str, Any]]
    vehicle_factors: list[dict[str, Any]]
    overall_factor: float
    trained_on: int
    held_out: int
    error_before: float | None
    error_after: float | None
    reason: str


class LearnedPolicyRead(Recorded):
    number: int
    policy: str
    kind: str
    status: CorrectionStatus
    parameters: dict[str, Any]
    waiting_values: list[dict[str, Any]]
    trained_on: int
    held_out: int
    cost_before: float
    cost_after: float
    difference_low: float | None
    difference_high: float | None
    reason: str
