"""One claim on one job: its heartbeat, its progress, and the news that it was cancelled or lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import structlog

from opsroom.core.db.engine import Database
from opsroom.core.jobs import queries
from opsroom.core.jobs.handler import Cancelled, Superseded

PROGRESS_EVERY = 0.4  # seconds; what people watch needs no more, and each is a write

log = structlog.get_logger("opsroom.jobs")


class Lease:
    def __init__(self, database: Database, job_id: UUID, fence: int, length: timedelta) -> None:
        self._database = database
        self._job_id = job_id
        self._fence = fence
        self._length = length
        self._fraction = 0.0
        self._message = ""
        self._written = 0.0
        self._stopped_by: type[Exception] | None = None

    async def progress(self, fraction: float, message: str = "") -> None:
        """See `handler.Progress`."""
        # In this order `max` also drops a fraction that is not a number (0 of 0 rows).
        self._fraction = min(max(self._fraction, fraction), 1.0)
        self._message = message or self._message
        if time.monotonic() - self._written >= PROGRESS_EVERY:
            await self._renew_if_possible()
        self.check()

    def check(self) -> None:
        if self._stopped_by is not None:
            raise self._stopped_by

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew three times per lease while the block runs.

        The block must end before the save begins: the save holds the job's row, and a heartbeat
        would wait for it.
        """
        beat = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._length.total_seconds() / 3)
            await self._renew_if_possible()

    async def _renew_if_possible(self) -> None:
        """A database that is away or busy for a moment must not end the work; the save will tell."""
        try:
            await self._renew()
        except Exception as error:  # noqa: BLE001  see above
            log.warning("heartbeat failed", job_id=str(self._job_id), error=repr(error))

    async def _renew(self) -> None:
        self._written = time.monotonic()
        async with self._database.transaction() as session:
            at = await queries.moment(session)
            statement = queries.renew(self._job_id, self._fence, at, self._length, self._fraction, self._message)
            cancel_requested = (await session.execute(statement)).scalar()
        if cancel_requested is None:
            self._stopped_by = Superseded
        elif cancel_requested:
            self._stopped_by = Cancelled
