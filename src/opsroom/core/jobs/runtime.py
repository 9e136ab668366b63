"""The loop that claims jobs and runs them: inside `opsroom serve`, or as `opsroom worker`."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from opsroom.core.db.engine import Database
from opsroom.core.db.origin import Origin, acting
from opsroom.core.jobs import queries
from opsroom.core.jobs.attempt import Attempt
from opsroom.core.jobs.doorbell import listen
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.jobs.schedule import keep_time
from opsroom.core.metrics import Metrics

log = structlog.get_logger("opsroom.jobs")

HOST = socket.gethostname()[:70]
MARK = secrets.token_hex(4)  # tells this process from a predecessor that had the same number
FORGOTTEN = timedelta(days=1)


def unseen(_job_type: str, _job_id: UUID) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """concurrency: jobs at once; lease: silence after which a job is taken over; poll: longest wait for news

    around: what each job, by type and id, runs inside of
    """

    concurrency: int = 2
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    around: Callable[[str, UUID], AbstractContextManager[None]] = unseen


class Runtime:
    def __init__(
        self, database: Database, queue: JobQueue, metrics: Metrics, options: RuntimeOptions | None = None
    ) -> None:
        self._database = database
        self._queue = queue
        self._metrics = metrics
        self._options = options or RuntimeOptions()
        self._running: set[asyncio.Task[None]] = set()
        self.name = f"{HOST}:{os.getpid()}:{MARK}"

    async def run(self) -> None:
        """Work until cancelled; then give unfinished jobs back."""
        companions = [
            asyncio.create_task(self._show_life()),
            asyncio.create_task(listen(self._database, self._queue)),
            asyncio.create_task(keep_time(self._database, self._queue)),
        ]
        try:
            await self._claim_for_ever()
        finally:
            for task in [*companions, *self._running]:
                task.cancel()
            await asyncio.gather(*companions, *self._running, return_exceptions=True)
            await asyncio.shield(self._say_goodbye())

    async def run_until_idle(self) -> None:
        """Run everything that is due now, one job after the other."""
        while (claimed := await self._claim()) is not None:
            await self._execute(claimed)

    async def _claim_for_ever(self) -> None:
        while True:
            self._queue.bell.clear()
            claimed = await self._claim_safely() if len(self._running) < self._options.concurrency else None
            if claimed is None:
                # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the bell.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._options.poll.total_seconds()):
                        await self._queue.bell.wait()
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
        claim = asyncio.create_task(self._claim())
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            # The claim may have been committed at this very moment: nobody would know of it but its lease.
            claimed = (await asyncio.gather(claim, return_exceptions=True))[0]
            if isinstance(claimed, Row):
                await self._attempt(claimed).give_back()
            raise
        except Exception as error:  # noqa: BLE001  a database that is away must not end the worker
            log.warning("claim failed", error=repr(error))
            return None

    async def _claim(self) -> Row[Any] | None:
        async with self._database.transaction() as session:
            statement = queries.claim(
                list(self._queue.types),
                self.name,
                await queries.moment(session),
                self._options.lease,
                skip_locked=self._database.is_postgresql,
            )
            return (await session.execute(statement)).one_or_none()

    async def _execute(self, claimed: Row[Any]) -> None:
        names = {"job_id": str(claimed.id), "job_type": claimed.type, "request_id": claimed.request_id}
        origin = Origin(claimed.requested_by, claimed.user_id, request_id=claimed.request_id, job_id=claimed.id)
        around = self._options.around(claimed.type, claimed.id)
        with structlog.contextvars.bound_contextvars(**names), acting(origin), around:
            outcome = await self._attempt(claimed).run()
            self._metrics.count_job(claimed.type, outcome)
            log.info("job", outcome=outcome, attempt=claimed.attempt)

    def _attempt(self, claimed: Row[Any]) -> Attempt:
        return Attempt(self._database, self._queue, claimed, self._options.lease)

    async def _show_life(self) -> None:
        introduced = False
        while True:
            try:
                await (self._say_alive() if introduced else self._introduce())
                introduced = True
            except Exception as error:  # noqa: BLE001  a database that is away must not end the worker
                log.warning("sign of life not written", error=repr(error))
            await asyncio.sleep(self._options.lease.total_seconds() / 3)

    async def _say_alive(self) -> None:
        async with self._database.transaction() as session:
            await session.execute(queries.worker_seen(self.name, await queries.moment(session)))

    async def _say_goodbye(self) -> None:
        with suppress(Exception):  # a worker that is not crossed out is forgotten after a day
            async with self._database.transaction() as session:
                await session.execute(queries.forget_workers(self.name, await queries.moment(session) - FORGOTTEN))

    async def _introduce(self) -> None:
        """Write this worker down, and free the jobs of neighbours that are gone.

        SQLite has one host, so a process that is not there is dead, and its jobs need not wait for
        the end of their leases. On PostgreSQL another machine may have the same name.
        """
        async with self._database.transaction() as session:
            at = await queries.moment(session)
            await session.execute(queries.forget_workers(self.name, at - FORGOTTEN))
            await session.execute(queries.worker_row(self.name, at))
            if self._database.is_postgresql:
                return
            dead = [name for name in await session.scalars(queries.running_workers(HOST)) if name and _is_dead(name)]
            if dead:
                await session.execute(queries.release(dead, at))
        self._queue.bell.set()


def _is_dead(worker: str) -> bool:
    _host, number, mark = worker.rsplit(":", 2)
    if int(number) == os.getpid():
        return mark != MARK
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
