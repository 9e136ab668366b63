"""Job types of the dispatch app."""

from typing import Any

from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.dispatch.deciding_jobs import Decider


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [Decider(parts).job_type()]
