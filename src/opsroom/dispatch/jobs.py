"""Job types of the dispatch app."""

from typing import Any

from opsroom.core.jobs.handler import JobType
from opsroom.core.parts import Parts
from opsroom.dispatch.deciding_jobs import Decider
from opsroom.dispatch.demo import DemoLoader
from opsroom.dispatch.learning import Learner
from opsroom.dispatch.nightly_learning import NightlyLearning
from opsroom.dispatch.policy_learning import PolicyLearner
from opsroom.dispatch.replanning import RouteReplanner
from opsroom.dispatch.simulating_jobs import Simulator
from opsroom.dispatch.watching import Watch


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [
        Decider(parts).job_type(),
        RouteReplanner(parts).job_type(),
        Simulator(parts).job_type(),
        DemoLoader(parts).job_type(),
        Learner(parts).job_type(),
        PolicyLearner(parts).job_type(),
        NightlyLearning(parts).job_type(),
        Watch(parts).job_type(),
    ]
