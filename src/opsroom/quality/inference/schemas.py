"""Runs of models from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.quality.kinds import InferenceStatus
from opsroom.quality.shapes import Identified, Kept


class InferenceJobRead(Identified, Kept):
    model_config = ConfigDict(from_attributes=True)

    inspection_id: UUID
    model_name: str
    model_version: str
    model_sha256: str = Field(description="of the model file that gave the result")
    input_artifact_id: UUID
    input_sha256: str = Field(description="of the image that the model saw")
    server: str = Field(description="onnx: in this process; else the address of the inference server")
    status: InferenceStatus
    priority: int
    attempts: int
    threshold: float = Field(description="findings below this confidence were not taken over")
    queue_ms: float | None
    compute_ms: float | None
    total_ms: float | None
    outputs: dict[str, Any] | None = Field(description="raw numbers that the model gave, by output name")
    error: str | None
    job_id: UUID | None
    requested_by: str
    finished_at: datetime | None


class InferAsked(BaseModel):
    model: str | None = Field(
        None,
        min_length=1,
        max_length=120,
        description="id of an artifact of type model; without it the one that comes with the program",
        examples=["surface-defects"],
    )
    artifact_id: UUID | None = Field(None, description="one image of the inspection; without it all of them")
    threshold: float | None = Field(
        None, ge=0, le=1, allow_inf_nan=False, description="least confidence of a finding; without it the model's own"
    )
    priority: int = Field(5, ge=1, le=10, description="1 is looked at first")


class ModelRead(BaseModel):
    name: str
    version: str
    sha256: str
    labels: list[str] = Field(description="types of defects that it tells apart")
    threshold: float = Field(description="least confidence of a finding, where nobody asks for another")


class InferRead(BaseModel):
    """What was asked for, and what stood already: an image is looked at once by the same model."""

    model: ModelRead
    job_ids: list[UUID] = Field(description="jobs that carry out the runs which have not ended")
    inference_jobs: list[InferenceJobRead] = Field(description="one for each image, in the order of the images")
