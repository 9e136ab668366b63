"""Measurements from outside."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from opsroom.quality.parts.schemas import Characteristic
from opsroom.quality.shapes import Finite, Identified, Kept


class MeasurementChange(BaseModel):
    value: Finite = Field(description="in the unit that the part's revision names; a correction takes X-Reason")


class MeasurementCreate(MeasurementChange):
    inspection_id: str = Field(
        max_length=80, description="the inspection's id; or its lot's number, where one inspection is under way"
    )
    characteristic: Characteristic = Field(description="one that the part's revision specifies", examples=["bore"])
    unit_number: int = Field(gt=0, lt=1 << 31, description="which unit of the sample, from 1", examples=[1])
    value: Finite = Field(description="in the unit that the part's revision names", examples=[12.03])
    gauge_id: str = Field(max_length=80, description="id or number of a gauge in calibration", examples=["CAL-017"])
    measured_at: AwareDatetime | None = Field(None, description="now, if nothing is said; never later")
    manual: bool = Field(
        True, description="typed in by a person; outside its limits it needs a second person's confirmation"
    )


class MeasurementRead(Identified, Kept):
    inspection_id: UUID
    characteristic: str
    unit_number: int
    value: float
    original_value: float | None = Field(description="as first entered, once it was corrected")
    measured_at: datetime
    gauge_id: UUID
    operator_id: UUID | None
    operator: str
    manual: bool
    within_limits: bool
    confirmed_by_id: UUID | None
    confirmed_by: str | None = Field(description="the second person, for a value outside its limits")
    confirmed_at: datetime | None
