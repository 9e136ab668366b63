"""Runs of models, declared."""

from opsroom.core.resources.declaration import Resource
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inference.schemas import InferenceJobRead

INFERENCE_JOBS = Resource(
    model=InferenceJob,
    prefix="/api/v1/quality/inference-jobs",
    tags=("quality",),
    read=InferenceJobRead,
    permission="quality.inference_jobs",
    search=("model_name", "requested_by", "error"),
)
