"""What a driver reports."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from opsroom.dispatch.outcome_models import EventType
from opsroom.dispatch.schemas import Location, Shape


class EventReport(Shape):
    type: EventType
    at: AwareDatetime | None = Field(None, description="when it happened; now, if it is left out")
    stop_id: str | None = Field(None, max_length=60)
    order_id: str | None = Field(None, max_length=40, description="instead of the stop_id")
    event_id: str | None = Field(
        None, min_length=1, max_length=64, description="the sender's own; the same again changes nothing"
    )
    location: Location | None = None
    reason: str | None = Field(None, max_length=400)
    proof_artifact_id: UUID | None = Field(None, description="proof of delivery, sent to …/files before")
    distance_km: float | None = Field(None, ge=0, le=10_000, description="driven, with `completed`")
