"""`/api/v1/jobs`: watching and stopping work."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.errors import NotFound
from opsroom.core.jobs.models import UNFINISHED, Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.jobs.schemas import JobRead

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

EVENT_EVERY = 0.5  # seconds between looks at the row while somebody watches
QUIET_LOOKS = 30  # then a word that means nothing: proxies drop silent streams, and a dead client shows at a write


@router.post("/{job_id}/cancel")
async def cancel_job(
    job_id: UUID, session: Unit, queue: TheQueue, _actor: Annotated[Actor, allow("jobs.cancel")]
) -> JobRead:
    """A waiting job ends at once; a running one at its next report of progress."""
    job = await queue.cancel(session, job_id)
    await session.flush()
    return JobRead.model_validate(job)


@router.post("/{job_id}/retry", status_code=204)
async def retry_job(
    job_id: UUID, session: Unit, queue: TheQueue, _actor: Annotated[Actor, allow("jobs.cancel")]
) -> None:
    """Queue a failed or cancelled job again."""
    await queue.retry(session, job_id)


@router.get("/{job_id}/events", dependencies=[allow("jobs.read")])
async def watch_job(job_id: UUID, database: TheDatabase, request: Request) -> StreamingResponse:
    """Server-sent events: one `progress` for each change, one `end` when the job has ended."""
    if await _look(database, job_id) is None:
        raise NotFound(f"There is no job {job_id}.")
    return StreamingResponse(
        _events(database, job_id, request),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(database: Database, job_id: UUID, request: Request) -> AsyncIterator[str]:
    last: dict[str, Any] | None = None
    quiet = 0
    while not await request.is_disconnected():
        seen = await _look(database, job_id)
        ended = seen is None or seen["status"] not in UNFINISHED
        if ended or seen != last:
            yield f"event: {'end' if ended else 'progress'}\ndata: {json.dumps(seen)}\n\n"
            last, quiet = seen, 0
        if ended:
            return
        if quiet == QUIET_LOOKS:
            yield ": still watching\n\n"
            quiet = 0
        quiet += 1
        await asyncio.sleep(EVENT_EVERY)


async def _look(database: Database, job_id: UUID) -> dict[str, Any] | None:
    async with database.reading() as connection:
        row = (
            await connection.execute(select(Job.status, Job.progress, Job.message, Job.error).where(Job.id == job_id))
        ).one_or_none()
    return dict(row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
