"""Forgetting answers whose time is over."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.idempotency.models import IdempotentAnswer
from opsroom.core.jobs.handler import JobType, Run

JOB = "core.forget_answers"
EVERY = timedelta(hours=1)


class Forget(BaseModel):
    """It needs nothing but its type."""


def forgetting(kept: timedelta) -> JobType[Forget, None]:
    async def compute(_payload: Forget, _run: Run) -> None:
        """There is nothing to compute."""

    async def save(session: AsyncSession, _payload: Forget, _computed: None, _run: Run) -> dict[str, Any]:
        old = delete(IdempotentAnswer).where(IdempotentAnswer.created_at < now() - kept)
        gone = await session.execute(old.returning(IdempotentAnswer.id))
        return {"forgotten": len(gone.all())}

    return JobType(name=JOB, payload=Forget, compute=compute, save=save, every=EVERY)
