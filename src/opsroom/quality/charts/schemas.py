"""Control charts and capability from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.quality.parts.schemas import Limits

Line = float | list[float]


class SignalRead(BaseModel):
    index: int = Field(description="which point, from 0")
    rule: int
    explanation: str


class PlaceRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    lot_number: str
    inspection_id: UUID
    at: datetime


class ChartRead(BaseModel):
    """Lines are one number where they are straight, one for each point where they vary."""

    model_config = ConfigDict(extra="allow")

    kind: str
    center: Line
    lcl: Line
    ucl: Line
    sigma: Line
    points: list[float]
    signals: list[SignalRead]
    dispersion: "ChartRead | None" = Field(None, description="the R, S or MR part")


class SpcRead(BaseModel):
    part: str
    characteristic: str | None
    limits: Limits | None = Field(description="of the specification, not of control")
    places: list[PlaceRead] = Field(description="where each point comes from")
    chart: ChartRead


class CapabilityRead(BaseModel):
    part: str
    characteristic: str
    limits: Limits
    inspections: int
    values: int
    capability: dict[str, Any] = Field(
        description="cp, cpk, pp, ppk, cpl, cpu, intervals, mean, sigma_within, sigma_overall, normality"
    )


class ParetoBarRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    category: str
    count: int
    share: float
    cumulative_count: int
    cumulative_share: float
