"""Artifacts as they are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from opsroom.core.storage.models import ArtifactType


class ArtifactRead(BaseModel):
    id: UUID
    name: str
    type: ArtifactType
    media_type: str
    sha256: str
    size_bytes: int
    tags: dict[str, Any]
    owner_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int
