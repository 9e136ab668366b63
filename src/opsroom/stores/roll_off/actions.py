"""Asking for old polls to be archived."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Invalid
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.stores.roll_off.job import JOB, RollOff


async def request_roll_off(
    session: AsyncSession, queue: JobQueue, settings: Mapping[str, Any], wanted: RollOff, actor: Actor
) -> Job:
    """
    Raises:
        Invalid: nothing says how many days stay.
    """
    if wanted.keep_days is None and settings["keep_polls_days"] is None:
        raise Invalid(
            "Say how many days of polls stay in the table, or set OPSROOM_KEEP_POLLS_DAYS.", field="keep_days"
        )
    return await queue.add(session, JOB, wanted, actor=actor)
