"""Job types of the stores app."""

from typing import Any

from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.stores.demo import DemoLoader
from opsroom.stores.imports import Importer
from opsroom.stores.roll_off.job import Rolling
from opsroom.stores.sla.jobs import Breaches, Statements
from opsroom.stores.sweep.jobs import Sweep


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [
        Importer(parts).job_type(),
        Rolling(parts).job_type(),
        DemoLoader(parts).job_type(),
        Sweep(parts).job_type(),
        Statements(parts).job_type(),
        Breaches(parts).job_type(),
    ]
