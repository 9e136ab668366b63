"""Stations and gauges from outside."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from opsroom.quality.shapes import Finite, Identified, Kept, Number


class Calibrated(BaseModel):
    calibrated_on: date | None = Field(None, examples=["2026-06-01"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        due = getattr(self, "calibration_due", None)
        if self.calibrated_on is not None and due is not None and self.calibrated_on >= due:
            raise ValueError("calibration_due must be after calibrated_on")
        return self


class StationCreate(Calibrated):
    station_number: Number = Field(examples=["CAM-3"])
    name: str = Field(min_length=1, max_length=200, examples=["Camera above line 3"])
    line: str | None = Field(None, max_length=80, examples=["L3"])
    calibration_due: date | None = Field(None, description="none: it needs no calibration", examples=["2027-06-01"])
    active: bool = True


class StationRead(Identified, Kept):
    station_number: str
    name: str
    line: str | None
    calibrated_on: date | None
    calibration_due: date | None
    active: bool


class GaugeCreate(Calibrated):
    gauge_number: Number = Field(examples=["CAL-017"])
    name: str = Field(min_length=1, max_length=200, examples=["Digital caliper 150 mm"])
    unit: str | None = Field(None, max_length=20, examples=["mm"])
    resolution: Finite | None = Field(None, gt=0, description="smallest step it shows", examples=[0.01])
    station_id: UUID | None = Field(None, description="where it belongs")
    calibration_due: date = Field(description="it measures until then", examples=["2027-06-01"])
    active: bool = True


class GaugeRead(Identified, Kept):
    gauge_number: str
    name: str
    unit: str | None
    resolution: float | None
    station_id: UUID | None
    calibrated_on: date | None
    calibration_due: date
    active: bool
