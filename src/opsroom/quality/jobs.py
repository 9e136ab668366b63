"""Job types of the quality app."""

from typing import Any

from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.quality.demo import DemoLoader
from opsroom.quality.inference.job import Inference


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [DemoLoader(parts).job_type(), Inference(parts).job_type()]
