"""Reports as they cross the boundary."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.core.reports.models import ReportFormat, ReportStatus


class ReportCreate(BaseModel):
    type: str = Field(examples=["stores.uptime"])
    format: ReportFormat = ReportFormat.CSV
    parameters: dict[str, Any] = Field(default_factory=dict, examples=[{"profile": "strict"}])
    private: bool = Field(False, description="only who asks for it may read it")
    keep_days: int | None = Field(
        None, ge=1, le=3650, description="days after which the file is let go; default: OPSROOM_REPORT_DAYS"
    )


class ReportRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str
    status: ReportStatus
    format: ReportFormat
    parameters: dict[str, Any]
    requested_by: str
    private: bool
    expires_at: datetime | None
    job_id: UUID | None
    as_of: datetime | None
    input_fingerprint: str | None
    engine_version: str | None
    row_count: int | None
    size_bytes: int | None
    summary: dict[str, Any] | None
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
