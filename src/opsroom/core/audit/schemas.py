"""What an entry of the trail is to the world."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from opsroom.core.audit.models import Action, Level


class AuditEntryRead(BaseModel):
    id: int
    transaction_id: int = Field(description="the same for everything that took effect together")
    at: datetime
    action: Action
    event: str = Field(examples=["users.updated", "auth.sign_in.refused"])
    level: Level
    table_name: str | None
    record_id: str | None
    before: dict[str, Any] | None = Field(description="the fields that changed, as they were; all of a deleted record")
    after: dict[str, Any] | None = Field(description="the fields that changed, as they are; all of a new record")
    facts: dict[str, Any] | None = Field(description="what an event says")
    user_id: UUID | None
    user_name: str = Field(description="as printed at that time")
    session_id: UUID | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    reason: str | None = Field(description="from the request's header X-Reason")
    job_id: UUID | None
    database_user: str
    database_host: str
