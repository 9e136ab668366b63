"""Sealing the trail, again and again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.audit.sealed.notes import Signer
from opsroom.core.audit.sealed.sealing import Sealed, seal
from opsroom.core.db.engine import Database
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload

JOB = "audit.seal"
EVERY = timedelta(minutes=10)


def sealing(database: Database, signers: Sequence[Signer]) -> JobType[NoPayload, Sealed]:
    """Each batch is a transaction of its own and can be repeated, so the work is done in `compute`."""

    async def compute(_payload: NoPayload, _run: Run) -> Sealed:
        return await seal(database, signers)

    async def save(_session: AsyncSession, _payload: NoPayload, done: Sealed, _run: Run) -> dict[str, Any]:
        return {"entries": done.size, "added": done.added}

    return JobType(name=JOB, payload=NoPayload, compute=compute, save=save, every=EVERY)
