"""The core's own work in the background."""

from typing import Any

from opsroom.core.artifacts import jobs as artifacts
from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.core.schedules import jobs as schedules
from opsroom.core.webhooks import jobs as webhooks


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [*webhooks.job_types(parts), *schedules.job_types(parts), *artifacts.job_types(parts)]
