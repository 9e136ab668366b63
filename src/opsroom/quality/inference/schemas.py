"""Runs of models from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from opsroom.quality.kinds import InferenceStatus
from opsroom.quality.shapes import Identified, Kept


class InferenceJobRead(Identified, Kept):
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
