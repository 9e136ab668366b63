"""Demonstration data: made-up stores, two weeks of polls, and what goes wrong in real ones.

The files are handed in like anybody's, with the wish for a report when they are imported. Promises of availability and
maintenance come with them; the maintenance begins after the newest poll, so that no figure of the samples changes.
"""

import asyncio
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import SYSTEM
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.resources.crud import create_item
from opsroom.stores.actions import HandedIn, request_import
from opsroom.stores.demo_files import write_demo_files
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.maintenance.resources import MAINTENANCE
from opsroom.stores.maintenance.schemas import MaintenanceCreate
from opsroom.stores.models import FileKind
from opsroom.stores.sla.models import AppliesTo, SlaWindow
from opsroom.stores.sla.resources import POLICIES
from opsroom.stores.sla.schemas import CreditStep, PolicyCreate

JOB = "stores.demo"
FILES = (FileKind.ZONES, FileKind.HOURS, FileKind.STATUS)
MAINTAINED = (
    MaintenanceCreate(
        title="Till software update",
        scope=Scope.ALL,
        start_local=datetime.fromisoformat("2026-11-10T02:00"),
        end_local=datetime.fromisoformat("2026-11-10T04:00"),
        recurrence="FREQ=WEEKLY",
        reason="Tills restart one after the other.",
    ),
    MaintenanceCreate(
        title="Network switch-over",
        scope=Scope.ALL,
        zone="UTC",
        start_local=datetime.fromisoformat("2026-11-21T22:00"),
        end_local=datetime.fromisoformat("2026-11-22T01:30"),
    ),
)
PROMISED = (
    PolicyCreate(
        name="Each store, each month",
        scope=Scope.ALL,
        target=0.95,
        credits=[CreditStep(below=0.95, percent=10), CreditStep(below=0.90, percent=25)],
        effective_from=date(2026, 10, 1),
    ),
    PolicyCreate(
        name="All stores together, any four weeks",
        scope=Scope.ALL,
        applies_to=AppliesTo.WHOLE_SCOPE,
        target=0.96,
        window=SlaWindow.ROLLING,
        rolling_days=28,
        effective_from=date(2026, 10, 1),
    ),
)


class DemoLoader:
    """The job type `stores.demo`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def job_type(self) -> JobType[NoPayload, list[HandedIn]]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save)

    async def _compute(self, _payload: NoPayload, run: Run) -> list[HandedIn]:
        await run.progress(0.1, "making up stores and polls")
        with TemporaryDirectory(dir=self._parts.blobs.scratch) as folder:
            await asyncio.to_thread(write_demo_files, Path(folder))
            return [await self._keep(kind, Path(folder) / f"demo_{kind}.csv") for kind in FILES]

    async def _keep(self, kind: FileKind, path: Path) -> HandedIn:
        return HandedIn(kind, path.name, await self._parts.blobs.keep_file(path), {})

    async def _save(
        self, session: AsyncSession, _payload: NoPayload, files: list[HandedIn], _run: Run
    ) -> dict[str, Any]:
        for window in MAINTAINED:
            await create_item(session, MAINTENANCE, window.model_dump(), SYSTEM)
        for policy in PROMISED:
            await create_item(session, POLICIES, policy.model_dump(), SYSTEM)
        _rows, job = await request_import(session, self._parts.queue, files, SYSTEM, report=True)
        return {"import_job_id": str(job.id)}
