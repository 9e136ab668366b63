"""What reports have done in the background beside being made."""

from typing import Any

from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.core.reports.expiry import expiry_job
from opsroom.core.schedules.letters import Letters
from opsroom.core.schedules.turns import turns_job


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [expiry_job(), turns_job(parts), Letters(parts).job_type()]
