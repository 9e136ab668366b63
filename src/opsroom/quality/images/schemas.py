"""Images of inspections from outside."""

from uuid import UUID

from pydantic import Field

from opsroom.quality.shapes import Identified, Kept


class ImageRead(Identified, Kept):
    inspection_id: UUID
    artifact_id: UUID = Field(description="what findings and runs of models refer to")
    unit_number: int | None = Field(description="which unit of the sample it shows")
    width: int = Field(description="pixels")
    height: int
