"""The loop that claims jobs and runs them: inside `opsroom serve`, or as `opsroom worker`."""

import asyncio
import os
import socket
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select, update

from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.jobs import queries
from opsroom.core.jobs.doorbell import listen
from opsroom.core.jobs.handler import Cancelled, JobType, Permanent, Run, Superseded
from opsroom.core.jobs.lease import Lease
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.metrics import Metrics

log = structlog.get_logger("opsroom.jobs")


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """concurrency: jobs at once; lease: silence after which a job is taken over; poll: longest wait for news"""

    concurrency: int = 2
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)


class Runtime:
    def __init__(
        self, database: Database, queue: JobQueue, metrics: Metrics, options: RuntimeOptions | None = None
    ) -> None:
        self._database = database
        self._queue = queue
        self._metrics = metrics
        self._options = options or RuntimeOptions()
        self._running: set[asyncio.Task[None]] = set()
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Work until cancelled; then give unfinished jobs back."""
        async with self._database.transaction() as session:
            await session.execute(queries.forget_worker(self.name))
            await session.execute(queries.worker_row(self.name, now()))
        await self._free_jobs_of_dead_neighbours()
        companions = [
            asyncio.create_task(self._show_life()),
            asyncio.create_task(listen(self._database, self._queue)),
        ]
        try:
            await self._claim_for_ever()
        finally:
            for task in [*companions, *self._running]:
                task.cancel()
            await asyncio.gather(*companions, *self._running, return_exceptions=True)

    async def run_until_idle(self) -> None:
        """Run everything that is due now, one job after the other."""
        while (claimed := await self._claim()) is not None:
            await self._execute(claimed)

    async def _claim_for_ever(self) -> None:
        while True:
            self._queue.bell.clear()
            claimed = await self._claim_safely() if len(self._running) < self._options.concurrency else None
            if claimed is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._queue.bell.wait(), self._options.poll.total_seconds())
                continue
            task = asyncio.create_task(self._execute(claimed))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._queue.bell.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The mark of the outcome could not be written; the lease will run out and the job be claimed again.
            log.error("job outcome not recorded", exc_info=error)

    async def _claim_safely(self) -> Row[Any] | None:
        try:
            return await self._claim()
        except Exception as error:  # noqa: BLE001  a database that is away must not end the worker
            log.warning("claim failed", error=repr(error))
            return None

    async def _claim(self) -> Row[Any] | None:
        statement = queries.claim(
            list(self._queue.types),
            self.name,
            now(),
            self._options.lease,
            skip_locked=self._database.is_postgresql,
        )
        async with self._database.transaction() as session:
            return (await session.execute(statement)).one_or_none()

    async def _execute(self, claimed: Row[Any]) -> None:
        job_type = self._queue.types[claimed.type]
        lease = Lease(self._database, claimed.id, claimed.fence, self._options.lease)
        run = Run(claimed.id, claimed.attempt, claimed.requested_by, claimed.user_id, lease.progress)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            job_id=str(claimed.id), job_type=claimed.type, request_id=claimed.request_id
        )
        outcome = "succeeded"
        try:
            await self._attempt(claimed, job_type, lease, run)
        except Cancelled:
            outcome = "cancelled"
            await self._give_up(claimed, run, JobStatus.CANCELLED, "cancelled")
        except Superseded:
            outcome = "superseded"
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(claimed))
            raise
        except Exception as error:  # noqa: BLE001  whatever a handler raises is the job's outcome
            outcome = await self._failed(claimed, job_type, run, error)
        self._metrics.count_job(claimed.type, outcome)
        log.info("job", outcome=outcome, attempt=claimed.attempt)

    async def _attempt(self, claimed: Row[Any], job_type: JobType[Any, Any], lease: Lease, run: Run) -> None:
        if claimed.cancel_requested:
            raise Cancelled
        if claimed.attempt > claimed.max_attempts:
            raise Permanent(f"Its worker died {claimed.max_attempts} times while running it.")
        payload = job_type.payload.model_validate(claimed.payload)
        async with lease.kept():
            computed = await job_type.compute(payload, run)
        lease.check()
        async with self._database.transaction() as session:
            # First the mark: it fails for a worker that lost its lease, and holds the row until the commit.
            await self._mark(session, claimed, status=JobStatus.SUCCEEDED, progress=1.0, finished_at=now())
            result = await job_type.save(session, payload, computed, run)
            if result is not None:
                await session.execute(update(Job).where(Job.id == claimed.id).values(result=result))

    async def _failed(self, claimed: Row[Any], job_type: JobType[Any, Any], run: Run, error: Exception) -> str:
        sentence = str(error) or type(error).__name__
        final = isinstance(error, Permanent) or claimed.attempt >= claimed.max_attempts
        trace = "".join(traceback.format_exception(error))
        log.warning("job attempt failed", error=sentence, final=final, exc_info=error)
        if final:
            await self._give_up(claimed, run, JobStatus.FAILED, sentence, trace)
            return "failed"
        async with self._database.transaction() as session:
            await self._mark(
                session,
                claimed,
                status=JobStatus.QUEUED,
                run_at=now() + job_type.retry.wait_after(claimed.attempt),
                lease_until=None,
                error=sentence,
                traceback=trace,
            )
        return "retried"

    async def _give_up(
        self, claimed: Row[Any], run: Run, status: JobStatus, sentence: str, trace: str | None = None
    ) -> None:
        async with self._database.transaction() as session:
            try:
                await self._mark(session, claimed, status=status, error=sentence, traceback=trace, finished_at=now())
            except Superseded:
                return
            await self._queue.abandon(session, claimed.type, claimed.payload, sentence, run)

    async def _give_back(self, claimed: Row[Any]) -> None:
        """A stopping worker's job is at once free for others, and the attempt does not count."""
        async with self._database.transaction() as session:
            with suppress(Superseded):
                await self._mark(
                    session, claimed, status=JobStatus.QUEUED, attempt=claimed.attempt - 1, lease_until=None
                )

    @staticmethod
    async def _mark(session: Any, claimed: Row[Any], **values: Any) -> None:
        statement = queries.held(claimed.id, claimed.fence).values(**values, updated_at=now(), version=Job.version + 1)
        if (await session.execute(statement.returning(Job.id))).scalar() is None:
            raise Superseded

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(self._options.lease.total_seconds() / 3)
            with suppress(Exception):  # the claims themselves report a database that is away
                async with self._database.transaction() as session:
                    await session.execute(queries.worker_seen(self.name, now()))

    async def _free_jobs_of_dead_neighbours(self) -> None:
        """Jobs of a process of this host that is gone need not wait for their lease to run out."""
        host = socket.gethostname()
        async with self._database.transaction() as session:
            workers = await session.scalars(
                select(Job.worker).where(Job.status == JobStatus.RUNNING, Job.worker.startswith(f"{host}:")).distinct()
            )
            dead = [name for name in workers if name and not _alive(int(name.rpartition(":")[2]))]
            if dead:
                await session.execute(
                    update(Job).where(Job.status == JobStatus.RUNNING, Job.worker.in_(dead)).values(lease_until=now())
                )


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return False  # a predecessor had the same number: this process has claimed nothing yet
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
