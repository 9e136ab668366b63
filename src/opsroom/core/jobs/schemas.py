"""A job as it is shown; payload and traceback only to those who may read them on the job's page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from opsroom.core.jobs.models import JobStatus


class JobRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str
    status: JobStatus
    attempt: int
    max_attempts: int
    progress: float
    message: str | None
    error: str | None
    result: dict[str, Any] | None
    requested_by: str
    request_id: str | None
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
