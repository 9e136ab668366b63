"""Archives as a declared resource, read only: they come and change by the job alone."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.stores.archive.models import ObservationArchive


class ArchiveRead(BaseModel):
    id: UUID
    month: date = Field(description="its first day, UTC")
    block: int = Field(description="which stores, 4,096 of them by the order in which they became known")
    first_at: int = Field(description="the oldest poll, microseconds since 1970, UTC")
    last_at: int = Field(description="the newest poll")
    polls: int
    stores: int
    sha256: str
    size_bytes: int
    artifact_id: UUID
    job_id: UUID | None
    archived_by: str
    created_at: datetime
    updated_at: datetime
    version: int


ARCHIVES = Resource(
    model=ObservationArchive,
    prefix="/api/v1/stores/archives",
    name="archive",
    plural="archives",
    tags=("stores",),
    read=ArchiveRead,
    permission="stores.archives",
    order=("-month", "block"),
    presentation=Presentation(title="Which polls are archived?", listed=False),
)
