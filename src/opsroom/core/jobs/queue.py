"""Asking for work, and asking for it to stop."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, Request
from pydantic import BaseModel
from sqlalchemy import event, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from opsroom.core.actor import SYSTEM, Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus

CHANNEL = "opsroom_jobs"


class JobQueue:
    """The declared job types, and the bell that wakes the workers of this process."""

    def __init__(self, types: Iterable[JobType[Any, Any]] = ()) -> None:
        self.types: dict[str, JobType[Any, Any]] = {}
        self.bell = asyncio.Event()
        self.declare(types)

    def declare(self, types: Iterable[JobType[Any, Any]]) -> None:
        for job_type in types:
            if job_type.name in self.types:
                raise ValueError(f"two job types are named {job_type.name}")
            self.types[job_type.name] = job_type

    async def add(
        self,
        session: AsyncSession,
        type_name: str,
        payload: BaseModel,
        *,
        actor: Actor = SYSTEM,
        run_at: datetime | None = None,
        exclusive_key: str | None = None,
    ) -> Job:
        """Insert a job in the caller's transaction; workers hear of it when that commits."""
        values = self._values(type_name, payload, actor, run_at or now())
        job = Job(**values, exclusive_key=exclusive_key)
        session.add(job)
        await session.flush()
        await self._ring_when_committed(session)
        return job

    async def add_many(
        self, session: AsyncSession, type_name: str, payloads: Sequence[BaseModel], *, actor: Actor = SYSTEM
    ) -> list[UUID]:
        """The same for jobs of one type, in one statement; gives their ids, in order."""
        if not payloads:
            return []
        run_at = now()
        rows = [{"id": uuid7(), **self._values(type_name, payload, actor, run_at)} for payload in payloads]
        await session.execute(insert(Job), rows)
        await self._ring_when_committed(session)
        return [row["id"] for row in rows]

    def _values(self, type_name: str, payload: BaseModel, actor: Actor, run_at: datetime) -> dict[str, Any]:
        return {
            "type": type_name,
            "payload": payload.model_dump(mode="json"),
            "max_attempts": self.types[type_name].retry.attempts,
            "run_at": run_at,
            "requested_by": actor.name,
            "user_id": actor.user_id,
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        }

    async def cancel(self, session: AsyncSession, job_id: UUID) -> Job:
        """Cancel a waiting job at once; ask a running one to stop at its next report of progress.

        Raises:
            NotFound, Conflict: there is no such job, or it has ended.
        """
        job = await _locked(session, job_id)
        if job.status not in UNFINISHED:
            raise Conflict(f"The job has ended already: it is {job.status.value}.", code="job_ended")
        if job.status is JobStatus.RUNNING:
            job.cancel_requested = True
            return job
        job.status = JobStatus.CANCELLED
        job.error = "cancelled"
        job.finished_at = now()
        await self.abandon(session, job.type, job.payload, "cancelled", _waiting(job))
        return job

    async def retry(self, session: AsyncSession, job_id: UUID) -> None:
        """Queue a failed or cancelled job again, with its full number of attempts.

        Raises:
            NotFound, Conflict: there is no such job, it has not ended so, or its type is not tried again.
        """
        job = await _locked(session, job_id)
        if job.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
            raise Conflict("Only a job that failed or was cancelled can be tried again.", code="job_not_ended")
        if instead := self.instead_of_retrying(job.type):
            raise Conflict(instead, code="job_not_tried_again")
        job.status, job.attempt, job.run_at, job.cancel_requested = JobStatus.QUEUED, 0, now(), False
        job.progress, job.message, job.error, job.traceback, job.finished_at = 0.0, None, None, None, None
        await session.flush()
        await self._ring_when_committed(session)

    def instead_of_retrying(self, type_name: str) -> str:
        """Empty for a type that may be tried again."""
        job_type = self.types.get(type_name)
        return job_type.instead if job_type is not None else ""

    async def abandon(
        self, session: AsyncSession, type_name: str, payload: dict[str, Any], reason: str, run: Run
    ) -> None:
        """Let the job's type write what a job that will not be tried again leaves behind."""
        job_type = self.types.get(type_name)
        if job_type is not None and job_type.failed is not None:
            await job_type.failed(session, job_type.payload.model_validate(payload), reason, run)

    async def _ring_when_committed(self, session: AsyncSession) -> None:
        """Wake the workers of other processes (PostgreSQL delivers at the commit) and of this one."""
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(text(f"NOTIFY {CHANNEL}"))
        if not event.contains(session.sync_session, "after_commit", self._committed):
            event.listen(session.sync_session, "after_commit", self._committed)

    def _committed(self, session: Session) -> None:
        # SQLAlchemy calls this for released savepoints too, when no other connection sees the job yet.
        if not session.in_nested_transaction():
            self.bell.set()


async def _locked(session: AsyncSession, job_id: UUID) -> Job:
    job = await session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


async def queue_of(request: Request) -> JobQueue:
    queue: JobQueue = request.app.state.queue
    return queue


TheQueue = Annotated[JobQueue, Depends(queue_of)]


async def _no_progress(fraction: float, message: str = "") -> None:
    """Nobody watches a job that never ran."""


def _waiting(job: Job) -> Run:
    return Run(job.id, job.attempt, job.requested_by, job.user_id, _no_progress)
