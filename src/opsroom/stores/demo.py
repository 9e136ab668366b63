"""Demonstration data: made-up stores, two weeks of polls, and what goes wrong in real ones.

The files are handed in like anybody's, with the wish for a report when they are imported.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import SYSTEM
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.stores.actions import HandedIn, request_import
from opsroom.stores.demo_files import write_demo_files
from opsroom.stores.models import FileKind

JOB = "stores.demo"
FILES = (FileKind.ZONES, FileKind.HOURS, FileKind.STATUS)


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
        _rows, job = await request_import(session, self._parts.queue, files, SYSTEM, report=True)
        return {"import_job_id": str(job.id)}
