"""Nonconformances and corrective actions from outside."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from opsroom.quality.kinds import ActionStatus, ActionType, NonconformanceStatus, Severity
from opsroom.quality.shapes import Identified, Kept, Words


class NonconformanceChange(BaseModel):
    title: str = Field(min_length=1, max_length=200, examples=["Bore diameter drifts upwards"])
    description: Words = Field(examples=["Nine means in a row above the center line."])
    severity: Severity = Severity.MAJOR
    containment: Words | None = Field(None, description="what was done at once", examples=["Lot held, line stopped"])
    cause: Words | None = Field(None, description="why it came about", examples=["Worn reamer"])
    owner: str = Field(min_length=1, max_length=150, description="who sees to it", examples=["wanjiru"])
    due_on: date | None = Field(None, examples=["2026-12-04"])


class NonconformanceCreate(NonconformanceChange):
    number: str | None = Field(None, min_length=1, max_length=40, description="given by us, if nothing is said")
    lot_id: str = Field(max_length=80, description="the lot's id, or its number")
    inspection_id: UUID | None = None
    defect_id: UUID | None = None


class NonconformanceRead(Identified, Kept):
    number: str
    lot_id: UUID
    inspection_id: UUID | None
    defect_id: UUID | None
    title: str
    description: str
    severity: Severity
    status: NonconformanceStatus
    containment: str | None
    cause: str | None
    owner: str
    due_on: date | None
    closed_at: datetime | None


class ActionChange(BaseModel):
    description: Words = Field(examples=["Replace the reamer every 4000 bores"])
    owner: str = Field(min_length=1, max_length=150, examples=["otieno"])
    due_on: date = Field(examples=["2026-12-01"])
    effectiveness_check: Words = Field(
        description="how it will be told whether it helped", examples=["Five lots in a row without a signal"]
    )


class ActionCreate(ActionChange):
    nonconformance_id: str = Field(max_length=80, description="the nonconformance's id, or its number")
    type: ActionType = ActionType.CORRECTIVE


class ActionRead(Identified, Kept):
    nonconformance_id: UUID
    type: ActionType
    description: str
    owner: str
    due_on: date
    effectiveness_check: str
    status: ActionStatus
    done_at: datetime | None
    effectiveness_result: str | None
    checked_by: str | None = Field(description="never its owner")
    checked_at: datetime | None
