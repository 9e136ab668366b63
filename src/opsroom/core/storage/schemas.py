"""Artifacts as they are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from opsroom.core.storage.models import ArtifactType
from opsroom.core.storage.tiers import Tier


class ArtifactRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    type: ArtifactType
    media_type: str
    sha256: str
    size_bytes: int
    tags: dict[str, Any]
    tier: Tier
    retain_until: datetime | None
    legal_hold: bool
    hold_reason: str | None
    verified_at: datetime | None
    damaged_at: datetime | None
    owner_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


Tags = dict[str, str | int | float | bool | None]


class ArtifactChange(BaseModel):
    name: str | None = Field(None, min_length=1, max_length=255)
    type: ArtifactType | None = None
    tags: Tags | None = None
    retain_until: AwareDatetime | None = Field(None, description="only further away than before")


class Hold(BaseModel):
    reason: str = Field(min_length=1, max_length=500, examples=["Complaint 2026-114"])


class Move(BaseModel):
    tier: Tier


class RuleCreate(BaseModel):
    name: str = Field(min_length=1, max_length=120, examples=["Old reports"])
    type: ArtifactType | None = Field(None, description="none: files of every type")
    after_days: int = Field(ge=1, le=36500)
    tier: Tier = Field(description="files move down only: hot, warm, cold, archive")
    active: bool = True


class RuleRead(RuleCreate):
    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int
