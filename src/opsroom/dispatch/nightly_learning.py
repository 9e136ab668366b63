"""The job `dispatch.learn_nightly`: policies learned anew without being asked, once a night that follows new outcomes.

It only asks for `dispatch.learn_policy`, which puts in force what is surely better on days held out, and nothing else.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.jobs.models import Job
from opsroom.core.parts import NoPayload, Parts
from opsroom.dispatch import policy_learning
from opsroom.dispatch.learned_models import LearnedPolicy
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.outcome_models import OperationalOutcome

JOB = "dispatch.learn_nightly"
LOOK_EVERY = timedelta(minutes=30)
NIGHT = range(1, 4)
"""Local hours in which simulated days are in nobody's way."""
APART = timedelta(hours=12)


class NightlyLearning:
    """Declared always, so that it is known; due only where the settings name policies."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[NoPayload, None]:
        every = LOOK_EVERY if self._options.learns else None
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save, every=every)

    async def _compute(self, _payload: NoPayload, _run: Run) -> None:
        """Looking and asking belong into one transaction: see `save`."""

    async def _save(self, session: AsyncSession, _payload: NoPayload, _found: None, _run: Run) -> dict[str, Any]:
        asked = {}
        for policy in await due(session, self._options, now()):
            payload = policy_learning.LearnPolicy.model_validate({"policy": policy})
            job = await self._parts.queue.add(session, policy_learning.JOB, payload)
            asked[policy] = str(job.id)
        return {"asked": asked}


async def due(session: AsyncSession, options: DispatchOptions, at: datetime) -> tuple[str, ...]:
    """Policies to learn now: at night, where outcomes were recorded since the policy's newest version was made.

    Once a night, whatever became of it, so that what takes long or fails is not begun again beside itself.
    """
    if at.astimezone(options.zone).hour not in NIGHT:
        return ()
    tonight = select(exists().where(Job.type == policy_learning.JOB, Job.created_at > at - APART))
    if await session.scalar(tonight):
        return ()
    latest = await session.scalar(select(func.max(OperationalOutcome.recorded_at)))
    if latest is None:
        return ()
    newest = func.max(LearnedPolicy.created_at).label("newest")
    query = select(LearnedPolicy.policy, newest).group_by(LearnedPolicy.policy)
    made = {row.policy: row.newest for row in await session.execute(query)}
    return tuple(policy for policy in options.learns if policy not in made or made[policy] < latest)
