"""Inspections and sampling plans from outside."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from opsroom.quality.kinds import InspectionResult, InspectionStatus, InspectionType
from opsroom.quality.shapes import Identified, Kept


class InspectionChange(BaseModel):
    priority: int = Field(5, ge=1, le=10, description="10 is the most urgent")
    sample_size: int | None = Field(None, gt=0, lt=1 << 31, description="units that are looked at", examples=[80])
    second_person: bool = Field(
        False, description="every finding is decided by two people, and whoever inspected does not approve"
    )
    remarks: str | None = Field(None, max_length=4000)
    inspection_metadata: dict[str, Any] = Field(default_factory=dict, examples=[{"lighting": "ring"}])


class InspectionCreate(InspectionChange):
    lot_id: str = Field(max_length=80, description="the lot's id, or its number", examples=["L-2026-0815"])
    type: InspectionType = Field(examples=["final"])
    station_id: str | None = Field(None, max_length=80, description="the station's id, or its number")
    replaces_id: UUID | None = Field(None, description="the inspection that this one repeats")

    @model_validator(mode="after")
    def _repeats(self) -> Self:
        if self.type is InspectionType.RE_INSPECTION and self.replaces_id is None:
            raise ValueError("a re_inspection names the inspection it repeats in replaces_id")
        return self


class InspectionRead(Identified, Kept):
    lot_id: UUID
    part_revision_id: UUID = Field(description="the revision of the part that is inspected against, for good")
    type: InspectionType
    status: InspectionStatus
    priority: int
    sample_size: int | None
    second_person: bool
    inspector_id: UUID | None
    inspector: str | None
    station_id: UUID | None
    replaces_id: UUID | None
    started_at: datetime | None
    completed_at: datetime | None
    result: InspectionResult | None
    remarks: str | None
    inspection_metadata: dict[str, Any]


class SamplingPlanRead(Identified, Kept):
    inspection_id: UUID
    lot_size: int
    level: str = Field(description="inspection level: I, II, III, S-1 to S-4")
    aql: float = Field(description="acceptance quality limit, nonconforming per hundred")
    severity: str = Field(description="normal, tightened or reduced")
    code: str = Field(description="code letter of the lot")
    plan_code: str = Field(description="code letter of the plan, after following the arrows of the tables")
    n: int = Field(description="units to draw; where there are no more in the lot, every one")
    ac: int = Field(description="accept up to so many nonconforming units")
    re: int = Field(description="reject from so many on")
