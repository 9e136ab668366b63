"""One attempt at a job: compute, save, and the mark of what came of it."""

import asyncio
import traceback
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import Row, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import DATABASE_ERRORS, refusal_from
from opsroom.core.errors import Unavailable, disk_refusal
from opsroom.core.jobs import queries
from opsroom.core.jobs.handler import Cancelled, Permanent, Run, Superseded, wait_before_next
from opsroom.core.jobs.lease import Lease
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.logs import without_rows

log = structlog.get_logger("opsroom.jobs")


class Attempt:
    """What a worker does with a job it has claimed. Every mark is refused once the claim is lost."""

    def __init__(self, database: Database, queue: JobQueue, claimed: Row[Any], lease: timedelta) -> None:
        self._database = database
        self._queue = queue
        self._claimed = claimed
        self._lease_length = lease
        self._type = queue.types[claimed.type]
        self._lease = Lease(database, claimed.id, claimed.fence, lease)
        self._run = Run(claimed.id, claimed.attempt, claimed.requested_by, claimed.user_id, self._lease.progress)

    async def run(self) -> str:
        """Do the work and mark its outcome: `succeeded`, `failed`, `retried`, `cancelled` or `superseded`.

        Raises:
            asyncio.CancelledError: the worker stops; the job has been given back.
            Exception: the outcome could not be marked; the lease will run out and the job be claimed again.
        """
        try:
            await self._work()
        except Cancelled:
            return await self._end(JobStatus.CANCELLED, "cancelled")
        except Superseded:
            return "superseded"
        except asyncio.CancelledError:
            await asyncio.shield(self.give_back())
            raise
        except Exception as error:  # noqa: BLE001  whatever a handler raises is the job's outcome
            return await self._failed(error)
        return "succeeded"

    async def give_back(self) -> None:
        """A stopping worker's job is at once free for others, and the attempt does not count."""
        async with self._database.transaction() as session:
            with suppress(Superseded):
                await self._mark(session, status=JobStatus.QUEUED, attempt=Job.attempt - 1, lease_until=None)

    async def _work(self) -> None:
        if self._claimed.cancel_requested:
            raise Cancelled
        if self._claimed.attempt > self._claimed.max_attempts:
            raise Permanent(f"Its worker died {self._claimed.max_attempts} times while running it.")
        payload = self._payload()
        async with self._lease.kept():
            computed = await self._type.compute(payload, self._run)
        self._lease.check()
        async with self._database.transaction() as session:
            await self._save(session, payload, computed)

    def _payload(self) -> BaseModel:
        shape: type[BaseModel] = self._type.payload
        try:
            return shape.model_validate(self._claimed.payload)
        except ValidationError as error:
            raise Permanent(f"This version cannot read the job's input: {error}") from error

    async def _save(self, session: AsyncSession, payload: BaseModel, computed: Any) -> None:
        began = await queries.moment(session)
        # First the mark: it fails for a worker that lost its lease, and holds the row until the commit.
        await self._mark(session, status=JobStatus.SUCCEEDED, progress=1.0, error=None, finished_at=began)
        result = await self._type.save(session, payload, computed, self._run)
        if result is not None:
            await session.execute(update(Job).where(Job.id == self._claimed.id).values(result=result))
        if not self._database.is_postgresql:
            at = await queries.moment(session)
            await session.execute(queries.excuse_silence(began, at, self._lease_length))

    async def _failed(self, error: Exception) -> str:
        wait = wait_before_next(error, self._claimed.attempt, self._claimed.max_attempts, self._type.retry)
        sentence, trace = _sentence(error), _storable("".join(traceback.format_exception(error)))
        expected = isinstance(error, Permanent)
        log.warning("job attempt failed", error=sentence, final=wait is None, exc_info=None if expected else error)
        if wait is None:
            return await self._end(JobStatus.FAILED, sentence, trace)
        async with self._database.transaction() as session:
            run_at = await queries.moment(session) + wait
            try:
                await self._mark(
                    session, status=JobStatus.QUEUED, run_at=run_at, lease_until=None, error=sentence, traceback=trace
                )
            except Superseded:
                return "superseded"
        return "retried"

    async def _end(self, status: JobStatus, sentence: str, trace: str | None = None, *, abandon: bool = True) -> str:
        """Mark a job that is not tried again, and let its type write what that leaves behind."""
        try:
            async with self._database.transaction() as session:
                at = await queries.moment(session)
                await self._mark(session, status=status, error=sentence, traceback=trace, finished_at=at)
                if abandon:
                    await self._queue.abandon(session, self._claimed.type, self._claimed.payload, sentence, self._run)
        except Superseded:
            return "superseded"
        except Exception as error:
            if _passes(error) or not abandon:
                raise
            # The type's own answer to the failure fails; without the mark it would be given again for ever.
            log.exception("what a failed job leaves behind was not written")
            return await self._end(status, sentence, trace, abandon=False)
        return status.value

    async def _mark(self, session: AsyncSession, **values: Any) -> None:
        at = await queries.moment(session)
        statement = queries.held(self._claimed.id, self._claimed.fence)
        marked = statement.values(**values, updated_at=at, version=Job.version + 1).returning(Job.id)
        if (await session.execute(marked)).scalar() is None:
            raise Superseded


def _passes(error: Exception) -> bool:
    """Whether the same may succeed in a moment."""
    if isinstance(error, DATABASE_ERRORS):
        return isinstance(refusal_from(error), Unavailable)
    return isinstance(error, Unavailable)


def _sentence(error: Exception) -> str:
    """For people: a database error's own text would show them SQL and its values."""
    if isinstance(error, DATABASE_ERRORS):
        refusal = refusal_from(error)
        return refusal.sentence if refusal else "The database could not do what the job asked of it."
    if (full := disk_refusal(error)) is not None:
        return full.sentence
    return _storable(str(error)) or type(error).__name__


def _storable(text: str) -> str:
    """Without what PostgreSQL refuses in a text; an error that quotes its input may contain anything."""
    return without_rows(text).replace("\0", "").encode(errors="replace").decode()
