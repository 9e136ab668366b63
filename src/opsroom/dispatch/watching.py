"""The job `dispatch.watch`: asks for a decision when one is due, or when an order nears its latest moment."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.dispatch import deciding_jobs
from opsroom.dispatch.models import Order, OrderStatus
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import Decision, DecisionType

JOB = "dispatch.watch"
LOOK_EVERY = timedelta(minutes=5)


class Watch:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[NoPayload, None]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save, every=LOOK_EVERY)

    async def _compute(self, _payload: NoPayload, _run: Run) -> None:
        """Everything is looked at when the job is saved, so that what it asks for is decided upon what it saw."""

    async def _save(self, session: AsyncSession, _payload: NoPayload, _found: None, _run: Run) -> dict[str, Any]:
        kind = await due(session, self._options, now())
        if kind is None:
            return {"asked": None}
        asked = deciding_jobs.Decide(
            type=kind,
            policy=self._options.policy,
            iterations=self._options.iterations,
            commit=self._options.automatic,
        )
        job = await self._parts.queue.add(session, deciding_jobs.JOB, asked)
        return {"asked": kind.value, "job_id": str(job.id)}


async def due(session: AsyncSession, options: DispatchOptions, at: datetime) -> DecisionType | None:
    """Which kind of decision is due, if any: none while nothing waits."""
    waits = Order.status == OrderStatus.PENDING
    if not await session.scalar(select(exists().where(waits))):
        return None
    latest = await session.scalar(select(func.max(Decision.created_at)))
    if latest is None or latest <= at - timedelta(seconds=options.interval):
        return DecisionType.SCHEDULED
    soon = at + timedelta(seconds=options.loading) + 2 * LOOK_EVERY
    pressing = await session.scalar(
        select(exists().where(waits, Order.must_go_by.between(at, soon), Order.created_at > latest - LOOK_EVERY))
    )
    nearing = await session.scalar(select(exists().where(waits, Order.must_go_by.between(soon - LOOK_EVERY, soon))))
    return DecisionType.TRIGGERED if pressing or nearing else None
