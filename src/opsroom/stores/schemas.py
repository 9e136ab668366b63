"""What crosses the boundary of the stores app."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from opsroom.core.openapi import ClockTime
from opsroom.stores.models import FileKind, ImportStatus
from opsroom.stores.uptime import known_zone


class StoreCreate(BaseModel):
    external_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)] = Field(
        description="the id that files and callers use"
    )
    name: str | None = Field(None, max_length=200)
    zone: str | None = Field(
        None, max_length=64, description="IANA key; none takes the default", examples=["Africa/Nairobi"]
    )
    group: str | None = Field(None, max_length=100, examples=["north"])
    tags: dict[str, Any] = Field(default_factory=dict, examples=[{"brand": "A"}])
    active: bool = True

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str | None) -> str | None:
        if zone is not None and known_zone(zone) is None:
            raise ValueError(f"{zone} is no IANA time zone; expected one such as America/Chicago")
        return zone


class StoreRead(BaseModel):
    id: UUID
    external_id: str
    name: str | None
    zone: str | None
    group: str | None
    tags: dict[str, Any]
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class HoursCreate(BaseModel):
    day_of_week: int = Field(ge=0, le=6, description="0 = Monday, local")
    start_time_local: ClockTime = Field(examples=["09:00:00"])
    end_time_local: ClockTime = Field(
        examples=["21:00:00"], description="before the start: the next day; equal: 24 hours; 23:59:59 means 24:00"
    )


class HoursRead(BaseModel):
    id: UUID
    store_id: UUID
    day_of_week: int
    start_time_local: ClockTime
    end_time_local: ClockTime
    created_at: datetime
    updated_at: datetime
    version: int


class ImportRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: FileKind
    file_name: str
    sha256: str
    size_bytes: int
    status: ImportStatus
    mapping: dict[str, Any]
    columns: dict[str, Any] | None = Field(description="which column of the file was taken for what")
    rows_read: int | None
    rows_accepted: int | None
    rows_added: int | None = Field(description="rows that were not there before")
    rejected: dict[str, Any] | None = Field(description="number of refused rows by reason")
    rejects_artifact_id: UUID | None
    job_id: UUID | None
    requested_by: str
    error: str | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class ImportAccepted(BaseModel):
    job_id: UUID
    imports: list[ImportRead]


class RejectedPoll(BaseModel):
    row: int = Field(description="place in the request, from 0")
    field: str
    reason: str


class PollsAccepted(BaseModel):
    received: int
    accepted: int
    added: int = Field(description="polls that were not known before")
    rejected: list[RejectedPoll]


State = Literal["closed", "excused", "unknown", "down", "up"]


class Segment(BaseModel):
    start: datetime
    end: datetime
    state: State


class StoreTimeline(BaseModel):
    store_id: str
    zone: str
    segments: list[Segment] = Field(description="spans that cover the window without a gap")


class StoreUptime(BaseModel):
    """Exact microseconds; up + down + unknown = open."""

    store_id: str
    zone: str
    start: datetime
    end: datetime
    open_us: int
    up_us: int
    down_us: int
    unknown_us: int
    availability: float | None = Field(description="up / (up + down); null when nothing is known")
    coverage: float | None = Field(description="(up + down) / open; null when never open")


class Incident(BaseModel):
    start: datetime
    end: datetime | None = Field(description="null while the store is still down")
    downtime_us: int = Field(description="open time down, without closed time between, microseconds")


class StoreIncidents(BaseModel):
    store_id: str
    zone: str
    incidents: list[Incident]
